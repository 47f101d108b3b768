package oracle

import (
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// judgeCreate asks of a created record whose counterpart it is, and whether that one had none already.
func (o *Oracle) judgeCreate(w *write) {
	var first *Violation
	for _, cn := range w.conn.during(w.began()) {
		v := o.judgeCreation(cn, w)
		if v == nil {
			first = nil
			break
		}
		if first == nil {
			first = v
		}
	}
	if first == nil && !w.rec.reused {
		first = o.judgeDoubles(w)
	}
	if first != nil {
		o.accuse(first.Invariant, "%s was created by %s: %s", o.label(w), w.conn.id, first.Text)
	}
}

// judgeCreation returns what is wrong with creating a record, nil if nothing is: I20 if the connection does not point
// there, I4 if it is made of values that no one record of the other side held, I9 if no rule lets that one through or
// it has no key, and I6 if its key was on this side already.
func (o *Oracle) judgeCreation(cn *Connection, w *write) *Violation {
	from := 1 - w.side
	if !points(cn.Direction, from) {
		return broken("I20", "the connection does not point there")
	}
	sources := o.sources(cn, w.rec, w.after, w.side)
	if len(sources) == 0 {
		return broken("I4", "nobody on the other side held what it is made of")
	}
	v := broken("I9", "no rule that creates lets through whom it could be made from")
	for _, y := range sources {
		if y.decided(w.conn) >= 0 {
			return nil
		}
		ok, keyed := false, !cn.RequireKey
		since := o.since(w.conn, w.span, y.app)
		if s := y.sights[cn.ID]; s != nil && s.part >= 0 && (s.part >= since || !w.conn.toldAll(y, o.world)) {
			since = 0 // what it was not shown it may still believe
		}
		for _, f := range y.states(since) {
			ok = ok || cn.lets(from, f, toCreate, o.world) != no
			keyed = keyed || hasKey(cn.keys(from, f, o.world))
		}
		switch {
		case !ok:
		case !keyed:
			v = broken("I9", y.id+" has no key")
		default:
			z := o.holder(cn, w, y)
			if z == nil {
				return nil
			}
			v = broken("I6", z.id+" bears the key of "+y.id+" already")
		}
	}
	return v
}

// sources returns the records of the other side that held, at one time or another, each of the values that the record x
// was created with.
func (o *Oracle) sources(cn *Connection, x *record, created contact.Fields, side Side) []*record {
	var found []*record
	for _, y := range o.world.records[cn.Apps[1-side]] {
		ok := true
		for _, name := range created.Names() {
			if !created[name].Blank() && !o.couldCome(cn, x, y, side, name, created[name]) {
				ok = false
				break
			}
		}
		if ok {
			found = append(found, y)
		}
	}
	return found
}

// couldCome reports whether a created value can come from y, by a mapping or by an action.
func (o *Oracle) couldCome(cn *Connection, x, y *record, side Side, name string, value contact.Value) bool {
	f := o.world.field(x.app, name)
	for i := range cn.Rules {
		for _, a := range cn.Rules[i].Actions {
			if cn.Rules[i].From != side && a.Kind == "set" && a.Field == name && f.carries(a.Value, value, cn.Region) {
				return true
			}
		}
	}
	if cn.turned(side, x, name, value) {
		return true
	}
	maps := cn.mappings(side, name)
	if !f.many() {
		for _, m := range maps {
			if points(m.Direction, 1-side) && (heldEver(y, m.field(1-side), f, value, cn.Region) || o.tookIn(cn, y, m.field(1-side), f, value)) {
				return true
			}
		}
		return false
	}
	for key, element := range f.elements(value, cn.Region) {
		ok := cn.adds(side, f, key) || cn.turned(side, x, name, element)
		for _, m := range maps {
			from := o.world.field(y.app, m.field(1-side))
			for _, e := range y.cells[m.field(1-side)] {
				ok = ok || points(m.Direction, 1-side) && meansIn(f, from, e.value, key, element, cn.Region)
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

// tookIn reports whether another record held the value that its app made part of y, as the connection was told, and nobody has told
// what the field of y holds itself: it may as well be the same record under another id.
func (o *Oracle) tookIn(cn *Connection, y *record, name string, f Field, value contact.Value) bool {
	if s := y.sights[cn.ID]; s == nil || len(s.cell[name]) > 0 {
		return false
	}
	for _, z := range o.world.records[y.app] {
		if z.merged == y && z.toldOf(o.conns[cn.ID]) && heldEver(z, name, f, value, cn.Region) {
			return true
		}
	}
	return false
}

// adds reports whether an action of the other side's rules adds the element.
func (cn *Connection) adds(side Side, f Field, key string) bool {
	for i := range cn.Rules {
		for _, a := range cn.Rules[i].Actions {
			if cn.Rules[i].From != side && a.Kind == "add" && a.Field == f.Field.Name && f.keyOf(a.Element, cn.Region) == key {
				return true
			}
		}
	}
	return false
}

// holder returns a record of the side of w that bears the key of y for certain, as the connection must know: it created
// it itself, or was shown it before the sync began to write.
func (o *Oracle) holder(cn *Connection, w *write, y *record) *record {
	c := w.conn
	if w.rec.reused {
		return nil
	}
	sinceY := o.since(c, w.span, y.app)
	if s := y.sights[c.id]; s != nil && s.part >= sinceY || !c.toldKeys(cn, 1-w.side, y, o.world) {
		return nil // its key may not have been shown
	}
	for _, z := range o.world.records[w.rec.app] {
		own := z.by == c.id && z.born.at > c.epoch.at && (z.toldBorn() || z.sights[c.id] != nil)
		if z == w.rec || !z.alive || c.vanished[z] || z.decided(c) >= 0 || !own && !o.shownKeys(cn, w, z) {
			continue
		}
		bears, since := true, o.at // what it was shown, or all that its own may hold
		if own {
			since = z.born.at
		}
		for _, fz := range z.states(since) {
			kz := cn.keys(w.side, fz, o.world)
			for _, fy := range y.states(sinceY) {
				bears = bears && evidence(kz, cn.keys(1-w.side, fy, o.world))
			}
		}
		if bears && (!own || z.born.at < w.began() || o.onePerson(cn, w, y, z)) {
			return z
		}
	}
	return nil
}

// toldKeys reports whether the connection knows each field of a record by which it may be matched: one that was hidden nobody tells
// without a change of the record.
func (c *conn) toldKeys(cn *Connection, side Side, r *record, w *world) bool {
	for _, key := range cn.Keys {
		for _, name := range cn.keyFields(side, key, w) {
			if !c.wasTold(r, name) {
				return false
			}
		}
	}
	return true
}

// toldAll is toldKeys of each field that the connection reads of a record.
func (c *conn) toldAll(r *record, w *world) bool {
	side, _ := c.side(r.app)
	return !slices.ContainsFunc(c.uses(w, side), func(name string) bool { return !c.wasTold(r, name) })
}

// toldBorn reports whether whoever created the record was told that it had.
func (r *record) toldBorn() bool {
	for _, cell := range r.cells {
		for _, e := range cell {
			if e.at == r.born.at && e.told {
				return true
			}
		}
	}
	return false
}

// onePerson reports whether whoever z was made from in the same sync bears the key of y on y's side, as the connection was shown
// the two. If not, they are two, and have the key in common only in what this app got of them.
func (o *Oracle) onePerson(cn *Connection, w *write, y, z *record) bool {
	keys := cn.keys(1-w.side, w.conn.known(y, w.at), o.world)
	for _, other := range o.sources(cn, z, z.fields(z.born.at), w.side) {
		if other != y && !evidence(cn.keys(1-w.side, w.conn.known(other, w.at), o.world), keys) {
			return false
		}
	}
	return true
}

// shownKeys reports whether the keys of z are what the connection was shown last in this epoch before the sync began to
// write, and made nothing else of since: an app may take back unseen what it has answered.
func (o *Oracle) shownKeys(cn *Connection, w *write, z *record) bool {
	s := z.sights[cn.ID]
	if s == nil || w.span == nil {
		return false
	}
	for _, key := range cn.Keys {
		for _, name := range cn.keyFields(w.side, key, o.world) {
			seen := false
			for _, v := range s.cell[name] {
				if w.span.firstSend < 0 || v.at < w.span.firstSend {
					seen = w.conn.kept(v, w.span) && v.last > w.conn.epoch.at && v.value.Equal(z.get(name)) &&
						v.value.Equal(w.conn.knew(z, name, o.at))
				}
			}
			if !seen {
				return false
			}
		}
	}
	return true
}

// kept reports whether what was shown is in the store: the sync that was shown it ran to its end, not before the store last forgot
// something, or is the one in question.
func (c *conn) kept(v shown, now *span) bool {
	for _, s := range c.syncs {
		if (s == now || s.ok && s.began.at > c.epoch.at) && s.began.at <= v.last && (s.ended.at < 0 || v.at <= s.ended.at) {
			return true
		}
	}
	return false
}

// unsettledGuest reports whether the connection took a user's record for one that it was creating, and the pair has not
// been in sync since, by a connection in which both sides flow: what the user entered still counts as edits of what was sent.
func (c *conn) unsettledGuest(r *record) bool { return c.guests[r] }

// mayBeAdopted reports whether the engine may take a user's record for one that it was creating when the answer was
// lost: one that it saw first after it had tried to create, and that is linked with nobody yet. Where it does, it takes
// what the user entered for edits of what was sent.
func (o *Oracle) mayBeAdopted(c *conn, r *record) bool {
	return r.by != c.id && o.mayBeMade(c, r)
}

// mayBeMade reports whether a record may be what a creation without an answer has made, for all that the engine knows.
func (o *Oracle) mayBeMade(c *conn, r *record) bool {
	side, _ := c.side(r.app)
	if o.faults == 0 && !c.rebuffed || c.intended[side] < 0 || c.links[r] != nil {
		return false
	}
	s := r.sights[c.id]
	return s == nil || s.first > c.intended[side]
}
