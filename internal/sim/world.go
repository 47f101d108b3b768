package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// A world is where a script is played.
type world struct {
	Script
	Options
	trace

	ctx   context.Context
	now   time.Time
	calm  bool // faults and edits are over
	depth int  // of steps that happen within a call of another one

	apps     []Place
	closed   int                              // how many of them are closed
	people   []map[string]int                 // by app: whom a record is about, as far as that is known
	maker    []map[string]int                 // by app: the connection that created a record, or aUser
	keyed    []map[string]instant             // by app: when that changed by which a record is known
	hidden   [][]string                       // by app: fields that it does not tell
	hid      []map[string][]string            // by connection and side: those that were hidden when a record was shown last
	strayed  []map[string]bool                // by app: serials of records that got another id or were deleted there
	former   []map[string]contact.Fields      // by app: what a record held before its user's last edit
	told     []map[string]contact.Record      // by app: what was last told of a record
	issued   []map[connector.Cursor]time.Time // by app: when a cursor was last given
	queue    [][]connector.Delivery           // by connection and side
	shown    []map[string]bool                // by connection and side: records that an engine was shown
	automate []map[string]int                 // by app: how often an automation has written over a record
	mend     map[[2]string]bool               // records that could not be read, by app and id
	typed    int                              // values that users entered, so that each is another one
	serials  int                              // records that users entered
	known    []map[string]bool                // by connection: keys of the history that were told
	copies   [][]contactsync.Row              // of the store, by connection
	copied   time.Time                        // when they were taken
	forgot   bool                             // the store was lost, or went back
	moved    bool                             // an app gave a record another id
	forced   bool                             // a person had somebody created or linked whatever the keys say
	fired    map[string]int                   // faults by family and kind
	seats    map[[3]int]*seat                 // by engine, connection and side
	engines  []*engine
	store    contactsync.Store
	seen     map[int]map[string]contact.Fields // by connection and side: what an engine of a guest last knew of a record
	asks     map[int][]string                  // by connection and side: the fields that a guest was last asked for
	omitted  map[int]time.Time                 // by connection and side: when a change was first left out
	unheard  []map[string]bool                 // by connection and side: what it made without an answer, and was not shown since
	failed   bool                              // the last sync failed
	said     map[string]*oracle.Statement      // by connection: what the library said last, if nothing has changed since
	readers  []*contactsync.Syncer             // by connection: a handle that only reads
	swings   *swings                           // since the edits ended
	restings []string                          // what the simulator's own checks found
}

// aUser is who made a record that no connection made.
const aUser = -1

// Options say how scripts are played. The zero value plays them over a store in memory, and tells nobody.
type Options struct {
	// Store returns an empty store; nil stands for one in memory.
	Store func() (contactsync.Store, error)
	// Wrap is between the engines and their connectors, to let something go wrong that should be noticed; nil is nothing.
	Wrap func(connector.Connector, connector.Features) (connector.Connector, connector.Features)
	// Draw draws the script of a seed; nil is [Draw].
	Draw func(seed uint64) *Script
	// Remote opens an app in the place of a fake one; nil, and a nil Remote, is the fake one.
	Remote func(App, Site) (Remote, error)
	// Judge is told the world and returns who sees every event, and at the end what is wrong; nil is the oracle.
	Judge func(oracle.Setup) Judge
	// Guest is what a host brought along, in place of what the script says of apps and of the connection; nil is nothing.
	Guest *Guest
	// Keep keeps a line for each event.
	Keep bool
}

// A Judge sees a history and says what is wrong with it.
type Judge interface {
	See(oracle.Event)
	Violations() []oracle.Violation
}

// A Result is what became of a script.
type Result struct {
	Hash       uint64
	Events     int
	Violations []oracle.Violation
	Fired      map[string]int // how often each fault befell a call, by family and kind
	Lines      []string       // with [Options].Keep
	Virtual    time.Duration  // how long it took in the world
}

// Failed says what is wrong, "" if nothing is.
func (r *Result) Failed() string {
	if len(r.Violations) == 0 {
		return ""
	}
	v := r.Violations[0]
	return fmt.Sprintf("%s at event %d: %s", v.Invariant, v.At, v.Text)
}

// draw returns the script of a seed.
func (o *Options) draw(seed uint64) *Script {
	if o.Draw != nil {
		return o.Draw(seed)
	}
	return Draw(seed)
}

// judge returns who judges a history.
func (o *Options) judge(s oracle.Setup) Judge {
	if o.Judge != nil {
		return o.Judge(s)
	}
	return oracle.New(s)
}

