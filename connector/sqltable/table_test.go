package sqltable_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/sqltable"
	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// TestTablesAreChecked: what is wrong with a description is said with its place.
func TestTablesAreChecked(t *testing.T) {
	t.Parallel()
	first := sqltable.Column{Name: "first", Field: contact.Field{Name: "first", Type: contact.TypeText}}
	tags := contact.Field{Name: "tags", Type: contact.TypeSet}
	for want, tt := range map[string]struct {
		dialect sqltable.Dialect
		change  func(*sqltable.Table)
	}{
		"":                                {change: func(*sqltable.Table) {}},
		`no dialect "mysql"`:              {dialect: "mysql", change: func(*sqltable.Table) {}},
		"name of the table":               {change: func(t *sqltable.Table) { t.Name = "" }},
		"key column is missing":           {change: func(t *sqltable.Table) { t.Key.Column = "" }},
		`no type of key "number"`:         {change: func(t *sqltable.Table) { t.Key.Type = "number" }},
		"a key of ours is a UUID":         {change: func(t *sqltable.Table) { t.Key = sqltable.Key{Column: "id", Type: sqltable.IntegerKey, Ours: true} }},
		"no column is a field":            {change: func(t *sqltable.Table) { t.Columns = nil }},
		`"a b" is no field name`:          {change: func(t *sqltable.Table) { t.Columns[0].Field.Name = "a b" }},
		`field "first" is there twice`:    {change: func(t *sqltable.Table) { t.Columns = append(t.Columns, sqltable.Column{Name: "x", Field: first.Field}) }},
		`there is no type "string"`:       {change: func(t *sqltable.Table) { t.Columns[0].Field.Type = "string" }},
		"an address has no column":        {change: func(t *sqltable.Table) { t.Columns[0].Field.Type = contact.TypeAddress }},
		"only PostgreSQL has arrays":      {change: func(t *sqltable.Table) { t.Columns[0] = sqltable.Column{Name: "tags", Field: tags, Array: true} }},
		"an array is a set":               {dialect: sqltable.Postgres, change: func(t *sqltable.Table) { t.Columns[0].Array = true }},
		"the column of the value is miss": {change: func(t *sqltable.Table) { t.Related = []sqltable.Related{{Table: "tags", Parent: "id", Field: tags}} }},
		`field "first" is no set and not`: {change: func(t *sqltable.Table) {
			t.Columns, t.Related = nil, []sqltable.Related{{Table: "x", Parent: "id", Value: "v", Field: first.Field}}
		}},
		"no version column to count up":    {change: func(t *sqltable.Table) { t.CountVersion = true }},
		`column "first" has two meanings`:  {change: func(t *sqltable.Table) { t.Marker = "first" }},
		`column "tenant" has two meanings`: {change: func(t *sqltable.Table) { t.Where = map[string]string{"tenant": "1"}; t.Deleted = "tenant" }},
		"is no name":                       {change: func(t *sqltable.Table) { t.Name = "a\x00b" }},
	} {
		table := sqltable.Table{Name: "contacts", Key: sqltable.Key{Column: "id"}, Columns: []sqltable.Column{first}}
		tt.change(&table)
		if tt.dialect == "" {
			tt.dialect = sqltable.SQLite
		}
		_, err := sqltable.New(nil, tt.dialect, table)
		if want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, want)
		}
	}
}

