package vcard

import (
	"fmt"
	"maps"
	"slices"

	"github.com/contactsync/contactsync/internal/cards"
)

// An index is what is known of the files of the book and their cards.
type index struct {
	plain map[string]plain          // of the files of one card that need no more said, by far the most
	files map[string]*file          // the others, by name
	at    map[string]located        // by record id, of cards that are not alone in a file of their id ([index.find])
	byUID map[cards.UIDKey]string   // the first id that bears a UID
	twice map[cards.UIDKey][]string // all ids that bear it, where there are several: a fault
	// members are the names of the groups that a card is in, by its UID, sorted; nil means that it is to be found
	// out anew.
	members map[cards.UIDKey][]string
	// groups are the group cards by the key of their name.
	groups map[string]located
	// unreadable is why a group card cannot be read: then it is not known which labels the records have.
	unreadable error
}

// A plain file is one of a single card that begins and ends with the file, can be read, is no group and has the file's
// name as its id. Hundreds of thousands of them are known, so no more is noted than tells the file and the card.
type plain struct {
	stat       stat
	key        cards.UIDKey
	digest     digest
	racy, sure bool
}

// plain returns what is noted of a plain file, and whether the file is one.
func (f *file) plain() (plain, bool) {
	if !f.alone || f.err != nil || f.lost != nil {
		return plain{}, false
	}
	c := f.cards[0]
	return plain{stat: f.stat, key: c.key, digest: c.digest, racy: f.racy, sure: f.sure},
		c.id == f.name && c.start == 0 && c.end == f.stat.size && c.line == 1 && c.group == nil && c.err == nil
}

// file returns the file of that name.
func (p plain) file(name string) *file {
	f := &struct { // one piece of memory for all: this is asked often
		file  file
		card  card
		cards [1]*card
	}{
		file: file{name: name, stat: p.stat, racy: p.racy, sure: p.sure, alone: true},
		card: card{id: name, key: p.key, digest: p.digest, end: p.stat.size, line: 1},
	}
	f.cards[0] = &f.card
	f.file.cards = f.cards[:]
	return &f.file
}

// located is where a card is.
type located struct {
	file *file
	card *card
}

// A spot tells a card from all others.
type spot struct {
	file  string
	start int64
}

func (l located) spot() spot { return spot{l.file.name, l.card.start} }

func newIndex() *index {
	return &index{plain: map[string]plain{}, files: map[string]*file{}, at: map[string]located{},
		byUID: map[cards.UIDKey]string{}, twice: map[cards.UIDKey][]string{}}
}

// file returns what is known of a file, nil if nothing is.
func (x *index) file(name string) *file {
	if p, ok := x.plain[name]; ok {
		return p.file(name)
	}
	return x.files[name]
}

// has reports whether a file of that name is known, and whether it is still as it was read if it has this stat now.
func (x *index) has(name string, st stat) (known, still bool) {
	if p, ok := x.plain[name]; ok {
		return true, p.stat == st && (!p.racy || p.sure)
	}
	f := x.files[name]
	return f != nil, f != nil && f.isStill(st)
}

// names yields the name of every file.
func (x *index) names(yield func(string) bool) {
	for name := range x.plain {
		if !yield(name) {
			return
		}
	}
	for name := range x.files {
		if !yield(name) {
			return
		}
	}
}

// all yields every file.
func (x *index) all(yield func(*file) bool) {
	for name, p := range x.plain {
		if !yield(p.file(name)) {
			return
		}
	}
	for _, f := range x.files {
		if !yield(f) {
			return
		}
	}
}

// find returns where the card of an id is. By far the most are alone in a file of that name, and noted once only.
func (x *index) find(id string) (located, bool) {
	if f := x.file(id); f != nil && f.holds(id) {
		return located{f, f.cards[0]}, true
	}
	l, ok := x.at[id]
	return l, ok
}

// holds reports whether the file is of the card of its own name, and of no other.
func (f *file) holds(id string) bool {
	return f.alone && f.cards[0].group == nil && f.cards[0].id == id
}

// bearing returns the ids of the cards that bear a UID.
func (x *index) bearing(key cards.UIDKey) []string {
	if ids := x.twice[key]; ids != nil {
		return ids
	}
	if id, ok := x.byUID[key]; ok {
		return []string{id}
	}
	return nil
}

