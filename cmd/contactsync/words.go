package main

import (
	"fmt"
	"strings"

	"github.com/contactsync/contactsync"
)

// statusWords says what the statuses mean, in the order in which they are shown.
var statusWords = []struct{ status, words string }{
	{contactsync.StatusInSync, "in sync"},
	{contactsync.StatusPending, "pending"},
	{contactsync.StatusExcluded, "excluded"},
	{contactsync.StatusDuplicate, "duplicates"},
	{contactsync.StatusConflict, "in conflict"},
	{contactsync.StatusFailed, "failed"},
	{contactsync.StatusDeleted, "deleted opposite"},
}

// reasonWords says what the reasons mean.
var reasonWords = map[string]string{
	contactsync.ReasonFilter:         "no rule lets it through",
	contactsync.ReasonDirection:      "nothing flows in this direction",
	contactsync.ReasonNoKey:          "it has nothing to match by, such as an email",
	contactsync.ReasonUnread:         "a filter or a match key looks at a field that was not read",
	contactsync.ReasonDuplicateHere:  "another record of the same app has the same key",
	contactsync.ReasonDuplicateThere: "several records of the other app have its key, or its match has a partner already",
	contactsync.ReasonMergedThere:    "the other app merged its partner into another record",
	contactsync.ReasonRequired:       "a field that the other app requires is empty",
	contactsync.ReasonInvalid:        "a value does not fit the other app",
	contactsync.ReasonRejected:       "the app refused it",
	contactsync.ReasonForbidden:      "the account may not do this",
	contactsync.ReasonConflict:       "both sides were edited; a person must decide",
	contactsync.ReasonOscillating:    "its values go back and forth; it is frozen until a person releases it",
	contactsync.ReasonSettling:       "the app may still be taking in the last write",
	contactsync.ReasonUnknownOutcome: "a write was sent and not answered; the app is looked at first",
	contactsync.ReasonDeleteHeld:     "a deletion waits for your consent",
	contactsync.ReasonClearHeld:      "emptied fields wait for your consent",
	contactsync.ReasonCreateHeld:     "a creation waits for your consent",
	contactsync.ReasonPaused:         "the connection is paused",
	contactsync.ReasonUndecided:      "it was read, and no sync has decided it yet",
	contactsync.ReasonForgotten:      "its person was forgotten",
	contactsync.ReasonShadow:         "a sync would write it; the connection only watches",
}

// inWords returns what a reason means; one that is not known here stands as it is.
func inWords(reason string) string {
	if words, ok := reasonWords[reason]; ok {
		return words
	}
	return strings.ReplaceAll(reason, "_", " ")
}

// standing returns the counts by status in words: "9 in sync, 1 excluded".
func standing(status contactsync.Status) string {
	var parts []string
	for _, s := range statusWords {
		if n := status.Counts[s.status]; n > 0 || s.status == contactsync.StatusInSync {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.words))
		}
	}
	return strings.Join(parts, ", ")
}

// labels returns how the two sides of a connection are called.
func labels(doc contactsync.Connection) [2]string { return [2]string{label(doc.A), label(doc.B)} }

// recordIDs names a record, or a pair, by its ids.
func recordIDs(r contactsync.RecordStatus) string {
	var ids []string
	for _, s := range contactsync.Sides {
		if r.IDs[s] != "" {
			ids = append(ids, s.String()+" "+printable(r.IDs[s]))
		}
	}
	return strings.Join(ids, ", ")
}
