package contactsync

import (
	"context"
	"errors"
	"slices"

	"github.com/contactsync/contactsync/connector"
)

// Pairs that a run found are parted when it is taken back, and those of which another record took a half over are what
// they were: where nothing has come since, no edit, no later write and no person's word.

// takeOver notes that a link goes to another record than before, and keeps in the history what the pair was.
func (r *run) takeOver(b *book, l *link) {
	if l.key == "" {
		return
	}
	l.Since = r.number
	for _, s := range Sides {
		old := b.linkOf(ref{s.Other(), l.ID[s.Other()]})
		if old == nil || old.key != l.key || old.ID[s] == l.ID[s] {
			continue
		}
		j := journalRow{At: r.now, Side: s, Op: opTakeOver, IDs: l.ID, Was: old.body(),
			Why: map[string]Why{"": {Because: "it took the place of a record that is gone"}}}
		b.dirtyRows = append(b.dirtyRows, j.row(r.nextKey()))
	}
}

// handBack makes pairs what they were before another record took a half of them over. The one whose place it took is
// gone, so the other half is a survivor: it is neither deleted nor copied back, and the other record is looked at again.
func (r *run) handBack(ctx context.Context, b *book, t *taking, over []entry) error {
	var found []*link
	var was []*link
	for _, e := range over {
		l := b.linkOf(ref{e.Side, e.ID()})
		if l == nil || l.ID != e.IDs || l.Since != t.of || t.keep[l.key] || !r.untouchedPair(b, l) {
			continue
		}
		old := &link{key: l.key}
		b.err = errors.Join(b.err, old.read(e.Was))
		old.ID[e.Side.Other()] = l.ID[e.Side.Other()] // it may have another id by now
		if b.linkOf(ref{e.Side, old.ID[e.Side]}) == nil {
			found, was = append(found, l), append(was, old)
		}
	}
	if len(found) == 0 {
		return b.err
	}
	histories, err := r.historiesOf(found)
	if err != nil {
		return err
	}
	for i, l := range found {
		if writtenSince(histories, l.ID, t.of) {
			continue
		}
		old := was[i]
		if old.Gone = b.goneHalves(old); old.Gone != [2]bool{} {
			old.Standing = standing{Status: StatusDeleted}
		}
		b.dropLink(l)
		b.putLink(old)
		b.kin(old)
		t.out.Unlinked++
	}
	if t.preview {
		return b.err
	}
	return b.commit(ctx)
}

// historiesOf reads what was written to both halves of some pairs.
func (r *run) historiesOf(links []*link) (histories map[ref][]entry, err error) {
	var ids [2][]string
	for _, l := range links {
		for _, s := range Sides {
			ids[s] = append(ids[s], l.ID[s])
		}
	}
	err = r.view(func(tx ReadTx) (err error) {
		histories, err = readHistories(tx, ids, map[string]entry{})
		return err
	})
	return histories, err
}

// unlinkAll ends the pairs that the run had found.
func (r *run) unlinkAll(ctx context.Context, t *taking) error {
	q := Scan{Table: TableLink, By: ByKey, Prefix: runKey(t.of) + " ", Limit: batchUnits}
	for {
		b := r.newBook()
		var rows []Row
		err := r.view(func(tx ReadTx) (err error) {
			rows, err = tx.Scan(q)
			return err
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		q.After = &rows[len(rows)-1]
		if err := r.unlinkPage(b, t, rows); err != nil {
			return err
		}
		if t.preview {
			continue
		}
		if err := b.commit(ctx); err != nil {
			return err
		}
	}
}

func (r *run) unlinkPage(b *book, t *taking, rows []Row) error {
	for _, s := range Sides {
		var refs []ref
		for _, row := range rows {
			refs = append(refs, ref{s, row.Index[s]})
		}
		b.expect(s, refs, nil)
	}
	var found []*link
	for _, row := range rows {
		if l := b.linkOf(ref{A, row.Index[A]}); l != nil && l.key == row.Key && l.Since == 0 && !t.keep[l.key] &&
			(r.untouchedPair(b, l) || b.outlived(l)) {
			found = append(found, l)
		}
	}
	histories, err := r.historiesOf(found)
	if err != nil {
		return err
	}
	for _, l := range found {
		if l.How == "" && created(histories, l.ID) || writtenSince(histories, l.ID, t.of) {
			continue
		}
		if b.outlived(l) {
			l.Gone, l.Standing = b.goneHalves(l), standing{Status: StatusDeleted}
			b.putLink(l)
			continue
		}
		b.dropLink(l)
		t.out.Unlinked++
	}
	return b.err
}

// outlived reports whether one half of a pair has been deleted and no sync has settled that yet. What the other half holds again it
// never gave to the one that is gone: it is a survivor.
func (b *book) outlived(l *link) bool {
	gone := b.goneHalves(l)
	return l.Gone == [2]bool{} && gone[A] != gone[B]
}

// goneHalves returns which halves of a pair are not there.
func (b *book) goneHalves(l *link) (gone [2]bool) {
	for _, s := range Sides {
		gone[s] = b.record(ref{s, l.ID[s]}) == nil
	}
	return gone
}

// untouchedPair reports whether nobody has edited either half of a pair since it was decided, or said anything of it.
func (r *run) untouchedPair(b *book, l *link) bool {
	if l.Gone != [2]bool{} || l.How == linkedByPerson {
		return false
	}
	for _, s := range Sides {
		at := ref{s, l.ID[s]}
		m := b.record(at)
		if m == nil || r.unclear(b, at) != "" || l.Touch[s] != "" && l.Touch[s] != m.touch() {
			return false
		}
		for _, mp := range r.cfg.mappings {
			if c := l.Cells[mp.id]; c != nil && mp.changed(s, m.Fields, c.Val[s]) {
				return false
			}
		}
	}
	return true
}

// created reports whether a run made the pair by creating one half of it: it ends with that, or not at all. That was an earlier
// run if the answer was lost, and the copy found by this one.
func created(histories map[ref][]entry, ids [2]string) bool {
	return slices.ContainsFunc(histories[ref{A, ids[A]}], func(e entry) bool {
		return e.wrote() && e.Op == connector.Create && e.IDs == ids
	})
}

// writtenSince reports whether a run after that one wrote to a pair and was not taken back.
func writtenSince(histories map[ref][]entry, ids [2]string, of int64) bool {
	for _, s := range Sides {
		taken := map[int64]bool{}
		for _, e := range histories[ref{s, ids[s]}] {
			if e.Back != "" && e.wrote() {
				taken[runOf(e.Back)] = true
			}
		}
		for _, e := range histories[ref{s, ids[s]}] {
			if e.run() > of && e.wrote() && e.Back == "" && !taken[e.run()] {
				return true
			}
		}
	}
	return false
}
