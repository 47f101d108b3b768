package contactsync_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// Effects says what another configuration would do, and Configure stores it: its effects happen with the next sync.
func ExampleSyncer_Configure() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("Ann", "Acme")), exampleApp("b")
	c := contactsync.Connection{ID: "a-b"}
	s := exampleSync(c, a, b)

	c.Rules = []contactsync.Rule{contactsync.FilterRule{From: contactsync.A, Actions: []contactsync.Action{contactsync.Add("tags", "Phone")}}}
	effects, err := s.Effects(ctx, c)
	check(err)
	for _, e := range effects.Effects {
		fmt.Println(e.Text([2]string{"a", "b"}))
	}
	check(s.Configure(ctx, c, effects.Version))
	syncAgain(s)
	printPeople(b)

	fmt.Println(errors.Is(s.Configure(ctx, c, effects.Version), contactsync.ErrReconfigured)) // that was seen before
	c.Direction = "both"
	fmt.Println(s.Configure(ctx, c, s.Version()))
	// Output:
	// 1 contact of b is let through to a no more; nothing happens to them
	// 1 contact of b would get what a rule's action does
	// b-1 | Ann | Acme | Phone
	// true
	// connection "a-b" is not valid:
	//   direction: the direction is two-way, a-to-b or b-to-a
}

// Effects shows what a change of the configuration would do before anything of it holds: here, who would be left out by a
// filter. Nothing is stored by it.
func ExampleSyncer_Effects() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("Ann", "Acme"), examplePerson("Bob", "Globex")), exampleApp("b")
	c := contactsync.Connection{ID: "a-b", Direction: contactsync.AToB}
	s := exampleSync(c, a, b)

	c.Rules = []contactsync.Rule{contactsync.FilterRule{From: contactsync.A, Filter: contactsync.Is("company", contact.Text("Acme"))}}
	effects, err := s.Effects(ctx, c)
	check(err)
	for _, e := range effects.Effects {
		fmt.Println(e.Text(c.Names()))
		for _, one := range e.Samples {
			fmt.Println(" ", one.ID, one.Name)
		}
	}
	// Output:
	// 1 contact of a is let through to b no more; nothing happens to them
	//   a2 Bob
	// 1 contact of a would stand aside: no rule lets it through
	//   a2 Bob
}

// A handle knows the connection as it works with it: with the mappings that were found from what the fields mean.
func ExampleSyncer_Connection() {
	s, err := contactsync.Open(context.Background(), contactsync.Connection{ID: "a-b"}, exampleApp("a"), exampleApp("b"), memstore.New())
	check(err)
	for _, m := range s.Connection().Mappings {
		fmt.Println(m.A, m.B)
	}
	// Output:
	// [first] [first]
	// [email] [email]
	// [company] [company]
}

// The version is what a page keeps between showing a configuration and storing another: whoever saw an older one is told.
func ExampleSyncer_Version() {
	ctx := context.Background()
	c := contactsync.Connection{ID: "a-b"}
	s := exampleSync(c, exampleApp("a"), exampleApp("b"))
	seen := s.Version()

	c.Direction = contactsync.AToB
	check(s.Configure(ctx, c, seen)) // by one person
	c.Direction = contactsync.BToA
	err := s.Configure(ctx, c, seen) // by another one, who saw the same page
	fmt.Println(errors.Is(err, contactsync.ErrReconfigured), "the configuration that holds has version", s.Version(), "not", seen)
	// Output:
	// true the configuration that holds has version 2 not 1
}

// WithNames says how the two apps are called in what people read.
func ExampleWithNames() {
	ctx := context.Background()
	c := contactsync.Connection{ID: "a-b", Direction: contactsync.AToB}
	s, err := contactsync.Open(ctx, c, exampleApp("a"), exampleApp("b"), memstore.New(), contactsync.WithNames("Ann's phone", "our CRM"))
	check(err)
	review, err := s.Review(ctx)
	check(err)
	fmt.Println(review.Rules[0])
	// Output:
	// Contacts of Ann's phone are added to and update our CRM.
}

