package oracle

import (
	"fmt"
	"maps"
	"slices"
)

// judgeDelete asks of a deletion whose deletion it carries over.
func (o *Oracle) judgeDelete(w *write) {
	var first *Violation
	for _, cn := range w.conn.during(w.began()) {
		if !points(cn.Direction, 1-w.side) {
			first = broken("I20", "the connection does not point there")
			continue
		}
		for _, y := range o.pastPartners(w.conn, w.rec) {
			v := o.judgeDeletion(cn, w, y)
			if v == nil {
				return
			}
			if first == nil || first.Invariant == "I17" {
				first = v
			}
		}
	}
	if first == nil {
		first = broken("I5", "there is nobody on the other side whose deletion it could carry over")
	}
	o.accuse(first.Invariant, "%s was deleted by %s: %s", o.label(w), w.conn.id, first.Text)
}

// judgeDeletion returns what is wrong with deleting a record because y is gone, nil if nothing is. It is I17 if y is
// not gone, I30 in the first sync over a store, and I5 if the policy is another, y was merged into somebody who is there,
// the record was edited since, or somebody else on y's side bears y's key and takes over the link.
func (o *Oracle) judgeDeletion(cn *Connection, w *write, y *record) *Violation {
	c := w.conn
	y = o.lastOf(c, w.rec, y)
	since := o.since(c, w.span, y.app)
	switch {
	case w.span != nil && c.syncsInEpoch <= 1:
		return broken("I30", "it is the first sync over this store")
	case cn.Deletions[1-w.side] != "delete":
		return broken("I5", "the policy is to "+cn.Deletions[1-w.side])
	case y.alive && y.rekeyed.at > 0 && !y.toldOf(c):
		return o.newID(cn, w, y)
	case y.died.at <= 0, y.alive && y.born.at < since:
		return broken("I17", y.id+" is there")
	case y.diedOf(c):
		return broken("I5", "nobody deleted "+y.id+" but the connection itself")
	case y.merged != nil && y.heardOf(c):
		return broken("I5", y.id+" became part of "+y.merged.id)
	}
	if edit := w.rec.lastTouch(c.id); o.outlives(cn, w, edit, y) {
		return broken("I5", fmt.Sprintf("it was edited at event %d, and nobody had carried that over when %s was "+
			"deleted at %d", edit.at, y.id, y.died.at))
	}
	if heir := o.heir(cn, w, y, since); heir != nil {
		return broken("I5", heir.id+" bears the key of "+y.id+" and takes over the link")
	}
	return nil
}

// diedOf reports whether it was the connection that deleted the record, and knows that. A restored store does not know its own deed.
func (r *record) diedOf(c *conn) bool { return r.diedBy == c.id && r.died.at > c.epoch.at }

// lastOf returns whom y became part of if that one is gone too: the link follows y there, at once or through others, as far as the
// connection was told of it, unless one of them had a partner of its own; then what y was linked with is left over. If not it
// returns y.
func (o *Oracle) lastOf(c *conn, rec, y *record) *record {
	last := y
	for last.merged != nil && last.toldOf(c) {
		last = last.merged
		for _, p := range c.partner[last] {
			if p != rec {
				return y
			}
		}
	}
	if last.alive {
		return y
	}
	return last
}

// newID judges a deletion whose partner got another id without a word: it looks like a deletion and a new record, which
// takes over the link if it bears the key still.
func (o *Oracle) newID(cn *Connection, w *write, y *record) *Violation {
	before, now := cn.keys(1-w.side, y.fields(y.rekeyed.at), o.world), cn.keys(1-w.side, y.fields(o.at), o.world)
	if evidence(before, now) && w.conn.lastOK() > y.rekeyed.at {
		return broken("I5", y.id+" bears the key and takes over the link")
	}
	return nil
}

// outlives reports whether the edit is one that nobody asked to lose: no sync can have carried it to y before y was
// gone, or it came after that and the engine could know.
func (o *Oracle) outlives(cn *Connection, w *write, edit moment, y *record) bool {
	if edit.at < 0 {
		return false
	}
	if asBefore(w) || o.asMade(w) {
		return false
	}
	if !o.setup.Apps[w.rec.app].Versions && (o.lagsBehind(w, edit) || asSettled(cn, w, y)) {
		return false // "untouched" is every field as last read (DESIGN.md, how a pair is decided)
	}
	if edit.at > y.died.at {
		return o.setup.Apps[w.rec.app].Versions || w.span != nil && w.span.firstSend > 0 && sawAll(w, edit)
	}
	for _, s := range w.conn.syncs {
		if s.began.at < y.died.at && (s.ended.at < 0 || s.ended.at > edit.at) {
			return false
		}
	}
	return true
}

