package contactsync

import (
	"context"
	"maps"
)

// A book is saved in one transaction. The next book need not wait for it: what it looks at and the last one has it
// takes from there. Whoever asks the store for anything else waits.

// changes are the rows of a book that are to be saved.
type changes struct {
	puts  []Row
	drops map[Table][]string
}

// changes returns what is to be saved, and forgets that it is.
func (b *book) changes() changes {
	b.settleBlocks()
	puts := make([]Row, 0, len(b.dirtyRows)+len(b.dirtyMirrors)+len(b.dirtyLinks)+len(b.dirtyKeys)+len(b.dirtyProposals)+1)
	puts = append(puts, b.dirtyRows...)
	var dropMirrors, dropLinks, dropKeys []string
	var large []interface{ row() Row } // by far the most that is to be written down
	for _, r := range sortedRefs(b.dirtyMirrors) {
		if m := b.mirrors[r]; m != nil {
			large = append(large, m)
		} else {
			dropMirrors = append(dropMirrors, recordKey(r))
		}
	}
	for _, key := range sortedKeys(b.dirtyLinks) {
		if l := b.dirtyLinks[key]; l != nil {
			large = append(large, l)
		} else {
			dropLinks = append(dropLinks, key)
		}
	}
	puts = append(puts, make([]Row, len(large))...)
	b.run.spread(len(large), func(i int) { puts[len(b.dirtyRows)+i] = large[i].row() })
	for _, key := range sortedKeys(b.dirtyKeys) {
		if bearers := b.bearers[key]; len(bearers) > 0 {
			puts = append(puts, keyRow(key, bearers))
		} else {
			dropKeys = append(dropKeys, key)
		}
	}
	var dropHolds []string
	for _, key := range sortedKeys(b.dirtyProposals) {
		if h := b.proposals[key]; h != nil {
			puts = append(puts, h.row())
		} else {
			dropHolds = append(dropHolds, key)
		}
	}
	for _, key := range sortedKeys(b.dirtyHolds) {
		puts = append(puts, b.dirtyHolds[key].row())
	}
	if !b.run.report.Started.IsZero() { // what was done is counted with what was done, and shown while it goes on
		puts = append(puts, b.run.running())
	}
	drops := map[Table][]string{TableMirror: dropMirrors, TableLink: dropLinks, TableKey: dropKeys, TableHold: dropHolds}
	for _, row := range b.deleteRows {
		drops[row.Table] = append(drops[row.Table], row.Key)
	}
	clear(b.dirtyMirrors)
	clear(b.dirtyLinks)
	clear(b.dirtyKeys)
	clear(b.dirtyProposals)
	maps.Copy(b.run.requests, b.dirtyHolds)
	clear(b.dirtyHolds)
	b.dirtyRows, b.deleteRows = nil, nil
	return changes{puts, drops}
}

// save writes the changes.
func (c changes) save(tx Tx) error {
	for _, t := range Tables { // links are deleted before others take over their ids
		if keys := c.drops[t]; len(keys) > 0 {
			if err := tx.Delete(t, keys...); err != nil {
				return err
			}
		}
	}
	return tx.Put(c.puts...)
}

// commit saves the book under the run's lease.
func (b *book) commit(ctx context.Context) error {
	if b.err != nil {
		return b.err
	}
	return b.run.update(ctx, b.changes().save)
}

// landing is a commit that is under way.
type landing struct {
	of   *book
	wait func() error // until it is in the store
}

// commitLater saves the book, which is not changed any more, while others are worked on. An error is found by whoever
// next waits for it, and that is before anything more is written to an app. Where no goroutine is to be started it is
// saved only then.
func (b *book) commitLater(ctx context.Context) error {
	r := b.run
	if err := r.landed(); err != nil {
		return err
	}
	if b.err != nil {
		return b.err
	}
	save := b.changes().save
	b.before = nil
	r.landing = &landing{of: b, wait: func() error {
		if err := r.keepLease(ctx); err != nil {
			return err
		}
		return r.store.Update(ctx, r.lease, save)
	}}
	if r.opts.concurrency > 1 {
		r.landing.start()
	}
	return nil
}

// start has the commit carried out by a goroutine.
func (l *landing) start() {
	done, save := make(chan error, 1), l.wait
	go func() { done <- save() }()
	l.wait = func() error { return <-done }
}

// landed waits until the commit that is under way is in the store.
func (r *run) landed() error {
	if l := r.landing; l != nil {
		r.landing = nil
		if err := l.wait(); err != nil {
			return err
		}
	}
	r.readAhead()
	return nil
}

// committing returns the book whose commit is under way, nil if none is.
func (r *run) committing() *book {
	if r.landing == nil {
		return nil
	}
	return r.landing.of
}

// nothing is a book that knows nothing.
var nothing = &book{}

// pending returns the last book while its commit is under way.
func (b *book) pending() *book {
	if b.before == nil || b.run.committing() != b.before {
		return nothing // the store has it all
	}
	return b.before
}
