package contactsync

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"pgregory.net/rapid"
)

// filterNow is a Monday morning in Brussels, in the time zone of the connection.
var filterNow = time.Date(2026, 3, 9, 8, 30, 0, 0, time.FixedZone("CET", 3600))

func list(texts ...string) contact.Value {
	var entries []contact.Entry
	for _, s := range texts {
		entries = append(entries, contact.Entry{Value: contact.Text(s)})
	}
	return contact.List(entries...)
}

func values(texts ...string) (all []contact.Value) {
	for _, s := range texts {
		all = append(all, contact.Text(s))
	}
	return all
}

func condition(op Operator, operand string) Filter {
	f := Filter{Field: "f", Op: op}
	switch op {
	case OpIsKnown, OpIsUnknown:
	case OpIn, OpHasAny, OpHasAll:
		f.List = values(strings.Split(operand, "|")...)
	default:
		f.Value = contact.Text(operand)
	}
	return f
}

// TestOperators: what each operator says of each type that it takes. Of a field that was not read every one of them
// says that it does not know.
func TestOperators(t *testing.T) {
	t.Parallel()
	text, set := contact.Text, contact.Set
	number := func(s string) contact.Value { v, _ := contact.Number(s); return v }
	street := contact.Postal(contact.Address{}.WithPart("city", "Ghent").WithPart("street", "Kouter 1"))
	for _, tt := range []struct {
		op      Operator
		operand string
		empty   Truth
		yes, no []contact.Value
	}{
		{OpIs, "Ghent", No, []contact.Value{text("Ghent"), text("gHENT"), text(" Ghent "), list("ghent")}, []contact.Value{text("Gent"), text("Ghent 2")}},
		{OpIs, "true", No, []contact.Value{contact.Bool(true)}, []contact.Value{contact.Bool(false)}},
		{OpIsNot, "Ghent", Yes, []contact.Value{text("Gent")}, []contact.Value{text("ghent")}},
		{OpIn, "Ghent|Liege", No, []contact.Value{text("ghent"), text("Liege")}, []contact.Value{text("Brussels")}},
		{OpContains, "she", No, []contact.Value{text("Sheila"), text("Ashes"), list("x", "she")}, []contact.Value{text("shi")}},
		{OpContains, "ghent", No, []contact.Value{street}, nil},
		{OpStartsWith, "An", No, []contact.Value{text("ann"), text("AN"), list("bob", "Anton")}, []contact.Value{text("Joan"), list("bob")}},
		{OpEndsWith, ".BE", No, []contact.Value{text("ann@example.be")}, []contact.Value{text("ann@example.be.com")}},
		{OpIsKnown, "", No, []contact.Value{text("x"), set("x"), number("0"), contact.Bool(false), street, list("x")}, nil},
		{OpIsUnknown, "", Yes, nil, []contact.Value{text("x"), set("x"), number("0"), contact.Bool(false), street}},
		{OpHas, "vip", No, []contact.Value{set("VIP"), set("x", "vip"), list("vip")}, []contact.Value{set("x"), set("vip2")}},
		{OpHasNot, "vip", Yes, []contact.Value{set("x")}, []contact.Value{set("Vip", "x")}},
		{OpHasAny, "a|b", No, []contact.Value{set("B"), set("a", "b")}, []contact.Value{set("c")}},
		{OpHasAll, "a|b", No, []contact.Value{set("B", "a", "c")}, []contact.Value{set("a"), set("c")}},
		{OpLess, "10", No, []contact.Value{number("9.99"), number("-1e3"), number("9.999999999999999999999")}, []contact.Value{number("10"), number("1e1"), number("10.0000000000000000001")}},
		{OpGreater, "10", No, []contact.Value{number("10.0000000000000000001")}, []contact.Value{number("10"), number("9"), number("1e1")}},
		{OpIs, "10", No, []contact.Value{number("10"), number("10")}, []contact.Value{number("11")}},
		// The day begins at midnight of the connection's time zone: 23:30 UTC of the 8th is the 9th.
		{OpBefore, "2026-03-09", No, []contact.Value{text("2026-03-08"), text("2026-03-08T22:30:00Z")}, []contact.Value{text("2026-03-09"), text("2026-03-08T23:30:00Z")}},
		{OpAfter, "2026-03-09", No, []contact.Value{text("2026-03-10"), text("2026-03-08T23:30:00Z")}, []contact.Value{text("2026-03-09"), text("2026-03-08T22:30:00Z")}},
		{OpBefore, "2026-03-08T23:00:00Z", No, []contact.Value{text("2026-03-08T22:59:59Z")}, []contact.Value{text("2026-03-09")}},
		{OpWithinLast, "36h", No, []contact.Value{text("2026-03-08"), text("2026-03-09"), text("2026-03-09T07:30:00Z"), text("2026-03-07T19:30:00Z")},
			[]contact.Value{text("2026-03-07T19:29:59Z"), text("2026-03-09T07:30:01Z"), text("2026-03-10")}},
		{OpWithinLast, "30d", No, []contact.Value{text("2026-02-08")}, []contact.Value{text("2026-02-07")}},
		{OpBefore, "2026-03-09", No, nil, []contact.Value{text("--03-01")}}, // without a year it is no day
	} {
		f := condition(tt.op, tt.operand)
		check := func(v contact.Value, want Truth) {
			if got := f.eval(contact.Fields{"f": v}, filterNow, nil); got != want {
				t.Errorf("%s of %v: %d, want %d", f.String(), v, got, want)
			}
		}
		if got := f.eval(contact.Fields{}, filterNow, nil); got != Unknown {
			t.Errorf("%s of a field that was not read: %d, want unknown", f.String(), got)
		}
		check(contact.Empty, tt.empty)
		for _, v := range tt.yes {
			check(v, Yes)
		}
		for _, v := range tt.no {
			check(v, No)
		}
	}
}

