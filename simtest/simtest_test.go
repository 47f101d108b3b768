package simtest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/simtest"
)

// app returns the accounts of a small app, with the fault that broken names.
func app(broken string) simtest.App {
	return simtest.App{New: func(clock connector.Clock) (simtest.Account, error) {
		c := newCRM(broken, clock)
		return simtest.Account{Connect: c.Connect, Records: c.All, Create: c.Add, Edit: c.Change, Remove: c.Drop}, nil
	}}
}

// fakeApp returns the accounts of a fake.
func fakeApp(options ...fake.Option) simtest.App {
	return simtest.App{New: func(clock connector.Clock) (simtest.Account, error) {
		a := fake.New("crm", crmFields, append(options, fake.WithClock(clock))...)
		return simtest.Account{
			Connect: func() (connector.Connector, error) { return a, nil },
			Records: func() ([]contact.Record, error) { return a.Records(), nil },
			Create:  func(fields contact.Fields) error { return a.Put(contact.Record{Fields: fields}) },
			Edit:    a.Edit,
			Remove:  func(id string) error { return a.Remove(id) },
		}, nil
	}}
}

// shop is an app whose fields are others.
var shop = []contact.Field{
	{Name: "mail", Type: contact.TypeEmail, Meaning: "email"},
	{Name: "name", Type: contact.TypeText, Meaning: "name"},
	{Name: "status", Type: contact.TypeText},
	{Name: "tags", Type: contact.TypeSet, Meaning: "tags"},
	{Name: "birthday", Type: contact.TypeDate},
}

// transformed is a connection of which some fields are mapped through transforms.
var transformed = contactsync.Connection{ID: "people", Conflict: contactsync.Policy{Kind: contactsync.PolicyNewest}, Mappings: []contactsync.Mapping{
	contactsync.MapFields("email", "mail"), contactsync.MapFields("labels", "tags"), contactsync.MapFields("born", "birthday"),
	{A: []string{"first", "last"}, B: []string{"name"}, Transform: []contactsync.Transform{contactsync.SplitName{}}},
	{A: []string{"stage"}, B: []string{"status"}, Transform: []contactsync.Transform{contactsync.ValueTable{Pairs: [][2]string{{"lead", "Lead"}, {"customer", "Klant"}}}}},
}}

// ruled is a connection whose rules look at fields and put labels on people.
var ruled = contactsync.Connection{ID: "people", Conflict: contactsync.Policy{Kind: contactsync.PolicyAsk}, Scope: contactsync.ScopePair,
	Rules: []contactsync.Rule{
		contactsync.FilterRule{ID: "customers", From: contactsync.A, Filter: contactsync.Is("stage", contact.Text("customer")),
			Actions: []contactsync.Action{contactsync.Add("labels", "t2")}, Undo: contactsync.UndoOwn},
		contactsync.FilterRule{ID: "others", From: contactsync.B, Filter: contactsync.HasNot("labels", "t1")},
	},
	DisableMappings: []contactsync.MappingRef{{A: "labels", B: "labels"}},
	Deletions:       contactsync.Deletions{FromB: contactsync.DeletionMark, Mark: contactsync.MarkActions{A: []contactsync.Action{contactsync.Add("labels", "gone")}}},
}

// deleting is a connection that does all that one can.
var deleting = contactsync.Connection{ID: "people", Deletions: contactsync.Deletions{FromA: contactsync.DeletionDelete, FromB: contactsync.DeletionDelete}}

