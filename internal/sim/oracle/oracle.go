package oracle

import (
	"fmt"
	"strings"
	"time"
)

// An Oracle judges one history. Make it with [New], show it every event in order ([Oracle.See]), and ask in the end
// what was promised and not kept ([Oracle.Violations]). It is for one goroutine.
type Oracle struct {
	setup     Setup
	at        int // the index of the event that is being seen
	now       Event
	world     *world
	conns     map[string]*conn
	order     []string // the ids of conns as they were set up
	faults    int      // how many faults and crashes there were
	retouched bool     // records were given new times, unseen
	leftOut   int      // when a feed last left a change out
	calm      int      // the index of Calm, -1 before
	rounds    int      // whole rounds since
	judged    bool     // the end was judged
	found     []Violation
}

// manyViolations is where an oracle stops to list: what follows a broken promise is rarely worth reading.
const manyViolations = 100

// New returns an oracle of a history that begins in the given setup.
func New(setup Setup) *Oracle {
	o := &Oracle{setup: setup, at: -1, calm: -1, world: newWorld(setup.Apps), conns: map[string]*conn{}}
	for i := range setup.Connections {
		o.configure(setup.Connections[i])
	}
	return o
}

// See takes in what happened next.
func (o *Oracle) See(e Event) {
	o.at++
	o.now = e
	o.world.tick(moment{o.at, e.Time})
	switch e.Kind {
	case UserCreate, UserEdit, UserDelete, UserMerge, AppRekey, AppTouch:
		o.happened(e)
	case UserDecide:
		o.decided(e)
	case Configured:
		if e.Connection != nil {
			o.configure(*e.Connection)
		}
	case SyncBegin:
		o.begin(e)
	case SyncEnd, Preview:
		o.end(e)
	case Shown:
		o.shown(e)
	case Wrote:
		o.wrote(e)
	case Called:
		o.called(e)
	case Crash:
		o.crashed(e)
	case StoreLost, StoreRestored:
		o.storeFailed(e)
	case Fault:
		o.faults++
		o.broke(e)
		o.retouched = o.retouched || strings.Contains(e.Note, "unread")
		if strings.HasPrefix(e.Note, "F8 ") {
			o.leftOut = o.at
		}
	case Calm:
		o.calm = o.at
		o.disturb(nil)
	case CalmRound:
		o.rounds++
	case Said:
		o.said(e)
	}
}

// Violations returns the promises that were not kept, in the order in which it showed; the ends are judged when it is
// called first.
func (o *Oracle) Violations() []Violation {
	if !o.judged {
		o.judged = true
		o.judgeEnd()
	}
	return o.found
}

func (o *Oracle) accuse(invariant, format string, args ...any) {
	if len(o.found) < manyViolations {
		o.found = append(o.found, Violation{invariant, o.at, fmt.Sprintf(format, args...)})
	}
}

// happened takes in what users and apps do. A history that contradicts itself is a fault of whoever tells it, and said
// as one: "history" is no invariant of the library.
func (o *Oracle) happened(e Event) {
	o.disturb(nil)
	if err := o.world.happened(e); err != nil {
		o.accuse("history", "%s of %s in %s: %v", e.Kind, e.ID, o.appName(e.App), err)
	}
}

func (o *Oracle) appName(app int) string {
	if app < 0 || app >= len(o.setup.Apps) {
		return "no app"
	}
	return o.setup.Apps[app].Name
}

// storeFailed forgets what the store forgot: what was settled and linked, and what waited for the journal.
func (o *Oracle) storeFailed(e Event) {
	o.disturb(nil)
	o.faults++
	for _, id := range o.order {
		c := o.conns[id]
		c.forgetStore(o.world.now)
		if e.Kind == StoreLost {
			c.lost, c.back = o.world.now, time.Time{}
			c.countSyncs(0, o.world.now)
		} else {
			c.putBack(o.world.now, e.Back)
		}
	}
}

// crashed ends the syncs that the engine was in.
func (o *Oracle) crashed(e Event) {
	o.faults++
	for _, id := range o.order {
		c := o.conns[id]
		if _, previews := c.calling[e.Engine]; previews || c.open[e.Engine] != nil {
			o.lostPage(c)
		}
		if s := c.open[e.Engine]; s != nil {
			s.ended, s.crashed, s.forgets = o.world.now, true, true
			c.brokeOff(s)
			c.doubts(s, o.faults)
			delete(c.open, e.Engine)
		}
	}
}
