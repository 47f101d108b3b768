package oracle_test

import (
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// notes maps notes, too.
func notes(_ []oracle.App, c *oracle.Connection) {
	c.Mappings = append(c.Mappings, oracle.Mapping{A: "notes", B: "notes", Direction: "both"})
}

// uniqueNotes maps notes of an app b which holds each only once.
func uniqueNotes(a []oracle.App, c *oracle.Connection) {
	notes(a, c)
	for i := range a[1].Fields {
		a[1].Fields[i].Unique = a[1].Fields[i].Field.Name == "notes"
	}
}

// twins are two records with one value, and no key that says that they are one person.
func (h *history) twins() {
	h.create(0, "a1", f{"email": "ann@example.com", "notes": "7"})
	h.create(1, "b1", f{"notes": "7"})
	h.sync()
}

func TestDirection(t *testing.T) {
	run(t, []row{
		{name: "one way, the source is written to", setup: direction("a_to_b"), want: broken("I20"), play: func(h *history) {
			h.ann()
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
		}},
		{name: "one way, the source gets a record", setup: direction("a_to_b"), want: broken("I20"), play: func(h *history) {
			h.create(1, "b1", f{"email": "bob@example.com"})
			h.sync(h.made(0, "a1", f{"email": "bob@example.com"}), h.pair("a1", "b1"))
		}},
		{name: "one way, a record of the source is deleted", want: broken("I20"),
			setup: func(_ []oracle.App, c *oracle.Connection) {
				c.Direction, c.Deletions = "a_to_b", [2]string{"delete", "delete"}
			},
			play: func(h *history) {
				h.ann()
				h.remove(1, "b1")
				h.sync(h.drop(0, "a1"))
			}},
		{name: "against the arrow of a mapping", want: broken("I20"),
			setup: func(_ []oracle.App, c *oracle.Connection) { c.Mappings[1].Direction = "a_to_b" },
			play: func(h *history) {
				h.ann()
				h.edit(1, "b1", f{"first": "Annie"})
				h.sync(h.put(0, "a1", f{"first": "Annie"}))
			}},
		{name: "a sync works with the configuration that it began with", play: func(h *history) {
			h.ann()
			h.edit(1, "b1", f{"first": "Annie"})
			h.open()
			h.show()
			c := twoWay()
			c.Direction = "a_to_b"
			h.see(oracle.Event{Kind: oracle.Configured, Connection: &c})
			h.put(0, "a1", f{"first": "Annie"})()
			h.close("")
		}},
		{name: "and the next with the new one", want: broken("I20"), play: func(h *history) {
			h.ann()
			h.edit(1, "b1", f{"first": "Annie"})
			c := twoWay()
			c.Direction = "a_to_b"
			h.see(oracle.Event{Kind: oracle.Configured, Connection: &c})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
		}},
		{name: "who was in stays in while a new rule looks at what is hidden", play: func(h *history) { h.stayedIn("labels") }},
		{name: "a new rule keeps somebody out of whom something else is hidden", want: broken("I9"), play: func(h *history) { h.stayedIn("company") }},
		{name: "a preview writes", want: broken("I20"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.see(oracle.Event{Kind: oracle.SyncBegin, Conn: "c"})
			h.show()
			h.put(1, "b1", f{"first": "Anna"})()
			h.see(oracle.Event{Kind: oracle.Preview, Conn: "c"})
		}},
		{name: "a preview writes whose beginning was not told", want: broken("I20"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			h.put(1, "b1", f{"first": "Ann"})()
			h.see(oracle.Event{Kind: oracle.Preview, Conn: "c"})
		}},
		{name: "a sync does what its preview said", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.preview(oracle.Counts{Updated: 1})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
		}},
		{name: "a sync does more than its preview said", want: broken("I20"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.preview(oracle.Counts{})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
		}},
		{name: "a preview tells of what a guard holds, of a pair of which something graver is said", play: func(h *history) { h.previewed(1) }},
		{name: "a preview tells of what no guard holds, and nothing is done", want: broken("I20"), play: func(h *history) { h.previewed(0) }},
		{name: "a preview was of a listing that was cut off", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.see(oracle.Event{Kind: oracle.Called, Conn: "c", Op: "changes"})
			h.see(oracle.Event{Kind: oracle.Fault, Note: "F3 truncated changes"})
			h.see(oracle.Event{Kind: oracle.Preview, Conn: "c"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
		}},
		{name: "a listing was cut off before the preview", want: broken("I20"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.see(oracle.Event{Kind: oracle.Fault, Note: "F3 truncated changes"})
			h.see(oracle.Event{Kind: oracle.Called, Conn: "c", Op: "changes"})
			h.show()
			h.see(oracle.Event{Kind: oracle.Preview, Conn: "c"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
		}},
		{name: "a preview does not find out what became of a write without an answer", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.open()
			h.show()
			h.untold = true
			h.put(1, "b1", f{"first": "Anna"})()
			h.untold = false
			h.see(oracle.Event{Kind: oracle.Crash})
			h.preview(oracle.Counts{})
			h.sync(func() { h.counts[1].Updated = 1 })
		}},
		{name: "a preview after a sync that died before it wrote anything", want: broken("I20"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.open()
			h.show()
			h.see(oracle.Event{Kind: oracle.Crash})
			h.preview(oracle.Counts{})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
		}},
		{name: "a preview does not find out whether what was noted was sent", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.brokeOff("F61 crash_after store.update", 0, 1)
			h.preview(oracle.Counts{})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
		}},
		{name: "a preview after a sync that noted nothing", want: broken("I20"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.brokeOff("F61 crash_after store.view", 0, 1)
			h.preview(oracle.Counts{})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
		}},
		{name: "a preview does not know that an app refuses a second record of a value, and names the first", setup: uniqueNotes, play: func(h *history) {
			h.twins()
			h.preview(oracle.Counts{Created: 1})
			h.sync(h.pair("a1", "b1"), h.put(1, "b1", f{"email": "ann@example.com"}))
		}},
		{name: "an app that would take the second one", setup: notes, want: broken("I20"), play: func(h *history) {
			h.twins()
			h.preview(oracle.Counts{Created: 1})
			h.sync(h.pair("a1", "b1"), h.put(1, "b1", f{"email": "ann@example.com"}))
		}},
		{name: "nobody was linked", setup: uniqueNotes, want: broken("I20"), play: func(h *history) {
			h.twins()
			h.preview(oracle.Counts{Created: 1})
			h.sync()
		}},
		{name: "a preview does not know what was not shown yet", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.see(oracle.Event{Kind: oracle.SyncBegin, Conn: "c"})
			h.see(oracle.Event{Kind: oracle.Preview, Conn: "c"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
		}},
		{name: "a preview does not know what is hidden", play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
			h.open()
			h.showOld(0, "a1", f{"email": "ann@example.com", "company": ""})
			h.made(1, "b1", f{"email": "ann@example.com"})()
			h.pair("a1", "b1")()
			h.close("")
			h.see(oracle.Event{Kind: oracle.SyncBegin, Conn: "c"})
			h.see(oracle.Event{Kind: oracle.Preview, Conn: "c"})
			h.sync(h.put(1, "b1", f{"first": "Ann"}))
		}},
		{name: "something happened after the preview", play: func(h *history) {
			h.ann()
			h.preview(oracle.Counts{})
			h.edit(0, "a1", f{"first": "Anna"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
		}},
	})
}

func TestEngines(t *testing.T) {
	take := func(h *history) { // engine 1 takes over from engine 0, in the middle of its writes
		h.ann()
		h.edit(0, "a1", f{"first": "Anna", "company": "Initech"})
		h.open()
		h.show()
		h.put(1, "b1", f{"first": "Anna"})()
		h.engine = 1
		h.open()
		h.show()
		h.put(1, "b1", f{"company": "Initech"})()
		h.close("")
		h.engine = 0
	}
	run(t, []row{
		{name: "an engine is overtaken", play: func(h *history) {
			take(h)
			h.rest()
		}},
		{name: "an engine that was overtaken writes on", want: broken("I21"), play: func(h *history) {
			take(h)
			h.edit(0, "a1", f{"first": "Annie"})
			h.put(1, "b1", f{"first": "Annie"})()
		}},
		{name: "a call that was on its way arrives", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.create(0, "a2", f{"email": "bob@example.com"})
			h.open()
			h.show()
			h.put(1, "b1", f{"first": "Anna"})()
			h.see(oracle.Event{Kind: oracle.Called, App: 1, Conn: "c", Op: "create"})
			h.engine = 1
			h.open()
			h.show()
			h.edit(0, "a1", f{"first": "Annie"})
			h.put(1, "b1", f{"first": "Annie"})()
			h.see(oracle.Event{Kind: oracle.Wrote, App: 1, Conn: "c", Engine: 0, ID: "b2", Op: "create", Told: true,
				After: h.whole(1, f{"email": "bob@example.com"})})
		}},
		{name: "the count of a sync is wrong", want: broken("I28"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}), func() { h.counts[1].Updated = 2 })
		}},
		{name: "one of two that a sync deletes was gone, and nobody had told", setup: deletions("delete"), play: func(h *history) {
			h.four()
			h.remove(0, "a1")
			h.remove(0, "a2")
			h.sync(h.gone("a1", "a2"), func() { h.remove(1, "b1") }, h.drop(1, "b2"), func() { h.counts[1].Deleted = 2 })
		}},
		{name: "both were there", setup: deletions("delete"), want: broken("I28"), play: func(h *history) {
			h.four()
			h.remove(0, "a1")
			h.remove(0, "a2")
			h.sync(h.gone("a1", "a2"), h.drop(1, "b2"), func() { h.counts[1].Deleted = 2 })
		}},
		{name: "it had been told that one was gone", setup: deletions("delete"), want: broken("I28"), play: func(h *history) {
			h.four()
			h.remove(0, "a1")
			h.remove(0, "a2")
			h.remove(1, "b1")
			h.sync(h.gone("a1", "a2"), func() {
				h.see(oracle.Event{Kind: oracle.Shown, App: 1, Conn: "c", ID: "b1", Gone: true})
			}, h.drop(1, "b2"), func() { h.counts[1].Deleted = 2 })
		}},
		{name: "the halves of a pair have two statuses", want: broken("I28"), play: func(h *history) {
			h.ann()
			h.status[1]["b1"] = oracle.RecordStatus{Status: "pending", Reason: "settling"}
			h.sync()
		}},
		{name: "a status that there is not", want: broken("I28"), play: func(h *history) {
			h.ann()
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "fine"})
			h.sync()
		}},
		{name: "a pair is excluded that a rule lets through", want: broken("I28"), play: func(h *history) {
			h.ann()
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "excluded", Reason: "filter"})
			h.rest()
		}},
		{name: "a connection is halted for an app that is not empty", want: broken("I28"), play: func(h *history) {
			h.ann()
			h.phase, h.halt = "halted", "empty"
			h.rest()
		}},
		{name: "a connection is paused that nobody paused", want: broken("I28"), play: func(h *history) {
			h.ann()
			h.phase = "paused"
			h.rest()
		}},
		{name: "a record of another app is written", want: broken("I24"), play: func(h *history) {
			h.ann()
			h.see(oracle.Event{Kind: oracle.Wrote, App: 2, Conn: "c", Op: "update", ID: "z1"})
		}},
	})
}

