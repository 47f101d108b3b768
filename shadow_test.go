package contactsync_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// Another tool keeps two apps in sync. In shadow mode the connection watches: it writes to neither, says what it would
// have written, and what became of that.
func TestShadowWritesNothingAndCompares(t *testing.T) {
	ctx := t.Context()
	a := exampleApp("a", examplePerson("Ann", "Acme"), examplePerson("Bob", "Initech"), examplePerson("Cy", "Hooli"))
	b := exampleApp("b", examplePerson("Bob", ""), examplePerson("Cy", "Globex"))
	doc := contactsync.Connection{ID: "watch", Shadow: true}
	store := memstore.New()
	s, err := contactsync.Open(ctx, doc, a, b, store)
	require.NoError(t, err)
	before := [2][]contact.Record{a.Records(), b.Records()}

	report := syncAgain(s)
	require.Equal(t, [2]contactsync.Counts{}, report.Counts)
	require.Equal(t, [2]contactsync.Counts{{}, {Created: 1, Updated: 2}}, report.Foreseen)
	require.Empty(t, cmp.Diff(before, [2][]contact.Record{a.Records(), b.Records()}), "shadow mode writes to no app")
	st, err := s.Record(ctx, contactsync.A, "a1")
	require.NoError(t, err)
	require.Equal(t, contactsync.ReasonShadow, st.Reason)
	_, err = s.Compare(ctx, "", 0)
	require.ErrorContains(t, err, "1 of 2 syncs in shadow mode")

	// The other tool creates Ann, fills Bob's company, and takes the other side's word for Cy's.
	require.NoError(t, b.Put(contact.Record{Fields: examplePerson("Ann", "Acme")}))
	require.NoError(t, b.Edit("b1", contact.Fields{"company": contact.Text("initech ")}))
	require.NoError(t, a.Edit("a3", contact.Fields{"company": contact.Text("Globex")}))
	report = syncAgain(s)
	require.Zero(t, report.Foreseen[contactsync.A].Sum())
	c, err := s.Compare(ctx, "", 0)
	require.NoError(t, err)
	require.Equal(t, map[contactsync.ComparedOutcome]int{contactsync.ComparedSame: 1, contactsync.ComparedOtherwise: 1, contactsync.ComparedMissing: 1}, c.Counts)
	var got []string
	for _, w := range c.Writes {
		got = append(got, fmt.Sprint(w.Outcome, " ", w.Op, " ", w.Side, " ", w.IDs, " ", w.Fields))
	}
	want := []string{
		"otherwise update b [a2 b1] [{company Initech initech }]",
		"missing update b [a3 b2] [{company Hooli Globex}]",
		"same create b [a1 b-1] []",
	}
	require.Empty(t, cmp.Diff(want, got))

	// A page at a time.
	page, err := s.Compare(ctx, "", 2)
	require.NoError(t, err)
	rest, err := s.Compare(ctx, page.Next, 2)
	require.NoError(t, err)
	require.Equal(t, c.Writes, append(page.Writes, rest.Writes...))
	require.Empty(t, rest.Next)

	// Moving over: from now on it writes itself, and only what is still to be done.
	doc.Shadow = false
	s, err = contactsync.Open(ctx, doc, a, b, store)
	require.NoError(t, err)
	require.NoError(t, b.Edit("b2", contact.Fields{"first": contact.Text("Cyrus")}))
	report = syncAgain(s)
	require.Equal(t, [2]contactsync.Counts{{Updated: 1}, {Updated: 1}}, report.Counts, "Cyrus, and Bob's company")
	require.Zero(t, syncAgain(s).Counts)
}

// Moving over from another tool: watch first, and compare.
func ExampleSyncer_Compare() {
	ctx := context.Background()
	a := exampleApp("a", examplePerson("Ann", "Acme"))
	b := exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "watch", Shadow: true}, a, b)

	// The other tool runs, and copies Ann without her company.
	check(b.Put(contact.Record{Fields: examplePerson("Ann", "")}))
	syncAgain(s)
	c, err := s.Compare(ctx, "", 0)
	check(err)
	for _, w := range c.Writes {
		fmt.Println(w.Op, w.Outcome)
		for _, f := range w.Fields {
			fmt.Printf("  %s: foreseen %s, now %s\n", f.Field, f.Foreseen, f.Now)
		}
	}
	// Output:
	// create otherwise
	//   company: foreseen Acme, now (empty)
}
