package contactsync

import "slices"

// An agenda is what a sync has to decide, in its order. Who was decided with a partner is passed over: not even its row is
// read once more.
type agenda struct {
	due  []ref
	over []bool // by place: it was decided
	at   int    // the place of the first that is to come
}

func newAgenda(due []ref) *agenda { return &agenda{due: due, over: make([]bool, len(due))} }

// take returns the next n that are still to be decided, fewer at the end.
func (a *agenda) take(n int) []ref {
	part := make([]ref, 0, min(n, len(a.due)-a.at))
	for ; a.at < len(a.due) && len(part) < n; a.at++ {
		if !a.over[a.at] {
			part = append(part, a.due[a.at])
		}
	}
	return part
}

// peek returns what take would, and leaves it to come.
func (a *agenda) peek(n int) []ref {
	ahead := *a
	return ahead.take(n)
}

// strike passes over those to come that a batch has left at rest. It looks for them among the living, who are by far the most
// and in order; one that it overlooks is found to be at rest in its turn.
func (a *agenda) strike(b *book) {
	for at, m := range b.mirrors {
		if m == nil || m.isDue(b.run.now) {
			continue
		}
		if i, found := slices.BinarySearchFunc(a.due[a.at:], at, compareRefs); found {
			a.over[a.at+i] = true
		}
	}
	for a.at < len(a.due) && a.over[a.at] {
		a.at++
	}
}
