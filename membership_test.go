package contactsync

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// patched says in words what a write changes: "company=x tags+T-U"; a type or flag stands behind an entry.
func patched(w *write) string {
	if w == nil {
		return ""
	}
	entries := func(sign string, list []contact.Entry) string {
		var b strings.Builder
		for _, e := range list {
			b.WriteString(sign + e.Value.Str())
			if e.Type != "" {
				b.WriteString("(" + e.Type + ")")
			}
			if e.Primary {
				b.WriteString("!")
			}
		}
		return b.String()
	}
	var all []string
	for _, name := range w.patch.Names() {
		c := w.patch[name]
		switch {
		case c.Set.Absent():
			all = append(all, name+entries("-", c.Remove)+entries("+", c.Add))
		case c.Set.Kind() == contact.KindList:
			all = append(all, name+"="+entries(" ", c.Set.Entries()))
		default:
			all = append(all, name+"="+c.Set.String())
		}
	}
	return strings.Join(all, " ")
}

// tagged is the schema of both apps of the tests of memberships: labels and tags are on both sides, and so is all else.
func tagged() []contact.Field {
	return []contact.Field{{Name: "email", Type: contact.TypeEmail}, {Name: "labels", Type: contact.TypeSet}, {Name: "tags", Type: contact.TypeSet},
		{Name: "stage", Type: contact.TypeText}, {Name: "score", Type: contact.TypeNumber}, {Name: "phones", Type: contact.TypePhone, Many: true}}
}

// spelled reads fields as the tables write them: "email=x labels=a,b stage= tags?"; what is not named is empty, and what a
// question mark stands behind was not read.
func spelled(schema *contact.Schema, text string) contact.Fields {
	fields := contact.Fields{}
	for _, f := range schema.Fields {
		fields[f.Name] = contact.Empty
	}
	for _, word := range strings.Fields(text) {
		name, value, told := strings.Cut(word, "=")
		f, _ := schema.Field(strings.TrimSuffix(name, "?"))
		switch {
		case !told:
			delete(fields, f.Name)
		case f.Type == contact.TypeSet:
			fields[f.Name] = contact.Set(strings.Split(value, ",")...)
		case f.Many:
			var list []contact.Entry
			for _, e := range strings.Split(value, ",") {
				e, primary := strings.CutSuffix(e, "!")
				e, kind, _ := strings.Cut(e, ":")
				list = append(list, contact.Entry{Value: contact.Text(e), Type: kind, Primary: primary})
			}
			fields[f.Name] = contact.List(list...)
		default:
			fields[f.Name], _ = f.Coerce(contact.Text(value))
		}
	}
	return fields
}

// pair is a linked pair of these two records.
func pair(cfg *config, l *link, a, b string) *pairing {
	l.key, l.ID, l.Decided = "1", [2]string{"a1", "b1"}, true
	p := &pairing{cfg: cfg, now: stateNow, link: l}
	for s, text := range [2]string{a, b} {
		p.rec[s] = &mirror{side: Side(s), id: l.ID[s], version: "1", Fields: spelled(cfg.schema[s], text)}
	}
	return p
}

// newborn is the creation of a counterpart of this record of side s.
func newborn(cfg *config, s Side, text string) *pairing {
	t := s.Other()
	p := &pairing{cfg: cfg, now: stateNow, link: &link{}, creating: true, target: t}
	p.link.ID[s] = "1"
	p.rec[s], p.rec[t] = &mirror{side: s, id: "1", Fields: spelled(cfg.schema[s], text)}, &mirror{side: t, Fields: cfg.empty[t]}
	return p
}

// tag is a rule of side a that tags in b those with a label.
func tag(change func(*FilterRule)) FilterRule {
	r := FilterRule{ID: "tag", From: A, Filter: Has("labels", "in"), Actions: []Action{Add("tags", "T")}}
	if change != nil {
		change(&r)
	}
	return r
}

// about the settlements of a membership, and of what its actions wrote.
func settledOf(all []settlement, about func(settlement) bool) string {
	return described(slices.DeleteFunc(slices.Clone(all), func(st settlement) bool { return !about(st) }))
}

