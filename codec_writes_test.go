package contactsync

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

var compareRows = cmp.AllowUnexported(settlement{}, contact.Value{}, intentRow{}, journalRow{})

// Rows are written by hand, and read by hand or by the tags of their structs: a field that only one of the two knows is lost.
func TestRowsOfWritesAreReadAsTheyWereWritten(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	text := func(s string) []contact.Value { return []contact.Value{contact.Text(s)} }
	entry := contact.Entry{Value: contact.Text("x@example.com"), Type: "work", Primary: true}
	why := map[string]Why{
		"":      {Because: "created from \"a\""},
		"email": {Mapping: "m", Rule: "r", Because: "both changed", Undone: true, Lost: contact.List(entry)},
	}
	intents := map[string]intentRow{
		"empty": {At: at, Writes: []intent{}},
		"full": {Side: B, Op: connector.Update, Run: 12, At: at, Writes: []intent{{ID: "only"}, {
			ID: "id\x00", Link: "000000012 00000001", Marker: "m-1", Back: "000000011 00000001", Clean: true, Clears: []string{"first:first"}, Why: why,
			Kept: []string{"email"}, Moved: []string{"first"}, Since: 3,
			Part: true, Partner: "a1", Had: contact.Fields{"first": contact.Empty},
			Patch: contact.Patch{
				"first":  {Set: contact.Empty},
				"last":   {Set: contact.Text("O'Neill <&>")},
				"emails": {Add: []contact.Entry{entry}, Remove: []contact.Entry{{Value: contact.Text("y@example.com")}}},
			},
			Before: contact.Fields{"first": contact.Text("Ann"), "last": contact.Empty},
			Settle: []settlement{
				{Mapping: "first:first", Val: sides{text("Ann"), text("Ann")}},
				{Mapping: "last:last", Val: sides{text("O"), nil}, Both: true},
				{Mapping: "emails:emails", Element: "x@example.com", Entry: [2]*contact.Entry{&entry, nil}},
				{Mapping: "notes:notes", Forget: true},
				{Membership: "m2", Forget: true},
				{Membership: "m1", Member: member{In: true}},
				{Target: "b tags\x00phone", Layer: &layer{Under: contact.Empty, Wrote: contact.Text("x"), Goal: contact.Text("X")}},
				{Target: "b stage"},
			},
		}}},
	}
	for name, want := range intents {
		var got intentRow
		require.NoError(t, json.Unmarshal(want.body(), &got), name)
		if diff := cmp.Diff(want, got, compareRows); diff != "" {
			t.Errorf("intent %s (-written +read):\n%s", name, diff)
		}
	}
	journal := map[string]journalRow{
		"empty": {At: at},
		"full": {At: at, Side: B, Op: connector.Delete, IDs: [2]string{"a\"1", "b1"}, Before: contact.Fields{"first": contact.Text("Ann")},
			After: contact.Fields{"first": contact.Empty}, Why: why, Altered: []string{"first"}, Refused: "no", Found: true, Foreseen: true, Part: true, Decision: DecidedLink,
			Was: []byte(`{"id_a":"a1"}`), Back: "000000011 00000001"},
	}
	for name, want := range journal {
		got, err := parseJournal(want.row("key"))
		require.NoError(t, err, name)
		if diff := cmp.Diff(want, got, compareRows); diff != "" {
			t.Errorf("journal %s (-written +read):\n%s", name, diff)
		}
	}
}
