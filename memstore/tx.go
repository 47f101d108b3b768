package memstore

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
)

// A table holds the rows of one kind in one scope: all by key, and those with an entry by each index.
type table struct {
	rows *node
	by   [contactsync.Indexes]*node
}

// tables is the whole state of a scope: by the place of a table in contactsync.Tables. It is a few words, and each transaction
// that changes something has its own.
type tables [numTables]table

const numTables = 10

// at returns where a table is, and an error if there is none of that name.
func at(name contactsync.Table) (int, error) {
	for i, known := range contactsync.Tables {
		if name == known {
			return i, nil
		}
	}
	return 0, fmt.Errorf("there is no table %q; contactsync.Tables lists all", name)
}

// empty reports whether there is no row at all.
func (t *tables) empty() bool {
	for i := range t {
		if t[i].rows != nil {
			return false
		}
	}
	return true
}

// A readTx reads one state.
type readTx struct{ tables *tables }

// Get implements contactsync.ReadTx.
func (tx *readTx) Get(name contactsync.Table, keys ...string) ([]contactsync.Row, error) {
	i, err := at(name)
	if err != nil {
		return nil, err
	}
	t := &tx.tables[i]
	var rows []contactsync.Row
	for _, key := range keys {
		if row := t.rows.get(place{key: key}); row != nil {
			if rows == nil {
				rows = make([]contactsync.Row, 0, len(keys))
			}
			rows = append(rows, copyOf(row))
		}
	}
	return rows, nil
}

// Find implements contactsync.ReadTx.
func (tx *readTx) Find(name contactsync.Table, index int, values ...string) ([]contactsync.Row, error) {
	i, err := at(name)
	if err != nil {
		return nil, err
	}
	if index == contactsync.ByKey {
		return nil, errors.New("find: use Get to find rows by key")
	}
	if err := checkOrder(index); err != nil {
		return nil, err
	}
	tree := tx.tables[i].by[index]
	values = slices.Clone(values)
	slices.Sort(values)
	var rows []contactsync.Row
	for _, value := range slices.Compact(values) {
		for n := range tree.from(place{entry: value}) {
			if n.at.entry != value {
				break
			}
			rows = append(rows, copyOf(n.row))
		}
	}
	return rows, nil
}

// Scan implements contactsync.ReadTx.
func (tx *readTx) Scan(q contactsync.Scan) ([]contactsync.Row, error) {
	var rows []contactsync.Row
	err := tx.scan(q, func(row *contactsync.Row) bool {
		if q.KeysOnly {
			r := *row
			r.Body = nil
			rows = append(rows, r)
		} else {
			rows = append(rows, copyOf(row))
		}
		return len(rows) != q.Limit
	})
	return rows, err
}

// Count implements contactsync.ReadTx.
func (tx *readTx) Count(q contactsync.Scan) (int, error) {
	count := 0
	err := tx.scan(q, func(*contactsync.Row) bool {
		count++
		return true
	})
	return count, err
}

// scan visits the rows that q asks for, without looking at its limit, until visit returns false.
func (tx *readTx) scan(q contactsync.Scan, visit func(*contactsync.Row) bool) error {
	i, err := at(q.Table)
	if err != nil {
		return err
	}
	if err := checkOrder(q.By); err != nil {
		return err
	}
	t := &tx.tables[i]
	tree, start, ordered := t.rows, place{key: q.Prefix}, func(at place) string { return at.key }
	if q.By != contactsync.ByKey {
		tree, start, ordered = t.by[q.By], place{entry: q.Prefix}, func(at place) string { return at.entry }
	}
	if q.After != nil {
		if after := placeOf(q.After, q.By).next(); after.compare(start) > 0 {
			start = after
		}
	}
	for n := range tree.from(start) {
		text := ordered(n.at)
		if !strings.HasPrefix(text, q.Prefix) || q.Until != "" && text >= q.Until {
			break // what begins with a prefix stands together, so nothing follows
		}
		if !visit(n.row) {
			break
		}
	}
	return nil
}

