package cards

import (
	"maps"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/vcard"
)

// A Change is one patch to carry out on one card.
type Change struct {
	Card   *vcard.Card
	Patch  contact.Patch     // not changed
	New    bool              // the card says nothing yet ([New]): a name that the patch does not set is made of what it sets
	Groups []string          // the names of the groups that the card is in
	Exists func(string) bool // whether the book has a group card of that name; nil means that it has none
	Now    time.Time         // of the write
	UID    string            // the UID to give a card that has none; "" means that it stays without
}

// An Outcome is what a [Change] makes of a card, and of the groups that it is in.
type Outcome struct {
	Text   vcard.Text
	Card   *vcard.Card // the text, read
	Joins  []string    // the names of the groups that the card is to be added to
	Leaves []string    // the names of the groups that it is to be taken out of
}

// Write returns what becomes of the card. It fails with [connector.ErrInvalid], naming the field, if a card cannot hold
// a value or would be too large, and with a [*vcard.Error] if what the card holds cannot be read.
func (c Change) Write() (Outcome, error) {
	w := writer{card: c.Card, patch: maps.Clone(c.Patch), groups: c.Groups, exists: c.Exists, now: c.Now, uid: c.UID}
	if w.exists == nil {
		w.exists = func(string) bool { return false }
	}
	if _, named := c.Patch[fieldName]; c.New && !named {
		w.name = contact.Empty
	}
	text, err := w.write()
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Text: text, Joins: w.joins, Leaves: w.leaves}
	if out.Card, err = text.Parse(1); err != nil {
		return Outcome{}, invalid("", "the card would be too large")
	}
	return out, nil
}

// A writer carries out one change.
type writer struct {
	card   *vcard.Card
	edit   *vcard.Edit
	patch  contact.Patch
	groups []string
	exists func(string) bool
	now    time.Time
	uid    string
	joins  []string
	leaves []string
	given  []string      // group names that were given to new entries
	name   contact.Value // the full name that the card is to have; absent means that it stays
}

// write returns the text of the card with the patch carried out.
func (w *writer) write() (vcard.Text, error) {
	w.edit = w.card.Edit()
	steps := []func() error{w.names, w.entries, w.organization, w.texts, w.notes, w.dates, w.labels}
	if err := w.check(); err != nil {
		return vcard.Text{}, err
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return vcard.Text{}, err
		}
	}
	if w.uid != "" && w.edit.Changes() && w.card.Find("UID") < 0 {
		w.edit.Put(-1, "UID", w.card.TextValue(w.uid))
	}
	if i := w.card.Find("REV"); i >= 0 && w.edit.Changes() {
		w.revise(i)
	}
	return w.finishName()
}

// set returns the text that the patch sets a single-valued field to, and whether it does.
func (w *writer) set(field string) (string, bool) {
	c, ok := w.patch[field]
	if !ok || c.Set.Absent() {
		return "", false
	}
	return c.Set.Str(), true
}

// names changes the components of N, and finds out what becomes of FN.
func (w *writer) names() error {
	if c, ok := w.patch[fieldName]; ok {
		w.name = c.Set
	}
	change := map[int]string{}
	for i, field := range nameParts {
		if text, ok := w.set(field); ok {
			change[i] = text
		}
	}
	if len(change) == 0 {
		return nil
	}
	old, err := nameComponents(w.card)
	if err != nil {
		return err
	}
	now := old
	for i, text := range change {
		now[i] = text
	}
	if now == old {
		return nil
	}
	if err := w.components("N", change, 5); err != nil {
		return err
	}
	if !w.name.Absent() {
		if name := composeName(now); w.name.Blank() && name != "" {
			w.name = contact.Text(name) // a card must have one
		}
		return nil
	}
	fn := ""
	if i := w.card.Find("FN"); i >= 0 {
		if fn, err = w.card.Text(&w.card.Properties[i]); err != nil {
			return err
		}
	}
	if name, ok := recompose(fn, old, now); ok {
		w.name = contact.Text(name)
	}
	return nil
}

// components changes some components of the first property of that name, which has at least n of them.
func (w *writer) components(name string, change map[int]string, n int) error {
	i := w.card.Find(name)
	if i < 0 {
		components := make([]string, n)
		for k, text := range change {
			for len(components) <= k {
				components = append(components, "")
			}
			components[k] = text
		}
		w.edit.Put(-1, vcard.Head(name), w.card.ComponentsValue(components...))
		return nil
	}
	p := &w.card.Properties[i]
	value, err := w.card.WithComponents(p, change)
	if err != nil {
		return err
	}
	w.edit.Put(i, p.Head(), value)
	return nil
}

// organization changes ORG: the company is its first component, the departments are the others.
func (w *writer) organization() error {
	company, hasCompany := w.set(fieldCompany)
	department, hasDepartment := w.set(fieldDepartment)
	if !hasCompany && !hasDepartment {
		return nil
	}
	i := w.card.Find("ORG")
	components := []string{""}
	if i >= 0 {
		var err error
		if components, err = w.card.Components(&w.card.Properties[i]); err != nil {
			return err
		}
	}
	oldCompany, oldDepartment := organizationOf(components)
	hasCompany = hasCompany && company != oldCompany
	hasDepartment = hasDepartment && department != oldDepartment
	if !hasCompany && !hasDepartment {
		return nil
	}
	if hasCompany {
		components[0] = company
	}
	if hasDepartment {
		components = components[:1]
		if department != "" {
			components = append(components, strings.Split(department, ";")...)
		}
	}
	if strings.TrimSpace(strings.Join(components, "")) == "" {
		if i >= 0 {
			removeWithLabel(w.card, w.edit, i)
		}
		return nil
	}
	if i < 0 || hasDepartment {
		w.put(i, "ORG", w.card.ComponentsValue(components...))
		return nil
	}
	return w.components("ORG", map[int]string{0: company}, 1)
}

