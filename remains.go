package contactsync

import "slices"

// What outlives a record bears its id: what is left of one that was deleted, for a while; that it was never to be linked
// with another one, or that another one is left over by its merge, for good. Who it was is then known by digests of its
// match keys alone, so that all of that is found when the person is forgotten.

// marks returns what is left of match keys.
func (cfg *config) marks(keys []matchKey) []keyMark {
	var all []keyMark
	for _, k := range keys {
		all = append(all, keyMark{cfg.keys[k.kind].name(), parseKeyEntry(k.entry[A]).Key})
	}
	return all
}

// remember notes who a record was that goes: in what is left of itself, and in what outlives it.
func (b *book) remember(m *mirror) {
	if len(m.keys) > 0 {
		m.Bore = b.cfg.marks(m.keys)
	}
	if len(m.Bore) == 0 {
		return
	}
	for _, key := range sortedKeys(b.run.requests) {
		h, noted := b.dirtyHolds[key]
		if !noted {
			h = b.run.requests[key]
		}
		if h.Kind == holdSeparated && h.IDs[m.side] == m.id && !slices.Equal(h.Bore[m.side], m.Bore) {
			h.Bore[m.side] = m.Bore
			b.dirtyHolds[key] = h
		}
	}
	if !b.run.merges {
		return
	}
	for _, h := range b.proposalsOf(m.ref()) {
		if h.Kind == holdMerge && h.Side != m.side && !slices.Equal(h.Bore[m.side], m.Bore) {
			h.Bore[m.side] = m.Bore
			b.dirtyProposals[h.key] = true
		}
	}
}

// bore returns the keys that a record bore, of the kinds that the connection matches by: those of these names.
func bore(marks []keyMark, names []string) []matchKey {
	var keys []matchKey
	for kind, name := range names {
		for _, k := range marks {
			if k.Name == name {
				keys = append(keys, matchKey{kind: kind, text: k.Digest})
			}
		}
	}
	return keys
}
