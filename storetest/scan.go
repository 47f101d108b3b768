package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
)

var scanTests = []test{
	{"by key", scanByKey},
	{"by index", scanByIndex},
	{"keys only", scanKeysOnly},
	{"pages while rows share an entry", scanPages},
	{"pages while rows come and go", scanPagesChanging},
}

// A scanCase is what one scan returns.
type scanCase struct {
	name string
	q    contactsync.Scan
	want []string // keys
}

func checkScans(t *testing.T, s contactsync.Store, cases []scanCase) {
	t.Helper()
	for _, tt := range cases {
		tt.q.Table = contactsync.TableMirror
		got := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) { return tx.Scan(tt.q) })
		if diff := cmp.Diff(tt.want, keysOf(got)); diff != "" {
			t.Errorf("%s: keys (-want +got):\n%s", tt.name, diff)
		}
	}
}

func scanByKey(t *testing.T, s contactsync.Store) {
	for _, key := range []string{"b/2", "a/1", "", "b", "a/10", "b/\x00", "c", "b/\xfe\xfe", "a/2", "B/1", "b0"} {
		put(t, s, here, mirror(key, "", ""))
	}
	after := func(key string) *contactsync.Row { return &contactsync.Row{Table: contactsync.TableMirror, Key: key} }
	checkScans(t, s, []scanCase{
		{"all", contactsync.Scan{By: -1}, []string{"", "B/1", "a/1", "a/10", "a/2", "b", "b/\x00", "b/2", "b/\xfe\xfe", "b0", "c"}},
		{"prefix", contactsync.Scan{By: -1, Prefix: "b/"}, []string{"b/\x00", "b/2", "b/\xfe\xfe"}},
		{"prefix of the whole key", contactsync.Scan{By: -1, Prefix: "a/1"}, []string{"a/1", "a/10"}},
		{"prefix of nothing", contactsync.Scan{By: -1, Prefix: "b1"}, []string{}},
		{"after", contactsync.Scan{By: -1, After: after("b/2")}, []string{"b/\xfe\xfe", "b0", "c"}},
		{"after the empty key", contactsync.Scan{By: -1, After: after(""), Limit: 1}, []string{"B/1"}},
		{"after what is not there", contactsync.Scan{By: -1, After: after("b/1")}, []string{"b/2", "b/\xfe\xfe", "b0", "c"}},
		{"after all", contactsync.Scan{By: -1, After: after("c")}, []string{}},
		{"after what comes before the prefix", contactsync.Scan{By: -1, After: after("a"), Prefix: "b/"}, []string{"b/\x00", "b/2", "b/\xfe\xfe"}},
		{"after what comes behind the prefix", contactsync.Scan{By: -1, After: after("c"), Prefix: "b/"}, []string{}},
		{"until", contactsync.Scan{By: -1, Until: "a/10"}, []string{"", "B/1", "a/1"}},
		{"until within the prefix", contactsync.Scan{By: -1, Prefix: "b/", Until: "b/3"}, []string{"b/\x00", "b/2"}},
		{"until behind the prefix", contactsync.Scan{By: -1, Prefix: "a/", Until: "z"}, []string{"a/1", "a/10", "a/2"}},
		{"until before the prefix", contactsync.Scan{By: -1, Prefix: "b/", Until: "a"}, []string{}},
		{"limit", contactsync.Scan{By: -1, Prefix: "a", Limit: 2}, []string{"a/1", "a/10"}},
		{"limit beyond", contactsync.Scan{By: -1, Prefix: "a", Limit: 20}, []string{"a/1", "a/10", "a/2"}},
		{"everything at once", contactsync.Scan{By: -1, Prefix: "a", After: after("a/1"), Until: "a/2", Limit: 5}, []string{"a/10"}},
	})
}

