package carddav_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/contactsync/contactsync/connector/carddav"
)

// The address books of an account, for a person to choose from.
func ExampleBooks() {
	books, err := carddav.Books(context.Background(), carddav.Account{URL: "https://dav.example.com", User: "ann", Password: os.Getenv("DAV_PASSWORD")})
	if err != nil {
		log.Fatal(err)
	}
	for _, b := range books {
		fmt.Println(b.Name)
	}
}

// An address book as one side of a connection.
func ExampleOpen() {
	phone, err := carddav.Open(carddav.Account{URL: "https://dav.example.com", User: "ann", Password: os.Getenv("DAV_PASSWORD"), Book: "contacts"})
	if err != nil {
		log.Fatal(err)
	}
	_ = phone // one side of a connection
}
