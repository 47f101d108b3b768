package source

import (
	"crypto/rand"
	"hash/maphash"
	"slices"
	"sync"
)

// Where pages are counted from the beginning, a record slips to a page that was read when one on such a page goes
// away. So a list of several pages is read in rounds. A round lost nobody if all whom it showed are shown by the next
// round again: then nobody went away. What rounds have shown is kept in memory; who has lost it begins with the first
// round again.

const (
	maxRounds = 4   // then the list is not at rest, and proves nothing
	maxAgain  = 300 // pages of a round that is read once more: 1,000 pages without a new id end a pass
	maxPasses = 16  // passes that are remembered at a time: those of accounts that share a connector
)

// rounds is what the passes in progress have shown, by their name. The zero rounds is ready for use.
type rounds struct {
	mu     sync.Mutex
	seed   maphash.Seed
	passes map[string]*pass
	order  []string // names, oldest first
}

// pass is a list that is being read. Ids are kept as hashes.
type pass struct {
	round  int                 // that the last page was of
	before map[uint64]struct{} // what the last round showed
	seen   map[uint64]struct{} // what this round has shown
}

// begin returns the name of a new pass.
func (r *rounds) begin() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.passes == nil {
		r.passes, r.seed = map[string]*pass{}, maphash.MakeSeed()
	}
	if len(r.order) >= maxPasses {
		delete(r.passes, r.order[0])
		r.order = r.order[1:]
	}
	name := rand.Text()
	r.passes[name] = &pass{round: 1, seen: map[uint64]struct{}{}}
	r.order = append(r.order, name)
	return name
}

// goesOn reports whether a pass is remembered and has come no further than a round. What a page showed that was lost
// and is read again does no harm: it was there.
func (r *rounds) goesOn(name string, round int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.passes[name]
	return p != nil && round >= p.round
}

// read notes a page of a round and the ids that it showed.
func (r *rounds) read(name string, round int, ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.passes[name]
	if p == nil {
		return
	}
	if p.round != round {
		p.round, p.before, p.seen = round, p.seen, map[uint64]struct{}{}
	}
	for _, id := range ids {
		p.seen[maphash.String(r.seed, id)] = struct{}{}
	}
}

// next ends a round of so many pages, and says what comes: another round, or the end, at which the list is sure or not.
func (r *rounds) next(name string, round, pages int) (again, sure bool) {
	switch {
	case round == 1 && pages == 1, round > 1 && r.nobodyLeft(name): // one answer is of one moment
		return false, true
	case round < maxRounds && pages <= maxAgain:
		return true, false
	}
	return false, false
}

// nobodyLeft reports whether this round has shown all whom the last one showed.
func (r *rounds) nobodyLeft(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.passes[name]
	if p == nil {
		return false
	}
	for id := range p.before {
		if _, there := p.seen[id]; !there {
			return false
		}
	}
	return true
}

// end forgets a pass.
func (r *rounds) end(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.passes, name)
	r.order = slices.DeleteFunc(r.order, func(o string) bool { return o == name })
}
