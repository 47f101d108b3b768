package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
)

// noon is the caller's clock; it has nothing to do with the machine's.
var noon = time.Date(1999, 12, 31, 12, 0, 0, 0, time.UTC)

const minute = time.Minute

var leaseTests = []test{
	{"numbers grow", numbersGrow},
	{"one holder at a time", oneHolder},
	{"lapses on the caller's clock", lapses},
	{"same holder gets a new one", sameHolder},
	{"renew makes it last", renewLasts},
	{"renew after lapse, not overtaken", renewLapsed},
	{"renew of an overtaken or released one is fenced", renewFenced},
	{"release frees the connection", releaseFrees},
	{"release of an overtaken one does nothing", releaseOvertaken},
	{"a holder without a name is one", namelessHolder},
	{"leases of scopes are independent", leasesIndependent},
	{"overtaken commits nothing", overtakenCommitsNothing},
	{"released commits nothing", releasedCommitsNothing},
	{"never given commits nothing", neverGiven},
	{"lapsed but not overtaken commits", lapsedCommits},
	{"person needs no lease", personNeedsNone},
}

func acquire(t *testing.T, s contactsync.Store, scope contactsync.Scope, holder string, now time.Time) contactsync.Lease {
	t.Helper()
	lease, err := s.Acquire(t.Context(), scope, holder, now, minute)
	require.NoError(t, err)
	return lease
}

// wantLeased checks that a connection is leased, and that the store says until when.
func wantLeased(t *testing.T, s contactsync.Store, scope contactsync.Scope, holder string, now time.Time) {
	t.Helper()
	lease, err := s.Acquire(t.Context(), scope, holder, now, minute)
	if err == nil {
		t.Errorf("%s got lease %d at %s; want ErrLeased", holder, lease.Number, now.Format(time.TimeOnly))
		return
	}
	require.ErrorIs(t, err, contactsync.ErrLeased)
	leased, ok := errors.AsType[*contactsync.LeasedError](err)
	require.True(t, ok, "a %T is no LeasedError", err)
	_, err = s.Acquire(t.Context(), scope, holder, leased.Until.Add(-1), minute)
	require.ErrorIs(t, err, contactsync.ErrLeased, "it lasts until %s", leased.Until)
}

// wantFenced checks that a lease neither commits nor can be renewed.
func wantFenced(t *testing.T, s contactsync.Store, lease contactsync.Lease) {
	t.Helper()
	before := all(t, s, lease.Scope, contactsync.TableMirror)
	err := s.Update(t.Context(), lease, func(tx contactsync.Tx) error { return tx.Put(mirror("fenced", "", "")) })
	require.ErrorIs(t, err, contactsync.ErrFenced, "Update with lease %d", lease.Number)
	same(t, "rows after a fenced Update", before, all(t, s, lease.Scope, contactsync.TableMirror))
	require.ErrorIs(t, s.Renew(t.Context(), lease, noon, minute), contactsync.ErrFenced, "Renew of lease %d", lease.Number)
}

// wantCommits checks that a lease commits.
func wantCommits(t *testing.T, s contactsync.Store, lease contactsync.Lease) {
	t.Helper()
	row := mirror("committed", "", lease.Holder)
	require.NoError(t, s.Update(t.Context(), lease, func(tx contactsync.Tx) error { return tx.Put(row) }))
	same(t, "rows", []contactsync.Row{row}, all(t, s, lease.Scope, contactsync.TableMirror))
}

func numbersGrow(t *testing.T, s contactsync.Store) {
	last := int64(0) // 0 is a person's
	for i := range 6 {
		lease := acquire(t, s, here, "engine", noon)
		if lease.Scope != here || lease.Holder != "engine" {
			t.Errorf("lease %+v is not of %+v and engine", lease, here)
		}
		if lease.Number <= last {
			t.Errorf("lease %d follows %d", lease.Number, last)
		}
		last = lease.Number
		if i%2 == 0 {
			require.NoError(t, s.Release(t.Context(), lease))
		}
	}
}

func oneHolder(t *testing.T, s contactsync.Store) {
	one := acquire(t, s, here, "one", noon)
	wantLeased(t, s, here, "two", noon)
	wantLeased(t, s, here, "two", noon.Add(-24*time.Hour))
	wantCommits(t, s, one)
}

func lapses(t *testing.T, s contactsync.Store) {
	acquire(t, s, here, "one", noon)
	wantLeased(t, s, here, "two", noon.Add(minute-1))
	_, err := s.Acquire(t.Context(), here, "two", noon, minute)
	leased, _ := errors.AsType[*contactsync.LeasedError](err)
	require.True(t, leased.Until.Equal(noon.Add(minute)), "it lasts until %s", leased.Until)
	acquire(t, s, here, "two", noon.Add(minute))
	wantLeased(t, s, here, "one", noon.Add(minute))
}

