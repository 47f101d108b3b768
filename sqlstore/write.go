package sqlstore

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
)

// A tx reads and changes the rows of one scope in one transaction.
type tx struct {
	readTx
	err error // the first failed change: such a transaction is never committed
}

// Put implements contactsync.Tx.
//
// It inserts some rows of one table with each statement: a call of the driver costs as much as a row does.
func (tx *tx) Put(rows ...contactsync.Row) error {
	for i := range rows {
		if err := checkRow(&rows[i]); err != nil {
			return tx.fail(err)
		}
	}
	if err := tx.freeEntries(rows); err != nil {
		return tx.fail(fmt.Errorf("sqlstore: put: %w", err))
	}
	for len(rows) > 0 {
		table := rows[0].Table
		n := slices.IndexFunc(rows, func(row contactsync.Row) bool { return row.Table != table })
		if n < 0 {
			n = len(rows)
		}
		for chunk := range chunks(rows[:n]) {
			if err := tx.insert(table, chunk); err != nil {
				return tx.fail(fmt.Errorf("sqlstore: put into %s: %w", table, err))
			}
		}
		rows = rows[n:]
	}
	return nil
}

// insert inserts or replaces rows of one table with one statement.
func (tx *tx) insert(table contactsync.Table, rows []contactsync.Row) error {
	const values = "(?, ?, ?, ?, ?, ?, ?)"
	query := "INSERT INTO " + name(table) + " (scope, key, i0, i1, i2, stamp, body) VALUES " +
		values + strings.Repeat(", "+values, len(rows)-1) + `
		ON CONFLICT (scope, key) DO UPDATE SET
		i0 = excluded.i0, i1 = excluded.i1, i2 = excluded.i2, stamp = excluded.stamp, body = excluded.body`
	args := make([]any, 0, 7*len(rows))
	for i := range rows {
		row := &rows[i]
		args = append(args, tx.scope, []byte(row.Key), orNull(row.Index[0]), orNull(row.Index[1]), orNull(row.Index[2]),
			[]byte(row.Stamp), body(row))
	}
	return tx.exec(query, args...)
}

// freeEntries takes the unique entries from the rows that are about to be replaced, so that they may exchange them.
func (tx *tx) freeEntries(rows []contactsync.Row) error {
	var keys []string
	for i := range rows {
		if rows[i].Table == contactsync.TableLink {
			keys = append(keys, rows[i].Key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	query := "UPDATE contactsync_link SET i0 = NULL, i1 = NULL WHERE scope = ? AND key IN (" + tx.dialect.among() + ")"
	return tx.exec(query, tx.scope, tx.dialect.list(keys))
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

// Delete implements contactsync.Tx.
func (tx *tx) Delete(table contactsync.Table, keys ...string) error {
	if err := check(table, contactsync.ByKey); err != nil {
		return tx.fail(fmt.Errorf("sqlstore: delete: %w", err))
	}
	if len(keys) == 0 {
		return nil
	}
	query := "DELETE FROM " + name(table) + " WHERE scope = ? AND key IN (" + tx.dialect.among() + ")"
	if err := tx.exec(query, tx.scope, tx.dialect.list(keys)); err != nil {
		return tx.fail(fmt.Errorf("sqlstore: delete from %s: %w", table, err))
	}
	return nil
}

func (tx *tx) fail(err error) error {
	if tx.err == nil {
		tx.err = err
	}
	return err
}

// orNull is a binary value, NULL for "".
func orNull(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text)
}

// body is a row's body, NULL for one without bytes.
func body(row *contactsync.Row) []byte {
	if len(row.Body) == 0 {
		return nil
	}
	return row.Body
}

// checkRow refuses rows that could not be kept or found as they are.
func checkRow(row *contactsync.Row) error {
	if err := check(row.Table, contactsync.ByKey); err != nil {
		return fmt.Errorf("sqlstore: put: %w", err)
	}
	if strings.IndexByte(row.Key, 0xFF) >= 0 {
		return fmt.Errorf("sqlstore: put: the key of a row of table %q contains the byte 0xFF", row.Table)
	}
	for i, entry := range row.Index {
		if strings.IndexByte(entry, 0xFF) >= 0 {
			return fmt.Errorf("sqlstore: put: index entry %d of a row of table %q contains the byte 0xFF", i, row.Table)
		}
	}
	return nil
}
