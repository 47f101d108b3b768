package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/contactsync/contactsync"
)

// A readTx reads the rows of one scope in one transaction.
type readTx struct {
	dialect Dialect
	ctx     context.Context // of the Update or View that it lives in
	each    context.Context // of its statements
	tx      *sql.Tx
	scope   int64
	shared  *statements
	own     map[string]*sql.Stmt
	wanted  []string // statements that were not prepared yet
}

// The columns of a row, in the order of [readTx.rows].
const (
	columns     = "key, i0, i1, i2, stamp, body"
	keysColumns = "key, i0, i1, i2, stamp"
)

// name is how statements name a table that check has let pass.
func name(d Dialect, table contactsync.Table) string { return d.table("contactsync_" + string(table)) }

// column is the database's name of an index, or of the key.
func column(by int) string { return [...]string{"key", "i0", "i1", "i2"}[by-contactsync.ByKey] }

// Get implements contactsync.ReadTx.
func (tx *readTx) Get(table contactsync.Table, keys ...string) ([]contactsync.Row, error) {
	found, err := tx.in(columns, table, contactsync.ByKey, keys)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: get from %s: %w", table, err)
	}
	at := make(map[string]int, len(found))
	for i, row := range found {
		at[row.Key] = i
	}
	rows := make([]contactsync.Row, 0, len(found))
	taken := make([]bool, len(found))
	for _, key := range keys {
		i, ok := at[key]
		if !ok {
			continue
		}
		row := found[i]
		if taken[i] {
			row.Body = slices.Clone(row.Body) // a key that was asked for twice: no two rows share a body
		}
		taken[i] = true
		rows = append(rows, row)
	}
	return rows, nil
}

// Find implements contactsync.ReadTx.
func (tx *readTx) Find(table contactsync.Table, index int, values ...string) ([]contactsync.Row, error) {
	if index == contactsync.ByKey {
		return nil, errors.New("sqlstore: find: use Get to find rows by key")
	}
	values = slices.Clone(values)
	slices.Sort(values)
	rows, err := tx.in(columns, table, index, slices.Compact(values))
	if err != nil {
		return nil, fmt.Errorf("sqlstore: find in %s: %w", table, err)
	}
	slices.SortFunc(rows, func(a, b contactsync.Row) int {
		return cmp.Or(cmp.Compare(a.Index[index], b.Index[index]), cmp.Compare(a.Key, b.Key))
	})
	return rows, nil
}

// in returns the rows whose key or entry is one of values, in any order.
func (tx *readTx) in(what string, table contactsync.Table, by int, values []string) ([]contactsync.Row, error) {
	if err := check(table, by); err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, nil
	}
	query := tx.dialect.among(what, name(tx.dialect, table), column(by))
	return tx.rows(nil, table, query, tx.dialect.list(values), tx.scope)
}

// Scan implements contactsync.ReadTx.
func (tx *readTx) Scan(q contactsync.Scan) ([]contactsync.Row, error) {
	if err := check(q.Table, q.By); err != nil {
		return nil, fmt.Errorf("sqlstore: scan: %w", err)
	}
	where, args := tx.where(q)
	what, order := columns, column(q.By)
	if q.KeysOnly {
		what = keysColumns
	}
	if q.By != contactsync.ByKey && !unique(q.Table, q.By) {
		order += ", key"
	}
	query := "SELECT " + what + " FROM " + name(tx.dialect, q.Table) + where + " ORDER BY " + order
	if q.Limit > 0 {
		query += " LIMIT ?"
		args = append(args, q.Limit)
	}
	rows, err := tx.rows(nil, q.Table, query, args...)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: scan of %s: %w", q.Table, err)
	}
	return rows, nil
}

