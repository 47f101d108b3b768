package contactsync

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// TestRulesThatCannotBe: what is wrong with a rule, each fault with its place and no other with it.
func TestRulesThatCannotBe(t *testing.T) {
	t.Parallel()
	has, add := Has("set", "x"), []Action{Add("set", "T")}
	always := Add("set", "T")
	always.Always = true
	turned := func(f Filter, actions ...Action) FilterRule {
		return FilterRule{From: A, Filter: f, Actions: actions, OtherWayAround: true}
	}
	const place = "rules[0].other_way_around: "
	for name, tt := range map[string]struct {
		rule Rule
		want []string
	}{
		"turned round":                           {turned(has, add...), nil},
		"turned round, an option":                {turned(Is("stage", contact.Text("won")), add...), nil},
		"turned round, yes or no":                {turned(Is("bool", contact.Bool(true)), add...), nil},
		"turned round, a text":                   {turned(Is("text", contact.Text("x")), add...), nil},
		"turned round, of one condition in all":  {turned(Filter{All: []Filter{has}}, add...), nil},
		"turned round, of one condition in any":  {turned(Filter{Any: []Filter{has}}, add...), nil},
		"turned round, a number":                 {turned(Is("number", contact.Int(1)), add...), []string{place + "cannot be turned round"}},
		"turned round, a date":                   {turned(Is("date", contact.Text("2026-01-05")), add...), []string{place + "cannot be turned round"}},
		"turned round, without an action":        {turned(has), []string{place + "no action"}},
		"turned round, enforced":                 {turned(has, always), []string{place + "marked always"}},
		"turned round, of no filter":             {turned(Filter{}, add...), []string{place + "no filter"}},
		"turned round, of two conditions":        {turned(Filter{All: []Filter{has, Has("set", "y")}}, add...), []string{place + "one condition"}},
		"turned round, of what is not":           {turned(Filter{Not: &has}, add...), []string{place + "one condition"}},
		"turned round, of another operator":      {turned(Filter{Field: "text", Op: OpIsKnown}, add...), []string{place + "cannot be turned round"}},
		"turned round, read-only":                {turned(Is("fixed", contact.Text("x")), add...), []string{place + "read-only"}},
		"another mode":                           {FilterRule{From: A, Mode: "sometimes"}, []string{"rules[0].mode: no mode"}},
		"another undo":                           {FilterRule{From: A, Actions: add, Undo: "half"}, []string{"rules[0].undo: true, false or all"}},
		"nothing to undo":                        {FilterRule{From: A, Undo: UndoOwn}, []string{"rules[0].undo: no action to undo"}},
		"of a third side":                        {FilterRule{From: 2}, []string{"rules[0].from: from a or b"}},
		"clears a choice that has options":       {FilterRule{From: A, Actions: []Action{Clear("stage")}}, nil},
		"a condition without an operator":        {FilterRule{From: A, Filter: Filter{Field: "text"}}, []string{`rules[0].filter.op: no operator ""`}},
		"a condition without a field":            {FilterRule{From: A, Filter: Filter{Op: OpIsKnown}}, []string{`rules[0].filter.field: no field ""`}},
		"a condition that is joined as well":     {FilterRule{From: A, Filter: Filter{Field: "text", All: []Filter{has}}}, []string{"rules[0].filter: one condition, or one of all, any and not"}},
		"of another operator":                    {FilterRule{From: A, Filter: Filter{Field: "text", Op: "resembles"}}, []string{`rules[0].filter.op: no operator "resembles"`}},
		"a host's, which has the same actions":   {saying{from: A, actions: []Action{Add("text", "x")}}, []string{"rules[0].actions[0]: set or list"}},
		"a host's, whose action contradicts one": {saying{from: A, actions: []Action{Add("set", "x"), Remove("set", "x")}}, []string{"rules[0].actions[1]: contradicts an action of rule 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holdFaults(t, tt.want, faultsOf(Connection{Mappings: []Mapping{MapFields("text2", "text2")}, Rules: []Rule{tt.rule}}))
		})
	}
	fits, known := operatorFits("resembles", contact.Field{Type: contact.TypeText})
	require.False(t, fits || known)
}

