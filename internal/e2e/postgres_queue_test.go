package e2e_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/e2e/stores"
	"github.com/contactsync/contactsync/sqlstore"
)

// queueOf returns an empty queue in PostgreSQL with two entries, of which the one of scope is due first.
func queueOf(t *testing.T) *sqlstore.Store {
	t.Helper()
	s := stores.InPostgres(t).(*sqlstore.Store)
	require.NoError(t, s.Entry(t.Context(), scope, dueAt(0)))
	require.NoError(t, s.Entry(t.Context(), second, dueAt(1)))
	return s
}

var second = contactsync.Scope{Owner: "another owner", Connection: "second"}

func dueAt(second int64) func(*contactsync.Entry) error {
	return func(e *contactsync.Entry) error {
		e.At = time.Unix(second, 0)
		return nil
	}
}

// Who looks for what is due does not wait for those who have taken something and have not said yet what becomes of it.
func TestPostgresQueueSkipsWhatIsLocked(t *testing.T) {
	t.Parallel()
	s := queueOf(t)
	var taken []contactsync.Scope
	found, err := s.Due(t.Context(), time.Unix(9, 0), func(first *contactsync.Entry) error {
		found, err := s.Due(t.Context(), time.Unix(9, 0), func(e *contactsync.Entry) error {
			found, err := s.Due(t.Context(), time.Unix(9, 0), func(*contactsync.Entry) error { return nil })
			require.NoError(t, err)
			require.False(t, found, "a third entry")
			taken = append(taken, e.Scope)
			return nil
		})
		require.True(t, found)
		taken = append(taken, first.Scope)
		return err
	})
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, []contactsync.Scope{second, scope}, taken)

	// Who wants to change just that entry waits, as long as its context lasts.
	_, err = s.Due(t.Context(), time.Unix(9, 0), func(*contactsync.Entry) error {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, s.Entry(ctx, scope, dueAt(2)), context.DeadlineExceeded)
		return nil
	})
	require.NoError(t, err)
}

// A transaction of the connection keeps nobody from its entry.
func TestPostgresQueueWaitsForNoUpdate(t *testing.T) {
	t.Parallel()
	s := queueOf(t)
	require.NoError(t, s.Update(t.Context(), person, func(contactsync.Tx) error {
		return s.Entry(t.Context(), scope, dueAt(2))
	}))
}

// A process that is stopped with an entry in its hands is parted from it after 15 seconds.
func TestPostgresQueueStopped(t *testing.T) {
	t.Parallel()
	s := queueOf(t)
	var runs atomic.Int64
	_, err := s.Due(t.Context(), time.Unix(9, 0), func(e *contactsync.Entry) error {
		if runs.Add(1) == 1 {
			require.Equal(t, scope, e.Scope)
			return s.Entry(t.Context(), scope, dueAt(7)) // waits, while nothing happens in the transaction
		}
		require.Equal(t, second, e.Scope, "the other one is due first now")
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, int64(2), runs.Load())
}
