package oracle

import (
	"slices"
	"strings"
	"unicode"

	"github.com/contactsync/contactsync/contact"
)

// judgeScalar returns what is wrong with a value that came to the cell of w from the mapped cell of y, nil if nothing
// is.
//
// It is I4 if y never held it, I9 if no rule lets y through, I3 if it undoes an edit that it should have carried (an
// old state of y was taken for an edit, y was not edited at all since both were settled, or the policy says otherwise),
// and I18 or I19 if it clears what nobody cleared. It is silent of I3 where mappings form a group (another of its
// fields may be the cause), where a person decided about the record, across a lost store, a rollback and a
// configuration, and of a record that may have been taken for one that was being created.
func (o *Oracle) judgeScalar(cn *Connection, m *Mapping, w *write, y *record, old, value contact.Value) *Violation {
	source := m.field(1 - w.side)
	target := o.world.field(w.rec.app, m.field(w.side))
	adopted := o.mayBeAdopted(w.conn, w.rec) || o.mayBeAdopted(w.conn, y) || w.conn.unsettledGuest(w.rec) ||
		w.conn.unsettledGuest(y)
	if !heldEver(y, source, target, value, cn.Region) {
		if value.Blank() {
			return o.unjustClear(m, w, y, old)
		}
		return broken("I4", y.id+" never held it")
	}
	pair := pairOf(w.side, w.rec, y)
	if !o.everFlowed(cn, 1-w.side, pair, o.since(w.conn, w.span, y.app)) {
		return broken("I9", "no rule lets "+y.id+" through")
	}
	if value.Blank() && !old.Blank() {
		if m.KeepClear {
			return broken("I18", "the mapping keeps what the other side clears")
		}
		if m.Group == "" && !adopted && !o.wentBack(w.conn, y, source, w.conn.lost.at) &&
			!clearedBySomebody(y, source, w.conn) {
			return o.unjustClear(m, w, y, old)
		}
	}
	if m.Group != "" || adopted {
		return nil
	}
	if v := o.uncaused(m, w, y); v != nil {
		return v
	}
	if v := o.undoesOwn(cn, m, w, y, value); v != nil {
		return v
	}
	return o.againstPolicy(cn, m, w, y, old, value)
}

// heldEver reports whether the cell ever held what becomes value in the target.
func heldEver(y *record, field string, target Field, value contact.Value, region string) bool {
	for _, e := range y.cells[field] {
		if target.carries(e.value, value, region) {
			return true
		}
	}
	return false
}

// clearedBySomebody reports whether somebody else than the connection emptied the cell after the connection knew, since
// the store last began from nothing, that something was in it.
func clearedBySomebody(y *record, field string, c *conn) bool {
	last := contact.Empty
	filled := func(v contact.Value) bool { return !v.Blank() }
	for _, e := range y.cells[field] {
		if c.foreign(e) && e.value.Blank() && !last.Blank() && y.knew(c, field, filled) {
			return true
		}
		last = e.value
	}
	return false
}

// foreign reports whether the connection cannot know that it made the entry: somebody else did, or a restored store has
// forgotten it.
func (c *conn) foreign(e entry) bool { return e.by != c.id || e.at <= c.epoch.at }

// knew reports whether the connection was shown in the cell, or wrote there, or was answered of it when it wrote anything to
// the record, what is asked for, since the store last began from nothing.
func (y *record) knew(c *conn, field string, asked func(contact.Value) bool) bool {
	return y.sawOrWrote(c, field, asked, c.began) || slices.ContainsFunc(c.writes, func(w *write) bool {
		return w.rec == y && w.told && c.began(w.moment) && asked(w.after[field])
	})
}

// sawOrWrote is knew, but for the answers to writes of other cells, at moments that count.
func (y *record) sawOrWrote(c *conn, field string, asked func(contact.Value) bool, counts func(moment) bool) bool {
	if s := y.sights[c.id]; s != nil {
		for _, v := range s.cell[field] {
			if counts(moment{v.last, v.time}) && asked(v.value) {
				return true
			}
		}
	}
	for _, e := range y.cells[field] {
		if e.by == c.id && counts(e.moment) && asked(e.value) {
			return true
		}
	}
	return false
}

// anything is what is asked of a cell of which it is enough to be known at all.
func anything(contact.Value) bool { return true }

func (o *Oracle) unjustClear(m *Mapping, w *write, y *record, old contact.Value) *Violation {
	source := o.world.field(y.app, m.field(1-w.side))
	if s := y.sights[w.conn.id]; s != nil && s.part >= 0 {
		return broken("I18", "nobody cleared it in "+y.id+", which was shown without the field")
	}
	if source.hold(old).Blank() {
		return broken("I19", "nobody cleared it in "+y.id+", which cannot hold it")
	}
	return broken("I18", "nobody cleared it in "+y.id)
}

