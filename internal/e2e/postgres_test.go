package e2e_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/e2e/servers"
	"github.com/contactsync/contactsync/internal/e2e/stores"
	"github.com/contactsync/contactsync/sqlstore"
	"github.com/contactsync/contactsync/storetest"
)

func TestPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) contactsync.Store { return stores.InPostgres(t) })
}

// With one connection, whoever asks the pool for a second one within a transaction waits for ever.
func TestPostgresOneConnection(t *testing.T) {
	db := openPostgres(t, servers.SharedPostgres(t))
	db.SetMaxOpenConns(1)
	pool := stores.NewPool(db, "one connection")
	storetest.Run(t, func(t *testing.T) contactsync.Store { return pool.New(t) })
}

func TestPostgresTwoProcesses(t *testing.T) {
	dsn := servers.SharedPostgres(t)
	var schemas atomic.Int64
	storetest.Run(t, func(t *testing.T) contactsync.Store {
		schema := sqlstore.Postgres{Schema: fmt.Sprint("two processes ", schemas.Add(1))}
		return &taking{turns: []contactsync.Store{inPostgres(t, dsn, schema), inPostgres(t, dsn, schema)}}
	})
}

func BenchmarkPostgres(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) contactsync.Store { return stores.InPostgres(b) })
}

func openPostgres(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// inPostgres opens a store in a database.
func inPostgres(t testing.TB, dsn string, dialect sqlstore.Postgres) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(context.Background(), openPostgres(t, dsn), dialect)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// The host's settings do not get in the way.
func TestPostgresOfTheHost(t *testing.T) {
	for _, tt := range []struct{ name, settings string }{
		{"serializable by default", "&default_transaction_isolation=serializable"},
		{"no statement is prepared", "&default_query_exec_mode=exec"},
		{"everything is text", "&default_query_exec_mode=simple_protocol"},
		{"backslashes in strings", "&standard_conforming_strings=off&backslash_quote=on"},
	} {
		dsn := servers.Postgres(t) + tt.settings
		db := openPostgres(t, dsn)
		db.SetMaxOpenConns(1)
		s, err := sqlstore.Open(t.Context(), db, sqlstore.Postgres{Schema: `it's "the" \ host's`})
		require.NoError(t, err, tt.name)
		for range 7 { // PostgreSQL plans a statement anew five times
			require.NoError(t, s.Update(t.Context(), person, func(tx contactsync.Tx) error {
				return tx.Put(hold("1"), contactsync.Row{Table: contactsync.TableHold, Key: "2\x00\\'?", Index: [3]string{"\x00", "\\", "{\""}, Stamp: "$1", Body: []byte("\x00\\\xff")})
			}), tt.name)
		}
		wantHolds(t, s, hold("1"), contactsync.Row{Table: contactsync.TableHold, Key: "2\x00\\'?", Index: [3]string{"\x00", "\\", "{\""}, Stamp: "$1", Body: []byte("\x00\\\xff")})
		require.NoError(t, s.Entry(t.Context(), scope, func(e *contactsync.Entry) error {
			e.At, e.Body = time.Unix(7, 8), []byte("\x00\\'\xff")
			return nil
		}))
		found, err := s.Due(t.Context(), time.Unix(7, 8), func(e *contactsync.Entry) error {
			require.Equal(t, contactsync.Entry{Scope: scope, At: time.Unix(7, 8).UTC(), Body: []byte("\x00\\'\xff")}, *e)
			e.At = time.Time{}
			return nil
		})
		require.NoError(t, err, tt.name)
		require.True(t, found, tt.name)
		require.NoError(t, s.Scrub(t.Context()))
		scopes, err := s.Scopes(t.Context(), "owner")
		require.NoError(t, err)
		require.Len(t, scopes, 1)
		again, err := sqlstore.Open(t.Context(), db, sqlstore.Postgres{Schema: `it's "the" \ host's`})
		require.NoError(t, err)
		wantHolds(t, again, holds(t, s)...)
	}
}

// A database as the first version made it is brought up to date, and keeps its rows.
func TestPostgresMigrates(t *testing.T) {
	old, err := os.ReadFile("../../sqlstore/postgres/0001_rows.sql")
	require.NoError(t, err)
	dsn := servers.Postgres(t)
	db := openPostgres(t, dsn)
	_, err = db.Exec(`CREATE TABLE contactsync_schema (version INTEGER PRIMARY KEY); INSERT INTO contactsync_schema VALUES (1);` + string(old) +
		`INSERT INTO contactsync_scope (owner, connection, lease, holder, until) VALUES ('owner', 'connection', 7, 'engine', 1);
		INSERT INTO contactsync_hold (scope, key, body) SELECT id, '1', '{"key":"1"}' FROM contactsync_scope`)
	require.NoError(t, err)
	for range 2 { // once it is up to date it stays so
		s := inPostgres(t, dsn, sqlstore.Postgres{})
		wantHolds(t, s, hold("1"))
		require.NoError(t, s.Entry(t.Context(), scope, func(e *contactsync.Entry) error {
			require.Equal(t, time.Unix(0, 1).UTC(), e.Leased)
			return nil
		}))
	}
	lease, err := inPostgres(t, dsn, sqlstore.Postgres{}).Acquire(t.Context(), scope, "engine", time.Unix(1, 0), time.Minute)
	require.NoError(t, err)
	require.Equal(t, int64(8), lease.Number)
}

func TestPostgresRefuses(t *testing.T) {
	dsn := servers.Postgres(t)
	newer := openPostgres(t, dsn)
	_, err := newer.Exec(`CREATE SCHEMA newer; CREATE TABLE newer.contactsync_schema (version int); INSERT INTO newer.contactsync_schema VALUES (7)`)
	require.NoError(t, err)
	for _, tt := range []struct{ name, dsn, schema, want string }{
		{"a commit may be lost", dsn + "&synchronous_commit=off", "", "synchronous_commit = on"},
		{"a name that would be cut", dsn, strings.Repeat("é", 32), "longer than 63 bytes"},
		{"no name", dsn, "a\x00b", "no name of a schema"},
		{"a reserved name", dsn, "pg_mine", "pg_mine"},
		{"a newer schema", dsn, "newer", "schema version 7"},
		{"no such database", strings.Replace(dsn, "@/test", "@/none", 1), "", "does not exist"},
		{"no server", "postgres://postgres@/test?host=/none", "", "the database cannot be reached"},
	} {
		_, err := sqlstore.Open(t.Context(), openPostgres(t, tt.dsn), sqlstore.Postgres{Schema: tt.schema})
		require.ErrorContains(t, err, tt.want, tt.name)
	}
}

// A role that may only read and write rows opens a database that somebody else has migrated.
func TestPostgresWithoutRights(t *testing.T) {
	dsn := servers.Postgres(t)
	admin := openPostgres(t, dsn)
	_, err := admin.Exec("DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN; CREATE SCHEMA ours; GRANT USAGE ON SCHEMA ours TO clerk; REVOKE CREATE ON SCHEMA public FROM public")
	require.NoError(t, err)
	clerk := openPostgres(t, strings.Replace(dsn, "postgres@", "clerk@", 1))
	_, err = sqlstore.Open(t.Context(), clerk, sqlstore.Postgres{Schema: "ours"})
	require.ErrorContains(t, err, "permission denied")
	_, err = sqlstore.Open(t.Context(), admin, sqlstore.Postgres{Schema: "ours"})
	require.NoError(t, err)
	_, err = admin.Exec("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ours TO clerk")
	require.NoError(t, err)
	s, err := sqlstore.Open(t.Context(), clerk, sqlstore.Postgres{Schema: "ours"})
	require.NoError(t, err)
	require.NoError(t, s.Update(t.Context(), person, putting(hold("1"))))
	wantHolds(t, s, hold("1"))
	_, err = admin.Exec("DROP SCHEMA ours CASCADE; DROP ROLE clerk")
	require.NoError(t, err)
}

func TestPostgresMigratedByManyAtOnce(t *testing.T) {
	dsn := servers.Postgres(t)
	var all sync.WaitGroup
	for i := range 6 {
		db := openPostgres(t, dsn)
		all.Go(func() {
			s, err := sqlstore.Open(t.Context(), db, sqlstore.Postgres{Schema: "many"})
			if err == nil {
				err = s.Update(t.Context(), person, putting(hold(fmt.Sprint(i))))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	wantHolds(t, inPostgres(t, dsn, sqlstore.Postgres{Schema: "many"}), hold("0"), hold("1"), hold("2"), hold("3"), hold("4"), hold("5"))
}

// The longest ids that a record may have fit into every index, however little they can be compressed.
func TestPostgresLongKeys(t *testing.T) {
	s := stores.InPostgres(t)
	rng := rand.New(rand.NewPCG(1, 1))
	random := func(n int) string {
		text := make([]byte, n)
		for i := range text {
			text[i] = byte(rng.IntN(0xFF))
		}
		return string(text)
	}
	id := [2]string{random(1024), random(1024)}
	for _, row := range []contactsync.Row{
		{Table: contactsync.TableMirror, Key: "a" + id[0], Index: [3]string{"00000000000000000001 a" + id[0]}, Stamp: random(1024)},
		{Table: contactsync.TableLink, Key: "000000001 00000001", Index: [3]string{id[0], id[1], "held"}},
		{Table: contactsync.TableHold, Key: "merge a " + id[0] + " " + id[1]},
		{Table: contactsync.TableJournal, Key: "000000001 00000001", Index: [3]string{id[0], id[1]}},
		{Table: contactsync.TableInbox, Key: "a 00000001", Index: [3]string{"a" + id[0]}},
	} {
		require.NoError(t, s.Update(t.Context(), person, putting(row)), row.Table)
		require.NoError(t, s.View(t.Context(), scope, func(tx contactsync.ReadTx) error {
			rows, err := tx.Get(row.Table, row.Key)
			if diff := cmp.Diff([]contactsync.Row{row}, rows); diff != "" {
				t.Error(diff)
			}
			return err
		}))
	}
}

// coded is what a driver answers with a code of the server.
type coded string

func (c coded) Error() string    { return "ERROR (" + string(c) + ")" }
func (c coded) SQLState() string { return string(c) }

func TestPostgresRunsAgain(t *testing.T) {
	for _, tt := range []struct {
		err         coded
		runs        int
		unavailable bool
	}{
		{"40001", 3, false}, // serialization failure
		{"40P01", 3, false}, // deadlock
		{"55P03", 3, false}, // lock not available
		{"57P01", 3, true},  // the server ends
		{"25P03", 3, true},  // nothing happened in the transaction for too long
		{"08006", 3, true},  // connection failure
		{"53300", 3, true},  // too many connections
		{"23505", 1, false}, // unique violation
		{"53100", 1, false}, // disk full
	} {
		s := stores.InPostgres(t)
		for _, times := range []int{1, 9} { // how often the transaction meets err
			runs := 0
			err := s.Update(t.Context(), person, func(tx contactsync.Tx) error {
				runs++
				if err := tx.Put(hold(fmt.Sprint("run ", runs))); err != nil || runs > times {
					return err
				}
				return fmt.Errorf("wrapped: %w", tt.err)
			})
			var unavailable *sqlstore.UnavailableError
			switch {
			case tt.runs == 1 || times == 9:
				require.Equal(t, tt.runs, runs, tt.err)
				require.ErrorIs(t, err, tt.err)
				require.Equal(t, tt.unavailable, errors.As(err, &unavailable), tt.err)
			default:
				require.NoError(t, err, tt.err)
				require.Equal(t, times+1, runs, tt.err)
			}
		}
	}
}

// What a View has read may be kept by its function, so that does not run again.
func TestPostgresViewsOnce(t *testing.T) {
	s := stores.InPostgres(t)
	for _, failed := range []coded{"40001", "57P01"} {
		runs := 0
		err := s.View(t.Context(), scope, func(contactsync.ReadTx) error {
			runs++
			return failed
		})
		require.ErrorIs(t, err, failed)
		require.Equal(t, 1, runs)
	}
}

// A call that waits for somebody else's transaction ends with its context.
func TestPostgresWaitsNoLongerThanItsContext(t *testing.T) {
	s := stores.InPostgres(t)
	require.NoError(t, s.Update(t.Context(), person, func(tx contactsync.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, s.Update(ctx, person, putting(hold("2"))), context.DeadlineExceeded)
		return tx.Put(hold("1"))
	}))
	wantHolds(t, s, hold("1"))
}
