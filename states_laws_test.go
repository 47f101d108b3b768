package contactsync

import (
	"testing"

	"github.com/contactsync/contactsync/connector"
)

// What DESIGN says of a pair, in its own words and not in those of the code: who may flow, what becomes of a field, of a
// deletion, and what is never done.

// mayFlow: the connection's direction, and an enabled rule of that side that lets the record through.
func (s pairState) mayFlow(from Side) bool {
	against := map[Direction]Side{AToB: B, BToA: A}
	if side, oneWay := against[stateDirections[s.direction]]; oneWay && side == from {
		return false
	}
	return s.let[from]
}

// wantField says what becomes of the field of two records that are there: to which side the other one's value is
// written, if to any, whether what they show is settled, or a person is asked.
func (s pairState) wantField() (to Side, writes, settles, asks bool) {
	f := fieldCases[s.field]
	if f.kind[A] == unread || f.kind[B] == unread {
		return A, false, false, false // absent is never changed, and no edit
	}
	blank := [2]bool{f.kind[A] == empty, f.kind[B] == empty}
	may := [2]bool{s.mayFlow(A), s.mayFlow(B)}
	alike := blank[A] && blank[B] || f.agree
	wins := func(side Side) (Side, bool, bool, bool) { return side.Other(), may[side], false, false }
	if f.base != settledNothing {
		switch a, b := f.differs(A), f.differs(B); {
		case !a && !b:
			return A, false, false, false
		case alike:
			return A, false, true, false
		case a && !b:
			return wins(A)
		case b && !a:
			return wins(B)
		}
	}
	switch {
	case alike:
		return A, false, true, false
	case f.base == settledNothing && blank[A]:
		return wins(B) // a blank is filled, and never wins
	case f.base == settledNothing && blank[B]:
		return wins(A)
	case may[A] != may[B] && may[A]:
		return wins(A) // only one side may flow: it wins
	case may[A] != may[B]:
		return wins(B)
	case !may[A]:
		return A, false, false, false // neither: leave it unsettled
	case blank[A]:
		return wins(B) // a value beats a blank
	case blank[B]:
		return wins(A)
	}
	switch statePolicies[s.policy] {
	case "a wins", "a is newer":
		return wins(A)
	case "b wins", "b is newer":
		return wins(B)
	}
	return A, false, false, true
}

// want says what is to be decided, all but the standing.
func (s pairState) want() (d decision32) {
	f := fieldCases[s.field]
	gone := [2]bool{s.is[A] != there, s.is[B] != there}
	switch {
	case gone[A] && gone[B]:
		d.forget = true
	case gone[A] || gone[B]:
		x := A // who is gone
		if gone[B] {
			x = B
		}
		if s.is[x] == severedThere {
			return d // the survivor waits for a user to enter the person anew
		}
		// Deleted on one side and untouched on the other: the policy, if a rule had let the record through when last seen
		// and the direction is that way. Edited there: the survivor stays, and the pair is severed.
		carried := s.mayFlow(x) && !f.differs(x.Other())
		switch policy := stateDeletions[s.deletion]; {
		case carried && policy == DeletionDelete && !s.noDelete[x.Other()]:
			d.waits = 1 // the guard counts it
			if !s.held {
				d.op[x.Other()] = writeDelete
			}
		case carried && policy == DeletionMark && !s.noUpdate[x.Other()]:
			d.op[x.Other()], d.severed[x] = writeMark, true
		default:
			d.severed[x] = true
		}
	default:
		to, writes, settles, asks := s.wantField()
		d.settle, d.ask = settles, asks
		clears := writes && f.kind[to.Other()] == empty
		if clears {
			d.waits = 1
		}
		switch {
		case !writes || s.noUpdate[to] || clears && s.held:
		case clears:
			d.op[to] = writeBlank
		default:
			d.op[to] = writeValue
		}
	}
	return d
}

// checkPair decides a state and returns the decision, which it has held against the laws.
func checkPair(t *testing.T, s pairState, cfg *config) decision32 {
	w := s.world(cfg)
	m := w.plan.decide(ref{A, "a1"})
	got := decisionOf(m)
	want := s.want()
	want.status, want.reason = got.status, got.reason
	if got != want {
		t.Errorf("%v:\n got %+v\nwant %+v", s, got, want)
		return got
	}
	for _, x := range m.writes {
		s.checkWrite(t, w, x)
	}
	if law := s.standingFault(got); law != "" {
		t.Errorf("%v: stands as %s (%s): %s", s, got.status, got.reason, law)
	}
	if len(m.waits) > 0 && s.held {
		s.checkConsent(t, cfg)
	}
	if len(m.writes) > 0 || len(m.settle) > 0 {
		s.checkQuiet(t, w, m)
	}
	return got
}

