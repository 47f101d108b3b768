package sim

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	seeds   = flag.Int("seeds", 300, "how many seeds TestSeeds plays")
	first   = flag.Uint64("seed", 1, "the first of them")
	workers = flag.Int("workers", runtime.GOMAXPROCS(0), "how many are played at a time")
	show    = flag.Bool("show", false, "tell each event of the first seed")
)

// TestSeeds plays seeds.
func TestSeeds(t *testing.T) {
	if *show {
		r, err := Play(t.Context(), Draw(*first), Options{Keep: true})
		require.NoError(t, err)
		for _, l := range r.Lines {
			fmt.Println(l)
		}
	}
	began := time.Now()
	var mu sync.Mutex
	fired := map[string]int{}
	failed, virtual := 0, time.Duration(0)
	next := *first
	var wg sync.WaitGroup
	for range *workers {
		wg.Go(func() {
			for {
				mu.Lock()
				seed := next
				next++
				mu.Unlock()
				if seed >= *first+uint64(*seeds) {
					return
				}
				r, err := Play(t.Context(), Draw(seed), Options{})
				mu.Lock()
				if err != nil {
					t.Errorf("seed %d: %v", seed, err)
				} else {
					for k, n := range r.Fired {
						fired[k] += n
					}
					virtual += r.Virtual
					if text := r.Failed(); text != "" {
						if failed++; failed <= 20 {
							t.Errorf("seed %d: %s", seed, text)
						}
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	t.Logf("%d seeds in %s: %.0f a second and core; %d failed; %.1f years", *seeds, took.Round(time.Millisecond), float64(*seeds)/took.Seconds()/float64(*workers), failed, virtual.Hours()/8766)
	var keys []string
	for k := range fired {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		t.Logf("%8d %s", fired[k], k)
	}
}
