package contactsync

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// A HistoryEntry is one write, or one that was refused or not taken back, or what a person decided.
type HistoryEntry struct {
	Run    int64          `json:"run"` // the number of the sync or rollback: 1 is the connection's first
	At     time.Time      `json:"at"`
	Side   Side           `json:"side"` // where it was written
	Op     string         `json:"op"`   // create, update or delete; link: another record took a half of the pair over, and nothing was written
	IDs    [2]string      `json:"ids"`  // of the pair; "" where there is none
	Before contact.Fields `json:"before,omitempty"`
	After  contact.Fields `json:"after,omitempty"` // as the app returned it
	// Why says why each field is written; the entry "" is about the whole write and every field without its own.
	Why       map[string]Why `json:"why,omitempty"`
	Altered   []string       `json:"altered,omitempty"`    // fields that came back with another meaning than was sent
	Refused   string         `json:"refused,omitempty"`    // why nothing was written
	Recovered bool           `json:"recovered,omitempty"`  // its answer had been lost; a later look at the app found that it had landed
	Decision  Decided        `json:"decision,omitempty"`   // of a person's decision, or of a rollback's to pause, which has no Op; its reason says what was decided
	Foreseen  bool           `json:"foreseen,omitempty"`   // in shadow mode: it was not written
	TakesBack int64          `json:"takes_back,omitempty"` // of a rollback: the run that it takes back
}

// Reason says why a field was written, "" for the write as a whole.
func (e HistoryEntry) Reason(field string) Why {
	if why, ok := e.Why[field]; ok {
		return why
	}
	return e.Why[""]
}

// ID returns the id of the record that was written.
func (e HistoryEntry) ID() string { return e.IDs[e.Side] }

// A HistoryQuery asks for one page of the history: of a run, of a record with what was written to its counterpart, or
// of the whole connection if neither is given.
type HistoryQuery struct {
	Run   int64 // [Report].Run; 0 means any
	Side  Side  // with ID, the record
	ID    string
	After string // the cursor that the page before ended with
	Limit int    // 100 if 0
}

// History returns what was written, newest first, a page at a time, and the cursor of the next page, "" if there is
// none. A handle without connectors can ask, too. It fails with [ErrNotKnown] of a run or record that there is not.
func (s *Syncer) History(ctx context.Context, q HistoryQuery) (page []HistoryEntry, next string, err error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	var rows []Row
	err = s.scopeView(ctx, func(tx ReadTx) (err error) {
		switch {
		case q.ID != "":
			rows, err = recordHistory(tx, q)
		case q.Run != 0:
			rows, err = runHistory(tx, q)
		default:
			rows, err = wholeHistory(tx, q)
		}
		return err
	})
	for _, row := range rows {
		if len(page) == q.Limit {
			return page, rows[q.Limit-1].Key, err
		}
		e, errRow := parseEntry(row)
		if errRow != nil {
			return nil, "", errRow
		}
		page = append(page, e.public())
	}
	return page, "", err
}

// public returns the entry as callers see it.
func (e *entry) public() HistoryEntry {
	h := HistoryEntry{Run: e.run(), At: e.At, Side: e.Side, Op: string(e.Op), IDs: e.IDs, Before: e.Before, After: e.After,
		Why: e.Why, Altered: e.Altered, Refused: e.Refused, Recovered: e.Found, Foreseen: e.Foreseen, Decision: e.Decision}
	if e.Back != "" {
		h.TakesBack = runOf(e.Back)
	}
	return h
}

// recordHistory returns the rows about a record, newest first.
func recordHistory(tx ReadTx, q HistoryQuery) ([]Row, error) {
	rows, err := tx.Find(TableJournal, int(q.Side), q.ID)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		known, err := tx.Get(TableMirror, recordKey(ref{q.Side, q.ID}))
		if err == nil && len(known) == 0 {
			err = fmt.Errorf("history: %w: %s in %s", ErrNotKnown, q.ID, q.Side)
		}
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r Row) bool { return q.After != "" && r.Key >= q.After })
	slices.Reverse(rows)
	return rows[:min(len(rows), q.Limit+1)], nil
}

// runHistory returns the rows of a run, newest first.
func runHistory(tx ReadTx, q HistoryQuery) ([]Row, error) {
	if err := knownRun(tx, q.Run); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	return newest(tx, q.Run, q.After, q.Limit+1)
}

// wholeHistory returns the rows of all runs, newest first.
func wholeHistory(tx ReadTx, q HistoryQuery) (all []Row, err error) {
	var row connectionRow
	if err := getRow(tx, TableConnection, "", &row); err != nil {
		return nil, err
	}
	n := row.Runs
	if q.After != "" {
		n = min(n, runOf(q.After))
	}
	for after := q.After; n >= 0 && len(all) <= q.Limit && err == nil; n, after = n-1, "" {
		var rows []Row
		rows, err = newest(tx, n, after, q.Limit+1-len(all))
		all = append(all, rows...)
	}
	return all, err
}

// knownRun fails with ErrNotKnown if there has been no run of that number.
func knownRun(tx ReadTx, n int64) error {
	var row connectionRow
	if err := getRow(tx, TableConnection, "", &row); err != nil {
		return err
	}
	if n < 1 || n > row.Runs {
		return fmt.Errorf("%w: no run %d", ErrNotKnown, n)
	}
	return nil
}

