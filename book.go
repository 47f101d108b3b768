package contactsync

import (
	"cmp"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"
)

// book is the part of the store that a batch of units looks at: rows as they were read, with the changes that were
// decided on top. It is the directory of the planner. In a sync its changes are saved; in a rehearsal they are
// dropped with the book, so that a plan can be looked at without anything being settled.
type book struct {
	cfg *config
	run *run
	err error // the first error of the store: what was found after it is not to be relied on

	before *book // whose commit may be under way: what it has is not to be asked of the store
	echoes bool  // as the run had it when the book was begun

	mirrors map[ref]*mirror  // nil: there is no such row
	links   map[ref]*link    // nil: the record has no link
	bearers map[string][]ref // by key entry, sorted by id

	proposals   map[string]*holdRow // by key; nil: withdrawn
	proposalsAt map[ref][]string    // their keys
	proposed    map[ref]bool        // what is proposed about these was read
	judged      map[ref]bool        // decided, and not yet looked at for who they may be
	blockMoves  []blockMove         // who is found by other blocks now, of which the rows were not looked at yet

	dirtyProposals map[string]bool
	dirtyHolds     map[string]holdRow // decisions of persons that outlive a record
	dirtyMirrors   map[ref]bool
	dirtyLinks     map[string]*link // nil: deleted
	dirtyKeys      map[string]bool  // by key entry
	dirtyRows      []Row            // journal and others, appended
	deleteRows     []Row
	due            map[ref]bool   // to be decided, now
	roused         map[string]ref // key entries whose unlinked bearers are due since the last decision, all but this one
}

func (r *run) newBook() *book {
	return &book{cfg: r.cfg, run: r, before: r.committing(), echoes: r.echoes, mirrors: map[ref]*mirror{}, links: map[ref]*link{}, bearers: map[string][]ref{},
		dirtyMirrors: map[ref]bool{}, dirtyLinks: map[string]*link{}, dirtyKeys: map[string]bool{}, due: map[ref]bool{}, roused: map[string]ref{},
		proposals: map[string]*holdRow{}, proposalsAt: map[ref][]string{}, proposed: map[ref]bool{}, judged: map[ref]bool{}, dirtyProposals: map[string]bool{},
		dirtyHolds: map[string]holdRow{}}
}

// load reads the records with these ids, and their links, that the book does not have yet.
func (b *book) load(refs []ref) {
	var ids [2][]string
	var keys []string
	before := b.pending()
	for _, r := range refs {
		if _, ok := b.mirrors[r]; ok || r.id == "" {
			continue
		}
		b.mirrors[r] = nil
		ids[r.side] = append(ids[r.side], r.id)
		if m, ok := before.mirrors[r]; ok {
			b.mirrors[r] = m
		} else {
			keys = append(keys, recordKey(r))
		}
	}
	if len(ids[A])+len(ids[B]) == 0 || b.err != nil {
		return
	}
	b.err = b.run.peek(func(tx ReadTx) error {
		rows, err := tx.Get(TableMirror, keys...)
		if err != nil {
			return err
		}
		for _, row := range rows {
			m, err := parseMirror(row, b.cfg)
			if err != nil {
				return err
			}
			b.run.assume(m)
			b.mirrors[m.ref()] = m
		}
		return b.loadLinks(tx, ids)
	})
}

// loadLinks reads the links of the records with these ids.
func (b *book) loadLinks(tx ReadTx, ids [2][]string) error {
	before := b.pending()
	for _, s := range Sides {
		unknown := slices.DeleteFunc(ids[s], func(id string) bool {
			l, ok := before.links[ref{s, id}]
			if _, known := b.links[ref{s, id}]; !known {
				b.links[ref{s, id}] = l
			}
			return ok
		})
		if len(unknown) == 0 {
			continue
		}
		rows, err := tx.Find(TableLink, int(s), unknown...)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if _, changed := b.dirtyLinks[row.Key]; changed {
				continue
			}
			if known := b.links[ref{s.Other(), row.Index[s.Other()]}]; known != nil && known.key == row.Key {
				b.links[ref{s, row.Index[s]}] = known
				continue
			}
			l, err := parseLink(row)
			if err != nil {
				return err
			}
			b.index(l)
		}
	}
	return nil
}

func (b *book) index(l *link) {
	for _, s := range Sides {
		if l.ID[s] != "" {
			b.links[ref{s, l.ID[s]}] = l
		}
	}
}

// prefetch reads, in few calls, what deciding these records will look at: them, their partners, and who shares
// their keys.
func (b *book) prefetch(refs []ref) {
	b.load(refs)
	var partners []ref
	for _, r := range refs {
		if l := b.links[r]; l != nil {
			partners = append(partners, ref{r.side.Other(), l.ID[r.side.Other()]})
		}
	}
	b.load(partners)
	b.loadBearers(refs)
	b.findBlocks(refs)
}

