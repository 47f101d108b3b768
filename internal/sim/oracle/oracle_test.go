package oracle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// row is a history and what is to be found in it: nothing, or the broken invariants.
type row struct {
	name  string
	setup func(a []oracle.App, c *oracle.Connection)
	play  func(h *history)
	want  []string
}

func run(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			h := begin(t, r.setup)
			r.play(h)
			h.want(r.want...)
		})
	}
}

func broken(names ...string) []string { return names }

func direction(d string) func([]oracle.App, *oracle.Connection) {
	return func(_ []oracle.App, c *oracle.Connection) { c.Direction = d }
}

func policy(p string) func([]oracle.App, *oracle.Connection) {
	return func(_ []oracle.App, c *oracle.Connection) { c.Conflict = p }
}

func deletions(fromA string) func([]oracle.App, *oracle.Connection) {
	return func(_ []oracle.App, c *oracle.Connection) { c.Deletions[0] = fromA }
}

func TestConvergence(t *testing.T) {
	run(t, []row{
		{name: "an edit reaches the other side", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			h.rest()
		}},
		{name: "an edit never reaches the other side", want: broken("I1"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.sync()
			h.rest()
		}},
		{name: "edits of different fields meet", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"company": "Initech"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}), h.put(0, "a1", f{"company": "Initech"}))
			h.rest()
		}},
		{name: "a value that is cut short agrees", setup: cut, play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "notes": "abcdefghijklm"})
			h.sync(h.made(1, "b1", f{"email": "ann@example.com", "notes": "abcdefghijklm"}), h.pair("a1", "b1"))
			h.rest()
		}},
		{name: "a value that is cut short comes back", setup: cut, want: broken("I3"), play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "notes": "abcdefghijklm"})
			h.sync(h.made(1, "b1", f{"email": "ann@example.com", "notes": "abcdefghijklm"}), h.pair("a1", "b1"))
			h.sync(h.put(0, "a1", f{"notes": "abcdefghij"}))
			h.rest()
		}},
		{name: "a clear is held by the guard", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"company": nil})
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "pending", Reason: "clear_held"})
			h.sync()
			h.rest()
		}, setup: func(_ []oracle.App, c *oracle.Connection) { c.MaxClears = none }},
		{name: "something is held by a guard that there is not", want: broken("I1"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"company": nil})
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "pending", Reason: "clear_held"})
			h.sync()
			h.rest()
		}},
		{name: "a cleared field stays filled where the mapping keeps it", setup: func(_ []oracle.App, c *oracle.Connection) { c.Mappings[2].KeepClear = true },
			play: func(h *history) {
				h.ann()
				h.edit(0, "a1", f{"company": nil})
				h.sync()
				h.rest()
			}},
		{name: "one way, a local edit of the target is kept", setup: direction("a_to_b"), play: func(h *history) {
			h.ann()
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync()
			h.rest()
		}},
		{name: "one way, the next change of the source overwrites it", setup: direction("a_to_b"), play: func(h *history) {
			h.ann()
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync()
			h.edit(0, "a1", f{"first": "Anna"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			h.rest()
		}},
		{name: "one way, the next change of the source does not", setup: direction("a_to_b"), want: broken("I1"), play: func(h *history) {
			h.ann()
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync()
			h.edit(0, "a1", f{"first": "Anna"})
			h.sync()
			h.rest()
		}},
		{name: "one way, a blank of the source erases nothing at first", setup: direction("a_to_b"), play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com"})
			h.create(1, "b1", f{"email": "ann@example.com", "company": "Acme"})
			h.sync(h.pair("a1", "b1"))
			h.rest()
		}},
		{name: "one way, a clear of the source is lost", setup: direction("a_to_b"), want: broken("I1"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"company": nil})
			h.sync()
			h.rest()
		}},
		{name: "nobody lets the pair through", setup: func(_ []oracle.App, c *oracle.Connection) {
			c.Rules = c.Rules[:1]
			c.Rules[0].Admits = hasNot("labels", "No")
		}, play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"labels": []string{"No"}, "first": "Anna"})
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "excluded", Reason: "filter"})
			h.sync()
			h.rest()
		}},
		{name: "a conflict waits for a person", setup: policy("ask"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "conflict", Reason: "conflict"})
			h.sync()
			h.rest()
		}},
		{name: "a conflict holds up another field", setup: policy("ask"), want: broken("I1"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna", "company": "Initech"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "conflict", Reason: "conflict"})
			h.sync()
			h.rest()
		}},
		{name: "a conflict that the policy should have decided", want: broken("I28"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "conflict", Reason: "conflict"})
			h.sync()
			h.rest()
		}},
		{name: "a record waits for ever", want: broken("I1"), play: func(h *history) {
			h.ann()
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "pending", Reason: "settling"})
			h.rest()
		}},
		{name: "a record has failed though nothing was refused", want: broken("I1"), play: func(h *history) {
			h.ann()
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "failed", Reason: "rejected"})
			h.rest()
		}},
	})
}

