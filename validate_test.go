package contactsync_test

import (
	"errors"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// TestValidate: everything that is wrong is said at once, each with its place.
func TestValidate(t *testing.T) {
	t.Parallel()
	a := contact.Schema{Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail, Meaning: "email"}, {Name: "born", Type: contact.TypeDate},
		{Name: "score", Type: contact.TypeNumber, ReadOnly: true}, {Name: "labels", Type: contact.TypeSet}}}
	b := contact.Schema{Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail, Meaning: "email"}, {Name: "tags", Type: contact.TypeSet},
		{Name: "score", Type: contact.TypeNumber}}}
	c, err := contactsync.ParseConnection([]byte(`{"id": "x", "direction": "sideways", "time_zone": "Mars/Olympus",
		"match": {"keys": ["email", "shoe_size"]}, "guard": {"max_deletions": -1},
		"rules": [{"from": "a", "filter": {"field": "labels", "op": "is", "value": "x"}}, {"from": "b", "actions": [{"add": "x", "to": "nowhere"}]}],
		"mappings": [{"a": "email", "b": "email"}, {"a": "born", "b": "tags"}, {"a": "score", "b": "score"}, {"a": "nothing", "b": "email"}]}`))
	require.NoError(t, err)
	var invalid *contactsync.InvalidError
	require.True(t, errors.As(c.Validate(a, b), &invalid))
	var got []string
	for _, f := range invalid.Faults {
		got = append(got, f.Path)
	}
	want := []string{"time_zone", "direction", "guard.max_deletions", "rules[0].filter.op", "rules[1].actions[0]", "mappings[1]", "mappings[2]",
		"mappings[3].a", "match.keys[1]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s\n%v", diff, invalid)
	}
	if err := (contactsync.Connection{ID: "x"}).Validate(a, b); err != nil {
		t.Errorf("the zero connection: %v", err)
	}
}
