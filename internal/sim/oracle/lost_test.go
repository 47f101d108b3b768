package oracle_test

import (
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// unanswered is a sync that calls for an update of b1 which never arrives; meanwhile happens between reading and calling.
// What is said of the pair afterwards is the reason.
func (h *history) unanswered(status, reason string, meanwhile func()) {
	h.open()
	h.show()
	if meanwhile != nil {
		meanwhile()
	}
	h.see(oracle.Event{Kind: oracle.Called, App: 1, Conn: "c", Op: "update"})
	h.see(oracle.Event{Kind: oracle.Fault, Note: "F32 partial update"})
	h.hold2("a1", "b1", oracle.RecordStatus{Status: status, Reason: reason})
	h.close("")
	h.status[0], h.status[1] = map[string]oracle.RecordStatus{}, map[string]oracle.RecordStatus{}
}

// brokeOff is a sync that reads these apps and ends by a fault before it calls for any write.
func (h *history) brokeOff(fault string, apps ...int) {
	h.open()
	for _, app := range apps {
		h.see(oracle.Event{Kind: oracle.Called, App: app, Conn: "c", Op: "changes"})
	}
	h.show()
	h.see(oracle.Event{Kind: oracle.Fault, Note: fault})
	h.close("the connection was reset")
}

// takenOver is a sync that reads the winner's edit and calls for the update or does not; then b's user edits, and another engine
// takes over and carries that to a.
func (h *history) takenOver(called bool) {
	h.ann()
	h.edit(0, "a1", f{"first": "Anna"})
	h.open()
	h.show()
	if called {
		h.see(oracle.Event{Kind: oracle.Called, App: 1, Conn: "c", Op: "update"})
	}
	h.edit(1, "b1", f{"first": "Annie"})
	h.engine = 1
	h.sync(h.put(0, "a1", f{"first": "Annie"}))
}

// TestUpdatesWithoutAnAnswer: where the target was changed after an update whose outcome is unknown, or before it and nobody was
// shown that, the update counts as arrived, and the change is one that came after it.
func TestUpdatesWithoutAnAnswer(t *testing.T) {
	run(t, []row{
		{name: "the loser edits after a winner's edit that may have arrived", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.unanswered("pending", "unknown_outcome", nil)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
			h.rest()
		}},
		{name: "the winner's edit is sent again", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.unanswered("pending", "unknown_outcome", nil)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			h.rest()
		}},
		{name: "the loser edits after a winner's edit that may have been noted", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.brokeOff("F47 error_after store.update", 0, 1)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
			h.rest()
		}},
		{name: "the store noted nothing", want: broken("I3"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.brokeOff("F46 error_before store.update", 0, 1)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
		}},
		{name: "it broke off before it had read the other app", want: broken("I3"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.brokeOff("F47 error_after store.update", 0)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
		}},
		{name: "the update was refused", want: broken("I3"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.unanswered("failed", "rejected", nil)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
		}},
		{name: "the loser had edited before the update was sent, and the app did not show it", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.unanswered("pending", "unknown_outcome", func() { h.edit(1, "b1", f{"first": "Annie"}) })
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
		}},
		{name: "the loser had edited before the update was sent, and the app showed it", want: broken("I3"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.unanswered("pending", "unknown_outcome", nil)
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
		}},
		{name: "the winner edited after the update was decided", want: broken("I3"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"company": "Initech"})
			h.unanswered("pending", "unknown_outcome", func() { h.edit(0, "a1", f{"first": "Anna"}) })
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(1, "b1", f{"company": "Initech"}), h.put(0, "a1", f{"first": "Annie"}))
		}},
		{name: "somebody enters what the app may have cut short", play: func(h *history) { h.enteredAfter("Annabel", "Anna") }},
		{name: "somebody enters something else", want: broken("I1"), play: func(h *history) { h.enteredAfter("Annabel", "Anne") }},
		{name: "somebody enters more than was sent", want: broken("I1"), play: func(h *history) { h.enteredAfter("Anna", "Annabel") }},
		{name: "a person is to be asked only where nothing was under way", setup: policy("ask"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.unanswered("pending", "unknown_outcome", nil)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
			h.rest()
		}},
		{name: "the loser edits before another engine takes over from one that has called for the update", play: func(h *history) { h.takenOver(true) }},
		{name: "the loser edits before another engine takes over from one that has called for nothing", want: broken("I3"),
			play: func(h *history) { h.takenOver(false) }},
		{name: "one way, the target edits after a source's edit that may have arrived", setup: direction("a_to_b"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.unanswered("pending", "unknown_outcome", nil)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync()
			h.rest()
		}},
		{name: "one way, the source's edit was refused", setup: direction("a_to_b"), want: broken("I1"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.unanswered("failed", "rejected", nil)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync()
			h.rest()
		}},
		{name: "one way, the source is edited again", setup: direction("a_to_b"), want: broken("I1"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.unanswered("pending", "unknown_outcome", nil)
			h.edit(1, "b1", f{"first": "Annie"})
			h.edit(0, "a1", f{"first": "Annabel"})
			h.sync()
			h.rest()
		}},
	})
}

