package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// An engine is one process that syncs. All of them share the store.
type engine struct {
	w       *world
	index   int
	dead    bool
	busy    bool
	conn    int     // that it works on
	began   instant // its work
	faults  []*armed
	leased  time.Time // when its lease of the connection ends, as the world's time goes: no write reaches an app later
	clock   *clock
	random  stream
	handles map[int]*contactsync.Syncer // by connection
}

// armed is a fault that waits for its call.
type armed struct {
	*Fault
	skip, left int
}

func newEngine(w *world, index int) *engine {
	e := &engine{w: w, index: index, random: newStream(w.Seed, fmt.Sprint("engine ", index)), handles: map[int]*contactsync.Syncer{}}
	skew := 0
	if index < len(w.Skew) {
		skew = w.Skew[index]
	}
	e.clock = &clock{w: w, skew: time.Duration(skew) * time.Second, dead: e.alive}
	return e
}

// alive fails if the process has died.
func (e *engine) alive() error {
	if e.dead {
		return errDead
	}
	return nil
}

// die kills the process. What it has in memory is gone.
func (e *engine) die() error {
	e.dead = true
	e.w.happens(oracle.Event{Kind: oracle.Crash, Engine: e.index, Conn: connName(e.conn)})
	return errDead
}

// restart is a new process in place of one that died.
func (e *engine) restart() {
	if e.dead {
		e.dead = false
		clear(e.handles)
	}
}

// handle returns the process's handle on a connection, opened with the configuration that the host has now.
func (e *engine) handle(conn int) (*contactsync.Syncer, error) {
	if h := e.handles[conn]; h != nil {
		return h, nil
	}
	w := e.w
	var apps [2]connector.Connector
	for side := range apps {
		var err error
		if apps[side], err = newSeat(w, e, conn, side); err != nil {
			return nil, err
		}
	}
	doc := w.document(conn, &w.Conns[conn])
	if w.Guest != nil {
		doc = w.Guest.document()
	}
	h, err := contactsync.Open(w.ctx, doc, apps[0], apps[1], &durable{w: w, engine: e},
		contactsync.WithClock(e.clock), contactsync.WithConcurrency(1), contactsync.WithBatch(w.Batch), contactsync.WithRandom(e.random))
	if err == nil {
		e.handles[conn] = h
	}
	return h, err
}

// idle returns an engine that does nothing, the one that is asked for if it can; nil if all are at work.
func (w *world) idle(index int) *engine {
	for i := range w.engines {
		if e := w.engines[(index+i)%len(w.engines)]; !e.busy {
			return e
		}
	}
	return nil
}

// begin has an engine work on a connection, with what goes wrong meanwhile.
func (e *engine) begin(st *Step) {
	e.busy, e.conn, e.began = true, st.Conn, e.w.instant()
	for i := range st.Faults {
		f := &st.Faults[i]
		e.faults = append(e.faults, &armed{f, f.Nth, max(f.Times, 1)})
	}
}

// end is when an engine's work is over, one way or the other.
func (e *engine) end(err error) {
	e.busy, e.faults = false, nil
	if errors.Is(err, contactsync.ErrReconfigured) {
		delete(e.handles, e.conn) // the host loads what holds now
	}
	e.restart()
}

// next returns the fault that befalls this call, nil if there is none.
func (e *engine) next(op string, side int) (hit *Fault) {
	for _, f := range e.faults {
		if f.left == 0 || f.On != "any" && f.On != op && !(f.On == "write" && (op == "create" || op == "update" || op == "delete")) || f.Side < 2 && side < 2 && f.Side != side {
			continue
		}
		switch {
		case f.skip > 0:
			f.skip--
		case hit == nil:
			f.left--
			hit = f.Fault
		}
	}
	return hit
}

// before is what a fault does before the call that it befalls: the error is the caller's.
func (e *engine) before(f *Fault) error {
	w := e.w
	if f == nil {
		return nil
	}
	switch f.Kind {
	case "meanwhile":
		if w.depth > 0 {
			return nil
		}
		w.depth++
		w.fire(f.Family, f.Kind, "")
		for _, st := range f.Meanwhile {
			w.happen(st)
		}
		w.depth--
		return e.alive()
	case "suspend":
		w.fire(f.Family, f.Kind, "")
		w.now = w.now.Add([]time.Duration{20 * time.Second, 40 * time.Second, 2 * time.Hour}[f.N%3])
		return nil
	case "hang_before":
		w.fire(f.Family, f.Kind, f.On)
		w.now = w.now.Add(callTime)
		return context.DeadlineExceeded
	case "crash_before":
		w.fire(f.Family, f.Kind, f.On)
		return e.die()
	case "panic_before":
		w.fire(f.Family, f.Kind, f.On)
		panic("sim: a connector that panics")
	case "error_before", "garbage":
		w.fire(f.Family, f.Kind, f.On)
		return errors.New("the connection was reset")
	}
	return e.refused(f)
}

