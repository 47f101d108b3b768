package contactsync

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// asked is a resolver that always takes the same, and notes what it was asked.
type asked struct {
	take Take
	seen *[]Conflict
}

func (r asked) Resolve(c Conflict) Decision {
	*r.seen = append(*r.seen, c)
	return Decision{r.take}
}

// TestResolver: what a host's resolver is asked, and that it is done.
func TestResolver(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		take       Take
		settled    bool
		writes     [2]string
		because    string
		status     string
		wasA, wasB string
	}{
		{TakeA, true, [2]string{"", "stage=one"}, "both changed: the resolver took a", StatusInSync, "old", "OLD"},
		{TakeB, true, [2]string{"stage=two", ""}, "both changed: the resolver took b", StatusInSync, "old", "OLD"},
		{"", true, [2]string{}, "", StatusConflict, "old", "OLD"},
		{"somebody's", true, [2]string{}, "", StatusConflict, "old", "OLD"},
		{TakeB, false, [2]string{"stage=two", ""}, "both changed: the resolver took b", StatusInSync, "(not read)", "(not read)"},
	} {
		var seen []Conflict
		cfg := between(t, Connection{Mappings: []Mapping{MapFields("stage", "stage")}, Conflict: Policy{Winner: A, Resolver: asked{tt.take, &seen}}}, tagged(), tagged())
		l := &link{}
		if tt.settled {
			listed(cfg, l, "stage=old", "stage=OLD")
		}
		out := pair(cfg, l, "stage=one", "stage=two").decide()
		name := fmt.Sprintf("it takes %q, settled %v", tt.take, tt.settled)
		require.Equal(t, tt.writes, [2]string{patched(out.writes[A]), patched(out.writes[B])}, name)
		require.Equal(t, tt.status, out.standing.Status, name)
		require.Equal(t, tt.status == StatusConflict, out.held["stage:stage"] != nil, name)
		for _, w := range out.writes {
			if w != nil {
				require.Equal(t, tt.because, w.why["stage"].Because, name)
			}
		}
		require.Len(t, seen, 1, name)
		c := seen[0]
		require.Equal(t, "stage:stage a1 b1 one two "+tt.wasA+" "+tt.wasB,
			strings.Join([]string{c.Mapping, c.Record[A].ID, c.Record[B].ID, c.Value[A].String(), c.Value[B].String(), c.Settled[A].String(), c.Settled[B].String()}, " "), name)
	}
}

// TestPersonDecides: what a person decided of a conflict is carried out, as far as it means something on both sides.
func TestPersonDecides(t *testing.T) {
	t.Parallel()
	table := ValueTable{Pairs: [][2]string{{"one", "1"}, {"two", "2"}, {"three", "3"}}}
	seen := sides{{contact.Text("one")}, {contact.Text("2")}}
	for _, tt := range []struct {
		name    string
		h       hold
		writes  [2]string
		settled string
		status  string
	}{
		{"a's", hold{Seen: seen, Take: TakeA}, [2]string{"", "stage=1"}, "one | 1", StatusInSync},
		{"b's", hold{Seen: seen, Take: TakeB}, [2]string{"stage=two", ""}, "two | 2", StatusInSync},
		{"a third value", hold{Seen: seen, Value: contact.Text("three")}, [2]string{"stage=three", "stage=3"}, "three | 3 both; three | 3 both", StatusInSync},
		{"a's value", hold{Seen: seen, Value: contact.Text("one")}, [2]string{"", "stage=1"}, "one | 1", StatusInSync},
		{"b's value", hold{Seen: seen, Value: contact.Text("two")}, [2]string{"stage=two", ""}, "two | 2", StatusInSync},
		{"one that means nothing there", hold{Seen: seen, Value: contact.Text("four")}, [2]string{}, "", StatusFailed},
		{"of other values", hold{Seen: sides{{contact.Text("one")}, {contact.Text("3")}}, Take: TakeB}, [2]string{}, "", StatusConflict},
		{"of other values of a", hold{Seen: sides{{contact.Text("two")}, {contact.Text("2")}}, Take: TakeB}, [2]string{}, "", StatusConflict},
		{"nothing yet", hold{Seen: seen}, [2]string{}, "", StatusConflict},
	} {
		cfg := between(t, Connection{Mappings: []Mapping{{A: []string{"stage"}, B: []string{"stage"}, Transform: []Transform{table}}}, Conflict: Policy{Kind: PolicyAsk}}, tagged(), tagged())
		l := &link{}
		listed(cfg, l, "stage=old", "stage=OLD")
		id, began := cfg.mappings[0].id, stateNow.Add(-time.Hour)
		tt.h.Since = began
		l.Held = map[string]*hold{id: &tt.h}
		out := pair(cfg, l, "stage=one", "stage=2").decide()
		var settled []string
		for _, w := range out.writes {
			if w != nil {
				for _, st := range w.settle {
					text := strings.TrimPrefix(described([]settlement{st}), id+": ")
					if st.Both {
						text += " both"
					}
					settled = append(settled, text)
				}
			}
		}
		require.Equal(t, tt.writes, [2]string{patched(out.writes[A]), patched(out.writes[B])}, tt.name)
		require.Equal(t, tt.settled, strings.Join(settled, "; "), tt.name)
		require.Equal(t, tt.status, out.standing.Status, tt.name)
		require.NotNil(t, out.held[id], tt.name)
		h := out.held[id]
		if same := h.sees(seen) && tt.h.sees(seen); same != h.Since.Equal(began) {
			t.Errorf("%s: it is held since %v", tt.name, h.Since)
		}
	}
}

