package contactsync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

// What docs/reliability.md promises under faults that no scenario can tell, by the numbers of that page.

// faulted is a connection between two apps, and what befalls it.
type faulted struct {
	t     *testing.T
	clock *stopClock
	apps  [2]*fake.App
	conn  contactsync.Connection
	store *memstore.Store
	// wrapped is what the engine sees of the apps.
	wrapped [2]connector.Connector
}

// newFaulted returns a connection of six people in a, synced once. Deletions go both ways.
func newFaulted(t *testing.T, options ...fake.Option) *faulted {
	f := &faulted{t: t, clock: newStopClock(), store: memstore.New(), conn: contactsync.Connection{ID: "c",
		Deletions: contactsync.Deletions{FromA: contactsync.DeletionDelete, FromB: contactsync.DeletionDelete}}}
	fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"}}
	for _, s := range contactsync.Sides {
		f.apps[s] = fake.New(s.String(), fields, append([]fake.Option{fake.WithClock(f.clock)}, options...)...)
		f.wrapped[s] = f.apps[s]
	}
	for p := range 6 {
		require.NoError(t, f.apps[contactsync.A].Put(contact.Record{Fields: contact.Fields{
			"first": contact.Text(fmt.Sprintf("P%d", p)), "email": contact.Text(fmt.Sprintf("p%d@example.com", p))}}))
	}
	f.sync()
	require.Len(t, f.apps[contactsync.B].Records(), 6)
	return f
}

// sync syncs with a handle of a new process, an hour later.
func (f *faulted) sync() *contactsync.Report {
	f.t.Helper()
	_ = f.clock.Sleep(f.t.Context(), time.Hour)
	s := f.open()
	for _, app := range f.apps {
		app.Reset()
	}
	report, err := s.Sync(f.t.Context())
	require.NoError(f.t, err)
	return report
}

// open returns a handle of a new process.
func (f *faulted) open() *contactsync.Syncer {
	f.t.Helper()
	s, err := contactsync.Open(f.t.Context(), f.conn, f.wrapped[contactsync.A], f.wrapped[contactsync.B], f.store,
		contactsync.WithClock(f.clock), contactsync.WithConcurrency(1))
	require.NoError(f.t, err)
	return s
}

// stand checks that n records of a stand so.
func (f *faulted) stand(status, reason string, n int) {
	f.t.Helper()
	page, _, err := f.open().Records(f.t.Context(), contactsync.RecordQuery{Status: status, Reason: reason})
	require.NoError(f.t, err)
	require.Len(f.t, page, n)
}

// edit is a user of an app who enters a first name.
func (f *faulted) edit(s contactsync.Side, person int, first string) {
	f.t.Helper()
	require.NoError(f.t, f.apps[s].Edit(f.record(s, person).ID, contact.Fields{"first": contact.Text(first)}))
}

// record returns the one record of a person.
func (f *faulted) record(s contactsync.Side, person int) contact.Record {
	f.t.Helper()
	var found []contact.Record
	for _, r := range f.apps[s].Records() {
		if r.Get("email").Str() == fmt.Sprintf("p%d@example.com", person) {
			found = append(found, r)
		}
	}
	require.Len(f.t, found, 1, "records of person %d in %s", person, s)
	return found[0]
}

// firsts returns the first names of an app by email.
func (f *faulted) firsts(s contactsync.Side) []string {
	var all []string
	for _, r := range f.apps[s].Records() {
		all = append(all, r.Get("email").Str()+" "+r.Get("first").Str())
	}
	slices.Sort(all)
	return all
}

// alike checks that both apps hold the same n people, and that another sync writes nothing.
func (f *faulted) alike(n int) {
	f.t.Helper()
	require.Len(f.t, f.firsts(contactsync.A), n)
	require.Equal(f.t, f.firsts(contactsync.A), f.firsts(contactsync.B))
	f.sync()
	for _, s := range contactsync.Sides {
		require.Zero(f.t, f.apps[s].Writes().Sum(), "a sync after a sync wrote to %s", s)
	}
}

// forgetful leaves records out of what it lists, and calls it complete.
type forgetful struct {
	*fake.App
	leftOut string
}

