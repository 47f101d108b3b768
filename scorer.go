package contactsync

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// A Scorer says how alike two records of the two apps are, where no match key says who is who. It is pure: the same
// people give the same answers, whatever else there is and however often it is asked. [PeopleScorer] is the one that
// comes with the library.
type Scorer interface {
	// Blocks returns texts under which a person is looked for. Two people are compared only if they share one, so a
	// good block is what most records of one person have in common and few other people have: a phone, or how a name
	// sounds. A block that more than [BlockLimit] records of an app share finds nobody any more.
	Blocks(p Person) []string
	// Score says how alike two people are. It is the same both ways.
	Score(x, y Person) Score
	// String names the scorer and its version: when it is another one, every record is looked for anew.
	String() string
}

// BlockLimit is how many records of one app may share a block of a [Scorer]. What more have in common tells nobody
// apart, and comparing all of them with each other would cost the square of their number.
const BlockLimit = 50

// A Score is how alike two records are. The zero Score is of two that have nothing in common.
type Score struct {
	Value float64 `json:"value"` // from 0 to 1: how likely they are one person
	// Evidence says in words what speaks for it: "same phone", "name 0.93". It holds no contact data.
	Evidence []string `json:"evidence,omitempty"`
	// Doubtful says that whatever Value is, only a person should link the two.
	Doubtful bool `json:"doubtful,omitempty"`
}

// String returns the evidence in a line: "0.97: same phone, name 0.93".
func (s Score) String() string {
	return fmt.Sprintf("%.2f: %s", s.Value, strings.Join(s.Evidence, ", "))
}

// A PeopleScorer compares names, phones, emails, birthdays, companies and addresses. Every one that agrees or differs
// has a weight; docs/matching.md shows the table. Of what a household shares (phone, email, address) the strongest
// counts, so that two people of one home are not taken for one. A nickname, an initial, a name of which one side has
// only a part, and a given name that is spelled otherwise make the score doubtful.
type PeopleScorer struct{}

// String returns "people 2".
func (PeopleScorer) String() string { return "people 2" }

// Blocks returns the person's phones and emails, and how the name sounds, joined with what may speak for it: either part
// of it with what tells much, the day of birth and the street; both parts with what tells little, company, postal code and
// city. A name by itself makes nobody alike, so it is no block, and joined with something even a frequent one is few people's.
func (PeopleScorer) Blocks(p Person) []string {
	var blocks []string
	for _, phone := range p.Phones {
		blocks = append(blocks, "p"+line(phone))
	}
	for _, email := range p.Emails {
		blocks = append(blocks, "e"+email)
	}
	parts, wholes := nameOf(p).sounds()
	with := func(kind, text string, sounds []string) {
		if text != "" {
			for _, sound := range sounds {
				blocks = append(blocks, kind+sound+" "+text)
			}
		}
	}
	with("b", dayOf(p.Birthday), parts)
	with("c", joined(p.Company), wholes)
	for _, a := range p.Addresses {
		with("s", joined(a.Street), parts)
		with("z", joined(a.PostalCode), wholes)
		with("t", joined(a.City), wholes)
	}
	slices.Sort(blocks)
	return slices.Compact(blocks)
}

// joined returns a text as it is compared, in one word.
func joined(text string) string { return strings.Join(wordsOf(text), "") }

// The weights, as the logarithm of how much likelier it makes that two records are one person. prior is of two of
// which nothing is known but that they share a block.
const (
	prior = -5.0

	samePhone, sameEmail, sameAddress = 4.5, 4.5, 3.0
	samePlace                         = 1.0 // postal code, or city
	alsoShared                        = 0.5 // of what a household shares, for each beside the strongest
	otherPhone, otherEmail            = -0.3, -0.3
	otherAddress                      = -0.5

	sameBirthday, sameDay, nearBirthday, otherBirthday = 4.0, 2.5, 0.5, -5.0
	sameCompany, nearCompany, otherCompany             = 1.2, 0.6, -0.3
)

// givenWeight and familyWeight are the weights of how two names relate.
var (
	givenWeight  = [...]float64{unrelated: -5, akin: -1.5, misspelt: 0.8, initialed: 0.5, nickname: 1, partly: 1.2, equal: 2}
	familyWeight = [...]float64{unrelated: -4, akin: -0.5, misspelt: 1.2, partly: 1, equal: 2}
)

// Score compares two people.
func (PeopleScorer) Score(x, y Person) Score {
	w := &weighing{sum: prior}
	w.shared(x, y)
	w.birthdays(x.Birthday, y.Birthday)
	w.names(nameOf(x), nameOf(y))
	w.companies(wordsOf(x.Company), wordsOf(y.Company))
	value := 1 / (1 + math.Exp(-w.sum))
	return Score{Value: math.Round(value*1000) / 1000, Evidence: w.evidence, Doubtful: w.doubtful}
}

// weighing adds up what speaks for and against two records being one person.
type weighing struct {
	sum      float64
	evidence []string
	doubtful bool
}