func TestQuiet(t *testing.T) {
	run(t, []row{
		{name: "the first round carries over what was left", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.see(oracle.Event{Kind: oracle.Calm})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			h.see(oracle.Event{Kind: oracle.CalmRound})
			h.see(oracle.Event{Kind: oracle.CalmRound})
			h.see(oracle.Event{Kind: oracle.CalmRound})
		}},
		{name: "it still writes later", want: broken("I2"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.rest()
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
		}},
		{name: "a cell is written back a fourth time", want: broken("I2"), play: func(h *history) { h.seesaw(6) }},
		{name: "a cell is written back a third time", play: func(h *history) { h.seesaw(5) }},
		{name: "a cell is written back a fourth time, first over what a user entered", play: func(h *history) { h.overwritten(4) }},
		{name: "a cell is written back a fifth time, first over what a user entered", want: broken("I2"), play: func(h *history) { h.overwritten(5) }},
		{name: "a preview has nothing to tell", play: func(h *history) {
			h.ann()
			h.rest()
			h.preview(oracle.Counts{})
		}},
		{name: "a preview tells of a write when all is at rest", want: broken("I11"), play: func(h *history) {
			h.ann()
			h.rest()
			h.preview(oracle.Counts{Updated: 1})
		}},
		{name: "a sync runs in circles", want: broken("I22"), play: func(h *history) {
			h.ann()
			h.open()
			for range 100 {
				h.see(oracle.Event{Kind: oracle.Called, Conn: "c", Op: "changes"})
			}
			h.close("")
		}},
	})
}

