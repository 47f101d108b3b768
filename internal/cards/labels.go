package cards

import (
	"strings"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/vcard"
)

// labels changes the labels of the card. One that is the name of a group card of the book is membership in that
// group; any other is an element of CATEGORIES.
func (w *writer) labels() error {
	change, ok := w.patch[fieldLabels]
	if !ok {
		return nil
	}
	labels, err := labelsOf(w.card, w.groups)
	if err != nil {
		return err
	}
	field, _ := fieldNamed(fieldLabels)
	now := contact.Set(labels...)
	have, want := now.Elements(), change.Apply(now, field).Elements()
	added, removed := without(want, have), without(have, want)
	w.leaves = intersect(w.groups, removed)
	var categories []string
	for _, label := range added {
		if w.exists(label) {
			w.joins = append(w.joins, label)
		} else {
			categories = append(categories, label)
		}
	}
	return w.categories(categories, removed)
}

// without returns the labels of a that are not in b.
func without(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	in := labelSet(b)
	var out []string
	for _, s := range a {
		if !in[LabelKey(s)] {
			out = append(out, s)
		}
	}
	return out
}

// intersect returns the labels of a that are in b.
func intersect(a, b []string) []string {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	in := labelSet(b)
	var out []string
	for _, s := range a {
		if in[LabelKey(s)] {
			out = append(out, s)
		}
	}
	return out
}

func labelSet(labels []string) map[string]bool {
	set := map[string]bool{}
	for _, s := range labels {
		set[LabelKey(s)] = true
	}
	return set
}

// categories takes elements out of the CATEGORIES lines and adds others to the first one that is left.
func (w *writer) categories(add, remove []string) error {
	gone := labelSet(remove)
	target := -1
	for i := range w.card.Properties {
		p := &w.card.Properties[i]
		if p.Name != "CATEGORIES" {
			continue
		}
		elements, err := w.card.List(p)
		if err != nil {
			return err
		}
		var kept, raw []string
		for k, written := range p.RawList() {
			if !gone[LabelKey(elements[k])] && strings.TrimSpace(elements[k]) != "" {
				kept, raw = append(kept, elements[k]), append(raw, written)
			}
		}
		first := target < 0
		if first {
			target = i
			kept = append(kept, add...)
			for _, s := range add {
				raw = append(raw, vcard.EscapeText(s))
			}
		}
		changed := len(intersect(elements, remove)) > 0 || first && len(add) > 0
		switch {
		case !changed:
		case len(kept) == 0:
			removeWithLabel(w.card, w.edit, i)
		case w.card.Version == "2.1" || p.Param("ENCODING") != "" || p.Param("CHARSET") != "":
			w.put(i, "", w.card.ListValue(kept...))
		default:
			w.put(i, "", vcard.RawValue(strings.Join(raw, ",")))
		}
	}
	if target < 0 && len(add) > 0 {
		w.edit.Put(-1, "CATEGORIES", w.card.ListValue(add...))
	}
	return nil
}

// A Group is what a card says that stands for a group of others. The zero Group is of one that cannot be read.
type Group struct {
	Name    string
	Members map[UIDKey]bool // by the key of their UID
}

// memberProperties are the properties that name a group's members, by the way its card says that it is a group.
var memberProperties = []string{"MEMBER", "X-ADDRESSBOOKSERVER-MEMBER"}

// ReadGroup returns the group that a card stands for.
func ReadGroup(card *vcard.Card) (*Group, error) {
	g := &Group{Members: map[UIDKey]bool{}}
	if i := card.Find("FN"); i >= 0 {
		name, err := card.Text(&card.Properties[i])
		if err != nil {
			return nil, err
		}
		g.Name = strings.TrimSpace(name)
	}
	for i := range card.Properties {
		p := &card.Properties[i]
		if p.Name != memberProperties[0] && p.Name != memberProperties[1] {
			continue
		}
		uid, err := card.Text(p)
		if err != nil {
			return nil, err
		}
		g.Members[KeyOfUID(uid)] = true
	}
	return g, nil
}

// Regroup returns the text of a group card with members added and removed, each by its UID.
func Regroup(card *vcard.Card, join, leave []string) (vcard.Text, error) {
	w := writer{card: card, edit: card.Edit()}
	gone := map[UIDKey]bool{}
	for _, uid := range leave {
		gone[KeyOfUID(uid)] = true
	}
	name, have := memberProperties[1], map[UIDKey]bool{}
	if card.Find("KIND") >= 0 {
		name = memberProperties[0]
	}
	for i := range card.Properties {
		p := &card.Properties[i]
		if p.Name != memberProperties[0] && p.Name != memberProperties[1] {
			continue
		}
		uid, err := card.Text(p)
		if err != nil {
			return vcard.Text{}, err
		}
		if key := KeyOfUID(uid); gone[key] {
			w.edit.Remove(i)
		} else {
			have[key] = true
		}
	}
	for _, uid := range join {
		if !have[KeyOfUID(uid)] {
			w.edit.Put(-1, vcard.Head(name), card.URIValue("urn:uuid:"+uid))
		}
	}
	return w.edit.Text(), nil
}
