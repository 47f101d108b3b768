package contactsync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// State is where a connection is in its life.
type State string

// The states of a connection.
const (
	StateDraft   State = "draft"   // never synced
	StateActive  State = "active"  // it syncs
	StatePaused  State = "paused"  // it syncs when it is resumed
	StateHalted  State = "halted"  // it waits for a person: nothing is written
	StateDeleted State = "deleted" // it is being deleted
)

// Counts are records that were written in one app.
type Counts struct {
	Created int `json:"created"`
	Updated int `json:"updated"`
	Deleted int `json:"deleted"`
}

func (c *Counts) add(d Counts) {
	c.Created += d.Created
	c.Updated += d.Updated
	c.Deleted += d.Deleted
}

// Sum returns the number of records written.
func (c Counts) Sum() int { return c.Created + c.Updated + c.Deleted }

// Waiting is something that waits for a person's consent.
type Waiting struct {
	Reason string `json:"reason"` // WaitDeletions, WaitClears, WaitCreates (held, the rest ran); WaitEmpty, WaitChanged, WaitAccount (halted)
	Side   Side   `json:"side"`   // of a halt: the app that it is about
	Count  int    `json:"count"`
	Run    int64  `json:"run"` // the sync that found it so
}

// Text says in words what waits, with the apps called a and b.
func (w Waiting) Text() string { return w.TextFor([2]string{"a", "b"}) }

// TextFor says in words what waits, with the apps called by these names ([Connection.Names]).
func (w Waiting) TextFor(names [2]string) string {
	name := names[w.Side&1]
	switch w.Reason {
	case WaitDeletions:
		return counted(w.Count, "deletion waits", "deletions wait") + " for your consent"
	case WaitClears:
		return counted(w.Count, "field that would be emptied waits", "fields that would be emptied wait") + " for your consent"
	case WaitCreates:
		return counted(w.Count, "creation waits", "creations wait") + " for your consent"
	case WaitEmpty:
		return fmt.Sprintf("%s turned up empty: none of %d linked records is there; nothing was written", name, w.Count)
	case WaitChanged:
		return fmt.Sprintf("%d linked records of %s changed at once; nothing was written", w.Count, name)
	case WaitAccount:
		return name + " is connected with another account than last time; nothing was written"
	}
	return w.Reason
}

func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// Halts reports whether nothing was written because of it.
func (w Waiting) Halts() bool {
	return w.Reason == WaitEmpty || w.Reason == WaitChanged || w.Reason == WaitAccount
}

// A Report says what one sync did.
type Report struct {
	Run     int64     `json:"run"` // its number: 1 is the connection's first
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	Counts  [2]Counts `json:"counts"` // by side: what was written there
	Linked  int       `json:"linked"` // pairs that were found
	Unread  int       `json:"unread"` // records that could not be read; they were left as they are
	// Restless are records that still called for writes after eight rounds of them; the next sync goes on with them.
	Restless int       `json:"restless,omitempty"`
	Waiting  []Waiting `json:"waiting,omitempty"` // what was held or halted, until a person consents
	Foreseen [2]Counts `json:"foreseen,omitzero"` // by side, in shadow mode: what it would have written
	Status   Status    `json:"status"`            // of the connection afterwards
}

// A Plan says what a sync would do. Writes and Counts include what Waiting says that the guards would hold.
type Plan struct {
	Counts  [2]Counts      `json:"counts"` // by side: what would be written there
	Writes  []PlannedWrite `json:"writes"`
	Waiting []Waiting      `json:"waiting,omitempty"` // what the guards would hold
	// Suggestions are who is alike among those that were planned: to link two before the first sync spares both a copy.
	Suggestions []Suggestion `json:"suggestions,omitempty"`
	// Reconfigured says that the configuration is another one than the last sync worked with.
	Reconfigured bool     `json:"reconfigured,omitempty"`
	Effects      []Effect `json:"effects"` // the same by what it means, with who enters and leaves; as in a Forecast
}

// A PlannedWrite is one write of a plan.
type PlannedWrite struct {
	Side   Side           `json:"side"`
	Op     string         `json:"op"`
	ID     string         `json:"id"` // of the record; of a creation the one that it is made from, on the other side
	Before contact.Fields `json:"before,omitempty"`
	After  contact.Fields `json:"after,omitempty"`
	// Why says why each field is written; the entry "" is about the whole write and every field without its own.
	Why map[string]Why `json:"why,omitempty"`
}

// Progress is how far a sync is.
type Progress struct {
	Phase Phase `json:"phase"`
	Done  int   `json:"done"`
	Total int   `json:"total"` // 0 if it is not known yet
}

// Phase is what a sync is doing.
type Phase string

// The phases of a sync, in order.
const (
	PhasePull Phase = "reading"
	PhasePlan Phase = "planning"
	PhasePush Phase = "writing"
)

