package contactsync_test

import (
	"fmt"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

// TestPausedInTheMiddle: what a sync did not get to is shown as waiting for the connection to be resumed, one by one, and
// is done then.
func TestPausedInTheMiddle(t *testing.T) {
	t.Parallel()
	const people = 1200
	a, b := fake.New("a", plainFields), fake.New("b", plainFields)
	for i := range people {
		require.NoError(t, a.Put(contact.Record{ID: fmt.Sprintf("a%04d", i), Fields: contact.Fields{"email": contact.Text(fmt.Sprintf("p%d@example.com", i))}}))
	}
	var s *contactsync.Syncer
	pause := true
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, a, b, memstore.New(),
		contactsync.WithProgress(func(p contactsync.Progress) {
			if pause && p.Phase == contactsync.PhasePush {
				pause = false
				require.NoError(t, s.Pause(t.Context()))
			}
		}))
	require.NoError(t, err)
	_, err = s.Sync(t.Context())
	require.ErrorIs(t, err, contactsync.ErrPaused)
	left := people - len(b.Records())
	require.Positive(t, left)
	st, err := s.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, left, st.Reasons["pending paused"])
	require.Equal(t, people-left, st.Counts[contactsync.StatusInSync])
	page, _, err := s.Records(t.Context(), contactsync.RecordQuery{Status: contactsync.StatusPending, Reason: contactsync.ReasonPaused})
	require.NoError(t, err)
	require.Len(t, page, min(left, 100))

	require.NoError(t, s.Resume(t.Context()))
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	st, err = s.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int{contactsync.StatusInSync: people}, st.Counts)
}
