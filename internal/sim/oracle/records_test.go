package oracle_test

import (
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

func TestNothingIsCreatedTwice(t *testing.T) {
	ann := f{"email": "ann@example.com", "first": "Ann"}
	run(t, []row{
		{name: "a create whose answer was lost is recognised", play: func(h *history) {
			h.create(0, "a1", ann)
			h.open()
			h.show()
			h.untold = true
			h.made(1, "b1", ann)()
			h.untold = false
			h.see(oracle.Event{Kind: oracle.Crash})
			h.sync(h.pair("a1", "b1"))
			h.rest()
		}},
		{name: "a create whose answer was lost is done again", want: broken("I6"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.open()
			h.show()
			h.untold = true
			h.made(1, "b1", ann)()
			h.untold = false
			h.see(oracle.Event{Kind: oracle.Crash})
			h.sync(h.made(1, "b2", ann), h.pair("a1", "b2"))
		}},
		{name: "it is done again although its key was changed meanwhile", want: broken("I6"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.open()
			h.show()
			h.untold = true
			h.made(1, "b1", ann)()
			h.untold = false
			h.see(oracle.Event{Kind: oracle.Crash})
			h.edit(1, "b1", f{"email": "ann@new.example.com"})
			h.sync(h.made(1, "b2", ann), h.pair("a1", "b2"))
		}},
		{name: "nobody can know it again", play: func(h *history) {
			h.create(0, "a1", ann)
			h.open()
			h.show()
			h.untold = true
			h.quiet = true
			h.made(1, "b1", ann)()
			h.untold, h.quiet = false, false
			h.see(oracle.Event{Kind: oracle.Crash})
			h.edit(1, "b1", f{"email": "x@example.com", "first": "X"})
			h.sync(h.made(1, "b2", ann), h.pair("a1", "b2"), h.made(0, "a2", f{"email": "x@example.com", "first": "X"}), h.pair("a2", "b1"))
			h.rest()
		}},
		{name: "nobody can know it again by a tag that strangers share", setup: tags, play: func(h *history) { h.changedBut(f{"email": "x@example.com", "first": "X"}) }},
		{name: "it can be known again by its name", setup: tags, want: broken("I6"), play: func(h *history) { h.changedBut(f{"email": "x@example.com"}) }},
		{name: "its feed may have left it out", play: func(h *history) { h.unheard("F8 omitted changes", false) }},
		{name: "its feed may have left it out, and then told of it", want: broken("I6"), play: func(h *history) { h.unheard("F8 omitted changes", true) }},
		{name: "its feed failed once", want: broken("I6"), play: func(h *history) { h.unheard("F1 reset changes", false) }},
		{name: "the person was there already", want: broken("I6"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", f{"email": "Ann@Example.com"})
			h.sync(h.made(1, "b2", ann), h.pair("a1", "b2"))
		}},
		{name: "the person had that email, and was given another one, which the app took back at once", play: func(h *history) { h.notStored(false) }},
		{name: "the person has that email again, as was shown", want: broken("I6"), play: func(h *history) { h.notStored(true) }},
		{name: "the person came while the sync was under way", play: func(h *history) {
			h.create(0, "a1", ann)
			h.open()
			h.show()
			h.create(1, "b1", f{"email": "Ann@Example.com"})
			h.made(1, "b2", ann)()
			h.pair("a1", "b2")()
			h.status[1]["b1"] = oracle.RecordStatus{Status: "duplicate", Reason: "duplicate_here"}
			h.close("")
			h.rest()
		}},
		{name: "a shared later key is no evidence where the earlier one differs", setup: phones, play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "company": "1"})
			h.create(1, "b1", f{"email": "bob@example.com", "company": "1"})
			h.sync(h.made(1, "b2", f{"email": "ann@example.com", "company": "1"}), h.pair("a1", "b2"),
				h.made(0, "a2", f{"email": "bob@example.com", "company": "1"}), h.pair("a2", "b1"))
			h.status[0]["a1"] = oracle.RecordStatus{Status: "in_sync"}
			h.rest()
		}},
		{name: "two of one key are both created", want: broken("I6"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(0, "a2", ann)
			h.sync(h.made(1, "b1", ann), h.pair("a1", "b1"), h.made(1, "b2", ann), h.pair("a2", "b2"))
		}},
		{name: "two whom only a later key has in common, in an app that lost the first", setup: firms, play: func(h *history) {
			h.firms()
		}},
		{name: "two whom only a later key has in common, and one was entered without the first, which nobody saw", setup: firms, play: func(h *history) {
			h.create(0, "a1", f{"email": "team@example.com"})
			h.firms()
		}},
		{name: "two whom only a later key has in common, and one was shown without the first", setup: firms, want: broken("I6"), play: func(h *history) {
			h.create(0, "a2", f{"email": "team@example.com"})
			h.create(0, "a1", f{"email": "team@example.com", "company": "1"})
			h.open()
			h.show()
			h.made(1, "b1", f{"email": "team@example.com"})()
			h.made(1, "b2", f{"email": "team@example.com"})()
		}},
		{name: "who bears the key lost it by a write that the app took back unseen", setup: firms, play: func(h *history) { h.takenBack(true) }},
		{name: "who bears the key was to lose it by a write that was never made", setup: firms, want: broken("I6"), play: func(h *history) { h.takenBack(false) }},
		{name: "its key was shown before the store was lost, and then hidden", play: func(h *history) { h.shownTo(true) }},
		{name: "its key was shown since the store was lost, and then hidden", want: broken("I6"), play: func(h *history) { h.shownTo(false) }},
		{name: "somebody else was taken for what was made, which is shown later", setup: noKey, play: func(h *history) { h.madeBeside(false) }},
		{name: "somebody else was taken for what was made, and it is made again", setup: noKey, want: broken("I6"), play: func(h *history) { h.madeBeside(true) }},
		{name: "its key was hidden when it was shown last", setup: noKey, play: func(h *history) { h.keyHidden(false) }},
		{name: "its key was hidden and is shown by now", setup: noKey, want: broken("I6"), play: func(h *history) { h.keyHidden(true) }},
		{name: "two of one content and no key are both created", setup: noKey, play: func(h *history) {
			h.create(0, "a1", f{"first": "Ann"})
			h.create(0, "a2", f{"first": "Ann"})
			h.sync(h.made(1, "b1", f{"first": "Ann"}), h.pair("a1", "b1"), h.made(1, "b2", f{"first": "Ann"}), h.pair("a2", "b2"))
			h.rest()
		}},
		{name: "one of no key is created twice", setup: noKey, want: broken("I6"), play: func(h *history) {
			h.create(0, "a1", f{"first": "Ann"})
			h.sync(h.made(1, "b1", f{"first": "Ann"}), h.pair("a1", "b1"))
			h.sync(h.made(1, "b2", f{"first": "Ann"}))
		}},
		{name: "one was created without an answer, and its source got the partner of another one by a merge", play: func(h *history) { h.leftByMerge(true) }},
		{name: "one is created whose source got the partner of another one by a merge", want: broken("I6"), play: func(h *history) { h.leftByMerge(false) }},
		{name: "what a user deleted comes back", want: broken("I6"), play: func(h *history) {
			h.ann()
			h.remove(1, "b1")
			h.sync(h.made(1, "b2", f{"email": "ann@example.com", "first": "Ann", "company": "Acme"}), h.pair("a1", "b2"))
		}},
		{name: "what a user deleted comes back after the store was lost", play: func(h *history) {
			h.ann()
			h.remove(1, "b1")
			h.see(oracle.Event{Kind: oracle.StoreLost})
			h.sync(h.made(1, "b2", f{"email": "ann@example.com", "first": "Ann", "company": "Acme"}), h.pair("a1", "b2"))
			h.rest()
		}},
		{name: "the store was lost, and who is there is created again", want: broken("I6"), play: func(h *history) {
			h.ann()
			h.see(oracle.Event{Kind: oracle.StoreLost})
			h.links = nil
			h.sync(h.made(1, "b2", f{"email": "ann@example.com", "first": "Ann", "company": "Acme"}), h.pair("a1", "b2"))
		}},
		{name: "a record is made of two people", want: broken("I4"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(0, "a2", f{"email": "bob@example.com", "first": "Bob"})
			h.sync(h.made(1, "b1", f{"email": "ann@example.com", "first": "Bob"}), h.pair("a1", "b1"))
		}},
		{name: "a record is made of one that became part of another, of which that field is hidden", play: func(h *history) {
			h.tookIn(true, "first")
		}},
		{name: "a record is made of one that became part of another, of which that field was told", want: broken("I4"), play: func(h *history) {
			h.tookIn(true, "company")
		}},
		{name: "a record is made of two people, of one of which that field is hidden", want: broken("I4"), play: func(h *history) {
			h.tookIn(false, "first")
		}},
		{name: "without a key nobody is copied", want: broken("I9"), play: func(h *history) {
			h.create(0, "a1", f{"first": "Ann"})
			h.sync(h.made(1, "b1", f{"first": "Ann"}), h.pair("a1", "b1"))
		}},
		{name: "that a rule keeps somebody out by now was hidden", setup: keepsOut, play: func(h *history) { h.keptOut("labels") }},
		{name: "that a rule keeps somebody out by now was shown", setup: keepsOut, want: broken("I9"), play: func(h *history) {
			h.keptOut("company")
		}},
		{name: "an update-only rule creates nobody", want: broken("I9"),
			setup: func(_ []oracle.App, c *oracle.Connection) { c.Rules[0].Mode = "update_only" },
			play: func(h *history) {
				h.create(0, "a1", ann)
				h.sync(h.made(1, "b1", ann), h.pair("a1", "b1"))
			}},
		{name: "who has another id and another key is somebody else", play: func(h *history) {
			h.ann()
			h.rekey(0, "a1", "a9")
			h.edit(0, "a9", f{"email": "ann@new.example.com"})
			h.links = nil
			h.status[1]["b1"] = oracle.RecordStatus{Status: "deleted_opposite"}
			h.sync(h.made(1, "b2", f{"email": "ann@new.example.com", "first": "Ann", "company": "Acme"}), h.pair("a9", "b2"))
			h.rest()
		}},
		{name: "who has another key, which nobody saw, and another id is somebody else", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"email": "ann@new.example.com"})
			h.rekey(0, "a1", "a9")
			h.links = nil
			h.status[1]["b1"] = oracle.RecordStatus{Status: "deleted_opposite"}
			h.sync(h.made(1, "b2", f{"email": "ann@new.example.com", "first": "Ann", "company": "Acme"}), h.pair("a9", "b2"))
			h.rest()
		}},
		{name: "who had another key already is created again for another id", want: broken("I6"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"email": "ann@new.example.com"})
			h.sync(h.put(1, "b1", f{"email": "ann@new.example.com"}))
			h.rekey(0, "a1", "a9")
			h.links = nil
			h.sync(h.made(1, "b2", f{"email": "ann@new.example.com", "first": "Ann", "company": "Acme"}))
		}},
		{name: "who has another id, as the app told, and another key is created again", want: broken("I6"), play: func(h *history) {
			h.ann()
			h.rekey(0, "a1", "a9")
			h.see(oracle.Event{Kind: oracle.Shown, App: 0, Conn: "c", ID: "a1", Other: "a9", Gone: true})
			h.edit(0, "a9", f{"email": "ann@new.example.com"})
			h.links = nil
			h.sync(h.made(1, "b2", f{"email": "ann@new.example.com", "first": "Ann", "company": "Acme"}))
		}},
		{name: "who is left over of a merge and was given another key, which nobody saw, is somebody else", play: leftOver(false)},
		{name: "who is left over of a merge had another key already and is copied back", want: broken("I6"), play: leftOver(true)},
		{name: "who should be created is not", want: broken("I1"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.rest()
		}},
		{name: "who is out of the rule is not created", setup: func(_ []oracle.App, c *oracle.Connection) { c.Rules[0].Admits = has("labels", "CRM") },
			play: func(h *history) {
				h.create(0, "a1", ann)
				h.rest()
			}},
		{name: "nobody can tell which of two a creation without an answer has made", setup: noKey, play: func(h *history) { h.madeOneOf(f{"first": "Ann"}, true) }},
		{name: "nobody else is there that it can have made", setup: noKey, want: broken("I1"), play: func(h *history) { h.madeOneOf(f{"first": "Bob"}, true) }},
		{name: "the other one was there before", setup: noKey, want: broken("I1"), play: func(h *history) { h.madeOneOf(f{"first": "Ann"}, false) }},
		{name: "two of one key that nobody else bears are not linked", want: broken("I1"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", f{"email": "ann@example.com", "first": "Ann"})
			h.rest()
		}},
		{name: "several candidates are never guessed", play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", ann)
			h.create(1, "b2", ann)
			h.rest()
		}},
		{name: "a record is not accounted for", want: broken("I28"), play: func(h *history) {
			h.create(0, "a1", f{"first": "Ann"})
			h.sync()
			delete(h.apps[0], "a1")
			h.rest()
		}},
	})
}

