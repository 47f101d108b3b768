package oracle

import (
	"slices"
	"sort"

	"github.com/contactsync/contactsync/contact"
)

// sight is what a connection was shown of a record, by field.
type sight struct {
	first int            // the event of the first time
	at    moment         // the last time
	gone  int            // when it was last shown as gone, -1 if never
	told  map[string]int // which other ids it was said to have got, and when
	cell  map[string][]shown
	part  int // when it was last shown without a field that the connection uses, -1 if never
}

// shown is a value that an app showed at a moment, and that was still what it showed at event last.
type shown struct {
	moment
	last  int
	value contact.Value
	lost  bool // the store or the process failed before it can have been kept
}

// shown takes in what an app showed to an engine.
func (o *Oracle) shown(e Event) {
	c := o.conns[e.Conn]
	if c == nil {
		c = o.working(e.Engine)
	}
	if c == nil || e.App < 0 || e.App >= len(o.setup.Apps) {
		return
	}
	if _, ok := c.side(e.App); !ok {
		o.accuse("I24", "connection %s was shown a record of %s, which it is not over", c.id, o.appName(e.App))
		return
	}
	if r := o.world.find(e.App, e.ID); r != nil {
		side, _ := c.side(e.App)
		r.look(c, o.world, o.world.now, e.After, e.Gone, side)
		if e.Gone && e.Other != "" {
			r.sights[c.id].told[e.Other] = o.at
		}
	}
}

// working returns the connection that the engine is in a sync of, if it is in one.
func (o *Oracle) working(engine int) *conn {
	for _, id := range o.order {
		if c := o.conns[id]; c.open[engine] != nil {
			return c
		}
	}
	return nil
}

// look notes what the connection was shown of the record.
func (r *record) look(c *conn, w *world, now moment, fields contact.Fields, gone bool, side Side) {
	s := r.sights[c.id]
	if s == nil {
		s = &sight{gone: -1, part: -1, told: map[string]int{}, cell: map[string][]shown{}}
		r.sights[c.id] = s
	}
	if len(s.cell) == 0 || s.at.at <= c.epoch.at {
		s.first = now.at
	}
	s.at = now
	if gone {
		s.gone = now.at
		return
	}
	for _, name := range c.uses(w, side) {
		if fields[name].Absent() {
			s.part = now.at
		}
	}
	for name, v := range fields { // of those, too, that another configuration may map
		if v.Absent() {
			continue
		}
		if all := s.cell[name]; len(all) > 0 && all[len(all)-1].value.Equal(v) && all[len(all)-1].at > r.changedAt(name) {
			all[len(all)-1].last, all[len(all)-1].lost = now.at, false
		} else {
			s.cell[name] = append(all, shown{moment: now, last: now.at, value: v})
		}
	}
}

// uses returns the fields of a side that the connection reads: those that it maps, those that actions of rules are about, and
// those that its rules look at, which is found out by asking them about a record without each.
func (c *conn) uses(w *world, side Side) []string {
	cn := c.now()
	if c.usesOf != cn {
		c.usesOf, c.used = cn, [2][]string{}
		for side := range c.used {
			c.used[side] = cn.fieldsUsed(w, Side(side))
		}
	}
	return c.used[side]
}

