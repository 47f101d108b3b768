package contactsync

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// RecordStatus says how one pair or unlinked record stands, and why. Of what was written it says where and when.
type RecordStatus struct {
	Status  string    `json:"status"`
	Reason  string    `json:"reason,omitempty"`
	Message string    `json:"message,omitempty"` // the reason in words
	Do      string    `json:"do,omitempty"`      // what a person can do about it; "" where there is nothing to do
	IDs     [2]string `json:"ids"`               // the pair's ids; "" where there is none
	Name    string    `json:"name,omitempty"`    // what the person is called
	Key     string    `json:"key,omitempty"`     // the person's email, or phone
	// Suggestions are what is suggested about it. They are no status: it stands as if there were none.
	Suggestions []Suggestion `json:"suggestions,omitempty"`

	Run  int64     `json:"run,omitempty"` // of what was written: by which sync
	Side Side      `json:"side"`          // and in which app
	At   time.Time `json:"at,omitzero"`   // and when
}

// A RecordQuery asks for records by how they stand, or by what was written.
type RecordQuery struct {
	Status string // "" means every one that is not in sync, if Op is "" too
	Reason string // of that Status; "" means any
	// Op is "create", "update" or "delete": it asks for what was written, as far as the history reaches, oldest first, one
	// entry a write, with how the record stands now.
	Op    string
	Run   int64  // of Op: by this sync only; 0 means any
	In    string // of Op: in this app only, "a" or "b"; "" means both
	After string // the cursor that the page before ended with
	Limit int    // 0 means 100
}

// Records returns records by how they stand, or by what was written, a page at a time, and the cursor of the next page,
// "" if there is none.
func (s *Syncer) Records(ctx context.Context, q RecordQuery) (page []RecordStatus, next string, err error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	apps := s.names(s.document())
	places, err := q.places()
	if err != nil {
		return nil, "", err
	}
	err = s.look(ctx, func(tx ReadTx, life *connectionRow) error {
		page = nil
		var rows []Row
		if rows, next, err = scanPlaces(tx, places, q.After, q.Limit); err != nil {
			return err
		}
		for _, row := range rows {
			var r RecordStatus
			switch row.Table {
			case TableLink:
				l, err := parseLink(row)
				if err != nil {
					return err
				}
				r = l.recordStatus(apps)
			case TableMirror:
				m, err := readMirror(row)
				if err != nil {
					return err
				}
				r = m.recordStatus(apps)
			default:
				if r, err = writtenStatus(tx, row, &life.Legend, apps); err != nil {
					return err
				}
			}
			page = append(page, r)
		}
		if err := nameAll(tx, page, &life.Legend); err != nil {
			return err
		}
		return suggestedAbout(tx, page, &life.Legend)
	})
	return page, next, err
}

// places returns where the records are that are asked for.
func (q *RecordQuery) places() ([]place, error) {
	switch {
	case q.Op != "" && !slices.Contains([]connector.Op{connector.Create, connector.Update, connector.Delete}, connector.Op(q.Op)):
		return nil, fmt.Errorf("records: there is no operation %q, but create, update and delete", q.Op)
	case q.Op != "":
		return []place{q.journalPlace()}, nil
	case q.Status == StatusInSync:
		return []place{{table: TableLink, by: ByKey, pick: func(row Row) (bool, error) { return row.Index[linkStatus] == "", nil }}}, nil
	}
	prefix := q.Status
	if q.Reason != "" {
		prefix += " " + q.Reason
	}
	return []place{{table: TableLink, by: linkStatus, prefix: prefix}, {table: TableMirror, by: mirrorStatus, prefix: prefix}}, nil
}

// journalPlace picks writes out of the history.
func (q *RecordQuery) journalPlace() place {
	p := place{table: TableJournal, by: ByKey}
	if q.Run > 0 {
		p.prefix = runKey(q.Run) + " "
	}
	p.pick = func(row Row) (bool, error) {
		j, err := parseJournal(row)
		return string(j.Op) == q.Op && j.Refused == "" && !j.Foreseen && (q.In == "" || q.In == j.Side.String()), err
	}
	return p
}

// place is a part of a table that is read in order.
type place struct {
	table  Table
	by     int
	prefix string
	pick   func(Row) (bool, error) // nil picks all
}

