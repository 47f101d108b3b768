package contactsync

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// A Syncer is a handle on one connection. Its methods are safe for use by several goroutines; two syncs of one
// connection never run at the same time, in whatever process.
type Syncer struct {
	store Store
	apps  [2]connector.Connector // nil in a handle that only reads
	opts  options

	mu      sync.Mutex
	doc     Connection
	cfg     *config
	version int64 // of the configuration that the store had when this handle got its own
}

// setSeen notes that this handle knows the configuration of that version.
func (s *Syncer) setSeen(version int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = version
}

// ErrReconfigured says that another handle has changed the connection's configuration since this one was opened or
// configured. Nothing was written; open it again.
var ErrReconfigured = errors.New("the connection was configured otherwise meanwhile; open it again with the configuration that is to hold")

// Open returns a handle on a connection between two apps. It reads their schemas, and returns an [*InvalidError]
// that names every fault of the configuration at once. The connectors may be nil in a handle that only reads.
// A configuration that differs from the one that the last sync worked with holds from the next sync on.
func Open(ctx context.Context, c Connection, a, b connector.Connector, store Store, opts ...Option) (*Syncer, error) {
	s := &Syncer{store: store, opts: defaultOptions()}
	for _, o := range opts {
		o(&s.opts)
	}
	for side, app := range [2]connector.Connector{a, b} {
		if app != nil {
			s.apps[side] = s.wrap(app, Side(side), c)
		}
	}
	if a == nil || b == nil {
		if c.ID == "" {
			return nil, &InvalidError{Faults: []Fault{{"id", "a connection needs an id"}}}
		}
		s.doc = c
		return s, nil
	}
	cfg, err := s.compile(ctx, c)
	if err != nil {
		return nil, err
	}
	s.doc, s.cfg = c, cfg
	s.version, err = s.storedVersion(ctx)
	return s, err
}

// storedVersion returns the version of the configuration that the store has.
func (s *Syncer) storedVersion(ctx context.Context) (int64, error) {
	var row connectionRow
	err := s.scopeView(ctx, func(tx ReadTx) error { return getRow(tx, TableConnection, "", &row) })
	return row.Version, err
}

// ErrPaused says that the connection is paused; resume it to sync.
var ErrPaused = errors.New("the connection is paused; resume it to sync")

// ErrReadOnly says that the handle was opened without connectors.
var ErrReadOnly = errors.New("this handle has no connectors: it can only read")

// compile reads the schemas and resolves the connection against them.
func (s *Syncer) compile(ctx context.Context, c Connection) (*config, error) {
	var schemas [2]*contact.Schema
	for _, side := range Sides {
		schema, err := s.apps[side].Schema(ctx)
		if err != nil {
			return nil, fmt.Errorf("schema of %s: %w", side, err)
		}
		schemas[side] = &schema
	}
	c, err := s.activated(ctx, c, schemas)
	if err != nil {
		return nil, err
	}
	cfg, bad := compile(&c, schemas)
	if len(bad) > 0 {
		return nil, &InvalidError{Connection: c.ID, Faults: bad}
	}
	return cfg, nil
}

// activated returns the connection with the default mappings that it had when it was first synced: a field that an
// app gains later is never mapped by itself.
func (s *Syncer) activated(ctx context.Context, c Connection, schemas [2]*contact.Schema) (Connection, error) {
	if c.Mappings != nil {
		return c, nil
	}
	c.Mappings = defaultMappings(schemas)
	var row connectionRow
	err := s.store.View(ctx, scopeOf(c), func(tx ReadTx) error { return getRow(tx, TableConnection, "", &row) })
	if err != nil || row.Defaults == nil {
		return c, err
	}
	c.Mappings = slices.DeleteFunc(row.Defaults, func(m Mapping) bool {
		return slices.ContainsFunc(m.A, func(text string) bool { return !hasField(schemas[A], text) }) ||
			slices.ContainsFunc(m.B, func(text string) bool { return !hasField(schemas[B], text) })
	})
	return c, nil
}

func hasField(schema *contact.Schema, selector string) bool {
	sel, err := contact.ParseSelector(selector)
	if err != nil {
		return false
	}
	_, ok := schema.Field(sel.Field)
	return ok
}

