package contactsync

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A proposal is a hold about one record of each app: that the two are one person (a suggestion), or that one is what
// a merge in the other's app left over (a merge). It is computed by the sync and answered by a person; nothing is
// written because of it. Its row is found by either record.

// The kinds of proposals.
const (
	holdSuggestion = "suggestion"
	holdMerge      = "merge"
)

// proposalPrefix begins the keys of proposals, and of no other hold: they come last, so that a sync need not read them.
const proposalPrefix = "~"

// Index positions of a proposal; the first two are the two records, by side.
const proposalOrder = 2

func proposalKey(kind string, ids [2]string) string {
	return proposalPrefix + kind + " " + ids[A] + "\x00" + ids[B]
}

func (h *holdRow) proposes() bool { return h.Kind == holdSuggestion || h.Kind == holdMerge }

// index returns the entries by which a proposal is found, and those of one kind in order: the likeliest first.
func (h *holdRow) index() (entries [Indexes]string) {
	if h.proposes() {
		entries = [Indexes]string{h.IDs[A], h.IDs[B], fmt.Sprintf("%s %04d", h.Kind, 1000-int(h.Score*1000+0.5))}
	}
	return entries
}

// same reports whether two proposals say the same.
func (h *holdRow) same(g *holdRow) bool {
	return h.Kind == g.Kind && h.IDs == g.IDs && h.Side == g.Side && h.Score == g.Score && h.Doubtful == g.Doubtful && slices.Equal(h.Evidence, g.Evidence)
}

// loadProposals reads what is proposed about these records.
func (b *book) loadProposals(refs []ref) {
	var ids [2][]string
	for _, r := range refs {
		if !b.proposed[r] {
			b.proposed[r] = true
			ids[r.side] = append(ids[r.side], r.id)
		}
	}
	if b.err != nil || len(ids[A])+len(ids[B]) == 0 {
		return
	}
	b.err = b.run.view(func(tx ReadTx) error {
		for _, s := range Sides {
			if len(ids[s]) == 0 {
				continue
			}
			rows, err := tx.Find(TableHold, int(s), ids[s]...)
			if err != nil {
				return err
			}
			for _, row := range rows {
				if _, known := b.proposals[row.Key]; known {
					continue // it may have changed since
				}
				h := &holdRow{key: row.Key}
				if err := unmarshal(row, h); err != nil {
					return err
				}
				b.know(h)
			}
		}
		return nil
	})
}

// know takes a proposal into the book.
func (b *book) know(h *holdRow) {
	if _, known := b.proposals[h.key]; !known {
		for _, s := range Sides {
			at := ref{s, h.IDs[s]}
			b.proposalsAt[at] = append(b.proposalsAt[at], h.key)
		}
	}
	b.proposals[h.key] = h
}

// proposalsOf returns what is proposed about a record, sorted.
func (b *book) proposalsOf(r ref) (found []*holdRow) {
	b.loadProposals([]ref{r})
	for _, key := range b.proposalsAt[r] {
		if h := b.proposals[key]; h != nil {
			found = append(found, h)
		}
	}
	slices.SortFunc(found, func(x, y *holdRow) int { return strings.Compare(x.key, y.key) })
	return found
}

// propose notes a proposal, unless just that is noted already.
func (b *book) propose(h holdRow) {
	h.key = proposalKey(h.Kind, h.IDs)
	b.loadProposals([]ref{{A, h.IDs[A]}})
	if old := b.proposals[h.key]; old != nil && old.same(&h) {
		return
	}
	b.know(&h)
	b.dirtyProposals[h.key] = true
}

// withdraw takes a proposal back. Whoever was like somebody that is not there any more may be beyond doubt now.
func (b *book) withdraw(h *holdRow) {
	b.proposals[h.key] = nil
	b.dirtyProposals[h.key] = true
	if h.Kind == holdSuggestion && b.cfg.Match.LinkAbove != 0 {
		for _, s := range Sides {
			if at := (ref{s, h.IDs[s]}); b.record(at) != nil && b.linkOf(at) == nil {
				b.touch(at)
			}
		}
	}
}

