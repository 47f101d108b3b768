package contactsync

import (
	"fmt"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// Every state of a record of a that has no partner: who bears its key in b and in a, what the rules say, what is read so
// far, what is under way, what a person wants and what the app can do. Each is decided through the planner's one entry,
// and held against DESIGN's section on matching.

// newcomer is one state. There are 311,040: 6 of who bears the key in b, 5 of who else in a, 2 of whether it has a key, 2
// of whether it needs one, 3 of its rule, 2 of b's, 3 of its rule's mode, 3 directions, 4 of which sides were read
// completely, 3 of whose write is not answered, 2 of whether a person wants it created, 2 of whether b takes new records.
type newcomer struct {
	there      int // in b: nobody, one, two, one with a partner, one whose partner was deleted, one that a person parted from it
	here       int // in a beside it: nobody, one before it whom a rule lets in, one before it whom none does, one behind it, a linked one
	keyed      bool
	needsKey   bool
	let        Truth // of its own rule; Unknown: the filter's field was not read
	letThere   bool
	mode       int // create and update, update only, create only
	direction  int
	complete   [2]bool
	open       int // nobody's write is without an answer, its own, that of the one in b
	insisted   bool
	noCreate   bool
	configured *config
}

const (
	nobodyThere = iota
	oneThere
	twoThere
	partneredThere
	survivorThere
	partedThere
	theres
)

const (
	nobodyHere = iota
	letHere
	unletHere
	behindHere
	linkedHere
	heres
)

// eachNewcomer calls each with every state.
func eachNewcomer(t *testing.T, each func(newcomer)) (count int) {
	bools := []bool{false, true}
	for direction := range stateDirections {
		for mode := range 3 {
			for _, needsKey := range bools {
				for _, noCreate := range bools {
					n := newcomer{direction: direction, mode: mode, needsKey: needsKey, noCreate: noCreate}
					n.configured = n.config(t)
					n.each(func(n newcomer) { each(n); count++ })
				}
			}
		}
	}
	return count
}

// each calls each with every state of one configuration.
func (n newcomer) each(each func(newcomer)) {
	for n.there = range theres {
		for n.here = range heres {
			for _, n.let = range []Truth{No, Unknown, Yes} {
				for rest := range 2 * 2 * 4 * 3 * 2 {
					n.keyed, n.letThere, n.insisted = rest&1 != 0, rest&2 != 0, rest&4 != 0
					n.complete, n.open = flags(rest>>3&3), rest>>5
					each(n)
				}
			}
		}
	}
}

func (n newcomer) config(t *testing.T) *config {
	schema := func() *contact.Schema {
		return &contact.Schema{Versions: true, Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail}, {Name: "tags", Type: contact.TypeSet}}}
	}
	there := schema()
	there.NoCreate = n.noCreate
	cfg, bad := compile(&Connection{ID: "c", Direction: stateDirections[n.direction], Mappings: []Mapping{MapFields("email", "email")},
		Match: Match{AllowKeyless: !n.needsKey},
		Rules: []Rule{FilterRule{From: A, Filter: Has("tags", "in"), Mode: []Mode{CreateAndUpdate, UpdateOnly, CreateOnly}[n.mode]},
			FilterRule{From: B, Filter: Has("tags", "in")}}}, [2]*contact.Schema{schema(), there})
	require.Empty(t, bad)
	return cfg
}

// wishful is a shelf on which a person wants a record created.
type wishful struct {
	*shelf
	wanted bool
}

func (d *wishful) insisted(r ref) bool { return d.wanted && r.id == "a5" }

