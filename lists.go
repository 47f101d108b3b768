package contactsync

import (
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// A set or list that is mapped to one is decided element by element: what a side added is added, what it removed
// is removed, and what it could never hold it has not removed. Elements are keyed by what they mean in b.

// element is one element of a mapped list, as each side holds it now and held it when it was last settled.
type element struct {
	key string
	now [2]*contact.Entry
	was [2]*contact.Entry
}

// elementKey returns the key of an entry of side s, and an error if it has no meaning in b.
func (m *mapping) elementKey(s Side, e contact.Entry) (string, error) {
	if s == A {
		v, err := m.chain.forward(e.Value)
		if err != nil {
			return "", err
		}
		e.Value = v
	}
	return m.field[B][0].EntryKey(e, m.region), nil
}

// holds reports whether a record of side s holds the element of that key.
func (m *mapping) holds(s Side, rec contact.Fields, key string) bool {
	return slices.ContainsFunc(elements(rec[m.sel[s][0].Field]), func(e contact.Entry) bool {
		k, err := m.elementKey(s, e)
		return err == nil && k == key
	})
}

// listed returns the elements of a mapped list by their keys, sorted, and an error if an entry has no meaning on the
// other side.
func (m *mapping) listed(x *shown) (all []element, err error) {
	at := func(key string) *element {
		i, found := slices.BinarySearchFunc(all, key, func(e element, k string) int { return strings.Compare(e.key, k) })
		if !found {
			all = slices.Insert(all, i, element{key: key})
		}
		return &all[i]
	}
	collect := func(s Side, v contact.Value, into func(*element) **contact.Entry) {
		for _, e := range elements(v) {
			key, errKey := m.elementKey(s, e)
			if errKey != nil {
				err = errKey
				continue
			}
			if p := into(at(key)); *p == nil {
				*p = &e
			}
		}
	}
	for _, s := range Sides {
		collect(s, firstOf(x.values[s]), func(e *element) **contact.Entry { return &e.now[s] })
		if x.cell != nil {
			collect(s, firstOf(x.cell.Val[s]), func(e *element) **contact.Entry { return &e.was[s] })
		}
	}
	return all, err
}

// decideList decides a mapped set or list.
func (p *pairing) decideList(m *mapping) {
	if p.quiet([]*mapping{m}) {
		return
	}
	x := p.look(m)
	if absent(x.values[A]) || absent(x.values[B]) {
		return
	}
	if p.creating {
		p.createList(&x)
		return
	}
	if x.cell == nil && len(m.chain) == 0 && x.values[A][0].Equal(x.values[B][0]) {
		p.settled(x)
		return
	}
	all, err := m.listed(&x)
	if err != nil {
		p.note(StatusFailed, ReasonInvalid, m.id+": "+err.Error())
	}
	if x.cell == nil {
		p.out.settle = append(p.out.settle, settlement{Mapping: m.id, Val: sides{{contact.Empty}, {contact.Empty}}})
	} else {
		for _, s := range Sides {
			p.out.changed[s] = p.out.changed[s] || m.changed(s, p.rec[s].Fields, x.cell.Val[s])
		}
	}
	protected := p.protected(&x, all)
	for i := range all {
		p.decideElement(&x, &all[i], protected)
	}
	p.decidePrimary(&x, all)
}

// keeps reports whether the mapping keeps what side s holds, because the other side holds nothing any more.
func (x *shown) keeps(s Side) bool { return x.m.keep && blank(x.values[s.Other()]) }

// createList puts all elements of a list into a record that is being created. What comes back of them is settled
// as a whole.
func (p *pairing) createList(x *shown) {
	t := p.target
	from := t.Other()
	if !p.mayFlow(x.m, from) {
		return
	}
	if blank(x.values[from]) {
		p.on[t] = append(p.on[t], settlement{Mapping: x.m.id, Val: x.values})
		p.fillDefaults([]shown{*x})
		return
	}
	all := elements(x.values[from][0])
	entries := make([]contact.Entry, 0, len(all))
	for _, e := range all {
		v, err := x.m.one(from, e.Value)
		if err != nil {
			p.note(StatusFailed, ReasonInvalid, x.m.id+": "+err.Error())
			return
		}
		e.Value = v
		entries = append(entries, e)
	}
	val := x.values
	val[t] = append(p.room.take(1), x.m.listValue(t, entries))
	p.put(t, x, val[t], p.cfg.filledFrom[from])
	p.on[t] = append(p.on[t], settlement{Mapping: x.m.id, Val: val})
}

// protected says on which side no element may be removed, because that would empty the list and the mapping, the
// app or the guard stands against it.
func (p *pairing) protected(x *shown, all []element) (on [2]bool) {
	for _, s := range Sides {
		left, removed := 0, 0
		for i := range all {
			switch {
			case all[i].removedBy(s.Other()) && p.mayFlow(x.m, s.Other()):
				removed++
			case all[i].now[s] != nil || all[i].now[s.Other()] != nil && !all[i].lacked(s) && !all[i].removedBy(s):
				left++
			}
		}
		if removed == 0 || left > 0 {
			continue
		}
		switch {
		case x.keeps(s):
			on[s] = true
		case x.m.whole[s][0].Required:
			p.note(StatusFailed, ReasonRequired, x.m.id+": "+errRequired.Error())
			on[s] = true
		default:
			on[s] = !p.guardClear(s, x.m)
		}
	}
	return on
}

// mayFlow says whether values of side s may go to the other by this mapping.
func (p *pairing) mayFlow(m *mapping, s Side) bool { return p.out.flow[s] && m.flow[s] }

// removedBy reports whether side t removed the element that the other side still holds untouched.
func (e *element) removedBy(t Side) bool {
	s := t.Other()
	return e.now[s] != nil && e.now[t] == nil && e.was[t] != nil && e.was[s] != nil && e.was[s].Type == e.now[s].Type
}

// lacked reports whether it was settled that only the other side holds the element: t could never hold it, or is not to.
func (e *element) lacked(t Side) bool { return e.was[t] == nil && e.was[t.Other()] != nil }

// decideElement decides one element.
func (p *pairing) decideElement(x *shown, e *element, protected [2]bool) {
	if e.now[A] != nil && e.now[B] != nil {
		p.decideType(x, e)
		return
	}
	if e.now[A] == nil && e.now[B] == nil {
		p.settleElement(x.m, e, e.now)
		return
	}
	s := A // the side that holds it
	if e.now[A] == nil {
		s = B
	}
	t := s.Other()
	switch {
	case e.removedBy(t):
		if protected[s] && x.keeps(s) {
			p.settleElement(x.m, e, e.now) // t's user took it away and s keeps it, for good
		}
		if protected[s] || !p.mayFlow(x.m, t) {
			return
		}
		p.remove(x.m, s, e, "removed in "+p.cfg.names[t])
	case e.lacked(t):
		return
	case p.mayFlow(x.m, s):
		p.add(x.m, t, e, "added in "+p.cfg.names[s])
	}
}

// settleElement notes that an element is settled as entry says, without a write.
func (p *pairing) settleElement(m *mapping, e *element, entry [2]*contact.Entry) {
	p.out.settle = append(p.out.settle, settlement{Mapping: m.id, Element: e.key, Entry: entry})
}

// add puts the element that the other side holds into the list of side t. Whoever is primary there stays it.
func (p *pairing) add(m *mapping, t Side, e *element, because string) {
	from := *e.now[t.Other()]
	v, err := m.one(t.Other(), from.Value)
	if err != nil {
		p.note(StatusFailed, ReasonInvalid, m.id+": "+err.Error())
		return
	}
	entry, f := contact.Entry{Value: v}, m.whole[t][0]
	if f.Type != contact.TypeSet {
		entry.Type = from.Type
		entry.Primary = from.Primary && !slices.ContainsFunc(p.wanted(t)[f.Name].Entries(), func(e contact.Entry) bool { return e.Primary })
	}
	p.change(m, t, e, contact.Change{Add: []contact.Entry{entry}}, &entry, because)
}

// remove takes the element out of the list of side s.
func (p *pairing) remove(m *mapping, s Side, e *element, because string) {
	if p.ruleWants(s, m.whole[s][0], *e.now[s]) {
		p.settleElement(m, e, e.now)
		return
	}
	p.change(m, s, e, contact.Change{Remove: []contact.Entry{*e.now[s]}}, nil, because)
}

// ruleWants reports whether a rule that lets the pair through adds this element on side s: it goes only when no such
// rule still wants it.
func (p *pairing) ruleWants(s Side, f contact.Field, e contact.Entry) bool {
	for _, member := range p.cfg.members {
		if member.from == s {
			continue
		}
		for _, a := range member.actions {
			if a.Kind != ActionAdd || a.Field != f.Name || f.EntryKey(contact.Entry{Value: a.Value}, "") != f.EntryKey(e, "") {
				continue
			}
			r := p.rec[member.from].record()
			if member.admits(&r, p.now.In(p.cfg.zone)) == Yes {
				return true
			}
		}
	}
	return false
}

// change changes one element on side s, and notes what its arrival settles.
func (p *pairing) change(m *mapping, s Side, e *element, c contact.Change, becomes *contact.Entry, because string) {
	f := m.whole[s][0]
	want := p.wanted(s)
	want[f.Name] = c.Apply(want[f.Name], f)
	p.because(s, f.Name, Why{Mapping: m.id, Because: because})
	entry := e.now
	entry[s] = becomes
	p.on[s] = append(p.on[s], settlement{Mapping: m.id, Element: e.key, Entry: entry})
}

// decideType decides the type of an element that both sides hold: a type that one side's user changed goes to
// the other; where nothing was settled a blank one is filled, and two that differ stay.
func (p *pairing) decideType(x *shown, e *element) {
	a, b := e.now[A], e.now[B]
	to, write := p.typeFlow(x, e)
	if !write {
		if !sameEntry(e.was[A], a) || !sameEntry(e.was[B], b) {
			p.settleElement(x.m, e, e.now)
		}
		return
	}
	entry := *e.now[to]
	entry.Type = e.now[to.Other()].Type
	p.change(x.m, to, e, contact.Change{Add: []contact.Entry{entry}}, &entry, "type changed in "+p.cfg.names[to.Other()])
}

// typeFlow says to which side the other's type goes, if to any.
func (p *pairing) typeFlow(x *shown, e *element) (to Side, write bool) {
	var changed [2]bool
	for _, s := range Sides {
		if x.m.whole[s][0].Type == contact.TypeSet {
			return A, false
		}
		changed[s] = e.was[s] != nil && e.was[s].Type != e.now[s].Type
	}
	from := A
	switch {
	case e.was[A] == nil || e.was[B] == nil:
		if e.now[A].Type == "" {
			from = B
		} else if e.now[B].Type != "" {
			return A, false
		}
	case changed[A] && changed[B]:
		from = x.m.policy.Winner
	case changed[B]:
		from = B
	case !changed[A]:
		return A, false
	}
	return from.Other(), e.now[A].Type != e.now[B].Type && p.mayFlow(x.m, from)
}

// sameEntry reports whether an entry is as it was settled.
func sameEntry(was, now *contact.Entry) bool {
	return was != nil && was.Equal(*now)
}

// decidePrimary carries over which entry is the primary one, where one side's user has changed that and the other
// holds the entry.
func (p *pairing) decidePrimary(x *shown, all []element) {
	if x.cell == nil {
		return
	}
	var was, now [2]string
	for i := range all {
		for _, s := range Sides {
			if e := all[i].was[s]; e != nil && e.Primary {
				was[s] = all[i].key
			}
			if e := all[i].now[s]; e != nil && e.Primary {
				now[s] = all[i].key
			}
		}
	}
	moved := [2]bool{now[A] != "" && now[A] != was[A], now[B] != "" && now[B] != was[B]}
	if moved[A] && moved[B] && p.mayFlow(x.m, A) && p.mayFlow(x.m, B) { // both users chose another one
		winner, ok := x.m.policy.prefer(p.edited([]shown{*x}))
		if !ok {
			winner = x.m.policy.Winner
		}
		moved[winner.Other()] = false
	}
	for _, from := range Sides {
		to := from.Other()
		if !moved[from] || now[to] == now[from] || !p.mayFlow(x.m, from) {
			continue
		}
		i := slices.IndexFunc(all, func(e element) bool { return e.key == now[from] })
		if all[i].now[to] == nil {
			continue
		}
		entry := *all[i].now[to]
		entry.Primary = true
		p.change(x.m, to, &all[i], contact.Change{Add: []contact.Entry{entry}}, &entry, "primary changed in "+p.cfg.names[from])
	}
}
