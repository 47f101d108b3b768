package vcard_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/contactsync/contactsync/internal/vcard"
)

// FuzzParse holds whatever text against the promises: cards are found in order and whole, what is accepted is
// written back to the byte, and what is edited reads back.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		card3("N:Lee;Ann;;;", "FN:Ann Lee", "item1.TEL;type=CELL;type=pref:+1", "item1.X-ABLabel:_$!<Home>!$_"),
		cardOf("2.1", "NOTE;ENCODING=QUOTED-PRINTABLE:a=", "b", "AGENT:", "BEGIN:VCARD", "END:VCARD", "TEL;CELL:+1"),
		cardOf("4.0", `TEL;VALUE=uri;TYPE="voice,home";X-A=^n:tel:+1`, "BDAY:--0412"),
		cardOf("2.1", "PHOTO;BASE64", "AAAA", "BBBB=", "", "FN:x"),
		card3("PHOTO;ENCODING=b:AAAA", " BBBB", "NOTE:a", "  b"),
		"\ufeffBEGIN:VCARD\nEND:VCARD",
		"AGENT:\nBEGIN:VCARD\nBEGIN:VCARD\nEND:VCARD\n",
	} {
		f.Add(seed, "text", 30)
	}
	f.Fuzz(func(t *testing.T, text, value string, keep int) {
		pos := int64(0)
		for _, span := range splitPieces(text, 1+len(value), min(max(keep, 30), 4096)) {
			if span.Start < pos || span.End <= span.Start || span.End > int64(len(text)) {
				t.Fatalf("span %v after %d", span, pos)
			}
			pos = span.End
			if span.Err == nil {
				checkCard(t, text[span.Start:span.End], value)
				checkGaps(t, text[span.Start:span.End], span)
			}
		}
	})
}

func checkCard(t *testing.T, text, value string) {
	vcard.Peek(text)
	card, err := vcard.Parse(text, 1)
	if err != nil {
		return
	}
	if card.String() != text || card.Edit().String() != text {
		t.Fatalf("an accepted card is not kept to the byte: %q", text)
	}
	for i := range card.Properties {
		p := &card.Properties[i]
		_, _ = card.Text(p)
		_, _ = card.Components(p)
		_, _ = card.List(p)
	}
	if !utf8.ValidString(value) || strings.IndexFunc(value, func(r rune) bool { return r < 0x20 }) >= 0 || len(value) > 1000 {
		return
	}
	edit := card.Edit()
	edit.Put(-1, "X-FUZZ", card.TextValue(value))
	changed, err := vcard.Parse(edit.String(), 1)
	if err != nil {
		if len(card.Properties) == vcard.MaxProperties || len(edit.String()) > vcard.MaxCard {
			return
		}
		t.Fatalf("an edited card cannot be read: %v\n%q", err, edit.String())
	}
	at := len(changed.Properties) - 1
	for changed.Properties[at].Name != "X-FUZZ" {
		at--
	}
	if got, err := changed.Text(&changed.Properties[at]); err != nil || got != value {
		t.Fatalf("set %q, read %q (%v)\n%q", value, got, err, edit.String())
	}
}
