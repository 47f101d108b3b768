package contact

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxText is how many characters a text may have in a field that does not say that it holds more.
const maxText = 10_000

// Check returns an error, which names the field and no content, if v is nothing that a field of this type can mean:
// a date that the calendar does not have, a time without zone, a choice that is not among the options, text that is
// not UTF-8, that holds control characters or that is longer than any field's (10,000 characters, or the field's
// MaxLength if that is more; of an email 1024 bytes, of a phone number 64 characters). A blank value always fits.
//
// What is odd and still means something passes: an email without a domain, a phone number of no plan. So does what
// an app cuts to its size by itself: MaxLength and MaxEntries are no limits here.
func (f Field) Check(v Value) error {
	v, err := f.Coerce(v)
	if err != nil {
		return err
	}
	reason := ""
	switch v.kind {
	case KindText:
		reason = f.checkText(v.text)
	case KindSet:
		reason = firstReason(v.more.set, f.checkText)
	case KindAddress:
		reason = f.checkAddress(v.more.addr)
	case KindList:
		reason = firstReason(v.more.list, f.checkEntry)
	}
	if reason != "" {
		return fmt.Errorf("field %s: %s", f.Name, reason)
	}
	return nil
}

// firstReason returns what is wrong with the first element with which something is, and which one it is.
func firstReason[E any](elements []E, check func(E) string) string {
	for i, e := range elements {
		if reason := check(e); reason != "" {
			return fmt.Sprintf("element %d: %s", i+1, reason)
		}
	}
	return ""
}

func (f Field) checkEntry(e Entry) string {
	if e.Value.kind == KindAddress {
		return f.checkAddress(e.Value.more.addr)
	}
	if e.Value.kind != KindText {
		return ""
	}
	return f.checkText(e.Value.text)
}

func (f Field) checkAddress(a *Address) string {
	for _, name := range AddressParts {
		if reason := f.checkCharacters(*a.part(name)); reason != "" {
			return name + ": " + reason
		}
	}
	return ""
}

// checkText returns what is wrong with a text in a field of this type, "" if nothing is.
func (f Field) checkText(s string) string {
	if reason := f.checkCharacters(s); reason != "" {
		return reason
	}
	switch f.Type {
	case TypeEmail:
		if len(s) > maxEmail {
			return fmt.Sprintf("longer than an email address can be (%d bytes)", maxEmail)
		}
	case TypePhone:
		if utf8.RuneCountInString(s) > maxPhone {
			return fmt.Sprintf("longer than a phone number can be (%d characters)", maxPhone)
		}
	case TypeDate:
		if _, ok := dateKey(s); !ok {
			return "not a date of the calendar; want 2006-01-02, or --01-02 without year"
		}
	case TypeDateTime:
		if _, err := time.Parse(time.RFC3339, trim(s)); err != nil {
			return "not a point in time; want RFC 3339, 2006-01-02T15:04:05Z"
		}
	case TypeChoice:
		if len(f.Options) > 0 && !slices.ContainsFunc(f.Options, func(o string) bool { return NormalText(o) == NormalText(s) }) {
			return "not one of the options: " + strings.Join(f.Options, ", ")
		}
	case TypeSet:
		if len(f.Options) > 0 && !slices.ContainsFunc(f.Options, func(o string) bool { return sameFolded(o, s) }) {
			return "not one of the options: " + strings.Join(f.Options, ", ")
		}
	}
	return ""
}

// checkCharacters returns what is wrong with the characters of a text and their number.
func (f Field) checkCharacters(s string) string {
	if !utf8.ValidString(s) {
		return "not UTF-8"
	}
	if n, most := utf8.RuneCountInString(s), max(maxText, f.MaxLength); n > most {
		return fmt.Sprintf("%d characters, which is more than %d", n, most)
	}
	lines := f.Type == TypeText || f.Type == TypeAddress // only there lines may end
	if strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && !(lines && (r == '\n' || r == '\r' || r == '\t'))
	}) {
		return "a control character that cannot be there"
	}
	return ""
}
