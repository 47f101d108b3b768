package contactsync

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// between compiles a connection between apps of these fields.
func between(t testing.TB, c Connection, a, b []contact.Field) *config {
	t.Helper()
	c.ID = "c"
	cfg, bad := compile(&c, [2]*contact.Schema{{Versions: true, Fields: a}, {Versions: true, Fields: b}})
	require.Empty(t, bad)
	return cfg
}

// described says settlements in words, in their order.
func described(all []settlement) string {
	values := func(vs []contact.Value) string {
		texts := make([]string, len(vs))
		for i, v := range vs {
			texts[i] = v.String()
		}
		return strings.Join(texts, " ")
	}
	entry := func(e *contact.Entry) string {
		if e == nil {
			return "-"
		}
		return e.Value.Str() + e.Type
	}
	texts := make([]string, len(all))
	for i, st := range all {
		switch {
		case st.Element != "":
			texts[i] = fmt.Sprintf("%s %q: %s | %s", st.Mapping, st.Element, entry(st.Entry[A]), entry(st.Entry[B]))
		case st.Target != "" && st.Layer == nil:
			texts[i] = st.Target + ": nothing of ours"
		case st.Target != "":
			texts[i] = fmt.Sprintf("%s: %s under %s", st.Target, st.Layer.Under, st.Layer.Wrote)
		case st.Forget:
			texts[i] = st.Mapping + st.Membership + ": nothing"
		case st.Membership != "":
			texts[i] = fmt.Sprintf("%s: in %v, shown %v", st.Membership, st.Member.In, st.Member.Shown)
		default:
			texts[i] = fmt.Sprintf("%s: %s | %s", st.Mapping, values(st.Val[A]), values(st.Val[B]))
		}
	}
	return strings.Join(texts, "; ")
}