// newest returns rows of a run's journal that come before a key, "" for all, newest first.
func newest(tx ReadTx, run int64, before string, limit int) (all []Row, err error) {
	for more := true; more && len(all) < limit && err == nil; {
		var rows []Row
		rows, before, more, err = stretch(tx, run, before, 2*limit)
		all = append(all, rows...)
	}
	return all[:min(len(all), limit)], err
}

// stretch returns the rows of a run's journal within n numbers before a key, "" for the last ones, newest first, and the
// key before which the next ones are, if there may be more. A run numbers its rows, so that its end is found without
// walking over them; what persons decided after it and what was recovered of it stand behind, and come first.
func stretch(tx ReadTx, run int64, before string, n int) (rows []Row, next string, more bool, err error) {
	behind := behindKey(run)
	_, number, _ := strings.Cut(before, " ")
	end, bad := strconv.ParseInt(number, 10, 64)
	if before < behind && bad != nil {
		before = "" // a cursor that no page ended with begins at the start
	}
	q := Scan{Table: TableJournal, By: ByKey, Prefix: runKey(run) + " ", Until: before}
	next, more = behind, true
	if before == "" || before > behind {
		q.After = &Row{Table: TableJournal, Key: behind}
	} else {
		if before == behind {
			if end, err = journalEnd(tx, run); err != nil {
				return nil, "", false, err
			}
		}
		start := max(end-int64(n), 1)
		q.After, q.Until = &Row{Table: TableJournal, Key: journalKey(run, start-1)}, journalKey(run, end)
		next, more = journalKey(run, start), start > 1
	}
	rows, err = tx.Scan(q)
	slices.Reverse(rows)
	return rows, next, more, err
}

// behindKey comes behind all that a run wrote itself.
func behindKey(run int64) string { return runKey(run) + " :" }

// journalKey is the key of the n-th note of a run.
func journalKey(run, n int64) string { return fmt.Sprintf("%s %08d", runKey(run), max(n, 0)) }

// journalEnd returns a number that no row of the run's own reaches, and that the last of them comes next to.
func journalEnd(tx ReadTx, run int64) (int64, error) {
	var err error
	reaches := func(n int64) bool { // some row has that number or a higher one
		rows, e := tx.Scan(Scan{Table: TableJournal, By: ByKey, Prefix: runKey(run) + " ", After: &Row{Table: TableJournal, Key: journalKey(run, n-1)},
			Until: behindKey(run), Limit: 1, KeysOnly: true})
		if e != nil {
			err = e
		}
		return len(rows) > 0
	}
	low, high := int64(0), int64(1)
	for reaches(high) && err == nil {
		low, high = high, 2*high
	}
	for high-low > 1 && err == nil {
		if mid := (low + high) / 2; reaches(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return high, err
}

// A RunReport is one sync or rollback of the past, or one that is running.
type RunReport struct {
	Run      int64     `json:"run"`
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended,omitzero"` // zero: it is running, or has died
	Died     bool      `json:"died,omitempty"` // a later one has begun, and it had not ended
	Error    string    `json:"error,omitempty"`
	Counts   [2]Counts `json:"counts"` // by side: what was written there
	Linked   int       `json:"linked"`
	Unread   int       `json:"unread,omitempty"`
	Restless int       `json:"restless,omitempty"`
	Waiting  []Waiting `json:"waiting,omitempty"`
	Foreseen [2]Counts `json:"foreseen,omitzero"` // by side, in shadow mode: what it would have written
	// TookBack is the run that this one, a rollback, took back; TakenBack is the rollback that took this one back.
	TookBack  int64 `json:"took_back,omitempty"`
	TakenBack int64 `json:"taken_back,omitempty"`
}

// Runs returns the runs of the connection, newest first: at most limit (100 if 0) of those before a run, 0 for the newest. The
// next page begins before next, the last one's number; that is 0 if there is no further one. A handle without connectors can ask, too.
func (s *Syncer) Runs(ctx context.Context, before int64, limit int) (page []RunReport, next int64, err error) {
	if limit <= 0 {
		limit = 100
	}
	err = s.scopeView(ctx, func(tx ReadTx) error {
		var row connectionRow
		if err := getRow(tx, TableConnection, "", &row); err != nil {
			return err
		}
		n := row.Runs
		if before != 0 {
			err := knownRun(tx, before)
			if err != nil {
				return fmt.Errorf("runs: %w", err)
			}
			n = before - 1
		}
		for ; n > 0 && len(page) < limit; n-- {
			rows, err := tx.Get(TableRun, runKey(n))
			if err != nil {
				return err
			}
			for _, found := range rows {
				var r runRow
				if err := unmarshal(found, &r); err != nil {
					return err
				}
				page = append(page, r.public(n, row.Runs))
			}
		}
		if n > 0 {
			next = n + 1
		}
		return nil
	})
	return page, next, err
}

// public returns the run as callers see it, of which last is the newest.
func (r *runRow) public(n, last int64) RunReport {
	out := RunReport{Run: n, Started: r.Started, Ended: r.Ended, Died: r.Ended.IsZero() && n < last, Error: r.Error,
		Counts: r.Counts, Linked: r.Linked, Unread: r.Unread, Restless: r.Restless, Waiting: r.Waiting, Foreseen: r.Foreseen, TookBack: r.Took, TakenBack: r.Taken}
	return out
}