// uncaused accuses a write between two cells that were settled, of which the other one was not edited since: whatever
// happened to this one, it is this one's to be carried.
func (o *Oracle) uncaused(m *Mapping, w *write, y *record) *Violation {
	settled, ok := w.conn.settled[cellsOf(m, pairOf(w.side, w.rec, y))]
	if !ok || settled <= w.conn.freshFor(w.rec, y) {
		return nil
	}
	source := m.field(1 - w.side)
	if y.touched(source, w.conn.id) > settled || o.wentBack(w.conn, y, source, settled) || o.toldLate(w.conn, y, source) {
		return nil
	}
	return broken("I3", "both were settled, and nobody edited "+y.id+" since")
}

// toldLate reports whether what the connection last wrote to the cell, and the app may have hidden in its answer, was not shown to it
// before somebody else changed the record. Then it is compared like any other value: as one that the app spells otherwise, or
// that a user does.
func (o *Oracle) toldLate(c *conn, y *record, field string) bool {
	cell := y.cells[field]
	own := cell[len(cell)-1]
	if o.faults == 0 || own.by != c.id {
		return false
	}
	for _, all := range y.cells {
		for _, e := range all {
			if e.by != c.id && e.at > own.at && !c.shownBy(y, field, own, e.at) {
				return true
			}
		}
	}
	return false
}

// wentBack reports whether the app showed an old state of the cell again although it had shown a newer one, and bears
// no times by which that could be told from an edit.
func (o *Oracle) wentBack(c *conn, y *record, field string, since int) bool {
	s := y.sights[c.id]
	if s == nil || o.setup.Apps[y.app].Modified {
		return false
	}
	for _, v := range s.cell[field] {
		if v.at > since && !v.value.Equal(y.was(field, v.at)) {
			return true
		}
	}
	return false
}

// undoesOwn accuses a write that takes what the other cell held before the connection's own write for an edit.
func (o *Oracle) undoesOwn(cn *Connection, m *Mapping, w *write, y *record, value contact.Value) *Violation {
	source, target := m.field(1-w.side), o.world.field(w.rec.app, m.field(w.side))
	fresh := w.conn.freshFor(w.rec, y)
	cell := y.cells[source]
	own := -1 // our last write there
	for i, e := range cell {
		if e.by == w.conn.id && i > 0 && e.at > fresh {
			own = i
		}
	}
	if own < 0 || target.carries(cell[own].value, value, cn.Region) {
		return nil
	}
	for _, e := range cell[own:] {
		if e.by != w.conn.id {
			return nil
		}
	}
	// What was there when it was overwritten may never have been seen: then seeing it late is seeing an edit.
	s := y.sights[w.conn.id]
	if s == nil {
		return nil
	}
	for _, v := range s.cell[source] {
		if v.at < cell[own].at && target.carries(v.value, value, cn.Region) {
			return broken("I3", "it is what "+y.id+" held before the connection itself wrote there")
		}
	}
	return nil
}

// againstPolicy accuses a write over an edit that should have won: one that nobody carried to the other side yet, on
// the side that the policy prefers.
func (o *Oracle) againstPolicy(cn *Connection, m *Mapping, w *write, y *record, old, value contact.Value) *Violation {
	field, source := m.field(w.side), m.field(1-w.side)
	here, there := o.world.field(w.rec.app, field), o.world.field(y.app, source)
	cell := w.rec.cells[field]
	if len(cell) < 2 || old.Blank() || here.carries(value, old, cn.Region) ||
		there.carries(old, y.get(source), cn.Region) {
		return nil
	}
	edit := cell[len(cell)-2]
	if edit.by == w.conn.id || len(w.conn.during(w.began())) > 1 ||
		edit.at < max(w.rec.decided(w.conn), y.decided(w.conn), w.conn.decidedAll) {
		return nil
	}
	for _, e := range cell[:len(cell)-2] {
		if same(here, e.value, old, cn.Region) {
			return nil // an edit that returns to what was settled is none
		}
	}
	agree := func(v contact.Value) bool { return there.carries(old, v, cn.Region) || here.carries(v, old, cn.Region) }
	had := agree(y.was(source, edit.at))
	for _, e := range y.cells[source] {
		had = had || e.at > edit.at && agree(e.value)
	}
	if had || w.metOld(field, edit, y, source, agree) {
		return nil // it was there too, as far as either side can hold it or an old state of it showed, and edited there
	}
	pair := pairOf(w.side, w.rec, y)
	if o.absorbed(w.rec) || o.absorbed(y) || m.Direction != "both" ||
		!o.alwaysFlowed(cn, w.side, pair, o.since(w.conn, w.span, w.rec.app)) {
		return nil
	}
	if s := w.rec.sights[w.conn.id]; s != nil && s.part >= o.since(w.conn, w.span, w.rec.app) {
		return nil // what was not shown may be what a rule looks at, or the edit itself
	}
	if app := o.setup.Apps[w.rec.app]; (!app.Versions || app.Partial || w.again != nil) && !seenBefore(w, field, edit) {
		// The app lets an edit be overwritten that came between the read and the write, or told the version without it, or was sent
		// a creation again, which bears none.
		return nil
	}
	if w.conn.mayHaveArrived(w.rec, field, edit, y, source) || w.conn.sentAgain(cell[:len(cell)-1], here, value, old, cn.Region) {
		return nil
	}
	switch {
	case cn.Conflict == "newest" && o.surelyNewer(w.rec, y, edit):
		return broken("I3", "the side that was changed last was overwritten")
	case cn.Conflict == "ask":
		return broken("I3", "an edit that a person is to be asked about was overwritten")
	case cn.Conflict == "a" && w.side == 0 || cn.Conflict == "b" && w.side == 1:
		return broken("I3", "the side that wins a conflict was overwritten")
	}
	return nil
}

