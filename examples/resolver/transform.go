package main

import (
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// Extension writes the extension of a phone number as each app wants it: a, a phone, dials it after a pause
// ("+32 2 555 12 12,,34"), and b, a CRM, shows it to people ("+32 2 555 12 12 x34").
type Extension struct{}

// Forward puts an x in the place of the pause.
func (Extension) Forward(v contact.Value) (contact.Value, error) { return swap(v, ",", " x"), nil }

// Back puts a pause in the place of the x.
func (Extension) Back(v contact.Value) (contact.Value, error) { return swap(v, "x", ",,"), nil }

// Lossy reports false: the number and its extension are the same in both spellings.
func (Extension) Lossy() bool { return false }

// String says the transform in words.
func (Extension) String() string { return "extension after a pause in a, after an x in b" }

// swap replaces what stands between a number and its extension, if it has one.
func swap(v contact.Value, from, to string) contact.Value {
	number, extension, ok := strings.Cut(v.Str(), from)
	if !ok {
		return v
	}
	return contact.Text(strings.TrimSpace(number) + to + strings.Trim(extension, from+" "))
}
