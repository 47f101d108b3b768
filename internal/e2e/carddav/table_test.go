package carddav_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of PostgreSQL
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/sqltable"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/e2e/servers"
)

// inTable is a shelf that is a table of PostgreSQL, with a change log. Its cards are its rows, written as cards, by their key.
type inTable struct {
	source string // of the data, as the driver pgx has it
	db     *sql.DB
}

// tables counts the schemas that were made, one for each test.
var tables atomic.Int64

// newInTable returns an empty table.
func newInTable(t *testing.T) inTable {
	t.Helper()
	source := servers.SharedPostgres(t)
	schema := fmt.Sprintf("people_%d", tables.Add(1))
	openTable(t, source).exec(t, "CREATE SCHEMA "+schema)
	s := openTable(t, source+"&search_path="+schema)
	s.exec(t, `CREATE TABLE people (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, marker TEXT UNIQUE, first_name TEXT, last_name TEXT, email TEXT, phone TEXT,
		company TEXT, title TEXT, note TEXT, born DATE, tags TEXT)`)
	require.NoError(t, s.app(t).CreateLog(t.Context()))
	return s
}

// peopleTable is how the table is described.
var peopleTable = sqltable.Table{Name: "people", Key: sqltable.Key{Column: "id", Type: sqltable.IntegerKey}, Marker: "marker", Log: "people_log",
	Columns: []sqltable.Column{
		{Name: "first_name", Field: contact.Field{Name: "first", Type: contact.TypeText, Meaning: "first"}},
		{Name: "last_name", Field: contact.Field{Name: "last", Type: contact.TypeText, Meaning: "last"}},
		{Name: "email", Field: contact.Field{Name: "email", Type: contact.TypeEmail, Meaning: "email"}},
		{Name: "phone", Field: contact.Field{Name: "phone", Type: contact.TypePhone, Meaning: "phone"}},
		{Name: "company", Field: contact.Field{Name: "company", Type: contact.TypeText, Meaning: "company"}},
		{Name: "title", Field: contact.Field{Name: "title", Type: contact.TypeText, Meaning: "title"}},
		{Name: "note", Field: contact.Field{Name: "notes", Type: contact.TypeText, Meaning: "notes"}},
		{Name: "born", Field: contact.Field{Name: "birthday", Type: contact.TypeDate, Meaning: "birthday"}},
		{Name: "tags", Field: contact.Field{Name: "labels", Type: contact.TypeSet, Meaning: "labels"}},
	}}

// openTable opens a table that is there, until the test ends.
func openTable(t *testing.T, source string) inTable {
	t.Helper()
	db, err := sql.Open("pgx", source)
	require.NoError(t, err)
	db.SetMaxOpenConns(2)
	t.Cleanup(func() { db.Close() })
	return inTable{source, db}
}

func (s inTable) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	_, err := s.db.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err)
}

func (s inTable) app(t *testing.T) *sqltable.Connector {
	t.Helper()
	c, err := sqltable.New(s.db, sqltable.Postgres, peopleTable)
	require.NoError(t, err)
	return c
}

func (s inTable) open(t *testing.T) connector.Connector { return s.app(t) }

// inColumns are the properties that have a column.
var inColumns = []string{"N", "EMAIL", "TEL", "ORG", "TITLE", "NOTE", "BDAY", "CATEGORIES"}

func (s inTable) holds(property string) bool { return slices.Contains(inColumns, property) }

// columns is a row in the order of inColumns, with the parts of the name first.
const columns = "last_name, first_name, email, phone, company, title, note, born::text, tags"

func (s inTable) cards(t *testing.T) map[string]string {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), "SELECT id::text, "+columns+" FROM people")
	require.NoError(t, err)
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var id string
		var v [9]sql.NullString
		require.NoError(t, rows.Scan(&id, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8]))
		var tags []string
		if v[8].Valid {
			require.NoError(t, json.Unmarshal([]byte(v[8].String), &tags))
		}
		values := []string{v[0].String + ";" + v[1].String + ";;;"}
		for _, x := range v[2:8] {
			values = append(values, x.String)
		}
		text := "BEGIN:VCARD\r\n"
		for i, value := range append(values, strings.Join(tags, ",")) {
			text += inColumns[i] + ":" + value + "\r\n"
		}
		all[id] = text + "END:VCARD\r\n"
	}
	require.NoError(t, rows.Err())
	return all
}

// put writes what a card says into the row of that key, or into a new one if the name is no key.
func (s inTable) put(t *testing.T, name, text string) {
	t.Helper()
	last, rest, _ := strings.Cut(valueOf(text, "N"), ";")
	first, _, _ := strings.Cut(rest, ";")
	args := []any{last, first}
	for _, p := range inColumns[1:7] {
		args = append(args, sql.NullString{String: valueOf(text, p), Valid: valueOf(text, p) != ""})
	}
	tags, err := json.Marshal(strings.Split(valueOf(text, "CATEGORIES"), ","))
	require.NoError(t, err)
	args = append(args, string(tags))
	if strings.Contains(name, ".") {
		s.exec(t, "INSERT INTO people (last_name, first_name, email, phone, company, title, note, born, tags) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::date, $9)", args...)
		return
	}
	s.exec(t, "UPDATE people SET last_name = $1, first_name = $2, email = $3, phone = $4, company = $5, title = $6, note = $7, born = $8::date, tags = $9 WHERE id = "+name, args...)
}
