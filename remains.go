package contactsync

import (
	"slices"
	"time"
)

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
			b.run.outlived[key] = true
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

// grave is a match key that a record of a side bore which we deleted.
type grave struct {
	side Side
	key  keyMark
}

// readGraves reads when records were deleted by us that are remembered still, and which keys they bore.
func (r *run) readGraves() error {
	r.graves = map[grave][]time.Time{}
	return r.view(func(tx ReadTx) error {
		q := Scan{Table: TableMirror, By: mirrorDue, After: &Row{}, KeysOnly: true, Limit: scanPage}
		q.After.Index[mirrorDue] = dueStamp(r.now)
		for {
			rows, err := tx.Scan(q)
			if err != nil || len(rows) == 0 {
				return err
			}
			q.After = &rows[len(rows)-1]
			var gone []string
			for _, row := range rows {
				if _, is := splitDue(row.Index[mirrorDue]); is {
					gone = append(gone, row.Key)
				}
			}
			if rows, err = tx.Get(TableMirror, gone...); err != nil {
				return err
			}
			for _, row := range rows {
				m, err := parseMirror(row, r.cfg)
				if err != nil {
					return err
				}
				for _, k := range m.Bore {
					if m.Wrote != nil {
						at := grave{m.side, k}
						r.graves[at] = append(r.graves[at], m.Wrote.At)
					}
				}
			}
		}
	})
}

// separated reports whether a person keeps two records apart: these, or one of them and another whose place the second has taken.
// Whoever bears the keys of one that is gone is who that was, as for a link. Once both are gone there is nobody left to be kept apart.
func (b *book) separated(x, y string) bool {
	ids := [2]string{x, y}
	if b.run.separated[ids] {
		return true
	}
	for key := range b.run.outlived {
		h, noted := b.dirtyHolds[key]
		if !noted {
			h = b.run.requests[key]
		}
		if (h.IDs[A] == x || h.IDs[B] == y) && b.inPlace(h, A, x) && b.inPlace(h, B, y) {
			return true
		}
	}
	return false
}

// inPlace reports whether a record is the one of its side that a decision names, or that one is gone and its keys are evidence
// for this one.
func (b *book) inPlace(h holdRow, s Side, id string) bool {
	m := b.record(ref{s, id})
	if h.IDs[s] == id || m == nil || len(h.Bore[s]) == 0 || b.record(ref{s, h.IDs[s]}) != nil {
		return h.IDs[s] == id
	}
	var keys []matchKey
	for _, k := range m.keys {
		keys = append(keys, matchKey{kind: k.kind, text: parseKeyEntry(k.entry[A]).Key})
	}
	return evidence(keys, bore(h.Bore[s], b.cfg.keyNames()))
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
