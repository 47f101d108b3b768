// Package stores opens empty stores of every kind, cheaply enough for a new one for each of thousands of
// histories.
package stores

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "modernc.org/sqlite" // the driver

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/e2e/servers"
	"github.com/contactsync/contactsync/memstore"
	"github.com/contactsync/contactsync/sqlstore"
)

// The kinds of stores.
const (
	Memory   = "memstore"
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Names lists the kinds of stores.
var Names = []string{Memory, SQLite, Postgres}

// Kinds returns how to open an empty store of each kind, by its name. It is the test's that opens it until that ends; what
// the stores share is there until tb ends.
func Kinds(tb testing.TB) map[string]func(testing.TB) contactsync.Store {
	tb.Helper()
	return map[string]func(testing.TB) contactsync.Store{
		Memory:   func(testing.TB) contactsync.Store { return memstore.New() },
		SQLite:   NewSQLitePool(tb).New,
		Postgres: InPostgres,
	}
}

// InPostgres returns an empty store in the PostgreSQL server of this process, which is the test's until it ends. A test is
// skipped if no server is installed.
func InPostgres(tb testing.TB) contactsync.Store {
	tb.Helper()
	dsn := servers.SharedPostgres(tb)
	p, err := shared(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	return p.New(tb)
}

// shared is the pool over one database of this process.
func shared(dsn string) (*Pool, error) {
	sharing.Lock()
	defer sharing.Unlock()
	if pool != nil {
		return pool, nil
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(20) // of the server's hundred
	db.SetMaxIdleConns(20)
	pool = NewPool(db, "store") // closed with the process
	return pool, nil
}

var (
	sharing sync.Mutex
	pool    *Pool
)

// A Pool has stores of one kind, each for one test at a time. To make a store's tables takes far longer than to empty them.
type Pool struct {
	open func(n int) (pooled, error)
	mu   sync.Mutex
	free []pooled
	made int
}

// pooled is one store of a pool.
type pooled struct {
	*sqlstore.Store
	db     *sql.DB
	schema string // before the names of its tables, with the dot
}

// NewPool returns a pool over a PostgreSQL database, which stays the caller's. Its stores are in schemas that are named
// PREFIX 1, PREFIX 2 and so on: with a space, so that whoever does not quote them fails.
func NewPool(db *sql.DB, prefix string) *Pool {
	return &Pool{open: func(n int) (pooled, error) {
		schema := fmt.Sprint(prefix, " ", n)
		store, err := sqlstore.Open(context.Background(), db, sqlstore.Postgres{Schema: schema})
		return pooled{store, db, fmt.Sprintf("%q.", schema)}, err
	}}
}

// NewSQLitePool returns a pool of SQLite databases, which are there until the test ends: in a folder that is kept in memory,
// where there is one, for to wait for the disk at every commit is most of what a short history costs.
func NewSQLitePool(tb testing.TB) *Pool {
	tb.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "stores")
	if err != nil {
		dir = tb.TempDir()
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	return &Pool{open: func(n int) (pooled, error) {
		db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, fmt.Sprint("store", n, ".db"))))
		if err != nil {
			return pooled{}, err
		}
		tb.Cleanup(func() { db.Close() })
		store, err := sqlstore.Open(context.Background(), db, sqlstore.SQLite{})
		return pooled{store, db, ""}, err
	}}
}

// New returns an empty store, which is the test's until it ends.
func (p *Pool) New(tb testing.TB) contactsync.Store {
	tb.Helper()
	s, err := p.take()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.giveBack(s); err != nil {
			tb.Error(err)
		}
	})
	return s.Store
}

func (p *Pool) take() (pooled, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		s := p.free[n-1]
		p.free = p.free[:n-1]
		return s, nil
	}
	p.made++
	return p.open(p.made)
}

// giveBack empties the store for the next.
func (p *Pool) giveBack(s pooled) error {
	var statements strings.Builder
	for _, table := range append([]contactsync.Table{"scope", "queue"}, contactsync.Tables...) {
		fmt.Fprintf(&statements, "DELETE FROM %scontactsync_%s;", s.schema, table)
	}
	if _, err := s.db.Exec(statements.String()); err != nil {
		return fmt.Errorf("empty a store: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, s)
	return nil
}
