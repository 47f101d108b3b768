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

// What a configuration may say: which fields can be mapped to which, by which transforms, and what actions may do. Of
// each fault the place is told, and no other fault with it.

// everyField has one field of each type, alone and as a list.
func everyField() *contact.Schema {
	schema := &contact.Schema{Versions: true}
	for _, t := range []contact.Type{contact.TypeText, contact.TypeEmail, contact.TypePhone, contact.TypeURL, contact.TypeNumber, contact.TypeBool,
		contact.TypeDate, contact.TypeDateTime, contact.TypeChoice, contact.TypeAddress} {
		one := contact.Field{Name: string(t), Type: t}
		many := contact.Field{Name: string(t) + "s", Type: t, Many: true}
		schema.Fields = append(schema.Fields, one, many)
	}
	schema.Fields = append(schema.Fields, contact.Field{Name: "set", Type: contact.TypeSet}, contact.Field{Name: "text2", Type: contact.TypeText},
		contact.Field{Name: "fixed", Type: contact.TypeText, ReadOnly: true}, contact.Field{Name: "needed", Type: contact.TypeText, Required: true},
		contact.Field{Name: "stage", Type: contact.TypeChoice, Options: []string{"new", "won"}})
	return schema
}

// faultsOf returns what is wrong with a connection, "path: message" each.
func faultsOf(c Connection) (all []string) {
	c.ID = "c"
	if c.Match.Keys == nil {
		c.Match.Keys = []MatchKey{{Kind: KeyEmail}}
	}
	_, bad := compile(&c, [2]*contact.Schema{everyField(), everyField()})
	for _, f := range bad {
		all = append(all, f.Path+": "+f.Message)
	}
	return all
}

// holdFaults holds what is wrong against the wanted paths, each with words of its message behind a colon.
func holdFaults(t *testing.T, want, got []string) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("faults %q, want %q", got, want)
		return
	}
	for i := range want {
		path, words, _ := strings.Cut(want[i], ": ")
		if !strings.HasPrefix(got[i], path+": ") || !strings.Contains(got[i], words) {
			t.Errorf("fault %q, want %q", got[i], want[i])
		}
	}
}

// TestWhatFits: which types can be mapped to which without a transform, and by each transform. All others are refused.
func TestWhatFits(t *testing.T) {
	t.Parallel()
	texts := "text email phone url choice"
	scalars := "number bool date datetime"
	all := strings.Fields(texts + " " + scalars + " address set")
	in := func(list, t string) bool { return strings.Contains(" "+list+" ", " "+t+" ") }
	for name, tt := range map[string]struct {
		transform []Transform
		fits      func(a, b string) bool
	}{
		"no transform": {nil, func(a, b string) bool {
			return a == b || in(texts, a) && in(texts+" "+scalars, b) || in(texts, b) && in(scalars, a) || a == "date" && b == "datetime" || a == "datetime" && b == "date"
		}},
		"table":     {[]Transform{ValueTable{Pairs: [][2]string{{"x", "y"}}}}, func(a, b string) bool { return a != "address" && b != "address" }},
		"date":      {[]Transform{DateFormat{"02/01/2006"}}, func(a, b string) bool { return in(texts+" date", a) && in(texts, b) }},
		"number":    {[]Transform{NumberText{}}, func(a, b string) bool { return a == "number" && in(texts, b) }},
		"bool":      {[]Transform{BoolText{"yes", "no"}}, func(a, b string) bool { return a == "bool" && b != "address" }},
		"lower":     {[]Transform{Case{}}, func(a, b string) bool { return in(texts, a) && in(texts, b) }},
		"trim":      {[]Transform{Trim{}}, func(a, b string) bool { return in(texts, a) && in(texts, b) }},
		"prefix":    {[]Transform{Prefix{"x"}}, func(a, b string) bool { return in(texts, a) && in(texts, b) }},
		"two of it": {[]Transform{Trim{}, Prefix{"x"}}, func(string, string) bool { return true }}, // nobody knows what a chain makes of it
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, a := range all {
				for _, b := range all {
					// A set is no single value: it goes with sets alone, whatever the transform.
					want := tt.fits(a, b) && (a == "set") == (b == "set")
					m := MapFields(a, b)
					m.Transform = tt.transform
					if got := faultsOf(Connection{Mappings: []Mapping{m}}); (len(got) == 0) != want {
						t.Errorf("%s to %s: %q, want that it fits: %v", a, b, got, want)
					} else if !want {
						holdFaults(t, []string{"mappings[0]: "}, got)
					}
				}
			}
		})
	}
}

