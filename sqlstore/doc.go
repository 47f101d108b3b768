// Package sqlstore is a [contactsync.Store] in a SQL database, over database/sql and the driver that the host brings.
//
//	import _ "modernc.org/sqlite" // or another driver of SQLite
//
//	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN("contacts.db"))
//	store, err := sqlstore.Open(ctx, db, sqlstore.SQLite{})
//	s, err := contactsync.Open(ctx, connection, a, b, store)
//
// What has been committed survives a crash of the process and of the machine. Its tables begin with "contactsync_",
// so the database may hold the host's own as well.
//
// # Bytes
//
// Keys, index entries and stamps are kept as binary values: every byte that a [contactsync.Row] allows is kept as it
// is, and the database compares them as Go does. Deleted values may stay legible in free pages of the file until
// these are used again; SQLite's PRAGMA secure_delete overwrites them.
package sqlstore
