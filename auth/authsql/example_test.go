package authsql_test

import (
	"context"
	"database/sql"
	"log"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authsql"
	"github.com/contactsync/contactsync/sqlstore"
)

func ExampleOpen() {
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN("accounts.db")) // import _ "modernc.org/sqlite"
	if err != nil {
		log.Fatal(err)
	}
	store, err := authsql.Open(context.Background(), db, authsql.SQLite)
	if err != nil {
		log.Fatal(err)
	}
	var _ auth.Store = store
}
