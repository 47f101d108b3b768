package fake_test

import (
	"errors"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
)

// FuzzCursor: a cursor that the app did not give has expired; one that it gave, or that looks like it, gives a page that
// goes on to an end.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "0", "3:p2", "-1", "99999999999999999999", "1:", ":", "0:\x00", "https://elsewhere.example/next?token=x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		app := fake.New("a", []contact.Field{{Name: "first", Type: contact.TypeText}}, fake.WithQuirks(fake.Quirks{PageSize: 2}))
		for _, id := range []string{"p1", "p2", "p3", "p4", "p5"} {
			if err := app.Put(contact.Record{ID: id, Fields: contact.Fields{"first": contact.Text(id)}}); err != nil {
				t.Fatal(err)
			}
		}
		since, pages := connector.Cursor(text), 0
		for more := true; more; pages++ {
			page, err := app.Changes(t.Context(), connector.Query{Since: since, Fields: []string{"first"}})
			if err != nil {
				if !errors.Is(err, connector.ErrCursorExpired) || pages > 0 {
					t.Errorf("page %d after %q: %v", pages, text, err)
				}
				return
			}
			if len(page.Records) > 2 || pages > 5 {
				t.Fatalf("page %d after %q has %d records", pages, text, len(page.Records))
			}
			since, more = page.Next, page.More
		}
	})
}