func (f forgetful) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	page, err := f.App.Changes(ctx, q)
	page.Records = slices.DeleteFunc(page.Records, func(r contact.Record) bool { return r.ID == f.leftOut })
	return page, err
}

func (f forgetful) Features() connector.Features {
	features := f.App.Features()
	if features.Lister != nil {
		features.Lister = f
	}
	return features
}

func (f forgetful) List(ctx context.Context, since connector.Cursor) (connector.Listing, error) {
	l, err := f.App.List(ctx, since)
	l.Items = slices.DeleteFunc(l.Items, func(v connector.Item) bool { return v.ID == f.leftOut })
	return l, err
}

// TestF3AListingLeavesRecordsOut: a listing that calls itself complete leaves out a record that is there.
func TestF3AListingLeavesRecordsOut(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]fake.Option{
		"pages": fake.WithQuirks(fake.Quirks{NoTombstones: true}),
		"list":  fake.WithoutFeed(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFaulted(t, option)
			f.wrapped[contactsync.A] = forgetful{f.apps[contactsync.A], f.record(contactsync.A, 3).ID}
			f.sync()
			f.alike(6)
		})
	}
}

// TestF53AnOldBackupOfTheStore: the store goes back to what it was before two people were deleted, one was edited and one
// was entered.
func TestF53AnOldBackupOfTheStore(t *testing.T) {
	t.Parallel()
	f := newFaulted(t)
	backup := copyOf(t, f.store)
	require.NoError(t, f.apps[contactsync.A].Remove(f.record(contactsync.A, 0).ID))
	require.NoError(t, f.apps[contactsync.B].Remove(f.record(contactsync.B, 1).ID))
	f.edit(contactsync.B, 2, "Edited")
	require.NoError(t, f.apps[contactsync.B].Put(contact.Record{Fields: contact.Fields{"first": contact.Text("New"), "email": contact.Text("p9@example.com")}}))
	f.sync()
	f.alike(5)

	f.store = backup
	f.sync()
	f.alike(5)
	require.Equal(t, "Edited", f.record(contactsync.A, 2).Get("first").Str())
}

// copyOf returns another store with the same rows.
func copyOf(t *testing.T, from *memstore.Store) *memstore.Store {
	t.Helper()
	to, scope := memstore.New(), contactsync.Scope{Connection: "c"}
	lease, err := to.Acquire(t.Context(), scope, "copy", time.Unix(0, 0), time.Second)
	require.NoError(t, err)
	require.NoError(t, from.View(t.Context(), scope, func(tx contactsync.ReadTx) error {
		return to.Update(t.Context(), lease, func(into contactsync.Tx) error {
			for _, table := range contactsync.Tables {
				rows, err := tx.Scan(contactsync.Scan{Table: table, By: contactsync.ByKey})
				if err != nil {
					return err
				}
				if err := into.Put(rows...); err != nil {
					return err
				}
			}
			return nil
		})
	}))
	require.NoError(t, to.Release(t.Context(), lease))
	return to
}

// TestF55TheStoreIsLost: everything is as in a first sync; nobody is deleted, and nobody is there twice.
func TestF55TheStoreIsLost(t *testing.T) {
	t.Parallel()
	f := newFaulted(t)
	f.edit(contactsync.A, 0, "Edited")
	require.NoError(t, f.apps[contactsync.A].Remove(f.record(contactsync.A, 1).ID))
	f.store = memstore.New()
	f.sync()
	f.alike(6) // who was deleted is there again: nobody can know
	require.Equal(t, "Edited", f.record(contactsync.B, 0).Get("first").Str())
}

// TestF59TwoStoresDriveOnePair: a copied configuration syncs the same two apps with a store of its own.
func TestF59TwoStoresDriveOnePair(t *testing.T) {
	t.Parallel()
	f := newFaulted(t)
	stores := [2]*memstore.Store{f.store, memstore.New()}
	f.store = stores[1]
	f.sync()
	for round := range 6 {
		f.edit(contactsync.Side(round%2), round%5, fmt.Sprintf("Round %d", round))
		if round == 3 {
			require.NoError(t, f.apps[contactsync.A].Remove(f.record(contactsync.A, 5).ID))
		}
		f.store = stores[round%2]
		f.sync()
	}
	for _, f.store = range stores {
		f.sync()
	}
	for _, f.store = range stores {
		f.alike(5)
	}
	for round := 1; round < 6; round++ {
		require.Equal(t, fmt.Sprintf("Round %d", round), f.record(contactsync.A, round%5).Get("first").Str())
	}
}

