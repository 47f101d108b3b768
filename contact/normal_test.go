package contact_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/contact"
)

func TestNormalText(t *testing.T) {
	for _, row := range []struct{ name, in, want string }{
		{"B69 decomposed becomes composed", "Andre\u0301", "Andr\u00e9"},
		{"B69 marks in another order", "q\u0307\u0323", "q\u0323\u0307"},
		{"B71 no-break space around", "\u00a0Ann\u00a0", "Ann"},
		{"B71 zero width space around", "\u200bAnn\u200b", "Ann"},
		{"B71 byte order mark in front", "\ufeffAnn", "Ann"},
		{"B71 word joiner and ideographic space", "\u2060Ann\u3000", "Ann"},
		{"B71 line ends", "\r\nAnn\t\n", "Ann"},
		{"B71 space inside stays", "Ann\u00a0\u200bLee", "Ann\u00a0\u200bLee"},
		{"B71 family emoji stays", "👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"},
		{"B71 a joiner at the end is no space", "👩\u200d", "👩\u200d"},
		{"B72 right-to-left override stays", "a\u202eb", "a\u202eb"},
		{"B75 space alone", " \u200b\u00a0", ""},
		{"B75 N/A is text", "N/A", "N/A"},
		{"B76 markup is text", "<script>{{.}}${jndi:x}%s%n", "<script>{{.}}${jndi:x}%s%n"},
		{"case stays", "McDonald", "McDonald"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, cmp.Diff(row.want, contact.NormalText(row.in)))
		})
	}
}

