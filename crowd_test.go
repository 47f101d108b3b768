package contactsync_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

// A crowd is people whose names, cities and companies are as uneven as in life: few are many people's, and of most there
// are more the larger the books are. It is made from a seed.
type crowd struct {
	*rand.Rand
	unevenness
}

// share says that the most frequent words of a kind are, together, this part of all.
type share struct{ words, of float64 }

// unevenness is how the words of each kind are shared out.
type unevenness struct{ given, family, company, city []share }

var (
	// lifelike is about what the censuses of large countries count.
	lifelike = unevenness{
		given:   []share{{1, 0.02}, {10, 0.13}, {100, 0.45}, {1_000, 0.85}, {3_000, 1}},
		family:  []share{{1, 0.01}, {10, 0.05}, {100, 0.165}, {1_000, 0.4}, {10_000, 0.7}, {100_000, 1}},
		company: []share{{1, 0.005}, {10, 0.03}, {100, 0.12}, {1_000, 0.35}, {10_000, 0.7}, {100_000, 1}},
		city:    []share{{1, 0.06}, {10, 0.25}, {100, 0.6}, {1_000, 1}},
	}
	// crowded is a country of few family names, most of whose people live in some cities and work at some companies.
	crowded = unevenness{
		given:   []share{{1, 0.03}, {10, 0.2}, {100, 0.7}, {1_000, 1}},
		family:  []share{{1, 0.25}, {10, 0.75}, {100, 0.95}, {1_000, 1}},
		company: []share{{1, 0.3}, {10, 0.5}, {100, 0.7}, {10_000, 1}},
		city:    []share{{1, 0.3}, {10, 0.8}, {100, 1}},
	}
	streets = []share{{1, 0.01}, {100, 0.2}, {10_000, 1}}
)

func newCrowd(u unevenness) crowd { return crowd{rand.New(rand.NewPCG(1, 2)), u} }

// rank draws the place of a word among all of its kind, the most frequent one first.
func (c crowd) rank(shares []share) int {
	at, before := c.Float64(), share{1, 0}
	for _, s := range shares {
		if at < s.of {
			return int(before.words * math.Pow(s.words/before.words, (at-before.of)/(s.of-before.of)))
		}
		before = s
	}
	return int(before.words)
}

// word spells a place among so many words, made of syllables of many sounds. Neighbours in rank sound otherwise.
func word(place, words int) string {
	var text strings.Builder
	for n := place*7_919%words + 60; n > 0; n /= 60 {
		text.WriteString([]string{"b", "d", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "br", "kl", "", "f"}[n%20])
		text.WriteString([]string{"a", "en", "or", "i", "us", "el"}[n/20%3+3*(n%2)])
	}
	return text.String()
}

// person draws somebody. Of what an address book may hold, most hold a part.
func (c crowd) person() contact.Fields {
	f := contact.Fields{}
	put := func(chance float64, name, text string) {
		if c.Float64() < chance {
			f[name] = contact.Text(text)
		}
	}
	city, street := c.rank(c.city), word(c.rank(streets), 100_003)
	put(1, "first", word(c.rank(c.given), 3_001))
	put(1, "last", word(c.rank(c.family), 100_003))
	put(0.7, "phone", fmt.Sprintf("+324%08d", c.IntN(1e8)))
	put(0.6, "company", word(c.rank(c.company), 100_019))
	put(0.3, "birthday", fmt.Sprintf("%04d-%02d-%02d", 1940+c.IntN(65), 1+c.IntN(12), 1+c.IntN(28)))
	if c.Float64() < 0.4 {
		put(1, "city", word(city, 2_003))
		put(1, "postal_code", fmt.Sprint(1000+9*city+c.IntN(1+9/city)))
		put(1, "street", fmt.Sprintf("%s street %d", street, 1+c.IntN(200)))
	}
	return f
}

// countedScorer counts for how many records it is asked for blocks, and how many pairs it compares.
type countedScorer struct {
	contactsync.PeopleScorer
	blocks, pairs int
}

func (s *countedScorer) Blocks(p contactsync.Person) []string {
	s.blocks++
	return s.PeopleScorer.Blocks(p)
}

func (s *countedScorer) Score(x, y contactsync.Person) contactsync.Score {
	s.pairs++
	return s.PeopleScorer.Score(x, y)
}