// A draft is opened before it is complete: its review says what is missing, and nothing syncs until then.
func ExampleDraft() {
	ctx := context.Background()
	store := memstore.New()
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "a-b"}, exampleApp("a"), nil, store, contactsync.Draft())
	check(err)
	review, err := s.Review(ctx)
	check(err)
	fmt.Println(review.State, review.Faults)
	// Output:
	// draft [b: no app is chosen for this side yet; choose one]
}

// Review shows a person, before the start, what must be mended, what to know, and what would happen.
func ExampleSyncer_Review() {
	ctx := context.Background()
	a, b := exampleApp("a", examplePerson("Ann", "Acme"), examplePerson("Bob", "")), exampleApp("b", examplePerson("Ann", ""))
	c := contactsync.Connection{ID: "a-b", Rules: []contactsync.Rule{contactsync.FilterRule{From: contactsync.A}}}
	s, err := contactsync.Open(ctx, c, a, b, memstore.New())
	check(err)
	review, err := s.Review(ctx)
	check(err)
	for _, w := range review.Warnings {
		fmt.Println("know:", w.Message+"; "+w.Advice)
	}
	for _, e := range review.Forecast.Effects {
		fmt.Println(e.Text(c.Names()))
	}
	// Output:
	// know: no rule lets anything through from b; add a rule from b, or make the connection one-way
	// 1 contact of a is found in b
	// 1 contact of b is found in a
	// 1 contact would be created in b
	// 1 contact of b would get a value where a field is empty
}

// Options says what a wizard can offer: here, whether a rule can be turned round.
func ExampleSyncer_Options() {
	ctx := context.Background()
	c := contactsync.Connection{ID: "a-b", Rules: []contactsync.Rule{contactsync.FilterRule{From: contactsync.A}}}
	s, err := contactsync.Open(ctx, c, exampleApp("a"), exampleApp("b"), memstore.New())
	check(err)
	choices, err := s.Options(ctx)
	check(err)
	fmt.Println(choices.Rules[0].OtherWayAround.Can, choices.Rules[0].OtherWayAround.Why)
	for _, op := range choices.Fields[contactsync.A][0].Operators[:3] {
		fmt.Println(choices.Fields[contactsync.A][0].Name, op.Words, "...")
	}
	// Output:
	// false the rule has no action, so there is nothing on the other side to look at; add an action
	// first is ...
	// first is not ...
	// first is one of ...
}

// SettingsBetween says what a connection can be set to and what its apps lock, as soon as one of them is chosen.
func ExampleSettingsBetween() {
	geeks := contact.Schema{Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail}}, Modified: true}.Limited(
		contact.Limit{Cannot: contact.AbilityDelete, Why: "Real Geeks has no call that deletes a lead"})
	for _, setting := range contactsync.SettingsBetween([2]string{"a", "Real Geeks"}, nil, &geeks) {
		for _, v := range setting.Values {
			if !v.Can {
				fmt.Printf("%s is not %s: %s\n", setting.Key, v.Value, v.Why)
			}
		}
	}
	// Output: deletions.from_a is not delete: Real Geeks has no call that deletes a lead
}

// A process that did not configure a connection loads what holds and opens that.
func ExampleLoad() {
	ctx := context.Background()
	store := memstore.New()
	a, b := exampleApp("a"), exampleApp("b")
	page, err := contactsync.Open(ctx, contactsync.Connection{ID: "a-b"}, a, b, store)
	check(err)
	check(page.Configure(ctx, contactsync.Connection{ID: "a-b", Direction: contactsync.AToB}, page.Version()))

	c, version, err := contactsync.Load(ctx, store, "", "a-b")
	check(err)
	worker, err := contactsync.Open(ctx, c, a, b, store, contactsync.WithVersion(version))
	check(err)
	syncAgain(worker)
	fmt.Println(c.Direction, version, worker.Version())
	// Output:
	// a-to-b 1 1
}