// put writes a property in the place of the one with that index, keeping its head, or as a new one.
func (w *writer) put(index int, name vcard.Head, value vcard.Encoded) {
	if index >= 0 {
		name = w.card.Properties[index].Head()
	}
	w.edit.Put(index, name, value)
}

// texts changes the fields that are one text property.
func (w *writer) texts() error {
	for _, f := range []struct{ field, name string }{
		{fieldNickname, "NICKNAME"}, {fieldTitle, "TITLE"}, {fieldRole, "ROLE"},
	} {
		text, ok := w.set(f.field)
		if !ok {
			continue
		}
		index, old, err := w.firstText(f.name)
		switch {
		case err != nil:
			return err
		case text == old:
		case text == "":
			w.removeAll(f.name)
		default:
			w.put(index, vcard.Head(f.name), w.card.TextValue(text))
		}
	}
	return nil
}

// firstText returns the first property of that name which is not blank, -1 if there is none, and its text.
func (w *writer) firstText(name string) (int, string, error) {
	for i := range w.card.Properties {
		if p := &w.card.Properties[i]; p.Name == name {
			text, err := w.card.Text(p)
			if err != nil || strings.TrimSpace(text) != "" {
				return i, text, err
			}
		}
	}
	return w.card.Find(name), "", nil
}

// removeAll removes every property of that name.
func (w *writer) removeAll(name string) {
	for i := range w.card.Properties {
		if w.card.Properties[i].Name == name {
			removeWithLabel(w.card, w.edit, i)
		}
	}
}

// notes writes the notes into the first NOTE. Others, which were read as part of the notes, go.
func (w *writer) notes() error {
	text, ok := w.set(fieldNotes)
	if !ok {
		return nil
	}
	first := w.card.Find("NOTE")
	if first >= 0 {
		fields, err := Read(w.card, WantedOf([]string{fieldNotes}), nil)
		if err != nil || fields[fieldNotes].Str() == text {
			return err
		}
	}
	for i := range w.card.Properties {
		if w.card.Properties[i].Name == "NOTE" && (i != first || text == "") {
			removeWithLabel(w.card, w.edit, i)
		}
	}
	if text != "" {
		w.put(first, "NOTE", w.card.TextValue(text))
	}
	return nil
}

func (w *writer) dates() error {
	birthday, anniversary := w.card.Find("BDAY"), findAnniversary(w.card)
	if text, ok := w.set(fieldBirthday); ok && !w.holds(fieldBirthday, birthday, text) {
		putDate(w.card, w.edit, birthday, "BDAY", text)
	}
	if text, ok := w.set(fieldAnniversary); ok && !w.holds(fieldAnniversary, anniversary, text) {
		name := "ANNIVERSARY"
		if w.card.Version != "4.0" {
			name = "X-ANNIVERSARY"
		}
		putDate(w.card, w.edit, anniversary, name, text)
	}
	return nil
}

// holds reports whether the card holds that text in a field already, which begins at the property with that index.
func (w *writer) holds(field string, index int, text string) bool {
	if index < 0 {
		return false
	}
	fields, err := Read(w.card, WantedOf([]string{field}), nil)
	return err == nil && !fields[field].Absent() && fields[field].Str() == text
}

// revLayout is how REV is written in full (RFC 2426 section 3.6.4).
const revLayout = "2006-01-02T15:04:05Z"

// revise sets REV to the time of the write, in the form that it has.
func (w *writer) revise(index int) {
	layout := revLayout
	if p := &w.card.Properties[index]; !strings.Contains(p.Value, "-") {
		layout = "20060102T150405Z"
	}
	w.put(index, "REV", vcard.RawValue(w.now.UTC().Format(layout)))
}

// finishName writes FN and returns the card. FN is required: where the patch leaves none it is made of what the
// card then holds.
func (w *writer) finishName() (vcard.Text, error) {
	if w.name.Absent() {
		return w.edit.Text(), nil
	}
	text := w.name.Str()
	if text == "" {
		changed, err := w.edit.Text().Parse(1)
		if err != nil {
			return vcard.Text{}, invalid("", "the card would be too large")
		}
		if text = derivedName(changed); text == "" {
			return vcard.Text{}, invalid(fieldName, "a card needs a name, a company, an email, a nickname or a phone number")
		}
	}
	index, old, err := w.firstText("FN")
	if err != nil {
		return vcard.Text{}, err
	}
	if old != text {
		w.put(index, "FN", w.card.TextValue(text))
		if i := w.card.Find("REV"); i >= 0 {
			w.revise(i)
		}
	}
	return w.edit.Text(), nil
}

// removeWithLabel removes a property, and Apple's label of its group if nothing else is in the group.
func removeWithLabel(card *vcard.Card, edit *vcard.Edit, index int) {
	p := &card.Properties[index]
	edit.Remove(index)
	if p.Group == "" {
		return
	}
	var labels []int
	for i := range card.Properties {
		q := &card.Properties[i]
		switch {
		case i == index || !strings.EqualFold(q.Group, p.Group):
		case q.Name == labelName || q.Name == "X-ABADR":
			labels = append(labels, i)
		default:
			return
		}
	}
	for _, i := range labels {
		edit.Remove(i)
	}
}