// TestPersonDecidesOfAGroup: a value that both sides show already settles, and writes nothing.
func TestPersonDecidesOfAGroup(t *testing.T) {
	t.Parallel()
	cfg := between(t, Connection{Conflict: Policy{Kind: PolicyAsk}, Mappings: []Mapping{{A: []string{"stage"}, B: []string{"stage"}, Group: "g"}, {A: []string{"score"}, B: []string{"score"}, Group: "g"}}}, tagged(), tagged())
	l := &link{}
	listed(cfg, l, "stage=old score=1", "stage=old score=1")
	four, five := contact.Int(4), contact.Int(5)
	l.Held = map[string]*hold{"stage:stage": {Seen: sides{{contact.Text("x"), four}, {contact.Text("x"), five}}, Value: contact.Text("x")}}
	out := pair(cfg, l, "stage=x score=4", "stage=x score=5").decide()
	require.Equal(t, [2]*write{}, out.writes)
	require.Equal(t, "stage:stage: x | x", described(out.settle))
}

// TestMergedNames: a full name and its parts that were both edited are merged part by part, and the policy decides where
// both changed one part otherwise.
func TestMergedNames(t *testing.T) {
	t.Parallel()
	full := []contact.Field{{Name: "full", Type: contact.TypeText}}
	parts := []contact.Field{{Name: "given", Type: contact.TypeText}, {Name: "family", Type: contact.TypeText}}
	split := []Transform{SplitName{}}
	name := func(s string) contact.Fields { return contact.Fields{"full": contact.Text(s)} }
	cut := func(s string) contact.Fields {
		given, family, _ := strings.Cut(s, "|")
		return contact.Fields{"given": contact.Text(given), "family": contact.Text(family)}
	}
	for _, tt := range []struct {
		name        string
		settled     bool
		full, parts string
		writes      [2]string // to the full name, to the parts
		both        bool
	}{
		{"one part here, the other there", true, "Anna Lee", "Ann|Li", [2]string{"full=Anna Li", "given=Anna"}, true},
		{"the other way around", true, "Ann Li", "Anna|Lee", [2]string{"full=Anna Li", "family=Li"}, true},
		{"one part by both to the same", true, "Anna Li", "Anna|Lee", [2]string{"", "family=Li"}, false},
		{"one part by both to the same, and the other there", true, "Anna Lee", "Anna|Li", [2]string{"full=Anna Li", ""}, false},
		{"one part by both otherwise", true, "Anna Lee", "Annie|Lee", [2]string{"", "given=Anna"}, false},
		{"the family name by both otherwise", true, "Ann Li", "Ann|Low", [2]string{"", "family=Li"}, false},
		{"nothing was settled", false, "Anna Lee", "Ann|Li", [2]string{"", "family=Lee given=Anna"}, false},
		{"the parts were emptied", true, "Anna Lee", "|", [2]string{"", "family=Lee given=Anna"}, false},
		{"the full name was emptied", true, "", "Anna|Lee", [2]string{"full=Anna Lee", ""}, false},
	} {
		for _, side := range Sides { // on which the full name is
			m, schemas := Mapping{A: []string{"full"}, B: []string{"given", "family"}, Transform: split}, [2][]contact.Field{full, parts}
			if side == B {
				m.A, m.B = m.B, m.A
				schemas[A], schemas[B] = parts, full
			}
			cfg := between(t, Connection{Mappings: []Mapping{m}, Conflict: Policy{Winner: side}, Match: Match{Keys: []MatchKey{}, AllowKeyless: true}}, schemas[A], schemas[B])
			var was, now [2]contact.Fields
			was[side], was[side.Other()], now[side], now[side.Other()] = name("Ann Lee"), cut("Ann|Lee"), name(tt.full), cut(tt.parts)
			l := &link{key: "1", ID: [2]string{"a1", "b1"}, Decided: true, Cells: map[string]*cell{}}
			if tt.settled {
				l.Cells[cfg.mappings[0].id] = &cell{Val: sides{cfg.mappings[0].get(nil, A, was[A], nil), cfg.mappings[0].get(nil, B, was[B], nil)}}
			}
			p := &pairing{cfg: cfg, now: stateNow, link: l}
			for _, s := range Sides {
				p.rec[s] = &mirror{side: s, id: l.ID[s], version: "1", Fields: now[s]}
			}
			out := p.decide()
			got := [2]string{patched(out.writes[side]), patched(out.writes[side.Other()])}
			if diff := cmp.Diff(tt.writes, got); diff != "" {
				t.Errorf("%s, the full name in %s (-want +got):\n%s", tt.name, side, diff)
			}
			for _, w := range out.writes {
				if w != nil && (len(w.settle) != 1 || w.settle[0].Both != tt.both) {
					t.Errorf("%s, the full name in %s: settles %+v", tt.name, side, w.settle)
				}
			}
			require.Equal(t, [2]bool{tt.settled, tt.settled}, out.changed, tt.name)
		}
	}
}

