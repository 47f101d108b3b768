package fake

import (
	"fmt"
	"slices"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// Put is a user who creates records. A record without id gets one from the app. It fails, and creates none of
// them, if an id is in use or a value does not fit the schema; a required field may be missing, as in records
// older than the requirement.
func (a *App) Put(records ...contact.Record) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	stored := make([]contact.Fields, len(records))
	for i, r := range records {
		if a.records[r.ID] != nil || slices.ContainsFunc(records[:i], func(s contact.Record) bool { return r.ID != "" && s.ID == r.ID }) {
			return fmt.Errorf("%s: put %s: there is a record with this id", a.name, r.ID)
		}
		fields, err := a.accept(r.ID, r.Fields)
		if err != nil {
			return fmt.Errorf("put %s: %w", r.ID, err)
		}
		stored[i] = fields
	}
	for i, r := range records {
		id := r.ID
		if id == "" {
			id = a.newID()
		}
		a.put(id, stored[i], "")
		a.entered(id, nil)
	}
	return nil
}

// Edit is a user who changes fields of a record; [contact.Empty] clears one, and so does an absent value.
func (a *App) Edit(id string, fields contact.Fields) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.edit(id, fields)
}

func (a *App) edit(id string, fields contact.Fields) error {
	r := a.records[id]
	if r == nil {
		return fmt.Errorf("%s: edit %s: there is no such record", a.name, id)
	}
	all := r.fields.Clone()
	for name, v := range fields {
		if v.Absent() {
			v = contact.Empty
		}
		all[name] = v
	}
	stored, err := a.accept(id, all)
	if err != nil {
		return fmt.Errorf("edit %s: %w", id, err)
	}
	a.put(id, stored, r.marker)
	a.entered(id, r)
	return nil
}

// Touch makes the app give a record a new version, and tell it again, though nothing in it has changed. Its time of change
// stays, unless its changes are delivered, which are told apart by their times.
func (a *App) Touch(id string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.records[id]
	err := a.edit(id, nil)
	if err == nil {
		a.unchanged(id, before.modified)
	}
	return err
}

// unchanged gives a new state of a record the time of change that the last one had.
func (a *App) unchanged(id string, modified time.Time) {
	if !a.push {
		a.records[id].modified = modified
	}
}

// accept returns the fields as the app stores them, or why it refuses them whoever brings them.
func (a *App) accept(id string, fields contact.Fields) (contact.Fields, error) {
	stored, err := a.store(fields)
	if err != nil {
		return nil, err
	}
	return stored, a.unique("", id, stored)
}

// Remove is a user who deletes records.
func (a *App) Remove(ids ...string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range ids {
		if a.records[id] == nil {
			return fmt.Errorf("%s: remove %s: there is no such record", a.name, id)
		}
		before := a.records[id]
		a.drop(id)
		a.entered(id, before)
	}
	return nil
}

// drop deletes a record that there is.
func (a *App) drop(id string) {
	delete(a.records, id)
	a.note(event{id: id})
	a.deliver(connector.Change{Deleted: id})
}

// Rekey makes the app give a record another id, and say so in its feed.
func (a *App) Rekey(id, newID string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.records[id]
	if r == nil {
		return fmt.Errorf("%s: rekey %s: there is no such record", a.name, id)
	}
	if a.records[newID] != nil || newID == "" {
		return fmt.Errorf("%s: rekey %s: the id %q is not free", a.name, id, newID)
	}
	a.move(r, newID, r.fields, r.marker)
	a.unchanged(newID, r.modified)
	return nil
}

// Merge makes the app merge the record from into another and say so in its feed. Where both have a value the
// first one's stays; of lists and sets every entry stays.
func (a *App) Merge(into, from string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, s := a.records[into], a.records[from]
	if r == nil || s == nil || r == s {
		return fmt.Errorf("%s: merge %s with %s: want two records that there are", a.name, into, from)
	}
	united := s.fields.Clone()
	for name, v := range r.fields {
		f, _ := a.schema.Field(name)
		united[name] = union(f, v, s.fields[name])
	}
	stored, err := a.store(united)
	if err != nil {
		return err
	}
	a.move(s, into, stored, r.marker)
	return nil
}

// move makes fields the content of the record id and says that it is where r went.
func (a *App) move(r *record, id string, fields contact.Fields, marker string) {
	delete(a.records, r.id)
	a.deliver(connector.Change{Rekeyed: connector.Rekey{Old: r.id, New: id}})
	a.put(id, fields, marker)
	a.note(event{id: id, old: r.id})
	delete(a.lags, r.id)
	delete(a.lags, id)
}

// union returns v with the entries of w that it lacks.
func union(f contact.Field, v, w contact.Value) contact.Value {
	key := func(e contact.Entry) string { return f.EntryKey(e, "") }
	switch v.Kind() {
	case contact.KindSet:
		add := contact.Change{}
		for _, s := range w.Elements() {
			add.Add = append(add.Add, contact.Entry{Value: contact.Text(s)})
		}
		return add.Apply(v, f)
	case contact.KindList:
		all := slices.Clone(v.Entries())
		for _, e := range w.Entries() {
			if slices.ContainsFunc(all, func(o contact.Entry) bool { return key(o) == key(e) }) {
				continue
			}
			e.Primary = false // a list has one primary entry at most
			all = append(all, e)
		}
		return contact.List(all...)
	}
	return v
}

// Hide makes the app tell these fields no more, as after a lost permission: they are absent, not empty.
func (a *App) Hide(fields ...string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hide(true, fields)
}

// Unhide makes the app tell these fields again, and the records that have them appear in the feed again.
func (a *App) Unhide(fields ...string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.hide(false, fields); err != nil {
		return err
	}
	for _, r := range a.sorted() {
		if slices.ContainsFunc(fields, func(name string) bool { return !r.fields[name].Blank() }) {
			a.note(event{id: r.id})
		}
	}
	return nil
}

func (a *App) hide(hidden bool, fields []string) error {
	for _, name := range fields {
		if _, ok := a.schema.Field(name); !ok {
			return fmt.Errorf("%s: there is no field %q to hide or show", a.name, name)
		}
		a.hidden[name] = hidden
	}
	return nil
}
