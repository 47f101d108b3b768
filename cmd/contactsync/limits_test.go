package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/contactsync/contactsync/contact"
)

// abilities are all that an app may lack.
var abilities = []contact.Ability{contact.AbilityWrite, contact.AbilityCreate, contact.AbilityUpdate, contact.AbilityDelete, contact.AbilityClear,
	contact.AbilitySend, contact.AbilityModified, contact.AbilityDeleted, contact.AbilityNoEmail, contact.AbilityRefuse}

// opened returns for each app of the catalogue the settings of a few accounts of it.
func opened(t *testing.T) map[string][]map[string]string {
	dir := t.TempDir()
	rows, tables := filepath.Join(dir, "people.csv"), filepath.Join(dir, "crm.db")
	require.NoError(t, os.WriteFile(rows, []byte("ID,Name,Email\n1,Ann,ann@example.com\n"), 0o600))
	db, err := sql.Open("sqlite", tables)
	require.NoError(t, err)
	_, err = db.Exec("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, touched TEXT)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	server := davfake.New(t, davfake.Nextcloud())
	server.AddBook("shared", "Company").SetReadOnly(true)
	book := func(kind string) map[string]string {
		return map[string]string{"url": server.URL, "username": server.User, "password": davfake.Password, "kind": kind}
	}
	table := map[string]string{"path": tables, "table": "people", "columns": "name=name"}
	return map[string][]map[string]string{
		"vcard":    {{"path": dir}, {"path": filepath.Join(dir, "people.vcf")}},
		"csv":      {{"path": rows}, {"path": rows, "key": "ID"}},
		"carddav":  {book("contacts"), book("shared")},
		"sqltable": {table, with(table, "modified", "touched"), with(table, "read_only", "yes")},
	}
}

func with(settings map[string]string, name, value string) map[string]string {
	more := map[string]string{name: value}
	for k, v := range settings {
		more[k] = v
	}
	return more
}

// TestWhatAppsCannotDo: what nobody can do with an app of the catalogue stands in its description and in the schema of each of
// its connectors, in the same words; what one account cannot do stands in its schema, as what may change. Whatever is lacking
// has a reason.
func TestWhatAppsCannotDo(t *testing.T) {
	t.Parallel()
	accounts := opened(t)
	for _, app := range catalogue() {
		require.NotEmpty(t, accounts[app.ID], "no account of %s is looked at", app.ID)
		lacking := 0
		for _, settings := range accounts[app.ID] {
			schema := schemaOf(t, app, settings)
			for _, l := range app.Limits {
				if l.ForNow || !slices.Contains(schema.Limits, l) {
					t.Errorf("%s cannot %s, and this is not in the schema of %v", app.ID, l.Cannot.Words(), settings)
				}
			}
			for _, l := range schema.Limits {
				if lacking++; !l.ForNow && !slices.Contains(app.Limits, l) {
					t.Errorf("%s: %v cannot %s whoever uses it, and the app does not say so", app.ID, settings, l.Cannot.Words())
				}
			}
			for _, a := range abilities {
				if l, lacks := schema.Limit(a); lacks && l.Why == "" {
					t.Errorf("%s: nobody says why %v cannot %s", app.ID, settings, a.Words())
				}
			}
		}
		t.Logf("%s: %d limits in %d schemas", app.ID, lacking, len(accounts[app.ID]))
	}
}

func schemaOf(t *testing.T, app connector.App, settings map[string]string) contact.Schema {
	t.Helper()
	c, err := app.Open(context.WithoutCancel(t.Context()), settings)
	require.NoError(t, err)
	schema, err := c.Schema(t.Context())
	require.NoError(t, err)
	return schema
}
