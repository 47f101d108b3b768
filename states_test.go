package contactsync

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// Every state of a linked pair with one mapped field, of what was settled of it, of what is configured, of what the apps
// can do and of what the guards say: the product of
//
//	16  presence, of each record: there, deleted (the app said so), missing (a full listing did not show it), or gone and
//	    that was settled
//	37  the field: nothing settled, blank or a value settled; each side not read, empty, as it was settled, or changed;
//	    two changed ones to one meaning or to two
//	 4  the rules let through both, one or neither
//	 2  the guards hold deletions and clears, or not
//	 3  direction
//	 3  deletion policy
//	 5  conflict policy: a wins, b wins, the newer one (of a, of b), a person
//	16  what each app cannot do: update, delete
//
// is 3,409,920 states. Each is decided through the planner's one entry, as a sync does, and its decision must be the one
// that DESIGN's words lead to (states_laws_test.go). Where one dimension cannot matter, as a deletion policy while nobody
// is gone, that it does not is a part of what is checked. Other products are elsewhere: what becomes of a record without a
// partner in newcomers_test.go, absent times and the directions of mappings in exhaustive_test.go, rules that a record
// left before it was deleted in records_table_test.go.

const (
	there = iota
	deletedThere
	missingThere
	severedThere
	presences
)

// What a side shows of the field.
const (
	unread = iota
	empty
	same
	changed
)

// What was settled of the field.
const (
	settledNothing = iota
	settledBlank
	settledValue
)

// fieldCase is one state of the field.
type fieldCase struct {
	base  int
	kind  [2]int
	agree bool
}

func (f fieldCase) mirror() fieldCase {
	return fieldCase{f.base, [2]int{f.kind[B], f.kind[A]}, f.agree}
}

// differs reports whether side s differs from what was settled; of nothing settled, whether it has something.
func (f fieldCase) differs(s Side) bool {
	return f.kind[s] == changed || f.base == settledValue && f.kind[s] == empty
}

// fieldCases are all of them, and where the mirror image of each is.
var fieldCases, fieldMirrors = func() (all []fieldCase, mirrors []int) {
	for base := range settledValue + 1 {
		for a := range changed + 1 {
			for b := range changed + 1 {
				if base != settledValue && (a == same || b == same) {
					continue // with nothing settled nothing is the same, and blank is as it was settled when it is empty
				}
				all = append(all, fieldCase{base, [2]int{a, b}, false})
				if a == changed && b == changed {
					all = append(all, fieldCase{base, [2]int{a, b}, true})
				}
			}
		}
	}
	for _, f := range all {
		for i, g := range all {
			if f.mirror() == g {
				mirrors = append(mirrors, i)
			}
		}
	}
	return all, mirrors
}()

// pairState is one state.
type pairState struct {
	is        [2]int // presence
	field     int    // index of fieldCases
	let       [2]bool
	held      bool
	direction int // two-way, a-to-b, b-to-a
	deletion  int // keep, mark, delete
	policy    int // a wins, b wins, newer is a, newer is b, a person
	noUpdate  [2]bool
	noDelete  [2]bool
}

var (
	stateDirections = []Direction{TwoWay, AToB, BToA}
	stateDeletions  = []Deletion{DeletionKeep, DeletionMark, DeletionDelete}
	statePolicies   = []string{"a wins", "b wins", "a is newer", "b is newer", "a person decides"}
)

const (
	inConfig  = 3 * 3 * 5 * 16
	stateSize = presences * presences * 37 * 4 * 2
	allStates = inConfig * stateSize
)

// flags returns bits as booleans.
func flags(bits int) [2]bool { return [2]bool{bits&1 != 0, bits&2 != 0} }

func bits(f [2]bool) (n int) {
	for _, s := range Sides {
		if f[s] {
			n |= 1 << s
		}
	}
	return n
}

// stateOf is the inverse of number.
func stateOf(n int) (s pairState) {
	digit := func(base int) int {
		d := n % base
		n /= base
		return d
	}
	s.is = [2]int{digit(presences), digit(presences)}
	s.field, s.let, s.held = digit(37), flags(digit(4)), digit(2) == 1
	s.direction, s.deletion, s.policy = digit(3), digit(3), digit(5)
	s.noUpdate, s.noDelete = flags(digit(4)), flags(digit(4))
	return s
}

