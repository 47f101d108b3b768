package sim

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// A seat is an app as one process reaches it for one side of a connection. Every call passes through it: it is told, and
// the faults befall it.
type seat struct {
	w          *world
	app        Place
	via        connector.Connector // to the app
	can        connector.Features  // of via
	spec       App
	index      int // of the app
	conn, side int
	engine     *engine

	named  map[string]bool // what the pass through all records has named so far; nil outside of one
	again  *connector.Page // the page that is told once more
	listed map[string]bool // what the last listing named
	calls  int

	op      string    // of the call that is being made, "" outside of one
	began   time.Time // when it was
	carried *carried  // the write that is being carried out; nil outside of one
}

// newSeat returns the connector of one side of a connection, with the features that its app has.
func newSeat(w *world, e *engine, conn, side int) (connector.Connector, error) {
	index := w.Conns[conn].Apps[side]
	s := &seat{w: w, app: w.apps[index], spec: w.Apps[index], index: index, conn: conn, side: side, engine: e}
	if err := s.connect(); err != nil {
		return nil, err
	}
	w.seats[[3]int{e.index, conn, side}] = s
	if app, ok := s.app.(*account); ok {
		return newGuestSeat(s, app), nil
	}
	var out connector.Connector = s
	f := connector.Features{Identifier: s}
	if s.can.Receiver != nil {
		f.Receiver = s
	}
	if !s.spec.Push {
		f.Lister, f.Reader = s, s
	}
	if s.spec.Markers {
		f.Finder = s
	}
	if s.spec.FindBy {
		f.KeyFinder = s
	}
	if s.spec.Upsert {
		f.Upserter = s
	}
	f = s.spec.features(f)
	if w.Wrap != nil {
		out, f = w.Wrap(out, f)
	}
	return seated{out, f}, nil
}

// seated is a connector with just these features.
type seated struct {
	connector.Connector
	features connector.Features
}

// Features returns what the connector can do beyond its three methods.
func (s seated) Features() connector.Features { return s.features }

