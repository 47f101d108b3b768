package contactsync

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// listed settles the lists of both sides as they were at that time, in the words of [spelled].
func listed(cfg *config, l *link, a, b string) {
	l.Cells = map[string]*cell{}
	was := [2]contact.Fields{spelled(cfg.schema[A], a), spelled(cfg.schema[B], b)}
	for _, m := range cfg.mappings {
		c := &cell{}
		for _, s := range Sides {
			c.Val[s] = m.get(nil, s, was[s], nil)
		}
		l.Cells[m.id] = c
	}
}

// TestLists: what becomes of two lists, beside the states of one entry ([TestEveryElementState]).
func TestLists(t *testing.T) {
	t.Parallel()
	const none = "nothing was settled"
	winner, newest, ask := func(s Side) *Policy { return &Policy{Winner: s} }, &Policy{Kind: PolicyNewest, Winner: A}, &Policy{Kind: PolicyAsk, Winner: B}
	phones := Mapping{A: []string{"phones"}, B: []string{"phones"}}
	tags := Mapping{A: []string{"tags"}, B: []string{"tags"}}
	with := func(m Mapping, change func(*Mapping)) Mapping { change(&m); return m }
	by := func(p *Policy) Mapping { return with(phones, func(m *Mapping) { m.Conflict = p }) }
	table := with(tags, func(m *Mapping) {
		m.Transform = []Transform{ValueTable{Pairs: [][2]string{{"eins", "1"}, {"zwei", "2"}, {"1", "one"}}}}
	})
	aToB := with(phones, func(m *Mapping) { m.Direction = AToB })
	kept := with(phones, func(m *Mapping) { m.OnClear = OnClearKeep })
	toSet, fromSet := Mapping{A: []string{"phones"}, B: []string{"tags"}}, Mapping{A: []string{"tags"}, B: []string{"phones"}}
	later := func(p *pairing) {
		p.rec[B].Edits = map[string]time.Time{"phones": stateNow}
		p.rec[A].Edits = map[string]time.Time{"phones": stateNow.Add(-time.Hour)}
	}
	held := func(p *pairing) { p.gate.clears = true }
	for _, tt := range []struct {
		name       string
		m          Mapping
		wasA, wasB string
		a, b       string
		change     func(*pairing)
		writes     [2]string
		status     string
	}{
		{"one side was not read", tags, none, "", "tags=1", "tags?", nil, [2]string{}, StatusInSync},
		{"the other was not read", tags, none, "", "tags?", "tags=1", nil, [2]string{}, StatusInSync},
		{"edited, and the other was not read", tags, "tags=1", "tags=1", "tags=1,2", "tags?", nil, [2]string{}, StatusInSync},
		{"two meet", tags, none, "", "tags=1,2", "tags=2,3", nil, [2]string{"tags+3", "tags+1"}, StatusInSync},
		{"two meet and hold the same", tags, none, "", "tags=1,2", "tags=1,2", nil, [2]string{}, StatusInSync},

		{"by what they mean", table, none, "", "tags=eins", "tags=1", nil, [2]string{}, StatusInSync},
		{"and not by how they are spelled", table, none, "", "tags=1", "tags=1", nil, [2]string{"tags+eins", "tags+one"}, StatusInSync},
		{"there and back", table, "tags=eins", "tags=1", "tags=eins,zwei", "tags=1,one", nil, [2]string{"tags+1", "tags+2"}, StatusInSync},
		{"one means nothing there", table, "tags=eins", "tags=1", "tags=eins,drei,zwei", "tags=1", nil, [2]string{"", "tags+2"}, StatusFailed},
		{"one means nothing here", table, "tags=eins", "tags=1", "tags=eins,zwei", "tags=1,3", nil, [2]string{"", "tags+2"}, StatusFailed},
		{"removed by what it means", table, "tags=eins,zwei", "tags=1,2", "tags=eins", "tags=1,2", nil, [2]string{"", "tags-2"}, StatusInSync},

		{"the last one goes", phones, "phones=1", "phones=1", "", "phones=1", held, [2]string{}, StatusPending},
		{"the last one goes, and one comes", phones, "phones=1", "phones=1", "phones=2", "phones=1", held, [2]string{"", "phones-1+2"}, StatusInSync},
		{"the last two go", phones, "phones=1,2", "phones=1,2", "", "phones=1,2", held, [2]string{}, StatusPending},
		{"one of two goes", phones, "phones=1,2", "phones=1,2", "phones=2", "phones=1,2", held, [2]string{"", "phones-1"}, StatusInSync},
		{"one goes, and one that was added stays", phones, "phones=1", "phones=1", "", "phones=1,2", held, [2]string{"phones+2", "phones-1"}, StatusInSync},
		{"the last one goes beside one for which there was no room", phones, "phones=1,2", "phones=1", "phones=2", "phones=1", held, [2]string{}, StatusPending},
		{"the last one goes where nothing flows from there", aToB, "phones=1", "phones=1", "phones=1", "", held, [2]string{}, StatusInSync},

		{"kept where the other side is empty", kept, "phones=1", "phones=1", "", "phones=1", nil, [2]string{}, StatusInSync},
		{"not kept where the other side has one for which there was no room", kept, "phones=1,2", "phones=1", "phones=2", "phones=1", nil, [2]string{"", "phones-1"}, StatusInSync},
		{"that empties it, and is held", kept, "phones=1,2", "phones=1", "phones=2", "phones=1", held, [2]string{}, StatusPending},
		{"each side lost what the other has", kept, "phones=1,2", "phones=1,2", "phones=1", "phones=2", nil, [2]string{"phones-1", "phones-2"}, StatusInSync},
		{"that empties both, and is held", kept, "phones=1,2", "phones=1,2", "phones=1", "phones=2", held, [2]string{}, StatusPending},

		{"a type to a set", toSet, none, "", "phones=1:work", "tags=1", nil, [2]string{}, StatusInSync},
		{"no type from a set", fromSet, none, "", "tags=1", "phones=1:work", nil, [2]string{}, StatusInSync},
		{"an element to a set", toSet, none, "", "phones=1:work!", "", nil, [2]string{"", "tags+1"}, StatusInSync},
		{"an element from a set", fromSet, none, "", "tags=1", "phones=2!", nil, [2]string{"tags+2", "phones+1"}, StatusInSync},
		{"a type where there is none", phones, none, "", "phones=1", "phones=1:work", nil, [2]string{"phones-1+1(work)", ""}, StatusInSync},
		{"a type there where there is none", phones, none, "", "phones=1:work", "phones=1", nil, [2]string{"", "phones-1+1(work)"}, StatusInSync},
		{"two types", phones, none, "", "phones=1:work", "phones=1:home", nil, [2]string{}, StatusInSync},
		{"two types, settled, beside an edit", phones, "phones=1:work", "phones=1:home", "phones=1:work,2", "phones=1:home", nil, [2]string{"", "phones+2"}, StatusInSync},
		{"a type was changed there", phones, "phones=1:work", "phones=1:home", "phones=1:work", "phones=1:car", nil, [2]string{"phones-1(work)+1(car)", ""}, StatusInSync},
		{"a type was changed here", phones, "phones=1:work", "phones=1:home", "phones=1:car", "phones=1:home", nil, [2]string{"", "phones-1(home)+1(car)"}, StatusInSync},
		{"a type was changed on both sides, b wins", by(winner(B)), "phones=1:work", "phones=1:work", "phones=1:car", "phones=1:home", nil, [2]string{"phones-1(car)+1(home)", ""}, StatusInSync},

		{"a primary one comes to where there is none", phones, "phones=1", "phones=1", "phones=1,2!", "phones=1", nil, [2]string{"", "phones+2!"}, StatusInSync},
		{"a primary one comes to where another is", phones, "phones=1", "phones=1!", "phones=1,2!", "phones=1!", nil, [2]string{"", "phones+2"}, StatusInSync},
		{"the primary one was moved here", phones, "phones=1!,2", "phones=1!,2", "phones=1,2!", "phones=1!,2", nil, [2]string{"", "phones-1!-2+1+2!"}, StatusInSync},
		{"the primary one was moved here, and b wins", by(winner(B)), "phones=1!,2", "phones=1!,2", "phones=1,2!", "phones=1!,2", nil, [2]string{"", "phones-1!-2+1+2!"}, StatusInSync},
		{"the primary one was moved there", phones, "phones=1!,2", "phones=1!,2", "phones=1!,2", "phones=1,2!", nil, [2]string{"phones-1!-2+1+2!", ""}, StatusInSync},
		{"the primary one was moved there, and nothing flows", aToB, "phones=1!,2", "phones=1!,2", "phones=1!,2", "phones=1,2!", nil, [2]string{}, StatusInSync},
		{"no one is primary any more", phones, "phones=1!,2", "phones=1!,2", "phones=1,2", "phones=1!,2", nil, [2]string{}, StatusInSync},
		{"no one is primary any more there", phones, "phones=1!,2", "phones=1!,2", "phones=1!,2", "phones=1,2", nil, [2]string{}, StatusInSync},
		{"both moved it, a wins", phones, "phones=1!,2,3", "phones=1!,2,3", "phones=1,2!,3", "phones=1,2,3!", nil, [2]string{"", "phones-2-3!+3+2!"}, StatusInSync},
		{"both moved it, b wins", by(winner(B)), "phones=1!,2,3", "phones=1!,2,3", "phones=1,2!,3", "phones=1,2,3!", nil, [2]string{"phones-2!-3+2+3!", ""}, StatusInSync},
		{"both moved it, b is newer", by(newest), "phones=1!,2,3", "phones=1!,2,3", "phones=1,2!,3", "phones=1,2,3!", later, [2]string{"phones-2!-3+2+3!", ""}, StatusInSync},
		{"both moved it, and a person is not asked for that", by(ask), "phones=1!,2,3", "phones=1!,2,3", "phones=1,2!,3", "phones=1,2,3!", nil, [2]string{"phones-2!-3+2+3!", ""}, StatusInSync},
		{"both moved it to one", phones, "phones=1!,2", "phones=1!,2", "phones=1,2!", "phones=1,2!", nil, [2]string{}, StatusInSync},
		{"both moved it, b wins, and nothing flows from there", with(aToB, func(m *Mapping) { m.Conflict = winner(B) }), "phones=1!,2,3", "phones=1!,2,3", "phones=1,2!,3", "phones=1,2,3!", nil, [2]string{"", "phones-2-3!+3+2!"}, StatusInSync},
		{"it was moved to one for which there is no room", phones, "phones=1!,2", "phones=1!", "phones=1,2!", "phones=1!", nil, [2]string{}, StatusInSync},
		{"two meet who differ in it", phones, none, "", "phones=1!,2", "phones=1,2!", nil, [2]string{}, StatusInSync},
	} {
		cfg := between(t, Connection{Mappings: []Mapping{tt.m}}, tagged(), tagged())
		l := &link{}
		if tt.wasA != none {
			listed(cfg, l, tt.wasA, tt.wasB)
		}
		p := pair(cfg, l, tt.a, tt.b)
		if tt.change != nil {
			tt.change(p)
		}
		out := p.decide()
		got := [2]string{patched(out.writes[A]), patched(out.writes[B])}
		if !slices.Equal(edits(got[A]), edits(tt.writes[A])) || !slices.Equal(edits(got[B]), edits(tt.writes[B])) || out.standing.Status != tt.status {
			t.Errorf("%s: %q is written, %s (%s), want %q, %s", tt.name, got, out.standing.Status, out.standing.Message, tt.writes, tt.status)
		}
	}
}

