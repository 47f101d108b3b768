package e2e

import (
	"flag"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/e2e/stores"
	"github.com/contactsync/contactsync/internal/sim"
)

var (
	simSeeds = flag.Int("sim-seeds", 12, "how many seeds TestSimulatedStores plays over each store")
	simFirst = flag.Uint64("sim-seed", 1, "the first of them")
)

// TestSimulatedStores: a seed goes the same way over every store: the same calls, writes, statuses and history.
func TestSimulatedStores(t *testing.T) {
	t.Parallel()
	kinds := stores.Kinds(t)
	for _, name := range []string{stores.SQLite, stores.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same, events := 0, 0
			for seed := *simFirst; seed < *simFirst+uint64(*simSeeds); seed++ {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					want, err := sim.Play(t.Context(), sim.Draw(seed), sim.Options{})
					require.NoError(t, err)
					got, err := sim.Play(t.Context(), sim.Draw(seed), sim.Options{Store: func() (contactsync.Store, error) { return kinds[name](t), nil }})
					require.NoError(t, err)
					if got.Hash != want.Hash || got.Events != want.Events {
						t.Errorf("over %s it went another way: %x of %d events, and %x of %d over memory", name, got.Hash, got.Events, want.Hash, want.Events)
						return
					}
					same, events = same+1, events+got.Events
				})
			}
			t.Logf("%d of %d seeds, %d events, went over %s as over memory", same, *simSeeds, events, name)
		})
	}
}
