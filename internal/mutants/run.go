package mutants

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Result says what the tests made of a mutant.
type Result struct {
	Mutant
	Caught string        // the test that failed; "" if the mutant survived
	Took   time.Duration // from the change to the failure, with compiling
}

// Test runs the tests of a mutant of the repository in the folder root. It fails if they could not be run, as when the
// mutant does not compile.
func (m Mutant) Test(ctx context.Context, root string) (Result, error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(dir)
	overlay, err := m.Overlay(root, dir)
	if err != nil {
		return Result{}, err
	}
	start := time.Now()
	cmd := exec.CommandContext(ctx, "go", "test", "-vet=off", "-count=1", "-failfast", "-timeout=10m", "-overlay", overlay, "-run", m.Run, m.Package)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	r := Result{Mutant: m, Took: time.Since(start)}
	switch {
	case ctx.Err() != nil:
		return r, ctx.Err()
	case bytes.Contains(out, []byte("[build failed]")) || bytes.Contains(out, []byte("[setup failed]")):
		return r, fmt.Errorf("mutant %s does not compile: %s", m.ID, out)
	case bytes.Contains(out, []byte("no tests to run")):
		return r, fmt.Errorf("mutant %s: no test of %s is called %s", m.ID, m.Package, m.Run)
	case err != nil:
		r.Caught = failedTest(string(out))
	}
	return r, nil
}

var failLine = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// failedTest returns the name of the test that failed, the most precise one that is told.
func failedTest(out string) string {
	last := ""
	for _, found := range failLine.FindAllStringSubmatch(out, -1) {
		if last == "" || strings.HasPrefix(found[1], last+"/") {
			last = found[1]
		}
	}
	if last == "" {
		return "a test that does not end, or a panic"
	}
	return last
}

// Tenth returns the mutants whose turn it is: of n in ten, with the canary always. Ten turns in a row are all of them.
func Tenth(all []Mutant, n int) []Mutant {
	turn := ((n % 10) + 10) % 10
	var some []Mutant
	for i, m := range all {
		if i == 0 || i%10 == turn {
			some = append(some, m)
		}
	}
	return some
}

const pageHead = `# Mutants

Each line is a fault that is put into the library on purpose, and the test that notices. The list is made by
` + "`go test ./internal/mutants -run TestMutants -tenth all -write`" + `; the seconds are from the change to the failure, compiling
included, when the mutant was last run so.

| mutant | what goes wrong | where | caught by | seconds |
| --- | --- | --- | --- | --- |
`

// Page returns the list of the mutants as a page: with new results where there are some, and else as the page was before.
func Page(before string, results []Result) string {
	rows := map[string]string{}
	for _, line := range strings.Split(before, "\n") {
		if id, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok && strings.HasPrefix(line, "| ") {
			rows[id] = line
		}
	}
	for _, r := range results {
		caught := strings.ReplaceAll(r.Caught, "|", `\|`)
		rows[r.ID] = fmt.Sprintf("| %s | %s | %s | %s | %.0f |", r.ID, r.Why, r.File, caught, r.Took.Seconds())
	}
	var b strings.Builder
	b.WriteString(pageHead)
	missing := 0
	for _, m := range All() {
		if row := rows[m.ID]; row != "" {
			b.WriteString(row + "\n")
		} else {
			missing++
		}
	}
	fmt.Fprintf(&b, "\n%d mutants, all of them caught", len(All())-missing)
	if missing > 0 {
		fmt.Fprintf(&b, "; %d more were not run yet", missing)
	}
	return b.String() + ".\n"
}

// IDs returns the ids of mutants, sorted.
func IDs(all []Mutant) []string {
	var ids []string
	for _, m := range all {
		ids = append(ids, m.ID)
	}
	slices.Sort(ids)
	return ids
}
