package contactsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// person is all that the store holds of one person: a record, its partner, and the unlinked records that by their keys
// are the same person. What is exported of a person and what is forgotten is one thing.
type person struct {
	records []ref // sorted
	keys    []personKey
	rows    []Row           // that are about nobody else
	shared  []Row           // key rows and notes of batches, as they are without the person
	sent    []intentRow     // what such notes say of the person
	live    map[ref]*mirror // records that their app still has
	emails  map[string]bool // by their keys
	names   *legend
}

// personKey is one match key of a person, by its digest as the store has it.
type personKey struct {
	Kind int    `json:"kind"`
	Key  string `json:"key"`
}

// findPerson gathers all that the store holds of a record and its partner.
func findPerson(tx ReadTx, at ref, names *legend) (*person, error) {
	p := &person{records: []ref{at}, live: map[ref]*mirror{}}
	l, err := findLink(tx, at)
	if err != nil {
		return nil, err
	}
	if l != nil {
		other := at.side.Other()
		p.records = append(p.records, ref{other, l.ID[other]})
	}
	if err := p.findKin(tx); err != nil {
		return nil, err
	}
	if err := p.findGone(tx, names); err != nil {
		return nil, err
	}
	slices.SortFunc(p.records, compareRefs)
	for _, step := range []func(ReadTx) error{p.takeRecords, p.takeJournal, p.takeHolds, p.takeIntents} {
		if err := step(tx); err != nil {
			return nil, err
		}
	}
	if len(p.rows)+len(p.sent) == 0 {
		return nil, fmt.Errorf("%w: %s in %s", ErrNotKnown, at.id, at.side)
	}
	return p, nil
}

// has reports whether a record is the person's.
func (p *person) has(at ref) bool { return slices.Contains(p.records, at) }

// findKin finds the person's keys, and the unlinked records that they are evidence for.
func (p *person) findKin(tx ReadTx) error {
	own, err := keysOf(tx, p.records)
	if err != nil {
		return err
	}
	for _, at := range p.records {
		p.keys = append(p.keys, own[at]...)
	}
	p.keys = sortedPersonKeys(p.keys)
	var entries []string
	for _, k := range p.keys {
		for _, s := range Sides {
			entries = append(entries, k.of(s))
		}
	}
	rows, err := tx.Get(TableKey, entries...)
	if err != nil {
		return err
	}
	var others []ref
	for _, row := range rows {
		for _, at := range bearersOf(row) {
			if !p.has(at) && !slices.Contains(others, at) {
				others = append(others, at)
			}
		}
	}
	if len(others) == 0 {
		return nil
	}
	theirs, err := keysOf(tx, others)
	if err != nil {
		return err
	}
	for _, at := range others {
		l, err := findLink(tx, at)
		if err != nil {
			return err
		}
		if l == nil && evidence(matchKeysOf(p.keys), matchKeysOf(theirs[at])) {
			p.records = append(p.records, at)
			p.keys = append(p.keys, theirs[at]...)
		}
	}
	p.keys = sortedPersonKeys(p.keys)
	return nil
}

// findGone finds records that are gone from their app, of which a note, the history or what was last read bears an email
// of the person.
func (p *person) findGone(tx ReadTx, names *legend) error {
	p.emails, p.names = map[string]bool{}, names
	for _, at := range p.records {
		m, err := getMirror(tx, at)
		if err != nil {
			return err
		}
		if m != nil {
			names.Names[at.side].emails(m.Fields, func(key string) { p.emails[key] = true })
		}
	}
	if len(p.emails) == 0 {
		return nil
	}
	var gone []ref
	notes, err := readNotes(tx)
	for _, note := range notes {
		for _, w := range note.Writes {
			sent := (&pendingIntent{note, &w, false}).sent()
			if p.bears(note.Side, sent) || p.bears(note.Side, w.Before) {
				gone = append(gone, note.about(w.ID))
			}
		}
	}
	err = errors.Join(err, walk(tx, TableMirror, func(row Row) error {
		m, err := readMirror(row)
		if err == nil && !m.alive() && p.bears(m.side, m.Fields) {
			gone = append(gone, m.ref())
		}
		return err
	}), walk(tx, TableJournal, func(row Row) error {
		var j journalRow
		err := unmarshal(row, &j)
		if p.bears(j.Side, j.Before) || p.bears(j.Side, j.After) {
			gone = append(gone, ref{A, j.IDs[A]}, ref{B, j.IDs[B]})
		}
		return err
	}))
	if err != nil {
		return err
	}
	slices.SortFunc(gone, compareRefs)
	return p.addGone(tx, slices.Compact(gone))
}

