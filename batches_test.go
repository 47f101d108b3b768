package contactsync_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

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

// TestAStickyPairFlowsWhateverTheBatch: in a sticky connection any rule of a side lets a linked pair flow, also one that let
// neither of them in. It does so as soon as they are matched, however the records fall into batches, and a preview says so.
func TestAStickyPairFlowsWhateverTheBatch(t *testing.T) {
	t.Parallel()
	fields := []contact.Field{{Name: "notes", Type: contact.TypeText, Meaning: "notes"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"}, {Name: "tags", Type: contact.TypeSet}}
	for _, batch := range []int{1, 2, 3, 500} {
		clock := newStopClock()
		a, b := fake.New("a", fields, fake.WithClock(clock)), fake.New("b", fields, fake.WithClock(clock))
		person := func(id, email, notes string) contact.Record {
			return contact.Record{ID: id, Fields: contact.Fields{"notes": contact.Text(notes), "email": contact.Text(email), "tags": contact.Set("other")}}
		}
		require.NoError(t, a.Put(person("a1", "ann@example.com", "from a"), person("a2", "bob@example.com", "from a")))
		require.NoError(t, b.Put(person("b1", "ann@example.com", "from b")))
		s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c", Scope: contactsync.ScopeSticky,
			Mappings: []contactsync.Mapping{contactsync.MapFields("notes", "notes"), contactsync.MapFields("email", "email")},
			Rules:    []contactsync.Rule{contactsync.FilterRule{From: contactsync.A, Filter: contactsync.Has("tags", "in")}, contactsync.FilterRule{From: contactsync.B, Mode: contactsync.CreateOnly}}},
			a, b, memstore.New(), contactsync.WithClock(clock), contactsync.WithBatch(batch))
		require.NoError(t, err)
		plan, err := s.Preview(t.Context())
		require.NoError(t, err)
		require.Equal(t, [2]contactsync.Counts{{}, {Updated: 1}}, plan.Counts, "batches of %d", batch)
		report, err := s.Sync(t.Context())
		require.NoError(t, err)
		require.Equal(t, plan.Counts, report.Counts, "batches of %d", batch)
		require.Equal(t, "from a", b.Records()[0].Get("notes").Str())
	}
}

// slowToSave is a store in which whoever reads is faster than whoever saves at the same time. It counts the links it is given.
type slowToSave struct {
	contactsync.Store
	links *atomic.Int64
}

func (s slowToSave) Update(ctx context.Context, lease contactsync.Lease, fn func(contactsync.Tx) error) error {
	time.Sleep(20 * time.Millisecond)
	return s.Store.Update(ctx, lease, func(tx contactsync.Tx) error { return fn(countingTx{tx, s.links}) })
}

type countingTx struct {
	contactsync.Tx
	links *atomic.Int64
}

func (tx countingTx) Put(rows ...contactsync.Row) error {
	for _, row := range rows {
		if row.Table == contactsync.TableLink {
			tx.links.Add(1)
		}
	}
	return tx.Tx.Put(rows...)
}

// TestWhatABatchDidIsKnownToTheNext: what the store has of a batch is read while the one before it is worked on. What that one
// did holds nevertheless: here it links the next one's record, which in the store has no partner yet. The pair is decided then,
// and not once more in that record's turn.
func TestWhatABatchDidIsKnownToTheNext(t *testing.T) {
	t.Parallel()
	fields := []contact.Field{{Name: "notes", Type: contact.TypeText, Meaning: "notes"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"}}
	clock := newStopClock()
	a, b := fake.New("a", fields, fake.WithClock(clock)), fake.New("b", fields, fake.WithClock(clock))
	ann := contact.Fields{"notes": contact.Text("met in May"), "email": contact.Text("ann@example.com")}
	require.NoError(t, a.Put(contact.Record{ID: "a1", Fields: ann}))
	require.NoError(t, b.Put(contact.Record{ID: "b1", Fields: ann}))
	var links atomic.Int64
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, a, b, slowToSave{memstore.New(), &links}, contactsync.WithClock(clock), contactsync.WithBatch(1))
	require.NoError(t, err)
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	waiting, _, err := s.Records(t.Context(), contactsync.RecordQuery{}) // all that is not in sync
	require.NoError(t, err)
	require.Empty(t, waiting)
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int{contactsync.StatusInSync: 1}, status.Counts)
	require.Len(t, a.Records(), 1)
	require.Len(t, b.Records(), 1)
	require.EqualValues(t, 1, links.Load(), "times that the pair was saved")
}
