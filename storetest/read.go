package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
)

var readTests = []test{
	{"get in the order of keys", getOrder},
	{"find by each index", findByIndex},
	{"find many values", findMany},
	{"count is scan without a limit", countIsScan},
	{"an empty store has nothing", emptyHasNothing},
	{"rows are the caller's", rowsAreCallers},
	{"what there is not is refused", nonsenseRefused},
}

func getOrder(t *testing.T, s contactsync.Store) {
	put(t, s, here, three...)
	for _, tt := range []struct {
		name string
		keys []string
		want []contactsync.Row
	}{
		{"no key", nil, nil},
		{"as asked, not as sorted", []string{"3", "1", "2"}, []contactsync.Row{three[2], three[0], three[1]}},
		{"missing left out", []string{"0", "3", "", "1", "11"}, []contactsync.Row{three[2], three[0]}},
		{"twice", []string{"2", "2"}, []contactsync.Row{three[1], three[1]}},
	} {
		got := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) {
			return tx.Get(contactsync.TableMirror, tt.keys...)
		})
		same(t, tt.name, tt.want, got)
	}
}

func findByIndex(t *testing.T, s contactsync.Store) {
	row := func(key, a, b, status string) contactsync.Row {
		return contactsync.Row{Table: contactsync.TableLink, Key: key, Index: [contactsync.Indexes]string{a, b, status}, Body: []byte(key)}
	}
	rows := []contactsync.Row{row("1", "a1", "b1", "ok"), row("2", "a2", "", "held"), row("3", "", "a1", "ok"), row("4", "ok", "b4", "a1")}
	put(t, s, here, rows...)
	for _, tt := range []struct {
		name   string
		index  int
		values []string
		want   []contactsync.Row
	}{
		{"no value", 0, nil, nil},
		{"one", 0, []string{"a1"}, rows[:1]},
		{"of the second index", 1, []string{"a1"}, rows[2:3]},
		{"of the third index", 2, []string{"a1"}, rows[3:]},
		{"shared, by key", 2, []string{"ok"}, []contactsync.Row{rows[0], rows[2]}},
		{"several, by value and then key", 2, []string{"ok", "none", "held"}, []contactsync.Row{rows[1], rows[0], rows[2]}},
		{"the same value twice", 0, []string{"a2", "a1", "a2"}, rows[:2]},
		{"rows without entry are in no index", 1, []string{""}, nil},
		{"not what begins with it", 0, []string{"a"}, nil},
	} {
		got := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) {
			return tx.Find(contactsync.TableLink, tt.index, tt.values...)
		})
		same(t, tt.name, tt.want, got)
	}
}

func findMany(t *testing.T, s contactsync.Store) {
	var rows, want []contactsync.Row
	var values []string
	for i := range 2000 {
		row := mirror(fmt.Sprintf("k%04d", i), fmt.Sprintf("due %03d", i/4), "ok")
		rows = append(rows, row)
		if i/4%2 == 0 {
			want = append(want, row)
		}
	}
	for i := 498; i >= 0; i -= 2 {
		values = append(values, fmt.Sprintf("due %03d", i))
	}
	put(t, s, here, rows...)
	asked := slices.Clone(values)
	got := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) {
		return tx.Find(contactsync.TableMirror, 0, asked...)
	})
	same(t, "Find of 250 values", want, got)
	if diff := cmp.Diff(values, asked); diff != "" {
		t.Errorf("the values are the caller's (-before +after):\n%s", diff)
	}
}