// TestRemovalThatIsHeld: it is not settled while the guard holds it, and is for good where the mapping keeps what was there.
func TestRemovalThatIsHeld(t *testing.T) {
	t.Parallel()
	phones := MapFields("phones", "phones")
	keep := phones
	keep.OnClear = OnClearKeep
	for _, tt := range []struct {
		name    string
		m       Mapping
		a       string
		writes  string
		settles string
	}{
		{"held", phones, "", "", ""},
		{"kept", keep, "", "", `phones:phones "1": - | 1`},
		{"one of two goes where the last is kept", keep, "phones=2", "phones-1", ""},
	} {
		cfg := between(t, Connection{Mappings: []Mapping{tt.m}}, tagged(), tagged())
		l := &link{}
		listed(cfg, l, "phones=1", "phones=1")
		b := "phones=1"
		if tt.a != "" {
			listed(cfg, l, "phones=1,2", "phones=1,2")
			b = "phones=1,2"
		}
		p := pair(cfg, l, tt.a, b)
		p.gate.clears = true
		out := p.decide()
		if got := settledOf(out.settle, func(st settlement) bool { return st.Element == "1" }); patched(out.writes[B]) != tt.writes || got != tt.settles {
			t.Errorf("%s: %q is written and %q settled, want %q and %q", tt.name, patched(out.writes[B]), got, tt.writes, tt.settles)
		}
	}
}