// checkWrite: a write bears the version that it was decided on and says why; it brings what the other side shows and
// nothing else; what a user had entered and loses is in the reason.
func (s pairState) checkWrite(t *testing.T, w *pairWorld, x *write) {
	bad := func(what string) { t.Errorf("%v: the write to %s %s: %+v", s, x.side, what, x) }
	f, to := fieldCases[s.field], x.side
	if x.version != w.rec[to].version || x.id != w.rec[to].id || x.link.ID != w.link.ID {
		bad("is not of the record as it was read")
	}
	if x.op == connector.Delete {
		if x.why[""].Because == "" || len(x.patch) > 0 || x.before.Digest() != w.rec[to].Fields.Digest() {
			bad("does not say why, or what is deleted")
		}
		return
	}
	field := map[bool]string{true: "tags", false: "notes"}[x.mark]
	if _, ok := x.patch[field]; !ok || len(x.patch) != 1 || x.why[field].Because == "" || !x.before[field].Equal(w.rec[to].Fields[field]) {
		bad("does not say why, writes another field, or does not say what was there")
	}
	if x.mark {
		return
	}
	if sent, there := x.patch[field].Set, f.text(to.Other()); !sent.Equal(there) && !(sent.Blank() && there.Blank()) {
		bad("does not bring what the other side shows")
	}
	lost := f.kind[to] == changed // a user's edit, or what was there before the first match
	if lost != !x.why[field].Lost.Absent() || lost && !x.why[field].Lost.Equal(f.text(to)) {
		bad("does not keep what its user had entered, or keeps what nobody had")
	}
}

// standingFault says what is wrong with how the pair is shown, "" if nothing is.
func (s pairState) standingFault(d decision32) string {
	one := (s.is[A] == there) != (s.is[B] == there)
	switch {
	case d.forget:
		return ""
	case d.ask && (d.status != StatusConflict || d.reason != ReasonConflict):
		return "a person is to decide"
	case d.waits > 0 && s.held && d.status != StatusPending:
		return "a guard holds it"
	case d.waits > 0 && s.held && one && d.reason != ReasonDeleteHeld, d.waits > 0 && s.held && !one && d.reason != ReasonClearHeld:
		return "which guard is not told"
	case one && d.waits == 0 && d.status != StatusDeleted:
		return "its counterpart was deleted"
	case !one && !d.ask && d.waits == 0 && !s.mayFlow(A) && !s.mayFlow(B) && d.status != StatusExcluded:
		return "no rule lets it through"
	case !one && !d.ask && d.waits == 0 && s.mayFlow(A) && s.mayFlow(B) && s.noUpdate == [2]bool{} && d.status != StatusInSync:
		return "nothing is the matter with it"
	}
	return ""
}

// checkConsent: a person's consent to what is held lets through what the guards would let through, and no more.
func (s pairState) checkConsent(t *testing.T, cfg *config) {
	w := s.world(cfg)
	asked := 0
	w.plan.consent = func(string) bool { asked++; return true }
	got := decisionOf(w.plan.decide(ref{A, "a1"}))
	open := s
	open.held = false
	want := decisionOf(open.world(cfg).plan.decide(ref{A, "a1"}))
	if got != want || asked == 0 {
		t.Errorf("%v: with consent %+v, without a guard %+v", s, got, want)
	}
}

// checkQuiet: once the writes have arrived nothing is left to write.
func (s pairState) checkQuiet(t *testing.T, w *pairWorld, m *move) {
	m.link.arrived(w.plan.cfg, m.settle, false, A, nil)
	for _, x := range m.writes {
		rec := w.rec[x.side]
		if x.op == connector.Delete {
			rec.Gone = deleted
			continue
		}
		rec.Fields, rec.version = x.patch.Apply(rec.Fields, w.plan.cfg.schema[x.side]), "3"
		m.link.arrived(w.plan.cfg, x.settle, true, x.side, rec)
		m.link.Gone[x.side.Other()] = x.mark
	}
	if again := w.plan.decide(ref{A, "a1"}); len(again.writes) > 0 {
		t.Errorf("%v: after %+v is written, %+v is", s, decisionOf(m), decisionOf(again))
	}
}
