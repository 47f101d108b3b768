package accounts_test

import (
	"database/sql"
	"testing"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authsql"
	"github.com/contactsync/contactsync/auth/storetest"
	"github.com/contactsync/contactsync/internal/e2e/servers"
	"github.com/stretchr/testify/require"
)

func TestAuthStorePostgreSQL(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (auth.Store, auth.Store) {
		db, err := sql.Open("pgx", servers.Postgres(t))
		require.NoError(t, err)
		t.Cleanup(func() { db.Close() })
		s, err := authsql.Open(t.Context(), db, authsql.PostgreSQL)
		require.NoError(t, err)
		return s, s
	})
}
