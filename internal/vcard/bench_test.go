package vcard_test

import (
	"strings"
	"testing"

	"github.com/contactsync/contactsync/internal/vcard"
)

// typical is a card as address books hold them.
var typical = card3("PRODID:-//Example//EN", "UID:0008a7f3-331e-531a-b33a-e26923b51fc7", "N:Größe;Käthe;;Dr.;", "FN:Dr. Käthe Größe",
	"EMAIL;TYPE=INTERNET,WORK:k@example.com", "EMAIL;TYPE=INTERNET,HOME:k@example.org", "TEL;TYPE=CELL:+49 30 1234567", "TEL;TYPE=WORK:+49 30 0000000",
	"ADR;TYPE=HOME:;;12 Hauptstraße;Köln;;50667;Deutschland", "ORG:Müller & Töchter GmbH;Vertrieb", "TITLE:Geschäftsführerin",
	`NOTE:met at the trade fair\, prefers e-mail\; asked for a quote on the new`, "  line. Follow up next quarter — see proposal 7.",
	"CATEGORIES:customer,vip", "BDAY:1985-04-12", "REV:2026-01-02T03:04:05Z")

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(typical)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := vcard.Parse(typical, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSplit(b *testing.B) {
	text := strings.Repeat(typical, 100)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if spans := split(text); len(spans) != 100 {
			b.Fatal(len(spans))
		}
	}
}

func BenchmarkPeek(b *testing.B) {
	b.SetBytes(int64(len(typical)))
	b.ReportAllocs()
	for b.Loop() {
		vcard.Peek(typical)
	}
}

func BenchmarkPatch(b *testing.B) {
	card, err := vcard.Parse(typical, 1)
	if err != nil {
		b.Fatal(err)
	}
	title := card.Find("TITLE")
	b.SetBytes(int64(len(typical)))
	b.ReportAllocs()
	for b.Loop() {
		edit := card.Edit()
		edit.Put(title, card.Properties[title].Head(), card.TextValue("Leiterin, Vertrieb"))
		if edit.String() == typical {
			b.Fatal("nothing changed")
		}
	}
}
