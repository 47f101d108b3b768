package csvfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/csvfile"
	"github.com/contactsync/contactsync/contact"
)

// writeFile makes a file of this content in a folder of its own and returns its path.
func writeFile(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "people.csv")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

func newConnector(t testing.TB, cfg csvfile.Config) *csvfile.Connector {
	t.Helper()
	c, err := csvfile.New(cfg)
	require.NoError(t, err)
	return c
}

// apply carries out a batch whose call must not fail as a whole.
func apply(t testing.TB, c connector.Connector, writes ...connector.Write) []connector.Result {
	t.Helper()
	results, err := c.Apply(t.Context(), writes)
	require.NoError(t, err)
	require.Len(t, results, len(writes))
	return results
}

// setAll returns the patch that sets these fields.
func setAll(fields contact.Fields) contact.Patch {
	patch := contact.Patch{}
	for name, v := range fields {
		patch[name] = contact.Change{Set: v}
	}
	return patch
}

// set returns the patch that sets one field to a text.
func set(field, text string) contact.Patch {
	return contact.Patch{field: {Set: contact.Text(text)}}
}

// list returns the ids of the rows that can be read, in the order of the file, and what is said of the others.
func list(t testing.TB, c *csvfile.Connector) (ids []string, unread []connector.Unread) {
	t.Helper()
	l, err := c.List(t.Context(), "")
	require.NoError(t, err)
	require.True(t, l.Complete)
	for _, item := range l.Items {
		ids = append(ids, item.ID)
	}
	return ids, l.Unread
}

// records reads all rows that can be read, with all fields, in the order of the file.
func records(t testing.TB, c *csvfile.Connector) []contact.Record {
	t.Helper()
	schema, err := c.Schema(t.Context())
	require.NoError(t, err)
	var names []string
	for _, f := range schema.Fields {
		names = append(names, f.Name)
	}
	ids, _ := list(t, c)
	results, err := c.Read(t.Context(), ids, names)
	require.NoError(t, err)
	var recs []contact.Record
	for _, r := range results {
		require.NoError(t, r.Err)
		recs = append(recs, r.Record)
	}
	return recs
}
