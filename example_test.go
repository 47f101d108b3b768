package contactsync_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// exampleApp returns an app in memory with these people; its ids are a1, a2, ... for the app a. The fake stands for
// whatever connectors a program has.
func exampleApp(name string, people ...contact.Fields) *fake.App {
	app := fake.New(name, []contact.Field{
		{Name: "first", Type: contact.TypeText, Meaning: "first"},
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "company", Type: contact.TypeText, Meaning: "company"},
		{Name: "tags", Type: contact.TypeSet},
	})
	for i, fields := range people {
		check(app.Put(contact.Record{ID: fmt.Sprint(name, i+1), Fields: fields}))
	}
	return app
}

// examplePerson returns a person of a company, "" for none.
func examplePerson(first, company string) contact.Fields {
	return contact.Fields{
		"first":   contact.Text(first),
		"email":   contact.Text(first + "@example.com"),
		"company": contact.Text(company),
	}
}

// exampleSync opens a connection and syncs once.
func exampleSync(c contactsync.Connection, a, b *fake.App) *contactsync.Syncer {
	s, err := contactsync.Open(context.Background(), c, a, b, memstore.New())
	check(err)
	syncAgain(s)
	return s
}

func syncAgain(s *contactsync.Syncer) *contactsync.Report {
	report, err := s.Sync(context.Background())
	check(err)
	return report
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// printPeople prints what an app holds, a person a line.
func printPeople(app *fake.App) {
	for _, rec := range app.Records() {
		known := []string{rec.ID, rec.Get("first").Str(), rec.Get("company").Str(), strings.Join(rec.Get("tags").Elements(), ", ")}
		fmt.Println(strings.Join(slices.DeleteFunc(known, func(text string) bool { return text == "" }), " | "))
	}
}

// Two apps are kept in sync: people of a become people of b with a tag, but who is labelled No_CRM; all of b go to a.
func Example() {
	ctx := context.Background()
	phone := fake.New("phone", []contact.Field{
		{Name: "name", Type: contact.TypeText, Meaning: "name"},
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "labels", Type: contact.TypeSet},
	})
	crm := fake.New("crm", []contact.Field{
		{Name: "first", Type: contact.TypeText, Meaning: "first"},
		{Name: "last", Type: contact.TypeText, Meaning: "last"},
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "tags", Type: contact.TypeSet},
	})
	check(phone.Put(contact.Record{ID: "ann", Fields: contact.Fields{
		"name": contact.Text("Ann Archer"), "email": contact.Text("ann@example.com")}}))
	check(crm.Put(contact.Record{ID: "1", Fields: contact.Fields{
		"first": contact.Text("Bob"), "last": contact.Text("Baker"), "email": contact.Text("bob@example.com")}}))

	s, err := contactsync.Open(ctx, contactsync.Connection{
		ID: "phone-crm",
		Rules: []contactsync.Rule{
			contactsync.FilterRule{From: contactsync.A, Filter: contactsync.HasNot("labels", "No_CRM"),
				Actions: []contactsync.Action{contactsync.Add("tags", "Phone")}, Undo: contactsync.UndoOwn},
			contactsync.FilterRule{From: contactsync.B},
		},
	}, phone, crm, memstore.New())
	if err != nil {
		log.Fatal(err)
	}
	report, err := s.Sync(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("created in phone:", report.Counts[contactsync.A].Created)
	fmt.Println("created in crm:", report.Counts[contactsync.B].Created)
	for _, rec := range crm.Records() {
		fmt.Println(rec.ID, rec.Get("first"), rec.Get("last"), rec.Get("tags").Elements())
	}
	// Output:
	// created in phone: 1
	// created in crm: 1
	// 1 Bob Baker [Phone]
	// crm-1 Ann Archer [Phone]
}

