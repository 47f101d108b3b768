package contactsync

import (
	"fmt"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// BenchmarkPlanUnchangedPair decides one pair of 20 fields that nobody has touched.
func BenchmarkPlanUnchangedPair(b *testing.B) {
	d := newShelf(wideConfig(b, 20, nil))
	p := pairOf(d, settledPair(d, 1))
	fresh := *p
	b.ReportAllocs()
	for b.Loop() {
		*p = fresh
		p.decide()
	}
}

// BenchmarkPlan100k plans 100,000 linked pairs of 20 fields, of which one in a hundred was edited on one side.
func BenchmarkPlan100k(b *testing.B) {
	const pairs = 100_000
	d := newShelf(wideConfig(b, 20, nil))
	ids := make([]ref, pairs)
	for i := range pairs {
		l := settledPair(d, i)
		ids[i] = ref{A, l.ID[A]}
		if i%100 == 0 {
			m := d.mirrors[ref{Side(i / 100 % 2), l.ID[i/100%2]}]
			m.Fields["f07"], m.version = contact.Text(fmt.Sprintf("edited %d", i)), "2"
		}
	}
	pl := &planner{cfg: d.cfg, dir: d, now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)}
	b.ReportAllocs()
	for b.Loop() {
		writes := 0
		for _, r := range ids {
			writes += len(pl.decide(r).writes)
		}
		if writes != pairs/100 {
			b.Fatalf("%d writes, want %d", writes, pairs/100)
		}
	}
	b.ReportMetric(float64(pairs*b.N)/b.Elapsed().Seconds(), "pairs/s")
}
