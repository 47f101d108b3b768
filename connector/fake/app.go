package fake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// An App is an app in memory and the connector to it: [connector.Connector], [connector.Lister],
// [connector.Reader], [connector.Finder], [connector.KeyFinder], [connector.Upserter], [connector.Receiver] and
// [connector.Identifier]. What it can do of these is what its options say. It is safe for use by several goroutines.
type App struct {
	name   string
	schema contact.Schema
	quirks Quirks
	clock  connector.Clock
	seed   uint64 // of the order in which records are told; 0 means by their last change
	noFeed bool
	push   bool   // it can never be listed: every change is delivered
	hints  bool   // every change is delivered as a hint
	secret string // that signs deliveries

	mu       sync.Mutex
	identity string
	kinds    []connector.Kind
	records  map[string]*record
	versions map[string]int // the last version of every id that there ever was, so that none is given twice
	created  int            // how many ids the app has given
	hidden   map[string]bool
	log      []event
	last     map[string]int  // the place behind the last event of every id
	lags     map[string]*lag // records that the feed does not show as they are
	syncs    int
	repeat   *connector.Page // the page that the next call of Changes repeats
	faults   []*Fault
	dead     bool
	onCrash  func()
	calls    map[string]int
	writes   Writes

	deliveries []connector.Delivery // that nobody has taken yet
	delivered  int                  // how many there ever were
	pushed     time.Time            // of the last change that was delivered
	onDelivery func(connector.Delivery) error
}

// record is what the app holds of one person. It is never changed once it is stored: a change makes a new one.
type record struct {
	id       string
	fields   contact.Fields // without blank ones
	version  int
	modified time.Time
	marker   string // of the create that made it: its external id
}

// An Option sets up an App.
type Option func(*App)

// WithQuirks makes the app misbehave.
func WithQuirks(q Quirks) Option { return func(a *App) { a.quirks = q } }

// WithClock sets the clock of the modification times; the default is the machine's.
func WithClock(c connector.Clock) Option { return func(a *App) { a.clock = c } }

// WithMarkers makes the app keep the marker of a create, so that [App.Find] finds the record again.
func WithMarkers() Option { return func(a *App) { a.schema.Marker = true } }

// WithLimits makes the app one that cannot do something; it promises no more ([contact.Schema.Limited]).
func WithLimits(limits ...contact.Limit) Option {
	return func(a *App) { a.schema.Limits = append(a.schema.Limits, limits...) }
}

// WithKinds makes the app one whose account has these kinds of records, of which the chosen one is this.
func WithKinds(kinds ...connector.Kind) Option { return func(a *App) { a.kinds = kinds } }

// WithShuffle makes the app tell its records in another order, the same for the same seed; 0 is the order of
// their last change.
func WithShuffle(seed uint64) Option { return func(a *App) { a.seed = seed } }

// WithoutFeed makes the app one that has no change feed: [App.Changes] fails with [connector.ErrNoFeed].
func WithoutFeed() Option { return func(a *App) { a.noFeed = true } }

// New returns an app without records. The ids that it gives begin with name ("crm-1", "crm-2", ...).
func New(name string, fields []contact.Field, options ...Option) *App {
	a := &App{
		name: name, identity: "account of " + name, clock: connector.SystemClock{},
		records: map[string]*record{}, versions: map[string]int{}, hidden: map[string]bool{},
		last: map[string]int{}, lags: map[string]*lag{}, calls: map[string]int{},
	}
	for _, o := range options {
		o(a)
	}
	batch := a.quirks.batchSize()
	a.schema.Fields = slices.Clone(fields)
	a.schema.Versions = !a.quirks.NoVersions
	a.schema.Tombstones = !a.quirks.NoTombstones && !a.noFeed && !a.push
	a.schema.Modified = !a.quirks.NoModified
	a.schema.Settle = a.quirks.Settle
	a.schema.Unique = slices.Clone(a.quirks.Unique)
	a.schema.Batch = contact.Batch{Create: batch, Update: batch, Delete: batch, Read: batch}
	a.schema.Parallel = 1
	a.schema.Unlistable = a.push
	a.schema = a.schema.Limited(a.schema.Limits...)
	return a
}

// Features returns what the app can do: one that only pushes can neither be listed nor read.
func (a *App) Features() connector.Features {
	f := connector.Features{Finder: a, KeyFinder: a, Upserter: a, Receiver: a, Identifier: a}
	if !a.push {
		f.Lister, f.Reader = a, a
	}
	if a.kinds != nil {
		f.KindLister = a
	}
	return f
}

