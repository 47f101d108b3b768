package contactsync

import (
	"fmt"
	"slices"
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// Every state of one entry of a mapped list, or one element of a mapped set, beside others or alone. As for pairs, what is
// to become of it is said in DESIGN's words.

// How one side holds, or held, the entry.
const (
	notHeld = iota
	untyped
	work
	home
)

// elementState is one state: 2 of whether it is a set or a list, of which a list has 272 of how each side holds the entry
// and held it when it was settled, or nothing was, and a set 20; 2 of whether another entry is beside it, 3 directions, 2
// winners, 2 of on_clear, 2 of whether the guards hold clears, 2 of whether both apps insist on the field: 28,032.
type elementState struct {
	set       bool
	now, was  [2]int
	settled   bool
	beside    bool
	direction int
	winner    Side
	keep      bool
	held      bool
	required  bool
}

func eachElement(each func(elementState)) (count int) {
	for rest := range 2 * 2 * 3 * 2 * 2 * 2 * 2 {
		s := elementState{set: rest&1 != 0, beside: rest&2 != 0, winner: Side(rest >> 2 & 1), keep: rest&8 != 0, held: rest&16 != 0, required: rest&32 != 0, direction: rest >> 6}
		kinds := map[bool]int{true: 2, false: 4}[s.set]
		for n := range kinds * kinds * (1 + kinds*kinds) {
			s.now = [2]int{n % kinds, n / kinds % kinds}
			was := n/kinds/kinds - 1
			s.settled, s.was = was >= 0, [2]int{}
			if s.settled {
				s.was = [2]int{was % kinds, was / kinds}
			}
			each(s)
			count++
		}
	}
	return count
}

// value returns what a side shows that holds the entry so.
func (s elementState) value(how int) contact.Value {
	if s.set {
		var texts []string
		if how != notHeld {
			texts = append(texts, "x")
		}
		if s.beside {
			texts = append(texts, "other")
		}
		return contact.Set(texts...)
	}
	var entries []contact.Entry
	if how != notHeld {
		entries = append(entries, contact.Entry{Value: contact.Text("x"), Type: [...]string{untyped: "", work: "work", home: "home"}[how]})
	}
	if s.beside {
		entries = append(entries, contact.Entry{Value: contact.Text("other"), Type: "work"})
	}
	return contact.List(entries...)
}

func (s elementState) config(t *testing.T) *config {
	field := contact.Field{Name: "f", Type: contact.TypeText, Many: true, Required: s.required}
	if s.set {
		field = contact.Field{Name: "f", Type: contact.TypeSet, Required: s.required}
	}
	schema := &contact.Schema{Versions: true, Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail}, field}}
	m := MapFields("f", "f")
	if s.keep {
		m.OnClear = OnClearKeep
	}
	cfg, bad := compile(&Connection{ID: "c", Direction: stateDirections[s.direction], Mappings: []Mapping{m}, Conflict: Policy{Winner: s.winner}}, [2]*contact.Schema{schema, schema})
	require.Empty(t, bad)
	return cfg
}

// mayFlow says whether values of a side may go to the other.
func (s elementState) mayFlow(from Side) bool {
	return !(from == A && stateDirections[s.direction] == BToA || from == B && stateDirections[s.direction] == AToB)
}

// want returns how each side is to hold the entry, and whether that is held back because its list would be emptied.
func (s elementState) want() (then [2]int, held, fails bool) {
	then = s.now
	switch {
	case s.now[A] != notHeld && s.now[B] != notHeld:
		return s.wantType(), false, false
	case s.now[A] == notHeld && s.now[B] == notHeld:
		return then, false, false
	}
	has := A
	if s.now[A] == notHeld {
		has = B
	}
	lacks := has.Other()
	switch {
	case s.settled && s.was[lacks] != notHeld && s.was[has] == s.now[has]: // removed there, untouched here
		if !s.mayFlow(lacks) {
			return then, false, false
		}
		switch empties := !s.beside; {
		case empties && s.keep:
		case empties && s.required:
			fails = true
		case empties && s.held:
			held = true
		default:
			then[has] = notHeld
		}
	case s.settled && s.was[has] != notHeld && s.was[lacks] == notHeld: // there it never had room
	case s.mayFlow(has):
		then[lacks] = s.now[has] // added here, or removed there and edited here: it stays
	}
	return then, held, fails
}

// wantType: a type that one side's user changed goes to the other; where nothing was settled a blank one is filled.
func (s elementState) wantType() [2]int {
	then := s.now
	give := func(from Side) [2]int {
		if s.mayFlow(from) {
			then[from.Other()] = s.now[from]
		}
		return then
	}
	if !s.settled || s.was[A] == notHeld || s.was[B] == notHeld {
		switch {
		case s.now[A] == untyped:
			return give(B)
		case s.now[B] == untyped:
			return give(A)
		}
		return then
	}
	switch changed := [2]bool{s.now[A] != s.was[A], s.now[B] != s.was[B]}; {
	case changed[A] && changed[B]:
		return give(s.winner)
	case changed[A]:
		return give(A)
	case changed[B]:
		return give(B)
	}
	return then
}

