package connector_test

import (
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/google/go-cmp/cmp"
)

func TestPartners(t *testing.T) {
	t.Parallel()
	c := connector.NewCatalogue(
		connector.App{ID: "book", Label: "Book"},
		connector.App{ID: "crm", Label: "CRM", With: []string{"book", "mail"}},
		connector.App{ID: "mail", Label: "Mail", With: []string{"book"}},
	)
	for id, want := range map[string][]string{
		"book": {"book", "crm", "mail"},
		"crm":  {"book"}, // mail does not take it
		"mail": {"book"},
		"none": nil,
	} {
		var got []string
		for _, a := range c.Partners(id) {
			got = append(got, a.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("partners of %s (-want +got):\n%s", id, diff)
		}
	}
}