func sameHolder(t *testing.T, s contactsync.Store) {
	first := acquire(t, s, here, "one", noon)
	second := acquire(t, s, here, "one", noon.Add(minute/2))
	wantFenced(t, s, first)
	wantCommits(t, s, second)
	wantLeased(t, s, here, "two", noon.Add(minute+minute/2-1))
	acquire(t, s, here, "two", noon.Add(minute+minute/2))
}

func renewLasts(t *testing.T, s contactsync.Store) {
	lease := acquire(t, s, here, "one", noon)
	require.NoError(t, s.Renew(t.Context(), lease, noon.Add(minute/2), minute))
	wantLeased(t, s, here, "two", noon.Add(minute+minute/2-1))
	wantCommits(t, s, lease)
	acquire(t, s, here, "two", noon.Add(minute+minute/2))
}

func renewLapsed(t *testing.T, s contactsync.Store) {
	lease := acquire(t, s, here, "one", noon)
	require.NoError(t, s.Renew(t.Context(), lease, noon.Add(time.Hour), minute))
	wantLeased(t, s, here, "two", noon.Add(time.Hour))
}

func renewFenced(t *testing.T, s contactsync.Store) {
	one := acquire(t, s, here, "one", noon)
	two := acquire(t, s, here, "two", noon.Add(minute))
	require.ErrorIs(t, s.Renew(t.Context(), one, noon.Add(minute), time.Hour), contactsync.ErrFenced)
	acquire(t, s, here, "three", noon.Add(2*minute)) // the refused Renew did not make two's last
	require.ErrorIs(t, s.Renew(t.Context(), two, noon, minute), contactsync.ErrFenced)
}

func releaseFrees(t *testing.T, s contactsync.Store) {
	one := acquire(t, s, here, "one", noon)
	require.NoError(t, s.Release(t.Context(), one))
	require.NoError(t, s.Release(t.Context(), one), "a second Release does nothing")
	two := acquire(t, s, here, "two", noon)
	if two.Number <= one.Number {
		t.Errorf("lease %d follows the released %d", two.Number, one.Number)
	}
	wantFenced(t, s, one)
	wantCommits(t, s, two)
}

func releaseOvertaken(t *testing.T, s contactsync.Store) {
	one := acquire(t, s, here, "one", noon)
	two := acquire(t, s, here, "two", noon.Add(minute))
	require.NoError(t, s.Release(t.Context(), one))
	wantLeased(t, s, here, "one", noon.Add(minute))
	wantCommits(t, s, two)
}

func namelessHolder(t *testing.T, s contactsync.Store) {
	lease := acquire(t, s, here, "", noon)
	wantLeased(t, s, here, "two", noon)
	wantCommits(t, s, lease)
	require.NoError(t, s.Release(t.Context(), lease))
	acquire(t, s, here, "two", noon)
	wantLeased(t, s, here, "", noon)
}

func leasesIndependent(t *testing.T, s contactsync.Store) {
	other := scopeOf("other owner", here.Connection)
	sibling := scopeOf(here.Owner, "other connection")
	lease := acquire(t, s, here, "one", noon)
	acquire(t, s, other, "two", noon)
	acquire(t, s, sibling, "three", noon)
	wantLeased(t, s, here, "two", noon)
	wantLeased(t, s, other, "one", noon)
	wantLeased(t, s, sibling, "one", noon)
	wantCommits(t, s, lease)
	require.NoError(t, s.Release(t.Context(), lease))
	wantLeased(t, s, other, "one", noon)
	wantLeased(t, s, sibling, "one", noon)
}

func overtakenCommitsNothing(t *testing.T, s contactsync.Store) {
	one := acquire(t, s, here, "one", noon)
	wantCommits(t, s, one)
	acquire(t, s, here, "two", noon.Add(minute))
	wantFenced(t, s, one)
}

func releasedCommitsNothing(t *testing.T, s contactsync.Store) {
	lease := acquire(t, s, here, "one", noon)
	require.NoError(t, s.Release(t.Context(), lease))
	wantFenced(t, s, lease)
}

func neverGiven(t *testing.T, s contactsync.Store) {
	wantFenced(t, s, contactsync.Lease{Scope: here, Holder: "one", Number: 1})
	lease := acquire(t, s, here, "one", noon)
	lease.Number++
	wantFenced(t, s, lease)
}

// A commit does not know the caller's clock: what counts is that nobody else holds the connection.
func lapsedCommits(t *testing.T, s contactsync.Store) {
	lease := acquire(t, s, here, "one", noon)
	wantLeased(t, s, here, "two", noon)
	wantCommits(t, s, lease)
	lapsed, err := s.Acquire(t.Context(), here, "one", noon, -minute)
	require.NoError(t, err)
	wantCommits(t, s, lapsed)
}

func personNeedsNone(t *testing.T, s contactsync.Store) {
	wantCommits(t, s, person(here))
	acquire(t, s, here, "one", noon)
	wantCommits(t, s, person(here))
}