// TestListsThatFit: a list goes with a list of a type that fits, or with a set if it is of text; with a single value by one entry.
func TestListsThatFit(t *testing.T) {
	t.Parallel()
	for pair, want := range map[string][]string{
		"emails emails": nil, "emails texts": nil, "texts numbers": nil, "addresss addresss": nil, "set texts": nil, "texts set": nil, "set emails": nil,
		"set numbers": {"mappings[0]: no meaning"}, "numbers set": {"mappings[0]: no meaning"}, "addresss set": {"mappings[0]: no meaning"},
		"numbers dates": {"mappings[0]: no meaning"}, "addresss texts": {"mappings[0]: no meaning"},
		"emails email": {"mappings[0]: emails[primary]"}, "email set": {"mappings[0]: pick one entry"},
		"emails[primary] email": nil, "email emails[type=work]": nil, "addresss[primary].city text": nil, "address.city text": nil,
		"email[primary] email": {"mappings[0].a: is not a list"}, "email text.city": {"mappings[0].b: only one address has parts"},
		"addresss.city text": {"mappings[0].a: only one address has parts"}, "email nothing": {`mappings[0].b: has no field "nothing"`},
		"email text[": {"mappings[0].b: "}, "nothing nowhere": {"mappings[0].a: ", "mappings[0].b: "},
	} {
		a, b, _ := strings.Cut(pair, " ")
		t.Run(pair, func(t *testing.T) {
			t.Parallel()
			holdFaults(t, want, faultsOf(Connection{Mappings: []Mapping{MapFields(a, b)}}))
		})
	}
}

// TestShapesOfMappings: how many fields a mapping has on each side, and which way it may go.
func TestShapesOfMappings(t *testing.T) {
	t.Parallel()
	split, template, constant := []Transform{SplitName{}}, []Transform{Template{"{text} {email}"}}, []Transform{Constant{contact.Text("x")}}
	for name, tt := range map[string]struct {
		m    Mapping
		want []string
	}{
		"a name in three fields":            {Mapping{A: []string{"text"}, B: []string{"text", "text2"}, Transform: split}, nil},
		"and the other way":                 {Mapping{A: []string{"text", "text2"}, B: []string{"text"}, Transform: split}, nil},
		"a name in two":                     {Mapping{A: []string{"text"}, B: []string{"text"}, Transform: split}, []string{"mappings[0]: one full name against two"}},
		"a template":                        {Mapping{A: []string{"text", "email"}, B: []string{"text2"}, Transform: template, Direction: AToB}, nil},
		"a template both ways":              {Mapping{A: []string{"text", "email"}, B: []string{"text2"}, Transform: template}, []string{"mappings[0]: no way back"}},
		"a template without its fields":     {Mapping{B: []string{"text2"}, Transform: template, Direction: AToB}, []string{"mappings[0]: text", "mappings[0]: email"}},
		"a template of two texts":           {Mapping{A: []string{"text"}, B: []string{"text", "text2"}, Transform: template, Direction: AToB}, []string{"mappings[0]: makes one text"}},
		"a template of a number":            {Mapping{A: []string{"text"}, B: []string{"number"}, Transform: template, Direction: AToB}, []string{"mappings[0]: makes one text"}},
		"a template of a list":              {Mapping{A: []string{"text"}, B: []string{"texts"}, Transform: template, Direction: AToB}, []string{"mappings[0]: makes one text"}},
		"a constant":                        {Mapping{B: []string{"text"}, Transform: constant, Direction: AToB}, nil},
		"a constant both ways":              {Mapping{B: []string{"text"}, Transform: constant}, []string{"mappings[0]: no way back"}},
		"a constant of a field":             {Mapping{A: []string{"text"}, B: []string{"text"}, Transform: constant, Direction: AToB}, []string{"mappings[0]: no field of a"}},
		"a constant for two":                {Mapping{B: []string{"text", "text2"}, Transform: constant, Direction: AToB}, []string{"mappings[0]: no field of a"}},
		"a constant for nobody":             {Mapping{Transform: constant, Direction: AToB}, []string{"mappings[0]: no field of a"}},
		"two fields without a transform":    {Mapping{A: []string{"text"}, B: []string{"text", "text2"}}, []string{"mappings[0]: one field of each side"}},
		"two fields of a":                   {Mapping{A: []string{"text", "text2"}, B: []string{"text"}}, []string{"mappings[0]: one field of each side"}},
		"no field":                          {Mapping{}, []string{"mappings[0]: one field of each side"}},
		"a list in a group":                 {Mapping{A: []string{"texts"}, B: []string{"texts"}, Group: "g"}, []string{"mappings[0].group: element by element"}},
		"another on_clear":                  {Mapping{A: []string{"text"}, B: []string{"text"}, OnClear: "maybe"}, []string{"mappings[0].on_clear: "}},
		"another direction":                 {Mapping{A: []string{"text"}, B: []string{"text"}, Direction: "sideways"}, []string{"mappings[0].direction: "}},
		"a policy of its own that is none":  {Mapping{A: []string{"text"}, B: []string{"text"}, Conflict: &Policy{Kind: "dice"}}, []string{"mappings[0].conflict.policy: "}},
		"into a field that is read only":    {Mapping{A: []string{"text"}, B: []string{"fixed"}}, []string{"mappings[0]: read-only; make the mapping one-way, direction b-to-a"}},
		"from a field that is read only":    {Mapping{A: []string{"fixed"}, B: []string{"text"}}, []string{"mappings[0]: read-only; make the mapping one-way, direction a-to-b"}},
		"away from a field that is so":      {Mapping{A: []string{"text"}, B: []string{"fixed"}, Direction: BToA}, nil},
		"towards b from one that is so":     {Mapping{A: []string{"fixed"}, B: []string{"text"}, Direction: AToB}, nil},
		"a constant at the end of a chain":  {Mapping{A: []string{"text"}, B: []string{"text"}, Transform: []Transform{Trim{}, Constant{contact.Text("x")}}}, []string{"mappings[0]: no way back"}},
		"a constant at the head of a chain": {Mapping{A: []string{"text"}, B: []string{"text"}, Transform: []Transform{Constant{contact.Text("x")}, Trim{}}, Direction: AToB}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holdFaults(t, tt.want, faultsOf(Connection{Mappings: []Mapping{tt.m}}))
		})
	}
}

