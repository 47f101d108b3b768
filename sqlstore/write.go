package sqlstore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
)

// A tx reads and changes the rows of one scope in one transaction.
type tx struct {
	readTx
	err   error  // the first failed change: nothing is changed after it, and nothing is committed
	args  []any  // of one insert after the other
	bytes []byte // that args name
}

// Put implements contactsync.Tx.
func (tx *tx) Put(rows ...contactsync.Row) error {
	if tx.err != nil {
		return tx.err
	}
	for i := range rows {
		if err := checkRow(&rows[i]); err != nil {
			return tx.fail(err)
		}
	}
	var links []contactsync.Row
	for len(rows) > 0 {
		table := rows[0].Table
		n := slices.IndexFunc(rows, func(row contactsync.Row) bool { return row.Table != table })
		if n < 0 {
			n = len(rows)
		}
		if table == contactsync.TableLink {
			links = append(links, rows[:n]...)
		} else if err := tx.insert(table, rows[:n]); err != nil {
			return tx.fail(fmt.Errorf("sqlstore: put into %s: %w", table, err))
		}
		rows = rows[n:]
	}
	if err := tx.putLinks(links); err != nil {
		return tx.fail(fmt.Errorf("sqlstore: put into %s: %w", contactsync.TableLink, err))
	}
	return nil
}

// insert inserts or replaces rows of one table.
func (tx *tx) insert(table contactsync.Table, rows []contactsync.Row) error {
	replace := "i0 = excluded.i0, i1 = excluded.i1, "
	if table == contactsync.TableLink {
		replace = "" // putLinks has seen to it that they are the same
	}
	return tx.dialect.insert(tx, table, rows,
		" ON CONFLICT (scope, key) DO UPDATE SET "+replace+"i2 = excluded.i2, stamp = excluded.stamp, body = excluded.body")
}

// Delete implements contactsync.Tx.
func (tx *tx) Delete(table contactsync.Table, keys ...string) error {
	if tx.err != nil {
		return tx.err
	}
	if err := check(table, contactsync.ByKey); err != nil {
		return tx.fail(fmt.Errorf("sqlstore: delete: %w", err))
	}
	if err := tx.delete(table, keys); err != nil {
		return tx.fail(fmt.Errorf("sqlstore: delete from %s: %w", table, err))
	}
	return nil
}

func (tx *tx) delete(table contactsync.Table, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	return tx.exec(tx.dialect.without(name(tx.dialect, table), "key"), tx.dialect.list(keys), tx.scope)
}

func (tx *tx) fail(err error) error {
	if tx.err == nil {
		tx.err = err
	}
	return err
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