// openCrowd connects two books of as many people each, of whom every tenth is in both, without a shared email. The
// sync only looks for who is who: nobody is copied.
func openCrowd(t testing.TB, c crowd, people int, above float64) (*contactsync.Syncer, *countedScorer) {
	fields := []contact.Field{{Name: "email", Type: contact.TypeEmail, Meaning: "email"}, {Name: "phone", Type: contact.TypePhone, Meaning: "phone"}}
	for _, name := range []string{"first", "last", "company", "birthday", "street", "city", "postal_code"} {
		fields = append(fields, contact.Field{Name: name, Type: contact.TypeText, Meaning: name})
	}
	var apps [2]*fake.App
	for s := range apps {
		apps[s] = fake.New(contactsync.Side(s).String(), fields, fake.WithQuirks(fake.Quirks{PageSize: max(1000, people/5), BatchSize: 1000}))
	}
	for i := range people {
		f := c.person()
		for s, app := range apps {
			if s == 1 && i%10 != 0 {
				f = c.person()
			}
			f["email"] = contact.Text(fmt.Sprintf("%d.%d@example.com", s, i))
			require.NoError(t, app.Put(contact.Record{ID: fmt.Sprintf("%d-%07d", s, i), Fields: f.Clone()}))
		}
	}
	scorer := &countedScorer{}
	syncer, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c", Direction: contactsync.AToB, Match: contactsync.Match{SuggestAbove: above, Scorer: scorer},
		Rules: []contactsync.Rule{contactsync.FilterRule{From: contactsync.A, Mode: contactsync.UpdateOnly}}},
		apps[0], apps[1], memstore.New(), contactsync.WithConcurrency(1))
	require.NoError(t, err)
	return syncer, scorer
}

// TestComparisonsStayFew: how many pairs share a block, for each record, in books of two sizes. It grows no faster than
// the books, and is small where they are large: what is compared is near linear in them.
func TestComparisonsStayFew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		of               unevenness
		people           int
		pairs, perPerson float64 // at most: pairs and blocks for each record
	}{
		{"lifelike, small", lifelike, 2_000, 0.02, 3.6}, {"lifelike, large", lifelike, 16_000, 0.08, 3.6},
		{"crowded, small", crowded, 2_000, 1.5, 3.6}, {"crowded, large", crowded, 16_000, 5, 3.6},
	} {
		c := newCrowd(tt.of)
		bear, blocks, pairs := [2]map[string]int{{}, {}}, 0, 0
		for _, app := range bear {
			for range tt.people {
				for _, block := range (contactsync.PeopleScorer{}).Blocks(personIn(c.person())) {
					app[block]++
					blocks++
				}
			}
		}
		for block, n := range bear[0] {
			if m := bear[1][block]; n <= contactsync.BlockLimit && m <= contactsync.BlockLimit {
				pairs += 2 * n * m // each is found from both sides
			}
		}
		records := float64(2 * tt.people)
		t.Logf("%s: %.3f pairs and %.2f blocks a record", tt.name, float64(pairs)/records, float64(blocks)/records)
		if float64(pairs) > tt.pairs*records || float64(blocks) > tt.perPerson*records {
			t.Errorf("%s: %.3f pairs and %.2f blocks a record", tt.name, float64(pairs)/records, float64(blocks)/records)
		}
	}
}

// personIn returns the person of a record of a crowd, as a scorer sees it.
func personIn(f contact.Fields) contactsync.Person {
	p := contactsync.Person{Given: f["first"].Str(), Family: f["last"].Str(), Company: f["company"].Str(), Birthday: f["birthday"].Str()}
	if phone := f["phone"].Str(); phone != "" {
		p.Phones = []string{phone}
	}
	if city := f["city"].Str(); city != "" {
		p.Addresses = []contact.Address{{Street: f["street"].Str(), City: city, PostalCode: f["postal_code"].Str()}}
	}
	return p
}

// TestAScorerIsAskedOnce: a first sync asks a scorer for the blocks of a record when it is read and when it is decided,
// and no sync asks about a record that is what it was.
func TestAScorerIsAskedOnce(t *testing.T) {
	t.Parallel()
	const people = 300
	s, scorer := openCrowd(t, newCrowd(lifelike), people, 0.85)
	sync := func() (blocks, pairs int) {
		scorer.blocks, scorer.pairs = 0, 0
		_, err := s.Sync(t.Context())
		require.NoError(t, err)
		return scorer.blocks, scorer.pairs
	}
	blocks, pairs := sync()
	require.LessOrEqual(t, blocks, 2*2*people)
	require.LessOrEqual(t, pairs, 2*people)
	require.Positive(t, pairs)
	blocks, pairs = sync()
	require.Zero(t, blocks)
	require.Zero(t, pairs)
}

// TestWhoSharesSeveralBlocksIsOneLookalike: two of one name, birthday and address are compared once from each side.
func TestWhoSharesSeveralBlocksIsOneLookalike(t *testing.T) {
	t.Parallel()
	s, scorer := openCrowd(t, newCrowd(lifelike), 1, 0.5)
	_, err := s.Sync(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, scorer.pairs)
}
