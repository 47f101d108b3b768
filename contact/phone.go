package contact

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// maxPhone is how many characters a text may have to be read as a phone number.
const maxPhone = 64

// PhoneKey returns the number in E.164 form, "+32470123456", with an extension behind a semicolon, and whether
// it is valid in some numbering plan; the key of a number that is not is "". A number without country code is
// read as one of region (ISO 3166-1 alpha-2; "" means none: such a number is not valid). Digits of all scripts
// count as digits, letters as the keys of a phone's keypad where they stand for digits ("1-800-FLOWERS"), and of
// a "tel:" URI (RFC 3966) the number. Emergency and other short numbers are not valid, as they mean another line
// in every country; nor is a text of more than 64 characters.
func PhoneKey(s, region string) (key string, valid bool) { return recallPhone(s, region, parsePhone) }

// parsePhone is PhoneKey of a number that was not kept.
func parsePhone(s, region string) (key string, valid bool) {
	if utf8.RuneCountInString(trim(s)) > maxPhone {
		return "", false
	}
	if region == "" {
		region = "ZZ" // what CLDR calls an unknown region
	}
	number, err := phonenumbers.Parse(phoneText(s), strings.ToUpper(region))
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", false
	}
	key = phonenumbers.Format(number, phonenumbers.E164)
	if ext := number.GetExtension(); ext != "" {
		key += ";" + ext
	}
	return key, true
}

// PhoneDigits returns the form in which a number that is valid in no plan is compared: its digits, of any script
// as ASCII, with the * and # of a service code, and with an extension behind a semicolon. A text with a word in
// it ("1-800-FLOWERS") or without digits ("n/a") is compared without case, as it is.
func PhoneDigits(s string) string {
	number := phoneText(s)
	start := strings.IndexAny(number, "0123456789*#")
	if start < 0 || !strings.ContainsAny(number, "0123456789") {
		return foldText(s)
	}
	number, ext := cutExtension(number[start:])
	if strings.ContainsFunc(number, unicode.IsLetter) {
		return foldText(s)
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '*' || r == '#' {
			return r
		}
		return -1
	}, number)
	if ext != "" {
		digits += ";" + ext
	}
	return digits
}

// phoneKey returns the form in which phone numbers are compared. A valid number is there without its plus, so
// that it is the same as its bare digits, which is how many apps store one.
func phoneKey(s, region string) string {
	if key, ok := PhoneKey(s, region); ok {
		return key[1:]
	}
	return PhoneDigits(s)
}

// samePhone reports whether two texts have one phoneKey. To read a number takes microseconds, so what can be
// told from the digits alone is told from them.
func samePhone(s, t, region string) bool {
	s, t = trim(s), trim(t)
	if plainPhone(s) && plainPhone(t) {
		if (s[0] == '+') == (t[0] == '+') && sameDigits(s, t) {
			return true
		}
		// Between two spellings of a number the front differs (country code, trunk prefix), the end never.
		x, long := lastDigits(s)
		y, alsoLong := lastDigits(t)
		if long && alsoLong && x != y {
			return false
		}
	}
	return phoneKey(s, region) == phoneKey(t, region)
}

// plainPhone reports whether s is made of digits and the usual marks between them, behind a plus or a digit:
// without an extension, word or parameter.
func plainPhone(s string) bool {
	if s == "" || len(s) > maxPhone || s[0] != '+' && (s[0] < '0' || s[0] > '9') {
		return false
	}
	for i := 1; i < len(s); i++ {
		if (s[i] < '0' || s[i] > '9') && strings.IndexByte(" -.()", s[i]) < 0 {
			return false
		}
	}
	return true
}

// sameDigits reports whether the digits of two plain phones are the same.
func sameDigits(s, t string) bool {
	i, j := 0, 0
	for {
		for i < len(s) && (s[i] < '0' || s[i] > '9') {
			i++
		}
		for j < len(t) && (t[j] < '0' || t[j] > '9') {
			j++
		}
		if i == len(s) || j == len(t) {
			return i == len(s) && j == len(t)
		}
		if s[i] != t[j] {
			return false
		}
		i, j = i+1, j+1
	}
}

// lastDigits returns the last four digits of a plain phone, and whether it has as many.
func lastDigits(s string) (last [4]byte, ok bool) {
	n := 0
	for i := len(s) - 1; i >= 0 && n < len(last); i-- {
		if s[i] >= '0' && s[i] <= '9' {
			last[n] = s[i]
			n++
		}
	}
	return last, n == len(last)
}

// phoneText returns the text of a number in ASCII as far as it can be: digits of all scripts and full-width
// signs in their ASCII form, other spaces as a space, without the invisible marks of direction that come along
// when a number is copied, and of a "tel:" URI only the parameters that are part of the number.
func phoneText(s string) string {
	s = trim(s)
	if !isASCII(s) {
		s = strings.Map(phoneRune, s)
	}
	if len(s) < 4 || !equalFoldASCII(s[:4], "tel:") {
		return s
	}
	number, parameters, _ := strings.Cut(s[4:], ";")
	kept := number
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(p, "=")
		switch {
		case equalFoldASCII(name, "ext"):
			kept += ";ext=" + value
		case equalFoldASCII(name, "phone-context") && strings.HasPrefix(value, "+") && !strings.HasPrefix(number, "+"):
			kept = value + " " + kept
		}
	}
	return kept
}

// phoneRune returns the ASCII form of a character in a phone number, -1 for one that is to be left out.
func phoneRune(r rune) rune {
	const fullWidthForms = '！' - '!' // U+FF01 to U+FF5E are U+0021 to U+007E
	if n, ok := digit(r); ok {
		return '0' + n
	}
	switch {
	case r >= '！' && r <= '～':
		return r - fullWidthForms
	case unicode.IsSpace(r):
		return ' '
	case unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

// cutExtension splits "030 1234 ext. 12" into the number and the digits of its extension, "" if it has none.
func cutExtension(s string) (number, ext string) {
	rest := strings.TrimSuffix(s, "#")
	number = strings.TrimRight(rest, "0123456789")
	if ext = rest[len(number):]; ext == "" {
		return s, ""
	}
	label := strings.TrimRight(number, " .:,-=")
	for _, word := range []string{"extension", "extn", "ext", "x", "#", ";"} {
		if n := len(label) - len(word); n >= 0 && equalFoldASCII(label[n:], word) {
			return strings.TrimRight(label[:n], " ,;"), ext
		}
	}
	if strings.Contains(number[len(label):], ",") {
		return label, ext
	}
	return s, ""
}
