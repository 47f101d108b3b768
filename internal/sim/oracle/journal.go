package oracle

import (
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// judgeJournal is half of I9: the history tells of no write that never was.
func (o *Oracle) judgeJournal(c *conn, entries []JournalEntry) {
	for _, e := range entries {
		if e.Op != "create" && e.Op != "update" && e.Op != "delete" || e.ID == "" || e.Side < 0 || e.Side > 1 {
			continue
		}
		if !c.wrote(e) && e.Op == "create" && o.faults > 0 && c.creating[e.Side] >= 0 {
			// Its answer was lost, and somebody else's record was taken for the one that it was creating.
			if r := o.world.find(c.now().Apps[e.Side], e.ID); r != nil {
				c.guests[r] = c.guests[r] || !c.adopted[r]
				c.adopted[r] = true
				continue
			}
		}
		if r := o.world.find(c.now().Apps[e.Side], e.ID); e.Op == "delete" && r != nil && (!r.alive || r.id != e.ID) {
			c.vanished[r] = r.alive
			continue // somebody was faster, or it has another id by now: who is not found is gone
		}
		if !c.wrote(e) && c.epoch.at < 0 && !c.mayRecover(e.Side) {
			o.accuse("I9", "the history of %s tells that it did %s %s in %s, which it did not", c.id, e.Op, e.ID,
				o.appName(c.now().Apps[e.Side]))
		}
		if e.Reason == "" {
			o.accuse("I9", "the history of %s gives no reason why it did %s %s.%s", c.id, e.Op, e.ID, e.Field)
		}
	}
	c.journal = append(c.journal, entries...)
}

func (c *conn) wrote(e JournalEntry) bool {
	for _, w := range c.writes {
		if w.side == e.Side && w.op == e.Op && (w.id == e.ID || w.rec.id == e.ID) {
			return true
		}
	}
	return false
}

// judgeTold is the other half of I9, and the half of I3 that is about history: in the end the journal holds every
// write, field by field, with what it wrote and what was there before, so that nothing that was overwritten is lost.
// Silent of a write of which the engine cannot know: its answer or the note of it was lost, and others changed the
// record before anybody looked; of what a lost store held; and of a person who was forgotten.
func (o *Oracle) judgeTold(c *conn) {
	used := make([]*write, len(c.journal)) // by what
	for _, w := range c.writes {
		if w.journaled || w.rec.decided(c) > 0 {
			continue
		}
		unsure := !w.told || w.span == nil || !w.span.ok
		if unsure && (!w.rec.alive || w.rec.lastTouch(c.id).at > w.at || w.op == "create" && (len(c.partner[w.rec]) == 0 || c.mistaken(w.rec))) {
			continue
		}
		if w.op == "delete" {
			o.judgeToldOf(c, w, "", used)
			continue
		}
		s := w.rec.sights[c.id]
		for _, name := range w.changedFields() {
			if c.rewrote(w, name) {
				continue
			}
			if unsure && s != nil && s.part >= w.at {
				continue // what was hidden since cannot be recovered
			}
			if !plain(w.after[name]).Blank() || w.op == "update" {
				o.judgeToldOf(c, w, name, used)
			}
		}
	}
}

// mistaken reports whether somebody else, who had the partner of the record before it, was taken for the creation that made it: the
// history tells of that one.
func (c *conn) mistaken(r *record) bool {
	for z := range c.adopted {
		if z != r && z.app == r.app && slices.ContainsFunc(c.partner[r], func(y *record) bool { return slices.Contains(c.partner[z], y) }) {
			return true
		}
	}
	return false
}

// rewrote reports whether a creation was sent again and made something else of a field: the history tells that.
func (c *conn) rewrote(w *write, name string) bool {
	return slices.ContainsFunc(c.writes, func(x *write) bool { return x.again == w && slices.Contains(x.changedFields(), name) })
}

// judgeToldOf looks for the entry of one field of a write, and uses it up. What one call did in several parts may be told at once.
func (o *Oracle) judgeToldOf(c *conn, w *write, name string, used []*write) {
	f := o.world.field(w.rec.app, name)
	lost := false // there is an entry, but what was before is not in it
	for i, e := range c.journal {
		if used[i] != nil && used[i] != w.first || e.Side != w.side || e.Op != w.op && !(w.again != nil && e.Op == w.again.op) || e.ID != w.id && e.ID != w.rec.id {
			continue
		}
		if w.op == "delete" {
			used[i] = w.first
			return
		}
		if e.Field != name || !f.many() && !f.carries(e.After, w.after[name], c.now().Region) {
			continue
		}
		if w.op == "update" && !f.many() && !o.keepsBefore(c, w, f, e) {
			lost = true
			continue
		}
		used[i] = w.first
		return
	}
	if lost {
		o.accuse("I3", "%s.%s held %q when %s overwrote it, and the history does not keep it", o.label(w), name,
			w.before[name], c.id)
		return
	}
	o.accuse("I9", "the history of %s does not tell of %s of %s.%s", c.id, w.op, o.label(w), name)
}

// keepsBefore reports whether the entry keeps what the write overwrote. What the connection was never shown it cannot
// keep: not what it was shown before its own last write, either, if that is back, and not what the app made of that.
func (o *Oracle) keepsBefore(c *conn, w *write, f Field, e JournalEntry) bool {
	before := w.before[f.Field.Name]
	if same(f, before, e.Before, c.now().Region) || same(f, before, e.Lost, c.now().Region) {
		return true
	}
	if w.again != nil && same(f, before, w.again.after[f.Field.Name], c.now().Region) {
		return true // it is the connection's own
	}
	s := w.rec.sights[c.id]
	if s == nil {
		return true
	}
	last, at, made := contact.Empty, -1, false
	for _, v := range s.cell[f.Field.Name] {
		if v.at < w.at {
			last, at = v.value, v.last
		}
	}
	for _, own := range w.rec.cells[f.Field.Name] {
		if own.by == c.id && own.told && own.at > at && own.at < w.at {
			last, made = own.value, f.carries(e.Before, own.value, c.now().Region)
		}
	}
	return made || !same(f, last, before, c.now().Region)
}
