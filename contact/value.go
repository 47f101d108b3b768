package contact

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind says which of its forms a Value has.
type Kind uint8

// The kinds of a Value.
const (
	KindAbsent  Kind = iota // not read: nothing is known
	KindEmpty               // known to be empty
	KindText                // text, email, phone, url, date, datetime, choice
	KindNumber              // a decimal number, kept as it was written
	KindBool                // true or false
	KindSet                 // a set of strings: labels, tags, lists
	KindAddress             // one structured postal address
	KindList                // a list of typed entries, one of which may be primary
)

// A Value is what one field of one record holds. It is immutable: no function of this package changes one, and
// a caller must not change the slices that [Value.Elements] and [Value.Entries] return. The zero Value is absent.
type Value struct {
	kind Kind
	text string // text, or the literal of a number, or "true" and "false"
	more *more
}

// more holds the parts of the kinds that are not scalar, so that the scalar ones stay small.
type more struct {
	set  []string
	list []Entry
	addr *Address
}

// Empty is the value of a field that is known to hold nothing.
var Empty = Value{kind: KindEmpty}

// An Entry is one element of a list: an email, phone number, address or the like, with the type that the app
// gives it ("work", "mobile"; "" means none) and whether it is the list's primary one.
type Entry struct {
	Value   Value  `json:"value"`
	Type    string `json:"type,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

// An Address is a structured postal address. The zero Address is empty.
type Address struct {
	POBox      string `json:"po_box,omitempty"`
	Extended   string `json:"extended,omitempty"` // apartment, suite
	Street     string `json:"street,omitempty"`
	City       string `json:"city,omitempty"`
	Region     string `json:"region,omitempty"` // state or province
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"country,omitempty"`
}

// AddressParts are the names of the parts of an address, as a selector names them, in the order of RFC 6350
// section 6.3.1.
var AddressParts = []string{"po_box", "extended", "street", "city", "region", "postal_code", "country"}

// part returns a pointer to the named part of the address, nil if there is no part of that name.
func (a *Address) part(name string) *string {
	switch name {
	case "po_box":
		return &a.POBox
	case "extended":
		return &a.Extended
	case "street":
		return &a.Street
	case "city":
		return &a.City
	case "region":
		return &a.Region
	case "postal_code":
		return &a.PostalCode
	case "country":
		return &a.Country
	}
	return nil
}

// Text returns the value of a text field, or of a field whose type is written as text: email, phone, url,
// choice, date ("2006-01-02", "--01-02" without year) and datetime (RFC 3339). Text of space alone ([NormalText]
// says what counts as space) is [Empty].
func Text(s string) Value {
	if blank(s) {
		return Empty
	}
	return Value{kind: KindText, text: s}
}

// Number returns the value of a decimal number, kept exactly as literal writes it ("42.50", "-1e3"). It fails
// if literal is not a number in the form of JSON (RFC 8259 section 6).
func Number(literal string) (Value, error) {
	if !validNumber(literal) {
		return Value{}, fmt.Errorf("not a decimal number (%d characters)", len(literal))
	}
	return Value{kind: KindNumber, text: literal}, nil
}

// Int returns the value of a whole number.
func Int(n int64) Value { return Value{kind: KindNumber, text: strconv.FormatInt(n, 10)} }

// Bool returns the value of a yes-or-no field.
func Bool(b bool) Value { return Value{kind: KindBool, text: strconv.FormatBool(b)} }

// Date returns the value of a calendar date. A year of 0 means that it is not known.
func Date(year int, month time.Month, day int) Value {
	if year == 0 {
		return Text(fmt.Sprintf("--%02d-%02d", int(month), day))
	}
	return Text(fmt.Sprintf("%04d-%02d-%02d", year, int(month), day))
}

// DateTime returns the value of a point in time, written in RFC 3339 with the zone that t has.
func DateTime(t time.Time) Value { return Text(t.Format(time.RFC3339Nano)) }

