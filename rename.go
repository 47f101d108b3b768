package contactsync

import (
	"slices"

	"github.com/contactsync/contactsync/connector"
)

// What is noted of a record follows it to its new id: the notes of unanswered writes, what persons decided about it, and
// its history.

// renameIntents has the notes of unanswered writes follow a record.
func (r *run) renameIntents(b *book, s Side, k connector.Rekey) {
	if r.noted == nil {
		r.noted, b.err = r.readIntents()
	}
	for _, p := range r.noted {
		if p.about(p.ID) == (ref{s, k.Old}) {
			p.ID = k.New
			b.dirtyRows = append(b.dirtyRows, p.intentRow.row())
		}
	}
}

// renameRequests has what persons decided about a record follow it.
func (r *run) renameRequests(b *book, s Side, k connector.Rekey) {
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
		h.IDs[s] = k.New
		h.key = h.named()
		r.takeHold(h)
		b.dirtyRows = append(b.dirtyRows, h.row())
	}
}

// renameJournal has the history of a record follow it, be it saved already or not.
func (b *book) renameJournal(s Side, k connector.Rekey) {
	rename := func(row *Row) error {
		j, err := parseJournal(*row)
		j.IDs[s], row.Index[s] = k.New, k.New
		row.Body = j.body()
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
		b.renameJournal(w.side, connector.Rekey{Old: w.back.id, New: id})
	}
}
