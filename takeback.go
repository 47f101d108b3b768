package contactsync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// How one record goes back to what it was before a run: by a write, or not at all, with the reason.

// decideBack returns the write by which a record goes back to what it was, nil if there is none.
func (r *run) decideBack(b *book, t *taking, it *written) *write {
	w := &write{op: undoes[it.op()], side: it.at.side, id: it.at.id, back: &back{row: it.row, id: it.at.id},
		why: map[string]Why{"": {Because: fmt.Sprintf("run %d is taken back", t.of)}}}
	reason := ""
	switch it.op() {
	case connector.Create:
		reason = r.deleteAgain(b, t, it, w)
	case connector.Update:
		reason = r.updateBack(b, t, it, w)
	case connector.Delete:
		reason = r.restore(b, it, w)
	}
	if reason == "" && w.link != nil {
		return w
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

// leaveMerged leaves the updates of records that have become part of others since: whose values are whose by now nobody can
// say. Those that the run created are gone. It returns all else.
func (r *run) leaveMerged(b *book, t *taking, items []*written) []*written {
	return slices.DeleteFunc(items, func(it *written) bool {
		if it.part && !it.taken && it.op() == connector.Update {
			r.leaveWritten(b, t, it, nil, leftMerged)
		}
		return it.part
	})
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
// our last write left it, so that an edit of any field saves it.
func (r *run) deleteAgain(b *book, t *taking, it *written, w *write) (reason string) {
	m, schema := b.record(it.at), r.cfg.schema[it.at.side]
	if m == nil {
		return "" // it is gone already
	}
	if reason = r.unclear(b, it.at); reason != "" {
		return reason
	}
	l, source := b.linkOf(it.at), b.record(it.other())
	switch {
	case schema.NoDelete:
		return "the app's records cannot be deleted"
	case it.broken || !r.stillShows(it, m):
		return leftChanged
	case l != nil && l.ID != it.ids:
		return "it has another partner by now"
	case b.tookIn(it.at):
		return "another record has become part of it since, and would be deleted with it"
	case source == nil:
		return fmt.Sprintf("the record of %s that it was made from is gone, so that this is the only one left", it.at.side.Other())
	case it.since != 0 && !r.cfg.shownThere(l, m, source, it.brought):
		return fmt.Sprintf("run %d has written to it since, what its counterpart does not show any more; take that back first", it.since)
	}
	w.version, w.before = it.version, m.Fields
	if r.unconditional(it) {
		w.version = m.version
		if reason := r.untouched(t, it); reason != "" {
			return reason
		}
	}
	if w.link = l; l == nil {
		w.link = &link{ID: it.ids}
	}
	return ""
}

// stillShows reports whether the record shows what our writes made of it, as far as the connection reads it.
func (r *run) stillShows(it *written, m *mirror) bool {
	for name, v := range it.shows {
		f, _ := r.cfg.schema[m.side].Field(name)
		if slices.Contains(r.cfg.used[m.side], name) && !f.Same(m.Fields[name], v, r.cfg.Match.Region) {
			return false
		}
	}
	return true
}

// unconditional reports whether the app cannot be asked to delete a record only as our write left it.
func (r *run) unconditional(it *written) bool {
	return !r.cfg.schema[it.at.side].Versions || it.version == ""
}

// readWhole reads all of the records that are to be deleted without a condition.
func (r *run) readWhole(ctx context.Context, b *book, t *taking, items []*written) error {
	t.whole = map[ref]contact.Fields{}
	for _, s := range Sides {
		var ids, names []string
		for _, it := range items {
			if it.at.side == s && !it.taken && it.op() == connector.Create && r.unconditional(it) && b.record(it.at) != nil {
				ids = append(ids, it.at.id)
			}
		}
		reader := connector.FeaturesOf(r.apps[s]).Reader
		if len(ids) == 0 || reader == nil {
			continue
		}
		for _, f := range r.cfg.schema[s].Fields {
			names = append(names, f.Name)
		}
		results, err := reader.Read(ctx, ids, names)
		if err != nil {
			return fmt.Errorf("reading %s: %w", s, err)
		}
		for i, res := range results {
			if res.Err == nil {
				t.whole[ref{s, ids[i]}] = res.Record.Fields
			}
		}
	}
	return nil
}

// untouched says why a record that is deleted without a condition must stay, if it shows anything that we did not write.
func (r *run) untouched(t *taking, it *written) (reason string) {
	if connector.FeaturesOf(r.apps[it.at.side]).Reader == nil {
		return leftUntold
	}
	now, ok := t.whole[it.at]
	if !ok {
		return "it could not be read again before it is deleted; run the rollback again"
	}
	for _, f := range r.cfg.schema[it.at.side].Fields {
		v, ours := it.shows[f.Name]
		if ours && !f.Same(now[f.Name], v, r.cfg.Match.Region) || !ours && !f.ReadOnly && !now[f.Name].Blank() {
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
	v := revert(schema, r.cfg.Match.Region, it.before, it.after, m.shows())
	for _, reason := range v.reasons() {
		r.leaveWritten(b, t, it, v.leftBy(reason), reason)
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
	was := it.linkBefore()
	if w.link.ID != it.ids {
		was = nil // it is paired with somebody else by now, of whom nothing was settled then
	}
	w.settle = append(v.settles(r.cfg, was, it.at.side, it.after.Names()), v.forgets(r.cfg, it.by)...)
	w.back.clean = w.link.Touch[it.at.side] == m.touch()
	return ""
}

// readUnused reads the fields that a run wrote and that the connection has ceased to read: what was last read of them may
// be old, and somebody's by now. Where the app cannot be asked, nobody knows what it holds.
func (r *run) readUnused(ctx context.Context, b *book, items []*written) error {
	for _, s := range Sides {
		var refs []ref
		for _, it := range items {
			m := b.record(it.at)
			if it.at.side != s || it.taken || it.op() != connector.Update || m == nil || containsAll(r.side[s].Fields, it.after.Names()) {
				continue
			}
			refs = append(refs, it.at)
			m.Fields = maps.Clone(m.Fields)
			maps.DeleteFunc(m.Fields, func(name string, _ contact.Value) bool { return !slices.Contains(r.side[s].Fields, name) })
			r.use(s, it.after.Names())
		}
		if err := r.reread(ctx, b, s, refs); err != nil {
			return err
		}
	}
	return nil
}

// use has this run look at more fields of an app, as far as it has them.
func (r *run) use(s Side, names []string) {
	for _, name := range names {
		if _, ok := r.cfg.schema[s].Field(name); ok && !slices.Contains(r.cfg.used[s], name) {
			r.cfg.used[s] = append(slices.Clone(r.cfg.used[s]), name)
		}
	}
	slices.Sort(r.cfg.used[s])
}

// restore creates a record anew that was deleted. Its link says that the other half is gone: it is a survivor.
func (r *run) restore(b *book, it *written, w *write) (reason string) {
	s := it.at.side
	schema := r.cfg.schema[s]
	switch {
	case b.record(it.at) != nil:
		return "" // it is back already
	case schema.NoCreate:
		return "the app's records cannot be created, so it cannot be restored"
	case b.linkOf(it.other()) != nil:
		return "its counterpart has another partner by now, so it is not entered a second time"
	case len(few(candidates(b, s, r.cfg.matchKeys(s, it.before), it.at))) > 0:
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

// restored returns the pair as it was before a deletion, by the key of the journal's row, and the id of the record that
// was deleted.
func (r *run) restored(b *book, key string) (l *link, id string) {
	l = &link{}
	err := r.view(func(tx ReadTx) error {
		rows, err := tx.Get(TableJournal, key)
		if err != nil || len(rows) == 0 {
			return err
		}
		e, err := parseEntry(rows[0])
		id = e.ID()
		if err == nil && e.Was != nil {
			err = l.read(e.Was)
		}
		return err
	})
	b.err = errors.Join(b.err, err)
	l.Standing = standing{Status: StatusDeleted}
	return l, id
}