// Schema describes the fields that New was given and what the app can do with its quirks. It is not a counted
// call and no fault befalls it.
func (a *App) Schema(ctx context.Context) (contact.Schema, error) {
	if err := ctx.Err(); err != nil {
		return contact.Schema{}, err
	}
	if a.kinds != nil && !slices.ContainsFunc(a.kinds, func(k connector.Kind) bool { return k.Chosen }) {
		return contact.Schema{}, a.fail("schema", "", connector.ErrNotFound)
	}
	s := a.schema
	s.Limits = slices.Clone(s.Limits)
	s.Fields, s.Unique, s.FindBy = slices.Clone(s.Fields), slices.Clone(s.Unique), slices.Clone(s.FindBy)
	return s, nil
}

// Kinds are those of [WithKinds].
func (a *App) Kinds(ctx context.Context) ([]connector.Kind, error) {
	return slices.Clone(a.kinds), ctx.Err()
}

// Identity names the account, by default after the app.
func (a *App) Identity(ctx context.Context) (string, error) {
	name := ""
	err := a.call(ctx, "identity", func(*Fault) error {
		name = a.identity
		return nil
	})
	return name, err
}

// SetIdentity makes the app one of another account.
func (a *App) SetIdentity(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.identity = name
}

// Records returns what the app holds, sorted by id, hidden fields included and blank ones left out.
func (a *App) Records() []contact.Record {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []contact.Record
	for _, id := range slices.Sorted(maps.Keys(a.records)) {
		r := a.records[id]
		told := a.head(r)
		told.Fields = r.fields.Clone()
		all = append(all, told)
	}
	return all
}

// Record returns what the app holds under an id, as [App.Records] does, and whether there is such a record.
func (a *App) Record(id string) (contact.Record, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.records[id]
	if r == nil {
		return contact.Record{ID: id}, false
	}
	told := a.head(r)
	told.Fields = r.fields.Clone()
	return told, true
}

// Writes counts records that the connector wrote.
type Writes struct{ Created, Updated, Deleted int }

// Sum returns how many writes there were.
func (w Writes) Sum() int { return w.Created + w.Updated + w.Deleted }

// Writes returns how many records were created, updated and deleted through the connector since the last Reset.
// A write that the app carried out counts, whatever its caller was told.
func (a *App) Writes() Writes {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.writes
}

// Calls returns how many calls of the connector there were since the last Reset, by operation: "changes",
// "list", "read", "find", "identity", "create", "update", "delete". A call that failed counts.
func (a *App) Calls() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.calls)
}

// Reset sets the counts of [App.Writes] and [App.Calls] to zero.
func (a *App) Reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.writes, a.calls = Writes{}, map[string]int{}
}

// head returns what the app tells of a record but its fields.
func (a *App) head(r *record) contact.Record {
	told := contact.Record{ID: r.id}
	if !a.quirks.NoVersions {
		told.Version = strconv.Itoa(r.version)
	}
	if !a.quirks.NoModified {
		told.Modified = r.modified.Truncate(a.quirks.Granularity)
	}
	return told
}

// tell returns the record as the app tells it: the named fields of the schema, all for nil. A field that is
// hidden is absent.
func (a *App) tell(r *record, fields []string) contact.Record {
	told := a.head(r)
	told.Fields = make(contact.Fields, len(a.schema.Fields))
	for _, f := range a.schema.Fields {
		if a.hidden[f.Name] || fields != nil && !slices.Contains(fields, f.Name) {
			continue
		}
		told.Fields[f.Name] = contact.Empty
		if v, ok := r.fields[f.Name]; ok {
			told.Fields[f.Name] = v
		}
	}
	return told
}

// put stores fields as the record id holds them from now on, as a new version.
func (a *App) put(id string, fields contact.Fields, marker string) *record {
	a.versions[id]++
	before := a.records[id]
	r := &record{id: id, fields: fields, version: a.versions[id], modified: a.tick(), marker: marker}
	a.records[id] = r
	a.note(event{id: id})
	a.deliver(a.told(before, r))
	return r
}

// newID returns an id that no record of the app ever had, or that none has.
func (a *App) newID() string {
	if a.quirks.ReuseIDs {
		a.created = 0
	}
	for {
		a.created++
		id := fmt.Sprintf("%s-%d", a.name, a.created)
		_, used := a.versions[id]
		if a.quirks.ReuseIDs {
			used = a.records[id] != nil
		}
		if !used {
			return id
		}
	}
}

// fail returns an error of the connector with its place.
func (a *App) fail(op, id string, err error) *connector.Error {
	return &connector.Error{App: a.name, Op: op, RecordID: id, Err: err}
}
