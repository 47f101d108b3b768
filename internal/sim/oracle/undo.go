package oracle

import (
	"fmt"
	"maps"
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// undo is a rollback that is going on.
type undo struct {
	span   *span
	at     int
	faults int
	left   []leftOver
}

// leftOver is what a rollback left as it was.
type leftOver struct {
	write *write
	text  string
}

// beginRollback notes which run is taken back: the last that wrote. It is not judged where that run had a crash, a lost
// answer or a failure in it, for what was recovered of it may belong to a later run; nor where the run was taken back before: asked for
// again, a rollback finds nothing more to do.
func (o *Oracle) beginRollback(c *conn) {
	c.fresh, c.decidedAll, c.rollback = o.world.now, o.at, nil
	for i := len(c.syncs) - 1; i >= 0; i-- {
		s := c.syncs[i]
		if len(s.writes) == 0 {
			continue
		}
		sure := s.ok && !s.crashed && !s.takenBack && s.ended.at >= 0 && s.began.at > c.epoch.at && c.saidAt > s.ended.at
		s.takenBack = true
		for _, w := range s.writes {
			sure = sure && w.told
		}
		if sure {
			c.rollback = &undo{span: s, at: o.at, faults: o.faults}
		}
		return
	}
}

// judgeTakingBack is I29 while it goes on, and of any write that belongs to no sync: it writes what was there before,
// and deletes what the connection created and nobody touched since.
func (o *Oracle) judgeTakingBack(w *write) {
	w.conn.fresh, w.conn.decidedAll, w.conn.asked = o.world.now, o.at, false
	switch w.op {
	case "update":
		for _, name := range w.changedFields() {
			f := o.world.field(w.rec.app, name)
			cell := w.rec.cells[name]
			held := f.many()
			for _, e := range cell[:max(len(cell)-1, 0)] {
				held = held || f.carries(e.value, w.after[name], w.conn.now().Region)
			}
			if !held {
				o.accuse("I29", "%s.%s became %q when %s took back a sync, and was never that", o.label(w), name, w.after[name],
					w.conn.id)
			}
		}
	case "delete":
		if w.rec.by != w.conn.id {
			o.accuse("I29", "%s was deleted when %s took back a sync, which had not created it", o.label(w), w.conn.id)
		} else if w.rec.lastTouch(w.conn.id).at > w.rec.born.at && o.setup.Apps[w.rec.app].Versions && !o.foundAsMade(w.conn, w.rec) {
			o.accuse("I29", "%s was deleted when %s took back a sync, although it was edited since", o.label(w), w.conn.id)
		}
	}
}

// foundAsMade reports whether the connection cannot know the version that it made of a record, for it was never told, or it was that
// of an id that the record has no more, and the record holds what it was made with, by meaning: nothing tells who edited it and took
// that back, or spelled it otherwise.
func (o *Oracle) foundAsMade(c *conn, r *record) bool {
	for _, v := range c.writes {
		if v.rec == r && v.op == "create" {
			return (!v.told || r.rekeyed.at > v.at) && o.meansAt(c, r, v.at, slices.Collect(maps.Keys(r.cells)))
		}
	}
	return false
}

// judgeRolledBack is I29 when it is over: whatever nobody changed since is as it was before the run. Silent where a
// fault came between or an app refused to, of apps whose reads by id lag, and of what the connection did not know.
func (o *Oracle) judgeRolledBack(c *conn) {
	u := c.rollback
	c.rollback = nil
	if u != nil {
		c.left = u
	}
	refused := c.refused || c.asked
	c.refused, c.asked = false, false
	if u == nil || u.faults != o.faults || refused {
		return
	}
	seen := map[*record]map[string]bool{}
	for _, w := range u.span.writes {
		if o.setup.Apps[w.rec.app].ReadLag > 0 || w.rec.decided(c) > 0 {
			continue
		}
		if w.op == "create" {
			seen[w.rec] = map[string]bool{}
			for name := range w.rec.cells {
				seen[w.rec][name] = true
			}
			if w.rec.alive && w.rec.lastTouch(c.id).at < w.at && o.hasSource(c, w) {
				u.left = append(u.left, leftOver{w, fmt.Sprintf("%s was created by the sync that %s took back, and is still there",
					o.label(w), c.id)})
			}
			continue
		}
		if w.op != "update" || !w.rec.alive {
			continue
		}
		for _, name := range w.changedFields() {
			if seen[w.rec][name] || w.rec.touched(name, c.id) > w.at {
				continue
			}
			if seen[w.rec] == nil {
				seen[w.rec] = map[string]bool{}
			}
			seen[w.rec][name] = true
			if o.knewBefore(c, w, name) && !sameWhole(o.world.field(w.rec.app, name), w.rec.get(name), w.before[name], c.now().Region) {
				u.left = append(u.left, leftOver{w, fmt.Sprintf("%s.%s is %q and was %q before the sync that %s took back",
					o.label(w), name, w.rec.get(name), w.before[name], c.id)})
			}
		}
	}
}

// knewBefore reports whether the connection can know what a field held when it wrote over it: it wrote that itself, or was shown
// it. What was never shown, for a feed lags or the field is hidden, it cannot give back.
func (o *Oracle) knewBefore(c *conn, w *write, name string) bool {
	by := users
	for _, e := range w.rec.cells[name] {
		if e.at < w.at {
			by = e.by
		}
	}
	if by == c.id {
		return true
	}
	s := w.rec.sights[c.id]
	if s == nil {
		return false
	}
	last := contact.Empty
	for _, v := range s.cell[name] {
		if v.at < w.at {
			last = v.value
		}
	}
	return sameWhole(o.world.field(w.rec.app, name), last, w.before[name], c.now().Region)
}

// sameWhole compares lists and sets by their elements, whatever their types and whichever is primary.
func sameWhole(f Field, x, y contact.Value, region string) bool {
	if !f.many() {
		return same(f, x, y, region)
	}
	a, b := f.elements(x, region), f.elements(y, region)
	for k := range a {
		if _, ok := b[k]; !ok {
			return false
		}
	}
	return len(a) == len(b)
}

// tellRolledBack accuses what a rollback left without a word: what it has a reason to leave it reports.
func (o *Oracle) tellRolledBack(c *conn, news []JournalEntry) {
	u := c.left
	c.left = nil
	if u == nil {
		return
	}
	for _, l := range u.left {
		told := false
		for _, e := range news {
			told = told || e.Op == "" && e.Side == l.write.side && (e.ID == l.write.id || e.ID == l.write.rec.id)
		}
		if !told {
			o.accuse("I29", "%s", l.text)
		}
	}
}

// hasSource reports whether the record that one was created from is still there. Where it is gone, the created one may
// be all that is left of a person, and the guides let it stay or go.
func (o *Oracle) hasSource(c *conn, w *write) bool {
	for _, y := range c.partner[w.rec] {
		if !y.alive {
			return false
		}
	}
	return true
}
