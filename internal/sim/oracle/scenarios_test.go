package oracle_test

import (
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// A scenario is the essence of one of testdata/scenarios, played by hand: what users did, and then ends. The first is
// the right one, the others are wrong.
type scenario struct {
	name  string
	setup func(a []oracle.App, c *oracle.Connection)
	users func(h *history)
	ends  []end
}

// end is what the engine made of it, and which promise that breaks.
type end struct {
	made func(h *history)
	want []string
}

func right(made func(h *history)) end                 { return end{made, nil} }
func wrong(want string, made func(h *history)) end    { return end{made, []string{want}} }
func wrongs(want []string, made func(h *history)) end { return end{made, want} }

func TestScenarios(t *testing.T) {
	for _, s := range scenarios {
		for i, e := range s.ends {
			name := s.name
			if i > 0 {
				name += "/wrong"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				h := begin(t, s.setup)
				s.users(h)
				e.made(h)
				h.rest()
				h.want(e.want...)
			})
		}
	}
}

// quick is a sync of these writes.
func quick(writes ...func(h *history) func()) func(h *history) {
	return func(h *history) {
		var all []func()
		for _, w := range writes {
			all = append(all, w(h))
		}
		h.sync(all...)
	}
}

func put(app int, id string, v f) func(h *history) func() {
	return func(h *history) func() { return h.put(app, id, v) }
}

func made(app int, id string, v f) func(h *history) func() {
	return func(h *history) func() { return h.made(app, id, v) }
}

func pair(a, b string) func(h *history) func() {
	return func(h *history) func() { return h.pair(a, b) }
}

func is(app int, id, status, reason string) func(h *history) func() {
	return func(h *history) func() {
		return func() { h.status[app][id] = oracle.RecordStatus{Status: status, Reason: reason} }
	}
}

