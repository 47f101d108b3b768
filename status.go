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
	StateDraft  State = "draft"  // never synced
	StateActive State = "active" // it syncs
	StatePaused State = "paused" // it syncs when it is resumed
	StateHalted State = "halted" // it waits for a person: nothing is written
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
}

// Text says what waits, in words, and what a person can do.
func (w Waiting) Text() string {
	switch w.Reason {
	case WaitDeletions:
		return fmt.Sprintf("%d deletions wait for your consent", w.Count)
	case WaitClears:
		return fmt.Sprintf("%d fields that would be emptied wait for your consent", w.Count)
	case WaitCreates:
		return fmt.Sprintf("%d creations wait for your consent", w.Count)
	case WaitEmpty:
		return fmt.Sprintf("%s turned up empty: none of %d linked records is there; nothing was written", w.Side, w.Count)
	case WaitChanged:
		return fmt.Sprintf("%d linked records of %s changed at once; nothing was written", w.Count, w.Side)
	case WaitAccount:
		return fmt.Sprintf("%s is connected with another account than last time; nothing was written", w.Side)
	}
	return w.Reason
}

// Halts reports whether nothing was written because of it.
func (w Waiting) Halts() bool {
	return w.Reason == WaitEmpty || w.Reason == WaitChanged || w.Reason == WaitAccount
}

