package contactsync

import (
	"slices"
	"strings"
	"unicode"
)

// personName is a name in the words that are compared.
type personName struct{ given, family []string }

// titles stand before a name and are none.
var titles = []string{"mr", "mrs", "ms", "miss", "dr", "prof", "sir", "herr", "frau", "mme", "monsieur"}

// nameOf returns a person's name in words. A full name is cut before its last word, or at a comma ("Lee, Ann"): where
// the cut is wrong both names are cut alike, or the words are compared the other way round.
func nameOf(p Person) personName {
	n := personName{wordsOf(p.Given), wordsOf(p.Family)}
	full := wordsOf(p.Name)
	if len(n.given) == 0 || len(n.family) == 0 {
		if family, given, comma := strings.Cut(p.Name, ","); comma {
			n = personName{wordsOf(given), wordsOf(family)}
		} else if len(full) > len(n.given)+len(n.family) {
			n = personName{full[:len(full)-1], full[len(full)-1:]}
		}
	}
	n.given = slices.DeleteFunc(n.given, func(w string) bool { return slices.Contains(titles, w) })
	return n
}

// whole reports whether given and family name are both known.
func (n personName) whole() bool { return len(n.given) > 0 && len(n.family) > 0 }

// sounds returns how a name sounds: its parts, and as a whole, also as each name that it is short for. Given and family
// name may have been entered the wrong way round. A name that is not whole has only parts.
func (n personName) sounds() (parts, wholes []string) {
	family := sound(strings.Join(n.family, ""))
	both := func(given string) string { return min(given, family) + "|" + max(given, family) }
	if len(n.given) > 0 {
		parts = append(parts, sound(n.given[0]))
	}
	if len(n.family) > 0 {
		parts = append(parts, family)
	}
	if n.whole() {
		wholes = append(wholes, both(parts[0]))
		for _, line := range namesakes[n.given[0]] {
			wholes = append(wholes, both(sound(line)))
		}
	}
	return parts, wholes
}

// How two names, or parts of them, relate, from no relation to equality.
type relation int

const (
	unrelated relation = iota
	akin               // alike, and often two people's: "Mark" and "Mary", "Julia" and "Julian"
	misspelt           // alike as one name misspelt: "Jonson", "Johnson"
	initialed          // one is the other's initial
	nickname           // one is a nickname of the other
	partly             // one has more words: "Mary Ann" and "Mary"
	equal
)

// likeness is how alike two parts of names are.
type likeness struct {
	relation
	value float64 // 0 to 1, as it is shown
}

// alike compares two given names, or two family names.
func alike(x, y []string, given bool) likeness {
	a, b := strings.Join(x, ""), strings.Join(y, "")
	switch {
	case a == b, umlauts.Replace(a) == umlauts.Replace(b):
		return likeness{equal, 1}
	case script(a) == unicode.Han || script(b) == unicode.Han:
		return likeness{} // a character is a word: none is a misspelling of another
	case given && nicknamed(x[0], y[0]):
		return likeness{nickname, 0.93}
	case given && (initial(a, b) || initial(b, a)):
		return likeness{initialed, 0.9}
	case contains(x, y) || contains(y, x):
		return likeness{partly, 0.95}
	}
	value := jaroWinkler(a, b)
	switch {
	case value < 0.85:
		return likeness{unrelated, value}
	case value < 0.92 || given && endsOtherwise(a, b) || min(len(a), len(b)) < 4:
		return likeness{akin, value}
	}
	return likeness{misspelt, value}
}

// initial reports whether x is the first letter of y, and no more.
func initial(x, y string) bool { return len([]rune(x)) == 1 && strings.HasPrefix(y, x) }

// contains reports whether all words of y are among those of x.
func contains(x, y []string) bool {
	return !slices.ContainsFunc(y, func(w string) bool { return !slices.Contains(x, w) })
}

// endsOtherwise reports whether two given names differ at their end only, where many languages tell a man's name from
// a woman's: Maria and Mario, Daniel and Daniela.
func endsOtherwise(x, y string) bool {
	if len(x) > len(y) {
		x, y = y, x
	}
	return strings.HasPrefix(y, x) && len(y)-len(x) <= 2 || len(x) == len(y) && x[:len(x)-1] == y[:len(y)-1]
}

// nameLikeness is how alike two whole names are.
type nameLikeness struct {
	given, family likeness
	swapped       bool // given and family name stand in each other's place
}

// value returns how alike the names are in one number, as it is shown.
func (l nameLikeness) value() float64 { return (l.given.value + l.family.value) / 2 }

// compareNames says how alike two names are; known is false where one is not whole, or they are written in two scripts.
func compareNames(x, y personName) (l nameLikeness, known bool) {
	if !x.whole() || !y.whole() || script(x.given[0]) != script(y.given[0]) || script(x.family[0]) != script(y.family[0]) {
		return l, false
	}
	l = nameLikeness{given: alike(x.given, y.given, true), family: alike(x.family, y.family, false)}
	if l.given.relation == unrelated || l.family.relation == unrelated {
		turned := nameLikeness{given: alike(x.given, y.family, true), family: alike(x.family, y.given, true), swapped: true}
		if turned.given.relation > turned.family.relation { // which of the two is the given name is not known now
			turned.given, turned.family = turned.family, turned.given
		}
		if turned.given.relation == equal || turned.given.relation == misspelt && turned.family.relation == equal {
			return turned, true
		}
	}
	return l, true
}
