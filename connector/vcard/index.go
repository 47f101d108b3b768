package vcard

import (
	"fmt"
	"maps"
	"slices"
)

// An index is what is known of the files of the book and their cards.
type index struct {
	files map[string]*file
	at    map[string]located  // by record id
	byUID map[uidKey][]string // the ids that bear a UID; more than one is a fault
	// members are the names of the groups that a card is in, by its UID, sorted; nil means that it is to be found
	// out anew.
	members map[uidKey][]string
	// groups are the group cards by the key of their name.
	groups map[string]located
	// unreadable is why a group card cannot be read: then it is not known which labels the records have.
	unreadable error
}

// located is where a card is.
type located struct {
	file *file
	card *card
}

func newIndex() *index {
	return &index{files: map[string]*file{}, at: map[string]located{}, byUID: map[uidKey][]string{}}
}

// put takes in a file, in the place of what was known of it.
func (x *index) put(f *file) {
	if old := x.files[f.name]; old != nil {
		x.keepIDs(old, f)
	}
	x.drop(f.name)
	x.files[f.name] = f
	for _, c := range f.cards {
		if c.group != nil {
			x.members = nil
			continue
		}
		if _, twice := x.at[c.id]; !twice {
			x.at[c.id] = located{f, c}
		}
		if c.key != 0 {
			x.byUID[c.key] = append(x.byUID[c.key], c.id)
		}
	}
}

// drop forgets a file.
func (x *index) drop(name string) {
	old := x.files[name]
	if old == nil {
		return
	}
	delete(x.files, name)
	for _, c := range old.cards {
		if c.group != nil {
			x.members = nil
			continue
		}
		if x.at[c.id].file == old {
			delete(x.at, c.id)
		}
		ids := slices.DeleteFunc(x.byUID[c.key], func(id string) bool { return id == c.id }) // all copies go with the file
		if len(ids) == 0 {
			delete(x.byUID, c.key)
		} else {
			x.byUID[c.key] = ids
		}
	}
}

// keepIDs gives the cards of a file the ids that they had before other cards came into the file or left it.
func (x *index) keepIDs(old, f *file) {
	if len(old.cards) > 1 && len(f.cards) > 1 && !old.sticky() {
		return
	}
	ids := map[uidKey]string{}
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
	x.members, x.groups, x.unreadable = map[uidKey][]string{}, map[string]located{}, nil
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
			if c.group.name == "" {
				continue
			}
			if _, twice := x.groups[labelKey(c.group.name)]; !twice {
				x.groups[labelKey(c.group.name)] = located{f, c}
			}
			for key := range c.group.members {
				x.members[key] = append(x.members[key], c.group.name)
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
	if l.card.key == 0 {
		return nil
	}
	ids := x.byUID[l.card.key]
	for _, id := range ids {
		if other := x.at[id]; id != l.card.id {
			return fmt.Errorf("%s: line %d: the card has the UID of another one, in %s, line %d; give one of them another UID",
				l.file.name, l.card.line, other.file.name, other.card.line)
		}
	}
	if len(ids) > 1 {
		return fmt.Errorf("%s: line %d: the UID of the card is there %d times; give each card its own", l.file.name, l.card.line, len(ids))
	}
	return nil
}
