package oracle

import (
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// judgeLists judges a mapping of lists or sets at rest, element by element: what one side has the other has too, unless
// it has no room for it, an action of a rule is about it, or it is one-way and the target's user took it away. What a
// source lost the target has no more.
func (o *Oracle) judgeLists(c *conn, m *Mapping, pair [2]*record, may [2]bool, st RecordStatus) {
	if st.Status == "conflict" || (c.adopted[pair[0]] || c.adopted[pair[1]]) && !(may[0] && may[1]) {
		return
	}
	cn := c.now()
	for from := range pair {
		if !may[from] {
			continue
		}
		x, y := pair[from], pair[1-from]
		source, target := o.world.field(x.app, m.field(Side(from))), o.world.field(y.app, m.field(Side(1-from)))
		if m.KeepClear && (x.get(source.Field.Name).Blank() || y.get(target.Field.Name).Blank()) {
			continue
		}
		elements := source.elements(x.get(source.Field.Name), cn.Region)
		for _, key := range sortedKeys(elements) {
			e, has := elements[key], y.get(target.Field.Name)
			if meansIn(source, target, has, key, e, cn.Region) || !roomEver(y, target, e, cn.Region) ||
				o.special(cn, pair, m, e) {
				continue
			}
			if !may[1-from] && slices.ContainsFunc(o.former(c, x, y), func(y *record) bool { return tookAway(y, source, target, key, e, c, cn.Region) }) {
				continue
			}
			// Two ways, an element that the other side lost should be gone here, which a guard may hold, or the mapping.
			had := func(v contact.Value) bool { return meansIn(source, target, v, key, e, cn.Region) }
			if c.keptClear(m, y, target.Field.Name, had) {
				continue
			}
			if st.Reason == "clear_held" && tookAway(y, source, target, key, e, c, cn.Region) {
				continue
			}
			holds := func(v contact.Value) bool { return source.has(v, key, cn.Region) }
			if c.misled(x, source.Field.Name, holds) || c.misled(y, target.Field.Name, had) {
				continue
			}
			o.accuse("I1", "%s.%s has %s and %s.%s has not, %d rounds after the last edit", x.id, source.Field.Name, e, y.id,
				target.Field.Name, o.rounds)
		}
		if !may[1-from] && st.Reason != "clear_held" {
			o.judgeLeftOver(c, m, pair, Side(from))
		}
	}
}

// misled reports whether the connection cannot know whether the cell has an element: that changed, then the record was shown without
// a field, and for all that it was told nothing has changed. A write of ours tells of what it adds and takes away alone: where
// the field is hidden, so is the rest of it in the answer.
func (c *conn) misled(r *record, field string, has func(contact.Value) bool) bool {
	s := r.sights[c.id]
	if s == nil {
		return false
	}
	is, since, believed := false, -1, false
	sights := s.cell[field]
	for _, e := range r.cells[field] {
		for ; len(sights) > 0 && sights[0].at <= e.at; sights = sights[1:] {
			believed = has(sights[0].value)
		}
		now := has(e.value)
		if now == is {
			continue
		}
		is, since = now, e.at
		if e.by == c.id {
			believed = now
		}
	}
	for _, v := range sights {
		believed = has(v.value)
	}
	return s.part > since && believed != is
}

// roomEver reports whether the field had room for the element all the time: what it could not hold once, nobody took
// away, and nobody brings again.
func roomEver(y *record, f Field, element contact.Value, region string) bool {
	for _, e := range y.cells[f.Field.Name] {
		if !f.room(e.value, element, region) {
			return false
		}
	}
	return f.room(y.get(f.Field.Name), element, region)
}

// judgeLeftOver accuses elements of a one-way target that were settled, and that somebody took away in the source
// since.
func (o *Oracle) judgeLeftOver(c *conn, m *Mapping, pair [2]*record, from Side) {
	x, y, cn := pair[from], pair[1-from], c.now()
	source, target := o.world.field(x.app, m.field(from)), o.world.field(y.app, m.field(1-from))
	settled, ok := c.settled[cellsOf(m, pair)]
	if !ok || settled <= c.freshFor(x, y) || y.touched(target.Field.Name, c.id) > settled {
		return
	}
	elements := target.elements(y.get(target.Field.Name), cn.Region)
	for _, key := range sortedKeys(elements) {
		e := elements[key]
		then, now := x.was(source.Field.Name, settled), x.get(source.Field.Name)
		had := func(v contact.Value) bool { return meansIn(target, source, v, key, e, cn.Region) }
		if had(then) && !had(now) && !o.special(cn, pair, m, e) && !c.keptClear(m, x, source.Field.Name, had) {
			o.accuse("I1", "%s.%s lost %s and %s.%s still has it, %d rounds after the last edit", x.id, source.Field.Name,
				e, y.id, target.Field.Name, o.rounds)
		}
	}
}

// special reports whether an element is one that rules or marks move by themselves.
func (o *Oracle) special(cn *Connection, pair [2]*record, m *Mapping, element contact.Value) bool {
	for side, r := range pair {
		name := m.field(Side(side))
		f := o.world.field(r.app, name)
		is := func(e Element) bool {
			_, ok := f.elements(element, cn.Region)[f.keyOf(e.Element, cn.Region)]
			return ok && e.Field == name
		}
		if is(cn.Mark[side]) || cn.turned(Side(side), r, name, element) {
			return true
		}
		for i := range cn.Rules {
			for _, a := range cn.Rules[i].Actions {
				if cn.Rules[i].From != Side(side) && is(Element{a.Field, a.Element}) {
					return true
				}
			}
		}
	}
	return false
}

// tookAway reports whether somebody else than the connection, or itself before its store forgot that, ever took the element away
// in y.
func tookAway(y *record, source, target Field, key string, element contact.Value, c *conn, region string) bool {
	last := contact.Empty
	for _, e := range y.cells[target.Field.Name] {
		if c.foreign(e) && meansIn(source, target, last, key, element, region) &&
			!meansIn(source, target, e.value, key, element, region) {
			return true
		}
		last = e.value
	}
	return false
}

// judgeActions judges what rules should have done to a pair at rest: an action of a rule that let the pair in all the
// time ran, unless a user took it back; and what was done is undone when the pair has left. Silent of fields where
// several rules meet, of rules that are turned round, and of what is frozen until a person decides.
func (o *Oracle) judgeActions(c *conn, a, b *record, st RecordStatus) {
	cn := c.now()
	if cn.Scope == "sticky" || len(c.configs) > 1 {
		return
	}
	for side, r := range [2]*record{a, b} {
		for _, name := range c.uses(o.world, Side(side)) {
			if !c.wasTold(r, name) {
				return
			}
		}
	}
	for i := range cn.Rules {
		r := &cn.Rules[i]
		if r.OtherWayAround || !points(cn.Direction, r.From) {
			continue
		}
		x, y := [2]*record{a, b}[r.From], [2]*record{a, b}[1-r.From]
		for _, act := range r.Actions {
			if act.Kind != "add" || cn.targets(1-r.From, act.Field) > 1 || len(cn.mappings(1-r.From, act.Field)) > 0 {
				continue
			}
			if st.Reason == "oscillating" && mayFreeze(c, y, act.Field) {
				continue
			}
			f := o.world.field(y.app, act.Field)
			key := f.keyOf(act.Element, cn.Region)
			is := f.has(y.get(act.Field), key, cn.Region)
			switch {
			case !is && !everHad(f, y, act.Field, key, cn.Region) && o.admittedAlways(r, x, 0) && y.knew(c, act.Field, anything) &&
				f.room(y.get(act.Field), contact.Set(act.Element), cn.Region):
				o.accuse("I1", "%s.%s never had %s, though a rule lets %s in", y.id, act.Field, act.Element, x.id)
			case is && r.Undo != "" && r.admits(x.fields(o.at)) == no && (r.Undo == "all" || o.ownLast(c, f, y, act.Field, key)):
				o.accuse("I1", "%s.%s still has %s, and %s left the rule that undoes it", y.id, act.Field, act.Element, x.id)
			}
		}
	}
}

// targets counts the actions that name a field.
func (cn *Connection) targets(side Side, field string) int {
	n := 0
	for i := range cn.Rules {
		for _, a := range cn.Rules[i].Actions {
			if cn.Rules[i].From != side && a.Field == field {
				n++
			}
		}
	}
	return n
}

func everHad(f Field, y *record, field, key, region string) bool {
	for _, e := range y.cells[field] {
		if f.has(e.value, key, region) {
			return true
		}
	}
	return false
}

// ownLast reports whether it was the connection that gave the element for certain, and nobody changed the cell since.
func (o *Oracle) ownLast(c *conn, f Field, y *record, field, key string) bool {
	cell := y.cells[field]
	if len(cell) < 2 {
		return false
	}
	last, before := cell[len(cell)-1], cell[len(cell)-2]
	return last.by == c.id && last.told && last.at > c.fresh.at && f.has(last.value, key, c.now().Region) &&
		!f.has(before.value, key, c.now().Region) && y.decided(c) < 0
}
