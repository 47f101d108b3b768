package source_test

import (
	"context"
	"fmt"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/source"
	"github.com/contactsync/contactsync/contact"
)

// lead is a row of an app that tells when it changed.
type lead struct {
	id, email string
	updated   time.Time
}

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// A connector of an app that is searched by the time of the last change, here a list in memory.
func ExampleWatermark() {
	leads := []lead{{"7", "ann@example.com", noon.Add(-2 * time.Hour)}, {"3", "bob@example.com", noon.Add(-time.Hour)}}
	feed := source.Watermark{
		Search: func(ctx context.Context, after source.Mark, fields []string) (source.Found, error) {
			// POST /search {"filter": "updated > after.At OR updated = after.At AND id > after.ID", "sort":
			// ["updated", "id"]}
			found := source.Found{Now: noon} // the Date of the answer
			for _, l := range leads {
				if l.updated.After(after.At) || l.updated.Equal(after.At) && l.id > after.ID {
					found.Items = append(found.Items, source.Item{At: l.updated,
						Record: contact.Record{ID: l.id, Fields: contact.Fields{"email": contact.Text(l.email)}}})
				}
			}
			return found, nil
		},
		Overlap: time.Minute,    // the search may take a moment to show a change
		Sweep:   24 * time.Hour, // it never tells deletions
	}
	query := connector.Query{Fields: []string{"email"}}
	for _, news := range []lead{{}, {"3", "robert@example.com", noon}} {
		if news.id != "" {
			leads[1] = news
		}
		page, err := feed.Changes(context.Background(), query)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, rec := range page.Records {
			fmt.Println(rec.ID, rec.Get("email"))
		}
		fmt.Println("complete:", page.Complete)
		query.Since = page.Next
	}
	// Output:
	// 7 ann@example.com
	// 3 bob@example.com
	// complete: true
	// 3 robert@example.com
	// complete: false
}

// A connector of an app that gives out tokens.
func ExampleTokens() {
	feed := source.Tokens{
		Page: func(ctx context.Context, at source.Position, fields []string) (source.TokenPage, error) {
			// GET /people?syncToken=at.Sync&pageToken=at.Page&fields=…; 410 is connector.ErrCursorExpired
			if at.Sync == "" {
				return source.TokenPage{Page: connector.Page{Records: []contact.Record{{ID: "7"}}}, NextSync: "t1"}, nil
			}
			return source.TokenPage{Page: connector.Page{Deleted: []string{"7"}}, NextSync: "t2"}, nil
		},
		MaxAge: 6 * 24 * time.Hour, // the app forgets a token after a week
	}
	first, err := feed.Changes(context.Background(), connector.Query{})
	fmt.Println(len(first.Records), first.Complete, err)
	second, err := feed.Changes(context.Background(), connector.Query{Since: first.Next})
	fmt.Println(second.Deleted, second.Complete, err)
	// Output:
	// 1 true <nil>
	// [7] false <nil>
}