// fits says by hand which types each operator takes; "many" is a list of anything or a set.
var fits = map[Operator]string{
	OpIs:         "text email phone url number bool date datetime choice",
	OpIsNot:      "text email phone url number bool date datetime choice",
	OpIn:         "text email phone url number bool date datetime choice",
	OpContains:   "text email phone url choice address many-text",
	OpStartsWith: "text email phone url choice many-text",
	OpEndsWith:   "text email phone url choice many-text",
	OpIsKnown:    "text email phone url number bool date datetime choice set address many-text",
	OpIsUnknown:  "text email phone url number bool date datetime choice set address many-text",
	OpHas:        "set many-text",
	OpHasNot:     "set many-text",
	OpHasAny:     "set many-text",
	OpHasAll:     "set many-text",
	OpLess:       "number",
	OpGreater:    "number",
	OpBefore:     "date datetime",
	OpAfter:      "date datetime",
	OpWithinLast: "date datetime",
}

// TestOperatorsAndTypes: whatever an operator does not take is refused at validation.
func TestOperatorsAndTypes(t *testing.T) {
	t.Parallel()
	operands := map[string]string{"number": "1", "bool": "true", "date": "2026-01-31", "datetime": "2026-01-31T00:00:00Z"}
	n := 0
	for op, types := range fits {
		for _, name := range strings.Fields("text email phone url number bool date datetime choice set address many-text") {
			field := contact.Field{Name: "f", Type: contact.Type(strings.TrimPrefix(name, "many-")), Many: strings.HasPrefix(name, "many-")}
			operand := operands[name]
			if operand == "" {
				operand = "x"
			}
			if op == OpWithinLast {
				operand = "30d"
			}
			f := condition(op, operand)
			bad := &faults{}
			f.check(&contact.Schema{Fields: []contact.Field{field}}, "rules[0].filter", bad)
			want := !strings.Contains(" "+types+" ", " "+name+" ")
			if got := len(bad.list) > 0; got != want {
				t.Errorf("%s on %s: refused %v, want %v: %v", op, name, got, want, bad.list)
			}
			if want && (len(bad.list) != 1 || bad.list[0].Path != "rules[0].filter.op") {
				t.Errorf("%s on %s: %v", op, name, bad.list)
			}
			n++
		}
	}
	if want := 17 * 12; n != want {
		t.Errorf("%d combinations, want %d", n, want)
	}
}

