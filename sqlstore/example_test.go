package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"os"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/csvfile"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/sqlstore"
)

// The driver is the program's: import _ "github.com/jackc/pgx/v5/stdlib". The tables are in a schema of their own, beside
// those of the program.
func ExamplePostgres() {
	ctx := context.Background()
	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := sqlstore.Open(ctx, db, sqlstore.Postgres{Schema: "contactsync"})
	var unavailable *sqlstore.UnavailableError
	if errors.As(err, &unavailable) {
		log.Print("the database is away: ", unavailable.Err) // later again
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
}

// The driver is the program's: import _ "modernc.org/sqlite", or another one of SQLite.
func ExampleOpen() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN("contacts.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := sqlstore.Open(ctx, db, sqlstore.SQLite{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "phone-crm"}, vcard.Folder("phone"), csvfile.File("crm.csv"), store)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := s.Sync(ctx); err != nil {
		log.Fatal(err)
	}
}
