package vcard_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
)

// One file may hold many cards; one that is not there yet is an empty book.
func ExampleFile() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "book")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	book := vcard.File(filepath.Join(dir, "book.vcf"), vcard.WithClock(connector.SystemClock{}))
	for _, name := range []string{"Ann Archer", "Bob Baker"} {
		results, err := book.Apply(ctx, []connector.Write{{Op: connector.Create, Patch: contact.Patch{"name": {Set: contact.Text(name)}}}})
		if err != nil || results[0].Err != nil {
			log.Fatal(err, results)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "book.vcf"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Count(string(text), "BEGIN:VCARD"), "cards")
	// Output:
	// 2 cards
}

// A card is written by changing the lines of what changes; all others stay as they are.
func ExampleFolder() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "phone")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	card := "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Archer;Ann\r\nFN:Ann Archer\r\nORG:Acme\r\nX-SHOE-SIZE:38\r\nEND:VCARD\r\n"
	if err := os.WriteFile(filepath.Join(dir, "ann.vcf"), []byte(card), 0o600); err != nil {
		log.Fatal(err)
	}

	phone := vcard.Folder(dir)
	results, err := phone.Apply(ctx, []connector.Write{{
		Op: connector.Update, ID: "ann.vcf",
		Patch: contact.Patch{"company": {Set: contact.Text("Baker & Co")}},
	}})
	if err != nil || results[0].Err != nil {
		log.Fatal(err, results)
	}
	fmt.Println(results[0].Record.Get("company"))
	text, err := os.ReadFile(filepath.Join(dir, "ann.vcf"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(strings.ReplaceAll(string(text), "\r\n", "\n"))
	// Output:
	// Baker & Co
	// BEGIN:VCARD
	// VERSION:3.0
	// N:Archer;Ann
	// FN:Ann Archer
	// ORG:Baker & Co
	// X-SHOE-SIZE:38
	// END:VCARD
}
