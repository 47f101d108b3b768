package e2e_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/e2e/servers"
	"github.com/contactsync/contactsync/sqlstore"
)

// How rows go into PostgreSQL: with a parameter for each value, a column as one parameter, or all bodies as one as package
// sqlstore does it. Half of the 512 rows of each transaction are there already. A round trip takes longer in a network than
// here, so what counts is the time of the processors, on both sides. docs/decisions.md has what came of it.
func BenchmarkPostgresBulkInsert(b *testing.B) {
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
			{"values, 8 rows", 8, numbered(8), eachValue},
			{"values, 64 rows", 64, numbered(64), eachValue},
			{"values, 512 rows", 512, numbered(512), eachValue},
			{"arrays of pgx", batch, "SELECT 1, * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[])", arrays},
			{"arrays as text", batch, "SELECT 1, * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[])", texts},
			{"arrays as text beside one of bodies", batch, "SELECT 1, k, s, substr($1::bytea, at, n) FROM unnest($2::bytea[], $3::bytea[], $4::int[], $5::int[]) AS t(k, s, at, n)", besideBodies},
		} {
			b.Run(shape.name+"/"+way.name, func(b *testing.B) {
				dsn := servers.Postgres(b)
				inPostgres(b, dsn, sqlstore.Postgres{})
				db := openPostgres(b, dsn)
				db.SetMaxOpenConns(1)
				statement := "INSERT INTO contactsync_" + string(shape.row(0).Table) + " (scope, key, stamp, body) " + way.from +
					" ON CONFLICT (scope, key) DO UPDATE SET stamp = excluded.stamp, body = excluded.body"
				n := 0
				put := func() {
					rows := make([]contactsync.Row, batch)
					for i := range rows {
						rows[i] = shape.row((n/2 + i) % 20_000)
					}
					n += batch
					tx, err := db.Begin()
					require.NoError(b, err)
					for ; len(rows) > 0; rows = rows[way.rows:] {
						_, err := tx.Exec(statement, way.args(rows[:way.rows])...)
						require.NoError(b, err)
					}
					require.NoError(b, tx.Commit())
				}
				put()
				n = batch
				var server int
				require.NoError(b, db.QueryRow("SELECT pg_backend_pid()").Scan(&server))
				before := processors(b, server) + processors(b, os.Getpid())
				for b.Loop() {
					put()
				}
				b.ReportMetric(float64(processors(b, server)+processors(b, os.Getpid())-before)*1e7/float64(n-batch), "cpu-ns/row")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n-batch), "ns/row")
			})
		}
	}
}

// processors returns how long a process has run, in ticks of 10 ms as Linux counts them; 0 elsewhere.
func processors(b *testing.B, pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	user, err := strconv.Atoi(fields[11])
	require.NoError(b, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(b, err)
	return user + system
}

// numbered is VALUES with a number for each parameter.
func numbered(rows int) string {
	var list []string
	for i := range rows {
		list = append(list, fmt.Sprintf("(1, $%d, $%d, $%d)", 3*i+1, 3*i+2, 3*i+3))
	}
	return "VALUES " + strings.Join(list, ", ")
}

func arrays(rows []contactsync.Row) []any {
	var columns [3][][]byte
	for _, row := range rows {
		for i, part := range [][]byte{[]byte(row.Key), []byte(row.Stamp), row.Body} {
			columns[i] = append(columns[i], part)
		}
	}
	return []any{columns[0], columns[1], columns[2]}
}

func texts(rows []contactsync.Row) []any {
	columns := [3][]byte{[]byte("{"), []byte("{"), []byte("{")}
	for i, row := range rows {
		for j, part := range [][]byte{[]byte(row.Key), []byte(row.Stamp), row.Body} {
			if i > 0 {
				columns[j] = append(columns[j], ',')
			}
			if part == nil {
				columns[j] = append(columns[j], "NULL"...)
				continue
			}
			columns[j] = append(hex.AppendEncode(append(columns[j], `"\\x`...), part), '"')
		}
	}
	return []any{string(columns[0]) + "}", string(columns[1]) + "}", string(columns[2]) + "}"}
}

func besideBodies(rows []contactsync.Row) []any {
	without := make([]contactsync.Row, len(rows))
	size := 0
	for i, row := range rows {
		size += len(row.Body)
		row.Body = nil
		without[i] = row
	}
	bodies := make([]byte, 0, size)
	var at, length []string
	for _, row := range rows {
		if row.Body == nil {
			at, length = append(at, "NULL"), append(length, "NULL")
			continue
		}
		at, length = append(at, strconv.Itoa(len(bodies)+1)), append(length, strconv.Itoa(len(row.Body)))
		bodies = append(bodies, row.Body...)
	}
	columns := texts(without)
	return []any{bodies, columns[0], columns[1], "{" + strings.Join(at, ",") + "}", "{" + strings.Join(length, ",") + "}"}
}
