// Package storetest is the suite that every [auth.Store] passes: call [Run] from a test of yours.
package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth"
)

// Run checks every promise of an [auth.Store]. open returns two stores over one new, empty place, as two processes have
// them; they may be one and the same if the store cannot be shared.
func Run(t *testing.T, open func(t *testing.T) (one, other auth.Store)) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, auth.Store, auth.Store){
		"put and get": putAndGet, "compare and set": compareAndSet, "list": list, "delete": deletes, "texts": texts, "one wins": oneWins,
	} {
		t.Run(name, func(t *testing.T) {
			one, other := open(t)
			check(t, one, other)
		})
	}
}

func row(id, body string) auth.Row {
	return auth.Row{Owner: "o", Kind: auth.KindGrant, ID: id, Body: body}
}

// put stores a row and returns it as it is stored.
func put(t *testing.T, s auth.Store, r auth.Row) auth.Row {
	t.Helper()
	version, err := s.Put(t.Context(), r)
	require.NoError(t, err)
	require.Greater(t, version, r.Version)
	r.Version = version
	return r
}

func want(t *testing.T, s auth.Store, r auth.Row) {
	t.Helper()
	got, err := s.Get(t.Context(), r.Owner, r.Kind, r.ID)
	require.NoError(t, err)
	if diff := cmp.Diff(r, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func putAndGet(t *testing.T, one, other auth.Store) {
	_, err := one.Get(t.Context(), "o", auth.KindGrant, "x")
	require.ErrorIs(t, err, auth.ErrNotFound)
	r := put(t, one, row("x", `{"a":1}`))
	want(t, other, r)
	r.Body = `{"a":2}`
	r = put(t, other, r)
	want(t, one, r)
	for _, key := range []auth.Row{{Owner: "p", Kind: r.Kind, ID: r.ID}, {Owner: r.Owner, Kind: auth.KindFlow, ID: r.ID},
		{Owner: r.Owner, Kind: r.Kind, ID: "X"}} {
		_, err := one.Get(t.Context(), key.Owner, key.Kind, key.ID)
		require.ErrorIs(t, err, auth.ErrNotFound)
	}
}

func compareAndSet(t *testing.T, one, other auth.Store) {
	first := put(t, one, row("x", `"1"`))
	_, err := other.Put(t.Context(), row("x", `"2"`)) // it is there already
	require.ErrorIs(t, err, auth.ErrChanged)
	second := first
	second.Body = `"3"`
	second = put(t, other, second)
	first.Body = `"4"`
	_, err = one.Put(t.Context(), first)
	require.ErrorIs(t, err, auth.ErrChanged)
	want(t, one, second)
	gone := row("y", `"5"`)
	gone.Version = 7
	_, err = one.Put(t.Context(), gone)
	require.ErrorIs(t, err, auth.ErrChanged)
	_, err = one.Get(t.Context(), "o", auth.KindGrant, "y")
	require.ErrorIs(t, err, auth.ErrNotFound)
}

func list(t *testing.T, one, other auth.Store) {
	none, err := one.List(t.Context(), "o", auth.KindGrant)
	require.NoError(t, err)
	require.Empty(t, none)
	var all []auth.Row
	for _, id := range []string{"a", "a-b", "ab", "b"} {
		all = append(all, put(t, one, row(id, `"`+id+`"`)))
	}
	foreign := row("c", `""`)
	foreign.Owner = "p"
	put(t, one, foreign)
	account := row("d", `""`)
	account.Kind = auth.KindAccount
	put(t, one, account)
	got, err := other.List(t.Context(), "o", auth.KindGrant)
	require.NoError(t, err)
	if diff := cmp.Diff(all, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func deletes(t *testing.T, one, other auth.Store) {
	first := put(t, one, row("x", `"1"`))
	changed := put(t, other, first)
	require.ErrorIs(t, one.Delete(t.Context(), first), auth.ErrChanged)
	want(t, one, changed)
	require.NoError(t, one.Delete(t.Context(), changed))
	require.ErrorIs(t, other.Delete(t.Context(), changed), auth.ErrChanged)
	_, err := other.Get(t.Context(), "o", auth.KindGrant, "x")
	require.ErrorIs(t, err, auth.ErrNotFound)
	again := put(t, one, row("x", `"2"`)) // another row of that name: whoever knew the old one is refused
	for _, old := range []auth.Row{first, changed} {
		_, err := other.Put(t.Context(), old)
		require.ErrorIs(t, err, auth.ErrChanged)
		require.ErrorIs(t, other.Delete(t.Context(), old), auth.ErrChanged)
	}
	want(t, other, again)
}

func texts(t *testing.T, one, other auth.Store) {
	for i, owner := range []string{"", "o'; DROP TABLE x --", "ö%_\\", "👤", strings.Repeat("long", 200)} {
		r := row(fmt.Sprint(i), `{"x":"ä ' \" \\u0000 \u2028"}`)
		r.Owner = owner
		r = put(t, one, r)
		want(t, other, r)
		got, err := other.List(t.Context(), owner, r.Kind)
		require.NoError(t, err)
		require.Len(t, got, 1)
	}
	big := put(t, one, row("big", `"`+strings.Repeat("x", 1<<20-2)+`"`))
	want(t, other, big)
}

// oneWins has many store and delete one version at a time.
func oneWins(t *testing.T, one, other auth.Store) {
	const rounds, rivals = 10, 8
	stores := []auth.Store{one, other}
	contend := func(act func(auth.Store, int) error) {
		t.Helper()
		var all sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for i := range rivals {
			all.Go(func() {
				err := act(stores[i%2], i)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errors.Is(err, auth.ErrChanged) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won != 1 {
			t.Errorf("%d of %d won", won, rivals)
		}
	}
	for n := range rounds {
		r := row(fmt.Sprint(n), `""`)
		contend(func(s auth.Store, _ int) error { _, err := s.Put(t.Context(), r); return err })
		stored, err := one.Get(t.Context(), r.Owner, r.Kind, r.ID)
		require.NoError(t, err)
		contend(func(s auth.Store, i int) error {
			mine := stored
			mine.Body = fmt.Sprint(i)
			_, err := s.Put(t.Context(), mine)
			return err
		})
		stored, err = other.Get(t.Context(), r.Owner, r.Kind, r.ID)
		require.NoError(t, err)
		contend(func(s auth.Store, _ int) error { return s.Delete(t.Context(), stored) })
	}
}
