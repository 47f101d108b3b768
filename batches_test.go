package contactsync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
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

// TestAPlaceThatWasTakenStaysSoAcrossBatches: a rollback leaves somebody whose partner was deleted meanwhile, and another record
// bears that one's key. It is looked at early, for it has the phone of two more who are gone, and is the partner from then on, though
// the one whose place it took has its turn only later.
func TestAPlaceThatWasTakenStaysSoAcrossBatches(t *testing.T) {
	t.Parallel()
	for _, batch := range []int{1, 2, 500} {
		clock := newStopClock()
		fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"},
			{Name: "phone", Type: contact.TypePhone, Meaning: "phone"}}
		a, b := fake.New("a", fields, fake.WithClock(clock)), fake.New("b", fields, fake.WithClock(clock))
		person := func(id, first, email, phone string) contact.Record {
			return contact.Record{ID: id, Fields: contact.Fields{"first": contact.Text(first), "email": contact.Text(email), "phone": contact.Text(phone)}}
		}
		require.NoError(t, a.Put(person("a1", "", "ann@example.com", ""), person("a2", "Bob", "bob@example.com", "+32470000001")))
		require.NoError(t, b.Put(person("b5", "Ann", "ann@example.com", ""), person("b2", "Bob", "bob@example.com", "+32470000001")))
		s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c", Match: contactsync.Match{Keys: []contactsync.MatchKey{{Kind: contactsync.KeyEmail}, {Kind: contactsync.KeyPhone}}}},
			a, b, memstore.New(), contactsync.WithClock(clock), contactsync.WithBatch(batch))
		require.NoError(t, err)
		_, err = s.Sync(t.Context())
		require.NoError(t, err)

		require.NoError(t, a.Remove("a2"))
		require.NoError(t, b.Remove("b2"))
		require.NoError(t, b.Remove("b5"))
		require.NoError(t, b.Put(person("b9", "Anna", "ann@example.com", "+32470000001")))
		_, err = s.Rollback(t.Context(), 0)
		require.NoError(t, err)
		require.NoError(t, s.Resume(t.Context()))
		for range 2 {
			_, err = s.Sync(t.Context())
			require.NoError(t, err)
			page, _, err := s.Records(t.Context(), contactsync.RecordQuery{Status: contactsync.StatusInSync})
			require.NoError(t, err)
			require.Len(t, page, 1, "batches of %d", batch)
			require.Equal(t, [2]string{"a1", "b9"}, page[0].IDs, "batches of %d", batch)
		}
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

// slowToSave is a store in which whoever reads is faster than whoever saves at the same time. It notes the keys of the links it
// is given, in one transaction after the other.
type slowToSave struct {
	contactsync.Store
	links *[]string
}

func (s slowToSave) Update(ctx context.Context, lease contactsync.Lease, fn func(contactsync.Tx) error) error {
	time.Sleep(20 * time.Millisecond)
	return s.Store.Update(ctx, lease, func(tx contactsync.Tx) error { return fn(countingTx{tx, s.links}) })
}

type countingTx struct {
	contactsync.Tx
	links *[]string
}

func (tx countingTx) Put(rows ...contactsync.Row) error {
	for _, row := range rows {
		if row.Table == contactsync.TableLink {
			*tx.links = append(*tx.links, row.Key)
		}
	}
	return tx.Tx.Put(rows...)
}

// TestWhatABatchDidIsKnownToTheNext: what the store has of a batch is read while the one before it is worked on. What that one
// did holds nevertheless: here it links the next one's record, which in the store has no partner yet. Where that is all, the pair
// is not decided once more in that record's turn; where its write could not be made it is, and is the pair that it was.
func TestWhatABatchDidIsKnownToTheNext(t *testing.T) {
	t.Parallel()
	fields := []contact.Field{{Name: "notes", Type: contact.TypeText, Meaning: "notes"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"}}
	for _, tt := range []struct {
		name  string
		notes string // in b
		fails int    // updates of b
		links int    // times that the pair is saved
	}{
		{"in sync at once", "met in May", 0, 1},
		{"cannot be written", "", 1, 3}, // with the note of its write, with the answer, and in the other record's turn
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := newStopClock()
			a, b := fake.New("a", fields, fake.WithClock(clock)), fake.New("b", fields, fake.WithClock(clock))
			person := func(id, notes string) contact.Record {
				return contact.Record{ID: id, Fields: contact.Fields{"notes": contact.Text(notes), "email": contact.Text("ann@example.com")}}
			}
			require.NoError(t, a.Put(person("a1", "met in May")))
			require.NoError(t, b.Put(person("b1", tt.notes)))
			require.NoError(t, b.Fail(fake.Fault{On: "update", Kind: fake.Unauthorized, Times: tt.fails}))
			var links []string
			s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, a, b, slowToSave{memstore.New(), &links}, contactsync.WithClock(clock), contactsync.WithBatch(1))
			require.NoError(t, err)
			_, err = s.Sync(t.Context())
			require.Equal(t, tt.fails > 0, errors.Is(err, connector.ErrUnauthorized), "%v", err)
			require.Len(t, links, tt.links, "times that the pair was saved")
			require.Len(t, slices.Compact(links), 1, "pairs")
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
		})
	}
}

// TestAFirstMatchReadsEachRecordOnce: both sides hold the same people. While they are read nobody is looked for on a side that
// was not read before, and who was decided with a partner is not read once more, but for one batch that was read ahead.
func TestAFirstMatchReadsEachRecordOnce(t *testing.T) {
	t.Parallel()
	const people, batch = 40, 10
	fields := []contact.Field{{Name: "email", Type: contact.TypeEmail, Meaning: "email"}}
	clock := newStopClock()
	a, b := fake.New("a", fields, fake.WithClock(clock)), fake.New("b", fields, fake.WithClock(clock))
	for i := range people {
		email := contact.Fields{"email": contact.Text(fmt.Sprintf("p%02d@example.com", i))}
		require.NoError(t, a.Put(contact.Record{ID: fmt.Sprintf("a%02d", i), Fields: email}))
		require.NoError(t, b.Put(contact.Record{ID: fmt.Sprintf("b%02d", i), Fields: email}))
	}
	var mirrors atomic.Int64
	var last contactsync.Progress
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, a, b, reading{memstore.New(), &mirrors}, contactsync.WithClock(clock),
		contactsync.WithBatch(batch), contactsync.WithProgress(func(p contactsync.Progress) { last = p }))
	require.NoError(t, err)
	report, err := s.Sync(t.Context())
	require.NoError(t, err)
	require.Equal(t, people, report.Linked)
	require.LessOrEqual(t, mirrors.Load(), int64(2*(people+batch)), "records that were read in the store")
	require.Equal(t, contactsync.Progress{Phase: contactsync.PhasePush, Done: 2 * people, Total: 2 * people}, last)
}

// reading is a store that counts the records that are read in it by key.
type reading struct {
	contactsync.Store
	mirrors *atomic.Int64
}

func (s reading) View(ctx context.Context, scope contactsync.Scope, fn func(contactsync.ReadTx) error) error {
	return s.Store.View(ctx, scope, func(tx contactsync.ReadTx) error { return fn(readingTx{tx, s.mirrors}) })
}

type readingTx struct {
	contactsync.ReadTx
	mirrors *atomic.Int64
}

func (tx readingTx) Get(table contactsync.Table, keys ...string) ([]contactsync.Row, error) {
	rows, err := tx.ReadTx.Get(table, keys...)
	if table == contactsync.TableMirror {
		tx.mirrors.Add(int64(len(rows)))
	}
	return rows, err
}