// TestF72TheClockJumps: an hour back, and a year ahead.
func TestF72TheClockJumps(t *testing.T) {
	t.Parallel()
	f := newFaulted(t)
	for i, jump := range []time.Duration{-2 * time.Hour, 365 * 24 * time.Hour, -365 * 24 * time.Hour} {
		f.clock.mu.Lock()
		f.clock.now = f.clock.now.Add(jump)
		f.clock.mu.Unlock()
		f.alike(6)
		f.edit(contactsync.Side(i%2), i, "Edited")
		f.sync()
		f.alike(6)
		require.Equal(t, "Edited", f.record(contactsync.Side((i+1)%2), i).Get("first").Str())
	}
}

// unreadable is an app that cannot read a record by its id.
type unreadable struct{ *fake.App }

func (c unreadable) Features() connector.Features {
	f := c.App.Features()
	f.Lister, f.Reader = nil, nil
	return f
}

// TestF26WhereNothingIsReadByID: what met an edit in an app that cannot read it again is left to the next sync at once, and is
// not said to be in sync until then.
func TestF26WhereNothingIsReadByID(t *testing.T) {
	t.Parallel()
	f := newFaulted(t)
	b := f.apps[contactsync.B]
	f.wrapped[contactsync.B] = unreadable{b}
	f.edit(contactsync.A, 0, "A's")
	require.NoError(t, b.Fail(fake.Fault{On: "update", Kind: fake.Conflict, Times: 1, Edit: contact.Fields{"email": contact.Text("new@example.com")}}))
	f.sync()
	require.Equal(t, 1, b.Calls()["update"])
	f.stand(contactsync.StatusPending, contactsync.ReasonSettling, 1)
	f.sync()
	f.stand(contactsync.StatusInSync, "", 6)
	f.alike(6)
}

// skewed is an app whose clock is off.
type skewed struct {
	*fake.App
	modified func(time.Time) time.Time
}

func (c skewed) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	page, err := c.App.Changes(ctx, q)
	for i := range page.Records {
		page.Records[i].Modified = c.modified(page.Records[i].Modified)
	}
	return page, err
}

func (c skewed) Features() connector.Features {
	features := c.App.Features()
	features.Reader = c
	return features
}

func (c skewed) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	results, err := c.App.Read(ctx, ids, fields)
	for i := range results {
		results[i].Record.Modified = c.modified(results[i].Record.Modified)
	}
	return results, err
}

func (c skewed) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	results, err := c.App.Apply(ctx, writes)
	for i := range results {
		results[i].Record.Modified = c.modified(results[i].Record.Modified)
	}
	return results, err
}

// TestF73F74F75ClocksOfApps: times that are a day off, missing, or of the year 9999 change nothing of who wins, for values
// decide.
func TestF73F74F75ClocksOfApps(t *testing.T) {
	t.Parallel()
	for name, modified := range map[string]func(time.Time) time.Time{
		"a day behind": func(at time.Time) time.Time { return at.Add(-24 * time.Hour) },
		"a day ahead":  func(at time.Time) time.Time { return at.Add(24 * time.Hour) },
		"none":         func(time.Time) time.Time { return time.Time{} },
		"year 9999":    func(time.Time) time.Time { return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) },
		"year 1":       func(time.Time) time.Time { return time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, off := range contactsync.Sides {
				f := newFaulted(t)
				f.wrapped[off] = skewed{f.apps[off], modified}
				f.edit(contactsync.A, 0, "A's")
				f.edit(contactsync.B, 1, "B's")
				f.edit(contactsync.A, 2, "wins")
				f.edit(contactsync.B, 2, "loses")
				f.sync()
				f.alike(6)
				for person, first := range []string{"A's", "B's", "wins"} {
					require.Equal(t, first, f.record(contactsync.B, person).Get("first").Str(), "clock of %s off", off)
				}
			}
		})
	}
}

