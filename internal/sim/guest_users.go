package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
)

// entry returns what a user of a guest's app types who enters a person.
func (g *Guest) entry(w *world, app, person, n int) contact.Fields {
	f := contact.Fields{}
	for i, field := range w.schema(app) {
		switch {
		case field.ReadOnly:
		case g.keyed[app][field.Name]:
			f[field.Name] = keyValue(field, person, n)
		case (n+i)%4 > 0 || field.Required:
			f[field.Name] = w.value(app, field, person, n+i)
		}
	}
	return f
}

// value returns what a user of a guest's app types into a field: something that the other app has a value for.
func (g *Guest) value(w *world, app int, f contact.Field, person, n int) contact.Value {
	for _, m := range g.mappings() {
		if names := [2][]string{m.A, m.B}; len(m.A) != 1 || len(m.B) != 1 || len(m.Transform) == 0 || names[app][0] != f.Name {
			continue
		}
		for try := range 3 {
			if v := w.anyValue(f, person, n+try); translates(m.Transform, app, v) {
				return v
			}
		}
		if v := listed(m.Transform, app, n); !v.Absent() {
			return v
		}
		other, _ := w.field(1-app, fieldOf([2][]string{m.A, m.B}[1-app][0]))
		v, err := translated(m.Transform, 1-app, w.anyValue(other, person, n))
		if err != nil {
			return contact.Empty
		}
		return v
	}
	return w.anyValue(f, person, n)
}

// translated returns what becomes of a value of a side on the other one.
func translated(chain []contactsync.Transform, side int, v contact.Value) (out contact.Value, err error) {
	out = v
	for i := range chain {
		if side == 0 {
			out, err = chain[i].Forward(out)
		} else {
			out, err = chain[len(chain)-1-i].Back(out)
		}
		if err != nil {
			return contact.Value{}, err
		}
	}
	return out, nil
}

// translates reports whether the other side has a value for it.
func translates(chain []contactsync.Transform, side int, v contact.Value) bool {
	_, err := translated(chain, side, v)
	return err == nil || errors.Is(err, contactsync.ErrOneWay)
}

// listed returns a value of a table, absent if the transform is none.
func listed(chain []contactsync.Transform, side, n int) contact.Value {
	if t, ok := chain[0].(contactsync.ValueTable); ok && len(chain) == 1 && len(t.Pairs) > 0 {
		return contact.Text(t.Pairs[n%len(t.Pairs)][side])
	}
	return contact.Value{}
}

// rekeyed returns other keys of a person.
func (g *Guest) rekeyed(app, person, n int) contact.Fields {
	f := contact.Fields{}
	for _, field := range g.schemas[app].Fields {
		if g.keyed[app][field.Name] && !field.ReadOnly {
			f[field.Name] = keyValue(field, person, n)
		}
	}
	return f
}

// keyValue returns what a person is known by: mostly the same, sometimes what several share, or nothing.
func keyValue(f contact.Field, person, n int) contact.Value {
	v := email(person, n)
	if f.Type != contact.TypeEmail && !v.Absent() && !v.Blank() {
		text := fmt.Sprintf("Key%d", person)
		if f.Type == contact.TypePhone {
			text = fmt.Sprintf("+3247%07d", person)
		}
		if n%12 == 9 {
			text = strings.ReplaceAll(text, fmt.Sprint(person), "99")
		}
		v = contact.Text(text)
	}
	if f.Required && v.Blank() {
		v = contact.Text(fmt.Sprintf("p%d@example.com", person))
	}
	if f.Many && !v.Blank() {
		return contact.List(contact.Entry{Value: v})
	}
	return v
}

// personOf returns whom a record of a guest is about, -1 if nothing says so.
func (g *Guest) personOf(app int, f contact.Fields) int {
	names := []string{}
	for _, field := range g.schemas[app].Fields {
		switch {
		case len(field.Options) > 0:
		case g.keyed[app][field.Name]:
			names = slices.Insert(names, 0, field.Name)
		case field.Type == contact.TypeText && !field.Many:
			names = append(names, field.Name)
		}
	}
	for _, name := range names {
		text := f[name].Str()
		if entries := f[name].Entries(); len(entries) > 0 {
			text = entries[0].Value.Str()
		}
		if n, ok := numberIn(text); ok {
			return n % 10_000_000 // a phone number ends in it
		}
	}
	return -1
}

// numberIn returns the first number in what was typed about a person.
func numberIn(text string) (n int, ok bool) {
	at := strings.IndexAny(text, "0123456789")
	if at < 0 || strings.HasPrefix(strings.ToLower(text), "pool") {
		return 0, false
	}
	_, err := fmt.Sscanf(text[at:], "%d", &n)
	return n, err == nil
}

// setField returns the field in which a user puts tags.
func (w *world) setField(app int) (contact.Field, bool) {
	if w.Guest == nil {
		return w.field(app, "tags")
	}
	for _, f := range w.schema(app) {
		if f.Type == contact.TypeSet && !f.ReadOnly {
			return f, true
		}
	}
	return contact.Field{}, false
}

// element returns one of the few elements that users put in a set.
func element(f contact.Field, n int) string {
	if len(f.Options) > 0 {
		return f.Options[n%len(f.Options)]
	}
	return fmt.Sprintf("t%d", 1+n%3)
}

// scalar returns a single value of those types that only guests have; absent for another type.
func (w *world) scalar(f contact.Field, person, n int) contact.Value {
	switch {
	case len(f.Options) > 0:
		return contact.Text(f.Options[n%len(f.Options)])
	case f.Type == contact.TypeEmail:
		return contact.Text(fmt.Sprintf("p%d.%d@example.com", person, w.typed))
	case f.Type == contact.TypePhone:
		return contact.Text(fmt.Sprintf("+3248%07d", w.typed))
	case f.Type == contact.TypeURL:
		return contact.Text(fmt.Sprintf("https://example.com/%d/%d", person, w.typed))
	case f.Type == contact.TypeNumber:
		return contact.Int(int64(w.typed))
	case f.Type == contact.TypeBool:
		return contact.Bool(n%2 == 0)
	case f.Type == contact.TypeDate:
		return contact.Date(1950+w.typed%50, time.Month(1+person%12), 1+n%28)
	case f.Type == contact.TypeDateTime:
		return contact.DateTime(start.AddDate(0, 0, w.typed))
	case f.Type == contact.TypeAddress:
		return contact.Postal(contact.Address{Street: fmt.Sprintf("Rue %d", w.typed), City: "Namur", PostalCode: "5000", Country: "Belgium"})
	}
	return contact.Text(fmt.Sprintf("T%d.%d", person, w.typed))
}

// anyValue returns any value of a field.
func (w *world) anyValue(f contact.Field, person, n int) contact.Value {
	w.typed++
	switch {
	case f.Type == contact.TypeSet:
		return contact.Set(element(f, n))
	case f.Many:
		one := contact.Entry{Value: w.scalar(f, person, n)}
		w.typed++
		if f.MaxEntries == 1 {
			return contact.List(one)
		}
		return contact.List(one, contact.Entry{Value: w.scalar(f, person, n+1)})
	}
	return w.scalar(f, person, n)
}

// retypable returns how a field's values can be typed otherwise and mean the same, "" if they cannot.
func (w *world) retypable(app int, name string) string {
	if w.Guest == nil {
		return name
	}
	f, _ := w.field(app, name)
	if len(f.Options) > 0 || f.ReadOnly {
		return ""
	}
	switch f.Type {
	case contact.TypeEmail, contact.TypePhone, contact.TypeText:
		return string(f.Type)
	}
	return ""
}
