package oracle

import (
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// keyFields returns the fields of a side by which a match key knows records: every one of its type where the key is
// "email" or "phone" (docs/matching.md), else the mapped one that it names.
func (cn *Connection) keyFields(side Side, key string, w *world) []string {
	var names []string
	if key == "email" || key == "phone" {
		for _, f := range w.apps[cn.Apps[side]].Fields {
			if string(f.Field.Type) == key {
				names = append(names, f.Field.Name)
			}
		}
		return names
	}
	for i := range cn.Mappings {
		if m := &cn.Mappings[i]; m.A == key {
			names = append(names, m.field(side))
		}
	}
	return names
}

// keys returns, for each match key in order, the texts by which a record of that side is known.
func (cn *Connection) keys(side Side, f contact.Fields, w *world) []map[string]bool {
	all := make([]map[string]bool, len(cn.Keys))
	for i, key := range cn.Keys {
		all[i] = map[string]bool{}
		for _, name := range cn.keyFields(side, key, w) {
			field := w.field(cn.Apps[side], name)
			for _, text := range scalars(f[name]) {
				if k := normalKey(field.Field.Type, text, cn.Region); k != "" {
					all[i][k] = true
				}
			}
		}
	}
	return all
}

// scalars returns the texts that a value holds.
func scalars(v contact.Value) []string {
	switch v.Kind() {
	case contact.KindList:
		var all []string
		for _, e := range v.Entries() {
			all = append(all, e.Value.Str())
		}
		return all
	case contact.KindSet:
		return v.Elements()
	}
	return []string{v.Str()}
}

// normalKey returns the form in which a key is compared, "" if the text tells nobody apart.
func normalKey(t contact.Type, text, region string) string {
	switch t {
	case contact.TypeEmail:
		if k, ok := contact.EmailKey(text); ok {
			return k
		}
		return ""
	case contact.TypePhone:
		if k, ok := contact.PhoneKey(text, region); ok {
			return k
		}
		return ""
	}
	return contact.NormalText(text)
}

// hasKey reports whether the record has any key.
func hasKey(keys []map[string]bool) bool {
	for _, k := range keys {
		if len(k) > 0 {
			return true
		}
	}
	return false
}

// keySets are the keys of a record in several states.
type keySets [][]map[string]bool

// keysSince returns the keys of a record in each state that it has had since an event.
func (cn *Connection) keysSince(side Side, r *record, since int, w *world) (all keySets) {
	for _, f := range r.states(since) {
		all = append(all, cn.keys(side, f, w))
	}
	return all
}

// evidence reports whether all of them are evidence for the keys of another record.
func (k keySets) evidence(keys []map[string]bool) bool {
	return !slices.ContainsFunc(k, func(one []map[string]bool) bool { return !evidence(one, keys) })
}

// evidence reports whether keys say that two records are one person: they share one, and where both have an earlier one
// they share that.
func evidence(x, y []map[string]bool) bool {
	for i := range x {
		if len(x[i]) == 0 || len(y[i]) == 0 {
			continue
		}
		return shares(x[i], y[i])
	}
	return false
}

// shareAny reports whether they have any key in common, evidence or not.
func shareAny(x, y []map[string]bool) bool {
	for i := range x {
		if shares(x[i], y[i]) {
			return true
		}
	}
	return false
}

func shares(x, y map[string]bool) bool {
	for k := range x {
		if y[k] {
			return true
		}
	}
	return false
}

// everEvidence reports whether at any two moments since the keys of the two said that they are one person.
func (o *Oracle) everEvidence(cn *Connection, sideX Side, x *record, sideY Side, y *record) bool {
	for _, fx := range x.states(0) {
		kx := cn.keys(sideX, fx, o.world)
		for _, fy := range y.states(0) {
			if evidence(kx, cn.keys(sideY, fy, o.world)) {
				return true
			}
		}
	}
	return false
}
