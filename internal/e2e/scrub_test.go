package e2e_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/e2e/servers"
	"github.com/contactsync/contactsync/sqlstore"
)

// canary is a word in all that is ever entered about one person.
const canary = "canaryword"

// legible returns how often a database's files hold the canary, whatever the database makes of them.
func legible(t *testing.T, file string) (n int) {
	t.Helper()
	for _, name := range []string{file, file + "-wal"} {
		data, err := os.ReadFile(name)
		if !errors.Is(err, os.ErrNotExist) {
			require.NoError(t, err)
		}
		n += bytes.Count(data, []byte(canary))
	}
	return n
}

// lived is a connection whose people have been edited for a while, so that rows grew, shrank and moved from page to page.
func lived(t *testing.T, seed uint64, store contactsync.Store) *contactsync.Syncer {
	rng := rand.New(rand.NewPCG(seed, 7))
	fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "company", Type: contact.TypeText, Meaning: "company"},
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"}}
	apps := [2]*fake.App{fake.New("a", fields), fake.New("b", fields)}
	word := func(i int) string {
		if i == 40 {
			return canary
		}
		return fmt.Sprint("person", i)
	}
	for i := range 80 {
		require.NoError(t, apps[0].Put(contact.Record{ID: fmt.Sprintf("%s%d", word(i), i), Fields: contact.Fields{
			"first": contact.Text(word(i)), "email": contact.Text(word(i) + "@example.com")}}))
	}
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, apps[0], apps[1], store)
	require.NoError(t, err)
	for range 6 {
		for range 30 {
			i := rng.IntN(80)
			if rng.IntN(4) == 0 {
				i = 40
			}
			company := contact.Text(strings.Repeat(word(i), 1+rng.IntN(200)))
			require.NoError(t, apps[0].Edit(fmt.Sprintf("%s%d", word(i), i), contact.Fields{"company": company}))
		}
		_, err = s.Sync(t.Context())
		require.NoError(t, err)
	}
	return s
}

// Nothing of a person who was forgotten, or of a connection that was deleted, is legible in the files of the database.
func TestWhatIsDeletedIsNotLegible(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*contactsync.Syncer) error
	}{
		{"forget", func(s *contactsync.Syncer) error { return s.Forget(t.Context(), contactsync.A, canary+"40") }},
		{"delete", func(s *contactsync.Syncer) error { return s.Delete(t.Context()) }},
	} {
		for seed := range uint64(3) {
			file := newFile(t)
			s := lived(t, seed, openStore(t, file))
			require.Positive(t, legible(t, file))
			require.NoError(t, tt.do(s))
			require.Zero(t, legible(t, file), "%s, seed %d", tt.name, seed)
			if tt.name == "forget" {
				_, err := s.Sync(t.Context())
				require.NoError(t, err)
				require.Zero(t, legible(t, file), "after another sync, seed %d", seed)
			}
		}
	}
}

// In PostgreSQL nothing of them is left in a row of a table, dead or alive.
func TestWhatIsDeletedIsTakenOutOfTheTables(t *testing.T) {
	dsn := servers.Postgres(t)
	db := openPostgres(t, dsn)
	if _, err := db.Exec("CREATE EXTENSION pageinspect"); err != nil {
		t.Skipf("LEFT OUT: rows that were deleted cannot be looked at: %v", err)
	}
	s := lived(t, 1, inPostgres(t, dsn, sqlstore.Postgres{}))
	require.Positive(t, rowsWithCanary(t, db))
	require.NoError(t, s.Forget(t.Context(), contactsync.A, canary+"40"))
	require.Zero(t, rowsWithCanary(t, db), "after Forget")
	_, err := s.Sync(t.Context())
	require.NoError(t, err)
	require.Zero(t, rowsWithCanary(t, db), "after another sync")
}

// rowsWithCanary counts the rows that hold the canary on the pages of the tables, also deleted ones.
func rowsWithCanary(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	for _, table := range contactsync.Tables {
		var rows int
		require.NoError(t, db.QueryRow(`SELECT count(*) FROM generate_series(0, pg_relation_size($1::regclass) / 8192 - 1) AS page,
			heap_page_items(get_raw_page($1::text, page::int)) WHERE position($2::bytea IN t_data) > 0`,
			"contactsync_"+string(table), []byte(canary)).Scan(&rows))
		n += rows
	}
	return n
}

// Who reads the database for long keeps it from being scrubbed, and that is said; the person is forgotten all the same.
func TestScrubIsKeptFromItsWork(t *testing.T) {
	file := newFile(t)
	s := lived(t, 1, storeIn(t, openDB(t, strings.Replace(sqlstore.SQLiteDSN(file), "busy_timeout(10000)", "busy_timeout(1)", 1))))
	reader := openStore(t, file)
	require.NoError(t, reader.View(t.Context(), contactsync.Scope{Connection: "c"}, func(tx contactsync.ReadTx) error {
		_, err := tx.Count(contactsync.Scan{Table: contactsync.TableMirror, By: contactsync.ByKey})
		require.NoError(t, err)
		require.ErrorContains(t, s.Forget(t.Context(), contactsync.A, canary+"40"), "may still be legible")
		return nil
	}))
	require.ErrorIs(t, s.Forget(t.Context(), contactsync.A, canary+"40"), contactsync.ErrNotKnown)
	require.NoError(t, reader.Scrub(t.Context()))
	require.Zero(t, legible(t, file))
}
