package contactsync

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestJaroWinkler(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		x, y string
		want float64
	}{ // the figures of Winkler's papers, and edges
		{"martha", "marhta", 0.961}, {"dwayne", "duane", 0.840}, {"dixon", "dicksonx", 0.813}, {"jones", "johnson", 0.832},
		{"", "", 1}, {"a", "", 0}, {"abc", "xyz", 0}, {"a", "a", 1}, {"анна", "анна", 1}, {"анна", "анма", 0.867},
	} {
		if got := jaroWinkler(tt.x, tt.y); math.Abs(got-tt.want) > 0.0006 {
			t.Errorf("%q, %q: %.4f, want %.3f", tt.x, tt.y, got, tt.want)
		}
	}
}

func TestWordsOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Renée O’Brien-Müller": "renee obrien muller", "  JOSÉ\u00a0da Silva ": "jose da silva", "Łukasz Ørsted": "lukasz orsted", "Straße": "strasse",
		"Ёлкин": "елкин", "ΣΊΣΥΦΟΣ": "σισυφοσ", "王小明": "王小明", "": "", "—": "", "Ann (home)": "ann home", "Jo\u0301se": "jose",
	} {
		if got := strings.Join(wordsOf(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestSound(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{{"smith", "smyth"}, {"jansen", "janssen", "janson"}, {"philips", "filips", "phillips"}, {"eva", "ava", "iva"}, {"catherine", "katherine"}} {
		for _, word := range same[1:] {
			if sound(word) != sound(same[0]) {
				t.Errorf("%s sounds %s, %s sounds %s", same[0], sound(same[0]), word, sound(word))
			}
		}
	}
	if sound("smith") == sound("jones") || sound("王") != "王" {
		t.Error("all sound alike")
	}
}

// personOf returns the person of a short form: "Given Family", phone, email, birthday, company, street and postal code,
// as far as they are given.
func personOf(form string) Person {
	parts := append(strings.Split(form, "; "), "", "", "", "", "", "")
	p := Person{Birthday: parts[3], Company: parts[4]}
	p.Given, p.Family, _ = strings.Cut(parts[0], " ")
	if strings.Contains(parts[0], ",") {
		p.Given, p.Family, p.Name = "", "", parts[0]
	}
	if parts[1] != "" {
		p.Phones = []string{parts[1]}
	}
	if parts[2] != "" {
		p.Emails = []string{parts[2]}
	}
	if street, code, ok := strings.Cut(parts[5], " / "); ok {
		p.Addresses = []contact.Address{{Street: street, PostalCode: code}}
	}
	return p
}

// TestPeopleScorer is the truth table of docs/matching.md: what is a suggestion, from 0.85, and what may be linked.
func TestPeopleScorer(t *testing.T) {
	t.Parallel()
	const phone, other = "+32470123456", "+32470999999"
	for _, tt := range []struct{ x, y, want string }{
		{"Ann Lee; " + phone, "Ann Lee; " + phone, "0.97: same phone, same name"},
		{"Ann Lee", "Ann Lee", "0.27: same name"},
		{"Ann Lee; ; ann@x.org", "Ann Lee; ; lee@x.org", "0.21: same name"},
		{"Ann Lee; ; ; ; ; High Street 1 / 9000", "Ann Lee; ; ; ; ; Low Street 2 / 8000", "0.18: same name"},
		{"Ann Lee; " + phone, "Ann Lee", "0.27: same name"}, // what one of them lacks says nothing
		{"Ann Lee", "Ann Lee; " + phone, "0.27: same name"},
		{"Ann Lee; ; ann@x.org", "Ann Lee", "0.27: same name"},
		{"Ann Lee", "Ann Lee; ; ann@x.org", "0.27: same name"},
		{"Ann Lee; ; ; ; ; High Street 1 / 9000", "Ann Lee", "0.27: same name"},
		{"Ann Lee", "Ann Lee; ; ; ; ; High Street 1 / 9000", "0.27: same name"},
		{"Ann Lee; ; ; ; Acme", "Ann Lee; ; ; ; ACME", "0.55: same name, same company"},
		{"Ann Lee; ; ; 1985-04-12", "Ann Lee; ; ; 1985-04-12", "0.95: same birthday, same name"},
		{"Ann Lee; ; ; 1985-04-12", "Ann Lee; ; ; --04-12", "0.82: same birthday, same name"},
		{"Ann Lee; " + phone + "; ; 1985-04-12", "Ann Lee; " + phone + "; ; 1985-12-04", "0.98 doubtful: same phone, birthday off by a slip, same name"},
		{"Ann Lee; " + phone + "; ; 1985-04-12", "Ann Lee; " + phone + "; ; 1970-01-02", "0.18: same phone, same name"},
		{"Ann Lee; " + phone, "Bob Lee; " + phone, "0.03 doubtful: same phone, name 0.50"},
		{"Mark Lee; " + phone + "; ; ; ; High Street 1 / 9000", "Mary Lee; " + phone + "; ; ; ; High Street 1 / 9000", "0.62 doubtful: same phone, same address, name 0.94"},
		{"Maria Rossi; " + phone, "Mario Rossi; " + phone, "0.50 doubtful: same phone, name 0.96"},
		{"Ann Jansen; " + phone, "Ann Janssen; " + phone, "0.94: same phone, name 0.99"},
		{"Bob Lee; " + phone, "Robert Lee; " + phone, "0.92 doubtful: same phone, name 0.97, a nickname"},
		{"A. Lee; " + phone, "Ann Lee; " + phone, "0.88 doubtful: same phone, name 0.95, an initial"},
		{"Lee Ann; " + phone, "Ann Lee; " + phone, "0.97: same phone, same name, given and family name swapped"},
		{"Lee, Ann; " + phone, "Ann Lee; " + phone, "0.97: same phone, same name"},
		{"Jürgen Müller; " + phone, "Juergen Mueller; " + phone, "0.97: same phone, same name"},
		{"Ann Lee; " + phone, "Ann Lee; 70123456", "0.97 doubtful: same phone, same name"},
		{"Ann Lee; " + phone, "Ann Lee; 70999999", "0.21: same name"},
		{"Ann Lee; " + phone, "Ann Lee; +33470123456", "0.21: same name"},
		{"Ann Lee; " + phone, "Ann Lee; " + other, "0.21: same name"},
		{"Анна Ли; " + phone, "Anna Li; " + phone, "0.38 doubtful: same phone"},
		{"小明 王; " + phone, "小红 王; " + phone, "0.03 doubtful: same phone, name 0.50"},
		{"; " + phone + "; ; 1985-04-12", "Ann Lee; " + phone + "; ; 1985-04-12", "0.97 doubtful: same phone, same birthday"},
	} {
		score := PeopleScorer{}.Score(personOf(tt.x), personOf(tt.y))
		got := score.String()
		if score.Doubtful {
			got = strings.Replace(got, ":", " doubtful:", 1)
		}
		if got != tt.want {
			t.Errorf("%s | %s:\n got  %s\n want %s", tt.x, tt.y, got, tt.want)
		}
	}
}

// TestScoreIsTheSameBothWays, between 0 and 1, and no text of a person is in its evidence.
func TestScoreIsTheSameBothWays(t *testing.T) {
	t.Parallel()
	word := rapid.SampledFrom(strings.Fields("Ann Anna Anne Bob Robert R. Lee Leeds Jansen Janssen-Maes 王 小明 Ёлкин Müller Mueller O'Brien X"))
	form := rapid.Custom(func(t *rapid.T) Person {
		p := Person{Given: word.Draw(t, "given"), Family: word.Draw(t, "family"), Company: word.Draw(t, "company"),
			Birthday: rapid.SampledFrom([]string{"", "1985-04-12", "1985-12-04", "--04-12", "odd", "1985-04-13"}).Draw(t, "birthday"),
			Phones:   rapid.SliceOfN(rapid.SampledFrom([]string{"+32470123456", "70123456", "+33470123456"}), 0, 2).Draw(t, "phones")}
		if rapid.Bool().Draw(t, "full") {
			p.Name, p.Given, p.Family = p.Given+" "+p.Family+" "+word.Draw(t, "more"), "", ""
		}
		for range rapid.IntRange(0, 2).Draw(t, "addresses") {
			p.Addresses = append(p.Addresses, contact.Address{Street: word.Draw(t, "street"), City: word.Draw(t, "city"), PostalCode: word.Draw(t, "code")})
		}
		return p
	})
	rapid.Check(t, func(t *rapid.T) {
		x, y := form.Draw(t, "x"), form.Draw(t, "y")
		there, back := PeopleScorer{}.Score(x, y), PeopleScorer{}.Score(y, x)
		if diff := cmp.Diff(there, back); diff != "" {
			t.Fatalf("%+v and %+v: %s", x, y, diff)
		}
		if there.Value < 0 || there.Value > 1 {
			t.Fatal(there)
		}
		if diff := cmp.Diff(fmt.Sprint(PeopleScorer{}.Blocks(x)), fmt.Sprint(PeopleScorer{}.Blocks(x))); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestBlocksOfAPerson: under what a person is looked for. A name alone is nothing, and half a name says enough where the
// day of birth or the street is known.
func TestBlocksOfAPerson(t *testing.T) {
	t.Parallel()
	ann, lee := sound("ann"), sound("lee")
	for _, tt := range []struct{ form, want string }{
		{"Ann Lee", ""},
		{"; +32470123456", "p70123456"},
		{"; ; ann@x.org", "eann@x.org"},
		{"; ; ; 1985-04-12", ""},
		{"Ann; ; ; 1985-04-12", "b" + ann + " 04-12"},
		{"Ann Lee; ; ; 1985-04-12", "b" + ann + " 04-12 b" + lee + " 04-12"},
		{"Lee Ann; ; ; --04-12", "b" + ann + " 04-12 b" + lee + " 04-12"},
		{"Ann Lee; ; ; 12", ""},
		{"; ; ; ; Acme", ""},
		{"Ann; ; ; ; Acme", ""},
		{"Ann Lee; ; ; ; Acme", "c" + ann + "|" + lee + " acme"},
		{"Lee Ann; ; ; ; Acme", "c" + ann + "|" + lee + " acme"},
		{"Bob Lee; ; ; ; Acme", "c" + lee + "|" + sound("bob") + " acme c" + lee + "|" + sound("robert") + " acme"},
		{"Ann Lee; ; ; ; ; High Street 1 / 9000", "s" + ann + " highstreet1 s" + lee + " highstreet1 z" + ann + "|" + lee + " 9000"},
	} {
		if got := strings.Join(PeopleScorer{}.Blocks(personOf(tt.form)), " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.form, got, tt.want)
		}
	}
}

// TestNamesakesWhoAreAlikeShareABlock: of two people of one name who are alike enough to be suggested, however it came to
// that, each is found.
func TestNamesakesWhoAreAlikeShareABlock(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	person := func() Person {
		var parts []string
		for _, of := range []string{"Ann Lee|Lee Ann|Bob Jansen|Robert Jansen|Bob Janssen", "|+32470123456|70123456", "|1@x.org|2@x.org", "|1985-04-12|--04-12|1970-01-02",
			"|Acme|Globex", "|High Street 1 / 9000|Low Street 2 / 9000|High Street 1 / 8000"} {
			words := strings.Split(of, "|")
			parts = append(parts, words[rng.IntN(len(words))])
		}
		return personOf(strings.Join(parts, "; "))
	}
	alike := 0
	for range 20_000 {
		x, y := person(), person()
		score := PeopleScorer{}.Score(x, y)
		if score.Value < 0.5 {
			continue
		}
		alike++
		theirs := PeopleScorer{}.Blocks(y)
		if !slices.ContainsFunc(PeopleScorer{}.Blocks(x), func(block string) bool { return slices.Contains(theirs, block) }) {
			t.Fatalf("%v: %+v and %+v are not found", score, x, y)
		}
	}
	if alike < 1000 {
		t.Errorf("only %d were alike", alike)
	}
}
