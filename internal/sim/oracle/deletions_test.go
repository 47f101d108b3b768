package oracle_test

import (
	"testing"
	"time"

	"github.com/contactsync/contactsync/internal/sim/oracle"
)

func TestDeletions(t *testing.T) {
	ann := f{"email": "ann@example.com", "first": "Ann", "company": "Acme"}
	run(t, []row{
		{name: "a deletion is kept to its own app", play: func(h *history) {
			h.ann()
			h.remove(0, "a1")
			h.status[1]["b1"] = oracle.RecordStatus{Status: "deleted_opposite"}
			h.sync()
			h.rest()
		}},
		{name: "a deletion is carried over that should be kept", want: broken("I5"), play: func(h *history) {
			h.ann()
			h.remove(0, "a1")
			h.sync(h.drop(1, "b1"))
		}},
		{name: "a deletion is carried over where the owner asks for it", setup: deletions("delete"), play: func(h *history) {
			h.ann()
			h.remove(0, "a1")
			h.sync(h.drop(1, "b1"))
			h.rest()
		}},
		{name: "the other way round it was not asked for", setup: deletions("delete"), want: broken("I5"), play: func(h *history) {
			h.ann()
			h.remove(1, "b1")
			h.sync(h.drop(0, "a1"))
		}},
		{name: "nobody deleted the partner", setup: deletions("delete"), want: broken("I17"), play: func(h *history) {
			h.ann()
			h.sync(h.drop(1, "b1"))
		}},
		{name: "an edit outlives a deletion", setup: deletions("delete"), want: broken("I5"), play: func(h *history) {
			h.ann()
			h.remove(0, "a1")
			h.edit(1, "b1", f{"notes": "precious"})
			h.sync(h.drop(1, "b1"))
		}},
		{name: "an edit before the deletion outlives it too", setup: deletions("delete"), want: broken("I5"), play: func(h *history) {
			h.ann()
			h.edit(1, "b1", f{"notes": "precious"})
			h.remove(0, "a1")
			h.sync(h.drop(1, "b1"))
		}},
		{name: "an edit that was carried over does not", setup: deletions("delete"), play: func(h *history) {
			h.ann()
			h.edit(1, "b1", f{"first": "Anna"})
			h.sync(h.put(0, "a1", f{"first": "Anna"}))
			h.remove(0, "a1")
			h.sync(h.drop(1, "b1"))
			h.rest()
		}},
		{name: "an edit during the sync, where the app knows no versions", play: func(h *history) {
			h.ann()
			h.remove(0, "a1")
			h.open()
			h.show()
			h.edit(1, "b1", f{"notes": "precious"})
			h.drop(1, "b1")()
			h.close("")
		}, setup: func(a []oracle.App, c *oracle.Connection) {
			a[1].Versions = false
			c.Deletions[0] = "delete"
		}},
		{name: "an heir takes over the link", setup: deletions("delete"), want: broken("I5"), play: func(h *history) {
			h.ann()
			h.create(0, "a2", ann)
			h.sync()
			h.remove(0, "a1")
			h.sync(h.drop(1, "b1"))
		}},
		{name: "who became part of another was not deleted", setup: deletions("delete"), want: broken("I5"), play: func(h *history) {
			h.ann()
			h.create(0, "a2", f{"email": "bob@example.com"})
			h.sync(h.made(1, "b2", f{"email": "bob@example.com"}), h.pair("a2", "b2"))
			h.merge(0, "a2", "a1")
			h.sync(h.drop(1, "b1"))
		}},
		{name: "who became part of another that was deleted then was deleted with it", setup: deletions("delete"), play: func(h *history) {
			h.ann()
			h.create(0, "a2", f{"first": "Cyd"})
			h.merge(0, "a2", "a1")
			h.remove(0, "a2")
			h.sync(h.drop(1, "b1"))
			h.rest()
		}},
		{name: "who became part of another is left over where that one has a partner", setup: deletions("delete"), want: broken("I5"), play: func(h *history) {
			h.ann()
			h.create(0, "a2", f{"email": "bob@example.com"})
			h.sync(h.made(1, "b2", f{"email": "bob@example.com"}), h.pair("a2", "b2"))
			h.merge(0, "a2", "a1")
			h.remove(0, "a2")
			h.sync(h.drop(1, "b1"), h.drop(1, "b2"))
		}},
		{name: "who became part of another without a word was deleted", setup: deletions("delete"), play: func(h *history) {
			h.ann()
			h.create(0, "a2", f{"email": "bob@example.com"})
			h.sync(h.made(1, "b2", f{"email": "bob@example.com"}), h.pair("a2", "b2"))
			before := h.apps[0]["a2"].Clone()
			delete(h.apps[0], "a1")
			h.see(oracle.Event{Kind: oracle.UserMerge, App: 0, ID: "a2", Other: "a1", Before: before, After: before})
			h.sync(h.drop(1, "b1"))
		}},
		{name: "that somebody became part of another was told to a sync whose store failed", setup: deletions("delete"), play: func(h *history) { h.toldAndBrokeOff("F49 error_before store.update") }},
		{name: "it was told to a sync that an app kept from its end", setup: deletions("delete"), want: broken("I5"), play: func(h *history) { h.toldAndBrokeOff("F1 reset changes") }},
		{name: "an heir whose key is hidden is none", setup: deletions("delete"), play: func(h *history) {
			h.ann()
			h.create(0, "a2", ann)
			h.open()
			h.showOld(0, "a2", f{"first": "Ann", "company": "Acme"})
			h.close("")
			h.remove(0, "a1")
			h.open()
			h.showOld(0, "a2", f{"first": "Ann", "company": "Acme"})
			h.drop(1, "b1")()
			h.close("")
		}},
		{name: "an heir of which another field is hidden takes over the link", setup: deletions("delete"), want: broken("I5"), play: func(h *history) {
			h.ann()
			h.create(0, "a2", ann)
			h.open()
			h.showOld(0, "a2", f{"email": "ann@example.com", "first": "Ann"})
			h.close("")
			h.remove(0, "a1")
			h.open()
			h.drop(1, "b1")()
			h.close("")
		}},
		{name: "who is gone has no heir where its key was never told", setup: deletions("delete"), play: func(h *history) {
			h.create(1, "b1", ann)
			h.open()
			h.show()
			h.untold = true
			h.made(0, "a1", ann)()
			h.untold = false
			h.see(oracle.Event{Kind: oracle.Crash})
			h.create(0, "a2", ann)
			h.open()
			h.showOld(0, "a1", f{"first": "Ann", "company": "Acme"})
			h.showOld(0, "a2", ann)
			h.pair("a1", "b1")()
			h.close("")
			h.remove(0, "a1")
			h.sync(h.drop(1, "b1"))
		}},
		{name: "a mark where the partner has another id and another key", setup: marks, play: func(h *history) {
			h.ann()
			h.rekey(0, "a1", "a9")
			h.edit(0, "a9", f{"email": "ann@new.example.com"})
			h.sync(h.put(1, "b1", f{"tags": []string{"gone"}}))
		}},
		{name: "a mark where the partner has another id and its key", setup: marks, want: broken("I17"), play: func(h *history) {
			h.ann()
			h.rekey(0, "a1", "a9")
			h.sync()
			h.sync(h.put(1, "b1", f{"tags": []string{"gone"}}))
		}},
		{name: "nothing is deleted in the first sync over a store", setup: deletions("delete"), want: broken("I30"), play: func(h *history) {
			h.ann()
			h.remove(0, "a1")
			h.see(oracle.Event{Kind: oracle.StoreLost})
			h.sync(h.drop(1, "b1"))
		}},
		{name: "more is deleted than the guard allows", want: broken("I16"),
			setup: func(_ []oracle.App, c *oracle.Connection) {
				c.Deletions[0], c.MaxDeletes = "delete", none
			},
			play: func(h *history) {
				h.ann()
				h.remove(0, "a1")
				h.sync(h.drop(1, "b1"))
			}},
		{name: "a person consents", setup: func(_ []oracle.App, c *oracle.Connection) { c.Deletions[0], c.MaxDeletes = "delete", none },
			play: func(h *history) {
				h.ann()
				h.remove(0, "a1")
				h.held = map[string]int{"deletions": 1}
				h.sync()
				h.decide("confirm", 0, "", "")
				h.held = nil
				h.sync(h.drop(1, "b1"))
				h.rest()
			}},
		{name: "a person consents to something else", setup: func(_ []oracle.App, c *oracle.Connection) { c.Deletions[0], c.MaxDeletes = "delete", none },
			want: broken("I16"), play: func(h *history) {
				h.ann()
				h.remove(0, "a1")
				h.held = map[string]int{"clears": 1}
				h.sync()
				h.decide("confirm", 0, "", "")
				h.sync(h.drop(1, "b1"))
			}},
		{name: "deletions count for 24 hours", want: broken("I16"), setup: oneADay, play: func(h *history) { h.two(20 * time.Hour) }},
		{name: "and no longer", setup: oneADay, play: func(h *history) { h.two(25 * time.Hour) }},
		{name: "an app that turns up empty", want: broken("I16"),
			setup: func(a []oracle.App, c *oracle.Connection) {
				a[0].Tombstones = false
				c.Deletions[0] = "delete"
			},
			play: func(h *history) {
				for _, n := range []string{"1", "2", "3"} {
					v := f{"email": n + "@example.com"}
					h.create(0, "a"+n, v)
					h.sync(h.made(1, "b"+n, v), h.pair("a"+n, "b"+n))
				}
				h.remove(0, "a1")
				h.remove(0, "a2")
				h.remove(0, "a3")
				h.sync(func() {
					for _, id := range []string{"a1", "a2", "a3"} {
						h.see(oracle.Event{Kind: oracle.Shown, App: 0, Conn: "c", ID: id, Gone: true})
					}
				}, h.drop(1, "b1"))
			}},
		{name: "an app turns up with two of four under other ids", setup: emptying, play: func(h *history) {
			h.four()
			h.rekey(0, "a1", "k1")
			h.see(oracle.Event{Kind: oracle.Shown, App: 0, Conn: "c", ID: "a1", Other: "k1", Gone: true})
			h.create(0, "c4", f{"email": "4@example.com"})
			for _, id := range []string{"k1", "a2", "a3", "a4"} {
				h.remove(0, id)
			}
			h.sync(h.gone("k1", "a2", "a3", "a4"), h.drop(1, "b3"))
		}},
		{name: "an app turns up with one of four under another id, and gone", setup: emptying, want: broken("I16"), play: func(h *history) {
			h.four()
			h.rekey(0, "a1", "k1")
			h.see(oracle.Event{Kind: oracle.Shown, App: 0, Conn: "c", ID: "a1", Other: "k1", Gone: true})
			for _, id := range []string{"k1", "a2", "a3", "a4"} {
				h.remove(0, id)
			}
			h.sync(h.gone("k1", "a2", "a3", "a4"), h.drop(1, "b3"))
		}},
		{name: "an old store finds its creation as it was made", setup: deletions("delete"), play: func(h *history) { h.madeAndRestored(true, "Ann") }},
		{name: "an old store finds its creation spelled otherwise", setup: deletions("delete"), play: func(h *history) { h.madeAndRestored(true, " Ann ") }},
		{name: "an old store finds its creation edited", setup: deletions("delete"), want: broken("I5"), play: func(h *history) { h.madeAndRestored(true, "Annie") }},
		{name: "an old store has its creation as it was made", setup: deletions("delete"), want: broken("I5"), play: func(h *history) { h.madeAndRestored(false, "Ann") }},
		{name: "a creation without an answer was edited where the connection does not look", setup: deletions("delete"), play: func(h *history) { h.madeAndEdited("notes") }},
		{name: "a creation without an answer was edited where it looks", setup: deletions("delete"), want: broken("I5"), play: func(h *history) { h.madeAndEdited("company") }},
		{name: "an app turns up empty when one of four was separated and one has survived its counterpart", setup: emptying, play: func(h *history) {
			h.fourOfWhom("a3", "a4")
		}},
		{name: "an app turns up empty when one of four was separated", setup: emptying, want: broken("I16"), play: func(h *history) { h.fourOfWhom("a3", "") }},
		{name: "an app turns up empty when one of four has survived its counterpart", setup: emptying, want: broken("I16"), play: func(h *history) { h.fourOfWhom("", "a4") }},
		{name: "of three linked ones one became part of another, and both others are gone", setup: emptying, play: func(h *history) { h.threeOfWhomTwo(0, "2") }},
		{name: "of three linked ones all are gone", setup: emptying, want: broken("I16"), play: func(h *history) { h.threeOfWhomTwo(0, "") }},
		{name: "of three linked ones all are gone, of whom the partner of one became part of another's", setup: emptying, play: func(h *history) {
			h.threeOfWhomTwo(1, "1")
		}},
		{name: "of three linked ones all are gone, of whom the partner of one became part of nobody's", setup: emptying, want: broken("I16"), play: func(h *history) {
			h.threeOfWhomTwo(1, "9")
		}},
		{name: "of four linked ones one was separated, one is there under another id, and two are gone", setup: emptying, play: func(h *history) { h.fourOfWhomOne("separate") }},
		{name: "of four linked ones a person decided about one, one is there under another id, and two are gone", setup: emptying, want: broken("I16"), play: func(h *history) { h.fourOfWhomOne("link") }},
		{name: "an edit that an app without versions does not show yet goes with the record", setup: late(false), play: func(h *history) { h.editedLate(false) }},
		{name: "an edit that it shows does not", setup: late(false), want: broken("I5"), play: func(h *history) { h.editedLate(true) }},
		{name: "nor does one in an app with versions", setup: late(true), want: broken("I5"), play: func(h *history) { h.editedLate(false) }},
		{name: "an edit that did not flow, taken back, does not keep who is deleted", setup: oneWayTo(false), play: func(h *history) { h.editedAndBack("Ann", "") }},
		{name: "one that was changed once more does", setup: oneWayTo(false), want: broken("I5"), play: func(h *history) { h.editedAndBack("Annie", "") }},
		{name: "and so does one that its partner got meanwhile", setup: oneWayTo(false), want: broken("I5"), play: func(h *history) { h.editedAndBack("Ann", "Anna") }},
		{name: "nor is it taken back where there are versions", setup: oneWayTo(true), want: broken("I5"), play: func(h *history) { h.editedAndBack("Ann", "") }},
		{name: "who became part of somebody without a word leaves no heir of that one's key", setup: deletions("delete"), play: func(h *history) { h.partOfOneGone(false) }},
		{name: "who was told to be part of somebody does", setup: deletions("delete"), want: broken("I5"), play: func(h *history) { h.partOfOneGone(true) }},
		{name: "an heir of a key that was never shown is none", setup: deletions("delete"), play: func(h *history) { h.keyOfAnother(false) }},
		{name: "an heir of a key that was shown takes over the link", setup: deletions("delete"), want: broken("I5"), play: func(h *history) { h.keyOfAnother(true) }},
		{name: "a deletion of who is gone already, which was not shown yet, counts", setup: deletions("delete"), play: func(h *history) { h.goneTwice(false) }},
		{name: "a deletion of who was shown to be gone does not", setup: deletions("delete"), want: broken("I28"), play: func(h *history) { h.goneTwice(true) }},
		{name: "a mark where the partner was deleted", setup: marks, play: func(h *history) {
			h.ann()
			h.remove(0, "a1")
			h.status[1]["b1"] = oracle.RecordStatus{Status: "deleted_opposite"}
			h.sync(h.put(1, "b1", f{"tags": []string{"gone"}}))
			h.rest()
		}},
		{name: "a mark where nobody was deleted", setup: marks, want: broken("I17"), play: func(h *history) {
			h.ann()
			h.sync(h.put(1, "b1", f{"tags": []string{"gone"}}))
		}},
		{name: "a partner got another id without a word, and the other half became part of somebody", setup: direction("a_to_b"), play: func(h *history) { h.tookInHalf(true) }},
		{name: "who became part of somebody had no partner", setup: direction("a_to_b"), want: broken("I28"), play: func(h *history) { h.tookInHalf(false) }},
		{name: "it is said that a partner was deleted who never was", want: broken("I28"), play: func(h *history) {
			h.create(0, "a1", f{"first": "Ann"})
			h.status[0]["a1"] = oracle.RecordStatus{Status: "deleted_opposite"}
			h.rest()
		}},
	})
}