// firms lets company be the first key.
func firms(_ []oracle.App, c *oracle.Connection) { c.Keys = []string{"company", "email"} }

// firms tells a sync that creates two of one email and two companies, in an app that keeps no company.
func (h *history) firms() {
	if _, there := h.apps[0]["a1"]; there {
		h.edit(0, "a1", f{"company": "1"})
	} else {
		h.create(0, "a1", f{"email": "team@example.com", "company": "1"})
	}
	h.create(0, "a2", f{"email": "team@example.com", "company": "2"})
	h.sync(h.made(1, "b1", f{"email": "team@example.com"}), h.pair("a1", "b1"), h.made(1, "b2", f{"email": "team@example.com"}), h.pair("a2", "b2"))
}

// tags maps the labels of a to the tags of b.
func tags(_ []oracle.App, c *oracle.Connection) {
	c.Mappings = append(c.Mappings, oracle.Mapping{A: "labels", B: "tags", Direction: "both"})
}

// changedBut tells two syncs that create one person with a tag: the first got no answer, and before the second a user changes this in
// what it made.
func (h *history) changedBut(edit f) {
	ann := f{"email": "ann@example.com", "first": "Ann", "tags": []string{"VIP"}}
	h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann", "labels": []string{"VIP"}})
	h.open()
	h.show()
	h.untold, h.quiet = true, true
	h.made(1, "b1", ann)()
	h.untold, h.quiet = false, false
	h.see(oracle.Event{Kind: oracle.Crash})
	h.edit(1, "b1", edit)
	h.open()
	h.show()
	h.made(1, "b2", ann)()
}

