package contactsync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// town is two apps with people, each of whom has a word of their own in everything that is entered about them.
type town struct {
	t      *rapid.T
	clock  *stepClock
	store  *memstore.Store
	apps   [2]*fake.App
	s      *contactsync.Syncer
	serial int
	had    []string             // ids of the records that there were when somebody was forgotten
	sent   []connector.Delivery // by b
	fresh  bool                 // nothing was delivered since somebody was forgotten
}

const townPeople = 2

func townWord(i int) string { return fmt.Sprintf("q%dword", i) }

func newTown(t *rapid.T) *town {
	w := &town{t: t, clock: newStepClock(), store: memstore.New()}
	fields := []contact.Field{
		{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "company", Type: contact.TypeText, Meaning: "company"},
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"}, {Name: "tags", Type: contact.TypeSet},
	}
	quirks := fake.Quirks{NoTombstones: rapid.Bool().Draw(t, "no tombstones"), NoVersions: rapid.Bool().Draw(t, "no versions"), PageSize: 3}
	for side := range w.apps {
		options := []fake.Option{fake.WithClock(w.clock), fake.WithQuirks(quirks)}
		if side == 1 && rapid.Bool().Draw(t, "b pushes") {
			options = append(options, fake.WithPush("secret"), fake.WithUpsert())
		}
		w.apps[side] = fake.New(contactsync.Side(side).String(), fields, options...)
	}
	c := contactsync.Connection{ID: "town", Conflict: contactsync.Policy{Kind: contactsync.PolicyAsk},
		Rules: []contactsync.Rule{contactsync.FilterRule{From: contactsync.A, Actions: []contactsync.Action{contactsync.Add("tags", "A")}}, contactsync.FilterRule{From: contactsync.B}}}
	var err error
	w.s, err = contactsync.Open(t.Context(), c, w.apps[0], w.apps[1], w.store, contactsync.WithClock(w.clock), contactsync.WithConcurrency(1))
	require.NoError(t, err)
	return w
}

// livedIn returns a town in which something has happened.
func livedIn(t *rapid.T) *town {
	w := newTown(t)
	for range rapid.IntRange(1, 50).Draw(t, "before") {
		w.step()
	}
	return w
}

// fields is something that is entered about a person.
func (w *town) fields(person int) contact.Fields {
	w.serial++
	word := townWord(person)
	return contact.Fields{"first": contact.Text(fmt.Sprint(word, "-", w.serial%3)), "company": contact.Text(fmt.Sprint("Co ", word, w.serial)),
		"email": contact.Text(word + "@example.com")}
}