// Status says how a connection stands. [Syncer.Records] lists what is behind each number.
type Status struct {
	State   State          `json:"state"`
	Counts  map[string]int `json:"counts"`  // by status; pairs once, unlinked records once each
	Reasons map[string]int `json:"reasons"` // by "status reason", of what is not in sync
	Totals  [2]Counts      `json:"totals"`  // what was written since activation, by side
	Waiting []Waiting      `json:"waiting,omitempty"`
	// Unauthorized are the apps that refused their account when a sync last asked them. The connection is halted:
	// nothing is written until a person authorizes the account again and a sync runs to its end.
	Unauthorized []Side    `json:"unauthorized,omitempty"`
	Runs         int64     `json:"runs"`
	Last         time.Time `json:"last,omitzero"` // when the last sync ran to its end
	Latest       [2]Counts `json:"latest"`        // what the latest sync, ended or not, wrote on each side
	Unread       int       `json:"unread"`        // records that it was told of and could not read; they stay as they are
	Running      *Running  `json:"running,omitempty"`
	// Suggestions are how many suggestions of each kind wait for an answer ([Syncer.Suggestions]).
	Suggestions map[SuggestionKind]int `json:"suggestions,omitempty"`
	// CommonBlocks are how many blocks of the [Scorer] more records of an app share than [BlockLimit], since the match
	// settings changed: whoever has no other in common is not suggested.
	CommonBlocks int `json:"common_blocks,omitempty"`
}

// Running is a sync that has begun and not ended, in whatever process. One that was killed looks so, too, until the next
// one begins: Heard says when it was last at work.
type Running struct {
	Run     int64     `json:"run"`
	Started time.Time `json:"started"`
	Heard   time.Time `json:"heard"`
	Progress
}

// ErrNotKnown says that the connection knows no such record, or has no such run.
var ErrNotKnown = errors.New("the connection knows no such record or run")

// scopeView reads the connection's rows.
func (s *Syncer) scopeView(ctx context.Context, fn func(ReadTx) error) error {
	return s.store.View(ctx, scopeOf(s.document()), func(tx ReadTx) error {
		if err := legible(tx); err != nil {
			return err
		}
		return fn(tx)
	})
}

func (s *Syncer) document() Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doc
}

// Status returns how the connection stands: counts by status, and what waits.
func (s *Syncer) Status(ctx context.Context) (Status, error) {
	var out Status
	err := s.look(ctx, func(tx ReadTx, row *connectionRow) error {
		out = Status{State: StateDraft, Totals: row.Totals, Waiting: row.Waiting, Unauthorized: row.Unauthorized, Runs: row.Runs, Last: row.Checked}
		if row.State != "" {
			out.State = row.State
		}
		if out.State == StateActive && (len(row.Unauthorized) > 0 || slices.ContainsFunc(row.Waiting, Waiting.Halts)) {
			out.State = StateHalted
		}
		var last runRow
		if err := getRow(tx, TableRun, runKey(row.Runs), &last); err != nil {
			return err
		}
		out.Latest, out.Unread = last.Counts, last.Unread
		if row.Runs > 0 && last.Ended.IsZero() {
			for _, side := range Sides {
				out.Totals[side].add(last.Counts[side])
			}
			out.Running = &Running{Run: row.Runs, Started: last.Started, Heard: last.Heard, Progress: last.Progress}
		}
		var err error
		if out.Suggestions, err = countSuggestions(tx); err != nil {
			return err
		}
		if out.CommonBlocks, err = tx.Count(Scan{Table: TableKey, By: keyCommon}); err != nil {
			return err
		}
		return countStatuses(tx, &out)
	})
	return out, err
}

// countStatuses counts pairs and unlinked records by status and reason. It counts, and reads none of them.
func countStatuses(tx ReadTx, out *Status) error {
	out.Counts, out.Reasons = map[string]int{}, map[string]int{}
	pairs, err := tx.Count(Scan{Table: TableLink, By: ByKey})
	if err != nil {
		return err
	}
	for _, place := range []struct {
		table Table
		index int
	}{{TableLink, linkStatus}, {TableMirror, mirrorStatus}} {
		q := Scan{Table: place.table, By: place.index, KeysOnly: true, Limit: 1}
		for {
			rows, err := tx.Scan(q)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				break
			}
			entry := rows[0].Index[place.index]
			behind := entry + "\x00" // no entry sorts between the two
			n, err := tx.Count(Scan{Table: place.table, By: place.index, Prefix: entry, Until: behind})
			if err != nil {
				return err
			}
			status, reason, _ := strings.Cut(entry, " ")
			out.Counts[status] += n
			if reason != "" {
				out.Reasons[entry] += n
			}
			if place.table == TableLink {
				pairs -= n
			}
			q.After = &Row{}
			q.After.Index[place.index] = behind
		}
	}
	out.Counts[StatusInSync] = pairs
	return nil
}

// progress tells how far the sync is.
func (r *run) progress(p Phase, done, total int) {
	if total > 0 {
		done = min(done, total)
	}
	r.report.Progress, r.report.Heard = Progress{p, done, total}, r.opts.clock.Now()
	if r.opts.progress != nil {
		r.opts.progress(r.report.Progress)
	}
}

