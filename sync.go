package contactsync

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/contactsync/contactsync/connector"
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
	last    *resolved   // what doc was resolved to last
	version int64       // of the configuration that the store had when this handle got its own
	existed atomic.Bool // the store was seen to have the connection
	life    lastLife
}

// setSeen notes that this handle knows the configuration of that version.
func (s *Syncer) setSeen(version int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = version
}

// Open returns a handle on a connection between two apps. It reads their schemas, and returns an [*InvalidError]
// that names every fault of the configuration at once, but for a [Draft]. The connectors may be nil in a handle that only
// reads. A configuration that differs from the one that is stored holds from the next sync on.
func Open(ctx context.Context, c Connection, a, b connector.Connector, store Store, opts ...Option) (*Syncer, error) {
	s := &Syncer{store: store, opts: defaultOptions(), doc: c, last: &resolved{}}
	for _, o := range opts {
		o(&s.opts)
	}
	for side, app := range [2]connector.Connector{a, b} {
		if app != nil {
			s.apps[side] = s.wrap(app, Side(side), c)
		}
	}
	if (a == nil || b == nil) && !s.opts.draft {
		if c.ID == "" {
			return nil, &InvalidError{Faults: []Fault{{"id", "a connection needs an id"}}}
		}
		return s, nil
	}
	cfg, err := s.compile(ctx, c, s.last)
	if err != nil && !(s.opts.draft && errors.As(err, new(*InvalidError))) {
		return nil, s.noteRefusal(ctx, err)
	}
	s.cfg = cfg
	if s.opts.version != nil {
		s.version = *s.opts.version
		return s, nil
	}
	s.version, err = s.storedVersion(ctx)
	return s, err
}

// storedVersion returns the version of the configuration that the store has.
func (s *Syncer) storedVersion(ctx context.Context) (int64, error) {
	var row connectionRow
	err := s.scopeView(ctx, func(tx ReadTx) error { return s.life.read(tx, &row) })
	return row.Version, err
}

// ErrPaused says that the connection is paused; resume it to sync.
var ErrPaused = errors.New("the connection is paused; resume it to sync")

// ErrReadOnly says that the handle was opened without connectors: it shows, and takes decisions, and cannot ask an app.
var ErrReadOnly = errors.New("this handle has no connectors: it can only read")

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
// records is in the report and in their status. What a guard held or halted is no error either: [Report].Waiting says
// what waits for a person ([Syncer.Confirm]). Ending the context stops it within one call, and loses nothing.
func (s *Syncer) Sync(ctx context.Context) (*Report, error) {
	var report *Report
	err := s.leased(ctx, func(ctx context.Context, r *run) error {
		var err error
		report, err = r.sync(ctx)
		return err
	})
	return report, s.noteRefusal(ctx, err)
}

// Preview computes what Sync would do, and writes to no app. What it reads is kept; nothing is settled, linked,
// held or counted. It fails as Sync does, but of a connection that is paused it tells what a sync would do.
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
	doc    Connection // as the handle had it when the run began
	cfg    *config
	scope  Scope
	lease  Lease
	number int64
	seen   int64 // version of the configuration that the handle knows
	stores bool  // it is about to store the handle's configuration
	row    connectionRow
	saved  savedLife
	report runRow
	now    time.Time // when planning began: the one time that decisions see

	side      [2]sideRow
	hidden    [2]map[string]bool // hidden records that were told of in this sync
	pulledAt  [2]time.Time
	cutOff    [2]bool      // the app was not read to its end
	awaited   map[ref]bool // linked records that the app may not show yet, or named and did not know then
	firstRead [2]bool      // until both apps were read: nobody of that side was known before, and all who are read are due
	listed    [2]*listing  // what is asked for ahead
	separated map[[2]string]bool
	outlived  map[string]bool // the keys of separations of which a half is gone
	forgot    *forgotten
	insisted  map[ref]string     // records that a person wants created, by the key of that decision
	planned   map[string]holdRow // of a preview: what would be suggested
	merges    bool               // something is left over by a merge
	echoes    bool               // a record may be found by a match key that it lost
	requests  map[string]holdRow // what persons decided since the last sync
	ahead     bool               // it is a preview: they are not carried out yet
	looking   bool               // it is a preview: what it reads for the first time is not decided
	consents  map[string]holdRow
	open      map[ref]bool     // records that an unanswered write concerns
	assumed   [2][]string      // fields that nobody has read, and that a forecast takes for empty
	bearers   map[string][]ref // who bears which key, where that is not to be asked of the store; else nil
	gate      gate
	noted     []*pendingIntent      // writes of earlier runs without an answer, once a changed id asked for them
	repeats   map[ref]*repeat       // by source, creates that may be sent again under their external id
	took      []fusion              // what became of records that this sync was told of under ids that nobody knew
	graves    map[grave][]time.Time // when we deleted records of late, by the keys that they bore; nil until somebody asks
	looked    map[ref]bool          // sources that the other app was asked about before they are created there
	tries     map[ref]int           // refused versions, by record
	sideErr   [2]error              // why nothing more is sent to a side
	seq       int                   // of journal and intents
	landing   *landing              // the commit that is under way
	coming    []ref                 // the batch after the one that is worked on
	reading   *readahead            // of it
	links     int                   // made in this run
	blocked   []ref                 // refused in this round for a value that another record has
	wrote     bool                  // something was written in this round
	left      []Left                // what a rollback did not take back
	heldNow   map[string]bool       // what the guards hold, or a person has consented to, as this sync found it
	mu        sync.Mutex
	leaseEnd  time.Time
}