// of returns the ids of a person's records in one app.
func (w *town) of(side, person int) (ids []string) {
	for _, r := range w.apps[side].Records() {
		if strings.Contains(fmt.Sprint(r.ID, r.Fields), townWord(person)) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// step is one thing that happens in town.
func (w *town) step() {
	side, person := rapid.IntRange(0, 1).Draw(w.t, "side"), rapid.IntRange(0, townPeople-1).Draw(w.t, "person")
	app, ids := w.apps[side], w.of(side, person)
	what := rapid.SampledFrom([]string{"put", "put", "edit", "edit", "remove", "rekey", "rekey", "merge", "separate", "fault", "deliver", "sync", "sync", "sync", "advance"}).Draw(w.t, "what")
	switch {
	case what == "put":
		w.serial++
		require.NoError(w.t, app.Put(contact.Record{ID: fmt.Sprint(townWord(person), "id", w.serial), Fields: w.fields(person)}))
	case what == "sync":
		w.sync()
	case what == "deliver":
		w.deliver()
	case what == "advance":
		w.clock.Sleep(w.t.Context(), time.Hour)
	case what == "fault":
		on := rapid.SampledFrom([]string{"create", "update"}).Draw(w.t, "on")
		require.NoError(w.t, app.Fail(fake.Fault{On: on, Kind: fake.LostResponse, Times: 1}))
	case len(ids) == 0:
	case what == "edit":
		require.NoError(w.t, app.Edit(ids[0], contact.Fields{"company": w.fields(person)["company"]}))
	case what == "remove":
		require.NoError(w.t, app.Remove(ids[0]))
	case what == "rekey":
		w.serial++
		require.NoError(w.t, app.Rekey(ids[0], fmt.Sprint(townWord(person), "new", w.serial)))
	case what == "merge":
		if len(ids) > 1 {
			require.NoError(w.t, app.Merge(ids[0], ids[1]))
		}
	case what == "separate":
		if r, err := w.s.Record(w.t.Context(), contactsync.Side(side), ids[0]); err == nil && r.IDs[0] != "" && r.IDs[1] != "" {
			if err := w.s.Separate(w.t.Context(), r.IDs[0], r.IDs[1]); !errors.Is(err, contactsync.ErrNotKnown) { // it may be gone
				require.NoError(w.t, err)
			}
		}
	}
}

// deliver hands over what b has sent since the last time, and again some of what it had sent before.
func (w *town) deliver() {
	again := 0
	if len(w.sent) > 0 {
		again = rapid.IntRange(0, 3).Draw(w.t, "again")
	}
	all := w.apps[1].Deliveries()
	for range again {
		all = append(all, rapid.SampledFrom(w.sent).Draw(w.t, "delivery"))
	}
	for _, d := range all {
		_, err := w.s.Receive(w.t.Context(), contactsync.B, d)
		require.NoError(w.t, err)
	}
	w.sent = append(w.sent, all[:len(all)-again]...)
}

func (w *town) sync() {
	for _, app := range w.apps {
		app.BeginSync()
	}
	_, err := w.s.Sync(w.t.Context())
	require.NoError(w.t, err)
}

// rows returns every row of the store as text.
func (w *town) rows() (all []string) {
	require.NoError(w.t, w.store.View(w.t.Context(), contactsync.Scope{Connection: "town"}, func(tx contactsync.ReadTx) error {
		for _, table := range contactsync.Tables {
			rows, err := tx.Scan(contactsync.Scan{Table: table, By: contactsync.ByKey})
			if err != nil {
				return err
			}
			for _, row := range rows {
				all = append(all, fmt.Sprint(row.Table, " ", row.Key, " ", row.Index, " ", row.Stamp, " ", string(row.Body)))
			}
		}
		return nil
	}))
	return all
}

// Nothing that was ever entered about a person is left in the store once they are forgotten, whatever went before, and
// nothing comes back whatever happens afterwards.
func TestForgetLeavesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := livedIn(t)
		w.deliver()
		w.sync()
		person := rapid.IntRange(0, townPeople-1).Draw(t, "who")
		forgotten := false
		for side := range w.apps {
			w.had = append(w.had, w.of(side, person)...)
			for _, id := range w.of(side, person) { // of each pair, whether or not it is one with the others
				err := w.s.Forget(t.Context(), contactsync.Side(side), id)
				if err != nil && !errors.Is(err, contactsync.ErrNotKnown) {
					t.Fatal(err)
				}
				forgotten = forgotten || err == nil
			}
		}
		if !forgotten {
			return // there is nobody whom a record could name
		}
		w.fresh = true
		w.mustNotKnow(person)
		w.fresh = false
		for range rapid.IntRange(0, 15).Draw(t, "after") {
			w.step()
			w.mustNotKnow(person)
		}
		w.deliver()
		before := [2][]string{w.of(0, person), w.of(1, person)}
		w.sync()
		require.Empty(t, w.waiting())
		w.mustNotKnow(person)
		for side := range w.apps {
			if got := w.of(side, person); !slices.Equal(before[side], got) {
				t.Fatalf("side %d: a sync made %q of %q", side, got, before[side])
			}
		}
	})
}

// waiting returns what was delivered and no sync has taken yet.
func (w *town) waiting() []string {
	return slices.DeleteFunc(w.rows(), func(row string) bool { return !strings.HasPrefix(row, "inbox b ") })
}

// mustNotKnow fails if a row holds the person's word, but for what was delivered since the last sync. The history of
// records that were gone before, which shows no email of theirs, is nobody's: it goes when it is old, or when it is named
// by their ids.
func (w *town) mustNotKnow(person int) {
	word := townWord(person)
	for _, row := range w.rows() {
		old := strings.HasPrefix(row, "journal ")
		if strings.HasPrefix(row, "inbox b ") && !w.fresh {
			continue
		}
		if !strings.Contains(row, word) || old && !strings.Contains(row, word+"@") && w.goneBefore(row) {
			continue
		}
		w.t.Fatalf("it still holds %s", row)
	}
}

// goneBefore reports whether a row of the history is about none of the records that the apps have, or had when somebody
// was forgotten.
func (w *town) goneBefore(row string) bool {
	for _, id := range w.had {
		if strings.Contains(row, id+" ") || strings.Contains(row, id+"]") {
			return false
		}
	}
	return true
}

// Once a connection is deleted no row is left, and nothing happened in the apps.
func TestDeleteLeavesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := livedIn(t)
		before := fmt.Sprint(w.apps[0].Records(), w.apps[1].Records())
		require.NoError(t, w.s.Delete(t.Context()))
		require.Empty(t, w.rows())
		require.Equal(t, before, fmt.Sprint(w.apps[0].Records(), w.apps[1].Records()))
		_, err := w.s.Status(t.Context())
		require.ErrorIs(t, err, contactsync.ErrDeleted)
		require.ErrorIs(t, w.s.Pause(t.Context()), contactsync.ErrDeleted)
	})
}

