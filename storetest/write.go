package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
)

var writeTests = []test{
	{"put replaces index entries", putReplaces},
	{"put of a key twice keeps the last", putTwice},
	{"put copies", putCopies},
	{"bodies", bodies},
	{"any bytes but 0xFF", anyBytes},
	{"unique entries", uniqueEntries},
	{"unique entries exchanged", uniqueExchanged},
	{"links and others in one put", linksAmongOthers},
	{"delete", deletes},
	{"nothing to do", nothingToDo},
	{"big batches", bigBatches},
	{"big bodies", bigBodies},
}

func putReplaces(t *testing.T, s contactsync.Store) {
	put(t, s, here, mirror("1", "d1", "ok"))
	row := mirror("1", "", "held")
	row.Stamp, row.Body = "", nil
	put(t, s, here, row)
	same(t, "row", []contactsync.Row{row}, all(t, s, here, contactsync.TableMirror))
	for _, tt := range []struct {
		index int
		value string
		want  []contactsync.Row
	}{{0, "d1", nil}, {1, "ok", nil}, {1, "held", []contactsync.Row{row}}} {
		got := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) {
			return tx.Find(contactsync.TableMirror, tt.index, tt.value)
		})
		same(t, fmt.Sprintf("Find %q in index %d", tt.value, tt.index), tt.want, got)
	}
}

func putTwice(t *testing.T, s contactsync.Store) {
	last := mirror("1", "d2", "held")
	put(t, s, here, mirror("1", "d1", "ok"), mirror("2", "", ""), last)
	same(t, "rows", []contactsync.Row{last, mirror("2", "", "")}, all(t, s, here, contactsync.TableMirror))
	got := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) {
		return tx.Scan(contactsync.Scan{Table: contactsync.TableMirror, By: 0})
	})
	same(t, "rows by when they are due", []contactsync.Row{last}, got)
}

func putCopies(t *testing.T, s contactsync.Store) {
	rows := []contactsync.Row{mirror("1", "d1", "ok")}
	update(t, s, here, func(tx contactsync.Tx) error {
		require.NoError(t, tx.Put(rows...))
		clear(rows[0].Body)
		rows[0].Stamp = "changed"
		return nil
	})
	same(t, "rows", []contactsync.Row{mirror("1", "d1", "ok")}, all(t, s, here, contactsync.TableMirror))
}

func bodies(t *testing.T, s contactsync.Store) {
	row := func(key string, body []byte) contactsync.Row {
		return contactsync.Row{Table: contactsync.TableHold, Key: key, Body: body}
	}
	text := []byte("{\"quote\":\"' \\\" \\u0000 \\n\",  \"kept\" : 1.10, \"name\":\"\u00e9\U0001f600\u2028\"}\n")
	put(t, s, here, row("empty", []byte{}), row("nil", nil), row("null", []byte("null")), row("text", text))
	same(t, "rows", []contactsync.Row{row("empty", nil), row("nil", nil), row("null", []byte("null")), row("text", text)},
		all(t, s, here, contactsync.TableHold))
}

