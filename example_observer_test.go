package contactsync_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// counters count the writes of all connections by app and outcome, as a page of metrics shows them.
type counters struct {
	mu    sync.Mutex
	count map[string]int
}

func (c *counters) observe(e contactsync.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count[fmt.Sprintf("contactsync_writes{connection=%q,side=%q,op=%q,outcome=%q}", e.Scope.Connection, e.Side, e.Op, e.Outcome)]++
}

func (c *counters) print() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(c.count)) {
		fmt.Println(name, c.count[name])
	}
}

// WithObserver is told of every write, for metrics and logs. It holds no contact data.
func ExampleWithObserver() {
	ctx := context.Background()
	metrics := &counters{count: map[string]int{}}
	a, b := exampleApp("a", examplePerson("Ann", "Acme"), examplePerson("Bob", "")), exampleApp("b", examplePerson("Ann", ""))
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "a-b"}, a, b, memstore.New(), contactsync.WithObserver(metrics.observe))
	check(err)
	syncAgain(s)
	check(a.Edit("a2", contact.Fields{"company": contact.Text("Baker & Co")}))
	syncAgain(s)
	metrics.print()
	// Output:
	// contactsync_writes{connection="a-b",side="b",op="create",outcome="written"} 1
	// contactsync_writes{connection="a-b",side="b",op="update",outcome="written"} 2
}

// Connections to one account share its limiter, so that they do not exceed together what the app allows.
func ExampleWithLimiters() {
	ctx, store := context.Background(), memstore.New()
	crm := exampleApp("crm")
	account := &connector.Limiter{Parallel: 2, PerSecond: 1000} // of the CRM, in all its connections
	for _, name := range []string{"ann", "bob"} {
		phone := exampleApp(name, examplePerson(name, ""))
		s, err := contactsync.Open(ctx, contactsync.Connection{Owner: name, ID: "phone-crm"}, phone, crm, store, contactsync.WithLimiters(nil, account))
		check(err)
		syncAgain(s)
	}
	printPeople(crm)
	// Output:
	// crm-1 | ann
	// crm-2 | bob
}

// A simulation brings the time and all that is drawn at random, and has few records make several batches: it runs the same
// way every time.
func ExampleWithRandom() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("Ann", "Acme"), examplePerson("Bob", "")), exampleApp("b")
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "a-b"}, a, b, memstore.New(), contactsync.WithClock(newStepClock()),
		contactsync.WithConcurrency(1), contactsync.WithBatch(1), contactsync.WithRandom(rand.NewChaCha8([32]byte{7})))
	check(err)
	syncAgain(s)
	fmt.Println(len(b.Records()), "records")
	// Output: 2 records
}
