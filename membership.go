package contactsync

import (
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// motion is what a pair does in one membership: it is in or out, and what that calls for. Where that is not known it
// calls for nothing.
type motion struct {
	*membership
	in     bool // the rule's filter holds, as it counts now
	run    bool // its actions run: the pair enters
	revert Undo // what is taken back of its actions, because the pair is out
	left   bool // the pair has just left, and something is taken back
}

// decideMembers decides what the rules' actions do to the pair.
func (p *pairing) decideMembers() {
	if len(p.cfg.members) == 0 {
		return
	}
	var motions []motion
	for _, m := range p.cfg.members {
		if !p.cfg.Direction.from(m.from) {
			continue
		}
		switch {
		case p.creating && m.from == p.target:
			p.bornElsewhere(m)
		case p.creating:
			motions = append(motions, p.bornHere(m))
		default:
			motions = append(motions, p.move(m))
		}
	}
	p.runActions(motions)
}

// bornHere decides a membership of the side that a record is created from.
func (p *pairing) bornHere(m *membership) motion {
	s := m.from
	r := p.rec[s].record()
	in := m.admits(&r, p.now.In(p.cfg.zone))
	if in == Unknown {
		return motion{membership: m}
	}
	mo := motion{membership: m, in: in == Yes, run: in == Yes}
	if m.undo == UndoAll && !mo.in {
		mo.revert = UndoAll
	}
	p.settleMember(s.Other(), m, member{In: mo.in, Shown: mo.in})
	return mo
}

// bornElsewhere decides a membership that works the other way around, of a record that is being created on its
// own side: it takes its membership from the record that it is made from.
func (p *pairing) bornElsewhere(m *membership) {
	if m.turned == nil || !p.cfg.Direction.from(m.from.Other()) {
		return
	}
	shown := m.holds(p.rec[m.from.Other()].Fields)
	if shown == Unknown {
		return
	}
	p.turn(m, shown == Yes)
	p.settleMember(m.from, m, member{In: shown == Yes, Shown: shown == Yes})
}

// move decides a membership of a pair: by who changed since it was settled.
func (p *pairing) move(m *membership) motion {
	s, t := m.from, m.from.Other()
	mo := motion{membership: m}
	settled, known := p.link.Members[m.id]
	shown := m.holds(p.rec[t].Fields)
	if shown == Unknown {
		return mo // nothing is done to what was not read
	}
	r := p.rec[s].record()
	in := m.admits(&r, p.now.In(p.cfg.zone))
	if in == Unknown {
		if !known {
			return mo
		}
		in = truthOf(settled.In)
	}
	if p.cfg.Scope == ScopeSticky && settled.In {
		in = Yes
	}
	mo.in = in == Yes
	if !known {
		p.firstMove(&mo, shown == Yes)
	} else {
		p.nextMove(&mo, settled, shown == Yes)
	}
	if m.undo == UndoAll && !mo.in {
		mo.revert = UndoAll
	}
	if mo.left {
		p.settleMember(t, m, member{})
	}
	return mo
}

// turnsBack says whether the effect on side t may decide about the filter on side s. What was not read there is not changed.
func (p *pairing) turnsBack(m *membership) bool {
	return m.turned != nil && p.cfg.Direction.from(m.from.Other()) && !p.rec[m.from].Fields[m.turned.Field].Absent()
}

// firstMove decides a membership of which nothing was settled: the rule goes first. Where only the effect holds,
// the filter is made true if that side is the winner, and only by adding.
func (p *pairing) firstMove(mo *motion, shown bool) {
	s, t := mo.from, mo.from.Other()
	switch {
	case mo.in:
		mo.run = true
		p.settleMember(t, mo.membership, member{In: true, Shown: true})
	case shown && p.turnsBack(mo.membership) && p.cfg.Conflict.Winner == t && !mo.membership.takes(p.rec[s].Fields):
		mo.in = true
		p.turn(mo.membership, true)
		p.settleMember(s, mo.membership, member{In: true, Shown: true})
	default:
		p.settleMember(t, mo.membership, member{In: false, Shown: shown && mo.undo != UndoAll})
	}
}

// takes reports whether making the condition true would take something away.
func (m *membership) takes(fields contact.Fields) bool { return m.turn(fields.Clone(), true) }

// nextMove decides a membership that was settled before.
func (p *pairing) nextMove(mo *motion, settled member, shown bool) {
	s, t := mo.from, mo.from.Other()
	entered, turned := mo.in != settled.In, p.turnsBack(mo.membership) && shown != settled.Shown
	if entered && turned {
		if mo.in == shown {
			p.settleMember(t, mo.membership, member{In: mo.in, Shown: shown})
			return
		}
		entered = p.cfg.Conflict.Winner == s
		turned = !entered
	}
	switch {
	case entered && mo.in:
		mo.run = true
		p.settleMember(t, mo.membership, member{In: true, Shown: true})
	case entered:
		mo.left = true
		mo.revert = mo.undo
		if mo.undo == UndoOwn && mo.turned != nil {
			mo.revert = UndoAll // a yes-or-no field: once settled true it is taken back whoever set it
		}
		if mo.revert == UndoNone {
			mo.left = false
			p.settleMember(t, mo.membership, member{In: false, Shown: shown})
		}
	case turned:
		mo.in = shown
		p.turn(mo.membership, shown)
		p.settleMember(s, mo.membership, member{In: shown, Shown: shown})
	}
}

// settleMember notes what membership is settled when the write of side s, if there is one, is in.
func (p *pairing) settleMember(s Side, m *membership, to member) {
	p.on[s] = append(p.on[s], settlement{Membership: m.id, Member: to})
}

// turn makes the turned condition true or false on the membership's own side.
func (p *pairing) turn(m *membership, truth bool) {
	s := m.from
	m.turn(p.wanted(s), truth)
	p.because(s, m.turned.Field, Why{Rule: m.rules[0].id, Because: "the rule, the other way around"})
	p.settleAction(s, m.turned.Field, contact.Entry{Value: m.turned.Value}, (m.turned.Op == OpHas) == truth)
}

// claim is one action that names a target.
type claim struct {
	*motion
	Action
	field contact.Field
}

// runActions decides every target that an action names, each by itself.
func (p *pairing) runActions(motions []motion) {
	type target struct {
		side Side
		key  string
	}
	var order []target
	claims := map[target][]claim{}
	for i := range motions {
		mo := &motions[i]
		for j, a := range mo.actions {
			t := target{mo.from.Other(), a.target(mo.targets[j])}
			if claims[t] == nil {
				order = append(order, t)
			}
			claims[t] = append(claims[t], claim{mo, a, mo.targets[j]})
		}
	}
	for _, t := range order {
		p.decideTarget(t.side, t.side.String()+" "+t.key, claims[t])
	}
}

// decideTarget decides one target: the last matching rule that names it prevails, undo gives back what lies under.
func (p *pairing) decideTarget(t Side, key string, claims []claim) {
	top, out, left := -1, -1, false // the last that is in, the last that takes back, whether one has just left
	for i, c := range claims {
		if c.in {
			top = i
		}
		if c.revert != UndoNone {
			out = i
		}
		left = left || c.left
	}
	c := claims[max(top, out, 0)]
	now := c.holding(p.wantedOrRead(t), c.field)
	if now.Absent() {
		return
	}
	l, ours := p.link.Layers[key]
	if ours && !sameTarget(c.Action, c.field, c.holding(p.rec[t].Fields, c.field), l.Wrote) {
		ours = false // what a rule wrote is its own until that is seen missing
		p.on[t] = append(p.on[t], settlement{Target: key})
	}
	switch {
	case top >= 0:
		if c = claims[top]; c.run || c.Always || left {
			p.enter(t, key, c, now, l, ours)
		}
	case ours && out >= 0:
		p.act(t, key, c, l.Under, nil, "a pair left the rule")
	default:
		unwanted := func(c claim) bool {
			return c.revert == UndoAll && !c.goal().Blank() && sameTarget(c.Action, c.field, now, c.goal())
		}
		if i := slices.IndexFunc(claims, unwanted); i >= 0 {
			p.act(t, key, claims[i], contact.Empty, nil, "the rule does not hold")
		}
	}
}

// enter carries out an action on its target, unless its goal is reached, or our write of it stands as the app returned it.
func (p *pairing) enter(t Side, key string, c claim, now contact.Value, l layer, ours bool) {
	goal := c.goal()
	if sameTarget(c.Action, c.field, now, goal) || ours && sameTarget(c.Action, c.field, l.Goal, goal) {
		return
	}
	if !ours {
		l = layer{Under: now}
	}
	l.Wrote, l.Goal = goal, goal
	p.act(t, key, c, goal, &l, "a pair enters the rule")
}

// wantedOrRead returns what side s is to hold as far as it is decided.
func (p *pairing) wantedOrRead(s Side) contact.Fields {
	if p.want[s] != nil {
		return p.want[s]
	}
	return p.rec[s].Fields
}

// act writes one target and notes what that settles: the layer that is ours now, and what an element mapping
// must not take for an edit.
func (p *pairing) act(t Side, key string, c claim, v contact.Value, l *layer, because string) {
	c.write(p.wanted(t), c.field, v)
	p.because(t, c.Field, Why{Rule: c.rules[0].id, Because: because, Undone: l == nil})
	p.on[t] = append(p.on[t], settlement{Target: key, Layer: l})
	if c.element() {
		p.settleAction(t, c.Field, contact.Entry{Value: c.Value}, !v.Blank())
	}
}

// settleAction settles one element that an action or a turned rule wrote on side s, in the mappings of that field,
// so that it does not travel by them.
func (p *pairing) settleAction(s Side, field string, e contact.Entry, there bool) {
	for _, m := range p.cfg.lists {
		if m.sel[s][0].Field != field {
			continue
		}
		key, err := m.elementKey(s, e)
		if err != nil {
			continue
		}
		st := settlement{Mapping: m.id, Element: key}
		if there {
			st.Entry[s] = &e
		}
		other := s.Other()
		for _, o := range elements(p.rec[other].Fields[m.sel[other][0].Field]) {
			if k, err := m.elementKey(other, o); err == nil && k == key {
				st.Entry[other] = &o
			}
		}
		p.on[s] = append(p.on[s], st)
	}
}

// about reports whether a settlement is about the field of side s.
func (st *settlement) about(cfg *config, s Side, field string) bool {
	switch {
	case st.Mapping != "":
		return slices.Contains(selected(cfg.mapping(st.Mapping), s), field)
	case st.Target != "":
		return strings.HasPrefix(st.Target+"\x00", s.String()+" "+field+"\x00")
	}
	return slices.ContainsFunc(cfg.members, func(m *membership) bool { return m.id == st.Membership && m.writes(s, field) })
}

// writes reports whether the membership's actions, or its rule turned round, write the field of side s.
func (m *membership) writes(s Side, field string) bool {
	if m.from == s {
		return m.turned != nil && m.turned.Field == field
	}
	return slices.ContainsFunc(m.actions, func(a Action) bool { return a.Field == field })
}

// derives reports whether a membership's rule, turned round, lets records of side s through.
func (cfg *config) derives(m *membership, s Side) bool {
	return m.turned != nil && m.from == s.Other() && cfg.Direction.from(m.from)
}

// turns reports whether any rule is turned round for side s.
func (cfg *config) turns(s Side) bool {
	return slices.ContainsFunc(cfg.members, func(m *membership) bool { return cfg.derives(m, s) })
}