// emptying lets deletions of a carry over, of which only a listing tells.
func emptying(a []oracle.App, c *oracle.Connection) {
	a[0].Tombstones = false
	c.Deletions[0] = "delete"
}

// four are four people in both apps.
func (h *history) four() {
	for _, n := range []string{"1", "2", "3", "4"} {
		v := f{"email": n + "@example.com"}
		h.create(0, "a"+n, v)
		h.sync(h.made(1, "b"+n, v), h.pair("a"+n, "b"+n))
	}
}

// madeAndRestored lets b1 be made, with or without an answer, edited twice, and deleted because a1 is, by a store that was restored.
func (h *history) madeAndRestored(lost bool, last string) {
	ann := f{"email": "ann@example.com", "first": "Ann"}
	h.create(0, "a1", ann)
	h.open()
	h.show()
	h.untold = lost
	h.made(1, "b1", ann)()
	h.untold = false
	h.see(oracle.Event{Kind: oracle.Fault, Note: "F21 lost create"})
	h.close("")
	copied := h.now
	h.edit(1, "b1", f{"first": "Anna"})
	h.sync(h.pair("a1", "b1"), h.put(0, "a1", f{"first": "Anna"}))
	h.remove(0, "a1")
	h.edit(1, "b1", f{"first": last})
	h.goesBack(copied)
	h.sync(h.gone("a1"), h.drop(1, "b1"))
}

