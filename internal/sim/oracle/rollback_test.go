package oracle_test

import (
	"testing"

	"github.com/contactsync/contactsync/internal/sim/oracle"
)

func TestRollback(t *testing.T) {
	ann := f{"email": "ann@example.com", "first": "Ann", "company": "Acme"}
	back := func(h *history, writes ...func()) {
		for _, w := range writes {
			w()
		}
		h.decide("rollback", 0, "", "")
		h.phase = "paused"
		h.say()
	}
	run(t, []row{
		{name: "all is as it was", play: func(h *history) {
			h.ann()
			h.create(0, "a2", f{"email": "bob@example.com"})
			h.edit(0, "a1", f{"first": "Anna"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}), h.made(1, "b2", f{"email": "bob@example.com"}), h.pair("a2", "b2"))
			back(h, h.put(1, "b1", f{"first": "Ann"}), h.drop(1, "b2"))
			h.rest()
		}},
		{name: "a value is not taken back", want: broken("I29"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna", "company": "Initech"})
			h.sync(h.put(1, "b1", f{"first": "Anna", "company": "Initech"}))
			back(h, h.put(1, "b1", f{"first": "Ann"}))
		}},
		{name: "what it overwrote it was never shown", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.open()
			h.show()
			h.edit(1, "b1", f{"first": "Annie"})
			h.put(1, "b1", f{"first": "Anna"})()
			h.close("")
			back(h, h.put(1, "b1", f{"first": "Ann"}))
		}},
		{name: "what it overwrote it was shown", want: broken("I29"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			back(h, h.put(1, "b1", f{"first": "Ann"}))
		}},
		{name: "what it overwrote it wrote itself", want: broken("I29"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.open()
			h.show()
			h.put(1, "b1", f{"first": "Anna"})()
			h.close("")
			h.open()
			h.edit(0, "a1", f{"first": "Annie"})
			h.put(1, "b1", f{"first": "Annie"})()
			h.close("")
			back(h, h.put(1, "b1", f{"first": "Ann"}))
		}},
		{name: "a created record stays", want: broken("I29"), play: func(h *history) {
			h.ann()
			back(h)
		}},
		{name: "a created record is not found, for it has another id", play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com"})
			h.sync(h.made(1, "b1", f{"email": "ann@example.com"}), h.pair("a1", "b1"))
			h.rekey(1, "b1", "b9")
			h.see(oracle.Event{Kind: oracle.Called, App: 1, Conn: "c", Op: "delete"})
			h.decide("rollback", 0, "", "")
			h.links = nil
			h.news = []oracle.JournalEntry{{Side: 1, ID: "b1", Op: "delete", Reason: "taken back"}}
			h.say()
			h.see(oracle.Event{Kind: oracle.Shown, App: 1, Conn: "c", ID: "b1", Other: "b9", Gone: true})
			h.sync(h.made(1, "b2", f{"email": "ann@example.com"}), h.pair("a1", "b2"))
		}},
		{name: "a run is taken back again once the new id of what it created is told", play: func(h *history) { h.takenBackAs(true) }},
		{name: "a created record stays, of which another id was told", want: broken("I29"), play: func(h *history) { h.takenBackAs(false) }},
		{name: "the history tells of a deletion that did not reach a record under its own id", want: broken("I9"), play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com"})
			h.sync(h.made(1, "b1", f{"email": "ann@example.com"}), h.pair("a1", "b1"))
			h.sync(func() { h.news = []oracle.JournalEntry{{Side: 1, ID: "b1", Op: "delete", Reason: "taken back"}} })
		}},
		{name: "what users changed since is spared", play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", f{"email": "ann@example.com", "first": "An"})
			h.sync(h.pair("a1", "b1"), h.put(1, "b1", f{"first": "Ann", "company": "Acme"}))
			h.edit(1, "b1", f{"company": "Initech"})
			back(h, h.put(1, "b1", f{"first": "An"}))
			h.rest()
		}},
		{name: "a created record that was edited is deleted", want: broken("I29"), play: func(h *history) {
			h.ann()
			h.edit(1, "b1", f{"notes": "precious"})
			back(h, h.drop(1, "b1"))
		}},
		{name: "a creation without an answer was edited, and that taken back", play: func(h *history) {
			h.madeAndBack(true, f{"notes": nil}, back)
		}},
		{name: "a creation without an answer was spelled otherwise", play: func(h *history) {
			h.madeAndBack(true, f{"email": "ANN@example.com", "notes": nil}, back)
		}},
		{name: "a creation with an answer was spelled otherwise", want: broken("I29"), play: func(h *history) {
			h.madeAndBack(false, f{"email": "ANN@example.com", "notes": nil}, back)
		}},
		{name: "a creation without an answer was edited", want: broken("I29"), play: func(h *history) {
			h.madeAndBack(true, f{"first": "Annie", "notes": nil}, back)
		}},
		{name: "a creation with an answer was edited, and that taken back", want: broken("I29"), play: func(h *history) {
			h.madeAndBack(false, f{"notes": nil}, back)
		}},
		{name: "a creation that has another id by now was edited, and that taken back", play: func(h *history) {
			h.renamedAndBack(f{"notes": nil}, back)
		}},
		{name: "a creation that has another id by now was edited", want: broken("I29"), play: func(h *history) {
			h.renamedAndBack(f{"first": "Annie", "notes": nil}, back)
		}},
		{name: "a record of a user is deleted", want: broken("I29"), play: func(h *history) {
			h.ann()
			back(h, h.drop(1, "b1"), h.drop(0, "a1"))
		}},
		{name: "a value that it never held", want: broken("I29"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			back(h, h.put(1, "b1", f{"first": "Nobody"}))
		}},
	})
}