// Open names every fault of a configuration at once, each with its place.
func ExampleOpen_faults() {
	c := contactsync.Connection{
		ID: "a-b",
		Rules: []contactsync.Rule{
			contactsync.FilterRule{From: contactsync.A, Filter: contactsync.Has("labels", "vip")},
			contactsync.FilterRule{From: contactsync.B, Actions: []contactsync.Action{contactsync.Add("company", "Acme")}},
		},
		TimeZone: "Brussels",
	}
	_, err := contactsync.Open(context.Background(), c, exampleApp("a"), exampleApp("b"), memstore.New())
	if invalid, ok := errors.AsType[*contactsync.InvalidError](err); ok {
		for _, fault := range invalid.Faults {
			fmt.Println(fault)
		}
	}
	// Output:
	// time_zone: "Brussels" is not a known time zone; use an IANA name such as Europe/Brussels
	// rules[0].filter.field: there is no field "labels"; there are first, email, company, tags
	// rules[1].actions[0]: action "add" works on a set or list; company is text; use set
}

// A status page needs no connectors: what it shows is in the store.
func ExampleOpen_readOnly() {
	ctx, store := context.Background(), memstore.New()
	c := contactsync.Connection{ID: "a-b"}
	s, err := contactsync.Open(ctx, c, exampleApp("a", examplePerson("Ann", "")), exampleApp("b"), store)
	check(err)
	syncAgain(s)

	page, err := contactsync.Open(ctx, c, nil, nil, store)
	check(err)
	status, err := page.Status(ctx)
	check(err)
	fmt.Println(status.State, status.Counts[contactsync.StatusInSync])
	_, err = page.Sync(ctx)
	fmt.Println(err)
	// Output:
	// active 1
	// this handle has no connectors: it can only read
}

// A preview says what a sync would do, and why, and writes nothing.
func ExampleSyncer_Preview() {
	a := exampleApp("a", examplePerson("Ann", ""), examplePerson("Bob", "Globex"))
	b := exampleApp("b", examplePerson("Ann", "Acme"))
	s, err := contactsync.Open(context.Background(), contactsync.Connection{ID: "a-b"}, a, b, memstore.New())
	check(err)
	plan, err := s.Preview(context.Background())
	check(err)
	for _, w := range plan.Writes {
		fmt.Printf("%s in %s (%s)\n", w.Op, w.Side, w.ID) // of a creation the id of the record that it is made from
		for _, field := range slices.Sorted(maps.Keys(w.After)) {
			why, own := w.Why[field]
			if !own {
				why = w.Why[""] // the reason of the whole write
			}
			fmt.Printf("  %s = %s: %s\n", field, w.After[field], why.Because)
		}
	}
	fmt.Println("written:", a.Writes().Sum()+b.Writes().Sum())
	// Output:
	// update in a (a1)
	//   company = Acme: filled from b
	// create in b (a2)
	//   company = Globex: created from a
	//   email = Bob@example.com: created from a
	//   first = Bob: created from a
	// written: 0
}

// The report says what one sync did: the second one has nothing to do.
func ExampleSyncer_Sync() {
	a, b := exampleApp("a", examplePerson("Ann", "Acme")), exampleApp("b", examplePerson("Bob", ""))
	s := exampleSync(contactsync.Connection{ID: "a-b"}, a, b)
	check(a.Edit("a1", contact.Fields{"company": contact.Text("Globex")}))
	for range 2 {
		report := syncAgain(s)
		fmt.Println("updated in b:", report.Counts[contactsync.B].Updated)
	}
	printPeople(b)
	// Output:
	// updated in b: 1
	// updated in b: 0
	// b-1 | Ann | Globex
	// b1 | Bob
}

// Status counts the records by how they stand.
func ExampleSyncer_Status() {
	a := exampleApp("a", examplePerson("Ann", "Acme"), examplePerson("Bob", ""), contact.Fields{"company": contact.Text("Acme")})
	s := exampleSync(contactsync.Connection{
		ID:    "a-b",
		Rules: []contactsync.Rule{contactsync.FilterRule{From: contactsync.A, Filter: contactsync.Is("company", contact.Text("Acme"))}},
	}, a, exampleApp("b"))
	status, err := s.Status(context.Background())
	check(err)
	fmt.Println(status.State, status.Counts, status.Reasons)
	fmt.Println("created in b since activation:", status.Totals[contactsync.B].Created)
	// Output:
	// active map[excluded:2 in_sync:1] map[excluded filter:1 excluded no_key:1]
	// created in b since activation: 1
}

