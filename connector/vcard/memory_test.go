package vcard_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/contactsync/contactsync/connector/vcard"
)

// indexBytes returns how much memory a folder of n small cards takes, for each, once it was listed.
func indexBytes(t testing.TB, n int) float64 {
	dir := t.TempDir()
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("person-%06d.vcf", i)
		text := cardOf("3.0", fmt.Sprintf("UID:person-%d", i), "FN:Ann")
		if err := os.WriteFile(filepath.Join(dir, names[i]), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	aged(t, dir, names...)
	c := vcard.Folder(dir)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if items := list(t, c); len(items) != n {
		t.Fatalf("%d cards are listed", len(items))
	}
	runtime.GC() // twice, for what is pooled
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(c)
	return float64(after.HeapAlloc-before.HeapAlloc) / float64(n)
}

// TestIndexMemory holds how much is kept of each card of a folder.
func TestIndexMemory(t *testing.T) {
	if size := indexBytes(t, 1500); size > 170 {
		t.Errorf("%.0f bytes are kept of each card", size)
	}
}

// BenchmarkIndexMemory reports how much is kept of each card of a large folder.
func BenchmarkIndexMemory(b *testing.B) {
	size := 0.0
	for b.Loop() {
		size = indexBytes(b, 100_000)
	}
	b.ReportMetric(size, "B/card")
}
