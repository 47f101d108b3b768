package e2e_test

import (
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/sqlstore"
)

// How rows go into SQLite: with a parameter for each value, as package sqlstore does it, or all as one parameter of JSON.
// Half of the 512 rows of each transaction are there already. docs/decisions.md has what came of it.
func BenchmarkBulkInsert(b *testing.B) {
	const batch = 512
	body := []byte(`{"fields":{"name":"` + strings.Repeat(`x","y":"`, 85) + `"}}`)
	for _, shape := range []struct {
		name string
		row  func(i int) contactsync.Row
	}{
		{"rows of keys", func(i int) contactsync.Row {
			return contactsync.Row{Table: contactsync.TableKey, Key: fmt.Sprintf("a0 %016x", uint64(i)*0x9E3779B97F4A7C15), Stamp: "card000001.vcf"}
		}},
		{"rows with bodies of 700 bytes", func(i int) contactsync.Row {
			return contactsync.Row{Table: contactsync.TableMirror, Key: fmt.Sprintf("acard%06d.vcf", i), Stamp: "1234567890", Body: body}
		}},
	} {
		for _, way := range []struct {
			name string
			rows int // of a statement
			from string
			args func(rows []contactsync.Row) []any
		}{
			{"values, 8 rows", 8, values(8), eachValue},
			{"values, 64 rows", 64, values(64), eachValue},
			{"values, 256 rows", 256, values(256), eachValue},
			{"one JSON, hexadecimal", batch, "SELECT 1, unhex(value->>0), unhex(value->>1), unhex(value->>2) FROM json_each(?) WHERE true", hexJSON},
			{"one JSON, bodies as text", batch, "SELECT 1, unhex(value->>0), unhex(value->>1), CAST(value->>2 AS BLOB) FROM json_each(?) WHERE true", textJSON},
			{"one JSON of lengths beside one blob", batch, "SELECT 1, substr(?1, value->>0, value->>1), substr(?1, value->>2, value->>3), substr(?1, value->>4, value->>5) FROM json_each(?2) WHERE true", packed},
		} {
			b.Run(shape.name+"/"+way.name, func(b *testing.B) {
				db := openDB(b, sqlstore.SQLiteDSN(newFile(b)))
				db.SetMaxOpenConns(1)
				storeIn(b, db)
				stmt, err := db.Prepare("INSERT OR FAIL INTO contactsync_" + string(shape.row(0).Table) + " (scope, key, stamp, body) " + way.from +
					" ON CONFLICT (scope, key) DO UPDATE SET stamp = excluded.stamp, body = excluded.body")
				require.NoError(b, err)
				n := 0
				put := func() {
					rows := make([]contactsync.Row, batch)
					for i := range rows {
						rows[i] = shape.row((n/2 + i) % 20_000)
					}
					n += batch
					tx, err := db.Begin()
					require.NoError(b, err)
					in := tx.Stmt(stmt)
					for len(rows) > 0 {
						_, err := in.Exec(way.args(rows[:way.rows])...)
						require.NoError(b, err)
						rows = rows[way.rows:]
					}
					require.NoError(b, tx.Commit())
				}
				put()
				n = batch
				b.ReportAllocs()
				for b.Loop() {
					put()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n-batch), "ns/row")
				var count int
				require.NoError(b, db.QueryRow("SELECT count(*) FROM contactsync_"+string(shape.row(0).Table)+" WHERE key = ? AND body IS ?",
					[]byte(shape.row(1).Key), sql.RawBytes(shape.row(1).Body)).Scan(&count))
				require.Equal(b, 1, count, "the row is as it was given")
			})
		}
	}
}

func values(rows int) string { return "VALUES (1, ?, ?, ?)" + strings.Repeat(", (1, ?, ?, ?)", rows-1) }

func eachValue(rows []contactsync.Row) (args []any) {
	for _, row := range rows {
		args = append(args, []byte(row.Key), []byte(row.Stamp), row.Body)
	}
	return args
}

func hexJSON(rows []contactsync.Row) []any {
	list := []byte("[")
	for i, row := range rows {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(hex.AppendEncode(append(list, `["`...), []byte(row.Key)), `","`...)
		list = append(hex.AppendEncode(list, []byte(row.Stamp)), `",`...)
		if row.Body == nil {
			list = append(list, `null]`...)
			continue
		}
		list = append(hex.AppendEncode(append(list, '"'), row.Body), `"]`...)
	}
	return []any{string(append(list, ']'))}
}

func textJSON(rows []contactsync.Row) []any {
	list := make([][3]*string, len(rows))
	for i, row := range rows {
		key, stamp := hex.EncodeToString([]byte(row.Key)), hex.EncodeToString([]byte(row.Stamp))
		list[i] = [3]*string{&key, &stamp}
		if row.Body != nil {
			body := string(row.Body)
			list[i][2] = &body
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	return []any{string(text)}
}

func packed(rows []contactsync.Row) []any {
	var bytes []byte
	list := make([][6]*int, len(rows))
	for i, row := range rows {
		for j, part := range [][]byte{[]byte(row.Key), []byte(row.Stamp), row.Body} {
			if part == nil {
				continue
			}
			from, size := len(bytes)+1, len(part)
			bytes = append(bytes, part...)
			list[i][2*j], list[i][2*j+1] = &from, &size
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	return []any{bytes, string(text)}
}