// unheard tells syncs that create one person: the first got no answer, then this befell the feed, and the last made another one; told
// says that the feed showed the first between.
func (h *history) unheard(fault string, told bool) {
	ann := f{"email": "ann@example.com", "first": "Ann"}
	h.create(0, "a1", ann)
	h.open()
	h.show()
	h.untold, h.quiet = true, true
	h.made(1, "b1", ann)()
	h.untold, h.quiet = false, false
	h.see(oracle.Event{Kind: oracle.Crash})
	h.see(oracle.Event{Kind: oracle.Fault, Note: fault})
	h.open()
	if told {
		h.show()
	}
	h.made(1, "b2", ann)()
}

// tookIn tells a sync that makes one record of Bob and of Ann's first name, where her record became part of his, if it did, and a
// field of his is hidden.
func (h *history) tookIn(merged bool, hidden string) {
	h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
	h.create(0, "a2", f{"email": "bob@example.com", "first": "Bob"})
	if merged {
		h.merge(0, "a2", "a1")
	}
	h.hidden = map[string]string{"a2": hidden}
	h.open()
	h.show()
	h.made(1, "b1", f{"email": "bob@example.com", "first": "Ann"})()
}

// takenBack tells a sync that creates a copy of one of the key of b1, which another key links with a2 and which takes the key of that
// one by a write, if it is made, that the app has taken back before.
func (h *history) takenBack(written bool) {
	h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
	h.create(0, "a2", f{"email": "bob@example.com", "company": "Acme"})
	h.create(1, "b1", f{"email": "ann@example.com", "company": "Acme"})
	h.open()
	h.show()
	if written {
		h.put(1, "b1", f{"email": "bob@example.com"})()
		before, after := h.change(1, "b1", f{"email": "ann@example.com"}.fields())
		h.see(oracle.Event{Kind: oracle.AppTouch, App: 1, ID: "b1", Before: before, After: after})
	}
	h.made(1, "b2", f{"email": "ann@example.com", "first": "Ann"})()
}

