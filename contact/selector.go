package contact

import (
	"fmt"
	"slices"
	"strings"
)

// A Selector names a field, or one entry of a list, or one part of an address:
//
//	email                         the field
//	emails[primary]               the entry that is flagged as primary
//	phones[type=mobile]           the first entry of that type
//	addresses[type=home].city     a part of it
//	address.city                  a part of a single address
//
// A value that is read through a selector is a scalar or an address where one entry is named, and what the field
// holds otherwise.
type Selector struct {
	Field   string
	Primary bool   // the primary entry
	Type    string // the first entry of that type; "" means none is asked for
	Part    string // a part of an address, one of [AddressParts]; "" means the whole
}

// ParseSelector reads a selector as it is written in a connection's mappings. The error says what is wrong with it.
func ParseSelector(text string) (Selector, error) {
	s := Selector{}
	rest := text
	if i := strings.IndexAny(rest, "[."); i >= 0 {
		s.Field, rest = rest[:i], rest[i:]
	} else {
		s.Field, rest = rest, ""
	}
	if strings.HasPrefix(rest, "[") {
		inside, after, ok := strings.Cut(rest[1:], "]")
		if !ok {
			return s, fmt.Errorf("selector %q: the [ is not closed", text)
		}
		switch name, value, _ := strings.Cut(inside, "="); {
		case inside == "primary":
			s.Primary = true
		case name == "type" && value != "":
			s.Type = value
		default:
			return s, fmt.Errorf("selector %q: [%s] is neither [primary] nor [type=NAME]", text, inside)
		}
		rest = after
	}
	if strings.HasPrefix(rest, ".") {
		s.Part, rest = rest[1:], ""
		if !slices.Contains(AddressParts, s.Part) {
			return s, fmt.Errorf("selector %q: an address has no part %q, but %s", text, s.Part, strings.Join(AddressParts, ", "))
		}
	}
	if rest != "" || s.Field == "" || strings.ContainsAny(s.Field, "[]") {
		return s, fmt.Errorf("selector %q: want FIELD, FIELD[primary], FIELD[type=NAME] or one of them with .PART", text)
	}
	return s, nil
}

// String returns the selector as ParseSelector reads it.
func (s Selector) String() string {
	text := s.Field
	switch {
	case s.Primary:
		text += "[primary]"
	case s.Type != "":
		text += "[type=" + s.Type + "]"
	}
	if s.Part != "" {
		text += "." + s.Part
	}
	return text
}

// One reports whether the selector picks one entry of a list.
func (s Selector) One() bool { return s.Primary || s.Type != "" }