// decide lays the state out, and decides it.
func (n newcomer) decide() *move {
	d := newShelf(n.configured)
	person := func(s Side, id string, in Truth) *mirror {
		m := &mirror{side: s, id: id, version: "1", Fields: contact.Fields{"email": contact.Empty, "tags": contact.Empty}}
		if n.keyed {
			m.Fields["email"] = contact.Text("ann@example.com")
		}
		if in == Yes {
			m.Fields["tags"] = contact.Set("in")
		}
		if in == Unknown {
			delete(m.Fields, "tags")
		}
		return d.put(m)
	}
	r := person(A, "a5", n.let)
	n.fillThere(d, person)
	switch n.here {
	case letHere:
		person(A, "a1", Yes)
	case unletHere:
		person(A, "a1", No)
	case behindHere:
		person(A, "a9", Yes)
	case linkedHere:
		person(A, "a9", Yes)
		d.link(&link{key: "2", ID: [2]string{"a9", "b9"}})
	}
	d.partly = [2]bool{!n.complete[A], !n.complete[B]}
	if n.open > 0 {
		d.sent[[]ref{{}, r.ref(), {B, "b1"}}[n.open]] = true
	}
	pl := &planner{cfg: n.configured, dir: &wishful{d, n.insisted}, now: stateNow}
	return pl.decide(r.ref())
}

func (n newcomer) fillThere(d *shelf, person func(Side, string, Truth) *mirror) {
	if n.there == nobodyThere {
		return
	}
	person(B, "b1", truthOf(n.letThere))
	switch n.there {
	case twoThere:
		person(B, "b2", truthOf(n.letThere))
	case partneredThere, survivorThere:
		d.link(&link{key: "3", ID: [2]string{"a7", "b1"}, Gone: [2]bool{n.there == survivorThere, false}})
	case partedThere:
		d.apart[[2]string{"a5", "b1"}] = true
	}
}

// wantMatch: exactly one candidate on each side, both apps read completely, nothing under way, not parted by a person, and
// a rule lets in at least one of the two. Who was left over by a deletion is free for who is entered anew.
func (n newcomer) wantMatch() bool {
	free := n.there == oneThere || n.there == survivorThere
	let := n.let == Yes && stateDirections[n.direction] != BToA || n.letThere && stateDirections[n.direction] != AToB
	return n.keyed && free && n.here == nobodyHere && n.complete == [2]bool{true, true} && n.open == 0 && let && !n.insisted
}

// wantCreate: a creating rule lets it through, b was read completely and takes it, it has a key if it needs one, and
// nobody bears that key in b, nor anybody in a who comes first. A person may want it whoever bears its key, and without one.
func (n newcomer) wantCreate() bool {
	may := n.let == Yes && n.mode != 1 && stateDirections[n.direction] != BToA && n.open != 1 && !n.noCreate
	alone := !n.keyed || n.there == nobodyThere && (n.here == nobodyHere || n.here == unletHere || n.here == behindHere)
	if n.here == letHere && n.mode == 1 {
		alone = true // the one before it is not created either
	}
	return may && n.complete[B] && (alone && (n.keyed || !n.needsKey) || n.insisted)
}

// TestEveryNewcomer decides every state.
func TestEveryNewcomer(t *testing.T) {
	t.Parallel()
	count := eachNewcomer(t, func(n newcomer) {
		if t.Failed() {
			return
		}
		m := n.decide()
		made, creates := m.made, false
		for _, w := range m.writes {
			creates = creates || w.op == connector.Create && w.side == B && w.id == "a5"
		}
		text := fmt.Sprintf("%+v", n)
		switch {
		case made != n.wantMatch(), made && m.link.ID != [2]string{"a5", "b1"}:
			t.Errorf("%s: it is linked: %v, want %v", text, made, n.wantMatch())
		case made && n.there == survivorThere && m.link.key != "3":
			t.Errorf("%s: the survivor's link is not taken over", text)
		case creates != (n.wantCreate() && !made):
			t.Errorf("%s: it is created: %v, want %v; it stands as %+v", text, creates, n.wantCreate(), m.standing)
		case !made && !creates && (m.standing.Status == "" || m.standing.Reason == "" || m.standing.Message == ""):
			t.Errorf("%s: nobody is told why nothing becomes of it: %+v", text, m.standing)
		case !made && (len(m.writes) > 1 || len(m.writes) == 1 && !creates):
			t.Errorf("%s: it writes %+v", text, m.writes)
		}
	})
	require.Equal(t, 311_040, count)
}