// shownTo tells a sync that creates somebody who is there, and whose key is hidden by now: a sync was shown it that broke off, if one
// did. Syncs of before ran to their end, over a store that was lost.
func (h *history) shownTo(brokeOff bool) {
	ann := f{"email": "ann@example.com", "first": "Ann"}
	h.create(0, "a1", ann)
	h.create(1, "b1", ann)
	h.sync(h.pair("a1", "b1"))
	h.see(oracle.Event{Kind: oracle.StoreLost})
	h.links = nil
	if brokeOff {
		h.brokeOff("F1 reset changes", 0, 1)
	} else {
		h.sync()
	}
	h.hidden = map[string]string{"b1": "email"}
	h.open()
	h.show()
	h.made(1, "b2", ann)()
}

// madeBeside tells a creation of one without a key that nobody answers, and of which nothing was shown when somebody else of that name
// is taken for what it made. Then another one is created, or, where it had made nothing, the same.
func (h *history) madeBeside(again bool) {
	ann, bob := f{"first": "Ann"}, f{"email": "bob@example.com", "first": "Bob"}
	h.create(0, "a1", ann)
	h.open()
	h.show()
	if again {
		h.see(oracle.Event{Kind: oracle.Called, App: 1, Conn: "c", Op: "create"})
	} else {
		h.untold, h.quiet = true, true
		h.made(1, "b1", ann)()
		h.untold, h.quiet = false, false
	}
	h.see(oracle.Event{Kind: oracle.Crash})
	h.create(1, "b2", ann)
	h.open()
	h.showOld(1, "b2", ann)
	h.recovered("b2")
	h.pair("a1", "b2")()
	h.close("")
	if again {
		h.open()
		h.untold = true
		h.made(1, "b1", ann)()
		return
	}
	h.create(0, "a2", bob)
	h.sync(h.made(1, "b3", bob), h.pair("a2", "b3"))
}

