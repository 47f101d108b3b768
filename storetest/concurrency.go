package storetest

import (
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/contactsync/contactsync"
)

var concurrencyTests = []test{
	{"updates of a scope run one after the other", updatesSerialize},
	{"a view is one state", viewIsOneState},
	{"one of many gets the lease", oneOfMany},
}

// together runs fn workers times at once and returns when all have.
func together(workers int, fn func(worker int)) {
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() { fn(worker) })
	}
	all.Wait()
}

// number reads a row whose stamp is a number; a missing one is 0.
func number(tx contactsync.ReadTx, key string) (int, error) {
	rows, err := tx.Get(contactsync.TableHold, key)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return strconv.Atoi(rows[0].Stamp)
}

// add adds n to such a row.
func add(tx contactsync.Tx, key string, n int) error {
	old, err := number(tx, key)
	if err != nil {
		return err
	}
	for range 10 {
		runtime.Gosched() // others may try to get in between
	}
	return tx.Put(contactsync.Row{Table: contactsync.TableHold, Key: key, Stamp: strconv.Itoa(old + n)})
}

func updatesSerialize(t *testing.T, s contactsync.Store) {
	const workers, rounds, scopes = 6, 10, 2
	together(workers, func(worker int) {
		scope := scopeOf("owner", fmt.Sprint(worker%scopes))
		for range rounds {
			if err := s.Update(t.Context(), person(scope), func(tx contactsync.Tx) error { return add(tx, "n", 1) }); err != nil {
				t.Errorf("Update: %v", err)
			}
		}
	})
	for i := range scopes {
		scope := scopeOf("owner", fmt.Sprint(i))
		got := view(t, s, scope, func(tx contactsync.ReadTx) (int, error) { return number(tx, "n") })
		if want := workers / scopes * rounds; got != want {
			t.Errorf("scope %d: %d additions of 1 give %d", i, want, got)
		}
	}
}

// Each update moves one from a row to the other, so that no state has another sum than 0.
func viewIsOneState(t *testing.T, s contactsync.Store) {
	const rounds = 15
	move := func(tx contactsync.Tx) error {
		if err := add(tx, "from", -1); err != nil {
			return err
		}
		return add(tx, "to", 1)
	}
	sum := func(tx contactsync.ReadTx) error {
		from, err := number(tx, "from")
		if err != nil {
			return err
		}
		to, err := number(tx, "to")
		if err == nil && from+to != 0 {
			t.Errorf("one view sees %d and %d", from, to)
		}
		return err
	}
	together(4, func(worker int) {
		for range rounds {
			var err error
			if worker < 2 {
				err = s.Update(t.Context(), person(here), move)
			} else {
				err = s.View(t.Context(), here, sum)
			}
			if err != nil {
				t.Errorf("worker %d: %v", worker, err)
			}
		}
	})
}

func oneOfMany(t *testing.T, s contactsync.Store) {
	const workers = 8
	var (
		mu  sync.Mutex
		won []int64
	)
	together(workers, func(worker int) {
		lease, err := s.Acquire(t.Context(), here, fmt.Sprint("engine ", worker), noon, minute)
		if err == nil {
			mu.Lock()
			won = append(won, lease.Number)
			mu.Unlock()
		}
	})
	if len(won) != 1 {
		t.Errorf("of %d engines, %d got a lease: numbers %v", workers, len(won), won)
	}
}