// TestEveryElementState decides every state.
func TestEveryElementState(t *testing.T) {
	t.Parallel()
	configs := map[elementState]*config{}
	count := eachElement(func(s elementState) {
		if t.Failed() {
			return
		}
		key := elementState{set: s.set, direction: s.direction, winner: s.winner, keep: s.keep, required: s.required}
		if configs[key] == nil {
			configs[key] = s.config(t)
		}
		s.check(t, configs[key])
	})
	require.Equal(t, 28_032, count)
}

func (s elementState) check(t *testing.T, cfg *config) {
	l := &link{key: "1", ID: [2]string{"a1", "b1"}, Decided: true}
	if s.settled {
		l.Cells = map[string]*cell{"f:f": {Val: sides{{s.value(s.was[A])}, {s.value(s.was[B])}}}}
	}
	p := pairing{cfg: cfg, now: stateNow, link: l, gate: gate{clears: s.held}}
	for _, side := range Sides {
		p.rec[side] = &mirror{side: side, id: l.ID[side], version: "1", Fields: contact.Fields{"f": s.value(s.now[side])}}
	}
	out := p.decide()
	want, held, fails := s.want()
	text := fmt.Sprintf("%+v: patches %v", s, [2]contact.Patch{patchOf(out.writes[A]), patchOf(out.writes[B])})
	for _, side := range Sides {
		got := patchOf(out.writes[side]).Apply(p.rec[side].Fields, cfg.schema[side])["f"]
		if !sameEntries(got, s.value(want[side])) {
			t.Errorf("%s: %s would hold %v, want %v", text, side, got, s.value(want[side]))
		}
		if (out.writes[side] != nil) != (want[side] != s.now[side]) {
			t.Errorf("%s: %s is written, or is not", text, side)
		}
		if w := out.writes[side]; w != nil && (w.why["f"].Because == "" || w.why["f"].Mapping != "f:f") {
			t.Errorf("%s: why: %v", text, w.why)
		}
		differs := s.settled && s.now[side] != s.was[side] && !(s.set && (s.now[side] == notHeld) == (s.was[side] == notHeld))
		if out.changed[side] != differs {
			t.Errorf("%s: %s has changed since it was settled: %v, want %v", text, side, out.changed[side], differs)
		}
	}
	status := StatusInSync
	switch {
	case held:
		status = StatusPending
	case fails:
		status = StatusFailed
	}
	if out.standing.Status != status || held != (out.standing.Reason == ReasonClearHeld) {
		t.Errorf("%s: it stands as %+v, want %s", text, out.standing, status)
	}
	s.checkSettled(t, &p, out, held || fails)
}

// sameEntries compares two lists, or sets, whatever their order.
func sameEntries(v, w contact.Value) bool {
	words := func(v contact.Value) (all []string) {
		for _, e := range elements(v) {
			all = append(all, fmt.Sprint(e))
		}
		slices.Sort(all)
		return all
	}
	return slices.Equal(words(v), words(w))
}

func patchOf(w *write) contact.Patch {
	if w == nil {
		return nil
	}
	return w.patch
}

// checkSettled: when all has arrived nothing is left to write; and what may flow both ways and is not held is settled as
// each side holds it.
func (s elementState) checkSettled(t *testing.T, p *pairing, out *outcome, waits bool) {
	p.link.arrived(p.cfg, out.settle, false, A, nil)
	for _, side := range Sides {
		if w := out.writes[side]; w != nil {
			p.rec[side].Fields = w.patch.Apply(p.rec[side].Fields, p.cfg.schema[side])
			p.link.arrived(p.cfg, w.settle, true, side, p.rec[side])
		}
	}
	again := pairing{cfg: p.cfg, now: stateNow, link: p.link, rec: p.rec, gate: p.gate}
	if next := again.decide(); next.writes != [2]*write{} {
		t.Errorf("%+v: it does not come to rest: %v", s, [2]contact.Patch{patchOf(next.writes[A]), patchOf(next.writes[B])})
	}
	for _, side := range Sides { // an edit of what the other side has no room for waits for ever
		if other := side.Other(); s.settled && s.was[side] != notHeld && s.was[other] == notHeld && s.now[other] == notHeld {
			return
		}
	}
	if waits || s.direction != 0 {
		return
	}
	for _, side := range Sides {
		settled, shown := p.link.Cells["f:f"].Val[side][0], p.rec[side].Fields["f"]
		if !sameEntries(settled, shown) {
			t.Errorf("%+v: %s shows %v, and %v is settled", s, side, shown, settled)
		}
	}
}