// walk calls do with every row of a table, reading a part of it at a time.
func walk(tx ReadTx, table Table, do func(Row) error) error {
	q := Scan{Table: table, By: ByKey, Limit: scanPage}
	for {
		rows, err := tx.Scan(q)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := do(row); err != nil {
				return err
			}
		}
		if len(rows) < scanPage {
			return nil
		}
		q.After = &rows[len(rows)-1]
	}
}

// addGone adds those records that their app has no more, but for one whose survivor is not the person's: its link says
// that the survivor is not to be copied back. Others that bear the person's email are somebody else's.
func (p *person) addGone(tx ReadTx, gone []ref) error {
	for _, at := range gone {
		m, err := getMirror(tx, at)
		if err != nil {
			return err
		}
		if at.id == "" || m.alive() || p.has(at) {
			continue
		}
		l, err := findLink(tx, at)
		if err != nil {
			return err
		}
		if l != nil && !p.has(ref{at.side.Other(), l.ID[at.side.Other()]}) {
			other, err := getMirror(tx, ref{at.side.Other(), l.ID[at.side.Other()]})
			if err != nil {
				return err
			}
			if other.alive() {
				continue
			}
		}
		p.records = append(p.records, at)
	}
	return nil
}

// bears reports whether fields of a record of side s hold an email of the person.
func (p *person) bears(s Side, fields contact.Fields) (found bool) {
	p.names.Names[s].emails(fields, func(key string) { found = found || p.emails[key] })
	return found
}

// keysOf returns the match keys of records, in their order, by walking over the key table: who has no connectors knows
// no schema by which they could be computed.
func keysOf(tx ReadTx, records []ref) (map[ref][]personKey, error) {
	found := map[ref][]personKey{}
	err := walk(tx, TableKey, func(row Row) error {
		for _, at := range bearersOf(row) {
			if slices.Contains(records, at) {
				found[at] = append(found[at], parseKeyEntry(row.Key))
			}
		}
		return nil
	})
	return found, err
}

func sortedPersonKeys(keys []personKey) []personKey {
	slices.SortFunc(keys, func(x, y personKey) int {
		if x.Kind != y.Kind {
			return x.Kind - y.Kind
		}
		return strings.Compare(x.Key, y.Key)
	})
	return slices.Compact(keys)
}

func matchKeysOf(keys []personKey) []matchKey {
	all := make([]matchKey, len(keys))
	for i, k := range keys {
		all[i] = matchKey{k.Kind, k.Key}
	}
	return all
}

// takeRecords takes the mirror and the links, and takes the person out of the key rows.
func (p *person) takeRecords(tx ReadTx) error {
	var entries []string
	for _, at := range p.records {
		rows, err := tx.Get(TableMirror, recordKey(at))
		if err != nil {
			return err
		}
		for _, row := range rows {
			m, err := readMirror(row)
			if err != nil {
				return err
			}
			if m.alive() {
				p.live[at] = m
			}
		}
		p.rows = append(p.rows, rows...)
		if rows, err = tx.Find(TableLink, int(at.side), at.id); err != nil {
			return err
		}
		p.add(rows)
	}
	for _, k := range p.keys {
		entries = append(entries, k.of(A), k.of(B))
	}
	rows, err := tx.Get(TableKey, entries...)
	for _, row := range rows {
		left := slices.DeleteFunc(bearersOf(row), p.has)
		p.shared = append(p.shared, keyRow(row.Key, left))
	}
	return err
}

