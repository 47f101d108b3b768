package oracle

import (
	"time"

	"github.com/contactsync/contactsync/contact"
)

// conn is what the oracle knows of a connection.
type conn struct {
	id      string
	configs []config
	open    map[int]*span // the sync that each engine is in
	syncs   []*span
	// fresh is since when what was settled can be known: a lost store, a rollback or another configuration let the
	// engine begin anew or decide otherwise.
	fresh moment
	// epoch is when the store last forgot something, and syncsInEpoch how many syncs began since.
	epoch        moment
	lost         moment // when it last forgot everything
	syncsInEpoch int

	decidedAll int // when a person last decided about everything: a rollback; -1 before

	saidAt  int // when the library last said something, -1 before
	last    *Statement
	links   map[*record]*record // both ways, as last said
	partner map[*record][]*record
	linked  []linkCount      // how many pairs were said, at which moments
	adopted map[*record]bool // of users, taken for one that the connection was creating when the answer was lost
	inSync  map[*record]int  // when it was last said to be in sync
	settled map[cellPair]int // when the two cells were last known to be settled

	writes         []*write
	journal        []JournalEntry
	rebuffed       bool     // an app did not carry out a write
	outside        []*write // since the last sync, in none
	sent           [2]bool  // it began a call that writes, on each side
	mayPause       bool     // somebody paused it
	rollback, left *undo    // what is being taken back, and what was left of it
	consents       []consent
	// asked is that a call that writes outside a sync has not been carried out yet, refused that one never was.
	asked, refused     bool
	creating, intended [2]int      // when it last, and first, tried to create on each side, -1 before
	overtaken          map[int]int // engines that lost their lease, and when
	previewed          *span       // the preview that the next sync is compared with
	// compared is a preview, comparedWith the sync after it, until it is said how all stands.
	compared, comparedWith *span
}

// config is a connection as it holds from a moment on.
type config struct {
	moment
	*Connection
}

// linkCount is how many pairs there were at a moment.
type linkCount struct {
	moment
	links int
}

// cellPair is one mapping of one pair.
type cellPair struct {
	a, b           *record
	fieldA, fieldB string
}

// span is one sync (or preview) of one engine.
type span struct {
	conn    *conn
	engine  int
	began   moment
	ended   moment // at is -1 while it runs
	ok      bool   // it ran to its end
	crashed bool
	preview bool
	counts  [2]Counts
	writes  []*write
	calls   int
	faults  int // how many there had been when it began
	// sending is when it last began a call that writes; firstSend when it first did, -1 before. answered is when a write
	// was last carried out.
	sending, firstSend, answered int
}

// write is one write that reached an app.
type write struct {
	moment
	conn          *conn
	span          *span // nil outside a sync
	side          Side
	rec           *record
	id            string // of rec, at that time
	op            string
	before, after contact.Fields
	told          bool
	takesBack     bool
	journaled     bool
}

func newConn(id string) *conn {
	c := &conn{id: id, open: map[int]*span{}, saidAt: -1, decidedAll: -1, links: map[*record]*record{}, overtaken: map[int]int{}}
	c.fresh, c.epoch, c.lost = moment{at: -1}, moment{at: -1}, moment{at: -1}
	c.creating, c.intended, c.adopted = [2]int{-1, -1}, [2]int{-1, -1}, map[*record]bool{}
	c.partner, c.settled, c.inSync = map[*record][]*record{}, map[cellPair]int{}, map[*record]int{}
	return c
}

// configure lets the configuration hold from now on.
func (o *Oracle) configure(cn Connection) {
	c := o.conns[cn.ID]
	if c == nil {
		c = newConn(cn.ID)
		o.conns[cn.ID] = c
		o.order = append(o.order, cn.ID)
	}
	c.configs = append(c.configs, config{o.world.now, &cn})
	c.fresh = o.world.now
	c.previewed = nil
}

// now is the configuration that holds.
func (c *conn) now() *Connection { return c.configs[len(c.configs)-1].Connection }

// during returns the configurations that a sync that began at event at may be working with.
func (c *conn) during(at int) []*Connection {
	all := []*Connection{c.now()}
	for i := len(c.configs) - 1; i > 0 && c.configs[i].at > at; i-- {
		all = append(all, c.configs[i-1].Connection)
	}
	return all
}

// side returns which end of the connection the app is.
func (c *conn) side(app int) (Side, bool) {
	switch app {
	case c.now().Apps[0]:
		return 0, true
	case c.now().Apps[1]:
		return 1, true
	}
	return 0, false
}

// forgetStore begins a new epoch.
func (c *conn) forgetStore(now moment) {
	c.epoch, c.fresh = now, now
	c.links, c.partner, c.settled = map[*record]*record{}, map[*record][]*record{}, map[cellPair]int{}
	c.last, c.saidAt, c.previewed, c.rollback = nil, -1, nil, nil
	c.consents, c.intended = nil, [2]int{-1, -1}
	for _, w := range c.writes {
		w.journaled = true // what the store knew of it is gone
	}
}

