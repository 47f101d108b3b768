package contactsync_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var sameValue = cmp.Comparer(contact.Value.Equal)

func drawText(t *rapid.T) string {
	return rapid.SampledFrom([]string{"x", "Ghent", "a b", "No_CRM", "é", `"`, "<&>", "0", "true"}).Draw(t, "text")
}

func drawValue(t *rapid.T) contact.Value {
	switch rapid.IntRange(0, 3).Draw(t, "value") {
	case 0:
		return contact.Int(int64(rapid.IntRange(-5, 1<<53+1).Draw(t, "int")))
	case 1:
		return contact.Bool(rapid.Bool().Draw(t, "bool"))
	}
	return contact.Text(drawText(t))
}

func pick[T any](t *rapid.T, all ...T) T { return rapid.SampledFrom(all).Draw(t, "pick") }

// several draws a list that is nil, empty, or of up to three.
func several[T any](t *rapid.T, one func(*rapid.T) T) []T {
	n := rapid.IntRange(-1, 3).Draw(t, "several")
	if n < 0 {
		return nil
	}
	list := []T{}
	for range n {
		list = append(list, one(t))
	}
	return list
}

func drawCondition(t *rapid.T) contactsync.Filter {
	f := contactsync.Filter{Field: drawText(t), Op: pick(t, contactsync.OpIs, contactsync.OpIn, contactsync.OpIsKnown, contactsync.OpHasNot)}
	switch f.Op {
	case contactsync.OpIn:
		f.List = append(several(t, drawValue), contact.Text("x"))
	case contactsync.OpIsKnown:
	default:
		f.Value = drawValue(t)
	}
	return f
}

func drawTree(t *rapid.T) contactsync.Filter {
	not := drawCondition(t)
	return pick(t, contactsync.Filter{}, not, contactsync.Filter{Not: &not},
		contactsync.Filter{All: []contactsync.Filter{not, {Any: []contactsync.Filter{not, not}}}})
}

func drawAction(t *rapid.T) contactsync.Action {
	a := pick(t, contactsync.Add("tags", drawText(t)), contactsync.Remove("tags", drawText(t)), contactsync.Set("stage", drawValue(t)), contactsync.Clear("notes"))
	a.Always = rapid.Bool().Draw(t, "always")
	return a
}

func drawRule(t *rapid.T) contactsync.Rule {
	return contactsync.FilterRule{ID: pick(t, "", "r1"), From: pick(t, contactsync.A, contactsync.B), Disabled: rapid.Bool().Draw(t, "disabled"),
		Mode: pick(t, "", contactsync.CreateAndUpdate, contactsync.UpdateOnly, contactsync.CreateOnly), Filter: drawTree(t),
		Actions: pick(t, nil, []contactsync.Action{drawAction(t), drawAction(t)}), Undo: pick(t, contactsync.UndoNone, contactsync.UndoOwn, contactsync.UndoAll),
		OtherWayAround: rapid.Bool().Draw(t, "turned")}
}

func drawTransform(t *rapid.T) contactsync.Transform {
	return pick[contactsync.Transform](t, contactsync.ValueTable{Pairs: [][2]string{{"a", "x"}, {"b", "y"}}}, contactsync.DateFormat{Layout: "02/01/2006"},
		contactsync.NumberText{}, contactsync.BoolText{Yes: "y", No: "n"}, contactsync.Case{}, contactsync.Case{Upper: true}, contactsync.Trim{},
		contactsync.Prefix{Text: "p "}, contactsync.Template{Text: "{a} {b}"}, contactsync.Constant{Value: contact.Int(3)}, contactsync.SplitName{})
}

func drawMapping(t *rapid.T) contactsync.Mapping {
	m := contactsync.Mapping{ID: pick(t, "", "m1"), A: pick(t, []string{"first"}, []string{"first", "last"}), B: pick(t, []string{"emails[primary]"}, []string{"x", "y"}),
		Direction: pick(t, "", contactsync.TwoWay, contactsync.AToB), Disabled: rapid.Bool().Draw(t, "disabled"),
		OnClear: pick(t, "", contactsync.OnClearClear, contactsync.OnClearKeep), Group: pick(t, "", "g")}
	if n := rapid.IntRange(0, 2).Draw(t, "transforms"); n > 0 {
		for range n {
			m.Transform = append(m.Transform, drawTransform(t))
		}
	}
	if rapid.Bool().Draw(t, "conflict") {
		m.Conflict = &contactsync.Policy{Kind: pick(t, "", contactsync.PolicyAsk, contactsync.PolicyNewest), Winner: pick(t, contactsync.A, contactsync.B)}
	}
	if rapid.Bool().Draw(t, "default") {
		m.DefaultA, m.DefaultB = drawValue(t), pick(t, contact.Value{}, drawValue(t))
	}
	return m
}

