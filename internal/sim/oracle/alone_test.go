package oracle_test

import (
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// tagged lets b's rule look at the labels.
func tagged(_ []oracle.App, c *oracle.Connection) {
	c.Rules[0].Admits = has("labels", "CRM")
	c.Rules[1].Admits = func(v contact.Fields) (yes, known bool) { return true, !v["labels"].Absent() }
}

// TestAlone is of records that stay alone for good, and of those beside them that may not.
func TestAlone(t *testing.T) {
	ann := f{"email": "ann@example.com", "first": "Ann"}
	hides := func(field string) func(h *history) {
		return func(h *history) {
			h.hidden = map[string]string{"b1": field}
			h.create(0, "a1", ann)
			h.create(1, "b1", ann)
			h.rest()
		}
	}
	// meanwhile tells of two of a who bear b1's key until one of them loses it, which the app shows or hides.
	meanwhile := func(hidden map[string]string) func(h *history) {
		return func(h *history) {
			h.create(0, "a1", ann)
			h.create(0, "a2", ann)
			h.create(1, "b1", ann)
			h.sync()
			h.hidden = hidden
			h.edit(0, "a2", f{"email": nil})
			h.rest()
		}
	}
	// parted tells of two whom a person links, so that b1 becomes a1, and of a2, who is what b1 was or nearly so.
	parted := func(was, first, reason string) func(h *history) {
		return func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", f{"email": "bob@example.com", "first": was})
			h.sync()
			h.decide("link", 0, "a1", "b1")
			h.sync(h.put(1, "b1", ann), h.pair("a1", "b1"))
			h.create(0, "a2", f{"email": "bob@example.com", "first": first})
			h.status[0]["a2"] = oracle.RecordStatus{Status: "duplicate", Reason: reason}
			h.rest()
		}
	}
	// enters has a rule let a1 in by an edit while the app hides a field.
	enters := func(hidden string) func(h *history) {
		return func(h *history) {
			h.create(0, "a1", ann)
			h.sync()
			h.hidden = map[string]string{"a1": hidden}
			h.edit(0, "a1", f{"labels": []string{"CRM"}})
			h.rest()
		}
	}
	looks := func(_ []oracle.App, c *oracle.Connection) {
		in := has("labels", "CRM")
		c.Rules[0].Admits = func(v contact.Fields) (yes, known bool) {
			yes, _ = in(v)
			return yes, !v["labels"].Absent()
		}
	}
	// comesBack has a pair leave the rule, and an edit of a1 let it in again while the app hides a field.
	comesBack := func(hidden string) func(h *history) {
		return func(h *history) {
			in := f{"email": "ann@example.com", "first": "Ann", "labels": []string{"CRM"}}
			h.create(0, "a1", in)
			h.sync(h.made(1, "b1", ann), h.pair("a1", "b1"))
			h.edit(0, "a1", f{"labels": nil})
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "excluded", Reason: "filter"})
			h.sync()
			h.hidden = map[string]string{"a1": hidden}
			h.edit(0, "a1", f{"labels": []string{"CRM"}})
			h.rest()
		}
	}
	toB := func(a []oracle.App, c *oracle.Connection) {
		looks(a, c)
		c.Direction = "a_to_b"
	}
	// either is looks, but that another rule of a looks at nothing.
	either := func(a []oracle.App, c *oracle.Connection) {
		looks(a, c)
		c.Rules = append(c.Rules, oracle.Rule{From: 0})
	}
	// short has no room in a for more than three letters of a first name.
	short := func(a []oracle.App, _ *oracle.Connection) {
		a[0].Fields[1].Hold = func(v contact.Value) contact.Value { return contact.Text(v.Str()[:min(3, len(v.Str()))]) }
	}
	run(t, []row{
		{name: "that a rule lets somebody in was hidden", setup: looks, play: enters("labels")},
		{name: "that a rule lets somebody in was shown", setup: looks, want: broken("I1"), play: enters("company")},
		{name: "a rule lets somebody in whatever was hidden", setup: either, want: broken("I1"), play: enters("labels")},
		{name: "that a pair is let in again was hidden", setup: toB, play: comesBack("labels")},
		{name: "that a pair is let in again was shown", setup: toB, want: broken("I28"), play: comesBack("company")},
		{name: "who was never shown with a key is matched by nobody", play: hides("email")},
		{name: "who was never shown with something else is matched", want: broken("I1"), play: hides("company")},
		{name: "whether a rule lets somebody in whose labels are hidden nobody knows", setup: tagged, play: hides("labels")},
		{name: "a rule lets somebody in of whom something else is hidden", setup: tagged, want: broken("I1"), play: hides("company")},
		{name: "that another one lost the key was hidden", play: meanwhile(map[string]string{"a2": "email"})},
		{name: "that another one lost the key was shown", want: broken("I1"), play: meanwhile(map[string]string{"a2": "company"})},
		{name: "an echo of who was written over waits", play: parted("Bob", "Bob", "duplicate_there")},
		{name: "who is not like the one that was written over is no echo", want: broken("I1"), play: parted("Bob", "Bobby", "duplicate_there")},
		{name: "an echo that its app has cut short waits", setup: short, play: parted("Bobby", "Bob", "duplicate_there")},
		{name: "who only begins like the one that was written over is no echo", want: broken("I1"), play: parted("Bobby", "Bob", "duplicate_there")},
		{name: "an echo that its app has cut short holds all that fits", setup: short, want: broken("I1"), play: parted("Bobby", "Bo", "duplicate_there")},
		{name: "an echo is said to be one", want: broken("I1"), play: parted("Bob", "Bob", "duplicate_here")},
	})
}