func scopeOf(c Connection) Scope { return Scope{Owner: c.Owner, Connection: c.ID} }

// getRow reads one row into v and leaves v alone if there is none.
func getRow(tx ReadTx, t Table, key string, v any) error {
	rows, err := tx.Get(t, key)
	if err != nil || len(rows) == 0 {
		return err
	}
	return unmarshal(rows[0], v)
}

// Sync runs one sync to its end: it reads what changed in both apps, decides, and writes. The error is for a sync
// that did not run to its end ([ErrPaused], [ErrLeased], an app that cannot be reached or read); what befell single
// records is in the report and in their status. Ending the context stops it within one call, and loses nothing.
func (s *Syncer) Sync(ctx context.Context) (*Report, error) {
	var report *Report
	err := s.leased(ctx, func(ctx context.Context, r *run) error {
		var err error
		report, err = r.sync(ctx)
		return err
	})
	return report, err
}

// Preview computes what Sync would do, and writes to no app. What it reads is kept; nothing is settled, linked,
// held or counted.
func (s *Syncer) Preview(ctx context.Context) (*Plan, error) {
	var plan *Plan
	err := s.leased(ctx, func(ctx context.Context, r *run) error {
		var err error
		plan, err = r.preview(ctx)
		return err
	})
	return plan, err
}

// run is one sync or preview, under its lease.
type run struct {
	*Syncer
	cfg    *config
	scope  Scope
	lease  Lease
	number int64
	seen   int64 // version of the configuration that the handle knows
	row    connectionRow
	report runRow
	now    time.Time // when planning began: the one time that decisions see

	side      [2]sideRow
	pulledAt  [2]time.Time
	separated map[[2]string]bool
	resolved  map[string]holdRow // by link and mapping
	consents  map[string]holdRow
	open      map[ref]bool // records that an unanswered write concerns
	gate      gate
	tries     map[ref]int     // refused versions, by record
	sideErr   [2]error        // why nothing more is sent to a side
	seq       int             // of journal and intents
	links     int             // made in this run
	blocked   []ref           // refused in this round for a value that another record has
	wrote     bool            // something was written in this round
	heldNow   map[string]bool // what the guards hold, or a person has consented to, as this sync found it
	mu        sync.Mutex
	leaseEnd  time.Time
}

const (
	leaseTTL  = 15 * time.Second
	leaseWait = 15 * time.Second
)

// leased runs fn while this engine alone works on the connection.
func (s *Syncer) leased(ctx context.Context, fn func(context.Context, *run) error) error {
	if s.apps[A] == nil || s.apps[B] == nil {
		return ErrReadOnly
	}
	s.mu.Lock()
	doc, seen := s.doc, s.version
	s.mu.Unlock()
	cfg, err := s.compile(ctx, doc)
	if err != nil {
		return err
	}
	r := &run{Syncer: s, cfg: cfg, seen: seen, scope: scopeOf(doc), open: map[ref]bool{}, tries: map[ref]int{}, heldNow: map[string]bool{}}
	if err := r.acquire(ctx); err != nil {
		return err
	}
	defer func() {
		_ = s.store.Release(context.WithoutCancel(ctx), r.lease) // a lease that cannot be given back lapses
	}()
	s.opts.bind(r)
	defer s.opts.bind(nil)
	return fn(ctx, r)
}

