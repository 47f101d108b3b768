package contact_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/contact"
)

// A pairing is two values that a sync compares over and over.
type pairing struct {
	name   string
	field  contact.Field
	x, y   contact.Value
	same   bool
	allocs float64 // of one comparison
}

func pairings() []pairing {
	field := func(typ contact.Type) contact.Field { return contact.Field{Name: "f", Type: typ} }
	text := contact.Text
	emails := func(work, home string) contact.Value { return contact.List(entry(work, "work"), entry(home, "Home")) }
	return []pairing{
		{"text alike", field(contact.TypeText), text("Ann"), text("Ann"), true, 0},
		{"text with space", field(contact.TypeText), text("Ann "), text("Ann"), true, 0},
		{"text that differs", field(contact.TypeText), text("Ann"), text("Bob"), false, 0},
		{"text in form C that differs", field(contact.TypeText), text("André"), text("Andrée"), false, 0},
		{"email alike", field(contact.TypeEmail), text("ann@example.com"), text("ann@example.com"), true, 0},
		{"email in another case", field(contact.TypeEmail), text("Ann@Example.com"), text("ann@example.com"), true, 0},
		{"email that differs", field(contact.TypeEmail), text("Ann@Example.com"), text("bob@example.com"), false, 0},
		{"phone alike", field(contact.TypePhone), text("0470 12 34 56"), text("0470 12 34 56"), true, 0},
		{"phone with other spaces", field(contact.TypePhone), text("+32 470 12 34 56"), text("+32470123456"), true, 0},
		{"phone that differs", field(contact.TypePhone), text("+32 470 12 34 56"), text("+32470123457"), false, 0},
		{"number alike", field(contact.TypeNumber), contact.Int(42), contact.Int(42), true, 0},
		{"number that differs", field(contact.TypeNumber), contact.Int(42), contact.Int(4200), false, 0},
		{"date that differs", field(contact.TypeDate), text("1985-04-12"), text("1985-04-13"), false, 0},
		{"time that differs", field(contact.TypeDateTime), text("2026-03-01T10:00:00Z"), text("2026-03-01T10:00:01Z"), false, 0},
		{"set in another case", field(contact.TypeSet), contact.Set("VIP", "news"), contact.Set("vip", "News"), true, 0},
		{"list in another case", field(contact.TypeEmail), emails("A@b.com", "c@d.com"), emails("a@b.com", "C@d.com"), true, 0},
		{"address that differs", field(contact.TypeAddress), contact.Postal(contact.Address{City: "Gent"}), contact.Postal(contact.Address{City: "Brugge"}), false, 0},
		{"empty and text", field(contact.TypeText), contact.Empty, text("Ann"), false, 0},
	}
}

// TestSameAllocatesNothing: a sync compares twenty values of each pair, whatever changed.
func TestSameAllocatesNothing(t *testing.T) {
	for _, p := range pairings() {
		t.Run(p.name, func(t *testing.T) {
			require.Equal(t, p.same, p.field.Same(p.x, p.y, "BE"))
			allocs := testing.AllocsPerRun(100, func() { p.field.Same(p.x, p.y, "BE") })
			if diff := cmp.Diff(p.allocs, allocs); diff != "" {
				t.Errorf("allocations (-want +got):\n%s", diff)
			}
		})
	}
}

func BenchmarkSame(b *testing.B) {
	for _, p := range pairings() {
		b.Run(p.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.field.Same(p.x, p.y, "BE")
			}
		})
	}
}

func BenchmarkKey(b *testing.B) {
	for _, row := range []struct {
		name string
		typ  contact.Type
		text string
	}{
		{"text", contact.TypeText, "Ann"},
		{"email", contact.TypeEmail, "ann@example.com"},
		{"international email", contact.TypeEmail, "ü@exämple.de"},
		{"phone", contact.TypePhone, "+32 470 12 34 56"},
		{"national phone", contact.TypePhone, "0470 12 34 56"},
		{"date", contact.TypeDate, "1985-04-12"},
		{"time", contact.TypeDateTime, "2026-03-01T11:00:00+01:00"},
	} {
		f, v := contact.Field{Name: "f", Type: row.typ}, contact.Text(row.text)
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.Key(v, "BE")
			}
		})
	}
}

// person is a record of the size that a sync reads 200,000 times.
var person = contact.Fields{
	"first": contact.Text("André"), "last": contact.Text("Peeters"), "email": contact.Text("andre.peeters@example.com"),
	"phone": contact.Text("+32 470 12 34 56"), "company": contact.Text("Acme"), "notes": contact.Text("met at the fair\ncall back"),
	"born": contact.Text("1985-04-12"), "vip": contact.Bool(true), "score": contact.Int(42), "fax": contact.Empty,
	"labels": contact.Set("vip", "news", "phone"), "address": contact.Postal(contact.Address{Street: "Korenmarkt 1", City: "Gent", Country: "BE"}),
	"emails": contact.List(contact.Entry{Value: contact.Text("a@example.com"), Type: "work", Primary: true}, entry("b@example.com", "home")),
}

func BenchmarkParseFields(b *testing.B) {
	text := person.AppendJSON(nil)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := contact.ParseFields(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	b.ReportAllocs()
	var text []byte
	for b.Loop() {
		text = person.AppendJSON(text[:0])
	}
}

func BenchmarkDigest(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		person.Digest()
	}
}

// TestParseFieldsAllocations: text is cut from the one copy of the row, so what is allocated grows with the number
// of lists, and not with the number or length of the texts.
func TestParseFieldsAllocations(t *testing.T) {
	count := func(f contact.Fields) float64 {
		text := f.AppendJSON(nil)
		return testing.AllocsPerRun(100, func() { _, _ = contact.ParseFields(text) })
	}
	few, many := contact.Fields{}, contact.Fields{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		many[name] = contact.Text("some text of " + name)
	}
	few["a"] = many["a"]
	if diff := cmp.Diff(count(few), count(many)); diff != "" {
		t.Errorf("allocations for one text and for eight (-one +eight):\n%s", diff)
	}
}
