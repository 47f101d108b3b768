package contact

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
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

// Digest returns 16 hexadecimal digits that are the same for fields of the same content, to the letter but for the
// order of sets and lists, and that differ for others, as far as 64 bits of SHA-256 can tell. It is how to see
// whether a record was touched without keeping all of it. It stays the same from one release to the next.
func (f Fields) Digest() string {
	text := make([]byte, 0, 512)
	for _, name := range f.Names() {
		text = append(AppendString(text, name), ':')
		text = append(f[name].appendSorted(text), '\n')
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// appendSorted appends the JSON of the value, with the elements of a set or list in the order of their JSON.
func (v Value) appendSorted(dst []byte) []byte {
	var elements []string
	switch v.kind {
	case KindSet:
		for _, s := range v.more.set {
			elements = append(elements, string(AppendString(nil, s)))
		}
	case KindList:
		for _, e := range v.more.list {
			elements = append(elements, string(appendEntry(nil, e)))
		}
	default:
		return v.AppendJSON(dst)
	}
	slices.Sort(elements)
	return append(append(append(dst, '['), strings.Join(elements, ",")...), ']')
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
func (p Patch) Names() []string {
	names := make([]string, 0, len(p))
	for name := range p {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

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

// Apply returns what the change makes of the value v of field f. A set keeps its order and spelling: an element
// that it has already is not added again. Of a list the entries that are added come last, and replace those that
// mean the same; if one of them is primary, no other is.
func (c Change) Apply(v Value, f Field) Value {
	if !c.Set.Absent() {
		return c.Set
	}
	if len(c.Add) == 0 && len(c.Remove) == 0 {
		return v
	}
	if fitting, err := f.Coerce(v); err == nil {
		v = fitting
	}
	if v.kind == KindSet {
		f.Type = TypeSet // the schema may not know the field
	}
	if f.Type == TypeSet {
		return c.applySet(v, f)
	}
	return c.applyList(v, f)
}

func (c Change) applySet(v Value, f Field) Value {
	gone := f.entryKeys(c.Remove)
	have := map[string]bool{}
	var kept []string
	for _, s := range v.Elements() {
		if key := foldText(s); !gone[key] {
			kept = append(kept, s)
			have[key] = true
		}
	}
	for _, e := range c.Add {
		if key := f.EntryKey(e, ""); !have[key] {
			kept = append(kept, e.Value.Str())
			have[key] = true
		}
	}
	return newSet(kept)
}

func (c Change) applyList(v Value, f Field) Value {
	gone, added := f.entryKeys(c.Remove), f.entryKeys(c.Add)
	newPrimary := slices.ContainsFunc(c.Add, func(e Entry) bool { return e.Primary })
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

// entryKeys returns the keys of the entries.
func (f Field) entryKeys(entries []Entry) map[string]bool {
	keys := make(map[string]bool, len(entries))
	for _, e := range entries {
		keys[f.EntryKey(e, "")] = true
	}
	return keys
}
