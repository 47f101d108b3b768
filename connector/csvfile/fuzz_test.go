package csvfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/csvfile"
)

// FuzzIDs: ids and versions of whatever hand change no row that they do not name.
func FuzzIDs(f *testing.F) {
	for _, seed := range [][2]string{{"1", ""}, {"3", "x"}, {"", ""}, {"1\n2,Eve", ""}, {"=1", "0"}, {"\x00", "\xff"}, {strings.Repeat("9", 70_000), ""}, {"../1", "../2"}} {
		f.Add(seed[0], seed[1])
	}
	const content = "id,name\r\n1,Ann\r\n2,Bob\r\n"
	f.Fuzz(func(t *testing.T, id, version string) {
		for _, op := range []connector.Op{connector.Update, connector.Delete} {
			path := writeFile(t, content)
			c := csvfile.File(path)
			listing, err := c.List(t.Context(), connector.Cursor(version))
			require.NoError(t, err)
			real := map[string]string{}
			for _, item := range listing.Items {
				real[item.ID] = item.Version
			}
			require.Len(t, real, 2)
			w := connector.Write{Op: op, ID: id, Version: version}
			if op == connector.Update {
				w.Patch = set("name", "Eve")
			}
			results, err := c.Apply(t.Context(), []connector.Write{w})
			require.NoError(t, err)
			had, there := real[id]
			if changed := readFile(t, path) != content; changed && (!there || version != "" && version != had) {
				t.Errorf("%s of %q under %q changed the file (%v): %q", op, id, version, results[0].Err, readFile(t, path))
			}
		}
	})
}
