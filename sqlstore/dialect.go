package sqlstore

import (
	"context"
	"database/sql"
	"io/fs"

	"github.com/contactsync/contactsync"
)

// A Dialect is a kind of database: [SQLite] or [Postgres].
//
// The statements of this package are what databases have in common: upserts with ON CONFLICT, comparison of rows of
// values, RETURNING. They are written with ? for a parameter. What is not common is here.
type Dialect interface {
	// check readies the database for use, or says what its settings lack.
	check(ctx context.Context, db *sql.DB) error
	// migrations are the files 0001_name.sql, 0002_name.sql, ..., each a step of the schema.
	migrations() fs.FS
	// migrated is a query that returns whether there is a table of schema versions.
	migrated() string
	// alone readies a transaction for migrations: no other one migrates before it ends.
	alone(ctx context.Context, tx *sql.Tx) error

	// table is how statements name a table.
	table(name string) string
	// bind writes a statement's parameters as the database has them.
	bind(query string) string
	// among is a query of those rows of a scope whose column is one of some values. Its parameters are what list makes of
	// them, and the scope. So one statement serves for any number of values.
	among(what, table, column string) string
	// without is the statement that deletes such rows, with the same parameters.
	without(table, column string) string
	list(values []string) any
	// insert inserts rows of one table, or replaces what the statement's end says; no two have the same key.
	insert(tx *tx, table contactsync.Table, rows []contactsync.Row, end string) error
	// lock makes the scope's row when it is new, and keeps it from other transactions until this one ends. find only
	// reads it. Each is the first statement of its transaction.
	lock() string
	find() string

	// first finds the entry of the queue that is due first, of those that are not after its parameter, and keeps it from
	// other transactions; it passes over entries that others have. entry makes the one of a connection, if it is not there, and
	// keeps it likewise, but waits. Each is the first statement of its transaction.
	first() string
	entry() string

	// remote reports whether statements go to another process. Then they are cancelled with their context, and prepared as
	// the driver sees fit.
	remote() bool
	// options are those of a transaction.
	options(readOnly bool) *sql.TxOptions
	// scrub overwrites what the database has deleted.
	scrub(ctx context.Context, db *sql.DB) error
	// again reports whether err only says that another transaction was in the way, so that this one may be run
	// once more.
	again(err error) bool
	// lost reports whether err says that the database cannot be reached or has closed the connection.
	lost(err error) bool
}