// leaseTTL is how long a lease lasts that is not renewed: who has not renewed one for as long is dead, and no call of theirs goes on.
const leaseTTL = 15 * time.Second

// leased runs fn while this engine alone works on the connection.
func (s *Syncer) leased(ctx context.Context, fn func(context.Context, *run) error) error {
	if !s.opts.draft && (s.apps[A] == nil || s.apps[B] == nil) {
		return ErrReadOnly
	}
	s.mu.Lock()
	doc, last, seen := s.doc, s.last, s.version
	s.mu.Unlock()
	cfg, err := s.compile(ctx, doc, last)
	if err != nil {
		return err
	}
	r := s.newRun()
	r.doc, r.cfg, r.seen = doc, cfg, seen
	return r.alone(ctx, func(ctx context.Context) error {
		s.opts.bind(r)
		defer s.opts.bind(nil)
		return fn(ctx, r)
	})
}

// newRun returns a run that has not begun, and has no lease.
func (s *Syncer) newRun() *run {
	return &run{Syncer: s, scope: scopeOf(s.document()), open: map[ref]bool{}, repeats: map[ref]*repeat{}, looked: map[ref]bool{},
		tries: map[ref]int{}, heldNow: map[string]bool{}}
}

// alone runs fn under the lease, and gives it back.
func (r *run) alone(ctx context.Context, fn func(context.Context) error) error {
	if err := r.acquire(ctx); err != nil {
		return err
	}
	defer func() {
		_ = r.store.Release(context.WithoutCancel(ctx), r.lease) // a lease that cannot be given back lapses
	}()
	err := fn(ctx)
	if late := r.landed(); err == nil {
		err = late
	}
	return err
}

// acquire takes the lease. If another engine has it, it watches it for as long as a lease lasts, and gives up if it was renewed
// meanwhile: then the other one lives. The end of a lease is by the other engine's clock, and says nothing by ours; it shows
// whether the lease was renewed. Where the other one lives all the same, it commits nothing any more.
func (r *run) acquire(ctx context.Context) error {
	holder := r.opts.randomText()
	first, err := r.acquireAsOf(ctx, holder, noLapse)
	last := first
	for range leaseTTL / time.Second {
		if last == nil {
			return err
		}
		if err := r.opts.clock.Sleep(ctx, time.Second); err != nil {
			return err
		}
		last, err = r.acquireAsOf(ctx, holder, noLapse)
	}
	if last != nil && last.Until.Equal(first.Until) {
		_, err = r.acquireAsOf(ctx, holder, first.Until)
	}
	return err
}

// noLapse is a time at which no lease has lapsed that an engine has not given back.
var noLapse = time.Unix(0, 0)

// acquireAsOf takes the lease if it is free, or has lapsed at a time. It then lasts by our clock, whatever time that is. If
// another engine has it, the lease is returned as it is.
func (r *run) acquireAsOf(ctx context.Context, holder string, at time.Time) (*LeasedError, error) {
	end := r.opts.clock.Now().Add(leaseTTL)
	lease, err := r.store.Acquire(ctx, r.scope, holder, at, end.Sub(at))
	if err == nil {
		r.lease, r.leaseEnd = lease, end
	}
	leased, _ := errors.AsType[*LeasedError](err)
	return leased, err
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

// view reads what the store has when all is in that was committed.
func (r *run) view(fn func(ReadTx) error) error {
	if err := r.landed(); err != nil {
		return err
	}
	return r.peek(fn)
}

// peek reads what the store has already.
func (r *run) peek(fn func(ReadTx) error) error {
	return r.store.View(context.Background(), r.scope, fn)
}

// update changes rows under the lease, which it renews first if need be.
func (r *run) update(ctx context.Context, fn func(Tx) error) error {
	if err := r.landed(); err != nil {
		return err
	}
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
	if len(due) > r.opts.batch { // it takes a while: whoever looks on is told
		r.progress(PhasePlan, 0, len(due))
		if err := r.update(ctx, func(tx Tx) error { return tx.Put(r.running()) }); err != nil {
			return err
		}
	}
	if _, err := r.rehearse(ctx, due, nil); err != nil || r.gate.halt != "" {
		return err
	}
	return r.push(ctx, due)
}

// readDue returns the records that are due, in the order in which they are decided: first those that are gone, for another
// one may take the place of such a one, and is no newcomer then.
func (r *run) readDue() ([]ref, error) {
	var living, gone []ref
	err := r.view(func(tx ReadTx) error {
		q := Scan{Table: TableMirror, By: mirrorDue, Until: dueStamp(r.now.Add(1)), KeysOnly: true, Limit: scanPage}
		for {
			rows, err := tx.Scan(q)
			if err != nil {
				return err
			}
			for _, row := range rows {
				at := parseRecordKey(row.Key)
				at.id = strings.Clone(at.id) // not all of the row stays in memory with it
				if _, lost := splitDue(row.Index[mirrorDue]); lost {
					gone = append(gone, at)
				} else {
					living = append(living, at)
				}
			}
			if len(rows) < scanPage {
				return nil
			}
			q.After = &rows[len(rows)-1]
		}
	})
	slices.SortFunc(gone, compareRefs)
	slices.SortFunc(living, compareRefs)
	return append(gone, living...), err
}
