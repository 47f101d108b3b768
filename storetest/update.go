package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
)

var updateTests = []test{
	{"an error changes nothing", errorChangesNothing},
	{"a panic changes nothing", panicChangesNothing},
	{"a failed change is never committed", failedChange},
	{"sees its own changes", seesItsChanges},
	{"is seen after it", seenAfter},
	{"view returns its function's error", viewError},
	{"context done before", contextDoneBefore},
	{"context done meanwhile", contextDoneMeanwhile},
}

var errStop = errors.New("stop")

// three are the rows that tests of transactions begin with.
var three = []contactsync.Row{mirror("1", "t1", "ok"), mirror("2", "t2", "ok"), mirror("3", "t3", "held")}

// change replaces row 1, deletes row 2 and adds row 4.
func change(tx contactsync.Tx) error {
	if err := tx.Put(mirror("1", "t9", "held"), mirror("4", "t1", "ok")); err != nil {
		return err
	}
	return tx.Delete(contactsync.TableMirror, "2", "no such row")
}

// wantUnchanged checks that three are as they were, by key and by index, and that the store still works.
func wantUnchanged(t *testing.T, s contactsync.Store) {
	t.Helper()
	same(t, "rows", three, all(t, s, here, contactsync.TableMirror))
	ok := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) {
		return tx.Find(contactsync.TableMirror, 1, "ok")
	})
	same(t, "rows that are ok", three[:2], ok)
	put(t, s, here, contactsync.Row{Table: contactsync.TableHold, Key: "later"})
}

func errorChangesNothing(t *testing.T, s contactsync.Store) {
	put(t, s, here, three...)
	err := s.Update(t.Context(), person(here), func(tx contactsync.Tx) error {
		require.NoError(t, change(tx))
		return errStop
	})
	require.ErrorIs(t, err, errStop)
	wantUnchanged(t, s)
}

func panicChangesNothing(t *testing.T, s contactsync.Store) {
	put(t, s, here, three...)
	require.PanicsWithValue(t, "at the disco", func() {
		_ = s.Update(t.Context(), person(here), func(tx contactsync.Tx) error {
			require.NoError(t, change(tx))
			panic("at the disco")
		})
	})
	wantUnchanged(t, s)
	require.PanicsWithValue(t, "again", func() {
		_ = s.View(t.Context(), here, func(contactsync.ReadTx) error { panic("again") })
	})
	wantUnchanged(t, s)
}

func failedChange(t *testing.T, s contactsync.Store) {
	put(t, s, here, three...)
	var refused error
	err := s.Update(t.Context(), person(here), func(tx contactsync.Tx) error {
		require.NoError(t, change(tx))
		refused = tx.Put(mirror("5", "", ""), mirror("\xff", "", ""))
		return nil
	})
	require.Error(t, refused, "Put of a key with the byte 0xFF")
	require.ErrorIs(t, err, refused)
	wantUnchanged(t, s)
}

func seesItsChanges(t *testing.T, s contactsync.Store) {
	put(t, s, here, three...)
	one, four := mirror("1", "t9", "held"), mirror("4", "t1", "ok")
	update(t, s, here, func(tx contactsync.Tx) error {
		require.NoError(t, change(tx))

		rows, err := tx.Get(contactsync.TableMirror, "1", "2", "3", "4")
		require.NoError(t, err)
		same(t, "Get", []contactsync.Row{one, three[2], four}, rows)

		rows, err = tx.Find(contactsync.TableMirror, 1, "ok", "held")
		require.NoError(t, err)
		same(t, "Find", []contactsync.Row{one, three[2], four}, rows)

		rows, err = tx.Scan(contactsync.Scan{Table: contactsync.TableMirror, By: 0})
		require.NoError(t, err)
		same(t, "Scan", []contactsync.Row{four, three[2], one}, rows)

		n, err := tx.Count(contactsync.Scan{Table: contactsync.TableMirror, By: 0, Until: "t9"})
		require.NoError(t, err)
		if n != 2 {
			t.Errorf("Count: got %d, want 2", n)
		}
		return nil
	})
}

func seenAfter(t *testing.T, s contactsync.Store) {
	put(t, s, here, three...)
	update(t, s, here, change)
	same(t, "rows", []contactsync.Row{mirror("1", "t9", "held"), three[2], mirror("4", "t1", "ok")}, all(t, s, here, contactsync.TableMirror))
}

func viewError(t *testing.T, s contactsync.Store) {
	err := s.View(t.Context(), here, func(contactsync.ReadTx) error { return errStop })
	require.ErrorIs(t, err, errStop)
}

func contextDoneBefore(t *testing.T, s contactsync.Store) {
	put(t, s, here, three...)
	lease := acquire(t, s, here, "one", noon)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, acquireErr := s.Acquire(ctx, here, "one", noon, minute)
	_, scopesErr := s.Scopes(ctx, here.Owner)
	got := map[string]bool{
		"Acquire": errors.Is(acquireErr, context.Canceled),
		"Renew":   errors.Is(s.Renew(ctx, lease, noon, minute), context.Canceled),
		"Release": errors.Is(s.Release(ctx, lease), context.Canceled),
		"Update":  errors.Is(s.Update(ctx, lease, change), context.Canceled),
		"View":    errors.Is(s.View(ctx, here, func(contactsync.ReadTx) error { return nil }), context.Canceled),
		"Scopes":  errors.Is(scopesErr, context.Canceled),
	}
	want := map[string]bool{"Acquire": true, "Renew": true, "Release": true, "Update": true, "View": true, "Scopes": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls that fail with context.Canceled (-want +got):\n%s", diff)
	}
	require.NoError(t, s.Renew(t.Context(), lease, noon, minute), "the lease is still held")
	wantUnchanged(t, s)
}

func contextDoneMeanwhile(t *testing.T, s contactsync.Store) {
	put(t, s, here, three...)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, person(here), func(tx contactsync.Tx) error {
		require.NoError(t, change(tx))
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	wantUnchanged(t, s)
}
