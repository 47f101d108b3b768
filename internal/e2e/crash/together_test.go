//go:build linux

package crash

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
)

// TestTogether lets several processes sync one connection over one store at once, on a clock on which a lease lapses in
// less than a second. One of them is killed at times, or paused for longer than its lease lasts.
func TestTogether(t *testing.T) {
	t.Parallel()
	const rounds, processes, speed = 6, 3, 20
	for _, store := range slices.Sorted(maps.Keys(diskStores)) {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			w := newWorld(t, 1, store, folder, in(folder, "folders"))
			w.Speed = speed
			ends := map[string]int{}
			for range rounds {
				w.edited()
				w.pass(time.Minute)
				for _, said := range w.together(processes) {
					ends[said]++
				}
				w.pass(time.Hour) // more than their clocks went
				w.compare()
			}
			t.Log(ends)
		})
	}
}

// together runs some syncs at once, with something befalling one of them, and returns how they ended.
func (w *world) together(n int) (ends []string) {
	var all []*child
	for range n {
		all = append(all, start(w.t, w.orders))
	}
	victim := all[w.rng.IntN(n)]
	what, after := w.rng.IntN(3), time.Duration(w.rng.IntN(300))*time.Millisecond
	var done sync.WaitGroup
	done.Go(func() {
		time.Sleep(after)
		switch what {
		case 0:
			_ = victim.Process.Kill()
		case 1:
			_ = victim.Process.Signal(syscall.SIGSTOP)
			time.Sleep(time.Second)
			_ = victim.Process.Signal(syscall.SIGCONT)
		}
	})
	for _, c := range all {
		said, byItself := c.end()
		ends = append(ends, w.how(said, byItself))
	}
	done.Wait()
	return ends
}

// how says in a word how a process ended. Two engines are in each other's way, and say so; nothing else goes wrong.
func (w *world) how(said string, byItself bool) string {
	switch {
	case !byItself:
		return "killed"
	case strings.HasPrefix(said, "done"):
		return "done"
	case strings.Contains(said, contactsync.ErrLeased.Error()):
		return "leased"
	case strings.Contains(said, contactsync.ErrFenced.Error()):
		return "fenced"
	}
	require.Fail(w.t, said)
	return said
}
