package contactsync

import (
	"strings"
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// TestWritersOfOneField: two mappings may not write one field, nor the whole of it and a part, nor a mapping and an action.
func TestWritersOfOneField(t *testing.T) {
	t.Parallel()
	m := func(id, a, b string) Mapping { return Mapping{ID: id, A: []string{a}, B: []string{b}} }
	to := func(d Direction, m Mapping) Mapping { m.Direction = d; return m }
	act := func(from Side, a Action) []Rule {
		return []Rule{FilterRule{From: from, Actions: []Action{a}}, FilterRule{From: from.Other()}}
	}
	set := Set("text", contact.Text("x"))
	for name, tt := range map[string]struct {
		mappings []Mapping
		rules    []Rule
		want     []string
	}{
		"two fields":                     {[]Mapping{m("1", "text", "text"), m("2", "text2", "text2")}, nil, nil},
		"one field twice":                {[]Mapping{to(AToB, m("1", "text", "text")), to(AToB, m("2", "text2", "text"))}, nil, []string{"mappings: both write text of b"}},
		"one mapping twice":              {[]Mapping{MapFields("text", "text"), MapFields("text", "text")}, nil, []string{"mappings[1]: is there twice"}},
		"one that is read twice":         {[]Mapping{to(AToB, m("1", "text", "text")), to(AToB, m("2", "text", "text2"))}, nil, nil},
		"one that one of them reads":     {[]Mapping{to(AToB, m("1", "text", "text")), to(BToA, m("2", "text2", "text"))}, nil, nil},
		"an address, then its city":      {[]Mapping{to(AToB, m("1", "address", "address")), to(AToB, m("2", "text", "address.city"))}, nil, []string{"mappings: write address of b as a whole and in part"}},
		"a city, then its address":       {[]Mapping{to(AToB, m("1", "text", "address.city")), to(AToB, m("2", "address", "address"))}, nil, []string{"mappings: write address of b as a whole and in part"}},
		"two parts":                      {[]Mapping{to(AToB, m("1", "text", "address.city")), to(AToB, m("2", "text2", "address.street"))}, nil, nil},
		"a list, then an entry":          {[]Mapping{to(AToB, m("1", "emails", "emails")), to(AToB, m("2", "email", "emails[primary]"))}, nil, []string{"mappings: write emails of b as a whole and in part"}},
		"an entry, then its list":        {[]Mapping{to(AToB, m("1", "email", "emails[type=work]")), to(AToB, m("2", "emails", "emails"))}, nil, []string{"mappings: write emails of b as a whole and in part"}},
		"two entries":                    {[]Mapping{to(AToB, m("1", "email", "emails[type=work]")), to(AToB, m("2", "text", "emails[type=home]"))}, nil, nil},
		"an action as well":              {[]Mapping{m("1", "text2", "text")}, act(A, set), []string{`rules: "set text to x" writes text, which mapping 1`}},
		"an action on the other side":    {[]Mapping{to(AToB, m("1", "text2", "text"))}, act(B, set), nil},
		"an action on another field":     {[]Mapping{m("1", "text2", "text2")}, act(A, set), nil},
		"an action on an element":        {[]Mapping{m("1", "set", "set")}, act(A, Add("set", "x")), nil},
		"an action where nothing writes": {[]Mapping{to(BToA, m("1", "text", "text"))}, act(A, set), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holdFaults(t, tt.want, faultsOf(Connection{Mappings: tt.mappings, Rules: tt.rules}))
		})
	}
}

