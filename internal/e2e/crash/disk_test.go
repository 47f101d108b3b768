//go:build linux

package crash

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// A disk is a small file system of its own.
type disk struct {
	t      *testing.T
	folder string
}

// newDisk mounts a file system in memory. That takes root's rights: without them the test is left out, and says so.
func newDisk(t *testing.T) disk {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("LEFT OUT: a disk of one's own takes the right to mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
	return disk{t, folder}
}

func (d disk) filler() string { return filepath.Join(d.folder, "filler") }

// fill takes all of the disk but so many bytes.
func (d disk) fill(room int64) {
	d.t.Helper()
	f, err := os.Create(d.filler())
	require.NoError(d.t, err)
	for size, chunk := int64(0), make([]byte, 4096); ; {
		n, err := f.Write(chunk)
		if size += int64(n); err == nil {
			continue
		}
		require.ErrorIs(d.t, err, syscall.ENOSPC)
		require.NoError(d.t, f.Truncate(max(0, size-room)))
		require.NoError(d.t, f.Close())
		return
	}
}

func (d disk) empty() { require.NoError(d.t, os.Remove(d.filler())) }

// readOnly makes the disk one that cannot be written to, or ends that.
func (d disk) readOnly(on bool) {
	flags := uintptr(syscall.MS_REMOUNT)
	if on {
		flags |= syscall.MS_RDONLY
	}
	require.NoError(d.t, syscall.Mount("tmpfs", d.folder, "tmpfs", flags, "size=16m"))
}

// places are where a disk may be that gives trouble: under the store, or under a book.
var places = []string{"store", "folder", "file"}

// on makes a world that has one of its places on the disk, syncs it once, and has its users edit.
func (d disk) on(place string) *world {
	d.t.Helper()
	elsewhere := d.t.TempDir()
	books, store := in(elsewhere, "folders"), elsewhere
	switch place {
	case "store":
		store = d.folder
	case "folder":
		books[1] = filepath.Join(d.folder, "B")
	case "file":
		books[1] = filepath.Join(d.folder, "B.vcf")
	}
	w := newWorld(d.t, 1, "sqlite", store, books)
	w.edited()
	w.compare()
	w.edited()
	return w
}

// hindered runs a sync that has a disk against it, and returns what it said. One whose store can keep nothing writes
// nothing anywhere.
func (w *world) hindered(keeps bool) string {
	w.t.Helper()
	before := [2]cards{read(w.t, w.Books[0]), read(w.t, w.Books[1])}
	w.pass(time.Minute)
	said, byItself := start(w.t, w.orders).end()
	require.True(w.t, byItself)
	after := [2]cards{read(w.t, w.Books[0]), read(w.t, w.Books[1])}
	if diff := cmp.Diff(before, after); !keeps && diff != "" {
		w.t.Errorf("it wrote what it could not have kept (-before +after):\n%s", diff)
	}
	return said
}

// TestDiskFull fills a disk up to some room, and makes room again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, place := range places {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			failed := 0
			rooms := []int64{0, 12 << 10}
			if place == "store" {
				rooms = []int64{0, 64 << 10, 512 << 10, 1536 << 10, 12 << 20}
			}
			for _, room := range rooms {
				d := newDisk(t)
				w := d.on(place)
				d.fill(room)
				said := w.hindered(place != "store" || room > 0)
				t.Logf("room for %d KiB: %s", room>>10, said)
				if strings.HasPrefix(said, "error: ") {
					failed++
				}
				d.empty()
				w.compare()
			}
			if failed == 0 || place == "store" && failed == len(rooms) {
				t.Errorf("%d of %d failed: the rooms are not the ones that matter", failed, len(rooms))
			}
		})
	}
}

// TestDiskReadOnly has a disk that cannot be written to, and can again.
func TestDiskReadOnly(t *testing.T) {
	t.Parallel()
	for _, place := range places {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			d := newDisk(t)
			w := d.on(place)
			d.readOnly(true)
			said := w.hindered(place != "store")
			t.Log(said)
			if place == "store" && !strings.HasPrefix(said, "error: ") {
				t.Errorf("a sync whose store cannot be written to said %q", said)
			}
			d.readOnly(false)
			w.compare()
		})
	}
}

// TestFileLimit lets processes write files of a certain length only, which is what a quota does; no right is needed.
func TestFileLimit(t *testing.T) {
	t.Parallel()
	for _, shape := range slices.Sorted(maps.Keys(shapes)) {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			failed := 0
			for _, limit := range []uint64{12 << 10, 300 << 10, 2 << 20} {
				folder := t.TempDir()
				w := newWorld(t, 1, "sqlite", folder, in(folder, shape))
				w.edited()
				w.compare()
				w.edited()
				w.FileLimit = limit
				said := w.hindered(true)
				t.Logf("files of up to %d KiB: %s", limit>>10, said)
				if strings.HasPrefix(said, "error: ") {
					failed++
				}
				w.FileLimit = 0
				w.compare()
			}
			if failed == 0 {
				t.Error("no limit mattered")
			}
		})
	}
}
