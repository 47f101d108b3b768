// Package stores opens empty stores of every kind by name, cheaply enough for a new one for each of thousands of
// histories.
package stores

import (
	"context"
	"database/sql"
	"fmt"
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

// New returns an empty store of a kind, which is the test's until it ends. A test is skipped if the kind needs a server that
// is not installed.
func New(tb testing.TB, name string) contactsync.Store {
	tb.Helper()
	switch name {
	case Memory:
		return memstore.New()
	case SQLite:
		return inSQLite(tb)
	case Postgres:
		return inPostgres(tb)
	}
	tb.Fatalf("there is no store %q; there are %s", name, strings.Join(Names, ", "))
	return nil
}

// inSQLite returns a store in a new database file.
func inSQLite(tb testing.TB) contactsync.Store {
	tb.Helper()
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(tb.TempDir(), "store.db")))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	store, err := sqlstore.Open(context.Background(), db, sqlstore.SQLite{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { store.Close() })
	return store
}

// inPostgres returns a store in the pool of this process.
func inPostgres(tb testing.TB) contactsync.Store {
	tb.Helper()
	dsn := servers.SharedPostgres(tb)
	db, err := shared(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	return db.New(tb)
}

// shared is the pool over one database of this process.
func shared(dsn string) (*Pool, error) {
	pool.mu.Lock()
	defer pool.mu.Unlock()
	if pool.db != nil {
		return &pool, nil
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(20) // of the server's hundred
	db.SetMaxIdleConns(20)
	pool.db, pool.prefix = db, "store" // closed with the process
	return &pool, nil
}

var pool Pool

// A Pool has stores in schemas of one PostgreSQL database, each for one test at a time. To make a schema's tables takes far
// longer than to empty them.
type Pool struct {
	db     *sql.DB
	prefix string // of the schemas' names
	mu     sync.Mutex
	free   []schema
	made   int
}

// NewPool returns a pool over a database, which stays the caller's. Its schemas are named PREFIX 1, PREFIX 2 and so on: with a
// space, so that whoever does not quote them fails.
func NewPool(db *sql.DB, prefix string) *Pool { return &Pool{db: db, prefix: prefix} }

type schema struct {
	name  string
	store *sqlstore.Store
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
	return s.store
}

func (p *Pool) take() (schema, error) {
	p.mu.Lock()
	if n := len(p.free); n > 0 {
		s := p.free[n-1]
		p.free = p.free[:n-1]
		p.mu.Unlock()
		return s, nil
	}
	p.made++
	s := schema{name: fmt.Sprint(p.prefix, " ", p.made)}
	p.mu.Unlock()
	var err error
	s.store, err = sqlstore.Open(context.Background(), p.db, sqlstore.Postgres{Schema: s.name})
	return s, err
}

// giveBack empties the schema for the next.
func (p *Pool) giveBack(s schema) error {
	var statements strings.Builder
	for _, table := range append([]contactsync.Table{"scope"}, contactsync.Tables...) {
		fmt.Fprintf(&statements, "DELETE FROM %q.contactsync_%s;", s.name, table)
	}
	if _, err := p.db.Exec(statements.String()); err != nil {
		return fmt.Errorf("empty a schema: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, s)
	return nil
}
