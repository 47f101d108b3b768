package contactsync

import (
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// TestShapelessMappings: of a mapping that makes no sense nothing more is said, such as that it writes what is read-only.
func TestShapelessMappings(t *testing.T) {
	t.Parallel()
	split, template, constant := []Transform{SplitName{}}, []Transform{Template{"{text}"}}, []Transform{Constant{contact.Text("x")}}
	for name, tt := range map[string]struct {
		m    Mapping
		want string
	}{
		"a name in two":                 {Mapping{A: []string{"fixed"}, B: []string{"fixed"}, Transform: split}, "mappings[0]: one full name against two"},
		"a template without its fields": {Mapping{B: []string{"fixed"}, Transform: template}, "mappings[0]: text"},
		"a template of two texts":       {Mapping{A: []string{"text"}, B: []string{"text", "fixed"}, Transform: template}, "mappings[0]: makes one text"},
		"a constant for two":            {Mapping{B: []string{"text", "fixed"}, Transform: constant}, "mappings[0]: no field of a"},
		"two fields":                    {Mapping{A: []string{"fixed"}, B: []string{"text", "text2"}}, "mappings[0]: one field of each side"},
		"one against a list":            {Mapping{A: []string{"fixed"}, B: []string{"texts"}}, "mappings[0]: pick one entry"},
		"types without a way":           {Mapping{A: []string{"fixed"}, B: []string{"address"}}, "mappings[0]: has no meaning in the other"},
		"a field that is not there":     {Mapping{A: []string{"fixed"}, B: []string{"nothing"}}, "mappings[0].b: no field"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holdFaults(t, []string{tt.want}, faultsOf(Connection{Mappings: []Mapping{tt.m}}))
		})
	}
}

// TestTypesOfWhatIsCarried: a value arrives in the type of the field that it goes to, on both ways.
func TestTypesOfWhatIsCarried(t *testing.T) {
	t.Parallel()
	text := contact.Text
	table := func(a, b string) []Transform { return []Transform{ValueTable{Pairs: [][2]string{{a, b}}}} }
	for _, tt := range []struct {
		a, b      string
		transform []Transform
		onA, onB  contact.Value
	}{
		{"number", "text", nil, contact.Int(5), text("5")},
		{"text", "bool", nil, text("true"), contact.Bool(true)},
		{"date", "datetime", nil, text("2026-01-05"), text("2026-01-05T00:00:00Z")},
		{"datetime", "date", nil, text("2026-01-05T00:00:00Z"), text("2026-01-05")},
		{"datetime", "text", nil, text("2026-01-05T09:00:00Z"), text("2026-01-05T09:00:00Z")},
		{"text", "text2", nil, text("x"), text("x")},
		{"number", "text", table("1", "one"), contact.Int(1), text("one")},
		{"text", "bool", table("ja", "true"), text("ja"), contact.Bool(true)},
		{"number", "bool", table("1", "true"), contact.Int(1), contact.Bool(true)},
		{"number", "number", table("1", "2"), contact.Int(1), contact.Int(2)},
		{"datetime", "datetime", nil, text("2026-01-05"), text("2026-01-05")},
	} {
		c := Connection{ID: "c", Match: Match{Keys: []MatchKey{{Kind: KeyEmail}}}, Mappings: []Mapping{{A: []string{tt.a}, B: []string{tt.b}, Transform: tt.transform}}}
		cfg, bad := compile(&c, [2]*contact.Schema{everyField(), everyField()})
		require.Empty(t, bad)
		for s, values := range [2][2]contact.Value{{tt.onA, tt.onB}, {tt.onB, tt.onA}} {
			got, err := cfg.mappings[0].translate(nil, Side(s), []contact.Value{values[0]})
			if err != nil || len(got) != 1 || !got[0].Equal(values[1]) {
				t.Errorf("%s to %s: %v of %s becomes %v (%v), want %v", tt.a, tt.b, values[0], Side(s), got, err, values[1])
			}
		}
	}
	for _, tt := range []struct {
		a, b string
		side Side
		v    contact.Value
		want string
	}{{"text", "number", A, text("many"), "not a number"}, {"date", "datetime", A, text("--01-05"), ""}, {"number", "text", B, text("many"), "not a number"}} {
		c := Connection{ID: "c", Match: Match{Keys: []MatchKey{{Kind: KeyEmail}}}, Mappings: []Mapping{MapFields(tt.a, tt.b)}}
		cfg, bad := compile(&c, [2]*contact.Schema{everyField(), everyField()})
		require.Empty(t, bad)
		got, err := cfg.mappings[0].translate(nil, tt.side, []contact.Value{tt.v})
		if tt.want == "" {
			require.NoError(t, err)
			require.Equal(t, []contact.Value{tt.v}, got)
		} else {
			require.EqualError(t, err, tt.want)
		}
	}
	end := ending{to: contact.Field{Type: contact.TypeDate}}
	require.False(t, end.Lossy())
	require.Equal(t, "as date", end.String())
}

