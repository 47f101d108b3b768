package contactsync

import (
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// What becomes of a linked pair, in every state of its two records, under every deletion policy and direction. As for
// fields, the table is written by hand and the states are enumerated and decided by the real code.

// recordState is one state of a pair.
type recordState struct {
	// side is, for each: "same", "changed" (a field was edited), "left" (its rule no longer lets it through, and nobody
	// edited it), "deleted", "left-deleted" (it had left before it was deleted), "severed" (it was deleted and that was settled).
	side      [2]string
	from      [2]string // the deletion policy for what was deleted on that side: "keep", "mark", "delete"
	direction string
}

func (s recordState) String() string {
	return strings.Join([]string{s.side[A], s.side[B], s.from[A], s.from[B], s.direction}, " ")
}

// recordRow says what becomes of the states that it matches; alternatives are joined by a bar, * matches anything.
type recordRow struct {
	a, b, fromA, fromB, direction string
	// want is "nothing", "write a", "write b", "sever" (the survivor stays and is not linked to anybody new by itself),
	// "mark a", "mark b", "delete a", "delete b", "forget".
	want string
	why  string
}

var recordTable = []recordRow{
	{"deleted|left-deleted|severed", "deleted|left-deleted|severed", "*", "*", "*", "forget", "nobody is left"},

	// Both are there. A rule gates its own direction.
	{"same|left", "same|left", "*", "*", "*", "nothing", "nobody edited; leaving a rule is never a deletion"},
	{"changed", "same|left", "*", "*", "two-way|a-to-b", "write b", "a's edit flows, whether or not b's rule lets b through"},
	{"changed", "same|left", "*", "*", "b-to-a", "nothing", "nothing flows from a"},
	{"same|left", "changed", "*", "*", "two-way|b-to-a", "write a", "b's edit flows, whether or not a's rule lets a through"},
	{"same|left", "changed", "*", "*", "a-to-b", "nothing", "nothing flows from b"},
	{"changed", "changed", "*", "*", "two-way|a-to-b", "write b", "a wins"},
	{"changed", "changed", "*", "*", "b-to-a", "write a", "only b may flow"},

	// One is gone, and the other was not touched since it was settled.
	{"deleted", "same|left", "keep", "*", "*", "sever", "the policy keeps b"},
	{"deleted", "same|left", "mark", "*", "two-way|a-to-b", "mark b", "the policy marks b"},
	{"deleted", "same|left", "delete", "*", "two-way|a-to-b", "delete b", "the policy deletes b, though it left its own rule: that gates what flows from b"},
	{"deleted", "same|left", "mark|delete", "*", "b-to-a", "sever", "nothing flows from a, deletions neither"},
	{"same|left", "deleted", "*", "keep", "*", "sever", "the policy keeps a"},
	{"same|left", "deleted", "*", "mark", "two-way|b-to-a", "mark a", "the policy marks a"},
	{"same|left", "deleted", "*", "delete", "two-way|b-to-a", "delete a", "the policy deletes a"},
	{"same|left", "deleted", "*", "mark|delete", "a-to-b", "sever", "nothing flows from b, deletions neither"},

	// The deleted one was not let through when last seen.
	{"left-deleted", "same|changed|left", "*", "*", "*", "sever", "a deletion flows only if a rule had let the record through"},
	{"same|changed|left", "left-deleted", "*", "*", "*", "sever", "a deletion flows only if a rule had let the record through"},

	// A survivor waits for a user to enter the person anew, whatever the policy is by now.
	{"severed", "same|changed|left", "*", "*", "*", "nothing", "its deletion was settled"},
	{"same|changed|left", "severed", "*", "*", "*", "nothing", "its deletion was settled"},

	// Deleted here and edited there.
	{"deleted", "changed", "*", "*", "*", "sever", "an edited survivor stays, whatever the policy"},
	{"changed", "deleted", "*", "*", "*", "sever", "an edited survivor stays, whatever the policy"},
}

func (r recordRow) matches(s recordState) bool {
	fits := func(pattern, value string) bool {
		return pattern == "*" || slices.Contains(strings.Split(pattern, "|"), value)
	}
	return fits(r.a, s.side[A]) && fits(r.b, s.side[B]) && fits(r.fromA, s.from[A]) && fits(r.fromB, s.from[B]) && fits(r.direction, s.direction)
}

func recordStates() (all []recordState) {
	kinds, policies := []string{"same", "changed", "left", "deleted", "left-deleted", "severed"}, []string{"keep", "mark", "delete"}
	for _, a := range kinds {
		for _, b := range kinds {
			for _, fromA := range policies {
				for _, fromB := range policies {
					for _, direction := range []string{"two-way", "a-to-b", "b-to-a"} {
						all = append(all, recordState{[2]string{a, b}, [2]string{fromA, fromB}, direction})
					}
				}
			}
		}
	}
	return all
}

// shelf is a directory of a few records in memory.
type shelf struct {
	mirrors map[ref]*mirror
	links   map[ref]*link
	apart   map[[2]string]bool
	sent    map[ref]bool   // an unanswered write concerns the record
	again   map[ref]bool   // a creation from it is sent again
	deleted [2][]time.Time // when we deleted who bore any key
	partly  [2]bool        // the side was not yet read completely
	cfg     *config
}

func (d *shelf) record(r ref) *mirror {
	if m := d.mirrors[r]; m.alive() {
		return m
	}
	return nil
}
func (d *shelf) last(r ref) *mirror                    { return d.mirrors[r] }
func (d *shelf) linkOf(r ref) *link                    { return d.links[r] }
func (d *shelf) separated(a, b string) bool            { return d.apart[[2]string{a, b}] }
func (d *shelf) open(r ref) bool                       { return d.sent[r] }
func (d *shelf) repeats(r ref) bool                    { return d.again[r] }
func (d *shelf) insisted(ref) bool                     { return false }
func (d *shelf) complete(s Side) bool                  { return !d.partly[s] }
func (d *shelf) graves(s Side, k matchKey) []time.Time { return d.deleted[s] }

func (d *shelf) bearing(s Side, k matchKey) iter.Seq[*mirror] {
	var found []*mirror
	for _, m := range d.mirrors {
		if m.side == s && m.alive() && slices.Contains(d.cfg.index(m), k) {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(x, y *mirror) int { return strings.Compare(x.id, y.id) })
	return slices.Values(found)
}

// put puts a record on the shelf, to be found by its keys.
func (d *shelf) put(m *mirror) *mirror {
	d.cfg.identify(m)
	d.mirrors[m.ref()] = m
	return m
}

func (d *shelf) link(l *link) {
	for _, s := range Sides {
		d.links[ref{s, l.ID[s]}] = l
	}
}

func newShelf(cfg *config) *shelf {
	return &shelf{mirrors: map[ref]*mirror{}, links: map[ref]*link{}, apart: map[[2]string]bool{}, sent: map[ref]bool{}, cfg: cfg}
}

// decideRecords lets the real code decide a state, and says what came out in the words of the table.
func decideRecords(t *testing.T, s recordState) string {
	t.Helper()
	schema := &contact.Schema{Versions: true, Fields: []contact.Field{
		{Name: "email", Type: contact.TypeEmail}, {Name: "notes", Type: contact.TypeText}, {Name: "tags", Type: contact.TypeSet}}}
	gone := []Action{Add("tags", "gone")}
	cfg, bad := compile(&Connection{
		ID: "c", Direction: Direction(s.direction), Mappings: []Mapping{MapFields("email", "email"), MapFields("notes", "notes")},
		Rules:     []Rule{FilterRule{From: A, Filter: Has("tags", "in")}, FilterRule{From: B, Filter: Has("tags", "in")}},
		Deletions: Deletions{FromA: Deletion(s.from[A]), FromB: Deletion(s.from[B]), Mark: MarkActions{A: gone, B: gone}},
	}, [2]*contact.Schema{schema, schema})
	require.Empty(t, bad)
	d := newShelf(cfg)
	settled := func(v contact.Value) *cell { return &cell{Val: [2][]contact.Value{{v}, {v}}} }
	email := contact.Text("ann@example.com")
	l := &link{key: "1", ID: [2]string{"a1", "b1"}, Decided: true, Let: [2]bool{true, true},
		Cells: map[string]*cell{"email:email": settled(email), "notes:notes": settled(contact.Text("old"))}}
	d.link(l)
	for _, side := range Sides {
		m := &mirror{side: side, id: l.ID[side], version: "1", Fields: contact.Fields{"email": email, "notes": contact.Text("old"), "tags": contact.Set("in")}}
		l.Touch[side] = "1"
		switch s.side[side] {
		case "changed":
			m.version, m.Fields["notes"] = "2", contact.Text("new in "+side.String())
		case "left":
			m.Fields["tags"] = contact.Empty
		case "deleted":
			m.Gone = deleted
		case "severed":
			m.Gone, l.Gone[side] = deleted, true
		case "left-deleted":
			m.Gone, m.Fields["tags"] = deleted, contact.Empty
			l.Let[side] = false
		}
		d.put(m)
	}
	pl := &planner{cfg: cfg, dir: d, now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)}
	return recordOutcome(t, pl.decide(ref{A, "a1"}), d)
}

// recordOutcome says what was decided, in the words of the table, and checks that a deletion bears the version.
func recordOutcome(t *testing.T, m *move, d *shelf) string {
	t.Helper()
	if m.forget {
		return "forget"
	}
	var got []string
	for _, w := range m.writes {
		word := map[connector.Op]string{connector.Update: "write ", connector.Delete: "delete "}[w.op]
		if w.mark {
			word = "mark "
			if diff := cmp.Diff(contact.Patch{"tags": {Add: []contact.Entry{{Value: contact.Text("gone")}}}}, w.patch); diff != "" {
				t.Error(diff)
			}
		}
		if w.version != d.mirrors[ref{w.side, w.id}].version {
			t.Errorf("%s: version %q", word, w.version)
		}
		got = append(got, word+w.side.String())
	}
	for _, s := range Sides {
		if m.severed[s] && len(m.writes) == 0 {
			got = append(got, "sever")
		}
	}
	if got == nil {
		return "nothing"
	}
	return strings.Join(got, ", ")
}

func TestEveryRecordState(t *testing.T) {
	t.Parallel()
	states := recordStates()
	if want := 972; len(states) != want {
		t.Errorf("%d states, want %d", len(states), want)
	}
	used := make([]bool, len(recordTable))
	for _, s := range states {
		rows := []int{}
		for i, r := range recordTable {
			if r.matches(s) {
				rows = append(rows, i)
				used[i] = true
			}
		}
		if len(rows) != 1 {
			t.Errorf("%v: %d rows match (%v), want exactly one", s, len(rows), rows)
			continue
		}
		r := recordTable[rows[0]]
		if got := decideRecords(t, s); got != r.want {
			t.Errorf("%v: %s, want %s: %s", s, got, r.want, r.why)
		}
	}
	for i, u := range used {
		if !u {
			t.Errorf("row %d (%v) matches no state", i+1, recordTable[i])
		}
	}
}

// TestRecordStatesMirrored: with sides and policies swapped, the decision is swapped. Of two edits a wins, so those
// states have no mirror here.
func TestRecordStatesMirrored(t *testing.T) {
	t.Parallel()
	swap := strings.NewReplacer("a-to-b", "b-to-a", "b-to-a", "a-to-b", "write a", "write b", "write b", "write a",
		"mark a", "mark b", "mark b", "mark a", "delete a", "delete b", "delete b", "delete a")
	for _, s := range recordStates() {
		if s.side == [2]string{"changed", "changed"} {
			continue
		}
		mirrored := recordState{[2]string{s.side[B], s.side[A]}, [2]string{s.from[B], s.from[A]}, swap.Replace(s.direction)}
		if got, want := decideRecords(t, mirrored), swap.Replace(decideRecords(t, s)); got != want {
			t.Errorf("%v: %s, want %s", mirrored, got, want)
		}
	}
}