// toldAndBrokeOff tells a sync that breaks off that a1 became part of a2; the next one deletes b1.
func (h *history) toldAndBrokeOff(fault string) {
	h.ann()
	h.create(0, "a2", f{"email": "bob@example.com"})
	h.sync(h.made(1, "b2", f{"email": "bob@example.com"}), h.pair("a2", "b2"))
	h.open()
	h.merge(0, "a2", "a1")
	h.see(oracle.Event{Kind: oracle.Fault, Note: fault})
	h.close("it broke off")
	h.sync(h.drop(1, "b1"))
}

// partOfOneGone makes a1 a part of a2, of which the app may tell, and a2 is deleted. a3 shares a2's key. Then b1 is deleted.
func (h *history) partOfOneGone(told bool) {
	team := f{"email": "team@example.com"}
	h.ann()
	h.create(0, "a2", team)
	h.create(0, "a3", team)
	h.create(1, "b2", team)
	h.sync()
	if told {
		h.merge(0, "a2", "a1")
	} else {
		h.see(oracle.Event{Kind: oracle.UserMerge, App: 0, ID: "a2", Other: "a1", Before: h.apps[0]["a2"], After: h.apps[0]["a2"]})
		delete(h.apps[0], "a1")
	}
	h.remove(0, "a2")
	h.sync(h.gone("a1", "a2"), h.drop(1, "b1"))
}