// begin opens a sync.
func (o *Oracle) begin(e Event) {
	c := o.conns[e.Conn]
	if c == nil {
		o.accuse("history", "a sync of %q, which is no connection", e.Conn)
		return
	}
	o.judgeRolledBack(c)
	c.outside = nil
	s := &span{conn: c, engine: e.Engine, began: o.world.now, faults: o.faults, sending: -1, firstSend: -1, answered: -1}
	s.ended.at = -1
	c.open[e.Engine] = s
	c.syncs = append(c.syncs, s)
	c.syncsInEpoch++
	delete(c.overtaken, e.Engine)
}

// end closes a sync or a preview.
func (o *Oracle) end(e Event) {
	c := o.conns[e.Conn]
	if c != nil && e.Kind == Preview && c.open[e.Engine] == nil {
		writes := c.outside // a preview whose beginning was not told
		o.begin(e)
		c.open[e.Engine].writes = writes
	}
	if c == nil || c.open[e.Engine] == nil {
		o.accuse("history", "%s of %q by engine %d, which is not in one", e.Kind, e.Conn, e.Engine)
		return
	}
	s := c.open[e.Engine]
	delete(c.open, e.Engine)
	c.rebuffed = c.rebuffed || s.sending > s.answered
	s.ended, s.ok, s.preview, s.counts = o.world.now, e.Err == "", e.Kind == Preview, e.Counts
	if s.preview {
		o.judgePreview(c, s)
		c.syncs = c.syncs[:len(c.syncs)-1]
		c.syncsInEpoch--
		return
	}
	o.judgeCounts(c, s)
	o.judgeCalls(c, s)
	o.comparePreview(c, s)
}

// called counts a call.
func (o *Oracle) called(e Event) {
	c := o.conns[e.Conn]
	if c == nil {
		return
	}
	s := c.open[e.Engine]
	if s == nil {
		if e.Op == "create" || e.Op == "update" || e.Op == "delete" {
			c.refused = c.refused || c.asked
			c.asked = true
		}
		return
	}
	s.calls++
	if side, ok := c.side(e.App); ok && e.Op == "create" {
		c.creating[side] = o.at
		if c.intended[side] < 0 {
			c.intended[side] = o.at
		}
	}
	switch e.Op {
	case "create", "update", "delete":
		if side, ok := c.side(e.App); ok {
			c.sent[side] = true
		}
		c.rebuffed = c.rebuffed || s.sending > s.answered
		s.sending = o.at
		if s.firstSend < 0 {
			s.firstSend = o.at
		}
	}
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
		r.look(c, o.world.now, e.After, e.Gone, side)
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

// look notes what the connection was shown of the record, of the fields that it maps.
func (r *record) look(c *conn, now moment, fields contact.Fields, gone bool, side Side) {
	s := r.sights[c.id]
	if s == nil {
		s = &sight{gone: -1, part: -1, cell: map[string][]shown{}}
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
	maps := c.now().Mappings
	for i := range maps {
		name := maps[i].field(side)
		v, ok := fields[name]
		if !ok || v.Absent() {
			s.part = now.at
			continue
		}
		if all := s.cell[name]; len(all) > 0 && all[len(all)-1].value.Equal(v) && all[len(all)-1].at > r.changedAt(name) {
			all[len(all)-1].last = now.at
		} else {
			s.cell[name] = append(all, shown{now, now.at, v})
		}
	}
}

// changedAt returns when the cell last changed, -1 if it never held anything.
func (r *record) changedAt(field string) int {
	if c := r.cells[field]; len(c) > 0 {
		return c[len(c)-1].at
	}
	return -1
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
	s := r.sights[conn]
	if s == nil {
		return false
	}
	for _, v := range s.cell[field] {
		if v.at > last.at && v.value.Equal(last.value) {
			return true
		}
	}
	return false
}

// since returns the moment from which on a state may be what the engine of the sync knows: the beginning of the last
// sync before it that ran to its end, less the app's lag.
func (o *Oracle) since(c *conn, before *span, app int) int {
	var from moment
	for _, s := range c.syncs {
		if s != before && s.ok && s.ended.at >= 0 && (before == nil || s.ended.at < before.began.at) {
			from = s.began
		}
	}
	return o.earlier(from, o.world.lag(app))
}

// earlier returns the index of a moment that is at least lag before m.
func (o *Oracle) earlier(m moment, lag time.Duration) int {
	if lag == 0 {
		return m.at
	}
	at := m.at
	limit := m.time.Add(-lag)
	for i := len(o.world.times) - 1; i >= 0; i-- {
		if t := o.world.times[i]; t.at <= m.at && t.time.Before(limit) {
			return t.at
		}
		at = 0
	}
	return at
}
