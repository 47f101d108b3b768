package contactsync

import "github.com/contactsync/contactsync/contact"

// defaultMappings pairs the fields of two schemas that mean the same. A full name is set against given and family
// name where one side lacks the full one. A list goes with a single field by its primary entry.
func defaultMappings(schemas [2]*contact.Schema) []Mapping {
	var list []Mapping
	a, b := schemas[A], schemas[B]
	taken := map[string]bool{}
	for _, f := range a.Fields {
		if f.Meaning == "" || taken[f.Meaning] {
			continue
		}
		g, ok := b.WithMeaning(f.Meaning)
		if !ok || f.Meaning == "name" && bothPartNames(a, b) {
			continue
		}
		taken[f.Meaning] = true
		if m, ok := defaultMapping(f, g); ok {
			list = append(list, m)
		}
	}
	for _, s := range Sides {
		if m, ok := defaultSplit(schemas, s); ok {
			list = append(list, m)
		}
	}
	return list
}

// bothPartNames reports whether both sides have given and family name, so that a full name says nothing more.
func bothPartNames(a, b *contact.Schema) bool {
	for _, schema := range []*contact.Schema{a, b} {
		for _, meaning := range []string{"first", "last"} {
			if _, ok := schema.WithMeaning(meaning); !ok {
				return false
			}
		}
	}
	return true
}

// defaultMapping maps two fields of one meaning, if values can go at least one way.
func defaultMapping(f, g contact.Field) (Mapping, bool) {
	m := MapFields(f.Name, g.Name)
	switch {
	case f.Type == contact.TypeSet != (g.Type == contact.TypeSet), !convertible(f, g):
		return m, false
	case f.Many && !g.Many:
		m.A[0] += "[primary]"
	case g.Many && !f.Many:
		m.B[0] += "[primary]"
	}
	switch {
	case f.ReadOnly && g.ReadOnly:
		return m, false
	case f.ReadOnly:
		m.Direction = AToB
	case g.ReadOnly:
		m.Direction = BToA
	}
	return m, true
}

// defaultSplit maps the full name of side s to given and family name of the other, where neither can be mapped
// by itself.
func defaultSplit(schemas [2]*contact.Schema, s Side) (Mapping, bool) {
	full, okFull := schemas[s].WithMeaning("name")
	_, hasFirst := schemas[s].WithMeaning("first")
	_, otherFull := schemas[s.Other()].WithMeaning("name")
	first, okFirst := schemas[s.Other()].WithMeaning("first")
	last, okLast := schemas[s.Other()].WithMeaning("last")
	if !okFull || hasFirst || otherFull || !okFirst || !okLast || full.ReadOnly {
		return Mapping{}, false
	}
	m := Mapping{Transform: []Transform{SplitName{}}}
	one, two := []string{full.Name}, []string{first.Name, last.Name}
	if s == A {
		m.A, m.B = one, two
	} else {
		m.A, m.B = two, one
	}
	return m, true
}
