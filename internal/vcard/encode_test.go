package vcard_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/internal/vcard"
)

// cutEscape matches a line that ends, before its soft line break, inside an =XX.
var cutEscape = regexp.MustCompile(`=[0-9A-F]?=$`)

// TestPutOfTheSame shows that a line which is put as it is changes nothing.
func TestPutOfTheSame(t *testing.T) {
	t.Parallel()
	card, err := vcard.Parse(card3("FN:x", "NOTE;X-A=1:a\\,b"), 1)
	require.NoError(t, err)
	note := card.Find("NOTE")
	edit := card.Edit()
	edit.Put(note, card.Properties[note].Head(), card.TextValue("a,b"))
	require.False(t, edit.Changes())
	edit.Put(note, card.Properties[note].Head(), card.TextValue("a,c"))
	require.True(t, edit.Changes())
}

// TestNoLineLooksLikeTheEnd writes texts that a soft line break could cut right before words that end or begin a card.
func TestNoLineLooksLikeTheEnd(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.1", "3.0", "4.0"} {
		card, err := vcard.Parse(cardOf(version, "FN:x"), 1)
		require.NoError(t, err)
		for n := range 160 {
			want := "é" + strings.Repeat("x", n) + "END:VCARD\nBEGIN:VCARD\nAGENT:\nEND:VCARD"
			edit := card.Edit()
			edit.Put(-1, "NOTE", card.TextValue(want))
			spans := split(edit.String())
			require.Len(t, spans, 1)
			got, err := readOne(edit.String(), "NOTE")
			require.NoError(t, err)
			if got != want {
				t.Fatalf("version %s: set %q, read %q", version, want, got)
			}
			for _, line := range strings.Split(edit.String(), "\r\n") {
				if len(line) > 76 {
					t.Fatalf("version %s: a line of %d octets", version, len(line))
				}
				if version == "2.1" && cutEscape.MatchString(line) {
					t.Fatalf("a soft line break inside an escape: %q", line)
				}
			}
		}
	}
}