// TestRun: a connector that keeps its promises passes, on either side; and so does a configuration alone.
func TestRun(t *testing.T) {
	for name, s := range map[string]simtest.Simulation{
		"a":                {Connection: deleting, A: app(""), Seeds: 120},
		"b":                {Connection: deleting, B: app(""), Seeds: 60},
		"a list":           {Connection: deleting, A: fakeApp(fake.WithoutFeed()), Seeds: 60},
		"rules":            {Connection: ruled, A: app(""), B: app(""), Seeds: 60},
		"transforms":       {Connection: transformed, A: app(""), B: simtest.App{Fields: shop}, Seeds: 60},
		"no app of a host": {Connection: transformed, A: simtest.App{Fields: crmFields}, B: simtest.App{Fields: shop}, Seeds: 30},
	} {
		t.Run(name, func(t *testing.T) { simtest.Run(t, s) })
	}
	t.Run("one seed", func(t *testing.T) {
		t.Setenv("CONTACTSYNC_SEED", "9")
		simtest.Run(t, simtest.Simulation{Connection: deleting, A: app("")})
	})
}

// TestFaults: what can go wrong with a connector of a host does. A few are rare.
func TestFaults(t *testing.T) {
	fired := simtest.Fired(t, simtest.Simulation{Connection: deleting, A: app(""), B: app("")}, 150)
	var never []string
	for _, name := range []string{"F1 unavailable", "F1 error_before", "F3 truncated", "F4 endless", "F5 no_cursor", "F6 expired", "F7 page_again", "F7 stale",
		"F16 garbage", "F18 hang_after", "F20 double", "F21 lost", "F22 error_after", "F26 meanwhile", "F27 refused", "F28 rate_limited", "F29 quota",
		"F31 forbidden", "F32 partial", "F33 short", "F38 panic_before", "F38 panic_after", "F46 error_before", "F47 error_after", "F49 error_before", "F53 restore",
		"F55 lose", "F61 crash_before", "F61 crash_after", "F62 meanwhile", "F70 suspend", "F72 skew", "F105 rollback"} {
		if fired[name] == 0 {
			never = append(never, name)
		}
	}
	if len(never) > 8 {
		t.Errorf("in 150 histories these never happened: %q; these did: %v", never, fired)
	}
}

// TestPlanted: a connector with a fault is caught, by what is wrong with it.
func TestPlanted(t *testing.T) {
	for broken, want := range map[string]string{
		"loses a field":     "changed last of crm",
		"writes nothing":    "is written, and",
		"forgets deletions": "is gone from a, and its connector never told of that",
	} {
		t.Run(broken, func(t *testing.T) {
			found := simtest.Find(t, simtest.Simulation{Connection: deleting, A: app(broken)})
			if !strings.Contains(found, want) {
				t.Errorf("got %q, want a failure that says %q", found, want)
			}
			t.Log(found)
		})
	}
}

// TestRefuses: what cannot be simulated or judged is refused, and what to do is said.
func TestRefuses(t *testing.T) {
	keyed := func(k contactsync.MatchKey) contactsync.Connection {
		return contactsync.Connection{ID: "people", Match: contactsync.Match{Keys: []contactsync.MatchKey{k}}}
	}
	for want, s := range map[string]simtest.Simulation{
		"an app of yours":                    {Connection: deleting},
		"cannot be judged":                   {Connection: keyed(contactsync.MatchKey{Kind: contactsync.KeyNameCompany}), A: app("")},
		"mapped with each other as they are": {Connection: keyed(contactsync.MatchKey{A: "born", B: "born"}), A: app("")},
		"Connect, Records, Create":           {Connection: deleting, B: simtest.App{New: func(connector.Clock) (simtest.Account, error) { return simtest.Account{}, nil }}},
		"there is no server":                 {Connection: deleting, B: simtest.App{New: func(connector.Clock) (simtest.Account, error) { return simtest.Account{}, errServer }}},
		"has nothing to be simulated":        {Connection: contactsync.Connection{ID: "people", Shadow: true}, A: app("")},
		`a has no field "nickname"`:          {Connection: contactsync.Connection{ID: "people", Mappings: []contactsync.Mapping{contactsync.MapFields("nickname", "first")}}, A: app("")},
	} {
		if err := simtest.Check(t, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one that says %q", err, want)
		}
	}
}

var errServer = errors.New("there is no server")
