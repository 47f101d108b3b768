package contact

import (
	"strconv"
	"strings"
	"time"
)

// dateKey returns the comparable form of a calendar date, and whether the text is a date that the calendar has.
// A date is written with its parts in a row or with dashes, and may lack its year, day, or month and day
// (RFC 6350 section 4.3.1, ISO 8601:2004 section 4.1.2): "19850412", "1985-04-12", "1985-04", "1985", "--0412",
// "--04-12", "--04", "---12". A date with a time is none: to cut the time off could move the day.
func dateKey(s string) (string, bool) {
	s = trim(s)
	year, month, day, ok := dateParts(s)
	if !ok || !inCalendar(year, month, day) {
		return "", false
	}
	switch len(s) {
	case len("00000000"):
		return year + "-" + month + "-" + day, true
	case len("--0000"):
		return "--" + month + "-" + day, true
	}
	return s, true
}

// dateParts returns the parts of a date as they are written, "" for a part that it lacks.
func dateParts(s string) (year, month, day string, ok bool) {
	var shape [len("0000-00-00")]byte
	if len(s) > len(shape) {
		return "", "", "", false
	}
	for i := range len(s) {
		shape[i] = s[i]
		if s[i] >= '0' && s[i] <= '9' {
			shape[i] = '0'
		}
	}
	switch string(shape[:len(s)]) {
	case "0000-00-00":
		return s[:4], s[5:7], s[8:], true
	case "00000000":
		return s[:4], s[4:6], s[6:], true
	case "0000-00":
		return s[:4], s[5:], "", true
	case "0000":
		return s, "", "", true
	case "--00-00":
		return "", s[2:4], s[5:], true
	case "--0000":
		return "", s[2:4], s[4:], true
	case "--00":
		return "", s[2:], "", true
	case "---00":
		return "", "", s[3:], true
	}
	return "", "", "", false
}

// inCalendar reports whether there is such a date. Where the year is not known, 29 February is one.
func inCalendar(year, month, day string) bool {
	y, m, d := 2000, 1, 1 // a leap year, and a month with all days
	for _, part := range []struct {
		text string
		into *int
	}{{year, &y}, {month, &m}, {day, &d}} {
		if part.text != "" {
			*part.into, _ = strconv.Atoi(part.text) // digits, at most four
		}
	}
	if m < 1 || m > 12 || d < 1 {
		return false
	}
	return d <= time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// dateTimeKey returns the comparable form of a point in time (RFC 3339), whatever the zone it is written in.
func dateTimeKey(s string) (string, bool) {
	s = trim(s)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return "", false
	}
	if len(s) == len("2006-01-02T15:04:05Z") && strings.HasSuffix(s, "Z") {
		return s, true
	}
	return t.UTC().Format(time.RFC3339Nano), true
}
