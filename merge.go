package contactsync

import "slices"

// A merge in an app makes two of its records one. The partner of the one that is gone is left over in the other app:
// it is nobody's pair, and never copied back. That the same merge be made there is proposed, and never done.

// mergedAway notes that a record's partner became part of another one, and proposes to merge it into that one's
// partner. What was left over for it before is so for that partner now.
func (b *book) mergedAway(left ref, into string) {
	m := b.mirrorOf(left)
	other := ref{left.side.Other(), into}
	h := holdRow{Kind: holdMerge, Side: left.side}
	h.IDs[A], h.IDs[B] = pairIDs(left, other)
	if m == nil || b.separated(h.IDs[A], h.IDs[B]) {
		return
	}
	b.unmerge(m)
	m.Merged = into
	b.dirtyMirrors[left] = true
	b.touch(left)
	if isForgotten(into) {
		return // nobody knows whom it could be merged into
	}
	b.propose(h)
	b.run.merges = true
	if l := b.linkOf(other); l != nil && l.ID[left.side] != left.id {
		b.follow(left, ref{left.side, l.ID[left.side]})
	}
}

// unmerge takes the note of mergedAway back.
func (b *book) unmerge(m *mirror) {
	if m.Merged == "" {
		return
	}
	for _, h := range b.proposalsOf(m.ref()) {
		if h.Kind == holdMerge && h.Side == m.side {
			b.withdraw(h)
		}
	}
	m.Merged = ""
	b.dirtyMirrors[m.ref()] = true
}

// follow has what a record's merges left over be left over of another record of its app, which took its place.
func (b *book) follow(from, to ref) {
	if !b.run.merges {
		return
	}
	for _, h := range b.proposalsOf(from) {
		if h.Kind == holdMerge && h.Side != from.side {
			b.mergedAway(ref{h.Side, h.IDs[h.Side]}, to.id)
		}
	}
}

// forsaken withdraws what is proposed about a record that is gone, but for what its own merges left over: that is not
// to be copied back because it is gone.
func (b *book) forsaken(m *mirror) {
	if m.Merged == "" && b.cfg.scorer == nil {
		return
	}
	for _, h := range b.proposalsOf(m.ref()) {
		if h.Kind != holdMerge || h.Side == m.side {
			b.withdraw(h)
		}
	}
}

// tookIn reports whether another record has become part of this one, of which a partner is left over.
func (b *book) tookIn(r ref) bool {
	return slices.ContainsFunc(b.proposalsOf(r), func(h *holdRow) bool { return h.Kind == holdMerge && h.Side != r.side })
}

// reused reports whether a record that a merge left over has been given to somebody else: it has keys, and none of
// those that it had.
func (cfg *config) reused(m *mirror) bool {
	if m.Merged == "" || len(m.keys) == 0 {
		return false
	}
	now := cfg.matchKeys(m.side, m.Fields)
	for _, k := range now {
		for _, old := range m.keys {
			if k == old {
				return false
			}
		}
	}
	return len(now) > 0
}

// accept links two records that were proposed as one person. Whoever is left without a partner by that is the same
// person: it is left over, as by a merge.
func (b *book) accept(ids [2]string) {
	proposed := false
	for _, h := range b.proposalsOf(ref{A, ids[A]}) {
		proposed = proposed || h.IDs == ids
	}
	var left [2]ref // by the side that loses a partner
	for _, s := range Sides {
		if l := b.linkOf(ref{s, ids[s]}); proposed && l != nil {
			left[s] = ref{s.Other(), l.ID[s.Other()]}
		}
	}
	b.relink(&link{ID: ids, How: linkedByPerson})
	for _, s := range Sides {
		if b.record(left[s]) != nil {
			b.mergedAway(left[s], ids[s])
		}
	}
}

// refuse withdraws what is proposed about two records that a person keeps apart.
func (b *book) refuse(ids [2]string) {
	for _, h := range b.proposalsOf(ref{A, ids[A]}) {
		if h.IDs != ids {
			continue
		}
		for _, s := range Sides {
			if m := b.mirrorOf(ref{s, ids[s]}); m != nil {
				b.touch(m.ref())
				if h.Kind == holdMerge && h.Side == s {
					m.Merged = ""
					b.dirtyMirrors[m.ref()] = true
				}
			}
		}
		b.withdraw(h)
	}
}
