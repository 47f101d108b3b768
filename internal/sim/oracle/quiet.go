package oracle

import (
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// allowedRounds is in how many rounds of syncs after the last edit everything has come to rest: three, and two more for
// each further connection over the same apps.
func (o *Oracle) allowedRounds() int { return 3 + 2*(len(o.order)-1) }

// atRest reports whether everything must have come to rest.
func (o *Oracle) atRest() bool { return o.calm >= 0 && o.rounds >= o.allowedRounds() }

// judgeQuiet is I2: when nobody edits, nothing is written. What a guard held may still be written when it is 24 hours
// later.
func (o *Oracle) judgeQuiet(w *write) {
	if !o.atRest() || w.takesBack {
		return
	}
	if s := w.conn.last; s != nil && (heldIn(s) || s.Records[w.side][w.id].Status == "failed") {
		return // what failed is tried again when the app gives the record another version
	}
	o.accuse("I2", "%s was written (%s) by %s, %d rounds after the last edit", o.label(w), w.op, w.conn.id, o.rounds)
}

// judgeOscillation is I2 for rings of connections, automations and foreign tools: a cell that the connection wrote
// three times in 24 hours to values that it had there before, until it replaced them, is frozen until a person releases it.
func (o *Oracle) judgeOscillation(w *write, field string) {
	f := o.world.field(w.rec.app, field)
	if f.many() || w.rec.decided(w.conn) >= 0 {
		return
	}
	back := 0
	cell := w.rec.cells[field]
	for i, e := range cell {
		if e.by != w.conn.id || e.at <= w.conn.fresh.at || !e.told || w.time.Sub(e.time) >= day {
			continue
		}
		if w.conn.replaced(f, cell[:i], e.value) {
			back++
		}
	}
	if back > 3 {
		o.accuse("I2", "%s.%s was written back by %s to a value that it had before, %d times in 24 hours", o.label(w),
			field, w.conn.id, back)
	}
}

// replaced reports whether the connection wrote the value and another one after it.
func (c *conn) replaced(f Field, cell []entry, value contact.Value) bool {
	last := false // it wrote the value, and nothing since
	for _, e := range cell {
		if e.by != c.id || e.at <= c.fresh.at {
			continue
		}
		is := same(f, e.value, value, c.now().Region)
		if last && !is {
			return true
		}
		last = is
	}
	return false
}

// heldIn reports whether a guard is said to hold anything.
func heldIn(s *Statement) bool { return s.Held["deletions"]+s.Held["clears"]+s.Held["creates"] > 0 }

// judgeCalls is I22, as far as a bystander can count: a sync in which nothing goes wrong makes a few calls for each
// change and each record, and does not run in circles.
func (o *Oracle) judgeCalls(c *conn, s *span) {
	if !s.ok || s.faults != o.faults {
		return
	}
	records, changes := 0, 0
	since := max(o.since(c, s, c.now().Apps[0]), 0)
	for _, app := range c.now().Apps {
		for _, r := range o.world.records[app] {
			records++
			for _, cell := range r.cells {
				for _, e := range cell {
					if e.at >= since {
						changes++
					}
				}
			}
		}
	}
	if limit := 10 + 4*records + 2*changes + 4*len(s.writes); s.calls > limit {
		o.accuse("I22", "the sync of %s made %d calls for %d records and %d changes", c.id, s.calls, records, changes)
	}
}

// judgePreview is the half of I20 that is about previews, and I11: a preview writes nothing, and when all is at rest it
// has nothing to tell.
func (o *Oracle) judgePreview(c *conn, s *span) {
	for _, w := range s.writes {
		o.accuse("I20", "a preview of %s did %s %s", c.id, w.op, o.label(w))
	}
	if !s.ok {
		return
	}
	if o.atRest() && s.counts != [2]Counts{} && (c.last == nil || !heldIn(c.last)) {
		o.accuse("I11", "a preview of %s tells of %v, %d rounds after the last edit", c.id, s.counts, o.rounds)
	}
	c.previewed = nil
	if s.faults == o.faults && c.disturbed < s.began.at && o.lagsOver(c, s.began) && c.sentInVain() == nil && o.knowsAll(c) {
		c.previewed = s
	}
}

// sentInVain returns a sync since the last whole one that sent writes and did not come to its end: only a sync finds out
// what became of them, and counts them. Nil if there is none.
func (c *conn) sentInVain() *span {
	for i := len(c.syncs) - 1; i >= 0; i-- {
		s := c.syncs[i]
		switch {
		case s.preview:
		case s.ok && s.ended.at >= 0:
			return nil
		case s.sent[0] || s.sent[1]:
			return s
		}
	}
	return nil
}

// knowsAll reports whether the connection was told of everything in its apps that it reads. A pass that another one began,
// and fields that are hidden, leave out what the next reading tells.
func (o *Oracle) knowsAll(c *conn) bool {
	for side, app := range c.now().Apps {
		if o.goneUnseen(c, Side(side)) > 0 {
			return false
		}
		for _, r := range o.world.records[app] {
			for _, name := range c.uses(o.world, Side(side)) {
				if r.alive && !r.knows(c.id, name) {
					return false
				}
			}
		}
	}
	return true
}

// lagsOver reports whether the apps of the connection show by now whatever was done in them.
func (o *Oracle) lagsOver(c *conn, now moment) bool {
	for _, app := range c.now().Apps {
		lag := o.world.lag(app)
		for _, r := range o.world.records[app] {
			last := r.lastTouch("\x00")
			if r.died.at > last.at {
				last = r.died
			}
			if lag > 0 && now.time.Sub(last.time) <= lag {
				return false
			}
		}
	}
	return true
}

// comparePreview is promise 5: a sync does what its preview said, if nothing happened in between. Silent where
// something waited or had failed (a preview finds out nothing about a lost answer), and where an app refuses, or names another one.
func (o *Oracle) comparePreview(c *conn, s *span) {
	p := c.previewed
	c.previewed = nil
	if p == nil || !s.ok || s.faults != o.faults || p.faults != o.faults || s.began.at < p.ended.at || waits(c.last) {
		return
	}
	c.compared, c.comparedWith, c.named = p, s, o.mayBeNamed(c, s)
}

// mayBeNamed returns the records that no key shows as one person when a sync began, and of which an app would refuse a second one,
// for they share a value that it holds only once. It says who has the value (F35): they are linked then, and nobody is created.
func (o *Oracle) mayBeNamed(c *conn, s *span) (pairs [][2]*record) {
	cn := c.now()
	for _, a := range o.world.records[cn.Apps[0]] {
		for _, b := range o.world.records[cn.Apps[1]] {
			if !a.alive || !b.alive || c.links[a] != nil || c.links[b] != nil || a.first > s.began.at || b.first > s.began.at {
				continue
			}
			fa, fb := a.fields(s.began.at), b.fields(s.began.at)
			if !evidence(cn.keys(0, fa, o.world), cn.keys(1, fb, o.world)) && o.shareUnique(cn, fa, fb) {
				pairs = append(pairs, [2]*record{a, b})
			}
		}
	}
	return pairs
}

// shareUnique reports whether a and b share a value that one of their apps holds only once.
func (o *Oracle) shareUnique(cn *Connection, a, b contact.Fields) bool {
	for i := range cn.Mappings {
		m := &cn.Mappings[i]
		f, g := o.world.field(cn.Apps[0], m.A), o.world.field(cn.Apps[1], m.B)
		if (f.Unique || g.Unique) && !a[m.A].Blank() && same(f, a[m.A], b[m.B], cn.Region) {
			return true
		}
	}
	return false
}

// judgeCompared compares them when it is known how all stands after the sync.
func (o *Oracle) judgeCompared(c *conn) {
	p, s := c.compared, c.comparedWith
	c.compared, c.comparedWith = nil, nil
	named := slices.ContainsFunc(c.named, func(l [2]*record) bool { return c.links[l[0]] == l[1] })
	if p != nil && p.counts != s.counts && c.last.Phase == "active" && !waits(c.last) && !named {
		o.accuse("I20", "the preview of %s said %v, and the sync after it did %v", c.id, p.counts, s.counts)
	}
}

// waits reports whether a statement tells of records that wait or failed, or of anything that a guard holds; where nothing was
// said yet, some may.
func waits(s *Statement) bool {
	if s == nil || heldIn(s) {
		return true
	}
	for _, records := range s.Records {
		for _, st := range records {
			if st.Status == "pending" || st.Status == "failed" {
				return true
			}
		}
	}
	return false
}

// disturb lets no preview be compared with a sync that comes after something else happened in an app.
func (o *Oracle) disturb(by *conn) {
	for _, id := range o.order {
		c := o.conns[id]
		c.disturbed = o.at
		if c != by {
			c.previewed = nil
		}
	}
}