// Records lists who stands how, and why, a page at a time.
func ExampleSyncer_Records() {
	a := exampleApp("a", examplePerson("Ann", "Acme"), examplePerson("Bob", ""), contact.Fields{"company": contact.Text("Acme")})
	s := exampleSync(contactsync.Connection{
		ID:    "a-b",
		Rules: []contactsync.Rule{contactsync.FilterRule{From: contactsync.A, Filter: contactsync.Is("company", contact.Text("Acme"))}},
	}, a, exampleApp("b"))
	query := contactsync.RecordQuery{Status: contactsync.StatusExcluded, Limit: 1}
	for {
		page, next, err := s.Records(context.Background(), query)
		check(err)
		for _, r := range page {
			fmt.Printf("%s: %s, %s: %s\n", r.IDs[contactsync.A], r.Status, r.Reason, r.Message)
		}
		if next == "" {
			break
		}
		query.After = next
	}
	// Output:
	// a2: excluded, filter: no rule lets it through
	// a3: excluded, no_key: it has no key by which it could be found again; give it one, such as an email
}

// Record says how one record stands.
func ExampleSyncer_Record() {
	s := exampleSync(contactsync.Connection{ID: "a-b"}, exampleApp("a", examplePerson("Ann", "")), exampleApp("b"))
	r, err := s.Record(context.Background(), contactsync.A, "a1")
	check(err)
	fmt.Println(r.Status, r.IDs)
	_, err = s.Record(context.Background(), contactsync.A, "a2")
	fmt.Println(errors.Is(err, contactsync.ErrNotKnown))
	// Output:
	// in_sync [a1 b-1]
	// true
}

// More deletions than the guard allows are held, and the rest of the sync runs. Confirm consents to them.
func ExampleSyncer_Confirm() {
	ctx := context.Background()
	a := exampleApp("a", examplePerson("Ann", ""), examplePerson("Bob", ""), examplePerson("Cleo", ""))
	b := exampleApp("b")
	s := exampleSync(contactsync.Connection{
		ID:        "a-b",
		Deletions: contactsync.Deletions{FromA: contactsync.DeletionDelete},
		Guard:     contactsync.Guard{MaxDeletions: contactsync.AtMost(1)},
	}, a, b)

	check(a.Remove("a1", "a2"))
	seen := syncAgain(s).Waiting
	for _, w := range seen {
		fmt.Println(w.Text())
	}
	fmt.Println("people in b:", len(b.Records()))
	check(s.Confirm(ctx, seen...))
	fmt.Println("waiting:", len(syncAgain(s).Waiting))
	fmt.Println("people in b:", len(b.Records()))
	// Output:
	// 2 deletions wait for your consent
	// people in b: 3
	// waiting: 0
	// people in b: 1
}

// With the policy ask, a field that both users changed is held until a person decides. Other
// fields sync meanwhile.
func ExampleSyncer_Resolve() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("Ann", "Acme")), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "a-b", Conflict: contactsync.Policy{Kind: contactsync.PolicyAsk}}, a, b)

	check(a.Edit("a1", contact.Fields{"company": contact.Text("Globex")}))
	check(b.Edit("b-1", contact.Fields{"company": contact.Text("Initech"), "first": contact.Text("Anna")}))
	syncAgain(s)
	r, err := s.Record(ctx, contactsync.A, "a1")
	check(err)
	fmt.Println(r.Status+":", r.Message)
	printPeople(a)

	check(s.Resolve(ctx, contactsync.Resolution{Side: contactsync.A, ID: "a1", Field: "company", Take: "b"}))
	syncAgain(s)
	printPeople(a)
	// Output:
	// conflict: both sides were changed; a person decides
	// a1 | Anna | Globex
	// a1 | Anna | Initech
}

