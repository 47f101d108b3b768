package cards

import (
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/vcard"
)

// omitYear is the parameter by which Apple says that the year of a date is made up.
const omitYear = "X-APPLE-OMIT-YEAR"

// appleDate is the property in which Apple keeps other dates than the birthday; its X-ABLabel says which.
const appleDate = "X-ABDATE"

// findAnniversary returns the index of the property that holds the anniversary, -1 if none does.
func findAnniversary(card *vcard.Card) int {
	for i := range card.Properties {
		p := &card.Properties[i]
		switch p.Name {
		case "ANNIVERSARY", "X-ANNIVERSARY", "X-EVOLUTION-ANNIVERSARY", "X-KADDRESSBOOK-X-ANNIVERSARY":
			return i
		case appleDate:
			if kind, err := kindOf(card, p); err == nil && strings.EqualFold(kind, "anniversary") {
				return i
			}
		}
	}
	return -1
}

// date reads the date of a property. A date that the field cannot hold (a year alone, a text) is absent.
func (r *reader) date(field string, index int) {
	if !r.wants(field) {
		return
	}
	if index < 0 {
		r.out[field] = contact.Empty
		return
	}
	p := &r.card.Properties[index]
	text := strings.TrimSpace(r.decode(p))
	if r.err != nil {
		return
	}
	if text == "" {
		r.out[field] = contact.Empty
		return
	}
	year, month, day, ok := parseDate(text)
	if !ok {
		return
	}
	if omitted := p.Param(omitYear); omitted != "" && omitted == strconv.Itoa(year) {
		year = 0
	}
	if !validDate(year, month, day) {
		r.err = &vcard.Error{Line: p.Line, Problem: p.Name + " is a day that no calendar has; correct it"}
		return
	}
	r.out[field] = contact.Date(year, time.Month(month), day)
}

// parseDate reads 1985-04-12, 19850412, --04-12 and --0412, alone or before the time of day, which does not shift
// the date (RFC 2426 section 3.1.5, RFC 6350 section 4.3). The year is 0 if there is none.
func parseDate(text string) (year, month, day int, ok bool) {
	if i := strings.IndexAny(text, "Tt "); i > 0 {
		text = text[:i]
	}
	rest, noYear := strings.CutPrefix(text, "--")
	if !noYear {
		if len(rest) < 4 {
			return 0, 0, 0, false
		}
		if year, ok = number(rest[:4]); !ok {
			return 0, 0, 0, false
		}
		rest = strings.TrimPrefix(rest[4:], "-")
	}
	if len(rest) == 5 && rest[2] == '-' {
		rest = rest[:2] + rest[3:]
	}
	if len(rest) != 4 {
		return 0, 0, 0, false
	}
	month, ok1 := number(rest[:2])
	day, ok2 := number(rest[2:])
	return year, month, day, ok1 && ok2
}

// number returns the number that digits alone write.
func number(s string) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 16)
	return int(n), err == nil
}

// validDate reports whether there is such a day; without a year, 29 February is one.
func validDate(year, month, day int) bool {
	if year == 0 {
		year = 2000
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return month >= 1 && month <= 12 && day >= 1 && t.Day() == day
}

// putDate writes a date in the way of the card's version, and of the value that it replaces.
func putDate(card *vcard.Card, edit *vcard.Edit, index int, name, date string) {
	if date == "" {
		if index >= 0 {
			removeWithLabel(card, edit, index)
		}
		return
	}
	head, old := vcard.Head(name), ""
	if index >= 0 {
		p := &card.Properties[index]
		head, old = p.Head(), p.Value
	}
	head = head.Without(func(p vcard.Param) bool { return p.Name == "VALUE" || p.Name == omitYear })
	year, month, day, ok := parseDate(date)
	basic := card.Version == "4.0" || old != "" && !strings.Contains(old, "-")
	switch {
	case !ok:
		edit.Put(index, head, card.TextValue(date))
		return
	case year == 0 && card.Version != "4.0":
		// Before 4.0 a date has a year; this is how Apple says that it is not known. 1604 is a leap year.
		year, head = 1604, head.With(omitYear+"=1604")
	}
	layout := "2006-01-02"
	switch {
	case year == 0:
		edit.Put(index, head, vcard.RawValue("--"+twoDigits(month)+twoDigits(day)))
		return
	case basic:
		layout = "20060102"
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	edit.Put(index, head, vcard.RawValue(t.Format(layout)))
}

func twoDigits(n int) string { return string([]byte{byte('0' + n/10%10), byte('0' + n%10)}) }