// TestRevertOfAField: what is still as our write left it goes back, what is back already needs nothing, and all else stays.
func TestRevertOfAField(t *testing.T) {
	t.Parallel()
	schema := &contact.Schema{Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail}, {Name: "phone", Type: contact.TypePhone},
		{Name: "shut", Type: contact.TypeText, ReadOnly: true}, {Name: "tags", Type: contact.TypeSet},
		{Name: "shut tags", Type: contact.TypeSet, ReadOnly: true}, {Name: "urls", Type: contact.TypeURL, Many: true}}}
	text, none := contact.Text, contact.Value{}
	list := func(texts ...string) contact.Value {
		var all []contact.Entry
		for _, s := range texts {
			all = append(all, contact.Entry{Value: text(s)})
		}
		return contact.List(all...)
	}
	entries := func(texts ...string) []contact.Entry { return list(texts...).Entries() }
	for _, tt := range []struct {
		name, field  string
		was, did, is contact.Value
		want         contact.Change
		left         string
	}{
		{"it stands", "email", text("old@x.org"), text("new@x.org"), text("new@x.org"), contact.Change{Set: text("old@x.org")}, ""},
		{"in another spelling", "email", text("old@x.org"), text("new@x.org"), text("New@x.org"), contact.Change{Set: text("old@x.org")}, ""},
		{"in another spelling of the region", "phone", contact.Empty, text("+32470123456"), text("0470 12 34 56"), contact.Change{Set: contact.Empty}, ""},
		{"there was nothing", "email", none, text("new@x.org"), text("new@x.org"), contact.Change{Set: contact.Empty}, ""},
		{"it was emptied", "email", text("old@x.org"), contact.Empty, contact.Empty, contact.Change{Set: text("old@x.org")}, ""},
		{"it is back already", "email", text("old@x.org"), text("new@x.org"), text("old@x.org"), contact.Change{}, ""},
		{"it is back in another spelling", "email", text("old@x.org"), text("new@x.org"), text("OLD@x.org"), contact.Change{}, ""},
		{"it is back in another spelling of the region", "phone", text("0470 12 34 56"), contact.Empty, text("+32470123456"), contact.Change{}, ""},
		{"only the spelling was changed, and is back", "email", text("Old@x.org"), text("old@x.org"), text("Old@x.org"), contact.Change{}, ""},
		{"only the spelling was changed, and stands", "email", text("Old@x.org"), text("old@x.org"), text("old@x.org"), contact.Change{Set: text("Old@x.org")}, ""},
		{"it was changed since", "email", text("old@x.org"), text("new@x.org"), text("third@x.org"), contact.Change{}, leftChanged},
		{"it was emptied since", "email", text("old@x.org"), text("new@x.org"), contact.Empty, contact.Change{}, leftChanged},
		{"it is not read any more", "email", text("old@x.org"), text("new@x.org"), none, contact.Change{}, leftUnread},
		{"what was written was not told", "email", text("old@x.org"), none, text("new@x.org"), contact.Change{}, ""},
		{"the app has no such field any more", "fax", text("1"), text("2"), text("2"), contact.Change{}, leftUnread},
		{"it cannot be written any more", "shut", text("old"), text("new"), text("new"), contact.Change{}, leftReadOnly},
		{"and is back", "shut", text("old"), text("new"), text("old"), contact.Change{}, ""},
		{"and was changed", "shut", text("old"), text("new"), text("third"), contact.Change{}, leftChanged},
		{"a set", "tags", contact.Set("x"), contact.Set("x", "y"), contact.Set("x", "y", "z"), contact.Change{Remove: entries("y")}, ""},
		{"a set that is back", "tags", contact.Set("x"), contact.Set("x", "y"), contact.Set("x"), contact.Change{}, ""},
		{"a set that is not told", "tags", contact.Set("x"), contact.Set("x", "y"), none, contact.Change{}, leftUnread},
		{"of a set that cannot be written, one to add", "shut tags", contact.Set("x"), contact.Empty, contact.Empty, contact.Change{}, leftReadOnly},
		{"of a set that cannot be written, one to remove", "shut tags", contact.Empty, contact.Set("x"), contact.Set("x"), contact.Change{}, leftReadOnly},
		{"of a set that cannot be written, none", "shut tags", contact.Empty, contact.Set("x"), contact.Empty, contact.Change{}, ""},
		{"a list", "urls", list("x"), list("y"), list("y", "z"), contact.Change{Add: entries("x"), Remove: entries("y")}, ""},
		{"a list of one", "urls", none, list("y"), list("y"), contact.Change{Remove: entries("y")}, ""},
	} {
		before := contact.Fields{}
		if !tt.was.Absent() {
			before[tt.field] = tt.was
		}
		out := revert(schema, "BE", before, contact.Fields{tt.field: tt.did}, contact.Fields{tt.field: tt.is})
		got := out.patch[tt.field]
		_, written := out.patch[tt.field]
		if !got.Set.Equal(tt.want.Set) || !slices.EqualFunc(got.Add, tt.want.Add, contact.Entry.Equal) || !slices.EqualFunc(got.Remove, tt.want.Remove, contact.Entry.Equal) {
			t.Errorf("%s: %+v is written, want %+v", tt.name, got, tt.want)
		}
		if writes := !tt.want.Set.Absent() || tt.want.Add != nil || tt.want.Remove != nil; written != writes {
			t.Errorf("%s: written %v", tt.name, written)
		}
		if out.left[tt.field] != tt.left {
			t.Errorf("%s: left because %q, want %q", tt.name, out.left[tt.field], tt.left)
		}
		if back := written && tt.left == ""; out.back(tt.field) != back {
			t.Errorf("%s: all of it goes back: %v", tt.name, !back)
		}
	}

	// A part of a list goes back, and a part is somebody's: both are said.
	out := revert(schema, "", contact.Fields{"urls": contact.List(contact.Entry{Value: text("x"), Type: "work"}, contact.Entry{Value: text("y")})},
		contact.Fields{"urls": contact.List(contact.Entry{Value: text("x"), Type: "home"})},
		contact.Fields{"urls": contact.List(contact.Entry{Value: text("x"), Type: "other"})})
	require.Equal(t, entries("y"), out.patch["urls"].Add)
	require.Equal(t, leftChanged, out.left["urls"])
	require.False(t, out.back("urls"))
}

// TestRevertEmptiesNothing where the app cannot: what would is left, and all else goes back.
func TestRevertEmptiesNothing(t *testing.T) {
	t.Parallel()
	schema := contact.Schema{Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail}, {Name: "notes", Type: contact.TypeText},
		{Name: "tags", Type: contact.TypeSet}, {Name: "lists", Type: contact.TypeSet}}}.Limited(contact.Limit{Cannot: contact.AbilityClear})
	now := contact.Fields{"email": contact.Text("new@x.org"), "notes": contact.Text("x"), "tags": contact.Set("x"), "lists": contact.Set("x", "y")}
	out := revert(&schema, "", contact.Fields{"email": contact.Text("old@x.org"), "lists": contact.Set("y")}, now, now)
	require.Equal(t, []string{"email", "lists"}, out.patch.Names())
	require.Equal(t, map[string]string{"notes": leftFilled, "tags": leftFilled}, out.left)
}

