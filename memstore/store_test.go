package memstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/memstore"
	"github.com/contactsync/contactsync/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) contactsync.Store { return memstore.New() })
}

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(*testing.B) contactsync.Store { return memstore.New() })
}

var scope = contactsync.Scope{Owner: "owner", Connection: "connection"}

func put(t *testing.T, s contactsync.Store, lease contactsync.Lease, keys ...string) {
	t.Helper()
	require.NoError(t, s.Update(t.Context(), lease, func(tx contactsync.Tx) error {
		for _, key := range keys {
			require.NoError(t, tx.Put(contactsync.Row{Table: contactsync.TableHold, Key: key}))
		}
		return nil
	}))
}

func keys(t *testing.T, tx contactsync.ReadTx) (keys []string) {
	t.Helper()
	rows, err := tx.Scan(contactsync.Scan{Table: contactsync.TableHold, By: contactsync.ByKey})
	require.NoError(t, err)
	for _, row := range rows {
		keys = append(keys, row.Key)
	}
	return keys
}

// A lease does not wait for transactions here, so one may be overtaken while its transaction runs.
func TestOvertakenMeanwhile(t *testing.T) {
	s, noon := memstore.New(), time.Date(1999, 12, 31, 12, 0, 0, 0, time.UTC)
	lease, err := s.Acquire(t.Context(), scope, "one", noon, time.Minute)
	require.NoError(t, err)
	err = s.Update(t.Context(), lease, func(tx contactsync.Tx) error {
		_, err := s.Acquire(t.Context(), scope, "two", noon.Add(time.Minute), time.Minute)
		return errors.Join(err, tx.Put(contactsync.Row{Table: contactsync.TableHold, Key: "1"}))
	})
	require.ErrorIs(t, err, contactsync.ErrFenced)
	require.NoError(t, s.View(t.Context(), scope, func(tx contactsync.ReadTx) error {
		if diff := cmp.Diff([]string(nil), keys(t, tx)); diff != "" {
			t.Errorf("keys (-want +got):\n%s", diff)
		}
		return nil
	}))
}

// A view keeps the state that it began with, whatever is committed meanwhile.
func TestViewIsSnapshot(t *testing.T) {
	s := memstore.New()
	person := contactsync.Lease{Scope: scope}
	put(t, s, person, "2", "4", "6")
	require.NoError(t, s.View(t.Context(), scope, func(tx contactsync.ReadTx) error {
		put(t, s, person, "1", "3", "5", "7")
		require.NoError(t, s.Update(t.Context(), person, func(tx contactsync.Tx) error {
			return tx.Delete(contactsync.TableHold, "2", "4")
		}))
		if diff := cmp.Diff([]string{"2", "4", "6"}, keys(t, tx)); diff != "" {
			t.Errorf("keys in the view (-want +got):\n%s", diff)
		}
		return nil
	}))
	require.NoError(t, s.View(t.Context(), scope, func(tx contactsync.ReadTx) error {
		if diff := cmp.Diff([]string{"1", "3", "5", "6", "7"}, keys(t, tx)); diff != "" {
			t.Errorf("keys after it (-want +got):\n%s", diff)
		}
		return nil
	}))
}