// tookInHalf makes b1 a part of b2, which is said to have lost its counterpart. b1 may have had one, which has another id and no key
// any more.
func (h *history) tookInHalf(linked bool) {
	if linked {
		h.ann()
		h.rekey(0, "a1", "a9")
		h.edit(0, "a9", f{"email": nil})
	} else {
		h.create(1, "b1", f{"email": "ann@example.com"})
	}
	h.create(1, "b2", f{"email": "bob@example.com"})
	h.merge(1, "b2", "b1")
	h.links = nil
	h.status[1]["b2"] = oracle.RecordStatus{Status: "deleted_opposite"}
	h.rest()
}

// madeAndEdited lets b1 be made without an answer, edited in a field, and deleted by the next sync because a1 is.
func (h *history) madeAndEdited(field string) {
	ann := f{"email": "ann@example.com"}
	h.create(0, "a1", ann)
	h.open()
	h.show()
	h.untold = true
	h.made(1, "b1", ann)()
	h.untold = false
	h.see(oracle.Event{Kind: oracle.Fault, Note: "F21 lost create"})
	h.close("")
	h.remove(0, "a1")
	h.edit(1, "b1", f{field: "Acme"})
	h.sync(h.gone("a1"), h.drop(1, "b1"))
}

// fourOfWhom lets a turn up without any of four, of whom a person has separated one since the last sync, and one has survived
// its counterpart.
func (h *history) fourOfWhom(separated, survived string) {
	h.four()
	if survived != "" {
		h.hold2(survived, "b"+survived[1:], oracle.RecordStatus{Status: "deleted_opposite"})
	}
	h.sync()
	if separated != "" {
		h.decide("separate", 0, separated, "b"+separated[1:])
	}
	for _, id := range []string{"a1", "a2", "a3", "a4"} {
		h.remove(0, id)
	}
	h.sync(h.gone("a1", "a2", "a3", "a4"), h.drop(1, "b1"))
}

