package sim

import (
	"fmt"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// In a ring of connections what one corrects comes back to it, and where their rules contradict each other a cell goes to and
// fro, until it is frozen: after the third time in a day. Until then the world is not at rest, and its rounds do not count.

// swingRounds is how many rounds of a ring do not count at most. Whatever swings longer swings for ever.
const swingRounds = 30

// swings notes whether engines write values that a cell held before, since there are no more edits; of lists and sets element
// by element.
type swings struct {
	held  map[string]bool // by cell and element, with the value
	swung bool            // in this round
}

// note takes in an event. It is for whoever counts rounds: nil notes nothing.
func (s *swings) note(e oracle.Event) {
	if s == nil || e.Kind != oracle.Wrote {
		return
	}
	if e.Op != "update" { // who is deleted and made again as he was goes to and fro as well
		s.there(e)
		return
	}
	for _, name := range e.After.Names() {
		before, after := parts(e.Before[name]), parts(e.After[name])
		for part := range union(before, after) {
			if before[part] == after[part] {
				continue
			}
			cell := fmt.Sprintf("%d %s %s %q ", e.App, e.ID, name, part)
			s.held[cell+before[part]] = true
			s.swung = s.swung || s.held[cell+after[part]]
		}
	}
}

// there notes that an engine has made or deleted somebody.
func (s *swings) there(e oracle.Event) {
	who := func(of contact.Fields) string { return fmt.Sprintf("%d %s", e.App, of.Digest()) }
	if e.Op == "create" {
		s.swung = s.swung || s.held[who(e.After)]
		return
	}
	s.held[who(e.Before)] = true
}

// parts returns what is in a value: each element that it has, or the value as a whole.
func parts(v contact.Value) map[string]string {
	all := map[string]string{}
	for _, text := range v.Elements() {
		all[text] = "there"
	}
	for _, e := range v.Entries() {
		all[e.Value.Str()] = "there"
	}
	if v.Kind() != contact.KindSet && v.Kind() != contact.KindList && !v.Blank() {
		all[""] = v.Str()
	}
	return all
}

// union returns the keys of both.
func union(x, y map[string]string) map[string]bool {
	keys := map[string]bool{}
	for _, all := range []map[string]string{x, y} {
		for k := range all {
			keys[k] = true
		}
	}
	return keys
}
