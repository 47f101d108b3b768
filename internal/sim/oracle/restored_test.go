package oracle_test

import (
	"testing"
	"time"

	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// goesBack puts back a copy of the store.
func (h *history) goesBack(to time.Time) {
	h.see(oracle.Event{Kind: oracle.StoreRestored, Back: to})
}

// named lets an app refuse to create whom it has already and name that one, who is linked then and stays so over a store that was lost,
// or put back.
func (h *history) named(lost bool) {
	h.twins()
	h.open()
	h.show()
	h.see(oracle.Event{Kind: oracle.Called, App: 1, Conn: "c", Op: "create"})
	h.pair("a1", "b1")()
	h.close("")
	if lost {
		h.see(oracle.Event{Kind: oracle.StoreLost})
	} else {
		h.goesBack(h.now)
	}
	h.sync()
}

// TestRestoredStore: what a copy of the store that is put back can know, and what not.
func TestRestoredStore(t *testing.T) {
	// lost loses the store and puts a copy back, from before or after the first sync; then a deletion is carried over.
	lost := func(after bool) func(h *history) {
		return func(h *history) {
			back := h.now
			h.advance(time.Hour)
			h.ann()
			if after {
				back = h.now
			}
			h.remove(0, "a1")
			h.see(oracle.Event{Kind: oracle.StoreLost})
			h.goesBack(back)
			h.sync(h.drop(1, "b1"))
		}
	}
	// hidden has the copy that we made hide a field while a store comes back, of before the copy was made or after; then the
	// field is emptied in a, and filled again.
	hidden := func(after bool) func(h *history) {
		return func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
			back := h.now
			h.advance(time.Hour)
			h.sync(h.made(1, "b1", f{"email": "ann@example.com", "first": "Ann"}), h.pair("a1", "b1"))
			if after {
				back = h.now
			}
			h.hidden = map[string]string{"b1": "first"}
			h.goesBack(back)
			h.sync()
			h.edit(0, "a1", f{"first": nil})
			h.hidden = nil
			h.sync(h.put(0, "a1", f{"first": "Ann"}))
		}
	}
	// entered has b1, who was entered by a user, win over a1; both are new to a store that comes back.
	entered := func(h *history) {
		h.goesBack(h.now)
		h.sync(h.pair("a1", "b1"), h.put(0, "a1", f{"first": "Annie"}), h.put(1, "b1", f{"company": "Acme"}))
	}
	// marked takes b1 back, may put back a store of before that, and marks a1 as of somebody deleted opposite.
	marked := func(restored bool) func(h *history) {
		return func(h *history) {
			h.ann()
			copied := h.now
			h.drop(1, "b1")()
			h.decide("rollback", 0, "", "")
			if restored {
				h.goesBack(copied)
			}
			h.sync(h.put(0, "a1", f{"tags": []string{"gone"}}))
		}
	}
	marks := func(_ []oracle.App, c *oracle.Connection) {
		c.Deletions[1], c.Mark[0] = "mark", oracle.Element{Field: "tags", Element: "gone"}
	}
	// agreed has a person consent to a creation more than one sync may make, and puts back a copy of the store of before or after that.
	agreed := func(after bool) func(h *history) {
		return func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com"})
			h.create(0, "a2", f{"email": "bob@example.com"})
			h.held = map[string]int{"creates": 2}
			h.sync()
			back := h.now
			h.advance(time.Hour)
			h.decide("confirm", 0, "", "")
			if after {
				back = h.now
			}
			h.goesBack(back)
			h.held = nil
			h.sync(h.made(1, "b1", f{"email": "ann@example.com"}), h.made(1, "b2", f{"email": "bob@example.com"}), h.pair("a1", "b1"), h.pair("a2", "b2"))
		}
	}
	one := func(_ []oracle.App, c *oracle.Connection) { c.MaxCreates = func(int) int { return 1 } }
	run(t, []row{
		{name: "it knows what a person consented to", setup: one, play: agreed(true)},
		{name: "it is of before a person consented", setup: one, want: broken("I16"), play: agreed(false)},
		{name: "it does not know that the connection deleted a partner itself, and marks the other", setup: marks, play: marked(true)},
		{name: "a store that knows it does not", setup: marks, want: broken("I17"), play: marked(false)},
		{name: "it was lost, and knows the first sync", setup: deletions("delete"), play: lost(true)},
		{name: "it was lost, and is of before the first sync", setup: deletions("delete"), want: broken("I30"), play: lost(false)},
		{name: "what was hidden is not settled in it", play: hidden(false)},
		{name: "what was hidden is settled in it", want: broken("I3"), play: hidden(true)},
		{name: "it notes a creation without an answer", play: func(h *history) {
			h.taken()
			entered(h)
			h.rest()
		}},
		{name: "it knows who was linked because the app named somebody", setup: uniqueNotes, play: func(h *history) { h.named(false) }},
		{name: "a store that was lost does not", setup: uniqueNotes, want: broken("I7"), play: func(h *history) { h.named(true) }},
		{name: "it notes nothing", want: broken("I3"), play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann", "company": "Acme"})
			h.create(1, "b1", f{"email": "ann@example.com", "first": "Annie"})
			entered(h)
		}},
	})
}

// TestPartialApps: an edit that an app which only pushes left out is one that nobody could know. Any other app is asked for it.
func TestPartialApps(t *testing.T) {
	partial := func(is bool) func([]oracle.App, *oracle.Connection) {
		return func(a []oracle.App, c *oracle.Connection) { a[0].Partial, c.Conflict = is, "ask" }
	}
	play := func(h *history) {
		h.ann()
		h.hidden = map[string]string{"a1": "first"}
		h.edit(0, "a1", f{"first": "Anna"})
		h.sync()
		h.open()
		h.close("")
		h.edit(1, "b1", f{"first": "Annie"})
		h.open()
		h.showOld(1, "b1", f{"email": "ann@example.com", "first": "Annie", "company": "Acme"})
		h.put(0, "a1", f{"first": "Annie"})()
		h.close("")
	}
	left := func(h *history) {
		h.ann()
		h.edit(0, "a1", f{"first": "Anna"})
		h.edit(1, "b1", f{"first": "Annie"})
		h.sync(h.put(0, "a1", f{"first": "Annie"}))
	}
	run(t, []row{
		{name: "it left the edit out", setup: partial(true), play: play},
		{name: "another app left it out", setup: partial(false), want: broken("I3"), play: play},
		{name: "it told of the edit", setup: partial(true), want: broken("I3"), play: left},
	})
}
