package oracle

import (
	"slices"
	"sort"

	"github.com/contactsync/contactsync/contact"
)

// judgeElements returns what is wrong with the elements that a write added to a list or set and took away, nil if
// nothing is. Elements are judged one by one; what changed within an element (its type, which one is primary) is not
// judged.
func (o *Oracle) judgeElements(cn *Connection, w *write, field string, old, value contact.Value) *Violation {
	f := o.world.field(w.rec.app, field)
	was, is := f.elements(old, cn.Region), f.elements(value, cn.Region)
	for _, key := range sortedKeys(is) {
		if _, ok := was[key]; !ok {
			if v := o.judgeElement(cn, w, field, key, is[key], true); v != nil {
				return v
			}
		}
	}
	for _, key := range sortedKeys(was) {
		if _, ok := is[key]; !ok {
			if v := o.judgeElement(cn, w, field, key, was[key], false); v != nil {
				return v
			}
		}
	}
	return nil
}

func sortedKeys(m map[string]contact.Value) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// judgeElement judges one element that a write added or took away.
func (o *Oracle) judgeElement(cn *Connection, w *write, field, key string, element contact.Value,
	added bool) *Violation {
	why, ok := o.ruleMoves(cn, w, field, key, element, added)
	if ok {
		return nil
	}
	first := why
	maps := cn.mappings(w.side, field)
	if len(maps) == 0 && first == nil {
		return broken("I9", "no mapping and no action of a rule moves "+element.String())
	}
	for _, m := range maps {
		if !points(cn.Direction, 1-w.side) || !points(m.Direction, 1-w.side) {
			if first == nil {
				first = broken("I20", "the connection or the mapping does not point there")
			}
			continue
		}
		for _, y := range o.partners(w.conn, w.rec) {
			v := o.judgeMapped(cn, m, w, y, key, element, added)
			if v == nil {
				return nil
			}
			first = worse(first, v)
		}
	}
	if first == nil {
		first = broken("I4", "there is nobody on the other side that "+element.String()+" could come from")
	}
	return first
}

// judgeMapped judges an element that a mapping brought or took: it is I4 if y never had one, I9 if no rule lets y
// through, I18 if nobody took it away in y, I19 if y cannot hold it, and I3 if a user had taken it away here and nobody
// touched y.
func (o *Oracle) judgeMapped(cn *Connection, m *Mapping, w *write, y *record, key string, element contact.Value,
	added bool) *Violation {
	source := m.field(1 - w.side)
	target, from := o.world.field(w.rec.app, m.field(w.side)), o.world.field(y.app, source)
	had, taken, last := false, false, contact.Empty
	for _, e := range y.cells[source] {
		now := meansIn(target, from, e.value, key, element, cn.Region)
		if now {
			had = true
		} else if w.conn.foreign(e) && meansIn(target, from, last, key, element, cn.Region) {
			taken = true
		}
		last = e.value
	}
	taken = taken && slices.ContainsFunc(o.former(w.conn, w.rec, y), func(y *record) bool {
		return y.knew(w.conn, source, func(v contact.Value) bool { return meansIn(target, from, v, key, element, cn.Region) })
	})
	pair := pairOf(w.side, w.rec, y)
	switch {
	case added && !had:
		return broken("I4", y.id+" never had "+element.String())
	case !added && !taken && (o.mayBeAdopted(w.conn, w.rec) || o.mayBeAdopted(w.conn, y) ||
		w.conn.unsettledGuest(w.rec) || w.conn.unsettledGuest(y) || o.wentBack(w.conn, y, source, w.conn.lost.at)):
		return nil
	case !added && !taken:
		if s := y.sights[w.conn.id]; s != nil && s.part >= 0 {
			return broken("I18", "nobody took away "+element.String()+" in "+y.id+", which was shown without the field")
		}
		if !from.room(y.get(source), element, cn.Region) {
			return broken("I19", "nobody took away "+element.String()+" in "+y.id+", which cannot hold it")
		}
		return broken("I18", "nobody took away "+element.String()+" in "+y.id)
	case !added && m.KeepClear && w.conn.clearedThere(y, source) && w.after[m.field(w.side)].Blank():
		return broken("I18", "the mapping keeps what the other side clears")
	case !o.everFlowed(cn, 1-w.side, pair, o.since(w.conn, w.span, y.app)):
		return broken("I9", "no rule lets "+y.id+" through")
	}
	if m.Group != "" {
		return nil
	}
	settled, ok := w.conn.settled[cellsOf(m, pair)]
	if ok && settled > w.conn.freshFor(w.rec, y) && y.touched(source, w.conn.id) <= settled &&
		!o.wentBack(w.conn, y, source, settled) {
		return broken("I3", "both were settled, and nobody edited "+y.id+" since")
	}
	return nil
}

// clearedThere reports whether the cell is empty, and not because of the connection alone, which carried over what was taken away
// one by one.
func (c *conn) clearedThere(y *record, field string) bool {
	if !y.get(field).Blank() {
		return false
	}
	cell := y.cells[field]
	return len(cell) == 0 || c.foreign(cell[len(cell)-1])
}

// meansIn reports whether the value of the other side has the element, as either side spells it.
func meansIn(target, from Field, v contact.Value, key string, element contact.Value, region string) bool {
	if !from.many() {
		return false
	}
	if target.has(v, key, region) {
		return true
	}
	for k := range from.elements(from.hold(element), region) {
		if _, ok := from.elements(v, region)[k]; ok {
			return true
		}
	}
	return false
}