// A tx is a transaction: a state of its own, and the edit that may change it.
type tx struct {
	readTx
	edit *edit
	err  error // the first failed change: such a transaction is never committed
}

// Put implements contactsync.Tx.
func (tx *tx) Put(rows ...contactsync.Row) error {
	for i := range rows {
		if err := checkRow(&rows[i]); err != nil {
			return tx.fail(err)
		}
	}
	// All old rows go first, so that rows of one call may exchange a unique entry.
	for i := range rows {
		table, _ := at(rows[i].Table)
		tx.remove(table, rows[i].Key)
	}
	for i := range rows {
		if err := tx.insert(&rows[i]); err != nil {
			return tx.fail(err)
		}
	}
	return nil
}

// Delete implements contactsync.Tx.
func (tx *tx) Delete(name contactsync.Table, keys ...string) error {
	i, err := at(name)
	if err != nil {
		return tx.fail(err)
	}
	for _, key := range keys {
		tx.remove(i, key)
	}
	return nil
}

func (tx *tx) fail(err error) error {
	if tx.err == nil {
		tx.err = err
	}
	return err
}

// insert adds a copy of a row, in place of one with the same key.
func (tx *tx) insert(row *contactsync.Row) error {
	table, err := at(row.Table)
	if err != nil {
		return err
	}
	tx.remove(table, row.Key)
	kept := copyOf(row)
	t := &tx.tables[table]
	t.rows = tx.edit.put(t.rows, placeOf(&kept, contactsync.ByKey), &kept)
	for i, entry := range kept.Index {
		if entry == "" {
			continue
		}
		if unique(row.Table, i) {
			for n := range t.by[i].from(place{entry: entry}) {
				if n.at.entry == entry {
					return fmt.Errorf("put: another row of table %q has the same entry in index %d, which is unique", row.Table, i)
				}
				break
			}
		}
		t.by[i] = tx.edit.put(t.by[i], placeOf(&kept, i), &kept)
	}
	return nil
}

// remove takes the row with this key out of a table's trees, if there is one.
func (tx *tx) remove(table int, key string) {
	t := &tx.tables[table]
	row := t.rows.get(place{key: key})
	if row == nil {
		return
	}
	t.rows = tx.edit.remove(t.rows, placeOf(row, contactsync.ByKey))
	for i, entry := range row.Index {
		if entry != "" {
			t.by[i] = tx.edit.remove(t.by[i], placeOf(row, i))
		}
	}
}

// placeOf is where a row stands in the order by: ByKey, or an index.
func placeOf(row *contactsync.Row, by int) place {
	if by == contactsync.ByKey {
		return place{key: row.Key}
	}
	return place{entry: row.Index[by], key: row.Key}
}

// copyOf shares no memory with row that anybody could change. An empty body becomes nil.
func copyOf(row *contactsync.Row) contactsync.Row {
	r := *row
	if len(r.Body) == 0 {
		r.Body = nil
	} else {
		r.Body = bytes.Clone(r.Body)
	}
	return r
}

// unique reports whether two rows of a table must differ in an index.
func unique(name contactsync.Table, index int) bool {
	return name == contactsync.TableLink && index < 2
}

func checkOrder(by int) error {
	if by < contactsync.ByKey || by >= contactsync.Indexes {
		return fmt.Errorf("there is no index %d; use ByKey, or 0 to %d", by, contactsync.Indexes-1)
	}
	return nil
}

func checkRow(row *contactsync.Row) error {
	if _, err := at(row.Table); err != nil {
		return err
	}
	if strings.IndexByte(row.Key, 0xFF) >= 0 {
		return fmt.Errorf("put: the key of a row of table %q contains the byte 0xFF", row.Table)
	}
	for i, entry := range row.Index {
		if strings.IndexByte(entry, 0xFF) >= 0 {
			return fmt.Errorf("put: index entry %d of a row of table %q contains the byte 0xFF", i, row.Table)
		}
	}
	return nil
}
