package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// sideOf returns a side by its number.
func sideOf(n int) contactsync.Side { return contactsync.Sides[n&1] }

// userDoes is a user of an app, or the app itself, doing something.
func (w *world) userDoes(st Step) {
	if w.calm {
		return
	}
	switch st.Do {
	case "enter":
		w.enter(st.App, st.Person, st.N)
	case "import":
		for i := range 2 + st.N%4 {
			w.enter(st.App, st.Person+i, st.N+i)
		}
		w.fired["F103 import"]++
	case "empty":
		for _, r := range w.apps[st.App].Records() {
			w.remove(st.App, r)
		}
		w.fired["F103 empty"]++
	case "hide":
		if _, has := w.field(st.App, st.Field); has && w.apps[st.App].Hide(st.Field) == nil {
			w.hidden[st.App] = append(slices.Clip(w.hidden[st.App]), st.Field)
			w.fire("F11", "hide", appName(st.App)+" "+st.Field)
		}
	case "unhide":
		w.unhide(st.App)
	case "account":
		w.apps[st.App].SetIdentity(fmt.Sprintf("account %d", st.N%2))
		w.fire("F12", "account", appName(st.App))
	default:
		if r, ok := w.find(st.App, st.Person); ok {
			w.does(st, r)
		}
	}
}

// unhide has an app tell again what it hid, and nothing else anew: what an engine has passed over stays passed over.
func (w *world) unhide(app int) {
	if len(w.hidden[app]) > 0 {
		_ = w.apps[app].Unhide(w.hidden[app]...)
	}
	w.hidden[app] = nil
}

// does is something that a user does with a record.
func (w *world) does(st Step, r contact.Record) {
	switch st.Do {
	case "edit":
		w.edit(st.App, r, w.typing(st, r))
	case "clear":
		if w.edit(st.App, r, contact.Fields{st.Field: contact.Empty}) {
			w.fired["F100 clear"]++
		}
	case "retype":
		if v := retyped(w.retypable(st.App, st.Field), r.Get(st.Field), st.N); !v.Absent() && w.edit(st.App, r, contact.Fields{st.Field: v}) {
			w.fired["F99 retype"]++
		}
	case "undo":
		if former, ok := w.former[st.App][r.ID]; ok {
			w.edit(st.App, r, former)
		}
	case "key":
		keys := contact.Fields{"email": email(st.Person, st.N)}
		if w.Guest != nil {
			keys = w.Guest.rekeyed(st.App, st.Person, st.N)
		}
		if w.edit(st.App, r, keys) {
			w.fired["F96 key"]++
		}
	case "tag":
		w.tag(st, r)
	case "delete":
		w.remove(st.App, r)
		w.fired["F98 delete"]++
	case "merge":
		w.merge(st, r)
	case "rekey":
		w.rekey(st.App, r)
	case "touch":
		if w.apps[st.App].Touch(r.ID) == nil {
			w.fired["F14 touch"]++
			w.touched(st.App, r.ID)
		}
	}
}

// find returns the record of a person in an app, the one with the lowest id.
func (w *world) find(app, person int) (contact.Record, bool) {
	for _, r := range w.apps[app].Records() {
		if p, known := w.people[app][r.ID]; known && p == person {
			return r, true
		}
	}
	return contact.Record{}, false
}

// personOf returns whom a record is about, by the numbers in what was typed; -1 if nothing says so.
func (w *world) personOf(app int, f contact.Fields) int {
	if w.Guest != nil {
		return w.Guest.personOf(app, f)
	}
	for _, name := range []string{"serial", "email", "first", "last", "company", "notes"} {
		text := strings.ToLower(f[name].Str())
		at := strings.IndexAny(text, "0123456789")
		var n int
		if at >= 0 {
			if _, err := fmt.Sscanf(text[at:], "%d", &n); err == nil && !strings.HasPrefix(text, "pool") {
				return n
			}
		}
	}
	return -1
}