// TestNothingToGive: a constant and a template say by themselves whether a has something to give; b never gives to them.
func TestNothingToGive(t *testing.T) {
	t.Parallel()
	constant := Mapping{B: []string{"text"}, Direction: AToB, Transform: []Transform{Constant{contact.Text("x")}}}
	template := Mapping{A: []string{"text", "text2"}, B: []string{"text"}, Direction: AToB, Transform: []Transform{Template{"{text} {text2}"}}}
	choice := template
	choice.B = []string{"stage"}
	for _, tt := range []struct {
		name  string
		m     Mapping
		a, b  contact.Fields
		blank [2]bool
	}{
		{"a constant", constant, contact.Fields{}, contact.Fields{"text": contact.Empty}, [2]bool{false, true}},
		{"a constant that is there", constant, contact.Fields{}, contact.Fields{"text": contact.Text("x")}, [2]bool{false, false}},
		{"a template of nothing", template, contact.Fields{"text": contact.Empty, "text2": contact.Empty}, contact.Fields{"text": contact.Text("x")}, [2]bool{true, false}},
		{"a template of something", template, contact.Fields{"text": contact.Empty, "text2": contact.Text("y")}, contact.Fields{"text": contact.Empty}, [2]bool{false, true}},
		{"what means nothing there", choice, contact.Fields{"text": contact.Empty, "text2": contact.Text("y")}, contact.Fields{"stage": contact.Empty}, [2]bool{false, true}},
	} {
		c := Connection{ID: "c", Match: Match{Keys: []MatchKey{{Kind: KeyEmail}}}, Mappings: []Mapping{tt.m}}
		cfg, bad := compile(&c, [2]*contact.Schema{everyField(), everyField()})
		require.Empty(t, bad)
		p := &pairing{cfg: cfg, link: &link{}, rec: [2]*mirror{{side: A, Fields: tt.a}, {side: B, Fields: tt.b}}}
		x := p.look(cfg.mappings[0])
		require.Equal(t, tt.blank, [2]bool{x.blank(A), x.blank(B)}, tt.name)
	}
}

// TestTransformsThatStandAlone: a template and a name that is split are the mapping's own work, and have no way by themselves.
func TestTransformsThatStandAlone(t *testing.T) {
	t.Parallel()
	_, err := Template{"{x}"}.Forward(contact.Text("x"))
	require.ErrorContains(t, err, "stands alone")
	_, err = Template{"{x}"}.Back(contact.Text("x"))
	require.ErrorIs(t, err, ErrOneWay)
	for _, way := range []func(contact.Value) (contact.Value, error){SplitName{}.Forward, SplitName{}.Back} {
		_, err = way(contact.Text("x"))
		require.ErrorContains(t, err, "stands alone")
	}
	require.Equal(t, "template {x}; full name, given and family name; always x", Template{"{x}"}.String()+"; "+SplitName{}.String()+"; "+Constant{contact.Text("x")}.String())
	require.True(t, SplitName{}.Lossy() && Template{}.Lossy() && Constant{}.Lossy())
	require.False(t, NumberText{}.Lossy())
	_, err = BoolText{"ja", "nein"}.Forward(contact.Text("perhaps"))
	require.ErrorContains(t, err, "neither yes nor no")
}