// sets maps labels to tags.
func sets(_ []oracle.App, c *oracle.Connection) {
	c.Mappings = append(c.Mappings, oracle.Mapping{A: "labels", B: "tags", Direction: "both"})
}

func TestSets(t *testing.T) {
	start := func(h *history) {
		h.create(0, "a1", f{"email": "ann@example.com", "labels": []string{"vip", "news"}})
		h.sync(h.made(1, "b1", f{"email": "ann@example.com", "tags": []string{"vip", "news"}}), h.pair("a1", "b1"))
	}
	run(t, []row{
		{name: "single additions and removals meet", setup: sets, play: func(h *history) {
			start(h)
			h.edit(0, "a1", f{"labels": []string{"vip"}})
			h.edit(1, "b1", f{"tags": []string{"vip", "news", "gold"}})
			h.sync(h.put(0, "a1", f{"labels": []string{"vip", "gold"}}), h.put(1, "b1", f{"tags": []string{"vip", "gold"}}))
			h.rest()
		}},
		{name: "case is no difference", setup: sets, play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "labels": []string{"VIP"}})
			h.create(1, "b1", f{"email": "ann@example.com", "tags": []string{"vip"}})
			h.sync(h.pair("a1", "b1"))
			h.rest()
		}},
		{name: "the whole set goes over the other", setup: sets, want: broken("I18"), play: func(h *history) {
			start(h)
			h.edit(0, "a1", f{"labels": []string{"vip"}})
			h.edit(1, "b1", f{"tags": []string{"vip", "news", "gold"}})
			h.sync(h.put(1, "b1", f{"tags": []string{"vip"}}))
		}},
		{name: "a first match is no union", setup: sets, want: broken("I18"), play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "labels": []string{"vip"}})
			h.create(1, "b1", f{"email": "ann@example.com", "tags": []string{"news"}})
			h.sync(h.pair("a1", "b1"), h.put(1, "b1", f{"tags": []string{"vip"}}))
		}},
		{name: "what a user took away comes back", setup: sets, want: broken("I3"), play: func(h *history) {
			start(h)
			h.edit(0, "a1", f{"labels": []string{"vip"}})
			h.sync(h.put(0, "a1", f{"labels": []string{"vip", "news"}}))
		}},
		{name: "an element is invented", setup: sets, want: broken("I4"), play: func(h *history) {
			start(h)
			h.sync(h.put(1, "b1", f{"tags": []string{"vip", "news", "robot"}}))
		}},
		{name: "an addition is not carried over", setup: sets, want: broken("I1"), play: func(h *history) {
			start(h)
			h.edit(0, "a1", f{"labels": []string{"vip", "news", "gold"}})
			h.sync()
			h.rest()
		}},
		{name: "a removal is not carried over", setup: sets, want: broken("I1"), play: func(h *history) {
			start(h)
			h.edit(0, "a1", f{"labels": []string{"vip"}})
			h.sync()
			h.rest()
		}},
		{name: "there is room for one element only", setup: oneElement, play: func(h *history) {
			start(h)
			h.rest()
		}},
		{name: "what there was no room for is taken for removed", setup: oneElement, want: broken("I19"), play: func(h *history) {
			start(h)
			h.sync(h.put(0, "a1", f{"labels": []string{"vip"}}))
		}},
	})
}

