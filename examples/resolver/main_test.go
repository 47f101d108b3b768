package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestOutput(t *testing.T) {
	const want = `phone ann@acme.com     | +32 2 555 12 12,,34 | Acme Corporation |
phone bob@globex.com   | +32 2 555 34 34,,7  | Globex           |
phone cleo@example.com |                     |                  |
CRM   ann@acme.com     | +32 2 555 12 12 x34 | Acme Corporation | Customer
CRM   bob@globex.com   | +32 2 555 34 34 x 7 | Initech          | Customer
bob: conflict (both sides were changed; a person decides)
cleo: excluded (no rule lets it through)
`
	var got bytes.Buffer
	require.NoError(t, run(t.Context(), &got))
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func TestFuller(t *testing.T) {
	tests := []struct {
		name, a, b string
		want       contactsync.Take
	}{
		{"b holds a", "Acme", "Acme Corporation", contactsync.TakeB},
		{"a holds b, in another case", "ACME Corporation", "acme", contactsync.TakeA},
		{"neither", "Globex", "Initech", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Fuller{}.Resolve(contactsync.Conflict{Value: [2]contact.Value{contact.Text(tt.a), contact.Text(tt.b)}})
			if diff := cmp.Diff(contactsync.Decision{Take: tt.want}, got); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

// TestExtension holds the laws of a transform beside the spellings: there and back means the same as before, and, as it
// says that it is not lossy, so does back and there.
func TestExtension(t *testing.T) {
	tests := []struct{ name, a, b string }{
		{"extension", "+32 2 555 12 12,,34", "+32 2 555 12 12 x34"},
		{"no extension", "+32 2 555 12 12", "+32 2 555 12 12"},
	}
	field := contact.Field{Name: "phone", Type: contact.TypePhone}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := Extension{}.Forward(contact.Text(tt.a))
			require.NoError(t, err)
			a, err := Extension{}.Back(contact.Text(tt.b))
			require.NoError(t, err)
			if diff := cmp.Diff([2]string{tt.a, tt.b}, [2]string{a.Str(), b.Str()}); diff != "" {
				t.Errorf("spellings (-want +got):\n%s", diff)
			}
		})
	}
	for _, text := range []string{"+32 2 555 12 12,34", "+32 2 555 12 12 , 34", "+32 2 555 12 12 x 34"} {
		v := contact.Text(text)
		there, _ := Extension{}.Forward(v)
		again, _ := Extension{}.Back(there)
		back, _ := Extension{}.Back(v)
		forth, _ := Extension{}.Forward(back)
		if !field.Same(v, again, "") || !field.Same(v, forth, "") {
			t.Errorf("%q comes back as %q, and %q", v, again, forth)
		}
	}
}

func TestCustomers(t *testing.T) {
	tests := []struct {
		name  string
		email contact.Value
		want  contactsync.Truth
	}{
		{"a customer's domain, in another case", contact.Text("Ann@ACME.com"), contactsync.Yes},
		{"another domain", contact.Text("ann@example.com"), contactsync.No},
		{"no address", contact.Empty, contactsync.No},
		{"an address that was not read", contact.Value{}, contactsync.Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := contact.Record{ID: "1", Fields: contact.Fields{"email": tt.email}}
			if got := (Customers{Domains: []string{"acme.com"}}).Admits(rec, time.Now()).Truth; got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestFormerCustomers: with another list of customers the tag is taken back from who is none any more.
func TestFormerCustomers(t *testing.T) {
	fields := []contact.Field{{Name: "email", Type: contact.TypeEmail}, {Name: "tags", Type: contact.TypeSet}}
	phone, crm := fake.New("phone", fields), fake.New("crm", fields)
	require.NoError(t, phone.Put(contact.Record{ID: "ann", Fields: contact.Fields{"email": contact.Text("ann@acme.com")}}))
	c := contactsync.Connection{
		ID:       "phone-crm",
		Rules:    []contactsync.Rule{Customers{Domains: []string{"acme.com"}}},
		Mappings: []contactsync.Mapping{contactsync.MapFields("email", "email")},
	}
	s, err := contactsync.Open(t.Context(), c, phone, crm, memstore.New())
	require.NoError(t, err)
	tags := func() []string {
		_, err := s.Sync(t.Context())
		require.NoError(t, err)
		require.Len(t, crm.Records(), 1)
		return crm.Records()[0].Get("tags").Elements()
	}
	if diff := cmp.Diff([]string{"Customer"}, tags()); diff != "" {
		t.Errorf("tags of a customer (-want +got):\n%s", diff)
	}
	c.Rules = []contactsync.Rule{Customers{Domains: []string{"globex.com"}}}
	require.NoError(t, s.Configure(t.Context(), c, s.Version()))
	if got := tags(); len(got) > 0 {
		t.Errorf("tags of a former customer: %v", got)
	}
}