var scenarios = []scenario{
	{name: "10/default-two-way-copies-both-ways",
		users: func(h *history) {
			h.create(0, "a1", f{"first": "Ann", "email": "ann@example.com"})
			h.create(1, "b1", f{"first": "Bob", "email": "bob@example.com"})
		},
		ends: []end{
			right(quick(made(0, "a2", f{"first": "Bob", "email": "bob@example.com"}), pair("a2", "b1"),
				made(1, "b2", f{"first": "Ann", "email": "ann@example.com"}), pair("a1", "b2"))),
			wrong("I1", quick(made(0, "a2", f{"first": "Bob", "email": "bob@example.com"}), pair("a2", "b1"))),
			wrong("I1", quick(made(0, "a2", f{"email": "bob@example.com"}), pair("a2", "b1"),
				made(1, "b2", f{"first": "Ann", "email": "ann@example.com"}), pair("a1", "b2"))),
		}},
	{name: "10/matches-on-email-whatever-its-case-and-merges-the-blanks",
		users: func(h *history) {
			h.create(0, "a1", f{"first": "Ann", "email": "Ann@Example.com", "company": "Acme"})
			h.create(1, "b1", f{"first": "Ann", "email": "ann@example.com"})
		},
		ends: []end{
			right(quick(pair("a1", "b1"), put(1, "b1", f{"company": "Acme"}))),
			wrong("I1", quick(pair("a1", "b1"))),
			wrong("I6", quick(made(1, "b2", f{"first": "Ann", "email": "Ann@Example.com", "company": "Acme"}), pair("a1", "b2"))),
			wrong("I18", quick(pair("a1", "b1"), put(0, "a1", f{"company": nil}))),
		}},
	{name: "10/first-match-conflict-takes-the-winning-app", setup: policy("b"),
		users: func(h *history) {
			h.create(0, "a1", f{"first": "Dave", "email": "d@example.com"})
			h.create(1, "b1", f{"first": "David", "email": "d@example.com"})
		},
		ends: []end{
			right(quick(pair("a1", "b1"), put(0, "a1", f{"first": "David"}))),
			wrong("I3", quick(pair("a1", "b1"), put(1, "b1", f{"first": "Dave"}))),
		}},
	{name: "10/one-way-first-match-takes-the-source", setup: direction("a_to_b"),
		users: func(h *history) {
			h.create(0, "a1", f{"first": "Dave", "email": "d@example.com"})
			h.create(1, "b1", f{"first": "David", "company": "Acme", "email": "d@example.com"})
		},
		ends: []end{
			right(quick(pair("a1", "b1"), put(1, "b1", f{"first": "Dave"}))),
			wrong("I1", quick(pair("a1", "b1"))),
			wrong("I18", quick(pair("a1", "b1"), put(1, "b1", f{"first": "Dave", "company": nil}))),
		}},
	{name: "10/a-duplicate-syncs-once-it-is-told-apart",
		users: func(h *history) {
			h.create(0, "a1", f{"first": "Ann", "email": "ann@example.com"})
			h.create(0, "a2", f{"first": "Anna", "email": "ann@example.com"})
			h.status[0]["a2"] = oracle.RecordStatus{Status: "duplicate", Reason: "duplicate_here"}
			h.sync(h.made(1, "b1", f{"first": "Ann", "email": "ann@example.com"}), h.pair("a1", "b1"))
			h.edit(0, "a2", f{"email": "anna@example.com"})
		},
		ends: []end{
			right(func(h *history) {
				delete(h.status[0], "a2")
				h.sync(h.made(1, "b2", f{"first": "Anna", "email": "anna@example.com"}), h.pair("a2", "b2"))
			}),
			wrong("I1", func(h *history) { h.sync() }),
		}},
	{name: "20/in-a-conflict-a-value-beats-a-blank",
		users: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"company": nil})
			h.edit(1, "b1", f{"company": "Initech"})
		},
		ends: []end{
			right(quick(put(0, "a1", f{"company": "Initech"}))),
			wrong("I1", quick()),
		}},
	{name: "20/a-spelling-that-means-the-same-is-no-change",
		users: func(h *history) {
			h.create(0, "a1", f{"first": "Ann", "email": "Ann@Example.com"})
			h.sync(h.made(1, "b1", f{"first": "Ann", "email": "Ann@Example.com"}), h.pair("a1", "b1"))
			h.edit(1, "b1", f{"email": "ann@example.com"})
		},
		ends: []end{right(quick())}},
	{name: "20/newest-takes-the-record-modified-last", setup: policy("newest"),
		users: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.advance(time.Minute)
			h.edit(1, "b1", f{"first": "Annie"})
		},
		ends: []end{
			right(quick(put(0, "a1", f{"first": "Annie"}))),
			wrong("I3", quick(put(1, "b1", f{"first": "Anna"}))),
		}},
	{name: "20/newest-without-times", setup: func(a []oracle.App, c *oracle.Connection) { c.Conflict, a[1].Modified = "newest", false },
		users: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
		},
		ends: []end{
			right(quick(put(0, "a1", f{"first": "Annie"}))),
			{made: quick(put(1, "b1", f{"first": "Anna"}))}, // whoever is the winner
		}},
	{name: "40/a-rule-of-the-other-side-still-flows",
		setup: func(_ []oracle.App, c *oracle.Connection) { c.Rules[0].Admits = hasNot("labels", "No") },
		users: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"labels": []string{"No"}})
			h.sync()
			h.edit(1, "b1", f{"first": "Anna"})
		},
		ends: []end{
			right(func(h *history) {
				h.sync(h.put(0, "a1", f{"first": "Anna"}))
				h.edit(0, "a1", f{"first": "Annie"})
				h.sync()
			}),
			wrong("I9", func(h *history) {
				h.sync(h.put(0, "a1", f{"first": "Anna"}))
				h.edit(0, "a1", f{"first": "Annie"})
				h.sync(h.put(1, "b1", f{"first": "Annie"}))
			}),
			wrong("I1", quick()),
		}},
	{name: "40/leaving-the-filter-keeps-the-link-and-catches-up",
		setup: func(_ []oracle.App, c *oracle.Connection) {
			c.Rules = c.Rules[:1]
			c.Rules[0].Admits = hasNot("labels", "No")
		},
		users: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"labels": []string{"No"}, "first": "Anna"})
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "excluded", Reason: "filter"})
			h.sync()
			h.edit(0, "a1", f{"company": "Initech"})
			h.sync()
			h.edit(0, "a1", f{"labels": nil})
			h.status = [2]map[string]oracle.RecordStatus{{}, {}}
		},
		ends: []end{
			right(quick(put(1, "b1", f{"first": "Anna", "company": "Initech"}))),
			wrong("I1", quick(put(1, "b1", f{"company": "Initech"}))),
		}},
	{name: "40/create-only-rule-never-overwrites",
		setup: func(_ []oracle.App, c *oracle.Connection) {
			c.Direction, c.Rules = "a_to_b", c.Rules[:1]
			c.Rules[0].Mode = "create_only"
		},
		users: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
		},
		ends: []end{right(quick()), wrong("I9", quick(put(1, "b1", f{"first": "Anna"})))}},
	{name: "40/sticky-scope-keeps-syncing-what-once-matched",
		setup: func(_ []oracle.App, c *oracle.Connection) {
			c.Scope, c.Rules = "sticky", c.Rules[:1]
			c.Rules[0].Admits = has("labels", "CRM")
		},
		users: func(h *history) {
			h.create(0, "a1", f{"first": "Ann", "email": "ann@example.com", "labels": []string{"CRM"}})
			h.sync(h.made(1, "b1", f{"first": "Ann", "email": "ann@example.com"}), h.pair("a1", "b1"))
			h.edit(0, "a1", f{"labels": nil, "first": "Anna"})
		},
		ends: []end{right(quick(put(1, "b1", f{"first": "Anna"}))), wrong("I1", quick())}},
	{name: "50/an-edit-outlives-a-deletion", setup: deletions("delete"),
		users: func(h *history) {
			h.ann()
			h.remove(0, "a1")
			h.edit(1, "b1", f{"first": "Anna"})
		},
		ends: []end{
			right(quick(is(1, "b1", "deleted_opposite", ""))),
			wrong("I5", func(h *history) { h.sync(h.drop(1, "b1")) }),
		}},
	{name: "50/created-again-by-the-user-links-again",
		users: func(h *history) {
			h.ann()
			h.remove(0, "a1")
			h.status[1]["b1"] = oracle.RecordStatus{Status: "deleted_opposite"}
			h.sync()
			h.create(0, "a9", f{"first": "Anna", "email": "ann@example.com"})
			delete(h.status[1], "b1")
		},
		ends: []end{
			right(quick(pair("a9", "b1"), put(0, "a9", f{"company": "Acme"}), put(1, "b1", f{"first": "Anna"}))),
			wrong("I1", quick()),
			wrong("I6", quick(made(1, "b2", f{"first": "Anna", "email": "ann@example.com"}), pair("a9", "b2"),
				is(1, "b1", "duplicate", "duplicate_here"))),
		}},
	{name: "60/a-mapping-of-one-direction",
		setup: func(_ []oracle.App, c *oracle.Connection) { c.Mappings[2].Direction = "a_to_b" },
		users: func(h *history) {
			h.ann()
			h.edit(1, "b1", f{"company": "Initech"})
		},
		ends: []end{right(quick()), wrong("I20", quick(put(0, "a1", f{"company": "Initech"})))}},
	{name: "60/a-disabled-mapping-moves-nothing",
		setup: func(_ []oracle.App, c *oracle.Connection) { c.Mappings = c.Mappings[:1] },
		users: func(h *history) { h.create(0, "a1", f{"first": "Ann", "email": "ann@example.com"}) },
		ends: []end{
			right(quick(made(1, "b1", f{"email": "ann@example.com"}), pair("a1", "b1"))),
			wrong("I4", quick(made(1, "b1", f{"email": "ann@example.com", "first": "Ann"}), pair("a1", "b1"))),
		}},
	{name: "60/a-new-mapping-is-filled-in-for-existing-pairs",
		setup: func(_ []oracle.App, c *oracle.Connection) { c.Mappings = c.Mappings[:1] },
		users: func(h *history) {
			h.create(0, "a1", f{"company": "Acme", "email": "ann@example.com"})
			h.sync(h.made(1, "b1", f{"email": "ann@example.com"}), h.pair("a1", "b1"))
			c := twoWay()
			h.see(oracle.Event{Kind: oracle.Configured, Connection: &c})
		},
		ends: []end{right(quick(put(1, "b1", f{"company": "Acme"}))), wrong("I1", quick())}},
	{name: "70/a-crash-after-an-update-is-no-conflict", setup: policy("ask"),
		users: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.open()
			h.show()
			h.untold = true
			h.put(1, "b1", f{"first": "Anna"})()
			h.untold = false
			h.see(oracle.Event{Kind: oracle.Crash})
			h.edit(0, "a1", f{"first": "Annabel"})
		},
		ends: []end{
			right(quick(put(1, "b1", f{"first": "Annabel"}))),
			wrong("I3", quick(put(0, "a1", f{"first": "Anna"}))),
		}},
	{name: "70/a-conditional-write-that-fails-is-merged-anew",
		users: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.open()
			h.show()
			h.edit(1, "b1", f{"company": "Initech"})
		},
		ends: []end{
			right(func(h *history) {
				h.showOld(1, "b1", f{"email": "ann@example.com", "first": "Ann", "company": "Initech"})
				h.put(1, "b1", f{"first": "Anna"})()
				h.put(0, "a1", f{"company": "Initech"})()
				h.close("")
			}),
			wrong("I3", func(h *history) {
				h.put(1, "b1", f{"first": "Anna", "company": "Acme"})()
				h.close("")
			}),
		}},
	{name: "70/an-expired-cursor-means-a-full-read-and-nothing-else",
		users: func(h *history) {
			h.ann()
			h.see(oracle.Event{Kind: oracle.Fault, Note: "F6 expired"})
			h.edit(0, "a1", f{"first": "Anna"})
		},
		ends: []end{
			right(quick(put(1, "b1", f{"first": "Anna"}))),
			wrongs([]string{"I3", "I1"}, quick(put(1, "b1", f{"first": "Anna"}), put(0, "a1", f{"first": "Ann"}))),
		}},
	{name: "80/a-filter-added-later-excludes-without-deleting", setup: deletions("delete"),
		users: func(h *history) {
			h.ann()
			c := twoWay()
			c.Deletions[0] = "delete"
			c.Rules = c.Rules[:1]
			c.Rules[0].Admits = has("labels", "CRM")
			h.see(oracle.Event{Kind: oracle.Configured, Connection: &c})
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "excluded", Reason: "filter"})
		},
		ends: []end{right(quick()), wrong("I17", func(h *history) { h.sync(h.drop(1, "b1")) })}},
	{name: "90/key-changed-before-we-recover",
		users: func(h *history) {
			h.create(0, "a1", f{"first": "Ann", "company": "Acme", "email": "ann@example.com"})
			h.open()
			h.show()
			h.untold = true
			h.made(1, "b1", f{"first": "Ann", "company": "Acme", "email": "ann@example.com"})()
			h.untold = false
			h.see(oracle.Event{Kind: oracle.Crash})
			h.edit(1, "b1", f{"email": "ann@new.example"})
		},
		ends: []end{
			right(quick(pair("a1", "b1"), put(0, "a1", f{"email": "ann@new.example"}))),
			wrong("I6", quick(made(1, "b2", f{"first": "Ann", "company": "Acme", "email": "ann@example.com"}), pair("a1", "b2"),
				made(0, "a2", f{"first": "Ann", "company": "Acme", "email": "ann@new.example"}), pair("a2", "b1"))),
		}},
	{name: "90/a-key-moves-and-a-new-record-takes-the-old-one",
		users: func(h *history) {
			h.create(0, "a1", f{"first": "A", "email": "1@example.com"})
			h.sync(h.made(1, "b1", f{"first": "A", "email": "1@example.com"}), h.pair("a1", "b1"))
			h.edit(0, "a1", f{"email": "2@example.com"})
			h.create(0, "a2", f{"first": "B", "email": "1@example.com"})
		},
		ends: []end{
			right(quick(put(1, "b1", f{"email": "2@example.com"}), made(1, "b2", f{"first": "B", "email": "1@example.com"}), pair("a2", "b2"))),
			wrong("I1", quick(put(1, "b1", f{"email": "2@example.com"}))),
		}},
	{name: "90/the-heir-of-a-link-clears-nothing", setup: deletions("delete"),
		users: func(h *history) {
			h.ann()
			h.create(0, "a2", f{"first": "Ann", "email": "ann@example.com"})
			h.status[0]["a2"] = oracle.RecordStatus{Status: "duplicate", Reason: "duplicate_here"}
			h.sync()
			h.remove(0, "a1")
			h.links = [][2]string{{"a2", "b1"}}
			delete(h.status[0], "a2")
		},
		ends: []end{
			right(quick(put(0, "a2", f{"company": "Acme"}))),
			wrong("I18", quick(put(1, "b1", f{"company": nil}))),
		}},
	{name: "90/first-match-removes-no-opt-out-label", setup: func(a []oracle.App, c *oracle.Connection) {
		turned(a, c)
		c.Conflict = "b"
	},
		users: func(h *history) {
			h.create(0, "a1", f{"email": "1@example.com"})
			h.create(1, "b1", f{"email": "1@example.com"})
		},
		ends: []end{
			right(quick(pair("a1", "b1"), put(1, "b1", f{"tags": []string{"G"}}))),
			wrong("I9", quick(pair("a1", "b1"), put(1, "b1", f{"tags": []string{"H"}}))),
		}},
	{name: "30/lists-merge-entry-by-entry", setup: lists,
		users: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "phones": list("1", "2")})
			h.sync(h.made(1, "b1", f{"email": "ann@example.com", "phones": list("1", "2")}), h.pair("a1", "b1"))
			h.edit(0, "a1", f{"phones": list("2", "3")})
			h.edit(1, "b1", f{"phones": list("1", "2", "4")})
		},
		ends: []end{
			right(quick(put(0, "a1", f{"phones": list("2", "3", "4")}), put(1, "b1", f{"phones": list("2", "4", "3")}))),
			wrongs([]string{"I18", "I1"}, quick(put(0, "a1", f{"phones": list("2", "3", "4")}), put(1, "b1", f{"phones": list("2", "3")}))),
			wrong("I1", quick(put(0, "a1", f{"phones": list("2", "3", "4")}), put(1, "b1", f{"phones": list("2", "4")}))),
		}},
}

// lists gives both apps a list of phones, and maps them.
func lists(a []oracle.App, c *oracle.Connection) {
	for i := range a {
		a[i].Fields = append(a[i].Fields, oracle.Field{Field: contact.Field{Name: "phones", Type: contact.TypePhone, Many: true}})
	}
	c.Mappings = append(c.Mappings, oracle.Mapping{A: "phones", B: "phones", Direction: "both"})
}

func list(numbers ...string) contact.Value {
	var all []contact.Entry
	for _, n := range numbers {
		all = append(all, contact.Entry{Value: contact.Text("+3247000000" + n)})
	}
	return contact.List(all...)
}