// TestMembershipOfTheNewborn: a record that is created takes its membership from the record that it is made from.
func TestMembershipOfTheNewborn(t *testing.T) {
	t.Parallel()
	turned := func(r *FilterRule) { r.OtherWayAround = true }
	all := func(r *FilterRule) { r.Undo = UndoAll }
	everybody := FilterRule{ID: "all", From: A}
	for _, tt := range []struct {
		name    string
		change  func(*FilterRule)
		way     Direction
		from    Side
		source  string
		writes  string
		settles string
	}{
		{"it is in", nil, "", A, "email=x labels=in", "email=x tags=T", "in true, shown true"},
		{"it is out", nil, "", A, "email=x labels=other", "email=x", "in false, shown false"},
		{"nobody knows", nil, "", A, "email=x labels?", "email=x", ""},
		{"it is in, of the other side", nil, "", B, "email=x tags=T", "email=x", ""},
		{"out, and tagged by a mapping", nil, "", A, "email=x tags=T,U", "email=x tags=T, U", "in false, shown false"},
		{"out, and never to be tagged", all, "", A, "email=x tags=T,U", "email=x tags=U", "in false, shown false"},
		{"in, and tagged by a mapping", all, "", A, "email=x tags=t labels=in", "email=x tags=t", "in true, shown true"},
		{"turned round, in", turned, "", B, "email=x tags=T", "email=x labels=in", "in true, shown true"},
		{"turned round, out", turned, "", B, "email=x tags=U", "email=x", "in false, shown false"},
		{"turned round, nobody knows", turned, "", B, "email=x tags?", "email=x", ""},
		{"turned round, one way", turned, BToA, B, "email=x tags=T", "email=x", ""},
	} {
		mappings := []Mapping{MapFields("email", "email")}
		if strings.Contains(tt.name, "tagged") {
			mappings = append(mappings, MapFields("tags", "tags"))
		}
		cfg := between(t, Connection{Mappings: mappings, Direction: tt.way, Rules: []Rule{tag(tt.change), everybody, FilterRule{From: B}}}, tagged(), tagged())
		out := newborn(cfg, tt.from, tt.source).decide()
		w := out.writes[tt.from.Other()]
		if got := patched(w); got != tt.writes {
			t.Errorf("%s: %q is created, want %q", tt.name, got, tt.writes)
			continue
		}
		got := settledOf(w.settle, func(st settlement) bool { return st.Membership != "" })
		if want := tt.settles; want != "" {
			want = cfg.members[0].id + ": " + want
			if got != want {
				t.Errorf("%s: %q is settled, want %q", tt.name, got, want)
			}
		} else if got != "" {
			t.Errorf("%s: %q is settled", tt.name, got)
		}
	}
}

