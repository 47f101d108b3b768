package contactsync_test

import (
	"context"
	"fmt"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
)

// What was written, newest first: before, after and why.
func ExampleSyncer_History() {
	a, b := exampleApp("a", examplePerson("ann", "Acme")), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "example"}, a, b)
	check(a.Edit("a1", contact.Fields{"company": contact.Text("Initech")}))
	check(b.Edit("b-1", contact.Fields{"company": contact.Text("Globex")}))
	syncAgain(s)

	page, _, err := s.History(context.Background(), contactsync.HistoryQuery{Side: contactsync.B, ID: "b-1"})
	check(err)
	for _, e := range page {
		why := e.Reason("company")
		fmt.Printf("%s %s: company was %s, is %s; %s; lost: %s\n", e.Op, e.ID(), e.Before["company"], e.After["company"], why.Because, why.Lost)
	}
	// Output:
	// update b-1: company was Globex, is Initech; both changed: a wins; lost: Globex
	// create b-1: company was (not read), is Acme; created from a; lost: (not read)
}

// The syncs of a connection, newest first.
func ExampleSyncer_Runs() {
	a, b := exampleApp("a", examplePerson("ann", "Acme")), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "example"}, a, b)
	syncAgain(s)

	page, _, err := s.Runs(context.Background(), 0, 10)
	check(err)
	for _, r := range page {
		fmt.Println(r.Run, "created in b:", r.Counts[contactsync.B].Created)
	}
	// Output:
	// 2 created in b: 0
	// 1 created in b: 1
}

// What a sync wrote is taken back; what users did since stays, and is named.
func ExampleSyncer_Rollback() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("ann", "Acme"), examplePerson("bob", "")), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "example"}, a, b)
	check(b.Edit("b-2", contact.Fields{"company": contact.Text("Initech")}))

	back, err := s.Rollback(ctx, 0)
	check(err)
	fmt.Println("deleted in b:", back.Counts[contactsync.B].Deleted)
	for _, left := range back.Left {
		fmt.Printf("%s %s: %s\n", left.Side, left.ID, left.Reason)
	}
	printPeople(b)
	_, err = s.Sync(ctx)
	fmt.Println(err)
	// Output:
	// deleted in b: 1
	// b b-2: it was changed since, and stays as it is
	// b-2 | bob | Initech
	// the connection is paused; resume it to sync
}

// What a rollback would do can be looked at first.
func ExampleSyncer_PreviewRollback() {
	a, b := exampleApp("a", examplePerson("ann", "Acme")), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "example"}, a, b)

	plan, err := s.PreviewRollback(context.Background(), 0)
	check(err)
	for _, w := range plan.Writes {
		fmt.Println(w.Op, w.ID, "in", w.Side)
	}
	printPeople(b)
	// Output:
	// delete b-1 in b
	// b-1 | ann | Acme
}

// Why a record is left out: which rule, and which part of its filter.
func ExampleSyncer_Explain() {
	a, b := exampleApp("a", contact.Fields{"first": contact.Text("Ann"), "email": contact.Text("ann@example.com"), "tags": contact.Set("No_CRM")}), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "example", Rules: []contactsync.Rule{
		contactsync.FilterRule{ID: "people", From: contactsync.A, Filter: contactsync.HasNot("tags", "No_CRM")},
	}}, a, b)

	ex, err := s.Explain(context.Background(), contactsync.A, "a1")
	check(err)
	fmt.Println(ex.Status.Status)
	for _, r := range ex.Rules {
		fmt.Println("rule", r.Rule, "says", r.Verdict)
		for _, c := range r.Decided {
			fmt.Printf("  %s: %s; it holds %s\n", c.Text, c.Truth, c.Value.Elements())
		}
	}
	// Output:
	// excluded
	// rule people says no
	//   tags does not have No_CRM: no; it holds [No_CRM]
}

// Who put a value where it is.
func ExampleSyncer_ExplainField() {
	a, b := exampleApp("a", examplePerson("ann", "Acme")), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "example"}, a, b)
	check(a.Edit("a1", contact.Fields{"company": contact.Text("Initech")}))
	syncAgain(s)

	for _, side := range contactsync.Sides {
		ex, err := s.ExplainField(context.Background(), side, [2]string{"a1", "b-1"}[side], "company")
		check(err)
		fmt.Printf("%s: %s is %s\n", side, ex.Value, ex.Origin)
		if ex.Wrote != nil {
			fmt.Printf("  by run %d, mapping %s: %s; before: %s\n", ex.Wrote.Run, ex.Why.Mapping, ex.Why.Because, ex.Wrote.Before["company"])
		}
	}
	// Output:
	// a: Initech is user
	// b: Initech is written
	//   by run 2, mapping company:company: a changed; before: Acme
}
