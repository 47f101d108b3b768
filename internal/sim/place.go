package sim

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// A Place is an app as those see it who are there: its users, and the app itself. A fake app is one; its methods say what
// each does. What an app has no idea of fails, and then is nothing that happens. Records have the fields of the world, by
// the world's names.
type Place interface {
	Records() []contact.Record
	Record(id string) (contact.Record, bool)
	Hold(field string, v contact.Value) (contact.Value, error)
	Writes() fake.Writes
	Put(records ...contact.Record) error
	Edit(id string, fields contact.Fields) error
	Remove(ids ...string) error
	Touch(id string) error
	Rekey(id, newID string) error
	Merge(into, from string) error
	Hide(fields ...string) error
	Unhide(fields ...string) error
	SetIdentity(name string)
	Deliveries() []connector.Delivery
}

// A Remote is an app that is no fake one: processes reach it by a connector of its own, each by another one, over a line on
// which things go wrong.
type Remote interface {
	Place
	// Connect returns a connector as a new process opens it.
	Connect(Line) (connector.Connector, error)
	// Close ends the app and returns what it found wrong by itself.
	Close() []string
}

// A Site is where a remote app is to open its app.
type Site struct {
	w     *world
	index int
}

// Name is what the ids of the app begin with, and Seed what its own draws are made of.
func (s Site) Name() string { return appName(s.index) }
func (s Site) Seed() uint64 { return s.w.Seed }

// Now is the time of the world.
func (s Site) Now() time.Time { return s.w.now }

// A Line leads from a process to an app. What is sent on it takes its time, and may not arrive.
type Line struct{ s *seat }

// Clock is the process's.
func (l Line) Clock() connector.Clock { return l.s.engine.clock }

// Request is called before a request of a kind is sent: it fails if the request does not arrive, and returns what goes
// wrong with it otherwise, nil if nothing does. Faults that the simulator does not know are the app's to bring about.
func (l Line) Request(ctx context.Context, kind string) (*Fault, error) {
	s := l.s
	if err := s.engine.alive(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.w.now = s.w.now.Add(time.Duration(s.w.Latency) * time.Millisecond)
	f := s.engine.next(kind, s.side)
	if f != nil { // what it did so far happened before whatever happens now
		s.interrupted()
	}
	err := s.engine.before(f)
	if f != nil && s.carried != nil { // others may have done something
		s.carried.look(s.app)
	}
	if err != nil {
		return nil, err
	}
	if s.op != "" && s.late(s.op, s.began) {
		return nil, context.DeadlineExceeded
	}
	return f, nil
}

// Answer is called once a request was carried out, with what Request returned: it fails if the answer does not arrive.
func (l Line) Answer(f *Fault) error {
	if f != nil {
		l.s.interrupted()
	}
	return l.s.engine.after(f)
}

// Fire counts a fault that the app brought about, and tells of it.
func (l Line) Fire(f *Fault) { l.s.w.fire(f.Family, f.Kind, f.On) }

// connect opens the connector of the seat.
func (s *seat) connect() (err error) {
	switch app := s.app.(type) {
	case Remote:
		s.via, err = app.Connect(Line{s})
	case *account:
		s.via, err = app.connect()
	case *fake.App:
		s.via = app
	}
	if err != nil {
		s.w.wrong("connecting to %s: %v", s.w.name(s.index), err)
		return err
	}
	s.can = connector.FeaturesOf(s.via)
	return nil
}

// word returns the world's name of a field that the app's connector tells.
func (a App) word(told string) string {
	for name, path := range a.Paths {
		if base, _, _ := strings.Cut(path, "["); base == told {
			return name
		}
	}
	return told
}

// Words returns what the app's connector tells in the world's names, of a list that is a single field of the world its
// primary entry.
func (a App) Words(told contact.Fields) contact.Fields {
	if len(a.Paths) == 0 || told == nil {
		return told
	}
	out := contact.Fields{}
	for field, v := range told {
		name := a.word(field)
		if strings.HasSuffix(a.path(name), "[primary]") {
			v = primary(v)
		}
		out[name] = v
	}
	return out
}

// primary returns the primary entry of a list, the first if none is flagged.
func primary(v contact.Value) contact.Value {
	entries := v.Entries()
	for _, e := range entries {
		if e.Primary {
			return e.Value
		}
	}
	if len(entries) > 0 {
		return entries[0].Value
	}
	return v
}

// words returns what the connector tells in the world's names.
func (s *seat) words(told contact.Fields) contact.Fields { return s.spec.Words(told) }

// carried is a call that writes while it is being carried out.
type carried struct {
	op     connector.Op
	before map[string]contact.Record // what the app held when it began, or when it was last told what the call did
	told   map[string]bool           // the records that were told of
}

// carry begins a call that writes.
func (s *seat) carry(op connector.Op) (end func()) {
	outer := s.carried
	s.carried = &carried{op: op, told: map[string]bool{}}
	s.carried.look(s.app)
	return func() { s.carried = outer }
}

// look takes in what the app holds now: what changes from here on is the call's doing.
func (c *carried) look(app Place) {
	c.before = map[string]contact.Record{}
	for _, r := range app.Records() {
		c.before[r.ID] = r
	}
}

// interrupted tells what a call has done so far, before anybody else does anything: whether its answer will arrive nobody
// knows.
func (s *seat) interrupted() {
	if s.carried != nil {
		s.tellAll()
		s.carried.look(s.app)
	}
}

// tellAll tells of all that a call has done and that was not told of, and whose answer did not arrive.
func (s *seat) tellAll() {
	ids := map[string]bool{}
	for id := range s.carried.before {
		ids[id] = true
	}
	for _, r := range s.app.Records() {
		ids[r.ID] = true
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		s.tell(id, false, false)
	}
}

// tell tells what a call did to a record, if it did anything or is known to have been carried out.
func (s *seat) tell(id string, done, told bool) {
	c := s.carried
	e := oracle.Event{Kind: oracle.Wrote, App: s.index, Conn: connName(s.conn), Engine: s.engine.index, Op: string(c.op), ID: id, Told: told, Rest: c.told[id]}
	was, there := c.before[id]
	now, is := s.app.Record(id)
	changed := there != is || was.Fields.Digest() != now.Fields.Digest()
	if !changed && (!done || c.told[id]) {
		return
	}
	c.told[id] = true
	if there {
		e.Before = s.w.whole(s.index, was.Fields)
	}
	if is {
		e.After = s.w.whole(s.index, now.Fields)
	}
	if c.op == connector.Create && there {
		e.Op = string(connector.Update) // it was there under its external id
	}
	s.w.happens(e)
	s.wrote(e)
	if now, is = s.app.Record(id); is { // the app may have done something of its own
		c.before[id] = now
	} else {
		delete(c.before, id)
	}
}
