package contactsync_test

import (
	"errors"
	"testing"

	. "github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// TestKindsOfAnAccount: where an account has several kinds of records, such as address books, a screen offers them before
// anything else is known of the app, and a connection that names none or another is told which there are.
func TestKindsOfAnAccount(t *testing.T) {
	t.Parallel()
	books := []connector.Kind{{ID: "work", Label: "Colleagues"}, {ID: "private", Label: "Private"}, {ID: "shared", ReadOnly: true}}
	open := func(kind string, opts ...Option) (*Syncer, error) {
		kinds := make([]connector.Kind, len(books))
		for i, k := range books {
			k.Chosen = k.ID == kind
			kinds[i] = k
		}
		c := Connection{ID: "x", B: Endpoint{App: "dav", Kind: kind}}
		return Open(t.Context(), c, fake.New("a", bookFields("labels")), fake.New("b", bookFields("tags"), fake.WithKinds(kinds...)), memstore.New(), opts...)
	}
	list := "choose one of: work (Colleagues), private, shared (read-only)"
	for kind, want := range map[string]string{"": "b.kind: the account has several kinds of records; " + list, "wrok": `b.kind: the account has no kind "wrok"; ` + list} {
		_, err := open(kind)
		var invalid *InvalidError
		require.True(t, errors.As(err, &invalid), "%v", err)
		require.Equal(t, []string{want}, []string{invalid.Faults[0].String()})

		draft, err := open(kind, Draft())
		require.NoError(t, err)
		options, err := draft.Options(t.Context())
		require.NoError(t, err)
		require.Empty(t, options.Fields[B], "nothing is known of the fields yet")
		require.NotEmpty(t, options.Fields[A])
		if diff := cmp.Diff([2][]KindChoice{{}, {{"work", "Colleagues", false, false}, {"private", "Private", false, false}, {"shared", "", true, false}}}, options.Kinds); diff != "" {
			t.Error(diff)
		}
		review, err := draft.Review(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, review.Faults[0].String())
	}
	s, err := open("private")
	require.NoError(t, err)
	options, err := s.Options(t.Context())
	require.NoError(t, err)
	require.True(t, options.Kinds[B][1].InUse)
	require.False(t, options.Kinds[B][0].InUse)
	require.NotEmpty(t, options.Fields[B])
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
}

// TestF86OneKindOnBothSides: one kind of one account is not synced with itself, however the two sides call it.
func TestF86OneKindOnBothSides(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		said, opened [2]string
		same         bool
	}{
		"called otherwise":           {said: [2]string{"friends", "Friends"}, opened: [2]string{"friends", "friends"}, same: true},
		"the only one, and not said": {said: [2]string{"", "friends"}, opened: [2]string{"friends", "friends"}, same: true},
		"two":                        {said: [2]string{"friends", "family"}, opened: [2]string{"friends", "family"}},
		"two of an app that is mute": {said: [2]string{"friends", "family"}},
		"one of an app that is mute": {said: [2]string{"friends", "friends"}, same: true},
	} {
		var apps [2]connector.Connector
		for i, id := range tt.opened {
			var options []fake.Option
			if id != "" {
				options = append(options, fake.WithKinds(connector.Kind{ID: "another"}, connector.Kind{ID: id, Chosen: true}))
			}
			apps[i] = fake.New("crm", bookFields("tags"), options...)
		}
		c := Connection{ID: "x", A: Endpoint{App: "crm", Account: "a", Kind: tt.said[A]}, B: Endpoint{App: "crm", Account: "b", Kind: tt.said[B]}}
		s, err := Open(t.Context(), c, apps[A], apps[B], memstore.New())
		require.NoError(t, err)
		if _, err = s.Sync(t.Context()); tt.same != errors.Is(err, ErrSameAccount) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
