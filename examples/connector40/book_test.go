package connector40_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/connectortest"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/examples/connector40"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

func TestBookPassesTheSuite(t *testing.T) {
	var book *connector40.Book
	user := func(t *testing.T, w connector.Write) {
		_, err := book.Apply(t.Context(), []connector.Write{w})
		require.NoError(t, err)
	}
	connectortest.Run(t, connectortest.Suite{
		New: func(*testing.T) connector.Connector {
			book = connector40.New()
			return book
		},
		Edit: func(t *testing.T, id string, fields contact.Fields) {
			w := connector.Write{Op: connector.Update, ID: id, Patch: contact.Patch{}}
			for name, v := range fields {
				w.Patch[name] = contact.Change{Set: v}
			}
			user(t, w)
		},
		Remove: func(t *testing.T, id string) { user(t, connector.Write{Op: connector.Delete, ID: id}) },
		Unsupported: map[string]string{
			"invalid":  "a book refuses nobody",
			"marker":   "a book keeps no text but the fields",
			"upsert":   "a book takes no ids of ours",
			"key":      "the feed is enough",
			"webhook":  "a book sends nothing",
			"listing":  "the feed is enough",
			"read":     "the feed is enough",
			"reopen":   "a book lives as long as its process",
			"identity": "there is one account",
		},
	})
}

// Two books that meet, as the smallest sync there is.
func Example() {
	ctx := context.Background()
	mine, yours := connector40.New(), connector40.New()
	for book, name := range map[*connector40.Book]string{mine: "Ann", yours: "Bob"} {
		patch := contact.Patch{"name": {Set: contact.Text(name)}, "email": {Set: contact.Text(name + "@example.com")}}
		if _, err := book.Apply(ctx, []connector.Write{{Op: connector.Create, Patch: patch}}); err != nil {
			fmt.Println(err)
		}
	}
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "books"}, mine, yours, memstore.New())
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := s.Sync(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("created in mine:", report.Counts[contactsync.A].Created)
	fmt.Println("created in yours:", report.Counts[contactsync.B].Created)
	// Output:
	// created in mine: 1
	// created in yours: 1
}
