package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/vcard"
	card "github.com/contactsync/contactsync/internal/vcard"
	"github.com/stretchr/testify/require"
)

// The main job on real files: two folders of vCards over SQLite. Each benchmark reports what one sync costs.

func BenchmarkBooks(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("first/%d", n), func(b *testing.B) { benchBooks(b, n, false, nil) })
		b.Run(fmt.Sprintf("filled/%d", n), func(b *testing.B) { benchBooks(b, n, true, nil) })
		b.Run(fmt.Sprintf("unchanged/%d", n), func(b *testing.B) { benchBooks(b, n, false, func(*testing.B, string) {}) })
		b.Run(fmt.Sprintf("changed1percent/%d", n), func(b *testing.B) {
			benchBooks(b, n, false, func(b *testing.B, dir string) { changeCards(b, dir, n) })
		})
		b.Run(fmt.Sprintf("rollback/%d", n), func(b *testing.B) { benchRollback(b, n) })
	}
}

// benchBooks measures the first sync of a book of n cards, or the one after that if between is given.
func benchBooks(b *testing.B, n int, filled bool, between func(*testing.B, string)) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		writeCards(b, filepath.Join(dir, "a"), n)
		if filled {
			writeCards(b, filepath.Join(dir, "b"), n)
		} else {
			require.NoError(b, os.Mkdir(filepath.Join(dir, "b"), 0o700))
		}
		s := openBooks(b, dir)
		if between != nil {
			syncBooks(b, s)
			between(b, filepath.Join(dir, "a"))
			s = openBooks(b, dir) // as another process finds it
		}
		b.StartTimer()
		syncBooks(b, s)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/card")
}

// BenchmarkBooksFloor is what no sync of two filled folders can do without, whatever it decides and however: every card of both is
// read and parsed, on as many cores as there are, and of each pair one row is kept, of the size of one card.
func BenchmarkBooksFloor(b *testing.B) {
	const n, batch = 10_000, 500
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		for _, side := range []string{"a", "b"} {
			writeCards(b, filepath.Join(dir, side), n)
		}
		store := openStore(b, filepath.Join(dir, "state.db"))
		scope := contactsync.Scope{Owner: "o", Connection: "c"}
		lease, err := store.Acquire(b.Context(), scope, "bench", time.Now(), time.Hour)
		require.NoError(b, err)
		b.StartTimer()
		var sides [2][]string
		var wg sync.WaitGroup
		for s, side := range []string{"a", "b"} {
			wg.Go(func() { sides[s] = parseAll(b, filepath.Join(dir, side)) })
		}
		wg.Wait()
		for texts := range slices.Chunk(sides[0], batch) {
			var rows []contactsync.Row
			for i, text := range texts {
				rows = append(rows, contactsync.Row{Table: contactsync.TableMirror, Key: fmt.Sprintf("%p %d", &texts[0], i), Body: []byte(text)})
			}
			require.NoError(b, store.Update(b.Context(), lease, func(tx contactsync.Tx) error { return tx.Put(rows...) }))
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/sync")
}

// parseAll reads and parses every card of a folder, and returns their texts.
func parseAll(b *testing.B, dir string) (texts []string) {
	files, err := os.ReadDir(dir)
	if err != nil {
		b.Error(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err == nil {
			_, err = card.Parse(string(text), 1)
		}
		if err != nil {
			b.Error(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

// benchRollback measures taking back a first sync that created n cards.
func benchRollback(b *testing.B, n int) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		writeCards(b, filepath.Join(dir, "a"), n)
		require.NoError(b, os.Mkdir(filepath.Join(dir, "b"), 0o700))
		syncBooks(b, openBooks(b, dir))
		s := openBooks(b, dir) // as another process finds it
		b.StartTimer()
		back, err := s.Rollback(b.Context(), 0)
		require.NoError(b, err)
		require.Equal(b, n, back.Counts[contactsync.B].Deleted)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/card")
}

func openBooks(b *testing.B, dir string) *contactsync.Syncer {
	b.Helper()
	store := openStore(b, filepath.Join(dir, "state.db"))
	s, err := contactsync.Open(b.Context(), contactsync.Connection{ID: "books", Match: contactsync.Match{AllowKeyless: true}},
		vcard.Folder(filepath.Join(dir, "a")), vcard.Folder(filepath.Join(dir, "b")), store)
	require.NoError(b, err)
	return s
}

func syncBooks(b *testing.B, s *contactsync.Syncer) {
	b.Helper()
	_, err := s.Sync(b.Context())
	require.NoError(b, err)
}

// writeCards writes a folder of n cards such as people have.
func writeCards(b *testing.B, dir string, n int) {
	b.Helper()
	require.NoError(b, os.Mkdir(dir, 0o700))
	for i := range n {
		require.NoError(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("card%06d.vcf", i)), []byte(cardText(i, "")), 0o600))
	}
}

// changeCards edits every hundredth card.
func changeCards(b *testing.B, dir string, n int) {
	b.Helper()
	for i := 0; i < n; i += 100 {
		require.NoError(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("card%06d.vcf", i)), []byte(cardText(i, "TITLE:Changed\r\n")), 0o600))
	}
}

func cardText(i int, more string) string {
	return fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:uid-%06d\r\nN:Family%d;Given%d;;;\r\nFN:Given%d Family%d\r\n"+
		"EMAIL;TYPE=INTERNET,WORK:person.%d@example.com\r\nEMAIL;TYPE=INTERNET,HOME:person.%d@example.org\r\nTEL;TYPE=CELL:+1 202 555 %04d\r\n"+
		"ADR;TYPE=HOME:;;%d Main St;Springfield;;%05d;USA\r\nORG:Acme %d;Sales\r\nNOTE:%s\r\nCATEGORIES:customer,news\r\n%sEND:VCARD\r\n",
		i, i, i, i, i, i, i, i%10_000, i, i%100_000, i%50, strings.Repeat("met at the trade fair ", i%9), more)
}
