package contactsync_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// stepClock is a clock that moves when somebody sleeps or a test says so.
type stepClock struct {
	mu  sync.Mutex
	now time.Time
}

func newStepClock() *stepClock {
	return &stepClock{now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)}
}

func (c *stepClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *stepClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(max(d, 0))
	return ctx.Err()
}

// mortalStore refuses everything while the process that uses it is dead.
type mortalStore struct {
	*memstore.Store
	dead bool
	// left is how many updates the process lives to see; 0 is any number. With late it dies when the last of them
	// is in, without it before.
	left int
	late bool
	die  func()
}

func (m *mortalStore) check() error {
	if m.dead {
		return fake.ErrCrash
	}
	return nil
}

func (m *mortalStore) Renew(ctx context.Context, l contactsync.Lease, now time.Time, ttl time.Duration) error {
	if err := m.check(); err != nil {
		return err
	}
	return m.Store.Renew(ctx, l, now, ttl)
}

func (m *mortalStore) Release(ctx context.Context, l contactsync.Lease) error {
	if err := m.check(); err != nil {
		return err
	}
	return m.Store.Release(ctx, l)
}

func (m *mortalStore) Update(ctx context.Context, l contactsync.Lease, fn func(contactsync.Tx) error) error {
	if err := m.check(); err != nil {
		return err
	}
	if m.left > 0 {
		if m.left--; m.left == 0 {
			m.dead = true
			m.die()
			if !m.late {
				return fake.ErrCrash
			}
			if err := m.Store.Update(ctx, l, fn); err != nil {
				return err
			}
			return fake.ErrCrash
		}
	}
	return m.Store.Update(ctx, l, fn)
}

func (m *mortalStore) View(ctx context.Context, s contactsync.Scope, fn func(contactsync.ReadTx) error) error {
	if err := m.check(); err != nil {
		return err
	}
	return m.Store.View(ctx, s, fn)
}

// place names one record of one app.
type place struct {
	side contactsync.Side
	id   string
}

// world is where a history is played.
type world struct {
	history
	setup  *setup
	clock  *stepClock
	apps   [2]*fake.App
	store  *mortalStore
	syncer *contactsync.Syncer
	told   int      // values that users have entered, so that each is another one
	ear    *silence // hears what a program is told, and users enter canaries; nil: nobody listens

	oracle
}

func newWorld(ctx context.Context, h history) (*world, error) {
	w := &world{history: h, setup: &setups[h.setup], clock: newStepClock(), store: &mortalStore{Store: memstore.New()}, oracle: newOracle()}
	for _, s := range contactsync.Sides {
		fields := w.setup.fields[s]
		if fields == nil {
			fields = plainFields
		}
		options := []fake.Option{fake.WithQuirks(h.quirks[s]), fake.WithClock(w.clock)}
		if h.markers[s] {
			options = append(options, fake.WithMarkers())
		}
		if h.noFeed[s] {
			options = append(options, fake.WithoutFeed())
		}
		if h.upsert[s] {
			options = append(options, fake.WithUpsert())
		}
		if h.push[s] {
			options = append(options, fake.WithPush("secret"))
		}
		w.apps[s] = fake.New(s.String(), fields, options...)
		w.apps[s].OnCrash(func() {
			w.apps[s.Other()].Crash()
			w.store.dead = true
		})
	}
	w.store.die = func() {
		for _, app := range w.apps {
			app.Crash()
		}
	}
	return w, w.open(ctx)
}

func (w *world) open(ctx context.Context) (err error) {
	c := w.setup.connection
	c.ID = "history"
	var apps [2]connector.Connector
	for s, app := range w.apps {
		apps[s] = app
		if w.bare[s] {
			apps[s] = bareApp{app}
		}
	}
	w.syncer, err = contactsync.Open(ctx, c, apps[contactsync.A], apps[contactsync.B], w.store,
		append(w.ear.options(), contactsync.WithClock(w.clock), contactsync.WithConcurrency(1), contactsync.WithBatch(w.batch))...)
	w.ear.hear("open", err)
	return err
}

// play plays a history, and returns which promise was broken and where.
func play(ctx context.Context, h history) error {
	w, err := newWorld(ctx, h)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	for i, e := range h.steps {
		w.clock.now = w.clock.now.Add(time.Second)
		if err := w.happen(ctx, e); err != nil {
			return fmt.Errorf("%w (in step %d, %s)", err, i+1, e)
		}
	}
	return w.comeToRest(ctx)
}

// happen lets one event happen.
func (w *world) happen(ctx context.Context, e event) error {
	switch e.kind {
	case "sync":
		return w.sync(ctx)
	case "preview":
		return w.previewThenSync(ctx)
	case "advance":
		w.calm()
		w.clock.now = w.clock.now.Add(settle + time.Hour)
		return nil
	case "store":
		w.store.left, w.store.late = 1+e.field, e.person%2 == 0
		w.armed = true
		return nil
	case "fault":
		if e.fault.Kind == fake.Conflict {
			w.told++
			v := fmt.Sprintf("c%d", w.told)
			e.fault.Edit = contact.Fields{"notes": contact.Text(v)}
			w.between[v] = true
		}
		if w.apps[e.side].Fail(e.fault) == nil { // a fault that does not fit its call is none
			w.armed = true
		}
		return nil
	case "put":
		return w.put(e)
	}
	return w.change(e)
}