// TestSame shows for each type what is the same and what is not. Every row is also tried the other way round and
// by key.
func TestSame(t *testing.T) {
	text := func(s string) contact.Value { return contact.Text(s) }
	for _, row := range []struct {
		name   string
		typ    contact.Type
		x, y   contact.Value
		region string
		want   bool
	}{
		{"B69 text composed and decomposed", contact.TypeText, text("é"), text("e\u0301"), "", true},
		{"text with space around", contact.TypeText, text(" Ann\u00a0"), text("Ann"), "", true},
		{"text in another case", contact.TypeText, text("Ann"), text("ANN"), "", false},
		{"text with accent and without", contact.TypeText, text("André"), text("Andre"), "", false},
		{"B69 Kelvin sign is canonically K", contact.TypeText, text("\u212a"), text("K"), "", true},
		{"B75 blank is empty", contact.TypeText, text(" \ufeff"), contact.Empty, "", true},
		{"B75 empty is not absent", contact.TypeText, contact.Empty, contact.Value{}, "", false},
		{"absent and absent", contact.TypeText, contact.Value{}, contact.Value{}, "", true},
		{"empty and text", contact.TypeText, contact.Empty, text("a"), "", false},

		{"B70 set element dotted I", contact.TypeSet, text("İstanbul"), text("istanbul"), "", false},
		{"B70 set element sharp s", contact.TypeSet, contact.Set("Straße"), contact.Set("STRASSE"), "", true},
		{"B70 set element Kelvin sign", contact.TypeSet, contact.Set("\u212a"), contact.Set("k"), "", true},
		{"B70 set element final sigma", contact.TypeSet, contact.Set("ΟΔΟΣ"), contact.Set("οδος"), "", true},
		{"B70 set element iota below", contact.TypeSet, contact.Set("\u1fb3\u0301"), contact.Set("\u1fb4"), "", true},
		{"set in another order", contact.TypeSet, contact.Set("a", "b"), contact.Set("B", "A"), "", true},
		{"set with an element twice", contact.TypeSet, contact.Set("a", "b"), contact.Set("a", "b", "A"), "", true},
		{"set with one more", contact.TypeSet, contact.Set("a"), contact.Set("a", "b"), "", false},
		{"set whose elements join alike", contact.TypeSet, contact.Set("a\x00b"), contact.Set("a", "b"), "", false},

		{"B62 email in another case", contact.TypeEmail, text("Bob@EXAMPLE.com"), text("bob@example.com"), "", true},
		{"B63 email with a name", contact.TypeEmail, text("Bob <a@b.com>"), text("A@b.com"), "", true},
		{"B64 odd emails without case", contact.TypeEmail, text(`"X y"@b.com`), text(`"x Y"@B.com`), "", true},
		{"B65 email and its punycode", contact.TypeEmail, text("ü@exämple.de"), text("Ü@XN--EXMPLE-CUA.de"), "", true},
		{"B66 email with a tag", contact.TypeEmail, text("a+tag@gmail.com"), text("a@gmail.com"), "", false},
		{"B66 email with a dot", contact.TypeEmail, text("a.b@gmail.com"), text("ab@gmail.com"), "", false},
		{"B68 email at a homoglyph domain", contact.TypeEmail, text("a@аpple.com"), text("a@apple.com"), "", false},
		{"email domains that only folding makes equal", contact.TypeEmail, text("a@faß.de"), text("a@fass.de"), "", false},

		{"B54 phone spellings", contact.TypePhone, text("+49 (0)30 123456"), text("030/123-456"), "DE", true},
		{"B54 phone with 00", contact.TypePhone, text("0049 30 123456"), text("+4930123456"), "DE", true},
		{"B55 phone without region by digits", contact.TypePhone, text("030 123456"), text("030/123-456"), "", true},
		{"B55 phone without region is not the full one", contact.TypePhone, text("030 123456"), text("+49 30 123456"), "", false},
		{"B55 phone stored as bare digits", contact.TypePhone, text("+32 470 12 34 56"), text("32470123456"), "", true},
		{"B56 phone with extension and without", contact.TypePhone, text("+1 201 555 0123 x12"), text("+1 201 555 0123"), "", false},
		{"B56 phone extension spelled in two ways", contact.TypePhone, text("+1 201 555 0123 ext. 12"), text("+12015550123;ext=12"), "", true},
		{"B56 extension of a number of no plan", contact.TypePhone, text("030 1234 x12"), text("030 123412"), "", false},
		{"B56 extension of a number of no plan, spelled in two ways", contact.TypePhone, text("030 1234 ext. 12"), text("0301234,,12#"), "", true},
		{"B57 short code", contact.TypePhone, text("110"), text("110"), "DE", true},
		{"B57 service code is not its digits", contact.TypePhone, text("*123#"), text("123"), "", false},
		{"B57 vanity is its digits where it is valid", contact.TypePhone, text("1-800-FLOWERS"), text("+1 800 356 9377"), "US", true},
		{"B57 two vanity numbers of no plan", contact.TypePhone, text("1-800-FLOWERS"), text("1-800-TAXICAB"), "", false},
		{"B58 full-width phone", contact.TypePhone, text("＋３２ ４７０ １２ ３４ ５６"), text("+32470123456"), "", true},
		{"B58 Arabic-Indic phone", contact.TypePhone, text("+٣٢٤٧٠١٢٣٤٥٦"), text("+32470123456"), "", true},
		{"B58 Devanagari phone", contact.TypePhone, text("+३२४७०१२३४५६"), text("+32470123456"), "", true},
		{"B59 no number", contact.TypePhone, text("n/a"), text("N/A"), "", true},
		{"B59 another no number", contact.TypePhone, text("n/a"), text("-"), "", false},
		{"B61 tel URI", contact.TypePhone, text("tel:+1-201-555-0123;phone-context=x"), text("+12015550123"), "", true},
		{"plus and none, with the same digits", contact.TypePhone, text("+2015550123"), text("2015550123"), "US", false},
		{"B59 the same digits in over 64 characters", contact.TypePhone, text("+49 (0)30 123456"), text("+49 (0)30" + strings.Repeat(" ", 64) + "123456"), "", false},
		{"phones that differ at the end", contact.TypePhone, text("+32470123456"), text("+32470123457"), "", false},
		{"phones that differ in front", contact.TypePhone, text("+32470123456"), text("+32471123456"), "", false},

		{"number with zeros", contact.TypeNumber, num(t, "42"), num(t, "42.0"), "", true},
		{"number with exponent", contact.TypeNumber, num(t, "42"), num(t, "4.2e1"), "", true},
		{"number as text", contact.TypeNumber, num(t, "42"), text("42.00"), "", true},
		{"number of many digits", contact.TypeNumber, num(t, "9007199254740993"), num(t, "9007199254740992"), "", false},
		{"numbers of no size", contact.TypeNumber, num(t, "1e999999999"), num(t, "10e999999998"), "", true},
		{"numbers of no size that differ", contact.TypeNumber, num(t, "1e999999999"), num(t, "1e999999998"), "", false},
		{"number with zeros written out", contact.TypeNumber, num(t, "420"), num(t, "420.0"), "", true},
		{"fraction", contact.TypeNumber, num(t, "0.5"), num(t, "50e-2"), "", true},
		{"numbers whose exponents would overflow", contact.TypeNumber, num(t, "100e9223372036854775807"), num(t, "1e-9223372036854775807"), "", false},
		{"minus zero alone", contact.TypeNumber, num(t, "-0"), num(t, "0"), "", true},
		{"sign of a fraction", contact.TypeNumber, num(t, "-1.0"), num(t, "1.0"), "", false},
		{"minus zero", contact.TypeNumber, num(t, "-0.0e7"), num(t, "0"), "", true},
		{"sign", contact.TypeNumber, num(t, "-1"), num(t, "1"), "", false},

		{"date in a row", contact.TypeDate, text("19850412"), text("1985-04-12"), "", true},
		{"B20 date without year", contact.TypeDate, text("--0412"), text("--04-12"), "", true},
		{"B20 date with and without year", contact.TypeDate, text("1985-04-12"), text("--04-12"), "", false},
		{"B20 impossible date is text", contact.TypeDate, text("19850230"), text("1985-02-30"), "", false},
		{"B20 time is not cut off", contact.TypeDate, text("1985-04-12T23:20:50-08:00"), text("1985-04-12"), "", false},

		{"time in two zones", contact.TypeDateTime, text("2026-03-01T10:00:00Z"), text("2026-03-01T11:00:00+01:00"), "", true},
		{"time with zeros behind", contact.TypeDateTime, text("2026-03-01T10:00:00.500Z"), text("2026-03-01T10:00:00.5Z"), "", true},
		{"time a second later", contact.TypeDateTime, text("2026-03-01T10:00:00Z"), text("2026-03-01T10:00:01Z"), "", false},

		{"addresses with space around", contact.TypeAddress, contact.Postal(contact.Address{City: "Gent "}), contact.Postal(contact.Address{City: "Gent"}), "", true},
		{"addresses with one text in two parts", contact.TypeAddress, contact.Postal(contact.Address{City: "Gent"}), contact.Postal(contact.Address{Region: "Gent"}), "", false},
		{"lists in another order", contact.TypeEmail, contact.List(entry("a@b.com", "work"), entry("c@d.com", "")), contact.List(entry("C@D.com", ""), entry("A@b.com", "Work")), "", true},
		{"lists with other types", contact.TypeEmail, contact.List(entry("a@b.com", "work")), contact.List(entry("a@b.com", "home")), "", false},
		{"lists with another primary", contact.TypeEmail, contact.List(contact.Entry{Value: text("a@b.com"), Primary: true}), contact.List(entry("a@b.com", "")), "", false},
		{"bool", contact.TypeBool, contact.Bool(true), contact.Bool(false), "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := contact.Field{Name: "f", Type: row.typ}
			got := []bool{f.Same(row.x, row.y, row.region), f.Same(row.y, row.x, row.region)}
			want := []bool{row.want, row.want}
			if !row.x.Absent() && !row.y.Absent() {
				got = append(got, f.Key(row.x, row.region) == f.Key(row.y, row.region))
				want = append(want, row.want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("same, turned round, by key (-want +got):\n%s", diff)
			}
		})
	}
}

