package oracle

import "github.com/contactsync/contactsync/contact"

// plain returns v, empty where it is absent: of the truth nothing is absent.
func plain(v contact.Value) contact.Value {
	if v.Blank() {
		return contact.Empty
	}
	return v
}

// field returns a field of an app; one that the app does not have is a text.
func (w *world) field(app int, name string) Field {
	if f, ok := w.fields[app][name]; ok {
		return f
	}
	return Field{Field: contact.Field{Name: name, Type: contact.TypeText}}
}

// same reports whether both values mean the same in f, two blank ones included.
func same(f Field, x, y contact.Value, region string) bool {
	if x.Blank() || y.Blank() {
		return x.Blank() && y.Blank()
	}
	return x.Equal(y) || f.Field.Same(x, y, region)
}

// hold returns what the field makes of v.
func (f Field) hold(v contact.Value) contact.Value {
	if f.Hold == nil || v.Blank() {
		return plain(v)
	}
	return plain(f.Hold(v))
}

// many reports whether the field holds elements that are decided one by one.
func (f Field) many() bool { return f.Field.Many || f.Field.Type == contact.TypeSet }

// carries reports whether y is what becomes of x when it is written to the field.
func (f Field) carries(x, y contact.Value, region string) bool {
	return same(f, x, y, region) || same(f, f.hold(x), y, region)
}

// elements returns the elements of a list or set, each as a value of its own, by their keys.
func (f Field) elements(v contact.Value, region string) map[string]contact.Value {
	all := map[string]contact.Value{}
	for _, e := range v.Entries() {
		all[f.Field.EntryKey(e, region)] = contact.List(e)
	}
	for _, e := range v.Elements() {
		all[f.Field.EntryKey(contact.Entry{Value: contact.Text(e)}, region)] = contact.Set(e)
	}
	return all
}

// with returns v and one more element.
func with(v, element contact.Value) contact.Value {
	if element.Kind() == contact.KindSet {
		return contact.Set(append(append([]string{}, v.Elements()...), element.Elements()...)...)
	}
	return contact.List(append(append([]contact.Entry{}, v.Entries()...), element.Entries()...)...)
}

// has reports whether v has an element that is, or becomes when this field holds it, the one of that key.
func (f Field) has(v contact.Value, key, region string) bool {
	all := f.elements(v, region)
	if _, ok := all[key]; ok {
		return true
	}
	if f.Hold == nil {
		return false
	}
	for _, e := range all {
		if _, ok := f.elements(f.hold(e), region)[key]; ok {
			return true
		}
	}
	return false
}

// room reports whether the field, as it is filled with v, can hold one more element.
func (f Field) room(v, element contact.Value, region string) bool {
	held := f.elements(f.hold(with(v, element)), region)
	for key := range f.elements(f.hold(element), region) {
		if _, ok := held[key]; ok {
			return true
		}
	}
	return false
}
