package source_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/connector/source"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

var personFields = []contact.Field{
	{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
	{Name: "name", Type: contact.TypeText, Meaning: "name"},
}

// searched is an app whose feed is a search that tells no deletions, over a fake that has another one.
type searched struct {
	*fake.App
	feed feed
}

func (a *searched) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	return a.feed.Changes(ctx, q)
}

func (a *searched) Schema(ctx context.Context) (contact.Schema, error) {
	s, err := a.App.Schema(ctx)
	s.Tombstones = false
	return s, err
}

// items returns what the app holds, oldest first.
func (a *searched) items() (all []source.Item) {
	for _, rec := range a.Records() {
		all = append(all, source.Item{At: rec.Modified, Record: rec})
	}
	slices.SortFunc(all, func(a, b source.Item) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Record.ID, b.Record.ID))
	})
	return all
}

// TestPiecesInASync: an app of which only a search is known syncs as any other: all of it, what changed, nothing, and at the
// next sweep who is gone.
func TestPiecesInASync(t *testing.T) {
	t.Parallel()
	const size = 2 // of a page
	for name, open := range map[string]func(a *searched, clock *apptest.Clock) feed{
		"watermark": func(a *searched, clock *apptest.Clock) feed {
			return &source.Watermark{Overlap: time.Minute, Sweep: 24 * time.Hour,
				Search: func(_ context.Context, after source.Mark, _ []string) (source.Found, error) {
					rest := slices.DeleteFunc(a.items(), func(i source.Item) bool {
						return i.At.Before(after.At) || i.At.Equal(after.At) && i.Record.ID <= after.ID
					})
					page, next := apptest.Cut(rest, 0, size)
					return source.Found{Items: page, More: next >= 0, Now: clock.Now()}, nil
				}}
		},
		"newest": func(a *searched, clock *apptest.Clock) feed {
			return &source.Newest{Grain: 48 * time.Hour, Overlap: time.Minute, Sweep: 24 * time.Hour,
				Search: func(_ context.Context, since time.Time, page string, _ []string) (source.FoundPage, error) {
					offset := 0
					_, _ = fmt.Sscan(page, &offset)
					all := a.items()
					slices.Reverse(all)
					rows, next := apptest.Cut(all, offset, size)
					found := source.FoundPage{Items: rows, Now: clock.Now()}
					if next >= 0 {
						found.Next = fmt.Sprint(next)
					}
					return found, nil
				}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := apptest.NewClock(apptest.Start)
			crm := &searched{App: fake.New("crm", personFields, fake.WithClock(clock))}
			crm.feed = open(crm, clock)
			phone := fake.New("phone", personFields, fake.WithClock(clock))
			for i := range 5 {
				require.NoError(t, crm.Put(contact.Record{ID: fmt.Sprint("c", i), Fields: contact.Fields{
					"email": contact.Text(fmt.Sprintf("p%d@example.com", i)), "name": contact.Text("Pat")}}))
				clock.Advance(time.Second)
			}
			s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "crm-phone",
				Deletions: contactsync.Deletions{FromA: contactsync.DeletionDelete}}, crm, phone, memstore.New(), contactsync.WithClock(clock))
			require.NoError(t, err)
			sync := func() (written int) {
				_, err := s.Sync(t.Context())
				require.NoError(t, err)
				written = phone.Writes().Sum() + crm.Writes().Sum()
				return written
			}
			require.Equal(t, 5, sync())
			clock.Advance(time.Hour)
			require.Equal(t, 5, sync(), "nothing has changed")
			require.NoError(t, crm.Edit("c3", contact.Fields{"name": contact.Text("Robin")}))
			require.Equal(t, 6, sync())
			require.NoError(t, crm.Remove("c1"))
			require.Equal(t, 6, sync(), "the search tells no deletions")
			clock.Advance(24 * time.Hour)
			require.Equal(t, 7, sync(), "the sweep does")
			require.Len(t, phone.Records(), 4)
		})
	}
}
