package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
)

// SQLite is the dialect of SQLite 3.41 or newer, with any driver of database/sql. Open the database with
// [SQLiteDSN], or with the settings it names.
type SQLite struct{}

// SQLiteDSN returns the data source name of a database file for modernc.org/sqlite. Every connection of the pool
// gets these settings:
//
//   - busy_timeout 10 s: who finds the database locked by another connection or process waits.
//   - synchronous FULL: a commit is on the disk when it returns. The note of what is about to be sent must not be lost
//     when the machine stops, or a contact might be created twice.
//   - page_size 8192, where the file is new: a first sync spends a tenth less time in the store than with the usual 4096.
//
// _txlock is left alone: the first statement of an Update takes the lock.
func SQLiteDSN(path string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)&_pragma=page_size(8192)"
}

//go:embed sqlite/*.sql
var sqliteMigrations embed.FS

func (SQLite) migrations() fs.FS {
	files, err := fs.Sub(sqliteMigrations, "sqlite")
	if err != nil {
		return sqliteMigrations // not reached: the name above is valid
	}
	return files
}

func (SQLite) migrated() string {
	return "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'contactsync_schema')"
}

// alone has nothing to do: the first statement that writes locks the database.
func (SQLite) alone(context.Context, *sql.Tx) error { return nil }

func (SQLite) table(name string) string { return name }

func (SQLite) bind(query string) string { return query }

func (SQLite) remote() bool { return false }

func (SQLite) options(readOnly bool) *sql.TxOptions { return &sql.TxOptions{ReadOnly: readOnly} }

func (SQLite) lock() string {
	return "INSERT INTO contactsync_scope (owner, connection) VALUES (?, ?)" + lockScope
}

func (SQLite) find() string { return "SELECT id FROM contactsync_scope" + thatScope }

// first changes nothing, and locks the database: no other transaction has an entry that it could pass over.
func (SQLite) first() string {
	return "UPDATE contactsync_queue SET at = at WHERE (owner, connection) = (SELECT owner, connection FROM contactsync_queue" + dueFirst +
		") RETURNING owner, connection, at, body"
}

func (SQLite) entry() string {
	return "INSERT INTO contactsync_queue (owner, connection) VALUES (?, ?)" + lockEntry
}

// lost is never: the database is a part of this process.
func (SQLite) lost(error) bool { return false }

// check sets the journal mode, which is kept in the file: with a write-ahead log readers and a writer do not wait for
// each other. The other settings belong to each connection and can only be looked at here.
func (SQLite) check(ctx context.Context, db *sql.DB) error {
	var mode string
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return fmt.Errorf("switch to a write-ahead log: %w", err)
	}
	if mode != "wal" {
		return fmt.Errorf("the journal mode stays %q and does not become wal; use a file on a local disk (to keep rows in memory, use package memstore)", mode)
	}
	var synchronous, timeout int
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return fmt.Errorf("read PRAGMA synchronous: %w", err)
	}
	if err := db.QueryRowContext(ctx, "PRAGMA busy_timeout").Scan(&timeout); err != nil {
		return fmt.Errorf("read PRAGMA busy_timeout: %w", err)
	}
	const full = 2 // OFF, NORMAL, FULL, EXTRA
	if synchronous < full {
		return errors.New("a commit could be lost in a power failure; set PRAGMA synchronous = FULL on every connection, as SQLiteDSN does")
	}
	if timeout == 0 {
		return errors.New("a locked database would fail at once; set PRAGMA busy_timeout on every connection, as SQLiteDSN does")
	}
	return nil
}

// among reads an array of JSON, in which text cannot hold every byte: so it holds digits. It is a join and not IN, for which
// the database would sort the values first.
func (SQLite) among(what, table, column string) string {
	return "SELECT " + what + " FROM (SELECT unhex(value) AS wanted FROM json_each(?1)) CROSS JOIN " + table + " WHERE scope = ?2 AND " + column + " = wanted"
}

func (SQLite) without(table, column string) string {
	return "DELETE FROM " + table + " WHERE scope = ?2 AND " + column + " IN (SELECT unhex(value) FROM json_each(?1))"
}

func (SQLite) list(values []string) any {
	size := 2
	for _, v := range values {
		size += hex.EncodedLen(len(v)) + 3
	}
	list := append(make([]byte, 0, size), '[')
	for i, v := range values {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(hex.AppendEncode(append(list, '"'), []byte(v)), '"')
	}
	return string(append(list, ']'))
}

// again knows SQLITE_BUSY by the error's code, where the driver tells it, else by SQLite's own words.
func (SQLite) again(err error) bool {
	if err == nil {
		return false
	}
	if coded := (interface{ Code() int })(nil); errors.As(err, &coded) {
		const busy = 5 // the low byte of an extended code, https://sqlite.org/rescode.html
		return coded.Code()&0xFF == busy
	}
	return strings.Contains(err.Error(), "database is locked")
}
