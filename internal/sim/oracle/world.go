package oracle

import (
	"errors"
	"sort"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// moment is when something happened: its place in the history, and the virtual time.
type moment struct {
	at   int
	time time.Time
}

// users is the author of what the users of an app did, and the app itself. Engines are authors by their connection's
// id.
const users = ""

// entry is what a cell held from a moment on, and who made it so.
type entry struct {
	moment
	value contact.Value
	by    string
	told  bool // of an engine: it knows that it did
}

// record is one record of an app, alive or gone, with all that its cells ever held.
type record struct {
	app    int
	id     string
	by     string // who created it
	first  int    // the event of its first birth
	born   moment
	alive  bool
	died   moment
	diedBy string  // whose deed the last death was
	merged *record // it is part of that one now
	// rekeyed is when its app last gave it another id, bumped when that or the app itself gave it a new time.
	rekeyed, bumped moment
	rewritten       moment             // when an engine last wrote to it what changed nothing, which gave it a new time all the same
	reused          bool               // an engine was given its id for somebody else: nobody can say who is meant by it
	cells           map[string][]entry // by field, never empty
	sights          map[string]*sight  // what each connection was shown last
	decide          map[string]int     // when a person decided about it, by connection
}

// world is what the apps hold in truth.
type world struct {
	apps    []App
	fields  []map[string]Field
	now     moment
	byID    []map[string]*record
	records [][]*record // in the order of their birth
	times   []moment    // each virtual time that came up, with the first event of it
}

func newWorld(apps []App) *world {
	w := &world{apps: apps, now: moment{at: -1}}
	for _, app := range apps {
		fields := map[string]Field{}
		for _, f := range app.Fields {
			fields[f.Field.Name] = f
		}
		w.fields = append(w.fields, fields)
		w.byID = append(w.byID, map[string]*record{})
		w.records = append(w.records, nil)
	}
	return w
}

var (
	errNoApp   = errors.New("there is no such app")
	errNobody  = errors.New("there is no such record")
	errTwice   = errors.New("there is a record of that id already")
	errBefore  = errors.New("what it is said to have held before is not what it held")
	errNoField = errors.New("the app has no such field")
)

// happened takes in a deed of users and apps.
func (w *world) happened(e Event) error {
	if e.App < 0 || e.App >= len(w.apps) {
		return errNoApp
	}
	if e.Kind == UserCreate {
		_, err := w.create(e, users)
		return err
	}
	r := w.byID[e.App][e.ID]
	if r == nil || !r.alive {
		return errNobody
	}
	switch e.Kind {
	case AppTouch:
		r.bumped = w.now
		return w.update(r, e, users)
	case UserEdit:
		return w.update(r, e, users)
	case UserDelete:
		w.remove(r, users)
	case UserMerge:
		other := w.byID[e.App][e.Other]
		if other == nil || !other.alive {
			return errNobody
		}
		w.remove(other, users)
		other.merged = r
		e.After = w.whole(e.App, e.After)
		return w.update(r, e, users)
	case AppRekey:
		if other := w.byID[e.App][e.Other]; other != nil && other.alive {
			return errTwice
		}
		r.id = e.Other
		r.rekeyed, r.bumped = w.now, w.now
		w.byID[e.App][e.Other] = r
	}
	return nil
}

// create makes the record of e. An id that was there before and is gone names the same record, which is back.
func (w *world) create(e Event, by string) (*record, error) {
	r := w.byID[e.App][e.ID]
	if r != nil && r.alive && r.id == e.ID {
		return r, errTwice
	}
	if r == nil || r.id != e.ID {
		r = &record{app: e.App, id: e.ID, first: w.now.at}
		r.cells, r.sights, r.decide = map[string][]entry{}, map[string]*sight{}, map[string]int{}
		w.byID[e.App][e.ID] = r
		w.records[e.App] = append(w.records[e.App], r)
	}
	r.alive, r.born, r.by, r.merged = true, w.now, by, nil
	for name := range w.fields[e.App] {
		if len(r.cells[name]) == 0 || !r.get(name).Equal(plain(e.After[name])) {
			r.push(name, entry{w.now, plain(e.After[name]), by, e.Told})
		}
	}
	return r, w.known(e)
}

// update takes in that the fields in e.After were changed.
func (w *world) update(r *record, e Event, by string) error {
	err := w.known(e)
	for _, name := range e.Before.Names() {
		if !r.get(name).Equal(plain(e.Before[name])) && !same(w.field(e.App, name), r.get(name), e.Before[name], "") {
			err = errBefore
		}
	}
	for _, name := range e.After.Names() {
		if !r.get(name).Equal(plain(e.After[name])) {
			r.push(name, entry{w.now, plain(e.After[name]), by, e.Told})
		}
	}
	return err
}

// whole returns fields with what is not in them as empty: where a record is told whole, the rest of it is.
func (w *world) whole(app int, fields contact.Fields) contact.Fields {
	out := fields.Clone()
	if out == nil {
		out = contact.Fields{}
	}
	for name := range w.fields[app] {
		if _, ok := out[name]; !ok {
			out[name] = contact.Empty
		}
	}
	return out
}

func (w *world) known(e Event) error {
	for name := range e.After {
		if _, ok := w.fields[e.App][name]; !ok {
			return errNoField
		}
	}
	return nil
}

func (w *world) remove(r *record, by string) {
	r.alive, r.died, r.diedBy = false, w.now, by
}

// find returns the record of that id, nil if there never was one.
func (w *world) find(app int, id string) *record { return w.byID[app][id] }

// lag is how long the app may show an old state in whatever way.
func (w *world) lag(app int) time.Duration { return max(w.apps[app].Lag, w.apps[app].ReadLag) }

func (r *record) push(field string, e entry) { r.cells[field] = append(r.cells[field], e) }

// get returns what the field holds, empty if it never held anything.
func (r *record) get(field string) contact.Value {
	if c := r.cells[field]; len(c) > 0 {
		return c[len(c)-1].value
	}
	return contact.Empty
}

// was returns what the field held right after event at.
func (r *record) was(field string, at int) contact.Value {
	v := contact.Empty
	for _, e := range r.cells[field] {
		if e.at > at {
			break
		}
		v = e.value
	}
	return v
}

// fields returns what the record held right after event at.
func (r *record) fields(at int) contact.Fields {
	f := make(contact.Fields, len(r.cells))
	for name := range r.cells {
		f[name] = r.was(name, at)
	}
	return f
}

// states returns what the record held from event since on, but not before there was one; each state once.
func (r *record) states(since int) []contact.Fields {
	since = max(since, r.first)
	moments := map[int]bool{since: true}
	for _, c := range r.cells {
		for _, e := range c {
			if e.at > since {
				moments[e.at] = true
			}
		}
	}
	order := make([]int, 0, len(moments))
	for at := range moments {
		order = append(order, at)
	}
	sort.Ints(order)
	all := make([]contact.Fields, len(order))
	for i, at := range order {
		all[i] = r.fields(at)
	}
	return all
}

// touched returns when a cell was last changed by somebody else than connection by; -1 if never.
func (r *record) touched(field, by string) int {
	c := r.cells[field]
	for i := len(c) - 1; i >= 0; i-- {
		if c[i].by != by {
			return c[i].at
		}
	}
	return -1
}

// lastTouch returns when any cell was last changed by somebody else than connection by.
func (r *record) lastTouch(by string) moment {
	last := moment{at: -1}
	for _, c := range r.cells {
		for _, e := range c {
			if e.by != by && e.at > last.at {
				last = e.moment
			}
		}
	}
	return last
}

// tick lets it be that moment.
func (w *world) tick(now moment) {
	w.now = now
	if n := len(w.times); n == 0 || w.times[n-1].time.Before(now.time) {
		w.times = append(w.times, now)
	}
}