// Link makes a pair of two records that have no key in common.
func ExampleSyncer_Link() {
	ctx := context.Background()
	a := exampleApp("a", examplePerson("Ann", "Acme"))
	b := exampleApp("b", contact.Fields{"first": contact.Text("Ann"), "tags": contact.Set("vip")})
	c := contactsync.Connection{ID: "a-b", Rules: []contactsync.Rule{contactsync.FilterRule{From: contactsync.A, Mode: contactsync.UpdateOnly}}}
	s := exampleSync(c, a, b)
	printPeople(b)

	check(s.Link(ctx, "a1", "b1"))
	syncAgain(s)
	printPeople(b)
	// Output:
	// b1 | Ann | vip
	// b1 | Ann | Acme | vip
}

// Separate ends a pair. The two are not linked again, though they have an email address in common.
func ExampleSyncer_Separate() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("Ann", "Acme")), exampleApp("b", examplePerson("Ann", "Acme"))
	s := exampleSync(contactsync.Connection{ID: "a-b"}, a, b)

	check(s.Separate(ctx, "a1", "b1"))
	check(a.Edit("a1", contact.Fields{"company": contact.Text("Globex")}))
	syncAgain(s)
	printPeople(a)
	printPeople(b)
	r, err := s.Record(ctx, contactsync.A, "a1")
	check(err)
	fmt.Println(r.Status, r.Reason)
	// Output:
	// a1 | Ann | Globex
	// b1 | Ann | Acme
	// duplicate duplicate_there
}

// A connection that is paused does not sync.
func ExampleSyncer_Pause() {
	ctx := context.Background()
	s := exampleSync(contactsync.Connection{ID: "a-b"}, exampleApp("a"), exampleApp("b"))
	check(s.Pause(ctx))
	_, err := s.Sync(ctx)
	fmt.Println(errors.Is(err, contactsync.ErrPaused), err)
	check(s.Resume(ctx))
	fmt.Println(syncAgain(s).Status.State)
	// Output:
	// true the connection is paused; resume it to sync
	// active
}

// Resume lets a connection go on that was paused by a person, or by a rollback: what changed meanwhile is synced then.
func ExampleSyncer_Resume() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("Ann", "Acme")), exampleApp("b")
	s := exampleSync(contactsync.Connection{ID: "a-b"}, a, b)
	check(s.Pause(ctx))
	check(a.Edit("a1", contact.Fields{"company": contact.Text("Globex")}))
	check(s.Resume(ctx))
	syncAgain(s)
	printPeople(b)
	// Output:
	// b-1 | Ann | Globex
}

// What a rule does to the record of the other side, in words. A set or list gets or loses an element, any field is set or
// emptied; with Always it is enforced on every decision, and not only when a pair enters the rule.
func ExampleAction() {
	vip := contactsync.Add("tags", "VIP")
	vip.Always = true
	for _, action := range []contactsync.Action{
		vip,
		contactsync.Remove("tags", "Lead"),
		contactsync.Set("stage", contact.Text("won")),
		contactsync.Clear("reminder"),
	} {
		fmt.Println(action)
	}
	// Output:
	// add VIP to tags
	// remove Lead from tags
	// set stage to won
	// clear reminder
}

// Bounds are numbers, or percentages of the linked pairs. Of ten pairs, this guard lets five deletions and one emptied
// field through without asking, and creates at most a hundred in one sync.
func ExampleGuard() {
	guard := contactsync.Guard{
		MaxDeletions: contactsync.Percent(50),
		MaxClears:    contactsync.Percent(10),
		MaxCreates:   contactsync.AtMost(100),
	}
	fmt.Println(guard.MaxDeletions, guard.MaxClears, guard.MaxCreates)
	// Output:
	// 50% 10% 100
}