// refused is what an app answers that does nothing.
func (e *engine) refused(f *Fault) error {
	cause, ok := map[string]error{"unavailable": connector.ErrUnavailable, "rate_limited": connector.ErrRateLimited, "quota": connector.ErrQuota,
		"unauthorized": connector.ErrUnauthorized}[f.Kind]
	if !ok {
		return nil
	}
	e.w.fire(f.Family, f.Kind, f.On)
	out := &connector.Error{App: "app", Op: f.On, Err: cause}
	if f.Kind == "rate_limited" {
		out.RetryAfter = []time.Duration{0, 30 * time.Second, -time.Minute, 10 * 365 * 24 * time.Hour}[f.N%4]
	}
	return out
}

// after is what a fault does once the call was carried out.
func (e *engine) after(f *Fault) error {
	if f == nil {
		return nil
	}
	switch f.Kind {
	case "hang_after":
		e.w.fire(f.Family, f.Kind, f.On)
		e.w.now = e.w.now.Add(callTime)
		return context.DeadlineExceeded
	case "crash_after":
		e.w.fire(f.Family, f.Kind, f.On)
		return e.die()
	case "panic_after":
		e.w.fire(f.Family, f.Kind, f.On)
		panic("sim: a connector that panics late")
	case "lost", "error_after":
		e.w.fire(f.Family, f.Kind, f.On)
		return errors.New("the connection was reset before the answer")
	}
	return nil
}

// sync has an engine sync a connection.
func (w *world) sync(st Step) {
	e := w.idle(st.Engine)
	if e == nil {
		return
	}
	w.deliver(e, st.Conn)
	h, err := e.handle(st.Conn)
	if err != nil {
		w.wrong("open %s: %v", connName(st.Conn), err)
		return
	}
	at := oracle.Event{Conn: connName(st.Conn), Engine: e.index}
	begin := at
	begin.Kind = oracle.SyncBegin
	w.happens(begin)
	e.begin(&st)
	report, err := h.Sync(w.ctx)
	died := e.dead
	w.failed = err != nil
	e.end(err)
	w.mendAll()
	if !died {
		at.Kind = oracle.SyncEnd
		if err != nil {
			at.Err = err.Error()
		}
		if report != nil {
			at.Counts = counts(report.Counts)
		}
		w.happens(at)
		w.checkFailure(st, err)
	}
	w.say(st.Conn)
}

// counts returns counts in the words of the oracle.
func counts(c [2]contactsync.Counts) (out [2]oracle.Counts) {
	for s := range c {
		out[s] = oracle.Counts(c[s])
	}
	return out
}

// preview has an engine preview a connection, and looks that it writes nothing.
func (w *world) preview(st Step) {
	e := w.idle(st.Engine)
	if e == nil {
		return
	}
	w.deliver(e, st.Conn)
	h, err := e.handle(st.Conn)
	if err != nil {
		w.wrong("open %s: %v", connName(st.Conn), err)
		return
	}
	quiet := w.depth == 0 && !meanwhile(st.Faults)
	rows, writes := "", w.writes()
	if quiet {
		rows = w.decided(st.Conn)
	}
	e.begin(&st)
	plan, err := h.Preview(w.ctx)
	died := e.dead
	e.end(err)
	w.mendAll()
	if quiet && !w.moved && (w.writes() != writes || w.decided(st.Conn) != rows) {
		w.wrong("I20: a preview of %s wrote something", connName(st.Conn))
	}
	if plan == nil || died || !quiet {
		return
	}
	w.happens(oracle.Event{Kind: oracle.Preview, Conn: connName(st.Conn), Engine: e.index, Counts: counts(plan.Counts)})
}

// meanwhile reports whether something happens within the calls of a sync.
func meanwhile(faults []Fault) bool {
	for _, f := range faults {
		if f.Kind == "meanwhile" {
			return true
		}
	}
	return false
}
