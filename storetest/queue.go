package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
)

var queueTests = []test{
	queueTest("an entry is kept as it is", entryIsKept),
	queueTest("an entry with the zero time is none", entryIsRemoved),
	queueTest("a failed function changes nothing", entryFails),
	queueTest("what is due first comes first", dueFirst),
	queueTest("entries are of all owners", dueOfAllOwners),
	queueTest("an entry tells until when its connection is leased", entryTellsLease),
	queueTest("an entry is no row", entryIsNoRow),
	queueTest("one of many gets an entry", oneOfManyGetsEntry),
	queueTest("changes of an entry run one after the other", entriesSerialize),
}

// A queued store is one that is a queue, too.
type queued interface {
	contactsync.Store
	contactsync.Queue
}

func queueTest(name string, run func(t *testing.T, s queued)) test {
	return test{name, func(t *testing.T, s contactsync.Store) {
		queue, ok := s.(queued)
		if !ok {
			t.Skipf("a %T is no contactsync.Queue", s)
		}
		run(t, queue)
	}}
}

// enter puts an entry.
func enter(t *testing.T, s queued, scope contactsync.Scope, at time.Time, body string) {
	t.Helper()
	require.NoError(t, s.Entry(t.Context(), scope, func(e *contactsync.Entry) error {
		e.At, e.Body = at, []byte(body)
		return nil
	}))
}

// entryOf returns the entry of a scope as it is.
func entryOf(t *testing.T, s queued, scope contactsync.Scope) (entry contactsync.Entry) {
	t.Helper()
	require.NoError(t, s.Entry(t.Context(), scope, func(e *contactsync.Entry) error {
		entry = *e
		return nil
	}))
	return entry
}

// takeDue puts off what is due first at a time by a day, and returns its scope.
func takeDue(t *testing.T, s queued, now time.Time) (scope contactsync.Scope, found bool) {
	t.Helper()
	found, err := s.Due(t.Context(), now, func(e *contactsync.Entry) error {
		scope, e.At = e.Scope, now.Add(24*time.Hour)
		return nil
	})
	require.NoError(t, err)
	return scope, found
}

func wantEntry(t *testing.T, s queued, want contactsync.Entry) {
	t.Helper()
	if diff := cmp.Diff(want, entryOf(t, s, want.Scope)); diff != "" { // cmp compares times by their Equal
		t.Errorf("entry (-want +got):\n%s", diff)
	}
}

func entryIsKept(t *testing.T, s queued) {
	wantEntry(t, s, contactsync.Entry{Scope: here})
	for _, want := range []contactsync.Entry{
		{At: noon, Body: []byte(`{"a":1}`)},
		{At: noon.Add(-time.Hour - time.Nanosecond).In(time.FixedZone("", 3600)), Body: []byte("\x00\xff'\\")},
		{At: time.Now()},
		{At: noon},
	} {
		want.Scope = here
		enter(t, s, here, want.At, string(want.Body))
		wantEntry(t, s, want)
		wantEntry(t, s, want) // looking changes nothing
	}
	require.NoError(t, s.Entry(t.Context(), here, func(e *contactsync.Entry) error {
		e.Scope, e.Leased, e.Body = scopeOf("another", "one"), noon, append(e.Body, "appended"...)
		return nil
	}))
	wantEntry(t, s, contactsync.Entry{Scope: here, At: noon, Body: []byte("appended")})
	wantEntry(t, s, contactsync.Entry{Scope: scopeOf("another", "one")})
}

func entryIsRemoved(t *testing.T, s queued) {
	enter(t, s, here, noon, "body")
	enter(t, s, here, time.Time{}, "body")
	wantEntry(t, s, contactsync.Entry{Scope: here})
	enter(t, s, here, noon, "body")
	_, err := s.Due(t.Context(), noon, func(e *contactsync.Entry) error {
		e.At = time.Time{}
		return nil
	})
	require.NoError(t, err)
	_, found := takeDue(t, s, noon)
	require.False(t, found, "the entry was removed")
	wantEntry(t, s, contactsync.Entry{Scope: here})
}

func entryFails(t *testing.T, s queued) {
	enter(t, s, here, noon, "body")
	failure := errors.New("no")
	spoil := func(e *contactsync.Entry) error {
		e.At, e.Body = time.Time{}, nil
		return failure
	}
	require.ErrorIs(t, s.Entry(t.Context(), here, spoil), failure)
	_, err := s.Due(t.Context(), noon, spoil)
	require.ErrorIs(t, err, failure)
	wantEntry(t, s, contactsync.Entry{Scope: here, At: noon, Body: []byte("body")})
	require.ErrorIs(t, s.Entry(t.Context(), scopeOf("o", "new"), spoil), failure)
	wantEntry(t, s, contactsync.Entry{Scope: scopeOf("o", "new")})
}

