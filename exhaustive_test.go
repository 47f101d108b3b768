package contactsync

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// What becomes of one mapped field, in every state that there is. The table below is written by hand, after the
// rules that people are told; the states are enumerated, and decided by the real code. Every state is matched by
// exactly one row.

// fieldState is one state of one mapped field.
type fieldState struct {
	settled   string    // "none": nothing yet; "value" or "blank": that was settled
	side      [2]string // "absent" (not read), "empty", "same" (as settled), "changed" (to a value, in meaning)
	agree     string    // of two changed ones: "yes" if to the same meaning, else "no"
	direction string    // "two-way", "a-to-b", "b-to-a", "neither" may flow
	policy    string    // "winner", "newest", "ask"
	times     string    // of newest: "a-later", "b-later", "equal", "a-missing", "b-missing", "missing"; else "-"
	winner    string    // "a", "b"
}

func (s fieldState) String() string {
	return strings.Join([]string{s.settled, s.side[A], s.side[B], s.agree, s.direction, s.policy, s.times, s.winner}, " ")
}

// fieldRow says what becomes of the states that it matches. Columns are as of fieldState; alternatives are joined by
// a bar, and * matches anything.
type fieldRow struct {
	settled, a, b, agree, direction, policy, times, winner string
	// want is "nothing", "settle" (both mean the same: note that), "write a" (with b's value), "write b", or "hold".
	want string
	why  string
}

var fieldTable = []fieldRow{
	// What was not read is no edit, and nothing is overwritten unseen.
	{"*", "absent", "*", "*", "*", "*", "*", "*", "nothing", "a was not read"},
	{"*", "empty|same|changed", "absent", "*", "*", "*", "*", "*", "nothing", "b was not read"},

	// Settled with a value.
	{"value", "same", "same", "*", "*", "*", "*", "*", "nothing", "nobody edited"},
	{"value", "changed|empty", "same", "*", "two-way|a-to-b", "*", "*", "*", "write b", "only a was edited, and may flow; a clear is an edit"},
	{"value", "changed|empty", "same", "*", "b-to-a|neither", "*", "*", "*", "nothing", "a's edit may not flow: it stays, unsettled"},
	{"value", "same", "changed|empty", "*", "two-way|b-to-a", "*", "*", "*", "write a", "only b was edited, and may flow"},
	{"value", "same", "changed|empty", "*", "a-to-b|neither", "*", "*", "*", "nothing", "b's edit may not flow: it stays, unsettled"},
	{"value", "empty", "empty", "*", "*", "*", "*", "*", "settle", "both users cleared it"},
	{"value", "changed", "empty", "*", "two-way", "*", "*", "*", "write b", "a value beats a blank"},
	{"value", "empty", "changed", "*", "two-way", "*", "*", "*", "write a", "a value beats a blank"},
	{"value", "changed", "empty", "*", "a-to-b", "*", "*", "*", "write b", "only a may flow: it wins"},
	{"value", "empty", "changed", "*", "a-to-b", "*", "*", "*", "write b", "only a may flow: it wins, though it is blank"},
	{"value", "changed", "empty", "*", "b-to-a", "*", "*", "*", "write a", "only b may flow: it wins, though it is blank"},
	{"value", "empty", "changed", "*", "b-to-a", "*", "*", "*", "write a", "only b may flow: it wins"},
	{"value", "changed", "empty", "*", "neither", "*", "*", "*", "nothing", "neither may flow"},
	{"value", "empty", "changed", "*", "neither", "*", "*", "*", "nothing", "neither may flow"},

	// Settled as blank: an empty side is as it was settled.
	{"blank", "empty", "empty", "*", "*", "*", "*", "*", "nothing", "nobody edited"},
	{"blank", "changed", "empty", "*", "two-way|a-to-b", "*", "*", "*", "write b", "only a was edited, and may flow"},
	{"blank", "changed", "empty", "*", "b-to-a|neither", "*", "*", "*", "nothing", "a's edit may not flow"},
	{"blank", "empty", "changed", "*", "two-way|b-to-a", "*", "*", "*", "write a", "only b was edited, and may flow"},
	{"blank", "empty", "changed", "*", "a-to-b|neither", "*", "*", "*", "nothing", "b's edit may not flow"},

	// Nothing settled yet: a first match, or a new mapping.
	{"none", "empty", "empty", "*", "*", "*", "*", "*", "settle", "both mean the same"},
	{"none", "changed", "empty", "*", "two-way|a-to-b", "*", "*", "*", "write b", "b's blank is filled"},
	{"none", "changed", "empty", "*", "b-to-a|neither", "*", "*", "*", "nothing", "a may not flow, and a blank erases nothing"},
	{"none", "empty", "changed", "*", "two-way|b-to-a", "*", "*", "*", "write a", "a's blank is filled"},
	{"none", "empty", "changed", "*", "a-to-b|neither", "*", "*", "*", "nothing", "b may not flow, and a blank erases nothing"},

	// Two values, settled or not.
	{"*", "changed", "changed", "yes", "*", "*", "*", "*", "settle", "both made the same edit, or bring the same"},
	{"*", "changed", "changed", "no", "a-to-b", "*", "*", "*", "write b", "only a may flow: it wins"},
	{"*", "changed", "changed", "no", "b-to-a", "*", "*", "*", "write a", "only b may flow: it wins"},
	{"*", "changed", "changed", "no", "neither", "*", "*", "*", "nothing", "neither may flow"},
	{"*", "changed", "changed", "no", "two-way", "winner", "*", "a", "write b", "a wins"},
	{"*", "changed", "changed", "no", "two-way", "winner", "*", "b", "write a", "b wins"},
	{"*", "changed", "changed", "no", "two-way", "newest", "a-later", "*", "write b", "a is newer"},
	{"*", "changed", "changed", "no", "two-way", "newest", "b-later", "*", "write a", "b is newer"},
	{"*", "changed", "changed", "no", "two-way", "newest", "equal|a-missing|b-missing|missing", "a", "write b", "no time says who is newer: the winner decides"},
	{"*", "changed", "changed", "no", "two-way", "newest", "equal|a-missing|b-missing|missing", "b", "write a", "no time says who is newer: the winner decides"},
	{"*", "changed", "changed", "no", "two-way", "ask", "*", "*", "hold", "a person decides"},
}

