package contact

import (
	"strconv"
	"strings"
)

// validNumber reports whether s is a number as RFC 8259 section 6 writes one.
func validNumber(s string) bool {
	digits := func() bool {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	s = strings.TrimPrefix(s, "-")
	leadingZero := len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9'
	if leadingZero || !digits() {
		return false
	}
	if strings.HasPrefix(s, ".") {
		s = s[1:]
		if !digits() {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return s == ""
}

// numberKey returns the same text for valid literals of one number: "42", "42.0" and "4.2e1". A whole number is
// its own key, as far as its zeros are written out. The number is never worked out, so a literal of a few bytes
// costs nothing, whatever its exponent.
func numberKey(literal string) string {
	if wholeNumber(literal) {
		return literal
	}
	mantissa, power, _ := strings.Cut(strings.ToLower(literal), "e")
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0"
	}
	exponent, ok := parseExponent(power)
	if !ok {
		return strings.ToLower(literal)
	}
	exponent -= int64(len(fraction))
	significant := strings.TrimRight(digits, "0")
	exponent += int64(len(digits) - len(significant))
	key := significant
	switch {
	case exponent > 0 && exponent <= maxZeros:
		key += zeros[:exponent]
	case exponent != 0:
		key += "e" + strconv.FormatInt(exponent, 10)
	}
	if negative {
		key = "-" + key
	}
	return key
}

// maxZeros is how many zeros at its end a whole number is written with in a key.
const (
	maxZeros = 20
	zeros    = "00000000000000000000"
)

// wholeNumber reports whether a valid literal is the key of its number.
func wholeNumber(literal string) bool {
	if literal == "-0" || strings.ContainsAny(literal, ".eE") {
		return false
	}
	return len(literal)-len(strings.TrimRight(literal, "0")) <= maxZeros
}

// parseExponent reads the exponent of a literal, "" as 0. It fails beyond 18 digits: such literals are compared
// as they are written.
func parseExponent(s string) (int64, bool) {
	s, negative := strings.CutPrefix(s, "-")
	s = strings.TrimLeft(strings.TrimPrefix(s, "+"), "0")
	if len(s) > 18 {
		return 0, false
	}
	if s == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if negative {
		n = -n
	}
	return n, err == nil
}
