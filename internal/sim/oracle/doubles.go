package oracle

import (
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// judgeDoubles is I6 for all that the connection created on the side of w and that lives: each of them must be the
// counterpart of another record. Where that is not said yet, anybody counts who held what it was created with, unless
// he has a counterpart already, or had one that a user deleted.
//
// It is silent of a created record that the engine could not know again: its answer or what was noted of it was lost,
// and users changed everything in it before it was linked; and of one whose partner looks like somebody else.
func (o *Oracle) judgeDoubles(w *write) *Violation {
	c := w.conn
	var created []*record
	for _, x := range o.world.records[w.rec.app] {
		if x.alive && !c.vanished[x] && x.by == c.id && x.born.at > c.epoch.at && !o.bereft(c, x, w.side) &&
			(x == w.rec || x.decided(c) < 0 && (len(c.partner[x]) > 0 || !o.unknowable(c, x))) {
			created = append(created, x)
		}
	}
	options := map[*record][]*record{}
	for _, x := range created {
		if all := c.partner[x]; len(all) > 0 {
			options[x] = all
			continue
		}
		for _, cn := range c.configs {
			for _, y := range o.sources(cn.Connection, x, x.fields(x.born.at), w.side) {
				if o.isFree(c, y, x) {
					options[x] = append(options[x], y)
				}
			}
		}
	}
	if pairUp(created, options) {
		return nil
	}
	return broken("I6", "whoever it could be made from has a counterpart already, or had one that a user deleted")
}

// bereft reports whether the partner of the created record x got another id without a word and was seen without the key by
// which the connection knew it, or beside others that bear it: it looks like a deletion and somebody else then, and of several
// heirs none takes over the link.
func (o *Oracle) bereft(c *conn, x *record, side Side) bool {
	all := c.partner[x]
	if len(all) == 0 {
		return false
	}
	y := all[len(all)-1]
	if y.rekeyed.at <= 0 || y.toldOf(c) {
		return false
	}
	cn := c.now()
	before := cn.keys(1-side, c.known(y, y.rekeyed.at), o.world)
	for _, f := range y.states(y.rekeyed.at) {
		if !evidence(before, cn.keys(1-side, f, o.world)) {
			return true
		}
	}
	return o.anotherID(c, 1-side, y)
}

// known returns what the connection knew last that the record held before event at.
func (c *conn) known(r *record, at int) contact.Fields {
	f := r.fields(at)
	for name := range f {
		f[name] = c.knew(r, name, at)
	}
	return f
}

// knew returns what the connection knew last that the cell held before event at: it was shown that, or made it so and was told.
func (c *conn) knew(r *record, field string, at int) contact.Value {
	v, when := contact.Empty, -1
	if s := r.sights[c.id]; s != nil {
		for _, seen := range s.cell[field] {
			if seen.at < at {
				v, when = seen.value, seen.at
			}
		}
	}
	for _, e := range r.cells[field] {
		if e.by == c.id && e.told && e.at < at && e.at > when {
			v = e.value
		}
	}
	return v
}

// isFree reports whether y may get x as its counterpart, or may have made it before somebody else's record was taken for that.
func (o *Oracle) isFree(c *conn, y, x *record) bool {
	for _, p := range c.partner[y] {
		if p == x || y.decided(c) > 0 || c.decidedAll > 0 {
			return true
		}
		if s := p.sights[c.id]; c.adopted[p] && !x.toldBorn() && s != nil && s.first > x.born.at {
			continue
		}
		if p.merged != nil && (y.lastTouch(c.id).at > p.died.at || o.givenAway(c, y, p.died.at)) {
			continue // what was left over of a merge and is told apart since is somebody of its own
		}
		if o.broughtIn(c, y, p, x.born.at) {
			continue // y had no partner yet when x was made of it, and x is left over
		}
		if p.alive && c.links[y] == p || !p.alive && p.diedBy != c.id && y.born.at < p.died.at {
			return false
		}
	}
	return true
}

// broughtIn reports whether p was the partner of somebody who became part of y after event at.
func (o *Oracle) broughtIn(c *conn, y, p *record, at int) bool {
	return slices.ContainsFunc(o.world.records[y.app], func(z *record) bool {
		return z.became(y) && z.died.at > at && slices.Contains(c.partner[z], p)
	})
}

// givenAway reports whether none of the keys is left by which the connection knew the record before event at.
func (o *Oracle) givenAway(c *conn, r *record, at int) bool {
	side, ok := c.side(r.app)
	known, cn := c.known(r, at), c.now()
	return ok && !shareAny(cn.keys(side, known, o.world), cn.keys(side, r.fields(o.at), o.world))
}

// common reports whether strangers have the values of a field in common, so that one tells nobody apart.
func (f Field) common() bool {
	return f.Field.Type == contact.TypeSet || f.Field.Type == contact.TypeChoice || f.Field.Type == contact.TypeBool
}

// unknowable reports whether at some moment since its creation the record shared nothing with what it was created with that tells
// people apart, or nobody told of it: not the answer, nor a feed that leaves changes out.
func (o *Oracle) unknowable(c *conn, x *record) bool {
	if s := x.sights[c.id]; o.leftOut > x.born.at && !x.toldBorn() && (s == nil || s.at.at < x.born.at) {
		return true // it may be what its feed left out
	}
	sent := x.fields(x.born.at)
	for _, f := range x.states(x.born.at) {
		shares := false
		for _, name := range sent.Names() {
			field := o.world.field(x.app, name)
			shares = shares || !field.common() && sharesValue(field, sent[name], f[name], c.now().Region)
		}
		if !shares {
			return true
		}
	}
	return false
}

func sharesValue(f Field, x, y contact.Value, region string) bool {
	if x.Blank() || y.Blank() {
		return false
	}
	if !f.many() {
		return same(f, x, y, region)
	}
	for key := range f.elements(x, region) {
		if f.has(y, key, region) {
			return true
		}
	}
	return false
}

// pairUp reports whether each of xs can get another one of its options: a matching in a bipartite graph, by augmenting
// paths (Kuhn 1955).
func pairUp(xs []*record, options map[*record][]*record) bool {
	owner := map[*record]*record{}
	var give func(x *record, tried map[*record]bool) bool
	give = func(x *record, tried map[*record]bool) bool {
		for _, y := range options[x] {
			if tried[y] {
				continue
			}
			tried[y] = true
			if owner[y] == nil || give(owner[y], tried) {
				owner[y] = x
				return true
			}
		}
		return false
	}
	for _, x := range xs {
		if !give(x, map[*record]bool{}) {
			return false
		}
	}
	return true
}
