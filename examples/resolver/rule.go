package main

import (
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
)

// Customers lets through the people of side a whose email address is at a customer's domain, and tags them in b. What a
// filter cannot ask, because only the host knows it, a rule in Go can.
type Customers struct{ Domains []string }

// The rule takes the tag back (Undo), and says which fields it looks at, so that no others are read for it.
var (
	_ contactsync.UndoingRule = Customers{}
	_ contactsync.FieldedRule = Customers{}
)

// RuleID identifies the rule in the history.
func (Customers) RuleID() string { return "customers" }

// Side says that the rule looks at a.
func (Customers) Side() contactsync.Side { return contactsync.A }

// Admits looks at the domain of the email address. An address that was not read says nothing: the person stays in or
// out, as before.
func (r Customers) Admits(rec contact.Record, _ time.Time) contactsync.Verdict {
	email := rec.Get("email")
	if email.Absent() {
		return contactsync.Verdict{Truth: contactsync.Unknown, Reason: "email was not read"}
	}
	address, _ := contact.EmailKey(email.Str())
	if _, domain, _ := strings.Cut(address, "@"); slices.Contains(r.Domains, domain) {
		return contactsync.Verdict{Truth: contactsync.Yes, Reason: "at a customer's domain"}
	}
	return contactsync.Verdict{Truth: contactsync.No, Reason: "not at a customer's domain"}
}

// Effects tag the person in b.
func (Customers) Effects() []contactsync.Action {
	return []contactsync.Action{contactsync.Add("tags", "Customer")}
}

// RuleUndo takes the tag away from who leaves.
func (Customers) RuleUndo() contactsync.Undo { return contactsync.UndoOwn }

// FieldNames are what Admits looks at.
func (Customers) FieldNames() []string { return []string{"email"} }

// String says the rule in words. It is compared, too: another list of customers has to read otherwise.
func (r Customers) String() string {
	return "people of a at " + strings.Join(r.Domains, ", ") + "; add Customer to tags"
}
