package oracle

import (
	"fmt"

	"github.com/contactsync/contactsync/contact"
)

// wrote takes in a write of an engine, and judges it by what could have caused it.
func (o *Oracle) wrote(e Event) {
	c := o.conns[e.Conn]
	if c == nil {
		c = o.working(e.Engine)
	}
	if c == nil || e.App < 0 || e.App >= len(o.setup.Apps) {
		o.accuse("history", "a write of %s in %s by engine %d, which is in no sync", e.ID, o.appName(e.App), e.Engine)
		return
	}
	side, ok := c.side(e.App)
	if !ok {
		o.accuse("I24", "connection %s wrote %s in %s, which it is not over", c.id, e.ID, o.appName(e.App))
		return
	}
	w := &write{moment: o.world.now, conn: c, span: c.open[e.Engine], side: side, id: e.ID, op: e.Op, told: e.Told}
	w.takesBack = w.span == nil
	if e.Op != "delete" {
		e.After = o.world.whole(e.App, e.After)
	}
	w.before, w.after = contact.Fields{}, e.After
	r := o.world.find(e.App, e.ID)
	if r != nil && e.Op != "create" {
		w.before = r.fields(o.at)
	}
	if err := o.apply(e, r, c.id); err != nil {
		o.accuse("history", "%s of %s in %s: %v", e.Op, e.ID, o.appName(e.App), err)
		if e.Op != "create" && r == nil {
			return
		}
	}
	w.rec = o.world.find(e.App, e.ID)
	if e.Op == "update" && w.rec != nil && len(w.changedFields()) == 0 {
		w.rec.rewritten = o.world.now
	}
	if e.Op == "create" && r != nil && r == w.rec {
		w.rec.reused = true
	}
	w.first = w
	for _, before := range c.writes {
		if e.Rest && before.rec == w.rec && before.op == w.op {
			w.first = before.first
		}
	}
	if w.again = c.repeats(w); w.again != nil {
		w.first = w.again.first // the one entry of the creation tells of both
	}
	c.writes = append(c.writes, w)
	o.disturb(c)
	if w.span != nil {
		w.span.writes = append(w.span.writes, w)
		w.span.answered = o.at
	} else {
		c.outside = append(c.outside, w)
	}
	if o.judgeWriter(w, e.Engine) && e.Op == "create" {
		w.rec.reused = true // the engine that took over may have made another one meanwhile
	}
	o.judgeQuiet(w)
	if w.takesBack {
		o.judgeTakingBack(w)
		return
	}
	switch w.op {
	case "create":
		o.judgeCreate(w)
	case "update":
		o.judgeUpdate(w)
	case "delete":
		o.judgeDelete(w)
	}
	o.judgeGuards(w)
}

// repeats returns the creation without an answer that an update carried out again: an app that takes external ids changes the
// record of the first call to what the second one sends.
func (c *conn) repeats(w *write) *write {
	if w.op != "update" || w.span == nil || w.span.op != "create" {
		return nil
	}
	for _, before := range c.writes {
		if before.rec == w.rec && before.op == "create" && !before.told {
			return before
		}
	}
	return nil
}

// apply lets the write be done to the world.
func (o *Oracle) apply(e Event, r *record, by string) error {
	if e.Op == "create" {
		_, err := o.world.create(e, by)
		return err
	}
	if r == nil || !r.alive {
		return errNobody
	}
	if e.Op == "delete" {
		o.world.remove(r, by)
		return nil
	}
	return o.world.update(r, e, by)
}

// began returns the event from which on the write's configuration may be.
func (w *write) began() int {
	if w.span != nil {
		return w.span.began.at
	}
	return w.at
}

// label names the record of a write for a person.
func (o *Oracle) label(w *write) string {
	return fmt.Sprintf("%s in %s", w.id, o.appName(w.rec.app))
}

// changedFields returns the names of the fields that the write changed, to the letter.
func (w *write) changedFields() []string {
	var names []string
	for _, name := range w.after.Names() {
		if !plain(w.after[name]).Equal(plain(w.before[name])) {
			names = append(names, name)
		}
	}
	return names
}

// judgeUpdate asks of each cell that the write changed what caused it. It is enough that one of the configurations that
// the sync may be working with allows it.
func (o *Oracle) judgeUpdate(w *write) {
	for _, field := range w.changedFields() {
		var first *Violation
		for _, cn := range w.conn.during(w.began()) {
			v := o.judgeCell(cn, w, field, plain(w.before[field]), plain(w.after[field]))
			if v == nil {
				first = nil
				break
			}
			if first == nil {
				first = v
			}
		}
		o.judgeOscillation(w, field)
		if first != nil {
			o.accuse(first.Invariant, "%s.%s from %q to %q by %s: %s", o.label(w), field, w.before[field], w.after[field],
				w.conn.id, first.Text)
		}
	}
}

func broken(invariant, text string) *Violation { return &Violation{Invariant: invariant, Text: text} }

// judgeCell returns what is wrong with writing a cell, nil if nothing is: a field is written because a mapping brings
// it there, because a rule's action says so, or as the mark of a deletion.
func (o *Oracle) judgeCell(cn *Connection, w *write, field string, old, value contact.Value) *Violation {
	if o.world.field(w.rec.app, field).many() {
		return o.judgeElements(cn, w, field, old, value)
	}
	if o.actionWrites(cn, w, field, old, value) {
		return nil
	}
	maps := cn.mappings(w.side, field)
	if len(maps) == 0 {
		return broken("I9", "no mapping and no action of a rule brings it there")
	}
	var first *Violation
	for _, m := range maps {
		if !points(cn.Direction, 1-w.side) || !points(m.Direction, 1-w.side) {
			first = broken("I20", "the connection or the mapping does not point there")
			continue
		}
		for _, y := range o.partners(w.conn, w.rec) {
			v := o.judgeScalar(cn, m, w, y, old, value)
			if v == nil {
				return nil
			}
			first = worse(first, v)
		}
		if first == nil {
			first = broken("I4", "there is nobody on the other side that it could come from")
		}
	}
	return first
}

// worse returns of two violations the one that says more: that somebody never held a value says nothing where somebody
// else did.
func worse(x, y *Violation) *Violation {
	if x == nil || x.Invariant == "I4" {
		return y
	}
	return x
}

// partners returns whom a record may be linked with: the one that was last said, if nothing can have changed that, as a
// decision does that no sync has carried out yet, and else anybody on the other side.
func (o *Oracle) partners(c *conn, r *record) []*record {
	y := c.links[r]
	if y != nil && y.alive {
		decided := max(r.decided(c), y.decided(c))
		if max(decided, c.fresh.at) < c.saidAt && (decided < 0 || decided < c.carriedOut) {
			return []*record{y}
		}
	}
	side, _ := c.side(r.app)
	return o.world.records[c.now().Apps[1-side]]
}

// pairOf returns the two records by side.
func pairOf(side Side, x, y *record) [2]*record {
	if side == 0 {
		return [2]*record{x, y}
	}
	return [2]*record{y, x}
}

// cellsOf returns the key under which the two cells are known to be settled.
func cellsOf(m *Mapping, pair [2]*record) cellPair { return cellPair{pair[0], pair[1], m.A, m.B} }
