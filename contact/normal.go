package contact

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NormalText returns text in Unicode normal form C without surrounding space: the form in which texts are
// compared. Space is what Unicode calls White_Space (the no-break space among it) and the invisible U+200B (zero
// width space), U+2060 (word joiner) and U+FEFF (byte order mark). Inside the text nothing is taken away, and
// the joiners of emoji are no space.
func NormalText(s string) string {
	s = trim(s)
	if isASCII(s) {
		return s // ASCII is in normal form C (UAX 15, section 1.1)
	}
	return norm.NFC.String(s)
}

// foldText returns text without surrounding space and without case, by full case folding: "ß" and "SS" are the
// same, "İ" and "i" are not. The order of the steps is the canonical caseless matching of the Unicode Standard,
// section 3.13, definition D145, but for form C at the end.
func foldText(s string) string {
	s = trim(s)
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFD.String(s)))
}

// trim returns s without the space around it.
func trim(s string) string {
	if s == "" || plainByte(s[0]) && plainByte(s[len(s)-1]) {
		return s
	}
	return strings.TrimFunc(s, isSpace)
}

// blank reports whether s is space alone.
func blank(s string) bool { return trim(s) == "" }

// plainByte reports whether b is a visible ASCII character.
func plainByte(b byte) bool { return b > ' ' && b < 0x7f }

func isSpace(r rune) bool {
	switch r {
	case '\u200b', '\u2060', '\ufeff':
		return true
	}
	return unicode.IsSpace(r)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// equalFoldASCII reports whether two ASCII texts are the same without case.
func equalFoldASCII(s, t string) bool {
	if len(s) != len(t) {
		return false
	}
	for i := range len(s) {
		if lowerASCII(s[i]) != lowerASCII(t[i]) {
			return false
		}
	}
	return true
}

func lowerASCII(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// digit returns the value of a decimal digit of any script.
func digit(r rune) (rune, bool) {
	if r < utf8.RuneSelf {
		return r - '0', r >= '0' && r <= '9'
	}
	if !unicode.IsDigit(r) {
		return 0, false
	}
	// The digits of a script follow each other from zero to nine (Unicode Standard, section 4.6), and so do those
	// of scripts that are neighbours: the place in the whole run tells the value.
	zero := r
	for unicode.IsDigit(zero - 1) {
		zero--
	}
	return (r - zero) % 10, true
}
