package connector_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// knowing is a connector that lists what the caller knows of the id "a".
type knowing struct{ connector.Connector }

func (knowing) Schema(context.Context) (contact.Schema, error) { return contact.Schema{}, nil }

func (knowing) ListKnown(_ context.Context, _ connector.Cursor, known func(string) string) (connector.Listing, error) {
	return connector.Listing{Items: []connector.Item{{ID: "a", Version: known("a")}}, Complete: true}, nil
}

// TestWrapPassesKnownOn shows that a wrapped connector hears what the caller knows, and that one which does not ask
// is not called one that does.
func TestWrapPassesKnownOn(t *testing.T) {
	t.Parallel()
	lister := connector.FeaturesOf(connector.Wrap(knowing{}, connector.WrapOptions{})).KnownLister
	require.NotNil(t, lister)
	got, err := lister.ListKnown(t.Context(), "", func(id string) string { return "version of " + id })
	require.NoError(t, err)
	if diff := cmp.Diff([]connector.Item{{ID: "a", Version: "version of a"}}, got.Items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	var plain struct{ connector.Connector }
	require.Nil(t, connector.FeaturesOf(connector.Wrap(plain, connector.WrapOptions{})).KnownLister)
}