// TestSettledMembership: what is settled of a membership is how things are once the write of that decision is in.
func TestSettledMembership(t *testing.T) {
	t.Parallel()
	in, out, only := &member{In: true, Shown: true}, &member{}, &member{Shown: true}
	turned := func(r *FilterRule) { r.OtherWayAround = true }
	hasNot := func(r *FilterRule) { r.OtherWayAround, r.Filter = true, HasNot("labels", "in") }
	undo := func(u Undo) func(*FilterRule) { return func(r *FilterRule) { r.Undo = u } }
	for _, tt := range []struct {
		name    string
		change  func(*FilterRule)
		settled *member
		a, b    string
		writes  [2]string
		settles string
	}{
		{"first, in", nil, nil, "labels=in", "", [2]string{"", "tags+T"}, "in true, shown true"},
		{"first, in already", nil, nil, "labels=in", "tags=T", [2]string{}, "in true, shown true"},
		{"first, out", nil, nil, "", "", [2]string{}, "in false, shown false"},
		{"first, out, and tagged by somebody", nil, nil, "", "tags=T", [2]string{}, "in false, shown true"},
		{"first, out, and never to be tagged", undo(UndoAll), nil, "", "tags=T", [2]string{"", "tags-T"}, "in false, shown false"},
		{"first, turned round", turned, nil, "", "tags=T", [2]string{"labels+in", ""}, "in true, shown true"},
		{"first, turned round, not by taking away", hasNot, nil, "labels=in", "tags=T", [2]string{}, "in false, shown true"},
		{"first, the filter was not read", nil, nil, "labels?", "tags=T", [2]string{}, ""},
		{"first, the tags were not read", nil, nil, "labels=in", "tags?", [2]string{}, ""},
		{"it stays in", nil, in, "labels=in", "tags=T", [2]string{}, ""},
		{"it enters", nil, out, "labels=in", "", [2]string{"", "tags+T"}, "in true, shown true"},
		{"it enters, and is tagged by somebody at once", turned, out, "labels=in", "tags=T", [2]string{}, "in true, shown true"},
		{"it enters, and was tagged before", nil, only, "labels=in", "tags=T", [2]string{}, "in true, shown true"},
		{"it leaves", undo(UndoOwn), in, "", "tags=T", [2]string{}, "in false, shown false"},
		{"it leaves, and keeps the tag", nil, in, "", "tags=T", [2]string{}, "in false, shown true"},
		{"it leaves, and has lost the tag", nil, in, "", "", [2]string{}, "in false, shown false"},
		{"it leaves, and somebody untags it at once", turned, in, "", "", [2]string{}, "in false, shown false"},
		{"it is tagged", turned, out, "", "tags=T", [2]string{"labels+in", ""}, "in true, shown true"},
		{"it is untagged", turned, in, "labels=in", "", [2]string{"labels-in", ""}, "in false, shown false"},
		{"it is tagged, the filter is made true by taking away", hasNot, out, "labels=in", "tags=T", [2]string{"labels-in", ""}, "in true, shown true"},
		{"it is untagged, the filter is made false by adding", hasNot, in, "", "", [2]string{"labels+in", ""}, "in false, shown false"},
	} {
		cfg := between(t, Connection{Mappings: []Mapping{MapFields("email", "email"), MapFields("phones", "phones")}, Conflict: Policy{Winner: B},
			Rules: []Rule{tag(tt.change), FilterRule{From: A}, FilterRule{From: B}}}, tagged(), tagged())
		l := &link{}
		if tt.settled != nil {
			l.Members = map[string]member{cfg.members[0].id: *tt.settled}
		}
		decided := pair(cfg, l, tt.a, tt.b).decide()
		settle := decided.settle
		var writes [2]string
		for _, s := range Sides {
			if w := decided.writes[s]; w != nil {
				writes[s], settle = patched(w), append(slices.Clone(settle), w.settle...)
			}
		}
		got := strings.ReplaceAll(settledOf(settle, func(st settlement) bool { return st.Membership != "" }), cfg.members[0].id+": ", "")
		if writes != tt.writes || got != tt.settles {
			t.Errorf("%s: %q is written and %q settled, want %q and %q", tt.name, writes, got, tt.writes, tt.settles)
		}
	}
}