func drawLimit(t *rapid.T) contactsync.Limit {
	return pick(t, contactsync.Limit{}, contactsync.AtMost(rapid.IntRange(0, 99).Draw(t, "limit")), contactsync.Percent(12.5), contactsync.Percent(50))
}

func drawConnection(t *rapid.T) contactsync.Connection {
	deletion := func() contactsync.Deletion {
		return pick(t, "", contactsync.DeletionKeep, contactsync.DeletionMark, contactsync.DeletionDelete)
	}
	key := func(t *rapid.T) contactsync.MatchKey {
		return pick(t, contactsync.MatchKey{Kind: contactsync.KeyEmail}, contactsync.MatchKey{Kind: contactsync.KeyNameCompany}, contactsync.MatchKey{A: "id", B: "ref"})
	}
	reference := func(t *rapid.T) contactsync.MappingRef {
		return pick(t, contactsync.MappingRef{ID: "m1"}, contactsync.MappingRef{A: "x", B: "y"})
	}
	// Where nil and empty mean the same (actions, mappings to add and disable) only one of them is drawn.
	some := func(n int) bool { return n > 0 }
	c := contactsync.Connection{Owner: pick(t, "", "o"), ID: "c", A: contactsync.Endpoint{App: "vcard", Settings: map[string]string{"path": drawText(t)}},
		Direction: pick(t, "", contactsync.TwoWay, contactsync.AToB, contactsync.BToA), Rules: several(t, drawRule),
		Scope:     pick(t, "", contactsync.ScopeRule, contactsync.ScopePair, contactsync.ScopeSticky),
		Match:     contactsync.Match{Keys: several(t, key), AllowKeyless: rapid.Bool().Draw(t, "keyless"), Region: pick(t, "", "BE")},
		Conflict:  contactsync.Policy{Kind: pick(t, "", contactsync.PolicyWinner, contactsync.PolicyNewest, contactsync.PolicyAsk), Winner: pick(t, contactsync.A, contactsync.B)},
		Deletions: contactsync.Deletions{FromA: deletion(), FromB: deletion()},
		Guard:     contactsync.Guard{MaxDeletions: drawLimit(t), MaxClears: drawLimit(t), MaxCreates: drawLimit(t)},
		Mappings:  several(t, drawMapping), TimeZone: pick(t, "", "Europe/Brussels")}
	if list := several(t, drawMapping); some(len(list)) {
		c.AddMappings = list
	}
	if list := several(t, reference); some(len(list)) {
		c.DisableMappings = list
	}
	if rapid.Bool().Draw(t, "mark") {
		c.Deletions.Mark = contactsync.MarkActions{A: []contactsync.Action{drawAction(t)}}
	}
	return c
}

// TestConnectionRoundTrip: a connection comes back from its JSON form as it was, nil and empty lists told apart where
// they mean different things.
func TestConnectionRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawConnection(t)
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := contactsync.ParseConnection(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(want, got, sameValue); diff != "" {
			t.Fatalf("%s\n%s", diff, text)
		}
		again, err := json.Marshal(got)
		if err != nil || string(again) != string(text) {
			t.Fatalf("written again: %s, %v; was %s", again, err, text)
		}
	})
}

// TestEmptyListsAreNotDefaults: a list that is there and empty says something else than one that is not.
func TestEmptyListsAreNotDefaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		c    contactsync.Connection
	}{
		{"no rule lets anybody through", contactsync.Connection{ID: "c", Rules: []contactsync.Rule{}}},
		{"no field is mapped", contactsync.Connection{ID: "c", Mappings: []contactsync.Mapping{}}},
		{"nobody is matched", contactsync.Connection{ID: "c", Match: contactsync.Match{Keys: []contactsync.MatchKey{}, AllowKeyless: true}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, err := json.Marshal(tt.c)
			require.NoError(t, err)
			got, err := contactsync.ParseConnection(text)
			require.NoError(t, err)
			if diff := cmp.Diff(tt.c, got, sameValue); diff != "" {
				t.Errorf("%s\n%s", diff, text)
			}
		})
	}
}

// paths returns the places of the faults of an error, in order.
func paths(t *testing.T, err error) []string {
	t.Helper()
	var invalid *contactsync.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("got %v, want an InvalidError", err)
	}
	var all []string
	for _, f := range invalid.Faults {
		if f.Message == "" {
			t.Errorf("%s has no message", f.Path)
		}
		all = append(all, f.Path)
	}
	return all
}