func (s pairState) number() int {
	n, unit := 0, 1
	digit := func(d, base int) { n, unit = n+d*unit, unit*base }
	digit(s.is[A], presences)
	digit(s.is[B], presences)
	digit(s.field, 37)
	digit(bits(s.let), 4)
	digit(bits([2]bool{s.held}), 2)
	digit(s.direction, 3)
	digit(s.deletion, 3)
	digit(s.policy, 5)
	digit(bits(s.noUpdate), 4)
	digit(bits(s.noDelete), 4)
	return n
}

// mirror returns the state with the sides swapped, and everything that names one.
func (s pairState) mirror() pairState {
	swap := func(f [2]bool) [2]bool { return [2]bool{f[B], f[A]} }
	s.is = [2]int{s.is[B], s.is[A]}
	s.field, s.let = fieldMirrors[s.field], swap(s.let)
	s.direction, s.policy = []int{0, 2, 1}[s.direction], []int{1, 0, 3, 2, 4}[s.policy]
	s.noUpdate, s.noDelete = swap(s.noUpdate), swap(s.noDelete)
	return s
}

func (s pairState) String() string {
	f := fieldCases[s.field]
	word := func(n int, words ...string) string { return words[n] }
	text := fmt.Sprintf("settled %s;", word(f.base, "nothing", "blank", "a value"))
	for _, side := range Sides {
		text += fmt.Sprintf(" %s %s, %s, let %v, no update %v, no delete %v;", side, word(s.is[side], "there", "deleted", "missing", "severed"),
			word(f.kind[side], "unread", "empty", "same", "changed"), s.let[side], s.noUpdate[side], s.noDelete[side])
	}
	return fmt.Sprintf("%s agree %v, held %v, %s, %s, %s", text, f.agree, s.held, stateDirections[s.direction], stateDeletions[s.deletion], statePolicies[s.policy])
}

// config compiles what is configured in the state.
func (s pairState) config(t testing.TB) *config {
	var schemas [2]*contact.Schema
	for _, side := range Sides {
		schemas[side] = &contact.Schema{Versions: true, NoUpdate: s.noUpdate[side], NoDelete: s.noDelete[side], Fields: []contact.Field{
			{Name: "email", Type: contact.TypeEmail}, {Name: "notes", Type: contact.TypeText}, {Name: "tags", Type: contact.TypeSet}}}
	}
	gone := []Action{Add("tags", "gone")}
	c := &Connection{ID: "c", Direction: stateDirections[s.direction], Mappings: []Mapping{MapFields("notes", "notes")},
		Rules:     []Rule{FilterRule{From: A, Filter: Has("tags", "in")}, FilterRule{From: B, Filter: Has("tags", "in")}},
		Deletions: Deletions{FromA: stateDeletions[s.deletion], FromB: stateDeletions[s.deletion], Mark: MarkActions{A: gone, B: gone}},
		Conflict:  [5]Policy{{}, {Winner: B}, {Kind: PolicyNewest}, {Kind: PolicyNewest, Winner: B}, {Kind: PolicyAsk}}[s.policy]}
	// Of newest the winner is the side that is not newer, so that it cannot be taken for it.
	if s.policy == 2 || s.policy == 3 {
		c.Conflict.Winner = Side(3 - s.policy)
	}
	cfg, bad := compile(c, schemas)
	require.Empty(t, bad)
	return cfg
}

var stateNow = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// pairWorld is a state, laid out for the planner.
type pairWorld struct {
	shelf *shelf
	link  *link
	rec   [2]*mirror
	plan  planner
}

// text is what side s shows in the field.
func (f fieldCase) text(s Side) contact.Value {
	switch f.kind[s] {
	case empty:
		return contact.Empty
	case same:
		return contact.Text("settled")
	case changed:
		if f.agree {
			return contact.Text("edited")
		}
		return contact.Text([2]string{"edited in a", "edited in b"}[s])
	}
	return contact.Value{}
}

