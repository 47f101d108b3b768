package oracle_test

import (
	"testing"
	"time"

	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// keeping lets the mapping of company, or of the tags, leave what the other side clears.
func keeping(_ []oracle.App, c *oracle.Connection) {
	c.Mappings[2].KeepClear = true
	c.Mappings = append(c.Mappings, oracle.Mapping{A: "tags", B: "tags", Direction: "both", KeepClear: true})
}

// keepingToB is keeping, one way from a to b.
func keepingToB(a []oracle.App, c *oracle.Connection) {
	keeping(a, c)
	c.Direction = "a_to_b"
}

// emptied lets b's user take away one of two tags, and a's user edit too, until nobody has any.
func (h *history) emptied(edit f) {
	v := f{"email": "ann@example.com", "tags": []string{"x", "y"}}
	h.create(0, "a1", v)
	h.sync(h.made(1, "b1", v), h.pair("a1", "b1"))
	h.edit(1, "b1", f{"tags": []string{"x"}})
	h.edit(0, "a1", edit)
	if edit["tags"] != nil {
		h.sync(h.put(0, "a1", f{"tags": nil}), h.put(1, "b1", f{"tags": nil}))
	} else {
		h.sync(h.put(1, "b1", f{"tags": nil}))
	}
	h.rest()
}

// group lets first and company be decided as one, by a person.
func group(_ []oracle.App, c *oracle.Connection) {
	c.Conflict, c.Mappings[1].Group, c.Mappings[2].Group = "ask", "g", "g"
}

// groupA is group, and a wins.
func groupA(a []oracle.App, c *oracle.Connection) {
	group(a, c)
	c.Conflict = "a"
}

// configured lets the connection be as the change says, from now on.
func (h *history) configured(change func(c *oracle.Connection)) {
	c := twoWay()
	change(&c)
	h.see(oracle.Event{Kind: oracle.Configured, Connection: &c})
}

// leftBlank lets a first match leave the first name of a1 blank, whose user enters one once the connection goes from b to a; the
// user of b enters another one meanwhile, unless it is "".
func (h *history) leftBlank(other string) {
	h.create(0, "a1", f{"email": "ann@example.com", "company": "Acme"})
	h.create(1, "b1", f{"email": "ann@example.com", "first": "Ann", "company": "Initech"})
	h.sync(h.pair("a1", "b1"), h.put(1, "b1", f{"company": "Acme"}))
	h.configured(func(c *oracle.Connection) {
		group(nil, c)
		c.Direction = "b_to_a"
	})
	h.edit(0, "a1", f{"first": "Anna"})
	if other != "" {
		h.edit(1, "b1", f{"first": other})
	}
	h.rest()
}

// clearedAndTagged is a record whose tags are cleared in a and stay in b, and that gets another one in a.
func (h *history) clearedAndTagged() {
	h.create(0, "a1", f{"email": "ann@example.com", "tags": []string{"x"}})
	h.sync(h.made(1, "b1", f{"email": "ann@example.com", "tags": []string{"x"}}), h.pair("a1", "b1"))
	h.edit(0, "a1", f{"tags": nil})
	h.sync()
	h.edit(0, "a1", f{"tags": []string{"y"}})
	h.sync(h.put(1, "b1", f{"tags": []string{"x", "y"}}))
	h.rest()
}

// untagged is a record that loses one tag of two in a, and keeps both in b.
func (h *history) untagged() {
	h.create(0, "a1", f{"email": "ann@example.com", "tags": []string{"x", "y"}})
	h.sync(h.made(1, "b1", f{"email": "ann@example.com", "tags": []string{"x", "y"}}), h.pair("a1", "b1"))
	h.edit(0, "a1", f{"tags": []string{"y"}})
	h.sync()
	h.rest()
}

// frozenInConflict lets the first name go to and fro, and then both users edit the company, about which a person is asked.
func (h *history) frozenInConflict(times int) {
	h.seesaw(times)
	h.edit(0, "a1", f{"first": "Ann", "company": "Initech"})
	h.edit(1, "b1", f{"company": "Umbrella"})
	h.hold2("a1", "b1", oracle.RecordStatus{Status: "conflict", Reason: "conflict"})
	h.sync()
	h.rest()
}

// TestRest is of ends in which two cells may differ for good, and of those beside them in which they may not.
func TestRest(t *testing.T) {
	conflict := oracle.RecordStatus{Status: "conflict", Reason: "conflict"}
	labelled := func(_ []oracle.App, c *oracle.Connection) {
		c.Mappings = append(c.Mappings, oracle.Mapping{A: "tags", B: "tags", Direction: "both"})
	}
	// beside has a's user change the tags, and then the connection add another one to them that b's user has put there, while a
	// hides a field.
	beside := func(hidden string, tags, then []string) func(h *history) {
		return func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "tags": []string{"x"}})
			h.sync(h.made(1, "b1", f{"email": "ann@example.com", "tags": []string{"x"}}), h.pair("a1", "b1"))
			h.hidden = map[string]string{"a1": hidden}
			h.edit(0, "a1", f{"tags": tags})
			h.edit(1, "b1", f{"tags": []string{"x", "z"}})
			h.sync(h.put(0, "a1", f{"tags": then}))
			h.rest()
		}
	}
	// unkept lets a1 be read, the store or the process fail or not, and a hide the company from then on; then b1 comes, who has one.
	unkept := func(fails ...oracle.Event) func(h *history) {
		return func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com"})
			h.open()
			h.see(oracle.Event{Kind: oracle.Called, Conn: "c", Op: "changes"})
			h.show()
			for _, e := range fails {
				h.see(e)
			}
			if len(fails) == 0 || fails[0].Kind == oracle.Fault {
				h.close("the store failed")
			}
			h.hidden = map[string]string{"a1": "company"}
			h.create(1, "b1", f{"email": "ann@example.com", "company": "Acme"})
			h.sync(h.pair("a1", "b1"))
			h.rest()
		}
	}
	run(t, []row{
		{name: "a blank that was shown and is hidden now, which a store that failed cannot have kept",
			play: unkept(oracle.Event{Kind: oracle.Fault, Note: "F49 error_before store.update"})},
		{name: "a blank that was shown and is hidden now, which a process that died cannot have kept", play: unkept(oracle.Event{Kind: oracle.Crash})},
		{name: "a blank that was shown and is hidden now, which was kept", want: broken("I1"), play: unkept()},
		{name: "a blank that was shown and is hidden now, though another call failed", want: broken("I1"),
			play: unkept(oracle.Event{Kind: oracle.Fault, Note: "F1 error_before changes"})},
		{name: "a tag that was hidden is nobody's to carry, though another one was added beside it", setup: labelled,
			play: beside("tags", []string{"x", "y"}, []string{"x", "y", "z"})},
		{name: "a tag that was shown is", setup: labelled, want: broken("I1"), play: beside("company", []string{"x", "y"}, []string{"x", "y", "z"})},
		{name: "that a tag was taken away was hidden", setup: labelled, play: beside("tags", []string{}, []string{"z"})},
		{name: "that a tag was taken away was shown", setup: labelled, want: broken("I1"), play: beside("company", []string{}, []string{"z"})},
		{name: "tags that were cleared stay where the mapping keeps them", setup: keeping, play: (*history).clearedAndTagged},
		{name: "a tag that was taken away alone does not stay", setup: keeping, want: broken("I1"), play: (*history).untagged},
		{name: "one way, tags that were cleared stay where the mapping keeps them", setup: keepingToB, play: (*history).clearedAndTagged},
		{name: "one way, a tag that was taken away alone does not stay", setup: keepingToB, want: broken("I1"), play: (*history).untagged},
		{name: "each side took away what the other has left", setup: keeping, play: func(h *history) { h.emptied(f{"tags": []string{"y"}}) }},
		{name: "one side took away all, and the other what it has left", setup: keeping, want: broken("I18"), play: func(h *history) { h.emptied(f{"tags": nil}) }},
		{name: "what was cleared while the mapping kept it stays when it no longer does", setup: keeping, play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"company": nil})
			h.sync()
			h.configured(func(*oracle.Connection) {})
			h.sync()
			h.rest()
		}},
		{name: "what is cleared when the mapping no longer keeps it goes", setup: keeping, want: broken("I1"), play: func(h *history) {
			h.ann()
			h.sync()
			h.configured(func(*oracle.Connection) {})
			h.edit(0, "a1", f{"company": nil})
			h.sync()
			h.rest()
		}},
		{name: "edits of two fields of a group stand against each other", setup: group, play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"company": "Initech"})
			h.hold2("a1", "b1", conflict)
			h.sync()
			h.rest()
		}},
		{name: "edits of two fields of no group do not", setup: policy("ask"), want: broken("I1"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"company": "Initech"})
			h.hold2("a1", "b1", conflict)
			h.sync()
			h.rest()
		}},
		{name: "one way, what a group left blank is the target's", setup: groupA, play: func(h *history) { h.leftBlank("") }},
		{name: "one way, the source's edit of it comes over", setup: groupA, want: broken("I1"), play: func(h *history) { h.leftBlank("Bea") }},
		{name: "a cell that goes to and fro is frozen as it is", play: func(h *history) {
			h.seesaw(4)
			h.edit(0, "a1", f{"first": "Anna"})
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "conflict", Reason: "oscillating"})
			h.sync()
			h.rest()
		}},
		{name: "a cell is frozen beside one that a person is asked about", setup: policy("ask"), play: func(h *history) { h.frozenInConflict(4) }},
		{name: "a cell that did not go to and fro is not frozen beside one that a person is asked about", setup: policy("ask"), want: broken("I1"),
			play: func(h *history) { h.frozenInConflict(1) }},
		{name: "another cell of a pair is not frozen with it", want: broken("I1"), play: func(h *history) {
			h.seesaw(4)
			h.edit(0, "a1", f{"company": "Initech"})
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "conflict", Reason: "oscillating"})
			h.sync()
			h.rest()
		}},
		{name: "a pair in conflict waits for the guard too", setup: noClears, play: func(h *history) { h.clearInConflict(1) }},
		{name: "a pair in conflict waits for a guard that holds nothing", setup: noClears, want: broken("I1"), play: func(h *history) { h.clearInConflict(0) }},
		{name: "a pair in conflict waits for a guard that there is not", setup: policy("ask"), want: broken("I1"), play: func(h *history) { h.clearInConflict(1) }},
		{name: "one way, who was made of it edits it before that shows", setup: createsBack, play: func(h *history) {
			h.create(1, "b1", f{"email": "ann@example.com", "first": "Ann"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.open()
			h.showOld(1, "b1", f{"email": "ann@example.com", "first": "Ann", "company": nil})
			h.made(0, "a1", f{"email": "ann@example.com", "first": "Ann"})()
			h.pair("a1", "b1")()
			h.close("")
			h.sync()
			h.rest()
		}},
		{name: "one way, the source is edited after that", setup: createsBack, want: broken("I1"), play: func(h *history) {
			h.create(1, "b1", f{"email": "ann@example.com", "first": "Ann"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.open()
			h.showOld(1, "b1", f{"email": "ann@example.com", "first": "Ann", "company": nil})
			h.made(0, "a1", f{"email": "ann@example.com", "first": "Ann"})()
			h.pair("a1", "b1")()
			h.close("")
			h.edit(0, "a1", f{"first": "Anna"})
			h.sync()
			h.rest()
		}},
		{name: "one way, the source is what it was when it was seen last", setup: direction("a_to_b"), play: func(h *history) { h.unseen("Ann") }},
		{name: "one way, the source is something else than what was seen last", setup: direction("a_to_b"), want: broken("I1"), play: func(h *history) { h.unseen("Anna") }},
		{name: "an answer shows what a user entered, and he clears it", play: func(h *history) { h.answered(true) }},
		{name: "no answer shows what a user entered, and he clears it", want: broken("I18"), play: func(h *history) { h.answered(false) }},
	})
}

// noClears lets nothing be cleared without consent, and a person decide conflicts.
func noClears(_ []oracle.App, c *oracle.Connection) { c.Conflict, c.MaxClears = "ask", none }

// clearInConflict clears a field of a pair that is in conflict about another one, and that is not carried over: a guard is said
// to hold so many clears.
func (h *history) clearInConflict(held int) {
	h.ann()
	h.edit(0, "a1", f{"first": "Anna", "company": nil})
	h.edit(1, "b1", f{"first": "Annie"})
	h.hold2("a1", "b1", oracle.RecordStatus{Status: "conflict", Reason: "conflict"})
	h.held = map[string]int{"clears": held}
	h.sync()
	h.rest()
}

// createsBack lets b make records of a, and then only a flow.
func createsBack(a []oracle.App, c *oracle.Connection) {
	a[1].Lag, c.Rules[1].Mode = time.Hour, "create_only"
}

// unseen tells a history in which a1's first is Ann when it is seen, and another one while it is hidden; b's user clears it,
// and a1's is the last in the end.
func (h *history) unseen(last string) {
	v := f{"email": "ann@example.com", "company": "Acme", "first": "Ann"}
	h.create(0, "a1", v)
	h.open()
	h.show()
	h.edit(0, "a1", f{"first": "Annabel"})
	h.showOld(0, "a1", f{"email": "ann@example.com", "company": "Acme"})
	h.made(1, "b1", v)()
	h.pair("a1", "b1")()
	h.close("")
	h.edit(1, "b1", f{"first": nil})
	h.edit(0, "a1", f{"first": last})
	h.sync()
	h.rest()
}

// answered tells a history in which a user of b enters a value just before b1 is written, which nobody but the answer shows,
// and clears it again.
func (h *history) answered(told bool) {
	v := f{"email": "ann@example.com", "company": "Acme"}
	h.create(0, "a1", v)
	h.sync(h.made(1, "b1", v), h.pair("a1", "b1"))
	h.edit(0, "a1", f{"company": "Initech"})
	h.open()
	h.show()
	h.edit(1, "b1", f{"first": "Annie"})
	h.untold = !told
	h.put(1, "b1", f{"company": "Initech"})()
	h.untold = false
	h.put(0, "a1", f{"first": "Annie"})()
	h.edit(1, "b1", f{"first": nil})
	h.close("")
	h.sync(h.put(0, "a1", f{"first": nil}))
}
