package contactsync_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// exampleConflict returns a connection in which both users have changed Ann's company.
func exampleConflict() *contactsync.Syncer {
	a, b := exampleApp("a", examplePerson("Ann", "Acme")), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "a-b", Conflict: contactsync.Policy{Kind: contactsync.PolicyAsk}}, a, b)
	check(a.Edit("a1", contact.Fields{"company": contact.Text("Globex")}))
	check(b.Edit("b-1", contact.Fields{"company": contact.Text("Initech")}))
	syncAgain(s)
	return s
}

// Conflicts lists what waits for a person, with both values. What is handed to Resolve as seen holds only while the two
// are as they were shown.
func ExampleSyncer_Conflicts() {
	ctx := context.Background()
	s := exampleConflict()
	page, _, err := s.Conflicts(ctx, contactsync.ConflictQuery{})
	check(err)
	for _, c := range page {
		fmt.Println(c.Name, c.Fields[contactsync.A], c.Values[contactsync.A], c.Values[contactsync.B], c.Text())
		check(s.Resolve(ctx, contactsync.Resolution{Side: contactsync.A, ID: c.IDs[contactsync.A], Seen: c.Seen, Take: contactsync.TakeB}))
	}
	err = s.Resolve(ctx, contactsync.Resolution{Side: contactsync.A, ID: "a1", Seen: "of yesterday", Take: contactsync.TakeA})
	fmt.Println(errors.Is(err, contactsync.ErrOutdated))
	// Output:
	// Ann [company] [Globex] [Initech] both users changed it; take a or b, or give a value
	// true
}

// Decisions lists what persons decided and what holds of it: until the next sync has carried it out, and a separation for good.
func ExampleSyncer_Decisions() {
	ctx := context.Background()
	a := exampleApp("a", examplePerson("Ann", ""), contact.Fields{"first": contact.Text("Bob")})
	s := exampleSync(contactsync.Connection{ID: "a-b"}, a, exampleApp("b", examplePerson("Ann", "")))
	check(s.Separate(ctx, "a1", "b1"))
	check(s.Create(ctx, contactsync.A, "a2")) // he has no key, and was left out
	for range 2 {
		standing, err := s.Decisions(ctx)
		check(err)
		for _, d := range standing {
			fmt.Println(d.Kind, d.IDs)
		}
		syncAgain(s)
		fmt.Println("synced")
	}
	// Output:
	// create [a2 ]
	// separate [a1 b1]
	// synced
	// separate [a1 b1]
	// synced
}

// A decision that is not carried out yet, or a separation, can be taken back.
func ExampleSyncer_Withdraw() {
	ctx := context.Background()
	s := exampleConflict()
	check(s.Resolve(ctx, contactsync.Resolution{Side: contactsync.A, ID: "a1", Take: contactsync.TakeA}))
	standing, err := s.Decisions(ctx)
	check(err)
	for _, d := range standing {
		fmt.Println(d.Kind, d.IDs)
		check(s.Withdraw(ctx, d.Key))
	}
	fmt.Println(syncAgain(s).Status.Counts[contactsync.StatusConflict])
	// Output:
	// resolve [a1 b-1]
	// 1
}

// Two people share an email, so that the second is a duplicate. A person who knows has him created anyway.
func ExampleSyncer_Create() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("Ann", "Acme")), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "a-b"}, a, b)
	check(a.Put(contact.Record{ID: "a2", Fields: contact.Fields{"first": contact.Text("Bob"), "email": contact.Text("Ann@example.com")}}))
	syncAgain(s)
	r, err := s.Record(ctx, contactsync.A, "a2")
	check(err)
	fmt.Println(r.Status, r.Reason)

	check(s.Create(ctx, contactsync.A, "a2"))
	syncAgain(s)
	printPeople(b)
	// Output:
	// duplicate duplicate_here
	// b-1 | Ann | Acme
	// b-2 | Bob
}

// Link refuses to take a record from its partner by the way. Move does it.
func ExampleSyncer_Move() {
	ctx := context.Background()
	a := exampleApp("a", examplePerson("Ann", ""))
	b := exampleApp("b", examplePerson("Ann", ""), contact.Fields{"first": contact.Text("Anna")})
	s := exampleSync(contactsync.Connection{ID: "a-b"}, a, b)

	err := s.Link(ctx, "a1", "b2")
	var partner *contactsync.PartnerError
	if errors.As(err, &partner) {
		fmt.Println(partner.ID, "is linked with", partner.Partner)
	}
	check(s.Move(ctx, "a1", "b2"))
	syncAgain(s)
	r, err := s.Record(ctx, contactsync.A, "a1")
	check(err)
	fmt.Println(r.IDs)
	// Output:
	// a1 is linked with b1
	// [a1 b2]
}

