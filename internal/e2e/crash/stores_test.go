//go:build linux

package crash

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/e2e/servers"
	"github.com/contactsync/contactsync/sqlstore"
)

// A diskStore is a store that outlives its process.
type diskStore struct {
	// where makes a new, empty database and returns what open finds it by, in whatever process. folder is free to use.
	where func(t *testing.T, folder string) string
	// open opens the database and returns how to close it.
	open func(ctx context.Context, where string) (contactsync.Store, func() error, error)
}

// diskStores are all of them by name.
var diskStores = map[string]diskStore{
	"sqlite": {
		where: func(_ *testing.T, folder string) string { return sqlstore.SQLiteDSN(filepath.Join(folder, "store.db")) },
		open: func(ctx context.Context, dsn string) (contactsync.Store, func() error, error) {
			return openSQL(ctx, "sqlite", dsn, sqlstore.SQLite{})
		},
	},
	"postgres": {
		where: func(t *testing.T, _ string) string { return servers.Postgres(t) },
		open: func(ctx context.Context, dsn string) (contactsync.Store, func() error, error) {
			return openSQL(ctx, "pgx", dsn, sqlstore.Postgres{})
		},
	},
}

func openSQL(ctx context.Context, driver, dsn string, dialect sqlstore.Dialect) (contactsync.Store, func() error, error) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, nil, err
	}
	store, err := sqlstore.Open(ctx, db, dialect)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return store, func() error { return errors.Join(store.Close(), db.Close()) }, nil
}