func anyBytes(t *testing.T, s contactsync.Store) {
	texts := []string{
		"", "\x00", "a\x00", "a\x00b", "a", "'", `"`, "`", `\`, `\u0000`, "%", "_", "?", "$1", "--", "\n", "\r\n", "\t", " ", "a ",
		"é", "e\u0301", "日本", "😀", "\u2028", "\ufeff", "\ufffd", "\x80", "\xc3", "\xc3\x28", "\xed\xa0\x80", "\xf8", "\xfe", "\xfe\xfe", "NULL", "0", "00", "0x00", "1e3",
	}
	for b := range 0xFF {
		texts = append(texts, string([]byte{'~', byte(b)}))
	}
	slices.Sort(texts)
	var rows []contactsync.Row
	for _, text := range slices.Backward(texts) {
		row := mirror(text, text, text)
		row.Stamp = text
		rows = append(rows, row)
	}
	put(t, s, here, rows...)
	for _, by := range []int{contactsync.ByKey, 0, 1} {
		got := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) {
			return tx.Scan(contactsync.Scan{Table: contactsync.TableMirror, By: by})
		})
		want := texts
		if by != contactsync.ByKey {
			want = texts[1:] // "" is no entry
		}
		if diff := cmp.Diff(want, keysOf(got)); diff != "" {
			t.Errorf("keys, by %d (-want +got):\n%s", by, diff)
		}
	}
	for _, row := range rows {
		got := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) { return tx.Get(row.Table, row.Key) })
		same(t, "Get", []contactsync.Row{row}, got)
		if row.Key == "" {
			continue
		}
		got = view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) { return tx.Find(row.Table, 0, row.Key) })
		same(t, "Find", []contactsync.Row{row}, got)
	}
	update(t, s, here, func(tx contactsync.Tx) error { return tx.Delete(contactsync.TableMirror, texts[1:]...) })
	same(t, "rows after Delete", rows[len(rows)-1:], all(t, s, here, contactsync.TableMirror))
}

func link(key, a, b string) contactsync.Row {
	return contactsync.Row{Table: contactsync.TableLink, Key: key, Index: [contactsync.Indexes]string{a, b, "ok"}}
}

func uniqueEntries(t *testing.T, s contactsync.Store) {
	links := []contactsync.Row{link("1", "a1", "b1"), link("2", "a2", "b2"), link("3", "", ""), link("4", "", "")}
	put(t, s, here, links...)
	for _, tt := range []struct {
		name string
		rows []contactsync.Row
		ok   bool
	}{
		{"a's id is taken", []contactsync.Row{link("5", "a1", "b5")}, false},
		{"b's id is taken", []contactsync.Row{link("5", "a5", "b2")}, false},
		{"another takes it over", []contactsync.Row{link("2", "a1", "b2")}, false},
		{"twice in one Put", []contactsync.Row{link("5", "a5", ""), link("6", "a5", "")}, false},
		{"one side's id is not the other's", []contactsync.Row{link("5", "b1", "a1")}, true},
		{"its own", []contactsync.Row{link("1", "a1", "b1")}, true},
		{"any number without", []contactsync.Row{link("5", "", ""), link("6", "", "")}, true},
	} {
		err := s.Update(t.Context(), person(here), func(tx contactsync.Tx) error {
			if err := tx.Put(tt.rows...); err != nil {
				return err
			}
			return errStop
		})
		require.Error(t, err)
		if stopped := errors.Is(err, errStop); stopped != tt.ok {
			t.Errorf("%s: Put: %v", tt.name, err)
		}
	}
	same(t, "links", links, all(t, s, here, contactsync.TableLink))
	put(t, s, scopeOf("other", here.Connection), links...)
}

func uniqueExchanged(t *testing.T, s contactsync.Store) {
	put(t, s, here, link("1", "a1", "b1"), link("2", "a2", "b2"), link("3", "a3", "b3"))
	want := []contactsync.Row{link("1", "a3", "b2"), link("2", "a1", "b1"), link("3", "a2", "b3")}
	put(t, s, here, want...)
	same(t, "exchanged in one Put", want, all(t, s, here, contactsync.TableLink))

	update(t, s, here, func(tx contactsync.Tx) error {
		require.NoError(t, tx.Delete(contactsync.TableLink, "3"))
		return tx.Put(link("1", "a2", "b2"))
	})
	same(t, "taken over from a deleted one", []contactsync.Row{link("1", "a2", "b2"), want[1]}, all(t, s, here, contactsync.TableLink))
}

// Links exchange their entries wherever they are among the rows of a Put, and a link that is there twice is as its last
// row says.
func linksAmongOthers(t *testing.T, s contactsync.Store) {
	put(t, s, here, link("1", "a1", "b1"), link("2", "a2", "b2"))
	want := []contactsync.Row{link("1", "a2", "b1"), link("2", "a1", "b2"), link("3", "a3", "b3")}
	put(t, s, here, link("1", "a8", "b8"), three[0], link("3", "a9", "b3"), want[1], three[1], want[2], want[0])
	same(t, "links", want, all(t, s, here, contactsync.TableLink))
	same(t, "rows of another table", three[:2], all(t, s, here, contactsync.TableMirror))
	for _, tt := range []struct {
		index int
		value string
		want  []contactsync.Row
	}{{0, "a1", want[1:2]}, {0, "a2", want[:1]}, {0, "a8", nil}, {0, "a9", nil}, {1, "b1", want[:1]}, {1, "b8", nil}, {2, "ok", want}} {
		got := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) {
			return tx.Find(contactsync.TableLink, tt.index, tt.value)
		})
		same(t, fmt.Sprintf("Find %q in index %d", tt.value, tt.index), tt.want, got)
	}
	moved := link("3", "a3", "b9") // only b's id changes
	put(t, s, here, moved)
	got := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) {
		return tx.Find(contactsync.TableLink, 1, "b3", "b9")
	})
	same(t, "Find the old id and the new", []contactsync.Row{moved}, got)
	want[2] = moved
	held := want[1] // only what is not unique changes
	held.Index[2] = "held"
	put(t, s, here, held)
	for status, want := range map[string][]contactsync.Row{"held": {held}, "ok": {want[0], want[2]}} {
		got := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) {
			return tx.Find(contactsync.TableLink, 2, status)
		})
		same(t, "links that are "+status, want, got)
	}
}

func deletes(t *testing.T, s contactsync.Store) {
	put(t, s, here, three...)
	hold := contactsync.Row{Table: contactsync.TableHold, Key: "1"}
	put(t, s, here, hold)
	update(t, s, here, func(tx contactsync.Tx) error {
		return tx.Delete(contactsync.TableMirror, "3", "none", "1", "1")
	})
	same(t, "rows", three[1:2], all(t, s, here, contactsync.TableMirror))
	same(t, "rows of another table", []contactsync.Row{hold}, all(t, s, here, contactsync.TableHold))
	put(t, s, here, three[0])
	same(t, "rows, one entered anew", three[:2], all(t, s, here, contactsync.TableMirror))
}

func nothingToDo(t *testing.T, s contactsync.Store) {
	update(t, s, here, func(tx contactsync.Tx) error {
		require.NoError(t, tx.Put())
		return tx.Delete(contactsync.TableMirror)
	})
	update(t, s, here, func(contactsync.Tx) error { return nil })
}

func bigBatches(t *testing.T, s contactsync.Store) {
	const count = 10_000
	var rows []contactsync.Row
	for i := range count {
		rows = append(rows, mirror(fmt.Sprintf("%05d", i), fmt.Sprint(i%7), ""))
	}
	put(t, s, here, rows...)
	slices.Reverse(rows)
	keys := keysOf(rows)
	got := view(t, s, here, func(tx contactsync.ReadTx) ([]contactsync.Row, error) {
		return tx.Get(contactsync.TableMirror, keys...)
	})
	same(t, "Get of 10,000 keys", rows, got)
	update(t, s, here, func(tx contactsync.Tx) error { return tx.Delete(contactsync.TableMirror, keys[1:]...) })
	same(t, "rows after Delete of 9,999", rows[:1], all(t, s, here, contactsync.TableMirror))
}

func bigBodies(t *testing.T, s contactsync.Store) {
	var rows []contactsync.Row
	for i := range 4 {
		row := mirror(fmt.Sprint(i), "", "")
		row.Body = slices.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
		rows = append(rows, row)
	}
	put(t, s, here, rows...)
	same(t, "rows", rows, all(t, s, here, contactsync.TableMirror))
}
