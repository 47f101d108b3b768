package connectortest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// A Suite says how to test a connector. Only New is required.
type Suite struct {
	// New returns a connector on a fresh and empty account. It is called once for each part.
	New func(t *testing.T) connector.Connector
	// Reopen returns another connector on the account of the last New, as another process would.
	Reopen func(t *testing.T) connector.Connector
	// Sample returns the fields of the n-th person, no two of which are alike, for n from 0 to 199. nil makes them
	// from the schema: a value for each field that can be written.
	Sample func(n int) contact.Fields
	// Edit changes these fields of a record behind the connector's back, as a user of the app does.
	Edit func(t *testing.T, id string, fields contact.Fields)
	// Remove deletes a record behind the connector's back.
	Remove func(t *testing.T, id string)
	// Deliveries returns what the app has sent to the webhook since the last call, in order and with the signatures that
	// the connector is to verify.
	Deliveries func(t *testing.T) []connector.Delivery
	// Settle is called after writes and edits, and returns when the app's feed and listings show them. nil means
	// that they do at once.
	Settle func(t *testing.T)
	// Unsupported names the parts that the connector cannot pass, each with the reason; Parts lists all.
	Unsupported map[string]string
}

// part is one subtest.
type part struct {
	name  string
	means string // what it shows
	run   func(*exam)
}

var parts = []part{
	{"schema", "the schema is consistent and does not change", schemaPart},
	{"create", "created records are answered in order, with ids, and read back as they were written", createPart},
	{"length", "text as long as the schema allows is kept whole", lengthPart},
	{"update", "an update changes the fields of its patch and no other", updatePart},
	{"elements", "elements of sets and lists are added and removed one by one", elementsPart},
	{"clear", "a cleared field reads as known to be empty", clearPart},
	{"delete", "a deleted record is gone, and deleting it again is ErrNotFound", deletePart},
	{"unknown", "an update of a record that does not exist is ErrNotFound", unknownPart},
	{"invalid", "a record that the app refuses is ErrInvalid, and its neighbours in the batch are written", invalidPart},
	{"versions", "versions change with their record and only then", versionsPart},
	{"conditional", "a write decided on a stale version is ErrVersionConflict and does nothing", conditionalPart},
	{"marker", "a record is found by the marker of the write that created it", markerPart},
	{"upsert", "a create under an external id makes one record, however often it is sent, and writes no field that it does not name", upsertPart},
	{"key", "a record is found by the value of each field that the schema names", keyPart},
	{"webhook", "a delivery says what changed, and one that was not signed so is ErrSignature", webhookPart},
	{"feed", "the zero cursor gives all records, and says that they are all", feedPart},
	{"quiet", "the feed names nothing when nothing has changed", quietPart},
	{"pages", "the pages of a pass name every record, also when the pass is resumed", pagesPart},
	{"cursor", "a cursor that the app never gave is not taken for one behind which nothing changed", cursorPart},
	{"listing", "all ids are listed with versions, and the list says that they are all", listingPart},
	{"read", "records are read by id, in order, and one that does not exist is ErrNotFound", readPart},
	{"fields", "of each record the fields that were asked for are told, and no other", fieldsPart},
	{"edit", "an edit by others is seen", editPart},
	{"removal", "a deletion by others is seen", removalPart},
	{"reopen", "two connectors on one account see each other's writes, and cursors outlive the process", reopenPart},
	{"identity", "the account has a stable name", identityPart},
	{"cancel", "a call whose context has ended fails and writes nothing", cancelPart},
	{"leaks", "calls leave no goroutine behind", leaksPart},
	{"concurrency", "the connector is safe for use by several goroutines", concurrencyPart},
}

// Parts returns the names of all parts, which are the keys of [Suite.Unsupported], in the order in which they run.
func Parts() []string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	return names
}

// Run tests a connector: one subtest for each part. It does not run subtests in parallel, and the part "leaks"
// counts goroutines, so the test that calls it is better not parallel either.
func Run(t *testing.T, s Suite) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(s.Unsupported)) {
		if !slices.Contains(Parts(), name) {
			t.Errorf("Unsupported names %q, which is no part; the parts are %s", name, strings.Join(Parts(), ", "))
		}
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			for _, fault := range s.examine(t, p) {
				t.Error(fault)
			}
		})
	}
}

// examine runs a part and returns what is wrong, in the light of what is declared.
func (s Suite) examine(t *testing.T, p part) []string {
	e := &exam{t: t, suite: &s}
	e.sit(p)
	reason, declared := s.Unsupported[p.name]
	works := len(e.faults) == 0 && e.unable == ""
	switch {
	case declared && works:
		return []string{fmt.Sprintf("declared as unsupported (%s), but it works: %s; remove the declaration", reason, p.means)}
	case declared:
		t.Logf("unsupported: %s", reason)
		return nil
	case e.unable != "":
		return append(e.faults, fmt.Sprintf("cannot be shown: %s: %s; declare %q in Unsupported if it has to stay so", p.means, e.unable, p.name))
	}
	return e.faults
}