// However old it is, the history of the last sync that wrote is kept, with what that recovered; all else goes.
func TestPruneKeepsTheLastRun(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := livedIn(t)
		w.sync()
		written := func() (last int64, runs map[int64]int) {
			runs = map[int64]int{}
			for _, op := range []string{"create", "update", "delete"} {
				page, _, err := w.s.Records(t.Context(), contactsync.RecordQuery{Op: op, Limit: 10000})
				require.NoError(t, err)
				for _, r := range page {
					last = max(last, r.Run)
					runs[r.Run]++
				}
			}
			return last, runs
		}
		last, before := written()
		status, err := w.s.Status(t.Context())
		require.NoError(t, err)
		w.clock.Sleep(t.Context(), 91*24*time.Hour)
		_, err = w.s.Prune(t.Context())
		require.NoError(t, err)
		_, after := written()
		require.Equal(t, before[last], after[last])
		for run := range after {
			if run != last && status.Runs > 1 && len(after) > 2 {
				t.Fatalf("the history of run %d is kept, and so is that of %d: %v", run, last, after)
			}
		}
		n, err := w.s.Prune(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

// Another handle sees how far a sync is that runs, and what it has written so far.
func TestStatusOfARunningSync(t *testing.T) {
	t.Parallel()
	a, b := exampleApp("a"), exampleApp("b")
	for i := range 1200 {
		require.NoError(t, a.Put(contact.Record{ID: fmt.Sprintf("a%04d", i), Fields: examplePerson(fmt.Sprintf("p%d", i), "")}))
	}
	store, c := memstore.New(), contactsync.Connection{ID: "a-b"}
	onlooker, err := contactsync.Open(t.Context(), c, nil, nil, store)
	require.NoError(t, err)
	phases := map[contactsync.Phase]bool{}
	written := 0
	s, err := contactsync.Open(t.Context(), c, a, b, store, contactsync.WithObserver(func(contactsync.Event) {
		status, err := onlooker.Status(t.Context())
		require.NoError(t, err)
		require.NotNil(t, status.Running)
		require.EqualValues(t, 1, status.Running.Run)
		phases[status.Running.Phase] = true
		require.GreaterOrEqual(t, status.Totals[1].Created, written)
		written = status.Totals[1].Created
	}))
	require.NoError(t, err)
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	require.True(t, phases[contactsync.PhasePlan] || phases[contactsync.PhasePush])
	require.Greater(t, written, 0)
	status, err := onlooker.Status(t.Context())
	require.NoError(t, err)
	require.Nil(t, status.Running)
	require.Equal(t, 1200, status.Totals[1].Created)
	require.Equal(t, 1200, status.Latest[1].Created)
}

// countedStore counts the rows that are read from it, by whatever goroutine.
type countedStore struct {
	contactsync.Store
	read atomic.Int64
}

type countedTx struct {
	contactsync.ReadTx
	s *countedStore
}

func (c *countedStore) View(ctx context.Context, scope contactsync.Scope, fn func(contactsync.ReadTx) error) error {
	return c.Store.View(ctx, scope, func(tx contactsync.ReadTx) error { return fn(countedTx{tx, c}) })
}

func (t countedTx) Scan(q contactsync.Scan) ([]contactsync.Row, error) {
	rows, err := t.ReadTx.Scan(q)
	t.s.read.Add(int64(len(rows)))
	return rows, err
}

func (t countedTx) Get(table contactsync.Table, keys ...string) ([]contactsync.Row, error) {
	rows, err := t.ReadTx.Get(table, keys...)
	t.s.read.Add(int64(len(rows)))
	return rows, err
}

// A status counts: it reads as few rows of a large book as of a small one, and a page of records reads a page.
func TestStatusReadsNoRecords(t *testing.T) {
	t.Parallel()
	reads := func(people int) (status, page int64) {
		a, b, store := exampleApp("a"), exampleApp("b"), &countedStore{Store: memstore.New()}
		for i := range people {
			fields := examplePerson(fmt.Sprintf("p%d", i), "")
			if i%2 == 0 {
				fields = contact.Fields{"first": contact.Text("No key")}
			}
			require.NoError(t, a.Put(contact.Record{ID: fmt.Sprintf("a%04d", i), Fields: fields}))
		}
		s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "a-b"}, a, b, store)
		require.NoError(t, err)
		_, err = s.Sync(t.Context())
		require.NoError(t, err)
		store.read.Store(0)
		got, err := s.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, map[string]int{"in_sync": people / 2, "excluded": people / 2}, got.Counts)
		require.Equal(t, map[string]int{"excluded no_key": people / 2}, got.Reasons)
		status = store.read.Swap(0)
		records, next, err := s.Records(t.Context(), contactsync.RecordQuery{Status: "in_sync", Limit: 5})
		require.NoError(t, err)
		require.Len(t, records, 5)
		require.NotEmpty(t, next)
		return status, store.read.Load()
	}
	small, page := reads(10)
	large, pageOfLarge := reads(1000)
	require.Equal(t, small, large)
	require.LessOrEqual(t, pageOfLarge, page+100, "%d", page)
}