// TestOperandsAreChecked: what an operator compares with.
func TestOperandsAreChecked(t *testing.T) {
	t.Parallel()
	schema := &contact.Schema{Fields: []contact.Field{{Name: "t", Type: contact.TypeText}, {Name: "n", Type: contact.TypeNumber}, {Name: "b", Type: contact.TypeBool},
		{Name: "d", Type: contact.TypeDate}, {Name: "s", Type: contact.TypeSet}, {Name: "c", Type: contact.TypeChoice, Options: []string{"new", "won"}}}}
	text := contact.Text
	for _, tt := range []struct {
		name   string
		filter Filter
		want   string // path of the only fault; "" means that it is valid
	}{
		{"nothing", Filter{}, ""},
		{"unknown field", Is("x", text("v")), "f.field"},
		{"no field", Filter{Op: OpIs, Value: text("v")}, "f.field"},
		{"unknown operator", Filter{Field: "t", Op: "like", Value: text("v")}, "f.op"},
		{"no operator", Filter{Field: "t", Value: text("v")}, "f.op"},
		{"is without value", Filter{Field: "t", Op: OpIs}, "f.value"},
		{"is with a list", Filter{Field: "t", Op: OpIs, List: values("a", "b")}, "f.value"},
		{"in with one value", Filter{Field: "t", Op: OpIn, Value: text("a")}, "f.value"},
		{"in with an empty list", Filter{Field: "t", Op: OpIn, List: []contact.Value{}}, "f.value"},
		{"is_known with a value", Filter{Field: "t", Op: OpIsKnown, Value: text("a")}, "f.value"},
		{"less than text", Filter{Field: "n", Op: OpLess, Value: text("many")}, "f.value"},
		{"before no date", Filter{Field: "d", Op: OpBefore, Value: text("31/01/2026")}, "f.value"},
		{"within no time", Filter{Field: "d", Op: OpWithinLast, Value: text("5")}, "f.value"},
		{"within minutes in words", Filter{Field: "d", Op: OpWithinLast, Value: text("5 minutes")}, "f.value"},
		{"within a negative time", Filter{Field: "d", Op: OpWithinLast, Value: text("-5m")}, "f.value"},
		{"a bool that is neither", Is("b", text("maybe")), "f.value"},
		{"not an option", Is("c", text("lost")), "f.value"},
		{"an option in another case", Is("c", text("WON")), ""},
		{"an option in a list that is none", Filter{Field: "c", Op: OpIn, List: values("won", "lost")}, "f.value"},
		{"two forms at once", Filter{All: []Filter{}, Not: &Filter{}}, "f"},
		{"deep inside", Filter{All: []Filter{{Any: []Filter{{}, {Not: &Filter{Field: "s", Op: OpIs, Value: text("x")}}}}}}, "f.all[0].any[1].not.op"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bad := &faults{}
			tt.filter.check(schema, "f", bad)
			switch {
			case tt.want == "" && len(bad.list) > 0:
				t.Errorf("refused: %v", bad.list)
			case tt.want != "" && (len(bad.list) != 1 || bad.list[0].Path != tt.want):
				t.Errorf("%v, want one fault at %s", bad.list, tt.want)
			}
		})
	}
}

// drawFilter draws a filter over the fields f0 to f3.
func drawFilter(t *rapid.T, depth int) Filter {
	kind := rapid.IntRange(0, 4).Draw(t, "kind")
	if depth == 0 {
		kind = 0
	}
	several := func() (all []Filter) {
		all = []Filter{}
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			all = append(all, drawFilter(t, depth-1))
		}
		return all
	}
	switch kind {
	case 1:
		return Filter{All: several()}
	case 2:
		return Filter{Any: several()}
	case 3:
		f := drawFilter(t, depth-1)
		return Filter{Not: &f}
	}
	op := rapid.SampledFrom([]Operator{OpIs, OpIsNot, OpContains, OpIsKnown, OpIsUnknown}).Draw(t, "op")
	f := condition(op, rapid.SampledFrom([]string{"x", "y"}).Draw(t, "operand"))
	f.Field = fmt.Sprintf("f%d", rapid.IntRange(0, 3).Draw(t, "field"))
	return f
}

func drawFields(t *rapid.T) contact.Fields {
	fields := contact.Fields{}
	for i := range 4 {
		if v := rapid.SampledFrom([]contact.Value{{}, contact.Empty, contact.Text("x"), contact.Text("xy")}).Draw(t, "value"); !v.Absent() {
			fields[fmt.Sprintf("f%d", i)] = v
		}
	}
	return fields
}

// TestThreeValuedLogic: the laws of a logic in which a field that was not read makes a filter neither true nor false.
func TestThreeValuedLogic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, g, fields := drawFilter(t, 3), drawFilter(t, 3), drawFields(t)
		not := func(f Filter) Filter { return Filter{Not: &f} }
		eval := func(f Filter) Truth { return f.eval(fields, filterNow, nil) }
		if eval(not(not(f))) != eval(f) {
			t.Errorf("double negation of %s", f.String())
		}
		if eval(not(Filter{All: []Filter{f, g}})) != eval(Filter{Any: []Filter{not(f), not(g)}}) {
			t.Errorf("de Morgan: not all of %s and %s", f.String(), g.String())
		}
		if eval(not(Filter{Any: []Filter{f, g}})) != eval(Filter{All: []Filter{not(f), not(g)}}) {
			t.Errorf("de Morgan: not any of %s and %s", f.String(), g.String())
		}
		if eval(Filter{All: []Filter{f, g}}) != eval(Filter{All: []Filter{g, f}}) || eval(Filter{Any: []Filter{f, g}}) != eval(Filter{Any: []Filter{g, f}}) {
			t.Errorf("the order of %s and %s counts", f.String(), g.String())
		}
		if eval(Filter{All: []Filter{f}}) != eval(f) || eval(Filter{Any: []Filter{f}}) != eval(f) {
			t.Errorf("one of one is not the one: %s", f.String())
		}
		// What is known stays so when more is read.
		before := eval(f)
		for i := range 4 {
			name := fmt.Sprintf("f%d", i)
			if fields[name].Absent() {
				fields[name] = rapid.SampledFrom([]contact.Value{contact.Empty, contact.Text("x"), contact.Text("xy")}).Draw(t, "read")
			}
		}
		if after := eval(f); after == Unknown || before != Unknown && after != before {
			t.Errorf("%s was %d, and is %d when all is read", f.String(), before, after)
		}
	})
}