// acquire takes the lease. If another engine holds it, it waits until that lapses, and gives up if it was renewed
// meanwhile: then the other one lives.
func (r *run) acquire(ctx context.Context) error {
	holder := rand.Text()
	deadline := r.opts.clock.Now().Add(leaseWait)
	for {
		now := r.opts.clock.Now()
		lease, err := r.store.Acquire(ctx, r.scope, holder, now, leaseTTL)
		if err == nil {
			r.lease, r.leaseEnd = lease, now.Add(leaseTTL)
			return nil
		}
		if !errors.Is(err, ErrLeased) || !now.Before(deadline) {
			return err
		}
		if err := r.opts.clock.Sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// keepLease renews the lease when a third of it is gone. It is called before every call that writes to an app.
func (r *run) keepLease(ctx context.Context) error {
	now := r.opts.clock.Now()
	r.mu.Lock()
	fresh := now.Before(r.leaseEnd.Add(-2 * leaseTTL / 3))
	r.mu.Unlock()
	if fresh {
		return nil
	}
	if err := r.store.Renew(ctx, r.lease, now, leaseTTL); err != nil {
		return err
	}
	r.mu.Lock()
	r.leaseEnd = now.Add(leaseTTL)
	r.mu.Unlock()
	return nil
}

func (r *run) view(fn func(ReadTx) error) error {
	return r.store.View(context.Background(), r.scope, fn)
}

// update changes rows under the lease, which it renews first if need be.
func (r *run) update(ctx context.Context, fn func(Tx) error) error {
	if err := r.keepLease(ctx); err != nil {
		return err
	}
	return r.store.Update(ctx, r.lease, fn)
}

func (r *run) nextLink() string {
	r.links++
	return linkKey(r.number, r.links)
}

// sync runs one sync to its end.
func (r *run) sync(ctx context.Context) (*Report, error) {
	err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	err = r.work(ctx)
	if endErr := r.end(ctx, err); err == nil {
		err = endErr
	}
	if err != nil {
		return nil, err
	}
	return r.result(), nil
}

// begin reads the connection's life, and notes that a sync runs.
func (r *run) begin(ctx context.Context) error {
	if err := r.readLife(); err != nil {
		return err
	}
	if err := r.countLast(); err != nil {
		return err
	}
	r.row.Runs++
	r.number = r.row.Runs
	r.report.Started = r.opts.clock.Now()
	if err := r.reindex(ctx); err != nil {
		return err
	}
	if err := r.reconfigure(ctx); err != nil {
		return err
	}
	return r.update(ctx, r.saveLife)
}

// countLast counts what the run before this one did, if it died before it could.
func (r *run) countLast() error {
	var last runRow
	err := r.view(func(tx ReadTx) error { return getRow(tx, TableRun, runKey(r.row.Runs), &last) })
	if err == nil && r.row.Runs > 0 && last.Ended.IsZero() {
		r.row.take(&last)
	}
	return err
}

// take adds what a run did to the totals, and to what the guards count.
func (row *connectionRow) take(run *runRow) {
	for _, s := range Sides {
		row.Totals[s].add(run.Counts[s])
	}
	if run.Deletes+run.Clears > 0 {
		row.Removed = append(row.Removed, removedRow{run.Started, run.Deletes, run.Clears})
	}
}

// reindex has every record found by the match keys of the configuration, if it was by others.
func (r *run) reindex(ctx context.Context) error {
	index := string(marshal(r.cfg.Match))
	if r.row.Index == index {
		return nil
	}
	if r.row.Index != "" {
		if err := r.touchAll(ctx, true); err != nil {
			return err
		}
	}
	r.row.Index = index
	return r.update(ctx, func(tx Tx) error {
		var row connectionRow
		if err := getRow(tx, TableConnection, "", &row); err != nil {
			return err
		}
		row.Index = index
		return tx.Put(Row{Table: TableConnection, Body: marshal(row)})
	})
}

// readLife reads what the store knows of the connection as a whole.
func (r *run) readLife() error {
	err := r.view(func(tx ReadTx) error {
		if err := getRow(tx, TableConnection, "", &r.row); err != nil {
			return err
		}
		for _, s := range Sides {
			if err := getRow(tx, TableSide, s.String(), &r.side[s]); err != nil {
				return err
			}
		}
		return r.readHolds(tx)
	})
	if err == nil && r.row.State == StatePaused {
		return ErrPaused
	}
	return err
}

// saveLife writes the connection's life. What a person changed meanwhile (pause) stands.
func (r *run) saveLife(tx Tx) error {
	var now connectionRow
	if err := getRow(tx, TableConnection, "", &now); err != nil {
		return err
	}
	row := r.row
	if now.State != "" {
		row.State = now.State
	}
	if row.State == "" {
		row.State = StateActive
	}
	run := Row{Table: TableRun, Key: runKey(r.number), Body: marshal(r.report)}
	return tx.Put(Row{Table: TableConnection, Body: marshal(row)}, run)
}

// reconfigure compares the configuration with the one that was worked with last. What a change touches is looked
// at again: every pair and every record that waits.
func (r *run) reconfigure(ctx context.Context) error {
	config, err := json.Marshal(r.cfg.Connection)
	if err != nil {
		return err
	}
	defer func() { r.cfg.version = r.row.Version }()
	if string(config) == string(r.row.Config) {
		r.setSeen(r.row.Version)
		return nil
	}
	if r.row.Version > r.seen {
		return ErrReconfigured
	}
	first := r.row.Config == nil
	r.row.Config = config
	r.row.Version++
	r.setSeen(r.row.Version)
	if r.row.Defaults == nil && r.doc.Mappings == nil {
		r.row.Defaults = r.cfg.Connection.Mappings
	}
	if first {
		return nil
	}
	return r.touchAll(ctx, false)
}

// touchAll makes every live record due, a batch at a time; with rekey it is also found by its keys anew.
func (r *run) touchAll(ctx context.Context, rekey bool) error {
	if rekey {
		if err := r.dropKeys(ctx); err != nil {
			return err
		}
	}
	var last *Row
	for {
		var rows []Row
		err := r.view(func(tx ReadTx) (err error) {
			rows, err = tx.Scan(Scan{Table: TableMirror, By: ByKey, After: last, Limit: batchUnits})
			return err
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		last = &rows[len(rows)-1]
		if err := r.touchRows(ctx, rows, rekey); err != nil {
			return err
		}
	}
}

// touchRows makes these records due, and with rekey has them found by their keys.
func (r *run) touchRows(ctx context.Context, rows []Row, rekey bool) error {
	b := r.newBook()
	var entries []string
	for _, row := range rows {
		m, err := parseMirror(row, r.cfg)
		if err != nil {
			return err
		}
		m.due = dueNow
		b.mirrors[m.ref()] = m
		b.dirtyMirrors[m.ref()] = true
		for _, k := range m.keys {
			entries = append(entries, keyEntry(m.side, k))
		}
	}
	if rekey {
		b.findBearers(entries)
		for _, at := range sortedRefs(b.dirtyMirrors) {
			m := b.mirrors[at]
			for _, k := range m.keys {
				b.setKey(at, k, m.alive())
			}
		}
	}
	return b.commit(ctx)
}

// dropKeys forgets how records are found: the connection's keys mean something else now.
func (r *run) dropKeys(ctx context.Context) error {
	for {
		n := 0
		err := r.update(ctx, func(tx Tx) error {
			rows, err := tx.Scan(Scan{Table: TableKey, By: ByKey, Limit: 10 * batchUnits, KeysOnly: true})
			if err != nil {
				return err
			}
			keys := make([]string, len(rows))
			for i, row := range rows {
				keys[i] = row.Key
			}
			n = len(keys)
			return tx.Delete(TableKey, keys...)
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// work pulls, plans and pushes.
func (r *run) work(ctx context.Context) error {
	if err := r.checkAccounts(ctx); err != nil || r.gate.halt != "" {
		return err
	}
	if err := r.pull(ctx); err != nil {
		return err
	}
	if err := r.recover(ctx); err != nil {
		return err
	}
	if err := r.applyRequests(ctx); err != nil {
		return err
	}
	r.now = r.opts.clock.Now()
	due, err := r.readDue()
	if err != nil {
		return err
	}
	if _, err := r.rehearse(ctx, due, nil); err != nil || r.gate.halt != "" {
		return err
	}
	return r.push(ctx, due)
}

// readDue returns the records that are due, in the order in which they are decided.
func (r *run) readDue() ([]ref, error) {
	var refs []ref
	err := r.view(func(tx ReadTx) error {
		rows, err := tx.Scan(Scan{Table: TableMirror, By: mirrorDue, Until: dueStamp(r.now.Add(1)), KeysOnly: true})
		for _, row := range rows {
			refs = append(refs, parseRecordKey(row.Key))
		}
		return err
	})
	slices.SortFunc(refs, compareRefs)
	return refs, err
}

// batchUnits is how many records are planned and pushed together: memory follows it, not the address books.
const batchUnits = 500

// maxRounds is how often a unit is planned again on its result before that is reported.
const maxRounds = 8

// push decides what is due and carries it out, batch by batch.
func (r *run) push(ctx context.Context, due []ref) error {
	for i := 0; i < len(due); i += batchUnits {
		if err := r.pushBatch(ctx, due[i:min(i+batchUnits, len(due))]); err != nil {
			return err
		}
		r.progress(PhasePush, i+batchUnits, len(due))
		if r.sideErr[A] != nil && r.sideErr[B] != nil {
			break
		}
	}
	return errors.Join(r.sideErr[A], r.sideErr[B])
}

// pushBatch decides some records and carries that out, again and again until nothing is left: a result may let
// another record in, or free a key.
func (r *run) pushBatch(ctx context.Context, refs []ref) error {
	if err := r.stopIfPaused(); err != nil {
		return err
	}
	b := r.newBook()
	b.prefetch(refs)
	var err error
	for round := 0; err == nil && len(refs) > 0 && round < maxRounds; round++ {
		r.blocked, r.wrote = nil, false
		err = r.send(ctx, b, r.decide(b, refs, nil))
		for _, at := range r.blocked {
			if r.wrote { // a value that another record had may be free now
				b.touch(at)
			}
		}
		refs = b.takeDue()
	}
	// What the app has done is noted, even if nobody waits any more.
	return errors.Join(err, b.commit(context.WithoutCancel(ctx)))
}

// stopIfPaused ends the sync if a person has paused the connection meanwhile.
func (r *run) stopIfPaused() error {
	var row connectionRow
	err := r.view(func(tx ReadTx) error { return getRow(tx, TableConnection, "", &row) })
	if err == nil && row.State == StatePaused {
		err = ErrPaused
	}
	return err
}

// rehearse runs the whole plan without carrying anything out, for the totals that the guards look at. seen, if it
// is not nil, is told every write.
func (r *run) rehearse(ctx context.Context, due []ref, seen func(*write, *move)) (*tally, error) {
	t := &tally{}
	if err := r.countLinked(t); err != nil {
		return nil, err
	}
	if t.linked == 0 && !r.cfg.Guard.MaxCreates.Set && seen == nil {
		return t, nil // nothing is linked, so nothing can be deleted or cleared
	}
	counted := map[string]bool{}
	for i := 0; i < len(due); i += batchUnits {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.rehearseBatch(due[i:min(i+batchUnits, len(due))], t, counted, seen); err != nil {
			return nil, err
		}
		r.progress(PhasePlan, i+batchUnits, len(due))
	}
	r.judge(t)
	return t, nil
}

// rehearseBatch decides some records and simulates the results, on a book that is dropped.
func (r *run) rehearseBatch(refs []ref, t *tally, counted map[string]bool, seen func(*write, *move)) error {
	b := r.newBook()
	b.prefetch(refs)
	links := r.links
	defer func() { r.links = links }()
	for round := 0; len(refs) > 0 && round < maxRounds; round++ {
		count := func(m *move) {
			t.count(m, counted)
			for _, w := range m.writes {
				if key := fmt.Sprintf("%s %s %s %d", w.op, w.side, w.id, round); seen != nil && !counted[key] {
					counted[key] = true
					seen(w, m)
				}
			}
		}
		for _, w := range r.decide(b, refs, count) {
			r.simulate(b, w)
		}
		refs = b.takeDue()
	}
	return b.err
}

// decide decides some records on the book and returns the writes, updates first, then creations, then deletions.
func (r *run) decide(b *book, refs []ref, count func(*move)) []*write {
	pl := &planner{cfg: r.cfg, dir: b, now: r.now, gate: r.gate, consent: r.consented}
	var writes []*write
	done := map[ref]bool{}
	for _, ref := range refs {
		if done[ref] || b.err != nil {
			continue
		}
		m := pl.decide(ref)
		if m == nil {
			r.exhume(b, ref)
			continue
		}
		if count != nil {
			count(m)
		}
		for _, s := range Sides {
			if m.rec[s] != nil {
				done[m.rec[s].ref()] = true
			}
		}
		done[ref] = true
		r.carry(b, ref, m)
		writes = append(writes, m.writes...)
	}
	slices.SortStableFunc(writes, func(x, y *write) int { return order(x) - order(y) })
	return writes
}

func order(w *write) int {
	switch w.op {
	case connector.Update:
		return 0
	case connector.Create:
		return 1
	}
	return 2
}
