package davfake

import (
	"strings"
	"testing"
	"time"
)

var allRewrites = []Rewrite{DropX, Refold, Upper, Cut, Sort, AddREV, NewUID}

// FuzzCard: whatever is a card is one after each rewriting, and rewriting it again changes nothing.
func FuzzCard(f *testing.F) {
	f.Add("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nitem1.TEL;TYPE=\"a:b\":1\r\n 2\r\nX-Y:z\r\nUID:1\r\nEND:VCARD\r\n")
	f.Add("begin:vcard\nN:;\xc3\xa9" + strings.Repeat("\xc3\xa9", 80) + "\nend:vcard")
	f.Add("BEGIN:VCARD\r\n:\r\n;:\r\n.:\r\nEND:VCARD")
	f.Fuzz(func(t *testing.T, text string) {
		if !isCard(text) {
			return
		}
		if once := rewritten(text, []Rewrite{Unescape}, time.Unix(0, 0)); !isCard(once) { // twice loses more
			t.Fatalf("unescaped it is %q", once)
		}
		for _, how := range allRewrites {
			once := rewritten(text, []Rewrite{how}, time.Unix(0, 0))
			if how != DropX && !isCard(once) {
				t.Fatalf("%s makes %q of %q", how, once, text)
			}
			if again := rewritten(once, []Rewrite{how}, time.Unix(0, 0)); isCard(once) && again != once {
				t.Fatalf("%s twice makes %q of %q", how, again, once)
			}
			if how == Refold && join(lines(once)) != join(lines(text)) {
				t.Fatalf("folding changed %q", text)
			}
		}
	})
}

// FuzzParse: no body of a request is more than an error.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>`))
	f.Add([]byte(`<a/><b/>`))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if root, err := parse(body); err == nil && root.XMLName.Local == "" && len(strings.TrimSpace(string(body))) > 0 {
			t.Fatalf("%q is nothing", body)
		}
	})
}