// email returns one of a person's addresses, one that several share, or none.
func email(person, n int) contact.Value {
	switch n % 12 {
	case 9:
		return contact.Text("team@example.com")
	case 10:
		return contact.Empty
	case 11, 8:
		return contact.Text(fmt.Sprintf("P%d.b@Example.com", person))
	}
	return contact.Text(fmt.Sprintf("p%d@example.com", person))
}

// enter is a user who enters a person.
func (w *world) enter(app, person, n int) {
	f := contact.Fields{}
	if w.Guest != nil {
		f = w.Guest.entry(w, app, person, n)
	}
	for i, field := range w.schema(app) {
		switch {
		case w.Guest != nil:
		case field.Name == "email":
			f["email"] = email(person, n)
		case field.Name == "serial":
			w.serials++
			f["serial"] = contact.Text(fmt.Sprintf("s%d.%d", person, w.serials))
		case (n+i)%3 > 0 || field.Required:
			f[field.Name] = w.value(app, field, person, n+i)
		}
	}
	for name, v := range f {
		if v.Blank() {
			delete(f, name)
		}
	}
	w.typed++
	id := fmt.Sprintf("u%s%d", appName(app), w.typed)
	if w.Apps[app].ReuseIDs {
		id = ""
	}
	had := map[string]bool{}
	for _, r := range w.apps[app].Records() {
		had[r.ID] = true
	}
	if w.apps[app].Put(contact.Record{ID: id, Fields: f}) != nil {
		return // the app refuses it
	}
	for _, r := range w.apps[app].Records() {
		if had[r.ID] {
			continue
		}
		w.people[app][r.ID], w.maker[app][r.ID] = person, aUser
		delete(w.former[app], r.ID)
		w.happens(oracle.Event{Kind: oracle.UserCreate, App: app, ID: r.ID, After: w.whole(app, r.Fields), Person: person})
	}
	switch {
	case f["email"].Absent():
		w.fired["F97 keyless"]++
	case f["email"].Str() == "team@example.com":
		w.fired["F93 shared"]++
	}
	for other := range w.apps {
		if _, there := w.find(other, person); there && other != app {
			w.fired["F94 both"]++
		}
	}
}

// value returns what a user types into a field: mostly something that nobody typed before.
func (w *world) value(app int, f contact.Field, person, n int) contact.Value {
	if w.Guest != nil {
		return w.Guest.value(w, app, f, person, n)
	}
	w.typed++
	switch {
	case f.Name == "tags":
		return contact.Set(fmt.Sprintf("t%d", 1+n%3))
	case f.Many:
		return contact.List(contact.Entry{Value: contact.Text(fmt.Sprintf("+3247000000%d", n%4))}, contact.Entry{Value: contact.Text(fmt.Sprintf("+3248%07d", w.typed))})
	case f.Type == contact.TypePhone && n%5 == 0:
		return contact.Text(fmt.Sprintf("+3247000000%d", n%3))
	case f.Type == contact.TypePhone:
		return contact.Text(fmt.Sprintf("+3247%07d", w.typed))
	case n%6 == 0:
		return contact.Text(fmt.Sprintf("Pool %s", string(rune('a'+n%3))))
	}
	return contact.Text(fmt.Sprintf("%c%d.%d", f.Name[0]-'a'+'A', person, w.typed))
}

// typing returns what a user types in an edit.
func (w *world) typing(st Step, r contact.Record) contact.Fields {
	f, has := w.field(st.App, st.Field)
	if !has {
		return nil
	}
	v := w.value(st.App, f, st.Person, st.N)
	if f.Many { // an entry comes, or one goes
		entries := slices.Clone(r.Get(f.Name).Entries())
		if len(entries) > 0 && st.N%2 == 0 {
			entries = slices.Delete(entries, st.N%len(entries), st.N%len(entries)+1)
		} else {
			entries = append(entries, v.Entries()[st.N%len(v.Entries())])
		}
		v = contact.List(entries...)
		if len(entries) == 0 {
			v = contact.Empty
		}
	}
	return contact.Fields{f.Name: v}
}

