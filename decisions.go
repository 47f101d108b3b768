package contactsync

import (
	"context"
	"slices"
	"time"
)

// What a person decides is kept as a row of its own, which a running sync does not write: nothing that a person
// said is lost to a sync that runs meanwhile. The next sync carries it out. Every decision is noted in the history.

// decideByPerson changes rows without a lease.
func (s *Syncer) decideByPerson(ctx context.Context, fn func(Tx) error) error {
	return s.store.Update(ctx, Lease{Scope: scopeOf(s.document())}, func(tx Tx) error {
		if err := legible(tx); err != nil {
			return err
		}
		return fn(tx)
	})
}

// decision is a transaction in which a person decides something.
type decision struct {
	Tx
	life connectionRow
	at   time.Time
}

// byPerson has a person decide something about the connection as it is now.
func (s *Syncer) byPerson(ctx context.Context, fn func(*decision) error) error {
	return s.decideByPerson(ctx, func(tx Tx) error {
		d := &decision{Tx: tx, at: s.opts.clock.Now()}
		if err := s.readConnection(tx, &d.life); err != nil {
			return err
		}
		return fn(d)
	})
}

// ask keeps what a person asks of the next sync, which looks at the records that it is about.
func (d *decision) ask(h holdRow) error {
	h.At = d.at
	for _, s := range Sides {
		at := ref{s, h.IDs[s]}
		rows, err := d.Get(TableMirror, recordKey(at))
		if err != nil {
			return err
		}
		for _, row := range rows {
			row.Index[mirrorDue] = dueEntry(dueNow, at, false)
			if err := d.Put(row); err != nil {
				return err
			}
		}
	}
	return d.Put(h.row())
}

// note writes a decision into the history, with what was decided in words.
func (d *decision) note(kind Decided, about journalRow, mapping, words string) error {
	about.At, about.Decision, about.Why = d.at, kind, map[string]Why{"": {Mapping: mapping, Because: words}}
	n, err := d.Count(Scan{Table: TableJournal, By: ByKey, Prefix: runKey(d.life.Runs) + " p"})
	if err != nil {
		return err
	}
	for { // what was forgotten may have left gaps
		key := decisionKey(d.life.Runs, n)
		rows, err := d.Get(TableJournal, key)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return d.Put(Row{Table: TableJournal, Key: key, Index: [Indexes]string{about.IDs[A], about.IDs[B]}, Body: about.body()})
		}
		n++
	}
}

// Pause stops the connection: a running sync stops before its next batch, and [Syncer.Sync] fails with [ErrPaused]
// until it is resumed.
func (s *Syncer) Pause(ctx context.Context) error {
	return s.setState(ctx, StatePaused, DecidedPause, 0)
}

// Resume lets a paused connection sync again. One that was never synced is a draft again.
func (s *Syncer) Resume(ctx context.Context) error {
	return s.setState(ctx, StateActive, DecidedResume, 0)
}

// setState pauses or resumes the connection, as a person decided, or a rollback of a run if that is not 0.
func (s *Syncer) setState(ctx context.Context, to State, kind Decided, rollbackOf int64) error {
	return s.byPerson(ctx, func(d *decision) error {
		if to == StateActive && d.life.Runs == 0 {
			to = StateDraft
		}
		if d.life.State == to {
			return nil
		}
		d.life.State = to
		if err := d.Put(d.life.stored()); err != nil {
			return err
		}
		about := journalRow{}
		if rollbackOf != 0 {
			about.Back = runKey(rollbackOf)
		}
		return d.note(kind, about, "", string(kind)+"d the connection")
	})
}

