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
// is, and the database compares them as Go does.
//
// # What was deleted
//
// SQLite leaves deleted values legible in the file until it needs the space. When a person was forgotten, or a connection
// deleted, [Store.Scrub] writes the database anew (VACUUM) and empties its write-ahead log; no other deletion pays for
// that. It takes about as long as copying the file, needs as much room on the disk again, and keeps writers waiting
// meanwhile, those of the host's own tables too; in these it may change a rowid that no column names.
package sqlstore