// gone shows that records of a are gone.
func (h *history) gone(ids ...string) func() {
	return func() {
		for _, id := range ids {
			h.see(oracle.Event{Kind: oracle.Shown, App: 0, Conn: "c", ID: id, Gone: true})
		}
	}
}

func oneADay(_ []oracle.App, c *oracle.Connection) {
	c.Deletions[0], c.MaxDeletes = "delete", func(int) int { return 1 }
}

// two deletes two people, one some time after the other.
func (h *history) two(later time.Duration) {
	for _, n := range []string{"1", "2"} {
		v := f{"email": n + "@example.com"}
		h.create(0, "a"+n, v)
		h.sync(h.made(1, "b"+n, v), h.pair("a"+n, "b"+n))
	}
	h.remove(0, "a1")
	h.sync(h.drop(1, "b1"))
	h.advance(later)
	h.remove(0, "a2")
	h.sync(h.drop(1, "b2"))
}

func marks(_ []oracle.App, c *oracle.Connection) {
	c.Deletions[0], c.Mark[1] = "mark", oracle.Element{Field: "tags", Element: "gone"}
}

// threeOfWhomTwo deletes all of three people of a, of whom one, or its half of b, may have become part of another before; b's half of
// one that was deleted goes. The ninth has no partner.
func (h *history) threeOfWhomTwo(app int, into string) {
	for _, n := range []string{"1", "2", "3"} {
		v := f{"email": n + "@example.com"}
		h.create(0, "a"+n, v)
		h.sync(h.made(1, "b"+n, v), h.pair("a"+n, "b"+n))
	}
	h.create(1, "b9", f{"first": "Ann"})
	h.sync()
	if into != "" {
		side := string(rune('a' + app))
		h.merge(app, side+into, side+"2")
	}
	if app == 1 || into == "" {
		h.remove(0, "a2")
	}
	h.remove(0, "a1")
	h.remove(0, "a3")
	h.sync(h.gone("a1", "a2", "a3"), h.drop(1, "b3"))
}