// TestMappingReferences: by its id, or by the one field of each side.
func TestMappingReferences(t *testing.T) {
	t.Parallel()
	one, named := MapFields("x", "y"), Mapping{ID: "n", A: []string{"x"}, B: []string{"y"}}
	wide, deep := Mapping{A: []string{"x"}, B: []string{"y", "z"}}, Mapping{A: []string{"x", "z"}, B: []string{"y"}}
	for _, tt := range []struct {
		ref  MappingRef
		m    Mapping
		want bool
	}{
		{MappingRef{A: "x", B: "y"}, one, true}, {MappingRef{A: "x", B: "z"}, one, false}, {MappingRef{A: "z", B: "y"}, one, false},
		{MappingRef{A: "x", B: "y"}, wide, false}, {MappingRef{A: "x", B: "y"}, deep, false}, {MappingRef{A: "x", B: "y"}, Mapping{B: []string{"y"}}, false},
		{MappingRef{A: "x", B: "y"}, Mapping{A: []string{"x"}}, false}, {MappingRef{A: "x", B: "y"}, Mapping{}, false},
		{MappingRef{ID: "n"}, named, true}, {MappingRef{ID: "m", A: "x", B: "y"}, named, false}, {MappingRef{ID: "x:y"}, one, true}, {MappingRef{A: "x", B: "y"}, named, true},
	} {
		if tt.ref.names(&tt.m) != tt.want {
			t.Errorf("%+v and %+v", tt.ref, tt.m)
		}
	}
	off := one
	off.Disabled = true
	c := Connection{Mappings: []Mapping{off, named, wide}, AddMappings: []Mapping{deep}, DisableMappings: []MappingRef{{ID: "n"}}}
	if diff := cmp.Diff([]Mapping{wide, deep}, c.inUse()); diff != "" {
		t.Error(diff)
	}
}

// TestUsedFields: what is read of each side: what mappings, rules, keys and marks look at or write; everything where a rule
// does not say what it looks at, or where only the fields tell whether a record was edited.
func TestUsedFields(t *testing.T) {
	t.Parallel()
	fields := tagged()
	for name, tt := range map[string]struct {
		c          Connection
		noVersions bool
		unlistable bool
		a, b       string
	}{
		"mappings and keys":              {Connection{}, false, false, "email stage", "email stage"},
		"a rule":                         {Connection{Rules: []Rule{tag(nil), FilterRule{From: B}}}, false, false, "email labels stage", "email stage tags"},
		"a rule that does not say":       {Connection{Rules: []Rule{saying{from: A}, FilterRule{From: B}}}, false, false, "email labels phones score stage tags", "email stage"},
		"a scorer":                       {Connection{Match: Match{SuggestAbove: 0.5}}, false, false, "email phones stage", "email phones stage"},
		"a mark":                         {Connection{Deletions: Deletions{Mark: MarkActions{B: []Action{Add("labels", "gone")}}}}, false, false, "email stage", "email labels stage"},
		"deletions, by versions":         {Connection{Deletions: Deletions{FromA: DeletionDelete}}, false, false, "email stage", "email stage"},
		"deletions in b":                 {Connection{Deletions: Deletions{FromA: DeletionDelete}}, true, false, "email stage", "email labels phones score stage tags"},
		"no versions, and no deletions":  {Connection{Deletions: Deletions{FromA: DeletionMark}}, true, false, "email stage", "email stage"},
		"an app that can only be pushed": {Connection{}, false, true, "email labels phones score stage tags", "email labels phones score stage tags"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.c.ID, tt.c.Mappings = "c", []Mapping{MapFields("stage", "stage")}
			schema := &contact.Schema{Versions: !tt.noVersions, Unlistable: tt.unlistable, Fields: fields}
			cfg, bad := compile(&tt.c, [2]*contact.Schema{schema, schema})
			require.Empty(t, bad)
			require.Equal(t, [2]string{tt.a, tt.b}, [2]string{strings.Join(cfg.used[A], " "), strings.Join(cfg.used[B], " ")})
			for _, s := range Sides {
				require.Equal(t, cfg.used[s], cfg.empty[s].Names())
			}
		})
	}
}

// TestWhatAConnectionNeeds: the faults of a connection whatever its apps are.
func TestWhatAConnectionNeeds(t *testing.T) {
	t.Parallel()
	holdFaults(t, []string{"rules: one of them works the other way around"}, faultsOf(Connection{Mappings: []Mapping{MapFields("text", "text")}, Rules: []Rule{
		FilterRule{From: A, Filter: Has("set", "x"), Actions: []Action{Add("set", "T")}, OtherWayAround: true}, FilterRule{From: A, Filter: Has("set", "y"), Actions: []Action{Add("set", "T")}}}}))
	_, bad := compile(&Connection{}, [2]*contact.Schema{everyField(), everyField()})
	require.Equal(t, "id: a connection needs an id", bad[0].String())
	require.Equal(t, "somewhere", Fault{Message: "somewhere"}.String())
}

