package contactsync

import (
	"fmt"
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// Every state of a pair in one rule with an action: whether the rule's filter holds and its effect is there, what was
// settled of that, whose the effect is, and how the rule is made. What is to become of label and tag is said in DESIGN's
// words. The rule is a's: with a label "in" (or without a label "out") a record is tagged "t" in b.

// memberState is one state of 29,160: 2 kinds of filter, 3 of undo, 2 of whether it works the other way around and 2 of
// whether it is enforced always (not both), 3 directions, 3 scopes, 2 winners, 3 of a's label (there, not there, not
// read) and 3 of b's tag, 5 of what was settled (nothing, or both of it), 2 of whose the tag is.
type memberState struct {
	hasNot       bool
	undo         Undo
	turned       bool
	always       bool
	direction    int
	scope        Scoping
	winner       Side
	label, shown Truth // Unknown: not read
	known        bool
	in, was      bool // settled: the filter held, the effect was there
	ours         bool
}

func eachMember(each func(memberState)) (count int) {
	for _, undo := range []Undo{UndoNone, UndoOwn, UndoAll} {
		for _, scope := range []Scoping{ScopeRule, ScopePair, ScopeSticky} {
			for _, label := range []Truth{No, Unknown, Yes} {
				for _, shown := range []Truth{No, Unknown, Yes} {
					for rest := range 2 * 3 * 3 * 2 * 5 * 2 {
						settled := rest / 2 % 5
						way := rest / 10 % 3
						s := memberState{undo: undo, scope: scope, label: label, shown: shown, ours: rest&1 != 0, known: settled > 0, turned: way == 1, always: way == 2,
							direction: rest / 30 % 3, winner: Side(rest / 90 % 2), hasNot: rest/180 == 1}
						if s.known {
							s.in, s.was = (settled-1)&1 != 0, (settled-1)&2 != 0
						}
						each(s)
						count++
					}
				}
			}
		}
	}
	return count
}

func (s memberState) config(t *testing.T) *config {
	schema := &contact.Schema{Versions: true, Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail}, {Name: "labels", Type: contact.TypeSet}}}
	there := &contact.Schema{Versions: true, Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail}, {Name: "tags", Type: contact.TypeSet}}}
	rule := FilterRule{From: A, Filter: Has("labels", "in"), Actions: []Action{{Kind: ActionAdd, Field: "tags", Value: contact.Text("t"), Always: s.always}},
		Undo: s.undo, OtherWayAround: s.turned}
	if s.hasNot {
		rule.Filter = HasNot("labels", "in")
	}
	cfg, bad := compile(&Connection{ID: "c", Direction: stateDirections[s.direction], Scope: s.scope, Conflict: Policy{Winner: s.winner},
		Mappings: []Mapping{MapFields("email", "email")}, Rules: []Rule{rule, FilterRule{From: B}}}, [2]*contact.Schema{schema, there})
	require.Empty(t, bad)
	return cfg
}

// filter says whether the filter holds where the label is so.
func (s memberState) filter(label Truth) Truth {
	if s.hasNot && label != Unknown {
		return truthOf(label == No)
	}
	return label
}

// want says how label and tag are to be.
func (s memberState) want() (label, tag Truth) {
	label, tag = s.label, s.shown
	toB, toA := stateDirections[s.direction] != BToA, stateDirections[s.direction] != AToB
	in := s.filter(label)
	if in == Unknown && s.known {
		in = truthOf(s.in) // it stays as it was
	}
	if !toB || s.shown == Unknown || in == Unknown {
		return label, tag // the rule's direction is shut, or it is not known how things are
	}
	if s.scope == ScopeSticky && s.known && s.in {
		in = Yes // the filter only decides who gets in
	}
	back := s.turned && toA && s.label != Unknown                   // what was not read is not changed
	turn := func(holds bool) { label = truthOf(holds != s.hasNot) } // the filter is made true or false
	out := func(undo Undo) {                                        // the pair is out: the action is taken back
		if undo == UndoAll || undo == UndoOwn && s.ours {
			tag = No
		}
	}
	shown := s.shown == Yes
	enforced := func() {
		switch {
		case s.undo == UndoAll && in == No:
			out(UndoAll) // a linked record that does not match never carries the action
		case s.always && in == Yes:
			tag = Yes
		}
	}
	if !s.known { // the rule goes first
		switch {
		case in == Yes:
			tag = Yes
		case shown && back && s.winner == B && !s.hasNot: // made true by adding only
			turn(true)
		default:
			enforced()
		}
		return label, tag
	}
	entered, turned := (in == Yes) != s.in, back && shown != s.was
	if entered && turned {
		if (in == Yes) == shown {
			return label, tag
		}
		entered, turned = s.winner == A, s.winner == B
	}
	switch {
	case entered && in == Yes:
		tag = Yes
	case entered:
		if s.undo == UndoOwn && s.turned {
			out(UndoAll) // once settled true it is taken back whoever set it
		} else {
			out(s.undo)
		}
	case turned:
		turn(shown)
	default:
		enforced()
	}
	return label, tag
}

