package vcard_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/contactsync/contactsync/internal/vcard"
)

// split returns what a splitter finds in a text that is written to it whole.
func split(text string) []vcard.Span { return splitPieces(text, len(text)+1, 4096) }

// splitPieces returns what a splitter finds in a text that is written to it in pieces, and of whose photos it keeps so
// many bytes.
func splitPieces(text string, size, keep int) (spans []vcard.Span) {
	s := vcard.NewSplitter(func(span vcard.Span) { spans = append(spans, span) })
	s.Keep(keep)
	for len(text) > 0 {
		n, _ := s.Write([]byte(text[:min(size, len(text))]))
		text = text[n:]
	}
	s.Close()
	return spans
}

// TestSplit finds the cards of a text; a bad one fails alone.
func TestSplit(t *testing.T) {
	t.Parallel()
	ann, bob := "BEGIN:VCARD\nFN:Ann\nEND:VCARD\n", "BEGIN:VCARD\r\nFN:Bob\r\nEND:VCARD\r\n"
	type span struct {
		Text string
		Line int
		Err  string
	}
	tests := []struct {
		name string
		text string
		want []span
	}{
		{"nothing", "", nil},
		{"blank lines", "\n\r\n\n", nil},
		{"two cards", ann + bob, []span{{ann, 1, ""}, {bob, 4, ""}}},
		{"B7 a byte order mark, blank lines between", "\ufeff" + ann + "\n\r\n" + bob, []span{{ann, 1, ""}, {bob, 6, ""}}},
		{"no line end at the end", ann + strings.TrimSpace(bob), []span{{ann, 1, ""}, {strings.TrimSpace(bob), 4, ""}}},
		{"small letters and blanks", "begin:vcard \nend:vcard\t\n", []span{{"begin:vcard \nend:vcard\t\n", 1, ""}}},
		{"B9 a nested card", "BEGIN:VCARD\nAGENT:\n" + ann + "END:VCARD\n" + bob,
			[]span{{"BEGIN:VCARD\nAGENT:\n" + ann + "END:VCARD\n", 1, ""}, {bob, 7, ""}}},
		{"B10 END is missing, earlier and later cards are kept", ann + "BEGIN:VCARD\nFN:X\n" + bob,
			[]span{{ann, 1, ""}, {"BEGIN:VCARD\nFN:X\n", 4, "line 4: the card that begins here has no END:VCARD before line 6"}, {bob, 6, ""}}},
		{"B10 END is missing at the end", ann + "BEGIN:VCARD\nFN:X\n ",
			[]span{{ann, 1, ""}, {"BEGIN:VCARD\nFN:X\n ", 4, "line 4: the card that begins here has no END:VCARD"}}},
		{"BEGIN is missing", "FN:X\nEND:VCARD\n" + ann,
			[]span{{"FN:X\nEND:VCARD\n", 1, "line 1: text outside of a card"}, {ann, 3, ""}}},
		{"text at the end", ann + "more", []span{{ann, 1, ""}, {"more", 4, "line 4: text outside of a card"}}},
		{"END in a folded line", "BEGIN:VCARD\nNOTE:x\n END:VCARD\nEND:VCARD\n", []span{{"BEGIN:VCARD\nNOTE:x\n END:VCARD\nEND:VCARD\n", 1, ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{1, 3, 1000} {
				var got []span
				for _, s := range splitPieces(tt.text, size, 4096) {
					g := span{Text: tt.text[s.Start:s.End], Line: s.Line}
					if s.Err != nil {
						g.Err = s.Err.Error()
					}
					if s.Text.Held != g.Text || s.Sum != sha256.Sum256([]byte(g.Text)) {
						t.Errorf("held %q of %q", s.Text.Held, g.Text)
					}
					got = append(got, g)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("in pieces of %d: spans (-want +got):\n%s", size, diff)
				}
			}
		})
	}
}

// TestPeek tells cards apart without parsing them.
func TestPeek(t *testing.T) {
	t.Parallel()
	type answer struct {
		UID            string
		Group, Certain bool
	}
	tests := []struct {
		name string
		text string
		want answer
	}{
		{"a UID", card3("FN:Ann", "UID:u-1", "UID:u-2"), answer{"u-1", false, true}},
		{"none", card3("FN:Ann"), answer{"", false, true}},
		{"small letters", card3("uid:u-1"), answer{"u-1", false, true}},
		{"a parameter", card3("UID;VALUE=text:u-1"), answer{"", false, false}},
		{"folded", card3("UID:u-", " 1"), answer{"", false, false}},
		{"escaped", card3(`UID:u\,1`), answer{"", false, false}},
		{"of a nested card", cardOf("2.1", "AGENT:", "BEGIN:VCARD", "UID:inner", "END:VCARD"), answer{"", false, true}},
		{"a group of 4.0", cardOf("4.0", "UID:g", "KIND:group"), answer{"g", true, true}},
		{"a group of Apple", card3("UID:g", "X-ADDRESSBOOKSERVER-KIND:group"), answer{"g", true, true}},
		{"an organization", cardOf("4.0", "KIND:org"), answer{"", false, true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got answer
			got.UID, got.Group, got.Certain = vcard.Peek(tt.text)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Peek (-want +got):\n%s", diff)
			}
		})
	}
}