// loadBearers reads who bears the keys of these records, on both sides, where it matters: an unlinked record's
// neighbours decide about it. Those of a pair are looked at when one of its keys moves.
func (b *book) loadBearers(refs []ref) {
	var entries []string
	for _, r := range refs {
		m := b.mirrors[r]
		if m == nil || b.links[r] != nil && m.alive() {
			continue
		}
		for _, k := range m.keys {
			for _, s := range Sides {
				entries = append(entries, k.entry[s])
			}
			if b.echoes {
				entries = append(entries, keyOf(lostKind, b.cfg.keyText(k)).entry[r.side.Other()])
			}
		}
	}
	b.load(b.findBearers(entries))
}

// findBearers reads the key rows of these entries and returns the records that they name.
func (b *book) findBearers(entries []string) (found []ref) {
	entries = slices.DeleteFunc(entries, func(e string) bool { _, ok := b.bearers[e]; return ok })
	slices.Sort(entries)
	entries = slices.Compact(entries)
	if len(entries) == 0 || b.err != nil {
		return nil
	}
	before := b.pending()
	entries = slices.DeleteFunc(entries, func(e string) bool {
		refs, ok := before.bearers[e]
		if ok {
			b.bearers[e] = slices.Clone(refs)
			found = append(found, refs...)
		}
		return ok
	})
	if len(entries) == 0 {
		return found
	}
	if b.run.bearers != nil { // the store knows by other keys who is who
		for _, e := range entries {
			b.bearers[e] = slices.Clone(b.run.bearers[e])
			found = append(found, b.bearers[e]...)
		}
		return found
	}
	b.err = b.run.peek(func(tx ReadTx) error {
		rows, err := tx.Get(TableKey, entries...)
		if err != nil {
			return err
		}
		for _, e := range entries {
			b.bearers[e] = nil
		}
		for _, row := range rows {
			b.bearers[row.Key] = bearersOf(row)
			found = append(found, b.bearers[row.Key]...)
		}
		return nil
	})
	return found
}

// bearersOf returns who bears a key, with their records in the book.
func (b *book) bearersOf(entry string) []ref {
	if _, ok := b.bearers[entry]; !ok {
		b.load(b.findBearers([]string{entry}))
	}
	return b.bearers[entry]
}

// mirrorOf returns what was last read of a record, dead or alive, nil if it was never seen.
func (b *book) mirrorOf(r ref) *mirror {
	m, ok := b.mirrors[r]
	if !ok {
		b.load([]ref{r})
		m = b.mirrors[r]
	}
	return m
}

// The directory of the planner.

func (b *book) record(r ref) *mirror {
	if m := b.mirrorOf(r); m.alive() {
		return m
	}
	return nil
}

func (b *book) last(r ref) *mirror { return b.mirrorOf(r) }

func (b *book) linkOf(r ref) *link {
	if _, ok := b.links[r]; !ok {
		b.load([]ref{r})
		if _, ok := b.links[r]; !ok && b.err == nil {
			b.err = b.run.peek(func(tx ReadTx) error {
				var ids [2][]string
				ids[r.side] = []string{r.id}
				return b.loadLinks(tx, ids)
			})
		}
	}
	return b.links[r]
}

func (b *book) bearing(s Side, k matchKey) iter.Seq[*mirror] {
	return func(yield func(*mirror) bool) {
		if k.kind == lostKind && !b.run.echoes {
			return
		}
		if k.kind == blockKind {
			b.settleBlocks()
		}
		for _, r := range b.bearersOf(k.entry[s]) {
			if m := b.record(r); m != nil && !yield(m) {
				return
			}
		}
	}
}

func (b *book) open(r ref) bool     { return b.run.open[r] }
func (b *book) repeats(r ref) bool  { return b.run.repeats[r] != nil }
func (b *book) insisted(r ref) bool { return b.run.insisted[r] != "" }
func (b *book) graves(s Side, k matchKey) []time.Time {
	if b.run.graves == nil {
		b.err = errors.Join(b.err, b.run.readGraves())
	}
	return b.run.graves[grave{s, b.cfg.marks([]matchKey{k})[0]}]
}

func (b *book) complete(s Side) bool { return b.run.side[s].Complete || b.cfg.schema[s].Unlistable }

// Changes.

// putMirror takes a record's new content. Whoever is unlinked and shares an old or new key with it is due.
func (b *book) putMirror(m *mirror) {
	old, oldIndex := m.keys, b.cfg.index(m)
	if m.Gone == alive {
		b.cfg.identify(m)
		m.Bore = nil
	}
	b.mirrors[m.ref()] = m
	b.dirtyMirrors[m.ref()] = true
	if m.Gone != alive {
		m.indexed = false
		b.unindex(m, oldIndex, nil)
		b.neighbours(m.ref(), old)
		return
	}
	index := b.cfg.index(m)
	if m.indexed && slices.Equal(oldIndex, index) {
		return
	}
	moved := !m.indexed || !slices.Equal(old, m.keys)
	m.indexed = true
	b.unindex(m, oldIndex, index)
	for _, k := range index {
		b.setKey(m.ref(), k, true)
	}
	if moved {
		b.neighbours(m.ref(), slices.Concat(old, m.keys))
	}
}

func (b *book) unindex(m *mirror, old, but []matchKey) {
	for _, k := range old {
		if !slices.Contains(but, k) {
			b.setKey(m.ref(), k, false)
		}
	}
}

