package e2e_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/e2e/servers"
	"github.com/contactsync/contactsync/sqlstore"
	"github.com/contactsync/contactsync/storetest"
)

func TestPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) contactsync.Store { return inPostgres(t, servers.Postgres(t), sqlstore.Postgres{}) })
}

func openPostgres(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// inPostgres opens a store in a database.
func inPostgres(t testing.TB, dsn string, dialect sqlstore.Postgres) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(context.Background(), openPostgres(t, dsn), dialect)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}