// TestSettings: a table described by the settings of an endpoint.
func TestSettings(t *testing.T) {
	t.Parallel()
	app := sqltable.App(func(sqltable.Dialect, string) (sqltable.DB, error) { return &sql.DB{}, nil })
	open := func(change map[string]string) (connector.Connector, error) {
		settings := map[string]string{"path": "crm.db", "table": "contacts", "columns": "first_name=first, born=birthday, vip=vip:bool"}
		for name, v := range change {
			settings[name] = v
		}
		return app.Open(t.Context(), settings)
	}
	c, err := open(map[string]string{"lists": "email=emails(contact, address, kind, main); tags=tags(contact, tag)", "marker": "cs", "where": "tenant=1", "log": "l"})
	require.NoError(t, err)
	schema := sqltable.SchemaOf(c)
	want := []contact.Field{
		{Name: "first", Type: contact.TypeText, Meaning: "first"},
		{Name: "birthday", Type: contact.TypeDate, Meaning: "birthday"},
		{Name: "vip", Type: contact.TypeBool},
		{Name: "email", Type: contact.TypeEmail, Meaning: "email", Many: true},
		{Name: "tags", Type: contact.TypeSet, Meaning: "tags"},
	}
	require.Empty(t, cmp.Diff(want, schema.Fields))
	require.True(t, schema.Marker && schema.Upsert && schema.Tombstones && schema.Versions)

	for want, change := range map[string]map[string]string{
		`setting "columns": "first" is not column=field`:            {"columns": "first"},
		`setting "columns": "a=b:string" is not`:                    {"columns": "a=b:string"},
		`setting "lists": "email=emails(contact" is not`:            {"lists": "email=emails(contact"},
		`setting "lists": "email=emails(a, b, c)" is not`:           {"lists": "email=emails(a, b, c)"},
		`setting "where": "tenant" is not column=value`:             {"where": "tenant"},
		`unknown setting "colums"`:                                  {"colums": "x"},
		`setting "path": name either`:                               {"url": "postgres://localhost/crm"},
		`setting "key_type" is not one of`:                          {"key_type": "number"},
		`setting "columns" is missing`:                              {"columns": ""},
		`column "id" has two meanings`:                              {"marker": "id"},
		`table "contacts": a key of ours is a UUID, and no integer`: {"new_keys": "contactsync"},
	} {
		_, err := open(change)
		require.ErrorContains(t, err, want)
	}

	app = sqltable.App(func(sqltable.Dialect, string) (sqltable.DB, error) { return nil, errors.New("password secret") })
	_, err = open(nil)
	require.ErrorContains(t, err, `setting "path"`)
	require.NotContains(t, err.Error(), "secret")
}

// TestReadOnly: a table that is only read refuses every write, and says so beforehand.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	c, err := sqltable.New(nil, sqltable.Postgres, sqltable.Table{Name: "v", Key: sqltable.Key{Column: "id"}, ReadOnly: true,
		Columns: []sqltable.Column{{Name: "first", Field: contact.Field{Name: "first", Type: contact.TypeText}}}})
	require.NoError(t, err)
	schema := sqltable.SchemaOf(c)
	require.True(t, schema.NoCreate && schema.NoUpdate && schema.NoDelete && schema.Fields[0].ReadOnly)
	for _, op := range []connector.Op{connector.Create, connector.Update, connector.Delete} {
		results, err := c.Apply(t.Context(), []connector.Write{{Op: op, ID: "1"}})
		require.NoError(t, err)
		require.ErrorIs(t, results[0].Err, connector.ErrForbidden)
	}
}

// TestForeignCursors: a cursor that is none of the change log's begins anew, and reaches no statement.
func TestForeignCursors(t *testing.T) {
	t.Parallel()
	c, err := sqltable.New(noDB{t}, sqltable.Postgres, sqltable.Table{Name: "t", Key: sqltable.Key{Column: "id"}, Log: "l",
		Columns: []sqltable.Column{{Name: "first", Field: contact.Field{Name: "first", Type: contact.TypeText}}}})
	require.NoError(t, err)
	for _, cursor := range []connector.Cursor{"x", "log", "log 1", "log 1 2 3", "log -1 2", "log 1 2x", "log 1 99999999999999999999999", "all 1 2", "log 1 ' OR 1=1",
		connector.Cursor(strings.Repeat("9", 8000))} {
		_, err := c.Changes(t.Context(), connector.Query{Since: cursor})
		require.ErrorIs(t, err, connector.ErrCursorExpired, cursor)
	}
}

// noDB fails the test when it is asked.
type noDB struct{ t *testing.T }

func (n noDB) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	n.t.Error("a statement was run")
	return nil, errors.New("none")
}

func (n noDB) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	n.t.Error("a query was run")
	return nil, errors.New("none")
}

// refusing is a database that refuses each statement for a value.
type refusing struct{ noDB }

func (refusing) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	return nil, coded{`invalid input syntax for type date: "secret"`}
}

// coded is an error of PostgreSQL.
type coded struct{ text string }

func (e coded) Error() string  { return e.text }
func (coded) SQLState() string { return "22007" }

// TestErrorsHoldNoValue: a database's words about a value are not told.
func TestErrorsHoldNoValue(t *testing.T) {
	t.Parallel()
	c, err := sqltable.New(refusing{}, sqltable.Postgres, sqltable.Table{Name: "t", Key: sqltable.Key{Column: "id"},
		Columns: []sqltable.Column{{Name: "first", Field: contact.Field{Name: "first", Type: contact.TypeText}}}})
	require.NoError(t, err)
	_, err = c.Read(t.Context(), []string{"1"}, []string{"first"})
	require.ErrorContains(t, err, "the database refused a value")
	require.NotContains(t, err.Error(), "secret")
}
