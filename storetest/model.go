package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/contactsync/contactsync"
)

// A naive is a scope as one would write it first: a map, searched from end to end.
type naive map[naiveKey]contactsync.Row

type naiveKey struct {
	table contactsync.Table
	key   string
}

func (n naive) get(table contactsync.Table, keys []string) (rows []contactsync.Row) {
	for _, key := range keys {
		if row, ok := n[naiveKey{table, key}]; ok {
			rows = append(rows, row)
		}
	}
	return rows
}

// entry is what a row is sorted by.
func entry(row contactsync.Row, by int) string {
	if by == contactsync.ByKey {
		return row.Key
	}
	return row.Index[by]
}

func (n naive) find(table contactsync.Table, index int, values []string) (rows []contactsync.Row) {
	for _, row := range n.scan(contactsync.Scan{Table: table, By: index}) {
		if slices.Contains(values, row.Index[index]) {
			rows = append(rows, row)
		}
	}
	return rows
}

func (n naive) scan(q contactsync.Scan) (rows []contactsync.Row) {
	order := func(a, b contactsync.Row) int {
		return cmp.Or(cmp.Compare(entry(a, q.By), entry(b, q.By)), cmp.Compare(a.Key, b.Key))
	}
	for at, row := range n {
		e := entry(row, q.By)
		if at.table == q.Table && strings.HasPrefix(e, q.Prefix) && (q.Until == "" || e < q.Until) &&
			(q.By == contactsync.ByKey || e != "") && (q.After == nil || order(row, *q.After) > 0) {
			if q.KeysOnly {
				row.Body = nil
			}
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, order)
	if q.Limit > 0 && len(rows) > q.Limit {
		rows = rows[:q.Limit]
	}
	return rows
}

// What the model draws from: few texts, so that calls meet, and tables without unique entries.
var (
	drawText  = rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b", "ab", "a\x00", "\xfe", "é"}), rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00'é")), 0, 3, -1))
	drawTexts = rapid.SliceOfN(drawText, 0, 5)
	drawTable = rapid.SampledFrom([]contactsync.Table{contactsync.TableMirror, contactsync.TableKey, contactsync.TableJournal})
	drawRow   = rapid.Custom(func(t *rapid.T) contactsync.Row {
		row := contactsync.Row{Table: drawTable.Draw(t, "table"), Key: drawText.Draw(t, "key"), Stamp: drawText.Draw(t, "stamp")}
		for i := range row.Index {
			row.Index[i] = drawText.Draw(t, "entry")
		}
		if body := drawText.Draw(t, "body"); body != "" {
			row.Body = []byte(body)
		}
		return row
	})
	drawScan = rapid.Custom(func(t *rapid.T) contactsync.Scan {
		q := contactsync.Scan{
			Table: drawTable.Draw(t, "table"), By: rapid.IntRange(contactsync.ByKey, contactsync.Indexes-1).Draw(t, "by"),
			Prefix: drawText.Draw(t, "prefix"), Until: drawText.Draw(t, "until"),
			Limit: rapid.IntRange(0, 3).Draw(t, "limit"), KeysOnly: rapid.Bool().Draw(t, "keys only"),
		}
		if rapid.Bool().Draw(t, "after") {
			row := drawRow.Draw(t, "row")
			q.After = &row
		}
		return q
	})
)

// model runs random transactions in scopes of two owners with the same connections, and compares each answer with
// the naive one's.
func model(t *testing.T, s contactsync.Store) {
	cases := 0
	rapid.Check(t, func(t *rapid.T) {
		cases++
		owners := []string{fmt.Sprintf("one of case %d", cases), fmt.Sprintf("two of case %d", cases)}
		state := map[contactsync.Scope]naive{}
		for range rapid.IntRange(1, 8).Draw(t, "transactions") {
			scope := scopeOf(rapid.SampledFrom(owners).Draw(t, "owner"), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "connection"))
			after := maps.Clone(state[scope])
			if after == nil {
				after = naive{}
			}
			var outcome error
			if rapid.Bool().Draw(t, "roll back") {
				outcome = errStop
			}
			err := s.Update(context.Background(), person(scope), func(tx contactsync.Tx) error {
				for range rapid.IntRange(0, 6).Draw(t, "calls") {
					step(t, tx, after)
				}
				return outcome
			})
			if !errors.Is(err, outcome) {
				t.Fatalf("Update: got %v, want %v", err, outcome)
			}
			if outcome == nil {
				state[scope] = after
			}
		}
		compareAll(t, s, owners, state)
	})
}

// step makes one random call on both.
func step(t *rapid.T, tx contactsync.Tx, n naive) {
	table := drawTable.Draw(t, "table")
	switch rapid.SampledFrom([]string{"put", "delete", "get", "find", "scan"}).Draw(t, "call") {
	case "put":
		rows := rapid.SliceOfN(drawRow, 0, 5).Draw(t, "rows")
		for _, row := range rows {
			n[naiveKey{row.Table, row.Key}] = row
		}
		agree(t, "Put", nil, nil, tx.Put(rows...))
	case "delete":
		keys := drawTexts.Draw(t, "keys")
		for _, key := range keys {
			delete(n, naiveKey{table, key})
		}
		agree(t, "Delete", nil, nil, tx.Delete(table, keys...))
	case "get":
		keys := drawTexts.Draw(t, "keys")
		rows, err := tx.Get(table, keys...)
		agree(t, "Get", n.get(table, keys), rows, err)
	case "find":
		index, values := rapid.IntRange(0, contactsync.Indexes-1).Draw(t, "index"), drawTexts.Draw(t, "values")
		rows, err := tx.Find(table, index, values...)
		agree(t, "Find", n.find(table, index, values), rows, err)
	case "scan":
		compareScan(t, tx, n, drawScan.Draw(t, "scan"))
	}
}

// compareScan compares a scan and its count.
func compareScan(t *rapid.T, tx contactsync.ReadTx, n naive, q contactsync.Scan) {
	rows, err := tx.Scan(q)
	agree(t, "Scan", n.scan(q), rows, err)
	count, err := tx.Count(q)
	q.Limit = 0
	if want := len(n.scan(q)); err != nil || count != want {
		t.Fatalf("Count: got %d, %v, want %d", count, err, want)
	}
}

// compareAll compares all rows of all scopes by all orders.
func compareAll(t *rapid.T, s contactsync.Store, owners []string, state map[contactsync.Scope]naive) {
	for _, owner := range owners {
		var want []contactsync.Scope
		for _, connection := range []string{"x", "y"} {
			scope := scopeOf(owner, connection)
			if len(state[scope]) > 0 {
				want = append(want, scope)
			}
			err := s.View(context.Background(), scope, func(tx contactsync.ReadTx) error {
				for _, table := range contactsync.Tables {
					for by := contactsync.ByKey; by < contactsync.Indexes; by++ {
						compareScan(t, tx, state[scope], contactsync.Scan{Table: table, By: by})
					}
				}
				return nil
			})
			if err != nil {
				t.Fatalf("View: %v", err)
			}
		}
		got, err := s.Scopes(context.Background(), owner)
		if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Fatalf("Scopes: %v (-want +got):\n%s", err, diff)
		}
	}
}

// agree reports rows that differ from the naive ones.
func agree(t *rapid.T, call string, want, got []contactsync.Row, err error) {
	if err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	if diff := diffRows(want, got); diff != "" {
		t.Fatalf("%s (-naive +store):\n%s", call, diff)
	}
}