func TestNothingEnteredIsLost(t *testing.T) {
	run(t, []row{
		{name: "the loser of the policy is in the history", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			h.rest()
		}},
		{name: "the loser of the policy is in no history", want: broken("I3"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}), func() { h.news[0].Before = contact.Text("Ann") })
			h.rest()
		}},
		{name: "the winner is overwritten", want: broken("I3"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
			h.rest()
		}},
		{name: "the winner holds what is left of the loser's value, who edits it", setup: short, play: func(h *history) { h.enteredBoth("Ini") }},
		{name: "the winner holds another value, and the loser edits his", setup: policy("b"), want: broken("I3"), play: func(h *history) { h.enteredBoth("Initech") }},
		{name: "the winner met an old state of the loser, who has edited it", setup: policy("b"), play: func(h *history) { h.metOld(false) }},
		{name: "the winner met the loser's edit", setup: policy("b"), want: broken("I3"), play: func(h *history) { h.metOld(true) }},
		{name: "the winner met an old state of the loser, and an answer tells his edit", setup: policy("b"), play: func(h *history) { h.metBefore(h.firstTaken) }},
		{name: "the winner met an old state of the loser, and no answer tells his edit", setup: policy("b"), want: broken("I3"), play: func(h *history) {
			h.metBefore(func() { h.untold = true; h.firstTaken(); h.untold = false })
		}},
		{name: "the winner met the loser's edit, and an answer tells it again", setup: policy("b"), want: broken("I3"), play: func(h *history) {
			h.metBefore(func() { h.show(); h.firstTaken() })
		}},
		{name: "a spelling that no answer told shows after an edit", setup: lower, play: func(h *history) { h.spelled("F11 hide b company", false) }},
		{name: "a spelling that no answer told shows before an edit", setup: lower, want: broken("I3"), play: func(h *history) { h.spelled("F11 hide b company", true) }},
		{name: "a spelling that the answer told shows after an edit", setup: lower, want: broken("I3"), play: func(h *history) { h.spelled("", false) }},
		{name: "a value beats the winner's blank", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"company": nil})
			h.edit(1, "b1", f{"company": "Initech"})
			h.sync(h.put(0, "a1", f{"company": "Initech"}))
			h.rest()
		}},
		{name: "the loser edits after he had the winner's edit", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.open()
			h.show()
			h.untold = true
			h.put(1, "b1", f{"first": "Anna"})()
			h.untold = false
			h.see(oracle.Event{Kind: oracle.Crash})
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
			h.rest()
		}},
		{name: "an edit that goes back to what was settled is none", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(0, "a1", f{"first": "Ann"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
			h.rest()
		}},
		{name: "a conflict is decided though a person is to be asked", setup: policy("ask"), want: broken("I3"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
			h.rest()
		}},
		{name: "a person decided it", setup: policy("ask"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.decide("resolve", 0, "a1", "b1")
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
			h.rest()
		}},
		{name: "the newest wins", setup: policy("newest"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
			h.rest()
		}},
		{name: "the oldest wins", setup: policy("newest"), want: broken("I3"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			h.rest()
		}},
		{name: "the oldest wins, whom another engine wrote to in vain", setup: policy("newest"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Anna"}), h.put(1, "b1", f{"first": "Anna"}))
			h.rest()
		}},
		{name: "an edit is taken back", want: broken("I3"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.sync(h.put(0, "a1", f{"first": "Ann"}))
			h.rest()
		}},
		{name: "our own write is taken for an edit by a stale read", want: broken("I3"),
			setup: func(a []oracle.App, _ *oracle.Connection) {
				a[1].Lag, a[1].Modified, a[1].Versions = time.Hour, false, false
			},
			play: func(h *history) {
				h.ann()
				h.advance(2 * time.Hour)
				h.edit(0, "a1", f{"first": "Anna"})
				h.sync(h.put(1, "b1", f{"first": "Anna"}))
				h.open()
				h.showOld(1, "b1", f{"email": "ann@example.com", "first": "Ann", "company": "Acme"})
				h.put(0, "a1", f{"first": "Ann"})()
				h.close("")
			}},
		{name: "what our write overwrote unseen shows late, and is an edit",
			setup: func(a []oracle.App, _ *oracle.Connection) {
				a[1].Lag, a[1].Modified, a[1].Versions = time.Hour, false, false
			},
			play: func(h *history) {
				h.ann()
				h.advance(2 * time.Hour)
				h.edit(0, "a1", f{"first": "Anna"})
				h.open()
				h.show()
				h.edit(1, "b1", f{"first": "Annie"}) // nobody saw that
				h.put(1, "b1", f{"first": "Anna"})()
				h.news[0].Before = contact.Text("Ann")
				h.close("")
				h.open()
				h.showOld(1, "b1", f{"email": "ann@example.com", "first": "Annie", "company": "Acme"})
				h.put(0, "a1", f{"first": "Annie"})()
				h.close("")
			}},
		{name: "the store was lost, and the policy decides between old and new", play: func(h *history) {
			h.ann()
			h.edit(1, "b1", f{"first": "Annie"})
			h.see(oracle.Event{Kind: oracle.StoreLost})
			h.sync(h.put(1, "b1", f{"first": "Ann"}))
			h.rest()
		}},
		{name: "a value is invented", want: broken("I4"), play: func(h *history) {
			h.ann()
			h.sync(h.put(1, "b1", f{"first": "Robot"}))
		}},
		{name: "a value of somebody else's is written", want: broken("I4"), play: func(h *history) {
			h.ann()
			h.create(0, "a2", f{"email": "bob@example.com", "first": "Bob"})
			h.sync(h.made(1, "b2", f{"email": "bob@example.com", "first": "Bob"}), h.pair("a2", "b2"))
			h.sync(h.put(1, "b1", f{"first": "Bob"}))
		}},
		{name: "a field is written that is not mapped", want: broken("I9"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"notes": "x"})
			h.sync(h.put(1, "b1", f{"notes": "x"}))
		}},
		{name: "an edit flows although no rule lets it through", want: broken("I9"), setup: func(_ []oracle.App, c *oracle.Connection) {
			c.Rules[0].Admits = hasNot("labels", "No")
		}, play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"labels": []string{"No"}})
			h.sync()
			h.edit(0, "a1", f{"first": "Anna"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
		}},
		{name: "an edit flows that was made before the record left the rule", setup: func(_ []oracle.App, c *oracle.Connection) {
			c.Rules[0].Admits = hasNot("labels", "No")
		}, play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.open()
			h.show()
			h.edit(0, "a1", f{"labels": []string{"No"}})
			h.put(1, "b1", f{"first": "Anna"})()
			h.close("")
		}},
		{name: "the history tells of a write that never was", want: broken("I9"), play: func(h *history) {
			h.ann()
			h.news = []oracle.JournalEntry{{Side: 1, ID: "b7", Op: "update", Field: "first", Reason: "changed"}}
			h.sync()
		}},
		{name: "a write is in no history", want: broken("I9"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.quiet = true
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			h.rest()
		}},
		{name: "what came back unseen after our own write is in no history", play: func(h *history) { h.cameBack("first") }},
		{name: "what came back and was shown after our own write is in no history", want: broken("I3"), play: func(h *history) { h.cameBack("company") }},
		{name: "what an app that hides a field made of our write is in the history as we sent it", setup: lower, play: func(h *history) { h.asSent("company") }},
		{name: "what an app showed of what it made of our write is not as we sent it", setup: lower, want: broken("I3"), play: func(h *history) { h.asSent("first") }},
		{name: "what a call did in two parts is told at once", setup: keeping, play: func(h *history) { h.inTwoParts(true) }},
		{name: "of two calls one is told", want: broken("I9"), setup: keeping, play: func(h *history) { h.inTwoParts(false) }},
		{name: "a write without a reason", want: broken("I9"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.reason = ""
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			h.rest()
		}},
	})
}