// TestActionsThatFit: what an action may write.
func TestActionsThatFit(t *testing.T) {
	t.Parallel()
	number, err := contact.Number("7")
	require.NoError(t, err)
	set := func(field string, v contact.Value) Action { return Action{Kind: ActionSet, Field: field, Value: v} }
	for name, tt := range map[string]struct {
		actions []Action
		want    []string
	}{
		"a tag":                            {[]Action{Add("set", "x")}, nil},
		"an entry of a list":               {[]Action{Add("texts", "x")}, nil},
		"a tag that goes":                  {[]Action{Remove("set", "x")}, nil},
		"a tag in a text":                  {[]Action{Add("text", "x")}, []string{"rules[0].actions[0]: works on a set or list"}},
		"no tag":                           {[]Action{Add("set", "")}, []string{"rules[0].actions[0]: needs an element"}},
		"a field that is not there":        {[]Action{Add("nothing", "x")}, []string{"rules[0].actions[0]: there is no field"}},
		"a field that is read only":        {[]Action{set("fixed", contact.Text("x"))}, []string{"rules[0].actions[0]: is read-only"}},
		"a text":                           {[]Action{set("text", contact.Text("x"))}, nil},
		"a text of nothing":                {[]Action{set("text", contact.Empty)}, []string{"rules[0].actions[0]: does not fit"}},
		"a number":                         {[]Action{set("number", number)}, nil},
		"a number of words":                {[]Action{set("number", contact.Text("many"))}, []string{"rules[0].actions[0]: does not fit"}},
		"an option":                        {[]Action{set("stage", contact.Text("new"))}, nil},
		"what is no option":                {[]Action{set("stage", contact.Text("lost"))}, []string{"rules[0].actions[0]: not one of the options"}},
		"a choice without options":         {[]Action{set("choice", contact.Text("any"))}, nil},
		"what is an option elsewhere":      {[]Action{set("text", contact.Text("lost"))}, nil},
		"a clear":                          {[]Action{{Kind: ActionClear, Field: "text"}}, nil},
		"a clear of a field that must be":  {[]Action{{Kind: ActionClear, Field: "needed"}}, []string{"rules[0].actions[0]: is required"}},
		"a set of a field that must be":    {[]Action{set("needed", contact.Text("x"))}, nil},
		"a tag that comes and goes":        {[]Action{Add("set", "x"), Remove("set", "x")}, []string{"rules[0].actions[1]: contradicts an action of rule 1"}},
		"two tags":                         {[]Action{Add("set", "x"), Remove("set", "y")}, nil},
		"one tag twice":                    {[]Action{Add("set", "x"), Add("set", "x")}, nil},
		"two values of a field":            {[]Action{set("text", contact.Text("x")), set("text", contact.Text("y"))}, []string{"rules[0].actions[1]: contradicts an action of rule 1"}},
		"a value of a field, and its end":  {[]Action{set("text", contact.Text("x")), {Kind: ActionClear, Field: "text"}}, []string{"rules[0].actions[1]: contradicts an action of rule 1"}},
		"one value in two spellings":       {[]Action{set("text", contact.Text("x")), set("text", contact.Text(" x "))}, nil},
		"the same on two fields":           {[]Action{set("text", contact.Text("x")), set("text2", contact.Text("y"))}, nil},
		"a tag of a set and one of a list": {[]Action{Add("set", "x"), Remove("texts", "x")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// A filter, so that no second rule is contradicted for everybody.
			holdFaults(t, tt.want, faultsOf(Connection{Mappings: []Mapping{MapFields("email", "email")},
				Rules: []Rule{FilterRule{From: A, Filter: Has("set", "in"), Actions: tt.actions}}}))
		})
	}
}