// enteredAfter carries over an edit without an answer, and has b's user enter something over it that never reaches a.
func (h *history) enteredAfter(edit, over string) {
	h.ann()
	h.edit(0, "a1", f{"first": edit})
	h.untold = true
	h.sync(h.put(1, "b1", f{"first": edit}))
	h.untold = false
	h.edit(1, "b1", f{"first": over})
	h.sync()
	h.rest()
}

// lagging is that b shows what is in it an hour late.
func lagging(a []oracle.App, _ *oracle.Connection) { a[1].Lag = time.Hour }

// taken tells a history in which b1, whom a user of b enters, is taken for the copy of a1 that was never made.
func (h *history) taken() {
	h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann", "company": "Acme"})
	h.create(1, "b1", f{"email": "ann@example.com", "first": "Annie"})
	h.open()
	h.showOld(0, "a1", f{"email": "ann@example.com", "first": "Ann", "company": "Acme"})
	h.see(oracle.Event{Kind: oracle.Called, App: 1, Conn: "c", Op: "create"})
	h.see(oracle.Event{Kind: oracle.Fault, Note: "F21 lost create"})
	h.status[0]["a1"] = oracle.RecordStatus{Status: "pending", Reason: "unknown_outcome"}
	h.close("")
	delete(h.status[0], "a1")
}

// shortened tells a history in which b1 is made of a1 and its user then writes a name, before the connection says what becomes
// of it. Then it writes what a1 holds, which its user may have edited.
func (h *history) shortened(answered bool, name, source string) {
	h.create(0, "a1", f{"email": "ann@example.com", "first": "Anna-Bel"})
	h.open()
	h.show()
	h.untold = !answered
	h.made(1, "b1", f{"email": "ann@example.com", "first": "Anna-Bel"})()
	h.untold = false
	h.see(oracle.Event{Kind: oracle.Fault, Note: "F33 short create"})
	h.links = append(h.links, [2]string{"a1", "b1"})
	h.close("")
	h.edit(1, "b1", f{"first": name})
	if source != "Anna-Bel" {
		h.edit(0, "a1", f{"first": source})
	}
	h.sync(h.put(1, "b1", f{"first": source}))
}

// TestSentAgain: who cannot know what became of a creation may send again what its app may have cut or spelled otherwise.
func TestSentAgain(t *testing.T) {
	run(t, []row{
		{name: "over what may be cut short", setup: policy("ask"), play: func(h *history) { h.shortened(false, "Anna", "Anna-Bel") }},
		{name: "over what may be spelled otherwise", setup: policy("ask"), play: func(h *history) { h.shortened(false, "annabel", "Anna-Bel") }},
		{name: "over another name", setup: policy("ask"), want: broken("I3"), play: func(h *history) { h.shortened(false, "Bel", "Anna-Bel") }},
		{name: "after an answer", setup: policy("ask"), want: broken("I3"), play: func(h *history) { h.shortened(true, "Anna", "Anna-Bel") }},
		{name: "what was not sent", setup: policy("ask"), want: broken("I3"), play: func(h *history) { h.shortened(false, "Anna", "Annabelle") }},
	})
}

// recovered is what the history says of a creation that was found again.
func (h *history) recovered(id string) {
	h.counts[1].Created++
	h.news = append(h.news, oracle.JournalEntry{Side: 1, ID: id, Op: "create", Field: "email", Reason: "created from a"})
}

// foundIn tells a history in which the second sync over a restored store finds a creation again; the first left the connection so.
func (h *history) foundIn(phase string) {
	ann := f{"email": "ann@example.com"}
	h.create(0, "a1", ann)
	h.sync(h.made(1, "b1", ann), h.pair("a1", "b1"))
	h.see(oracle.Event{Kind: oracle.StoreRestored})
	h.links, h.phase = nil, phase
	h.sync()
	h.phase = "active"
	h.sync(h.pair("a1", "b1"), func() { h.recovered("b1") })
}