// call is every call of the connector.
func (s *seat) call(ctx context.Context, op string, act func(*Fault) error) error {
	if err := s.engine.alive(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	w := s.w
	w.now = w.now.Add(time.Duration(w.Latency) * time.Millisecond)
	w.happens(oracle.Event{Kind: oracle.Called, App: s.index, Conn: connName(s.conn), Engine: s.engine.index, Op: op})
	f := s.engine.next(op, s.side)
	s.op, s.began = op, w.now
	defer func() { s.op = "" }()
	if err := s.engine.before(f); err != nil {
		return err
	}
	if s.late(op, s.began) {
		return context.DeadlineExceeded
	}
	if err := act(f); err != nil {
		return err
	}
	return s.engine.after(f)
}

// callTime is how long a call may take before it is given up.
const callTime = 2 * time.Minute

// late reports whether a call has lasted until its deadline: its time, or for a write the end of the lease.
func (s *seat) late(op string, began time.Time) bool {
	writes := op == "create" || op == "update" || op == "delete"
	return s.w.now.Sub(began) >= callTime || writes && s.w.now.After(began) && !s.w.now.Before(s.engine.leased)
}

// is reports whether f is a fault of that kind; nil is none.
func (f *Fault) is(kind string) bool { return f != nil && f.Kind == kind }

// show tells that the app shows the engine a record.
func (s *seat) show(r contact.Record) {
	at := 2*s.conn + s.side
	s.w.shown[at][r.ID] = true
	delete(s.w.unheard[at], r.ID)
	s.noteHidden(s.w.hid[at], r)
	s.w.saw(at, r.ID, r.Fields)
	s.w.happens(oracle.Event{Kind: oracle.Shown, App: s.index, Conn: connName(s.conn), Engine: s.engine.index, ID: r.ID, After: s.words(r.Fields)})
}

// noteHidden notes what of a record was not told when it was shown last. A delivery hides what was hidden when it left the
// app, and tells of somebody who is known only what changed.
func (s *seat) noteHidden(hid map[string][]string, r contact.Record) {
	untold, known := hid[r.ID]
	if !known {
		untold = s.spec.Fields
	}
	now := slices.Clone(s.w.hidden[s.index])
	for _, name := range untold {
		if s.spec.Push && r.Fields[name].Absent() && !slices.Contains(now, name) {
			now = append(now, name)
		}
	}
	hid[r.ID] = now
}

// showGone tells that the app shows the engine that a record is not there; other is where it went, if it is said.
func (s *seat) showGone(id, other string) {
	if shown := s.w.shown[2*s.conn+s.side]; shown[id] || other != "" {
		delete(shown, id)
		s.w.happens(oracle.Event{Kind: oracle.Shown, App: s.index, Conn: connName(s.conn), Engine: s.engine.index, ID: id, Other: other, Gone: true})
	}
}

// poison makes the time of some records absurd.
func (s *seat) poison(r *contact.Record) {
	if !s.spec.Poison || r.Modified.IsZero() {
		return
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(r.ID))
	switch h.Sum32() % 4 {
	case 0:
		r.Modified = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	case 1:
		r.Modified = time.Date(2, 1, 1, 0, 0, 0, 0, time.UTC)
	default:
		return
	}
	s.w.fired["F75 poison"]++
}

func (s *seat) Schema(ctx context.Context) (contact.Schema, error) { return s.via.Schema(ctx) }

func (s *seat) Identity(ctx context.Context) (name string, err error) {
	err = s.call(ctx, "identity", func(*Fault) (err error) {
		name, err = s.can.Identifier.Identity(ctx)
		return err
	})
	return name, err
}

func (s *seat) Read(ctx context.Context, ids, fields []string) (results []connector.ReadResult, err error) {
	err = s.call(ctx, "read", func(f *Fault) (err error) {
		results, err = s.can.Reader.Read(ctx, ids, fields)
		if err != nil {
			return err
		}
		if f.is("short") {
			s.w.fire(f.Family, f.Kind, "read")
			results = results[:len(results)-1]
		}
		s.miss(f, results)
		for i := range results {
			s.poison(&results[i].Record)
			switch err := results[i].Err; {
			case err == nil:
				s.show(results[i].Record)
			case errors.Is(err, connector.ErrNotFound):
				s.showGone(results[i].Record.ID, "")
			default: // of a host; it is looked at again once somebody has mended it
				s.w.mend[[2]string{appName(s.index), ids[i]}] = true
				s.w.fire("F15", "unread", ids[i])
			}
		}
		s.fidget()
		return nil
	})
	return results, err
}

// miss lets a record not be there when it is read that was listed just before.
func (s *seat) miss(f *Fault, results []connector.ReadResult) {
	if !f.is("missing") {
		return
	}
	for i, r := range results {
		if r.Err == nil && s.listed[r.Record.ID] {
			s.w.fire(f.Family, f.Kind, r.Record.ID)
			results[i] = connector.ReadResult{Record: contact.Record{ID: r.Record.ID}, Err: connector.ErrNotFound}
			return
		}
	}
}

func (s *seat) Find(ctx context.Context, marker string, fields []string) (found contact.Record, err error) {
	err = s.call(ctx, "find", func(*Fault) (err error) {
		if found, err = s.can.Finder.Find(ctx, marker, fields); err == nil {
			s.poison(&found)
			s.show(found)
		}
		return err
	})
	return found, err
}

func (s *seat) FindBy(ctx context.Context, field string, value contact.Value, fields []string) (found []contact.Record, err error) {
	err = s.call(ctx, "find", func(*Fault) (err error) {
		found, err = s.can.KeyFinder.FindBy(ctx, field, value, fields)
		for i := range found {
			s.poison(&found[i])
			s.show(found[i])
		}
		return err
	})
	return found, err
}

// Receive reads a delivery. It is no call to the app.
func (s *seat) Receive(ctx context.Context, d connector.Delivery) (connector.Push, error) {
	push, err := s.can.Receiver.Receive(ctx, d)
	for i, c := range push.Changes {
		s.poison(&push.Changes[i].Record)
		switch {
		case c.Deleted != "":
			s.showGone(c.Deleted, "")
		case c.Rekeyed.Old != "":
			s.showGone(c.Rekeyed.Old, c.Rekeyed.New)
		default:
			s.show(c.Record)
		}
	}
	return push, err
}

// fidget gives a record another version now and then, though nothing in it changes: each in its turn, for an app that does it to
// the same one whenever it is read cannot be written to.
func (s *seat) fidget() {
	if s.calls++; !s.spec.Fidget || s.calls%3 != 0 {
		return
	}
	if s.w.calm && (s.w.has("F27") || s.w.has("F31") || s.w.has("F11")) {
		return // with another version what an app refused is tried again, and what it hid is told
	}
	all := slices.DeleteFunc(s.app.Records(), func(r contact.Record) bool { return s.w.calm && s.w.untold(s.index, r.ID) })
	if len(all) == 0 {
		return
	}
	if id := all[s.calls/3%len(all)].ID; s.app.Touch(id) == nil {
		s.w.fired["F14 fidget"]++
		s.w.touched(s.index, id)
	}
}

// untold reports whether a field was hidden from a connection when it was shown a record last: it is told when the record has another
// version.
func (w *world) untold(app int, id string) bool {
	for c := range w.Conns {
		for side, a := range w.Conns[c].Apps {
			if a == app && len(w.hid[2*c+side][id]) > 0 {
				return true
			}
		}
	}
	return false
}

// touched tells that a record has another version, and nothing else that is another.
func (w *world) touched(app int, id string) {
	w.happens(oracle.Event{Kind: oracle.AppTouch, App: app, ID: id, Before: contact.Fields{}, After: contact.Fields{}})
}

// deliver hands over what the apps of a connection have sent since, some of it twice, in any order.
func (w *world) deliver(e *engine, conn int) {
	for i, a := range w.apps {
		if !w.Apps[i].Push {
			continue
		}
		sent := a.Deliveries()
		for c := range w.Conns {
			for side, app := range w.Conns[c].Apps {
				if app == i {
					w.queue[2*c+side] = append(w.queue[2*c+side], sent...)
				}
			}
		}
	}
	for side := range 2 {
		queue := w.queue[2*conn+side]
		w.queue[2*conn+side] = nil
		if len(queue) == 0 {
			continue
		}
		if !w.calm && w.has("F42") {
			rng := newStream(w.Seed, "deliveries "+w.now.String())
			for _, d := range queue {
				if rng.oneIn(2) {
					queue = append(queue, d)
				}
			}
			rng.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
			w.fired["F42 again"]++
		}
		h, err := e.handle(conn)
		if err != nil {
			w.wrong("open %s: %v", connName(conn), err)
			return
		}
		for _, d := range queue {
			if _, err := h.Receive(w.ctx, sideOf(side), d); err != nil {
				w.wrong("a delivery was refused: %v", err)
			}
		}
	}
}
