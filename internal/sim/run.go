package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// A Tally is what became of many seeds.
type Tally struct {
	Seeds  int
	Last   uint64            // the last of them
	Hours  float64           // of all their worlds together: of a million more than a time.Duration holds
	Fired  map[string]int    // how often each fault befell a call, by family and kind
	Failed map[uint64]string // what is wrong, by seed
	Again  int               // seeds that were played twice
}

// Run plays n seeds from first on, so many at a time. One in a hundred, and each that fails, is played again, and must go
// the same way.
func Run(ctx context.Context, first uint64, n, workers int, o Options) *Tally {
	t := &Tally{Seeds: n, Last: first + uint64(n) - 1, Fired: map[string]int{}, Failed: map[uint64]string{}}
	var mu sync.Mutex
	var all sync.WaitGroup
	next, end := first, first+uint64(n)
	take := func() (seed uint64, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		seed, next = next, next+1
		return seed, seed < end && ctx.Err() == nil
	}
	for range max(workers, 1) {
		all.Go(func() {
			for seed, ok := take(); ok; seed, ok = take() {
				r, failure := playSeed(ctx, seed, o)
				mu.Lock()
				t.add(seed, r, failure)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return t
}

// playSeed plays a seed, and again where it is to go the same way, and says what is wrong.
func playSeed(ctx context.Context, seed uint64, o Options) (r *Result, failure string) {
	r, err := Play(ctx, o.draw(seed), o)
	if err != nil {
		return nil, err.Error()
	}
	failure = r.Failed()
	if seed%100 == 0 || failure != "" {
		again, err := Play(ctx, o.draw(seed), o)
		if err != nil || again.Hash != r.Hash {
			return r, fmt.Sprintf("T7: the same seed did not go the same way: %x, then %x (%v)", r.Hash, again.Hash, err)
		}
	}
	return r, failure
}

// add takes in what became of a seed.
func (t *Tally) add(seed uint64, r *Result, failure string) {
	if failure != "" {
		t.Failed[seed] = failure
	}
	if r == nil {
		return
	}
	if seed%100 == 0 || failure != "" {
		t.Again++
	}
	t.Hours += r.Virtual.Hours()
	for name, n := range r.Fired {
		t.Fired[name] += n
	}
}

// Never returns the injectors of the families that never fired.
func (t *Tally) Never() (names []string) {
	drawn := families
	if t.Last >= laterFrom {
		drawn = slices.Concat(families, later)
	}
	for _, f := range drawn {
		for _, in := range f.kinds {
			if name := f.id + " " + in.kind; t.Fired[name] == 0 && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if len(f.kinds) == 0 && !t.fires(f.id) {
			names = append(names, f.id)
		}
	}
	return names
}

// fires reports whether anything of a family fired.
func (t *Tally) fires(id string) bool {
	for name := range t.Fired {
		if len(name) > len(id) && name[:len(id)+1] == id+" " {
			return true
		}
	}
	return false
}

// Names returns what fired, sorted.
func (t *Tally) Names() []string { return slices.Sorted(maps.Keys(t.Fired)) }
