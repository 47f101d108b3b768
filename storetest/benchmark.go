package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
)

// Benchmark measures a store with the rows of a large address book: what the first sync writes, and what the next
// ones read.
func Benchmark(b *testing.B, open func(b *testing.B) contactsync.Store) {
	const count, batch = 200_000, 1000
	s := open(b)
	body := []byte(`{"text":"` + strings.Repeat("x", 488) + `"}`) // 500 bytes
	row := func(i int) contactsync.Row {
		return contactsync.Row{
			Table: contactsync.TableMirror, Key: fmt.Sprintf("a\x00%06d", i*7919%count), // not in order
			Index: [contactsync.Indexes]string{"", "ok"}, Stamp: "v1", Body: body,
		}
	}
	fill := func(b *testing.B, scope contactsync.Scope) {
		for first := 0; first < count; first += batch {
			var rows []contactsync.Row
			for i := range batch {
				rows = append(rows, row(first+i))
			}
			require.NoError(b, s.Update(b.Context(), person(scope), func(tx contactsync.Tx) error { return tx.Put(rows...) }))
		}
	}
	fill(b, here)
	b.Run("put 200,000 rows in batches of 1,000", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			fill(b, scopeOf("benchmark", fmt.Sprint(i)))
		}
	})
	keys := make([]string, batch)
	for i := range keys {
		keys[i] = row(i).Key
	}
	for _, tt := range []struct {
		name string
		want int
		read func(tx contactsync.ReadTx) (int, error)
	}{
		{"get 1,000 keys", batch, func(tx contactsync.ReadTx) (int, error) {
			rows, err := tx.Get(contactsync.TableMirror, keys...)
			return len(rows), err
		}},
		{"scan 200,000 rows, keys only", count, func(tx contactsync.ReadTx) (int, error) {
			rows, err := tx.Scan(contactsync.Scan{Table: contactsync.TableMirror, By: contactsync.ByKey, KeysOnly: true})
			return len(rows), err
		}},
		{"scan 200,000 rows by index, pages of 1,000", count, func(tx contactsync.ReadTx) (int, error) {
			q := contactsync.Scan{Table: contactsync.TableMirror, By: 1, Limit: 1000}
			for n := 0; ; {
				rows, err := tx.Scan(q)
				if err != nil || len(rows) == 0 {
					return n, err
				}
				n += len(rows)
				q.After = &rows[len(rows)-1]
			}
		}},
		{"count 200,000 rows by index", count, func(tx contactsync.ReadTx) (int, error) {
			return tx.Count(contactsync.Scan{Table: contactsync.TableMirror, By: 1, Prefix: "ok"})
		}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, s.View(b.Context(), here, func(tx contactsync.ReadTx) error {
					n, err := tt.read(tx)
					require.Equal(b, tt.want, n)
					return err
				}))
			}
		})
	}
}