func dueFirst(t *testing.T, s queued) {
	_, found := takeDue(t, s, noon)
	require.False(t, found, "nothing is there")
	for name, at := range map[string]time.Duration{"third": 0, "first": -time.Hour, "fourth": 1, "second": -1} {
		enter(t, s, scopeOf("o", name), noon.Add(at), "")
	}
	for _, want := range []string{"first", "second", "third"} {
		scope, found := takeDue(t, s, noon)
		require.True(t, found)
		require.Equal(t, scopeOf("o", want), scope)
	}
	_, found = takeDue(t, s, noon)
	require.False(t, found, "the fourth is due a moment later")
	scope, _ := takeDue(t, s, noon.Add(1))
	require.Equal(t, scopeOf("o", "fourth"), scope)
	scope, _ = takeDue(t, s, noon.Add(24*time.Hour))
	require.Contains(t, []string{"first", "second", "third"}, scope.Connection, "what was put off is due again")
}

func dueOfAllOwners(t *testing.T, s queued) {
	scopes := []contactsync.Scope{scopeOf("a", "b/c"), scopeOf("a/b", "c"), scopeOf("a\x00b", "c"), scopeOf("a", "b\x00c"), scopeOf("", "abc"), scopeOf("abc", ""), scopeOf("", ""), scopeOf("é", "'"), scopeOf("\xc3", "\xfe")}
	want := map[contactsync.Scope]bool{}
	for i, scope := range scopes {
		enter(t, s, scope, noon.Add(time.Duration(i)), scope.Owner+" "+scope.Connection)
		want[scope] = true
	}
	for range scopes {
		_, err := s.Due(t.Context(), noon.Add(time.Minute), func(e *contactsync.Entry) error {
			require.Equal(t, e.Scope.Owner+" "+e.Scope.Connection, string(e.Body))
			delete(want, e.Scope)
			e.At = time.Time{}
			return nil
		})
		require.NoError(t, err)
	}
	require.Empty(t, want, "never came")
}

func entryTellsLease(t *testing.T, s queued) {
	enter(t, s, here, noon, "")
	acquire(t, s, scopeOf("other owner", here.Connection), "one", noon)
	acquire(t, s, scopeOf(here.Owner, "other connection"), "one", noon)
	wantLeasedUntil := func(want time.Time) {
		t.Helper()
		require.True(t, entryOf(t, s, here).Leased.Equal(want), "the entry tells %s, want %s", entryOf(t, s, here).Leased, want)
		_, err := s.Due(t.Context(), noon, func(e *contactsync.Entry) error {
			require.True(t, e.Leased.Equal(want), "the entry that is due tells %s, want %s", e.Leased, want)
			return nil
		})
		require.NoError(t, err)
	}
	wantLeasedUntil(time.Time{})
	lease := acquire(t, s, here, "one", noon)
	wantLeasedUntil(noon.Add(minute))
	require.NoError(t, s.Renew(t.Context(), lease, noon.Add(minute), time.Hour))
	wantLeasedUntil(noon.Add(minute + time.Hour))
	require.NoError(t, s.Release(t.Context(), lease))
	wantLeasedUntil(time.Time{})
}

func entryIsNoRow(t *testing.T, s queued) {
	enter(t, s, here, noon, "")
	require.Empty(t, scopesOf(t, s, here.Owner), "an entry makes no scope")
	row := mirror("1", "", "")
	put(t, s, here, row)
	enter(t, s, here, time.Time{}, "")
	same(t, "rows once the entry is removed", []contactsync.Row{row}, all(t, s, here, contactsync.TableMirror))
	enter(t, s, here, noon, "")
	update(t, s, here, func(tx contactsync.Tx) error { return tx.Delete(contactsync.TableMirror, "1") })
	wantEntry(t, s, contactsync.Entry{Scope: here, At: noon})
}

// Workers take entries, each putting it off to where nobody takes it again: none is taken twice, and none is left.
func oneOfManyGetsEntry(t *testing.T, s queued) {
	const workers, entries = 8, 40
	for i := range entries {
		enter(t, s, scopeOf(fmt.Sprint("owner ", i%3), fmt.Sprint(i)), noon.Add(time.Duration(-i)), "")
	}
	var mu sync.Mutex
	taken := map[contactsync.Scope]int{}
	together(workers, func(worker int) {
		for none := 0; none < 2; { // a worker may find none while others have the last ones, and fail to commit
			var scope contactsync.Scope
			found, err := s.Due(t.Context(), noon, func(e *contactsync.Entry) error {
				scope, e.At, e.Body = e.Scope, noon.Add(time.Hour), fmt.Append(nil, worker)
				return nil
			})
			if err != nil {
				t.Errorf("Due: %v", err)
				return
			}
			if !found {
				none++
				continue
			}
			mu.Lock()
			taken[scope]++
			mu.Unlock()
		}
	})
	for scope, times := range taken {
		if times > 1 {
			t.Errorf("%+v was taken %d times", scope, times)
		}
	}
	if len(taken) != entries {
		t.Errorf("%d of %d entries were taken", len(taken), entries)
	}
}

func entriesSerialize(t *testing.T, s queued) {
	const workers, rounds = 6, 10
	enter(t, s, here, noon, "")
	together(workers, func(worker int) {
		add := func(e *contactsync.Entry) error {
			e.Body = append(e.Body, 'x')
			return nil
		}
		for range rounds {
			if err := s.Entry(t.Context(), here, add); err != nil {
				t.Errorf("Entry: %v", err)
			}
		}
	})
	if got, want := len(entryOf(t, s, here).Body), workers*rounds; got != want {
		t.Errorf("%d additions of one give %d", want, got)
	}
}