// scanPlaces returns rows of the places one after the other, from behind a cursor, and the cursor of the next page.
func scanPlaces(tx ReadTx, places []place, cursor string, limit int) (page []Row, next string, err error) {
	first, last := parseCursor(cursor, places)
	for i := first; i < len(places); i++ {
		p := places[i]
		for {
			q := Scan{Table: p.table, By: p.by, Prefix: p.prefix, After: last, Limit: limit - len(page)}
			if p.pick != nil {
				q.Limit = max(q.Limit, 100)
			}
			rows, err := tx.Scan(q)
			if err != nil {
				return nil, "", err
			}
			for n := range rows {
				last = &rows[n]
				if p.pick != nil {
					if picked, err := p.pick(rows[n]); err != nil {
						return nil, "", err
					} else if !picked {
						continue
					}
				}
				if page = append(page, rows[n]); len(page) == limit {
					return page, cursorOf(i, p, rows[n]), nil
				}
			}
			if len(rows) < q.Limit {
				break
			}
		}
		last = nil
	}
	return page, "", nil
}

// cursorOf names a row of a place.
func cursorOf(place int, p place, row Row) string {
	entry := ""
	if p.by != ByKey {
		entry = row.Index[p.by]
	}
	return strconv.Itoa(place) + "\x00" + entry + "\x00" + row.Key
}

// parseCursor is the inverse of cursorOf. A cursor of other places begins at the start.
func parseCursor(cursor string, places []place) (int, *Row) {
	number, rest, _ := strings.Cut(cursor, "\x00")
	entry, key, ok := strings.Cut(rest, "\x00")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 || n >= len(places) {
		return 0, nil
	}
	last := &Row{Key: key}
	if by := places[n].by; by != ByKey {
		last.Index[by] = entry
	}
	return n, last
}

// Record returns how one record stands. It fails with [ErrNotKnown] if there is none.
func (s *Syncer) Record(ctx context.Context, side Side, id string) (RecordStatus, error) {
	var out RecordStatus
	apps := s.names(s.document())
	err := s.look(ctx, func(tx ReadTx, life *connectionRow) error {
		l, err := findLink(tx, ref{side, id})
		if err != nil {
			return err
		}
		if l != nil {
			out = l.recordStatus(apps)
		} else {
			m, err := getMirror(tx, ref{side, id})
			if err == nil && m == nil {
				m, err = getMirror(tx, ref{side, life.forgottenID(side, id)})
			}
			if err != nil {
				return err
			}
			if m == nil {
				return fmt.Errorf("%w: %s in %s", ErrNotKnown, id, side)
			}
			out = m.recordStatus(apps)
		}
		page := []RecordStatus{out}
		if err := nameAll(tx, page, &life.Legend); err != nil {
			return err
		}
		err = suggestedAbout(tx, page, &life.Legend)
		out = page[0]
		return err
	})
	return out, err
}

func (st standing) recordStatus(names [2]string) RecordStatus {
	do := advice[st.Reason]
	if strings.Contains(do, "{") {
		do = strings.NewReplacer("{a}", names[A], "{b}", names[B]).Replace(do)
	}
	return RecordStatus{Status: st.Status, Reason: st.Reason, Message: st.Message, Do: do}
}

func (l *link) recordStatus(names [2]string) RecordStatus {
	out := l.Standing.recordStatus(names)
	if out.Status == "" {
		out.Status = StatusInSync
	}
	if out.Status == StatusDeleted {
		out.Do = advice[StatusDeleted]
	}
	out.IDs = l.ID
	return out
}

func (m *mirror) recordStatus(names [2]string) RecordStatus {
	st := m.Standing
	if st.Status == "" {
		st = undecided
	}
	out := st.recordStatus(names)
	if !m.forgotten() {
		out.IDs[m.side] = m.id
	}
	return out
}

// writtenStatus returns what was written, with how it stands now; a record that is gone has no status.
func writtenStatus(tx ReadTx, row Row, names *legend, apps [2]string) (out RecordStatus, err error) {
	j, err := parseJournal(row)
	if err != nil {
		return out, err
	}
	for _, s := range Sides {
		if j.IDs[s] == "" || out.Status != "" {
			continue
		}
		at := ref{s, j.IDs[s]}
		l, err := findLink(tx, at)
		if err != nil {
			return out, err
		}
		if l != nil {
			out = l.recordStatus(apps)
			break
		}
		m, err := getMirror(tx, at)
		if err != nil {
			return out, err
		}
		if m.alive() {
			out = m.recordStatus(apps)
		}
	}
	if out.Status == "" { // gone: the history knows who it was
		out.Name, out.Key = names.Names[j.Side].name(j.Before), names.Names[j.Side].key(j.Before)
	}
	run, _, _ := strings.Cut(row.Key, " ")
	out.Run, _ = strconv.ParseInt(run, 10, 64)
	out.Side, out.At, out.IDs = j.Side, j.At, j.IDs
	return out, nil
}

