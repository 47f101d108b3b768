package contactsync

import (
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The laws of transforms, of every transform that comes with the library. For x of a and y of b, by meaning:
//
//	get-put   Back(Forward(x)) is x
//	put-get   Forward(Back(y)) is y
//	no echo   Forward(Back(Forward(x))) is Forward(x)
//
// One that is not lossy keeps the first two; every one that has a way back keeps the third.

// lawful is a transform with the values that it is for.
type lawful struct {
	name      string
	transform Transform
	a, b      contact.Field
	x, y      *rapid.Generator[contact.Value]
	getPut    bool // it keeps get-put though it is lossy
}

func words() *rapid.Generator[contact.Value] {
	return rapid.Map(rapid.StringMatching(`[a-zA-ZäÖßçÉ]{1,6}( [a-zA-ZäÖßçÉ'-]{1,6}){0,3}`), contact.Text)
}

func oneOf(texts ...string) *rapid.Generator[contact.Value] {
	return rapid.Map(rapid.SampledFrom(texts), contact.Text)
}

// dates are all days that a layout with a four-digit year can hold.
func dates(layout string) *rapid.Generator[contact.Value] {
	return rapid.Map(rapid.IntRange(0, 400_000), func(day int) contact.Value {
		return contact.Text(time.Date(1000, 1, 1+day, 0, 0, 0, 0, time.UTC).Format(layout))
	})
}

// near are the days of the hundred years that package time takes a two-digit year for.
func near(layout string) *rapid.Generator[contact.Value] {
	return rapid.Map(rapid.IntRange(0, 36_523), func(day int) contact.Value {
		return contact.Text(time.Date(1969, 1, 1+day, 0, 0, 0, 0, time.UTC).Format(layout))
	})
}

// TestShortYear: a date of another century would come back as another one, and is refused.
func TestShortYear(t *testing.T) {
	t.Parallel()
	if v, err := (DateFormat{"02.01.06"}).Forward(contact.Text("1912-06-23")); err == nil {
		t.Errorf("1912-06-23 became %s", v)
	}
}

func lawfulTransforms() []lawful {
	text := contact.Field{Name: "t", Type: contact.TypeText}
	number := contact.Field{Name: "n", Type: contact.TypeNumber}
	date := contact.Field{Name: "d", Type: contact.TypeDate}
	truth := contact.Field{Name: "b", Type: contact.TypeBool}
	numbers := rapid.Map(rapid.StringMatching(`-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,6})?`), func(s string) contact.Value {
		v, err := contact.Number(s)
		if err != nil {
			panic(err)
		}
		return v
	})
	numberTexts := rapid.Map(numbers, func(v contact.Value) contact.Value { return contact.Text(v.Str()) })
	table := ValueTable{Pairs: [][2]string{{"new", "Lead"}, {"won", "Customer"}, {"lost", "Past"}}}
	merging := ValueTable{Pairs: [][2]string{{"new", "Open"}, {"open", "Open"}, {"won", "Closed"}}}
	return []lawful{
		{name: "table", transform: table, a: text, b: text, x: oneOf("new", "won", "lost"), y: oneOf("Lead", "Customer", "Past")},
		{name: "table of many to one", transform: merging, a: text, b: text, x: oneOf("new", "open", "won"), y: oneOf("Open", "Closed")},
		{name: "date", transform: DateFormat{"02/01/2006"}, a: date, b: text, x: dates("2006-01-02"), y: dates("02/01/2006")},
		{name: "date without year", transform: DateFormat{"02/01"}, a: date, b: text, x: dates("2006-01-02"), y: dates("02/01")},
		{name: "date with a short year", transform: DateFormat{"02.01.06"}, a: date, b: text, x: near("2006-01-02"), y: near("02.01.06")},
		{name: "number", transform: NumberText{}, a: number, b: text, x: numbers, y: numberTexts},
		{name: "bool", transform: BoolText{"Ja", "Nein"}, a: truth, b: text, x: rapid.Map(rapid.Bool(), contact.Bool), y: oneOf("Ja", "Nein")},
		{name: "lower", transform: Case{}, a: text, b: text, x: words(), y: words()},
		{name: "upper", transform: Case{Upper: true}, a: text, b: text, x: words(), y: words()},
		{name: "trim", transform: Trim{}, a: text, b: text, x: words(), y: words()},
		{name: "prefix", transform: Prefix{"CRM: "}, a: text, b: text, x: words(), y: words(), getPut: true},
	}
}

func TestTransformLaws(t *testing.T) {
	t.Parallel()
	for _, tt := range lawfulTransforms() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				x, y := tt.x.Draw(t, "x"), tt.y.Draw(t, "y")
				ahead, err := tt.transform.Forward(x)
				if err != nil {
					t.Fatalf("forward: %v", err)
				}
				round, err := tt.transform.Back(ahead)
				if err != nil {
					t.Fatalf("back: %v", err)
				}
				if (!tt.transform.Lossy() || tt.getPut) && !tt.a.Same(x, round, "") {
					t.Errorf("get-put: %s became %s and came back as %s", x, ahead, round)
				}
				if again, err := tt.transform.Forward(round); err != nil || !tt.b.Same(again, ahead, "") {
					t.Errorf("echo: %s became %s, and from there %s (%v)", x, ahead, again, err)
				}
				back, err := tt.transform.Back(y)
				if err != nil {
					t.Fatalf("back of b's: %v", err)
				}
				if there, err := tt.transform.Forward(back); !tt.transform.Lossy() && (err != nil || !tt.b.Same(there, y, "")) {
					t.Errorf("put-get: %s became %s and came back as %s (%v)", y, back, there, err)
				}
			})
		})
	}
}