// TestF72NewestByTheAppsTimes: who edited last goes by the apps' own times, be our clock half a day behind them. Where a time is
// missing the winner decides.
func TestF72NewestByTheAppsTimes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		times   func(time.Time) time.Time // of b
		byTimes bool                      // the last edit wins
	}{
		"right":   {func(at time.Time) time.Time { return at }, true},
		"missing": {func(time.Time) time.Time { return time.Time{} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, winner := range contactsync.Sides {
				for _, last := range contactsync.Sides {
					f := newFaulted(t)
					f.conn.Conflict = contactsync.Policy{Kind: contactsync.PolicyNewest, Winner: winner}
					f.wrapped[contactsync.B] = skewed{f.apps[contactsync.B], tt.times}
					f.edit(last.Other(), 0, last.Other().String())
					_ = f.clock.Sleep(t.Context(), time.Minute)
					f.edit(last, 0, last.String())
					_ = f.clock.Sleep(t.Context(), -12*time.Hour)
					f.sync()
					want := winner
					if tt.byTimes {
						want = last
					}
					for _, s := range contactsync.Sides {
						require.Equal(t, want.String(), f.record(s, 0).Get("first").Str(), "%s wins where no time can tell, %s was last", winner, last)
					}
				}
			}
		})
	}
}

// TestF60AnotherAccount: an app is connected with another account than last time. Nothing is read or written until a person
// accepts it, or the account is the old one again; who is missing in the new account is no deletion then.
func TestF60AnotherAccount(t *testing.T) {
	t.Parallel()
	f := newFaulted(t)
	other := fake.New("a", []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"}},
		fake.WithClock(f.clock))
	other.SetIdentity("somebody else")
	mine := f.apps[contactsync.A]
	f.apps[contactsync.A], f.wrapped[contactsync.A] = other, other
	require.NoError(t, other.Put(contact.Record{ID: "x", Fields: contact.Fields{"first": contact.Text("X"), "email": contact.Text("x@example.com")}}))
	report := f.sync()
	require.Equal(t, []contactsync.Waiting{{Reason: contactsync.WaitAccount, Side: contactsync.A, Count: 1, Run: report.Waiting[0].Run}}, report.Waiting)
	require.Zero(t, other.Calls()["changes"])
	require.Zero(t, f.apps[contactsync.B].Writes().Sum())

	f.apps[contactsync.A], f.wrapped[contactsync.A] = mine, mine
	require.Empty(t, f.sync().Waiting)
	f.alike(6)

	f.apps[contactsync.A], f.wrapped[contactsync.A] = other, other
	f.sync()
	s, err := contactsync.Open(t.Context(), f.conn, nil, nil, f.store, contactsync.WithClock(f.clock))
	require.NoError(t, err)
	require.NoError(t, s.Confirm(t.Context()))
	require.Equal(t, contactsync.WaitEmpty, f.sync().Waiting[0].Reason, "nobody of the old account is there")
	require.Len(t, f.apps[contactsync.B].Records(), 6)
}

