package oracle

import "github.com/contactsync/contactsync/contact"

// admittedEver and admittedAlways say of a rule what it said of a record in the states that the engine may have
// believed.
func (o *Oracle) admittedEver(r *Rule, x *record, conn string, since int) bool {
	if s := x.sights[conn]; s != nil && s.part >= since {
		since = 0
	}
	for _, f := range x.states(since) {
		if r.admits(f) != no {
			return true
		}
	}
	return false
}

func (o *Oracle) admittedAlways(r *Rule, x *record, since int) bool {
	for _, f := range x.states(since) {
		if r.admits(f) != yes {
			return false
		}
	}
	return true
}

// actionWrites reports whether an action of a rule explains that a whole field was written: it was set or cleared, or
// what was there before is back, or the field is one on which a turned-round filter depends.
func (o *Oracle) actionWrites(cn *Connection, w *write, field string, old, value contact.Value) bool {
	f := o.world.field(w.rec.app, field)
	if !points(cn.Direction, 1-w.side) {
		return false
	}
	element := value
	if element.Blank() {
		element = old
	}
	if cn.turned(w.side, w.rec, field, element) {
		return true
	}
	for i := range cn.Rules {
		r := &cn.Rules[i]
		for _, a := range r.Actions {
			if r.From == w.side || a.Field != field {
				continue
			}
			does := a.Kind == "set" && f.carries(a.Value, value, cn.Region) || a.Kind == "clear" && value.Blank()
			if does && o.anyAdmitted(cn, r, w) {
				return true
			}
			// Undo gives back what lies under, which is what the cell held before.
			if r.Undo != "" && heldEver(w.rec, field, f, value, cn.Region) {
				return true
			}
		}
	}
	return false
}

// anyAdmitted reports whether the rule may have let in whoever the record of the write is linked with.
func (o *Oracle) anyAdmitted(cn *Connection, r *Rule, w *write) bool {
	for _, y := range o.partners(w.conn, w.rec) {
		if o.admittedEver(r, y, cn.ID, o.since(w.conn, w.span, y.app)) {
			return true
		}
	}
	return false
}

// ruleMoves reports whether a rule, or the mark of a deletion, explains that an element came or went. If not, why says
// what was wrong about it, as far as a rule names the element at all.
func (o *Oracle) ruleMoves(cn *Connection, w *write, field, key string, element contact.Value,
	added bool) (why *Violation, ok bool) {
	f := o.world.field(w.rec.app, field)
	if mark := cn.Mark[w.side]; added && mark.Field == field && f.keyOf(mark.Element, cn.Region) == key {
		if o.marks(cn, w) {
			return nil, true
		}
		why = broken("I17", "it is marked as deleted opposite, and nobody deleted its partner")
	}
	if points(cn.Direction, 1-w.side) && cn.turned(w.side, w.rec, field, element) {
		return nil, true
	}
	for i := range cn.Rules {
		r := &cn.Rules[i]
		for _, a := range r.Actions {
			if r.From == w.side || a.Field != field || f.keyOf(a.Element, cn.Region) != key ||
				a.Kind != "add" && a.Kind != "remove" {
				continue
			}
			switch {
			case !points(cn.Direction, r.From):
				why = broken("I20", "the connection does not point there")
			case (a.Kind == "add") == added:
				if why = o.actionRuns(cn, r, w, field, key, added); why == nil {
					return nil, true
				}
			default:
				if why = o.actionUndone(cn, r, w, field, key, added); why == nil {
					return nil, true
				}
			}
		}
	}
	return why, false
}

// actionRuns judges an action that was carried out: somebody must have been let in by the rule, and an element that a
// user moved back since is not moved again unless the pair left the rule meanwhile.
func (o *Oracle) actionRuns(cn *Connection, r *Rule, w *write, field, key string, added bool) *Violation {
	if !o.anyAdmitted(cn, r, w) {
		return broken("I9", "the action's rule lets nobody in whom it is linked with")
	}
	ran := -1
	f := o.world.field(w.rec.app, field)
	cell := w.rec.cells[field]
	for i, e := range cell[:len(cell)-1] {
		if i > 0 && e.by == w.conn.id && e.told && f.has(e.value, key, cn.Region) == added &&
			f.has(cell[i-1].value, key, cn.Region) != added {
			ran = e.at
		}
	}
	y := w.conn.links[w.rec]
	if ran < 0 || y == nil || r.OtherWayAround || ran > w.conn.inSync[w.rec] || ran <= w.conn.freshFor(w.rec, y) ||
		!o.admittedAlways(r, y, ran) || len(o.partners(w.conn, w.rec)) != 1 {
		return nil
	}
	return broken("I3", "the action ran before, and a user took it back since")
}

// actionUndone judges an action that was taken back: the rule must have the switch, somebody must have left it, and of
// its own it takes back only what it did itself.
func (o *Oracle) actionUndone(cn *Connection, r *Rule, w *write, field, key string, added bool) *Violation {
	if r.Undo == "" {
		return broken("I9", "the rule's action is not to be undone")
	}
	left := false
	for _, y := range o.partners(w.conn, w.rec) {
		left = left || !o.admittedAlways(r, y, o.since(w.conn, w.span, y.app))
	}
	if !left {
		return broken("I9", "the rule still lets in whom it is linked with")
	}
	if r.Undo == "all" || r.OtherWayAround {
		return nil
	}
	f := o.world.field(w.rec.app, field)
	cell := w.rec.cells[field]
	for i, e := range cell[:len(cell)-1] {
		before := i == 0 || f.has(cell[i-1].value, key, cn.Region) == added
		if e.by != users && before && f.has(e.value, key, cn.Region) != added {
			return nil
		}
	}
	return broken("I9", "it is undone, and no rule did it")
}

// marks reports whether a mark is due: somebody deleted whom the record is linked with, and the policy is to mark.
func (o *Oracle) marks(cn *Connection, w *write) bool {
	if cn.Deletions[1-w.side] != "mark" {
		return false
	}
	for _, y := range o.pastPartners(w.conn, w.rec) {
		if y.died.at > 0 && !y.diedOf(w.conn) || w.conn.stranger(y, 0) && o.newID(cn, w, y) == nil {
			return true
		}
	}
	return false
}

// pastPartners returns whom the record is or was linked with; anybody on the other side if that was never said.
func (o *Oracle) pastPartners(c *conn, r *record) []*record {
	if all := c.partner[r]; len(all) > 0 {
		return all
	}
	side, _ := c.side(r.app)
	return o.world.records[c.now().Apps[1-side]]
}