// retyped returns the value as a user may type it again, who means the same; nothing if there is nothing.
func retyped(field string, v contact.Value, n int) contact.Value {
	switch {
	case v.Kind() != contact.KindText || field == "":
		return contact.Value{}
	case field == "email" && n%2 == 0:
		return contact.Text(strings.ToUpper(v.Str()))
	case field == "phone" && len(v.Str()) > 6:
		s := v.Str()
		return contact.Text(s[:3] + " " + s[3:6] + "/" + s[6:])
	}
	return contact.Text(" " + v.Str() + " ")
}

// tag is a user who adds a tag, or takes it away.
func (w *world) tag(st Step, r contact.Record) {
	f, has := w.setField(st.App)
	if !has {
		return
	}
	e := []contact.Entry{{Value: contact.Text(element(f, st.N))}}
	c := contact.Change{Add: e}
	if st.N%2 == 0 {
		c = contact.Change{Remove: e}
	}
	v := c.Apply(r.Get(f.Name), f)
	if len(v.Elements()) == 0 {
		v = contact.Empty
	}
	w.edit(st.App, r, contact.Fields{f.Name: v})
}

// edit is a user who changes fields of a record, those that the app has. It reports whether anything came of it.
func (w *world) edit(app int, r contact.Record, fields contact.Fields) bool {
	entered := contact.Fields{}
	for name, v := range fields {
		if _, has := w.field(app, name); has {
			entered[name] = v
		}
	}
	for name, v := range entered {
		held, err := w.apps[app].Hold(name, v)
		if err == nil && (held.Equal(r.Get(name)) || held.Blank() && r.Get(name).Blank()) {
			delete(entered, name) // nothing would change
		}
	}
	if len(entered) == 0 || w.apps[app].Edit(r.ID, entered) != nil {
		return false
	}
	now, _ := w.apps[app].Record(r.ID)
	if w.Guest != nil {
		entered = differing(r, now) // an app may derive one field from another
	}
	before, after := changed(entered, r, now)
	w.former[app][r.ID] = before
	w.happens(oracle.Event{Kind: oracle.UserEdit, App: app, ID: r.ID, Before: before, After: after})
	return true
}

// remove is a user who deletes a record.
func (w *world) remove(app int, r contact.Record) {
	if w.apps[app].Remove(r.ID) == nil {
		w.happens(oracle.Event{Kind: oracle.UserDelete, App: app, ID: r.ID, Before: w.whole(app, r.Fields)})
	}
}

// merge is a user who has the app make one record of two.
func (w *world) merge(st Step, r contact.Record) {
	other, ok := w.find(st.App, st.Other)
	if !ok || other.ID == r.ID || w.apps[st.App].Merge(r.ID, other.ID) != nil {
		return
	}
	now, _ := w.apps[st.App].Record(r.ID)
	w.moved = true
	if w.maker[st.App][other.ID] == aUser {
		w.maker[st.App][r.ID] = aUser
	}
	w.fired["F13 merge"]++
	w.happens(oracle.Event{Kind: oracle.UserMerge, App: st.App, ID: r.ID, Other: other.ID, Before: w.whole(st.App, r.Fields), After: w.whole(st.App, now.Fields)})
}

// rekey is an app that gives a record another id.
func (w *world) rekey(app int, r contact.Record) {
	w.typed++
	id := fmt.Sprintf("k%s%d", appName(app), w.typed)
	if w.apps[app].Rekey(r.ID, id) != nil {
		return
	}
	w.moved = true
	for _, m := range []map[string]int{w.people[app], w.automate[app], w.maker[app]} {
		m[id] = m[r.ID]
	}
	if f, ok := w.former[app][r.ID]; ok {
		w.former[app][id] = maps.Clone(f)
	}
	w.fired["F13 rekey"]++
	w.happens(oracle.Event{Kind: oracle.AppRekey, App: app, ID: r.ID, Other: id})
}

// differing returns the fields in which two states of a record differ.
func differing(was, now contact.Record) contact.Fields {
	out := contact.Fields{}
	for _, fields := range []contact.Fields{was.Fields, now.Fields} {
		for name := range fields {
			if !was.Get(name).Equal(now.Get(name)) {
				out[name] = now.Get(name)
			}
		}
	}
	return out
}
