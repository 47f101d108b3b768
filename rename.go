package contactsync

import (
	"maps"
	"slices"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// What is noted of a record follows it to its new id: the notes of unanswered writes, what persons decided about it, its history,
// and of an app that only pushes what was told of it under its old one, be it late.

// readNoted reads the notes of unanswered writes, once a changed id asks for them.
func (r *run) readNoted(b *book) {
	if r.noted == nil && b.err == nil {
		r.noted, b.err = r.readIntents()
	}
}

// renameIntents has the notes of unanswered writes follow a record. merged says that it has become part of another one.
func (r *run) renameIntents(b *book, s Side, k connector.Rekey, merged bool) {
	r.readNoted(b)
	for _, p := range r.noted {
		switch at := (ref{s, k.Old}); {
		case p.about(p.ID) == at:
			p.ID, p.Part = k.New, p.Part || merged && p.Op == connector.Create
		case p.Partner != "" && (ref{p.Side.Other(), p.Partner}) == at:
			p.Partner = k.New
		default:
			continue
		}
		b.dirtyRows = append(b.dirtyRows, p.intentRow.row())
	}
}

// partIntents keeps in the notes of unanswered updates what is to be known of them once a half of their pair has become part of
// another record, and the pair is none any more.
func (r *run) partIntents(b *book, s Side, l *link, into *mirror) {
	r.readNoted(b)
	for _, p := range r.noted {
		if p.Op != connector.Update || p.Partner != "" || p.ID != l.ID[p.Side] {
			continue
		}
		p.Partner = l.ID[p.Side.Other()]
		if p.Side != s {
			continue // it is left over, and shows by itself what it got
		}
		p.Had = contact.Fields{}
		for name := range p.Patch {
			if v := into.Fields[name]; !v.Absent() {
				p.Had[name] = v
			}
		}
	}
}

// renameRequests has what persons decided about a record follow it. keeps is the partner of the record which it has become part
// of, "" for none. A pair that a person made, and no sync yet, ends by that as any other does: its other half is left over.
func (r *run) renameRequests(b *book, s Side, k connector.Rekey, keeps string) {
	for _, key := range sortedKeys(r.requests) {
		h := r.requests[key]
		if h.IDs[s] != k.Old {
			continue
		}
		if noted, ok := b.dirtyHolds[key]; ok {
			h = noted
			delete(b.dirtyHolds, key)
		}
		r.dropHold(h)
		b.dirtyRows = slices.DeleteFunc(b.dirtyRows, func(row Row) bool { return row.Table == TableHold && row.Key == key })
		b.deleteRows = append(b.deleteRows, Row{Table: TableHold, Key: key})
		if left := (ref{s.Other(), h.IDs[s.Other()]}); h.Kind == holdLink && keeps != "" {
			if left.id != keeps && b.linkOf(left) == nil {
				b.mergedAway(left, k.New)
			}
			continue
		}
		h.IDs[s] = k.New
		h.key = h.named()
		r.takeHold(h)
		b.dirtyRows = append(b.dirtyRows, h.row())
	}
}

// renameJournal has the history of a record follow it, be it saved already or not. merged says that the new id is another
// record's, which it has become part of: what was written to the old one is no write to that. Versions do not follow: they are of
// an id, and the new one may have the same again with other content.
func (b *book) renameJournal(s Side, k connector.Rekey, merged bool) {
	rename := func(row *Row) error {
		j, err := parseJournal(*row)
		j.IDs[s], row.Index[s] = k.New, k.New
		j.Part = j.Part || merged && j.Side == s
		row.Body = j.body()
		if j.Side == s {
			row.Stamp = ""
		}
		return err
	}
	if b.err != nil {
		return
	}
	b.err = b.run.view(func(tx ReadTx) error {
		for i, row := range b.dirtyRows {
			if row.Table == TableJournal && row.Index[s] == k.Old {
				if err := rename(&b.dirtyRows[i]); err != nil {
					return err
				}
			}
		}
		rows, err := tx.Find(TableJournal, int(s), k.Old)
		for i := range rows {
			if err := rename(&rows[i]); err != nil {
				return err
			}
		}
		b.dirtyRows = append(b.dirtyRows, rows...)
		return err
	})
}

// livesOn has the history of a record that was restored go on under its new id.
func (r *run) livesOn(b *book, w *write) {
	if id := w.link.ID[w.side]; w.back != nil && w.back.id != id {
		b.renameJournal(w.side, connector.Rekey{Old: w.back.id, New: id}, false)
	}
}

// renamed takes a changed id that was delivered. A record that was told of under its new id only from then on was nobody before:
// what it has not been told is as it was told under the old one.
func (r *run) renamed(b *book, s Side, c connector.Change) {
	from, to := ref{s, c.Rekeyed.Old}, ref{s, c.Rekeyed.New}
	var old *mirror
	if m := b.record(from); m != nil {
		kept := *m
		old = &kept
	}
	m := b.mirrorOf(to)
	known, renamed := m != nil, old != nil && m.alive() && m.newSince(c.At)
	if renamed {
		m.Seen = r.number // it was nobody before
	}
	r.rekeyed(b, s, c.Rekeyed)
	switch m = b.mirrorOf(to); {
	case m == nil:
	case !known:
		m.toldAsAnother(c.At)
	case renamed:
		r.inherit(b, m, old, old.Fields)
	}
}

// newSince reports whether nothing was ever told under the record's id of before that time, at which it got the id or became the
// survivor of a merge: survivors usually were told of.
func (m *mirror) newSince(at time.Time) bool { return !m.Since.IsZero() && !m.Since.Before(at) }

// toldAsAnother lets whatever is told of a record's new id come before what was told of it under its old one: it may have become
// part of a record of which nothing has been delivered yet.
func (m *mirror) toldAsAnother(until time.Time) {
	last, told, under := m.lastTold(), map[string]time.Time{}, maps.Clone(m.Under)
	if under == nil {
		under = map[string]time.Time{}
	}
	for name, at := range m.Told {
		switch {
		case !at.Before(until):
			told[name] = at
		case name != "" && name != toldLast:
			under[name] = at
		}
	}
	m.Told, m.Under, m.Since = told, under, until
	if !last.IsZero() {
		m.tell(contact.Fields{toldLast: contact.Empty}, last)
	}
}

// renamedTo returns the record that goes by another id since after a time, at which its old one was still its own. It is none if it
// became part of one that had been told of before.
func (b *book) renamedTo(at ref, when time.Time) (to ref, ok bool) {
	for range maxMoves {
		m := b.mirrorOf(at)
		if m.alive() || m == nil || m.Moved == "" || !ok && !when.Before(m.Told[""]) {
			return at, ok && (m == nil || m.alive())
		}
		at.id, ok = m.Moved, true
		if next := b.mirrorOf(at); next != nil && !next.newSince(m.Told[""]) {
			return at, false
		}
	}
	return at, false
}

// toldUnder takes what is delivered late of a record under the id that it had before.
func (r *run) toldUnder(b *book, to, from ref, c connector.Change) {
	told := mirror{Told: map[string]time.Time{}}
	told.tell(c.Record.Fields, c.At)
	m := b.mirrorOf(to)
	if m != nil {
		r.inherit(b, m, &told, c.Record.Fields)
		return
	}
	rec := contact.Record{ID: to.id, Fields: c.Record.Fields}
	if r.cfg.schema[to.side].Modified {
		rec.Modified = c.At
	}
	r.pulled(b, to.side, rec, true)
	if m = b.mirrorOf(to); m != nil { // it is nobody's who was forgotten
		m.tell(c.Record.Fields, c.At)
		m.toldAsAnother(b.mirrorOf(from).Told[""])
		b.dirtyMirrors[to] = true
	}
}

// inherit takes of fields that were told under a record's old id those that neither were told under its new one nor are later there.
func (r *run) inherit(b *book, m, old *mirror, fields contact.Fields) {
	at := func(of *mirror, name string) time.Time { return later(of.Told[name], of.Under[name]) }
	now, under, untold := maps.Clone(m.Fields), maps.Clone(m.Under), contact.Patch{}
	if under == nil {
		under = map[string]time.Time{}
	}
	for _, name := range r.cfg.used[m.side] {
		_, inherited := m.Under[name]
		if fields[name].Absent() || !inherited && !m.Fields[name].Absent() || !m.Told[name].IsZero() ||
			inherited && !m.Under[name].Before(at(old, name)) {
			continue
		}
		now[name], under[name] = fields[name], at(old, name)
		m.edited(name, r.editedAt(under[name]))
		if change, ok := old.Untold[name]; ok {
			untold[name] = change
		}
	}
	m.Fields, m.Under = now, under
	m.untold(untold)
	m.Others = m.Others || old.Others && len(untold) > 0
	b.putMirror(m)
	b.touch(m.ref())
}