// judge notes that a unit was decided: who its records may be is looked at again.
func (b *book) judge(decided ref, m *move) {
	if b.cfg.scorer == nil {
		return
	}
	b.judged[decided] = true
	for _, s := range Sides {
		if m.rec[s] != nil {
			b.judged[m.rec[s].ref()] = true
		}
		if m.link != nil && m.link.ID[s] != "" {
			b.judged[ref{s, m.link.ID[s]}] = true
		}
	}
}

// suggest works out anew who of the other app the records may be that were decided since the last call.
func (r *run) suggest(b *book) {
	if r.cfg.scorer == nil || b.err != nil {
		return
	}
	refs := sortedRefs(b.judged)
	clear(b.judged)
	b.loadLookalikes(refs)
	for _, at := range refs {
		now := map[string]bool{}
		if m := b.record(at); m != nil {
			for _, k := range r.cfg.lookalikes(b, m, r.now) {
				h := holdRow{Kind: holdSuggestion, Score: k.score.Value, Evidence: k.score.Evidence, Doubtful: k.score.Doubtful}
				h.IDs[A], h.IDs[B] = pairIDs(at, k.ref())
				b.propose(h)
				now[proposalKey(h.Kind, h.IDs)] = true
			}
		}
		for _, h := range b.proposalsOf(at) {
			if h.Kind == holdSuggestion && !now[h.key] {
				b.withdraw(h)
			}
		}
	}
}

// loadLookalikes reads in few calls what looking for who is like these records will look at.
func (b *book) loadLookalikes(refs []ref) {
	b.loadProposals(refs)
	b.settleBlocks()
	b.findBlocks(refs)
	var mates []ref
	for _, at := range refs {
		if m := b.record(at); m != nil && alone(b, m) {
			for _, k := range b.cfg.blocksOf(m) {
				mates = append(mates, b.bearers[k.entry[at.side.Other()]]...)
			}
		}
	}
	slices.SortFunc(mates, compareRefs)
	mates = slices.Compact(mates)
	b.load(mates)
	b.loadBearers(mates)
}

// findBlocks reads in one call who of the other app shares a block with these records.
func (b *book) findBlocks(refs []ref) {
	var entries []string
	for _, r := range refs {
		if m := b.mirrors[r]; m != nil && m.look != nil && alone(b, m) {
			for _, k := range b.cfg.blocksOf(m) {
				entries = append(entries, k.entry[r.side.Other()])
			}
		}
	}
	b.findBearers(entries)
}

// blockMove is a record that is found by a block from now on, or is not.
type blockMove struct {
	entry string
	of    ref
	there bool
}

// settleBlocks moves the records that are found by other blocks. It is done for many at once, and before anybody looks.
func (b *book) settleBlocks() {
	moves := b.blockMoves
	b.blockMoves = nil
	entries := make([]string, len(moves))
	for i, m := range moves {
		entries[i] = m.entry
	}
	b.findBearers(entries)
	for _, m := range moves {
		b.setBlock(m.entry, m.of, m.there)
	}
}

// keyCommon is the index in which the blocks are that more records share than BlockLimit.
const keyCommon = 0

// setBlock says whether a record is found by a block. The row of a block that is too common names nobody, from then on.
func (b *book) setBlock(entry string, r ref, there bool) {
	list := b.bearers[entry]
	i, found := slices.BinarySearchFunc(list, r, func(x, y ref) int { return cmp.Compare(x.id, y.id) })
	switch common := len(list) == 1 && list[0].id == ""; {
	case common || there == found:
		return
	case !there:
		list = slices.Delete(list, i, i+1)
	case len(list) == BlockLimit:
		list = []ref{{side: r.side}}
	default:
		list = slices.Insert(list, i, r)
	}
	b.bearers[entry] = list
	b.dirtyKeys[entry] = true
}

// planSuggestions notes for a preview what was found to be alike on a book that is dropped.
func (r *run) planSuggestions(b *book) {
	if r.planned == nil {
		r.planned = map[string]holdRow{}
	}
	for _, key := range sortedKeys(b.dirtyProposals) {
		if h := b.proposals[key]; h != nil && h.Kind == holdSuggestion {
			r.planned[key] = *h
		}
	}
}
