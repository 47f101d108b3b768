package contactsync

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// A data set of dirty duplicates after the manner of Febrl (Christen, Churches, Hegland: "Febrl, a parallel open source
// data linkage system", 2004): people with names of uneven frequency, families at one address with one phone, and of
// each person in both apps two records, of which one was spoilt by typing, reading and habit. It is made here from a
// seed, so that nothing has to be downloaded and every run sees the same.

var (
	benchGiven = strings.Fields(`james john robert michael william david richard joseph thomas charles mary patricia jennifer linda
elizabeth barbara susan jessica sarah karen anna maria peter paul mark stephen andrew daniel christine laura julia emma olivia
sophie lucas noah liam mia hannah jan pieter katrien bart tom els an luc jean pierre marie claire antoine camille nicolas
giulia marco luca francesca mario andrea chiara hans klaus petra sabine ingrid jürgen günther renée zoë andré josé carmen
javier lucia pablo ana juan sergei olga ivan natalia dmitri tatiana yusuf fatima omar aisha`)
	benchFamily = strings.Fields(`smith jones williams brown taylor davies evans wilson thomas roberts johnson lewis walker robinson
wood thompson white watson jackson wright green harris cooper king lee martin clarke james morgan hughes edwards hill moore
clark harrison scott young morris hall ward turner carter phillips mitchell patel adams campbell anderson allen cook peeters
janssens maes jacobs mertens willems claes goossens wouters dubois lambert dupont martinez garcia lopez sanchez rossi russo
ferrari esposito bianchi müller schmidt schneider fischer weber meyer wagner becker schulz hoffmann novak kowalski nowak`)
	benchStreet  = strings.Fields(`high church station park mill london main victoria green manor kings queens grove york bridge`)
	benchCity    = strings.Fields(`ghent leeds bruges antwerp york bath lille aachen turin porto`)
	benchCompany = strings.Fields(`acme globex initech umbrella hooli vandelay soylent stark wayne tyrell cyberdyne wonka aperture
massive oscorp gringotts monsters dunder sterling pied`)
)

// dirty makes records.
type dirty struct{ *rand.Rand }

func (d dirty) chance(p float64) bool { return d.Float64() < p }

// zipf draws a word; the early ones are far more frequent, as with names.
func (d dirty) zipf(words []string) string {
	return words[int(float64(len(words))*d.Float64()*d.Float64())]
}

// benchHome is what the people of a home share.
type benchHome struct {
	family, phone, street, city, postal string
}

func (d dirty) home() benchHome {
	city := d.IntN(len(benchCity))
	return benchHome{d.zipf(benchFamily), fmt.Sprintf("+3225%06d", d.IntN(1e6)),
		fmt.Sprintf("%s street %d", d.zipf(benchStreet), 1+d.IntN(200)), benchCity[city], fmt.Sprint(9000 + 10*city + d.IntN(10))}
}

// person makes a person of a home.
func (d dirty) person(h benchHome, n int) contact.Fields {
	f := contact.Fields{"first": contact.Text(d.zipf(benchGiven)), "last": contact.Text(h.family),
		"street": contact.Text(h.street), "city": contact.Text(h.city), "postal_code": contact.Text(h.postal),
		"company":  contact.Text(d.zipf(benchCompany) + " " + d.zipf(benchCompany)),
		"phone":    contact.Text(h.phone),
		"birthday": contact.Text(fmt.Sprintf("%04d-%02d-%02d", 1940+d.IntN(65), 1+d.IntN(12), 1+d.IntN(28))),
		"email":    contact.Text(fmt.Sprintf("p%d@example.com", n))}
	if d.chance(0.6) { // a phone of one's own
		f["phone"] = contact.Text(fmt.Sprintf("+32470%06d", d.IntN(1e6)))
	}
	return f
}

// spoilt returns how another hand entered the same person, in another app.
func (d dirty) spoilt(f contact.Fields, n int) contact.Fields {
	out := f.Clone()
	for _, name := range []string{"first", "last", "street", "company"} {
		if d.chance(0.15) {
			out[name] = contact.Text(d.typo(out[name].Str()))
		}
	}
	if d.chance(0.1) {
		if names := namesLike(out["first"].Str()); len(names) > 0 {
			out["first"] = contact.Text(names[d.IntN(len(names))])
		}
	}
	if d.chance(0.03) {
		out["first"] = contact.Text(out["first"].Str()[:1] + ".")
	}
	if d.chance(0.03) {
		out["first"], out["last"] = out["last"], out["first"]
	}
	if d.chance(0.04) {
		b := out["birthday"].Str()
		out["birthday"] = contact.Text(b[:5] + b[8:] + "-" + b[5:7])
	}
	if d.chance(0.15) { // moved, or another number
		out["phone"] = contact.Text(fmt.Sprintf("+32470%06d", d.IntN(1e6)))
	}
	if d.chance(0.1) {
		h := d.home()
		out["street"], out["city"], out["postal_code"] = contact.Text(h.street), contact.Text(h.city), contact.Text(h.postal)
	}
	out["email"] = contact.Text(fmt.Sprintf("other%d@example.org", n))
	for name, p := range map[string]float64{"phone": 0.25, "street": 0.4, "city": 0.3, "postal_code": 0.4, "company": 0.4, "birthday": 0.7} {
		if float64(d.hash(n, name)) < p*1000 {
			out[name] = contact.Empty
		}
	}
	return out
}

// hash is a number under 1000 of a person's field, whatever the order in which they are asked for.
func (d dirty) hash(n int, name string) int {
	return int(rand.New(rand.NewPCG(uint64(n), uint64(len(name))*31+uint64(name[0]))).Uint64() % 1000)
}

