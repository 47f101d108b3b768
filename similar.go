package contactsync

import (
	"slices"
	"strings"
	"unicode"

	"github.com/contactsync/contactsync/contact"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// wordsOf returns the words of a name or another text as they are compared: without case, accents and punctuation.
// An apostrophe joins ("O'Brien" is one word), everything else that is no letter or digit separates.
func wordsOf(text string) []string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == 'ʼ', r == '`':
			return -1
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return r
		}
		return ' '
	}, norm.NFKD.String(foldLetters.Replace(cases.Fold().String(contact.NormalText(text)))))
	return strings.Fields(plain)
}

// foldLetters are the letters that no normal form takes apart, as people write them without a keyboard for them.
var foldLetters = strings.NewReplacer("ø", "o", "æ", "ae", "œ", "oe", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i")

// umlauts are two ways to write one letter: "Mueller" is "Müller", of which wordsOf has made "muller".
var umlauts = strings.NewReplacer("ae", "a", "oe", "o", "ue", "u", "aa", "a")

// script returns what a text is written in, as far as its first letter tells; texts of two scripts cannot be compared.
func script(text string) *unicode.RangeTable {
	for _, r := range text {
		for _, table := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Arabic, unicode.Hebrew, unicode.Han, unicode.Hangul} {
			if unicode.Is(table, r) {
				return table
			}
		}
	}
	return nil
}

// jaroWinkler returns how alike two texts are, from 0 to 1: by the characters that they have in common about the same
// place and in the same order (Jaro), the more so if they begin alike (Winkler). It is the same both ways.
func jaroWinkler(x, y string) float64 {
	a, b := []rune(x), []rune(y)
	if slices.Equal(a, b) {
		return 1
	}
	common, swapped := inCommon(a, b)
	if common == 0 {
		return 0
	}
	c := float64(common)
	jaro := (c/float64(len(a)) + c/float64(len(b)) + (c-float64(swapped)/2)/c) / 3
	prefix := 0
	for prefix < min(len(a), len(b), 4) && a[prefix] == b[prefix] {
		prefix++
	}
	return jaro + float64(float64(prefix)*0.1*(1-jaro)) // rounded before it is added, on every kind of processor
}

// inCommon counts the characters that two texts have in common within half the length of the longer one, and those of
// them that stand in another order.
func inCommon(a, b []rune) (common, swapped int) {
	reach := max(len(a), len(b))/2 - 1
	taken := make([]bool, len(b))
	var fromA, fromB []rune
	for i, r := range a {
		for j := max(0, i-reach); j < min(len(b), i+reach+1); j++ {
			if !taken[j] && b[j] == r {
				taken[j] = true
				fromA = append(fromA, r)
				break
			}
		}
	}
	for j, r := range b {
		if taken[j] {
			fromB = append(fromB, r)
		}
	}
	for i := range fromA {
		if fromA[i] != fromB[i] {
			swapped++
		}
	}
	return len(fromA), swapped
}

// sound returns a key that a Latin word shares with most that sound like it: its consonants in groups, with what the
// word begins with. A word of another script is its own key.
func sound(word string) string {
	if script(word) != unicode.Latin {
		return word
	}
	var out []byte
	for _, r := range soundsLike.Replace(word) {
		group := soundGroup(r)
		switch {
		case len(out) == 0 && group == 0:
			out = append(out, 'a') // all vowels begin alike
		case group != 0 && (len(out) == 0 || out[len(out)-1] != group):
			out = append(out, group)
		}
	}
	return string(out[:min(len(out), 5)])
}

// soundsLike are letters that together sound like others.
var soundsLike = strings.NewReplacer("ph", "f", "sch", "s", "sh", "s", "ch", "k", "ck", "k", "th", "t", "gh", "g", "wr", "r", "kn", "n", "tz", "s", "x", "ks")

// soundGroup returns the group of a letter, 0 of what is hardly heard.
func soundGroup(r rune) byte {
	switch r {
	case 'b', 'p':
		return 'p'
	case 'c', 'k', 'q', 'g', 'j':
		return 'k'
	case 'd', 't':
		return 't'
	case 'f', 'v', 'w':
		return 'f'
	case 'l', 'm', 'n', 'r':
		return byte(r)
	case 's', 'z':
		return 's'
	}
	return 0
}
