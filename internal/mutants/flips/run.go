package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// A unit is the least that is run by itself: a test with its subtests, or a scenario.
type unit struct {
	suite   int
	number  int // in its suite
	name    string
	took    time.Duration // of the processors
	reaches map[int]bool  // the sites that it comes by
}

// units finds all units, what each reaches and how long it takes, the quickest first. Those that fail with nothing
// flipped, such as one that counts allocations, are left out, and so is what the pattern does not match.
func (b *build) units(ctx context.Context, pattern *regexp.Regexp) ([]*unit, error) {
	found, failed := make([][]*unit, len(b.suite)), make([]error, len(b.suite))
	var wg sync.WaitGroup
	for i := range b.suite {
		wg.Go(func() { found[i], failed[i] = b.unitsOf(ctx, i, pattern) })
	}
	wg.Wait()
	all := slices.Concat(found...)
	slices.SortFunc(all, func(x, y *unit) int { return cmp.Or(cmp.Compare(x.took, y.took), strings.Compare(x.name, y.name)) })
	return all, errors.Join(append(failed, ctx.Err())...)
}

// unitsOf finds the units of one suite.
func (b *build) unitsOf(ctx context.Context, suite int, pattern *regexp.Regexp) (all []*unit, err error) {
	sv, err := serve(ctx, &b.suite[suite], 0)
	if err != nil {
		return nil, err
	}
	defer sv.stop()
	for n, name := range sv.names {
		if !pattern.MatchString(name) {
			continue
		}
		ok, took, sites, err := sv.reach(n)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if !ok {
			fmt.Printf("left out, since it fails on the instrumented files: %s\n", name)
		} else if len(sites) > 0 {
			all = append(all, &unit{suite, n, name, took, sites})
		}
	}
	return all, nil
}

// A worker tries flips, one after the other, on servers of its own.
type worker struct {
	*build
	servers map[int]*server    // by suite
	noticed map[string][]*unit // by function, what noticed a flip in it: it is asked first about the next one
}

// A result says what became of one flip.
type result struct {
	site   *Site
	caught string // by which test; "" if it survived
	units  int    // that reach it
	took   time.Duration
}

const endless = "a test that does not end"

// flip runs those of the units that reach a site, with the site flipped, until one fails: first those that noticed another
// flip of the function, then the quickest.
func (w *worker) flip(ctx context.Context, site *Site, units []*unit) (r result, err error) {
	r, start, function := result{site: site}, time.Now(), site.File+" "+site.Function
	defer func() { r.took = time.Since(start) }()
	var reaching []*unit
	for _, u := range units {
		if u.reaches[site.ID] || site.Function == "" {
			reaching = append(reaching, u)
		}
	}
	r.units = len(reaching)
	noticed := func(u *unit) int { return slices.Index(w.noticed[function], u) }
	slices.SortStableFunc(reaching, func(x, y *unit) int { return cmp.Compare(noticed(y), noticed(x)) })
	for _, batch := range batches(reaching) {
		caught, err := w.try(ctx, site, batch)
		if err != nil || caught != "" {
			r.caught = caught
			if i := slices.IndexFunc(batch, func(u *unit) bool { return u.name == caught }); i >= 0 && noticed(batch[i]) < 0 {
				w.noticed[function] = append(w.noticed[function], batch[i])
			}
			return r, err
		}
	}
	return r, ctx.Err()
}

// try runs units of one suite with the site flipped, and returns what failed, "" if nothing did. What stands outside of
// functions counts when the process starts.
func (w *worker) try(ctx context.Context, site *Site, units []*unit) (string, error) {
	suite := units[0].suite
	if w.servers[suite] == nil || site.Function == "" {
		w.end(suite)
		first := 0
		if site.Function == "" {
			first = site.ID
			defer w.end(suite)
		}
		sv, err := serve(ctx, &w.suite[suite], first)
		if err != nil && first > 0 {
			return "a panic at the start", nil
		}
		if err != nil {
			return "", err
		}
		w.servers[suite] = sv
	}
	var numbers []int
	var took time.Duration
	for _, u := range units {
		numbers, took = append(numbers, u.number), took+u.took
	}
	i, err := w.servers[suite].flip(site.ID, max(5*time.Second, 10*took), numbers)
	if err == nil {
		if i < 0 {
			return "", nil
		}
		return w.servers[suite].names[i], nil
	}
	var exit *exec.ExitError
	how := w.servers[suite].stop()
	delete(w.servers, suite)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(how, &exit) && exit.ExitCode() == 3:
		return endless, nil
	}
	return "a panic", nil
}

func (w *worker) end(suite int) {
	if sv := w.servers[suite]; sv != nil {
		_ = sv.stop()
		delete(w.servers, suite)
	}
}

// batches groups neighbours of one suite: the quick ones together, the slow ones one by one.
func batches(units []*unit) (all [][]*unit) {
	for _, u := range units {
		if n := len(all) - 1; n >= 0 && all[n][0].suite == u.suite && all[n][0].took+u.took < 200*time.Millisecond {
			all[n] = append(all[n], u)
			continue
		}
		all = append(all, []*unit{u})
	}
	return all
}