// madeOneOf tells a creation of one without a key that nobody answers, and what is said to wait for it in the end: b1, which it made,
// and b2 of these fields, which was entered after it, or before.
func (h *history) madeOneOf(other f, after bool) {
	h.create(0, "a1", f{"first": "Ann"})
	if !after {
		h.create(1, "b2", other)
	}
	h.open()
	h.show()
	h.untold, h.quiet = true, true
	h.made(1, "b1", f{"first": "Ann"})()
	h.untold, h.quiet = false, false
	h.see(oracle.Event{Kind: oracle.Crash})
	if after {
		h.create(1, "b2", other)
	}
	waits := oracle.RecordStatus{Status: "pending", Reason: "unknown_outcome"}
	h.status = [2]map[string]oracle.RecordStatus{{"a1": waits}, {"b1": waits, "b2": waits}}
	h.rest()
}

// keyHidden tells a sync that creates somebody who is there, and whose email was hidden when the app was read; shown says that the
// app has told it since.
func (h *history) keyHidden(shown bool) {
	h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
	h.create(1, "b1", f{"email": "ann@example.com"})
	h.hidden = map[string]string{"a1": "email"}
	h.sync()
	h.hidden = nil
	for range 2 {
		h.open()
		if shown {
			h.show()
		}
		h.close("")
	}
	h.open()
	h.made(1, "b2", f{"first": "Ann"})()
	h.pair("a1", "b2")()
	h.close("")
}

// phones lets company be a second key, as a household's phone is.
func phones(_ []oracle.App, c *oracle.Connection) { c.Keys = []string{"email", "company"} }

func noKey(_ []oracle.App, c *oracle.Connection) { c.RequireKey = false }

