package sim

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	seeds   = flag.Int("seeds", 20_000, "how many seeds TestSeeds plays")
	first   = flag.Uint64("seed", 1, "the first of them")
	workers = flag.Int("workers", runtime.GOMAXPROCS(0), "how many are played at a time")
	show    = flag.Bool("show", false, "tell each event of the first seed")
	keep    = flag.String("keep", "", "a folder that the shrunk scripts of failing seeds are written to")
	only    = flag.String("only", "", "shrink only those whose failure begins so")
)

// open are seeds that are known to fail, with the reason. Each is a fault that nobody has mended yet.
var open = map[uint64]string{}

// TestSeeds plays seeds: nothing that was promised is broken, and every fault that the simulator knows befell some of them.
//
//	go test ./internal/sim -run TestSeeds -seeds 20000 -seed 1 -v
func TestSeeds(t *testing.T) {
	if *show {
		showSeed(t, Draw(*first))
		return
	}
	defer debug.SetGCPercent(debug.SetGCPercent(3000)) // little is alive at a time
	began, cpu := time.Now(), processor()
	tally := Run(t.Context(), *first, *seeds, *workers, Options{})
	took, used := time.Since(began), processor()-cpu
	checkFailed(t, tally, *first)
	t.Logf("%d seeds, %.1f years, in %s: %.0f seeds a second, %.0f a second and core; %d played twice; %d failed", *seeds, tally.Hours/8766,
		took.Round(time.Millisecond), float64(*seeds)/took.Seconds(), float64(*seeds)/used.Seconds(), tally.Again, len(tally.Failed))
	for _, name := range tally.Names() {
		t.Logf("%8d %s", tally.Fired[name], name)
	}
	if never := tally.Never(); *seeds >= 2000 && len(never) > 0 {
		t.Errorf("never fired: %q", never)
	}
	if *keep != "" {
		shrinkAll(t, tally)
	}
}

// TestLaterSeeds plays some of the seeds that draw the families which came later, too: from a million on.
//
//	go test ./internal/sim -run TestSeeds -seed 1000001 -seeds 20000 -v
func TestLaterSeeds(t *testing.T) {
	t.Parallel()
	tally := Run(t.Context(), laterFrom, 700, *workers, Options{})
	checkFailed(t, tally, laterFrom)
	for _, f := range later {
		for _, in := range f.kinds {
			if tally.Fired[f.id+" "+in.kind] == 0 {
				t.Errorf("never fired: %s %s", f.id, in.kind)
			}
		}
	}
}

// checkFailed compares which seeds failed with those that are open.
func checkFailed(t *testing.T, tally *Tally, first uint64) {
	t.Helper()
	for _, seed := range sortedSeeds(tally.Failed) {
		if reason, known := open[seed]; known {
			t.Logf("seed %d is open: %s", seed, reason)
			continue
		}
		t.Errorf("seed %d: %s", seed, tally.Failed[seed])
	}
	for seed, reason := range open {
		if _, failed := tally.Failed[seed]; !failed && seed >= first && seed <= tally.Last {
			t.Errorf("seed %d does not fail any more: take it from the open ones (%s)", seed, reason)
		}
	}
}

// processor returns how much of the processors this process has used.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func sortedSeeds(m map[uint64]string) (all []uint64) {
	for seed := range m {
		all = append(all, seed)
	}
	slices.Sort(all)
	return all
}

// showSeed tells all that happens in a script.
func showSeed(t *testing.T, s *Script) {
	r, err := Play(t.Context(), s, Options{Keep: true})
	require.NoError(t, err)
	text, err := s.Encode()
	require.NoError(t, err)
	fmt.Printf("%s\n%s\n", text, strings.Join(r.Lines, "\n"))
	for _, v := range r.Violations {
		fmt.Printf("%s at %d: %s\n", v.Invariant, v.At, v.Text)
	}
}

// shrinkAll writes a short script for each seed that failed, and what happens in it.
func shrinkAll(t *testing.T, tally *Tally) {
	for _, seed := range sortedSeeds(tally.Failed) {
		if !strings.HasPrefix(tally.Failed[seed], *only) {
			continue
		}
		require.NoError(t, Keep(t.Context(), *keep, seed, Options{}))
	}
}

// failure says what is wrong with a script, "" if nothing is.
func failure(ctx context.Context, s *Script) string {
	r, err := Play(ctx, s, Options{})
	if err != nil {
		return err.Error()
	}
	return r.Failed()
}

// TestTally: the worlds of many seeds last longer than a time.Duration can say, which ends after 292 years.
func TestTally(t *testing.T) {
	tally := &Tally{Fired: map[string]int{}}
	for seed := range uint64(40) {
		tally.add(seed, &Result{Virtual: 10 * 8766 * time.Hour}, "")
	}
	require.InDelta(t, 400, tally.Hours/8766, 0.001)
}
