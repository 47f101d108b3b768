package csvfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/csvfile"
)

// manyRows returns a file of n rows, with or without key column.
func manyRows(n int, keyed bool) string {
	var b strings.Builder
	if b.WriteString("First Name,Last Name,E-mail 1 - Value,Phone 1 - Value,Labels,Notes"); keyed {
		b.WriteString(",ID")
	}
	b.WriteString("\r\n")
	for i := range n {
		fmt.Fprintf(&b, "Ann%d,\"Lee, %d\",ann%d@example.com,+32470%06d,a ::: b,\"one \"\"note\"\"\"", i, i, i, i)
		if keyed {
			fmt.Fprintf(&b, ",%d", i)
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

func BenchmarkList(b *testing.B) {
	for _, keyed := range []bool{true, false} {
		for _, n := range []int{1_000, 10_000, 100_000} {
			b.Run(fmt.Sprintf("keyed=%t/rows=%d", keyed, n), func(b *testing.B) {
				path := writeFile(b, manyRows(n, keyed))
				b.ReportAllocs()
				for b.Loop() {
					_, err := csvfile.File(path).List(b.Context(), "")
					require.NoError(b, err)
				}
			})
		}
	}
}

// BenchmarkUpdate writes one cell of a file that the connector knows.
func BenchmarkUpdate(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			path := writeFile(b, manyRows(n, true))
			c := csvfile.File(path)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				results, err := c.Apply(b.Context(), []connector.Write{update("7", set("notes", fmt.Sprint("note ", i)))})
				require.NoError(b, err)
				require.NoError(b, results[0].Err)
			}
		})
	}
}

// TestLinear shows that the work grows with the file and no faster, by counting what is allocated.
func TestLinear(t *testing.T) {
	allocations := func(content string) float64 {
		path := writeFile(t, content)
		return testing.AllocsPerRun(2, func() {
			_, err := csvfile.File(path).List(t.Context(), "")
			require.NoError(t, err)
		})
	}
	for _, tc := range []struct {
		name string
		make func(n int) string
	}{
		{"rows", func(n int) string { return manyRows(n, false) }},
		{"rows that are all alike", func(n int) string { return "name\n" + strings.Repeat("Ann\n", n) }},
		{"quotes", func(n int) string { return "name\n\"" + strings.Repeat(`""`, 10*n) + "\"\n" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			few, many := allocations(tc.make(500)), allocations(tc.make(2000))
			if many > 6*few {
				t.Errorf("four times the rows take %.1f times the allocations", many/few)
			}
		})
	}
}