// cameBack has b put the first name back that we wrote over, while it hides a field; the history of the next write to it tells of ours.
func (h *history) cameBack(hidden string) {
	h.ann()
	h.edit(0, "a1", f{"first": "Anna"})
	h.sync(h.put(1, "b1", f{"first": "Anna"}))
	h.edit(1, "b1", f{"first": "Ann"})
	h.edit(0, "a1", f{"first": "Annie"})
	h.hidden = map[string]string{"b1": hidden}
	h.sync(h.put(1, "b1", f{"first": "Annie"}), func() { h.news[0].Before = contact.Text("Anna") })
	h.rest()
}

// asSent has b spell a company otherwise, while it hides a field; the history of the next write tells what was sent first.
func (h *history) asSent(hidden string) {
	h.create(0, "a1", f{"email": "ann@example.com", "company": "Acme"})
	h.sync(h.made(1, "b1", f{"email": "ann@example.com", "company": "acme"}), h.pair("a1", "b1"))
	h.edit(0, "a1", f{"company": "Initech"})
	h.hidden = map[string]string{"b1": hidden}
	h.sync(h.put(1, "b1", f{"company": "initech"}), func() { h.news[0].Before = contact.Text("Acme") })
	h.rest()
}

// inTwoParts plays two tags that reach b one after the other, of which the history tells once.
func (h *history) inTwoParts(ofOneCall bool) {
	h.create(0, "a1", f{"email": "ann@example.com", "tags": []string{"x"}})
	h.sync(h.made(1, "b1", f{"email": "ann@example.com", "tags": []string{"x"}}), h.pair("a1", "b1"))
	h.edit(0, "a1", f{"tags": []string{"x", "y", "z"}})
	h.sync(h.put(1, "b1", f{"tags": []string{"x", "y"}}), func() { h.quiet, h.more = true, ofOneCall },
		h.put(1, "b1", f{"tags": []string{"x", "y", "z"}}))
	h.rest()
}