// TestOptions: a choice that names its options takes no other text; all else takes what it is given.
func TestOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		f    contact.Field
		v    contact.Value
		fits bool
	}{
		{contact.Field{Type: contact.TypeChoice, Options: []string{"one", "two"}}, contact.Text("two"), true},
		{contact.Field{Type: contact.TypeChoice, Options: []string{"one", "two"}}, contact.Text("three"), false},
		{contact.Field{Type: contact.TypeChoice, Options: []string{"one", "two"}}, contact.Empty, true},
		{contact.Field{Type: contact.TypeChoice}, contact.Text("three"), true},
		{contact.Field{Type: contact.TypeText, Options: []string{"one"}}, contact.Text("three"), true},
	} {
		if err := fitsOptions(tt.f, tt.v); (err == nil) != tt.fits {
			t.Errorf("%v in %+v: %v", tt.v, tt.f, err)
		}
	}
}

// TestPatchOfNothing: what is the same in another order is no change, nor what is blank in another way.
func TestPatchOfNothing(t *testing.T) {
	t.Parallel()
	schema := &contact.Schema{Fields: tagged()}
	now, want := spelled(schema, "tags=x,y phones=1,2 stage=a"), spelled(schema, "tags=y,x phones=2,1 stage=a")
	delete(now, "labels")
	require.Nil(t, diff(now, want, schema))
	want["stage"] = contact.Text("b")
	require.Equal(t, []string{"stage"}, diff(now, want, schema).Names())
	require.Empty(t, nameCompany(&contact.Schema{Fields: tagged()}, now))
}

// TestNothingSettled: where one of two writes that settle together is in, nothing is settled yet, and all that is there is
// an edit.
func TestNothingSettled(t *testing.T) {
	t.Parallel()
	cfg := between(t, Connection{Mappings: []Mapping{MapFields("stage", "stage")}}, tagged(), tagged())
	p := pair(cfg, &link{Cells: map[string]*cell{"stage:stage": {Half: sides{{contact.Text("x")}, nil}}}}, "stage=x", "")
	if out := p.decide(); patched(out.writes[B]) != "stage=x" || out.changed != [2]bool{true, true} {
		t.Errorf("%q is written, changed %v", patched(out.writes[B]), out.changed)
	}
}

// TestDefaultsOfOneMeaning: of two fields that mean the same the first is mapped.
func TestDefaultsOfOneMeaning(t *testing.T) {
	t.Parallel()
	field := func(name string) contact.Field {
		return contact.Field{Name: name, Type: contact.TypeText, Meaning: "notes"}
	}
	got := defaultMappings([2]*contact.Schema{{Fields: []contact.Field{field("one"), field("two")}}, {Fields: []contact.Field{field("three"), field("four")}}})
	require.Equal(t, []Mapping{MapFields("one", "three")}, got)
}

// TestPartOfAnAddress: one part is read and written, and the others stay; of a list that has no such entry one is made.
func TestPartOfAnAddress(t *testing.T) {
	t.Parallel()
	home := contact.Address{Street: "High Street 1", City: "Ghent"}
	moved := contact.Address{Street: "High Street 1", City: "Lier"}
	entry := func(a contact.Address, kind string) contact.Entry {
		return contact.Entry{Value: contact.Postal(a), Type: kind}
	}
	work := entry(contact.Address{City: "Bruges"}, "work")
	one, list := contact.Field{Name: "address", Type: contact.TypeAddress}, contact.Field{Name: "addresses", Type: contact.TypeAddress, Many: true}
	for _, tt := range []struct {
		selector string
		f        contact.Field
		has      contact.Value
		shows    contact.Value
		becomes  contact.Value // when the city is put
	}{
		{"address.city", one, contact.Postal(home), contact.Text("Ghent"), contact.Postal(moved)},
		{"address.city", one, contact.Empty, contact.Empty, contact.Postal(contact.Address{City: "Lier"})},
		{"addresses[type=home].city", list, contact.List(work, entry(home, "home")), contact.Text("Ghent"), contact.List(work, entry(moved, "home"))},
		{"addresses[type=home].city", list, contact.List(work), contact.Empty, contact.List(work, entry(contact.Address{City: "Lier"}, "home"))},
		{"addresses[type=home].city", list, contact.Value{}, contact.Value{}, contact.List(entry(contact.Address{City: "Lier"}, "home"))},
	} {
		sel, err := contact.ParseSelector(tt.selector)
		require.NoError(t, err)
		require.Equal(t, tt.shows, selectValue(sel, tt.f, tt.has, contact.Value{}), "%s of %v", tt.selector, tt.has)
		require.Equal(t, tt.becomes, placeValue(sel, tt.f, tt.has, contact.Value{}, contact.Text("Lier")), "%s of %v", tt.selector, tt.has)
	}
}

