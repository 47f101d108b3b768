package oracle_test

import (
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// tagsToB is one way from a to b, tags included.
func tagsToB(_ []oracle.App, c *oracle.Connection) {
	c.Direction = "a_to_b"
	c.Mappings = append(c.Mappings, oracle.Mapping{A: "tags", B: "tags", Direction: "both"})
}

// TestKeptLocally is of what a target of one-way flow may hold for good, and of what it may not.
func TestKeptLocally(t *testing.T) {
	ann := func(tags ...string) f { return f{"email": "ann@example.com", "tags": tags} }
	// rolledBack lets a's next edit be taken back where b's user had made one before, and then a's user enter last.
	rolledBack := func(last string) func(h *history) {
		return func(h *history) {
			h.ann()
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync()
			h.edit(0, "a1", f{"first": "Anna"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			h.put(1, "b1", f{"first": "Annie"})()
			h.decide("rollback", 0, "", "")
			h.say()
			h.edit(0, "a1", f{"first": last})
			h.sync()
			h.rest()
		}
	}
	// forgotten lets a write be carried out, the store forget it or not, and a's user go back on the edit.
	forgotten := func(restored bool, edit, back f) func(h *history) {
		return func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann", "tags": []string{"x"}})
			h.sync(h.made(1, "b1", f{"email": "ann@example.com", "first": "Ann", "tags": []string{"x"}}), h.pair("a1", "b1"))
			before := h.now
			h.advance(time.Hour)
			h.edit(0, "a1", edit)
			h.sync(h.put(1, "b1", edit))
			if restored {
				h.see(oracle.Event{Kind: oracle.StoreRestored, Back: before})
			}
			h.edit(0, "a1", back)
			h.sync()
			h.rest()
		}
	}
	// merged lets b's user take a tag away, or not, before the record becomes part of another one without it.
	merged := func(took bool) func(h *history) {
		return func(h *history) {
			h.create(0, "a1", ann("x"))
			h.sync(h.made(1, "b1", ann("x")), h.pair("a1", "b1"))
			if took {
				h.edit(1, "b1", f{"tags": nil})
			}
			h.create(1, "b2", f{"email": "bob@example.com"})
			h.links = nil
			h.sync(func() { h.merge(1, "b2", "b1") }, h.pair("a1", "b2"), h.put(1, "b2", f{"email": "ann@example.com"}))
			h.rest()
		}
	}
	// lagged lets a's user go back on an edit that was shown meanwhile, or not; b's user edits in between.
	lagged := func(shown bool) func(h *history) {
		return func(h *history) {
			old := f{"email": "ann@example.com", "first": "Ann"}
			h.create(0, "a1", old)
			h.edit(0, "a1", f{"first": "Anna"})
			h.open()
			h.showOld(0, "a1", f{"email": "ann@example.com", "first": "Ann", "company": nil})
			h.made(1, "b1", old)()
			h.pair("a1", "b1")()
			h.close("")
			h.edit(1, "b1", f{"first": "Annie"})
			if shown {
				h.advance(2 * time.Hour)
				h.sync()
			}
			h.edit(0, "a1", f{"first": "Ann"})
			h.sync()
			h.rest()
		}
	}
	// hidden lets b's user change the first name after it was shown, be it that it is not shown when the two meet, and a's user enter one.
	hidden := func(field, first string) func(h *history) {
		return func(h *history) {
			h.create(1, "b1", f{"email": "ann@example.com", "first": "Ann"})
			h.sync()
			h.edit(1, "b1", f{"first": "Annie"})
			h.create(0, "a1", f{"email": "ann@example.com", "first": first})
			h.hidden = map[string]string{"b1": field}
			h.sync(h.pair("a1", "b1"))
			h.hidden = nil
			h.sync()
			h.rest()
		}
	}
	lags := func(a []oracle.App, c *oracle.Connection) { a[0].Lag, c.Direction = time.Hour, "a_to_b" }
	run(t, []row{
		{name: "a rollback gave it back what its user had entered", setup: direction("a_to_b"), play: rolledBack("Ann")},
		{name: "what was taken back is due again", setup: direction("a_to_b"), want: broken("I1"), play: rolledBack("Anna")},
		{name: "a new edit is due after a rollback", setup: direction("a_to_b"), want: broken("I1"), play: rolledBack("Annabel")},
		{name: "a store forgot that it was the connection", setup: tagsToB, play: forgotten(true, f{"first": "Anna"}, f{"first": "Ann"})},
		{name: "a store forgot nothing", setup: tagsToB, want: broken("I1"), play: forgotten(false, f{"first": "Anna"}, f{"first": "Ann"})},
		{name: "a store forgot who took a tag away", setup: tagsToB, play: forgotten(true, f{"tags": nil}, f{"tags": []string{"x"}})},
		{name: "a store knows who took a tag away", setup: tagsToB, want: broken("I1"), play: forgotten(false, f{"tags": nil}, f{"tags": []string{"x"}})},
		{name: "taken away before a merge", setup: tagsToB, play: merged(true)},
		{name: "lost in a merge", setup: tagsToB, want: broken("I1"), play: merged(false)},
		{name: "an edit was hidden when its record was met by one that has what it was before", setup: direction("a_to_b"), play: hidden("first", "Ann")},
		{name: "an edit was hidden when its record was met by one that has something else", setup: direction("a_to_b"), want: broken("I1"), play: hidden("first", "Anna")},
		{name: "an edit was shown when its record was met by one that has what it was before", setup: direction("a_to_b"), want: broken("I1"), play: hidden("company", "Ann")},
		{name: "an edit of the source was over before it showed", setup: lags, play: lagged(false)},
		{name: "an edit of the source showed before it was over", setup: lags, want: broken("I1"), play: lagged(true)},
	})
}

// TestWhatIsSettled is of cells that are not known to be settled, so that they may still be decided as on a first match.
func TestWhatIsSettled(t *testing.T) {
	v := f{"email": "ann@example.com", "first": "Ann"}
	// lost lets the store be lost and the next sync be told the field or not, and write what a's user edits; then b's user edits the
	// field.
	lost := func(told f, writes ...f) func(h *history) {
		return func(h *history) {
			h.create(0, "a1", v)
			h.sync(h.made(1, "b1", v), h.pair("a1", "b1"))
			h.see(oracle.Event{Kind: oracle.StoreLost})
			for _, v := range writes {
				h.edit(0, "a1", v)
			}
			h.open()
			h.see(oracle.Event{Kind: oracle.Shown, App: 0, Conn: "c", ID: "a1", After: h.apps[0]["a1"].Clone()})
			h.showOld(1, "b1", told)
			for _, v := range writes {
				h.put(1, "b1", v)()
			}
			h.close("")
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(1, "b1", f{"first": "Ann"}))
		}
	}
	// mapped lets tags be mapped before a sync begins, or while it runs, and then a's user change a tag.
	mapped := func(before bool) func(h *history) {
		return func(h *history) {
			tags := func(c *oracle.Connection) {
				c.Mappings = append(c.Mappings, oracle.Mapping{A: "tags", B: "tags", Direction: "both"})
			}
			x := f{"email": "ann@example.com", "tags": []string{"x"}}
			h.create(0, "a1", x)
			h.create(1, "b1", x)
			if before {
				h.configured(tags)
			}
			h.open()
			if !before {
				h.configured(tags)
			}
			h.show()
			h.pair("a1", "b1")()
			h.close("")
			h.edit(0, "a1", f{"tags": []string{"y"}})
			h.sync(h.put(0, "a1", f{"tags": []string{"y", "x"}}), h.put(1, "b1", f{"tags": []string{"x", "y"}}))
		}
	}
	// acted lets a sync be shown the tags of a, as for a rule that looks at them, or not, before they are mapped.
	acted := func(shown f) func(h *history) {
		return func(h *history) {
			x := f{"email": "ann@example.com", "tags": []string{"x"}}
			h.create(0, "a1", x)
			h.create(1, "b1", x)
			h.open()
			h.showOld(0, "a1", shown)
			h.pair("a1", "b1")()
			h.close("")
			h.configured(func(c *oracle.Connection) {
				c.Mappings = append(c.Mappings, oracle.Mapping{A: "tags", B: "tags", Direction: "both"})
			})
			h.edit(0, "a1", f{"tags": nil})
			h.sync(h.put(1, "b1", f{"tags": nil}))
		}
	}
	// survives lets a record of two with a tag go, into the other one or for good, and the other's user take the tag away.
	survives := func(merged bool) func(h *history) {
		return func(h *history) {
			x := f{"email": "ann@example.com", "tags": []string{"x"}}
			h.create(0, "a1", x)
			h.sync(h.made(1, "b1", x), h.pair("a1", "b1"))
			h.create(1, "b2", x)
			if merged {
				h.merge(1, "b2", "b1")
			} else {
				h.remove(1, "b1")
			}
			h.edit(1, "b2", f{"tags": nil})
			h.links = nil
			h.sync(h.pair("a1", "b2"), h.put(0, "a1", f{"tags": nil}))
		}
	}
	both := func(_ []oracle.App, c *oracle.Connection) {
		c.Mappings = append(c.Mappings, oracle.Mapping{A: "tags", B: "tags", Direction: "both"})
	}
	run(t, []row{
		{name: "taken away in whom its counterpart became part of", setup: both, play: survives(true)},
		{name: "taken away in somebody else before he was seen", setup: both, want: broken("I18"), play: survives(false)},
		{name: "the field was hidden since the store was lost", play: lost(f{"email": "ann@example.com", "company": nil})},
		{name: "the field was shown since the store was lost", want: broken("I3"), play: lost(f{"email": "ann@example.com", "first": "Ann", "company": nil})},
		{name: "the field was hidden, another one written and the answer may have left it out", play: lost(f{"email": "ann@example.com", "company": nil}, f{"company": "Acme"})},
		{name: "cut short where nothing comes from", setup: cutOneWay("a_to_b"), play: cutShort},
		{name: "cut short where it came from", setup: cutOneWay("both"), want: broken("I3"), play: cutShort},
		{name: "a mapping that came while a sync ran", play: mapped(false)},
		{name: "a mapping that came before a sync", want: broken("I3"), play: mapped(true)},
		{name: "what was shown before it was mapped", play: acted(f{"email": "ann@example.com", "first": nil, "company": nil, "tags": []string{"x"}})},
		{name: "what was not shown before it was mapped", want: broken("I18"), play: acted(f{"email": "ann@example.com", "first": nil, "company": nil})},
	})
}

// cutOneWay has a keep two characters of company, which goes that way; nothing comes from a but from who has the label In.
func cutOneWay(direction string) func(a []oracle.App, c *oracle.Connection) {
	return func(a []oracle.App, c *oracle.Connection) {
		a[0].Fields[2].Hold = func(v contact.Value) contact.Value {
			if s := v.Str(); len(s) > 2 {
				return contact.Text(s[:2])
			}
			return v
		}
		c.Mappings[2].Direction, c.Rules[0].Admits = direction, has("labels", "In")
	}
}

// cutShort lets two meet of whom one has the beginning of what the other has, and then a rule let that flow.
func cutShort(h *history) {
	h.create(0, "a1", f{"email": "ann@example.com", "company": "Ac"})
	h.create(1, "b1", f{"email": "ann@example.com", "company": "Acme"})
	h.sync(h.pair("a1", "b1"))
	h.edit(0, "a1", f{"labels": []string{"In"}})
	h.sync(h.put(1, "b1", f{"company": "Ac"}))
}

// TestWhatWasHidden is of what an app never told, not even in the answers to writes, and of what it told before.
func TestWhatWasHidden(t *testing.T) {
	// joined lets a tag be put beside one that b's user entered when the tags were hidden, or before.
	joined := func(hidden bool) func(h *history) {
		return func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "tags": []string{"x"}})
			h.create(1, "b1", f{"email": "ann@example.com"})
			h.open()
			h.show()
			h.close("it broke off")
			h.edit(1, "b1", f{"tags": []string{"y"}})
			if !hidden {
				h.open()
				h.show()
				h.close("it broke off")
			}
			h.hidden = map[string]string{"b1": "tags"}
			h.sync(h.pair("a1", "b1"), h.put(1, "b1", f{"tags": []string{"y", "x"}}))
			h.rest()
		}
	}
	// acts lets a rule's action be due in a record of which a field is hidden.
	acts := func(hidden string) func(h *history) {
		return func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "company": "Acme"})
			h.create(1, "b1", f{"email": "ann@example.com"})
			h.hidden = map[string]string{"b1": hidden}
			h.sync(h.pair("a1", "b1"), h.put(1, "b1", f{"company": "Acme"}))
			h.rest()
		}
	}
	both := func(_ []oracle.App, c *oracle.Connection) {
		c.Mappings = append(c.Mappings, oracle.Mapping{A: "tags", B: "tags", Direction: "both"})
	}
	labels := func(_ []oracle.App, c *oracle.Connection) {
		c.Rules[0].Actions = []oracle.RuleAction{{Kind: "add", Field: "labels", Element: "In"}}
	}
	run(t, []row{
		{name: "a tag that was there before ours, and never told", setup: both, play: joined(true)},
		{name: "a tag that was told before ours was put there", setup: both, want: broken("I1"), play: joined(false)},
		{name: "the field of an action is hidden", setup: labels, play: acts("labels")},
		{name: "another field than that of the action is hidden", setup: labels, want: broken("I1"), play: acts("notes")},
	})
}