// nameAll gives the records of a page their persons' names and keys.
func nameAll(tx ReadTx, page []RecordStatus, names *legend) error {
	var refs []ref
	for _, r := range page {
		refs = append(refs, ref{A, r.IDs[A]}, ref{B, r.IDs[B]})
	}
	known, err := getMirrors(tx, refs)
	if err != nil {
		return err
	}
	for i := range page {
		r := &page[i]
		for _, s := range Sides {
			m := known[ref{s, r.IDs[s]}]
			if m == nil {
				continue
			}
			if r.Name == "" {
				r.Name = names.Names[s].name(m.Fields)
			}
			if r.Key == "" {
				r.Key = names.Names[s].key(m.Fields)
			}
		}
	}
	return nil
}

// readMirror returns what a row says of a record. It is not found by its keys: a handle that only reads knows none.
func readMirror(row Row) (*mirror, error) {
	at := parseRecordKey(row.Key)
	m := &mirror{side: at.side, id: at.id}
	if err := m.read(row.Body); err != nil {
		return nil, unreadable(row, err)
	}
	m.stamped(row.Stamp)
	return m, nil
}

// getMirrors returns what is known of records; one without an id is nobody.
func getMirrors(tx ReadTx, refs []ref) (map[ref]*mirror, error) {
	var keys []string
	for _, at := range refs {
		if at.id != "" {
			keys = append(keys, recordKey(at))
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	slices.Sort(keys)
	rows, err := tx.Get(TableMirror, slices.Compact(keys)...)
	known := map[ref]*mirror{}
	for _, row := range rows {
		m, err := readMirror(row)
		if err != nil {
			return nil, err
		}
		known[m.ref()] = m
	}
	return known, err
}

// getMirror returns what is known of a record, nil if nothing is.
func getMirror(tx ReadTx, at ref) (*mirror, error) {
	rows, err := tx.Get(TableMirror, recordKey(at))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return readMirror(rows[0])
}

// advice says by reason, or by status where there is none, what a person can do; {a} and {b} are the apps.
var advice = map[string]string{
	ReasonFilter:         "nothing, if the rules say so on purpose; else change the record or the rule",
	ReasonDirection:      "nothing, if the direction is so on purpose; else change the direction or the mapping",
	ReasonNoKey:          "give it an email, or have it created anyway",
	ReasonUnread:         "mend the record in its app if it cannot be read, give the account the right to read the field, or take it out of the filter, the match keys or the mappings",
	ReasonDuplicateHere:  "merge the two in their app, link the right one, or have it created anyway",
	ReasonDuplicateThere: "merge them in the other app, link the right one, or have it created anyway",
	ReasonMergedThere:    "merge it into the other record here as well, or have it created anyway",
	ReasonRequired:       "fill the field in, or give the mapping a default",
	ReasonInvalid:        "change the value, or add it to the mapping's table",
	ReasonRejected:       "correct what the app refuses; it is tried again when one of the two records changes",
	ReasonForbidden:      "give the account the right; it is tried again when the record changes",
	ReasonConflict:       "take the value of {a}, of {b}, or another one",
	ReasonOscillating:    "find out what else changes it, then take the value of {a} or of {b}",
	ReasonSettling:       "nothing: the next sync looks again",
	ReasonUnknownOutcome: "nothing: the next sync looks at the app first",
	ReasonDeleteHeld:     "confirm, if that is what you want",
	ReasonClearHeld:      "confirm, if that is what you want",
	ReasonCreateHeld:     "confirm, if that is what you want",
	ReasonShadow:         "nothing; take shadow out of the configuration to have it written",
	ReasonUndecided:      "sync, or look at the plan for what would become of it",
	ReasonForgotten:      "nothing; it was asked to be forgotten",
	StatusDeleted:        "nothing, or enter the person anew where it was deleted",
}
