package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
)

// A Variant is a way to play a scenario.
type Variant struct {
	Name    string
	Swapped bool   // with the apps in each other's place
	Shuffle uint64 // the seed of the order in which the apps tell their records; 0 is by change
}

// Variants are the ways in which every scenario is played.
func Variants() []Variant {
	return []Variant{
		{Name: "plain"}, {Name: "swapped", Swapped: true},
		{Name: "shuffled-1", Shuffle: 1}, {Name: "shuffled-2", Shuffle: 2}, {Name: "shuffled-3", Shuffle: 3},
	}
}

// world is what a scenario is played in.
type world struct {
	scenario   *Scenario
	clock      *clock
	apps       [2]*fake.App
	store      *mortal
	connection contactsync.Connection // as configured last
	syncer     *contactsync.Syncer
	ear        *Ear

	emails [2]map[string]string // ids by every email that a record has or had, the last bearer's
	bearer [2]map[string]string // ids by the emails of this moment; "" where several records share one

	seen []contactsync.HeldConflict // by the last conflicts step

	late   [2][]connector.Delivery // that were held back
	writes [2]fake.Writes          // of the last sync step
	calls  [2]map[string]int
	totals [2]fake.Writes // of all of them
}

// Play plays a scenario over an empty store and returns what was not as it must be: the file, the line, the step
// and the difference.
func Play(ctx context.Context, s *Scenario, store contactsync.Store, v Variant) error {
	if v.Swapped {
		swapped, err := s.Swapped()
		if err != nil {
			return err
		}
		s = swapped
	}
	w := &world{scenario: s, clock: newClock(), store: &mortal{Store: store}, ear: NewEar()}
	for side := range w.apps {
		name := contactsync.Side(side).String()
		w.apps[side] = fake.New(name, s.Apps[side].Fields, s.Apps[side].options(w, v.Shuffle)...)
		w.emails[side] = map[string]string{}
	}
	for side, app := range w.apps {
		other := w.apps[1-side]
		app.OnCrash(func() { // the process dies: it reaches neither the other app nor the store
			other.Crash()
			w.store.dead.Store(true)
		})
	}
	if s.Invalid != nil {
		return w.refused(ctx)
	}
	var err error
	if w.connection, err = s.parse(nil); err == nil {
		_, err = w.engine(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s:%d: %w", s.File, s.Line, err)
	}
	for i, step := range s.Steps {
		w.look()
		if err := step.does.play(ctx, w); err != nil {
			return fmt.Errorf("%s:%d: step %d (%s): %w", s.File, step.Line, i+1, step.Kind, err)
		}
	}
	w.look()
	if err := w.silent(); err != nil {
		return fmt.Errorf("%s:%d: %w", s.File, s.Line, err)
	}
	return nil
}

// refused returns an error unless the connection does not validate, with the message that the scenario wants.
func (w *world) refused(ctx context.Context) error {
	s := w.scenario
	var err error
	if w.connection, err = s.parse(nil); err == nil {
		_, err = w.engine(ctx)
	}
	if err == nil {
		return fmt.Errorf("%s:%d: the connection is valid; want an error that contains %q", s.File, s.Line, *s.Invalid)
	}
	if !strings.Contains(err.Error(), *s.Invalid) {
		return fmt.Errorf("%s:%d: the connection does not validate: %q; want an error that contains %q", s.File, s.Line, err, *s.Invalid)
	}
	return nil
}

// engine returns the engine: a new one at the start and after a crash.
func (w *world) engine(ctx context.Context) (*contactsync.Syncer, error) {
	if w.store.dead.Load() {
		w.store.dead.Store(false)
		w.syncer = nil
		for _, app := range w.apps {
			app.Revive()
		}
		if err := w.lapse(ctx); err != nil {
			return nil, err
		}
	}
	if w.syncer != nil {
		return w.syncer, nil
	}
	var err error
	w.syncer, err = contactsync.Open(ctx, w.connection, w.apps[0], w.apps[1], w.store, append(w.ear.Options(), contactsync.WithClock(w.clock))...)
	w.ear.Hear("open", err)
	return w.syncer, err
}

// lapse takes the lease from an engine that died.
func (w *world) lapse(ctx context.Context) error {
	scope := contactsync.Scope{Owner: owner, Connection: connectionID}
	lease, err := w.store.Acquire(ctx, scope, "scenario", w.clock.Now().Add(24*time.Hour), 0)
	if err != nil {
		return err
	}
	return w.store.Release(ctx, lease)
}

// sync runs one sync and counts what it did.
func (w *world) sync(ctx context.Context) (*contactsync.Report, error) {
	engine, err := w.engine(ctx)
	if err != nil {
		return nil, err
	}
	for _, app := range w.apps {
		app.BeginSync()
		app.Reset()
	}
	report, err := engine.Sync(ctx)
	w.ear.Hear("sync", err)
	w.ear.Hear("report", report)
	for side, app := range w.apps {
		n := app.Writes()
		w.writes[side], w.calls[side] = n, app.Calls()
		w.totals[side].Created += n.Created
		w.totals[side].Updated += n.Updated
		w.totals[side].Deleted += n.Deleted
	}
	return report, err
}

// look notes who has which email, so that a step can name records by it, and what is known of them.
func (w *world) look() {
	for side, app := range w.apps {
		w.bearer[side] = map[string]string{}
		for _, r := range app.Records() {
			w.ear.Know(w.scenario.Apps[side].Fields, r)
			for _, email := range w.emailsOf(side, r) {
				if _, shared := w.bearer[side][email]; shared {
					w.bearer[side][email] = ""
					continue
				}
				w.bearer[side][email], w.emails[side][email] = r.ID, r.ID
			}
		}
	}
}

// emailsOf returns the emails that a record has.
func (w *world) emailsOf(side int, r contact.Record) []string {
	var all []string
	for _, f := range w.scenario.Apps[side].Fields {
		if f.Type != contact.TypeEmail {
			continue
		}
		v := r.Get(f.Name)
		if !f.Many && !v.Blank() {
			all = append(all, v.Str())
		}
		for _, e := range v.Entries() {
			all = append(all, e.Value.Str())
		}
	}
	return all
}

// knows reports whether the app has or had a record of that name.
func (w *world) knows(side contactsync.Side, name string) bool {
	for _, r := range w.apps[side].Records() {
		if r.ID == name {
			return true
		}
	}
	_, known := w.emails[side][name]
	return known
}

// id returns the id of the record that is named by it or by an email that it had before the step. A name that
// nobody bears is taken for an id, as that of a record that is gone.
func (w *world) id(side contactsync.Side, name string) (string, error) {
	for _, r := range w.apps[side].Records() {
		if r.ID == name {
			return name, nil
		}
	}
	if id, ok := w.bearer[side][name]; ok {
		if id == "" {
			return "", fmt.Errorf("several records of %s have the email %s; name one by its id", side, name)
		}
		return id, nil
	}
	if id, ok := w.emails[side][name]; ok {
		return id, nil
	}
	return name, nil
}

// one returns the record that is named for one of the sides.
func (w *world) one(a, b string) (contactsync.Side, string, error) {
	side, name := contactsync.A, a
	if a == "" {
		side, name = contactsync.B, b
	}
	if (a == "") == (b == "") {
		return side, "", fmt.Errorf("name one record, as a: NAME or b: NAME")
	}
	id, err := w.id(side, name)
	return side, id, err
}

// now returns the fields with the text "now" of a datetime replaced by the clock's time.
func (w *world) now(side int, fields contact.Fields) contact.Fields {
	out := fields.Clone()
	for _, f := range w.scenario.Apps[side].Fields {
		if v, ok := out[f.Name]; ok && f.Type == contact.TypeDateTime && v.Str() == "now" {
			out[f.Name] = contact.DateTime(w.clock.Now())
		}
	}
	return out
}

// clock stands still but for its Sleep.
type clock struct {
	mu   sync.Mutex
	time time.Time
}

var _ connector.Clock = (*clock)(nil)

func newClock() *clock { return &clock{time: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)} }