// TestMembershipOfSeveralRules: rules of one side with the same actions are one membership, whose strictest undo holds.
func TestMembershipOfSeveralRules(t *testing.T) {
	t.Parallel()
	add, always := Add("tags", "T"), Add("tags", "T")
	always.Always = true
	for _, tt := range []struct {
		undo []Undo
		want Undo
	}{
		{[]Undo{UndoNone}, UndoNone}, {[]Undo{UndoNone, UndoOwn}, UndoOwn}, {[]Undo{UndoOwn, UndoNone}, UndoOwn}, {[]Undo{UndoNone, UndoAll}, UndoAll},
		{[]Undo{UndoOwn, UndoAll}, UndoAll}, {[]Undo{UndoAll, UndoOwn}, UndoAll}, {[]Undo{UndoAll, UndoNone}, UndoAll}, {[]Undo{UndoOwn, UndoNone, UndoNone}, UndoOwn},
	} {
		var rules []Rule
		for _, u := range tt.undo {
			rules = append(rules, FilterRule{From: A, Actions: []Action{add}, Undo: u})
		}
		cfg := between(t, Connection{Mappings: []Mapping{MapFields("stage", "stage")}, Rules: rules}, tagged(), tagged())
		require.Len(t, cfg.members, 1)
		require.Equal(t, tt.want, cfg.members[0].undo, "%v", tt.undo)
		require.Len(t, cfg.members[0].rules, len(rules))
	}
	others := []Rule{FilterRule{From: A, Actions: []Action{add}}, FilterRule{From: B, Actions: []Action{add}}, FilterRule{From: A, Actions: []Action{always}},
		FilterRule{From: A, Actions: []Action{Add("labels", "T")}}, FilterRule{From: A}}
	var ids []string // under which state is kept: they stay as they are
	for _, m := range between(t, Connection{Mappings: []Mapping{MapFields("stage", "stage")}, Rules: others}, tagged(), tagged()).members {
		ids = append(ids, m.id)
	}
	require.Equal(t, []string{"from a, add T to tags", "from a, add T to tags always", "from a, add T to labels", "from b, add T to tags"}, ids)
}

// TestTurn: how a condition is made true and false, and whether that takes something away.
func TestTurn(t *testing.T) {
	t.Parallel()
	fields := append(slices.Clone(tagged()), contact.Field{Name: "vip", Type: contact.TypeBool})
	for _, tt := range []struct {
		f     Filter
		now   string
		truth bool
		want  string
		takes bool
	}{
		{Has("tags", "x"), "tags=y", true, "tags=y,x", false},
		{Has("tags", "x"), "tags=y,x", false, "tags=y", true},
		{HasNot("tags", "x"), "tags=y,x", true, "tags=y", true},
		{HasNot("tags", "x"), "tags=y", false, "tags=y,x", false},
		{Has("phones", "1"), "phones=2:work", true, "phones=2:work,1", false},
		{Has("phones", "1"), "phones=1:home,2:work", false, "phones=2:work", true},
		{Is("stage", contact.Text("won")), "", true, "stage=won", false},
		{Is("stage", contact.Text("won")), "stage=lost", true, "stage=won", true},
		{Is("stage", contact.Text("won")), "stage=won", false, "", true},
		{Is("vip", contact.Bool(true)), "", true, "vip=true", false},
		{Is("vip", contact.Bool(true)), "vip=true", false, "vip=false", true},
		{Is("vip", contact.Text("false")), "vip=true", true, "vip=false", true},
		{Is("vip", contact.Text("false")), "vip=false", false, "vip=true", true},
	} {
		rule := FilterRule{From: A, Filter: tt.f, Actions: []Action{Add("labels", "T")}, OtherWayAround: true}
		cfg := between(t, Connection{Mappings: []Mapping{MapFields("stage", "score")}, Rules: []Rule{rule, FilterRule{From: B}}, Direction: BToA}, fields, fields)
		cfg.Direction = TwoWay
		fields := spelled(cfg.schema[A], tt.now)
		takes := cfg.members[0].turn(fields, tt.truth)
		if want := spelled(cfg.schema[A], tt.want); fields.Digest() != want.Digest() || takes != tt.takes {
			t.Errorf("%s of %q made %v: %v, takes %v", tt.f, tt.now, tt.truth, fields, takes)
		}
	}
}

