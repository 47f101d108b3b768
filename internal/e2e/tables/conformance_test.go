package tables_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/connectortest"
	"github.com/contactsync/contactsync/connector/sqltable"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/e2e/servers"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver of PostgreSQL
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver of SQLite
)

// A layout is a table of a host, and how it is described.
type layout struct {
	ddl         []string
	table       sqltable.Table
	unsupported map[string]string
}

var (
	plainColumns = []sqltable.Column{
		{Name: "first_name", Field: contact.Field{Name: "first", Type: contact.TypeText, Meaning: "first", MaxLength: 40}},
		{Name: "last name", Field: contact.Field{Name: "last", Type: contact.TypeText, Meaning: "last"}, NotNull: true},
		{Name: "born", Field: contact.Field{Name: "birthday", Type: contact.TypeDate, Meaning: "birthday"}},
		{Name: "score", Field: contact.Field{Name: "score", Type: contact.TypeNumber}},
		{Name: "vip", Field: contact.Field{Name: "vip", Type: contact.TypeBool}},
		{Name: "seen", Field: contact.Field{Name: "seen", Type: contact.TypeDateTime}},
		{Name: "tags", Field: contact.Field{Name: "tags", Type: contact.TypeSet, Meaning: "tags"}},
	}
	email         = sqltable.Column{Name: "email", Field: contact.Field{Name: "email", Type: contact.TypeEmail, Meaning: "email"}}
	relatedEmails = sqltable.Related{Table: "emails", Parent: "contact_id", Value: "address", Type: "kind", Primary: "main",
		Field: contact.Field{Name: "emails", Type: contact.TypeEmail, Many: true, Meaning: "email"}}
	withoutFeed = map[string]string{"feed": "all rows are listed", "quiet": "all rows are listed", "cursor": "all rows are listed"}
)

// layouts are tables of a host; %s stands for what differs between the databases.
var layouts = map[string]layout{
	"versions of the content": {
		ddl: []string{
			`CREATE TABLE contacts (id %[1]s, first_name TEXT CHECK (length(first_name) <= 40), "last name" TEXT NOT NULL, born DATE, score NUMERIC, vip BOOLEAN, seen %[2]s, tags TEXT, note TEXT DEFAULT 'ours')`,
			`CREATE TABLE emails (id %[1]s, contact_id BIGINT NOT NULL REFERENCES contacts(id), address TEXT NOT NULL, kind TEXT, main BOOLEAN NOT NULL, verified TEXT)`,
		},
		table: sqltable.Table{Name: "contacts", Key: sqltable.Key{Column: "id", Type: sqltable.IntegerKey}, Columns: plainColumns,
			Related: []sqltable.Related{relatedEmails}},
		unsupported: map[string]string{"marker": "no column is a marker", "upsert": "no column is a marker"},
	},
	"a version that is counted": {
		ddl: []string{`CREATE TABLE contacts (id TEXT PRIMARY KEY, "v?" BIGINT NOT NULL DEFAULT 1, changed %[2]s, gone BOOLEAN, tenant TEXT NOT NULL,
			first_name TEXT CHECK (length(first_name) <= 40), "last name" TEXT NOT NULL, born DATE, score NUMERIC, vip BOOLEAN, seen %[2]s, tags TEXT, email TEXT)`,
			`INSERT INTO contacts (id, tenant, "last name", email) VALUES ('foreign', 'another', 'Foreign', 'foreign@example.com')`},
		table: sqltable.Table{Name: "contacts", Key: sqltable.Key{Column: "id", Ours: true}, Version: "v?", CountVersion: true, Modified: "changed",
			Deleted: "gone", DeletedBool: true, Where: map[string]string{"tenant": "mine"}, Columns: append([]sqltable.Column{email}, plainColumns...)},
	},
	"a change log": {
		ddl: []string{
			`CREATE TABLE contacts (id %[1]s, marker TEXT UNIQUE, gone %[2]s, first_name TEXT CHECK (length(first_name) <= 40), "last name" TEXT NOT NULL, born DATE, score NUMERIC, vip BOOLEAN,
				seen %[2]s, tags TEXT)`,
			`CREATE TABLE emails (contact_id BIGINT NOT NULL REFERENCES contacts(id), address TEXT NOT NULL, kind TEXT, main BOOLEAN NOT NULL)`,
		},
		table: sqltable.Table{Name: "contacts", Key: sqltable.Key{Column: "id", Type: sqltable.IntegerKey}, Marker: "marker", Deleted: "gone",
			Log: "contacts_log", Columns: plainColumns, Related: []sqltable.Related{relatedEmails}},
	},
}