// running is the row of the run as far as it is. It is saved with what a batch did, for whoever looks on.
func (r *run) running() Row {
	return Row{Table: TableRun, Key: runKey(r.number), Body: marshal(r.report)}
}

// end notes what the sync did.
func (r *run) end(ctx context.Context, failure error) error {
	r.report.Ended = r.opts.clock.Now()
	if failure != nil {
		r.report.Error = "the sync did not run to its end"
	} else {
		r.row.Checked = r.report.Ended
	}
	if failure == nil {
		r.row.Waiting, r.row.Unauthorized = r.report.Waiting, nil
	}
	r.row.take(r.number, &r.report)
	r.row.Removed = slices.DeleteFunc(r.row.Removed, func(p removedRow) bool { return r.report.Ended.Sub(p.At) >= guardWindow })
	return r.update(context.WithoutCancel(ctx), func(tx Tx) error {
		if err := r.saveLife(tx); err != nil {
			return err
		}
		if _, err := prune(tx, &r.row, r.report.Ended, r.opts.history); err != nil {
			return err
		}
		if r.gate.halt != "" || failure != nil {
			return nil
		}
		return r.dropAccepted(tx)
	})
}

// dropAccepted forgets the halts that a person had accepted: the sync ran, so the consent is used up, unless what it let
// through is held by a guard now. So is what was held and no longer comes up.
func (r *run) dropAccepted(tx Tx) error {
	var keys []string
	for _, key := range sortedKeys(r.consents) {
		halt := strings.HasPrefix(key, "halt ")
		if halt && len(r.report.Waiting) == 0 || !halt && !r.heldNow[key] {
			keys = append(keys, key)
		}
	}
	return tx.Delete(TableHold, keys...)
}

// result returns the report of a sync that ran to its end.
func (r *run) result() *Report {
	out := &Report{Run: r.number, Started: r.report.Started, Ended: r.report.Ended, Counts: r.report.Counts,
		Linked: r.report.Linked, Unread: r.report.Unread, Restless: r.report.Restless, Waiting: r.report.Waiting, Foreseen: r.report.Foreseen}
	out.Status, _ = r.Status(context.Background())
	return out
}

// preview pulls and plans, and returns what a sync would do.
func (r *run) preview(ctx context.Context) (*Plan, error) {
	plan := &Plan{}
	f := newForecaster(r.cfg)
	seen := &watch{move: f.move, write: func(w *write, m *move) {
		plan.add(w, r.cfg)
		f.write(w, m)
	}}
	if err := r.pullAndPlan(ctx, seen); err != nil {
		return nil, err
	}
	for _, key := range sortedKeys(r.planned) {
		plan.Suggestions = append(plan.Suggestions, r.planned[key].suggestion())
	}
	names := r.cfg.legend()
	if err := r.view(func(tx ReadTx) error { return nameSuggestions(tx, plan.Suggestions, &names) }); err != nil {
		return nil, err
	}
	plan.Waiting, plan.Reconfigured, plan.Effects = r.report.Waiting, r.reconfigured(), f.forecast(r).Effects
	return plan, nil
}

// pullAndPlan pulls and rehearses what a sync would do.
func (r *run) pullAndPlan(ctx context.Context, seen *watch) error {
	if err := r.readLife(); err != nil && !errors.Is(err, ErrPaused) {
		return err
	}
	if r.outdated() {
		return ErrReconfigured
	}
	r.number, r.ahead, r.looking = r.row.Runs+1, len(r.requests) > 0, true
	if err := r.reindex(ctx); err != nil {
		return err
	}
	if err := r.checkAccounts(ctx); err != nil || r.gate.halt != "" {
		return err
	}
	if err := r.pull(ctx); err != nil {
		return err
	}
	return r.planAll(ctx, r.reconfigured(), seen)
}

// planAll rehearses what is due, or everything.
func (r *run) planAll(ctx context.Context, everything bool, seen *watch) error {
	pending, err := r.readIntents()
	if err != nil {
		return err
	}
	for _, p := range pending {
		r.openIntent(p.intentRow, p.ID)
	}
	r.now = r.opts.clock.Now()
	due, err := r.readDue()
	if everything && err == nil {
		due = nil
		for _, s := range Sides {
			refs, errScan := scanMirror(r.view, s, func(string, string) bool { return true })
			due, err = append(due, refs...), errors.Join(err, errScan)
		}
	}
	if err != nil {
		return err
	}
	_, err = r.rehearse(ctx, due, seen)
	return err
}

// add lists one write.
func (p *Plan) add(w *write, cfg *config) {
	pw := PlannedWrite{Side: w.side, Op: string(w.op), ID: strings.TrimPrefix(w.id, "\x01"), Before: w.before, Why: w.why, After: contact.Fields{}}
	for _, name := range w.patch.Names() {
		f, _ := cfg.schema[w.side].Field(name)
		pw.After[name] = w.patch[name].Apply(w.before[name], f)
	}
	c := &p.Counts[w.side]
	switch {
	case pw.Op == "create":
		c.Created++
	case pw.Op == "delete":
		c.Deleted++
	default:
		c.Updated++
	}
	p.Writes = append(p.Writes, pw)
}
