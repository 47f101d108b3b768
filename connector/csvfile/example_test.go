package csvfile_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/csvfile"
	"github.com/contactsync/contactsync/contact"
)

// What the file does not tell by itself is said in a Config. The error names what is wrong with that.
func ExampleNew() {
	_, err := csvfile.New(csvfile.Config{Path: "crm.csv", Delimiter: "semicolon", Columns: map[string]string{"Ref": "email"}, AddKey: true})
	fmt.Println(err)
	_, err = csvfile.New(csvfile.Config{Path: "crm.csv", Encoding: "ebcdic"})
	fmt.Println(err)
	// Output:
	// <nil>
	// csv: unknown encoding; say utf-8, utf-16le, utf-16be, windows-1252 or auto
}

func Example() {
	dir, err := os.MkdirTemp("", "people")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "people.csv")
	err = os.WriteFile(path, []byte("ID;First Name;E-Mail;Shoe Size;Tags\n7;Ann;\"ann@example.com\";39;news\n"), 0o600)
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	people := csvfile.File(path)
	about, err := people.Describe(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(about)

	results, err := people.Apply(ctx, []connector.Write{{
		Op: connector.Update,
		ID: "7",
		Patch: contact.Patch{
			"email": {Set: contact.Text("ann@example.org")},
			"tags":  {Add: []contact.Entry{{Value: contact.Text("vip")}}},
		},
	}})
	if err != nil || results[0].Err != nil {
		log.Fatal(err, results)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(content))
	// Output:
	// delimiter semicolon, encoding utf-8, rows: 1
	// rows are identified by column "ID"
	// "ID" is id (text)
	// "First Name" is first (text)
	// "E-Mail" is email (email)
	// "Shoe Size" is shoe_size (text)
	// "Tags" is tags (set), separated by ";"
	// ID;First Name;E-Mail;Shoe Size;Tags
	// 7;Ann;"ann@example.org";39;"news;vip"
}
