// Command flips turns every comparison, every && || ! and every boolean literal of the files that decide into its
// opposite, one at a time, and asks whether a test notices. The tests are compiled once, with each such place behind a
// switch, and run once a flip: only those that come by the place, the quickest first.
//
//	go run ./internal/mutants/flips [-jobs 2] [-files guard.go,plan.go] [-show]
//
// It fails if a flip survives that equivalent.txt does not declare to change nothing.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/contactsync/contactsync/internal/mutants"
)

// options are what the command line says.
type options struct {
	jobs     int
	files    string
	show     bool
	declared bool
	quick    bool
	again    string
	tests    string
	slow     time.Duration
}

func main() {
	var o options
	flag.IntVar(&o.jobs, "jobs", 2, "how many flips are tried at a time")
	flag.StringVar(&o.files, "files", "", "flip only in these files, joined by commas, in this order")
	flag.BoolVar(&o.show, "show", false, "print what catches each flip, and when")
	flag.BoolVar(&o.declared, "declared", false, "try the flips that are declared to change nothing, and no others")
	flag.BoolVar(&o.quick, "quick", false, "leave out the slow tests")
	flag.StringVar(&o.again, "again", "", "try only the flips that survived, by this file, to which an earlier run was printed")
	flag.StringVar(&o.tests, "tests", "", "ask only the tests and scenarios whose names match this pattern")
	flag.DurationVar(&o.slow, "slow", time.Second, "what a slow test is: it is tried where no quick one notices")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := flipAll(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func flipAll(ctx context.Context, o options) error {
	root, err := mutants.Root()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "flips")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	start := time.Now()
	b, err := newBuild(ctx, root, dir)
	if err != nil {
		return err
	}
	excused, err := readEquivalents(b.sites)
	if err != nil {
		return err
	}
	fmt.Printf("%d flips, %d of them declared to change nothing; built in %.0fs\n", len(b.sites), len(excused), time.Since(start).Seconds())
	pattern, err := regexp.Compile(o.tests)
	if err != nil {
		return err
	}
	units, err := b.units(ctx, pattern)
	if err != nil {
		return err
	}
	fmt.Printf("%d tests and scenarios come by a flip; %.0fs\n", len(units), time.Since(start).Seconds())
	if o.show {
		for _, u := range units[max(0, len(units)-15):] {
			fmt.Printf("  %s takes %.2fs\n", u.name, u.took.Seconds())
		}
	}
	earlier, err := o.survivors()
	if err != nil {
		return err
	}
	place := func(s *Site) int { return slices.Index(strings.Split(o.files, ","), s.File) }
	sites := slices.DeleteFunc(slices.Clone(b.sites), func(s *Site) bool {
		return o.again != "" && !earlier[s.Key()] || o.files != "" && place(s) < 0 || (excused[s.Key()] != "") != o.declared
	})
	slices.SortStableFunc(sites, func(x, y *Site) int { return cmp.Compare(place(x), place(y)) })
	results, err := b.flipSites(ctx, units, sites, o)
	if err != nil {
		return err
	}
	return report(results, o.declared, time.Since(start))
}

// survivors returns the keys of the flips that survived an earlier run.
func (o options) survivors() (map[string]bool, error) {
	if o.again == "" {
		return nil, nil
	}
	text, err := os.ReadFile(o.again)
	keys := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		rest, ok := strings.CutPrefix(line, "SURVIVED ")
		_, key, _ := strings.Cut(rest, " ")
		if i := strings.LastIndex(key, " ("); ok && i > 0 {
			keys[key[:i]] = true
		}
	}
	return keys, err
}

// flipSites tries the sites on the units that are quick, and those that survive on the others as well. It returns the
// results in the order of the sites.
func (b *build) flipSites(ctx context.Context, units []*unit, sites []*Site, o options) ([]result, error) {
	slow := slices.IndexFunc(units, func(u *unit) bool { return u.took > o.slow })
	if slow < 0 {
		slow = len(units)
	}
	all, err := b.flipPass(ctx, units[:slow], sites, o)
	if err != nil || o.quick {
		return all, err
	}
	var left []*Site
	all = slices.DeleteFunc(all, func(r result) bool {
		if r.caught == "" {
			left = append(left, r.site)
		}
		return r.caught == ""
	})
	fmt.Printf("%d are left for the %d slow tests\n", len(left), len(units)-slow)
	rest, err := b.flipPass(ctx, units[slow:], left, o)
	all = append(all, rest...)
	slices.SortFunc(all, func(x, y result) int { return cmp.Compare(x.site.ID, y.site.ID) })
	return all, err
}

// flipPass tries the sites on the units, several at a time.
func (b *build) flipPass(ctx context.Context, units []*unit, sites []*Site, o options) ([]result, error) {
	next := make(chan *Site)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var all []result
	var failed error
	for range max(1, o.jobs) {
		wg.Go(func() {
			w := &worker{build: b, servers: map[int]*server{}, noticed: map[string][]*unit{}}
			for s := range next {
				r, err := w.flip(ctx, s, units)
				mu.Lock()
				failed = errors.Join(failed, err)
				all = append(all, r)
				r.print(o.show)
				mu.Unlock()
			}
			for suite := range b.suite {
				w.end(suite)
			}
		})
	}
	for _, s := range sites {
		if ctx.Err() == nil {
			next <- s
		}
	}
	close(next)
	wg.Wait()
	slices.SortFunc(all, func(x, y result) int { return cmp.Compare(x.site.ID, y.site.ID) })
	return all, errors.Join(failed, ctx.Err())
}

// print says that a flip survived, and with show what caught it.
func (r result) print(show bool) {
	if r.caught == "" {
		fmt.Printf("SURVIVED %s:%d %s (%d tests come by)\n", r.site.File, r.site.Line, r.site.Key(), r.units)
	} else if show {
		fmt.Printf("%s:%d %s: %s (%.1fs)\n", r.site.File, r.site.Line, r.site.Key(), r.caught, r.took.Seconds())
	}
}

// report sums up, and fails if something survived, or if something that was declared to change nothing is noticed.
func report(all []result, declared bool, took time.Duration) error {
	survived, hanging, unreached := 0, 0, 0
	for _, r := range all {
		switch {
		case r.caught == "" && r.units == 0:
			unreached++
			survived++
		case r.caught == "":
			survived++
		case r.caught == endless:
			hanging++
		}
	}
	fmt.Printf("%d flips tried in %.0fs: %d caught (%d of them by a test that did not end any more), %d survived (%d of them where no test comes by)\n",
		len(all), took.Seconds(), len(all)-survived, hanging, survived, unreached)
	switch {
	case declared && survived < len(all):
		return fmt.Errorf("%d flips that are declared to change nothing are noticed: take them out of equivalent.txt", len(all)-survived)
	case !declared && survived > 0:
		return fmt.Errorf("%d flips survived: write the test that notices, or say in equivalent.txt why nothing changes", survived)
	}
	return nil
}
