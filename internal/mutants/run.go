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

// Markdown returns the list of the results as a page.
func Markdown(results []Result) string {
	var b strings.Builder
	b.WriteString(`# Mutants

Each line is a fault that is put into the library on purpose, and the test that notices. The list is made by
` + "`go test ./internal/mutants -run TestMutants -tenth all -write`" + `, which runs every one of them; the times are from the change
to the failure, with compiling, on two cores.

| mutant | what goes wrong | where | caught by | seconds |
| --- | --- | --- | --- | --- |
`)
	slowest := time.Duration(0)
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.0f |\n", r.ID, r.Why, r.File, strings.ReplaceAll(r.Caught, "|", `\|`), r.Took.Seconds())
		slowest = max(slowest, r.Took)
	}
	fmt.Fprintf(&b, "\n%d mutants, all caught; the slowest in %.0f seconds.\n", len(results), slowest.Seconds())
	return b.String()
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
