package contactsync

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/docs"
	"github.com/stretchr/testify/require"
)

// The configuration reference is held against the code: it has an entry for every key that a document can have, and for
// no other; the defaults that it states are those that hold; the errors that it promises are those that are returned.

const reference = "docs/configuration.md"

// documentKeys returns the path of every key of a type's JSON form. A type is followed where it is met first.
func documentKeys(t reflect.Type, path string, seen map[reflect.Type]bool) (paths []string) {
	for elementOf(t) != nil && elementOf(t) != t {
		if t != reflect.TypeFor[transforms]() { // one, or a chain
			path += "[]"
		}
		t = elementOf(t)
	}
	form := formOf(t)
	if form == nil || seen[form] {
		return nil
	}
	seen[form] = true
	for _, f := range reflect.VisibleFields(form) {
		name, ok := keyName(f)
		if !ok {
			continue
		}
		of, _ := keyType(t, name)
		at := strings.TrimPrefix(path+"."+name, ".")
		if !slices.Contains(paths, at) {
			paths = append(paths, at)
			paths = append(paths, documentKeys(of, at, seen)...)
		}
	}
	return paths
}

// cellCode returns what a cell has in its first code span.
func cellCode(cell string) string {
	_, rest, _ := strings.Cut(cell, "`")
	code, _, _ := strings.Cut(rest, "`")
	return code
}

func TestReferenceHasEveryKey(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	keys := documentKeys(reflect.TypeFor[FilterRule](), "rules[]", seen) // where a reader looks for filters and actions
	keys = append(keys, documentKeys(reflect.TypeFor[Connection](), "", seen)...)
	require.Contains(t, keys, "rules[].filter.op")
	require.Contains(t, keys, "mappings[].transform.map")
	rows, err := docs.Rows(reference)
	require.NoError(t, err)
	entries := map[string]bool{}
	for _, row := range rows {
		key := cellCode(row[0])
		if strings.ContainsAny(key, "{\" ") || !strings.HasPrefix(row[0], "`") {
			continue // of another table
		}
		entries[key] = true
		if slices.Contains(keys, key) && (len(row) != 4 || slices.Contains(row, "")) {
			t.Errorf("the entry of %s has no key, value, default or meaning: %q", key, row)
		}
	}
	for _, key := range keys {
		if !entries[key] {
			t.Errorf("%s has no entry for %s", reference, key)
		}
		delete(entries, key)
	}
	for key := range entries {
		if strings.HasPrefix(key, "rules") || strings.HasPrefix(key, "mappings") || strings.HasPrefix(key, "match") || strings.HasPrefix(key, "guard") {
			t.Errorf("%s has an entry for %s, which is no key", reference, key)
		}
	}
}

func TestReferenceStatesTheDefaults(t *testing.T) {
	t.Parallel()
	rows, err := docs.Rows(reference)
	require.NoError(t, err)
	stated := map[string]string{}
	for _, row := range rows {
		if len(row) == 4 {
			stated[cellCode(row[0])] = cellCode(row[2])
		}
	}
	for _, s := range choices(&Connection{}, [2]string{"a", "b"}, [2]*contact.Schema{}, nil).Settings {
		if stated[s.Key] != s.Value {
			t.Errorf("%s says that the default of %s is %q; it is %q", reference, s.Key, stated[s.Key], s.Value)
		}
	}
}

// TestReferencePromisesItsErrors: each row of the table of errors is a document, and what is said of it.
func TestReferencePromisesItsErrors(t *testing.T) {
	t.Parallel()
	schema := func(set string) contact.Schema {
		return contact.Schema{Fields: []contact.Field{
			{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"},
			{Name: "company", Type: contact.TypeText, Meaning: "company"}, {Name: "id", Type: contact.TypeText, ReadOnly: true},
			{Name: "stage", Type: contact.TypeChoice, Options: []string{"new", "won"}}, {Name: "phones", Type: contact.TypePhone, Many: true},
			{Name: set, Type: contact.TypeSet},
		}}
	}
	rows, err := docs.Rows(reference)
	require.NoError(t, err)
	n := 0
	for _, row := range rows {
		code := cellCode(row[0])
		if !strings.HasPrefix(code, "{") {
			continue
		}
		n++
		text := strings.Replace(code, "{", `{"id": "x", `, 1)
		c, err := ParseConnection([]byte(text))
		if err == nil {
			err = c.Validate(schema("labels"), schema("tags"))
		}
		var invalid *InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%s is valid: %v", code, err)
			continue
		}
		want := cellCode(row[1])
		if !slices.ContainsFunc(invalid.Faults, func(f Fault) bool { return f.String() == want }) {
			t.Errorf("%s\n is said: %v\n promised: %s", code, invalid.Faults, want)
		}
	}
	require.Greater(t, n, 20)
}