// madeAndBack lets b1 be made, with or without an answer, edited and edited again, and deleted when that is taken back.
func (h *history) madeAndBack(untold bool, last f, back func(h *history, writes ...func())) {
	h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
	h.open()
	h.show()
	h.untold = untold
	h.made(1, "b1", f{"email": "ann@example.com", "first": "Ann"})()
	h.untold = false
	h.see(oracle.Event{Kind: oracle.Fault, Note: "F21 lost create"})
	h.close("")
	h.edit(1, "b1", f{"notes": "precious"})
	h.edit(1, "b1", last)
	back(h, h.drop(1, "b1"))
}

// renamedAndBack lets b1 be made and get another id, of which b tells once it was edited and edited again; then its creation is taken back.
func (h *history) renamedAndBack(last f, back func(h *history, writes ...func())) {
	h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
	h.sync(h.made(1, "b1", f{"email": "ann@example.com", "first": "Ann"}), h.pair("a1", "b1"))
	h.rekey(1, "b1", "b9")
	h.edit(1, "b9", f{"notes": "precious"})
	h.edit(1, "b9", last)
	h.see(oracle.Event{Kind: oracle.Shown, App: 1, Conn: "c", ID: "b1", Other: "b9", Gone: true})
	h.links = nil
	back(h, h.drop(1, "b9"))
}

// takenBackAs takes back the creation of b1 after that got another id, of which b tells. Before it does it may be taken back as b1,
// which is not there any more.
func (h *history) takenBackAs(before bool) {
	h.create(0, "a1", f{"email": "ann@example.com"})
	h.sync(h.made(1, "b1", f{"email": "ann@example.com"}), h.pair("a1", "b1"))
	h.rekey(1, "b1", "b9")
	back := func() {
		h.decide("rollback", 0, "", "")
		h.phase, h.links = "paused", nil
		h.say()
	}
	if before {
		h.news = []oracle.JournalEntry{{Side: 1, ID: "b1", Op: "delete", Reason: "taken back"}}
		h.see(oracle.Event{Kind: oracle.Called, App: 1, Conn: "c", Op: "delete"})
		back()
	}
	h.see(oracle.Event{Kind: oracle.Shown, App: 1, Conn: "c", ID: "b1", Other: "b9", Gone: true})
	back()
}