// TestGuardLimits: how a guard's limit reads, what it lets through, and which are none.
func TestGuardLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		l       Limit
		text    string
		of200   int
		refused bool
	}{
		{Limit{}, "default", 0, false}, {AtMost(0), "0", 0, false}, {AtMost(7), "7", 7, false}, {AtMost(-1), "-1", -1, true},
		{Percent(0), "0%", 0, false}, {Percent(100), "100%", 200, false}, {Percent(2.5), "2.5%", 5, false}, {Percent(-0.1), "-0.1%", 0, true}, {Percent(100.1), "100.1%", 200, true},
	} {
		bad := &faults{}
		tt.l.check("guard", bad)
		if tt.l.String() != tt.text || tt.l.allows(200) != tt.of200 || (len(bad.list) > 0) != tt.refused {
			t.Errorf("%+v: %s, of 200 %d, %v", tt.l, tt.l, tt.l.allows(200), bad.list)
		}
	}
}

// TestHeldByTheGuards: what is counted in a day counts against the limit, and nothing is held where nothing is to be done.
func TestHeldByTheGuards(t *testing.T) {
	t.Parallel()
	g := &Guard{MaxDeletions: AtMost(3), MaxClears: AtMost(3), MaxCreates: AtMost(3)}
	for _, tt := range []struct {
		t                        tally
		deletes, clears, creates bool
	}{
		{tally{}, false, false, false},
		{tally{deletes: 3, clears: 3, creates: 3}, false, false, false},
		{tally{deletes: 4}, true, false, false}, {tally{clears: 4}, false, true, false}, {tally{creates: 4}, false, false, true},
		{tally{deletes: 1, deleted: 3}, true, false, false}, {tally{clears: 1, cleared: 3}, false, true, false},
		{tally{deletes: 1, deleted: 2, clears: 1, cleared: 2}, false, false, false},
		{tally{deleted: 4, cleared: 4}, false, false, false}, // more than is allowed, and all of it done
	} {
		if got := g.guard(tt.t, nil); got != (gate{deletes: tt.deletes, clears: tt.clears, creates: tt.creates}) {
			t.Errorf("%+v: %+v", tt.t, got)
		}
	}
	require.Equal(t, gate{}, new(Guard).guard(tally{linked: 10, creates: 1000}, nil))
}

// TestMappingsThatKeep: a mapping keeps what the other side clears by itself where every field that it writes is in an app that
// can empty none.
func TestMappingsThatKeep(t *testing.T) {
	t.Parallel()
	able := everyField()
	lacking := able.Limited(contact.Limit{Cannot: contact.AbilityClear, Why: "it ignores what is blank"})
	for _, tt := range []struct {
		name      string
		direction Direction
		onClear   OnClear
		a, b      *contact.Schema
		want      bool
	}{
		{"to one that cannot", AToB, "", able, &lacking, true},
		{"from one that cannot", BToA, "", able, &lacking, false},
		{"both ways, and one can", TwoWay, "", able, &lacking, false},
		{"both ways, and none can", TwoWay, "", &lacking, &lacking, true},
		{"both can", AToB, "", able, able, false},
		{"as it says itself", AToB, OnClearKeep, able, able, true},
	} {
		m := MapFields("text", "text")
		m.Direction, m.OnClear = tt.direction, tt.onClear
		cfg, bad := compile(&Connection{ID: "c", Mappings: []Mapping{m}}, [2]*contact.Schema{tt.a, tt.b})
		if len(bad) > 0 {
			t.Fatalf("%s: %v", tt.name, bad)
		}
		if cfg.mappings[0].keep != tt.want {
			t.Errorf("%s: keeps is not %v", tt.name, tt.want)
		}
	}
}
