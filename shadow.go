package contactsync

import (
	"context"
	"fmt"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// A connection in shadow mode ([Connection.Shadow]) plans every sync and writes to no app, while another tool keeps the
// two in sync. What it would have written is journalled, and compared with what the next sync finds there: the way to
// move over from that tool without a leap.

// foresee notes what a sync in shadow mode would write. The pairs and records stay as they are, so the next sync
// foresees it again unless somebody has done it by then.
func (r *run) foresee(b *book, writes []*write) {
	for _, w := range writes {
		j := journalRow{At: r.now, Side: w.side, Op: w.op, IDs: w.link.ID, Why: w.why, Before: w.before, After: contact.Fields{}, Foreseen: true}
		for _, name := range w.patch.Names() {
			f, _ := r.cfg.schema[w.side].Field(name)
			j.After[name] = w.patch[name].Apply(w.before[name], f)
		}
		b.dirtyRows = append(b.dirtyRows, j.row(r.nextKey()))
		r.report.Foreseen[w.side].count(w.op)
		r.stand(b, w, standing{StatusPending, ReasonShadow, "a sync would write it; the connection only watches"}, "")
	}
}

// count counts one write.
func (c *Counts) count(op connector.Op) {
	switch op {
	case connector.Create:
		c.Created++
	case connector.Update:
		c.Updated++
	case connector.Delete:
		c.Deleted++
	}
}

// ComparedOutcome says what became of a write that a sync in shadow mode foresaw.
type ComparedOutcome string

// The outcomes of a write that was foreseen.
const (
	ComparedSame      ComparedOutcome = "same"      // somebody wrote just that
	ComparedOtherwise ComparedOutcome = "otherwise" // somebody wrote something else there
	ComparedMissing   ComparedOutcome = "missing"   // nobody wrote it
)

// A Comparison sets what one sync in shadow mode foresaw against what the apps held when they were last read.
type Comparison struct {
	Run    int64                   `json:"run"`    // the sync that foresaw it
	Counts map[ComparedOutcome]int `json:"counts"` // of all its writes
	Writes []ComparedWrite         `json:"writes"` // one page of them
	Next   string                  `json:"next,omitempty"`
}

// A ComparedWrite is one write that was foreseen, and what became of it.
type ComparedWrite struct {
	Outcome ComparedOutcome `json:"outcome"`
	Side    Side            `json:"side"`
	Op      string          `json:"op"`
	IDs     [2]string       `json:"ids"`              // of the pair; of a creation that nobody made, only the source's
	Fields  []ComparedField `json:"fields,omitempty"` // those that are not as it was foreseen
}

// A ComparedField is a field that is not as it was foreseen.
type ComparedField struct {
	Field    string        `json:"field"`
	Foreseen contact.Value `json:"foreseen,omitzero"`
	Now      contact.Value `json:"now,omitzero"`
}

// Compare says what became of what the connection, in shadow mode, would have written: of the writes that the sync
// before the last one foresaw, against what the last one read. The two need not come right after each other: the other
// tool should have run between them. after is the cursor of the page before ("" begins), limit the size of a page (0
// means 100); the counts are always of all writes. It fails if there are no two such syncs.
//
// An edit that nobody foresaw is not told from one of the other tool's.
func (s *Syncer) Compare(ctx context.Context, after string, limit int) (*Comparison, error) {
	if limit <= 0 {
		limit = 100
	}
	s.mu.Lock()
	cfg := s.cfg
	s.mu.Unlock()
	if cfg == nil {
		return nil, ErrReadOnly
	}
	out := &Comparison{Counts: map[ComparedOutcome]int{}}
	err := s.scopeView(ctx, func(tx ReadTx) error {
		run, err := lastForeseen(tx)
		if err != nil {
			return err
		}
		out.Run = run
		q := Scan{Table: TableJournal, By: ByKey, Prefix: runKey(run), Limit: scanPage}
		for {
			rows, err := tx.Scan(q)
			if err != nil {
				return err
			}
			if err := out.compare(tx, cfg, rows, after, limit); err != nil || len(rows) < scanPage {
				return err
			}
			q.After = &rows[len(rows)-1]
		}
	})
	return out, err
}

// lastForeseen returns the last run in shadow mode but one.
func lastForeseen(tx ReadTx) (int64, error) {
	var row connectionRow
	if err := getRow(tx, TableConnection, "", &row); err != nil {
		return 0, err
	}
	found := 0
	for n := row.Runs; n > 0; n-- {
		var run runRow
		if err := getRow(tx, TableRun, runKey(n), &run); err != nil {
			return 0, err
		}
		if !run.Shadow || run.Ended.IsZero() || run.Error != "" {
			continue
		}
		if found++; found == 2 {
			return n, nil
		}
	}
	return 0, fmt.Errorf("compare: %d of 2 syncs in shadow mode; sync, let the other tool do its work, and sync again", found)
}

// compare adds what became of the writes of some journal rows.
func (c *Comparison) compare(tx ReadTx, cfg *config, rows []Row, after string, limit int) error {
	for _, row := range rows {
		j, err := parseJournal(row)
		if err != nil {
			return err
		}
		if !j.Foreseen {
			continue
		}
		w, err := j.compared(tx, cfg)
		if err != nil {
			return err
		}
		c.Counts[w.Outcome]++
		switch {
		case row.Key <= after:
		case len(c.Writes) < limit:
			c.Writes = append(c.Writes, w)
			if len(c.Writes) == limit {
				c.Next = row.Key
			}
		}
	}
	return nil
}

// compared says what became of one write that was foreseen.
func (j *journalRow) compared(tx ReadTx, cfg *config) (ComparedWrite, error) {
	w := ComparedWrite{Side: j.Side, Op: string(j.Op), IDs: j.IDs}
	if j.Op == connector.Create {
		source := j.Side.Other()
		links, err := tx.Find(TableLink, int(source), j.IDs[source])
		if err != nil || len(links) == 0 {
			w.Outcome = ComparedMissing
			return w, err
		}
		w.IDs[j.Side] = links[0].Index[j.Side]
	}
	rows, err := tx.Get(TableMirror, recordKey(ref{j.Side, w.IDs[j.Side]}))
	if err != nil {
		return w, err
	}
	m := &mirror{Gone: missing}
	if len(rows) > 0 {
		if m, err = parseMirror(rows[0], cfg); err != nil {
			return w, err
		}
	}
	switch {
	case j.Op == connector.Delete && m.alive():
		w.Outcome = ComparedMissing
	case j.Op == connector.Delete:
		w.Outcome = ComparedSame
	case !m.alive():
		w.Outcome = ComparedOtherwise
	default:
		w.compareFields(j, cfg, m)
	}
	return w, nil
}

// compareFields compares what was foreseen of a record with what it holds.
func (w *ComparedWrite) compareFields(j *journalRow, cfg *config, now *mirror) {
	w.Outcome = ComparedSame
	touched := false // by somebody, since it was foreseen
	for _, name := range j.After.Names() {
		f, _ := cfg.schema[j.Side].Field(name)
		if f.Same(now.Fields[name], j.After[name], cfg.Match.Region) {
			touched = true
			continue
		}
		touched = touched || j.Op == connector.Create || !f.Same(now.Fields[name], j.Before[name], cfg.Match.Region)
		w.Fields = append(w.Fields, ComparedField{name, j.After[name], now.Fields[name]})
	}
	switch {
	case len(w.Fields) == 0:
	case touched:
		w.Outcome = ComparedOtherwise
	default:
		w.Outcome = ComparedMissing
	}
}
