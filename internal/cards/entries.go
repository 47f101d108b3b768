package cards

import (
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/vcard"
)

// entries changes the fields that are lists: each entry is a property of its own.
func (w *writer) entries() error {
	for _, f := range []struct{ field, name string }{
		{fieldEmails, "EMAIL"}, {fieldPhones, "TEL"}, {fieldAddresses, "ADR"}, {fieldURLs, "URL"},
	} {
		change, ok := w.patch[f.field]
		if !ok {
			continue
		}
		field, _ := fieldNamed(f.field)
		if err := w.list(field, f.name, change); err != nil {
			return err
		}
	}
	return nil
}

// list changes the properties of that name to hold what the change makes of them. A property whose entry stays
// keeps its line; one whose entry is replaced by one of the same type keeps its place, group and parameters.
func (w *writer) list(field contact.Field, name string, change contact.Change) error {
	var at []int
	have, err := readEntries(w.card, name, &at)
	if err != nil {
		return err
	}
	want := change.Apply(contact.List(have...), field).Entries()
	line := matchEntries(field, have, want)
	movePrimary := len(have) > 0 && primaryOf(field, have) != primaryOf(field, want)
	used := make([]bool, len(have))
	for i, e := range want {
		if line[i] < 0 {
			continue
		}
		used[line[i]] = true
		if err := w.replaceEntry(at[line[i]], have[line[i]], e, movePrimary); err != nil {
			return err
		}
	}
	for k, index := range at {
		if !used[k] {
			removeWithLabel(w.card, w.edit, index)
		}
	}
	for i, e := range want {
		if line[i] < 0 {
			w.addEntry(name, e)
		}
	}
	return nil
}

// primaryOf returns the key of the primary entry, "" if there is none.
func primaryOf(field contact.Field, list []contact.Entry) string {
	for _, e := range list {
		if e.Primary {
			return field.EntryKey(e, "")
		}
	}
	return ""
}

// matchEntries returns for each wanted entry the index of the one whose line it takes, -1 for a new one: the same
// value first, then one of the same type that is not wanted any more.
func matchEntries(field contact.Field, have, want []contact.Entry) []int {
	line := make([]int, len(want))
	taken := make([]bool, len(have))
	take := func(i int, fits func(contact.Entry) bool) {
		for k, e := range have {
			if !taken[k] && fits(e) {
				line[i], taken[k] = k, true
				return
			}
		}
	}
	for i := range line {
		line[i] = -1
	}
	if len(have) == 0 {
		return line
	}
	for i, e := range want {
		key := field.EntryKey(e, "")
		take(i, func(h contact.Entry) bool { return h.Value.Equal(e.Value) && sameKind(h, e) })
		if line[i] < 0 {
			take(i, func(h contact.Entry) bool { return field.EntryKey(h, "") == key })
		}
	}
	for i, e := range want {
		if line[i] < 0 {
			take(i, func(h contact.Entry) bool { return sameKind(h, e) })
		}
	}
	return line
}

func sameKind(a, b contact.Entry) bool {
	return strings.EqualFold(strings.TrimSpace(a.Type), strings.TrimSpace(b.Type))
}

// replaceEntry makes the property at index hold e instead of old.
func (w *writer) replaceEntry(index int, old, e contact.Entry, movePrimary bool) error {
	p := &w.card.Properties[index]
	head := p.Head()
	if movePrimary && !(e.Primary && preference(p) == 1) {
		if head = head.Without(isPreferred); e.Primary {
			head = withPreferred(w.card.Version, head)
		}
	}
	if !sameKind(old, e) {
		head = w.setKind(p, head, e.Type)
	}
	if old.Value.Equal(e.Value) {
		if head != p.Head() {
			w.edit.PutHead(index, head)
		}
		return nil
	}
	if p.Name != "ADR" {
		head, value := w.entryText(p.Name, head, e.Value.Str())
		w.edit.Put(index, head, value)
		return nil
	}
	change := map[int]string{}
	before, after := addressComponents(old.Value.Address()), addressComponents(e.Value.Address())
	for i := range after {
		if before[i] != after[i] {
			change[i] = after[i]
		}
	}
	value, err := w.card.WithComponents(p, change)
	w.edit.Put(index, head, value)
	return err
}

// addEntry adds a property for a new entry.
func (w *writer) addEntry(name string, e contact.Entry) {
	head := vcard.Head(name)
	if e.Type != "" {
		head = w.setKind(&vcard.Property{Name: name}, head, e.Type)
	}
	if e.Primary {
		head = withPreferred(w.card.Version, head)
	}
	if name == "ADR" {
		components := addressComponents(e.Value.Address())
		w.edit.Put(-1, head, w.card.ComponentsValue(components[:]...))
		return
	}
	head, value := w.entryText(name, head, e.Value.Str())
	w.edit.Put(-1, head, value)
}

// entryText returns the value of an email, phone number or URL. A number that was a URI stays one if it can.
func (w *writer) entryText(name string, head vcard.Head, text string) (vcard.Head, vcard.Encoded) {
	switch name {
	case "URL":
		return head, w.card.URIValue(text)
	case "TEL":
		if !strings.Contains(strings.ToUpper(string(head)), "VALUE=URI") {
			break
		}
		if strings.IndexFunc(text, notInTelURI) < 0 {
			return head, vcard.RawValue("tel:" + text)
		}
		head = head.Without(func(p vcard.Param) bool { return p.Name == "VALUE" })
	}
	return head, w.card.TextValue(text)
}

// notInTelURI reports whether a tel: URI cannot hold the character as it is (RFC 3966 section 3).
func notInTelURI(r rune) bool {
	return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("+-.()*#;=", r))
}

// setKind returns the head of p with another kind, and writes or removes Apple's label, which a kind needs that is
// no token.
func (w *writer) setKind(p *vcard.Property, head vcard.Head, kind string) vcard.Head {
	kind = strings.TrimSpace(kind)
	head = withoutKind(head, p.Name)
	label := labelOf(w.card, p)
	if types, token := typesOf(kind); token || kind == "" {
		if label >= 0 {
			w.edit.Remove(label)
		}
		return withTypes(w.card.Version, head, types)
	}
	if label >= 0 {
		w.put(label, "", w.card.TextValue(kind))
		return head
	}
	group := p.Group
	if group == "" {
		group = w.newGroup()
		head = vcard.Head(group) + "." + head
	}
	w.edit.Put(-1, vcard.Head(group)+".X-ABLabel", w.card.TextValue(kind))
	return head
}

// newGroup returns a group that the card does not have yet.
func (w *writer) newGroup() string {
	for n := 1; ; n++ {
		group := fmt.Sprintf("item%d", n)
		taken := slices.ContainsFunc(w.card.Properties, func(p vcard.Property) bool { return strings.EqualFold(p.Group, group) })
		if !taken && !slices.Contains(w.given, group) {
			w.given = append(w.given, group)
			return group
		}
	}
}
