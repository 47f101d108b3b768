package apptest

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// An Index is the rows of a fake app, twice: as they are, and as its search shows them, which learns of a write only
// later. It is safe for use by several goroutines.
type Index[R any] struct {
	Clock connector.Clock
	Lag   time.Duration // that passes before a write shows in the search

	mu   sync.Mutex
	rows map[string][]state[R] // by id, in order
}

// state is what a row is from a time on.
type state[R any] struct {
	at   time.Time
	row  R
	gone bool
}

// Put makes row what there is under the id.
func (x *Index[R]) Put(id string, row R) { x.note(id, state[R]{row: row}) }

// Remove makes the id one that there is no more.
func (x *Index[R]) Remove(id string) { x.note(id, state[R]{gone: true}) }

func (x *Index[R]) note(id string, s state[R]) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s.at = x.Clock.Now()
	if x.rows == nil {
		x.rows = map[string][]state[R]{}
	}
	x.rows[id] = append(x.rows[id], s)
}

// Get returns the row of an id as it is, and whether there is one: a read by id does not lag.
func (x *Index[R]) Get(id string) (row R, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	states := x.rows[id]
	if len(states) == 0 || states[len(states)-1].gone {
		return row, false
	}
	return states[len(states)-1].row, true
}

// All returns the rows as they are, by id.
func (x *Index[R]) All() []R { return x.seen(0) }

// Search returns the rows as the search shows them now, by id: the caller sorts and cuts them as the app does.
func (x *Index[R]) Search() []R { return x.seen(x.Lag) }

// seen returns the rows as they were before lag, by id.
func (x *Index[R]) seen(lag time.Duration) (all []R) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.Clock.Now()
	for _, id := range slices.Sorted(maps.Keys(x.rows)) {
		states := x.rows[id]
		for i := len(states) - 1; i >= 0; i-- {
			if states[i].at.Add(lag).After(now) {
				continue
			}
			if !states[i].gone {
				all = append(all, states[i].row)
			}
			break
		}
	}
	return all
}

// Cut returns one page of a list: at most size rows from the offset on, and the offset of the next page, -1 if there is
// none. Rows that move before the offset between two pages are missed or come twice, as with apps that page so.
func Cut[R any](rows []R, offset, size int) (page []R, next int) {
	offset = min(max(offset, 0), len(rows))
	end := min(offset+size, len(rows))
	if next = end; end == len(rows) {
		next = -1
	}
	return rows[offset:end], next
}
