package oracle

import "time"

// day is how long deletions and clears count: see docs/deletions-and-guards.md.
const day = 24 * time.Hour

// judgeGuards is I16: without consent a side sees no more deletions and clears in 24 hours, and no more creations in
// one sync, than the connection allows. Clears are counted by record, links as the most that there can have been: where
// the guides leave it open, the milder reading. After a lost or restored store the count begins anew.
func (o *Oracle) judgeGuards(w *write) {
	c := w.conn
	switch {
	case w.op == "delete":
		o.judgeLimit(w, "deletions", o.limitOf(c, func(cn *Connection) func(int) int { return cn.MaxDeletes }),
			func(k consent) int { return k.deletes },
			func(v *write) bool { return v.op == "delete" && w.time.Sub(v.time) < day })
		o.judgeEmptied(w)
	case w.op == "update" && o.clears(w):
		o.judgeLimit(w, "clears", o.limitOf(c, func(cn *Connection) func(int) int { return cn.MaxClears }),
			func(k consent) int { return k.clears },
			func(v *write) bool { return v.op == "update" && w.time.Sub(v.time) < day && o.clears(v) })
	case w.op == "create" && w.span != nil && !o.asked(w):
		o.judgeLimit(w, "creations", o.limitOf(c, func(cn *Connection) func(int) int { return cn.MaxCreates }),
			func(k consent) int { return k.creates }, func(v *write) bool { return v.op == "create" && v.span == w.span })
	}
}

// unlimited is the limit of a guard that is switched off.
const unlimited = -1

// limitOf returns the highest limit that may hold: of any configuration of the last 24 hours, for as many links as
// there can have been.
func (o *Oracle) limitOf(c *conn, guard func(*Connection) func(int) int) int {
	links := len(c.links) / 2
	for _, n := range c.linked {
		if o.world.now.time.Sub(n.time) < day {
			links = max(links, n.links)
		}
	}
	alive := [2]int{}
	for side, app := range c.now().Apps {
		for _, r := range o.world.records[app] {
			if r.alive || o.world.now.time.Sub(r.died.time) < day {
				alive[side]++
			}
		}
	}
	links = max(links, min(alive[0], alive[1]))
	limit := 0
	for i := len(c.configs) - 1; i >= 0; i-- {
		f := guard(c.configs[i].Connection)
		if f == nil {
			return unlimited
		}
		limit = max(limit, f(links))
		if o.world.now.time.Sub(c.configs[i].time) > day {
			break
		}
	}
	return limit
}

func (o *Oracle) judgeLimit(w *write, what string, limit int, consented func(consent) int, counts func(*write) bool) {
	if limit == unlimited {
		return
	}
	for _, k := range w.conn.consented() {
		if k.any {
			return
		}
		limit += consented(k)
	}
	done := map[*record]bool{}
	for _, v := range w.conn.writes {
		if v.side == w.side && v.at > w.conn.epoch.at && !v.takesBack && counts(v) && (v.op != "create" || !o.asked(v)) {
			done[v.rec] = true
		}
	}
	if len(done) > limit {
		o.accuse("I16", "%s is one of %d %s by %s where %d are allowed", o.label(w), len(done), what, w.conn.id, limit)
	}
}

// asked reports whether a person may have asked for the creation.
func (o *Oracle) asked(w *write) bool {
	for _, y := range o.sources(w.conn.now(), w.rec, w.rec.fields(w.rec.born.at), w.side) {
		if y.decided(w.conn) >= 0 {
			return true
		}
	}
	return false
}

// clears reports whether the write empties a field that a mapping fills.
func (o *Oracle) clears(w *write) bool {
	for _, name := range w.changedFields() {
		if w.after[name].Blank() && !o.world.field(w.rec.app, name).many() && len(w.conn.now().mappings(w.side, name)) > 0 {
			return true
		}
	}
	return false
}

// judgeEmptied is the guard for an app that turns up empty: if a listing of an app without tombstones shows none of
// three or more linked records, those set aside that are there under another id, became part of another one, or are of a pair that
// is none any more, nothing is deleted without a person's consent.
func (o *Oracle) judgeEmptied(w *write) {
	c := w.conn
	app := c.now().Apps[1-w.side]
	if o.setup.Apps[app].Tombstones || c.saidAt < 0 || w.span == nil || len(c.consented()) > 0 || c.lastOK() < 0 {
		return
	}
	linked := 0
	for r := range c.links {
		another := r.rekeyed.at >= c.lastOK() || r.merged != nil && r.died.at >= c.lastOK()
		if r.app != app || another && r.toldOf(c) || o.anotherID(c, 1-w.side, r) || c.parted(1-w.side, r) {
			continue
		}
		s := r.sights[c.id]
		if r.alive || r.died.at < c.lastOK() || r.died.at > w.span.began.at || s == nil || s.gone < w.span.began.at {
			return
		}
		linked++
	}
	if linked >= 3 {
		o.accuse("I16", "%s was deleted by %s although %s turned up without any of %d linked records", o.label(w), c.id,
			o.appName(app), linked)
	}
}

// parted reports whether a record is of a pair that is none any more: a person separated the two, the one that is left
// is said to have survived the other, or its partner became part of another one that had a partner.
func (c *conn) parted(side Side, r *record) bool {
	partner := c.links[r]
	s, separated := c.separated[pairOf(side, r, partner)]
	return separated && s.at > c.carriedOut || c.last.Records[side][r.id].Status == "deleted_opposite" ||
		partner.merged != nil && partner.toldOf(c) && c.links[partner.merged] != nil
}

// anotherID reports whether the key of a record that is gone may be borne by another one that is there.
func (o *Oracle) anotherID(c *conn, side Side, r *record) bool {
	for _, z := range o.world.records[r.app] {
		if z != r && z.alive && o.everEvidence(c.now(), side, r, side, z) {
			return true
		}
	}
	return false
}

// lastOK returns when the last sync that ran to its end began, -1 if there was none.
func (c *conn) lastOK() int {
	for i := len(c.syncs) - 1; i >= 0; i-- {
		if s := c.syncs[i]; s.ok && s.ended.at >= 0 {
			return s.began.at
		}
	}
	return -1
}
