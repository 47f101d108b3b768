package vcard_test

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/contactsync/contactsync/internal/vcard"
)

// TestGaps shows what is held of photos, and that the whole is put together again to the byte.
func TestGaps(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A", 200_000)
	lines := func(lines ...string) string {
		return "BEGIN:VCARD\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n"
	}
	tests := []struct{ name, text, held string }{ // 20 bytes of a photo are held, 22 of one that is quoted-printable
		{"nothing to leave out", lines("FN:Ann", "NOTE:"+long), lines("FN:Ann", "NOTE:"+long)},
		{"a short photo", lines("PHOTO:AAAA", "FN:Ann"), lines("PHOTO:AAAA", "FN:Ann")},
		{"one long line", lines("PHOTO;ENCODING=b:"+long, "FN:Ann"), lines("PHOTO;ENCODING=b:AAA", "FN:Ann")},
		{"folded", lines("PHOTO:AAAA", " "+long, "\tAAAA", "FN:Ann", " a"), lines("PHOTO:AAAA", " AAAAAAA", "FN:Ann", " a")},
		{"folded at the end", lines("PHOTO;ENCODING=b:AAA", " AAA", " BBB", "FN:Ann"), lines("PHOTO;ENCODING=b:AAA", "FN:Ann")},
		{"folded before the end", lines("PHOTO;ENCODING=b:A", " AAA", " BBB", "FN:Ann"), lines("PHOTO;ENCODING=b:A", "FN:Ann")},
		{"folded a byte before", lines("PHOTO;ENCODING=b:", " AAA", " BBB", "FN:Ann"), lines("PHOTO;ENCODING=b:", " ", "FN:Ann")},
		{"of old phones", lines("PHOTO;BASE64:A", long, "BBBB=", "", "FN:Ann"), lines("PHOTO;BASE64:A", "AAAA", "", "FN:Ann")},
		{"quoted-printable", lines("KEY;QUOTED-PRINTABLE:=", "AA", "FN:Ann"), lines("KEY;QUOTED-PRINTABLE:=", "FN:Ann")},
		{"cut in an escape of that", lines("KEY;QUOTED-PRINTABLE:=3D", "FN:Ann"), lines("KEY;QUOTED-PRINTABLE:=", "FN:Ann")},
		{"not base64", lines("PHOTO;ENCODING=b:!!!"+long, "FN:Ann"), lines("PHOTO;ENCODING=b:!!!", "FN:Ann")},
		{"two photos", lines("PHOTO;ENCODING=b:"+long, "LOGO;ENCODING=b:"+long), lines("PHOTO;ENCODING=b:AAA", "LOGO;ENCODING=b:AAAA")},
		{"a nested card is held", lines("AGENT:", "BEGIN:VCARD", "PHOTO:"+long, "END:VCARD", "FN:Ann"),
			lines("AGENT:", "BEGIN:VCARD", "PHOTO:"+long, "END:VCARD", "FN:Ann")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			keep := 20
			if strings.Contains(tt.text, "QUOTED") {
				keep = 22
			}
			for _, size := range []int{1, 1000, 1 << 20} {
				spans := splitPieces(tt.text, size, keep)
				require.Len(t, spans, 1)
				require.NoError(t, spans[0].Err)
				if diff := cmp.Diff(tt.held, spans[0].Text.Held); diff != "" {
					t.Errorf("held in pieces of %d (-want +got):\n%s", size, diff)
				}
				require.Equal(t, sha256.Sum256([]byte(tt.text)), spans[0].Sum)
				checkGaps(t, tt.text, spans[0])
			}
		})
	}
}

// TestLongLines cuts photos of one long line, which are looked at in pieces, at every place of their end.
func TestLongLines(t *testing.T) {
	t.Parallel()
	for n := 64<<10 - 26; n < 64<<10-18; n++ {
		text := cardOf("2.1", "KEY;QUOTED-PRINTABLE:"+strings.Repeat("A", n)+"=", "BB", "FN:Ann")
		spans := splitPieces(text, 1, 4096)
		require.Len(t, spans, 1)
		checkGaps(t, text, spans[0])
	}
}

// whole returns a text with what is in its gaps, which is of the text that was read.
func whole(t interface{ Fatal(...any) }, text vcard.Text, read string) string {
	var b bytes.Buffer
	if err := text.WriteTo(&b, strings.NewReader(read)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestTooMuch shows that a card which can be none is not held: its memory is bounded whatever it is.
func TestTooMuch(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{"lines": "NOTE:x\r\n", "photos": "PHOTO:" + strings.Repeat("A", 10_000) + "\r\n",
		"one line": strings.Repeat("x", 100_000), "nothing": strings.Repeat("\r\n", 1000)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "BEGIN:VCARD\r\nUID:u1\r\n" + strings.Repeat(line, 8<<20/len(line)) + "\r\nEND:VCARD\r\n" + card3("FN:Bob")
			spans := splitPieces(text, 1<<16, 4096)
			require.Len(t, spans, 2)
			require.ErrorContains(t, spans[0].Err, "line 1: a card of more than 1048576 bytes without its photo")
			require.Less(t, len(spans[0].Text.Held), 4<<20)
			require.Equal(t, sha256.Sum256([]byte(text[:spans[0].End])), spans[0].Sum)
			require.NoError(t, spans[1].Err)
		})
	}
}

// TestWhatIsHeldReadsAlike holds whatever card with gaps against the card without them: it reads the same, and an edit
// of it is the same.
func TestWhatIsHeldReadsAlike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := cardText(t)
		spans := splitPieces(text, rapid.IntRange(1, 100).Draw(t, "size"), rapid.IntRange(30, 60).Draw(t, "keep"))
		if len(spans) != 1 {
			t.Fatalf("%d spans", len(spans))
		}
		checkGaps(t, text, spans[0])
	})
}

// checkGaps holds a card with gaps against the card as it is.
func checkGaps(t interface {
	Fatal(...any)
	Fatalf(string, ...any)
}, text string, span vcard.Span) {
	if span.Sum != sha256.Sum256([]byte(text)) || whole(t, span.Text, text) != text {
		t.Fatalf("not put together as it was: %q of\n%q", span.Text.Held, text)
	}
	want, err := vcard.Parse(text, 1)
	if err != nil {
		return
	}
	got, err := span.Text.Parse(1)
	if err != nil {
		if len(span.Text.Gaps) > 0 && (strings.Contains(err.Error(), "colon") || strings.Contains(err.Error(), "quote")) {
			return // a head that is longer than what is held
		}
		t.Fatalf("what is held cannot be read: %v\n%q of\n%q", err, span.Text.Held, text)
	}
	heads := cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Params" }, cmp.Ignore())
	if diff := cmp.Diff(want.Properties, got.Properties, cmpopts.IgnoreUnexported(vcard.Property{}), heads); diff != "" {
		t.Fatalf("reads otherwise:\n%s%q of\n%q", diff, span.Text.Held, text)
	}
	edited := func(c *vcard.Card) vcard.Text {
		edit := c.Edit()
		edit.Put(-1, "NOTE", c.TextValue("new"))
		if i := c.Find("FN"); i >= 0 {
			edit.Remove(i)
		}
		return edit.Text()
	}
	if want, got := edited(want).Held, whole(t, edited(got), text); got != want {
		t.Fatalf("edited otherwise:\n%q\n%q", want, got)
	}
}