// edits are what is added and removed, in any order.
func edits(patch string) []string {
	all := strings.Fields(strings.NewReplacer("+", " +", "-", " -").Replace(patch))
	slices.Sort(all)
	return all
}

// TestListsOfTheNewborn: a record that is created has all elements of its source, or is not created.
func TestListsOfTheNewborn(t *testing.T) {
	t.Parallel()
	tags := Mapping{A: []string{"tags"}, B: []string{"tags"}, Transform: []Transform{ValueTable{Pairs: [][2]string{{"eins", "1"}, {"zwei", "2"}}}},
		DefaultA: contact.Set("neu"), DefaultB: contact.Set("new")}
	oneWay := tags
	oneWay.Direction = BToA
	for _, tt := range []struct {
		name    string
		m       Mapping
		from    Side
		source  string
		creates string
		settles string
	}{
		{"to b", tags, A, "email=x tags=zwei,eins", "email=x tags=2, 1", "zwei, eins | 2, 1"},
		{"to a", tags, B, "email=x tags=2,1", "email=x tags=zwei, eins", "zwei, eins | 2, 1"},
		{"what means nothing there", tags, A, "email=x tags=eins,drei", "", ""},
		{"what means nothing here", tags, B, "email=x tags=1,3", "", ""},
		{"nothing", tags, A, "email=x", "email=x tags=new", "(empty) | (empty); (empty) | new"},
		{"nothing, of b", tags, B, "email=x", "email=x tags=neu", "(empty) | (empty); neu | (empty)"},
		{"what does not flow", oneWay, A, "email=x tags=eins", "email=x", ""},
		{"what was not read", tags, A, "email=x tags?", "email=x", ""},
	} {
		cfg := between(t, Connection{Mappings: []Mapping{MapFields("email", "email"), tt.m}}, tagged(), tagged())
		out := newborn(cfg, tt.from, tt.source).decide()
		w := out.writes[tt.from.Other()]
		if got := patched(w); got != tt.creates || (w == nil) != (out.standing.Status == StatusFailed) {
			t.Errorf("%s: %q is created (%s), want %q", tt.name, got, out.standing.Status, tt.creates)
		}
		if w == nil {
			continue
		}
		id := cfg.lists[0].id
		got := strings.ReplaceAll(settledOf(w.settle, func(st settlement) bool { return st.Mapping == id }), id+": ", "")
		if got != tt.settles {
			t.Errorf("%s: %q is settled, want %q", tt.name, got, tt.settles)
		}
	}
}

