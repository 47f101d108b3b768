package main

import (
	"strings"

	"github.com/contactsync/contactsync"
)

// Fuller ends a conflict in favour of the text that holds the other one: of "Acme" and "Acme Corporation" the second.
// Where neither does, a person decides.
type Fuller struct{}

// Resolve says which side's text is the fuller one.
func (Fuller) Resolve(c contactsync.Conflict) contactsync.Decision {
	a, b := strings.ToLower(c.Value[contactsync.A].Str()), strings.ToLower(c.Value[contactsync.B].Str())
	switch {
	case strings.Contains(a, b):
		return contactsync.Decision{Take: contactsync.TakeA}
	case strings.Contains(b, a):
		return contactsync.Decision{Take: contactsync.TakeB}
	}
	return contactsync.Decision{}
}
