package contactsync

import (
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// What is noted of a record follows it to its new id: the notes of unanswered writes, what persons decided about it, and
// its history.

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
