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

// A schema holds one store at a time in the database of this process. To make its tables takes far longer than to empty them.
type schema struct {
	name  string
	store *sqlstore.Store
}

// schemas are those that were made, over one pool of connections.
var schemas struct {
	mu   sync.Mutex
	db   *sql.DB
	free []schema
	made int
}

// inPostgres returns a store in a schema of its own.
func inPostgres(tb testing.TB) contactsync.Store {
	tb.Helper()
	s, err := take(tb)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.giveBack(); err != nil {
			tb.Error(err)
		}
	})
	return s.store
}

func take(tb testing.TB) (schema, error) {
	dsn := servers.SharedPostgres(tb)
	schemas.mu.Lock()
	if schemas.db == nil {
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			schemas.mu.Unlock()
			return schema{}, err
		}
		db.SetMaxOpenConns(20)
		db.SetMaxIdleConns(20)
		schemas.db = db
	}
	if n := len(schemas.free); n > 0 {
		s := schemas.free[n-1]
		schemas.free = schemas.free[:n-1]
		schemas.mu.Unlock()
		return s, nil
	}
	schemas.made++
	s := schema{name: fmt.Sprint("store ", schemas.made)} // with a space: whatever does not quote it fails
	schemas.mu.Unlock()
	var err error
	s.store, err = sqlstore.Open(context.Background(), schemas.db, sqlstore.Postgres{Schema: s.name})
	return s, err
}

// giveBack empties the schema for the next.
func (s schema) giveBack() error {
	var statements strings.Builder
	for _, table := range append([]contactsync.Table{"scope"}, contactsync.Tables...) {
		fmt.Fprintf(&statements, "DELETE FROM %q.contactsync_%s;", s.name, table)
	}
	if _, err := schemas.db.Exec(statements.String()); err != nil {
		return fmt.Errorf("empty a schema: %w", err)
	}
	schemas.mu.Lock()
	defer schemas.mu.Unlock()
	schemas.free = append(schemas.free, s)
	return nil
}
