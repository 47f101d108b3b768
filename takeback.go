package contactsync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// written is what a run did to one record, all its writes together, and what was done to it since.
type written struct {
	at            ref
	ids           [2]string // of the pair
	row           string    // key of the first write
	before, after contact.Fields
	existed       bool   // before the run
	exists        bool   // after it
	was           []byte // the pair's row before, nil if the run has made it
	version       string // after the run's writes and all that followed, if only we wrote
	since         int64  // a later run that wrote it and was not taken back, 0 for none
	broken        bool   // somebody else has written in between
	taken         bool   // it was taken back already
	wrote         []string
}

// op returns what the run did, all in all.
func (it *written) op() connector.Op {
	switch {
	case !it.existed && it.exists:
		return connector.Create
	case it.existed && it.exists:
		return connector.Update
	case it.existed:
		return connector.Delete
	}
	return "" // it came and went
}

// entry is one row of the journal with its key.
type entry struct {
	journalRow
	key           string
	before, after string // versions
}

func parseEntry(row Row) (entry, error) {
	e := entry{key: row.Key}
	e.before, e.after, _ = strings.Cut(row.Stamp, "\x00")
	return e, unmarshal(row, &e.journalRow)
}

// run returns the number of the run whose write it is.
func (e *entry) run() int64 { return runOf(e.key) }

// runOf returns the number of the run that a key of the journal, or of a link, belongs to.
func runOf(key string) (n int64) {
	_, _ = fmt.Sscanf(key, "%d", &n) // one that is no such key belongs to no run
	return n
}

// readWrites returns the records that a page of a run's journal names first, in their order, and the page's last row,
// nil if there is none.
func (r *run) readWrites(q Scan, of int64) (items []*written, last *Row, err error) {
	var page []Row
	var firsts []entry
	histories := map[ref][]entry{}
	err = r.view(func(tx ReadTx) error {
		if page, err = tx.Scan(q); err != nil || len(page) == 0 {
			return err
		}
		var ids [2][]string
		for _, row := range page {
			e, err := parseEntry(row)
			if err != nil {
				return err
			}
			firsts = append(firsts, e)
			for _, s := range Sides {
				ids[s] = append(ids[s], e.IDs[s])
			}
		}
		histories, err = readHistories(tx, ids)
		return err
	})
	if err != nil || len(page) == 0 {
		return nil, nil, err
	}
	for _, e := range firsts {
		at := ref{e.Side, e.IDs[e.Side]}
		if it := gather(at, histories, of); e.wrote() && it != nil && it.row == e.key {
			items = append(items, it)
		}
	}
	return items, &page[len(page)-1], nil
}

// readHistories returns the rows of the journal about these records, by record, in their order. A row is found by both
// halves of its pair.
func readHistories(tx ReadTx, ids [2][]string) (map[ref][]entry, error) {
	all := map[ref][]entry{}
	for _, s := range Sides {
		names := slices.DeleteFunc(slices.Clone(ids[s]), func(id string) bool { return id == "" })
		if len(names) == 0 {
			continue
		}
		rows, err := tx.Find(TableJournal, int(s), names...)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			e, err := parseEntry(row)
			if err != nil {
				return nil, err
			}
			at := ref{s, e.IDs[s]}
			all[at] = append(all[at], e)
		}
	}
	for _, list := range all {
		slices.SortFunc(list, func(x, y entry) int { return cmp.Compare(x.key, y.key) })
	}
	return all, nil
}

// gather puts together what a run did to a record, nil if it did nothing.
func gather(at ref, histories map[ref][]entry, of int64) *written {
	var it *written
	takenRuns := map[int64]bool{}
	for _, e := range histories[at] {
		if e.Side == at.side && e.Back != "" && e.wrote() {
			takenRuns[runOf(e.Back)] = true
		}
	}
	for _, e := range histories[at] {
		switch {
		case !e.wrote() || e.Side != at.side || e.run() < of:
		case e.run() == of:
			if it == nil {
				it = &written{at: at, ids: e.IDs, row: e.key, before: contact.Fields{}, after: contact.Fields{}, existed: e.Op != connector.Create, was: e.Was}
			}
			it.take(e)
		case it != nil:
			it.follow(e, takenRuns)
		}
	}
	if it == nil {
		return nil
	}
	it.wrote = it.after.Names()
	// The record that was restored has another id: it is found by its counterpart.
	for _, e := range histories[ref{at.side.Other(), it.ids[at.side.Other()]}] {
		it.taken = it.taken || e.wrote() && e.Back == it.row
	}
	it.taken = it.taken || takenRuns[of]
	return it
}

// take adds a write of the run.
func (it *written) take(e entry) {
	for name, v := range e.Before {
		if _, known := it.before[name]; !known {
			it.before[name] = v
		}
	}
	for name, v := range e.After {
		if _, known := it.before[name]; !known {
			it.before[name] = contact.Empty
		}
		it.after[name] = v
	}
	it.exists, it.version = e.Op != connector.Delete, e.after
}