// setKey says whether a record is found by a key.
func (b *book) setKey(r ref, k matchKey, there bool) {
	entry := k.entry[r.side]
	if k.kind == blockKind {
		b.blockMoves = append(b.blockMoves, blockMove{entry, r, there})
		return
	}
	list := b.bearersOf(entry)
	i, found := slices.BinarySearchFunc(list, r, func(x, y ref) int { return strings.Compare(x.id, y.id) })
	switch {
	case there && !found:
		b.bearers[entry] = slices.Insert(list, i, r)
	case !there && found:
		b.bearers[entry] = slices.Delete(list, i, i+1)
	default:
		return
	}
	b.dirtyKeys[entry] = true
}

// touch makes a record due now.
func (b *book) touch(r ref) {
	b.due[r] = true
	if m := b.mirrorOf(r); m != nil && m.due != dueNow {
		m.due = dueNow
		b.dirtyMirrors[r] = true
	}
}

// decided notes that a record was decided, and when to look at it again.
func (b *book) decided(r ref, next time.Time) {
	delete(b.due, r)
	clear(b.roused)
	m := b.mirrorOf(r)
	if m != nil && m.Doubt != nil && m.Wrote != nil {
		settled := m.Wrote.At.Add(b.cfg.schema[r.side].Settle)
		next = earliest(time.Time{}, next, settled)
	}
	if m != nil && !m.due.Equal(next) {
		m.due = next
		b.dirtyMirrors[r] = true
	}
}

// isDue reports whether a record is to be decided now.
func (m *mirror) isDue(now time.Time) bool { return !m.due.IsZero() && !m.due.After(now) }

// dropMirror forgets a record.
func (b *book) dropMirror(r ref) {
	m := b.mirrorOf(r)
	if m == nil {
		return
	}
	b.forsaken(m)
	b.remember(m)
	b.unindex(m, b.cfg.index(m), nil)
	b.neighbours(r, m.keys)
	if b.entomb(m) {
		delete(b.due, r)
		return
	}
	b.mirrors[r] = nil
	b.dirtyMirrors[r] = true
	delete(b.due, r)
}

// putLink takes a pair. Making, moving and dissolving links changes what the neighbours of both records may do.
func (b *book) putLink(l *link) {
	if l.key == "" {
		l.key = b.run.nextLink()
	}
	b.dirtyLinks[l.key] = l
	b.index(l)
}

// relink makes a link to the records that it names, whatever was linked with them or by it before. They stand from now on as
// it does, and not each by itself.
func (b *book) relink(l *link) {
	for _, s := range Sides {
		if old := b.linkOf(ref{s, l.ID[s]}); old != nil && old.key != l.key {
			b.dropLink(old)
		}
		if m := b.mirrorOf(ref{s, l.ID[s]}); m != nil {
			b.unmerge(m)
			if restand(&m.Standing, &m.Refused, standing{}) {
				b.dirtyMirrors[m.ref()] = true
			}
		}
	}
	for _, r := range b.replacedBy(l) {
		m := b.mirrorOf(r) // read first, for what the store has of it is read with the link that it loses
		b.links[r] = nil
		b.follow(r, ref{r.side, l.ID[r.side]})
		if !m.alive() {
			b.dropMirror(r) // its place was taken
		}
	}
	b.putLink(l)
	b.kin(l)
}

// replacedBy returns the records that had the link until now and lose it to those that it names.
func (b *book) replacedBy(l *link) []ref {
	if l.key == "" {
		return nil // it is new
	}
	replaced := map[ref]bool{}
	for r, old := range b.links {
		if old != nil && old.key == l.key && l.ID[r.side] != r.id {
			replaced[r] = true
		}
	}
	return sortedRefs(replaced)
}

// dropLink dissolves a pair.
func (b *book) dropLink(l *link) {
	b.dirtyLinks[l.key] = nil
	for _, s := range Sides {
		at := ref{s, l.ID[s]}
		if b.links[at] == l {
			b.links[at] = nil
		}
		if b.mirrorOf(at) != nil {
			b.touch(at)
		}
	}
	b.kin(l)
	for _, s := range Sides {
		if m := b.mirrorOf(ref{s, l.ID[s]}); m != nil && m.Was != nil {
			b.unindex(m, m.lost, nil)
			m.Was, m.lost = nil, nil
			b.dirtyMirrors[m.ref()] = true
		}
	}
}

// takeDue returns the records to be decided, in their order, and forgets that they are.
func (b *book) takeDue() []ref {
	refs := make([]ref, 0, len(b.due))
	for r := range b.due {
		refs = append(refs, r)
	}
	slices.SortFunc(refs, compareRefs)
	clear(b.due)
	clear(b.roused)
	return refs
}

func compareRefs(x, y ref) int {
	return cmp.Or(cmp.Compare(x.side, y.side), strings.Compare(x.id, y.id))
}

func sortedRefs(m map[ref]bool) []ref {
	refs := make([]ref, 0, len(m))
	for r := range m {
		refs = append(refs, r)
	}
	slices.SortFunc(refs, compareRefs)
	return refs
}