// A test of what happens in months takes no time with a clock of its own: all waiting of the engine goes by it. With a
// concurrency of one no goroutine is started, and with a freshness of an hour an app without versions is read less often.
func ExampleWithClock() {
	ctx := context.Background()
	clock := &exampleClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	a, b := exampleApp("a", examplePerson("Ann", "")), exampleApp("b")
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "a-b"}, a, b, memstore.New(),
		contactsync.WithClock(clock), contactsync.WithConcurrency(1), contactsync.WithFreshness(time.Hour))
	check(err)
	check(b.Fail(fake.Fault{On: "create", Kind: fake.RateLimited, Times: 1}))
	report := syncAgain(s)
	fmt.Println("created:", report.Counts[contactsync.B].Created, "in", report.Ended.Sub(report.Started))
	// Output:
	// created: 1 in 30s
}

// exampleClock is a clock in which sleeping takes no time.
type exampleClock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time of the clock.
func (c *exampleClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep moves the clock on.
func (c *exampleClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

// A connection has a JSON form, in which a host keeps it.
func ExampleParseConnection() {
	c, err := contactsync.ParseConnection([]byte(`{
		"id": "phone-crm",
		"direction": "a-to-b",
		"rules": [{"from": "a", "filter": {"field": "labels", "op": "has_not", "value": "No_CRM"},
			"actions": [{"add": "Phone", "to": "tags"}], "undo": true}],
		"add_mappings": [{"a": "stage", "b": "status", "transform": {"map": {"new": "open", "won": "customer"}}}]
	}`))
	check(err)
	fmt.Println(c.Direction, c.Rules[0])
	fmt.Println(c.AddMappings[0].Transform[0])

	_, err = contactsync.ParseConnection([]byte(`{"id": "phone-crm", "rule": []}`))
	if invalid, ok := errors.AsType[*contactsync.InvalidError](err); ok {
		fmt.Println("wrong:", invalid.Faults[0].Path)
	}
	// Output:
	// a-to-b Contacts of a are added to and update b, unless labels has No_CRM; then tags of b gets Phone; taken back when it no longer holds.
	// table of 2
	// wrong: rule
}

// A rule says itself as a sentence, as a page would show it.
func ExampleFilterRule_String() {
	rule := contactsync.FilterRule{
		From: contactsync.A,
		Filter: contactsync.Filter{All: []contactsync.Filter{
			contactsync.HasNot("labels", "No_CRM"),
			{Field: "company", Op: contactsync.OpIsKnown},
		}},
		Actions: []contactsync.Action{contactsync.Add("tags", "Phone"), contactsync.Set("source", contact.Text("phone"))},
		Undo:    contactsync.UndoOwn,
	}
	fmt.Println(rule)
	fmt.Println(contactsync.FilterRule{From: contactsync.B})
	// Output:
	// Contacts of a are added to and update b, if labels does not have No_CRM and company is filled; then tags of b gets Phone and source of b becomes phone; taken back when it no longer holds.
	// Contacts of b are added to and update a.
}

// A filter over a field that was not read is neither true nor false: the record stays in or out, as it was.
func ExampleFilterRule_Admits() {
	rule := contactsync.FilterRule{Filter: contactsync.Filter{Field: "created", Op: contactsync.OpWithinLast, Value: contact.Text("30d")}}
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	for _, created := range []contact.Value{contact.Date(2026, 5, 1), contact.Date(2026, 3, 1), contact.Empty, {}} {
		rec := contact.Record{ID: "a1", Fields: contact.Fields{"created": created}}
		verdict := rule.Admits(rec, now)
		fmt.Println(created, verdict.Truth == contactsync.Yes, verdict.Truth == contactsync.Unknown)
	}
	// Output:
	// 2026-05-01 true false
	// 2026-03-01 false false
	// (empty) false false
	// (not read) false true
}

// Mappings say what goes with what. A transform works both ways: what b's user chooses comes back as a's word.
func ExampleMapping() {
	ctx := context.Background()
	a := fake.New("a", []contact.Field{
		{Name: "name", Type: contact.TypeText}, {Name: "email", Type: contact.TypeEmail}, {Name: "stage", Type: contact.TypeText},
	})
	b := fake.New("b", []contact.Field{
		{Name: "first", Type: contact.TypeText}, {Name: "last", Type: contact.TypeText},
		{Name: "email", Type: contact.TypeEmail}, {Name: "status", Type: contact.TypeText}, {Name: "source", Type: contact.TypeText},
	})
	check(a.Put(contact.Record{ID: "a1", Fields: contact.Fields{
		"name": contact.Text("Ann Archer"), "email": contact.Text("ann@example.com"), "stage": contact.Text("won")}}))
	stages := contactsync.ValueTable{Pairs: [][2]string{{"new", "open"}, {"won", "customer"}}}
	s := exampleSync(contactsync.Connection{ID: "a-b", Mappings: []contactsync.Mapping{
		contactsync.MapFields("email", "email"),
		{A: []string{"name"}, B: []string{"first", "last"}, Transform: []contactsync.Transform{contactsync.SplitName{}}},
		{A: []string{"stage"}, B: []string{"status"}, Transform: []contactsync.Transform{stages}},
		{B: []string{"source"}, Direction: contactsync.AToB, Transform: []contactsync.Transform{contactsync.Constant{Value: contact.Text("phone")}}},
	}}, a, b)
	for _, rec := range b.Records() {
		fmt.Println(rec.Get("first"), "/", rec.Get("last"), "/", rec.Get("status"), "/", rec.Get("source"))
	}

	check(b.Edit("b-1", contact.Fields{"status": contact.Text("open"), "first": contact.Text("Anna")}))
	_, err := s.Sync(ctx)
	check(err)
	for _, rec := range a.Records() {
		fmt.Println(rec.Get("name"), "/", rec.Get("stage"))
	}
	// Output:
	// Ann / Archer / customer / phone
	// Anna Archer / new
}

// WithProgress tells how far a sync is.
func ExampleWithProgress() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("Ann", ""), examplePerson("Bob", "")), exampleApp("b")
	last := map[contactsync.Phase]contactsync.Progress{}
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "a-b"}, a, b, memstore.New(),
		contactsync.WithProgress(func(p contactsync.Progress) { last[p.Phase] = p }))
	check(err)
	syncAgain(s)
	fmt.Println(last[contactsync.PhasePush].Done, "of", last[contactsync.PhasePush].Total)
	// Output:
	// 2 of 2
}