// fourOfWhomOne has a person decide about the first of four people and another one bear the key of the last, and all four deleted
// of a; b's half of one goes.
func (h *history) fourOfWhomOne(verb string) {
	h.four()
	h.decide(verb, 0, "a1", "b1")
	h.create(0, "c4", f{"email": "4@example.com"})
	for _, id := range []string{"a1", "a2", "a3", "a4"} {
		h.remove(0, id)
	}
	h.sync(h.gone("a1", "a2", "a3", "a4"), h.drop(1, "b3"))
}

// late lets b show what happens an hour later, with or without versions.
func late(versions bool) func(a []oracle.App, c *oracle.Connection) {
	return func(a []oracle.App, c *oracle.Connection) {
		a[1].Lag, a[1].Versions = time.Hour, versions
		c.Deletions[0] = "delete"
	}
}

// editedLate edits b1 just before a1 is deleted; shown says whether the sync that deletes b1 was shown the edit.
func (h *history) editedLate(shown bool) {
	h.ann()
	h.advance(2 * time.Hour)
	h.edit(1, "b1", f{"first": "Anna"})
	h.remove(0, "a1")
	h.open()
	if shown {
		h.show()
	} else {
		h.showOld(1, "b1", f{"email": "ann@example.com", "first": "Ann", "company": "Acme"})
	}
	h.drop(1, "b1")()
	h.close("")
}

// oneWayTo lets deletions flow one way, to b, whose app may know no versions.
func oneWayTo(versions bool) func(a []oracle.App, c *oracle.Connection) {
	return func(a []oracle.App, c *oracle.Connection) {
		a[1].Versions = versions
		c.Direction, c.Deletions[0] = "a_to_b", "delete"
	}
}

// editedAndBack edits b1, from where nothing flows, and once more after a sync; then a1, which may have become the same, is
// deleted, and b1 with it.
func (h *history) editedAndBack(last, partner string) {
	h.ann()
	h.edit(1, "b1", f{"first": "Anna"})
	if partner != "" {
		h.edit(0, "a1", f{"first": partner})
	}
	h.sync()
	h.edit(1, "b1", f{"first": last})
	h.remove(0, "a1")
	h.sync(h.drop(1, "b1"))
}

// keyOfAnother gives a1 the key of somebody without a partner just before it is deleted; shown says whether a sync came between.
func (h *history) keyOfAnother(shown bool) {
	h.ann()
	bob := f{"email": "bob@example.com"}
	h.create(0, "a2", bob)
	h.sync()
	h.edit(0, "a1", bob)
	if shown {
		h.sync(h.put(1, "b1", bob))
	}
	h.remove(0, "a1")
	h.sync(h.drop(1, "b1"))
}

// goneTwice deletes both halves of a pair, and says that b's was deleted by the sync; shown says whether it was shown that it was
// gone already.
func (h *history) goneTwice(shown bool) {
	h.ann()
	h.remove(0, "a1")
	h.remove(1, "b1")
	h.open()
	h.gone("a1")()
	if shown {
		h.see(oracle.Event{Kind: oracle.Shown, App: 1, Conn: "c", ID: "b1", Gone: true})
	}
	h.counts[1].Deleted++
	h.close("")
}