// calm lets the reads of both apps catch up with what was written.
func (w *world) calm() {
	for range 4 {
		for _, app := range w.apps {
			app.BeginSync()
		}
	}
}

// put is a user who enters a person, unless they are there.
func (w *world) put(e event) error {
	if _, ok := w.find(e.side, e.person); ok {
		return nil
	}
	w.told++
	id := fmt.Sprintf("u%s%d", e.side, w.told)
	f := contact.Fields{"email": contact.Text(fmt.Sprintf("p%d@example.com", e.person))}
	w.enter(f, e.side, "first", fmt.Sprintf("f%d", e.person))
	if e.field%2 == 0 {
		w.enter(f, e.side, "notes", fmt.Sprintf("n%d", w.told))
	}
	if err := w.apps[e.side].Put(contact.Record{ID: id, Fields: f}); err != nil {
		return nil // the app refuses what its user does
	}
	w.noteUserRecord(place{e.side, id}, e.person)
	return nil
}

// enter puts a value where the app has the field, under whatever name and shape.
func (w *world) enter(into contact.Fields, s contactsync.Side, field, text string) {
	if w.ear != nil && text != "" && field != "phone" {
		text = canary + text
	}
	v := contact.Text(text)
	if text == "" {
		v = contact.Empty
	}
	schema, _ := w.apps[s].Schema(context.Background())
	f, ok := schema.Field(field)
	switch {
	case !ok && text == "":
		into["name"] = contact.Text("nn")
	case !ok:
		into["name"] = contact.Text(text + " nn")
	case f.Many && text != "":
		into[field] = contact.List(contact.Entry{Value: v}, contact.Entry{Value: contact.Text("+32470000000")})
	default:
		into[field] = v
	}
}

// find returns the record of a person in an app, the one with the lowest id.
func (w *world) find(s contactsync.Side, person int) (contact.Record, bool) {
	for _, r := range w.apps[s].Records() {
		if personOf(r) == person {
			return r, true
		}
	}
	return contact.Record{}, false
}

// personOf returns who a record is about, by the email that nobody edits.
func personOf(r contact.Record) int {
	n := -1
	_, _ = fmt.Sscanf(r.Get("email").Str(), "p%d@", &n)
	return n
}

var editable = []string{"first", "last", "phone", "notes", "first", "notes"}

// change is a user who edits or removes a person, if they are there.
func (w *world) change(e event) error {
	r, ok := w.find(e.side, e.person)
	if !ok {
		return nil
	}
	at := place{e.side, r.ID}
	w.noteShown(at, r)
	if e.kind == "remove" {
		w.noteRemoved(at, e.person)
		return w.apps[e.side].Remove(r.ID)
	}
	w.told++
	if e.kind == "rekey" {
		id := fmt.Sprintf("r%s%d", e.side, w.told)
		w.noteRekeyed(at, place{e.side, id})
		return w.apps[e.side].Rekey(r.ID, id)
	}
	fields := contact.Fields{}
	name := editable[e.field%len(editable)]
	switch e.kind {
	case "edit":
		text := fmt.Sprintf("%c%d", name[0], w.told)
		if name == "phone" {
			text = fmt.Sprintf("+3247%07d", w.told)
		}
		w.enter(fields, e.side, name, text)
	case "clear":
		w.enter(fields, e.side, name, "")
	case "tag", "untag":
		tag := contact.Entry{Value: contact.Text(fmt.Sprintf("t%d", 1+e.field%2))}
		c := contact.Change{Add: []contact.Entry{tag}}
		if e.kind == "untag" {
			c = contact.Change{Remove: []contact.Entry{tag}}
		}
		fields["tags"] = c.Apply(r.Get("tags"), contact.Field{Name: "tags", Type: contact.TypeSet})
		w.noteTag(at, tag.Value.Str(), e.kind == "tag")
	}
	if err := w.apps[e.side].Edit(r.ID, fields); err != nil {
		return fmt.Errorf("the user's edit: %w", err)
	}
	for field, v := range fields {
		if plain(field, v) == plain(field, r.Get(field)) {
			continue // nothing was changed
		}
		w.noteEdit(at, field, v)
	}
	return nil
}

// sync runs one sync and looks at what it did.
func (w *world) sync(ctx context.Context) error {
	w.clock.now = w.clock.now.Add(interval)
	for _, app := range w.apps {
		app.BeginSync()
	}
	if err := w.deliver(ctx); err != nil {
		return err
	}
	return w.syncNow(ctx)
}