// matches reports whether the row is about the state.
func (r fieldRow) matches(s fieldState) bool {
	fits := func(pattern, value string) bool {
		return pattern == "*" || slices.Contains(strings.Split(pattern, "|"), value)
	}
	return fits(r.settled, s.settled) && fits(r.a, s.side[A]) && fits(r.b, s.side[B]) && fits(r.agree, s.agree) &&
		fits(r.direction, s.direction) && fits(r.policy, s.policy) && fits(r.times, s.times) && fits(r.winner, s.winner)
}

// fieldStates enumerates all states.
func fieldStates() (all []fieldState) {
	for _, settled := range []string{"none", "value", "blank"} {
		kinds := []string{"absent", "empty", "changed"} // with nothing settled nothing is the same; blank is same as empty
		if settled == "value" {
			kinds = []string{"absent", "empty", "same", "changed"}
		}
		for _, a := range kinds {
			for _, b := range kinds {
				agrees := []string{"-"}
				if a == "changed" && b == "changed" {
					agrees = []string{"yes", "no"}
				}
				for _, agree := range agrees {
					for _, direction := range []string{"two-way", "a-to-b", "b-to-a", "neither"} {
						all = append(all, withPolicies(fieldState{settled: settled, side: [2]string{a, b}, agree: agree, direction: direction})...)
					}
				}
			}
		}
	}
	return all
}

func withPolicies(s fieldState) (all []fieldState) {
	for _, policy := range []string{"winner", "newest", "ask"} {
		times := []string{"-"}
		if policy == "newest" {
			times = []string{"a-later", "b-later", "equal", "a-missing", "b-missing", "missing"}
		}
		for _, t := range times {
			for _, winner := range []string{"a", "b"} {
				s.policy, s.times, s.winner = policy, t, winner
				all = append(all, s)
			}
		}
	}
	return all
}

// decideField lets the real code decide a state, and says what came out in the words of the table.
func decideField(t *testing.T, s fieldState) string {
	t.Helper()
	cfg := fieldConfig(t, s)
	m := cfg.mappings[0]
	l := &link{key: "1", ID: [2]string{"a1", "b1"}, Decided: true}
	switch s.settled {
	case "value":
		l.Cells = map[string]*cell{m.id: {Val: [2][]contact.Value{{contact.Text("settled")}, {contact.Text("settled")}}}}
	case "blank":
		l.Cells = map[string]*cell{m.id: {Val: [2][]contact.Value{{contact.Empty}, {contact.Empty}}}}
	}
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	edited := [2]time.Time{at, at}
	switch s.times {
	case "a-later":
		edited[A] = at.Add(time.Second)
	case "b-later":
		edited[B] = at.Add(time.Second)
	case "a-missing":
		edited[A] = time.Time{}
	case "b-missing":
		edited[B] = time.Time{}
	case "missing":
		edited = [2]time.Time{}
	}
	p := pairing{cfg: cfg, now: at, link: l}
	for _, side := range Sides {
		fields := contact.Fields{}
		switch s.side[side] {
		case "empty":
			fields["notes"] = contact.Empty
		case "same":
			fields["notes"] = contact.Text(" settled ") // surrounding space is no meaning
		case "changed":
			text := "edited"
			if s.agree == "no" {
				text += " in " + side.String()
			}
			fields["notes"] = contact.Text(text)
		}
		p.rec[side] = &mirror{side: side, id: l.ID[side], version: "1", Fields: fields, Edited: edited[side]}
	}
	return fieldOutcome(t, p.decide(), p.rec)
}