// follow adds a write of a later run. One that was taken back leaves the record as it was, unless somebody else wrote
// in between.
func (it *written) follow(e entry, takenRuns map[int64]bool) {
	if e.Back == "" && !takenRuns[e.run()] {
		it.since = e.run()
	}
	it.broken = it.broken || e.before != it.version
	it.version = e.after
}

// decideBack decides how one record goes back to what it was: by a write, or not at all.
func (r *run) decideBack(ctx context.Context, b *book, t *taking, it *written) []*write {
	w := &write{op: undoes[it.op()], side: it.at.side, id: it.at.id, back: &back{row: it.row},
		why: map[string]Why{"": {Because: fmt.Sprintf("run %d is taken back", t.of)}}}
	reason := ""
	switch it.op() {
	case connector.Create:
		reason = r.deleteAgain(ctx, b, it, w)
	case connector.Update:
		reason = r.updateBack(b, t, it, w)
	case connector.Delete:
		reason = r.restore(b, it, w)
	}
	if reason == "" && w.link != nil {
		return []*write{w}
	}
	if reason != "" {
		r.leaveWritten(b, t, it, nil, reason)
	}
	return nil
}

// leaveWritten notes that a record, or fields of it, stay as they are, and its pair with it.
func (r *run) leaveWritten(b *book, t *taking, it *written, fields []string, reason string) {
	r.noteLeft(b, it.row, it.ids, Left{Side: it.at.side, ID: it.at.id, Op: string(it.op()), Fields: fields, Reason: reason})
	if l := b.linkOf(it.at); l != nil {
		t.keep[l.key] = true
	}
}

// unclear says why nothing may be done to a record at present.
func (r *run) unclear(b *book, at ref) string {
	m := b.record(at)
	switch {
	case m != nil && m.Doubt != nil:
		return "the app may still be taking in the last write; run the rollback again later"
	case r.open[at]:
		return leftOpen
	}
	return ""
}

// deleteAgain takes a creation back, unless somebody has touched the record since. The app is asked to delete it only as
// our write left it, so that an edit of any field saves it.
func (r *run) deleteAgain(ctx context.Context, b *book, it *written, w *write) (reason string) {
	m, schema := b.record(it.at), r.cfg.schema[it.at.side]
	other := ref{it.at.side.Other(), it.ids[it.at.side.Other()]}
	if m == nil {
		return "" // it is gone already
	}
	if reason = r.unclear(b, it.at); reason != "" {
		return reason
	}
	l := b.linkOf(it.at)
	switch {
	case schema.NoDelete:
		return "the app's records cannot be deleted"
	case it.since != 0:
		return fmt.Sprintf("run %d has written to it since; take that back first", it.since)
	case it.broken || !r.stillShows(it, m):
		return leftChanged
	case l != nil && l.ID != it.ids:
		return "it has another partner by now"
	case b.record(other) == nil:
		return fmt.Sprintf("the record of %s that it was made from is gone, so that this is the only one left", other.side)
	}
	w.version, w.before = it.version, m.Fields
	if !schema.Versions || it.version == "" {
		w.version = m.version
		if reason := r.readUntouched(ctx, it); reason != "" {
			return reason
		}
	}
	if w.link = l; l == nil {
		w.link = &link{ID: it.ids}
	}
	return ""
}

// stillShows reports whether the record shows what the run made of it.
func (r *run) stillShows(it *written, m *mirror) bool {
	return !slices.ContainsFunc(it.wrote, func(name string) bool {
		f, _ := r.cfg.schema[m.side].Field(name)
		return !f.Same(m.Fields[name], it.after[name], r.cfg.Match.Region)
	})
}

// readUntouched reads all of a record that was created in an app without versions, and says why it must stay, if it
// shows anything that we did not write.
func (r *run) readUntouched(ctx context.Context, it *written) (reason string) {
	reader := connector.FeaturesOf(r.apps[it.at.side]).Reader
	if reader == nil {
		return "the app cannot tell whether somebody has changed it since"
	}
	var names []string
	for _, f := range r.cfg.schema[it.at.side].Fields {
		names = append(names, f.Name)
	}
	results, err := reader.Read(ctx, []string{it.at.id}, names)
	if err != nil || len(results) != 1 || results[0].Err != nil {
		return "it could not be read again before it is deleted; run the rollback again"
	}
	for _, f := range r.cfg.schema[it.at.side].Fields {
		now := results[0].Record.Fields[f.Name]
		if v, ours := it.after[f.Name]; ours && !f.Same(now, v, r.cfg.Match.Region) || !ours && !f.ReadOnly && !now.Blank() {
			return leftChanged
		}
	}
	return ""
}