func TestLinks(t *testing.T) {
	ann := f{"email": "ann@example.com", "first": "Ann"}
	bob := f{"email": "bob@example.com", "first": "Bob"}
	run(t, []row{
		{name: "a link outlives its key", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"email": "ann@new.example.com"})
			h.sync(h.put(1, "b1", f{"email": "ann@new.example.com"}))
			h.rest()
		}},
		{name: "one is linked twice", want: broken("I7", "I28"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", ann)
			h.create(1, "b2", ann)
			h.sync(h.pair("a1", "b1"), h.pair("a1", "b2"))
		}},
		{name: "two who share nothing are linked", want: broken("I7"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", bob)
			h.sync(h.pair("a1", "b1"))
		}},
		{name: "a person links two who share nothing", play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", bob)
			h.decide("link", 0, "a1", "b1")
			h.sync(h.pair("a1", "b1"))
		}},
		{name: "a link is lost", want: broken("I7"), play: func(h *history) {
			h.ann()
			h.links = nil
			h.sync()
		}},
		{name: "a person separates a pair", play: func(h *history) {
			h.ann()
			h.decide("separate", 0, "a1", "b1")
			h.links = nil
			h.sync()
		}},
		{name: "a separated pair is linked again", want: broken("I7"), play: func(h *history) {
			h.ann()
			h.decide("separate", 0, "a1", "b1")
			links := h.links
			h.links = nil
			h.sync()
			h.links = links
			h.sync()
		}},
		{name: "who got another id without a word is created anew, for somebody else bears the key", play: func(h *history) { h.createdAnew("ann@example.com") }},
		{name: "who got another id without a word is created anew", want: broken("I6"), play: func(h *history) { h.createdAnew("bob@example.com") }},
		{name: "a separated pair is linked again when one half looks like somebody else", play: func(h *history) {
			h.ann()
			h.decide("separate", 0, "a1", "b1")
			h.links = nil
			h.sync()
			h.rekey(0, "a1", "a9")
			h.links = [][2]string{{"a9", "b1"}}
			h.sync()
		}},
		{name: "a separated pair is linked again though the app told the other id", want: broken("I7"), play: func(h *history) {
			h.ann()
			h.decide("separate", 0, "a1", "b1")
			h.links = nil
			h.sync()
			h.rekey(0, "a1", "a9")
			h.see(oracle.Event{Kind: oracle.Shown, App: 0, Conn: "c", ID: "a1", Other: "a9", Gone: true})
			h.links = [][2]string{{"a9", "b1"}}
			h.sync()
		}},
		{name: "two are separated by ids that neither has any longer", play: func(h *history) { h.separatedAs("a9", "b9", "") }},
		{name: "of whom one has its id still", want: broken("I7"), play: func(h *history) { h.separatedAs("a9", "b1", "") }},
		{name: "or the app told the other id of one", want: broken("I7"), play: func(h *history) { h.separatedAs("a9", "b9", "a1") }},
		{name: "a person's separation is not carried out", want: broken("I7"), play: func(h *history) {
			h.ann()
			h.decide("separate", 0, "a1", "b1")
			h.sync()
		}},
		{name: "who was separated is told under another id by a sync that broke off", play: func(h *history) { h.separatedMeanwhile(false) }},
		{name: "and stays linked by the one after it", want: broken("I7"), play: func(h *history) { h.separatedMeanwhile(true) }},
		{name: "whom a person separated is linked anew in the sync that does it", play: func(h *history) {
			h.ann()
			h.create(0, "a2", f{"email": "ann@example.com", "first": "Cyd"})
			h.sync()
			h.decide("separate", 0, "a1", "b1")
			h.phase, h.halt = "halted", "account"
			h.sync()
			h.phase, h.halt = "active", ""
			h.links = [][2]string{{"a2", "b1"}}
			h.sync(h.put(1, "b1", f{"first": "Cyd"}))
		}},
		{name: "somebody else's value is written though nobody was separated", want: broken("I4"), play: func(h *history) {
			h.ann()
			h.create(0, "a2", f{"email": "ann@example.com", "first": "Cyd"})
			h.sync()
			h.phase, h.halt = "halted", "account"
			h.sync()
			h.phase, h.halt = "active", ""
			h.sync(h.put(1, "b1", f{"first": "Cyd"}))
		}},
		{name: "somebody else's value is written after a sync that broke off", want: broken("I4"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", ann)
			h.create(0, "a2", bob)
			h.open()
			h.show()
			h.pair("a1", "b1")()
			h.close("the app cannot be reached")
			h.sync(h.put(1, "b1", f{"first": "Bob"}))
		}},
		{name: "a decision was carried out, and somebody else's value is written", want: broken("I4"), play: func(h *history) {
			h.ann()
			h.create(0, "a2", f{"email": "ann@example.com", "first": "Cyd"})
			h.sync()
			h.decide("resolve", 0, "a1", "b1")
			h.sync()
			h.sync(h.put(1, "b1", f{"first": "Cyd"}))
		}},
		{name: "the heir of a key takes over", play: func(h *history) {
			h.ann()
			h.create(0, "a2", ann)
			h.sync()
			h.remove(0, "a1")
			h.links = [][2]string{{"a2", "b1"}}
			h.sync(h.put(0, "a2", f{"company": "Acme"}))
			h.rest()
		}},
		{name: "a link follows a chain of merges to the last", setup: direction("a_to_b"), play: func(h *history) {
			h.ann()
			h.create(1, "b2", bob)
			h.create(1, "b3", f{"email": "cyd@example.com"})
			h.sync()
			h.merge(1, "b2", "b1")
			h.merge(1, "b3", "b2")
			h.links = [][2]string{{"a1", "b3"}}
			h.sync()
			h.rest()
		}},
		{name: "a link passes over a record that was deleted", setup: direction("a_to_b"), want: broken("I7"), play: func(h *history) {
			h.ann()
			h.create(1, "b2", bob)
			h.create(1, "b3", f{"email": "cyd@example.com"})
			h.sync()
			h.merge(1, "b2", "b1")
			h.remove(1, "b2")
			h.links = [][2]string{{"a1", "b3"}}
			h.sync()
		}},
		{name: "a link follows a merge to somebody else's partner", setup: direction("a_to_b"), want: broken("I7"), play: func(h *history) {
			h.ann()
			h.create(0, "a2", bob)
			h.sync(h.made(1, "b2", bob), h.pair("a2", "b2"))
			h.create(1, "b3", f{"email": "cyd@example.com"})
			h.merge(1, "b3", "b1")
			h.links = [][2]string{{"a2", "b3"}}
			h.sync()
		}},
		{name: "a record gets another id", play: func(h *history) {
			h.ann()
			h.rekey(0, "a1", "a9")
			h.links = [][2]string{{"a9", "b1"}}
			h.sync()
			h.rest()
		}},
		{name: "a link of an id that there never was", want: broken("I24"), play: func(h *history) {
			h.ann()
			h.apps[0]["a7"], h.apps[1]["b7"] = ann.fields(), ann.fields()
			h.links = append(h.links, [2]string{"a7", "b7"})
			h.sync()
		}},
	})
}