func scanByIndex(t *testing.T, s contactsync.Store) {
	put(t, s, here, mirror("1", "d2", "ok"), mirror("2", "d1", "ok"), mirror("3", "", "held"), mirror("4", "d1", ""),
		mirror("5", "d10", "held"), mirror("6", "\x00", "ok"), mirror("7", "d1\x00", "hold"))
	after := func(due, status, key string) *contactsync.Row { r := mirror(key, due, status); return &r }
	checkScans(t, s, []scanCase{
		{"all that are in it", contactsync.Scan{By: 0}, []string{"6", "2", "4", "7", "5", "1"}},
		{"the other index", contactsync.Scan{By: 1}, []string{"3", "5", "7", "1", "2", "6"}},
		{"prefix", contactsync.Scan{By: 0, Prefix: "d1"}, []string{"2", "4", "7", "5"}},
		{"until", contactsync.Scan{By: 0, Until: "d10"}, []string{"6", "2", "4", "7"}},
		{"after, among equal entries", contactsync.Scan{By: 0, After: after("d1", "ok", "2")}, []string{"4", "7", "5", "1"}},
		{"after the last of equal entries", contactsync.Scan{By: 0, After: after("d1", "", "4")}, []string{"7", "5", "1"}},
		{"after looks at the entry first", contactsync.Scan{By: 0, After: after("d10", "", "9")}, []string{"1"}},
		{"after a row that has left", contactsync.Scan{By: 0, After: after("d1", "", "3")}, []string{"4", "7", "5", "1"}},
		{"prefix, after and until", contactsync.Scan{By: 0, Prefix: "d", After: after("d1", "", "2"), Until: "d2"}, []string{"4", "7", "5"}},
		{"limit", contactsync.Scan{By: 1, Prefix: "o", Limit: 2}, []string{"1", "2"}},
		{"no row has an entry", contactsync.Scan{By: 2}, []string{}},
	})
	put(t, s, here, mirror("", "e", ""), mirror("\x00", "e", ""), mirror("\x00\x00", "e", ""))
	checkScans(t, s, []scanCase{
		{"the empty key of the prefix itself", contactsync.Scan{By: 0, Prefix: "e"}, []string{"", "\x00", "\x00\x00"}},
		{"after the empty key", contactsync.Scan{By: 0, After: after("e", "", "")}, []string{"\x00", "\x00\x00"}},
		{"after a key, the next there is", contactsync.Scan{By: 0, After: after("e", "", "\x00")}, []string{"\x00\x00"}},
	})
}

func scanKeysOnly(t *testing.T, s contactsync.Store) {
	put(t, s, here, three...)
	want := slices.Clone(three)
	for i := range want {
		want[i].Body = nil
	}
	for _, by := range []int{contactsync.ByKey, 0} {
		got := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) {
			return tx.Scan(contactsync.Scan{Table: contactsync.TableMirror, By: by, KeysOnly: true})
		})
		same(t, fmt.Sprint("by ", by), want, got)
	}
	same(t, "the bodies are still there", three, all(t, s, here, contactsync.TableMirror))
}

// pages scans page by page, and calls between after each.
func pages(t *testing.T, s contactsync.Store, q contactsync.Scan, between func(page []contactsync.Row)) []contactsync.Row {
	t.Helper()
	var rows []contactsync.Row
	for range 1000 {
		page := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) { return tx.Scan(q) })
		if len(page) == 0 {
			return rows
		}
		rows = append(rows, page...)
		q.After = &page[len(page)-1]
		between(page)
	}
	require.Fail(t, "the scan does not end")
	return nil
}

func scanPages(t *testing.T, s contactsync.Store) {
	var want []contactsync.Row
	for i := range 50 {
		want = append(want, mirror(fmt.Sprintf("%02d", i), fmt.Sprint(i/20), "same"))
	}
	put(t, s, here, want...)
	for _, by := range []int{contactsync.ByKey, 0, 1} {
		for _, limit := range []int{1, 7, 50} {
			got := pages(t, s, contactsync.Scan{Table: contactsync.TableMirror, By: by, Limit: limit}, func([]contactsync.Row) {})
			same(t, fmt.Sprintf("by %d, pages of %d", by, limit), want, got)
		}
	}
}

func scanPagesChanging(t *testing.T, s contactsync.Store) {
	var rows []contactsync.Row
	for i := range 20 {
		rows = append(rows, mirror(fmt.Sprintf("%02d", i), "due", ""))
	}
	put(t, s, here, rows...)
	got := pages(t, s, contactsync.Scan{Table: contactsync.TableMirror, By: 0, Limit: 3}, func(page []contactsync.Row) {
		update(t, s, here, func(tx contactsync.Tx) error {
			for _, row := range page { // what is done leaves the index, and a row enters before the page
				row.Index[0] = ""
				require.NoError(t, tx.Put(row, mirror("!"+row.Key, "due", "")))
			}
			return nil
		})
	})
	same(t, "each row once", rows, got)
}