// TestEntryBackAsItWas: an entry that a write gave another type, or made the primary one, gets its own back, and only then.
func TestEntryBackAsItWas(t *testing.T) {
	t.Parallel()
	f := contact.Field{Name: "f", Type: contact.TypeEmail, Many: true}
	e := func(kind string, primary bool) contact.Value {
		return contact.List(contact.Entry{Value: contact.Text("x@x.org"), Type: kind, Primary: primary})
	}
	for _, tt := range []struct {
		was, did, is contact.Value
		back         bool
		untouched    bool
	}{
		{e("work", false), e("work", true), e("work", true), true, true},
		{e("work", false), e("work", true), e("work", false), false, true},
		{e("work", false), e("work", true), e("home", true), false, false},
		{e("work", false), e("work", false), e("home", false), false, true}, // our write did not touch it
		{e("work", false), e("home", false), contact.Empty, false, true},
	} {
		c, untouched := revertElements(f, tt.was, tt.did, tt.is)
		if (c.Add != nil) != tt.back || c.Remove != nil || untouched != tt.untouched {
			t.Errorf("%v, then %v, now %v: adds %v, removes %v, untouched %v", tt.was, tt.did, tt.is, c.Add, c.Remove, untouched)
		}
		if tt.back && !c.Add[0].Equal(tt.was.Entries()[0]) {
			t.Errorf("%v is added", c.Add)
		}
	}
}

// TestReasonsOfWhatIsLeft: each once, by the order of the fields.
func TestReasonsOfWhatIsLeft(t *testing.T) {
	t.Parallel()
	v := reversal{left: map[string]string{"d": "two", "a": "one", "c": "one", "b": "two"}}
	require.Equal(t, []string{"one", "two"}, v.reasons())
	require.Equal(t, []string{"a", "c"}, v.leftBy("one"))
	require.Equal(t, []string{"b", "d"}, v.leftBy("two"))
	require.Empty(t, v.leftBy("three"))
}