// A length of time is written as in Go, or in whole days.
func ExampleParseSpan() {
	for _, text := range []string{"36h", "30d", "a while"} {
		fmt.Println(contactsync.ParseSpan(text))
	}
	// Output:
	// 36h0m0s <nil>
	// 720h0m0s <nil>
	// 0s "a while" is not a length of time; write 36h, 90m or 30d
}

// Two records that no key matches may still be one person: a suggestion says why, and Link or Separate answers it.
func ExampleSyncer_Suggestions() {
	ctx := context.Background()
	fields := []contact.Field{{Name: "name", Type: contact.TypeText, Meaning: "name"}, {Name: "phone", Type: contact.TypePhone, Meaning: "phone"}}
	a, b := fake.New("a", fields), fake.New("b", fields)
	check(a.Put(contact.Record{ID: "a1", Fields: contact.Fields{"name": contact.Text("Ann Jansen"), "phone": contact.Text("+32470123456")}}))
	check(b.Put(contact.Record{ID: "b1", Fields: contact.Fields{"name": contact.Text("Janssen, Ann"), "phone": contact.Text("0470 12 34 56")}}))
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "a-b", Match: contactsync.Match{Region: "BE", SuggestAbove: 0.85}}, a, b, memstore.New())
	check(err)
	syncAgain(s)
	page, _, err := s.Suggestions(ctx, contactsync.SuggestionQuery{})
	check(err)
	for _, one := range page {
		fmt.Println(one.Text())
		check(s.Link(ctx, one.IDs[contactsync.A], one.IDs[contactsync.B]))
	}
	// Output:
	// a1 in a and b1 in b look like one person (0.94: same phone, name 0.99); link them, or separate them for good
}
