package contactsync_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// TestNewlyMappedField: a mapping that is added later carries over what nobody has touched since, also of an app without a
// feed, which names only versions; and also if the first sync that works with it breaks off, or a preview does it first.
func TestNewlyMappedField(t *testing.T) {
	t.Parallel()
	for kind, option := range map[string]fake.Option{"list": fake.WithoutFeed(), "feed": fake.WithQuirks(fake.Quirks{})} {
		for name, first := range map[string]func(t *testing.T, w *dimWorld){
			"at once": func(*testing.T, *dimWorld) {},
			"after a preview": func(t *testing.T, w *dimWorld) {
				_, err := w.sync.Preview(t.Context())
				require.NoError(t, err)
			},
			"after a sync that broke off": func(t *testing.T, w *dimWorld) {
				broken := errors.New("the connection was reset")
				w.a.fail = broken
				_, err := w.sync.Sync(t.Context())
				require.ErrorIs(t, err, broken)
				w.a.fail = nil
			},
			"after a read that did not find it": func(t *testing.T, w *dimWorld) {
				w.a.read = func(_ []string, results []connector.ReadResult) {
					for i := range results {
						results[i] = connector.ReadResult{Err: connector.ErrNotFound}
					}
				}
				_, err := w.sync.Sync(t.Context())
				require.NoError(t, err)
				w.a.read = nil
			},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				fields := []contact.Field{{Name: "first", Type: contact.TypeText}, {Name: "email", Type: contact.TypeEmail}}
				w := &dimWorld{a: &dim{App: fake.New("a", fields, option)}, b: &dim{App: fake.New("b", fields)}}
				require.NoError(t, w.a.Put(contact.Record{ID: "a1", Fields: contact.Fields{"first": contact.Text("Ann"), "email": contact.Text("ann@example.com")}}))
				store, clock := memstore.New(), newStopClock()
				open := func(mappings ...contactsync.Mapping) {
					var err error
					w.sync, err = contactsync.Open(t.Context(), contactsync.Connection{ID: "x", Mappings: mappings}, w.a, w.b, store,
						contactsync.WithClock(clock), contactsync.WithBatch(1))
					require.NoError(t, err)
				}
				open(contactsync.MapFields("email", "email"))
				w.play(t)
				require.True(t, w.b.Records()[0].Get("first").Blank())
				open(contactsync.MapFields("email", "email"), contactsync.MapFields("first", "first"))
				first(t, w)
				w.play(t)
				require.Equal(t, "Ann", w.b.Records()[0].Get("first").Str())
				reads := 0
				w.a.read = func([]string, []connector.ReadResult) { reads++ }
				w.play(t)
				require.Zero(t, reads, "once is enough")
			})
		}
	}
}

// TestFieldThatIsToldAgain: what an app without a feed left out, as after a lost permission, is asked for again though no version
// changes: of some records as long as it tells nothing, and of all when it does.
func TestFieldThatIsToldAgain(t *testing.T) {
	t.Parallel()
	const people = 250
	w := newDimWorld(t, contactsync.Connection{Mappings: []contactsync.Mapping{contactsync.MapFields("email", "email"),
		contactsync.MapFields("first", "first"), contactsync.MapFields("tags", "tags")}}, fake.WithoutFeed())
	for i := range people {
		person := contact.Fields{"first": contact.Text("F"), "email": contact.Text(fmt.Sprintf("f%d@example.com", i)), "tags": contact.Set("x")}
		require.NoError(t, w.a.Put(contact.Record{ID: fmt.Sprintf("f%d", i), Fields: person}))
	}
	var read int
	w.a.read = func(ids []string, _ []connector.ReadResult) { read += len(ids) }
	play := func(want int) {
		t.Helper()
		read = 0
		w.play(t)
		require.Equal(t, want, read)
	}
	tagged := func() (n int) {
		for _, r := range w.b.Records() {
			if !r.Get("tags").Blank() {
				n++
			}
		}
		return n
	}
	require.NoError(t, w.a.Hide("tags"))
	play(people + 4)
	play(100)
	require.NoError(t, w.b.Put(contact.Record{ID: "n", Fields: contact.Fields{"first": contact.Text("N"), "email": contact.Text("n@example.com")}}))
	play(100)
	require.Zero(t, tagged())
	require.NoError(t, w.a.Unhide("tags"))
	play(people + 5) // with whom we created, whose answer left it out as well
	require.Equal(t, people, tagged())
	play(0)
}