// TestLossyIsSaid: what a transform says of itself, and what it refuses.
func TestLossyIsSaid(t *testing.T) {
	t.Parallel()
	got := map[string]bool{}
	for _, tt := range lawfulTransforms() {
		got[tt.name] = tt.transform.Lossy()
	}
	want := map[string]bool{"table": false, "table of many to one": true, "date": false, "date without year": true, "date with a short year": false,
		"number": false, "bool": false, "lower": true, "upper": true, "trim": false, "prefix": true}
	want["date with a short year"] = true // 1950 and 2050 are written alike
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, tr := range []Transform{Constant{contact.Text("x")}, Template{"{first}"}} {
		if _, err := tr.Back(contact.Text("x")); err == nil || !tr.Lossy() {
			t.Errorf("%s has a way back, or is not lossy", tr)
		}
		require.ErrorIs(t, func() error { _, err := tr.Back(contact.Text("x")); return err }(), ErrOneWay)
	}
}

// TestNamesAreCutWhereTheirPartsAre: a full name keeps every word, and is cut where the parts that are known say.
func TestNamesAreCutWhereTheirPartsAre(t *testing.T) {
	t.Parallel()
	field := contact.Field{Name: "name", Type: contact.TypeText}
	rapid.Check(t, func(t *rapid.T) {
		first, last := words().Draw(t, "first"), words().Draw(t, "last")
		if rapid.IntRange(0, 4).Draw(t, "blank") == 0 {
			last = contact.Empty
		}
		parts := []contact.Value{first, last}
		full := joinName(parts)
		cut := splitName(full, parts)
		if !field.Same(cut[0], first, "") || !(field.Same(cut[1], last, "") || cut[1].Blank() && last.Blank()) {
			t.Errorf("%s was cut as %s and %s, not %s and %s", full, cut[0], cut[1], first, last)
		}
		name := words().Draw(t, "name")
		for _, hints := range [][]contact.Value{nil, parts} {
			if joined := joinName(splitName(name, hints)); !field.Same(joined, name, "") {
				t.Errorf("%s came back as %s", name, joined)
			}
		}
	})
}

// TestTransformsByExample: what a value becomes, and what comes back.
func TestTransformsByExample(t *testing.T) {
	t.Parallel()
	date, yes, no := contact.Text("1985-05-09"), contact.Bool(true), contact.Bool(false)
	for _, tt := range []struct {
		transform Transform
		a         contact.Value
		b         string
		back      string        // as a user of b may spell it
		again     contact.Value // what that is in a; absent if it is not tried
	}{
		{DateFormat{"02/01/2006"}, date, "09/05/1985", " 09/05/1985 ", date},
		{DateFormat{"02.01.06"}, date, "09.05.85", "09.05.85", date},
		{DateFormat{"02/01"}, date, "09/05", "", contact.Value{}}, // it leaves the year out, and makes no other one
		{BoolText{"Ja", "Nein"}, yes, "Ja", "JA", yes},
		{BoolText{"Ja", "Nein"}, no, "Nein", "nein", no},
	} {
		b, err := tt.transform.Forward(tt.a)
		require.NoError(t, err, tt.transform)
		require.Equal(t, tt.b, b.Str(), tt.transform)
		if !tt.again.Absent() {
			a, err := tt.transform.Back(contact.Text(tt.back))
			require.NoError(t, err, tt.transform)
			require.Equal(t, tt.again, a, tt.transform)
		}
	}
}

