package contact

import (
	"strings"
	"time"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NormalText returns text in Unicode normal form C without surrounding space: the form in which texts are
// compared.
func NormalText(s string) string { return norm.NFC.String(strings.TrimSpace(s)) }

// foldText returns text as NormalText does and without case, by full Unicode case folding.
func foldText(s string) string { return norm.NFC.String(cases.Fold().String(NormalText(s))) }

// EmailKey returns the form in which email addresses are compared, without case and with the domain in its ASCII
// form (RFC 5890), and whether the text is a plain address that can tell people apart: one @, something on both
// sides, a dot in the domain, no space.
func EmailKey(s string) (key string, valid bool) {
	s = foldText(s)
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || strings.ContainsFunc(s, unicode.IsSpace) || strings.Contains(domain, "@") {
		return s, false
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !strings.Contains(strings.Trim(ascii, "."), ".") {
		return s, false
	}
	return local + "@" + ascii, true
}

// PhoneKey returns the number in E.164 form, "+32470123456", with an extension behind a semicolon, and whether
// it is valid in some numbering plan. A number without country code is read as one of region (ISO 3166-1
// alpha-2; "" means none: such a number is not valid).
func PhoneKey(s, region string) (key string, valid bool) {
	if region == "" {
		region = "ZZ"
	}
	number, err := phonenumbers.Parse(s, region)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", false
	}
	key = phonenumbers.Format(number, phonenumbers.E164)
	if ext := number.GetExtension(); ext != "" {
		key += ";" + ext
	}
	return key, true
}

// PhoneDigits returns the digits of a number that is valid in no plan, of any script as ASCII, or the text
// itself where it has none. Two such numbers are the same if their digits are.
func PhoneDigits(s string) string {
	digits := strings.Map(func(r rune) rune {
		if n, ok := digit(r); ok {
			return '0' + n
		}
		return -1
	}, s)
	if digits == "" {
		return foldText(s)
	}
	return digits
}

// digit returns the value of a decimal digit of any script.
func digit(r rune) (rune, bool) {
	if !unicode.IsDigit(r) {
		return 0, false
	}
	zero := r
	for zero > 0 && unicode.IsDigit(zero-1) && r-zero < 9 {
		zero--
	}
	return r - zero, true
}

// dateKey returns the comparable form of a calendar date, with or without a year.
func dateKey(s string) (string, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{"2006-01-02", "20060102", "--01-02", "--0102"} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if strings.HasPrefix(layout, "--") {
			return t.Format("--01-02"), true
		}
		return t.Format("2006-01-02"), true
	}
	return "", false
}

// dateTimeKey returns the comparable form of a point in time, whatever the zone it is written in.
func dateTimeKey(s string) (string, bool) {
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(s))
	if err != nil {
		return "", false
	}
	return t.UTC().Format(time.RFC3339Nano), true
}
