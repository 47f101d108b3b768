package source_test

import (
	"context"
	"errors"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/source"
)

// FuzzCursor: whatever a store hands back as a cursor, a piece goes on from it or says that it has expired.
func FuzzCursor(f *testing.F) {
	asked, answer, now := "", "a@1", start
	list := &rolled{source.Roll{Page: func(context.Context, string) (connector.Listing, string, error) {
		return connector.Listing{}, "", nil
	}}}
	tokens := &source.Tokens{Page: func(context.Context, source.Position, []string) (source.TokenPage, error) {
		return source.TokenPage{NextSync: "t"}, nil
	}}
	pieces := []feed{watermark(&asked, &answer, &now), newest(&asked, &answer, &now), tokens, list}
	for _, p := range pieces {
		page, err := p.Changes(context.Background(), connector.Query{})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(page.Next))
	}
	f.Add(`n1{"Round":-3,"Pages":-1,"Page":"x","Front":true}`)
	f.Fuzz(func(t *testing.T, cursor string) {
		for _, p := range pieces {
			_, err := p.Changes(t.Context(), connector.Query{Since: connector.Cursor(cursor)})
			if err != nil && !errors.Is(err, connector.ErrCursorExpired) {
				t.Fatalf("%T: %v", p, err)
			}
		}
	})
}
