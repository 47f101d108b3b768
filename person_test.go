package contactsync

import (
	"strings"
	"testing"
	"unicode"

	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// TestPersonOfARecord: what a scorer sees of a record: every email and phone that tells somebody apart, once and sorted;
// addresses as a whole, in a list and in parts; of two fields of one meaning the first that holds something.
func TestPersonOfARecord(t *testing.T) {
	t.Parallel()
	field := func(name, meaning string, kind contact.Type, many bool) contact.Field {
		return contact.Field{Name: name, Meaning: meaning, Type: kind, Many: many}
	}
	home, work := contact.Address{Street: "High Street 1", City: "Ghent"}, contact.Address{City: "Bruges"}
	schema := &contact.Schema{Versions: true, Fields: []contact.Field{field("given", "first", contact.TypeText, false), field("family", "last", contact.TypeText, false), field("full", "name", contact.TypeText, false),
		field("mail", "", contact.TypeEmail, false), field("mails", "", contact.TypeEmail, true), field("phone", "", contact.TypePhone, false), field("phones", "", contact.TypePhone, true),
		field("home", "", contact.TypeAddress, false), field("others", "", contact.TypeAddress, true), field("town", "city", contact.TypeText, false), field("firm", "company", contact.TypeText, false),
		field("firm2", "company", contact.TypeText, false), field("born", "birthday", contact.TypeDate, false), field("notes", "notes", contact.TypeText, false)}}
	cfg, bad := compile(&Connection{ID: "c", Match: Match{SuggestAbove: 0.5, Region: "BE"}}, [2]*contact.Schema{schema, schema})
	require.Empty(t, bad)
	text := contact.Text
	list := func(values ...contact.Value) contact.Value {
		var all []contact.Entry
		for _, v := range values {
			all = append(all, contact.Entry{Value: v})
		}
		return contact.List(all...)
	}
	rec := contact.Record{ID: "a1", Fields: contact.Fields{"given": text(" Ann  "), "family": text("Lee"), "full": text("Ann Lee"), "mail": text("Z@x.org"), "mails": list(text("b@x.org"), text("z@x.org"), text("nobody")),
		"phone": text("0470 12 34 56"), "phones": list(text("+32470123456"), text("0012345678"), text("1234567"), text("call me"), text("+999 12345678901234"), text("*1234567#")),
		"home": contact.Postal(home), "others": list(contact.Postal(work)), "town": text("Ypres"), "firm": contact.Empty, "firm2": text("Acme"), "born": text("1985-04-12"), "notes": text("x")}}
	p := cfg.person(A, rec)
	want := Person{Given: "Ann", Family: "Lee", Name: "Ann Lee", Emails: []string{"b@x.org", "z@x.org"}, Phones: []string{"+32470123456", "12345678", "99912345678901234"},
		Company: "Acme", Birthday: "1985-04-12", Addresses: []contact.Address{home, work, {City: "Ypres"}}}
	p.Record = contact.Record{}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	require.Equal(t, []string{"given", "family", "full", "mail", "mails", "phone", "phones", "home", "others", "town", "firm", "firm2", "born"}, personFields(schema))
}

// TestBirthdays: what two birthdays say, whole or without a year, or unlike a date.
func TestBirthdays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ x, y, want string }{
		{"1985-04-12", "1985-04-12", "same birthday"},
		{"--04-12", "--04-12", "same birthday"},
		{"1985-04-12", "--04-12", "same birthday"},
		{"--04-12", "--04-13", "another"},
		{"1985-04-12", "--04-13", "another"},
		{"1985-04-12", "1985-04-13", "birthday off by a slip"},
		{"1985-04-12", "1985-12-04", "birthday off by a slip"},
		{"1985-04-12", "1986-04-12", "birthday off by a slip"},
		{"1985-04-12", "1996-04-12", "another"},
		{"1985-04-12", "1985-05-13", "another"},
		{"1985-04-12T", "1985-04-13T", "another"},
		{"1985-04-12", "1985-04-1", "another"},
		{"", "1985-04-12", ""}, {"1985-04-12", "", ""}, {"04-12", "04-12", ""},
	} {
		for _, way := range [][2]string{{tt.x, tt.y}, {tt.y, tt.x}} {
			w := &weighing{}
			w.birthdays(way[0], way[1])
			got := strings.Join(w.evidence, ", ")
			if got == "" && w.sum != 0 {
				got = "another"
			}
			if got != tt.want || w.doubtful != (tt.want == "birthday off by a slip") {
				t.Errorf("%s, %s: %q, doubtful %v, want %q", way[0], way[1], got, w.doubtful, tt.want)
			}
		}
	}
}