// A database is one that tables of a host stand in.
type database struct {
	dialect sqltable.Dialect
	open    func(t *testing.T) *sql.DB // a fresh one
}

var databases = map[string]database{
	"sqlite": {sqltable.SQLite, func(t *testing.T) *sql.DB {
		return openDB(t, "sqlite", "file:"+(&url.URL{Path: filepath.Join(t.TempDir(), "host.db")}).EscapedPath()+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)")
	}},
	"postgres": {sqltable.Postgres, func(t *testing.T) *sql.DB {
		source := servers.SharedPostgres(t)
		schema := fmt.Sprintf("host_%d", schemas.Add(1))
		_, err := openDB(t, "pgx", source).ExecContext(t.Context(), "CREATE SCHEMA "+schema)
		require.NoError(t, err)
		return openDB(t, "pgx", source+"&search_path="+schema)
	}},
}

// schemas counts the schemas that were made, one for each test: a database takes far longer.
var schemas atomic.Int64

func openDB(t *testing.T, driver, source string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// TestConformance runs the suite for connectors over each layout in each database.
func TestConformance(t *testing.T) {
	for where, base := range databases {
		for name, l := range layouts {
			t.Run(where+"/"+name, func(t *testing.T) { connectortest.Run(t, tableSuite(l, base)) })
		}
	}
}

// tableSuite returns what the suite needs to test a layout in a database.
func tableSuite(l layout, base database) connectortest.Suite {
	var db *sql.DB
	reopen := func(t *testing.T) connector.Connector {
		c, err := sqltable.New(db, base.dialect, l.table)
		require.NoError(t, err)
		return c
	}
	other := func(t *testing.T, w connector.Write) {
		results, err := reopen(t).Apply(t.Context(), []connector.Write{w})
		require.NoError(t, err)
		require.NoError(t, results[0].Err)
	}
	suite := connectortest.Suite{
		New: func(t *testing.T) connector.Connector {
			db = base.open(t)
			createTables(t, db, base.dialect, l)
			return reopen(t)
		},
		Reopen: reopen,
		Edit: func(t *testing.T, id string, fields contact.Fields) {
			patch := contact.Patch{}
			for name, v := range fields {
				patch[name] = contact.Change{Set: v}
			}
			other(t, connector.Write{Op: connector.Update, ID: id, Patch: patch})
		},
		Remove: func(t *testing.T, id string) { other(t, connector.Write{Op: connector.Delete, ID: id}) },
		Unsupported: map[string]string{
			"key":      "all rows are listed",
			"webhook":  "a table sends nothing",
			"identity": "the host knows which table it is",
		},
	}
	for part, why := range l.unsupported {
		suite.Unsupported[part] = why
	}
	if l.table.Log == "" {
		for part, why := range withoutFeed {
			suite.Unsupported[part] = why
		}
	}
	return suite
}

// createTables makes the tables of a layout, and its change log if it has one.
func createTables(t *testing.T, db *sql.DB, d sqltable.Dialect, l layout) {
	t.Helper()
	key, at := "INTEGER PRIMARY KEY AUTOINCREMENT", "TEXT"
	if d == sqltable.Postgres {
		key, at = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "TIMESTAMPTZ"
	}
	for _, ddl := range l.ddl {
		_, err := db.ExecContext(t.Context(), fmt.Sprintf(ddl+"%.0[1]s%.0[2]s", key, at))
		require.NoError(t, err)
	}
	if l.table.Log == "" {
		return
	}
	c, err := sqltable.New(db, d, l.table)
	require.NoError(t, err)
	require.NoError(t, c.CreateLog(t.Context()))
	require.NoError(t, c.CreateLog(t.Context()), "again")
}
