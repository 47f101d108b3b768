package memstore_test

import (
	"context"
	"fmt"
	"log"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// One store may hold any number of connections.
func ExampleNew() {
	ctx, store := context.Background(), memstore.New()
	fields := []contact.Field{{Name: "email", Type: contact.TypeEmail, Meaning: "email"}}
	crm := fake.New("crm", fields)
	for _, id := range []string{"phone-crm", "tablet-crm"} {
		s, err := contactsync.Open(ctx, contactsync.Connection{Owner: "ann", ID: id}, fake.New(id, fields), crm, store)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := s.Sync(ctx); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(store.Scopes(ctx, "ann"))
	// Output:
	// [{ann phone-crm} {ann tablet-crm}] <nil>
}