// Play plays a script.
func Play(ctx context.Context, s *Script, o Options) (*Result, error) {
	w, err := newWorld(ctx, s, o)
	if err != nil {
		return nil, err
	}
	defer w.close()
	judge := o.judge(w.setup())
	w.witness = judge.See
	if w.Guest != nil {
		w.witness = func(e oracle.Event) { judge.See(w.Guest.judged(e)) }
	}
	for _, st := range w.Steps {
		w.now = w.now.Add(time.Second)
		w.happen(st)
	}
	w.comeToRest()
	w.close()
	r := &Result{Hash: w.hash, Events: w.events, Fired: w.fired, Lines: w.lines, Virtual: w.now.Sub(start)}
	for _, text := range w.restings {
		r.Violations = append(r.Violations, oracle.Violation{Invariant: "own", At: w.events, Text: text})
	}
	r.Violations = append(r.Violations, judge.Violations()...)
	return r, ctx.Err()
}

// newWorld returns the world of a script before its first step.
func newWorld(ctx context.Context, s *Script, o Options) (*world, error) {
	w := &world{Script: *s, Options: o, trace: newTrace(), ctx: ctx, now: start, mend: map[[2]string]bool{}, fired: map[string]int{},
		seats: map[[3]int]*seat{}, said: map[string]*oracle.Statement{},
		seen: map[int]map[string]contact.Fields{}, asks: map[int][]string{}, omitted: map[int]time.Time{}}
	w.Conns = slices.Clone(s.Conns)
	w.keep = o.Keep
	if o.Guest != nil {
		w.name = func(app int) string { return contactsync.Sides[app].String() }
	}
	for i, a := range w.Apps {
		app, err := w.open(i, a)
		if err != nil {
			w.close()
			return nil, err
		}
		w.apps = append(w.apps, app)
		w.people = append(w.people, map[string]int{})
		w.maker = append(w.maker, map[string]int{})
		w.keyed = append(w.keyed, map[string]instant{})
		w.strayed = append(w.strayed, map[string]bool{})
		w.former = append(w.former, map[string]contact.Fields{})
		w.told = append(w.told, map[string]contact.Record{})
		w.hidden = append(w.hidden, nil)
		w.issued = append(w.issued, map[connector.Cursor]time.Time{})
		w.automate = append(w.automate, map[string]int{})
	}
	for range w.Conns {
		w.queue = append(w.queue, nil, nil)
		w.shown = append(w.shown, map[string]bool{}, map[string]bool{})
		w.unheard = append(w.unheard, map[string]bool{}, map[string]bool{})
		w.hid = append(w.hid, map[string][]string{}, map[string][]string{})
		w.known = append(w.known, map[string]bool{})
		w.copies = append(w.copies, nil)
	}
	for i := range max(w.Engines, 1) {
		w.engines = append(w.engines, newEngine(w, i))
	}
	return w, w.openStore()
}

// open opens an app, empty.
func (w *world) open(index int, a App) (Place, error) {
	if w.Guest != nil {
		return w.openGuest(index)
	}
	if w.Remote != nil {
		if app, err := w.Remote(a, Site{w, index}); app != nil || err != nil {
			return app, err
		}
	}
	return a.open(w, index, a.Schema()), nil
}

// close ends the apps that are no fakes, once.
func (w *world) close() {
	for _, a := range w.apps[w.closed:] {
		switch app := a.(type) {
		case Remote:
			for _, text := range app.Close() {
				w.wrong("%s", text)
			}
		case *account:
			if app.Account.Close != nil {
				app.Account.Close()
			}
		}
		w.closed++
	}
}

// schema returns the fields of an app.
func (w *world) schema(app int) []contact.Field {
	if w.Guest != nil {
		return w.Guest.schemas[app].Fields
	}
	return w.Apps[app].Schema()
}

// field returns a field of an app.
func (w *world) field(app int, name string) (contact.Field, bool) {
	for _, f := range w.schema(app) {
		if f.Name == name {
			return f, true
		}
	}
	return contact.Field{}, false
}

// openStore opens a new store, and reads from now on what it has.
func (w *world) openStore() (err error) {
	w.store, err = w.newStore()
	if err != nil {
		return err
	}
	w.readers = nil
	for i := range w.Conns {
		s, err := contactsync.Open(w.ctx, contactsync.Connection{ID: connName(i), Owner: "o"}, nil, nil, w.store, contactsync.WithClock(&clock{w: w}))
		if err != nil {
			return err
		}
		w.readers = append(w.readers, s)
	}
	return nil
}

// happens tells the judges what happens.
func (w *world) happens(e oracle.Event) {
	e.Time = w.now
	w.noteKeys(e)
	w.swings.note(e)
	w.see(e)
}

// fire counts a fault that has an effect, and tells of it.
func (w *world) fire(family, kind, note string) {
	w.fired[family+" "+kind]++
	w.happens(oracle.Event{Kind: oracle.Fault, Note: family + " " + kind + " " + note})
}

