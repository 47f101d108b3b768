package sqltable

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// App returns a database's table as an app to choose from a list. open opens a database with a driver of the program's, by
// the path of SQLite's file or the URL of PostgreSQL; it need not connect yet.
func App(open func(d Dialect, source string) (DB, error)) connector.App {
	app := connector.App{
		ID:    appID,
		Label: "Database table",
		Settings: []connector.Setting{
			{Name: "path", Label: "the file of a SQLite database", Type: connector.SettingPath},
			{Name: "url", Label: "the address of a PostgreSQL database, from a variable if it holds a password: postgres://user@host/database", Type: connector.SettingURL},
			{Name: "table", Label: "the table's name, with its schema if it needs one", Required: true},
			{Name: "key", Label: "the column that identifies a row", Default: "id"},
			{Name: "key_type", Label: "the type of that column", Options: []string{string(IntegerKey), string(TextKey), string(UUIDKey)}, Default: string(IntegerKey)},
			{Name: "new_keys", Label: "who makes the keys of new rows", Options: []string{"database", "contactsync"}, Default: "database"},
			{Name: "columns", Label: "fields by column: column=field or column=field:type, separated by commas", Required: true},
			{Name: "lists", Label: "fields in tables of their own: field=table(parent, value) or field=table(parent, value, type, primary), separated by semicolons"},
			{Name: "version", Label: "a column that is another one after every change"},
			{Name: "modified", Label: "a column with the time of the last change, which whoever writes sets"},
			{Name: "deleted", Label: "a column with the time of deletion; rows that have one are gone"},
			{Name: "marker", Label: "a unique column of text for an id of ours, so that a row whose answer was lost is found again"},
			{Name: "where", Label: "only rows with these values: column=value, separated by commas"},
			{Name: "log", Label: "the change log, if the table has one"},
			{Name: "read_only", Label: "only read", Type: connector.SettingYesNo, Default: "no"},
		},
	}
	app.Open = func(_ context.Context, settings map[string]string) (connector.Connector, error) {
		if err := app.CheckSettings(settings); err != nil {
			return nil, err
		}
		t, err := tableOf(settings)
		if err != nil {
			return nil, err
		}
		d, setting := SQLite, "path"
		if settings["url"] != "" {
			d, setting = Postgres, "url"
		}
		if settings["path"] == "" && settings["url"] == "" || settings["path"] != "" && settings["url"] != "" {
			return nil, fmt.Errorf(`%s: setting "path": name either the file of a SQLite database, or the url of a PostgreSQL one`, appID)
		}
		db, err := open(d, settings[setting])
		if err != nil { // its words may hold a password
			return nil, fmt.Errorf(`%s: setting %q: the database cannot be opened`, appID, setting)
		}
		return New(db, d, t)
	}
	return app
}

// tableOf returns the table that the settings describe.
func tableOf(settings map[string]string) (Table, error) {
	get := func(name, otherwise string) string {
		if v := settings[name]; v != "" {
			return v
		}
		return otherwise
	}
	t := Table{
		Name: settings["table"], Version: settings["version"], Modified: settings["modified"], Deleted: settings["deleted"], Marker: settings["marker"],
		Log: settings["log"], ReadOnly: settings["read_only"] == "yes",
		Key: Key{Column: get("key", "id"), Type: KeyType(get("key_type", string(IntegerKey))), Ours: settings["new_keys"] == "contactsync"},
	}
	bad := func(name, entry, form string) (Table, error) {
		return t, fmt.Errorf("%s: setting %q: %q is not %s", appID, name, entry, form)
	}
	for _, one := range entriesOf(settings["columns"], ",") {
		column, field, ok := strings.Cut(one, "=")
		f, known := fieldOf(strings.TrimSpace(field))
		if !ok || !known {
			return bad("columns", one, "column=field or column=field:type")
		}
		t.Columns = append(t.Columns, Column{Name: strings.TrimSpace(column), Field: f})
	}
	for _, one := range entriesOf(settings["lists"], ";") {
		r, ok := relatedOf(one)
		if !ok {
			return bad("lists", one, "field=table(parent, value) or field=table(parent, value, type, primary)")
		}
		t.Related = append(t.Related, r)
	}
	for _, one := range entriesOf(settings["where"], ",") {
		column, value, ok := strings.Cut(one, "=")
		if !ok {
			return bad("where", one, "column=value")
		}
		if t.Where == nil {
			t.Where = map[string]string{}
		}
		t.Where[strings.TrimSpace(column)] = strings.TrimSpace(value)
	}
	return t, nil
}

// entriesOf cuts a setting at a separator.
func entriesOf(text, separator string) []string {
	var all []string
	for one := range strings.SplitSeq(text, separator) {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// meanings are the types of the fields that have a common meaning. All other common meanings are text.
var meanings = map[string]contact.Type{
	"email": contact.TypeEmail, "phone": contact.TypePhone, "mobile": contact.TypePhone, "website": contact.TypeURL,
	"birthday": contact.TypeDate, "tags": contact.TypeSet,
	"first": contact.TypeText, "last": contact.TypeText, "name": contact.TypeText, "company": contact.TypeText, "title": contact.TypeText, "notes": contact.TypeText,
	"street": contact.TypeText, "city": contact.TypeText, "region": contact.TypeText, "postal_code": contact.TypeText, "country": contact.TypeText,
}

// fieldOf returns the field that "name" or "name:type" is. A name that is a common meaning bears it.
func fieldOf(text string) (contact.Field, bool) {
	name, kind, typed := strings.Cut(text, ":")
	f := contact.Field{Name: strings.TrimSpace(name), Type: contact.TypeText}
	if t, ok := meanings[f.Name]; ok {
		f.Type, f.Meaning = t, f.Name
	}
	if typed {
		f.Type = contact.Type(strings.TrimSpace(kind))
	}
	return f, f.Name != "" && f.Type.Known() && f.Type != contact.TypeAddress
}

// relatedOf reads "field=table(parent, value, type, primary)".
func relatedOf(text string) (Related, bool) {
	field, rest, ok := strings.Cut(text, "=")
	table, columns, open := strings.Cut(strings.TrimSpace(rest), "(")
	columns, closed := strings.CutSuffix(columns, ")")
	names := strings.Split(columns, ",")
	if !ok || !open || !closed || !slices.Contains([]int{2, 4}, len(names)) {
		return Related{}, false
	}
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	f, known := fieldOf(strings.TrimSpace(field))
	f.Many = f.Type != contact.TypeSet
	r := Related{Table: strings.TrimSpace(table), Parent: names[0], Value: names[1], Field: f}
	if len(names) == 4 {
		r.Type, r.Primary = names[2], names[3]
	}
	return r, known
}