// TestEmptied: what becomes of b's field when a user empties a's.
func TestEmptied(t *testing.T) {
	t.Parallel()
	text := contact.Text
	for _, tt := range []struct {
		name   string
		m      Mapping
		before string // what was settled; "" is nothing
		want   string // what is written to b
		reason string
	}{
		{"it is emptied", MapFields("text", "text"), "old", "text=(empty)", ""},
		{"nothing was settled", MapFields("text", "text"), "", "", ""},
		{"b keeps it", Mapping{A: []string{"text"}, B: []string{"text"}, OnClear: OnClearKeep}, "old", "", ""},
		{"a default takes its place", Mapping{A: []string{"text"}, B: []string{"text"}, DefaultB: text("none")}, "old", "text=none", ""},
		{"the default is there already", Mapping{A: []string{"text"}, B: []string{"text"}, DefaultB: text("old")}, "old", "", ""},
		{"b insists on it", MapFields("text", "needed"), "old", "", ReasonRequired},
		{"b insists on it, and a default takes its place", Mapping{A: []string{"text"}, B: []string{"needed"}, DefaultB: text("none")}, "old", "needed=none", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := between(t, Connection{Direction: AToB, Mappings: []Mapping{tt.m}}, everyField().Fields, everyField().Fields)
			l := &link{}
			if tt.before != "" {
				l.Cells = map[string]*cell{cfg.mappings[0].id: {Val: sides{{text(tt.before)}, {text(tt.before)}}}}
			}
			out := pair(cfg, l, "", tt.m.B[0]+"=old").decide()
			require.Equal(t, tt.want, patched(out.writes[B]))
			require.Equal(t, tt.reason, out.standing.Reason, out.standing.Message)
		})
	}
}

// TestUnreadPartOfAGroup: what is decided together waits for what was not read of it.
func TestUnreadPartOfAGroup(t *testing.T) {
	t.Parallel()
	group := func(field string) Mapping { return Mapping{A: []string{field}, B: []string{field}, Group: "g"} }
	for _, tt := range []struct {
		a         string
		direction Direction
		from      string // who are let through
		write     string
		reason    string
	}{
		{"text=x text2=y", TwoWay, "", "text=x text2=y", ""},
		{"text=x text2?", TwoWay, "", "", ReasonUnread},
		{"text=x text2?", AToB, "", "", ReasonUnread},
		{"text=x text2?", BToA, "", "", ReasonUnread},
		{"text2?", TwoWay, "", "", ""},
		{"text=x text2?", TwoWay, "nobody", "", ReasonFilter},
	} {
		c := Connection{Direction: tt.direction, Mappings: []Mapping{group("text"), group("text2")}}
		if tt.from != "" {
			c.Rules = []Rule{FilterRule{From: A, Filter: Has("set", tt.from)}, FilterRule{From: B, Filter: Has("set", tt.from)}}
		}
		out := pair(between(t, c, everyField().Fields, everyField().Fields), &link{}, tt.a, "").decide()
		require.Equal(t, tt.write, patched(out.writes[B]), tt)
		require.Equal(t, tt.reason, out.standing.Reason, tt)
	}
}

// TestDayOfAConnection: a connection's days are those of its time zone, of UTC if it has none.
func TestDayOfAConnection(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 5, 23, 30, 0, 0, time.UTC)
	for zone, day := range map[string]int{"": 5, "UTC": 5, "Europe/Brussels": 6, "America/New_York": 5} {
		loc, err := (&Connection{TimeZone: zone}).location()
		require.NoError(t, err)
		require.Equal(t, day, at.In(loc).Day(), zone)
	}
	_, err := (&Connection{TimeZone: "Brussels"}).location()
	require.ErrorContains(t, err, `"Brussels" is not a known time zone; use an IANA name such as Europe/Brussels`)
}