func TestParseConnectionRefuses(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"not":`, 20_000) + "{}" + strings.Repeat("}", 20_000)
	for _, tt := range []struct {
		name, text string
		want       []string // the places of all faults
	}{
		{"unknown and twice, all at once", `{"id":"c","id":"d","ID":"e","sneak":1,"rules":[{"from":"a","form":"b","filter":{"field":"x","op":"is","op":"in","val":1}}],
			"match":{"key":[]},"mappings":[{"a":"x","b":"y","transform":[{"dat":"2006"}]}],"guard":{"max":1},"deletions":{"mark":{"c":[]}}}`,
			[]string{"id", "ID", "sneak", "rules[0].form", "rules[0].filter.op", "rules[0].filter.val", "match.key", "mappings[0].transform[0].dat", "guard.max", "deletions.mark.c"}},
		{"unknown in an action", `{"id":"c","rules":[{"from":"a","actions":[{"add":"x","to":"y","of":"z"}]}]}`, []string{"rules[0].actions[0].of"}},
		{"a text for a list", `{"id":"c","rules":"all"}`, []string{"rules"}},
		{"a number for a text", `{"id":7}`, []string{"id"}},
		{"a side that is none", `{"id":"c","conflict":{"winner":"c"}}`, []string{"conflict.winner"}},
		{"a rule from nowhere", `{"id":"c","rules":[{"from":"a"},{"from":"left"}]}`, []string{"rules[1].from"}},
		{"undo that is none", `{"id":"c","rules":[{"from":"a","undo":"some"}]}`, []string{"rules[0].undo"}},
		{"two actions in one", `{"id":"c","rules":[{"from":"a","actions":[{"clear":"x"},{"add":"x","to":"y","clear":"z"}]}]}`, []string{"rules[0].actions[1]"}},
		{"no action", `{"id":"c","rules":[{"from":"a","actions":[{}]}]}`, []string{"rules[0].actions[0]"}},
		{"two transforms in one", `{"id":"c","mappings":[{"a":"x","b":"y","transform":{"trim":true,"case":"lower"}}]}`, []string{"mappings[0].transform"}},
		{"a transform in a chain", `{"id":"c","mappings":[{"a":"x","b":"y","transform":[{"trim":true},{"case":"title"}]}]}`, []string{"mappings[0].transform[1].case"}},
		{"a transform that is none", `{"id":"c","mappings":[{"a":"x","b":"y","transform":"shout"}]}`, []string{"mappings[0].transform"}},
		{"a guard in words", `{"id":"c","guard":{"max_clears":"many"}}`, []string{"guard.max_clears"}},
		{"several at once", `{"id":"c","guard":{"max_clears":"many"},"rules":[{"from":"left","undo":"some"}]}`, []string{"guard.max_clears", "rules[0].from", "rules[0].undo"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := contactsync.ParseConnection([]byte(tt.text))
			if diff := cmp.Diff(tt.want, paths(t, err)); diff != "" {
				t.Errorf("%s\n%v", diff, err)
			}
		})
	}
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "byte 0"},
		{"half a document", `{"id":"c"`, "byte 9"},
		{"data behind the document", `{"id":"c"} {}`, "byte"},
		{"nested too deep", `{"id":"c","rules":[{"from":"a","filter":` + deep + `}]}`, "deep"},
		{"invalid UTF-8", "{\"id\":\"c\xff\"}", "UTF-8"},
		{"half a surrogate pair", `{"id":"c\ud800"}`, "surrogate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := contactsync.ParseConnection([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// TestParseConnectionReadsTheRest: what is wrong with the form of a document hides nothing else that is wrong with it.
func TestParseConnectionReadsTheRest(t *testing.T) {
	t.Parallel()
	c, err := contactsync.ParseConnection([]byte(`{"id": "x", "directoin": "a-to-b", "scope": "pair", "scope": 3, "guard": {"max_clears": "many", "max_deletions": 7},
		"match": {"keys": ["email", 4, {"a": "fax", "b": "fax"}]}, "conflict": 5,
		"mappings": [{"a": "first", "b": "first", "transform": "no"}, {"a": "last", "b": "last", "transform": [{"trim": true}, "no"]}, 7, {"a": "email", "b": "email"}],
		"rules": [{"from": "c", "mode": "update_only"}, {"from": "b", "filter": {"field": "tags", "opp": "has"}, "actions": [{"ad": "x"}]}, {"from": "b", "actions": [{"add": "x", "to": "tags"}]}]}`))
	var invalid *contactsync.InvalidError
	require.ErrorAs(t, err, &invalid)
	var paths []string
	for _, bad := range invalid.Faults {
		paths = append(paths, bad.Path)
	}
	require.Equal(t, []string{"directoin", "scope", "guard.max_clears", "match.keys[1]", "conflict", "mappings[0].transform", "mappings[1].transform[1]", "mappings[2]",
		"rules[0].from", "rules[1].filter.opp", "rules[1].actions[0].ad"}, paths)
	want := contactsync.Connection{ID: "x", Scope: contactsync.ScopePair, Guard: contactsync.Guard{MaxDeletions: contactsync.AtMost(7)},
		Match:    contactsync.Match{Keys: []contactsync.MatchKey{{Kind: contactsync.KeyEmail}, {}, {A: "fax", B: "fax"}}},
		Mappings: []contactsync.Mapping{contactsync.MapFields("first", "first"), contactsync.MapFields("last", "last"), {}, contactsync.MapFields("email", "email")},
		Rules: []contactsync.Rule{contactsync.FilterRule{Mode: contactsync.UpdateOnly}, contactsync.FilterRule{From: contactsync.B, Filter: contactsync.Filter{Field: "tags"}},
			contactsync.FilterRule{From: contactsync.B, Actions: []contactsync.Action{contactsync.Add("tags", "x")}}}}
	require.Equal(t, want, c)
}

func TestParseConnectionTakes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       contactsync.Connection
	}{
		{"a byte order mark", "\ufeff" + `{"id":"c"}`, contactsync.Connection{ID: "c"}},
		{"numbers to the last digit", `{"id":"c","rules":[{"from":"a","filter":{"field":"f","op":"is","value":9007199254740993}}]}`,
			contactsync.Connection{ID: "c", Rules: []contactsync.Rule{contactsync.FilterRule{Filter: contactsync.Is("f", contact.Int(9007199254740993))}}}},
		{"one selector or several, one transform or several", `{"id":"c","mappings":[{"a":"n","b":["f","l"],"transform":"split_name"},{"a":"x","b":"y","transform":[{"trim":true},{"case":"upper"}]}]}`,
			contactsync.Connection{ID: "c", Mappings: []contactsync.Mapping{{A: []string{"n"}, B: []string{"f", "l"}, Transform: []contactsync.Transform{contactsync.SplitName{}}},
				{A: []string{"x"}, B: []string{"y"}, Transform: []contactsync.Transform{contactsync.Trim{}, contactsync.Case{Upper: true}}}}}},
		{"a percentage", `{"id":"c","guard":{"max_deletions":"50%","max_creates":3}}`,
			contactsync.Connection{ID: "c", Guard: contactsync.Guard{MaxDeletions: contactsync.Percent(50), MaxCreates: contactsync.AtMost(3)}}},
		{"what is switched off", `{"id":"c","rules":[{"from":"b","enabled":false,"undo":"all"}],"match":{"require_key":false,"keys":["email",{"a":"i","b":"j"}]}}`,
			contactsync.Connection{ID: "c", Rules: []contactsync.Rule{contactsync.FilterRule{From: contactsync.B, Disabled: true, Undo: contactsync.UndoAll}},
				Match: contactsync.Match{AllowKeyless: true, Keys: []contactsync.MatchKey{{Kind: "email"}, {A: "i", B: "j"}}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := contactsync.ParseConnection([]byte(tt.text))
			require.NoError(t, err)
			if diff := cmp.Diff(tt.want, got, sameValue); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzParseConnection: whatever is read is written and read again as the same.
func FuzzParseConnection(f *testing.F) {
	f.Add(`{"id":"c","rules":[{"from":"a","filter":{"all":[{"field":"f","op":"is","value":"x"}]},"actions":[{"add":"x","to":"t"}],"undo":true}]}`)
	f.Add(`{"id":"c","mappings":[{"a":"x","b":"y","transform":{"map":{"a":"b"}}}],"guard":{"max_clears":"5%"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := contactsync.ParseConnection([]byte(text))
		if err != nil {
			return
		}
		out, err := json.Marshal(c)
		require.NoError(t, err)
		again, err := contactsync.ParseConnection(out)
		require.NoError(t, err, string(out))
		twice, err := json.Marshal(again)
		require.NoError(t, err)
		if string(out) != string(twice) {
			t.Errorf("%s, then %s", out, twice)
		}
	})
}