// oneElement lets b keep one tag.
func oneElement(a []oracle.App, c *oracle.Connection) {
	sets(a, c)
	for i := range a[1].Fields {
		if a[1].Fields[i].Field.Name == "tags" {
			a[1].Fields[i].Hold = func(v contact.Value) contact.Value {
				if all := v.Elements(); len(all) > 1 {
					return contact.Set(all[0])
				}
				return v
			}
		}
	}
}

// tagging has the rule of a, which keeps out the label No, tag what it lets in.
func tagging(undo string) func([]oracle.App, *oracle.Connection) {
	return func(_ []oracle.App, c *oracle.Connection) {
		c.Rules[0].Admits = hasNot("labels", "No")
		c.Rules[0].Actions = []oracle.RuleAction{{Kind: "add", Field: "tags", Element: "G"}}
		c.Rules[0].Undo = undo
	}
}

func TestActions(t *testing.T) {
	ann := f{"email": "ann@example.com"}
	tagged := f{"email": "ann@example.com", "tags": []string{"G"}}
	run(t, []row{
		{name: "what the rule lets in is tagged", setup: tagging(""), play: func(h *history) {
			h.create(0, "a1", ann)
			h.sync(h.made(1, "b1", tagged), h.pair("a1", "b1"))
			h.rest()
		}},
		{name: "it is not", setup: tagging(""), want: broken("I1"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.sync(h.made(1, "b1", ann), h.pair("a1", "b1"))
			h.rest()
		}},
		{name: "it is not, where no tags were ever shown", setup: tagging(""), play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", ann)
			h.pair("a1", "b1")()
			h.see(oracle.Event{Kind: oracle.Calm})
			for range 4 {
				h.advance(time.Hour)
				h.open()
				h.showOld(0, "a1", f{"email": "ann@example.com", "labels": nil, "first": nil, "company": nil})
				h.showOld(1, "b1", f{"email": "ann@example.com", "first": nil, "company": nil})
				h.close("")
				h.see(oracle.Event{Kind: oracle.CalmRound})
			}
		}},
		{name: "it is not, and the tags were shown", setup: tagging(""), want: broken("I1"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", ann)
			h.pair("a1", "b1")()
			h.rest()
		}},
		{name: "what it does not let in is tagged", setup: tagging(""), want: broken("I9"), play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "labels": []string{"No"}})
			h.create(1, "b1", ann)
			h.sync(h.pair("a1", "b1"), h.put(1, "b1", f{"tags": []string{"G"}}))
		}},
		{name: "a user takes the tag off", setup: tagging(""), play: func(h *history) {
			h.create(0, "a1", ann)
			h.sync(h.made(1, "b1", tagged), h.pair("a1", "b1"))
			h.edit(1, "b1", f{"tags": nil})
			h.rest()
		}},
		{name: "a user takes the tag off, and it comes back", setup: tagging(""), want: broken("I3"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.sync(h.made(1, "b1", ann), h.pair("a1", "b1"), h.put(1, "b1", f{"tags": []string{"G"}}))
			h.edit(1, "b1", f{"tags": nil})
			h.sync()
			h.sync(h.put(1, "b1", f{"tags": []string{"G"}}))
		}},
		{name: "it comes back after the process died before it knew that it had put it there", setup: tagging(""), play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", ann)
			h.open()
			h.show()
			h.pair("a1", "b1")()
			h.put(1, "b1", f{"tags": []string{"G"}})()
			h.see(oracle.Event{Kind: oracle.Crash, Conn: "c"})
			h.say()
			h.edit(1, "b1", f{"tags": nil})
			h.sync(h.put(1, "b1", f{"tags": []string{"G"}}))
		}},
		{name: "it comes back when the record left the rule and returned", setup: tagging(""), play: func(h *history) {
			h.create(0, "a1", ann)
			h.sync(h.made(1, "b1", ann), h.pair("a1", "b1"), h.put(1, "b1", f{"tags": []string{"G"}}))
			h.edit(1, "b1", f{"tags": nil})
			h.sync()
			h.edit(0, "a1", f{"labels": []string{"No"}})
			h.sync()
			h.edit(0, "a1", f{"labels": nil})
			h.sync(h.put(1, "b1", f{"tags": []string{"G"}}))
		}},
		{name: "undo takes the tag back", setup: tagging("own"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.sync(h.made(1, "b1", tagged), h.pair("a1", "b1"))
			h.edit(0, "a1", f{"labels": []string{"No"}})
			h.sync(h.put(1, "b1", f{"tags": nil}))
			h.rest()
		}},
		{name: "undo does not", setup: tagging("own"), want: broken("I1"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.sync(h.made(1, "b1", ann), h.pair("a1", "b1"), h.put(1, "b1", f{"tags": []string{"G"}}))
			h.edit(0, "a1", f{"labels": []string{"No"}})
			h.sync()
			h.rest()
		}},
		{name: "a tag that went to and fro is frozen as it is", setup: tagging("own"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.sync(h.made(1, "b1", ann), h.pair("a1", "b1"), h.put(1, "b1", f{"tags": []string{"G"}}))
			h.edit(0, "a1", f{"labels": []string{"No"}})
			h.sync(h.put(1, "b1", f{"tags": nil}))
			h.edit(0, "a1", f{"labels": nil})
			h.sync(h.put(1, "b1", f{"tags": []string{"G"}}))
			h.edit(0, "a1", f{"labels": []string{"No"}})
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "conflict", Reason: "oscillating"})
			h.rest()
		}},
		{name: "a tag is not frozen with another field", setup: tagging("own"), want: broken("I1"), play: func(h *history) {
			h.seesaw(4)
			h.sync(h.put(1, "b1", f{"tags": []string{"G"}}))
			h.edit(0, "a1", f{"labels": []string{"No"}})
			h.hold2("a1", "b1", oracle.RecordStatus{Status: "conflict", Reason: "oscillating"})
			h.rest()
		}},
		{name: "without undo the tag is taken back", setup: tagging(""), want: broken("I9"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.sync(h.made(1, "b1", tagged), h.pair("a1", "b1"))
			h.edit(0, "a1", f{"labels": []string{"No"}})
			h.sync(h.put(1, "b1", f{"tags": nil}))
		}},
		{name: "undo leaves a user's tag alone", setup: tagging("own"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", tagged)
			h.sync(h.pair("a1", "b1"))
			h.edit(0, "a1", f{"labels": []string{"No"}})
			h.rest()
		}},
		{name: "undo takes a user's tag", setup: tagging("own"), want: broken("I9"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", tagged)
			h.sync(h.pair("a1", "b1"))
			h.edit(0, "a1", f{"labels": []string{"No"}})
			h.sync(h.put(1, "b1", f{"tags": nil}))
		}},
		{name: "undo all takes a user's tag", setup: tagging("all"), play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "labels": []string{"No"}})
			h.create(1, "b1", tagged)
			h.sync(h.pair("a1", "b1"), h.put(1, "b1", f{"tags": nil}))
			h.rest()
		}},
		{name: "undo all leaves it", setup: tagging("all"), want: broken("I1"), play: func(h *history) {
			h.create(0, "a1", f{"email": "ann@example.com", "labels": []string{"No"}})
			h.create(1, "b1", tagged)
			h.sync(h.pair("a1", "b1"))
			h.rest()
		}},
		{name: "other way around labels what lost its tag", setup: turned, play: func(h *history) {
			h.create(0, "a1", ann)
			h.sync(h.made(1, "b1", tagged), h.pair("a1", "b1"))
			h.edit(1, "b1", f{"tags": nil})
			h.sync(h.put(0, "a1", f{"labels": []string{"No"}}))
			h.rest()
		}},
		{name: "another label is given", setup: turned, want: broken("I9"), play: func(h *history) {
			h.create(0, "a1", ann)
			h.sync(h.made(1, "b1", tagged), h.pair("a1", "b1"))
			h.edit(1, "b1", f{"tags": nil})
			h.sync(h.put(0, "a1", f{"labels": []string{"Never"}}))
		}},
		{name: "other way around lets in what has the tag", setup: turned, play: func(h *history) {
			h.create(1, "b1", tagged)
			h.sync(h.made(0, "a1", ann), h.pair("a1", "b1"))
			h.rest()
		}},
		{name: "other way around lets in what has it not", setup: turned, want: broken("I9"), play: func(h *history) {
			h.create(1, "b1", ann)
			h.sync(h.made(0, "a1", ann), h.pair("a1", "b1"))
		}},
		{name: "an action sets a field", setup: func(_ []oracle.App, c *oracle.Connection) {
			c.Rules[0].Actions = []oracle.RuleAction{{Kind: "set", Field: "owner", Value: contact.Text("Robot")}}
		}, play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", f{"email": "ann@example.com", "owner": "Kim"})
			h.sync(h.pair("a1", "b1"), h.put(1, "b1", f{"owner": "Robot"}))
			h.rest()
		}},
		{name: "an action sets something else", want: broken("I9"), setup: func(_ []oracle.App, c *oracle.Connection) {
			c.Rules[0].Actions = []oracle.RuleAction{{Kind: "set", Field: "owner", Value: contact.Text("Robot")}}
		}, play: func(h *history) {
			h.create(0, "a1", ann)
			h.create(1, "b1", f{"email": "ann@example.com", "owner": "Kim"})
			h.sync(h.pair("a1", "b1"), h.put(1, "b1", f{"owner": "Roboter"}))
		}},
	})
}

// turned also has the rule turned round, and no other of b.
func turned(a []oracle.App, c *oracle.Connection) {
	tagging("own")(a, c)
	c.Rules[0].OtherWayAround = true
	c.Rules = c.Rules[:1]
}

// stayedIn has a new rule keep a1 out while the app hides a field, and an edit flow all the same.
func (h *history) stayedIn(hidden string) {
	h.hidden = map[string]string{"a1": hidden}
	h.create(0, "a1", f{"email": "ann@example.com", "first": "Ann", "labels": []string{"No"}})
	h.sync(h.made(1, "b1", f{"email": "ann@example.com", "first": "Ann"}), h.pair("a1", "b1"))
	c := twoWay()
	c.Rules[0].Admits = func(v contact.Fields) (yes, known bool) {
		yes, _ = hasNot("labels", "No")(v)
		return yes, !v["labels"].Absent()
	}
	h.see(oracle.Event{Kind: oracle.Configured, Connection: &c})
	h.edit(0, "a1", f{"first": "Anna"})
	h.sync(h.put(1, "b1", f{"first": "Anna"}))
}