func (cn *Connection) fieldsUsed(w *world, side Side) []string {
	used := map[string]bool{}
	for i := range cn.Mappings {
		used[cn.Mappings[i].field(side)] = true
	}
	cn.ruled(w, side, used)
	var names []string
	for name, is := range used {
		if is {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// ruled notes the fields that rules look at, and those that their actions are about.
func (cn *Connection) ruled(w *world, side Side, used map[string]bool) {
	whole := contact.Fields{}
	for name := range w.fields[cn.Apps[side]] {
		whole[name] = contact.Empty
	}
	for i := range cn.Rules {
		r := &cn.Rules[i]
		for name := range whole {
			if r.From != side || r.Admits == nil {
				continue
			}
			without := whole.Clone()
			delete(without, name)
			if r.admits(whole) != unknown && r.admits(without) == unknown {
				used[name] = true
			}
		}
		for _, a := range r.Actions {
			used[a.Field] = used[a.Field] || r.From != side
		}
	}
}

// lostPage notes that what a connection was shown since it last began to read may never have been kept: its store failed, or its
// process.
func (o *Oracle) lostPage(c *conn) {
	for _, app := range c.now().Apps {
		for _, r := range o.world.records[app] {
			s := r.sights[c.id]
			if s == nil || c.reading < 0 || s.at.at <= c.reading {
				continue
			}
			for _, all := range s.cell {
				if last := len(all) - 1; last >= 0 && all[last].at > c.reading {
					all[last].lost = true
				}
			}
		}
	}
}

// kept reports whether the connection may still have anything that it was shown of the field.
func (s *sight) kept(field string) bool {
	return slices.ContainsFunc(s.cell[field], func(v shown) bool { return !v.lost })
}

// toldOf reports whether the connection was told the id that the record has now, or into what it was merged.
func (r *record) toldOf(c *conn) bool { return r.toldAt(c) > c.epoch.at }

// toldAt returns when it was last told that, -1 if never.
func (r *record) toldAt(c *conn) int {
	s := r.sights[c.id]
	if s == nil {
		return -1
	}
	id := r.id
	if r.merged != nil {
		id = r.merged.id
	}
	if at, ok := s.told[id]; ok {
		return at
	}
	return -1
}

// heardOf is toldOf, but for what was last told to a sync that broke off because its store or its process failed: a page that was
// not saved is not told again if its cursor has expired meanwhile.
func (r *record) heardOf(c *conn) bool {
	at := r.toldAt(c)
	return r.toldOf(c) && !slices.ContainsFunc(c.syncs, func(s *span) bool {
		return s.forgets && !s.ok && s.began.at < at && at < s.ended.at
	})
}

// changedAt returns when the cell last changed, -1 if it never held anything.
func (r *record) changedAt(field string) int {
	if c := r.cells[field]; len(c) > 0 {
		return c[len(c)-1].at
	}
	return -1
}

// knowsStill reports whether the connection knows what the cell holds now, and its store has not forgotten that: it was shown it
// since, or wrote it. What else an answer to a write told may have been hidden in it.
func (r *record) knowsStill(c *conn, field string) bool {
	return r.knows(c.id, field) && r.sawOrWrote(c, field, r.get(field).Equal, c.remembers)
}

// knows reports whether the connection was shown what the cell holds now, or made it so and was told.
func (r *record) knows(conn, field string) bool {
	c := r.cells[field]
	if len(c) == 0 {
		return true
	}
	last := c[len(c)-1]
	if last.by == conn && last.told {
		return true
	}
	return r.sawAfter(conn, field, last)
}

// sawAfter reports whether the connection was shown what the cell held from that entry on, after it did.
func (r *record) sawAfter(conn, field string, e entry) bool {
	s := r.sights[conn]
	return s != nil && slices.ContainsFunc(s.cell[field], func(v shown) bool { return v.at > e.at && v.value.Equal(e.value) })
}

// keptAfter is sawAfter, of what may have been kept.
func (r *record) keptAfter(conn, field string, e entry) bool {
	s := r.sights[conn]
	return s != nil && slices.ContainsFunc(s.cell[field], func(v shown) bool { return !v.lost && v.at > e.at && v.value.Equal(e.value) })
}

// knowsHidden reports whether the connection knows what a cell holds that its app may have left out of all answers: it was shown
// it, or wrote it. What was in a list before it put something in there it knows only if it knew that, too.
func (r *record) knowsHidden(conn, field string) bool {
	cell := r.cells[field]
	many := slices.ContainsFunc(cell, func(e entry) bool {
		return e.value.Kind() == contact.KindSet || e.value.Kind() == contact.KindList
	})
	for i := len(cell) - 1; i >= 0; i-- {
		if r.keptAfter(conn, field, cell[i]) {
			return true
		}
		if cell[i].by != conn || !cell[i].told {
			return false
		}
		if !many {
			break
		}
	}
	return true
}
