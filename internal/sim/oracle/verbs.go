package oracle

// consent is what a person allowed.
type consent struct {
	moment
	deletes, clears, creates int
	any                      bool // nothing had been said of what is held
}

// decided takes in what a person decided. From then on what becomes of the records is the person's wish: what was
// settled before counts no more in judging it.
func (o *Oracle) decided(e Event) {
	c := o.conns[e.Conn]
	if c == nil {
		o.accuse("history", "%s in %q, which is no connection", e.Verb, e.Conn)
		return
	}
	c.previewed = nil
	switch e.Verb {
	case "confirm":
		c.consents = append(c.consents, c.held(o.world.now))
		return
	case "pause":
		c.mayPause = true
		return
	case "resume":
		c.mayPause = false
		return
	case "rollback":
		c.mayPause, c.outside = true, nil
		o.beginRollback(c)
		return
	}
	side, ok := c.side(e.App)
	if !ok {
		return
	}
	if x, y := o.world.find(e.App, e.ID), o.world.find(c.now().Apps[1-side], e.Other); x != nil && y != nil {
		pair := pairOf(side, x, y)
		delete(c.separated, pair)
		if e.Verb == "separate" {
			c.separated[pair] = separation{o.at, x.id != e.ID && y.id != e.Other}
		}
	}
	for _, r := range []*record{o.world.find(e.App, e.ID), o.world.find(c.now().Apps[1-side], e.Other)} {
		if r != nil {
			r.decide[c.id] = o.at
		}
	}
	// A verb that names one half of a pair is about the other half too.
	if r := o.world.find(e.App, e.ID); r != nil {
		for _, p := range c.partner[r] {
			p.decide[c.id] = o.at
		}
	}
}

// consented returns what a person allowed and the store still knows of.
func (c *conn) consented() (all []consent) {
	for _, k := range c.consents {
		if c.remembers(k.moment) {
			all = append(all, k)
		}
	}
	return all
}

// held returns the consent to everything that was last said to be held.
func (c *conn) held(now moment) consent {
	if c.last == nil {
		return consent{moment: now, any: true}
	}
	held := c.last.Held
	return consent{moment: now, deletes: held["deletions"], clears: held["clears"], creates: held["creates"]}
}

// freshFor returns since when what was settled of the pair can be known.
func (c *conn) freshFor(x, y *record) int {
	return max(c.fresh.at, x.decided(c), y.decided(c), x.born.at, y.born.at, x.rekeyed.at, y.rekeyed.at)
}

// decided returns when a person last decided about the record in the connection, -1 if never. An id that an app gave
// twice, or that it changed without a word, is as good as decided then: nobody can know who it is.
func (r *record) decided(c *conn) int {
	at := -1
	if d, ok := r.decide[c.id]; ok {
		at = d
	}
	if r.reused {
		at = max(at, r.born.at)
	}
	if r.rekeyed.at > 0 && !r.toldOf(c) {
		at = max(at, r.rekeyed.at)
	}
	return at
}