// Count implements contactsync.ReadTx.
func (tx *readTx) Count(q contactsync.Scan) (int, error) {
	if err := check(q.Table, q.By); err != nil {
		return 0, fmt.Errorf("sqlstore: count: %w", err)
	}
	where, args := tx.where(q)
	var count int
	if err := tx.queryRow("SELECT count(*) FROM "+name(tx.dialect, q.Table)+where, args...).Scan(&count); err != nil {
		return 0, fmt.Errorf("sqlstore: count of %s: %w", q.Table, err)
	}
	return count, nil
}

// where is the condition of a scan: one range of its index, from the first place that may be returned (inclusive) to
// the first text behind (exclusive). A row without entry is in no range, since its column is NULL.
func (tx *readTx) where(q contactsync.Scan) (string, []any) {
	end := q.Prefix + "\xff" // behind all that begins with the prefix, because no key or entry has this byte
	if q.Until != "" {
		end = min(end, q.Until)
	}
	if q.By == contactsync.ByKey {
		start := q.Prefix
		if q.After != nil {
			start = max(start, next(q.After.Key))
		}
		return " WHERE scope = ? AND key >= ? AND key < ?", []any{tx.scope, []byte(start), []byte(end)}
	}
	start, key := q.Prefix, ""
	if q.After != nil && q.After.Index[q.By] >= start {
		start, key = q.After.Index[q.By], next(q.After.Key)
	}
	where := fmt.Sprintf(" WHERE scope = ? AND (%[1]s, key) >= (?, ?) AND %[1]s < ?", column(q.By))
	return where, []any{tx.scope, []byte(start), []byte(key), []byte(end)}
}

// next is the first text behind another.
func next(text string) string { return text + "\x00" }

// rows appends the rows that a query returns.
func (tx *readTx) rows(rows []contactsync.Row, table contactsync.Table, query string, args ...any) ([]contactsync.Row, error) {
	found, err := tx.query(query, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	names, err := found.Columns()
	if err != nil {
		return nil, err
	}
	var raw [6]sql.RawBytes // not copied until we do
	var texts []byte
	into := []any{&raw[0], &raw[1], &raw[2], &raw[3], &raw[4], &raw[5]}[:len(names)]
	for found.Next() {
		if err := tx.ctx.Err(); err != nil {
			return nil, err
		}
		if err := found.Scan(into...); err != nil {
			return nil, err
		}
		row := contactsync.Row{Table: table}
		texts = texts[:0]
		for _, text := range raw[:5] {
			texts = append(texts, text...)
		}
		rest := string(texts) // one for all: rows are many
		for i, text := range []*string{&row.Key, &row.Index[0], &row.Index[1], &row.Index[2], &row.Stamp} {
			*text, rest = rest[:len(raw[i])], rest[len(raw[i]):]
		}
		if len(raw[5]) > 0 {
			row.Body = slices.Clone([]byte(raw[5]))
		}
		rows = append(rows, row)
	}
	return rows, found.Err()
}

// A row is the answer to queryRow.
type row struct {
	tx    *readTx
	query string
	args  []any
}

// queryRow runs a statement that returns one row when the result's Scan is called.
func (tx *readTx) queryRow(query string, args ...any) row { return row{tx, query, args} }

// Scan copies the row's columns, or fails with sql.ErrNoRows.
func (r row) Scan(into ...any) error {
	rows, err := r.tx.query(r.query, r.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return cmp.Or(rows.Err(), sql.ErrNoRows)
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	return rows.Close()
}

// unique reports whether two rows of a table must differ in an index. The schema says the same.
func unique(table contactsync.Table, index int) bool {
	return table == contactsync.TableLink && (index == 0 || index == 1)
}

// check refuses tables and orders that there are not. It comes before any name is written into a statement.
func check(table contactsync.Table, by int) error {
	if !slices.Contains(contactsync.Tables, table) {
		return fmt.Errorf("there is no table %q; contactsync.Tables lists all", table)
	}
	if by < contactsync.ByKey || by >= contactsync.Indexes {
		return fmt.Errorf("there is no index %d; use ByKey, or 0 to %d", by, contactsync.Indexes-1)
	}
	return nil
}