// lagsBehind reports whether the app may not have shown the edit to the sync that made the write, and did not.
func (o *Oracle) lagsBehind(w *write, edit moment) bool {
	if w.span == nil || !edit.time.Add(o.world.lag(w.rec.app)).After(w.span.began.time) {
		return false
	}
	for name, cell := range w.rec.cells {
		for _, e := range cell {
			if e.at == edit.at && !seenBefore(w, name, e) {
				return true
			}
		}
	}
	return false
}

// asBefore reports whether the record holds again all that it held when the last sync ended: who edits and takes it
// back has not touched it, as far as fields can tell.
func asBefore(w *write) bool {
	at := -1
	for _, s := range w.conn.syncs {
		if s != w.span && s.ended.at >= 0 {
			at = s.ended.at
		}
	}
	return at >= w.rec.first && w.rec.asAt(at, slices.Collect(maps.Keys(w.rec.cells)))
}

// asSettled reports whether the record holds again all that it held when an earlier sync ended, and nothing of what was edited since
// came to y: an edit that did not flow was taken back, be it by another connection, and nothing of it is left to lose.
func asSettled(cn *Connection, w *write, y *record) bool {
	back := func(at int) bool {
		for name := range w.rec.cells {
			for _, m := range cn.mappings(w.side, name) {
				if w.rec.changedAt(name) > at && y.changedAt(m.field(1-w.side)) > at {
					return false
				}
			}
		}
		return at >= w.rec.first && w.rec.asAt(at, slices.Collect(maps.Keys(w.rec.cells)))
	}
	return slices.ContainsFunc(w.conn.syncs, func(s *span) bool { return s != w.span && s.ok && s.ended.at >= 0 && back(s.ended.at) })
}

// asMade reports whether the connection finds a record again that it made without an answer, in the first sync that can, and as it
// made it, as far as it reads it and by meaning: nothing tells who edited it and took that back, or edited something else.
func (o *Oracle) asMade(w *write) bool {
	c, born := w.conn, w.rec.born.at
	for _, s := range c.syncs {
		if s != w.span && s.ok && s.began.at > max(born, c.epoch.at) {
			return false
		}
	}
	for _, v := range c.writes {
		if v.rec == w.rec && v.op == "create" {
			return !v.told && o.meansAt(c, w.rec, born, c.uses(o.world, w.side))
		}
	}
	return false
}

// asAt reports whether the record holds in these fields what it held after an event.
func (r *record) asAt(at int, fields []string) bool {
	return !slices.ContainsFunc(fields, func(name string) bool { return !r.get(name).Equal(r.was(name, at)) })
}

// meansAt reports whether the record holds in these fields what means the same as what it held after an event.
func (o *Oracle) meansAt(c *conn, r *record, at int, fields []string) bool {
	return !slices.ContainsFunc(fields, func(name string) bool {
		return !same(o.world.field(r.app, name), r.get(name), r.was(name, at), c.now().Region)
	})
}

// sawAll reports whether the connection was shown the record after the edit and before the sync began to write.
func sawAll(w *write, edit moment) bool {
	s := w.rec.sights[w.conn.id]
	if s == nil {
		return false
	}
	for name := range w.rec.cells {
		if !seenBefore(w, name, entry{moment: edit, value: w.rec.was(name, edit.at)}) {
			return false
		}
	}
	return true
}

// toldKeys reports whether the connection was told all the keys of z, of which none was hidden when it was shown.
func (o *Oracle) toldKeys(cn *Connection, w *write, z *record) bool {
	for _, key := range cn.Keys {
		for _, name := range cn.keyFields(1-w.side, key, o.world) {
			if !w.conn.wasTold(z, name) {
				return false
			}
		}
	}
	return true
}

// heir returns a record of y's side that takes over y's link: one that nobody is linked with, that a rule lets through,
// that the connection knows, and that bore y's key all the time in question: a key that y was given just before it went the
// connection may never have been shown.
func (o *Oracle) heir(cn *Connection, w *write, y *record, since int) *record {
	c, side := w.conn, 1-w.side
	if !o.toldKeys(cn, w, y) {
		return nil
	}
	keys := cn.keysSince(side, y, since, o.world)
	for _, z := range o.world.records[y.app] {
		if z == y || !z.alive || z.born.at >= since || c.links[z] != nil || len(c.partner[z]) > 0 || z.decided(c) >= 0 ||
			z.sights[c.id] == nil || c.last == nil || !o.toldKeys(cn, w, z) {
			continue
		}
		bears := true
		for _, f := range z.states(since) {
			bears = bears && keys.evidence(cn.keys(side, f, o.world)) && cn.lets(side, f, anyMode, o.world) == yes
		}
		if bears {
			return z
		}
	}
	return nil
}
