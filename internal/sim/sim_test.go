package sim

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
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
var open = map[uint64]string{
	663:   "two values of one field chase each other round a ring of three connections until the cell is frozen",
	11359: "nobody can know whether an update was written whose cell was edited: the edit flows, and the judge expects the policy",
	11835: "who was entered under the same key while a creation had no answer is taken for it, and the rule's tag is not put on them",
	14198: "not looked into: a pair differs after another configuration",
	15277: "the judge is too strict: an app merged a record into a third, so that the two ends of a link share nothing",
	15735: "a person linked two who are different in a ring of three connections: each round creates them anew",
	15962: "the judge is too strict: the preview was of a listing that was cut off",
	16630: "the check is too strict: in a ring, an app that lags does not show yet what another connection created",
	16711: "as 15735",
	17264: "not looked into: an automation and its pair do not come to rest",
	18241: "the judge is too strict: the value was cleared before its record became part of one that never had it, and the mapping keeps it",
	18617: "as 11359",
	19169: "the check is too strict: in a ring, a connection with another key does not know a record whose key was edited",
}

// TestSeeds plays seeds: nothing that was promised is broken, and every fault that the simulator knows befell some of them.
//
//	go test ./internal/sim -run TestSeeds -seeds 20000 -seed 1 -v
func TestSeeds(t *testing.T) {
	if *show {
		showSeed(t, Draw(*first))
		return
	}
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // little is alive at a time
	began, cpu := time.Now(), processor()
	tally := Run(t.Context(), *first, *seeds, *workers, Options{})
	took, used := time.Since(began), processor()-cpu
	for _, seed := range sortedSeeds(tally.Failed) {
		if reason, known := open[seed]; known {
			t.Logf("seed %d is open: %s", seed, reason)
			continue
		}
		t.Errorf("seed %d: %s", seed, tally.Failed[seed])
	}
	for seed, reason := range open {
		if _, failed := tally.Failed[seed]; !failed && seed >= *first && seed < *first+uint64(*seeds) {
			t.Errorf("seed %d does not fail any more: take it from the open ones (%s)", seed, reason)
		}
	}
	t.Logf("%d seeds, %.1f years, in %s: %.0f seeds a second, %.0f a second and core; %d played twice; %d failed", *seeds, tally.Virtual.Hours()/8766,
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
	require.NoError(t, os.MkdirAll(*keep, 0o755))
	for _, seed := range sortedSeeds(tally.Failed) {
		kind, _, _ := strings.Cut(tally.Failed[seed], " ")
		if !strings.HasPrefix(tally.Failed[seed], *only) {
			continue
		}
		small := Shrink(t.Context(), Draw(seed), 2000, func(s *Script) bool { return strings.HasPrefix(failure(t.Context(), s), kind+" ") })
		r, err := Play(t.Context(), small, Options{Keep: true})
		require.NoError(t, err)
		text, err := small.Encode()
		require.NoError(t, err)
		name := filepath.Join(*keep, fmt.Sprintf("%s-%d", strings.ToLower(kind), seed))
		require.NoError(t, os.WriteFile(name+".json", text, 0o644))
		lines := append(r.Lines, "")
		for _, v := range r.Violations {
			lines = append(lines, fmt.Sprintf("%s at %d: %s", v.Invariant, v.At, v.Text))
		}
		require.NoError(t, os.WriteFile(name+".txt", []byte(strings.Join(lines, "\n")), 0o644))
		t.Logf("seed %d: %d steps: %s", seed, len(small.Steps), r.Failed())
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
