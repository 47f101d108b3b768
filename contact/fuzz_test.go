package contact_test

import (
	"testing"

	"github.com/contactsync/contactsync/contact"
)

// FuzzSame: no text makes a key fail or grow beyond measure, and the short cuts of Same tell what the keys tell.
func FuzzSame(f *testing.F) {
	for _, seed := range [][2]string{
		{"tel:+1-201-555-0123;phone-context=x", "+12015550123"}, {"Bob <a@b.com>", "A@B.com"}, {"é", "e\u0301"},
		{"+49 (0)30 123456", "030/123-456"}, {"--0412", "--04-12"}, {"Ann@B.com", "ann@b.com"}, {"+32 470 12", "+3247012"}, {"4.2e1", "42"}, {"*123#", ";ext=1"}, {"a@xn--", "\u200b@<>"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, s, other string) {
		x, y := contact.Text(s), contact.Text(other)
		for _, typ := range types {
			field := contact.Field{Name: "f", Type: typ}
			kx, ky := field.Key(x, "DE"), field.Key(y, "DE")
			if got := field.Same(x, y, "DE"); got != (kx == ky) {
				t.Errorf("%s: Same(%q, %q) = %t, keys %q and %q", typ, s, other, got, kx, ky)
			}
			if len(kx) > 20*len(s)+20 {
				t.Errorf("%s: the key of %d bytes has %d", typ, len(s), len(kx))
			}
		}
	})
}