// TestWantedByARule: what a user removes stays where a rule that lets the pair through adds just that, and only there.
func TestWantedByARule(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		rule FilterRule
		gone bool
	}{
		{"the rule adds it", tag(nil), false},
		{"in another spelling", tag(func(r *FilterRule) { r.Actions = []Action{Add("tags", "t")} }), false},
		{"beside other actions", tag(func(r *FilterRule) {
			r.Actions = []Action{Set("stage", contact.Text("x")), Add("tags", "U"), Add("tags", "T")}
		}), false},
		{"the rule does not let it through", tag(func(r *FilterRule) { r.Filter = Has("labels", "other") }), true},
		{"nobody knows", tag(func(r *FilterRule) { r.Filter = Has("phones", "1") }), true},
		{"the rule adds another one", tag(func(r *FilterRule) { r.Actions = []Action{Add("tags", "U")} }), true},
		{"the rule adds it to another field", tag(func(r *FilterRule) { r.Actions = []Action{Add("labels", "T")} }), true},
		{"the rule removes it", tag(func(r *FilterRule) { r.Actions = []Action{Remove("tags", "T")} }), true},
		{"the rule is of the other side", tag(func(r *FilterRule) { r.From = B }), true},
	} {
		cfg := between(t, Connection{Mappings: []Mapping{MapFields("tags", "tags")}, Rules: []Rule{tt.rule, FilterRule{From: A}, FilterRule{From: B}}}, tagged(), tagged())
		l := &link{}
		listed(cfg, l, "tags=T,V", "tags=T,V")
		for _, m := range cfg.members {
			l.Members = map[string]member{m.id: {In: true, Shown: true}}
		}
		out := pair(cfg, l, "tags=V labels=in phones?", "tags=T,V labels=in").decide()
		if gone := strings.Contains(patched(out.writes[B]), "tags-T"); gone != tt.gone {
			t.Errorf("%s: %q is written", tt.name, patched(out.writes[B]))
		}
	}
}

// TestHolds: a record holds an element whatever its spelling and type; an entry that means nothing in the other app is no element.
func TestHolds(t *testing.T) {
	t.Parallel()
	stages := Mapping{A: []string{"texts"}, B: []string{"texts"}, Transform: []Transform{ValueTable{Pairs: [][2]string{{"Kunde", "customer"}}}}}
	cfg := between(t, Connection{Match: Match{Region: "BE"}, Mappings: []Mapping{MapFields("phones", "phones"), stages}}, everyField().Fields, everyField().Fields)
	phones, texts := cfg.mappings[0], cfg.mappings[1]
	for _, tt := range []struct {
		name string
		m    *mapping
		s    Side
		has  []string
		of   string // what the element is in b
		want bool
	}{
		{"a phone", phones, A, []string{"+33470123456", "0470 12 34 56"}, "+32470123456", true},
		{"another phone", phones, A, []string{"+33470123456"}, "+32470123456", false},
		{"none", phones, B, nil, "+32470123456", false},
		{"what it means there", texts, A, []string{"other", "Kunde"}, "customer", true},
		{"what it means itself", texts, B, []string{"customer"}, "customer", true},
		{"what means nothing there", texts, A, []string{"other"}, "customer", false},
		{"what means nothing there is not the nameless element", texts, A, []string{"other"}, "", false},
	} {
		key := tt.m.field[B][0].EntryKey(contact.Entry{Value: contact.Text(tt.of)}, tt.m.region)
		field := tt.m.sel[tt.s][0].Field
		if got := tt.m.holds(tt.s, contact.Fields{field: list(tt.has...)}, key); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
