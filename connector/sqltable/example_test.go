package sqltable_test

import (
	"database/sql"
	"log"

	"github.com/contactsync/contactsync/connector/sqltable"
	"github.com/contactsync/contactsync/contact"
)

// A table of contacts with their email addresses in another. A program that runs is examples/crm.
func ExampleNew() {
	var db *sql.DB // the host's own
	crm, err := sqltable.New(db, sqltable.Postgres, sqltable.Table{
		Name: "contacts",
		Key:  sqltable.Key{Column: "id", Type: sqltable.IntegerKey},
		Columns: []sqltable.Column{
			{Name: "first_name", Field: contact.Field{Name: "first", Type: contact.TypeText, Meaning: "first"}},
			{Name: "last_name", Field: contact.Field{Name: "last", Type: contact.TypeText, Meaning: "last"}, NotNull: true},
		},
		Related: []sqltable.Related{{Table: "emails", Parent: "contact_id", Value: "address",
			Field: contact.Field{Name: "emails", Type: contact.TypeEmail, Many: true, Meaning: "email"}}},
		Log: "contacts_log",
	})
	if err != nil {
		log.Fatal(err)
	}
	_ = crm // one side of a connection
}
