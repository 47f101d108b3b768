package contactsync

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
)

// cannotEmpty makes the app of a side one that can empty no field.
func cannotEmpty(s Side) func(*pairing) {
	return func(p *pairing) {
		limited := p.cfg.schema[s].Limited(contact.Limit{Cannot: contact.AbilityClear, Why: s.String() + " ignores what is blank"})
		p.cfg.schema[s] = &limited
	}
}

// TestWhyTwoDiffer: in every case in which two sides do not show the same, what is said of it is what the planner goes by.
func TestWhyTwoDiffer(t *testing.T) {
	t.Parallel()
	const none = "nothing was settled"
	stage := MapFields("stage", "stage")
	with := func(m Mapping, change func(*Mapping)) Mapping { change(&m); return m }
	oneWay := with(stage, func(m *Mapping) { m.Direction = AToB })
	back := with(stage, func(m *Mapping) { m.Direction = BToA })
	keep := with(stage, func(m *Mapping) { m.OnClear = OnClearKeep })
	table := with(stage, func(m *Mapping) {
		m.Transform = []Transform{ValueTable{Pairs: [][2]string{{"one", "1"}, {"two", "2"}}}}
	})
	upper := with(stage, func(m *Mapping) { m.Transform = []Transform{Case{Upper: true}} })
	constant := Mapping{B: []string{"stage"}, Direction: AToB, Transform: []Transform{Constant{contact.Text("always")}}}
	tags := MapFields("tags", "tags")
	tagsToB := with(tags, func(m *Mapping) { m.Direction = AToB })
	tagsTable := with(tags, func(m *Mapping) {
		m.Transform = []Transform{ValueTable{Pairs: [][2]string{{"one", "1"}, {"two", "2"}}}}
	})
	grouped := with(stage, func(m *Mapping) { m.Group = "g" })
	nobody := []Rule{FilterRule{From: A, Filter: Has("labels", "in")}, FilterRule{From: B, Filter: Has("labels", "in")}}
	onlyB := []Rule{FilterRule{From: A, Filter: Has("labels", "in")}, FilterRule{From: B}}
	creates := []Rule{FilterRule{From: A, Mode: CreateOnly}, FilterRule{From: B, Mode: CreateOnly}}
	for _, tt := range []struct {
		name       string
		m          Mapping
		rules      []Rule
		wasA, wasB string
		a, b       string
		change     func(*pairing)
		want       string
	}{
		{"the same", stage, nil, none, "", "stage=x", "stage=x", nil, ""},
		{"a was not read", stage, nil, none, "", "stage?", "stage=x", nil, "one side was not read, so nothing is done"},
		{"b was not read", stage, nil, none, "", "stage=x", "stage?", nil, "one side was not read, so nothing is done"},
		{"held", stage, nil, none, "", "stage=x", "stage=y", func(p *pairing) { p.link.Held = map[string]*hold{"stage:stage": {}} }, "both sides were edited, and a person is to decide"},
		{"frozen in b", stage, nil, none, "", "stage=x", "stage=y", func(p *pairing) { p.link.Past = map[string]*past{"b.stage": {Frozen: true}} }, "stage of b kept changing back, and is frozen until a person releases it"},
		{"written before in b", stage, nil, "stage=x", "stage=x", "stage=x", "stage=y", func(p *pairing) { p.link.Past = map[string]*past{"b.stage": {}} }, "the next sync carries it from b"},
		{"edited in a", stage, nil, "stage=x", "stage=x", "stage=z", "stage=x", nil, "the next sync carries it from a"},
		{"edited in b", stage, nil, "stage=x", "stage=x", "stage=x", "stage=z", nil, "the next sync carries it from b"},
		{"emptied in a", stage, nil, "stage=x", "stage=x", "", "stage=x", nil, "emptied in a, which waits, or is not to be carried over"},
		{"emptied in b", stage, nil, "stage=x", "stage=x", "stage=x", "", nil, "emptied in b, which waits, or is not to be carried over"},
		{"emptied in a, and b empties nothing", stage, nil, "stage=x", "stage=x", "", "stage=x", cannotEmpty(B), "emptied in a, and stays in b: b ignores what is blank"},
		{"emptied in b, and b empties nothing", stage, nil, "stage=x", "stage=x", "stage=x", "", cannotEmpty(B), "emptied in b, which waits, or is not to be carried over"},
		{"edited in both", stage, nil, "stage=x", "stage=x", "stage=y", "stage=z", nil, "both sides were edited; the next sync decides: a wins"},
		{"they meet", stage, nil, none, "", "stage=y", "stage=z", nil, "both sides were edited; the next sync decides: a wins"},
		{"they meet, one has nothing", stage, nil, none, "", "", "stage=z", nil, "the next sync carries it from b"},

		{"edited in b, and one-way", oneWay, nil, "stage=x", "stage=x", "stage=x", "stage=z", nil, "nothing flows from b: mapping stage:stage is one-way"},
		{"emptied in b, and one-way", oneWay, nil, "stage=x", "stage=x", "stage=x", "", nil, "nothing flows from b: mapping stage:stage is one-way"},
		{"edited in a, and one-way from b", back, nil, "stage=x", "stage=x", "stage=y", "stage=x", nil, "nothing flows from a: mapping stage:stage is one-way"},
		{"they meet, and only b has something, one-way", oneWay, nil, none, "", "", "stage=z", nil, "nothing flows from b: mapping stage:stage is one-way"},
		{"edited in b, and nobody flows", stage, nobody, "stage=x", "stage=x", "stage=x", "stage=z", nil, "no rule lets the record of b through"},
		{"edited in a, and nobody flows", stage, nobody, "stage=x", "stage=x", "stage=z", "stage=x", nil, "no rule lets the record of a through"},
		{"they meet, and nobody flows, and only b has something", stage, nobody, none, "", "", "stage=z", nil, "no rule lets the record of b through"},
		{"edited in a, and only b flows", stage, onlyB, "stage=x", "stage=x", "stage=z", "stage=x", nil, "no rule lets the record of a through"},
		{"edited in a, and its rule only creates", stage, creates, "stage=x", "stage=x", "stage=z", "stage=x", nil, "the rule that lets the record of a through only creates"},
		{"edited in b, and the connection is one-way", stage, nil, "stage=x", "stage=x", "stage=x", "stage=z", func(p *pairing) { p.cfg.Direction = AToB }, "nothing flows from b: the connection is a-to-b"},

		{"a value that means nothing in b", table, nil, "stage=three", "stage=1", "stage=three", "stage=1", nil, `what a holds has no meaning in b: "three" has no entry in the table; add one, or map it with a default`},
		{"a value that means nothing in a", table, nil, "stage=one", "stage=3", "stage=one", "stage=3", nil, `what b holds has no meaning in a: "3" has no entry in the table; add one, or map it with a default`},
		{"cut short in b", stage, nil, "stage=abcdef", "stage=abc", "stage=abcdef", "stage=abc", func(p *pairing) { p.cfg.mappings[0].whole[B][0].MaxLength = 3 }, "b holds 3 characters at most, and has cut it short"},
		{"cut short in a", stage, nil, "stage=abc", "stage=äöüdef", "stage=abc", "stage=äöüdef", func(p *pairing) { p.cfg.mappings[0].whole[A][0].MaxLength = 5 }, "a holds 5 characters at most, and has cut it short"},
		{"as long as may be", stage, nil, "stage=abc", "stage=äöü", "stage=abc", "stage=äöü", func(p *pairing) {
			p.cfg.mappings[0].whole[A][0].MaxLength, p.cfg.mappings[0].whole[B][0].MaxLength = 3, 3
		}, "one app has made something else of what it was given, or only one side could hold it; that is settled, and no edit"},
		{"emptied in a, and kept in b", keep, nil, "", "stage=x", "", "stage=x", nil, "it was emptied on one side, and the mapping keeps it on the other"},
		{"emptied in b, and kept in a", keep, nil, "stage=x", "", "stage=x", "", nil, "it was emptied on one side, and the mapping keeps it on the other"},
		{"settled otherwise, and kept", keep, nil, "stage=x", "stage=y", "stage=x", "stage=y", nil, "one app has made something else of what it was given, or only one side could hold it; that is settled, and no edit"},
		{"emptied, and not kept", stage, nil, "", "stage=x", "", "stage=x", nil, "one app has made something else of what it was given, or only one side could hold it; that is settled, and no edit"},
		{"settled otherwise, and nobody flows", stage, nobody, "stage=x", "stage=y", "stage=x", "stage=y", nil, "both are as they were when they were last decided, and nothing flows now: no rule lets the record of a through"},
		{"settled otherwise, and one flows", stage, onlyB, "stage=x", "stage=y", "stage=x", "stage=y", nil, "one app has made something else of what it was given, or only one side could hold it; that is settled, and no edit"},
		{"another spelling there", upper, nil, "stage=x", "stage=Y", "stage=x", "stage=Y", nil, "one app has made something else of what it was given, or only one side could hold it; that is settled, and no edit"},
		{"a constant that came back otherwise", constant, nil, "", "stage=alw", "", "stage=alw", nil, "one app has made something else of what it was given, or only one side could hold it; that is settled, and no edit"},
		{"a group, of which another was edited in b", grouped, nil, "stage=x", "stage=y", "stage=x", "stage=y score=1", nil, "the next sync carries it from b"},

		{"lists that hold the same", tags, nil, none, "", "tags=x,y", "tags=y,x", nil, ""},
		{"an element was added in a", tags, nil, "tags=x", "tags=x", "tags=x,y", "tags=x", nil, "added in a; the next sync carries it to b"},
		{"an element was added in b", tags, nil, "tags=x", "tags=x", "tags=x", "tags=x,y", nil, "added in b; the next sync carries it to a"},
		{"an element was added in b, one-way", tagsToB, nil, "tags=x", "tags=x", "tags=x", "tags=x,y", nil, "nothing flows from b: mapping tags:tags is one-way"},
		{"an element was removed in a", tags, nil, "tags=x,y", "tags=x,y", "tags=x", "tags=x,y", nil, "removed in a; the next sync carries that to b, unless something still wants the element there"},
		{"an element was removed in b", tags, nil, "tags=x,y", "tags=x,y", "tags=x,y", "tags=x", nil, "removed in b; the next sync carries that to a, unless something still wants the element there"},
		{"an element was removed in b, one-way", tagsToB, nil, "tags=x,y", "tags=x,y", "tags=x,y", "tags=x", nil, "nothing flows from b: mapping tags:tags is one-way"},
		{"an element for which b had no room", tags, nil, "tags=x,y", "tags=x", "tags=x,y", "tags=x", nil, "a has elements that b could not hold, or that a rule has put there; they are settled, and do not travel"},
		{"an element that a rule put in b", tags, nil, "tags=x", "tags=x,y", "tags=x", "tags=x,y", nil, "b has elements that a could not hold, or that a rule has put there; they are settled, and do not travel"},
		{"two lists meet", tags, nil, none, "", "tags=x", "", nil, "added in a; the next sync carries it to b"},
		{"an element that means nothing in b", tagsTable, nil, none, "", "tags=three", "", nil, `"three" has no entry in the table; add one, or map it with a default`},
	} {
		mappings := []Mapping{tt.m}
		if tt.m.Group != "" {
			mappings = append(mappings, Mapping{A: []string{"score"}, B: []string{"score"}, Group: tt.m.Group})
		}
		cfg := between(t, Connection{Mappings: mappings, Rules: tt.rules}, tagged(), tagged())
		l := &link{}
		if tt.wasA != none {
			listed(cfg, l, tt.wasA, tt.wasB)
		}
		p := pair(cfg, l, tt.a, tt.b)
		if tt.change != nil {
			tt.change(p)
		}
		p.flows()
		if diff := cmp.Diff(tt.want, p.differs(cfg.mappings[0])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestDecisiveConditions: of a filter those conditions are named by which it says what it says.
func TestDecisiveConditions(t *testing.T) {
	t.Parallel()
	has := func(s string) Filter { return Has("tags", s) }
	not := func(f Filter) Filter { return Filter{Not: &f} }
	unread := Filter{Field: "stage", Op: OpIsKnown}
	for _, tt := range []struct {
		f    Filter
		want string
	}{
		{Filter{}, ""},
		{has("x"), "tags has x: yes"},
		{has("y"), "tags has y: no"},
		{unread, "stage is filled: unknown"},
		{not(has("x")), "tags has x: yes"},
		{Filter{All: []Filter{has("x"), has("y"), not(has("x"))}}, "tags has y: no, tags has x: yes"},
		{Filter{All: []Filter{has("x"), unread}}, "stage is filled: unknown"},
		{Filter{All: []Filter{has("x"), has("X")}}, "tags has x: yes, tags has X: yes"},
		{Filter{Any: []Filter{has("y"), has("x")}}, "tags has x: yes"},
		{Filter{Any: []Filter{has("y"), has("z")}}, "tags has y: no, tags has z: no"},
		{not(Filter{Any: []Filter{has("y"), not(has("x"))}}), "tags has y: no, tags has x: yes"},
	} {
		var got []string
		fields := contact.Fields{"tags": contact.Set("x")}
		tt.f.decisive(fields, stateNow, nil, func(c Condition) {
			if !c.Value.Equal(fields[c.Field]) {
				t.Errorf("%s: %v is shown", c.Text, c.Value)
			}
			got = append(got, c.Text+": "+c.Truth)
		})
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: %q, want %q", tt.f, got, tt.want)
		}
	}
}

// saying is a host's rule that always says the same.
type saying struct {
	from Side
	Verdict
	actions []Action
}

func (r saying) RuleID() string                           { return "host" }
func (r saying) Side() Side                               { return r.from }
func (r saying) Admits(contact.Record, time.Time) Verdict { return r.Verdict }
func (r saying) Effects() []Action                        { return r.actions }
func (r saying) String() string                           { return "what the host says" }

// TestVerdicts: what every enabled rule of a side says of a record: also a host's, and one that works the other way around.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	turned := tag(func(r *FilterRule) { r.OtherWayAround = true })
	plain := tag(func(r *FilterRule) { r.ID, r.Actions = "plain", []Action{Add("tags", "U")} })
	for _, tt := range []struct {
		rules     []Rule
		direction Direction
		side      Side
		fields    string
		want      string
	}{
		{[]Rule{turned, plain, FilterRule{ID: "off", From: A, Disabled: true}}, TwoWay, A, "labels=other", "tag no [labels has in] ; plain no [labels has in] "},
		{[]Rule{turned, plain, FilterRule{ID: "all", From: B}}, TwoWay, B, "tags=T", "all yes [] ; tag yes [] "},
		{[]Rule{turned, FilterRule{ID: "all", From: B}}, TwoWay, B, "tags?", "all yes [] ; tag unknown [] "},
		{[]Rule{turned, FilterRule{ID: "all", From: B}}, BToA, B, "tags=T", "all yes [] "},
		{[]Rule{saying{B, Verdict{No, "on holiday"}, nil}, FilterRule{ID: "new", From: B, Mode: CreateOnly}}, TwoWay, B, "", "host no [] on holiday; new yes [] "},
	} {
		cfg := between(t, Connection{Mappings: []Mapping{MapFields("email", "email")}, Direction: tt.direction, Rules: tt.rules}, tagged(), tagged())
		var got []string
		for _, v := range cfg.verdicts(tt.side, &mirror{side: tt.side, Fields: spelled(cfg.schema[tt.side], tt.fields)}, stateNow) {
			var decided []string
			for _, c := range v.Decided {
				decided = append(decided, c.Text)
			}
			got = append(got, fmt.Sprintf("%s %s %s %s", v.Rule, v.Verdict, decided, v.Reason))
			if v.Text == "" || v.Side != tt.side || v.Mode != map[bool]Mode{true: CreateOnly, false: CreateAndUpdate}[v.Rule == "new"] {
				t.Errorf("%+v", v)
			}
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, "; ")); diff != "" {
			t.Errorf("%s of %s (-want +got):\n%s", tt.fields, tt.side, diff)
		}
	}
}