func countIsScan(t *testing.T, s contactsync.Store) {
	put(t, s, here, three...)
	for _, tt := range []struct {
		name string
		q    contactsync.Scan
		want int
	}{
		{"all", contactsync.Scan{By: contactsync.ByKey}, 3},
		{"whatever the limit", contactsync.Scan{By: contactsync.ByKey, Limit: 1}, 3},
		{"by an index", contactsync.Scan{By: 1, Prefix: "o"}, 2},
		{"between", contactsync.Scan{By: 0, After: &three[0], Until: "t3"}, 1},
		{"none", contactsync.Scan{By: 0, Prefix: "x"}, 0},
	} {
		tt.q.Table = contactsync.TableMirror
		got := view(t, s, here, func(tx contactsync.ReadTx) (int, error) { return tx.Count(tt.q) })
		if got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func emptyHasNothing(t *testing.T, s contactsync.Store) {
	read := func(tx contactsync.ReadTx) error {
		for _, table := range contactsync.Tables {
			rows, err := tx.Get(table, "", "key")
			require.NoError(t, err)
			same(t, "Get", nil, rows)
			for by := contactsync.ByKey; by < contactsync.Indexes; by++ {
				rows, err = tx.Scan(contactsync.Scan{Table: table, By: by})
				require.NoError(t, err)
				same(t, "Scan", nil, rows)
				n, err := tx.Count(contactsync.Scan{Table: table, By: by})
				require.NoError(t, err)
				require.Zero(t, n, "Count")
			}
			for index := range contactsync.Indexes {
				rows, err = tx.Find(table, index, "", "value")
				require.NoError(t, err)
				same(t, "Find", nil, rows)
			}
		}
		return nil
	}
	require.NoError(t, s.View(t.Context(), here, read))
	update(t, s, here, func(tx contactsync.Tx) error { return read(tx) })
}

func rowsAreCallers(t *testing.T, s contactsync.Store) {
	put(t, s, here, three...)
	update(t, s, here, func(tx contactsync.Tx) error {
		got, err := tx.Get(contactsync.TableMirror, "1", "2")
		require.NoError(t, err)
		found, err := tx.Find(contactsync.TableMirror, 1, "ok")
		require.NoError(t, err)
		scanned, err := tx.Scan(contactsync.Scan{Table: contactsync.TableMirror, By: contactsync.ByKey})
		require.NoError(t, err)
		twice, err := tx.Get(contactsync.TableMirror, "3", "3")
		require.NoError(t, err)
		clear(twice[0].Body)
		same(t, "the other of two", three[2:], twice[1:])
		for _, rows := range [][]contactsync.Row{got, found, scanned} {
			clear(rows[0].Body)
			_ = append(rows[0].Body, "overwrites what stands behind"...)
			clear(rows)
		}
		return nil
	})
	same(t, "rows", three, all(t, s, here, contactsync.TableMirror))
}

func nonsenseRefused(t *testing.T, s contactsync.Store) {
	calls := map[string]func(tx contactsync.Tx) error{
		"Put into no table":    func(tx contactsync.Tx) error { return tx.Put(contactsync.Row{Table: "none"}) },
		"Delete from no table": func(tx contactsync.Tx) error { return tx.Delete("none", "key") },
		"Get from no table":    func(tx contactsync.Tx) error { _, err := tx.Get("none", "key"); return err },
		"Find in no table":     func(tx contactsync.Tx) error { _, err := tx.Find("none", 0, "value"); return err },
		"Scan of no table":     func(tx contactsync.Tx) error { _, err := tx.Scan(contactsync.Scan{Table: "none"}); return err },
		"Count of no table":    func(tx contactsync.Tx) error { _, err := tx.Count(contactsync.Scan{}); return err },
		"Find by no index":     func(tx contactsync.Tx) error { _, err := tx.Find(contactsync.TableMirror, 3, "value"); return err },
		"Find by key":          func(tx contactsync.Tx) error { _, err := tx.Find(contactsync.TableMirror, -1, "value"); return err },
		"Scan by no index": func(tx contactsync.Tx) error {
			_, err := tx.Scan(contactsync.Scan{Table: contactsync.TableMirror, By: 3})
			return err
		},
		"Count by no index": func(tx contactsync.Tx) error {
			_, err := tx.Count(contactsync.Scan{Table: contactsync.TableMirror, By: -2})
			return err
		},
		"Put of a key with 0xFF":    func(tx contactsync.Tx) error { return tx.Put(mirror("a\xff", "", "")) },
		"Put of an entry with 0xFF": func(tx contactsync.Tx) error { return tx.Put(mirror("a", "", "\xff")) },
	}
	got := map[string]bool{}
	want := map[string]bool{}
	for name, call := range calls {
		want[name] = true
		got[name] = s.Update(t.Context(), person(here), call) != nil
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls that fail (-want +got):\n%s", diff)
	}
}
