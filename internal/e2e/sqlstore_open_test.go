package e2e_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/sqlstore"
)

var (
	scope  = contactsync.Scope{Owner: "owner", Connection: "connection"}
	person = contactsync.Lease{Scope: scope}
)

func hold(key string) contactsync.Row {
	return contactsync.Row{Table: contactsync.TableHold, Key: key, Body: []byte(`{"key":"` + key + `"}`)}
}

func putting(rows ...contactsync.Row) func(contactsync.Tx) error {
	return func(tx contactsync.Tx) error { return tx.Put(rows...) }
}

// holds returns the rows of the table that these tests write to.
func holds(t *testing.T, s contactsync.Store) (rows []contactsync.Row) {
	t.Helper()
	require.NoError(t, s.View(t.Context(), scope, func(tx contactsync.ReadTx) (err error) {
		rows, err = tx.Scan(contactsync.Scan{Table: contactsync.TableHold, By: contactsync.ByKey})
		return err
	}))
	return rows
}

func wantHolds(t *testing.T, s contactsync.Store, want ...contactsync.Row) {
	t.Helper()
	if diff := cmp.Diff(want, holds(t, s)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestSQLStoreRefusesSettings(t *testing.T) {
	file := newFile(t)
	for _, tt := range []struct{ name, dsn, want string }{
		{"a commit may be lost", "file:" + file + "?_pragma=busy_timeout(10)&_pragma=synchronous(NORMAL)", "PRAGMA synchronous = FULL"},
		{"nobody waits", "file:" + file, "PRAGMA busy_timeout"},
		{"in memory", "file::memory:?_pragma=busy_timeout(10)", "memstore"},
		{"no such folder", sqlstore.SQLiteDSN(filepath.Join(file, "none.db")), "open"},
	} {
		_, err := sqlstore.Open(t.Context(), openDB(t, tt.dsn), sqlstore.SQLite{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", tt.name, err, tt.want)
		}
	}
}

func TestSQLStoreRefusesNewerSchema(t *testing.T) {
	file := newFile(t)
	require.NoError(t, openStore(t, file).Update(t.Context(), person, putting(hold("1"))))
	db := openDB(t, sqlstore.SQLiteDSN(file))
	_, err := db.Exec("INSERT INTO contactsync_schema (version) VALUES (7)")
	require.NoError(t, err)
	_, err = sqlstore.Open(t.Context(), db, sqlstore.SQLite{})
	if err == nil || !strings.Contains(err.Error(), "schema version 7") {
		t.Errorf("got %v, want an error about schema version 7", err)
	}
}

// A database as a version before made it is brought up to date, and keeps its rows.
func TestSQLStoreMigrates(t *testing.T) {
	old, err := os.ReadFile("../../sqlstore/sqlite/0001_rows.sql")
	require.NoError(t, err)
	file := newFile(t)
	db := openDB(t, sqlstore.SQLiteDSN(file))
	_, err = db.Exec(`CREATE TABLE contactsync_schema (version INTEGER PRIMARY KEY); INSERT INTO contactsync_schema VALUES (1);` + string(old) +
		`INSERT INTO contactsync_scope (id, owner, connection, lease, holder, until) VALUES (3, CAST('owner' AS BLOB), CAST('connection' AS BLOB), 7, CAST('engine' AS BLOB), 1)`)
	require.NoError(t, err)
	want := map[contactsync.Table][]contactsync.Row{}
	for _, table := range contactsync.Tables {
		full := contactsync.Row{Table: table, Key: "1", Index: [contactsync.Indexes]string{"x", "y\x00", "z"}, Stamp: "v1", Body: []byte(`{"a": 1.0}`)}
		want[table] = []contactsync.Row{full, {Table: table, Key: "2"}}
		for _, row := range want[table] {
			_, err := db.Exec("INSERT INTO contactsync_"+string(table)+` (scope, key, i0, i1, i2, stamp, body)
				VALUES (3, ?, nullif(?, x''), nullif(?, x''), nullif(?, x''), ?, nullif(?, x''))`,
				[]byte(row.Key), []byte(row.Index[0]), []byte(row.Index[1]), []byte(row.Index[2]), []byte(row.Stamp), append([]byte{}, row.Body...))
			require.NoError(t, err)
		}
	}
	for range 2 { // once it is up to date it stays so
		s := openStore(t, file)
		for table, want := range want {
			require.NoError(t, s.View(t.Context(), scope, func(tx contactsync.ReadTx) error {
				rows, err := tx.Scan(contactsync.Scan{Table: table, By: contactsync.ByKey})
				if diff := cmp.Diff(want, rows); diff != "" {
					t.Errorf("rows of table %s (-want +got):\n%s", table, diff)
				}
				return err
			}))
		}
	}
	lease, err := openStore(t, file).Acquire(t.Context(), scope, "engine", time.Unix(1, 0), time.Minute)
	require.NoError(t, err)
	require.Equal(t, int64(8), lease.Number)
	require.Equal(t, schemaOf(t, openDB(t, sqlstore.SQLiteDSN(file))), schemaOf(t, fresh(t)), "the schema is that of a new database")
}

// fresh opens a new database with the newest schema.
func fresh(t *testing.T) *sql.DB {
	file := newFile(t)
	openStore(t, file)
	return openDB(t, sqlstore.SQLiteDSN(file))
}

// schemaOf returns the statements that make the tables and indexes, by name.
func schemaOf(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	rows, err := db.Query("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
	require.NoError(t, err)
	defer rows.Close()
	schema := map[string]string{}
	for rows.Next() {
		var name, text string
		require.NoError(t, rows.Scan(&name, &text))
		schema[name] = text
	}
	require.NoError(t, rows.Err())
	return schema
}

func TestSQLStoreOpensAgain(t *testing.T) {
	for _, name := range []string{"plain.db", "with space?mode=ro#x%41&é'.db"} {
		folder := t.TempDir()
		file := filepath.Join(folder, name)
		require.NoError(t, openStore(t, file).Update(t.Context(), person, putting(hold("1"))))
		wantHolds(t, openStore(t, file), hold("1"))
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s: the database has another name: %v", name, err)
		}
	}
}

func TestSQLStoreOpenedByManyAtOnce(t *testing.T) {
	file := newFile(t)
	var all sync.WaitGroup
	for i := range 6 {
		db := openDB(t, sqlstore.SQLiteDSN(file))
		all.Go(func() {
			s, err := sqlstore.Open(t.Context(), db, sqlstore.SQLite{})
			if err == nil {
				err = s.Update(t.Context(), person, putting(hold(fmt.Sprint(i))))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	wantHolds(t, openStore(t, file), hold("0"), hold("1"), hold("2"), hold("3"), hold("4"), hold("5"))
}

func TestSQLStoreReadOnly(t *testing.T) {
	file := newFile(t)
	writer := openStore(t, file)
	require.NoError(t, writer.Update(t.Context(), person, putting(hold("1"))))
	reader := storeIn(t, openDB(t, sqlstore.SQLiteDSN(file)+"&mode=ro"))
	if err := reader.Update(t.Context(), person, putting(hold("2"))); err == nil {
		t.Error("Update of a read-only database: no error")
	}
	if _, err := reader.Acquire(t.Context(), scope, "engine", time.Unix(0, 0), time.Minute); err == nil {
		t.Error("Acquire in a read-only database: no error")
	}
	wantHolds(t, reader, hold("1"))
}

func TestSQLStoreFull(t *testing.T) {
	s := storeIn(t, openDB(t, sqlstore.SQLiteDSN(newFile(t))+"&_pragma=max_page_count(80)"))
	var want []contactsync.Row
	var err error
	for i := 0; i < 1000 && err == nil; i++ {
		row := hold(fmt.Sprintf("%03d", i))
		row.Body = []byte(strings.Repeat("x", 5000))
		if err = s.Update(t.Context(), person, putting(row)); err == nil {
			want = append(want, row)
		}
	}
	require.ErrorContains(t, err, "full")
	require.NotEmpty(t, want)
	wantHolds(t, s, want...)
	// SQLite may have ended such a transaction itself: nothing is changed after it, which might be committed at once.
	err = s.Update(t.Context(), person, func(tx contactsync.Tx) error {
		row := hold("big")
		row.Body = []byte(strings.Repeat("x", 100_000))
		require.ErrorContains(t, tx.Put(row), "full")
		require.ErrorContains(t, tx.Put(hold("small")), "full")
		require.ErrorContains(t, tx.Delete(contactsync.TableHold, "000"), "full")
		return nil
	})
	require.ErrorContains(t, err, "full")
	wantHolds(t, s, want...)
	require.NoError(t, s.Update(t.Context(), person, func(tx contactsync.Tx) error { return tx.Delete(contactsync.TableHold, "000") }))
	wantHolds(t, s, want[1:]...)
}

// busy is what a driver answers when another connection has the lock.
type busy struct{}

func (busy) Error() string { return "database is locked (261)" }
func (busy) Code() int     { return 5 | 1<<8 } // SQLITE_BUSY_RECOVERY

func TestSQLStoreRunsAgainWhenBusy(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		times int // how often the transaction meets err
		runs  int
		ok    bool
	}{
		{"not at all", busy{}, 0, 1, true},
		{"once", busy{}, 1, 2, true},
		{"twice", fmt.Errorf("in words: %w", errors.New("database is locked")), 2, 3, true},
		{"for ever", fmt.Errorf("wrapped: %w", busy{}), 99, 3, false},
		{"another error", errors.New("no"), 1, 1, false},
	} {
		s := openStore(t, newFile(t))
		runs := 0
		err := s.Update(t.Context(), person, func(tx contactsync.Tx) error {
			runs++
			if err := tx.Put(hold(fmt.Sprint("run ", runs))); err != nil || runs > tt.times {
				return err
			}
			return tt.err
		})
		if runs != tt.runs || (err == nil) != tt.ok {
			t.Errorf("%s: %d runs and %v; want %d, success %t", tt.name, runs, err, tt.runs, tt.ok)
		}
		if !tt.ok {
			wantHolds(t, s)
			continue
		}
		wantHolds(t, s, hold(fmt.Sprint("run ", tt.runs)))
	}
}

// A process that holds the lock for longer than the others wait.
func TestSQLStoreLocked(t *testing.T) {
	file := newFile(t)
	holder := openStore(t, file)
	s := storeIn(t, openDB(t, strings.Replace(sqlstore.SQLiteDSN(file), "busy_timeout(10000)", "busy_timeout(1)", 1)))
	require.NoError(t, holder.Update(t.Context(), person, func(tx contactsync.Tx) error {
		require.NoError(t, tx.Put(hold("1")))
		err := s.Update(t.Context(), person, putting(hold("2")))
		if err == nil || !strings.Contains(err.Error(), "locked") {
			t.Errorf("Update of a locked database: %v", err)
		}
		if rows := holds(t, s); len(rows) != 0 {
			t.Errorf("%d rows are seen before they are committed", len(rows))
		}
		return nil
	}))
	require.NoError(t, s.Update(t.Context(), person, putting(hold("2"))))
	wantHolds(t, holder, hold("1"), hold("2"))
}
