package contactsync_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// countedScorer counts how many pairs are compared.
type countedScorer struct {
	contactsync.PeopleScorer
	pairs int
}

func (s *countedScorer) Score(x, y contactsync.Person) contactsync.Score {
	s.pairs++
	return s.PeopleScorer.Score(x, y)
}

// crowd returns two apps with as many people each, whose names are as common as in life: few are many people's. Every
// tenth is in both, without a shared email.
func crowd(b *testing.B, people int) [2]*fake.App {
	rng := rand.New(rand.NewPCG(1, 2))
	fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "last", Type: contact.TypeText, Meaning: "last"},
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"}, {Name: "phone", Type: contact.TypePhone, Meaning: "phone"},
		{Name: "company", Type: contact.TypeText, Meaning: "company"}}
	word := func(kind string, n int) string { // made of syllables, so that not all sound alike
		syllables := strings.Fields("ba do ki lu me no pa ri so tu va we")
		i := int(float64(n) * rng.Float64() * rng.Float64() * rng.Float64())
		text := kind
		for ; i > 0; i /= len(syllables) {
			text += syllables[i%len(syllables)]
		}
		return text
	}
	var apps [2]*fake.App
	for s := range apps {
		apps[s] = fake.New(contactsync.Side(s).String(), fields, fake.WithQuirks(fake.Quirks{PageSize: 1000, BatchSize: 1000}))
	}
	for i := range people {
		first, last, company := word("f", 2000), word("l", 20000), word("c", 5000)
		for s, app := range apps {
			if s == 1 && i%10 != 0 {
				first, last, company = word("f", 2000), word("l", 20000), word("c", 5000)
			}
			phone := fmt.Sprintf("+3247%07d", i+s*people)
			if i%10 == 0 {
				phone = fmt.Sprintf("+3247%07d", i)
			}
			err := app.Put(contact.Record{ID: fmt.Sprintf("%d-%07d", s, i), Fields: contact.Fields{"first": contact.Text(first), "last": contact.Text(last),
				"company": contact.Text(company), "phone": contact.Text(phone), "email": contact.Text(fmt.Sprintf("%d.%d@example.com", s, i))}})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	return apps
}

// BenchmarkSuggestions measures what suggestions add to the first sync of two large books: the pairs compared for each
// record, which the blocks keep bounded, and the time for a record, with and without. Where they grow with the books, the
// whole grows faster than the books do; 100,000 take many minutes.
func BenchmarkSuggestions(b *testing.B) {
	for _, people := range []int{5_000, 25_000, 100_000} {
		for _, above := range []float64{0, 0.85} {
			b.Run(fmt.Sprintf("people=%d/above=%v", people, above), func(b *testing.B) {
				for range b.N {
					b.StopTimer()
					apps, scorer := crowd(b, people), &countedScorer{}
					c := contactsync.Connection{ID: "c", Direction: contactsync.AToB, Match: contactsync.Match{SuggestAbove: above, Scorer: scorer},
						Rules: []contactsync.Rule{contactsync.FilterRule{From: contactsync.A, Mode: contactsync.UpdateOnly}}}
					s, err := contactsync.Open(b.Context(), c, apps[0], apps[1], memstore.New(), contactsync.WithConcurrency(1))
					if err != nil {
						b.Fatal(err)
					}
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