// leftOver tells of two pairs of which a's halves become one, while b2 has got another key; seen says whether that was carried
// over before the merge.
func leftOver(seen bool) func(h *history) {
	return func(h *history) {
		bob, bobby := f{"email": "bob@example.com", "first": "Bob"}, f{"email": "bobby@example.com", "first": "Bob"}
		h.ann()
		h.create(0, "a2", bob)
		h.sync(h.made(1, "b2", bob), h.pair("a2", "b2"))
		h.edit(1, "b2", f{"email": "bobby@example.com"})
		if seen {
			h.sync(h.put(0, "a2", f{"email": "bobby@example.com"}))
		}
		h.merge(0, "a1", "a2")
		h.links = [][2]string{{"a1", "b1"}}
		h.sync(h.made(0, "a3", bobby), h.pair("a3", "b2"))
	}
}

// createdAnew gives the one whom b1 was made from another id without a word, and has its counterpart made once more, while another
// person of a bears a key, and b1 has another one.
func (h *history) createdAnew(key string) {
	h.ann()
	h.rekey(0, "a1", "a9")
	h.edit(1, "b1", f{"email": "ann@new.example.com"})
	h.create(0, "a2", f{"email": key, "first": "Bob"})
	h.links = nil
	h.sync(h.gone("a1"), h.made(1, "b2", f{"email": "ann@example.com", "first": "Ann", "company": "Acme"}), h.pair("a9", "b2"))
}

// separatedAs has a person separate two, who have these ids by then, by those that were said last, and they are linked under the new
// ones. told is the id of before of the one of which the app tells it.
func (h *history) separatedAs(a, b, told string) {
	h.ann()
	for app, id := range [2]string{a, b} {
		if old := [2]string{"a1", "b1"}[app]; id != old {
			h.rekey(app, old, id)
		}
	}
	h.decide("separate", 0, "a1", "b1")
	if told != "" {
		h.see(oracle.Event{Kind: oracle.Shown, App: 0, Conn: "c", ID: told, Other: a, Gone: true})
	}
	h.links = [][2]string{{a, b}}
	h.sync()
}

