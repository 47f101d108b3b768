package contact

import (
	"maps"
	"slices"
	"time"
)

// Fields are the values of a record by the name of their field. A field that is not in it is absent.
type Fields map[string]Value

// A Record is what an app holds of one person.
type Record struct {
	// ID is the app's own id of the record, stable over its life.
	ID string `json:"id"`
	// Version is opaque and changes with every change of the record; "" if the app has none.
	Version string `json:"version,omitempty"`
	// Modified is when the app says that the record was last changed; zero if it does not say.
	Modified time.Time `json:"modified,omitzero"`
	// Fields are the values that were read.
	Fields Fields `json:"fields"`
}

// Get returns the value of the named field, absent if the record does not tell it.
func (r Record) Get(field string) Value { return r.Fields[field] }

// Clone returns a copy of the fields that can be changed without changing f.
func (f Fields) Clone() Fields { return maps.Clone(f) }

// Names returns the names of the fields that are not absent, sorted.
func (f Fields) Names() []string {
	names := make([]string, 0, len(f))
	for name, v := range f {
		if !v.Absent() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// A Change is what is to become of one field. Of a set or list it names the elements to add and to remove, so
// that what others did to the list meanwhile survives; of any other field, or to clear one, it is Set.
type Change struct {
	// Set is the new value; [Empty] clears the field. Absent means that the elements below are meant.
	Set Value `json:"set,omitzero"`
	// Add and Remove name entries of a list; of a set their Value is the element as text. An entry is removed by
	// its value's meaning. Remove comes before Add, so an entry in both is replaced.
	Add    []Entry `json:"add,omitempty"`
	Remove []Entry `json:"remove,omitempty"`
}

// A Patch is what is to become of a record, by the name of each field that changes.
type Patch map[string]Change

// Names returns the names of the fields that the patch changes, sorted.
func (p Patch) Names() []string { return slices.Sorted(maps.Keys(p)) }

// Apply returns fields as the patch leaves them; schema says how elements are told apart. The argument is not
// changed. A connector whose app takes whole lists uses it on what the app holds right now.
func (p Patch) Apply(fields Fields, schema *Schema) Fields {
	out := fields.Clone()
	if out == nil {
		out = Fields{}
	}
	for name, c := range p {
		f, ok := schema.Field(name)
		if !ok {
			f = Field{Name: name, Type: TypeText}
		}
		out[name] = c.Apply(out[name], f)
	}
	return out
}

// Apply returns what the change makes of the value v of field f.
func (c Change) Apply(v Value, f Field) Value {
	if !c.Set.Absent() {
		return c.Set
	}
	if f.Type == TypeSet {
		return c.applySet(v, f)
	}
	gone := map[string]bool{}
	for _, e := range c.Remove {
		gone[f.EntryKey(e, "")] = true
	}
	added := map[string]bool{}
	newPrimary := false
	for _, e := range c.Add {
		added[f.EntryKey(e, "")] = true
		newPrimary = newPrimary || e.Primary
	}
	var kept []Entry
	for _, e := range v.Entries() {
		key := f.EntryKey(e, "")
		if gone[key] || added[key] {
			continue
		}
		if newPrimary {
			e.Primary = false // a list has one primary entry at most
		}
		kept = append(kept, e)
	}
	return List(append(kept, c.Add...)...)
}

func (c Change) applySet(v Value, f Field) Value {
	drop := map[string]bool{}
	for _, e := range c.Remove {
		drop[f.EntryKey(e, "")] = true
	}
	have := map[string]bool{}
	var kept []string
	for _, s := range v.Elements() {
		key := f.EntryKey(Entry{Value: Text(s)}, "")
		if !drop[key] {
			kept = append(kept, s)
			have[key] = true
		}
	}
	for _, e := range c.Add {
		if !have[f.EntryKey(e, "")] {
			kept = append(kept, e.Value.Str())
		}
	}
	return Set(kept...)
}
