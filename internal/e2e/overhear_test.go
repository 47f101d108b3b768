package e2e_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	apps "github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/e2e"
)

// An Ear hears what was entered in whatever it is said: in the words of an error, in what that wraps, in an event, in the
// parts of a report. What is short, or public anyway, it does not take for anybody's.
func TestEar(t *testing.T) {
	t.Parallel()
	fields := []contact.Field{{Name: "first", Type: contact.TypeText}, {Name: "emails", Type: contact.TypeEmail, Many: true}, {Name: "home", Type: contact.TypeAddress},
		{Name: "tags", Type: contact.TypeSet}, {Name: "stage", Type: contact.TypeText}}
	ann := contact.Record{ID: "1", Fields: contact.Fields{"first": contact.Text("Annabel"), "emails": contact.List(contact.Entry{Value: contact.Text("ann@example.com")}),
		"home": contact.Postal(contact.Address{Street: "Kouter 17"}), "tags": contact.Set("Customer"), "stage": contact.Text("Qualified")}}
	for name, tt := range map[string]struct {
		said any
		want int
	}{
		"an error":                   {errors.New("cannot write Annabel"), 1},
		"what it wraps":              {fmt.Errorf("failed: %w", &apps.Error{App: "a", Field: "x", Message: "ann@example.com is no email", Err: apps.ErrInvalid}), 1},
		"an event":                   {contactsync.Event{ID: "1", Err: fmt.Errorf("no street Kouter 17")}, 1},
		"a report":                   {&contactsync.Report{Waiting: []contactsync.Waiting{{Reason: "Annabel of Kouter 17"}}}, 2},
		"an id and a place":          {&apps.Error{App: "a", Op: "update", RecordID: "1", Field: "first", Err: apps.ErrInvalid}, 0},
		"what is configured":         {errors.New("Qualified has no entry in the table"), 0},
		"an element of few":          {errors.New("Customer"), 0},
		"nothing that is to be said": {nil, 0},
	} {
		ear := e2e.NewEar()
		ear.Know(fields, ann)
		ear.Hear(name, tt.said)
		require.Len(t, ear.Leaks(`{"map": {"Qualified": "q"}}`), tt.want, name)
	}
}
