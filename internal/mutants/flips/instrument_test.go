package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

const sample = `package x

const always = 1 < 2

var words = map[string]bool{"a": true}

type list []int

func (l *list) first(n int) bool {
	for i := 0; i < n && len(*l) > i; i++ {
		if !(n == 3) ||
			n != 4 {
			return false
		}
	}
	return n == 3 || n == 3
}
`

// TestInstrument: every comparison, && || ! and boolean literal but those of constants is a site, lines stay where they are,
// and what is alike is told apart by its number.
func TestInstrument(t *testing.T) {
	t.Parallel()
	text, sites, err := instrument("x.go", []byte(sample), 10)
	require.NoError(t, err)
	var got []string
	for i, s := range sites {
		require.Equal(t, 10+i, s.ID)
		got = append(got, fmt.Sprintf("%d %s", s.Line, s.Key()))
	}
	want := []string{
		"5 x.go : true [true to false]",
		"10 x.go list.first: i < n && len(*l) > i [&& to ||]",
		"10 x.go list.first: i < n [< to >=]", "10 x.go list.first: i < n [< to <=]",
		"10 x.go list.first: len(*l) > i [> to <=]", "10 x.go list.first: len(*l) > i [> to >=]",
		"11 x.go list.first: !(n == 3) || n != 4 [|| to &&]", "11 x.go list.first: !(n == 3) [! to ]", "11 x.go list.first: n == 3 [== to !=]",
		"12 x.go list.first: n != 4 [!= to ==]", "13 x.go list.first: false [false to true]",
		"16 x.go list.first: n == 3 || n == 3 [|| to &&]", "16 x.go list.first: n == 3 [== to !=] #2", "16 x.go list.first: n == 3 [== to !=] #3",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	require.Equal(t, strings.Count(sample, "\n"), strings.Count(text, "\n"))
	require.Contains(t, text, "const always = 1 < 2\n")
	require.Contains(t, text, "flipNot(12, flipped(13) && i <= n || !flipped(13) && i < n)")
}

// TestEquivalentsOccur: a flip that is declared to change nothing is one, and has a reason.
func TestEquivalentsOccur(t *testing.T) {
	t.Parallel()
	b := &build{root: "../../..", dir: t.TempDir(), replace: map[string]string{}}
	require.NoError(t, b.instrumentAll())
	require.Greater(t, len(b.sites), 1000)
	_, err := readEquivalents(b.sites)
	require.NoError(t, err)
}
