package contactsync_test

import (
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

// TestWhatAPreviewReadStands: a record that was read and that no sync has decided says just that, one by one, in the list
// and in the numbers, until a sync decides it; the plan is the same whether or not somebody looked before.
func TestWhatAPreviewReadStands(t *testing.T) {
	t.Parallel()
	apps := [2]*fake.App{exampleApp("a"), exampleApp("b")}
	put := func(s int, id string, fields contact.Fields) {
		require.NoError(t, apps[s].Put(contact.Record{ID: id, Fields: fields}))
	}
	put(0, "a1", examplePerson("Ann", ""))
	put(1, "b1", examplePerson("Ann", ""))
	put(0, "a2", examplePerson("Bob", ""))
	put(0, "a3", contact.Fields{"first": contact.Text("No key")})
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, apps[0], apps[1], memstore.New())
	require.NoError(t, err)
	undecided := func(want ...string) {
		t.Helper()
		page, _, err := s.Records(t.Context(), contactsync.RecordQuery{Status: contactsync.StatusPending, Reason: contactsync.ReasonUndecided})
		require.NoError(t, err)
		var got []string
		for _, r := range page {
			got = append(got, r.IDs[0]+r.IDs[1])
			require.NotEmpty(t, r.Do)
		}
		require.Equal(t, want, got)
		status, err := s.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, len(want), status.Reasons["pending undecided"])
	}
	first, err := s.Preview(t.Context())
	require.NoError(t, err)
	undecided("a1", "a2", "a3", "b1")
	r, err := s.Record(t.Context(), contactsync.A, "a2")
	require.NoError(t, err)
	require.Equal(t, []string{"pending", "undecided", "it was read, and no sync has decided it yet"}, []string{r.Status, r.Reason, r.Message})
	again, err := s.Preview(t.Context())
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	undecided()
	put(0, "a4", examplePerson("Cy", ""))
	_, err = s.Preview(t.Context())
	require.NoError(t, err)
	undecided("a4")
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	undecided()
}

// TestWhatASyncDidNotGetToStands: so does a record that a sync has read which then could not go on.
func TestWhatASyncDidNotGetToStands(t *testing.T) {
	t.Parallel()
	apps := [2]*fake.App{exampleApp("a"), exampleApp("b")}
	require.NoError(t, apps[0].Put(contact.Record{ID: "a1", Fields: examplePerson("Ann", "")}))
	require.NoError(t, apps[1].Fail(fake.Fault{On: "changes", Kind: fake.Unauthorized, Times: 1}))
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, apps[0], apps[1], memstore.New())
	require.NoError(t, err)
	_, err = s.Sync(t.Context())
	require.Error(t, err)
	r, err := s.Record(t.Context(), contactsync.A, "a1")
	require.NoError(t, err)
	require.Equal(t, []string{"pending", "undecided"}, []string{r.Status, r.Reason})
}
