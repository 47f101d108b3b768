package sqlstore_test

import (
	"context"
	"database/sql"
	"log"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/csvfile"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/sqlstore"
)

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
