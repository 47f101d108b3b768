package oracle

import (
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// said takes in what the library says of a connection after a sync.
func (o *Oracle) said(e Event) {
	c := o.conns[e.Conn]
	if c == nil || e.Statement == nil {
		o.accuse("history", "something was said of %q, which is no connection", e.Conn)
		return
	}
	o.judgeLinks(c, e.Statement)
	o.judgeJournal(c, e.Statement.Journal)
	o.judgeStatement(c, e.Statement)
	c.last, c.saidAt = e.Statement, o.at
	if c.last.Phase == "active" && c.lastSyncDone() {
		c.carriedOut = o.at
	}
	for side := range e.Statement.Records {
		for id, s := range e.Statement.Records[side] {
			r := o.world.find(c.now().Apps[side], id)
			switch {
			case r == nil:
			case s.Status == "in_sync" && c.lastSyncDone():
				c.inSync[r] = o.at
				if o.bothFlow(c, r) {
					delete(c.guests, r)
				}
			case s.Reason == "unknown_outcome":
				c.unknown[r] = o.at
			}
		}
	}
	o.judgeCompared(c)
	o.noteSettled(c)
	o.judgeRolledBack(c)
	o.tellRolledBack(c, e.Statement.Journal)
	o.clearDoubt(c)
}

// bothFlow reports whether what the record holds flows to its partner, and the other way round.
func (o *Oracle) bothFlow(c *conn, r *record) bool {
	y := c.links[r]
	if y == nil {
		return false
	}
	side, _ := c.side(r.app)
	pair := pairOf(side, r, y)
	f := [2]contact.Fields{pair[0].fields(o.at), pair[1].fields(o.at)}
	return c.now().flows(0, f, o.world) == yes && c.now().flows(1, f, o.world) == yes
}

// judgeLinks is I7: who is linked is one to one, of the connection's apps, and for a reason. Two are linked because
// their keys said once that they are one person, because one was created from the other, because a person said so, or
// because one took over the link of another that bears its key. And a link stays until a half is gone or a person
// separates it.
func (o *Oracle) judgeLinks(c *conn, s *Statement) {
	links := map[*record]*record{}
	before := c.stale // a link that was said under an id of before is no new one
	c.stale = map[*record]*record{}
	for _, pair := range s.Linked {
		a, b := o.world.find(c.now().Apps[0], pair[0]), o.world.find(c.now().Apps[1], pair[1])
		switch {
		case a == nil || b == nil:
			o.accuse("I24", "%s links %s and %s, of which one was never in its apps", c.id, pair[0], pair[1])
			continue
		case a.id != pair[0] || b.id != pair[1]:
			c.stale[a], c.stale[b] = b, a
			continue // it has another id by now, of which the library does not know yet
		case links[a] != nil || links[b] != nil:
			o.accuse("I7", "%s links %s and %s, of which one is linked already", c.id, pair[0], pair[1])
			continue
		}
		links[a], links[b] = b, a
		again := c.links[a] != b && before[a] != b
		if c.apart(s, a, b, again) {
			o.accuse("I7", "%s links %s and %s, whom a person separated for good", c.id, pair[0], pair[1])
		}
		if c.links[a] != b && !o.linkable(c, a, b) {
			o.accuse("I7", "%s links %s and %s, who have nothing in common", c.id, pair[0], pair[1])
		}
	}
	if c.saidAt >= 0 {
		o.judgeKeptLinks(c, links)
	}
	c.links = links
	c.linked = append(c.linked, linkCount{o.world.now, len(links) / 2})
	for x, y := range links {
		if all := c.partner[x]; len(all) == 0 || all[len(all)-1] != y {
			c.partner[x] = append(all, y)
		}
	}
}

// separation is that a person separated two, when, and whether both were named by ids that they had no longer.
type separation struct {
	at     int
	former bool
}

// apart reports whether two must not be linked, because a person separated them: not again, and no longer than until a sync has
// carried that out. A separation ends with both its records, and two who are there under other ids without a word are others.
func (c *conn) apart(s *Statement, a, b *record, again bool) bool {
	of, ok := c.separated[[2]*record{a, b}]
	if !ok || of.at <= max(c.epoch.at, c.decidedAll) || of.former && !a.toldOf(c) && !b.toldOf(c) {
		return false
	}
	return (again && c.saidAt > of.at || c.worked(s, of.at)) && !c.stranger(a, of.at) && !c.stranger(b, of.at)
}

// worked reports whether a statement follows a sync that began after the event and ran to its end.
func (c *conn) worked(s *Statement, since int) bool {
	return s.Phase == "active" && c.lastSyncDone() && c.syncs[len(c.syncs)-1].began.at > since
}

// stranger reports whether the record got another id since, without a word: it looks like somebody else.
func (c *conn) stranger(r *record, since int) bool { return r.rekeyed.at > since && !r.toldOf(c) }

// judgeKeptLinks accuses links that are gone although both halves live and nobody asked.
func (o *Oracle) judgeKeptLinks(c *conn, links map[*record]*record) {
	for _, a := range o.world.records[c.now().Apps[0]] {
		b := c.links[a]
		if b == nil || links[a] == b || c.fresh.at > c.saidAt || c.decidedAll > c.saidAt ||
			o.unsettledLink(c, a) || o.unsettledLink(c, b) {
			continue
		}
		o.accuse("I7", "%s linked %s and %s and does no more, though both are there", c.id, a.id, b.id)
	}
}

// unsettledLink reports whether anything happened to the record that may end a link: it is or was gone, was shown as
// gone, or a person decided about it.
func (o *Oracle) unsettledLink(c *conn, r *record) bool {
	s := r.sights[c.id]
	return !r.alive || r.died.at > 0 || r.decided(c) > 0 || s != nil && s.gone > 0
}

func (o *Oracle) linkable(c *conn, a, b *record) bool {
	for _, k := range c.configs {
		if o.everEvidence(k.Connection, 0, a, 1, b) || o.inherits(c, k.Connection, 0, a, b) ||
			o.inherits(c, k.Connection, 1, b, a) {
			return true
		}
		for side, x := range [2]*record{a, b} {
			y := [2]*record{b, a}[side]
			if x.by != c.id {
				continue
			}
			for _, z := range o.sources(k.Connection, x, x.fields(x.born.at), Side(side)) {
				if z == y {
					return true
				}
			}
		}
	}
	if a.decided(c) > 0 || b.decided(c) > 0 || c.decidedAll > 0 {
		return true
	}
	for _, p := range c.partner[a] {
		if p == b {
			return true
		}
	}
	return o.refusedTwin(c, 0, a, b) || o.refusedTwin(c, 1, b, a)
}

// refusedTwin reports whether y may have been named by its app when x was to be created there: an app that holds a
// value only once refuses a second record, and says which one has it (F35). A store that was restored may know of that.
func (o *Oracle) refusedTwin(c *conn, side Side, x, y *record) bool {
	if c.creating[1-side] <= c.lost.at {
		return false
	}
	for _, m := range c.now().Mappings {
		source, target := m.field(side), o.world.field(y.app, m.field(1-side))
		for _, e := range x.cells[source] {
			if !e.value.Blank() && heldEver(y, target.Field.Name, target, e.value, c.now().Region) {
				return true
			}
		}
	}
	return false
}

// inherits reports whether x takes over a link with y: of a record of its side that became part of x, at once or through
// others that became part of each other (docs/matching.md: in a chain of merges everything follows to the last), or of
// one that is gone and whose key x bears.
func (o *Oracle) inherits(c *conn, cn *Connection, side Side, x, y *record) bool {
	for _, z := range o.world.records[x.app] {
		if z == x {
			continue
		}
		partner := func(p *record) bool { return p == y || p.became(y) }
		if z.became(x) && (slices.ContainsFunc(c.partner[z], partner) || o.everEvidence(cn, side, z, 1-side, y)) {
			return true
		}
		if slices.Contains(c.partner[z], y) && z.died.at > 0 && o.everEvidence(cn, side, x, side, z) {
			return true
		}
	}
	return false
}

// became reports whether the record is part of x now.
func (r *record) became(x *record) bool {
	for m := r.merged; m != nil; m = m.merged {
		if m == x {
			return true
		}
	}
	return false
}

// former returns y, and those who were said to be linked with x and became part of y: what happened to them may count for y.
func (o *Oracle) former(c *conn, x, y *record) []*record {
	all := []*record{y}
	for _, z := range c.partner[x] {
		if z.became(y) {
			all = append(all, z)
		}
	}
	return all
}

// noteSettled notes which cells are settled for certain: of pairs that are said to be in sync after a sync that ran to
// its end, where the connection knows what both cells hold, they agree, and something may flow between them.
func (o *Oracle) noteSettled(c *conn) {
	if len(c.syncs) == 0 || c.last.Phase != "active" {
		return
	}
	s := c.syncs[len(c.syncs)-1]
	if !s.ok || s.ended.at < 0 || len(c.open) > 0 || c.configs[len(c.configs)-1].at > s.began.at {
		return // it may have worked with what held before
	}
	cn := c.now()
	for _, pair := range c.last.Linked {
		a, b := o.world.find(cn.Apps[0], pair[0]), o.world.find(cn.Apps[1], pair[1])
		if a == nil || b == nil || !a.alive || !b.alive || c.inSync[a] != o.at || c.inSync[b] != o.at {
			continue
		}
		if !o.seenAll(c, a, s) || !o.seenAll(c, b, s) {
			continue
		}
		f := [2]contact.Fields{a.fields(o.at), b.fields(o.at)}
		if cn.flows(0, f, o.world) != yes && cn.flows(1, f, o.world) != yes {
			continue
		}
		for i := range cn.Mappings {
			m := &cn.Mappings[i]
			cells := cellsOf(m, [2]*record{a, b})
			if at, ok := c.settled[cells]; ok && at > max(a.changedAt(m.A), b.changedAt(m.B), c.freshFor(a, b)) {
				c.settled[cells] = o.at
				continue
			}
			agree := o.agree(cn, m, a, b)
			if m.Direction == "a_to_b" {
				agree = o.holds(cn, a, m.A, b, m.B)
			} else if m.Direction == "b_to_a" {
				agree = o.holds(cn, b, m.B, a, m.A)
			}
			if m.Group != "" {
				agree = agree || a.get(m.A).Blank() || b.get(m.B).Blank() // whoever wins a group leaves what it lacks as it is
			}
			if a.knowsStill(c, m.A) && b.knowsStill(c, m.B) && agree {
				c.settled[cells] = o.at
			}
		}
	}
}

// seenAll reports whether whatever others did to the record shows by the time that the sync began, so that the state
// which was shown is the last one and not an earlier one that looks the same.
func (o *Oracle) seenAll(c *conn, r *record, s *span) bool {
	last := r.lastTouch(c.id)
	if r.bumped.at > last.at {
		last = r.bumped
	}
	return last.at < 0 || last.at < s.began.at && !last.time.Add(o.world.lag(r.app)).After(s.began.time)
}

// agree reports whether the two cells of a mapping hold the same, as far as each of them can. A spelling that means the
// same is no edit, so what became of an earlier spelling agrees too.
func (o *Oracle) agree(cn *Connection, m *Mapping, a, b *record) bool {
	return o.holds(cn, a, m.A, b, m.B) || o.holds(cn, b, m.B, a, m.A)
}

// holds reports whether y holds what becomes of what x holds.
func (o *Oracle) holds(cn *Connection, x *record, source string, y *record, target string) bool {
	from, to := o.world.field(x.app, source), o.world.field(y.app, target)
	if to.carries(x.get(source), y.get(target), cn.Region) {
		return true
	}
	for _, e := range x.cells[source] {
		if same(from, e.value, x.get(source), cn.Region) && to.carries(e.value, y.get(target), cn.Region) {
			return true
		}
	}
	return false
}