// TestF86OneAccountOnBothSides: by the configuration, or by what the apps say.
func TestF86OneAccountOnBothSides(t *testing.T) {
	t.Parallel()
	f := newFaulted(t)
	for name, tt := range map[string]struct {
		a, b contactsync.Endpoint
		fits bool
	}{
		"one folder":                    {a: contactsync.Endpoint{App: "vcard", Settings: map[string]string{"path": "x"}}, b: contactsync.Endpoint{App: "vcard", Settings: map[string]string{"path": "x"}}},
		"one account":                   {a: contactsync.Endpoint{App: "crm", Account: "ann"}, b: contactsync.Endpoint{App: "crm", Account: "ann"}},
		"two folders":                   {a: contactsync.Endpoint{App: "vcard", Settings: map[string]string{"path": "x"}}, b: contactsync.Endpoint{App: "vcard", Settings: map[string]string{"path": "y"}}, fits: true},
		"two accounts":                  {a: contactsync.Endpoint{App: "crm", Account: "ann"}, b: contactsync.Endpoint{App: "crm", Account: "bob"}, fits: true},
		"two kinds of one account":      {a: contactsync.Endpoint{App: "crm", Account: "ann", Kind: "leads"}, b: contactsync.Endpoint{App: "crm", Account: "ann", Kind: "people"}, fits: true},
		"apps that say nothing of both": {a: contactsync.Endpoint{App: "crm"}, b: contactsync.Endpoint{App: "crm"}, fits: true},
	} {
		_, err := contactsync.Open(t.Context(), contactsync.Connection{ID: name, A: tt.a, B: tt.b}, f.wrapped[contactsync.A], f.wrapped[contactsync.B], memstore.New())
		if tt.fits {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, "nothing can be synced with itself", name)
	}

	f.conn.ID, f.conn.A.App, f.conn.B.App = "same", "crm", "crm"
	f.apps[contactsync.B].SetIdentity("account of a")
	s, err := contactsync.Open(t.Context(), f.conn, f.wrapped[contactsync.A], f.wrapped[contactsync.B], f.store, contactsync.WithClock(f.clock))
	require.NoError(t, err)
	_, err = s.Sync(t.Context())
	require.ErrorIs(t, err, contactsync.ErrSameAccount)
}

// vanishing lists records that are not there when they are read.
type vanishing struct {
	*fake.App
	id string
}

func (v vanishing) Features() connector.Features {
	features := v.App.Features()
	features.Lister, features.Reader = v, v
	return features
}

func (v vanishing) List(ctx context.Context, since connector.Cursor) (connector.Listing, error) {
	l, err := v.App.List(ctx, since)
	for i := range l.Items {
		if l.Items[i].ID == v.id {
			l.Items[i].Version += "-newer"
		}
	}
	return l, err
}

func (v vanishing) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	results, err := v.App.Read(ctx, ids, fields)
	for i, id := range ids {
		if id == v.id {
			results[i] = connector.ReadResult{Err: connector.ErrNotFound}
		}
	}
	return results, err
}

// TestF10ListedAndNotThere: a record is named with a new version, and is not there when it is read. That is no proof that it
// is gone: nothing is deleted by it.
func TestF10ListedAndNotThere(t *testing.T) {
	t.Parallel()
	f := newFaulted(t, fake.WithoutFeed())
	f.wrapped[contactsync.A] = vanishing{f.apps[contactsync.A], f.record(contactsync.A, 3).ID}
	f.sync()
	require.Len(t, f.apps[contactsync.B].Records(), 6)
	f.wrapped[contactsync.A] = f.apps[contactsync.A]
	f.sync()
	f.alike(6)
}

// TestF54ARowThatCannotBeRead: the sync fails, naming the row and nothing of what is in it; nothing is written.
func TestF54ARowThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, table := range []contactsync.Table{contactsync.TableMirror, contactsync.TableLink} {
		f := newFaulted(t)
		scope := contactsync.Scope{Connection: "c"}
		lease, err := f.store.Acquire(t.Context(), scope, "test", f.clock.Now(), time.Second)
		require.NoError(t, err)
		var key string
		require.NoError(t, f.store.Update(t.Context(), lease, func(tx contactsync.Tx) error {
			rows, err := tx.Scan(contactsync.Scan{Table: table, By: contactsync.ByKey, Limit: 1})
			rows[0].Body = rows[0].Body[:len(rows[0].Body)/2]
			key = rows[0].Key
			return errors.Join(err, tx.Put(rows[0]))
		}))
		require.NoError(t, f.store.Release(t.Context(), lease))
		f.edit(contactsync.A, 0, "Edited")
		_ = f.clock.Sleep(t.Context(), time.Hour)
		s, err := contactsync.Open(t.Context(), f.conn, f.wrapped[contactsync.A], f.wrapped[contactsync.B], f.store, contactsync.WithClock(f.clock))
		require.NoError(t, err)
		f.apps[contactsync.B].Reset()
		_, err = s.Sync(t.Context())
		require.ErrorContains(t, err, fmt.Sprintf("row %q of table %s cannot be read", key, table))
		require.NotContains(t, err.Error(), "example.com")
		require.Zero(t, f.apps[contactsync.B].Writes().Sum())
	}
}
