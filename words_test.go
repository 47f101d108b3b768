package contactsync

import (
	"strings"
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// TestFiltersInWords: brackets stand only around what is joined itself.
func TestFiltersInWords(t *testing.T) {
	t.Parallel()
	x, y := Has("tags", "x"), Has("tags", "y")
	for _, tt := range []struct {
		f    Filter
		want string
	}{
		{Filter{}, "everything"},
		{x, "tags has x"},
		{Filter{Not: &x}, "not (tags has x)"},
		{Filter{All: []Filter{x, y}}, "tags has x and tags has y"},
		{Filter{Any: []Filter{{All: []Filter{x, y}}}}, "tags has x and tags has y"},
		{Filter{Any: []Filter{{All: []Filter{x, y}}, y}}, "(tags has x and tags has y) or tags has y"},
		{Filter{All: []Filter{{Any: []Filter{x}}, y}}, "tags has x and tags has y"},
		{Filter{All: []Filter{{Any: []Filter{x, y}}, {All: []Filter{y}}}}, "(tags has x or tags has y) and tags has y"},
	} {
		if tt.f.String() != tt.want {
			t.Errorf("%q, want %q", tt.f, tt.want)
		}
	}
}

// TestRulesInWords: a host's rule says itself what it is; one whose filter is no single condition is turned round in few
// words, and refused elsewhere.
func TestRulesInWords(t *testing.T) {
	t.Parallel()
	names := [2]string{"phone", "crm"}
	require.Equal(t, "what the host says", sentenceOf(saying{}, names))
	two := FilterRule{From: A, Filter: Filter{All: []Filter{Has("tags", "x"), Has("tags", "y")}}, Actions: []Action{Add("tags", "T")}, OtherWayAround: true}
	if got := sentenceOf(two, names); !strings.HasSuffix(got, "; and the other way around.") {
		t.Error(got)
	}
}

// TestWarnings: what a person is told of a connection, in the cases in which it is not told.
func TestWarnings(t *testing.T) {
	t.Parallel()
	fields := []contact.Field{{Name: "email", Type: contact.TypeEmail}, {Name: "stage", Type: contact.TypeText}, {Name: "tags", Type: contact.TypeSet}}
	table := []Transform{ValueTable{Pairs: [][2]string{{"one", "1"}, {"uno", "1"}}}}
	lossy := Mapping{A: []string{"stage"}, B: []string{"stage"}, Transform: table}
	oneWay, trimmed := lossy, lossy
	oneWay.Direction = AToB
	trimmed.Transform = []Transform{Trim{}, Case{Upper: true}}
	everybody := func(f Filter) []Rule {
		return []Rule{FilterRule{From: A, Filter: f, Actions: []Action{Add("tags", "T")}}, FilterRule{From: B}}
	}
	required := func(s *contact.Schema) { s.Fields[1].Required = true }
	set := func(from Side, actions ...Action) []Rule {
		return []Rule{FilterRule{From: from, Filter: Has("tags", "x"), Actions: actions}, FilterRule{From: from.Other()}}
	}
	email := []Mapping{MapFields("email", "email")}
	for _, tt := range []struct {
		name string
		c    Connection
		b    func(*contact.Schema)
		want string
	}{
		{"nothing", Connection{Mappings: email}, nil, ""},
		{"a lossy mapping", Connection{Mappings: []Mapping{lossy}}, nil, "lossy b stage table of 2"},
		{"a lossy mapping, one-way", Connection{Mappings: []Mapping{oneWay}}, nil, ""},
		{"a lossy mapping of a set", Connection{Mappings: []Mapping{{A: []string{"tags"}, B: []string{"tags"}, Transform: table}}}, nil, "lossy b tags table of 2"},
		{"one whose second transform is lossy", Connection{Mappings: []Mapping{trimmed}}, nil, "lossy b stage upper case"},
		{"a key with fields in one app only", Connection{Mappings: email, Match: Match{Keys: []MatchKey{{Kind: KeyEmail}}}}, func(s *contact.Schema) { s.Fields[0].Type = contact.TypeText }, "no_key a  "},
		{"a rule without filter acts on all", Connection{Mappings: email, Rules: everybody(Filter{})}, nil, "acts_on_all b tags "},
		{"with a filter on some", Connection{Mappings: email, Rules: everybody(Has("tags", "x"))}, nil, ""},
		{"without rules there", Connection{Mappings: email, Direction: AToB, Rules: []Rule{FilterRule{From: A, Actions: []Action{Add("tags", "T")}}}}, nil, ""},
		{"without rules there, both ways", Connection{Mappings: email, Rules: []Rule{FilterRule{From: A, Actions: []Action{Add("tags", "T")}}}}, nil, "no_flow b  "},
		{"a required field", Connection{Mappings: email}, required, "required b stage "},
		{"one that nobody creates in", Connection{Mappings: email, Direction: BToA}, required, ""},
		{"one in an app that creates nobody", Connection{Mappings: email}, func(s *contact.Schema) { required(s); s.NoCreate = true }, "no_create b  "},
		{"one that an action sets", Connection{Mappings: email, Rules: set(A, Set("stage", contact.Text("x")))}, required, ""},
		{"one that an action clears", Connection{Mappings: email, Rules: set(A, Add("tags", "T"))}, required, "required b stage "},
		{"one that an action sets in the other app", Connection{Mappings: email, Rules: set(B, Set("stage", contact.Text("x")))}, required, "required b stage "},
		{"one that is mapped the other way", Connection{Mappings: append([]Mapping{{A: []string{"stage"}, B: []string{"stage"}, Direction: BToA}}, email...)}, required, "required b stage "},
	} {
		a := &contact.Schema{Versions: true, Tombstones: true, Modified: true, Fields: fields}
		b := &contact.Schema{Versions: true, Tombstones: true, Modified: true, Fields: append([]contact.Field{}, fields...)}
		if tt.b != nil {
			tt.b(b)
		}
		tt.c.ID = "c"
		cfg, bad := compile(&tt.c, [2]*contact.Schema{a, b})
		require.Empty(t, bad, tt.name)
		var got []string
		for _, w := range cfg.warnings() {
			_, words, _ := strings.Cut(w.Message, "(")
			got = append(got, strings.Join([]string{string(w.Kind), w.Side.String(), w.Field, strings.TrimSuffix(words, ")")}, " "))
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, "; ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	bare := &contact.Schema{Versions: true, Tombstones: true, Modified: true, Fields: []contact.Field{{Name: "stage", Type: contact.TypeText}}}
	cfg, bad := compile(&Connection{ID: "c", Mappings: []Mapping{MapFields("stage", "stage")}}, [2]*contact.Schema{bare, {Versions: true, Tombstones: true, Modified: true, Fields: fields}})
	require.Empty(t, bad)
	require.Equal(t, WarnNoKey, cfg.warnings()[0].Kind)
}

// TestOffers: what is offered, and why something is not.
func TestOffers(t *testing.T) {
	t.Parallel()
	open := []contact.Field{{Name: "x", ReadOnly: true}, {Name: "y"}}
	read := "crm can only be read"
	for _, tt := range []struct {
		schema *contact.Schema
		want   string
	}{
		{nil, ""}, {&contact.Schema{Fields: open}, ""}, {&contact.Schema{Fields: open, NoCreate: true}, ""}, {&contact.Schema{Fields: open, NoUpdate: true}, ""},
		{&contact.Schema{Fields: open, NoCreate: true, NoUpdate: true}, read}, {&contact.Schema{Fields: open[:1]}, read},
	} {
		apps := locksOf([2]string{"phone", "crm"}, [2]*contact.Schema{nil, tt.schema})
		for value, want := range map[Direction]string{TwoWay: tt.want, AToB: tt.want, BToA: ""} {
			one, there := apps.of("direction", string(value))
			require.Equal(t, want, one.why, value)
			require.Equal(t, want != "", there, value)
		}
	}
	closed := &contact.Schema{Fields: open[:1]}
	one, _ := locksOf([2]string{"phone", "crm"}, [2]*contact.Schema{closed, closed}).of("direction", string(TwoWay))
	require.Equal(t, "phone can only be read; crm can only be read", one.why)
	for _, tt := range []struct {
		a, b  *contact.Schema
		times bool
	}{
		{nil, nil, true}, {&contact.Schema{Modified: true}, nil, true}, {nil, &contact.Schema{Modified: true}, true}, {&contact.Schema{}, nil, false}, {nil, &contact.Schema{}, false},
		{&contact.Schema{Modified: true}, &contact.Schema{Modified: true}, true}, {&contact.Schema{}, &contact.Schema{Modified: true}, false}, {&contact.Schema{Modified: true}, &contact.Schema{}, false},
	} {
		for _, s := range settingChoices(&Connection{}, locksOf([2]string{"a", "b"}, [2]*contact.Schema{tt.a, tt.b})) {
			for _, v := range s.Values {
				if v.Value == string(PolicyNewest) && v.Can != tt.times {
					t.Errorf("newest, of %+v and %+v: %+v", tt.a, tt.b, v)
				}
			}
		}
	}
	for _, tt := range []struct {
		r      Rule
		schema *contact.Schema
		why    string
	}{
		{FilterRule{From: A}, nil, "choose the app first"}, {FilterRule{From: B}, nil, "choose the app first"}, {FilterRule{From: 2}, everyField(), "choose the app first"},
		{FilterRule{From: B, Filter: Has("set", "x"), Actions: []Action{Add("set", "T")}}, everyField(), ""},
	} {
		got := ruleChoice(tt.r, [2]string{"a", "b"}, [2]*contact.Schema{tt.schema, tt.schema}, nil)
		require.Equal(t, tt.why, got.OtherWayAround.Why)
		require.Equal(t, tt.why == "", got.OtherWayAround.Can)
	}
	var words []string
	for _, op := range operatorsOf(contact.Field{Name: "stage", Type: contact.TypeChoice, Options: []string{"new", "won"}}) {
		words = append(words, string(op.Op)+" "+strings.Join(op.Values, ","))
	}
	require.Equal(t, "is new,won; is_not new,won; in new,won; contains new,won; starts_with new,won; ends_with new,won; is_known ; is_unknown ", strings.Join(words, "; "))
}

// TestKeyOffers: keys for which both apps have fields that tell people apart, and those in use.
func TestKeyOffers(t *testing.T) {
	t.Parallel()
	field := func(name, meaning string, kind contact.Type) contact.Field {
		return contact.Field{Name: name, Meaning: meaning, Type: kind}
	}
	a := &contact.Schema{Fields: []contact.Field{field("email", "email", contact.TypeEmail), field("phone", "phone", contact.TypePhone), field("code", "code", contact.TypeText),
		field("first", "first", contact.TypeText), field("plain", "", contact.TypeText), field("since", "since", contact.TypeText), field("until", "until", contact.TypeDate), field("only", "only", contact.TypeNumber)}}
	b := &contact.Schema{Fields: []contact.Field{field("bare", "", contact.TypeText), field("mail", "email", contact.TypeEmail), field("number", "code", contact.TypeNumber),
		field("given", "first", contact.TypeText), field("since", "since", contact.TypeDate), field("until", "until", contact.TypeText), field("fax", "fax", contact.TypePhone)}}
	told := func(c *Connection, schemas [2]*contact.Schema) string {
		var all []string
		for _, k := range keyChoices(c, schemas, nil) {
			text := k.Key.Kind + k.Key.A
			if k.Key.B != "" {
				text += "=" + k.Key.B
			}
			if k.InUse {
				text += " in use"
			}
			all = append(all, text)
		}
		return strings.Join(all, "; ")
	}
	require.Equal(t, "email in use; phone; name_company; code=number", told(&Connection{}, [2]*contact.Schema{a, b}))
	b.Fields = b.Fields[:6]
	require.Equal(t, "email in use; name_company; code=number", told(&Connection{}, [2]*contact.Schema{a, b}))
	require.Equal(t, "email in use; name_company; number=code", told(&Connection{}, [2]*contact.Schema{b, a}))
	used := &Connection{Match: Match{Keys: []MatchKey{{A: "code", B: "number"}, {A: "plain", B: "bare"}}}}
	require.Equal(t, "email; name_company; code=number in use; plain=bare in use", told(used, [2]*contact.Schema{a, b}))
	c := choices(&Connection{}, [2]string{"a", "b"}, [2]*contact.Schema{a, b}, []Mapping{MapFields("email", "other"), MapFields("other", "number"), MapFields("first", "given")})
	for _, m := range c.Mappings {
		require.Equal(t, m.Mapping.A[0] == "first", m.InUse, "%v", m.Mapping)
	}
}

// TestWhyOnly: why all values but one cannot be chosen, each reason once, and nothing of the one that can.
func TestWhyOnly(t *testing.T) {
	t.Parallel()
	locked := func(why string) ValueChoice { return ValueChoice{Offer: Offer{Why: why}} }
	free := ValueChoice{Offer: Offer{Can: true}}
	for want, values := range map[string][]ValueChoice{
		"x": {free, locked("x")}, "x; y": {locked("x"), free, locked("y"), locked("x")}, "": {free},
	} {
		require.Equal(t, want, whyOnly(values))
	}
}