// TestJoinsOfNothing: no filter lets everything through, and joins of nothing are what they are in logic.
func TestJoinsOfNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		filter Filter
		want   Truth
	}{{"no filter", Filter{}, Yes}, {"all of nothing", Filter{All: []Filter{}}, Yes}, {"any of nothing", Filter{Any: []Filter{}}, No}} {
		if got := tt.filter.eval(contact.Fields{}, filterNow, nil); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestFilterThatIsNone: what is left of a filter that is not written to its end is no filter that lets everything through.
func TestFilterThatIsNone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		filter Filter
		want   bool
	}{
		{"nothing", Filter{}, true}, {"a condition", Is("f", contact.Text("x")), false}, {"a field alone", Filter{Field: "f"}, false},
		{"an operator alone", Filter{Op: OpIs}, false}, {"all of nothing", Filter{All: []Filter{}}, false}, {"any of nothing", Filter{Any: []Filter{}}, false},
		{"not", Filter{Not: &Filter{}}, false},
	} {
		if tt.filter.zero() != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, !tt.want, tt.want)
		}
	}
}

// TestUntil: when a relative date says something else though nobody edits it.
func TestUntil(t *testing.T) {
	t.Parallel()
	within := condition(OpWithinLast, "36h")
	for _, tt := range []struct {
		name, value string
		want        time.Time
	}{
		{"within: it leaves", "2026-03-08T07:30:00Z", time.Date(2026, 3, 9, 19, 30, 0, 1, time.UTC)},
		{"in the future: it enters", "2026-03-09T12:00:00Z", time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)},
		{"past: never", "2026-03-01", time.Time{}},
		{"no date: never", "soon", time.Time{}},
	} {
		fields := contact.Fields{"f": contact.Text(tt.value)}
		for _, f := range []Filter{within, {Not: &within}, {All: []Filter{{}, within}}, {Any: []Filter{within}}} {
			got := f.until(fields, filterNow)
			if !got.Equal(tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
			if !got.IsZero() && f.eval(fields, got.In(filterNow.Location()), nil) == f.eval(fields, filterNow, nil) {
				t.Errorf("%s: it says the same then", tt.name)
			}
		}
	}
}

// TestNumbersAreComparedByValue: however they are spelled.
func TestNumbersAreComparedByValue(t *testing.T) {
	t.Parallel()
	number := func(s string) contact.Value {
		v, err := contact.Number(s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, spelling := range []string{"10", "10.0", "1e1", "100e-1"} {
		for _, operand := range []string{"10", "10.00", "1E1"} {
			f := Is("f", number(operand))
			if got := f.eval(contact.Fields{"f": number(spelling)}, filterNow, nil); got != Yes {
				t.Errorf("%s is %s: %d, want yes", spelling, operand, got)
			}
		}
	}
}

// TestSpellingsOfOneValue: a field says what is the same, as it does of two records; without a schema the text does.
func TestSpellingsOfOneValue(t *testing.T) {
	t.Parallel()
	schema := &contact.Schema{Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail}, {Name: "phone", Type: contact.TypePhone},
		{Name: "born", Type: contact.TypeDate}, {Name: "met", Type: contact.TypeDateTime}, {Name: "text", Type: contact.TypeText}}}
	for _, tt := range []struct {
		field, value, operand string
		want                  Truth // with the schema
	}{
		{"email", "Ann@B\u00fccher.example", "ann@xn--bcher-kva.example", Yes},
		{"phone", "0470 12 34 56", "+32470123456", Yes},
		{"phone", "0470 12 34 56", "+33470123456", No},
		{"born", "--04-12", "--0412", Yes},
		{"met", "2026-01-05T09:00:00Z", "2026-01-05T10:00:00+01:00", Yes},
		{"text", "0470 12 34 56", "+32470123456", No},
	} {
		f := Is(tt.field, contact.Text(tt.operand))
		fields := contact.Fields{tt.field: contact.Text(tt.value)}
		if got := f.eval(fields, filterNow, &equality{schema, "BE"}); got != tt.want {
			t.Errorf("%s %s is %s: %d, want %d", tt.field, tt.value, tt.operand, got, tt.want)
		}
		if got := f.eval(fields, filterNow, nil); got != No {
			t.Errorf("without a schema %s is %s", tt.value, tt.operand)
		}
	}
}