// TestPartOfAGroup is of conflicts that a person is asked about: b's user edits the first name, a's user something else in the copy.
func TestPartOfAGroup(t *testing.T) {
	asks := func(group string) func(a []oracle.App, c *oracle.Connection) {
		return func(_ []oracle.App, c *oracle.Connection) {
			notes(nil, c)
			c.Conflict, c.Mappings[1].Group, c.Mappings[2].Group = "ask", group, group
		}
	}
	play := func(edit f) func(h *history) {
		return func(h *history) {
			v := f{"email": "ann@example.com", "first": "Ann", "company": "Acme", "notes": "N"}
			h.create(1, "b1", v)
			h.sync(h.made(0, "a1", v), h.pair("a1", "b1"))
			h.edit(1, "b1", f{"first": "Annie"})
			if edit != nil {
				h.edit(0, "a1", edit)
			}
			h.status[0]["a1"] = oracle.RecordStatus{Status: "conflict", Reason: "conflict"}
			h.status[1]["b1"] = h.status[0]["a1"]
			h.sync()
			h.rest()
		}
	}
	run(t, []row{
		{name: "its other field was emptied", setup: asks("g"), play: play(f{"company": nil})},
		{name: "another field was emptied, which is not of its group", setup: asks(""), want: broken("I1"), play: play(f{"company": nil})},
		{name: "nothing of it was edited on the other side", setup: asks("g"), want: broken("I1"), play: play(nil)},
		{name: "a field was emptied that is of no group", setup: asks("g"), want: broken("I1"), play: play(f{"notes": nil})},
	})
}
