package contactsync

import (
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// keysConfig matches by all kinds of keys that there are.
func keysConfig(t *testing.T) *config {
	t.Helper()
	schema := &contact.Schema{Versions: true, Fields: []contact.Field{
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"}, {Name: "emails", Type: contact.TypeEmail, Many: true},
		{Name: "phone", Type: contact.TypePhone, Meaning: "phone"}, {Name: "first", Type: contact.TypeText, Meaning: "first"},
		{Name: "last", Type: contact.TypeText, Meaning: "last"}, {Name: "name", Type: contact.TypeText, Meaning: "name"},
		{Name: "company", Type: contact.TypeText, Meaning: "company"}, {Name: "number", Type: contact.TypeNumber}}}
	cfg, bad := compile(&Connection{ID: "c", Mappings: []Mapping{MapFields("email", "email")}, Match: Match{Region: "BE",
		Keys: []MatchKey{{Kind: KeyEmail}, {Kind: KeyPhone}, {Kind: KeyNameCompany}, {A: "number", B: "number"}}}}, [2]*contact.Schema{schema, schema})
	require.Empty(t, bad)
	return cfg
}

// TestKeysOfARecord: what a record can be found by, in the order of the connection's keys. What tells nobody apart is none.
func TestKeysOfARecord(t *testing.T) {
	t.Parallel()
	cfg := keysConfig(t)
	number, err := contact.Number("7.0")
	require.NoError(t, err)
	emails := contact.List(contact.Entry{Value: contact.Text("z@example.com")}, contact.Entry{Value: contact.Text("a@example.com")},
		contact.Entry{Value: contact.Text("n/a")})
	for _, tt := range []struct {
		name   string
		fields contact.Fields
		want   []string
	}{
		{"nothing", contact.Fields{}, nil},
		{"empty fields", contact.Fields{"email": contact.Empty, "phone": contact.Empty, "number": contact.Empty, "emails": contact.Empty}, nil},
		{"an email in any case", contact.Fields{"email": contact.Text(" Ann@EXAMPLE.com ")}, []string{"0 ann@example.com"}},
		{"what is no email", contact.Fields{"email": contact.Text("n/a")}, nil},
		{"a list of emails, sorted, each once", contact.Fields{"email": contact.Text("Z@example.com"), "emails": emails}, []string{"0 a@example.com", "0 z@example.com"}},
		{"a phone of the region", contact.Fields{"phone": contact.Text("0470 12 34 56")}, []string{"1 +32470123456"}},
		{"what is no phone", contact.Fields{"phone": contact.Text("n/a")}, nil},
		{"a name at a company", contact.Fields{"first": contact.Text("Ann"), "last": contact.Text("LEE"), "company": contact.Text("Acme")}, []string{"2 ann lee\x00acme"}},
		{"a last name alone at a company", contact.Fields{"last": contact.Text("Lee"), "company": contact.Text("Acme")}, []string{"2 lee\x00acme"}},
		{"a full name at a company", contact.Fields{"name": contact.Text("Ann Lee"), "company": contact.Text("Acme")}, []string{"2 ann lee\x00acme"}},
		{"the parts come before the full name", contact.Fields{"first": contact.Text("Bo"), "name": contact.Text("Ann Lee"), "company": contact.Text("Acme")}, []string{"2 bo\x00acme"}},
		{"a name without a company", contact.Fields{"first": contact.Text("Ann")}, nil},
		{"a company without a name", contact.Fields{"company": contact.Text("Acme")}, nil},
		{"a number by its value", contact.Fields{"number": number}, []string{"3 7"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range Sides {
				var got []string
				for _, k := range cfg.matchKeys(s, tt.fields) {
					got = append(got, k.String())
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s: %s", s, diff)
				}
			}
		})
	}
}

// TestEvidence: the first kind of key that both have decides, and a later one is none where it differs.
func TestEvidence(t *testing.T) {
	t.Parallel()
	k := func(kind int, text string) matchKey { return keyOf(kind, text) }
	for _, tt := range []struct {
		name string
		x, y []matchKey
		want string // the shared key; "" for none
	}{
		{"nothing", nil, nil, ""},
		{"nothing on one side", []matchKey{k(0, "a")}, nil, ""},
		{"the same email", []matchKey{k(0, "a")}, []matchKey{k(0, "a")}, "0 a"},
		{"one of several emails", []matchKey{k(0, "a"), k(0, "b")}, []matchKey{k(0, "b"), k(0, "c")}, "0 b"},
		{"another email and the same phone", []matchKey{k(0, "a"), k(1, "p")}, []matchKey{k(0, "b"), k(1, "p")}, ""},
		{"an email on one side, the same phone", []matchKey{k(0, "a"), k(1, "p")}, []matchKey{k(1, "p")}, "1 p"},
		{"an email on the other side, the same phone", []matchKey{k(1, "p")}, []matchKey{k(0, "a"), k(1, "p")}, "1 p"},
		{"different kinds", []matchKey{k(0, "a")}, []matchKey{k(1, "a")}, ""},
		{"the same text of another kind later", []matchKey{k(0, "a"), k(2, "n")}, []matchKey{k(1, "a"), k(2, "n")}, "2 n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := shared(tt.x, tt.y)
			if ok != (tt.want != "") || ok && got.String() != tt.want || evidence(tt.x, tt.y) != ok {
				t.Errorf("got %q, %v; want %q", got, ok, tt.want)
			}
			if _, back := shared(tt.y, tt.x); back != ok {
				t.Error("it depends on who is asked first")
			}
		})
	}
}

// TestSharedKey: what a link says of how it came about, and the story of it tells a person.
func TestSharedKey(t *testing.T) {
	t.Parallel()
	cfg, k := keysConfig(t), keyOf
	for _, tt := range []struct {
		name string
		x, y []matchKey
		want string
	}{
		{"by email", []matchKey{k(0, "a"), k(1, "p")}, []matchKey{k(0, "a")}, KeyEmail},
		{"by phone", []matchKey{k(1, "p")}, []matchKey{k(0, "a"), k(1, "p")}, KeyPhone},
		{"by fields", []matchKey{k(3, "7")}, []matchKey{k(3, "7")}, "number=number"},
		{"by no key", []matchKey{k(0, "a")}, []matchKey{k(0, "b")}, linkedAlike},
	} {
		if got := cfg.sharedKey(tt.x, tt.y); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