// deliver hands over what the apps have delivered, every other one twice, in any order.
func (w *world) deliver(ctx context.Context) error {
	rng := rand.New(rand.NewPCG(w.order, uint64(w.number)))
	left := w.store.left
	w.store.left = 0 // it is the sync that dies
	defer func() { w.store.left = left }()
	for _, s := range contactsync.Sides {
		sent := w.apps[s].Deliveries()
		for _, d := range slices.Clone(sent) {
			if rng.IntN(2) == 0 {
				sent = append(sent, d)
			}
		}
		rng.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
		for _, d := range sent {
			if _, err := w.syncer.Receive(ctx, s, d); err != nil {
				return fmt.Errorf("a delivery was refused: %w", err)
			}
		}
	}
	return nil
}

func (w *world) syncNow(ctx context.Context) error {
	for _, app := range w.apps {
		app.Reset()
	}
	before := w.snapshot()
	armed := w.armed
	w.number++
	if armed {
		w.faulted = w.number
	}
	report, err := w.syncer.Sync(ctx)
	w.ear.hear("sync", err)
	w.ear.hear("report", report)
	if err != nil && !armed {
		return fmt.Errorf("a sync failed without a fault: %w", err)
	}
	for _, app := range w.apps { // faults last for one sync
		for _, kind := range []fake.Kind{fake.CrashBefore, fake.CrashAfter, fake.LostResponse, fake.ErrorAfter, fake.Unavailable, fake.RateLimited,
			fake.Unauthorized, fake.PartialBatch, fake.CursorExpired, fake.DuplicatePage, fake.Conflict} {
			for _, on := range []string{"changes", "read", "create", "update", "delete"} {
				_ = app.Fail(fake.Fault{On: on, Kind: kind}) // one that does not fit its call is not armed
			}
		}
		app.Revive()
	}
	w.armed, w.store.left = false, 0
	if w.store.dead {
		w.store.dead = false
		for _, app := range w.apps { // and its half-read pages are gone
			_, _ = app.Changes(ctx, connector.Query{})
		}
		if err := w.open(ctx); err != nil {
			return fmt.Errorf("open: %w", err)
		}
	}
	return w.judge(ctx, before, err == nil)
}

// previewThenSync checks that a preview writes nothing, and says what the sync then does.
func (w *world) previewThenSync(ctx context.Context) error {
	if w.armed || w.faulted == w.number && w.number > 0 {
		return w.sync(ctx) // an outcome that is unknown is found out by a sync only
	}
	w.clock.now = w.clock.now.Add(interval)
	for _, app := range w.apps {
		app.BeginSync()
		app.Reset()
	}
	if err := w.deliver(ctx); err != nil {
		return err
	}
	before, rows := w.snapshot(), w.dump(ctx)
	plan, err := w.syncer.Preview(ctx)
	if err != nil {
		return fmt.Errorf("preview failed: %w", err)
	}
	if after := w.snapshot(); !before.equal(after) || w.apps[0].Writes().Sum()+w.apps[1].Writes().Sum() > 0 {
		return fmt.Errorf("a preview wrote to an app")
	}
	if after := w.dump(ctx); after != rows && w.moved != w.number {
		return fmt.Errorf("a preview settled, linked, held or counted something: before\n%s\nafter\n%s", rows, after)
	}
	if err := w.syncNow(ctx); err != nil {
		return err
	}
	for _, s := range contactsync.Sides {
		did := w.apps[s].Writes()
		if got := (contactsync.Counts{Created: did.Created, Updated: did.Updated, Deleted: did.Deleted}); plan.Counts[s] != got && w.quirks[s].Normalize == nil && len(plan.Waiting) == 0 && !strings.Contains(rows, "intent ") &&
			!(w.moved == w.number-1 && w.quirks[s].NoTombstones) && // such an app does not say that what it moved is gone
			!(w.bare[s] && w.quirks[s].StaleReads > 0) { // nor can such a one be asked whether it only lags
			return fmt.Errorf("a preview said something else than the sync did: in %s %+v, then %+v", s, plan.Counts[s], got)
		}
	}
	return nil
}

// dump returns all rows but those of what was read.
func (w *world) dump(ctx context.Context) string {
	var b strings.Builder
	_ = w.store.View(ctx, contactsync.Scope{Connection: "history"}, func(tx contactsync.ReadTx) error {
		for _, t := range contactsync.Tables {
			if slices.Contains([]contactsync.Table{contactsync.TableMirror, contactsync.TableSide, contactsync.TableKey, contactsync.TableInbox}, t) {
				continue
			}
			rows, err := tx.Scan(contactsync.Scan{Table: t, By: contactsync.ByKey})
			if err != nil {
				return err
			}
			for _, r := range rows {
				fmt.Fprintf(&b, "%s %q %q %s\n", t, r.Key, r.Index, r.Body)
			}
		}
		return nil
	})
	return b.String()
}

// bareApp hides all that an app can do beyond the three methods of a connector.
type bareApp struct{ connector.Connector }