// updateBack takes updates back, field by field.
func (r *run) updateBack(b *book, t *taking, it *written, w *write) (reason string) {
	m, schema := b.record(it.at), r.cfg.schema[it.at.side]
	if m == nil {
		return leftGone
	}
	if reason = r.unclear(b, it.at); reason != "" {
		return reason
	}
	v := revert(schema, r.cfg.Match.Region, it.before, it.after, m.Fields)
	if len(v.left) > 0 {
		r.leaveWritten(b, t, it, v.left, leftChanged)
	}
	if len(v.patch) == 0 {
		return ""
	}
	if schema.NoUpdate {
		return "the app's records cannot be changed"
	}
	w.version, w.patch, w.before = m.version, v.patch, contact.Fields{}
	for _, name := range v.patch.Names() {
		w.before[name] = m.Fields[name]
	}
	if w.link = b.linkOf(it.at); w.link == nil {
		w.link = &link{}
		w.link.ID[it.at.side] = it.at.id
		return ""
	}
	w.settle = v.settles(r.cfg, it.linkBefore(), it.at.side, it.wrote)
	w.back.clean = w.link.Touch[it.at.side] == m.touch()
	return ""
}

// linkBefore returns the pair as it was before the run, nil if the run has made it.
func (it *written) linkBefore() *link {
	l := &link{}
	if it.was == nil || l.read(it.was) != nil {
		return nil
	}
	return l
}

// restore creates a record anew that was deleted. Its link says that the other half is gone: it is a survivor.
func (r *run) restore(b *book, it *written, w *write) (reason string) {
	s := it.at.side
	schema := r.cfg.schema[s]
	if b.record(it.at) != nil {
		return "" // it is back already
	}
	if schema.NoCreate {
		return "the app's records cannot be created, so it cannot be restored"
	}
	if len(few(candidates(b, s, r.cfg.matchKeys(s, it.before), it.at))) > 0 {
		return "another record has its key by now, so it is not entered a second time"
	}
	w.id, w.patch = it.ids[s.Other()], contact.Patch{}
	for name, v := range it.before {
		if f, ok := schema.Field(name); ok && !f.ReadOnly && !v.Blank() {
			w.patch[name] = contact.Change{Set: v}
		}
	}
	if w.link = it.linkBefore(); w.link == nil {
		w.link = &link{}
	}
	w.link.ID, w.link.Standing = it.ids, standing{Status: StatusDeleted}
	w.mark = true
	return ""
}

// linkOfRow returns the pair as it was before the write of a journal's row.
func (r *run) linkOfRow(b *book, key string) *link {
	l := &link{}
	err := r.view(func(tx ReadTx) error {
		rows, err := tx.Get(TableJournal, key)
		if err != nil || len(rows) == 0 {
			return err
		}
		e, err := parseEntry(rows[0])
		if err == nil && e.Was != nil {
			err = l.read(e.Was)
		}
		return err
	})
	b.err = errors.Join(b.err, err)
	l.Standing = standing{Status: StatusDeleted}
	return l
}

// unlinkAll ends the pairs that the run had found, where nothing has come since: no edit, no later write, and no
// person's word.
func (r *run) unlinkAll(ctx context.Context, t *taking) error {
	q := Scan{Table: TableLink, By: ByKey, Prefix: runKey(t.of) + " ", Limit: batchUnits}
	for {
		b := r.newBook()
		var rows []Row
		histories := map[ref][]entry{}
		err := r.view(func(tx ReadTx) (err error) {
			var ids [2][]string
			rows, err = tx.Scan(q)
			for _, row := range rows {
				for _, s := range Sides {
					ids[s] = append(ids[s], row.Index[s])
				}
			}
			if err == nil && len(rows) > 0 {
				histories, err = readHistories(tx, ids)
			}
			return err
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		q.After = &rows[len(rows)-1]
		r.unlinkPage(b, t, rows, histories)
		if t.preview {
			continue
		}
		if err := b.commit(ctx); err != nil {
			return err
		}
	}
}

func (r *run) unlinkPage(b *book, t *taking, rows []Row, histories map[ref][]entry) {
	var refs []ref
	for _, row := range rows {
		refs = append(refs, ref{A, row.Index[A]}, ref{B, row.Index[B]})
	}
	b.load(refs)
	for _, row := range rows {
		l := b.linkOf(ref{A, row.Index[A]})
		if l == nil || l.key != row.Key || t.keep[l.key] || !r.untouchedPair(b, l) || created(histories, l.ID, t.of) || writtenSince(histories, l.ID, t.of) {
			continue
		}
		b.dropLink(l)
		t.out.Unlinked++
	}
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

// created reports whether the run made the pair by creating one half of it: it ends with that, or not at all.
func created(histories map[ref][]entry, ids [2]string, of int64) bool {
	return slices.ContainsFunc(histories[ref{A, ids[A]}], func(e entry) bool {
		return e.run() == of && e.wrote() && e.Op == connector.Create && e.IDs == ids
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
