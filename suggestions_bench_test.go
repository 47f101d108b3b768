package contactsync_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
)

// BenchmarkSuggestions measures what suggestions add to the first sync of two large books, with and without: the pairs
// compared for each record, and the time for a record, at several sizes, so that growth can be seen.
func BenchmarkSuggestions(b *testing.B) {
	for _, people := range []int{5_000, 25_000, 100_000} {
		for _, above := range []float64{0, 0.85} {
			b.Run(fmt.Sprintf("people=%d/above=%v", people, above), func(b *testing.B) {
				for range b.N {
					b.StopTimer()
					s, scorer := openCrowd(b, newCrowd(lifelike), people, above)
					runtime.GC()
					b.StartTimer()
					began := time.Now()
					if _, err := s.Sync(b.Context()); err != nil {
						b.Fatal(err)
					}
					records := float64(2 * people)
					b.ReportMetric(float64(time.Since(began).Microseconds())/records, "µs/record")
					b.ReportMetric(float64(scorer.pairs)/records, "pairs/record")
					status, err := s.Status(b.Context())
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64(status.Suggestions[contactsync.SuggestLink])/records, "suggested/record")
				}
			})
		}
	}
}
