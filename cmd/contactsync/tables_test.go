package main

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tableOf makes a database with a CRM's tables, and a configuration that syncs them with a folder of cards.
func (s *shell) tableOf(endpoint string) {
	s.t.Helper()
	s.books(3)
	db, err := sql.Open("sqlite", s.path("crm.db"))
	require.NoError(s.t, err)
	defer db.Close()
	_, err = db.Exec(`CREATE TABLE contacts (id INTEGER PRIMARY KEY AUTOINCREMENT, first TEXT, last TEXT, secret TEXT DEFAULT 'mine');
		CREATE TABLE emails (contact INTEGER REFERENCES contacts(id), address TEXT);
		INSERT INTO contacts (first, last) VALUES ('Ann', 'Archer'); INSERT INTO emails VALUES (1, 'ann@example.com')`)
	require.NoError(s.t, err)
	s.write(defaultConfig, "connections:", "  - name: crm", "    a: {app: vcard, path: A}", "    b: {app: sqltable, "+endpoint+"}")
}

// TestTables: a table of a database is synced both ways by the configuration alone.
func TestTables(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.tableOf("path: crm.db, table: contacts, columns: 'first=first, last=last', lists: 'email=emails(contact, address)'")
	s.has(s.run("validate"), exitDone, "crm: the configuration is valid")
	s.has(s.run("sync", "--yes"), exitDone, "a  vcard A          1 created", "b  sqltable crm.db  3 created")
	s.has(s.run("sync", "--yes"), exitDone, "0 created  0 updated  0 deleted")
	db, err := sql.Open("sqlite", s.path("crm.db"))
	require.NoError(t, err)
	defer db.Close()
	var n int
	require.NoError(t, db.QueryRow("SELECT COUNT(*) FROM contacts c JOIN emails e ON e.contact = c.id WHERE c.secret = 'mine'").Scan(&n))
	require.Equal(t, 4, n)
}

// TestTablesThatDoNotFit: what is wrong is said with its place, no database is made, and no password is shown.
func TestTablesThatDoNotFit(t *testing.T) {
	t.Parallel()
	for want, endpoint := range map[string]string{
		"4:30: connections[0].b.path: sqltable: setting \"path\": the database cannot be opened": "path: other.db, table: contacts, columns: first=first",
		`connections[0].b.columns: sqltable: setting "columns": "first" is not column=field`:     "path: crm.db, table: contacts, columns: first",
		"connections[0].b.url: a password does not belong in this file":                          "url: 'postgres://ann:hunter2@localhost/crm', table: contacts, columns: first=first",
		"no such table: nobody": "path: crm.db, table: nobody, columns: first=first",
	} {
		s := newShell(t)
		s.tableOf(endpoint)
		said := s.run("sync", "--yes")
		if said.code == exitDone || !strings.Contains(said.err+said.out, want) {
			t.Errorf("want %s, got %+v", want, said)
		}
		require.NotContains(t, said.err+said.out, "hunter2")
		require.NoFileExists(t, s.path("other.db"))
	}
}
