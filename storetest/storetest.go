// Package storetest checks that a contactsync.Store keeps the promises of that interface. Whoever writes a store
// runs it in a test:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) contactsync.Store { return openEmptyStore(t) })
//	}
package storetest

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
)

// Run checks every promise of contactsync.Store, each as a subtest. open returns an empty store of its own for the
// test that it is given, and closes it with the test's Cleanup. Subtests run in parallel. Those of contactsync.Queue are
// skipped if the store is none.
func Run(t *testing.T, open func(t *testing.T) contactsync.Store) {
	for _, area := range []struct {
		name  string
		tests []test
	}{
		{"lease", leaseTests},
		{"update", updateTests},
		{"concurrency", concurrencyTests},
		{"read", readTests},
		{"scan", scanTests},
		{"write", writeTests},
		{"scope", scopeTests},
		{"queue", queueTests},
	} {
		t.Run(area.name, func(t *testing.T) {
			t.Parallel()
			for _, test := range area.tests {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					test.run(t, open(t))
				})
			}
		})
	}
}

// A test checks one promise on an empty store.
type test struct {
	name string
	run  func(t *testing.T, s contactsync.Store)
}

// here is the scope of tests that need only one.
var here = contactsync.Scope{Owner: "owner", Connection: "connection"}

// scopeOf returns a scope.
func scopeOf(owner, connection string) contactsync.Scope {
	return contactsync.Scope{Owner: owner, Connection: connection}
}

// person returns the lease of a decision that needs none.
func person(scope contactsync.Scope) contactsync.Lease { return contactsync.Lease{Scope: scope} }

// update runs fn in a transaction that must be committed.
func update(t *testing.T, s contactsync.Store, scope contactsync.Scope, fn func(tx contactsync.Tx) error) {
	t.Helper()
	require.NoError(t, s.Update(t.Context(), person(scope), fn))
}

// put commits rows.
func put(t *testing.T, s contactsync.Store, scope contactsync.Scope, rows ...contactsync.Row) {
	t.Helper()
	update(t, s, scope, func(tx contactsync.Tx) error { return tx.Put(rows...) })
}

// view reads what fn returns.
func view[T any](t *testing.T, s contactsync.Store, scope contactsync.Scope, fn func(tx contactsync.ReadTx) (T, error)) T {
	t.Helper()
	var got T
	require.NoError(t, s.View(t.Context(), scope, func(tx contactsync.ReadTx) (err error) {
		got, err = fn(tx)
		return err
	}))
	return got
}

// all returns the rows of a table, by key.
func all(t *testing.T, s contactsync.Store, scope contactsync.Scope, table contactsync.Table) []contactsync.Row {
	t.Helper()
	return view(t, s, scope, func(tx contactsync.ReadTx) ([]contactsync.Row, error) {
		return tx.Scan(contactsync.Scan{Table: table, By: contactsync.ByKey})
	})
}

// same reports rows that are not as wanted.
func same(t *testing.T, what string, want, got []contactsync.Row) {
	t.Helper()
	if diff := diffRows(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// diffRows shows how rows differ. No rows may be nil or an empty slice, but a body may not.
func diffRows(want, got []contactsync.Row) string {
	if len(want) == 0 && len(got) == 0 || reflect.DeepEqual(want, got) { // cmp is slow on long bodies
		return ""
	}
	return cmp.Diff(want, got)
}

// keysOf returns the keys of rows, in their order.
func keysOf(rows []contactsync.Row) []string {
	keys := []string{}
	for _, row := range rows {
		keys = append(keys, row.Key)
	}
	return keys
}

// mirror returns a row with the two entries that rows of its table have.
func mirror(key, due, status string) contactsync.Row {
	return contactsync.Row{
		Table: contactsync.TableMirror, Key: key, Index: [contactsync.Indexes]string{due, status},
		Stamp: "stamp of " + key, Body: fmt.Appendf(nil, `{"of":%q}`, key),
	}
}