// metOld reports whether the connection settled the cells when it had been shown the entry of w's record and in the cell of y last
// what agrees with it, be that an old state of y: what y holds by now is an edit that came after that.
func (w *write) metOld(field string, e entry, y *record, source string, agrees func(contact.Value) bool) bool {
	s := y.sights[w.conn.id]
	if s == nil {
		return false
	}
	return slices.ContainsFunc(w.settlings(y), func(at int) bool {
		last := contact.Value{}
		for _, v := range s.cell[source] {
			if v.at < at {
				last = v.value
			}
		}
		return w.conn.shownBy(w.rec, field, e, at) && !last.Absent() && agrees(last)
	})
}

// settlings returns when the connection had settled what it was shown of w's record and y: as its syncs ended, and as the sync of w
// wrote to y and was answered, which may have told it what no read had.
func (w *write) settlings(y *record) []int {
	var all []int
	for _, s := range w.conn.syncs {
		if s.ok && s.ended.at > w.conn.epoch.at {
			all = append(all, s.ended.at)
		}
	}
	for _, before := range w.span.writes {
		if before.rec == y && before.told {
			all = append(all, before.at)
		}
	}
	return all
}

// mayHaveArrived reports whether the connection may think that the target had an entry of x before somebody changed the
// target: it was shown the entry, called for an update of the target's app and does not know what became of it, as where another
// engine took over, and had not been shown what the target was changed to. That may have been before the call, which the app refused
// then, or after it: a version that is neither that of the call nor of an answer tells neither. What was sent is settled then, so
// that the change flows.
func (c *conn) mayHaveArrived(x *record, source string, e entry, y *record, target string) bool {
	side, _ := c.side(y.app)
	last := c.syncs[len(c.syncs)-1]
	for _, s := range c.syncs {
		called := s.updating[side]
		overtaken := s.ended.at < 0 && s.engine != last.engine
		lost := s.crashed || overtaken || s.ended.at >= 0 && (!s.ok || c.unknown[y] > s.ended.at)
		if lost && called > c.epoch.at && c.shownBy(x, source, e, called) && c.unshown(y, target, called) {
			return true
		}
	}
	return false
}

// unshown reports whether the connection had not been shown at event at what others last changed the cell to.
func (c *conn) unshown(r *record, field string, at int) bool {
	cell := r.cells[field]
	for i := len(cell) - 1; i >= 0; i-- {
		if cell[i].by != c.id {
			return !c.shownBy(r, field, cell[i], at)
		}
	}
	return false
}

// sentAgain reports whether the connection writes to a cell what it last sent there without being answered, over what the app may
// have made of that: a user who spelled it otherwise or cut it short cannot be told from the app.
func (c *conn) sentAgain(cell []entry, f Field, value, made contact.Value, region string) bool {
	for i := len(cell) - 1; i >= 0; i-- {
		if e := cell[i]; e.by == c.id {
			return !e.told && f.carries(value, e.value, region) && strings.HasPrefix(letters(value), letters(made))
		}
	}
	return false
}

// letters returns what no app changes of a text: its letters and digits, without their case.
func letters(v contact.Value) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, v.Str())
}

// seenBefore reports whether the connection was shown the edit before the sync began to write.
func seenBefore(w *write, field string, edit entry) bool {
	return w.span != nil && w.span.firstSend >= 0 && w.conn.shownBy(w.rec, field, edit, w.span.firstSend)
}

// shownBy reports whether the connection was shown an entry of the record before event at.
func (c *conn) shownBy(r *record, field string, e entry, at int) bool {
	s := r.sights[c.id]
	if s == nil {
		return false
	}
	for _, v := range s.cell[field] {
		if v.at > e.at && v.at < at && v.value.Equal(e.value) {
			return true
		}
	}
	return false
}

// surelyNewer reports whether the edit of x came after anything that ever happened to y. It cannot be told where
// records were mended that could not be read: that gives them a new time.
func (o *Oracle) surelyNewer(x, y *record, edit entry) bool {
	if o.retouched || !o.setup.Apps[x.app].Modified || !o.setup.Apps[y.app].Modified {
		return false
	}
	counts := edit.time.Add(-o.setup.Behind)
	if !y.bumped.time.Before(counts) || !y.rewritten.time.Before(counts) {
		return false
	}
	for _, c := range y.cells {
		for _, e := range c {
			if !e.time.Before(counts) {
				return false
			}
		}
	}
	return true
}