// separatedMeanwhile has a person separate two of whom the one got another id. A sync breaks off before it knows, the next one when
// it does; then one runs to its end.
func (h *history) separatedMeanwhile(linked bool) {
	h.ann()
	h.rekey(0, "a1", "a9")
	h.decide("separate", 0, "a9", "b1")
	h.apps[0]["a1"] = h.apps[0]["a9"]
	delete(h.apps[0], "a9")
	h.open()
	h.close("the connection was reset")
	h.apps[0]["a9"] = h.apps[0]["a1"]
	delete(h.apps[0], "a1")
	h.open()
	h.see(oracle.Event{Kind: oracle.Shown, App: 0, Conn: "c", ID: "a1", Other: "a9", Gone: true})
	h.show()
	h.links = [][2]string{{"a9", "b1"}}
	h.close("the connection was reset")
	if !linked {
		h.links = nil
	}
	h.sync()
}

// leftByMerge has b1 made of a1, without an answer, before or after a2 became part of that and brought b2 in; then b3 is made of a3.
func (h *history) leftByMerge(before bool) {
	h.create(0, "a2", f{"email": "bob@example.com"})
	h.sync(h.made(1, "b2", f{"email": "bob@example.com"}), h.pair("a2", "b2"))
	h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
	merge := func() {
		h.merge(0, "a1", "a2")
		h.links = [][2]string{{"a1", "b2"}}
		h.sync()
	}
	if !before {
		merge()
	}
	h.open()
	h.show()
	h.untold = true
	h.made(1, "b1", f{"email": "ann@example.com", "first": "Ann"})()
	h.untold = false
	h.see(oracle.Event{Kind: oracle.Fault, Note: "F21 lost create"})
	if before {
		h.status[0]["a1"] = oracle.RecordStatus{Status: "pending", Reason: "unknown_outcome"}
	}
	h.close("")
	delete(h.status[0], "a1")
	if before {
		merge()
	}
	h.create(0, "a3", f{"email": "cyd@example.com"})
	h.sync(h.made(1, "b3", f{"email": "cyd@example.com"}), h.pair("a3", "b3"))
}

// notStored gives b1 another email, as a1 has one, which b takes back; then a2, who has the email of b1, is created there as b2: in that
// sync, or in the next one, which is shown b1 as it is.
func (h *history) notStored(shown bool) {
	ann := f{"email": "ann@example.com", "first": "Ann"}
	h.create(0, "a1", ann)
	h.create(1, "b1", ann)
	h.sync(h.pair("a1", "b1"))
	h.edit(0, "a1", f{"email": "new@example.com"})
	h.create(0, "a2", f{"email": "ann@example.com", "first": "Bea"})
	h.open()
	h.show()
	h.put(1, "b1", f{"email": "new@example.com"})()
	before, after := h.change(1, "b1", f{"email": "ann@example.com"}.fields())
	h.see(oracle.Event{Kind: oracle.AppTouch, App: 1, ID: "b1", Before: before, After: after})
	if shown {
		h.close("")
		h.open()
		h.show()
	}
	h.made(1, "b2", f{"email": "ann@example.com", "first": "Bea"})()
	h.pair("a2", "b2")()
	h.close("")
}

// keepsOut has the rule of a keep out the label No, and say nothing of whose labels it does not know.
func keepsOut(_ []oracle.App, c *oracle.Connection) {
	out := hasNot("labels", "No")
	c.Rules[0].Admits = func(v contact.Fields) (yes, known bool) {
		yes, _ = out(v)
		return yes, !v["labels"].Absent()
	}
}

// keptOut has a1 be given a label, by which its rule keeps it out, while its app hides a field; that is not hidden any more
// when b1 is made of it, two syncs later, but nobody has told it anew.
func (h *history) keptOut(hidden string) {
	h.create(0, "a1", f{"email": "ann@example.com"})
	h.sync()
	h.edit(0, "a1", f{"labels": []string{"No"}})
	h.hidden = map[string]string{"a1": hidden}
	h.sync()
	h.hidden = nil
	h.open()
	h.close("")
	h.open()
	h.made(1, "b1", f{"email": "ann@example.com"})()
	h.pair("a1", "b1")()
	h.close("")
}
