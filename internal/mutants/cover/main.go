// Command cover measures which statements of the files that decide no test comes by, and how much of each package is
// covered. The tests are those of all packages of the root module, some seeds of the simulator, the scenarios over
// the store in memory, and what is tested over databases.
//
//	go run ./internal/mutants/cover [-least 85]
//
// It fails if a statement of a deciding file is not covered, or less of another package than -least percent.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync/internal/mutants"
)

const (
	module    = "github.com/contactsync/contactsync"
	simulator = module + "/internal/sim"
	tools     = module + "/internal/mutants" // which run the tests, and are not measured by them
)

func main() {
	least := flag.Float64("least", 85, "how many percent of the statements of a package are to be covered")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := cover(ctx, *least); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func cover(ctx context.Context, least float64) error {
	root, err := mutants.Root()
	if err != nil {
		return err
	}
	deciding, err := mutants.Deciding(root)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "cover")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	list, err := exec.CommandContext(ctx, "go", "list", "-C", root, "./...").Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	packages := slices.DeleteFunc(strings.Fields(string(list)), func(pkg string) bool { return strings.HasPrefix(pkg, tools) })
	others := slices.DeleteFunc(slices.Clone(packages), func(pkg string) bool { return pkg == simulator })
	blocks := map[block]int{}
	for what, args := range map[string][]string{
		"packages":  others,
		"simulator": {simulator, "-seeds", "2000"},
		"scenarios": {module + "/internal/e2e", "-run", "^TestScenarios$/./^memstore$"},
		"stores":    {module + "/internal/e2e", "-run", "^Test(SQLStore|Postgres)"},
		"tables":    {module + "/internal/e2e/tables", module + "/internal/e2e/accounts"},
	} {
		start, profile := time.Now(), filepath.Join(dir, what)
		cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-short", "-timeout", "60m", "-coverpkg=" + strings.Join(packages, ","), "-coverprofile=" + profile}, args...)...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("the tests fail: %w\n%s", err, out)
		}
		fmt.Printf("the tests of the %s took %.0fs\n", what, time.Since(start).Seconds())
		if err := readProfile(profile, blocks); err != nil {
			return err
		}
	}
	return judge(blocks, deciding, least)
}

// A block is a run of statements as the compiler counts them.
type block struct {
	file       string // with its package's path
	from, to   int    // lines
	start      int    // column
	statements int
}

var profileLine = regexp.MustCompile(`^(\S+):(\d+)\.(\d+),(\d+)\.\d+ (\d+) (\d+)$`)

// readProfile adds how often each block was come by.
func readProfile(name string, blocks map[block]int) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(text), "\n") {
		m := profileLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		var n [5]int
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+2])
		}
		blocks[block{m[1], n[0], n[2], n[1], n[3]}] += n[4]
	}
	return nil
}

// share is how many of some statements are covered.
type share struct{ covered, all int }

func (s share) percent() float64 { return 100 * float64(s.covered) / float64(max(1, s.all)) }

// judge prints what is covered, and fails if it is not enough.
func judge(blocks map[block]int, deciding []string, least float64) error {
	packages, files, missed := map[string]share{}, map[string]share{}, []block{}
	for b, n := range blocks {
		if b.statements == 0 {
			continue
		}
		pkg, s := path.Dir(b.file), share{0, b.statements}
		if n > 0 {
			s.covered = b.statements
		}
		decides := pkg == module && slices.Contains(deciding, path.Base(b.file))
		if decides {
			f := files[path.Base(b.file)]
			files[path.Base(b.file)] = share{f.covered + s.covered, f.all + s.all}
			pkg = "the files that decide"
		}
		if decides && n == 0 {
			missed = append(missed, b)
		}
		p := packages[pkg]
		packages[pkg] = share{p.covered + s.covered, p.all + s.all}
	}
	slices.SortFunc(missed, func(x, y block) int {
		return cmp.Or(strings.Compare(x.file, y.file), cmp.Compare(x.from, y.from), cmp.Compare(x.start, y.start))
	})
	for _, b := range missed {
		fmt.Printf("not covered: %s:%d-%d (%d statements)\n", path.Base(b.file), b.from, b.to, b.statements)
	}
	low := 0
	for _, pkg := range slices.Sorted(maps.Keys(packages)) {
		s := packages[pkg]
		fmt.Printf("%6.1f %% of %5d  %s\n", s.percent(), s.all, pkg)
		if s.percent() < least {
			low++
		}
	}
	if len(missed) > 0 || low > 0 {
		return fmt.Errorf("%d places of the files that decide are not covered, and %d packages less than %g %%", len(missed), low, least)
	}
	return nil
}