// TestWhatIsLost: what was overwritten is noted where it was an edit, or stood there when the two met.
func TestWhatIsLost(t *testing.T) {
	t.Parallel()
	const none = "nothing was settled"
	for _, tt := range []struct {
		name       string
		wasA, wasB string
		a, b       string
		lost       string
	}{
		{"only a changed", "stage=x", "stage=x", "stage=y", "stage=x", "(not read)"},
		{"both changed", "stage=x", "stage=x", "stage=y", "stage=z", "z"},
		{"b was emptied", "stage=x", "stage=x", "stage=y", "", "(not read)"},
		{"they meet", none, "", "stage=y", "stage=z", "z"},
		{"they meet, and b has nothing", none, "", "stage=y", "", "(not read)"},
		{"what b had been given was cut short", "stage=xyz", "stage=xy", "stage=y", "stage=xy", "(not read)"},
	} {
		cfg := between(t, Connection{Mappings: []Mapping{MapFields("stage", "stage")}}, tagged(), tagged())
		l := &link{}
		if tt.wasA != none {
			listed(cfg, l, tt.wasA, tt.wasB)
		}
		out := pair(cfg, l, tt.a, tt.b).decide()
		require.Equal(t, "stage=y", patched(out.writes[B]), tt.name)
		require.Equal(t, tt.lost, out.writes[B].why["stage"].Lost.String(), tt.name)
	}
}

