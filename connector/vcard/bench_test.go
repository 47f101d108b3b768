package vcard_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
)

// typical is a card as address books hold them; %d makes it somebody's.
const typical = "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Example//EN\r\nUID:person-%[1]d\r\nN:Größe;Käthe;;Dr.;\r\n" +
	"FN:Dr. Käthe Größe\r\nEMAIL;TYPE=INTERNET,WORK:k.%[1]d@example.com\r\nEMAIL;TYPE=INTERNET,HOME:k.%[1]d@example.org\r\n" +
	"TEL;TYPE=CELL:+49 30 %07[1]d\r\nTEL;TYPE=WORK:+49 30 0000000\r\nADR;TYPE=HOME:;;12 Hauptstraße;Köln;;50667;Deutschland\r\n" +
	"ORG:Müller & Töchter GmbH;Vertrieb\r\nTITLE:Geschäftsführerin\r\n" +
	"NOTE:met at the trade fair\\, prefers e-mail\\; asked for a quote on the new\r\n  line. Follow up next quarter — see proposal 7.\r\n" +
	"CATEGORIES:customer,vip\r\nBDAY:1985-04-12\r\nREV:2026-01-02T03:04:05Z\r\nEND:VCARD\r\n"

// folderOf fills a folder with n typical cards.
func folderOf(b testing.TB, n int) string {
	b.Helper()
	dir := b.TempDir()
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("person-%06d.vcf", i)), fmt.Appendf(nil, typical, i), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

const benchCards = 5000

// BenchmarkFirstList lists a folder that was never read.
func BenchmarkFirstList(b *testing.B) {
	dir := folderOf(b, benchCards)
	b.ReportAllocs()
	for b.Loop() {
		list(b, vcard.Folder(dir))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchCards), "ns/card")
}

// BenchmarkListAgain lists a folder in which nothing has changed.
func BenchmarkListAgain(b *testing.B) {
	c := vcard.Folder(folderOf(b, benchCards))
	list(b, c)
	b.ReportAllocs()
	for b.Loop() {
		list(b, c)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchCards), "ns/card")
}

// BenchmarkListKnown lists a folder in which nothing has changed since another process read it.
func BenchmarkListKnown(b *testing.B) {
	dir := folderOf(b, benchCards)
	known := map[string]string{}
	for _, item := range list(b, vcard.Folder(dir)) {
		known[item.ID] = item.Version
	}
	b.ReportAllocs()
	for b.Loop() {
		_, err := vcard.Folder(dir).(connector.KnownLister).ListKnown(context.Background(), "", func(id string) string { return known[id] })
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchCards), "ns/card")
}

// BenchmarkRead reads and parses cards, all fields of them.
func BenchmarkRead(b *testing.B) {
	c := vcard.Folder(folderOf(b, benchCards))
	var ids []string
	for _, item := range list(b, c) {
		ids = append(ids, item.ID)
	}
	b.SetBytes(int64(benchCards * len(fmt.Sprintf(typical, 0))))
	b.ReportAllocs()
	for b.Loop() {
		for batch := range slices.Chunk(ids, 500) {
			if _, err := c.(connector.Reader).Read(context.Background(), batch, []string{"first", "last", "emails", "phones", "company", "notes"}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchCards), "ns/card")
}

// BenchmarkCreate creates cards, in batches that are flushed to the disk.
func BenchmarkCreate(b *testing.B) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		c := vcard.Folder(b.TempDir())
		for range benchCards / 500 {
			writes := make([]connector.Write, 500)
			for i := range writes {
				patch := contact.Patch{}
				for name, v := range person(n % 200) {
					patch[name] = contact.Change{Set: v}
				}
				writes[i] = connector.Write{Op: connector.Create, Patch: patch, Marker: fmt.Sprint("m", n)}
				n++
			}
			if _, err := c.Apply(context.Background(), writes); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchCards), "ns/card")
}

// BenchmarkUpdate changes one field of every card.
func BenchmarkUpdate(b *testing.B) {
	c := vcard.Folder(folderOf(b, benchCards))
	items := list(b, c)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		for batch := range slices.Chunk(items, 500) {
			writes := make([]connector.Write, len(batch))
			for i, item := range batch {
				writes[i] = connector.Write{Op: connector.Update, ID: item.ID,
					Patch: contact.Patch{"title": {Set: contact.Text(fmt.Sprint("title ", n))}}}
			}
			if _, err := c.Apply(context.Background(), writes); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchCards), "ns/card")
}

// list lists a book.
func list(t testing.TB, c connector.Connector) []connector.Item {
	t.Helper()
	l, err := c.(connector.Lister).List(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Unread) > 0 {
		t.Fatalf("%d records cannot be read: %v", len(l.Unread), l.Unread[0].Err)
	}
	return l.Items
}