// TestCreationsWithoutAnAnswer: who shows after a creation whose outcome is unknown may be what was created.
func TestCreationsWithoutAnAnswer(t *testing.T) {
	run(t, []row{
		{name: "what the user had entered still flows when the pair is linked", play: func(h *history) {
			h.taken()
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "pending", Reason: "unknown_outcome"})
			h.sync(h.pair("a1", "b1"), func() { h.recovered("b1") })
			h.status = [2]map[string]oracle.RecordStatus{{}, {}}
			h.sync(h.put(0, "a1", f{"first": "Annie"}), h.put(1, "b1", f{"company": "Acme"}))
			h.rest()
		}},
		{name: "it still flows when the process died before it did", play: func(h *history) {
			h.taken()
			h.open()
			h.show()
			h.pair("a1", "b1")()
			h.recovered("b1")
			h.see(oracle.Event{Kind: oracle.Called, App: 0, Conn: "c", Op: "update"})
			h.see(oracle.Event{Kind: oracle.Fault, Note: "F61 crash_before update"})
			h.see(oracle.Event{Kind: oracle.Crash, Conn: "c"})
			h.say()
			h.sync(h.put(0, "a1", f{"first": "Annie"}), h.put(1, "b1", f{"company": "Acme"}))
			h.rest()
		}},
		{name: "what was made takes the place of who was taken for it", play: func(h *history) { h.tookPlace(true) }},
		{name: "what was made is linked, and nobody told of it", want: broken("I9"), play: func(h *history) { h.tookPlace(false) }},
		{name: "it still flows once it may", setup: direction("a_to_b"), play: func(h *history) { h.opened("Annie") }},
		{name: "it still flows once a rule lets it", setup: onlyFromA, play: func(h *history) { h.opened("Annie") }},
		{name: "it flows though it might before, and was settled", want: broken("I3"), play: func(h *history) { h.opened("Annie") }},
		{name: "something else flows once it may", setup: direction("a_to_b"), want: broken("I4"), play: func(h *history) { h.opened("Cyd") }},
		{name: "what the user had entered flows when all was settled", want: broken("I3"), play: func(h *history) {
			h.taken()
			h.sync(h.pair("a1", "b1"), func() { h.recovered("b1") }, h.put(1, "b1", f{"first": "Ann", "company": "Acme"}))
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
		}},
		{name: "it shows when the app may, though nothing waits any more", setup: lagging, play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
			h.create(1, "b1", f{"email": "ann@example.com", "first": "Ann"})
			h.open()
			h.showOld(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
			h.see(oracle.Event{Kind: oracle.Called, App: 1, Conn: "c", Op: "create"})
			h.see(oracle.Event{Kind: oracle.Fault, Note: "F21 lost create"})
			h.close("")
			h.open()
			h.close("")
			h.advance(2 * time.Hour)
			h.sync(h.pair("a1", "b1"), func() { h.recovered("b1") })
		}},
		{name: "it shows long after the app must have shown it", setup: lagging, want: broken("I28"), play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
			h.open()
			h.show()
			h.see(oracle.Event{Kind: oracle.Called, App: 1, Conn: "c", Op: "create"})
			h.see(oracle.Event{Kind: oracle.Fault, Note: "F21 lost create"})
			h.close("")
			h.advance(2 * time.Hour)
			h.sync()
			h.create(1, "b1", f{"email": "ann@example.com", "first": "Ann"})
			h.advance(2 * time.Hour)
			h.sync(h.pair("a1", "b1"), func() { h.counts[1].Created++ })
		}},
		{name: "an old store knows of it, and the next sync halts", play: func(h *history) { h.foundIn("halted") }},
		{name: "an old store knows of it, and the next sync is whole", want: broken("I28"), play: func(h *history) { h.foundIn("active") }},
		{name: "another engine is at it still", play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
			h.open()
			h.show()
			h.see(oracle.Event{Kind: oracle.Called, App: 1, Conn: "c", Op: "create"})
			h.create(1, "b1", f{"email": "ann@example.com", "first": "Ann"})
			h.engine = 1
			h.sync(h.pair("a1", "b1"), func() { h.recovered("b1") })
		}},
		{name: "it is sent again, and changes what the first call made", play: func(h *history) {
			h.resent(nil)
			h.rest()
		}},
		{name: "it is sent again over an edit that was not shown", play: func(h *history) {
			h.resent(func() { h.edit(1, "b1", f{"first": "Annie"}) })
			h.rest()
		}},
		{name: "it is sent again over an edit that was shown", want: broken("I3"), play: func(h *history) {
			h.resent(func() {
				h.edit(1, "b1", f{"first": "Annie"})
				h.showOld(1, "b1", f{"email": "ann@example.com", "first": "Annie", "company": "Acme"})
			})
			h.rest()
		}},
		{name: "it is sent again over a winner's edit that was not shown", setup: policy("b"), play: func(h *history) {
			h.resent(func() { h.edit(1, "b1", f{"first": "Annie"}) })
			h.rest()
		}},
		{name: "it is sent again over a winner's edit that was shown", setup: policy("b"), want: broken("I3"), play: func(h *history) {
			h.resent(func() {
				h.edit(1, "b1", f{"first": "Annie"})
				h.showOld(1, "b1", f{"email": "ann@example.com", "first": "Annie", "company": "Acme"})
				h.lost = contact.Text("Annie")
			})
			h.rest()
		}},
		{name: "it is updated, and the history tells of a creation", want: broken("I9", "I28"), play: func(h *history) {
			h.resent(nil)
			h.quiet = true
			h.edit(0, "a1", f{"first": "Anne"})
			h.sync(h.put(1, "b1", f{"first": "Anne"}), func() { h.counts[1] = oracle.Counts{Created: 1} })
			h.rest()
		}},
		{name: "another engine was reading", want: broken("I28"), play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
			h.open()
			h.show()
			h.create(1, "b1", f{"email": "ann@example.com", "first": "Ann"})
			h.engine = 1
			h.sync(h.pair("a1", "b1"), func() { h.counts[1].Created++ })
		}},
	})
}

