//go:build linux

package crash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/vcard"
)

// What a fleet of these tests is: how often each connection is synced, which of them takes its process with it, and how many
// workers a process has.
const (
	fleetEvery   = time.Minute
	fleetPoison  = 3
	fleetWorkers = 2
)

// runFleet works in a fleet until the process is killed, or takes the connection that does that. It tells on out what it takes, and
// how each sync ends.
func (o orders) runFleet(ctx context.Context, store contactsync.Store, out io.Writer) error {
	clock := newWarpClock(o.Start, o.Speed)
	fleet, err := contactsync.NewFleet(store, contactsync.WithClock(clock))
	if err != nil {
		return err
	}
	work := func() error {
		for {
			turn, err := fleet.Take(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintln(out, "took", turn.Scope.Connection)
			if turn.Scope.Connection == strconv.Itoa(fleetPoison) {
				os.Exit(1)
			}
			s, err := o.member(ctx, turn.Scope, store, clock)
			if err == nil {
				_, err = s.Sync(ctx)
			}
			fmt.Fprintln(out, "synced", turn.Scope.Connection, err)
			if err := turn.Done(ctx, fleetEvery, err); err != nil {
				return err
			}
		}
	}
	var workers sync.WaitGroup
	ends := make([]error, fleetWorkers)
	for i := range ends {
		workers.Go(func() { ends[i] = work() })
	}
	workers.Wait()
	return errors.Join(ends...)
}

// member opens a connection of the fleet, between two folders of its own.
func (o orders) member(ctx context.Context, scope contactsync.Scope, store contactsync.Store, clock *warpClock) (*contactsync.Syncer, error) {
	return contactsync.Open(ctx, contactsync.Connection{Owner: scope.Owner, ID: scope.Connection},
		vcard.Folder(filepath.Join(o.Books[0], scope.Connection)), vcard.Folder(filepath.Join(o.Books[1], scope.Connection)),
		store, contactsync.WithClock(clock), contactsync.WithConcurrency(1))
}

// TestFleetOfProcesses lets several processes work in one fleet of connections of several owners. One connection takes its process
// with it whenever it is taken, and now and then a process is killed; whatever ends is started again. The others are synced all
// the time, and the one is tried less and less often.
func TestFleetOfProcesses(t *testing.T) {
	t.Parallel()
	const processes, connections, speed = 3, 12, 20
	for _, name := range slices.Sorted(maps.Keys(diskStores)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			o := orders{Store: name, Where: diskStores[name].where(t, folder), Books: [2]string{filepath.Join(folder, "a"), filepath.Join(folder, "b")},
				Speed: speed, Fleet: true}
			clock := newWarpClock(time.Now(), speed)
			store, closeStore, err := diskStores[name].open(t.Context(), o.Where)
			require.NoError(t, err)
			defer closeStore()
			fleet, err := contactsync.NewFleet(store, contactsync.WithClock(clock))
			require.NoError(t, err)
			for i := range connections {
				for _, book := range o.Books {
					require.NoError(t, os.MkdirAll(filepath.Join(book, strconv.Itoa(i)), 0o700))
				}
				card := fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%d\r\nFN:Ann %d\r\nEMAIL:ann%d@example.com\r\nEND:VCARD\r\n", i, i, i)
				require.NoError(t, os.WriteFile(filepath.Join(o.Books[0], strconv.Itoa(i), "ann.vcf"), []byte(card), 0o600))
				require.NoError(t, fleet.Schedule(t.Context(), fleetScope(i), clock.Now()))
			}
			begun, poison, took, synced := clock.Now(), strconv.Itoa(fleetPoison), map[string]int{}, map[string]int{}
			playFleet(t, o, clock, processes, func(line string) (enough bool) {
				switch words := strings.SplitN(line, " ", 3); {
				case words[0] == "took":
					took[words[1]]++
				case words[0] == "synced" && words[2] == "<nil>":
					synced[words[1]]++
				case words[0] != "ready" && !strings.Contains(line, "another engine"): // on this clock a lease lapses in less than a second
					t.Error(line)
				}
				for i := range connections {
					if i != fleetPoison && synced[strconv.Itoa(i)] < 3 {
						return false
					}
				}
				return took[poison] > 2
			})
			long := clock.Now().Sub(begun)
			t.Log("in", long, "took", took, "synced", synced)
			for i := range connections {
				if i == fleetPoison {
					continue
				}
				require.Greater(t, synced[strconv.Itoa(i)], 2, "syncs of connection %d", i)
				there, err := filepath.Glob(filepath.Join(o.Books[1], strconv.Itoa(i), "*.vcf"))
				require.NoError(t, err)
				require.Len(t, there, 1, "cards in the other folder of connection %d", i)
			}
			require.Greater(t, took[poison], 2)
			require.LessOrEqual(t, took[poison], bits.Len(uint(long.Minutes())+1)) // after 0, 1, 3, 7, 15 minutes, or later
		})
	}
}

func fleetScope(i int) contactsync.Scope {
	return contactsync.Scope{Owner: fmt.Sprint("owner ", i%3), Connection: strconv.Itoa(i)}
}

// playFleet keeps some processes at work, of which it kills one every three seconds, until enough has been told, or for two
// minutes. Each line that a process tells is told, one at a time.
func playFleet(t *testing.T, o orders, clock *warpClock, processes int, tell func(line string) (enough bool)) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	var (
		mu      sync.Mutex
		running = map[*child]bool{}
		all     sync.WaitGroup
	)
	work := func() {
		now := o
		now.Start = clock.Now()
		c := start(t, now)
		defer context.AfterFunc(ctx, func() { _ = c.Process.Kill() })()
		mu.Lock()
		running[c] = true
		mu.Unlock()
		for line := range c.lines {
			mu.Lock()
			if ctx.Err() == nil && tell(line) {
				stop()
			}
			mu.Unlock()
		}
		mu.Lock()
		delete(running, c)
		mu.Unlock()
		c.end()
	}
	for range processes {
		all.Go(func() {
			for ctx.Err() == nil {
				work()
			}
		})
	}
	for victims := time.NewTicker(3 * time.Second); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
		case <-victims.C:
			mu.Lock()
			for c := range running {
				_ = c.Process.Kill()
				break
			}
			mu.Unlock()
		}
	}
	all.Wait()
}
