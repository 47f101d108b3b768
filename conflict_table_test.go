package contactsync

import (
	"strings"
	"testing"

	"github.com/contactsync/contactsync/internal/docs"
	"github.com/stretchr/testify/require"
)

// TestTableOfTheBook: docs/conflicts.md says of every combination of facts what decide says of it. Its rows are read from the
// top; the first one that fits holds.
func TestTableOfTheBook(t *testing.T) {
	t.Parallel()
	rows, err := docs.Rows("docs/conflicts.md")
	require.NoError(t, err)
	used := map[int]bool{}
	for _, f := range allFacts() {
		fits := -1
		for i, row := range rows {
			if len(row) == 4 && rowIsAbout(f, row) {
				fits = i
				break
			}
		}
		if fits < 0 {
			t.Errorf("no row is about %+v, which is decided as %d", f, decide(f))
			continue
		}
		used[fits] = true
		if got, want := decide(f), verdictOf(rows[fits][3]); got != want {
			t.Errorf("%v: of %+v decide says %d, the book %d", rows[fits], f, got, want)
		}
	}
	for i, row := range rows {
		if len(row) == 4 && !used[i] {
			t.Errorf("%v is about nothing", row)
		}
	}
}

// allFacts returns every combination of facts that there can be where both sides were read.
func allFacts() (all []facts) {
	for n := range 1 << 8 {
		bit := func(i int) bool { return n>>i&1 == 1 }
		f := facts{settled: bit(0), changed: [2]bool{bit(1), bit(2)}, blank: [2]bool{bit(3), bit(4)}, agree: bit(5), flow: [2]bool{bit(6), bit(7)}}
		switch {
		case f.blank[A] && f.blank[B] && !f.agree, f.blank[A] != f.blank[B] && f.agree:
		case !f.settled && (f.changed[A] || f.changed[B]):
		default:
			all = append(all, f)
		}
	}
	return all
}

// rowIsAbout reports whether a row of the two tables is about these facts.
func rowIsAbout(f facts, row []string) bool {
	for _, s := range Sides {
		if !cellHolds(f, s, row[s]) {
			return false
		}
	}
	switch row[2] {
	case "a", "b":
		return f.flow[sideOf(row[2])]
	case "not a", "not b":
		return !f.flow[sideOf(strings.TrimPrefix(row[2], "not "))]
	case "a only":
		return f.flow[A] && !f.flow[B]
	case "b only":
		return f.flow[B] && !f.flow[A]
	case "both":
		return f.flow[A] && f.flow[B]
	case "neither":
		return !f.flow[A] && !f.flow[B]
	}
	return row[2] == ""
}

func sideOf(name string) Side {
	if name == "b" {
		return B
	}
	return A
}

// cellHolds reports whether side s is as the cell says.
func cellHolds(f facts, s Side, cell string) bool {
	switch cell {
	case "same":
		return f.settled && !f.changed[s]
	case "changed":
		return f.settled && f.changed[s]
	case "one or both changed":
		return f.settled && (f.changed[A] || f.changed[B])
	case "and both mean the same now":
		return f.settled && f.agree
	case "emptied":
		return f.settled && f.changed[s] && f.blank[s] && !f.blank[s.Other()]
	case "any":
		return !f.settled
	case "the same meaning":
		return !f.settled && f.agree
	case "filled":
		return !f.settled && !f.blank[s]
	case "empty":
		return !f.settled && f.blank[s]
	case "otherwise":
		return !f.settled && !f.blank[s] && !f.agree
	}
	return false
}

// verdictOf reads the last cell.
func verdictOf(cell string) verdict {
	switch {
	case cell == "nothing":
		return keep
	case strings.HasPrefix(cell, "that is settled"):
		return settle
	case strings.Contains(cell, "conflict"):
		return clash
	case strings.Contains(cell, "a is written"), strings.Contains(cell, "a is filled"):
		return writeA
	case strings.Contains(cell, "b is written"), strings.Contains(cell, "b is filled"):
		return writeB
	}
	return leave
}