// TestEveryMemberState decides every state.
func TestEveryMemberState(t *testing.T) {
	t.Parallel()
	configs := map[memberState]*config{}
	count := eachMember(func(s memberState) {
		if t.Failed() {
			return
		}
		key := memberState{hasNot: s.hasNot, undo: s.undo, turned: s.turned, always: s.always, direction: s.direction, scope: s.scope, winner: s.winner}
		if configs[key] == nil {
			configs[key] = s.config(t)
		}
		s.check(t, configs[key])
	})
	require.Equal(t, 3*3*3*3*360, count)
}

func (s memberState) check(t *testing.T, cfg *config) {
	id := cfg.members[0].id
	l := &link{key: "1", ID: [2]string{"a1", "b1"}, Decided: true, Cells: map[string]*cell{"email:email": {Val: sides{{contact.Empty}, {contact.Empty}}}}}
	if s.known {
		l.Members = map[string]member{id: {In: s.in, Shown: s.was}}
	}
	if s.ours {
		l.Layers = map[string]layer{"b " + cfg.members[0].actions[0].target(cfg.members[0].targets[0]): {Under: contact.Empty, Wrote: contact.Text("t"), Goal: contact.Text("t")}}
	}
	fields := func(name, element string, there Truth) contact.Fields {
		f := contact.Fields{"email": contact.Empty}
		switch there {
		case Yes:
			f[name] = contact.Set(element)
		case No:
			f[name] = contact.Empty
		}
		return f
	}
	p := pairing{cfg: cfg, now: stateNow, link: l}
	p.rec[A] = &mirror{side: A, id: "a1", version: "1", Fields: fields("labels", "in", s.label)}
	p.rec[B] = &mirror{side: B, id: "b1", version: "1", Fields: fields("tags", "t", s.shown)}
	out := p.decide()
	label, tag := s.want()
	for side, is := range map[Side][2]Truth{A: {s.label, label}, B: {s.shown, tag}} {
		got := patchOf(out.writes[side]).Apply(p.rec[side].Fields, cfg.schema[side])
		want := fields([2]string{"labels", "tags"}[side], [2]string{"in", "t"}[side], is[1])
		if got.Digest() != want.Digest() || (out.writes[side] != nil) != (is[0] != is[1]) {
			t.Errorf("%+v: %s would hold %v, want %v", s, side, got, want)
		}
		if w := out.writes[side]; w != nil {
			for _, name := range w.patch.Names() {
				if why := w.why[name]; why.Rule == "" || why.Because == "" || why.Undone != (side == B && is[1] == No) {
					t.Errorf("%+v: why %s of %s: %+v", s, name, side, why)
				}
			}
		}
	}
	s.checkRest(t, &p, out)
}

// checkRest: when all has arrived nothing is left to write, and what is settled is how things are.
func (s memberState) checkRest(t *testing.T, p *pairing, out *outcome) {
	p.link.arrived(p.cfg, out.settle, false, A, nil)
	for _, side := range Sides {
		if w := out.writes[side]; w != nil {
			p.rec[side].Fields = w.patch.Apply(p.rec[side].Fields, p.cfg.schema[side])
			p.link.arrived(p.cfg, w.settle, true, side, p.rec[side])
		}
	}
	again := pairing{cfg: p.cfg, now: stateNow, link: p.link, rec: p.rec}
	next := again.decide()
	if next.writes != [2]*write{} {
		t.Errorf("%+v: it does not come to rest: %v", s, fmt.Sprint(patchOf(next.writes[A]), patchOf(next.writes[B])))
	}
	p.link.arrived(p.cfg, next.settle, false, A, nil)
	settled, known := p.link.Members[p.cfg.members[0].id]
	if s.label == Unknown || s.shown == Unknown || stateDirections[s.direction] != TwoWay || s.scope == ScopeSticky {
		return
	}
	in := s.filter(truthOf(len(p.rec[A].Fields["labels"].Elements()) > 0)) == Yes
	shown := len(p.rec[B].Fields["tags"].Elements()) > 0
	if !known || settled.In != in || s.turned && settled.Shown != shown {
		t.Errorf("%+v: %+v is settled (%v), and it is in: %v, shown: %v", s, settled, known, in, shown)
	}
}