func TestSplitName(t *testing.T) {
	t.Parallel()
	text := contact.Text
	for _, tt := range []struct {
		name, full  string
		hints       []contact.Value
		first, last string
	}{
		{"two words", "Ann Lee", nil, "Ann", "Lee"},
		{"one word", "Ann", nil, "Ann", ""},
		{"nothing", "", nil, "", ""},
		{"behind the first word", "Ann van der Lee", nil, "Ann", "van der Lee"},
		{"where the given name says", "Anna Maria Lee", []contact.Value{text("anna maria"), contact.Empty}, "Anna Maria", "Lee"},
		{"where the family name says", "Jean Paul de Wit", []contact.Value{contact.Empty, text("de Wit")}, "Jean Paul", "de Wit"},
		{"where the given name says, which is all of it", "Anna Maria", []contact.Value{text("Anna Maria"), contact.Empty}, "Anna Maria", ""},
		{"where the family name says, which is all of it", "de Wit", []contact.Value{contact.Empty, text("De Wit")}, "", "de Wit"},
		{"a hint that does not fit", "Ann Lee", []contact.Value{text("Bob"), text("Ode")}, "Ann", "Lee"},
		{"spaces", "  Ann   Lee ", nil, "Ann", "Lee"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := splitName(text(tt.full), tt.hints)
			if diff := cmp.Diff([]string{tt.first, tt.last}, []string{got[0].Str(), got[1].Str()}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, template, want string
		first, last          contact.Value
	}{
		{"both", "{last}, {first}", "Lee, Ann", contact.Text("Ann"), contact.Text("Lee")},
		{"one is empty", "{first} {last}", "Ann", contact.Text("Ann"), contact.Empty},
		{"all are empty", "{first} {last}", "", contact.Empty, contact.Empty},
		{"a value with braces is not filled again", "{first} {last}", "{last} Lee", contact.Text("{last}"), contact.Text("Lee")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Template{tt.template}.fill([]string{"first", "last"}, []contact.Value{tt.first, tt.last})
			if got.Str() != tt.want {
				t.Errorf("%q, want %q", got.Str(), tt.want)
			}
		})
	}
	if diff := cmp.Diff([]string{"first", "last"}, (Template{"{first} {last} {"}).Fields()); diff != "" {
		t.Error(diff)
	}
}

// TestBlankStaysBlank: through a chain of transforms, both ways; a constant alone is there whatever a holds.
func TestBlankStaysBlank(t *testing.T) {
	t.Parallel()
	var all chain
	for _, tt := range lawfulTransforms() {
		all = append(all, tt.transform)
		for _, c := range []chain{{tt.transform}, all} {
			for _, way := range []func(contact.Value) (contact.Value, error){c.forward, c.back} {
				if v, err := way(contact.Empty); err != nil || !v.Blank() {
					t.Errorf("%v: blank became %v, %v", c, v, err)
				}
			}
		}
	}
	if v, err := (chain{Constant{contact.Text("x")}}).forward(contact.Empty); err != nil || v.Str() != "x" {
		t.Errorf("a constant became %v, %v", v, err)
	}
}

// TestRefusals: what a transform cannot translate is an error that tells no more than the value itself.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		way  func(contact.Value) (contact.Value, error)
		text string
		want string
	}{
		{"table", ValueTable{Pairs: [][2]string{{"a", "b"}}}.Forward, "odd", "no entry"},
		{"table, back", ValueTable{Pairs: [][2]string{{"a", "b"}}}.Back, "odd", "no entry"},
		{"date without year", DateFormat{"02/01/2006"}.Forward, "--05-09", "not a full date"},
		{"date in another layout", DateFormat{"02/01/2006"}.Back, "2026-01-02", "layout"},
		{"number", NumberText{}.Back, "many", "not a number"},
		{"bool", BoolText{"Ja", "Nein"}.Back, "vielleicht", "neither"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := tt.way(contact.Text(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}
