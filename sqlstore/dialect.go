package sqlstore

import (
	"context"
	"database/sql"
	"io/fs"
)

// A Dialect is a kind of database. SQLite is the only one yet.
//
// The statements of this package are what databases have in common: upserts with ON CONFLICT, comparison of rows of
// values, RETURNING. What is not common is here.
type Dialect interface {
	// check readies the database for use, or says what its settings lack.
	check(ctx context.Context, db *sql.DB) error
	// migrations are the files 0001_name.sql, 0002_name.sql, ..., each a step of the schema.
	migrations() fs.FS
	// among is a query that returns the binary values which its one parameter lists, as list writes them, in a column
	// named wanted. So one statement serves for any number of keys.
	among() string
	list(values []string) any
	// scrub overwrites what the database has deleted.
	scrub(ctx context.Context, db *sql.DB) error
	// again reports whether err only says that another transaction was in the way, so that this one may be run
	// once more.
	again(err error) bool
}
