package oracle

import (
	"time"

	"github.com/contactsync/contactsync/contact"
)

// conn is what the oracle knows of a connection.
type conn struct {
	id      string
	configs []config
	usesOf  *Connection // the configuration that used is of
	used    [2][]string // the fields that it reads, by side

	// What the engines do.
	open      map[int]*span // the sync that each engine is in
	syncs     []*span
	writes    []*write
	outside   []*write    // since the last sync, in none
	overtaken map[int]int // engines that lost their lease, and when
	doubt     [2]bool     // whether a write went through may not be known yet, on each side
	doubtful  [2]moment   // the end of the last sync of which that is so
	creating  [2]int      // when it last tried to create on each side, -1 before
	intended  [2]int      // when it first did since the store last forgot something
	rebuffed  bool        // an app did not carry out a write
	// asked is that a call that writes outside a sync has not been carried out yet, refused that one never was.
	asked, refused bool
	calling        map[int]started // when each engine first called an app outside a sync since its last one
	reading        int             // when it last began to read, -1 once it has written since
	disturbed      int             // when anything last happened in an app

	// What the store can know. fresh is since when what was settled counts: a lost store, a rollback or another
	// configuration let the engine begin anew or decide otherwise. epoch is when the store last forgot something, lost
	// when it forgot everything, back of when the copy is that was put back, and syncsInEpoch how many syncs have begun over what
	// it holds; counted is how many that were, whenever it changed.
	fresh, epoch, lost moment
	back               time.Time
	syncsInEpoch       int
	counted            []syncCount

	// What a person decided.
	decidedAll     int // when last about everything, by a rollback; -1 before
	separated      map[[2]*record]separation
	consents       []consent
	mayPause       bool  // somebody paused it
	rollback, left *undo // what is being taken back, and what was left of it

	// What the library said.
	saidAt int // when it last said something, -1 before
	// carriedOut is when it last said something after a whole sync, which carries out what persons decided; -1 before.
	carriedOut int
	last       *Statement
	journal    []JournalEntry
	links      map[*record]*record   // both ways, as last said
	partner    map[*record][]*record // all that were ever said, in order
	stale      map[*record]*record   // whom they were said to be linked with under ids of before
	linked     []linkCount           // how many pairs were said, at which moments
	adopted    map[*record]bool      // of users, taken for one that was being created when the answer was lost
	guests     map[*record]bool      // those of them of which what their users entered was not settled since
	inSync     map[*record]int       // when it was last said to be in sync, after a sync that ran to its end
	vanished   map[*record]bool      // it was to be deleted and not found, for it had another id
	unknown    map[*record]int       // when it was last said that it is not known what became of a write to it
	settled    map[cellPair]int      // when the two cells were last known to be settled
	previewed  *span                 // the preview that the next sync is compared with
	// compared is a preview, comparedWith the sync after it, until it is said how all stands.
	compared, comparedWith *span
	named                  [][2]*record // of that sync: whom an app may have named when it refused somebody
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

// syncCount is how many syncs had begun over a store at a moment.
type syncCount struct {
	moment
	syncs int
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
	// takenBack says that a rollback of it ran to its end.
	takenBack bool
	counts    [2]Counts
	writes    []*write
	calls     int
	faults    int // how many there had been when it began
	// sending is when it last began a call that writes; firstSend when it first did, -1 before. answered is when a
	// write was last carried out.
	sending, firstSend, answered int
	sent                         [2]bool // it began a call that writes, on each side
	calling                      Side    // of the last of them
	op                           string  // what it does
	unanswered                   [2]int  // such calls after which nothing was written
	updating                     [2]int  // when it last called for updates on each side, -1 before
	asked                        [2]bool // it called to read each app
	// noted: its store or its process failed when it had read both apps. It may have noted what it was about to send.
	noted bool
	// forgets: its store or its process failed. What it was told last it may not have kept.
	forgets bool
}

// started is when something began, and how many faults there had been.
type started struct {
	moment
	faults int
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
	first         *write // what the same call did to rec first; itself if that is all
	again         *write // the creation of rec that nobody answered and that this is the same call as, sent again
	takesBack     bool
	journaled     bool
}

func newConn(id string) *conn {
	c := &conn{id: id, open: map[int]*span{}, saidAt: -1, carriedOut: -1, decidedAll: -1}
	c.links, c.overtaken = map[*record]*record{}, map[int]int{}
	c.fresh, c.epoch, c.lost = moment{at: -1}, moment{at: -1}, moment{at: -1}
	c.calling, c.disturbed, c.reading = map[int]started{}, -1, -1
	c.separated = map[[2]*record]separation{}
	c.creating, c.intended = [2]int{-1, -1}, [2]int{-1, -1}
	c.adopted, c.guests = map[*record]bool{}, map[*record]bool{}
	c.partner, c.settled, c.inSync = map[*record][]*record{}, map[cellPair]int{}, map[*record]int{}
	c.unknown, c.vanished = map[*record]int{}, map[*record]bool{}
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
	c.last, c.saidAt, c.carriedOut, c.previewed, c.rollback = nil, -1, -1, nil, nil
	c.intended, c.doubt = [2]int{-1, -1}, [2]bool{true, true}
	for _, w := range c.writes {
		w.journaled = true // what the store knew of it is gone
	}
}

// countSyncs notes how many syncs have begun over what the store holds.
func (c *conn) countSyncs(n int, now moment) {
	c.syncsInEpoch = n
	c.counted = append(c.counted, syncCount{now, n})
}

// putBack goes back to what a copy of the store can know: the syncs that had begun over it, and creations without an answer.
func (c *conn) putBack(now moment, back time.Time) {
	c.lost, c.back = moment{at: -1}, back // what it held at that time may be from before it forgot everything
	syncs := 0
	for _, n := range c.counted {
		if !n.time.After(back) {
			syncs = n.syncs
		}
	}
	c.countSyncs(syncs, now)
	for side := range c.intended {
		if c.doubtful[side].at > 0 {
			c.intended[side] = c.creating[side]
		}
	}
}

// began reports whether a moment is after the store last began from nothing.
func (c *conn) began(at moment) bool { return at.at > c.lost.at }

// remembers reports whether the store still has what the connection learned at a moment.
func (c *conn) remembers(at moment) bool { return at.at > c.epoch.at || !at.time.After(c.back) }

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
