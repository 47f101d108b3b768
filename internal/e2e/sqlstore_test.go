package e2e_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/sqlstore"
	"github.com/contactsync/contactsync/storetest"
)

func TestSQLStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) contactsync.Store { return openStore(t, newFile(t)) })
}

// With one connection, whoever asks the pool for a second one within a transaction waits for ever.
func TestSQLStoreOneConnection(t *testing.T) {
	storetest.Run(t, func(t *testing.T) contactsync.Store {
		db := openDB(t, sqlstore.SQLiteDSN(newFile(t)))
		db.SetMaxOpenConns(1)
		return storeIn(t, db)
	})
}

func TestSQLStoreTwoProcesses(t *testing.T) {
	storetest.Run(t, func(t *testing.T) contactsync.Store {
		file := newFile(t)
		return &taking{turns: []contactsync.Store{openStore(t, file), openStore(t, file)}}
	})
}

func BenchmarkSQLStore(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) contactsync.Store { return openStore(b, newFile(b)) })
}

func newFile(t testing.TB) string { return filepath.Join(t.TempDir(), "store.db") }

func openDB(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func storeIn(t testing.TB, db *sql.DB) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(context.Background(), db, sqlstore.SQLite{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func openStore(t testing.TB, file string) *sqlstore.Store {
	t.Helper()
	return storeIn(t, openDB(t, sqlstore.SQLiteDSN(file)))
}

// taking is one store made of several on the same database: each call goes to the next, as calls of several
// processes would.
type taking struct {
	turns []contactsync.Store
	calls atomic.Int64
}

func (s *taking) next() contactsync.Store { return s.turns[int(s.calls.Add(1))%len(s.turns)] }

func (s *taking) Acquire(ctx context.Context, scope contactsync.Scope, holder string, now time.Time, ttl time.Duration) (contactsync.Lease, error) {
	return s.next().Acquire(ctx, scope, holder, now, ttl)
}

func (s *taking) Renew(ctx context.Context, lease contactsync.Lease, now time.Time, ttl time.Duration) error {
	return s.next().Renew(ctx, lease, now, ttl)
}

func (s *taking) Release(ctx context.Context, lease contactsync.Lease) error {
	return s.next().Release(ctx, lease)
}

func (s *taking) Update(ctx context.Context, lease contactsync.Lease, fn func(contactsync.Tx) error) error {
	return s.next().Update(ctx, lease, fn)
}

func (s *taking) View(ctx context.Context, scope contactsync.Scope, fn func(contactsync.ReadTx) error) error {
	return s.next().View(ctx, scope, fn)
}

func (s *taking) Scopes(ctx context.Context, owner string) ([]contactsync.Scope, error) {
	return s.next().Scopes(ctx, owner)
}

func (s *taking) Due(ctx context.Context, now time.Time, fn func(*contactsync.Entry) error) (bool, error) {
	return s.next().(contactsync.Queue).Due(ctx, now, fn)
}

func (s *taking) Entry(ctx context.Context, scope contactsync.Scope, fn func(*contactsync.Entry) error) error {
	return s.next().(contactsync.Queue).Entry(ctx, scope, fn)
}
