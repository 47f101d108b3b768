package mutants_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/contactsync/contactsync/internal/mutants"
	"github.com/stretchr/testify/require"
)

var (
	tenth = flag.String("tenth", "", `which mutants TestMutants runs: "all", or those of a number, of which ten in a row are all`)
	only  = flag.String("mutant", "", "run only the mutants whose id matches this pattern")
	write = flag.Bool("write", false, "write what TestMutants finds into docs/mutants.md")
)

// chosen returns the mutants that the flags ask for.
func chosen(t *testing.T) []mutants.Mutant {
	all := mutants.All()
	if *only != "" {
		pattern, err := regexp.Compile(*only)
		require.NoError(t, err)
		return slices.DeleteFunc(all, func(m mutants.Mutant) bool { return !pattern.MatchString(m.ID) })
	}
	switch *tenth {
	case "":
		t.Skip("mutants are run with -tenth all or -tenth N, which compiles everything again for each")
	case "all":
		return all
	}
	n, err := strconv.Atoi(*tenth)
	require.NoError(t, err, "-tenth is a number, or all")
	t.Logf("-tenth %d", n)
	return mutants.Tenth(all, n)
}

// TestMutants: the tests notice every fault that is put into the library on purpose.
func TestMutants(t *testing.T) {
	root, err := mutants.Root()
	require.NoError(t, err)
	for _, m := range chosen(t) {
		t.Run(m.ID, func(t *testing.T) {
			r, err := m.Test(t.Context(), root)
			require.NoError(t, err)
			if r.Caught == "" {
				t.Fatalf("survived %s of %s: %s", m.Run, m.Package, m.Why)
			}
			t.Logf("%.1fs: %s", r.Took.Seconds(), r.Caught)
			if *write {
				page := filepath.Join(root, "docs", "mutants.md")
				before, _ := os.ReadFile(page)
				require.NoError(t, os.WriteFile(page, []byte(mutants.Page(string(before), []mutants.Result{r})), 0o644))
			}
		})
	}
}

// TestMutantsFit: each can still be applied, is of its own id, and says what it is about.
func TestMutantsFit(t *testing.T) {
	t.Parallel()
	root, err := mutants.Root()
	require.NoError(t, err)
	all := mutants.All()
	require.GreaterOrEqual(t, len(all), 40)
	seen := map[string]bool{}
	for _, m := range all {
		if _, err := m.Overlay(root, t.TempDir()); err != nil {
			t.Error(err)
		}
		if seen[m.ID] || m.Why == "" || m.Old == m.New {
			t.Errorf("%s: an id of its own, a reason and a change make a mutant", m.ID)
		}
		seen[m.ID] = true
	}
}

// TestTenth: ten turns in a row run every mutant, and each of them the canary.
func TestTenth(t *testing.T) {
	t.Parallel()
	for _, first := range []int{0, 7, 331, -3} {
		var ids []string
		for n := range 10 {
			some := mutants.IDs(mutants.Tenth(mutants.All(), first+n))
			require.Contains(t, some, mutants.Canary().ID)
			ids = append(ids, some...)
		}
		slices.Sort(ids)
		require.Equal(t, mutants.IDs(mutants.All()), slices.Compact(ids))
	}
}

// TestPage: a result takes the place of the one before, and what is no mutant any more goes.
func TestPage(t *testing.T) {
	t.Parallel()
	all := mutants.All()
	page := mutants.Page("", []mutants.Result{{Mutant: all[0], Caught: "TestX/a|b", Took: 3 * time.Second}, {Mutant: mutants.Mutant{ID: "gone"}}})
	require.Contains(t, page, `| TestX/a\|b | 3 |`)
	require.NotContains(t, page, "| gone |")
	page = mutants.Page(page, []mutants.Result{{Mutant: all[1], Caught: "TestY"}})
	require.Contains(t, page, `| TestX/a\|b | 3 |`)
	require.Contains(t, page, fmt.Sprintf("2 mutants, all of them caught; %d more", len(all)-2))
}

// TestOverlayRefuses: a text that is not there, or twice, is nobody's mutant.
func TestOverlayRefuses(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "x.go"), []byte("package x\n// one two two\n"), 0o600))
	for old, fits := range map[string]bool{"one": true, "two": false, "three": false} {
		overlay, err := mutants.Mutant{ID: "m", File: "x.go", Old: old, New: "more"}.Overlay(root, t.TempDir())
		if fits != (err == nil) {
			t.Errorf("%s: %s, %v", old, overlay, err)
		}
	}
}