// TestConditionsOnWhatIsNone: what cannot be compared, or looked at again, is neither.
func TestConditionsOnWhatIsNone(t *testing.T) {
	t.Parallel()
	test := func(op Operator, field, value contact.Value) Truth {
		return (&Filter{Field: "f", Op: op, Value: value}).eval(contact.Fields{"f": field}, stateNow, nil)
	}
	text := contact.Text
	require.Equal(t, No, test(OpIs, contact.Int(5), text("five")))
	require.Equal(t, Yes, test(OpIs, contact.Int(5), text("5.0")))
	require.Equal(t, No, test(OpLess, contact.Int(5), text("six")))
	require.Equal(t, No, test(OpGreater, text("six"), text("5")))
	require.Equal(t, No, test(OpBefore, text("2026-01-05"), text("never")))
	require.Equal(t, No, test(OpAfter, text("never"), text("2026-01-05")))
	require.Equal(t, No, test(OpWithinLast, text("2026-01-05"), text("long")))
	until := func(at, span string) time.Time {
		return (&Filter{Field: "f", Op: OpWithinLast, Value: text(span)}).until(contact.Fields{"f": text(at)}, stateNow)
	}
	later := stateNow.Add(time.Hour)
	require.True(t, until(later.Format(time.RFC3339), "1h").Equal(later))
	require.True(t, until(later.Format(time.RFC3339), "long").IsZero())
	require.True(t, until("never", "1h").IsZero())
}

// TestConditionOfAFilter: a filter of one condition is that, however it is written.
func TestConditionOfAFilter(t *testing.T) {
	t.Parallel()
	x, y := Has("tags", "x"), Has("tags", "y")
	for want, filters := range map[string][]Filter{
		"x":    {x, {All: []Filter{x}}, {Any: []Filter{x}}, {Any: []Filter{{All: []Filter{x}}}}},
		"none": {{}, {All: []Filter{x, y}}, {Any: []Filter{x, y}}, {Not: &x}, {All: []Filter{}}, {Any: []Filter{{Not: &x}}}},
	} {
		for _, f := range filters {
			got := "none"
			if c := f.condition(); c != nil {
				got = strings.TrimPrefix(c.String(), "tags has ")
			}
			require.Equal(t, want, got, "%s", f)
		}
	}
}

// TestElementsOfAnyForm: an element is found in a set and in a list, by its meaning and whatever its type.
func TestElementsOfAnyForm(t *testing.T) {
	t.Parallel()
	set, list := contact.Field{Name: "f", Type: contact.TypeSet}, contact.Field{Name: "f", Type: contact.TypeEmail, Many: true}
	entries := contact.List(contact.Entry{Value: contact.Text("x@x.org"), Type: "work"}, contact.Entry{Value: contact.Text("y@x.org")})
	for _, tt := range []struct {
		v    contact.Value
		f    contact.Field
		e    string
		want bool
	}{
		{contact.Set("one", "two"), set, "TWO", true}, {contact.Set("one"), set, "two", false}, {contact.Empty, set, "two", false},
		{entries, list, "X@X.org", true}, {entries, list, "y@x.org", true}, {entries, list, "z@x.org", false}, {contact.Empty, list, "z@x.org", false},
	} {
		if got := hasElement(tt.v, tt.f, contact.Text(tt.e)); got != tt.want {
			t.Errorf("%v has %s: %v", tt.v, tt.e, got)
		}
	}
}