// Now returns the clock's time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

// Sleep moves the clock.
func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > 0 {
		c.time = c.time.Add(d)
	}
	return ctx.Err()
}

// mortal is a store that refuses everything while the process that uses it is dead.
type mortal struct {
	contactsync.Store
	dead atomic.Bool
}

func (m *mortal) check() error {
	if m.dead.Load() {
		return fake.ErrCrash
	}
	return nil
}

// Acquire takes a lease, unless the process is dead.
func (m *mortal) Acquire(ctx context.Context, scope contactsync.Scope, holder string, now time.Time, ttl time.Duration) (contactsync.Lease, error) {
	if err := m.check(); err != nil {
		return contactsync.Lease{}, err
	}
	return m.Store.Acquire(ctx, scope, holder, now, ttl)
}

// Renew renews a lease, unless the process is dead.
func (m *mortal) Renew(ctx context.Context, lease contactsync.Lease, now time.Time, ttl time.Duration) error {
	if err := m.check(); err != nil {
		return err
	}
	return m.Store.Renew(ctx, lease, now, ttl)
}

// Release gives a lease back, unless the process is dead.
func (m *mortal) Release(ctx context.Context, lease contactsync.Lease) error {
	if err := m.check(); err != nil {
		return err
	}
	return m.Store.Release(ctx, lease)
}

// Update commits nothing once the process is dead.
func (m *mortal) Update(ctx context.Context, lease contactsync.Lease, fn func(contactsync.Tx) error) error {
	if err := m.check(); err != nil {
		return err
	}
	return m.Store.Update(ctx, lease, func(tx contactsync.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return m.check()
	})
}

// View shows nothing once the process is dead.
func (m *mortal) View(ctx context.Context, scope contactsync.Scope, fn func(contactsync.ReadTx) error) error {
	if err := m.check(); err != nil {
		return err
	}
	return m.Store.View(ctx, scope, fn)
}

// Scopes names no scope once the process is dead.
func (m *mortal) Scopes(ctx context.Context, owner string) ([]contactsync.Scope, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	return m.Store.Scopes(ctx, owner)
}
