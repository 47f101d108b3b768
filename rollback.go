package contactsync

import (
	"context"
	"errors"
	"fmt"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// A Rollback says what taking a run back did, or of a preview would do.
type Rollback struct {
	Run      int64          `json:"run,omitempty"`      // the rollback's own; 0 of a preview
	Of       int64          `json:"of"`                 // the run that is taken back
	Counts   [2]Counts      `json:"counts"`             // by side: what is written to take it back
	Unlinked int            `json:"unlinked,omitempty"` // pairs that the run had found, and that are none any more
	Writes   []PlannedWrite `json:"writes,omitempty"`   // of a preview
	Left     []Left         `json:"left,omitempty"`     // what is not taken back, record by record
}

// Left is a write that is not taken back.
type Left struct {
	Side   Side     `json:"side"`
	ID     string   `json:"id"`
	Op     string   `json:"op"`               // what the write was: create, update or delete
	Fields []string `json:"fields,omitempty"` // of an update; none means all of them
	Reason string   `json:"reason"`           // in words
}

// ErrNothingWritten says that there is no run to take back.
var ErrNothingWritten = errors.New("no sync has written anything yet")

// Rollback takes back what a run wrote ([Report].Run), 0 for the last sync that wrote anything: updates go back to the old values
// where those of the run still stand, lists element by element; records that it created are deleted if no user has
// touched them since; records that it deleted are created anew. What was settled and linked is again as it was before.
// All else is left as it is and named in the report.
//
// The connection is paused by it, for a sync after [Syncer.Resume] decides as the one did that was taken back; only a
// record that was restored is not deleted again. The guards do not apply. A rollback is a run of its own, with a
// history. One that fails or is interrupted has lost nothing: run it again and it goes on. It fails with
// [ErrNothingWritten], [ErrNotKnown] of a run that there is not or whose history is not kept any more, or as [Syncer.Sync]
// does.
func (s *Syncer) Rollback(ctx context.Context, number int64) (*Rollback, error) {
	var out *Rollback
	err := s.leased(ctx, func(ctx context.Context, r *run) (err error) {
		out, err = r.rollback(ctx, number)
		return err
	})
	return out, err
}

// PreviewRollback says what [Syncer.Rollback] would do, and writes to no app. What it reads is kept. Of writes whose
// answers were lost it knows nothing yet.
func (s *Syncer) PreviewRollback(ctx context.Context, number int64) (*Rollback, error) {
	var out *Rollback
	err := s.leased(ctx, func(ctx context.Context, r *run) error {
		if err := r.readLife(); err != nil && !errors.Is(err, ErrPaused) {
			return err
		}
		of, err := r.runToTakeBack(number)
		if err != nil {
			return err
		}
		r.number = r.row.Runs + 1
		t := &taking{of: of, preview: true, keep: map[string]bool{}}
		err = r.takeBack(ctx, t)
		t.out.Of, t.out.Left = of, r.left
		out = &t.out
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// rollback takes a run back, as a run of its own.
func (r *run) rollback(ctx context.Context, number int64) (*Rollback, error) {
	if err := r.readLife(); err != nil && !errors.Is(err, ErrPaused) {
		return nil, err
	}
	of, err := r.runToTakeBack(number)
	if err != nil {
		return nil, err
	}
	if r.cfg.Shadow {
		return nil, errors.New("rollback: the connection only watches, and writes to no app; configure it without shadow first")
	}
	r.report.Took = of
	if err := r.enter(ctx); err != nil {
		return nil, err
	}
	// From here on nothing is synced until a person resumes, whatever becomes of this run.
	if err := r.setState(ctx, StatePaused, DecidedPause, of); err != nil {
		return nil, err
	}
	t := &taking{of: of, keep: map[string]bool{}}
	err = r.takeBack(ctx, t)
	if endErr := r.endRollback(ctx, of, err); err == nil {
		err = endErr
	}
	if err != nil {
		return nil, err
	}
	t.out.Run, t.out.Of, t.out.Counts, t.out.Left = r.number, of, r.report.Counts, r.left
	for _, s := range Sides { // what was recovered was no work of the rollback
		t.out.Counts[s].Created -= t.recovered[s].Created
		t.out.Counts[s].Updated -= t.recovered[s].Updated
		t.out.Counts[s].Deleted -= t.recovered[s].Deleted
	}
	return &t.out, nil
}

// runToTakeBack returns the run that was asked for if it can be taken back, and the last sync that wrote for 0.
func (r *run) runToTakeBack(asked int64) (int64, error) {
	if asked != 0 {
		return asked, r.canTakeBack(asked)
	}
	for n := r.row.Runs; n > 0; n-- {
		var row runRow
		wrote := false
		err := r.view(func(tx ReadTx) (err error) {
			if err = getRow(tx, TableRun, runKey(n), &row); err == nil && row.Took == 0 {
				wrote, err = wroteAny(tx, n)
			}
			return err
		})
		if err != nil || wrote {
			return n, err
		}
	}
	return 0, fmt.Errorf("rollback: %w", ErrNothingWritten)
}

// canTakeBack fails if a run cannot be taken back.
func (r *run) canTakeBack(n int64) error {
	var row runRow
	err := r.view(func(tx ReadTx) error {
		if err := knownRun(tx, n); err != nil {
			return err
		}
		return getRow(tx, TableRun, runKey(n), &row)
	})
	switch {
	case err != nil:
		return fmt.Errorf("rollback: %w", err)
	case row.Started.IsZero() || row.Pruned:
		return fmt.Errorf("rollback: %w: the history of run %d is not kept any more, so that it cannot be taken back", ErrNotKnown, n)
	case row.Took != 0:
		return fmt.Errorf("rollback: run %d took run %d back; resume and sync, and the same is done again", n, row.Took)
	}
	return nil
}

// wroteAny reports whether a run has written anything.
func wroteAny(tx ReadTx, n int64) (bool, error) {
	q := Scan{Table: TableJournal, By: ByKey, Prefix: runKey(n) + " ", Limit: batchUnits}
	for {
		rows, err := tx.Scan(q)
		if err != nil || len(rows) == 0 {
			return false, err
		}
		for _, row := range rows {
			if j, err := parseJournal(row); err != nil || j.wrote() {
				return err == nil, err
			}
		}
		q.After = &rows[len(rows)-1]
	}
}

// endRollback notes what the rollback did, and of the run that it was taken back if it was, to its end.
func (r *run) endRollback(ctx context.Context, of int64, failure error) error {
	r.report.Ended = r.opts.clock.Now()
	if failure != nil {
		r.report.Error = "the rollback did not run to its end; run it again"
	}
	r.row.take(r.number, &r.report)
	return r.update(context.WithoutCancel(ctx), func(tx Tx) error {
		if err := r.saveLife(tx); err != nil || failure != nil {
			return err
		}
		var row runRow
		if err := getRow(tx, TableRun, runKey(of), &row); err != nil {
			return err
		}
		if row.Taken == 0 { // asked for again, a rollback finds nothing more to do
			row.Taken = r.number
		}
		return tx.Put(Row{Table: TableRun, Key: runKey(of), Body: marshal(row)})
	})
}

// taking is one run that is being taken back.
type taking struct {
	of        int64
	preview   bool
	keep      map[string]bool        // pairs of which something is left
	whole     map[ref]contact.Fields // records that were read to be deleted
	recovered [2]Counts
	out       Rollback
}

// takeBack looks at both apps as they are now, and takes the run's writes back, the last one first: each was possible
// after those before it, and so it can be taken back before them. Of two records that may not have one value, the one that
// the run wrote later makes way first.
func (r *run) takeBack(ctx context.Context, t *taking) error {
	if err := r.checkAccounts(ctx); err != nil {
		return err
	}
	if r.gate.halt != "" {
		return fmt.Errorf("rollback: %s is connected with another account than last time; connect the one that was synced", r.gate.side)
	}
	if err := r.pull(ctx); err != nil {
		return err
	}
	if err := r.askedBefore(ctx, t); err != nil {
		return err
	}
	r.now = r.opts.clock.Now()
	for p := (part{more: true}); p.more; {
		var err error
		if p, err = r.readPart(t.of, p.before); err != nil {
			return err
		}
		if err := r.takePartBack(ctx, t, p); err != nil {
			return err
		}
	}
	return r.unlinkAll(ctx, t)
}

// askedBefore finds out what became of writes without an answer. A preview only leaves them alone.
func (r *run) askedBefore(ctx context.Context, t *taking) error {
	if !t.preview {
		if err := r.recover(ctx); err != nil {
			return err
		}
		t.recovered = r.report.Counts
	}
	pending, err := r.readIntents()
	for _, p := range pending {
		r.openIntent(p.intentRow, p.ID)
		if p.Run == t.of {
			r.left = append(r.left, Left{Side: p.Side, ID: p.ID, Op: string(p.Op), Reason: leftOpen})
		}
	}
	return err
}

// takePartBack takes back a part of a run: its writes, and then what it had linked anew before them.
func (r *run) takePartBack(ctx context.Context, t *taking, p part) error {
	b := r.newBook()
	b.expectBack(p)
	p.writes = r.leaveMerged(b, t, p.writes)
	if err := errors.Join(r.readWhole(ctx, b, t, p.writes), r.readUnused(ctx, b, p.writes)); err != nil {
		return err
	}
	var writes []*write
	for _, it := range p.writes {
		if it.taken || it.op() == "" {
			continue
		}
		if w := r.decideBack(b, t, it); w != nil {
			writes = append(writes, w)
		}
	}
	if err := r.carryBack(ctx, b, t, writes); err != nil {
		return err
	}
	return r.handBack(ctx, b, t, p.over)
}

// expectBack reads in few calls what taking a part of a run back will look at.
func (b *book) expectBack(p part) {
	for _, s := range Sides {
		var refs []ref
		var gone []contact.Record
		for _, it := range p.writes {
			refs = append(refs, ref{s, it.ids[s]})
			if it.at.side == s && it.op() == connector.Delete {
				gone = append(gone, contact.Record{ID: it.at.id, Fields: it.before})
			}
		}
		for _, e := range p.over {
			refs = append(refs, ref{s, e.IDs[s]})
		}
		b.expect(s, refs, gone)
	}
}

// carryBack carries out what was decided for a batch, or lists it.
func (r *run) carryBack(ctx context.Context, b *book, t *taking, writes []*write) error {
	if t.preview {
		plan := Plan{Counts: t.out.Counts}
		for _, w := range writes {
			plan.add(w, r.cfg)
		}
		t.out.Counts, t.out.Writes = plan.Counts, append(t.out.Writes, plan.Writes...)
		return b.err
	}
	start := len(r.left)
	var bySide [2][]*write
	for _, w := range writes {
		bySide[w.side] = append(bySide[w.side], w)
	}
	var err error
	for _, s := range Sides {
		if err == nil {
			err = r.send(ctx, b, bySide[s])
		}
	}
	for _, w := range writes {
		if !w.back.done && err == nil {
			r.leave(b, w, errors.New("the app could not be written to, or the record was changed at this moment; run the rollback again"))
		}
	}
	for _, l := range r.left[start:] {
		if old := b.linkOf(ref{l.Side, l.ID}); old != nil {
			t.keep[old.key] = true
		}
	}
	// What the app has done is noted, even if nobody waits any more.
	return errors.Join(err, b.commit(context.WithoutCancel(ctx)), r.sideErr[A], r.sideErr[B])
}

// leave notes that a write was not taken back, because the app refused it.
func (r *run) leave(b *book, w *write, err error) {
	reason := appWords(err)
	switch {
	case errors.Is(err, connector.ErrVersionConflict):
		reason = leftChanged
	case errors.Is(err, connector.ErrNotFound):
		b.lost(ref{w.side, w.id})
		reason = leftGone
	case !connector.Known(err), errors.Is(err, connector.ErrAlreadyExists), errors.Is(err, connector.ErrInvalid), errors.Is(err, connector.ErrForbidden):
	default: // the app cannot be written to at present
		r.sideErr[w.side] = err
	}
	r.noteLeft(b, w.back.row, w.link.ID, Left{Side: w.side, ID: w.id, Op: string(undoes[w.op]), Reason: reason})
}

// leaveOpen notes that nobody knows whether a write was taken back.
func (r *run) leaveOpen(w *write) {
	if w.back != nil {
		r.left = append(r.left, Left{Side: w.side, ID: w.id, Op: string(undoes[w.op]), Reason: leftOpen})
	}
}

// undoes says which operation takes another one back.
var undoes = map[connector.Op]connector.Op{connector.Create: connector.Delete, connector.Update: connector.Update, connector.Delete: connector.Create}

// noteLeft notes in report and history what is not taken back.
func (r *run) noteLeft(b *book, row string, ids [2]string, l Left) {
	r.left = append(r.left, l)
	j := journalRow{At: r.now, Side: l.Side, Op: connector.Op(l.Op), IDs: ids, Refused: "not taken back: " + l.Reason, Back: row}
	b.dirtyRows = append(b.dirtyRows, j.row(r.nextKey()))
}