// TestEditTimes: an edit was made when the app says, at the read that first showed it; of several fields the last counts.
func TestEditTimes(t *testing.T) {
	t.Parallel()
	at := func(hours int) time.Time { return stateNow.Add(time.Duration(hours) * time.Hour) }
	cfg := between(t, Connection{Mappings: []Mapping{{A: []string{"stage"}, B: []string{"stage"}, Group: "g"}, {A: []string{"score"}, B: []string{"score"}, Group: "g"}}}, tagged(), tagged())
	p := pair(cfg, &link{}, "stage=x", "stage=y")
	p.rec[A].Edited, p.rec[A].Edits = at(1), map[string]time.Time{"stage": at(3), "score": at(2)}
	p.rec[B].Edited, p.rec[B].Edits = at(9), map[string]time.Time{"stage": at(4), "score": at(5), "email": at(8)}
	views := []shown{p.look(cfg.mappings[0]), p.look(cfg.mappings[1])}
	require.Equal(t, [2]time.Time{at(3), at(5)}, p.edited(views))
	delete(p.rec[B].Edits, "score")
	require.Equal(t, [2]time.Time{at(3), at(4)}, p.edited(views))
	delete(p.rec[B].Edits, "stage")
	require.Equal(t, [2]time.Time{at(3), at(9)}, p.edited(views))
	p.rec[B].Edits["stage"] = time.Time{}
	require.Equal(t, [2]time.Time{at(3), {}}, p.edited(views))
}

// TestLastEdit: a record is as old as its last edit, and what a write brought as old as what it brings; an edit of which the app
// tells no time may be later than all others.
func TestLastEdit(t *testing.T) {
	t.Parallel()
	at := func(hours int) time.Time { return stateNow.Add(time.Duration(hours) * time.Hour) }
	for _, tt := range []struct {
		source mirror
		old    time.Time
		want   time.Time
	}{
		{mirror{Edited: at(2)}, time.Time{}, at(2)},
		{mirror{Edited: at(2)}, at(1), at(2)},
		{mirror{Edited: at(2)}, at(3), at(3)},
		{mirror{Edited: at(2), Edits: map[string]time.Time{"x": at(5), "y": at(4)}}, at(3), at(5)},
		{mirror{Edited: at(6), Edits: map[string]time.Time{"x": at(5)}}, at(3), at(6)},
		{mirror{Edited: at(2), Edits: map[string]time.Time{"x": at(5), "y": {}}}, at(3), time.Time{}},
		{mirror{}, at(3), time.Time{}},
	} {
		m := mirror{Edited: tt.old}
		m.bring(&tt.source)
		require.Equal(t, tt.want, m.Edited, "%+v", tt.source)
	}
}

// TestPreference: who wins by each policy, at whatever times.
func TestPreference(t *testing.T) {
	t.Parallel()
	early, late, never := stateNow, stateNow.Add(time.Second), time.Time{}
	for _, tt := range []struct {
		policy Policy
		edited [2]time.Time
		want   string
		words  string
	}{
		{Policy{}, [2]time.Time{early, late}, "a", "a wins"},
		{Policy{Winner: B}, [2]time.Time{late, early}, "b", "b wins"},
		{Policy{Kind: PolicyWinner, Winner: B}, [2]time.Time{late, early}, "b", "b wins"},
		{Policy{Kind: PolicyAsk, Winner: B}, [2]time.Time{late, early}, "", "a person decides"},
		{Policy{Kind: PolicyNewest, Winner: B}, [2]time.Time{late, early}, "a", "newest wins"},
		{Policy{Kind: PolicyNewest}, [2]time.Time{early, late}, "b", "newest wins"},
		{Policy{Kind: PolicyNewest, Winner: B}, [2]time.Time{late, never}, "b", "newest wins"},
		{Policy{Kind: PolicyNewest}, [2]time.Time{never, late}, "a", "newest wins"},
		{Policy{Kind: PolicyNewest, Winner: B}, [2]time.Time{late, late.In(time.FixedZone("", 3600))}, "b", "newest wins"},
		{Policy{Kind: PolicyNewest}, [2]time.Time{late, late}, "a", "newest wins"},
	} {
		winner, ok := tt.policy.prefer(tt.edited)
		got := ""
		if ok {
			got = winner.String()
		}
		if got != tt.want || tt.policy.String() != tt.words {
			t.Errorf("%+v at %v: %q wins, want %q; in words %q", tt.policy, tt.edited, got, tt.want, tt.policy)
		}
	}
	bad := &faults{}
	(&Policy{Winner: 2}).check("conflict", bad)
	(&Policy{Kind: "luck", Winner: B}).check("conflict", bad)
	require.Len(t, bad.list, 2)
	require.Equal(t, []string{"conflict.winner", "conflict.policy"}, []string{bad.list[0].Path, bad.list[1].Path})
}
