package contactsync_test

import (
	"errors"
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
