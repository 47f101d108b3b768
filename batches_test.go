package contactsync_test

import (
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

// TestAPersonIsNotFilledAgainAcrossBatches: a person was deleted on one side, and the other side's record came back under an
// id that sorts before the old one. Whichever batch each of the two is in, the new one takes the old one's place.
func TestAPersonIsNotFilledAgainAcrossBatches(t *testing.T) {
	t.Parallel()
	for _, batch := range []int{1, 2, 500} {
		clock := newStopClock()
		fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"}}
		a := fake.New("a", fields, fake.WithClock(clock), fake.WithQuirks(fake.Quirks{NoTombstones: true}))
		b := fake.New("b", fields, fake.WithClock(clock))
		person := func(id string) contact.Record {
			return contact.Record{ID: id, Fields: contact.Fields{"first": contact.Text("Ann"), "email": contact.Text("ann@example.com")}}
		}
		require.NoError(t, a.Put(person("a5")))
		s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, a, b, memstore.New(),
			contactsync.WithClock(clock), contactsync.WithBatch(batch))
		require.NoError(t, err)
		_, err = s.Sync(t.Context())
		require.NoError(t, err)
		require.Len(t, b.Records(), 1)

		require.NoError(t, b.Remove(b.Records()[0].ID))
		require.NoError(t, a.Remove("a5"))
		require.NoError(t, a.Put(person("a1")))
		for range 2 {
			_, err = s.Sync(t.Context())
			require.NoError(t, err)
		}
		require.Empty(t, b.Records(), "batches of %d", batch)
	}
}
