package oracle

import (
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// judgeEnd judges what there is when all has come to rest: I1 (both sides of a pair hold the same), I3 (no edit was
// left where it was), I6 and I1 of whole records (who should have a counterpart has one), I9 (all was written down) and
// I28 (each record is accounted for). It is silent of a history that has no end: one without Calm and rounds enough.
func (o *Oracle) judgeEnd() {
	if !o.atRest() {
		return
	}
	for _, id := range o.order {
		c := o.conns[id]
		if c.last == nil {
			continue
		}
		if !o.judgePhase(c) {
			continue
		}
		o.judgeTold(c)
		for side, app := range c.now().Apps {
			for _, r := range o.world.records[app] {
				switch {
				case !r.alive:
				case c.links[r] == nil:
					o.judgeAlone(c, Side(side), r)
				case side == 0 && c.links[r].alive:
					o.judgePair(c, r, c.links[r])
				}
			}
		}
	}
}

// judgePhase reports whether the connection is at work, and accuses one that is not and does not say why.
func (o *Oracle) judgePhase(c *conn) bool {
	s := c.last
	switch {
	case s.Phase == "halted" && s.Reason == "":
		o.accuse("I28", "%s is halted and does not say why", c.id)
	case s.Phase == "halted" && s.Reason == "empty" && o.faults == 0 && !o.emptied(c):
		o.accuse("I28", "%s is halted because an app turned up empty, and none did", c.id)
	case s.Phase == "paused" && !c.mayPause:
		o.accuse("I28", "%s is paused, and nobody paused it", c.id)
	}
	return s.Phase == "active"
}

// emptied reports whether three records are gone in one app of the connection.
func (o *Oracle) emptied(c *conn) bool {
	for _, app := range c.now().Apps {
		gone := 0
		for _, r := range o.world.records[app] {
			if r.died.at > 0 {
				gone++
			}
		}
		if gone >= 3 {
			return true
		}
	}
	return false
}

// judgePair judges a linked pair.
func (o *Oracle) judgePair(c *conn, a, b *record) {
	cn := c.now()
	st, ok := c.last.Records[0][a.id]
	if !ok && !c.wasTold(a, "") || a.reused || b.reused {
		return
	}
	if !ok {
		o.accuse("I28", "%s in %s is not accounted for", a.id, o.appName(a.app))
		return
	}
	f := [2]contact.Fields{a.fields(o.at), b.fields(o.at)}
	flow := [2]answer{cn.flows(0, f, o.world), cn.flows(1, f, o.world)}
	for side, r := range [2]*record{a, b} {
		if cn.Scope == "sticky" && flow[side] == yes && !o.everLet(cn, Side(side), r) {
			flow[side] = unknown // the other one let the pair in: at that time this one did not flow
		}
	}
	switch st.Status {
	case "failed":
		if !o.mayFail(c) {
			o.accuse("I1", "%s and %s failed (%s), and no app ever refused anything", a.id, b.id, st.Reason)
		}
		return
	case "excluded":
		if cn.Scope == "sticky" && (a.decided(c) >= 0 || b.decided(c) >= 0) {
			return // who is linked by a person got in by no filter
		}
		told := [2]contact.Fields{o.asTold(c, 0, a), o.asTold(c, 1, b)}
		if flow[0] == yes && cn.flows(0, told, o.world) == yes || flow[1] == yes && cn.flows(1, told, o.world) == yes {
			o.accuse("I28", "%s and %s are said to be excluded (%s), and a rule lets them through", a.id, b.id, st.Reason)
		}
		return
	case "pending":
		if st.Reason == "unread" {
			return
		}
		if !o.mayBeHeld(cn, st.Reason) {
			o.accuse("I1", "%s and %s are still pending (%s), %d rounds after the last edit", a.id, b.id, st.Reason, o.rounds)
			return
		}
	case "conflict":
		if v := o.unjustConflict(c, a, b, st.Reason); v != "" {
			o.accuse("I28", "%s and %s are said to be in conflict (%s): %s", a.id, b.id, st.Reason, v)
		}
	case "deleted_opposite":
		o.accuse("I28", "%s and %s are said to be deleted opposite, and both are there", a.id, b.id)
		return
	}
	for i := range cn.Mappings {
		m := &cn.Mappings[i]
		may := [2]bool{}
		for side := range may {
			may[side] = flow[side] == yes && points(m.Direction, Side(side))
		}
		o.judgeCells(c, m, a, b, may, st)
	}
	o.judgeActions(c, a, b, st)
}

// wasTold reports whether the connection knows a field of a record, or the record itself, since its store last forgot
// something: what an app pushed once it never tells again.
func (c *conn) wasTold(r *record, field string) bool {
	s := r.sights[c.id]
	if field != "" && s != nil && s.part >= 0 &&
		(!s.kept(field) || s.part > r.changedAt(field) && !r.knowsHidden(c.id, field)) {
		return false // it was hidden, and without a change of the record nobody tells that it no longer is
	}
	if c.epoch.at < 0 {
		return true
	}
	if field == "" {
		return r.by == c.id && r.born.at > c.epoch.at || s != nil && s.at.at > c.epoch.at
	}
	cell := r.cells[field]
	if n := len(cell); n > 0 && cell[n-1].by == c.id && cell[n-1].at > c.epoch.at {
		return true
	}
	n := 0
	if s != nil {
		n = len(s.cell[field])
	}
	return n > 0 && s.cell[field][n-1].last > c.epoch.at
}

// everLet reports whether a rule of its side ever let the record through.
func (o *Oracle) everLet(cn *Connection, side Side, r *record) bool {
	for _, f := range r.states(0) {
		if cn.lets(side, f, toUpdate, o.world) == yes {
			return true
		}
	}
	return false
}

// mayBeHeld reports whether the reason is a guard that the connection has.
func (o *Oracle) mayBeHeld(cn *Connection, reason string) bool {
	switch reason {
	case "delete_held":
		return cn.MaxDeletes != nil
	case "clear_held":
		return cn.MaxClears != nil
	case "create_held":
		return cn.MaxCreates != nil
	}
	return false
}

// unjustConflict returns why a pair cannot be in conflict, "" if it can.
func (o *Oracle) unjustConflict(c *conn, a, b *record, reason string) string {
	if reason == "oscillating" {
		for _, r := range []*record{a, b} {
			for field := range r.cells {
				if mayFreeze(c, r, field) {
					return ""
				}
			}
		}
		return "the connection did not write any of their fields three times"
	}
	for _, k := range c.configs {
		if k.Conflict == "ask" || k.Conflict == "" {
			return ""
		}
	}
	return "the policy never was to ask"
}

// mayFreeze reports whether the connection wrote the cell often enough for it to be frozen.
func mayFreeze(c *conn, r *record, field string) bool {
	own := 0
	for _, e := range r.cells[field] {
		if e.by == c.id {
			own++
		}
	}
	return own >= 3
}

// judgeCells judges one mapping of a pair at rest. may says for each side whether it may flow to the other.
func (o *Oracle) judgeCells(c *conn, m *Mapping, a, b *record, may [2]bool, st RecordStatus) {
	if !may[0] && !may[1] {
		return
	}
	if !c.wasTold(a, m.A) || !c.wasTold(b, m.B) {
		return
	}
	cn, pair := c.now(), [2]*record{a, b}
	fa, fb := o.world.field(a.app, m.A), o.world.field(b.app, m.B)
	if fa.many() || fb.many() {
		o.judgeLists(c, m, pair, may, st)
		return
	}
	va, vb := a.get(m.A), b.get(m.B)
	if o.agree(cn, m, a, b) || st.Status == "conflict" && o.mayClash(c, m, a, b) {
		return
	}
	if st.Status == "conflict" && (mayFreeze(c, a, m.A) || mayFreeze(c, b, m.B)) {
		return // of a pair that is also in conflict over another field only that is said
	}
	blank := va.Blank() || vb.Blank()
	if blank && m.Group != "" {
		return // whoever wins a group wins all of it, and nothing is cleared on a first match: the guides leave both
	}
	if blank && (o.clearHeld(c, st) || c.keptClear(m, a, m.A, nil) || c.keptClear(m, b, m.B, nil)) {
		return
	}
	if c.looksCut(a, m.A) || c.looksCut(b, m.B) {
		return
	}
	if may[0] && may[1] {
		o.accuse("I1", "%s.%s is %q and %s.%s is %q, %d rounds after the last edit", a.id, m.A, va, b.id, m.B, vb, o.rounds)
		return
	}
	from := Side(0)
	if may[1] {
		from = 1
	}
	if !c.adopted[a] && !c.adopted[b] && !o.absorbed(a) && !o.absorbed(b) && !o.keptLocal(c, m, pair, from) {
		o.accuse("I1", "%s.%s is %q and did not reach %s.%s, which is %q, %d rounds after the last edit", pair[from].id,
			m.field(from), pair[from].get(m.field(from)), pair[1-from].id, m.field(1-from), pair[1-from].get(m.field(1-from)),
			o.rounds)
	}
}

// looksCut reports whether somebody changed the cell, after an update without an answer, to what that one's value begins with: it
// may be what the app returned for it, and is settled as that.
func (c *conn) looksCut(r *record, field string) bool {
	now := r.get(field).Str()
	return now != "" && slices.ContainsFunc(c.writes, func(w *write) bool {
		return w.rec == r && w.op == "update" && !w.told && w.at < r.changedAt(field) && strings.HasPrefix(w.after[field].Str(), now)
	})
}

// mayFail reports whether anything in the history can be why a record failed: a fault, a call that was not carried out,
// or a field that an app insists on.
func (o *Oracle) mayFail(c *conn) bool {
	for _, app := range c.now().Apps {
		for _, f := range o.setup.Apps[app].Fields {
			if f.Field.Required {
				return true
			}
		}
	}
	return o.faults > 0 || c.rebuffed
}

// mayClash reports whether both cells of a pair, or those of their group, can be edits that stand against each other:
// somebody entered both, the pair was put together anew, or the connection may have lost the note that it was itself who wrote one.
func (o *Oracle) mayClash(c *conn, m *Mapping, a, b *record) bool {
	ea, eb := c.partCleared(m, 0, a), c.partCleared(m, 1, b)
	for _, n := range c.now().Mappings {
		if n == *m || m.Group != "" && n.Group == m.Group {
			ea, eb = ea || edited(a, n.A, c), eb || edited(b, n.B, c)
		}
	}
	anew := len(c.partner[a]) > 1 || len(c.partner[b]) > 1 || a.decided(c) >= 0 || b.decided(c) >= 0
	return ea && eb || anew || o.faults > 0 && (ea || eb)
}

// absorbed reports whether another record became part of this one. Whether the pair is then decided as a first match,
// as it is where a record inherits a link, or by what was settled, the guides do not say.
func (o *Oracle) absorbed(r *record) bool {
	for _, z := range o.world.records[r.app] {
		if z.merged == r {
			return true
		}
	}
	return false
}

// edited reports whether somebody else than the connection ever entered anything in the cell.
func edited(r *record, field string, c *conn) bool {
	for _, e := range r.cells[field] {
		if e.by != c.id && !e.value.Blank() {
			return true
		}
	}
	return false
}

// partCleared reports whether somebody else than the connection emptied one field of a group and left something in another one:
// what is decided as one was edited by that, and is no blank.
func (c *conn) partCleared(m *Mapping, side Side, r *record) bool {
	var group []string
	for i := range c.now().Mappings {
		if n := &c.now().Mappings[i]; m.Group != "" && n.Group == m.Group {
			group = append(group, n.field(side))
		}
	}
	return slices.ContainsFunc(group, func(field string) bool {
		cell := r.cells[field]
		return slices.ContainsFunc(cell[min(1, len(cell)):], func(e entry) bool {
			return e.by != c.id && e.value.Blank() &&
				slices.ContainsFunc(group, func(other string) bool { return !r.was(other, e.at).Blank() })
		})
	})
}

// keptClear reports whether somebody else than the connection emptied the cell while the mapping left what the other side
// holds: that is settled, and stays so when the mapping is another one later. had says what must have been in it, nil anything.
func (c *conn) keptClear(m *Mapping, r *record, field string, had func(contact.Value) bool) bool {
	last := contact.Empty
	for _, e := range r.cells[field] {
		if e.by != c.id && e.value.Blank() && !last.Blank() && (had == nil || had(last)) && c.keeps(m, e.at) {
			return true
		}
		last = e.value
	}
	return false
}

// keeps reports whether a configuration that held after event at, or holds now, has the mapping keep what the other side
// clears.
func (c *conn) keeps(m *Mapping, at int) bool {
	for i, k := range c.configs {
		if i+1 < len(c.configs) && c.configs[i+1].at <= at {
			continue
		}
		for _, n := range k.Mappings {
			if n.A == m.A && n.B == m.B && n.KeepClear {
				return true
			}
		}
	}
	return false
}

// clearHeld reports whether the guard may hold a clear of a pair: it is said of the pair; or the pair is said to be in
// conflict, which comes first, and the guard holds some.
func (o *Oracle) clearHeld(c *conn, st RecordStatus) bool {
	return st.Reason == "clear_held" || st.Status == "conflict" && c.now().MaxClears != nil && c.last.Held["clears"] > 0
}

// onlyKnew reports whether what the connection last wrote to a cell is what the source has, and it has never been shown
// anything else of the source since: what else that was meanwhile was hidden, or over before it showed.
func (c *conn) onlyKnew(x *record, source string, target Field, cell []entry) bool {
	now, s, region := x.get(source), x.sights[c.id], c.now().Region
	for i := len(cell) - 1; i >= 0 && s != nil; i-- {
		if cell[i].by != c.id {
			continue
		}
		for _, v := range s.cell[source] {
			if v.last > cell[i].at && !target.carries(now, v.value, region) {
				return false
			}
		}
		return target.carries(now, cell[i].value, region)
	}
	return false
}

// toldAlike reports whether a sync ended to which the target still held what the source has, for it had not been shown what others
// had entered there by then: that is settled, and what they entered is an edit of the target's own when it shows.
func (c *conn) toldAlike(x *record, source string, y *record, target Field) bool {
	field, cell := target.Field.Name, x.cells[source]
	if y.sights[c.id] == nil || len(cell) == 0 {
		return false
	}
	has := cell[len(cell)-1]
	return slices.ContainsFunc(c.syncs, func(s *span) bool {
		if !s.ok || s.ended.at < y.changedAt(field) || !c.shownBy(x, source, has, s.ended.at) || !c.unshown(y, field, s.ended.at) {
			return false
		}
		told := contact.Value{}
		for _, v := range y.sights[c.id].cell[field] {
			if v.at < s.ended.at {
				told = v.value
			}
		}
		return !told.Absent() && target.carries(has.value, told, c.now().Region)
	})
}

// lastEdit returns when somebody else than the connection entered what the cell holds, -1 if it was the connection. What a
// rollback put back was entered by whoever had before.
func (c *conn) lastEdit(r *record, field string) int {
	cell := r.cells[field]
	if len(cell) == 0 {
		return -1
	}
	last := cell[len(cell)-1]
	if c.foreign(last) {
		return last.at
	}
	if !slices.ContainsFunc(c.writes, func(w *write) bool { return w.takesBack && w.rec == r && w.at == last.at }) {
		return -1
	}
	for i := len(cell) - 2; i >= 0; i-- {
		if cell[i].value.Equal(last.value) {
			if c.foreign(cell[i]) {
				return cell[i].at
			}
			break
		}
	}
	return -1
}

// keptLocal reports whether a target of one-way flow may rightly hold something else than its source: its user changed
// it after it had what the source has; or the source is blank and nothing was settled that somebody cleared since.
func (o *Oracle) keptLocal(c *conn, m *Mapping, pair [2]*record, from Side) bool {
	x, y := pair[from], pair[1-from]
	source, target := m.field(from), m.field(1-from)
	f := o.world.field(y.app, target)
	cell := y.cells[target]
	if x.get(source).Blank() {
		settled, ok := c.settled[cellsOf(m, pair)]
		lastOwn := len(cell) > 0 && cell[len(cell)-1].by == c.id
		return !ok || settled <= c.freshFor(x, y) || x.touched(source, c.id) <= settled ||
			!lastOwn && y.touched(target, c.id) > settled
	}
	last := c.lastEdit(y, target)
	if last < 0 {
		return false
	}
	since := max(c.epoch.at, x.decided(c), y.decided(c), x.born.at, y.born.at)
	if at, ok := c.settled[cellsOf(m, pair)]; ok && at > since && at < last &&
		same(o.world.field(x.app, source), x.was(source, at), x.get(source), c.now().Region) {
		return true // both were settled before its edit, be it that a group left it blank
	}
	if of := x.cells[source]; len(of) > 0 && of[len(of)-1].by == c.id {
		return true // what the source has came from the target, before its user changed it there
	}
	if of := x.cells[source]; len(of) > 0 && c.mayHaveArrived(x, source, of[len(of)-1], y, target) ||
		c.onlyKnew(x, source, f, cell) || c.toldAlike(x, source, y, f) {
		return true
	}
	for _, e := range append(append([]entry{}, cell...), x.cells[source]...) {
		agreed := f.carries(x.was(source, e.at), y.was(target, e.at), c.now().Region) ||
			o.world.field(x.app, source).carries(y.was(target, e.at), x.was(source, e.at), c.now().Region)
		if e.at < last && agreed && same(o.world.field(x.app, source), x.was(source, e.at), x.get(source), c.now().Region) {
			return true
		}
	}
	return false
}
