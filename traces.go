package contactsync

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// traces are all that the store holds of one person: a record, its partner, what a merge left over of them, the unlinked
// records that by their keys are the same person, and what is left of those that are gone. What is exported of a person
// and what is forgotten is one thing.
type traces struct {
	records []ref // sorted
	keys    []traceKey
	rows    []Row           // that are about nobody else
	shared  []Row           // key rows and notes of batches, as they are without the person
	sent    []intentRow     // what such notes say of the person
	told    []Row           // and what deliveries say
	live    map[ref]*mirror // records that their app still has
	emails  map[string]bool // by their keys
	names   *legend
}

// traceKey is one match key of a person, by its digest as the store has it.
type traceKey struct {
	Kind int
	Key  string
}

// matches reports whether records are matched by the key: it is of one of the connection's kinds.
func (k traceKey) matches(names *legend) bool { return k.Kind >= 0 && k.Kind < len(names.Keys) }

// findTraces gathers all that the store holds of a record and its partner.
func findTraces(tx ReadTx, at ref, names *legend) (*traces, error) {
	p := &traces{records: []ref{at}, live: map[ref]*mirror{}, names: names}
	l, err := findLink(tx, at)
	if err != nil {
		return nil, err
	}
	if l != nil {
		other := at.side.Other()
		p.records = append(p.records, ref{other, l.ID[other]})
	}
	for _, step := range []func(ReadTx) error{p.findLeftOver, p.findKin, p.findGone, p.findLeftOver, p.findKeys} {
		if err := step(tx); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(p.records, compareRefs)
	for _, step := range []func(ReadTx) error{p.takeRecords, p.takeJournal, p.takeHolds, p.takeIntents, p.takeInbox} {
		if err := step(tx); err != nil {
			return nil, err
		}
	}
	if len(p.rows)+len(p.sent)+len(p.told) == 0 {
		return nil, fmt.Errorf("%w: %s in %s", ErrNotKnown, at.id, at.side)
	}
	return p, nil
}

// has reports whether a record is the person's.
func (p *traces) has(at ref) bool { return slices.Contains(p.records, at) }

// findLeftOver adds the records whose partner became part of one of the person's: the app says that they are one person.
func (p *traces) findLeftOver(tx ReadTx) error {
	for i := 0; i < len(p.records); i++ { // the list grows
		at := p.records[i]
		rows, err := tx.Find(TableHold, int(at.side), at.id)
		if err != nil {
			return err
		}
		for _, row := range rows {
			var h holdRow
			if err := unmarshal(row, &h); err != nil {
				return err
			}
			if left := (ref{h.Side, h.IDs[h.Side]}); h.Kind == holdMerge && left.side != at.side && !p.has(left) {
				p.records = append(p.records, left)
			}
		}
	}
	return nil
}

// findKeys finds the match keys of all the records.
func (p *traces) findKeys(tx ReadTx) error {
	bearing, err := keysOf(tx, p.records)
	for _, at := range p.records {
		p.keys = append(p.keys, bearing[at]...)
	}
	p.keys = sortedTraceKeys(p.keys)
	return err
}

// findKin finds the unlinked records that the person's keys are evidence for.
func (p *traces) findKin(tx ReadTx) error {
	if err := p.findKeys(tx); err != nil {
		return err
	}
	var entries []string
	for _, k := range p.keys {
		if k.matches(p.names) {
			entries = append(entries, k.of(A), k.of(B))
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
		if l == nil && evidence(p.matchKeys(p.keys), p.matchKeys(theirs[at])) {
			p.records = append(p.records, at)
		}
	}
	return nil
}

// findGone finds records that are gone from their app: those of which a note, the history or what was last read bears an
// email of the person, those that bore a key of theirs, and those that have one of the person's ids now.
func (p *traces) findGone(tx ReadTx) error {
	if err := p.findEmails(tx); err != nil {
		return err
	}
	var gone []ref
	moved := map[ref]string{}
	notes, err := readNotes(tx)
	for _, note := range notes {
		for _, w := range note.Writes {
			sent := (&pendingIntent{intentRow: note, intent: &w}).sent()
			if p.bears(note.Side, sent) || p.bears(note.Side, w.Before) {
				gone = append(gone, note.about(w.ID))
			}
		}
	}
	err = errors.Join(err, walk(tx, TableMirror, func(row Row) error {
		m, err := readMirror(row)
		if err == nil && !m.alive() && (p.bears(m.side, m.Fields) || p.bore(m.Bore)) {
			gone = append(gone, m.ref())
		}
		if err == nil && m.Moved != "" {
			moved[m.ref()] = m.Moved
		}
		return err
	}), walk(tx, TableJournal, func(row Row) error {
		j, err := parseJournal(row)
		if p.bears(j.Side, j.Before) || p.bears(j.Side, j.After) {
			gone = append(gone, ref{A, j.IDs[A]}, ref{B, j.IDs[B]})
		}
		return err
	}), walk(tx, TableHold, func(row Row) error {
		var h holdRow
		err := unmarshal(row, &h)
		for _, s := range Sides {
			if p.bore(h.Bore[s]) {
				gone = append(gone, ref{s, h.IDs[s]})
			}
		}
		return err
	}))
	if err != nil {
		return err
	}
	slices.SortFunc(gone, compareRefs)
	if err := p.addGone(tx, slices.Compact(gone)); err != nil {
		return err
	}
	p.addMoved(moved)
	return nil
}

// findEmails finds the emails of the records.
func (p *traces) findEmails(tx ReadTx) error {
	p.emails = map[string]bool{}
	for _, at := range p.records {
		m, err := getMirror(tx, at)
		if err != nil {
			return err
		}
		if m != nil {
			p.names.Names[at.side].emails(m.Fields, func(key string) { p.emails[key] = true })
		}
	}
	return nil
}

// bore reports whether a record that is gone bore keys that are evidence for the person.
func (p *traces) bore(marks []keyMark) bool {
	return evidence(p.matchKeys(p.keys), bore(marks, p.names.Keys))
}

// addMoved adds the earlier ids of the person's records.
func (p *traces) addMoved(moved map[ref]string) {
	for grown := true; grown; {
		grown = false
		for from, to := range moved {
			if p.has(ref{from.side, to}) && !p.has(from) {
				p.records, grown = append(p.records, from), true
			}
		}
	}
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
func (p *traces) addGone(tx ReadTx, gone []ref) error {
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
func (p *traces) bears(s Side, fields contact.Fields) (found bool) {
	p.names.Names[s].emails(fields, func(key string) { found = found || p.emails[key] })
	return found
}

// keysOf returns the match keys of records, in their order, by walking over the key table: who has no connectors knows
// no schema by which they could be computed.
func keysOf(tx ReadTx, records []ref) (map[ref][]traceKey, error) {
	found := map[ref][]traceKey{}
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

func sortedTraceKeys(keys []traceKey) []traceKey {
	slices.SortFunc(keys, func(x, y traceKey) int {
		if x.Kind != y.Kind {
			return x.Kind - y.Kind
		}
		return strings.Compare(x.Key, y.Key)
	})
	return slices.Compact(keys)
}

// matchKeys returns those of the keys that records are matched by.
func (p *traces) matchKeys(keys []traceKey) []matchKey {
	var all []matchKey
	for _, k := range keys {
		if k.matches(p.names) {
			all = append(all, matchKey{kind: k.Kind, text: k.Key})
		}
	}
	return all
}

// takeRecords takes the mirror and the links, and takes the person out of the key rows.
func (p *traces) takeRecords(tx ReadTx) error {
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
func (p *traces) add(rows []Row) {
	for _, row := range rows {
		if !slices.ContainsFunc(p.rows, func(r Row) bool { return r.Table == row.Table && r.Key == row.Key }) {
			p.rows = append(p.rows, row)
		}
	}
}

// takeJournal takes the history of the records.
func (p *traces) takeJournal(tx ReadTx) error {
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
func (p *traces) takeHolds(tx ReadTx) error {
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
func (p *traces) takeIntents(tx ReadTx) error {
	notes, err := readNotes(tx)
	if err != nil {
		return err
	}
	for _, note := range notes {
		about := func(w intent) bool {
			return p.has(note.about(w.ID)) || w.Partner != "" && p.has(ref{note.Side.Other(), w.Partner})
		}
		theirs := *note
		theirs.Writes = slices.Clone(note.Writes)
		theirs.Writes = slices.DeleteFunc(theirs.Writes, func(w intent) bool { return !about(w) })
		if len(theirs.Writes) == 0 {
			continue
		}
		note.Writes = slices.DeleteFunc(note.Writes, about)
		p.sent = append(p.sent, theirs)
		left := Row{Table: TableIntent, Key: note.key}
		if len(note.Writes) > 0 {
			left.Body = note.body()
		}
		p.shared = append(p.shared, left)
	}
	return nil
}

// takeInbox takes what was delivered about the person, and is not read yet, out of the deliveries.
func (p *traces) takeInbox(tx ReadTx) error {
	return walk(tx, TableInbox, func(row Row) error {
		var all inboxRow
		if row.Body == nil { // it counts the deliveries
			return nil
		}
		if err := unmarshal(row, &all); err != nil {
			return err
		}
		side := parseRecordKey(row.Key).side
		theirs := inboxRow{Received: all.Received}
		var left []connector.Change
		for _, c := range all.Changes {
			known, err := getMirror(tx, ref{side, c.Record.ID})
			if err != nil {
				return err
			}
			named := p.has(ref{side, c.Deleted}) || p.has(ref{side, c.Rekeyed.Old}) || p.has(ref{side, c.Record.ID})
			if !named && p.has(ref{side, c.Rekeyed.New}) { // somebody else's, that became one with the person's
				shown := c
				shown.Rekeyed.New = forgottenMark
				theirs.Changes, left = append(theirs.Changes, c), append(left, shown)
			} else if named || !known.alive() && p.bears(side, c.Record.Fields) {
				theirs.Changes = append(theirs.Changes, c)
			} else {
				left = append(left, c)
			}
		}
		if len(theirs.Changes) == 0 {
			return nil
		}
		told := row
		told.Body = marshal(theirs)
		p.told = append(p.told, told)
		all.Changes = left
		row.Body = marshal(all)
		p.shared = append(p.shared, row)
		return nil
	})
}
