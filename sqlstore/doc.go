// Package sqlstore is a [contactsync.Store] in a SQL database, over database/sql and the driver that the host brings.
//
//	import _ "modernc.org/sqlite" // or another driver of SQLite
//
//	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN("contacts.db"))
//	store, err := sqlstore.Open(ctx, db, sqlstore.SQLite{})
//	s, err := contactsync.Open(ctx, connection, a, b, store)
//
// In PostgreSQL, which many engines on many machines may share:
//
//	import _ "github.com/jackc/pgx/v5/stdlib" // or another driver of PostgreSQL
//
//	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
//	store, err := sqlstore.Open(ctx, db, sqlstore.Postgres{Schema: "contactsync"})
//
// What has been committed survives a crash of the process and of the machine. Its tables begin with "contactsync_",
// so the database may hold the host's own as well.
//
// # PostgreSQL
//
// The first statement of each transaction that writes locks the row of its connection, and reads which lease is the newest.
// So nothing of an engine lands after another one has taken its connection over, however long it was paused. If it was paused
// inside a transaction, the server ends that after 15 seconds, and the other engine goes on.
//
// Nothing is asked of the host's pool: isolation and what else matters is set within each transaction, and no session keeps
// anything. Behind PgBouncer in transaction mode give pgx default_query_exec_mode=exec in the data source name, or let
// PgBouncer (1.21 or newer) keep prepared statements with max_prepared_statements. A pool of two connections for each sync
// that runs at the same time is enough.
//
// The role must be able to create tables in the schema when the store is opened for the first time, and after an update that
// brings a migration. Later it needs SELECT, INSERT, UPDATE and DELETE, and for [Store.Scrub] to own the tables.
//
// A database that cannot be reached is an [*UnavailableError].
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
//
// PostgreSQL shows deleted rows to nobody who asks it. Scrub has them taken out of the tables (VACUUM, which keeps nobody
// waiting). What then is left of them in unused space of the data files, in the write-ahead log and in backups until it is
// overwritten can be read by who has the server's disk, and is the server's administrator's to govern.
package sqlstore