// TestWhatAWriteMade: what the journal says that a write made of a field, whatever somebody did at the same moment.
func TestWhatAWriteMade(t *testing.T) {
	t.Parallel()
	text, set, none := contact.Text, contact.Set, contact.Value{}
	email, tags := contact.Field{Name: "email", Type: contact.TypeEmail}, contact.Field{Name: "tags", Type: contact.TypeSet}
	one := contact.Field{Name: "tags", Type: contact.TypeSet, MaxEntries: 1}
	urls, phone := contact.Field{Name: "urls", Type: contact.TypeURL, Many: true}, contact.Field{Name: "phone", Type: contact.TypePhone}
	add := func(s string) contact.Change { return contact.Change{Add: []contact.Entry{{Value: text(s)}}} }
	take := func(s string) contact.Change { return contact.Change{Remove: []contact.Entry{{Value: text(s)}}} }
	list := func(kind string, texts ...string) contact.Value {
		var all []contact.Entry
		for _, s := range texts {
			all = append(all, contact.Entry{Value: text(s), Type: kind})
		}
		return contact.List(all...)
	}
	for _, tt := range []struct {
		name   string
		f      contact.Field
		c      contact.Change
		before contact.Value
		now    contact.Value
		own    bool
		want   contact.Value
	}{
		{"not told", email, contact.Change{Set: text("n@x.org")}, none, none, true, none},
		{"not told, and perhaps not ours", email, contact.Change{Set: text("n@x.org")}, none, none, false, none},
		{"our own answer is believed", email, contact.Change{Set: text("n@x.org")}, text("o@x.org"), text("cut@x"), true, text("cut@x")},
		{"spelled by the app", email, contact.Change{Set: text("N@x.org")}, text("o@x.org"), text("n@x.org"), false, text("n@x.org")},
		{"spelled by the app, by the region", phone, contact.Change{Set: text("0470 12 34 56")}, none, text("+32470123456"), false, text("+32470123456")},
		{"overwritten at once", email, contact.Change{Set: text("n@x.org")}, text("o@x.org"), text("s@x.org"), false, text("n@x.org")},
		{"an element", tags, add("x"), set("a"), set("a", "x"), true, set("a", "x")},
		{"an element, and somebody's", tags, add("x"), set("a"), set("a", "x", "s"), true, set("a", "x")},
		{"somebody took one away", tags, add("x"), set("a", "b"), set("a", "x"), true, set("a", "x", "b")},
		{"ours was taken away", tags, add("x"), set("a"), set("a"), true, set("a")},
		{"one that the app did not take off", tags, take("x"), set("a", "x"), set("a", "x"), true, set("a", "x")},
		{"one is taken off", tags, take("x"), set("a", "x"), set("a"), true, set("a")},
		{"all is taken off", tags, take("x"), set("x"), contact.Empty, true, contact.Empty},
		{"the first one that the app did not take off", tags, take("x"), set("x", "a"), set("x", "a"), true, set("x", "a")},
		{"one is taken off, and somebody adds another", tags, take("x"), set("a", "x"), set("a", "s"), true, set("a")},
		{"somebody took the first one away", tags, add("x"), set("b", "a"), set("a", "x"), true, set("a", "x", "b")},
		{"overwritten at once where there was nothing", email, contact.Change{Set: text("n@x.org")}, contact.Empty, text("s@x.org"), false, text("n@x.org")},
		{"a whole new set, as the app answers", tags, contact.Change{Set: set("x", "z")}, contact.Empty, set("x", "y"), true, set("x", "y")},
		{"a whole new set, and somebody's", tags, contact.Change{Set: set("x")}, contact.Empty, set("x", "y"), false, set("x")},
		{"of a whole new set one is gone", tags, contact.Change{Set: set("x", "y")}, none, set("x"), false, set("x", "y")},
		{"of a whole new set there was room for one", one, contact.Change{Set: set("x", "y")}, none, set("x"), false, set("x")},
		{"of a whole new set there was room for one, and none is there", one, contact.Change{Set: set("x")}, none, contact.Empty, false, set("x")},
		{"an element is gone, and perhaps was never ours", tags, add("x"), set("a"), set("a"), false, set("a", "x")},
		{"an element of a new set, and somebody's, as the app answers", tags, add("x"), contact.Empty, set("x", "s"), true, set("x")},
		{"an element of a new set", tags, add("x"), contact.Empty, set("x", "s"), false, set("x")},
		{"a list", urls, add("x"), list("", "a"), list("w", "a", "x", "s"), true, list("w", "a", "x")},
		{"of a list one was taken away", urls, add("x"), list("", "a", "b"), list("w", "a", "x"), false, contact.List(append(slices.Clone(list("w", "a", "x").Entries()), contact.Entry{Value: text("b")})...)},
	} {
		if got := ours(tt.f, tt.c, tt.before, tt.now, tt.own, "BE"); !got.Equal(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// undone is a connection whose reversals are looked at: fields, a name in two fields, a list through a table, two rules.
func undone(t *testing.T) *config {
	text, set := contact.TypeText, contact.TypeSet
	return between(t, Connection{
		Mappings: []Mapping{MapFields("company", "company"), {A: []string{"full"}, B: []string{"given", "family"}, Transform: []Transform{SplitName{}}},
			{A: []string{"kinds"}, B: []string{"sorts"}, Transform: []Transform{ValueTable{Pairs: [][2]string{{"one", "1"}, {"two", "2"}, {"uno", "1"}}}}}},
		Rules: []Rule{
			FilterRule{ID: "turned", From: A, Filter: Has("labels", "in"), Actions: []Action{Add("tags", "T"), Set("stage", contact.Text("won"))}, Undo: UndoOwn, OtherWayAround: true},
			FilterRule{ID: "plain", From: B, Actions: []Action{Add("labels", "L")}}},
	}, []contact.Field{{Name: "company", Type: text}, {Name: "full", Type: text}, {Name: "kinds", Type: set}, {Name: "labels", Type: set}},
		[]contact.Field{{Name: "company", Type: text}, {Name: "given", Type: text}, {Name: "family", Type: text}, {Name: "sorts", Type: set}, {Name: "tags", Type: set}, {Name: "stage", Type: text}})
}

// TestWhatIsSettledAgain: with what goes back, what was settled of it goes back, of a mapping, an element, an action's
// target and a membership; and of what stays, nothing.
func TestWhatIsSettledAgain(t *testing.T) {
	t.Parallel()
	cfg := undone(t)
	text, set := contact.Text, contact.Set
	company, name, kinds := cfg.mappings[0].id, cfg.mappings[1].id, cfg.mappings[2].id
	turned, plain := cfg.members[0].id, cfg.members[1].id
	tag, label := "b tags\x00t", "a labels\x00l"
	whole := func(s string) contact.Change { return contact.Change{Set: text(s)} }
	add := func(s string) contact.Change { return contact.Change{Add: []contact.Entry{{Value: text(s)}}} }
	take := func(s string) contact.Change { return contact.Change{Remove: []contact.Entry{{Value: text(s)}}} }
	was := &link{
		Cells: map[string]*cell{
			company: {Val: sides{{text("old")}, {text("OLD")}}},
			name:    {Val: sides{{text("Ann Lee")}, {text("Ann"), text("Lee")}}},
			kinds:   {Val: sides{{set("one", "odd", "two")}, {set("1", "3")}}}},
		Members: map[string]member{turned: {In: true, Shown: true}, plain: {Shown: true}},
		Layers: map[string]layer{tag: {Under: contact.Empty, Wrote: text("T")}, "b stage": {Under: text("new"), Wrote: text("won")},
			label: {Under: text("L"), Wrote: text("L")}}}
	type patch = contact.Patch
	for _, tt := range []struct {
		name  string
		side  Side
		wrote string
		patch patch
		left  string // the fields of which something is left
		of    *link
		want  string
	}{
		{"nothing was written", B, "", nil, "", was, ""},
		{"a field", B, "company", patch{"company": whole("old")}, "", was, company + ": old | OLD"},
		{"of a pair that the run made", B, "company", patch{"company": whole("")}, "", nil, company + ": nothing"},
		{"that is back already", B, "company", nil, "", was, ""},
		{"that stays", B, "company", nil, "company", was, ""},
		{"of which a part stays", B, "company", patch{"company": whole("old")}, "company", was, ""},
		{"another field than the run wrote", B, "tags", patch{"company": whole("old")}, "", was, ""},
		{"a name", B, "given family", patch{"given": whole("Ann"), "family": whole("Lee")}, "", was, name + ": Ann Lee | Ann Lee"},
		{"a part of a name", B, "family", patch{"family": whole("Lee")}, "", was, name + ": Ann Lee | Ann Lee"},
		{"a name of which a part stays", B, "given family", patch{"given": whole("Ann")}, "family", was, ""},
		{"a full name", A, "full", patch{"full": whole("Ann Lee")}, "", was, name + ": Ann Lee | Ann Lee"},
		{"an element that was there", B, "sorts", patch{"sorts": add("1")}, "", was, kinds + ` "1": one | 1`},
		{"an element that only one side had", A, "kinds", patch{"kinds": add("two")}, "", was, kinds + ` "2": two | -`},
		{"an element that neither had", B, "sorts", patch{"sorts": take("4")}, "", was, kinds + ` "4": - | -`},
		{"one that means nothing there", A, "kinds", patch{"kinds": take("odd")}, "", was, ""},
		{"two elements of a pair that the run made", B, "sorts", patch{"sorts": {Add: add("1").Add, Remove: take("2").Remove}}, "", nil, kinds + ` "2": - | -; ` + kinds + ` "1": - | -`},
		{"what a rule did", B, "tags stage", patch{"tags": take("t"), "stage": whole("new")}, "", was, tag + ": (empty) under T; b stage: new under won; " + turned + ": in true, shown true"},
		{"what a rule did to a pair that the run made", B, "tags stage", patch{"tags": take("T"), "stage": whole("new")}, "", nil,
			tag + ": nothing of ours; b stage: nothing of ours; " + turned + ": nothing"},
		{"what a rule gave back", B, "tags", patch{"tags": add("T")}, "", was, tag + ": (empty) under T; " + turned + ": in true, shown true"},
		{"what a rule did in part", B, "tags stage", patch{"tags": take("T")}, "stage", was, ""},
		{"what a rule did, and its element stays", B, "tags", patch{"tags": take("other")}, "", was, ""},
		{"an element of a set of which another stays", B, "tags", patch{"tags": take("T")}, "tags", was, tag + ": (empty) under T; " + turned + ": in true, shown true"},
		{"a rule that was turned round", A, "labels", patch{"labels": take("in")}, "", was, turned + ": in true, shown true"},
		{"a rule that was turned round, and its field stays", A, "labels", nil, "labels", was, ""},
		{"a rule that was turned round, and another's action", A, "labels", patch{"labels": {Remove: slices.Concat(take("in").Remove, take("L").Remove)}}, "", was,
			turned + ": in true, shown true; " + label + ": L under L; " + plain + ": in false, shown true"},
		{"that is back already on the side of the action", A, "tags", patch{"tags": take("T")}, "", was, ""},
	} {
		v := reversal{patch: tt.patch, left: map[string]string{}}
		for _, name := range strings.Fields(tt.left) {
			v.left[name] = leftChanged
		}
		if diff := cmp.Diff(tt.want, described(v.settles(cfg, tt.of, tt.side, strings.Fields(tt.wrote)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestWhatIsSettledNoMore: of what goes back, nothing is settled any more by a mapping that is not in force.
func TestWhatIsSettledNoMore(t *testing.T) {
	t.Parallel()
	cfg := undone(t)
	company := cfg.mappings[0].id
	v := reversal{patch: contact.Patch{}}
	for _, name := range []string{"company", "notes", "phone", "tags"} {
		v.patch[name] = contact.Change{Set: contact.Empty}
	}
	by := map[string]string{"company": company, "notes": "notes", "phone": "phone", "stays": "stays"} // tags by an action
	require.Equal(t, "notes: nothing; phone: nothing", described(v.forgets(cfg, by)))
}

// TestShownThere: nothing is lost with a record whose counterpart shows the same, or has been agreed on otherwise.
func TestShownThere(t *testing.T) {
	t.Parallel()
	cfg := undone(t)
	text, set := contact.Text, contact.Set
	fields := func(pairs ...any) contact.Fields {
		f := contact.Fields{}
		for i := 0; i < len(pairs); i += 2 {
			f[pairs[i].(string)] = pairs[i+1].(contact.Value)
		}
		return f
	}
	agreed := func(m *mapping, a, b contact.Value) *link {
		return &link{Cells: map[string]*cell{m.id: {Val: sides{{a}, {b}}}}}
	}
	company := cfg.mappings[0]
	for _, tt := range []struct {
		name   string
		link   *link
		of     Side
		a, b   contact.Fields
		fields string
		want   bool
	}{
		{"no field", nil, A, fields("company", text("x")), fields("company", text("y")), "", true},
		{"the same", nil, A, fields("company", text("x")), fields("company", text(" x ")), "company", true},
		{"another value", nil, A, fields("company", text("x")), fields("company", text("y")), "company", false},
		{"nothing of its own", nil, A, fields("company", contact.Empty), fields("company", text("y")), "company", true},
		{"nothing there", nil, A, fields("company", text("x")), fields("company", contact.Empty), "company", false},
		{"looked at from there", nil, B, fields("company", text("x")), fields("company", contact.Empty), "company", true},
		{"what the two agreed on", agreed(company, text("x"), text("y")), A, fields("company", text("x")), fields("company", text("y")), "company", true},
		{"what they agreed on, and was edited", agreed(company, text("x"), text("y")), A, fields("company", text("z")), fields("company", text("y")), "company", false},
		{"what they agreed on, and was edited there", agreed(company, text("x"), text("y")), A, fields("company", text("x")), fields("company", text("z")), "company", false},
		{"agreed on nothing there", agreed(company, text("x"), contact.Empty), A, fields("company", text("x")), fields("company", contact.Empty), "company", false},
		{"a field of no mapping", nil, A, fields("labels", set("x")), fields("tags", set("x")), "labels", false},
		{"one of two fields", nil, A, fields("company", text("x"), "full", text("Ann Lee")), fields("company", text("x"), "given", text("Ann"), "family", text("Low")), "company full", false},
		{"one of two fields of no mapping", nil, A, fields("company", text("x")), fields("company", text("x")), "company labels", false},
		{"an element", nil, A, fields("kinds", set("one")), fields("sorts", set("1", "2")), "kinds", true},
		{"an element that is not there", nil, A, fields("kinds", set("one", "two")), fields("sorts", set("1")), "kinds", false},
		{"elements that are only there", nil, B, fields("kinds", set("one", "two")), fields("sorts", set("1")), "sorts", true},
		{"an element that means nothing there", nil, A, fields("kinds", set("odd")), fields("sorts", set("1")), "kinds", false},
	} {
		rec := [2]*mirror{{side: A, id: "a1", Fields: tt.a}, {side: B, id: "b1", Fields: tt.b}}
		if got := cfg.shownThere(tt.link, rec[tt.of], rec[tt.of.Other()], strings.Fields(tt.fields)); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