// resent has a creation without an answer, and its source edited, sent again: the app changes the record that is there, and the history
// tells of one creation.
func (h *history) resent(meanwhile func()) {
	h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann", "company": "Acme"})
	h.open()
	h.show()
	h.quiet, h.untold = true, true
	h.made(1, "b1", f{"email": "ann@example.com", "first": "Ann", "company": "Acme"})()
	h.see(oracle.Event{Kind: oracle.Fault, Note: "F21 lost create"})
	h.status[0]["a1"] = oracle.RecordStatus{Status: "pending", Reason: "unknown_outcome"}
	h.counts = [2]oracle.Counts{}
	h.close("")
	h.untold = false
	h.edit(0, "a1", f{"first": "Anna"})
	if meanwhile != nil {
		meanwhile()
	}
	h.open()
	h.see(oracle.Event{Kind: oracle.Called, App: 1, Conn: "c", Op: "create"})
	before, after := h.change(1, "b1", f{"first": "Anna"}.fields())
	h.see(oracle.Event{Kind: oracle.Wrote, App: 1, Conn: "c", ID: "b1", Op: "update", Before: before, After: after, Told: true})
	h.counts[1].Created = 1
	for name, v := range after {
		h.news = append(h.news, oracle.JournalEntry{Side: 1, ID: "b1", Op: "create", Field: name, After: v, Lost: h.lost, Reason: "created from a"})
	}
	h.links, h.quiet, h.status = [][2]string{{"a1", "b1"}}, false, [2]map[string]oracle.RecordStatus{{}, {}}
	h.close("")
}

// onlyFromA lets no rule let anybody of b through.
func onlyFromA(_ []oracle.App, c *oracle.Connection) { c.Rules = c.Rules[:1] }

// opened links whom a user of b entered with a1 in a connection by which nothing flows from b, and then lets it flow.
func (h *history) opened(name string) {
	h.taken()
	h.sync(h.pair("a1", "b1"), func() { h.recovered("b1") }, h.put(1, "b1", f{"company": "Acme"}))
	c := twoWay()
	h.see(oracle.Event{Kind: oracle.Configured, Connection: &c})
	h.sync(h.put(0, "a1", f{"first": name}))
}

// tookPlace has b2 made of a1 by a creation that nobody answers, and b1, whom a user entered, taken for it if that is mistaken. Then b1
// is gone, and b2 is linked.
func (h *history) tookPlace(mistaken bool) {
	ann := f{"email": "ann@example.com", "first": "Ann", "company": "Acme"}
	h.create(0, "a1", ann)
	h.open()
	h.show()
	h.quiet, h.untold = true, true
	h.made(1, "b2", ann)()
	h.quiet, h.untold = false, false
	h.see(oracle.Event{Kind: oracle.Fault, Note: "F22 error_after create"})
	h.counts = [2]oracle.Counts{}
	h.status[0]["a1"] = oracle.RecordStatus{Status: "pending", Reason: "unknown_outcome"}
	h.close("")
	delete(h.status[0], "a1")
	if mistaken {
		h.create(1, "b1", ann)
		h.sync(h.pair("a1", "b1"), func() { h.recovered("b1") })
		h.remove(1, "b1")
	}
	h.links = [][2]string{{"a1", "b2"}}
	h.sync()
	h.rest()
}
