package contactsync_test

import (
	"fmt"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
)

// The life of one contact: a first sync, an edit on each side, a conflict, and a deletion.
func Example_life() {
	fields := []contact.Field{
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "phone", Type: contact.TypePhone, Meaning: "phone"},
		{Name: "company", Type: contact.TypeText, Meaning: "company"},
	}
	a, b := fake.New("a", fields), fake.New("b", fields)
	show := func(what string) {
		fmt.Println(what)
		for _, app := range []*fake.App{a, b} {
			for _, rec := range app.Records() {
				fmt.Println(" ", rec.ID, rec.Get("email"), rec.Get("phone"), rec.Get("company"))
			}
		}
	}
	check(a.Put(contact.Record{ID: "a1", Fields: contact.Fields{
		"email": contact.Text("ann@example.com"), "company": contact.Text("Acme")}}))
	check(b.Put(contact.Record{ID: "b1", Fields: contact.Fields{
		"email": contact.Text("ANN@Example.com"), "phone": contact.Text("+32 470 12 34 56")}}))

	s := exampleSync(contactsync.Connection{ID: "a-b"}, a, b)
	show("first sync: linked by email, what is empty is filled")

	check(a.Edit("a1", contact.Fields{"company": contact.Text("Globex")}))
	check(b.Edit("b1", contact.Fields{"phone": contact.Text("+32 470 99 99 99")}))
	syncAgain(s)
	show("an edit on each side: both flow")

	check(a.Edit("a1", contact.Fields{"company": contact.Text("Initech")}))
	check(b.Edit("b1", contact.Fields{"company": contact.Text("Hooli")}))
	syncAgain(s)
	show("both edited the company: a wins")

	check(b.Remove("b1"))
	report := syncAgain(s)
	show("deleted in b: she stays in a, and is not created in b again")
	fmt.Println(" ", report.Status.Counts[contactsync.StatusDeleted], contactsync.StatusDeleted)
	// Output:
	// first sync: linked by email, what is empty is filled
	//   a1 ann@example.com +32 470 12 34 56 Acme
	//   b1 ANN@Example.com +32 470 12 34 56 Acme
	// an edit on each side: both flow
	//   a1 ann@example.com +32 470 99 99 99 Globex
	//   b1 ANN@Example.com +32 470 99 99 99 Globex
	// both edited the company: a wins
	//   a1 ann@example.com +32 470 99 99 99 Initech
	//   b1 ANN@Example.com +32 470 99 99 99 Initech
	// deleted in b: she stays in a, and is not created in b again
	//   a1 ann@example.com +32 470 99 99 99 Initech
	//   1 deleted_opposite
}
