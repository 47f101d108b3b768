package contactsync

import (
	"time"

	"github.com/contactsync/contactsync/contact"
)

// A Policy says what happens when both users changed the same thing since it was last settled, or when two
// records meet for the first time and differ. The zero Policy lets side a win.
type Policy struct {
	Kind   PolicyKind `json:"policy,omitempty"` // PolicyWinner if ""
	Winner Side       `json:"winner"`           // who wins; of newest, where no time says who is newer
	// Resolver decides instead of the kind, if it is not nil.
	Resolver Resolver `json:"-"`
}

// PolicyKind is a way to decide a conflict.
type PolicyKind string

// The ways to decide a conflict. "" is PolicyWinner.
const (
	PolicyWinner PolicyKind = "winner" // one app wins
	PolicyNewest PolicyKind = "newest" // the record that was modified last wins, by the apps' own times
	PolicyAsk    PolicyKind = "ask"    // the field is held until a person decides
)

// A Resolver decides conflicts in Go. It is a pure function: the same conflict gives the same decision.
type Resolver interface {
	Resolve(c Conflict) Decision
}

// A Conflict is what a Resolver decides: one mapping of one pair.
type Conflict struct {
	Mapping string            // the mapping's id
	Record  [2]contact.Record // both records as read
	Value   [2]contact.Value  // what each side holds; of several fields, the first
	Settled [2]contact.Value  // what was settled last; absent if nothing was
}

// A Decision is how a conflict ends. The zero Decision holds it for a person.
type Decision struct {
	Take Take
}

// Take is whose value is taken.
type Take string

// What a decision can take. "" holds the conflict.
const (
	TakeA Take = "a"
	TakeB Take = "b"
)

// check adds what is wrong with the policy.
func (p *Policy) check(path string, bad *faults) {
	switch p.Kind {
	case "", PolicyWinner, PolicyNewest, PolicyAsk:
	default:
		bad.add(path+".policy", "there is no policy %q, but winner, newest and ask", p.Kind)
	}
	if p.Winner > B {
		bad.add(path+".winner", "the winner is a or b")
	}
}

// prefer says which side wins a clash: ok is false if a person must decide. edited is when each side's edit was
// made, zero if the app does not say.
func (p *Policy) prefer(edited [2]time.Time) (winner Side, ok bool) {
	switch p.Kind {
	case PolicyAsk:
		return A, false
	case PolicyNewest:
		if !edited[A].IsZero() && !edited[B].IsZero() && !edited[A].Equal(edited[B]) {
			if edited[A].After(edited[B]) {
				return A, true
			}
			return B, true
		}
	}
	return p.Winner, true
}

// String says the policy in words.
func (p Policy) String() string { return p.words([2]string{"a", "b"}) }

// words says the policy with the two apps called by these names.
func (p Policy) words(names [2]string) string {
	switch p.Kind {
	case PolicyNewest:
		return "newest wins"
	case PolicyAsk:
		return "a person decides"
	}
	return names[p.Winner&1] + " wins"
}

// facts are what is known of one mapped field when it is decided.
type facts struct {
	absent  [2]bool // that side was not read
	settled bool    // something was settled before
	changed [2]bool // that side differs in meaning from what was settled on it; never if absent
	blank   [2]bool
	agree   bool    // both sides mean the same
	flow    [2]bool // that side's value may go to the other
}

// verdict is what becomes of one mapped field.
type verdict uint8

const (
	keep   verdict = iota // nothing changed: nothing to do
	settle                // both mean the same: note that, write nothing
	leave                 // an edit that may not flow stays where it is, unsettled
	writeA                // b's value goes to a
	writeB                // a's value goes to b
	clash                 // both were changed and both may flow: the policy decides
)

// toward is the verdict that writes side s.
func toward(s Side) verdict { return writeA + verdict(s) }

// decide says what becomes of one mapped field. It never looks at which side is newer: that is the policy's.
func decide(f facts) verdict {
	if f.absent[A] || f.absent[B] {
		// Nothing is overwritten unseen, and what was not read is no edit.
		if f.settled && !f.changed[A] && !f.changed[B] {
			return keep
		}
		return leave
	}
	if f.settled {
		return decideEdit(f)
	}
	return decideFirst(f)
}

// decideEdit decides a field of which something was settled before.
func decideEdit(f facts) verdict {
	switch {
	case !f.changed[A] && !f.changed[B]:
		return keep
	case f.agree:
		return settle
	case !f.changed[B]:
		return f.carry(A)
	case !f.changed[A]:
		return f.carry(B)
	}
	// At this point both users made different edits.
	switch {
	case f.flow[A] && f.flow[B] && f.blank[A] != f.blank[B]:
		return toward(filledFirst(f.blank).Other()) // a value beats a blank
	case f.flow[A] && f.flow[B]:
		return clash
	case f.flow[A]:
		return writeB
	case f.flow[B]:
		return writeA
	}
	return leave
}

// decideFirst decides a field that two records bring to their first match, or that a new mapping joins.
func decideFirst(f facts) verdict {
	switch {
	case f.agree:
		return settle
	case f.blank[A] != f.blank[B]:
		return f.carry(filledFirst(f.blank)) // the blank is filled, and never wins
	case f.flow[A] && f.flow[B]:
		return clash
	case f.flow[A]:
		return writeB
	case f.flow[B]:
		return writeA
	}
	return leave
}

// carry writes the value of side s to the other, if it may flow.
func (f facts) carry(s Side) verdict {
	if f.flow[s] {
		return toward(s.Other())
	}
	return leave
}

// filledFirst returns the side that is not blank, A if neither is.
func filledFirst(blank [2]bool) Side {
	if blank[A] {
		return B
	}
	return A
}
