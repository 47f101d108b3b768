package sqlstore

import (
	"iter"
	"strings"

	"github.com/contactsync/contactsync"
)

// insert inserts some rows with each statement: a call of the driver costs as much as a row does.
//
// OR FAIL leaves the rows before one that fails. A transaction with a failed change is never committed, and SQLite need
// not keep what the statement would take back.
func (d SQLite) insert(tx *tx, table contactsync.Table, rows []contactsync.Row, end string) error {
	for rows := range chunks(rows) {
		const values = "(?, ?, ?, ?, ?, ?, ?)"
		query := "INSERT OR FAIL INTO " + name(d, table) + " (scope, key, i0, i1, i2, stamp, body) VALUES " +
			values + strings.Repeat(", "+values, len(rows)-1) + end
		if err := tx.exec(query, tx.values(rows)...); err != nil {
			return err
		}
	}
	return nil
}

// values are the arguments of an insert. They hold until the next.
func (tx *tx) values(rows []contactsync.Row) []any {
	tx.args, tx.bytes = tx.args[:0], tx.bytes[:0]
	for i := range rows {
		row := &rows[i]
		key := tx.blob(row.Key)
		if key == nil {
			key = []byte{}
		}
		tx.args = append(tx.args, tx.scope, key, tx.blob(row.Index[0]), tx.blob(row.Index[1]), tx.blob(row.Index[2]), tx.blob(row.Stamp), body(row))
	}
	return tx.args
}

// blob is a binary value, NULL for "".
func (tx *tx) blob(text string) []byte {
	if text == "" {
		return nil
	}
	from := len(tx.bytes)
	tx.bytes = append(tx.bytes, text...)
	return tx.bytes[from:]
}

// chunks cuts rows into pieces of few different sizes, so that few statements serve for any number.
func chunks(rows []contactsync.Row) iter.Seq[[]contactsync.Row] {
	return func(yield func([]contactsync.Row) bool) {
		for _, size := range []int{64, 8, 1} {
			for len(rows) >= size {
				if !yield(rows[:size]) {
					return
				}
				rows = rows[size:]
			}
		}
	}
}
