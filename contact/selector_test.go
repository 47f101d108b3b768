package contact_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/contact"
)

func TestParseSelector(t *testing.T) {
	for _, row := range []struct {
		in   string
		want contact.Selector
	}{
		{"email", contact.Selector{Field: "email"}},
		{"emails[primary]", contact.Selector{Field: "emails", Primary: true}},
		{"phones[type=mobile]", contact.Selector{Field: "phones", Type: "mobile"}},
		{"phones[type=My phone.2]", contact.Selector{Field: "phones", Type: "My phone.2"}},
		{"phones[type=a=b]", contact.Selector{Field: "phones", Type: "a=b"}},
		{"phones[type=primary]", contact.Selector{Field: "phones", Type: "primary"}},
		{"addresses[type=home].city", contact.Selector{Field: "addresses", Type: "home", Part: "city"}},
		{"addresses[primary].postal_code", contact.Selector{Field: "addresses", Primary: true, Part: "postal_code"}},
		{"address.city", contact.Selector{Field: "address", Part: "city"}},
	} {
		t.Run(row.in, func(t *testing.T) {
			t.Parallel()
			got, err := contact.ParseSelector(row.in)
			require.NoError(t, err)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(row.in, got.String()); diff != "" {
				t.Errorf("written again (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(got.Primary || got.Type != "", got.One()); diff != "" {
				t.Errorf("one entry (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseSelectorRefuses(t *testing.T) {
	const form = "want FIELD, FIELD[primary], FIELD[type=NAME] or one of them with .PART"
	const parts = "po_box, extended, street, city, region, postal_code, country"
	for _, row := range []struct{ in, want string }{
		{"", `selector "": ` + form},
		{"[primary]", `selector "[primary]": ` + form},
		{".city", `selector ".city": ` + form},
		{"a]", `selector "a]": ` + form},
		{"a[primary]b", `selector "a[primary]b": ` + form},
		{"a[primary][type=x]", `selector "a[primary][type=x]": ` + form},
		{"a[primary", `selector "a[primary": the [ is not closed`},
		{"a[]", `selector "a[]": [] is neither [primary] nor [type=NAME]`},
		{"a[type=]", `selector "a[type=]": [type=] is neither [primary] nor [type=NAME]`},
		{"a[type]", `selector "a[type]": [type] is neither [primary] nor [type=NAME]`},
		{"a[Primary]", `selector "a[Primary]": [Primary] is neither [primary] nor [type=NAME]`},
		{"a[primary=yes]", `selector "a[primary=yes]": [primary=yes] is neither [primary] nor [type=NAME]`},
		{"a.town", `selector "a.town": an address has no part "town", but ` + parts},
		{"a.", `selector "a.": an address has no part "", but ` + parts},
		{"a.city.street", `selector "a.city.street": an address has no part "city.street", but ` + parts},
	} {
		t.Run(row.in, func(t *testing.T) {
			t.Parallel()
			_, err := contact.ParseSelector(row.in)
			require.Error(t, err)
			if diff := cmp.Diff(row.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzParseSelector: what is read is written as it was.
func FuzzParseSelector(f *testing.F) {
	for _, seed := range []string{"email", "emails[primary]", "phones[type=mobile]", "addresses[type=home].city", "a[[type=x]", "a.b", "[", "a[type=[x]", "é[primary].street"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := contact.ParseSelector(text)
		if err != nil {
			return
		}
		if diff := cmp.Diff(text, s.String()); diff != "" {
			t.Errorf("(-read +written):\n%s", diff)
		}
	})
}