// TestRulesThatContradict: two rules contradict each other only where both are for everybody, of one side, and in force.
func TestRulesThatContradict(t *testing.T) {
	t.Parallel()
	rule := func(from Side, f Filter, disabled bool, a Action) FilterRule {
		return FilterRule{From: from, Filter: f, Disabled: disabled, Actions: []Action{a}}
	}
	add, remove, some := Add("set", "x"), Remove("set", "x"), Has("set", "in")
	for name, tt := range map[string]struct {
		rules []Rule
		want  []string
	}{
		"for everybody":             {[]Rule{rule(A, Filter{}, false, add), rule(A, Filter{}, false, remove)}, []string{"rules[1].actions[0]: contradicts an action of rule 1"}},
		"the first for some":        {[]Rule{rule(A, some, false, add), rule(A, Filter{}, false, remove)}, nil},
		"the second for some":       {[]Rule{rule(A, Filter{}, false, add), rule(A, some, false, remove)}, nil},
		"both for some":             {[]Rule{rule(A, some, false, add), rule(A, some, false, remove)}, nil},
		"of two sides":              {[]Rule{rule(A, Filter{}, false, add), rule(B, Filter{}, false, remove)}, nil},
		"the first is switched off": {[]Rule{rule(A, Filter{}, true, add), rule(A, Filter{}, false, remove)}, nil},
		"the second is":             {[]Rule{rule(A, Filter{}, false, add), rule(A, Filter{}, true, remove)}, nil},
		"a side that is none":       {[]Rule{rule(2, Filter{}, false, add)}, []string{"rules[0].from: a rule is from a or b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holdFaults(t, tt.want, faultsOf(Connection{Mappings: []Mapping{MapFields("email", "email")}, Rules: tt.rules}))
		})
	}
}

// TestThresholds: a likeness is a score from 0.5 to 1, and who is linked is suggested first.
func TestThresholds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		suggest, link float64
		want          []string
	}{
		"nothing": {0, 0, nil}, "the least": {0.5, 0, nil}, "the most": {1, 1, nil}, "one and the same": {0.8, 0.8, nil}, "usual": {0.8, 0.95, nil},
		"too little": {0.49, 0, []string{"match.suggest_above: "}}, "too much": {1.01, 0, []string{"match.suggest_above: "}},
		"a link too much": {0.5, 1.01, []string{"match.link_above: "}}, "a link too little": {0.5, 0.49, []string{"match.link_above: ", "match.link_above: "}},
		"linked before suggested": {0.9, 0.8, []string{"match.link_above: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holdFaults(t, tt.want, faultsOf(Connection{Mappings: []Mapping{MapFields("email", "email")}, Match: Match{SuggestAbove: tt.suggest, LinkAbove: tt.link}}))
		})
	}
}

// TestParseSpan: Go's durations and whole days, none of them negative.
func TestParseSpan(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{"36h": 36 * time.Hour, "90m": 90 * time.Minute, "30d": 30 * day, "0d": 0, "0s": 0, "1ns": 1, "100000d": 100_000 * day} {
		if got, err := ParseSpan(text); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "x", "-1d", "-1h", "1.5d", "100001d", "1e3d", "99999999999999999999d", "5"} {
		if got, err := ParseSpan(text); err == nil || got != 0 {
			t.Errorf("%s: %v, want an error", text, got)
		}
	}
}

// TestNumbersThatWouldTakeAges: a literal whose exponent is beyond a thousand is no number, for all else is worked out exactly.
func TestNumbersThatWouldTakeAges(t *testing.T) {
	t.Parallel()
	for literal, want := range map[string]bool{"7": true, "1e3": true, "1E-3": true, "1e1000": true, "1e-1000": true, "1e1001": false, "1e-1001": false,
		"1e99999999999999999999": false, "1e": false, "e5": true} {
		if got := boundedNumber(literal); (got == literal) != want || !want && got != "" {
			t.Errorf("%s became %q", literal, got)
		}
	}
}