// typo makes one slip: two letters swapped, one left out, doubled or beside the right one, or read wrongly.
func (d dirty) typo(text string) string {
	r := []rune(text)
	if len(r) < 3 {
		return text
	}
	i := 1 + d.IntN(len(r)-2)
	switch d.IntN(5) {
	case 0:
		r[i], r[i+1] = r[i+1], r[i]
	case 1:
		r = slices.Delete(r, i, i+1)
	case 2:
		r = slices.Insert(r, i, r[i])
	case 3:
		r[i] = rune("abcdefghijklmnopqrstuvwxyz"[d.IntN(26)])
	default:
		return strings.NewReplacer("m", "rn", "l", "1", "o", "0", "cl", "d", "h", "b").Replace(text[:len(text)/2]) + text[len(text)/2:]
	}
	return string(r)
}

// namesLike returns the other names of the lines of nicknames that a name begins.
func namesLike(name string) []string {
	for line := range strings.Lines(nicknames) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == name {
			return words[1:]
		}
	}
	return nil
}

// benchSet puts n people of each app on a shelf: half of them are in both. It returns who is who.
func benchSet(cfg *config, n int) (*shelf, map[string]string) {
	d := dirty{rand.New(rand.NewPCG(2004, 7))}
	shelf, truth := newShelf(cfg), map[string]string{}
	var h benchHome
	for i := range n + n/2 {
		if i == 0 || d.chance(0.5) {
			h = d.home()
		}
		f := d.person(h, i)
		a, b := fmt.Sprintf("a%06d", i), fmt.Sprintf("b%06d", i)
		if i < n {
			shelf.put(&mirror{side: A, id: a, Fields: f})
		}
		if i >= n/2 {
			shelf.put(&mirror{side: B, id: b, Fields: d.spoilt(f, i)})
		}
		if i < n && i >= n/2 {
			truth[a] = b
		}
	}
	return shelf, truth
}

// peopleConfig compiles a connection of two apps that know what a Person is made of.
func peopleConfig(t testing.TB) *config {
	t.Helper()
	schema := &contact.Schema{Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail, Meaning: "email"}, {Name: "phone", Type: contact.TypePhone, Meaning: "phone"}}}
	for _, name := range personMeanings {
		schema.Fields = append(schema.Fields, contact.Field{Name: name, Type: contact.TypeText, Meaning: name})
	}
	cfg, bad := compile(&Connection{ID: "c", Match: Match{SuggestAbove: 0.5}}, [2]*contact.Schema{schema, schema})
	require.Empty(t, bad)
	return cfg
}

// quality counts the pairs that are suggested.
type quality struct{ right, wrong, missed int }

func (q quality) precision() float64 { return float64(q.right) / float64(max(1, q.right+q.wrong)) }
func (q quality) recall() float64    { return float64(q.right) / float64(q.right+q.missed) }

func (q quality) String() string {
	return fmt.Sprintf("%d right, %d wrong, %d missed: precision %.4f, recall %.3f", q.right, q.wrong, q.missed, q.precision(), q.recall())
}

// measure finds who is alike among the people of a shelf, at several thresholds; sure leaves out what is doubtful.
func measure(cfg *config, n int, thresholds []float64) (suggested, linked map[float64]*quality) {
	d, truth := benchSet(cfg, n)
	suggested, linked = map[float64]*quality{}, map[float64]*quality{}
	for _, at := range thresholds {
		suggested[at], linked[at] = &quality{missed: len(truth)}, &quality{missed: len(truth)}
	}
	bearers := map[string][]*mirror{}
	for _, m := range d.sorted(B) {
		for _, k := range cfg.blocksOf(m) {
			bearers[k.text] = append(bearers[k.text], m)
		}
	}
	for _, m := range d.sorted(A) {
		seen := map[string]bool{}
		for _, k := range cfg.blocksOf(m) {
			if len(bearers[k.text]) > BlockLimit {
				continue
			}
			for _, c := range bearers[k.text] {
				if seen[c.id] {
					continue
				}
				seen[c.id] = true
				score := cfg.scorer.Score(cfg.personOf(m), cfg.personOf(c))
				for _, at := range thresholds {
					if score.Value >= at {
						suggested[at].count(truth[m.id] == c.id)
						if !score.Doubtful {
							linked[at].count(truth[m.id] == c.id)
						}
					}
				}
			}
		}
	}
	return suggested, linked
}

func (q *quality) count(right bool) {
	if right {
		q.right++
		q.missed--
	} else {
		q.wrong++
	}
}

// sorted returns the records of a side by id.
func (d *shelf) sorted(s Side) (all []*mirror) {
	for _, m := range d.mirrors {
		if m.side == s {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(x, y *mirror) int { return strings.Compare(x.id, y.id) })
	return all
}

// TestScorerQuality holds the floors of docs/matching.md, whose table it prints with MATCHING=1.
func TestScorerQuality(t *testing.T) {
	t.Parallel()
	thresholds := []float64{0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99}
	suggested, linked := measure(peopleConfig(t), 5000, thresholds)
	if os.Getenv("MATCHING") != "" {
		for _, at := range thresholds {
			t.Logf("%.2f suggested: %v", at, suggested[at])
			t.Logf("%.2f linked:    %v", at, linked[at])
		}
	}
	for _, floor := range []struct {
		name              string
		of                *quality
		precision, recall float64
	}{
		{"suggested above 0.85", suggested[0.85], 0.99, 0.72},
		{"suggested above 0.95", suggested[0.95], 0.99, 0.58},
		{"linked above 0.99", linked[0.99], 1, 0.29},
	} {
		if floor.of.precision() < floor.precision || floor.of.recall() < floor.recall {
			t.Errorf("%s: %v", floor.name, floor.of)
		}
	}
}
