package contact_test

import (
	"strings"
	"testing"
	"unicode/utf8"

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

// FuzzKeys: the key of a key is that key, and no key is much longer than its text.
func FuzzKeys(f *testing.F) {
	for _, seed := range [][2]string{
		{"Bob <a@b.com>", "BE"}, {"a@b.com\r\nBcc: x@y", ""}, {"\"x y\"@b.com", ""}, {"\u00fc@ex\u00e4mple.de", "DE"}, {"a@xn--exmple-cua.de", ""}, {"a@\u0435xample.com", ""},
		{"+49 (0)30 123", "DE"}, {"030/123-45", "de"}, {"1-800-FLOWERS", "US"}, {"*123#", ""}, {"\uff0b1 201 555 0123", ""}, {"\u0663\u0663", "EG"},
		{"tel:+1-201-555-0123;phone-context=x;ext=5", ""}, {"n/a", "ZZ"}, {strings.Repeat("9", 200), "US"}, {"e\u0301", ""}, {"\ufeff\u200bx\u202e", ""},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, region string) {
		if key, ok := contact.EmailKey(text); ok {
			if again, ok := contact.EmailKey(key); !ok || again != key {
				t.Errorf("the email key %q of %q has the key %q, %t", key, text, again, ok)
			}
			if strings.ContainsAny(key, "\r\n ") {
				t.Errorf("the email key %q of %q has a space in it", key, text)
			}
		}
		if key, ok := contact.PhoneKey(text, region); ok {
			if again, ok := contact.PhoneKey(key, ""); !ok || again != key {
				t.Errorf("the phone key %q of %q in %q has the key %q, %t", key, text, region, again, ok)
			}
		}
		if digits := contact.PhoneDigits(text); len(digits) > len(text) {
			t.Errorf("%q has the digits %q", text, digits)
		}
		if normal := contact.NormalText(text); contact.NormalText(normal) != normal || len(normal) > 3*len(text) {
			t.Errorf("%q is %q in normal form, and that is %q", text, normal, contact.NormalText(normal))
		}
	})
}

// FuzzCoerce: what a field can hold of a text stays as it is when it is given again; a date that passes is one.
func FuzzCoerce(f *testing.F) {
	for _, seed := range []string{"--0229", "--02-29", "1985-02-30", "00010101", "1985-04-12T23:20:50-08", "0000-00-00", "9999-12-31T23:59:60Z", "4611686018427387904",
		"true", "YES", "-0.0e-7", "4.91512E+11", "1985-04", "1985", "---12", "\xff\xfe", "a\x00b", strings.Repeat("e\u0301", 6000), "[]", "null"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, typ := range types {
			for _, many := range []bool{false, true} {
				field := contact.Field{Name: "f", Type: typ, Many: many && typ != contact.TypeSet}
				v, err := field.Coerce(contact.Text(text))
				if err != nil {
					continue
				}
				again, err := field.Coerce(v)
				if err != nil || !again.Equal(v) {
					t.Errorf("%s, many %t: %q is held as %v, and that as %v (%v)", typ, many, text, v, again, err)
				}
				if field.Check(v) == nil && !utf8.ValidString(text) {
					t.Errorf("%s takes bytes that are no text: %q", typ, text)
				}
			}
		}
	})
}
