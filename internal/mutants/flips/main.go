// Command flips turns every comparison, every && || ! and every boolean literal of the files that decide into its
// opposite, one at a time, and asks whether a test notices. The tests are compiled once, with each such place behind a
// switch, and run once a flip: only those that come by the place, the quickest first.
//
//	go run ./internal/mutants/flips [-jobs 2] [-file guard.go] [-show]
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
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/contactsync/contactsync/internal/mutants"
)

func main() {
	jobs := flag.Int("jobs", 2, "how many flips are tried at a time")
	only := flag.String("file", "", "flip only in these files, joined by commas")
	show := flag.Bool("show", false, "print what catches each flip")
	declared := flag.Bool("declared", false, "try the flips again that are declared to change nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := flipAll(ctx, *jobs, *only, *show, *declared); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func flipAll(ctx context.Context, jobs int, only string, show, declared bool) error {
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
	units, err := b.units(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%d tests and scenarios come by a flip; %.0fs\n", len(units), time.Since(start).Seconds())
	sites := slices.DeleteFunc(slices.Clone(b.sites), func(s *Site) bool {
		return only != "" && !slices.Contains(strings.Split(only, ","), s.File) || (excused[s.Key()] != "") != declared
	})
	results, err := b.flipSites(ctx, units, sites, jobs, show)
	if err != nil {
		return err
	}
	return report(results, declared, time.Since(start))
}

// flipSites tries the sites, several at a time, and returns the results in their order.
func (b *build) flipSites(ctx context.Context, units []*unit, sites []*Site, jobs int, show bool) ([]result, error) {
	next := make(chan *Site)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var all []result
	var failed error
	for range max(1, jobs) {
		wg.Go(func() {
			w := &worker{build: b, all: units, servers: map[int]*server{}}
			for s := range next {
				r, err := w.flip(ctx, s)
				mu.Lock()
				failed = errors.Join(failed, err)
				all = append(all, r)
				r.print(show)
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
		fmt.Printf("%s:%d %s: %s\n", r.site.File, r.site.Line, r.site.Key(), r.caught)
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
