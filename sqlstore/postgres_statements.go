package sqlstore

import (
	"encoding/hex"
	"strconv"

	"github.com/contactsync/contactsync"
)

// lock is an upsert, so that one statement makes the row, locks it and reads it: whoever has it is the only one to write to
// the scope, and sees the newest lease.
//
// A process that is stopped in the middle of a transaction would keep the row for ever. So the server ends a transaction in
// which nothing happens for 15 seconds, as long as a lease lasts; nothing of it is committed.
func (p Postgres) lock() string {
	return locking + `INSERT INTO ` + p.table("contactsync_scope") + ` (owner, connection) SELECT ?::bytea, ?::bytea FROM settings` + lockScope
}

// locking is what a statement that locks a row begins with.
const locking = `WITH settings AS MATERIALIZED (SELECT ` + byIndex + `, set_config('idle_in_transaction_session_timeout', '15s', true)) `

// byIndex has the statements that follow in the transaction look rows up by an index, and never read a table from end to end:
// what the database has counted may be of before a first sync. None of them is worth being compiled, either.
const byIndex = `set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)`

// find reads the scope's row and locks nothing.
func (p Postgres) find() string {
	return `WITH settings AS MATERIALIZED (SELECT ` + byIndex + `)
		SELECT id FROM settings CROSS JOIN ` + p.table("contactsync_scope") + thatScope
}

// first passes over entries that other transactions have locked; one that was taken since the statement began is looked at
// again, and is due no more.
func (p Postgres) first() string {
	return locking + `SELECT owner, connection, at, body FROM settings CROSS JOIN ` + p.table(queueTable) + ` AS entry` + dueFirst + ` FOR UPDATE OF entry SKIP LOCKED`
}

func (p Postgres) entry() string {
	return locking + `INSERT INTO ` + p.table(queueTable) + ` (owner, connection) SELECT ?::bytea, ?::bytea FROM settings` + lockEntry
}

// among reads an array, which goes as text: drivers of database/sql have no common way for another. OFFSET 0 keeps the
// planner from anything but to look up each value.
func (Postgres) among(what, table, column string) string {
	return "SELECT these.* FROM unnest(?::bytea[]) AS wanted CROSS JOIN LATERAL (SELECT " + what + " FROM " + table +
		" WHERE scope = ? AND " + column + " = wanted OFFSET 0) AS these"
}

func (p Postgres) without(table, column string) string {
	return "DELETE FROM " + table + " WHERE ctid = ANY (ARRAY(" + p.among("ctid", table, column) + "))"
}

func (Postgres) list(values []string) any {
	var list array
	for _, v := range values {
		list.bytes(v)
	}
	return list.String()
}

// insert inserts all rows with one statement, which is one round trip however many there are. A parameter holds a column,
// and one all bodies, of which two more say where each begins and how long it is.
func (p Postgres) insert(tx *tx, table contactsync.Table, rows []contactsync.Row, end string) error {
	rows, _ = latest(rows) // a statement cannot replace a row that it has inserted
	if len(rows) == 0 {
		return nil
	}
	size := 0
	for i := range rows {
		size += len(rows[i].Body)
	}
	var keys, i0, i1, i2, stamps, from, length array
	bodies := make([]byte, 0, size)
	for i := range rows {
		row := &rows[i]
		keys.bytes(row.Key)
		i0.bytesOrNull(row.Index[0])
		i1.bytesOrNull(row.Index[1])
		i2.bytesOrNull(row.Index[2])
		stamps.bytesOrNull(row.Stamp)
		if len(row.Body) == 0 {
			from.null()
			length.null()
			continue
		}
		from.int(len(bodies) + 1)
		length.int(len(row.Body))
		bodies = append(bodies, row.Body...)
	}
	query := "INSERT INTO " + name(p, table) + " (scope, key, i0, i1, i2, stamp, body)" +
		" SELECT ?::bigint, k, x0, x1, x2, s, substr(?::bytea, at, length)" +
		" FROM unnest(?::bytea[], ?::bytea[], ?::bytea[], ?::bytea[], ?::bytea[], ?::int[], ?::int[]) AS these (k, x0, x1, x2, s, at, length)" + end
	return tx.exec(query, tx.scope, bodies, keys.String(), i0.String(), i1.String(), i2.String(), stamps.String(), from.String(), length.String())
}

// An array is one as PostgreSQL writes it in text, binary values as digits.
// See https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO and https://www.postgresql.org/docs/current/datatype-binary.html.
type array struct{ text []byte }

func (a *array) next() {
	if len(a.text) == 0 {
		a.text = append(a.text, '{')
		return
	}
	a.text = append(a.text, ',')
}

func (a *array) null() {
	a.next()
	a.text = append(a.text, "NULL"...)
}

func (a *array) int(n int) {
	a.next()
	a.text = strconv.AppendInt(a.text, int64(n), 10)
}

func (a *array) bytes(value string) {
	a.next()
	a.text = append(hex.AppendEncode(append(a.text, `"\\x`...), []byte(value)), '"')
}

// bytesOrNull adds NULL for "".
func (a *array) bytesOrNull(value string) {
	if value == "" {
		a.null()
		return
	}
	a.bytes(value)
}

// String returns the array.
func (a *array) String() string {
	if len(a.text) == 0 {
		return "{}"
	}
	return string(append(a.text, '}'))
}
