package vcard_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// writePhoto writes a card with a photo of so many MiB, which is a hole in the file: it takes no room on the disk.
func writePhoto(t *testing.T, path string, size int64) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteString("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\nN:Lee;Ann;;;\r\nFN:Ann Lee\r\nPHOTO;ENCODING=b:" + strings.Repeat("A", 8<<10))
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("\r\nEMAIL:ann@example.com\r\nEND:VCARD\r\n"), size<<20)
	require.NoError(t, err)
}

// TestB14LargePhoto: a card with a photo of 200 MB is read without it, whatever its size costs no memory, and as it
// could not be written back whole it is not changed, with the reason.
func TestB14LargePhoto(t *testing.T) {
	var spent []uint64
	for _, size := range []int64{100, 400} {
		dir := t.TempDir()
		path := filepath.Join(dir, "ann.vcf")
		writePhoto(t, path, size)
		c := vcard.Folder(dir)
		f := connector.FeaturesOf(c)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		l, err := f.Lister.List(t.Context(), "")
		require.NoError(t, err)
		require.Len(t, l.Items, 1)
		read, err := f.Reader.Read(t.Context(), []string{"ann.vcf"}, []string{"first", "emails"})
		require.NoError(t, err)
		require.NoError(t, read[0].Err)
		runtime.ReadMemStats(&after)
		spent = append(spent, after.TotalAlloc-before.TotalAlloc)
		require.Equal(t, "Ann", read[0].Record.Get("first").Str())
		require.Len(t, read[0].Record.Get("emails").Entries(), 1)

		write := connector.Write{Op: connector.Update, ID: "ann.vcf", Version: read[0].Record.Version,
			Patch: contact.Patch{"first": {Set: contact.Text("Anna")}}}
		results, err := c.Apply(t.Context(), []connector.Write{write})
		require.NoError(t, err)
		require.ErrorIs(t, results[0].Err, connector.ErrInvalid)
		require.ErrorContains(t, results[0].Err, "make the photo smaller")
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Greater(t, info.Size(), size<<20)

		write = connector.Write{Op: connector.Delete, ID: "ann.vcf", Version: read[0].Record.Version}
		results, err = c.Apply(t.Context(), []connector.Write{write})
		require.NoError(t, err)
		require.NoError(t, results[0].Err)
		require.NoFileExists(t, path)
	}
	if spent[1] > spent[0]+(1<<20) {
		t.Errorf("a photo four times as large costs more memory: %d bytes, then %d", spent[0], spent[1])
	}
}
