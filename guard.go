package contactsync

import "fmt"

// Guard bounds what one sync may do without a person's consent. What goes beyond a bound is held, and the rest of
// the sync runs. The zero value of each bound is its default.
type Guard struct {
	// MaxDeletions and MaxClears bound the deletions, and the fields emptied by a mapping, of 24 hours. By default
	// min(max(2, 50 %), max(10, 10 %)) of the linked pairs.
	MaxDeletions Limit `json:"max_deletions,omitzero"`
	MaxClears    Limit `json:"max_clears,omitzero"`
	MaxCreates   Limit `json:"max_creates,omitzero"` // creations of one sync; no bound by default
}

// A Limit is a number, or a percentage of the linked pairs. The zero Limit is the default of its guard.
type Limit struct {
	Set       bool
	Count     int
	Percent   float64 // used if IsPercent
	IsPercent bool
}

// AtMost returns the limit of n.
func AtMost(n int) Limit { return Limit{Set: true, Count: n} }

// Percent returns the limit of p percent of the linked pairs.
func Percent(p float64) Limit { return Limit{Set: true, Percent: p, IsPercent: true} }

// String returns the limit as it is written: "10" or "50%".
func (l Limit) String() string {
	switch {
	case !l.Set:
		return "default"
	case l.IsPercent:
		return fmt.Sprintf("%g%%", l.Percent)
	}
	return fmt.Sprint(l.Count)
}

// allows returns how many the limit lets through, of linked pairs.
func (l Limit) allows(linked int) int {
	if l.IsPercent {
		return int(l.Percent * float64(linked) / 100)
	}
	return l.Count
}

// defaultLimit is what a guard allows that was not set.
func defaultLimit(linked int) int {
	return min(max(2, linked/2), max(10, linked/10))
}

func (l Limit) check(path string, bad *faults) {
	if l.Count < 0 || l.IsPercent && (l.Percent < 0 || l.Percent > 100) {
		bad.add(path, "a guard is a number from 0, or a percentage from 0%% to 100%%")
	}
}

// The reasons why something waits for a person's consent.
const (
	WaitDeletions = "deletions" // held: more deletions than the guard allows
	WaitClears    = "clears"    // held: more emptied fields than the guard allows
	WaitCreates   = "creates"   // held: more creations than the guard allows
	WaitEmpty     = "empty"     // halted: an app that turned up empty
	WaitChanged   = "changed"   // halted: at least a hundred, and half, of the linked records changed at once
	WaitAccount   = "account"   // halted: another account than last time
)

// changedFloor and emptyFloor are the least numbers of linked records at which the halts look.
const (
	changedFloor = 100
	emptyFloor   = 3
)

// tally is what a sync would do, before it does it.
type tally struct {
	linked  int    // linked pairs, both sides alive
	absent  [2]int // linked records that a complete listing did not show
	awaited [2]int // linked records that it did not show, and need not: we have just written them, or it named them and did not know them then
	aside   [2]int // linked records that are gone and that it need not show: as good as re-keyed, or known to be gone
	left    [2]int // linked records whose other half is gone; counted only where an app may have turned up empty
	changed [2]int // linked records that differ from what was settled
	deletes int    // deletions and clears without consent; creations
	clears  int
	creates int
	deleted int // in the last 24 hours, and what a person has consented to now
	cleared int
}

// unshown returns how many linked records a complete listing of a side did not show, 0 if none of them must be missing.
func (t *tally) unshown(s Side) int {
	if t.absent[s] == 0 {
		return 0
	}
	return t.absent[s] + t.awaited[s]
}

// gate is what the guards say of a sync.
type gate struct {
	deletes, clears, creates bool   // these are held
	halt                     string // nothing is written at all, and why
	side                     Side   // whose fault the halt is
}

// guard looks at the totals. accept names the halts that a person has accepted.
func (g *Guard) guard(t tally, accept map[string]bool) gate {
	var out gate
	for _, s := range Sides {
		if n := t.unshown(s); n >= emptyFloor && n >= t.linked+t.left[s]-t.aside[s] && !accept[WaitEmpty] {
			return gate{halt: WaitEmpty, side: s}
		}
	}
	for _, s := range Sides {
		if t.changed[s] >= changedFloor && 2*t.changed[s] >= t.linked && !accept[WaitChanged] {
			return gate{halt: WaitChanged, side: s}
		}
	}
	allows := func(l Limit) int {
		if !l.Set {
			return defaultLimit(t.linked)
		}
		return l.allows(t.linked)
	}
	out.deletes = t.deletes > 0 && t.deletes+t.deleted > allows(g.MaxDeletions)
	out.clears = t.clears > 0 && t.clears+t.cleared > allows(g.MaxClears)
	out.creates = g.MaxCreates.Set && t.creates > g.MaxCreates.allows(t.linked)
	return out
}