// add adds rows that are not there yet.
func (p *person) add(rows []Row) {
	for _, row := range rows {
		if !slices.ContainsFunc(p.rows, func(r Row) bool { return r.Table == row.Table && r.Key == row.Key }) {
			p.rows = append(p.rows, row)
		}
	}
}

// takeJournal takes the history of the records.
func (p *person) takeJournal(tx ReadTx) error {
	for _, at := range p.records {
		rows, err := tx.Find(TableJournal, int(at.side), at.id)
		if err != nil {
			return err
		}
		p.add(rows)
	}
	return nil
}

// takeHolds takes what waits for a person, or was decided by one, about the records.
func (p *person) takeHolds(tx ReadTx) error {
	rows, err := tx.Scan(Scan{Table: TableHold, By: ByKey})
	if err != nil {
		return err
	}
	for _, row := range rows {
		var h struct {
			IDs [2]string `json:"ids"`
		}
		if err := unmarshal(row, &h); err != nil {
			return err
		}
		if p.has(ref{A, h.IDs[A]}) || p.has(ref{B, h.IDs[B]}) {
			p.rows = append(p.rows, row)
		}
	}
	return nil
}

// takeIntents takes the notes of unanswered writes about the records out of their batches.
func (p *person) takeIntents(tx ReadTx) error {
	notes, err := readNotes(tx)
	if err != nil {
		return err
	}
	for _, note := range notes {
		theirs := *note
		theirs.Writes = slices.Clone(note.Writes)
		theirs.Writes = slices.DeleteFunc(theirs.Writes, func(w intent) bool { return !p.has(note.about(w.ID)) })
		if len(theirs.Writes) == 0 {
			continue
		}
		note.Writes = slices.DeleteFunc(note.Writes, func(w intent) bool { return p.has(note.about(w.ID)) })
		p.sent = append(p.sent, theirs)
		left := Row{Table: TableIntent, Key: note.key}
		if len(note.Writes) > 0 {
			left.Body = note.body()
		}
		p.shared = append(p.shared, left)
	}
	return nil
}

// A Dossier is all that a connection knows of a person.
type Dossier struct {
	Status  RecordStatus   `json:"status"`
	Records []KnownRecord  `json:"records"` // as they were last read; the connection reads the fields that it uses
	Rows    []DossierEntry `json:"rows"`    // every row of the store that is about the person, as it is there
}

// A KnownRecord is one record of a person, as it was last read.
type KnownRecord struct {
	Side   Side           `json:"side"`
	ID     string         `json:"id"`
	Gone   bool           `json:"gone,omitempty"` // its app has it no more
	Fields contact.Fields `json:"fields"`
}

// A DossierEntry is one row: what was read (mirror), what was settled (link), the history (journal), what is held or was
// decided (hold), what was sent and not answered (intent).
type DossierEntry struct {
	Table Table           `json:"table"`
	Key   string          `json:"key"`
	Body  json.RawMessage `json:"body"`
}

// Export returns all that is known of a person: of a record, its partner, and the unlinked records that by their keys
// are the same person. It is what [Syncer.Forget] erases. It fails with [ErrNotKnown] if there is nothing.
func (s *Syncer) Export(ctx context.Context, side Side, id string) (*Dossier, error) {
	var out *Dossier
	err := s.look(ctx, func(tx ReadTx, life *connectionRow) error {
		p, err := findPerson(tx, ref{side, id}, &life.Legend)
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
		out = &Dossier{Records: []KnownRecord{}}
		for _, row := range p.rows {
			if row.Table == TableMirror {
				m, err := readMirror(row)
				if err != nil {
					return err
				}
				out.Records = append(out.Records, KnownRecord{m.side, m.id, !m.alive(), m.Fields})
			}
			out.Rows = append(out.Rows, DossierEntry{row.Table, row.Key, row.Body})
		}
		for _, note := range p.sent {
			out.Rows = append(out.Rows, DossierEntry{TableIntent, note.key, note.body()})
		}
		return nil
	})
	if err == nil {
		out.Status, err = s.Record(ctx, side, id)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}
