package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
)

var scopeTests = []test{
	{"scopes of an owner", scopesOfOwner},
	{"only scopes that have rows", scopesWithRows},
	{"odd names", oddNames},
	{"random calls give what a naive model gives", model},
}

func scopesOf(t *testing.T, s contactsync.Store, owner string) []contactsync.Scope {
	t.Helper()
	scopes, err := s.Scopes(t.Context(), owner)
	require.NoError(t, err)
	return scopes
}

func scopesOfOwner(t *testing.T, s contactsync.Store) {
	for _, scope := range []contactsync.Scope{scopeOf("o", "c2"), scopeOf("o", "c10"), scopeOf("p", "c2"), scopeOf("o", ""), scopeOf("", "c1"), scopeOf("o", "C")} {
		put(t, s, scope, mirror("1", "", ""))
	}
	for owner, want := range map[string][]contactsync.Scope{
		"o": {scopeOf("o", ""), scopeOf("o", "C"), scopeOf("o", "c10"), scopeOf("o", "c2")},
		"p": {scopeOf("p", "c2")},
		"":  {scopeOf("", "c1")},
		"q": nil,
	} {
		if diff := cmp.Diff(want, scopesOf(t, s, owner)); diff != "" {
			t.Errorf("scopes of %q (-want +got):\n%s", owner, diff)
		}
	}
}

func scopesWithRows(t *testing.T, s contactsync.Store) {
	acquire(t, s, here, "engine", noon)
	view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) { return tx.Get(contactsync.TableSide, "a") })
	update(t, s, here, func(contactsync.Tx) error { return nil })
	require.Empty(t, scopesOf(t, s, here.Owner), "a lease, a view and an empty update leave no rows")
	for _, table := range contactsync.Tables {
		put(t, s, here, contactsync.Row{Table: table, Key: "k"})
		require.Equal(t, []contactsync.Scope{here}, scopesOf(t, s, here.Owner), "a row of table %q", table)
		update(t, s, here, func(tx contactsync.Tx) error { return tx.Delete(table, "k") })
		require.Empty(t, scopesOf(t, s, here.Owner), "the row of table %q was deleted", table)
	}
}

// Names that would be one if they were joined, or read in another encoding.
func oddNames(t *testing.T, s contactsync.Store) {
	scopes := []contactsync.Scope{scopeOf("a", "b/c"), scopeOf("a/b", "c"), scopeOf("a\x00b", "c"), scopeOf("a", "b\x00c"), scopeOf("", "abc"), scopeOf("abc", ""), scopeOf("", ""), scopeOf("é", "'"), scopeOf("e\u0301", "'"), scopeOf("\xc3", "\xfe")}
	for i, scope := range scopes {
		put(t, s, scope, mirror("1", "", string(rune('a'+i))))
	}
	for i, scope := range scopes {
		same(t, scope.Owner+" "+scope.Connection, []contactsync.Row{mirror("1", "", string(rune('a'+i)))}, all(t, s, scope, contactsync.TableMirror))
	}
}
