package e2e

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/sim"
	"github.com/contactsync/contactsync/sqlstore"
)

var (
	simSeeds = flag.Int("sim-seeds", 12, "how many seeds TestSimulatedStores plays over each store")
	simFirst = flag.Uint64("sim-seed", 1, "the first of them")
)

// simStores are the stores that seeds are played over, by name. Each call of what it returns gives an empty one.
var simStores = map[string]func(*testing.T) func() (contactsync.Store, error){
	"sqlite": func(t *testing.T) func() (contactsync.Store, error) {
		dir, n := t.TempDir(), 0
		return func() (contactsync.Store, error) {
			n++
			db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, fmt.Sprintf("%d.db", n))))
			if err != nil {
				return nil, err
			}
			t.Cleanup(func() { _ = db.Close() })
			store, err := sqlstore.Open(context.Background(), db, sqlstore.SQLite{})
			if err != nil {
				return nil, err
			}
			t.Cleanup(func() { _ = store.Close() })
			return store, nil
		}
	},
}

// TestSimulatedStores: a seed goes the same way over every store: the same calls, writes, statuses and history.
func TestSimulatedStores(t *testing.T) {
	t.Parallel()
	for name, open := range simStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := *simFirst; seed < *simFirst+uint64(*simSeeds); seed++ {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					want, err := sim.Play(t.Context(), sim.Draw(seed), sim.Options{})
					require.NoError(t, err)
					got, err := sim.Play(t.Context(), sim.Draw(seed), sim.Options{Store: open(t)})
					require.NoError(t, err)
					if got.Hash != want.Hash || got.Events != want.Events {
						t.Errorf("over %s it went another way: %x of %d events, and %x of %d over memory", name, got.Hash, got.Events, want.Hash, want.Events)
					}
				})
			}
		})
	}
}
