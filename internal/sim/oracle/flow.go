package oracle

import (
	"maps"
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// answer is yes, no, or that it cannot be told.
type answer int

const (
	no answer = iota
	unknown
	yes
)

func (a answer) or(b answer) answer { return max(a, b) }

// points reports whether a connection or mapping of that direction lets anything through from the side.
func points(direction string, from Side) bool {
	switch direction {
	case "a_to_b":
		return from == 0
	case "b_to_a":
		return from == 1
	}
	return true
}

// A need is what a rule must be able to do.
type need int

const (
	anyMode need = iota
	toUpdate
	toCreate
)

func (n need) of(mode string) bool {
	return n == anyMode || n == toUpdate && mode != "create_only" || n == toCreate && mode != "update_only"
}

// lets reports whether a rule of the side lets the record through: one of its own, or one of the other side that was
// turned round.
func (cn *Connection) lets(from Side, f contact.Fields, n need, w *world) answer {
	got := no
	for i := range cn.Rules {
		r := &cn.Rules[i]
		switch {
		case r.From == from && n.of(r.Mode):
			got = got.or(r.admits(f))
		case r.From != from && r.OtherWayAround && cn.Direction == "both":
			in := cn.carriesActions(r, from, f, w)
			if !n.of(r.Mode) {
				in = min(in, unknown) // whether the mode is turned round too, the guides do not say
			}
			got = got.or(in)
		}
	}
	return got
}

func (r *Rule) admits(f contact.Fields) answer {
	if r.Admits == nil {
		return yes
	}
	in, known := r.Admits(f)
	switch {
	case !known:
		return unknown
	case in:
		return yes
	}
	return no
}

// carriesActions reports whether every action of the rule holds in a record of its other side.
func (cn *Connection) carriesActions(r *Rule, side Side, f contact.Fields, w *world) answer {
	for _, a := range r.Actions {
		field := w.field(cn.Apps[side], a.Field)
		holds := false
		switch a.Kind {
		case "add":
			holds = field.has(f[a.Field], field.keyOf(a.Element, cn.Region), cn.Region)
		case "remove":
			holds = !field.has(f[a.Field], field.keyOf(a.Element, cn.Region), cn.Region)
		case "set":
			holds = field.carries(a.Value, f[a.Field], cn.Region)
		case "clear":
			holds = f[a.Field].Blank()
		}
		if !holds {
			return no
		}
	}
	if len(r.Actions) == 0 {
		return no
	}
	return yes
}

// keyOf returns the key of an element of a set.
func (f Field) keyOf(element, region string) string {
	return f.Field.EntryKey(contact.Entry{Value: contact.Text(element)}, region)
}

// flows reports whether what a linked pair holds may flow from a side to the other. f is what each side holds.
func (cn *Connection) flows(from Side, f [2]contact.Fields, w *world) answer {
	if !points(cn.Direction, from) {
		return no
	}
	handed := false
	switch cn.Scope {
	case "sticky":
		got := no
		for i := range cn.Rules {
			r := &cn.Rules[i]
			switch {
			case r.Mode == "create_only":
				handed = true
			case r.From == from || r.OtherWayAround && cn.Direction == "both":
				got = got.or(yes)
			}
		}
		if handed && got == yes {
			return unknown // whether a pair that was handed over is one that got in, the guides do not say
		}
		return got
	case "pair":
		other := cn.lets(1-from, f[1-from], toUpdate, w)
		if other == yes && !points(cn.Direction, 1-from) {
			other = unknown // the guides do not say whether a rule that lets nothing flow still holds a pair together
		}
		return cn.lets(from, f[from], toUpdate, w).or(other)
	}
	return cn.lets(from, f[from], toUpdate, w)
}

// everFlowed reports whether in any state that the engine may have believed the pair flowed that way.
func (o *Oracle) everFlowed(cn *Connection, from Side, pair [2]*record, since int) bool {
	if !points(cn.Direction, from) {
		return false
	}
	for _, r := range pair {
		if s := r.sights[cn.ID]; s != nil && s.part >= since {
			since = 0 // what it was not shown it may still believe
		}
	}
	return cn.flowedIn(from, pair, since, o.world) || o.stayedIn(cn, from, pair)
}

// flowedIn reports whether the pair flowed that way in any state since.
func (cn *Connection) flowedIn(from Side, pair [2]*record, since int, w *world) bool {
	for _, a := range pair[0].states(since) {
		for _, b := range pair[1].states(since) {
			if cn.flows(from, [2]contact.Fields{a, b}, w) != no {
				return true
			}
		}
	}
	return false
}

// stayedIn reports whether the pair ever flowed that way, be it by a former configuration, and what the rules say of it now is not
// known, for they look at what the connection was never told.
func (o *Oracle) stayedIn(cn *Connection, from Side, pair [2]*record) bool {
	c := o.conns[cn.ID]
	var told [2]contact.Fields
	for side, r := range pair {
		told[side] = r.fields(o.at)
		maps.DeleteFunc(told[side], func(name string, _ contact.Value) bool { return !c.wasTold(r, name) })
	}
	return cn.flows(from, told, o.world) == unknown && slices.ContainsFunc(c.configs, func(former config) bool {
		return former.flowedIn(from, pair, 0, o.world)
	})
}

// alwaysFlowed reports whether the pair flowed that way for certain in every state since.
func (o *Oracle) alwaysFlowed(cn *Connection, from Side, pair [2]*record, since int) bool {
	for _, a := range pair[0].states(since) {
		for _, b := range pair[1].states(since) {
			if cn.flows(from, [2]contact.Fields{a, b}, o.world) != yes {
				return false
			}
			// Who is not linked yet is no pair that a filter could be sticky for.
			if cn.Scope == "sticky" && cn.lets(from, [2]contact.Fields{a, b}[from], toUpdate, o.world) != yes {
				return false
			}
		}
	}
	return true
}

// mapping returns the fields of a mapping on the two sides.
func (m *Mapping) field(side Side) string { return [2]string{m.A, m.B}[side] }

// mappings returns the mappings that use the field of that side.
func (cn *Connection) mappings(side Side, field string) []*Mapping {
	var found []*Mapping
	for i := range cn.Mappings {
		if m := &cn.Mappings[i]; m.field(side) == field {
			found = append(found, m)
		}
	}
	return found
}

// turned reports whether an element of a set, or the whole field, is one on which the filter of a rule that is turned
// round depends, so that the derived rule may write it: the filter says something else with it than without.
func (cn *Connection) turned(side Side, rec *record, field string, element contact.Value) bool {
	if cn.Direction != "both" {
		return false
	}
	for i := range cn.Rules {
		r := &cn.Rules[i]
		if r.From != side || !r.OtherWayAround || r.Admits == nil {
			continue
		}
		for _, f := range rec.states(0) {
			without := f.Clone()
			without[field] = contact.Empty
			with := f.Clone()
			with[field] = element
			in, known := r.Admits(without)
			in2, known2 := r.Admits(with)
			if in != in2 || known != known2 {
				return true
			}
		}
	}
	return false
}