func (s pairState) world(cfg *config) *pairWorld {
	f := fieldCases[s.field]
	w := &pairWorld{shelf: newShelf(cfg)}
	w.link = &link{key: "1", ID: [2]string{"a1", "b1"}, Decided: true, Let: s.let, Touch: [2]string{"1", "1"}}
	switch f.base {
	case settledBlank:
		w.link.Cells = map[string]*cell{"notes:notes": {Val: sides{{contact.Empty}, {contact.Empty}}}}
	case settledValue:
		w.link.Cells = map[string]*cell{"notes:notes": {Val: sides{{contact.Text("settled")}, {contact.Text("settled")}}}}
	}
	w.shelf.link(w.link)
	for _, side := range Sides {
		m := &mirror{side: side, id: w.link.ID[side], version: "1", Fields: contact.Fields{"email": contact.Text("ann@example.com"), "tags": contact.Empty}, Edited: stateNow}
		if s.let[side] {
			m.Fields["tags"] = contact.Set("in")
		}
		if v := f.text(side); !v.Absent() {
			m.Fields["notes"] = v
		}
		if f.differs(side) {
			m.version = "2"
		}
		if s.policy == 2+int(side) {
			m.Edited = stateNow.Add(time.Second)
		}
		switch s.is[side] {
		case deletedThere, severedThere:
			m.Gone = deleted
		case missingThere:
			m.Gone = missing
		}
		w.link.Gone[side] = s.is[side] == severedThere
		w.rec[side] = m
		w.shelf.mirrors[m.ref()] = m // nobody else is there to share its key with
	}
	w.plan = planner{cfg: cfg, dir: w.shelf, now: stateNow, gate: gate{deletes: s.held, clears: s.held}}
	return w
}

// decision is what was decided, in a form that can be kept and compared.
type decision32 struct {
	op      [2]byte // of the write to each side: 0 is none
	settle  bool
	ask     bool
	severed [2]bool
	forget  bool
	waits   int
	status  string
	reason  string
}

// The writes of a decision.
const (
	noWrite = iota
	writeValue
	writeBlank
	writeMark
	writeDelete
)

func (d decision32) mirror() decision32 {
	d.op, d.severed = [2]byte{d.op[B], d.op[A]}, [2]bool{d.severed[B], d.severed[A]}
	return d
}

func decisionOf(m *move) (d decision32) {
	d.forget, d.severed, d.waits, d.ask = m.forget, m.severed, len(m.waits), len(m.held) > 0
	d.settle, d.status, d.reason = len(m.settle) > 0, m.standing.Status, m.standing.Reason
	for _, w := range m.writes {
		switch {
		case w.op == connector.Delete:
			d.op[w.side] = writeDelete
		case w.mark:
			d.op[w.side] = writeMark
		case w.patch["notes"].Set.Blank():
			d.op[w.side] = writeBlank
		default:
			d.op[w.side] = writeValue
		}
	}
	return d
}

// TestEveryPairState decides every state, and holds each decision against what DESIGN says. Sides and policies swapped,
// the decision is swapped.
func TestEveryPairState(t *testing.T) {
	t.Parallel()
	require.Len(t, fieldCases, 37)
	if got := stateOf(allStates - 1).number(); got != allStates-1 {
		t.Fatalf("state %d is numbered %d", allStates-1, got)
	}
	start := time.Now()
	// Under the race detector, which finds nothing in code that shares nothing, the rest would take too long.
	step, stride := 1, 1
	if RaceDetector {
		step = 16
	}
	if testing.Short() {
		stride = 53
	}
	seen := make([]decision32, allStates)
	eachConfig(t, step, func(cfg *config, first int) {
		for n := first + first/stateSize%stride; n < first+stateSize && !t.Failed(); n += stride {
			s := stateOf(n)
			seen[n] = checkPair(t, s, cfg)
		}
	})
	for n := range seen {
		if m := stateOf(n).mirror().number(); step*stride == 1 && !t.Failed() && seen[m] != seen[n].mirror() {
			t.Errorf("%v:\n%+v, but mirrored\n%+v", stateOf(n), seen[n], seen[m])
			break
		}
	}
	t.Logf("%d states in %.1fs", allStates/step/stride, time.Since(start).Seconds())
}

// eachConfig calls each for every configuration, with the first of its states, on all processors. It stops at the first that
// fails.
func eachConfig(t *testing.T, step int, each func(cfg *config, first int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				each(stateOf(i*stateSize).config(t), i*stateSize)
			}
		})
	}
	for i := 0; i < inConfig && !t.Failed(); i += step {
		next <- i
	}
	close(next)
	wg.Wait()
}
