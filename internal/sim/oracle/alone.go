package oracle

import (
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// judgeAlone judges a record that is linked with nobody when all is at rest. It must be accounted for; and if a rule
// lets it through, it has a key, nobody of its side shares it and nobody on the other side bears it, it should have
// been created there; if just one bears it there, the two should be linked. Silent of what a person decided or is to decide about,
// of keys that several share, and of one whose partner was deleted.
func (o *Oracle) judgeAlone(c *conn, side Side, r *record) {
	cn := c.now()
	st, ok := c.last.Records[side][r.id]
	if !ok && c.wasTold(r, "") && !c.vanished[r] {
		o.accuse("I28", "%s in %s is not accounted for", r.id, o.appName(r.app))
	}
	if !ok {
		return
	}
	for i := range cn.Mappings {
		if !c.wasTold(r, cn.Mappings[i].field(side)) {
			return
		}
	}
	if r.decided(c) >= 0 || c.decidedAll >= 0 || st.Status == "failed" && o.mayFail(c) || st.Reason == "unread" ||
		st.Status == "pending" && (o.mayBeHeld(cn, st.Reason) || o.untellable(c, side, r)) {
		return
	}
	if st.Status == "deleted_opposite" && !o.hadPartner(c, side, r) {
		o.accuse("I28", "%s in %s is said to be deleted opposite, and nobody there was deleted", r.id, o.appName(r.app))
		return
	}
	f := r.fields(o.at)
	keys := cn.keys(side, f, o.world)
	if cn.RequireKey && !hasKey(keys) || o.sharers(cn, side, r, keys) > 0 || o.seemsShared(c, r, keys) {
		return
	}
	others, told := o.bearers(cn, 1-side, keys), o.asTold(c, side, r)
	switch len(others) {
	case 0:
		if !points(cn.Direction, side) || cn.lets(side, told, toCreate, o.world) != yes || o.hadPartner(c, side, r) ||
			st.Reason == "duplicate_there" && o.echo(c, side, r, keys) {
			return
		}
		o.accuse("I1", "%s in %s has no counterpart (%s, %s), though a rule lets it through and nobody bears its key, "+
			"%d rounds after the last edit", r.id, o.appName(r.app), st.Status, st.Reason, o.rounds)
	case 1:
		z := others[0]
		fz := z.fields(o.at)
		kz := cn.keys(1-side, fz, o.world)
		if c.links[z] != nil || z.decided(c) >= 0 || !o.toldWho(c, 1-side, z) || !evidence(keys, kz) || o.sharers(cn, 1-side, z, kz) > 0 ||
			len(o.bearers(cn, side, kz)) != 1 {
			return
		}
		mine := points(cn.Direction, side) && cn.lets(side, told, anyMode, o.world) == yes
		theirs := points(cn.Direction, 1-side) && cn.lets(1-side, fz, anyMode, o.world) == yes
		if (mine || theirs) && side == 0 {
			o.accuse("I1", "%s (%s, %s) and %s bear one key that nobody else bears, and are not linked %d rounds "+
				"after the last edit", r.id, st.Status, st.Reason, z.id, o.rounds)
		}
	}
}

// untellable reports whether the record waits for what became of its creation, and nobody but a person can tell which of several
// that made; or is one of these.
func (o *Oracle) untellable(c *conn, side Side, r *record) bool {
	made := func(side Side, r *record) []*record {
		return slices.DeleteFunc(o.waiting(c, side, r), func(z *record) bool { return !o.mayBeMade(c, z) })
	}
	return len(made(side, r)) > 1 || slices.ContainsFunc(o.waiting(c, side, r), func(y *record) bool {
		all := made(1-side, y)
		return len(all) > 1 && slices.Contains(all, r)
	})
}

// waiting returns the records of the other side that wait for what became of a creation, as this one does, and hold something that
// it holds as well and that tells people apart.
func (o *Oracle) waiting(c *conn, side Side, r *record) (found []*record) {
	waits := func(side Side, r *record) bool {
		st := c.last.Records[side][r.id]
		return r.alive && c.links[r] == nil && st.Status == "pending" && st.Reason == "unknown_outcome"
	}
	cn := c.now()
	for _, z := range o.world.records[cn.Apps[1-side]] {
		if waits(side, r) && waits(1-side, z) && slices.ContainsFunc(cn.Mappings, func(m Mapping) bool {
			f := o.world.field(z.app, m.field(1-side))
			return !f.common() && sharesValue(f, r.get(m.field(side)), z.get(m.field(1-side)), cn.Region)
		}) {
			found = append(found, z)
		}
	}
	return found
}

// asTold returns what the record holds but for what the connection was not told: whether a rule that looks at that lets the record
// through nobody knows.
func (o *Oracle) asTold(c *conn, side Side, r *record) contact.Fields {
	f := r.fields(o.at)
	for _, name := range c.uses(o.world, side) {
		if !c.wasTold(r, name) {
			delete(f, name)
		}
	}
	return f
}

// toldWho reports whether the connection knows of the record by which keys it is known and what its rules look at.
func (o *Oracle) toldWho(c *conn, side Side, r *record) bool {
	looked := map[string]bool{}
	c.now().ruled(o.world, side, looked)
	for name, is := range looked {
		if is && !c.wasTold(r, name) {
			return false
		}
	}
	return o.toldKeysOf(c, side, r)
}

// toldKeysOf reports whether the connection knows all the keys of the record.
func (o *Oracle) toldKeysOf(c *conn, side Side, r *record) bool {
	for _, key := range c.now().Keys {
		for _, name := range c.now().keyFields(side, key, o.world) {
			if !c.wasTold(r, name) {
				return false
			}
		}
	}
	return true
}

// seemsShared reports whether somebody else, of either side, bore one of the keys, and what became of their own was hidden
// from the connection: for all that it knows they bear it still.
func (o *Oracle) seemsShared(c *conn, r *record, keys []map[string]bool) bool {
	cn := c.now()
	for side, app := range cn.Apps {
		for _, z := range o.world.records[app] {
			if z == r || !z.alive || o.toldKeysOf(c, Side(side), z) {
				continue
			}
			for _, f := range z.states(0) {
				if shareAny(keys, cn.keys(Side(side), f, o.world)) {
					return true
				}
			}
		}
	}
	return false
}

// echo reports whether the record is one that a linked record of the other side was just like until the connection wrote
// over it, with the key: a copy that was made of that one before (docs/matching.md), and nobody new.
func (o *Oracle) echo(c *conn, side Side, r *record, keys []map[string]bool) bool {
	cn := c.now()
	for _, z := range o.world.records[cn.Apps[1-side]] {
		if !z.alive || c.links[z] == nil {
			continue
		}
		for _, f := range z.statesBefore(c) {
			if evidence(keys, cn.keys(1-side, f, o.world)) && o.alike(cn, side, r, z, f) {
				return true
			}
		}
	}
	return false
}

// statesBefore returns what the record held just before each write of the connection to it.
func (r *record) statesBefore(c *conn) (all []contact.Fields) {
	for _, cell := range r.cells {
		for _, e := range cell {
			if e.by == c.id && e.at > r.born.at {
				all = append(all, r.fields(e.at-1))
			}
		}
	}
	return all
}

// alike reports whether each single value that the record has is what becomes of it in the other one as that was, or what its own app
// made of that, labels and choices apart: those are on anybody.
func (o *Oracle) alike(cn *Connection, side Side, r, z *record, was contact.Fields) bool {
	for i := range cn.Mappings {
		m := &cn.Mappings[i]
		f, own := o.world.field(z.app, m.field(1-side)), o.world.field(r.app, m.field(side))
		v := r.get(m.field(side))
		if f.many() || f.Field.Type == contact.TypeChoice || v.Blank() || !points(m.Direction, side) {
			continue
		}
		if !f.carries(v, was[m.field(1-side)], cn.Region) && !own.carries(was[m.field(1-side)], v, cn.Region) {
			return false
		}
	}
	return true
}

// sharers counts the others of the side that share any key.
func (o *Oracle) sharers(cn *Connection, side Side, r *record, keys []map[string]bool) int {
	n := 0
	for _, z := range o.bearers(cn, side, keys) {
		if z != r {
			n++
		}
	}
	return n
}

// bearers returns the records of the side that bear any of the keys.
func (o *Oracle) bearers(cn *Connection, side Side, keys []map[string]bool) []*record {
	var found []*record
	for _, z := range o.world.records[cn.Apps[side]] {
		if z.alive && shareAny(keys, cn.keys(side, z.fields(o.at), o.world)) {
			found = append(found, z)
		}
	}
	return found
}

// hadPartner reports whether the record may have had a counterpart that is gone: one that was said, one from which the
// connection created it, one of those who became part of it, or one of its key that was deleted or became part of another.
func (o *Oracle) hadPartner(c *conn, side Side, r *record) bool {
	for _, z := range o.world.records[r.app] {
		if (z == r || z.became(r)) && (len(c.partner[z]) > 0 || z.by == c.id) {
			return true
		}
	}
	for _, z := range o.world.records[c.now().Apps[1-side]] {
		if z.died.at > 0 && (z.by == c.id || o.everEvidence(c.now(), side, r, 1-side, z) || sharesContent(r, z)) {
			return true
		}
	}
	return false
}

// sharesContent reports whether two records ever held the same text in whatever field: enough to have been linked.
func sharesContent(x, y *record) bool {
	texts := map[string]bool{}
	for _, cell := range x.cells {
		for _, e := range cell {
			texts[contact.NormalText(e.value.String())] = true
		}
	}
	delete(texts, "")
	for _, cell := range y.cells {
		for _, e := range cell {
			if texts[contact.NormalText(e.value.String())] {
				return true
			}
		}
	}
	return false
}
