package contact_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/contact"
)

func TestCoerce(t *testing.T) {
	single := func(typ contact.Type) contact.Field { return contact.Field{Name: "f", Type: typ} }
	many := func(typ contact.Type) contact.Field { return contact.Field{Name: "f", Type: typ, Many: true} }
	gent := contact.Postal(contact.Address{City: "Gent"})
	for _, row := range []struct {
		name     string
		field    contact.Field
		in, want contact.Value
	}{
		{"absent stays absent", many(contact.TypeEmail), contact.Value{}, contact.Value{}},
		{"empty stays empty", single(contact.TypeNumber), contact.Empty, contact.Empty},
		{"text", single(contact.TypeText), contact.Text("x"), contact.Text("x")},
		{"number in text", single(contact.TypePhone), contact.Int(32), contact.Text("32")},
		{"bool in text", single(contact.TypeText), contact.Bool(true), contact.Text("true")},
		{"text in number", single(contact.TypeNumber), contact.Text(" 4.20 "), num(t, "4.20")},
		{"number", single(contact.TypeNumber), num(t, "1e3"), num(t, "1e3")},
		{"text in bool", single(contact.TypeBool), contact.Text("TRUE"), contact.Bool(true)},
		{"bool", single(contact.TypeBool), contact.Bool(false), contact.Bool(false)},
		{"address", single(contact.TypeAddress), gent, gent},
		{"any text in a date", single(contact.TypeDate), contact.Text("soon"), contact.Text("soon")},
		{"text in a set", single(contact.TypeSet), contact.Text("a, b"), contact.Set("a, b")},
		{"set", single(contact.TypeSet), contact.Set("a", "b"), contact.Set("a", "b")},
		{"text in a list", many(contact.TypeEmail), contact.Text("a@b.com"), contact.List(entry("a@b.com", ""))},
		{"number in a list of phones", many(contact.TypePhone), contact.Int(32), contact.List(entry("32", ""))},
		{"set in a list", many(contact.TypeEmail), contact.Set("a", "b"), contact.List(entry("a", ""), entry("b", ""))},
		{"set in a list of numbers", many(contact.TypeNumber), contact.Set("1", "2"),
			contact.List(contact.Entry{Value: contact.Int(1)}, contact.Entry{Value: contact.Int(2)})},
		{"address in a list", many(contact.TypeAddress), gent, contact.List(contact.Entry{Value: gent})},
		{"list keeps type and primary", many(contact.TypePhone), contact.List(contact.Entry{Value: contact.Int(1), Type: "work", Primary: true}),
			contact.List(contact.Entry{Value: contact.Text("1"), Type: "work", Primary: true})},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			before := string(row.in.AppendJSON(nil))
			got, err := row.field.Coerce(row.in)
			require.NoError(t, err)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, string(row.in.AppendJSON(nil))); diff != "" {
				t.Errorf("the value itself was changed (-before +after):\n%s", diff)
			}
		})
	}
	for _, row := range []struct {
		name  string
		field contact.Field
		in    contact.Value
		want  string
	}{
		{"word in number", single(contact.TypeNumber), contact.Text("secret"), "number"},
		{"bool in number", single(contact.TypeNumber), contact.Bool(true), "number"},
		{"word in bool", single(contact.TypeBool), contact.Text("yes"), "bool"},
		{"number in bool", single(contact.TypeBool), contact.Int(1), "bool"},
		{"text in address", single(contact.TypeAddress), contact.Text("Gent"), "address"},
		{"address in text", single(contact.TypeText), gent, "text"},
		{"set in text", single(contact.TypeText), contact.Set("a"), "text"},
		{"list in single field", single(contact.TypeEmail), contact.List(entry("a@b.com", "")), "email"},
		{"list in set", single(contact.TypeSet), contact.List(entry("a", "")), "set"},
		{"number in set", single(contact.TypeSet), contact.Int(1), "set"},
		{"address in a list of emails", many(contact.TypeEmail), gent, "list of email"},
		{"word in a list of numbers", many(contact.TypeNumber), contact.Set("1", "secret"), "list of number"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := row.field.Coerce(row.in)
			require.Error(t, err)
			if diff := cmp.Diff("field f: the value does not fit a field of type "+row.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(row.in, got); diff != "" {
				t.Errorf("the value changed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	field := func(typ contact.Type) contact.Field { return contact.Field{Name: "f", Type: typ} }
	options := func(typ contact.Type) contact.Field {
		return contact.Field{Name: "f", Type: typ, Options: []string{"Lead", "Customer"}}
	}
	notes := contact.Field{Name: "f", Type: contact.TypeText, MaxLength: 20_000}
	marks := func(n int) contact.Value { return contact.Text("a" + strings.Repeat("\u0301", n-1)) }
	const notDate = "field f: not a date of the calendar; want 2006-01-02, or --01-02 without year"
	const notTime = "field f: not a point in time; want RFC 3339, 2006-01-02T15:04:05Z"
	const control = "field f: a control character that cannot be there"
	for _, row := range []struct {
		name  string
		field contact.Field
		in    contact.Value
		want  string
	}{
		{"absent", field(contact.TypeDate), contact.Value{}, ""},
		{"empty", field(contact.TypeDate), contact.Empty, ""},
		{"B20 date", field(contact.TypeDate), contact.Date(1985, 4, 12), ""},
		{"B20 leap day without year", field(contact.TypeDate), contact.Text("--0229"), ""},
		{"B20 leap day in a year without", field(contact.TypeDate), contact.Text("1985-02-29"), notDate},
		{"B20 leap day of a century", field(contact.TypeDate), contact.Text("1900-02-29"), notDate},
		{"B20 leap day in a year with", field(contact.TypeDate), contact.Text("2024-02-29"), ""},
		{"B20 no such day", field(contact.TypeDate), contact.Text("1985-02-30"), notDate},
		{"B20 no such day without year", field(contact.TypeDate), contact.Text("--02-30"), notDate},
		{"B20 no such month", field(contact.TypeDate), contact.Text("19851301"), notDate},
		{"B20 day zero", field(contact.TypeDate), contact.Text("1985-04-00"), notDate},
		{"B20 year one", field(contact.TypeDate), contact.Text("00010101"), ""},
		{"B20 date with time", field(contact.TypeDate), contact.Text("1985-04-12T23:20:50-08"), notDate},
		{"B20 year and month", field(contact.TypeDate), contact.Text("1985-04"), ""},
		{"B20 year", field(contact.TypeDate), contact.Text("1985"), ""},
		{"B20 month", field(contact.TypeDate), contact.Text("--04"), ""},
		{"B20 day", field(contact.TypeDate), contact.Text("---31"), ""},
		{"B20 no such day of a month", field(contact.TypeDate), contact.Text("---32"), notDate},
		{"date in words", field(contact.TypeDate), contact.Text("12 April 1985"), notDate},
		{"time", field(contact.TypeDateTime), contact.Text("2026-03-01T10:00:00+01:00"), ""},
		{"time without zone", field(contact.TypeDateTime), contact.Text("2026-03-01T10:00:00"), notTime},
		{"time that the day does not have", field(contact.TypeDateTime), contact.Text("2026-03-01T25:00:00Z"), notTime},
		{"choice", options(contact.TypeChoice), contact.Text("Lead "), ""},
		{"choice that is no option", options(contact.TypeChoice), contact.Text("secret"), "field f: not one of the options: Lead, Customer"},
		{"choice in another case", options(contact.TypeChoice), contact.Text("lead"), "field f: not one of the options: Lead, Customer"},
		{"choice without options", field(contact.TypeChoice), contact.Text("any"), ""},
		{"set in another case", options(contact.TypeSet), contact.Set("lead"), ""},
		{"set with what is no option", options(contact.TypeSet), contact.Set("Lead", "secret"), "field f: element 2: not one of the options: Lead, Customer"},
		{"B13 NUL", field(contact.TypeText), contact.Text("a\x00b"), control},
		{"B13 other control", field(contact.TypeText), contact.Text("a\x1bb"), control},
		{"lines in text", field(contact.TypeText), contact.Text("a\r\n\tb"), ""},
		{"B63 line in an email", field(contact.TypeEmail), contact.Text("a@b.com\r\nBcc: x@y.com"), control},
		{"B64 odd email", field(contact.TypeEmail), contact.Text("a@b"), ""},
		{"B41 not UTF-8", field(contact.TypeText), contact.Text("a\xff"), "field f: not UTF-8"},
		{"B67 email of 1 KiB", field(contact.TypeEmail), contact.Text(strings.Repeat("a", 1018) + "@b.com"), ""},
		{"B67 email of more", field(contact.TypeEmail), contact.Text(strings.Repeat("a", 1019) + "@b.com"), "field f: longer than an email address can be (1024 bytes)"},
		{"B57 short code", field(contact.TypePhone), contact.Text("*123#"), ""},
		{"B59 phone of 64", field(contact.TypePhone), contact.Text(strings.Repeat("1", 64)), ""},
		{"B59 phone of more", field(contact.TypePhone), contact.Text(strings.Repeat("1", 65)), "field f: longer than a phone number can be (64 characters)"},
		{"B73 10,000 characters", field(contact.TypeText), marks(10_000), ""},
		{"B73 more", field(contact.TypeText), marks(10_001), "field f: 10001 characters, which is more than 10000"},
		{"B73 a field that holds more", notes, marks(20_000), ""},
		{"what the app cuts", contact.Field{Name: "f", Type: contact.TypeText, MaxLength: 3}, contact.Text("abcdef"), ""},
		{"part of an address", field(contact.TypeAddress), contact.Postal(contact.Address{City: "a\x00"}), "field f: city: a control character that cannot be there"},
		{"lines in an address", field(contact.TypeAddress), contact.Postal(contact.Address{Street: "a\nb"}), ""},
		{"entry", contact.Field{Name: "f", Type: contact.TypeDate, Many: true}, contact.List(entry("1985-04-12", ""), entry("1985-02-30", "")),
			"field f: element 2: not a date of the calendar; want 2006-01-02, or --01-02 without year"},
		{"bare value of a list", contact.Field{Name: "f", Type: contact.TypePhone, Many: true}, contact.Text("1"), ""},
		{"address in a list", contact.Field{Name: "f", Type: contact.TypeAddress, Many: true},
			contact.List(contact.Entry{Value: contact.Postal(contact.Address{City: "a\xff"})}), "field f: element 1: city: not UTF-8"},
		{"another type", field(contact.TypeNumber), contact.Text("secret"), "field f: the value does not fit a field of type number"},
		{"number as text", field(contact.TypeNumber), contact.Text("42"), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := row.field.Check(row.in); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
