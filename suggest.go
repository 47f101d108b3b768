package contactsync

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// blockKind is the kind of the keys under which a scorer looks for records. They are evidence of nothing.
const blockKind = -1

// look is how a scorer sees a record: worked out when somebody asks, and once.
type look struct {
	of     contact.Record // as it was when the store was told by what it is found
	person *Person
	blocks []matchKey // by which it is found to be like others
	sorted bool       // the blocks are known
}

// personOf returns what the scorer sees of a record.
func (cfg *config) personOf(m *mirror) Person {
	if m.look.person == nil {
		p := cfg.person(m.side, m.look.of)
		m.look.person = &p
	}
	return *m.look.person
}

// blocksOf returns the blocks by which a record is found, none where nothing is suggested.
func (cfg *config) blocksOf(m *mirror) []matchKey {
	l := m.look
	if l == nil {
		return nil
	}
	if !l.sorted {
		l.sorted = true
		for _, text := range cfg.scorer.Blocks(cfg.personOf(m)) {
			l.blocks = append(l.blocks, keyOf(blockKind, text))
		}
	}
	return l.blocks
}

// identify works out by what a record is found: its match keys, and the blocks of the scorer.
func (cfg *config) identify(m *mirror) {
	m.keys, m.lost = cfg.matchKeys(m.side, m.Fields), nil
	for _, text := range m.Was.keys() {
		m.lost = append(m.lost, keyOf(lostKind, text))
	}
	if cfg.scorer != nil {
		m.look = &look{of: m.record()}
	}
}

// index returns all keys by which a record is found.
func (cfg *config) index(m *mirror) []matchKey {
	blocks := cfg.blocksOf(m)
	if len(blocks)+len(m.lost) == 0 {
		return m.keys
	}
	return slices.Concat(m.keys, blocks, m.lost)
}

// alone reports whether a record has no counterpart that its own app's people entered: none at all, one that is gone,
// or a copy that we made of it.
func alone(d directory, m *mirror) bool {
	there := m.side.Other()
	l := d.linkOf(m.ref())
	return m.Merged == "" && (l == nil || l.Gone[there] || l.Copy[there])
}

// lookalike is a record of the other app that may be the same person.
type lookalike struct {
	*mirror
	score Score
}

// lookalikes returns who of the other app may be a record: every one that is as alone as it, scores high enough, and is not
// about to be matched by a key. The likeliest come first.
func (cfg *config) lookalikes(d directory, r *mirror, now time.Time) []lookalike {
	if cfg.scorer == nil || !alone(d, r) || !d.complete(A) || !d.complete(B) {
		return nil
	}
	var found []lookalike
	for _, c := range cfg.blockmates(d, r) {
		if !alone(d, c) || d.separated(pairIDs(r.ref(), c.ref())) {
			continue
		}
		score := cfg.scorer.Score(cfg.personOf(r), cfg.personOf(c))
		if score.Value >= cfg.Match.SuggestAbove && cfg.letsEither(d, r, c, now) && !cfg.matched(d, c, now) {
			found = append(found, lookalike{c, score})
		}
	}
	slices.SortFunc(found, func(x, y lookalike) int {
		return cmp.Or(-cmp.Compare(x.score.Value, y.score.Value), strings.Compare(x.id, y.id))
	})
	return found
}

// blockmates returns the records of the other app that share a block with a record, each once.
func (cfg *config) blockmates(d directory, r *mirror) []*mirror {
	var found []*mirror
	seen := map[string]bool{}
	for _, k := range cfg.blocksOf(r) {
		for m := range d.bearing(r.side.Other(), k) {
			if !seen[m.id] {
				seen[m.id] = true
				found = append(found, m)
			}
		}
	}
	return found
}

// letsEither reports whether a rule lets one of two records in: else they are nobody's pair.
func (cfg *config) letsEither(d directory, x, y *mirror, now time.Time) bool {
	for _, m := range []*mirror{x, y} {
		if in, _ := cfg.lets(m.side, m, nil, d.linkOf(m.ref()) != nil, now); in == Yes {
			return true
		}
	}
	return false
}

// matched reports whether a key says beyond doubt who an unlinked record is.
func (cfg *config) matched(d directory, m *mirror, now time.Time) bool {
	return d.linkOf(m.ref()) == nil && cfg.partner(d, m, few(candidates(d, m.side.Other(), m.keys, m.ref())), now) != nil
}

// likeliest returns the one record that an unlinked one is linked with although no key says so, nil if there is none:
// where the owner asked for it, both have nobody else that they might be, and nothing is doubtful.
func (cfg *config) likeliest(d directory, r *mirror, now time.Time) *mirror {
	if cfg.Match.LinkAbove == 0 || d.open(r.ref()) || cfg.keyUnread(r) {
		return nil
	}
	found := cfg.lookalikes(d, r, now)
	if len(found) != 1 || found[0].score.Doubtful || found[0].score.Value < cfg.Match.LinkAbove {
		return nil
	}
	c := found[0].mirror
	if d.linkOf(c.ref()) != nil || d.open(c.ref()) || cfg.keyUnread(c) || len(few(candidates(d, r.side, c.keys, c.ref()))) > 0 {
		return nil
	}
	if back := cfg.lookalikes(d, c, now); len(back) != 1 {
		return nil
	}
	return c
}
