package contactsync

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// guardText returns a text in which the guards are described, without its line breaks.
func guardText(t *testing.T, file string) string {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.Join(strings.Fields(strings.ReplaceAll(string(text), "//", "")), " ")
}

// number reads a number as it is written in a text: 1,000.
func number(t *testing.T, text string) int {
	n, err := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
	require.NoError(t, err)
	return n
}

// TestGuardFormulaOfTheBook: wherever the default is written as a formula, it is the one of the code.
func TestGuardFormulaOfTheBook(t *testing.T) {
	t.Parallel()
	formula := regexp.MustCompile(`max\((\d+), (\d+) %\)\D{1,5}max\((\d+), (\d+) %\)`)
	for _, file := range []string{"docs/deletions-and-guards.md", "docs/configuration.md", "guard.go"} {
		found := formula.FindAllStringSubmatch(guardText(t, file), -1)
		require.NotEmpty(t, found, file)
		for _, m := range found {
			for linked := range 3000 {
				least := func(n, percent string) int { return max(number(t, n), linked*number(t, percent)/100) }
				if got, want := min(least(m[1], m[2]), least(m[3], m[4])), defaultLimit(linked); got != want {
					t.Fatalf("%s: of %d linked pairs %s lets %d through, and the guard %d", file, linked, m[0], got, want)
				}
			}
		}
	}
}

// TestGuardNumbersOfTheBook holds "of 20 to 100 pairs 10".
func TestGuardNumbersOfTheBook(t *testing.T) {
	t.Parallel()
	sentence := regexp.MustCompile(`The default in numbers: [^.]*\.`).FindString(guardText(t, "docs/deletions-and-guards.md"))
	told := regexp.MustCompile(`of ([\d,]+)(?: to ([\d,]+))? (?:linked )?pairs (\d+)`).FindAllStringSubmatch(sentence, -1)
	require.Len(t, told, strings.Count(sentence, "pairs"))
	for _, m := range told {
		from := number(t, m[1])
		to := from
		if m[2] != "" {
			to = number(t, m[2])
		}
		for linked := from; linked <= to; linked++ {
			if got := defaultLimit(linked); got != number(t, m[3]) {
				t.Errorf("of %d linked pairs %d pass; the book says: %s", linked, got, m[0])
			}
		}
	}
}

// TestHaltsOfTheBook holds the numbers at which a sync halts.
func TestHaltsOfTheBook(t *testing.T) {
	t.Parallel()
	text := guardText(t, "docs/deletions-and-guards.md")
	require.Contains(t, text, fmt.Sprintf("deletions of %d hours", int(guardWindow.Hours())))
	require.Contains(t, text, fmt.Sprintf("fields emptied by mappings, of %d hours", int(guardWindow.Hours())))
	words := map[int]string{3: "three", 100: "a hundred"}
	require.Contains(t, text, fmt.Sprintf("none of its linked records any more, %s or more", words[emptyFloor]))
	require.Contains(t, text, fmt.Sprintf("at least %s, and half, of the linked records", words[changedFloor]))
	for _, row := range []struct {
		t    tally
		halt string
	}{
		{tally{linked: emptyFloor, absent: [2]int{emptyFloor, 0}}, WaitEmpty},
		{tally{linked: emptyFloor - 1, absent: [2]int{emptyFloor - 1, 0}}, ""},
		{tally{linked: emptyFloor + 1, absent: [2]int{emptyFloor, 0}}, ""},
		{tally{linked: emptyFloor + 1, absent: [2]int{0, emptyFloor}, aside: [2]int{0, 1}}, WaitEmpty}, // one was taken over
		{tally{linked: 1, absent: [2]int{emptyFloor, 0}, left: [2]int{emptyFloor - 1, 0}}, WaitEmpty},
		{tally{linked: emptyFloor, absent: [2]int{emptyFloor, 0}, left: [2]int{1, 0}}, ""},
		{tally{linked: emptyFloor, absent: [2]int{0, emptyFloor}, left: [2]int{1, 0}}, WaitEmpty}, // they are the other app's
		{tally{linked: emptyFloor, absent: [2]int{1, 0}, awaited: [2]int{emptyFloor - 1, 0}}, WaitEmpty},
		{tally{linked: emptyFloor, awaited: [2]int{emptyFloor, 0}}, ""}, // nobody must be missing
		{tally{linked: emptyFloor + 1, absent: [2]int{1, 0}, awaited: [2]int{emptyFloor - 1, 0}}, ""},
		{tally{linked: emptyFloor, absent: [2]int{0, 1}, awaited: [2]int{emptyFloor - 1, 0}}, ""}, // they are the other app's
		{tally{linked: 2 * changedFloor, changed: [2]int{0, changedFloor}}, WaitChanged},
		{tally{linked: 2*changedFloor + 1, changed: [2]int{0, changedFloor}}, ""},
		{tally{linked: changedFloor - 1, changed: [2]int{changedFloor - 1, 0}}, ""},
	} {
		if got := new(Guard).guard(row.t, nil).halt; got != row.halt {
			t.Errorf("%+v: halt %q, want %q", row.t, got, row.halt)
		}
	}
}