// Set returns the value of a set of strings. A blank element is left out; a set without elements is [Empty].
func Set(elements ...string) Value { return newSet(slices.Clone(elements)) }

// newSet is Set for elements that the caller gives away.
func newSet(elements []string) Value {
	elements = slices.DeleteFunc(elements, blank)
	if len(elements) == 0 {
		return Empty
	}
	return Value{kind: KindSet, more: &more{set: elements}}
}

// List returns the value of a list of entries. An entry without a value is left out; a list without entries
// is [Empty].
func List(entries ...Entry) Value {
	kept := make([]Entry, 0, len(entries))
	for _, e := range entries {
		if !e.Value.Blank() {
			kept = append(kept, e)
		}
	}
	if len(kept) == 0 {
		return Empty
	}
	return Value{kind: KindList, more: &more{list: kept}}
}

// Postal returns the value of an address; that of an address whose parts are all blank is [Empty].
func Postal(a Address) Value {
	for _, name := range AddressParts {
		if !blank(*a.part(name)) {
			return Value{kind: KindAddress, more: &more{addr: &a}}
		}
	}
	return Empty
}

// Kind returns the form that the value has.
func (v Value) Kind() Kind { return v.kind }

// Absent reports whether nothing is known of the value.
func (v Value) Absent() bool { return v.kind == KindAbsent }

// Blank reports whether the value holds nothing: it is absent or empty.
func (v Value) Blank() bool { return v.kind <= KindEmpty }

// Str returns the text of a scalar value: text as it is, a number as its literal, a bool as "true" or "false".
// It is "" for every other kind.
func (v Value) Str() string { return v.text }

// Elements returns the elements of a set in the order in which they were given, nil for another kind.
func (v Value) Elements() []string {
	if v.kind != KindSet {
		return nil
	}
	return v.more.set
}

// Entries returns the entries of a list in the order in which they were given, nil for another kind.
func (v Value) Entries() []Entry {
	if v.kind != KindList {
		return nil
	}
	return v.more.list
}

// Address returns the address that the value holds, the zero Address for another kind.
func (v Value) Address() Address {
	if v.kind != KindAddress {
		return Address{}
	}
	return *v.more.addr
}

// Equal reports whether both values are the same to the letter, order included. It is how a test or a cache
// compares; whether they mean the same is for [Field.Same] to say.
func (v Value) Equal(w Value) bool {
	if v.kind != w.kind || v.text != w.text {
		return false
	}
	if v.more == w.more {
		return true // one and the same, or scalars
	}
	switch v.kind {
	case KindSet:
		return slices.Equal(v.more.set, w.more.set)
	case KindAddress:
		return *v.more.addr == *w.more.addr
	case KindList:
		return slices.EqualFunc(v.more.list, w.more.list, Entry.Equal)
	}
	return true
}

// Equal reports whether both entries are the same to the letter.
func (e Entry) Equal(f Entry) bool {
	return e.Type == f.Type && e.Primary == f.Primary && e.Value.Equal(f.Value)
}

// String describes the value for a person who reads it: the text itself, the elements of a set joined by commas.
func (v Value) String() string {
	switch v.kind {
	case KindAbsent:
		return "(not read)"
	case KindEmpty:
		return "(empty)"
	case KindSet:
		return strings.Join(v.more.set, ", ")
	case KindAddress:
		var parts []string
		for _, name := range AddressParts {
			if p := *v.more.addr.part(name); p != "" {
				parts = append(parts, p)
			}
		}
		return strings.Join(parts, ", ")
	case KindList:
		var parts []string
		for _, e := range v.more.list {
			if e.Type != "" {
				parts = append(parts, e.Value.String()+" ("+e.Type+")")
			} else {
				parts = append(parts, e.Value.String())
			}
		}
		return strings.Join(parts, ", ")
	}
	return v.text
}
