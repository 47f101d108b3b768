package contactsync

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// TestAsHappened: deliveries that wait together are taken as things happened, and of one moment those of an old id first, then word of
// the new one, then what is told of that. What is of one moment otherwise stays in the order of receipt.
func TestAsHappened(t *testing.T) {
	t.Parallel()
	at := func(second int) time.Time { return time.Date(2026, 3, 1, 9, 0, second, 0, time.UTC) }
	told := func(second int, id, first string) connector.Change {
		return connector.Change{At: at(second), Record: contact.Record{ID: id, Fields: contact.Fields{"first": contact.Text(first)}}}
	}
	moved := func(second int, old, now string) connector.Change {
		return connector.Change{At: at(second), Rekeyed: connector.Rekey{Old: old, New: now}}
	}
	gone := func(second int, id string) connector.Change { return connector.Change{At: at(second), Deleted: id} }
	for name, tt := range map[string]struct{ got, want []connector.Change }{
		"by time": {
			[]connector.Change{told(3, "b9", "Anna"), moved(2, "b1", "b9"), told(1, "b1", "Ann")},
			[]connector.Change{told(1, "b1", "Ann"), moved(2, "b1", "b9"), told(3, "b9", "Anna")}},
		"of one moment": {
			[]connector.Change{told(1, "b9", "Anna"), moved(1, "b1", "b9"), told(1, "b1", "Ann"), gone(1, "b1")},
			[]connector.Change{told(1, "b1", "Ann"), gone(1, "b1"), moved(1, "b1", "b9"), told(1, "b9", "Anna")}},
		"of one moment and of others": {
			[]connector.Change{told(1, "b2", "Bob"), told(1, "b3", "Cid"), gone(1, "b2"), told(1, "b1", "Ann"), moved(4, "b1", "b9")},
			[]connector.Change{told(1, "b1", "Ann"), told(1, "b2", "Bob"), told(1, "b3", "Cid"), gone(1, "b2"), moved(4, "b1", "b9")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, asHappened(tt.got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
