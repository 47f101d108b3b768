package vcard_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
)

// photoCard returns a card with a photo of so many bytes, in lines as programs fold them.
func photoCard(name string, size int) string {
	photo := strings.Repeat("\r\n "+strings.Repeat("A0z/", 18), size/75)
	return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u-" + name + "\r\nN:;" + name + ";;;\r\nFN:" + name +
		"\r\nPHOTO;ENCODING=b;TYPE=JPEG:" + photo + "\r\nTITLE:title of " + name + "\r\nEND:VCARD\r\n"
}

// spent returns how many bytes do allocates.
func spent(do func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// retitle sets the title of a record, on the version that it has.
func retitle(t *testing.T, c connector.Connector, id, title string) {
	t.Helper()
	results, err := connector.FeaturesOf(c).Reader.Read(t.Context(), []string{id}, []string{"title"})
	require.NoError(t, err)
	require.NoError(t, results[0].Err)
	r := apply(t, c, connector.Write{Op: connector.Update, ID: id, Version: results[0].Record.Version, Patch: contact.Patch{"title": setText(title)}})
	require.NoError(t, r.Err)
	require.Equal(t, title, r.Record.Get("title").Str())
}

// TestB14LargePhoto holds that a card is read and written whatever the size of its photo, which stays to the byte and
// costs no memory: alone in a file, among others in a folder, and in the middle of a book that is one file.
func TestB14LargePhoto(t *testing.T) {
	bob, cy := cardOf("3.0", "UID:u-Bob", "FN:Bob", "TITLE:title of Bob"), cardOf("3.0", "UID:u-Cy", "FN:Cy", "TITLE:title of Cy")
	tests := []struct {
		name          string
		open          func(path string) connector.Connector
		before, after string
		ann, cy       string // their ids
	}{
		{"alone", func(path string) connector.Connector { return vcard.Folder(filepath.Dir(path)) }, "", "", "book.vcf", ""},
		{"among others", func(path string) connector.Connector { return vcard.Folder(filepath.Dir(path)) }, bob, cy, "book.vcf#u-Ann", "book.vcf#u-Cy"},
		{"in a book", func(path string) connector.Connector { return vcard.File(path) }, bob, cy, "u-Ann", "u-Cy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var bytesSpent []int
			for _, size := range []int{1 << 20, 10 << 20} {
				path := filepath.Join(t.TempDir(), "book.vcf")
				want := []byte(tt.before + photoCard("Ann", size) + tt.after)
				require.NoError(t, os.WriteFile(path, want, 0o644))
				c := tt.open(path)
				change := func(id, name string) {
					if id == "" {
						return
					}
					bytesSpent = append(bytesSpent, spent(func() { retitle(t, c, id, "other of "+name) }))
					want = bytes.Replace(want, []byte("TITLE:title of "+name), []byte("TITLE:other of "+name), 1)
					got, err := os.ReadFile(path)
					require.NoError(t, err)
					require.True(t, bytes.Equal(want, got), "the file has other bytes than it has to after an update of %s", name)
				}
				bytesSpent = append(bytesSpent, spent(func() {
					ids, unread := listing(t, c)
					require.Contains(t, ids, tt.ann)
					require.Empty(t, unread)
				}))
				change(tt.cy, "Cy")
				change(tt.ann, "Ann")
				rec, err := read(t, tt.open(path), tt.ann)
				require.NoError(t, err)
				require.Equal(t, "other of Ann", rec.Get("title").Str())
				require.NoError(t, apply(t, c, connector.Write{Op: connector.Delete, ID: tt.ann}).Err)
				left, _ := os.ReadFile(path)
				require.Equal(t, strings.Replace(tt.before+tt.after, "title of Cy", "other of Cy", 1), string(left))
			}
			half := len(bytesSpent) / 2
			for i := range half {
				if bytesSpent[half+i] > bytesSpent[i]+1<<19 {
					t.Errorf("a photo ten times as large costs more memory: %d", bytesSpent)
				}
			}
		})
	}
}

// TestBookMemory holds that a book ten times as large takes no more memory, but for what is known of each card.
func TestBookMemory(t *testing.T) {
	const photo = 256 << 10
	use := func(n int) (list, read, write int) {
		path := filepath.Join(t.TempDir(), "book.vcf")
		f, err := os.Create(path)
		require.NoError(t, err)
		for i := range n {
			_, err := f.WriteString(photoCard(fmt.Sprintf("p%04d", i), photo))
			require.NoError(t, err)
		}
		require.NoError(t, f.Close())
		c := vcard.File(path)
		list = spent(func() { listing(t, c) })
		read = spent(func() {
			_, err := connector.FeaturesOf(c).Reader.Read(t.Context(), []string{"u-p0003", "u-p0009"}, []string{"name"})
			require.NoError(t, err)
		})
		write = spent(func() { retitle(t, c, "u-p0005", "new") })
		return list, read, write
	}
	list, read, write := use(10)
	list10, read10, write10 := use(100)
	const most = 90 * photo / 20 // a twentieth of what the book is larger by: no part of it is held
	if list10 > list+most || write10 > write+most {
		t.Errorf("a book ten times as large costs more memory: to list %d, then %d; to write %d, then %d", list, list10, write, write10)
	}
	if read10 > read+most {
		t.Errorf("two cards of a book ten times as large cost more memory to read: %d, then %d", read, read10)
	}
}

// TestStoppedCopy holds that a copy of a large file ends with its context, and leaves the file as it was.
func TestStoppedCopy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "book.vcf")
	text := photoCard("Ann", 4<<20) + cardOf("3.0", "UID:u-Bob", "FN:Bob")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	aged(t, filepath.Dir(path), "book.vcf")
	c := vcard.File(path)
	listing(t, c)
	for n := 1; ; n++ {
		ctx, cancel := context.WithCancel(t.Context())
		m := &meddling{Context: ctx, left: n, do: cancel}
		results, err := c.Apply(m, []connector.Write{{Op: connector.Update, ID: "u-Bob", Patch: contact.Patch{"title": setText("x")}}})
		if m.left > 0 {
			require.NoError(t, err)
			require.NoError(t, results[0].Err)
			require.Greater(t, n, 20, "it was not asked while copying")
			return
		}
		if err == nil {
			require.True(t, connector.Known(results[0].Err), "the %d. time: %v", n, results[0].Err)
		}
		wantFile(t, filepath.Dir(path), "book.vcf", text)
		require.Equal(t, []string{"book.vcf"}, names(t, filepath.Dir(path)))
	}
}