// bear notes that a card bears a UID.
func (x *index) bear(key cards.UIDKey, id string) {
	first, ok := x.byUID[key]
	switch ids := x.twice[key]; {
	case !ok:
		x.byUID[key] = id
	case ids == nil:
		x.twice[key] = []string{first, id}
	default:
		x.twice[key] = append(ids, id)
	}
}

// unbear forgets that a card bears a UID, in all copies of it.
func (x *index) unbear(key cards.UIDKey, id string) {
	ids := slices.DeleteFunc(x.bearing(key), func(other string) bool { return other == id })
	delete(x.byUID, key)
	delete(x.twice, key)
	for _, other := range ids {
		x.bear(key, other)
	}
}

// put takes in a file, in the place of what was known of it.
func (x *index) put(f *file) {
	if old := x.file(f.name); old != nil {
		f.keepIDs(old)
		x.drop(f.name)
	}
	if p, ok := f.plain(); ok {
		x.plain[f.name] = p
	} else {
		x.files[f.name] = f
	}
	for _, c := range f.cards {
		if c.group != nil {
			x.members = nil
			continue
		}
		if f.name != c.id || !f.holds(c.id) {
			if _, twice := x.find(c.id); !twice {
				x.at[c.id] = located{f, c}
			}
		}
		if c.key != 0 {
			x.bear(c.key, c.id)
		}
	}
}

// drop forgets a file.
func (x *index) drop(name string) {
	old := x.file(name)
	if old == nil {
		return
	}
	delete(x.plain, name)
	delete(x.files, name)
	for _, c := range old.cards {
		if c.group != nil {
			x.members = nil
			continue
		}
		if x.at[c.id].file == old {
			delete(x.at, c.id)
		}
		x.unbear(c.key, c.id)
	}
}

// keepIDs gives the cards of a file the ids that they had before other cards came into the file or left it.
func (f *file) keepIDs(old *file) {
	if len(old.cards) > 1 && len(f.cards) > 1 && !old.sticky() {
		return
	}
	ids := map[cards.UIDKey]string{}
	for _, c := range old.cards {
		if c.key != 0 {
			ids[c.key] = c.id
		}
	}
	for _, c := range f.cards {
		if id, ok := ids[c.key]; ok && c.key != 0 {
			c.id = id
			delete(ids, c.key)
		}
	}
}

// sticky reports whether a card of a file of many has the file's name as its id.
func (f *file) sticky() bool {
	return slices.ContainsFunc(f.cards, func(c *card) bool { return c.id == f.name })
}

// labels returns the names of the groups that a card is in.
func (x *index) labels(c *card) []string {
	x.findGroups()
	return x.members[c.key]
}

// findGroups finds out who is in which group.
func (x *index) findGroups() {
	if x.members != nil {
		return
	}
	x.members, x.groups, x.unreadable = map[cards.UIDKey][]string{}, map[string]located{}, nil
	for _, name := range slices.Sorted(maps.Keys(x.files)) {
		f := x.files[name]
		for _, c := range f.cards {
			if c.group == nil {
				continue
			}
			if c.err != nil {
				x.unreadable = c.err
				continue
			}
			if c.group.Name == "" {
				continue
			}
			if _, twice := x.groups[cards.LabelKey(c.group.Name)]; !twice {
				x.groups[cards.LabelKey(c.group.Name)] = located{f, c}
			}
			for key := range c.group.Members {
				x.members[key] = append(x.members[key], c.group.Name)
			}
		}
	}
	for _, names := range x.members {
		slices.Sort(names)
	}
}

// fault returns why a card can be neither read nor written, nil if it can.
func (x *index) fault(l located) error {
	if l.card.err != nil {
		return l.card.err
	}
	ids := x.twice[l.card.key]
	for _, id := range ids {
		if other, _ := x.find(id); id != l.card.id {
			return fmt.Errorf("%s: line %d: the card has the UID of another one, in %s, line %d; give one of them another UID",
				l.file.name, l.card.line, other.file.name, other.card.line)
		}
	}
	if len(ids) > 1 {
		return fmt.Errorf("%s: line %d: the UID of the card is there %d times; give each card its own", l.file.name, l.card.line, len(ids))
	}
	return nil
}