// TestTargetOfActions: what becomes of what an action names, by whose it is, by who else names it, and by what lies under it.
func TestTargetOfActions(t *testing.T) {
	t.Parallel()
	text := contact.Text
	in, out := member{In: true, Shown: true}, member{}
	ours := func(under, wrote string) *layer {
		return &layer{Under: text(under), Wrote: text(wrote), Goal: text(wrote)}
	}
	rule := func(id, label string, undo Undo, actions ...Action) FilterRule {
		return FilterRule{ID: id, From: A, Filter: Has("labels", label), Actions: actions, Undo: undo}
	}
	always := func(a Action) Action { a.Always = true; return a }
	set := func(s string) Action { return Set("stage", text(s)) }
	number := Set("score", text("5"))
	by := map[string]string{"of several that are out, the one that takes back is named": "2", "one of several that are out never has it": "2", "whoever is in is named": "1"}
	for _, tt := range []struct {
		name    string
		rules   []FilterRule
		settled []member // by rule; too few: nothing
		layer   *layer   // of the first rule's first action
		a, b    string
		writes  string
		settles string // of the target
	}{
		{"it enters", []FilterRule{rule("1", "x", UndoOwn, set("won"))}, []member{out}, nil, "labels=x", "stage=new", "stage=won", "new under won"},
		{"it enters where that is so already", []FilterRule{rule("1", "x", UndoOwn, set("won"))}, []member{out}, nil, "labels=x", "stage=won", "", ""},
		{"it enters where that is so in another spelling", []FilterRule{rule("1", "x", UndoOwn, number)}, []member{out}, nil, "labels=x", "score=5.0", "", ""},
		{"it enters a number", []FilterRule{rule("1", "x", UndoOwn, Set("score", text("5")))}, []member{out}, nil, "labels=x", "score=4", "score=5", "4 under 5"},
		{"it enters where that was not read", []FilterRule{rule("1", "x", UndoOwn, set("won"))}, nil, nil, "labels=x", "stage?", "", ""},
		{"it stays in", []FilterRule{rule("1", "x", UndoOwn, set("won"))}, []member{in}, ours("new", "won"), "labels=x", "stage=won", "", ""},
		{"it stays in, and somebody changed it", []FilterRule{rule("1", "x", UndoOwn, set("won"))}, []member{in}, ours("new", "won"), "labels=x", "stage=lost", "", "nothing of ours"},
		{"it stays in, enforced", []FilterRule{rule("1", "x", UndoOwn, always(set("won")))}, []member{in}, ours("new", "won"), "labels=x", "stage=lost", "stage=won", "nothing of ours; lost under won"},
		{"it stays in, enforced, and stands as the app cut it short", []FilterRule{rule("1", "x", UndoOwn, always(set("won")))}, []member{in},
			&layer{Under: text("new"), Wrote: text("wo"), Goal: text("won")}, "labels=x", "stage=wo", "", ""},
		{"it stays in, and another value is asked for", []FilterRule{rule("1", "x", UndoOwn, always(set("won")))}, []member{in}, ours("new", "old goal"), "labels=x", "stage=old_goal", "stage=won", "nothing of ours; old_goal under won"},
		{"the goal is another one by now", []FilterRule{rule("1", "x", UndoOwn, always(set("won")))}, []member{in}, ours("new", "goal"), "labels=x", "stage=goal", "stage=won", "new under won"},
		{"it leaves", []FilterRule{rule("1", "x", UndoOwn, set("won"))}, []member{in}, ours("new", "won"), "", "stage=won", "stage=new", "nothing of ours"},
		{"it leaves, and somebody changed it", []FilterRule{rule("1", "x", UndoOwn, set("won"))}, []member{in}, ours("new", "won"), "", "stage=lost", "", "nothing of ours"},
		{"it leaves what was somebody's", []FilterRule{rule("1", "x", UndoOwn, set("won"))}, []member{in}, nil, "", "stage=won", "", ""},
		{"it leaves, and nothing is undone", []FilterRule{rule("1", "x", UndoNone, set("won"))}, []member{in}, ours("new", "won"), "", "stage=won", "", ""},
		{"it is out, and never to be so", []FilterRule{rule("1", "x", UndoAll, set("won"))}, []member{out}, nil, "", "stage=won", "stage=(empty)", "nothing of ours"},
		{"it is out, and is otherwise", []FilterRule{rule("1", "x", UndoAll, set("won"))}, []member{out}, nil, "", "stage=new", "", ""},
		{"it is out, and to be cleared inside", []FilterRule{rule("1", "x", UndoAll, Clear("stage"))}, []member{out}, nil, "", "stage=", "", ""},
		{"it is out, never to have the tag", []FilterRule{rule("1", "x", UndoAll, Add("tags", "T"))}, []member{out}, nil, "", "tags=t,u", "tags-t", "nothing of ours"},
		{"it is out, and lacks what is removed inside", []FilterRule{rule("1", "x", UndoAll, Remove("tags", "T"))}, []member{out}, nil, "", "tags=u", "", ""},
		{"a tag is removed", []FilterRule{rule("1", "x", UndoOwn, Remove("tags", "T"))}, []member{out}, nil, "labels=x", "tags=T,u", "tags-T", "T under (empty)"},
		{"and comes back", []FilterRule{rule("1", "x", UndoOwn, Remove("tags", "T"))}, []member{in}, &layer{Under: text("T"), Wrote: contact.Empty, Goal: contact.Empty}, "", "tags=u", "tags+T", "nothing of ours"},
		{"a field is cleared", []FilterRule{rule("1", "x", UndoOwn, Clear("stage"))}, []member{out}, nil, "labels=x", "stage=new", "stage=(empty)", "new under (empty)"},

		{"the last one that matches prevails", []FilterRule{rule("1", "x", UndoOwn, set("one")), rule("2", "y", UndoOwn, set("two"))}, []member{out, out}, nil, "labels=x,y", "stage=new", "stage=two", "new under two"},
		{"whichever has just been entered", []FilterRule{rule("1", "x", UndoOwn, set("one")), rule("2", "y", UndoOwn, set("two"))}, []member{out, in}, ours("new", "two"), "labels=x,y", "stage=two", "", ""},
		{"the other one takes over", []FilterRule{rule("1", "x", UndoOwn, set("one")), rule("2", "y", UndoOwn, set("two"))}, []member{in, in}, ours("new", "two"), "labels=x", "stage=two", "stage=one", "new under one"},
		{"one that undoes nothing is left, and another has it still", []FilterRule{rule("1", "x", UndoOwn, set("one")), rule("2", "y", UndoNone, set("two"))}, []member{in, in}, ours("new", "two"), "labels=x", "stage=two", "", ""},
		{"one that is out takes nothing from one that is in", []FilterRule{rule("1", "x", UndoNone, set("won")), rule("2", "y", UndoAll, set("won"), Add("tags", "U"))}, []member{in, out}, nil, "labels=x", "stage=won", "", ""},
		{"one that is out enforces nothing of one that is in", []FilterRule{rule("1", "x", UndoNone, set("won")), rule("2", "y", UndoAll, set("lost"))}, []member{in, out}, nil, "labels=x", "stage=new", "", ""},
		{"of several that are out, the one that takes back is named", []FilterRule{rule("1", "x", UndoNone, set("one")), rule("2", "y", UndoOwn, set("two")), rule("3", "z", UndoNone, set("three"))}, []member{out, in, out}, ours("new", "two"), "", "stage=two", "stage=new", "nothing of ours"},
		{"one of several that are out never has it", []FilterRule{rule("1", "x", UndoAll, set("lost")), rule("2", "y", UndoAll, set("won")), rule("3", "z", UndoNone, set("won"), Add("tags", "U"))}, []member{out, out, out}, nil, "", "stage=won", "stage=(empty)", "nothing of ours"},
		{"what one that undoes nothing would have set stays", []FilterRule{rule("1", "x", UndoNone, set("won")), rule("2", "y", UndoAll, set("lost"))}, []member{out, out}, nil, "", "stage=won", "", ""},
		{"whoever is in is named", []FilterRule{rule("1", "x", UndoOwn, set("one")), rule("2", "y", UndoOwn, set("two"))}, []member{out, in}, nil, "labels=x", "stage=new", "stage=one", "new under one"},
		{"one is left, and another wants the same tag", []FilterRule{rule("1", "x", UndoOwn, Add("tags", "T")), rule("2", "y", UndoOwn, Add("tags", "t"), Add("tags", "U"))}, []member{in, in}, ours("", "T"), "labels=y", "tags=T,U", "", ""},
	} {
		var rules []Rule
		for _, r := range tt.rules {
			rules = append(rules, r)
		}
		cfg := between(t, Connection{Mappings: []Mapping{MapFields("email", "email")}, Rules: append(rules, FilterRule{ID: "b", From: B})}, tagged(), tagged())
		l := &link{Cells: map[string]*cell{"email:email": {Val: sides{{contact.Empty}, {contact.Empty}}}}, Members: map[string]member{}}
		for i, m := range tt.settled {
			l.Members[cfg.members[i].id] = m
		}
		target := "b " + cfg.members[0].actions[0].target(cfg.members[0].targets[0])
		if tt.layer != nil {
			l.Layers = map[string]layer{target: *tt.layer}
		}
		p := pair(cfg, l, tt.a, tt.b)
		decided := p.decide()
		if got := patched(decided.writes[B]); got != tt.writes {
			t.Errorf("%s: %q is written, want %q", tt.name, got, tt.writes)
		}
		settle := decided.settle
		if w := decided.writes[B]; w != nil {
			if rule := by[tt.name]; rule != "" && w.why["stage"].Rule != rule {
				t.Errorf("%s: rule %q is named, want %q", tt.name, w.why["stage"].Rule, rule)
			}
			settle = append(slices.Clone(settle), w.settle...)
		}
		got := strings.ReplaceAll(settledOf(settle, func(st settlement) bool { return st.Target == target }), target+": ", "")
		if diff := cmp.Diff(tt.settles, got); diff != "" {
			t.Errorf("%s: settled (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestActionsAndLists: an element that an action writes does not travel by the list's mapping.
func TestActionsAndLists(t *testing.T) {
	t.Parallel()
	table := ValueTable{Pairs: [][2]string{{"eins", "1"}, {"zwei", "2"}}}
	for _, tt := range []struct {
		name    string
		rule    FilterRule
		a, b    string
		side    Side
		writes  string
		settles string
	}{
		{"of another field", FilterRule{Filter: Has("labels", "in"), Actions: []Action{Add("tags", "1")}}, "labels=in phones=1", "", B, "phones+1 tags+1", `tags:tags "1": - | 1`},
		{"the other side holds it too", FilterRule{Filter: Has("labels", "in"), Actions: []Action{Add("tags", "1")}}, "labels=in tags=eins,zwei", "tags=2", B, "tags+1", `tags:tags "1": eins | 1`},
		{"the other side holds what means nothing", FilterRule{Filter: Has("labels", "in"), Actions: []Action{Add("tags", "1")}}, "labels=in tags=drei", "", B, "tags+1", `tags:tags "1": - | 1`},
		{"it is removed", FilterRule{Filter: Has("labels", "in"), Actions: []Action{Remove("tags", "1")}}, "labels=in tags=eins", "tags=1", B, "tags-1", `tags:tags "1": eins | -`},
		{"the rule turned round makes its filter true", FilterRule{Filter: Has("tags", "eins"), Actions: []Action{Add("labels", "T")}, OtherWayAround: true}, "", "labels=T", A, "tags+eins", `tags:tags "1": eins | -`},
		{"what it makes true means nothing in b", FilterRule{Filter: Has("tags", "drei"), Actions: []Action{Add("labels", "T")}, OtherWayAround: true}, "", "labels=T", A, "tags+drei", ""},
		{"the rule turned round makes its filter true by removing", FilterRule{Filter: HasNot("tags", "eins"), Actions: []Action{Add("labels", "T")}, OtherWayAround: true}, "tags=eins", "labels=T tags=1", A, "tags-eins", `tags:tags "1": - | 1`},
		{"a filter without an element", FilterRule{Filter: Is("stage", contact.Text("won")), Actions: []Action{Add("labels", "T")}, OtherWayAround: true}, "", "labels=T", A, "stage=won", ""},
	} {
		tt.rule.From = A
		cfg := between(t, Connection{Rules: []Rule{tt.rule, FilterRule{From: A}, FilterRule{From: B}}, Conflict: Policy{Winner: B}, Mappings: []Mapping{
			MapFields("email", "email"), MapFields("phones", "phones"), {A: []string{"tags"}, B: []string{"tags"}, Transform: []Transform{table}}}}, tagged(), tagged())
		l := &link{}
		if tt.name == "the other side holds it too" { // and b did not, when that was settled
			listed(cfg, l, "tags=eins,zwei", "tags=2")
		}
		if tt.rule.Filter.Op == OpHasNot { // only what was settled before is turned by taking away
			l.Members = map[string]member{cfg.members[0].id: {}}
		}
		out := pair(cfg, l, tt.a, tt.b).decide()
		w := out.writes[tt.side]
		if got := patched(w); got != tt.writes {
			t.Errorf("%s: %q is written, want %q", tt.name, got, tt.writes)
			continue
		}
		id := cfg.lists[1].id
		want := strings.ReplaceAll(tt.settles, "tags:tags", id)
		if got := settledOf(w.settle, func(st settlement) bool { return st.Element == "1" && st.Mapping == id }); got != want {
			t.Errorf("%s: %q is settled, want %q", tt.name, got, want)
		}
	}
}

// TestWhatASettlementIsAbout: of a field that is frozen nothing is settled, and of all others what is.
func TestWhatASettlementIsAbout(t *testing.T) {
	t.Parallel()
	cfg := undone(t)
	name, turned, plain := cfg.mappings[1].id, cfg.members[0].id, cfg.members[1].id
	for _, tt := range []struct {
		st   settlement
		want string
	}{
		{settlement{Mapping: name}, "a full b family b given"},
		{settlement{Mapping: cfg.mappings[2].id, Element: "1"}, "a kinds b sorts"},
		{settlement{Membership: turned}, "a labels b stage b tags"},
		{settlement{Membership: plain}, "a labels"},
		{settlement{Target: "b tags\x00t"}, "b tags"},
		{settlement{Target: "b stage"}, "b stage"},
		{settlement{Target: "a labels\x00l"}, "a labels"},
		{settlement{Target: "b company"}, "b company"},
	} {
		var got []string
		for _, s := range Sides {
			for _, f := range cfg.schema[s].Fields {
				if tt.st.about(cfg, s, f.Name) {
					got = append(got, fmt.Sprintf("%s %s", s, f.Name))
				}
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.st, diff)
		}
	}
}

// TestFrozenBesideAnAction: a field is frozen, and what a rule writes to another one is its own all the same.
func TestFrozenBesideAnAction(t *testing.T) {
	t.Parallel()
	cfg := between(t, Connection{Mappings: []Mapping{MapFields("email", "email")}, Rules: []Rule{
		tag(func(r *FilterRule) { r.Undo = UndoOwn }),
		FilterRule{ID: "stage", From: A, Filter: Has("labels", "in"), Actions: []Action{Set("stage", contact.Text("won"))}, Undo: UndoOwn}, FilterRule{From: B}}}, tagged(), tagged())
	l := &link{Past: map[string]*past{pastKey(B, "tags"): {Frozen: true}}}
	p := pair(cfg, l, "labels=in", "stage=new")
	out := p.decide()
	require.Equal(t, "stage=won", patched(out.writes[B]))
	require.Equal(t, "b stage: new under won", settledOf(out.writes[B].settle, func(st settlement) bool { return st.Target != "" }))
	require.Equal(t, cfg.members[1].id+": in true, shown true", settledOf(out.writes[B].settle, func(st settlement) bool { return st.Membership != "" }))
	require.Equal(t, StatusConflict, out.standing.Status)
}

// TestWhatIsForgottenOfRetiredMappings: a rule's write ends what was settled of lists by mappings that are not in force, on
// whichever side they had something; and nothing else does.
func TestWhatIsForgottenOfRetiredMappings(t *testing.T) {
	t.Parallel()
	cfg := between(t, Connection{Mappings: []Mapping{MapFields("tags", "tags"), MapFields("stage", "stage")}}, tagged(), tagged())
	list, text, none := []contact.Value{contact.Set("x")}, []contact.Value{contact.Text("x")}, []contact.Value{contact.Empty}
	for name, tt := range map[string]struct {
		st      settlement
		written bool
		want    []string
	}{
		"an action":             {settlement{Target: "b labels x"}, true, []string{"stage off", "tags:tags"}},
		"a rule turned round":   {settlement{Membership: "r"}, true, []string{"stage off", "tags:tags"}},
		"a rule without a word": {settlement{Membership: "r"}, false, []string{"in a off", "in b off", "stage off", "tags:tags"}},
		"a mapping":             {settlement{Mapping: "tags:tags", Val: sides{list, list}}, true, []string{"in a off", "in b off", "stage off", "tags:tags"}},
	} {
		l := &link{Cells: map[string]*cell{"in a off": {Val: sides{list, none}}, "in b off": {Val: sides{none, list}}, "stage off": {Val: sides{text, text}},
			"tags:tags": {Val: sides{list, list}}}}
		l.arrived(cfg, []settlement{tt.st}, tt.written, B, &mirror{Fields: contact.Fields{}})
		require.Equal(t, tt.want, slices.Sorted(maps.Keys(l.Cells)), name)
	}
}