func (w *weighing) add(weight float64, words string) {
	w.sum += weight
	if words != "" {
		w.evidence = append(w.evidence, words)
	}
}

// shared weighs what the people of a household share: the strongest counts, and little what agrees beside it.
func (w *weighing) shared(x, y Person) {
	agree := []float64{}
	weigh := func(known bool, weight, otherwise float64, words string) {
		switch {
		case !known:
		case weight > 0:
			agree = append(agree, weight)
			w.add(0, words)
		default:
			w.add(otherwise, "")
		}
	}
	phone, sure := phones(x.Phones, y.Phones)
	w.doubtful = w.doubtful || phone && !sure
	weigh(len(x.Phones) > 0 && len(y.Phones) > 0, weightIf(phone, samePhone), otherPhone, "same phone")
	email := slices.ContainsFunc(x.Emails, func(e string) bool { return slices.Contains(y.Emails, e) })
	weigh(len(x.Emails) > 0 && len(y.Emails) > 0, weightIf(email, sameEmail), otherEmail, "same email")
	address, place := addresses(x.Addresses, y.Addresses)
	weigh(len(x.Addresses) > 0 && len(y.Addresses) > 0, address, otherAddress, place)
	if len(agree) > 0 {
		w.sum += slices.Max(agree) + alsoShared*float64(len(agree)-1)
	}
}

func weightIf(holds bool, weight float64) float64 {
	if holds {
		return weight
	}
	return 0
}

// phones reports whether two people share a phone; it is not sure of it if one number lacks its country.
func phones(x, y []string) (same, sure bool) {
	for _, p := range x {
		for _, q := range y {
			if p == q {
				return true, true
			}
			abroad := strings.HasPrefix(p, "+") && strings.HasPrefix(q, "+")
			same = same || !abroad && line(p) == line(q)
		}
	}
	return same, false
}

// addresses returns the weight of the most that two people's addresses have in common, and says what it is.
func addresses(x, y []contact.Address) (weight float64, evidence string) {
	is := func(p, q string) bool {
		words := wordsOf(p)
		return len(words) > 0 && slices.Equal(words, wordsOf(q))
	}
	for _, p := range x {
		for _, q := range y {
			place, by := is(p.PostalCode, q.PostalCode), "same postal code"
			if !place {
				place, by = is(p.City, q.City), "same city"
			}
			switch {
			case place && is(p.Street, q.Street):
				return sameAddress, "same address"
			case place && evidence != "same postal code":
				weight, evidence = samePlace, by
			}
		}
	}
	return weight, evidence
}

// birthdays weighs two birthdays.
func (w *weighing) birthdays(x, y string) {
	if dayOf(x) == "" || dayOf(y) == "" {
		return
	}
	year := !strings.HasPrefix(x, "--") && !strings.HasPrefix(y, "--")
	switch {
	case x == y && year:
		w.add(sameBirthday, "same birthday")
	case dayOf(x) == dayOf(y) && !year:
		w.add(sameDay, "same birthday")
	case year && nearDate(x, y):
		w.add(nearBirthday, "birthday off by a slip")
		w.doubtful = true
	default:
		w.add(otherBirthday, "")
	}
}

// dayOf returns month and day of a birthday, "" if there are none.
func dayOf(birthday string) string {
	if len(birthday) < len("--04-12") {
		return ""
	}
	return birthday[len(birthday)-len("04-12"):]
}

// nearDate reports whether two dates look like one of which a digit, or day and month, were mistaken.
func nearDate(x, y string) bool {
	if len(x) != len(y) || len(x) != len("1985-04-12") {
		return false
	}
	differ := 0
	for i := range x {
		if x[i] != y[i] {
			differ++
		}
	}
	return differ == 1 || x[:5]+x[8:]+"-"+x[5:7] == y
}

// names weighs two names.
func (w *weighing) names(x, y personName) {
	l, known := compareNames(x, y)
	if !known {
		w.doubtful = true // a phone or a birthday is no person
		return
	}
	w.sum += givenWeight[l.given.relation] + familyWeight[l.family.relation]
	w.doubtful = w.doubtful || l.given.relation != equal || l.family.relation < misspelt || l.swapped && l.family.relation != equal
	if l.given.relation == equal && l.family.relation == equal {
		w.add(0, "same name")
	} else {
		w.add(0, fmt.Sprintf("name %.2f", l.value()))
	}
	switch l.given.relation {
	case nickname:
		w.add(0, "a nickname")
	case initialed:
		w.add(0, "an initial")
	}
	if l.swapped {
		w.add(0, "given and family name swapped")
	}
}

// companies weighs two companies.
func (w *weighing) companies(x, y []string) {
	a, b := strings.Join(x, ""), strings.Join(y, "")
	switch {
	case a == "" || b == "":
	case a == b:
		w.add(sameCompany, "same company")
	case contains(x, y), contains(y, x), jaroWinkler(a, b) >= 0.92:
		w.add(nearCompany, "company alike")
	default:
		w.add(otherCompany, "")
	}
}