// A Report says what one sync did.
type Report struct {
	Run     string    `json:"run"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	Counts  [2]Counts `json:"counts"` // by side: what was written there
	Linked  int       `json:"linked"` // pairs that were found
	Unread  int       `json:"unread"` // records that could not be read; they were left as they are
	// Restless are records that still called for writes after eight rounds of them; the next sync goes on with them.
	Restless int       `json:"restless,omitempty"`
	Waiting  []Waiting `json:"waiting,omitempty"`
	Foreseen [2]Counts `json:"foreseen,omitzero"` // by side, in shadow mode: what it would have written
	Status   Status    `json:"status"`            // of the connection afterwards
}

// A Plan says what a sync would do. Writes and Counts include what Waiting says that the guards would hold.
type Plan struct {
	Counts  [2]Counts      `json:"counts"`
	Writes  []PlannedWrite `json:"writes"`
	Waiting []Waiting      `json:"waiting,omitempty"` // what the guards would hold
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

// Status says how a connection stands.
type Status struct {
	State   State          `json:"state"`
	Counts  map[string]int `json:"counts"`  // by status; pairs once, unlinked records once each
	Reasons map[string]int `json:"reasons"` // by "status reason", of what is not in sync
	Totals  [2]Counts      `json:"totals"`  // since activation, by side
	Waiting []Waiting      `json:"waiting,omitempty"`
	Runs    int64          `json:"runs"`
	Last    time.Time      `json:"last,omitzero"` // when the last sync ran to its end
}

// RecordStatus says how one record stands, and why.
type RecordStatus struct {
	Status  string    `json:"status"`
	Reason  string    `json:"reason,omitempty"`
	Message string    `json:"message,omitempty"` // in words, with what to do
	IDs     [2]string `json:"ids"`               // the pair's ids; "" where there is none
}

// RecordQuery asks for records by how they stand.
type RecordQuery struct {
	Status string // "" means every one that is not in sync
	Reason string // of that Status; "" means any
	After  string // the cursor that the page before ended with
	Limit  int    // 0 means 100
}

// ErrNotKnown says that the connection knows no such record.
var ErrNotKnown = errors.New("the connection knows no such record")

// scopeView reads the connection's rows.
func (s *Syncer) scopeView(ctx context.Context, fn func(ReadTx) error) error {
	return s.store.View(ctx, scopeOf(s.document()), fn)
}

func (s *Syncer) document() Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doc
}

// Status returns how the connection stands: counts by status, and what waits.
func (s *Syncer) Status(ctx context.Context) (Status, error) {
	out := Status{State: StateDraft, Counts: map[string]int{}, Reasons: map[string]int{}}
	err := s.scopeView(ctx, func(tx ReadTx) error {
		var row connectionRow
		if err := getRow(tx, TableConnection, "", &row); err != nil {
			return err
		}
		if row.State != "" {
			out.State = row.State
		}
		out.Totals, out.Waiting, out.Runs, out.Last = row.Totals, row.Waiting, row.Runs, row.Checked
		if out.State == StateActive && slices.ContainsFunc(row.Waiting, Waiting.Halts) {
			out.State = StateHalted
		}
		return countStatuses(tx, &out)
	})
	return out, err
}

// countStatuses counts pairs and unlinked records by status and reason.
func countStatuses(tx ReadTx, out *Status) error {
	all, err := tx.Count(Scan{Table: TableLink, By: ByKey})
	if err != nil {
		return err
	}
	shown := 0
	for _, place := range []struct {
		table Table
		index int
	}{{TableLink, linkStatus}, {TableMirror, mirrorStatus}} {
		rows, err := tx.Scan(Scan{Table: place.table, By: place.index, KeysOnly: true})
		if err != nil {
			return err
		}
		for _, row := range rows {
			entry := row.Index[place.index]
			status, reason, _ := strings.Cut(entry, " ")
			out.Counts[status]++
			if reason != "" {
				out.Reasons[entry]++
			}
		}
		if place.table == TableLink {
			shown = len(rows)
		}
	}
	out.Counts[StatusInSync] = all - shown
	return nil
}

// Record returns how one record stands.
func (s *Syncer) Record(ctx context.Context, side Side, id string) (RecordStatus, error) {
	var out RecordStatus
	err := s.scopeView(ctx, func(tx ReadTx) error {
		links, err := tx.Find(TableLink, int(side), id)
		if err != nil {
			return err
		}
		if len(links) > 0 {
			l, err := parseLink(links[0])
			out = l.recordStatus()
			return err
		}
		var m mirror
		rows, err := tx.Get(TableMirror, recordKey(ref{side, id}))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fmt.Errorf("%w: %s in %s", ErrNotKnown, id, side)
		}
		if err := m.read(rows[0].Body); err != nil {
			return err
		}
		m.side, m.id = side, id
		out = m.recordStatus()
		return nil
	})
	return out, err
}

func (l *link) recordStatus() RecordStatus {
	return RecordStatus{l.Standing.Status, l.Standing.Reason, l.Standing.Message, l.ID}
}

func (m *mirror) recordStatus() RecordStatus {
	out := RecordStatus{Status: m.Standing.Status, Reason: m.Standing.Reason, Message: m.Standing.Message}
	out.IDs[m.side] = m.id
	return out
}

// Records returns records by how they stand, a page at a time, and the cursor of the next page, "" if there is none.
func (s *Syncer) Records(ctx context.Context, q RecordQuery) (page []RecordStatus, next string, err error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	prefix := q.Status
	if q.Reason != "" {
		prefix += " " + q.Reason
	}
	err = s.scopeView(ctx, func(tx ReadTx) error {
		for _, table := range []Table{TableLink, TableMirror} {
			part, cursor, err := scanStatus(tx, table, prefix, q.After, q.Limit-len(page))
			if err != nil {
				return err
			}
			page = append(page, part...)
			if cursor != "" {
				next = cursor
				return nil
			}
			if strings.HasPrefix(q.After, string(table)) {
				q.After = ""
			}
		}
		return nil
	})
	return page, next, err
}

// scanStatus returns records of one table by status, from behind the cursor after, which is of this table or not.
func scanStatus(tx ReadTx, table Table, prefix, after string, limit int) (page []RecordStatus, next string, err error) {
	index := linkStatus
	if table == TableMirror {
		index = mirrorStatus
	}
	q := Scan{Table: table, By: index, Prefix: prefix, Limit: limit}
	if after != "" {
		of, rest, _ := strings.Cut(after, "\x00")
		entry, key, _ := strings.Cut(rest, "\x00")
		if of != string(table) {
			return nil, "", nil
		}
		last := Row{Key: key}
		last.Index[index] = entry
		q.After = &last
	}
	rows, err := tx.Scan(q)
	if err != nil {
		return nil, "", err
	}
	for _, row := range rows {
		if table == TableLink {
			l, err := parseLink(row)
			if err != nil {
				return nil, "", err
			}
			page = append(page, l.recordStatus())
			continue
		}
		m := &mirror{}
		if err := m.read(row.Body); err != nil {
			return nil, "", err
		}
		r := parseRecordKey(row.Key)
		m.side, m.id = r.side, r.id
		page = append(page, m.recordStatus())
	}
	if len(rows) == limit {
		last := rows[len(rows)-1]
		next = string(table) + "\x00" + last.Index[index] + "\x00" + last.Key
	}
	return page, next, nil
}

// progress tells how far the sync is.
func (r *run) progress(p Phase, done, total int) {
	if r.opts.progress != nil {
		if total > 0 {
			done = min(done, total)
		}
		r.opts.progress(Progress{p, done, total})
	}
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
		r.row.Waiting = r.report.Waiting
	}
	r.row.take(&r.report)
	r.row.Removed = slices.DeleteFunc(r.row.Removed, func(p removedRow) bool { return r.report.Ended.Sub(p.At) >= guardWindow })
	return r.update(context.WithoutCancel(ctx), func(tx Tx) error {
		if err := r.saveLife(tx); err != nil {
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
	out := &Report{Run: runKey(r.number), Started: r.report.Started, Ended: r.report.Ended, Counts: r.report.Counts,
		Linked: r.report.Linked, Unread: r.report.Unread, Restless: r.report.Restless, Waiting: r.report.Waiting, Foreseen: r.report.Foreseen}
	out.Status, _ = r.Status(context.Background())
	return out
}

// preview pulls and plans, and returns what a sync would do.
func (r *run) preview(ctx context.Context) (*Plan, error) {
	if err := r.readLife(); err != nil && !errors.Is(err, ErrPaused) {
		return nil, err
	}
	r.number = r.row.Runs + 1
	if err := r.reindex(ctx); err != nil {
		return nil, err
	}
	plan := &Plan{}
	changed := r.configChanged()
	if err := r.checkAccounts(ctx); err != nil {
		return nil, err
	}
	if r.gate.halt == "" {
		if err := r.pull(ctx); err != nil {
			return nil, err
		}
		if err := r.planAll(ctx, plan, changed); err != nil {
			return nil, err
		}
	}
	plan.Waiting = r.report.Waiting
	return plan, nil
}

// planAll rehearses what is due, or everything if the configuration changed, and lists the writes.
func (r *run) planAll(ctx context.Context, plan *Plan, everything bool) error {
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
			refs, errScan := r.scanMirror(s, func(string, string) bool { return true })
			due, err = append(due, refs...), errors.Join(err, errScan)
		}
	}
	if err != nil {
		return err
	}
	_, err = r.rehearse(ctx, due, func(w *write, m *move) { plan.add(w, r.cfg) })
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