// TestAddresses: the most that two people's addresses have in common counts, whatever their order.
func TestAddresses(t *testing.T) {
	t.Parallel()
	at := func(street, code, city string) contact.Address {
		return contact.Address{Street: street, PostalCode: code, City: city}
	}
	for _, tt := range []struct {
		x, y []contact.Address
		want string
	}{
		{[]contact.Address{at("High Street 1", "9000", "Ghent")}, []contact.Address{at("high street 1", "9000", "Gent")}, "same address"},
		{[]contact.Address{at("High Street 1", "", "Ghent")}, []contact.Address{at("High Street 1", "9000", "Ghent")}, "same address"},
		{[]contact.Address{at("High Street 1", "9000", "Ghent")}, []contact.Address{at("Low Street 1", "9000", "Ghent")}, "same postal code"},
		{[]contact.Address{at("", "9000", "Ghent")}, []contact.Address{at("", "9000", "Ghent")}, "same postal code"},
		{[]contact.Address{at("High Street 1", "", "Ghent")}, []contact.Address{at("Low Street 1", "9000", "Ghent")}, "same city"},
		{[]contact.Address{at("High Street 1", "8000", "Bruges")}, []contact.Address{at("High Street 1", "9000", "Ghent")}, ""},
		{[]contact.Address{at("High Street 1", "", "")}, []contact.Address{at("High Street 1", "", "")}, ""},
		{[]contact.Address{at("", "9000", ""), at("", "", "Bruges")}, []contact.Address{at("", "9000", ""), at("", "", "Bruges")}, "same postal code"},
		{[]contact.Address{at("", "", "Bruges"), at("", "9000", "")}, []contact.Address{at("", "", "Bruges"), at("", "9000", "")}, "same postal code"},
		{nil, []contact.Address{at("High Street 1", "9000", "Ghent")}, ""},
	} {
		weight, got := addresses(tt.x, tt.y)
		if got != tt.want || (weight != 0) != (got != "") || (weight == sameAddress) != (got == "same address") {
			t.Errorf("%v, %v: %q (%v), want %q", tt.x, tt.y, got, weight, tt.want)
		}
	}
}

// TestCompanies: a company says something only where both have one.
func TestCompanies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ x, y, want string }{
		{"acme", "acme", "same company"}, {"acme belgium", "acme", "company alike"}, {"acme", "acme belgium", "company alike"}, {"globex", "globexx", "company alike"},
		{"acme", "globex", "another"}, {"acme", "", ""}, {"", "acme", ""}, {"", "", ""},
	} {
		w := &weighing{}
		w.companies(strings.Fields(tt.x), strings.Fields(tt.y))
		got := strings.Join(w.evidence, ", ")
		if got == "" && w.sum != 0 {
			got = "another"
		}
		if got != tt.want {
			t.Errorf("%s, %s: %q, want %q", tt.x, tt.y, got, tt.want)
		}
	}
}

// TestSoundKeys: vowels count at the beginning only, letters of one sound in a row once, and five are enough.
func TestSoundKeys(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		x, y string
		same bool
	}{
		{"anna", "enna", true}, {"anna", "nana", false}, {"tat", "tta", true}, {"lena", "lana", true}, {"lena", "alena", false}, {"lena", "lema", false}, {"tomas", "tommas", true},
		{"tomtom", "tom", false}, {"bernadette", "bernadetta", true}, {"abcdklmnr", "abcdklmn", true},
	} {
		if got := sound(tt.x) == sound(tt.y); got != tt.same {
			t.Errorf("%s sounds %s, %s sounds %s", tt.x, sound(tt.x), tt.y, sound(tt.y))
		}
	}
	require.Equal(t, byte('a'), sound("eva")[0])
	require.Equal(t, unicode.Latin, script("eva"))
}
