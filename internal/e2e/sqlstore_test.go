package e2e_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/sqlstore"
	"github.com/contactsync/contactsync/storetest"
)

// openDB opens a database of its own name in a folder of its own.
func openDB(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func openStore(t testing.TB) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), openDB(t, sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "store.db"))), sqlstore.SQLite{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func TestSQLStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) contactsync.Store { return openStore(t) })
}

func BenchmarkSQLStore(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) contactsync.Store { return openStore(b) })
}