// num returns the value of a number.
func num(t *testing.T, literal string) contact.Value {
	t.Helper()
	v, err := contact.Number(literal)
	require.NoError(t, err)
	return v
}

// entry returns an entry of a list.
func entry(text, kind string) contact.Entry {
	return contact.Entry{Value: contact.Text(text), Type: kind}
}

// TestKeysGrowWithTheirText (B73): the cost of a key grows with the length of its text and no faster.
func TestKeysGrowWithTheirText(t *testing.T) {
	marks := "a" + strings.Repeat("\u0301", 100_000)
	for _, typ := range []contact.Type{contact.TypeText, contact.TypeSet, contact.TypeEmail, contact.TypePhone, contact.TypeDate} {
		f := contact.Field{Name: "f", Type: typ}
		key := f.Key(contact.Text(marks), "BE")
		if len(key) > 2*len(marks) {
			t.Errorf("%s: the key of %d bytes has %d", typ, len(marks), len(key))
		}
	}
	f := contact.Field{Name: "f", Type: contact.TypeNumber}
	for _, literal := range []string{"1e999999999", "1e-999999999", "1e99999999999999999999999", "0e99999999999999999999999"} {
		if key := f.Key(num(t, literal), ""); len(key) > len(literal) {
			t.Errorf("the key of %s has %d bytes", literal, len(key))
		}
	}
}