// fieldConfig compiles a connection that maps one field.
func fieldConfig(t *testing.T, s fieldState) *config {
	t.Helper()
	schema := &contact.Schema{Versions: true, Fields: []contact.Field{{Name: "notes", Type: contact.TypeText}, {Name: "email", Type: contact.TypeEmail}}}
	c := &Connection{ID: "c", Mappings: []Mapping{MapFields("notes", "notes")}, Conflict: Policy{Kind: PolicyKind(s.policy)}}
	c.Direction = Direction(s.direction)
	if s.direction == "neither" {
		c.Direction, c.Mappings[0].Direction = AToB, BToA
	}
	if s.winner == "b" {
		c.Conflict.Winner = B
	}
	cfg, bad := compile(c, [2]*contact.Schema{schema, schema})
	require.Empty(t, bad)
	return cfg
}

// fieldOutcome says what was decided, in the words of the table, and checks that it holds together: a write brings
// the other side's value and settles that, and nothing else is settled.
func fieldOutcome(t *testing.T, out *outcome, rec [2]*mirror) string {
	t.Helper()
	var got []string
	for _, s := range Sides {
		w := out.writes[s]
		if w == nil {
			continue
		}
		got = append(got, "write "+s.String())
		want := rec[s.Other()].Fields["notes"]
		if sent := w.patch["notes"].Set; len(w.patch) != 1 || !sent.Equal(want) && !(sent.Blank() && want.Blank()) {
			t.Errorf("write %s: patch %v does not bring the other side's value", s, w.patch)
		}
		if len(w.settle) != 1 || w.settle[0].Mapping != "notes:notes" || w.version != "1" || w.why["notes"].Because == "" {
			t.Errorf("write %s: settles %v, version %q, why %v", s, w.settle, w.version, w.why)
		}
	}
	for _, st := range out.settle {
		if st.Mapping == "notes:notes" {
			got = append(got, "settle")
		}
	}
	if len(out.held) > 0 {
		got = append(got, "hold")
	}
	if got == nil {
		return "nothing"
	}
	return strings.Join(got, ", ")
}

func TestEveryFieldState(t *testing.T) {
	t.Parallel()
	states := fieldStates()
	if want := 2368; len(states) != want {
		t.Errorf("%d states, want %d", len(states), want)
	}
	used := make([]bool, len(fieldTable))
	for _, s := range states {
		rows := []int{}
		for i, r := range fieldTable {
			if r.matches(s) {
				rows = append(rows, i)
				used[i] = true
			}
		}
		if len(rows) != 1 {
			t.Errorf("%v: %d rows match (%v), want exactly one", s, len(rows), rows)
			continue
		}
		r := fieldTable[rows[0]]
		if got := decideField(t, s); got != r.want {
			t.Errorf("%v: %s, want %s: %s", s, got, r.want, r.why)
		}
	}
	for i, u := range used {
		if !u {
			t.Errorf("row %d (%v) matches no state", i+1, fieldTable[i])
		}
	}
}

// TestFieldStatesMirrored: with sides and policy swapped, the decision is swapped.
func TestFieldStatesMirrored(t *testing.T) {
	t.Parallel()
	swap := strings.NewReplacer("a-to-b", "b-to-a", "b-to-a", "a-to-b", "a-later", "b-later", "b-later", "a-later",
		"a-missing", "b-missing", "b-missing", "a-missing", "write a", "write b", "write b", "write a")
	other := map[string]string{"a": "b", "b": "a"}
	for _, s := range fieldStates() {
		mirrored := s
		mirrored.side = [2]string{s.side[B], s.side[A]}
		mirrored.direction, mirrored.times, mirrored.winner = swap.Replace(s.direction), swap.Replace(s.times), other[s.winner]
		if got, want := decideField(t, mirrored), swap.Replace(decideField(t, s)); got != want {
			t.Errorf("%v: %s, want %s as of %v", mirrored, got, want, fmt.Sprint(s))
		}
	}
}
