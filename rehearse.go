package contactsync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/contactsync/contactsync/connector"
)

// batchUnits is how many records are planned and pushed together: memory follows it, not the address books.
const batchUnits = 500

// maxRounds is how often a unit is planned again on its result before that is reported.
const maxRounds = 8

// push decides what is due and carries it out, batch by batch.
func (r *run) push(ctx context.Context, due []ref) error {
	defer func() { r.coming = nil; r.readUp() }()
	list := newAgenda(due)
	for part := list.take(r.opts.batch); len(part) > 0; part = list.take(r.opts.batch) {
		r.coming = list.peek(r.opts.batch)
		b, err := r.pushBatch(ctx, part)
		if errors.Is(err, ErrPaused) {
			err = errors.Join(err, r.leavePaused(ctx, append(part, list.take(len(due))...)))
		}
		if err != nil {
			return err
		}
		list.strike(b)
		r.progress(PhasePush, list.at, len(due))
		if r.sideErr[A] != nil && r.sideErr[B] != nil {
			break
		}
	}
	return errors.Join(r.landed(), r.sideErr[A], r.sideErr[B])
}

// pushBatch decides some records and carries that out, again and again until nothing is left: a result may let
// another record in, or free a key. It returns the book with how they stand then.
func (r *run) pushBatch(ctx context.Context, refs []ref) (*book, error) {
	if err := r.stopIfPaused(); err != nil {
		return nil, err
	}
	b, refs := r.bookOf(refs)
	var err error
	for round := 0; err == nil && len(refs) > 0 && round < maxRounds; round++ {
		r.blocked, r.wrote = nil, false
		writes := r.decide(b, refs, nil)
		r.suggest(b)
		if r.cfg.Shadow {
			r.foresee(b, writes)
		} else {
			err = r.send(ctx, b, writes)
		}
		for _, at := range r.blocked {
			if r.wrote { // a value that another record had may be free now
				b.touch(at)
			}
		}
		refs = b.takeDue()
	}
	r.report.Restless += len(refs)
	// What the app has done is noted, even if nobody waits any more.
	return b, errors.Join(err, b.commitLater(context.WithoutCancel(ctx)))
}

// stopIfPaused ends the sync if a person has paused the connection meanwhile.
func (r *run) stopIfPaused() error {
	var row connectionRow
	err := r.peek(func(tx ReadTx) error { return r.readConnection(tx, &row) })
	if err == nil && row.State == StatePaused {
		err = ErrPaused
	}
	return err
}

// watch is told what a rehearsal decides: every move, in each round, and every write of one.
type watch struct {
	move  func(*move)
	write func(*write, *move)
}

// rehearse runs the whole plan without carrying anything out, for the totals that the guards look at. seen is told what
// is decided; it may be nil.
func (r *run) rehearse(ctx context.Context, due []ref, seen *watch) (*tally, error) {
	t := &tally{}
	if err := r.countLinked(t); err != nil {
		return nil, err
	}
	if t.linked == 0 && !r.cfg.Guard.MaxCreates.Set && seen == nil {
		return t, nil // nothing is linked, so nothing can be deleted or cleared
	}
	reh := &rehearsal{tally: t, seen: seen, counted: map[string]bool{}, over: map[ref]bool{}}
	for i := 0; i < len(due); i += r.opts.batch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.rehearseBatch(due[i:min(i+r.opts.batch, len(due))], reh); err != nil {
			return nil, err
		}
		r.progress(PhasePlan, i+r.opts.batch, len(due))
	}
	if err := r.countLeft(t); err != nil {
		return nil, err
	}
	r.judge(t)
	return t, nil
}

// rehearsal is what is kept of a rehearsal from batch to batch.
type rehearsal struct {
	tally   *tally
	seen    *watch
	counted map[string]bool // what is in the totals
	// over are the records that were decided: with true, they have a partner then. A sync finds them at rest, while the
	// rehearsal would decide them anew, for what it simulates is dropped with the batch.
	over map[ref]bool
}

// rehearseBatch decides some records and simulates the results, on a book that is dropped.
func (r *run) rehearseBatch(refs []ref, reh *rehearsal) error {
	b := r.newBook()
	refs = slices.DeleteFunc(slices.Clone(refs), func(at ref) bool { _, over := reh.over[at]; return over })
	b.prefetch(refs)
	links, linked := r.links, r.report.Linked
	defer func() { r.links, r.report.Linked = links, linked }()
	if r.ahead {
		refs = r.lookAhead(b, refs)
	}
	decided := map[ref]bool{}
	for round := 0; len(refs) > 0 && round < maxRounds; round++ {
		for _, at := range refs {
			decided[at] = true
		}
		writes := r.decide(b, refs, func(m *move) { reh.count(m, round) })
		if reh.seen != nil {
			r.suggest(b)
		}
		for _, w := range writes {
			r.simulate(b, w)
		}
		refs = slices.DeleteFunc(b.takeDue(), func(at ref) bool { return reh.over[at] })
	}
	if reh.seen != nil {
		r.planSuggestions(b)
	}
	reh.end(b, decided)
	return b.err
}

// count adds a move to the totals, and shows it to whoever looks on.
func (reh *rehearsal) count(m *move, round int) {
	reh.tally.count(m, reh.counted)
	if reh.seen == nil {
		return
	}
	reh.seen.move(m)
	for _, w := range m.writes {
		if key := fmt.Sprintf("%s %s %s %d", w.op, w.side, w.id, round); !reh.counted[key] {
			reh.counted[key] = true
			reh.seen.write(w, m)
		}
	}
}

// end notes who was decided in a batch.
func (reh *rehearsal) end(b *book, decided map[ref]bool) {
	for at := range decided {
		reh.over[at] = b.links[at] != nil
	}
	for _, l := range b.dirtyLinks {
		for _, s := range Sides {
			if l != nil {
				reh.over[ref{s, l.ID[s]}] = true
			}
		}
	}
}

// decide decides some records on the book and returns the writes, updates first, then creations, then deletions, and of
// each those of a first.
func (r *run) decide(b *book, refs []ref, count func(*move)) []*write {
	pl := &planner{cfg: r.cfg, dir: b, now: r.now, gate: r.gate, consent: r.consented, cutOff: r.cutOff}
	var writes []*write
	done := map[ref]bool{}
	for _, ref := range b.goneFirst(refs) {
		if done[ref] || b.err != nil {
			continue
		}
		r.settleLate(b, ref)
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
		b.judge(ref, m)
		writes = append(writes, m.writes...)
	}
	slices.SortStableFunc(writes, func(x, y *write) int {
		return cmp.Or(cmp.Compare(order(x.op), order(y.op)), cmp.Compare(x.side, y.side))
	})
	return writes
}

// goneFirst returns the records in the order in which they are decided: another one may take the place of one that is
// gone, and is no newcomer then.
func (b *book) goneFirst(refs []ref) []ref {
	refs = slices.Clone(refs)
	place := func(at ref) int {
		if b.mirrorOf(at).alive() {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(refs, func(x, y ref) int { return cmp.Compare(place(x), place(y)) })
	return refs
}

// order is the place of an operation among the others.
func order(op connector.Op) int {
	return slices.Index([]connector.Op{connector.Update, connector.Create, connector.Delete}, op)
}