func TestNothingIsClearedOnAGuess(t *testing.T) {
	run(t, []row{
		{name: "a user cleared it", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"company": nil})
			h.sync(h.put(1, "b1", f{"company": nil}))
			h.rest()
		}},
		{name: "nobody cleared it", want: broken("I18"), play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com"})
			h.create(1, "b1", f{"email": "ann@example.com", "company": "Acme"})
			h.sync(h.pair("a1", "b1"), h.put(1, "b1", f{"company": nil}))
		}},
		{name: "the app did not tell the field", want: broken("I18"), play: func(h *history) {
			h.ann()
			h.open()
			h.showOld(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
			h.put(1, "b1", f{"company": nil})()
			h.close("")
		}},
		{name: "the app cannot hold it", want: broken("I19"),
			setup: func(a []oracle.App, _ *oracle.Connection) {
				a[1].Fields[2].Hold = func(contact.Value) contact.Value { return contact.Empty }
			},
			play: func(h *history) {
				h.create(0, "a1", f{"email": "ann@example.com", "company": "Acme"})
				h.sync(h.made(1, "b1", f{"email": "ann@example.com", "company": "Acme"}), h.pair("a1", "b1"))
				h.sync(h.put(0, "a1", f{"company": nil}))
			}},
		{name: "the mapping keeps it", want: broken("I18"),
			setup: func(_ []oracle.App, c *oracle.Connection) { c.Mappings[2].KeepClear = true },
			play: func(h *history) {
				h.ann()
				h.edit(0, "a1", f{"company": nil})
				h.sync(h.put(1, "b1", f{"company": nil}))
			}},
		{name: "it was cleared before anybody looked", want: broken("I18"), play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "company": "Acme"})
			h.create(1, "b1", f{"email": "ann@example.com", "company": "Acme"})
			h.edit(0, "a1", f{"company": nil})
			h.sync(h.pair("a1", "b1"), h.put(1, "b1", f{"company": nil}))
		}},
		{name: "more is cleared than the guard allows", want: broken("I16"),
			setup: func(_ []oracle.App, c *oracle.Connection) { c.MaxClears = none },
			play: func(h *history) {
				h.ann()
				h.edit(0, "a1", f{"company": nil})
				h.sync(h.put(1, "b1", f{"company": nil}))
			}},
	})
}

// cut lets both apps map notes, of which b keeps ten characters.
func cut(a []oracle.App, c *oracle.Connection) {
	a[1].Fields[3].Hold = func(v contact.Value) contact.Value {
		if s := v.Str(); len(s) > 10 {
			return contact.Text(s[:10])
		}
		return v
	}
	c.Mappings = append(c.Mappings, oracle.Mapping{A: "notes", B: "notes", Direction: "both"})
}

// short lets b, which wins conflicts, keep three letters of a company.
func short(a []oracle.App, c *oracle.Connection) {
	for i := range a[1].Fields {
		if a[1].Fields[i].Field.Name == "company" {
			a[1].Fields[i].Hold = func(v contact.Value) contact.Value { return contact.Text(v.Str()[:min(3, len(v.Str()))]) }
		}
	}
	c.Conflict = "b"
}

// enteredBoth has a company in both apps, a longer one in a, whose user then edits it. It reaches b as this.
func (h *history) enteredBoth(as string) {
	h.create(0, "a1", f{"email": "ann@example.com", "company": "Acme"})
	h.create(1, "b1", f{"email": "ann@example.com", "company": "Acm"})
	h.sync(h.pair("a1", "b1"))
	h.edit(0, "a1", f{"company": "Initech"})
	h.sync(h.put(1, "b1", f{"company": as}))
}

// metOld links b1, which wins conflicts, with a1 of which an old state is all that the connection was shown, or its user's edit, too.
// Then a's edit is written over b1.
func (h *history) metOld(shown bool) {
	v := f{"email": "ann@example.com", "company": "Acme"}
	h.create(0, "a1", v)
	h.sync()
	h.edit(0, "a1", f{"company": "Initech"})
	h.create(1, "b1", v)
	h.open()
	if shown {
		h.show()
	}
	h.see(oracle.Event{Kind: oracle.Shown, App: 1, Conn: "c", ID: "b1", After: h.apps[1]["b1"].Clone()})
	h.pair("a1", "b1")()
	h.close("")
	h.sync(h.put(1, "b1", f{"company": "Initech"}))
}