// Records lists what is behind a number of the status: who stands so, or what was written.
func ExampleSyncer_Records_written() {
	ctx := context.Background()
	a := exampleApp("a", examplePerson("Ann", "Acme"), contact.Fields{"first": contact.Text("Bob")})
	s := exampleSync(contactsync.Connection{ID: "a-b"}, a, exampleApp("b"))
	excluded, _, err := s.Records(ctx, contactsync.RecordQuery{Status: contactsync.StatusExcluded})
	check(err)
	for _, r := range excluded {
		fmt.Printf("%s: %s; %s\n", r.Name, r.Reason, r.Do)
	}
	created, _, err := s.Records(ctx, contactsync.RecordQuery{Op: "create", In: "b"})
	check(err)
	for _, r := range created {
		fmt.Printf("%s (%s), by run %d\n", r.Name, r.Key, r.Run)
	}
	// Output:
	// Bob: no_key; give it an email, or have it created anyway
	// Ann (Ann@example.com), by run 1
}

// Export returns all that a connection knows of a person: the records as they were last read, and every row of the store.
func ExampleSyncer_Export() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("Ann", "Acme")), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "a-b"}, a, b)
	known, err := s.Export(ctx, contactsync.A, "a1")
	check(err)
	fmt.Println(known.Status.Name, "is", known.Status.Status)
	for _, rec := range known.Records {
		fmt.Println(rec.Side, rec.ID, rec.Fields["email"], rec.Fields["company"])
	}
	for _, row := range known.Rows {
		if row.Table == contactsync.TableLink || row.Table == contactsync.TableJournal {
			fmt.Println("a row of the table", row.Table)
		}
	}
	// Output:
	// Ann is in_sync
	// a a1 Ann@example.com Acme
	// b b-1 Ann@example.com Acme
	// a row of the table link
	// a row of the table journal
}

// Forget erases what a connection knows of a person, and keeps the person from coming back.
func ExampleSyncer_Forget() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("Ann", "Acme")), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "a-b"}, a, b)
	known, err := s.Export(ctx, contactsync.A, "a1")
	check(err)
	for _, rec := range known.Records {
		fmt.Println(rec.Side, rec.ID, rec.Fields["company"])
	}

	check(s.Forget(ctx, contactsync.A, "a1"))
	_, err = s.Export(ctx, contactsync.A, "a1")
	fmt.Println(errors.Is(err, contactsync.ErrNotKnown))
	check(a.Edit("a1", contact.Fields{"company": contact.Text("Globex")}))
	syncAgain(s)
	printPeople(b)
	r, err := s.Record(ctx, contactsync.A, "a1")
	check(err)
	fmt.Println(r.Status, r.Reason)

	check(s.Unforget(ctx, contactsync.A, "a1"))
	syncAgain(s)
	printPeople(b)
	// Output:
	// a a1 Acme
	// b b-1 Acme
	// true
	// b-1 | Ann | Acme
	// excluded forgotten
	// b-1 | Ann | Globex
}

// Unforget lets a person sync again: the two apps still have the records, and they meet for the first time.
func ExampleSyncer_Unforget() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("Ann", "Acme")), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "a-b"}, a, b)
	check(s.Forget(ctx, contactsync.A, "a1"))
	fmt.Println(syncAgain(s).Status.Reasons)

	check(s.Unforget(ctx, contactsync.B, "b-1")) // either record will do
	fmt.Println(syncAgain(s).Status.Counts)
	// Output:
	// map[excluded forgotten:2]
	// map[in_sync:1]
}

// Every sync removes some of the history that is older than it is to be; Prune removes the rest at once.
func ExampleSyncer_Prune() {
	ctx := context.Background()
	a, b, store := exampleApp("a", examplePerson("Ann", "Acme")), exampleApp("b"), memstore.New()
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "a-b"}, a, b, store)
	check(err)
	syncAgain(s)
	check(a.Edit("a1", contact.Fields{"company": contact.Text("Globex")}))
	syncAgain(s) // the last sync that wrote: its history is kept

	s, err = contactsync.Open(ctx, contactsync.Connection{ID: "a-b"}, nil, nil, store, contactsync.WithHistory(time.Nanosecond))
	check(err)
	n, err := s.Prune(ctx)
	check(err)
	fmt.Println(n, "entries")
	// Output:
	// 2 entries
}

// Delete erases what is known of a connection. Both apps stay as they are.
func ExampleSyncer_Delete() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("Ann", "Acme")), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "a-b"}, a, b)
	check(s.Delete(ctx))
	_, err := s.Sync(ctx)
	fmt.Println(err)
	printPeople(b)
	// Output:
	// the connection was deleted
	// b-1 | Ann | Acme
}