// TestLets: whose rules let a record through, of which the other side's may be turned round; once a pair is sticky all do.
func TestLets(t *testing.T) {
	t.Parallel()
	turned := FilterRule{From: A, Filter: Has("labels", "in"), Actions: []Action{Add("tags", "T")}, OtherWayAround: true}
	oneWay := FilterRule{From: A, Filter: Has("labels", "in"), Actions: []Action{Add("tags", "T")}}
	newcomers := FilterRule{From: A, Mode: CreateOnly}
	for _, tt := range []struct {
		name   string
		rule   Rule
		scope  Scoping
		linked bool
		s      Side
		has    string
		want   [2]Truth // any mode, and one that updates
	}{
		{"the filter holds", turned, ScopeRule, true, A, "labels=in", [2]Truth{Yes, Yes}},
		{"it does not", turned, ScopeRule, true, A, "labels=x", [2]Truth{No, No}},
		{"what it looks at was not read", turned, ScopeRule, true, A, "labels?", [2]Truth{Unknown, Unknown}},
		{"newcomers only", newcomers, ScopeRule, true, A, "", [2]Truth{Yes, No}},
		{"the actions hold", turned, ScopeRule, true, B, "tags=T", [2]Truth{Yes, Yes}},
		{"they do not", turned, ScopeRule, true, B, "tags=x", [2]Truth{No, No}},
		{"what they write was not read", turned, ScopeRule, true, B, "tags?", [2]Truth{Unknown, Unknown}},
		{"they hold, of a rule that is not turned round", oneWay, ScopeRule, true, B, "tags=T", [2]Truth{No, No}},
		{"sticky, and the filter does not hold", turned, ScopeSticky, true, A, "labels=x", [2]Truth{Yes, Yes}},
		{"sticky, and what it looks at was not read", turned, ScopeSticky, true, A, "labels?", [2]Truth{Yes, Yes}},
		{"sticky, newcomers only", newcomers, ScopeSticky, true, A, "", [2]Truth{Yes, No}},
		{"sticky, and the actions do not hold", turned, ScopeSticky, true, B, "tags=x", [2]Truth{Yes, Yes}},
		{"sticky, and no rule is turned round", oneWay, ScopeSticky, true, B, "tags=T", [2]Truth{No, No}},
		{"sticky, before they are linked, and the filter does not hold", turned, ScopeSticky, false, A, "labels=x", [2]Truth{No, No}},
		{"sticky, before they are linked, and the actions do not hold", turned, ScopeSticky, false, B, "tags=x", [2]Truth{No, No}},
		{"sticky, before they are linked, and the actions hold", turned, ScopeSticky, false, B, "tags=T", [2]Truth{Yes, Yes}},
	} {
		cfg := between(t, Connection{Scope: tt.scope, Mappings: []Mapping{MapFields("stage", "stage")}, Rules: []Rule{tt.rule}}, tagged(), tagged())
		in, update := cfg.lets(tt.s, &mirror{side: tt.s, id: "1", Fields: spelled(cfg.schema[tt.s], tt.has)}, nil, tt.linked, stateNow)
		if got := [2]Truth{in, update}; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestLinkedByNow: two who are matched are a pair at once, unless a filter could not look; who is being created is none yet.
func TestLinkedByNow(t *testing.T) {
	t.Parallel()
	rules := []Rule{FilterRule{From: A, Filter: Has("labels", "in")}, FilterRule{From: B, Filter: Has("labels", "in")}}
	cfg := between(t, Connection{Scope: ScopeSticky, Mappings: []Mapping{MapFields("stage", "stage")}, Rules: rules}, tagged(), tagged())
	for _, tt := range []struct {
		name              string
		a, b              string
		decided, creating bool
		want              bool
	}{
		{"matched", "", "", false, false, true},
		{"matched, and a's was not read", "labels?", "", false, false, false},
		{"matched, and b's was not read", "", "labels?", false, false, false},
		{"decided before", "", "", true, false, true},
		{"decided before, and a's was not read", "labels?", "", true, false, true},
		{"being created", "labels=in", "", false, true, false},
	} {
		p := pair(cfg, &link{}, tt.a, tt.b)
		p.link.Decided, p.creating = tt.decided, tt.creating
		require.Equal(t, tt.want, p.linked(), tt.name)
	}
}

// TestDenies: whether a record shows that it is not in a membership that a lost creation settled: what is not known, or was settled
// as out, denies nothing.
func TestDenies(t *testing.T) {
	t.Parallel()
	cfg := between(t, Connection{Mappings: []Mapping{MapFields("stage", "stage")}, Rules: []Rule{
		FilterRule{From: A, Filter: Has("labels", "in"), Actions: []Action{Add("tags", "T")}}, FilterRule{From: B}}}, tagged(), tagged())
	in, out, shown := member{In: true}, member{}, member{Shown: true}
	for _, tt := range []struct {
		name string
		s    Side
		has  string
		id   string
		was  member
		want bool
	}{
		{"the filter does not hold", A, "", "", in, true},
		{"it holds", A, "labels=in", "", in, false},
		{"what it looks at was not read", A, "labels?", "", in, false},
		{"it does not hold, and did not", A, "", "", out, false},
		{"it does not hold, and only the actions did", A, "", "", shown, false},
		{"it holds, and did not", A, "labels=in", "", out, false},
		{"the actions do not hold", B, "", "", shown, true},
		{"they hold", B, "tags=T", "", shown, false},
		{"what they write was not read", B, "tags?", "", shown, false},
		{"they do not hold, and did not", B, "", "", out, false},
		{"they do not hold, and only the filter did", B, "", "", in, false},
		{"they hold, and did not", B, "tags=T", "", out, false},
		{"a membership that is no more", A, "", "another", in, false},
	} {
		st := settlement{Membership: cmp.Or(tt.id, cfg.members[0].id), Member: tt.was}
		if got := cfg.denies(&mirror{side: tt.s, id: "1", Fields: spelled(cfg.schema[tt.s], tt.has)}, st, stateNow); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