// readHolds reads what persons have decided, and what the guards hold.
func (r *run) readHolds(tx ReadTx) error {
	r.separated, r.insisted, r.requests, r.consents = map[[2]string]bool{}, map[ref]string{}, map[string]holdRow{}, map[string]holdRow{}
	r.outlived = map[string]bool{}
	merges, err := tx.Scan(Scan{Table: TableHold, By: proposalOrder, Prefix: holdMerge, Limit: 1, KeysOnly: true})
	if err != nil {
		return err
	}
	r.merges = len(merges) > 0
	for _, s := range Sides {
		lost, err := tx.Scan(Scan{Table: TableKey, By: ByKey, Prefix: lostPrefix(s), Limit: 1, KeysOnly: true})
		if err != nil {
			return err
		}
		r.echoes = r.echoes || len(lost) > 0
	}
	rows, err := tx.Scan(Scan{Table: TableHold, By: ByKey, Until: proposalPrefix})
	if err != nil {
		return err
	}
	for _, row := range rows {
		h := holdRow{key: row.Key}
		if err := unmarshal(row, &h); err != nil {
			return err
		}
		r.takeHold(h)
	}
	return nil
}

// takeHold notes what a row of a person, or of a guard, says.
func (r *run) takeHold(h holdRow) {
	switch h.Kind {
	case holdSeparated:
		r.separated[h.IDs] = true
		r.requests[h.key] = h
		if len(h.Bore[A])+len(h.Bore[B]) > 0 {
			r.outlived[h.key] = true
		}
	case holdCreate:
		r.insisted[ref{h.Side, h.IDs[h.Side]}] = h.key
		r.requests[h.key] = h
	case holdLink, holdResolved, holdReleased, holdRejoin:
		r.requests[h.key] = h
	case WaitDeletions, WaitClears, WaitCreates, WaitEmpty, WaitChanged, WaitAccount:
		r.consents[h.key] = h
	}
}

// dropHold is the inverse of takeHold, for decisions of persons.
func (r *run) dropHold(h holdRow) {
	delete(r.requests, h.key)
	switch h.Kind {
	case holdSeparated:
		delete(r.separated, h.IDs)
		delete(r.outlived, h.key)
	case holdCreate:
		delete(r.insisted, ref{h.Side, h.IDs[h.Side]})
	}
}

// named returns the key of a decision that names its records; others are named by their link.
func (h holdRow) named() string {
	switch h.Kind {
	case holdSeparated, holdLink:
		return pairKey(h.Kind, h.IDs)
	case holdRejoin:
		return pairKey(holdSeparated, h.IDs)
	case holdCreate:
		return createKey(h.Side, h.IDs[h.Side])
	}
	return h.key
}

// applyRequests carries out what persons decided since the last sync, before anything is planned.
func (r *run) applyRequests(ctx context.Context) error {
	if len(r.requests) == 0 {
		return nil
	}
	b := r.newBook()
	var about []ref
	for _, h := range r.requests {
		about = append(about, ref{A, h.IDs[A]})
	}
	b.loadProposals(about)
	for _, key := range sortedKeys(r.requests) {
		if r.applyRequest(b, r.requests[key]) {
			b.deleteRows = append(b.deleteRows, Row{Table: TableHold, Key: key})
		}
	}
	return b.commit(ctx)
}

// applyRequest carries out one decision on the book, and reports whether it is used up.
func (r *run) applyRequest(b *book, h holdRow) bool {
	switch h.Kind {
	case holdSeparated: // it is kept: the two are never linked again
		r.applySeparated(b, h)
		return false
	case holdCreate: // it is kept until the record is created
		if !r.applyCreate(b, h) {
			return false
		}
	case holdLink:
		r.applyLink(b, h)
	case holdResolved, holdReleased:
		r.applyResolution(b, h)
	}
	for _, s := range Sides {
		b.touch(ref{s, h.IDs[s]})
	}
	return true
}

// lookAhead carries out on a book that is dropped what persons decided about these records, and returns them with those
// that are to be decided because of it.
func (r *run) lookAhead(b *book, refs []ref) []ref {
	for _, key := range sortedKeys(r.requests) {
		h := r.requests[key]
		if slices.ContainsFunc(refs, func(at ref) bool { return at.id == h.IDs[at.side] }) {
			r.applyRequest(b, h)
		}
	}
	for _, at := range b.takeDue() {
		if !slices.Contains(refs, at) {
			refs = append(refs, at)
		}
	}
	slices.SortFunc(refs, compareRefs)
	return refs
}
