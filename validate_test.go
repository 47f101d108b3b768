package contactsync_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
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

// readOnly is an app in which nothing can be written.
type readOnly struct{ *fake.App }

func (c readOnly) Schema(ctx context.Context) (contact.Schema, error) {
	schema, err := c.App.Schema(ctx)
	schema.NoCreate, schema.NoUpdate, schema.NoDelete = true, true, true
	return schema, err
}

// TestTheDirectionFollowsTheApps: of an app that can only be read the default is away from it, and one towards it is refused.
func TestTheDirectionFollowsTheApps(t *testing.T) {
	t.Parallel()
	fields := []contact.Field{{Name: "email", Type: contact.TypeEmail, Meaning: "email"}, {Name: "first", Type: contact.TypeText, Meaning: "first"}}
	for _, source := range contactsync.Sides {
		var fakes [2]*fake.App
		var apps [2]connector.Connector
		for _, s := range contactsync.Sides {
			fakes[s] = fake.New(s.String(), fields)
			apps[s] = fakes[s]
			require.NoError(t, fakes[s].Put(contact.Record{ID: "x", Fields: contact.Fields{"email": contact.Text("x@example.com"), "first": contact.Text("of " + s.String())}},
				contact.Record{ID: "only", Fields: contact.Fields{"email": contact.Text(s.String() + "@example.com")}}))
		}
		apps[source] = readOnly{fakes[source]}
		away, towards := contactsync.AToB, contactsync.BToA
		if source == contactsync.B {
			away, towards = towards, away
		}
		s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, apps[contactsync.A], apps[contactsync.B], memstore.New())
		require.NoError(t, err)
		options, err := s.Options(t.Context())
		require.NoError(t, err)
		require.Equal(t, string(away), options.Settings[0].Value)
		_, err = s.Sync(t.Context())
		require.NoError(t, err)
		require.Zero(t, fakes[source].Writes().Sum())
		require.Equal(t, 1, fakes[source.Other()].Writes().Created)
		require.Len(t, fakes[source.Other()].Records(), 3)
		for _, r := range fakes[source.Other()].Records() {
			if r.ID == "x" {
				require.Equal(t, "of "+source.String(), r.Get("first").Str(), "the source wins")
			}
		}

		for direction, ok := range map[contactsync.Direction]bool{away: true, contactsync.TwoWay: true, towards: false} {
			_, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "other", Direction: direction}, apps[contactsync.A], apps[contactsync.B], memstore.New())
			if ok {
				require.NoError(t, err, direction)
			} else {
				require.ErrorContains(t, err, "direction: ")
				require.ErrorContains(t, err, fmt.Sprintf("%q cannot be chosen: %s can only be read; choose %s", towards, source, away))
			}
		}
	}
}