// metBefore links b1, which wins conflicts, with a1 of which an old state is all that was shown. Then comes what is given, and in the
// same sync a's edit is written over b1.
func (h *history) metBefore(then func()) {
	h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann", "company": "Acme"})
	h.sync()
	h.edit(0, "a1", f{"company": "Initech"})
	h.create(1, "b1", f{"email": "ann@example.com", "first": "Anna", "company": "Acme"})
	h.open()
	h.see(oracle.Event{Kind: oracle.Shown, App: 1, Conn: "c", ID: "b1", After: h.apps[1]["b1"].Clone()})
	h.pair("a1", "b1")()
	then()
	h.put(1, "b1", f{"company": "Initech"})()
	h.close("")
}

// firstTaken writes to a1 the first name that b1 holds.
func (h *history) firstTaken() { h.put(0, "a1", f{"first": "Anna"})() }

// lower lets b spell companies without capitals.
func lower(a []oracle.App, _ *oracle.Connection) {
	for i := range a[1].Fields {
		if a[1].Fields[i].Field.Name == "company" {
			a[1].Fields[i].Hold = func(v contact.Value) contact.Value { return contact.Text(strings.ToLower(v.Str())) }
		}
	}
}

// spelled has b spell a company otherwise, after that fault, and its user edit another field, before b1 is shown for the first time
// or after it. Then the spelling goes to a.
func (h *history) spelled(fault string, shown bool) {
	h.create(0, "a1", f{"email": "ann@example.com", "company": "Acme"})
	if fault != "" {
		h.see(oracle.Event{Kind: oracle.Fault, Note: fault})
	}
	h.sync(h.made(1, "b1", f{"email": "ann@example.com", "company": "Acme"}), h.pair("a1", "b1"))
	if shown {
		h.sync()
	}
	h.edit(1, "b1", f{"first": "Annie"})
	h.sync(h.put(0, "a1", f{"first": "Annie", "company": "acme"}))
}

// seesaw carries over that often that a user changes his mind between two values.
func (h *history) seesaw(n int) {
	h.ann()
	for i := range n {
		v := f{"first": []string{"Anna", "Annie"}[i%2]}
		h.edit(0, "a1", v)
		h.sync(h.put(1, "b1", v))
	}
}

// overwritten has a user enter another name in b and give it up in a, where another one changes his mind between two that often.
func (h *history) overwritten(n int) {
	h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
	h.sync(h.made(1, "b1", f{"email": "ann@example.com", "first": "Ann"}), h.pair("a1", "b1"))
	h.edit(1, "b1", f{"first": "Bea"})
	h.sync(h.put(0, "a1", f{"first": "Bea"}))
	for i := range n + 1 {
		v := f{"first": []string{"Ann", "Anna"}[i%2]}
		h.edit(0, "a1", v)
		h.sync(h.put(1, "b1", v))
	}
}

// none is a guard that allows nothing.
func none(int) int { return 0 }

// hold2 lets a pair have another status from now on.
func (h *history) hold2(a, b string, s oracle.RecordStatus) {
	h.status[0][a], h.status[1][b] = s, s
}

// preview tells of a preview that says the same of both sides.
func (h *history) preview(c oracle.Counts) {
	h.see(oracle.Event{Kind: oracle.SyncBegin, Conn: "c"})
	h.show()
	h.see(oracle.Event{Kind: oracle.Preview, Conn: "c", Counts: [2]oracle.Counts{{}, c}})
}

// previewed tells of a preview of a clear and of a sync that does not do it; so many clears are said to be held.
func (h *history) previewed(held int) {
	h.ann()
	h.edit(0, "a1", f{"company": nil})
	h.preview(oracle.Counts{Updated: 1})
	h.hold2("a1", "b1", oracle.RecordStatus{Status: "conflict", Reason: "conflict"})
	h.held = map[string]int{"clears": held}
	h.sync()
}

func TestATextNamesWhatIsWrong(t *testing.T) {
	h := begin(t, nil)
	h.ann()
	h.edit(0, "a1", f{"first": "Anna"})
	h.rest()
	for _, v := range h.o.Violations() {
		for _, word := range []string{"a1.first", `"Anna"`, "b1.first", `"Ann"`} {
			if !strings.Contains(v.Text, word) {
				t.Errorf("%q does not name %s", v.Text, word)
			}
		}
	}
}
