package sqltable

import (
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// A Table says how a table, or a view, is an app. Name, Key and Columns are needed.
type Table struct {
	// Name is the table's name, with its schema if it needs one: "contacts", "crm.contacts".
	Name string
	Key  Key
	// Columns are the fields of a record, in order.
	Columns []Column
	// Related are fields that stand in tables of their own: lists and sets.
	Related []Related
	// Version is a column whose value is another one after every change of the row, made by a trigger or by everybody who
	// writes; "" makes versions of the row's content.
	Version string
	// CountVersion says that the version is a number, and that whoever writes counts it up: so does the connector then.
	CountVersion bool
	// Modified is a column with the time of the row's last change; "" if there is none. Whoever writes sets it, and so does
	// the connector, unless ModifiedKept says that the database does.
	Modified     string
	ModifiedKept bool
	// Deleted is a column that says that the row counts as deleted: a time, or with DeletedBool true. Null and false are
	// there. "" means that rows are deleted for good.
	Deleted     string
	DeletedBool bool
	// Marker is a column of text for an id of ours of each row that a sync creates, with a unique index: after a lost
	// answer such a row is found again. "" means that the connector keeps none. A key that [Key].Ours makes is one itself.
	Marker string
	// Where names columns that have these values in the rows that the app consists of, such as the tenant: other rows are
	// never seen or touched, and new ones get the values.
	Where map[string]string
	// ReadOnly says that the app is only read: of a view that cannot be written.
	ReadOnly bool
	// Log is the change log's table ([Connector.CreateLog]); "" lists all rows at each sync.
	Log string
}

// A Key is the column that identifies a row. It is the record's id.
type Key struct {
	Column string
	Type   KeyType
	// Ours says that rows which a sync creates get a random UUID as key: of a column without a default.
	Ours bool
}

// KeyType is the type of a key column.
type KeyType string

// The types of keys. "" is TextKey.
const (
	TextKey    KeyType = "text"
	IntegerKey KeyType = "integer"
	UUIDKey    KeyType = "uuid"
)

// A Column is a column that is a field.
type Column struct {
	Name  string
	Field contact.Field
	// NotNull says that the column takes no null: a blank text is written as "".
	NotNull bool
	// Array says that the column is an array of PostgreSQL. Without it, a set or a list is written as a JSON array of
	// texts.
	Array bool
}

// Related is a table whose rows are the entries of a list, or the elements of a set.
type Related struct {
	Table string
	// Parent is the column with the key of the record.
	Parent string
	// Value is the column with the entry, such as the email address.
	Value string
	// Type and Primary are the columns with the entry's type, a text, and whether it is the primary one, a bool; "" if
	// there is none.
	Type, Primary string
	// Field is the field, a set or one that is many.
	Field contact.Field
}

// check returns what is wrong with the table, with the name of what is wrong.
func (t *Table) check(d Dialect) error {
	names := map[string]bool{}
	field := func(place string, f contact.Field) error {
		switch {
		case f.Name == "" || strings.ContainsAny(f.Name, "[].= \t"):
			return fmt.Errorf("%s: %q is no field name; use letters, digits and _", place, f.Name)
		case names[f.Name]:
			return fmt.Errorf("%s: field %q is there twice", place, f.Name)
		case !f.Type.Known():
			return fmt.Errorf("%s: field %q: there is no type %q", place, f.Name, f.Type)
		}
		names[f.Name] = true
		return nil
	}
	if t.Name == "" || t.Key.Column == "" {
		return fmt.Errorf("the name of the table or of its key column is missing")
	}
	if !slices.Contains([]KeyType{"", TextKey, IntegerKey, UUIDKey}, t.Key.Type) {
		return fmt.Errorf("there is no type of key %q; say text, integer or uuid", t.Key.Type)
	}
	if t.Key.Ours && t.Key.Type == IntegerKey {
		return fmt.Errorf("a key of ours is a UUID, and no integer; let the database number the rows")
	}
	if len(t.Columns)+len(t.Related) == 0 {
		return fmt.Errorf("no column is a field")
	}
	for _, c := range t.Columns {
		place := fmt.Sprintf("column %q", c.Name)
		if err := field(place, c.Field); err != nil {
			return err
		}
		switch {
		case c.Name == "":
			return fmt.Errorf("the column of field %q is missing", c.Field.Name)
		case c.Field.Type == contact.TypeAddress:
			return fmt.Errorf("%s: an address has no column; name a column for each of its parts", place)
		case c.Array && d != Postgres:
			return fmt.Errorf("%s: only PostgreSQL has arrays", place)
		case c.Array && !listed(c.Field):
			return fmt.Errorf("%s: an array is a set, or a field that is many", place)
		}
	}
	for _, r := range t.Related {
		place := fmt.Sprintf("related table %q", r.Table)
		if err := field(place, r.Field); err != nil {
			return err
		}
		if r.Table == "" || r.Parent == "" || r.Value == "" {
			return fmt.Errorf("%s: its name, the column of the parent's key or the column of the value is missing", place)
		}
		if !listed(r.Field) || r.Field.Type == contact.TypeAddress {
			return fmt.Errorf("%s: field %q is no set and not many", place, r.Field.Name)
		}
	}
	if t.CountVersion && t.Version == "" {
		return fmt.Errorf("there is no version column to count up")
	}
	return t.checkNames()
}

// checkNames refuses names that no database can hold, and columns that would be written twice.
func (t *Table) checkNames() error {
	written := []string{t.Key.Column, t.Version, t.Modified, t.Deleted, t.Marker}
	for _, c := range t.Columns {
		written = append(written, c.Name)
	}
	for name := range t.Where {
		written = append(written, name)
	}
	slices.Sort(written)
	for i, name := range written {
		if name != "" && i > 0 && written[i-1] == name && !(name == t.Version && name == t.Modified) {
			return fmt.Errorf("column %q has two meanings", name)
		}
	}
	for _, r := range t.Related {
		written = append(written, r.Table, r.Parent, r.Value, r.Type, r.Primary)
	}
	for _, name := range append(written, t.Name, t.Log) {
		if strings.ContainsRune(name, 0) {
			return fmt.Errorf("%q is no name", name)
		}
	}
	return nil
}

// listed reports whether a field holds several entries.
func listed(f contact.Field) bool { return f.Many || f.Type == contact.TypeSet }