// TestDefaultsOfTwoSchemas: two fields of one meaning are mapped where values can go at least one way, and a full name with
// its parts where neither goes by itself.
func TestDefaultsOfTwoSchemas(t *testing.T) {
	t.Parallel()
	type field = contact.Field
	text := func(name, meaning string) field { return field{Name: name, Type: contact.TypeText, Meaning: meaning} }
	fixed := func(f field) field { f.ReadOnly = true; return f }
	list := func(f field) field { f.Many = true; return f }
	set := field{Name: "x", Type: contact.TypeSet, Meaning: "x"}
	number, address := field{Name: "x", Type: contact.TypeNumber, Meaning: "x"}, field{Name: "x", Type: contact.TypeAddress, Meaning: "x"}
	x, name, first, last := text("x", "x"), text("n", "name"), text("f", "first"), text("l", "last")
	for label, tt := range map[string]struct {
		a, b []field
		want []string // of each mapping its fields and its direction
	}{
		"one meaning":                  {[]field{x}, []field{x}, []string{"x:x "}},
		"two meanings":                 {[]field{x}, []field{text("x", "y")}, nil},
		"no meaning":                   {[]field{text("x", "")}, []field{text("x", "")}, nil},
		"a number and a text":          {[]field{number}, []field{x}, []string{"x:x "}},
		"a number and an address":      {[]field{number}, []field{address}, nil},
		"a set and a text":             {[]field{set}, []field{x}, nil},
		"a text and a set":             {[]field{x}, []field{set}, nil},
		"two sets":                     {[]field{set}, []field{set}, []string{"x:x "}},
		"a list and a text":            {[]field{list(x)}, []field{x}, []string{"x[primary]:x "}},
		"a text and a list":            {[]field{x}, []field{list(x)}, []string{"x:x[primary] "}},
		"two lists":                    {[]field{list(x)}, []field{list(x)}, []string{"x:x "}},
		"a is read only":               {[]field{fixed(x)}, []field{x}, []string{"x:x a-to-b"}},
		"b is read only":               {[]field{x}, []field{fixed(x)}, []string{"x:x b-to-a"}},
		"both are read only":           {[]field{fixed(x)}, []field{fixed(x)}, nil},
		"a name and its parts":         {[]field{name}, []field{first, last}, []string{"n:f+l "}},
		"parts and their name":         {[]field{first, last}, []field{name}, []string{"f+l:n "}},
		"a name, and both":             {[]field{name}, []field{name, first, last}, []string{"n:n "}},
		"both, and both":               {[]field{name, first, last}, []field{name, first, last}, []string{"f:f ", "l:l "}},
		"both, and a name with a part": {[]field{name, first, last}, []field{name, first}, []string{"n:n ", "f:f "}},
		"a name, and one part":         {[]field{name}, []field{first}, nil},
		"a name, and the other part":   {[]field{name}, []field{last}, nil},
		"a name with a part, and both": {[]field{name, first}, []field{first, last}, []string{"f:f "}},
		"a name that is read only":     {[]field{fixed(name)}, []field{first, last}, nil},
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, m := range defaultMappings([2]*contact.Schema{{Fields: tt.a}, {Fields: tt.b}}) {
				got = append(got, fmt.Sprintf("%s %s", m.name(), m.Direction))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTransformsInWords: every transform says what it does, and names nobody's data but what its owner configured.
func TestTransformsInWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		transform Transform
		want      string
	}{
		{ValueTable{Pairs: [][2]string{{"a", "b"}, {"c", "d"}}}, "table of 2"}, {DateFormat{"02/01/2006"}, "date as 02/01/2006"}, {NumberText{}, "number as text"},
		{BoolText{"ja", "nein"}, "yes as ja, no as nein"}, {Case{}, "lower case"}, {Case{Upper: true}, "upper case"}, {Trim{}, "trimmed"},
		{Prefix{"CRM "}, `with "CRM " in front`}, {SplitName{}, "full name, given and family name"},
	} {
		if got := tt.transform.String(); got != tt.want {
			t.Errorf("%T: %q, want %q", tt.transform, got, tt.want)
		}
	}
	if _, err := (SplitName{}).Forward(contact.Text("Ann Lee")); err == nil {
		t.Error("split_name goes forward by itself")
	}
	if _, err := (SplitName{}).Back(contact.Text("Ann Lee")); err == nil || !(SplitName{}).Lossy() {
		t.Error("split_name goes back by itself, or is not lossy")
	}
}