// wrong notes what a check of the simulator's own found.
func (w *world) wrong(format string, args ...any) {
	w.restings = append(w.restings, fmt.Sprintf(format, args...))
	w.happens(oracle.Event{Kind: oracle.Fault, Note: "own check: " + w.restings[len(w.restings)-1]})
}

// happen lets one step happen.
func (w *world) happen(st Step) {
	st.App %= len(w.apps)
	st.Conn %= len(w.Conns)
	switch st.Do {
	case "sync":
		w.sync(st)
	case "preview":
		w.preview(st)
	case "wait":
		w.now = w.now.Add(time.Duration(st.N) * time.Minute)
	case "configure":
		w.configure(st)
	case "confirm", "link", "separate", "create", "resolve", "rollback", "pause", "resume", "forget":
		w.decide(st)
	case "snapshot", "restore", "lose":
		w.storeHappens(st)
	default:
		w.userDoes(st)
	}
}

// comeToRest ends the faults and the edits, syncs until the world must be at rest, and looks whether it is.
func (w *world) comeToRest() {
	w.countHabits()
	w.calmDown()
	w.happens(oracle.Event{Kind: oracle.Calm})
	short := 15 * time.Minute
	for i := range w.Apps {
		short = max(short, 2*w.settle(i)+time.Minute)
	}
	wait := max(time.Duration(w.Rest)*time.Minute, short)
	rounds, swinging := 3+2*(len(w.Conns)-1), 0
	if len(w.Conns) > 2 {
		swinging = swingRounds
	}
	w.swings = &swings{held: map[string]bool{}}
	for i := 0; i < rounds+w.Quiet; {
		pace := wait
		if w.swings.swung {
			pace = short // a cell is frozen after the third time in a day: days apart it swings for ever
		}
		w.swings.swung = false
		for c := range w.Conns {
			w.now = w.now.Add(pace)
			if w.Confirm && i < rounds {
				w.decide(Step{Do: "confirm", Conn: c})
			}
			before, quiet := w.writes(), i >= rounds && !w.holds(c)
			w.sync(Step{Do: "sync", Conn: c})
			if quiet && w.writes() != before {
				w.wrong("I2: %s wrote in quiet round %d", connName(c), i-rounds+1)
			}
		}
		if w.swings.swung && i < rounds && swinging > 0 {
			swinging--
			continue
		}
		w.happens(oracle.Event{Kind: oracle.CalmRound})
		i++
	}
	w.checkEnd()
	w.checkTold()
}

// holds reports whether a guard holds anything of a connection: it lets that go when less of it is wanted, or when it is late
// enough.
func (w *world) holds(conn int) bool {
	held := []string{contactsync.ReasonDeleteHeld, contactsync.ReasonClearHeld, contactsync.ReasonCreateHeld}
	return slices.ContainsFunc(w.standing(conn), func(r contactsync.RecordStatus) bool { return slices.Contains(held, r.Reason) })
}

// calmDown undoes what users and people have left in the way of a rest.
func (w *world) calmDown() {
	w.calm = true
	w.now = w.now.Add(time.Hour)
	for i, a := range w.apps {
		a.SetIdentity("account of " + appName(i))
		w.unhide(i)
	}
	w.mendAll()
	for c := range w.Conns {
		if st, err := w.readers[c].Status(w.ctx); err == nil && st.State == contactsync.StatePaused {
			w.decide(Step{Do: "resume", Conn: c})
		}
	}
}

// mendAll makes legible again what could not be read.
func (w *world) mendAll() {
	if len(w.mend) == 0 {
		return
	}
	for i, a := range w.apps {
		for _, r := range a.Records() {
			if w.mend[[2]string{appName(i), r.ID}] && a.Touch(r.ID) == nil {
				w.touched(i, r.ID)
			}
		}
	}
	clear(w.mend)
}

// countHabits counts the faults that are what the world is like: they have had their effect by now.
func (w *world) countHabits() {
	count := func(on bool, name string) {
		if on {
			w.fired[name]++
		}
	}
	for _, a := range w.Apps {
		count(a.Lag > 0, "F9 lag")
		count(len(a.Normalize) > 0, "F24 forms")
		count(len(a.MaxLength)+len(a.MaxEntries) > 0 || a.Required != "" || len(a.Fields) < len(w.Apps[0].Fields), "F25 lossy")
		count(a.Skew != 0, "F73 skew")
		count(a.Granularity > 0, "F74 coarse")
	}
	count(len(w.Skew) > 0, "F72 skew")
	count(len(w.Conns) > 2, "F87 ring")
}

// writes counts what was written to all apps so far.
func (w *world) writes() (n int) {
	for _, a := range w.apps {
		n += a.Writes().Sum()
	}
	return n
}

// errDead is what every call of a process fails with once it has died.
var errDead = errors.New("the process died")
