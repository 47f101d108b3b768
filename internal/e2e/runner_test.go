package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/internal/e2e"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// The tests of this file are of the runner itself: a scenario that is misread, or a difference that is not seen,
// proves nothing.

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		yaml string
		want string
	}{
		{"no YAML", "name: [", "x.yaml"},
		{"no name", "about: x\nsteps: [{sync: }]", "needs a name"},
		{"unknown key", "name: x\nstep: [{sync: }]", `"step"`},
		{"a key twice", "name: x\nsteps:\n  - put: {a: [{id: a1, id: a2}]}", "already defined"},
		{"neither steps nor invalid", "name: x", "either steps or"},
		{"both", "name: x\ninvalid: y\nsteps: [{sync: }]", "either steps or"},
		{"invalid among steps", "name: x\nsteps: [{sync: }, {invalid: y}]", "either steps or"},
		{"unknown step", "name: x\nsteps:\n  - sync:\n  - sink:", "step 2 (line 4): sink"},
		{"two keys in a step", "name: x\nsteps: [{sync: , pause: }]", "one key"},
		{"detail of a step without", "name: x\nsteps: [{pause: soon}]", "pause"},
		{"unknown key of a step", "name: x\nsteps: [{sync: {eror: y}}]", `"eror"`},
		{"unknown side", "name: x\nsteps: [{put: {c: []}}]", `"c"`},
		{"unknown app", "name: x\napps: {c: {}}\nsteps: [{sync: }]", `"c"`},
		{"unknown quirk", "name: x\napps: {a: {quirks: {no_version: true}}}\nsteps: [{sync: }]", `"no_version"`},
		{"unknown form", "name: x\napps: {a: {quirks: {normalize: {first: small}}}}\nsteps: [{sync: }]", `"small"`},
		{"unknown type", "name: x\napps: {a: {fields: {age: numbr}}}\nsteps: [{sync: }]", `"numbr"`},
		{"unknown key of a field", "name: x\napps: {a: {fields: {age: {type: number, readonly: true}}}}\nsteps: [{sync: }]", `"readonly"`},
		{"a number that is none", "name: x\nsteps: [{put: {a: [{phone: +32470123456}]}}]", "quote it"},
		{"unknown alias", "name: x\nsteps: [{put: {a: *people}}]", "alias"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := e2e.Parse("x.yaml", []byte(tt.yaml))
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "x.yaml")
		})
	}
}

// parseOne reads a file of one scenario.
func parseOne(t *testing.T, text string) *e2e.Scenario {
	t.Helper()
	all, err := e2e.Parse("x.yaml", []byte(text))
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0]
}

// connectionOf returns the connection as plain JSON values.
func connectionOf(t *testing.T, s *e2e.Scenario, changes map[string]any) map[string]any {
	t.Helper()
	data, err := s.ConnectionJSON(changes)
	require.NoError(t, err)
	return object(t, string(data))
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v map[string]any
	require.NoError(t, d.Decode(&v))
	return v
}

func TestConnection(t *testing.T) {
	t.Parallel()
	const rules = `"rules": [{"from": "a"}, {"from": "b"}]`
	const rest = `"owner": "scenarios", "id": "scenario"`
	tests := []struct {
		name    string
		yaml    string
		want    string
		swapped string
	}{
		{"defaults", "", `{` + rest + `, "direction": "two-way", ` + rules + `,
			"match": {"keys": ["email"], "require_key": true}, "conflict": {"policy": "winner", "winner": "a"}, "deletions": {"from_a": "keep", "from_b": "keep"}}`,
			`{` + rest + `, "direction": "two-way", "rules": [{"from": "b"}, {"from": "a"}],
			"match": {"keys": ["email"], "require_key": true}, "conflict": {"policy": "winner", "winner": "b"}, "deletions": {"from_a": "keep", "from_b": "keep"}}`},
		{"maps merge, lists replace, types stay", `
connection:
  direction: a-to-b
  rules: [{from: b, filter: {field: zip, op: is, value: "9000"}}, {from: a, filter: {field: score, op: less, value: 42.50}}]
  match: {keys: [{a: x, b: y}], region: BE}
  conflict: {policy: newest}
  deletions: {from_a: mark, mark: {b: [{add: Trash, to: tags}]}}
  guard: {max_deletions: "50%"}
  disable_mappings: [one, {a: p, b: q}]
  add_mappings:
    - {a: stage, b: status, direction: a-to-b, default: {b: Lead}, transform: {map: {new: Lead, true: "Yes"}}, conflict: {policy: ask}}
    - {a: name, b: [first, last], transform: split_name}
`,
			`{` + rest + `, "direction": "a-to-b",
			"rules": [{"from": "b", "filter": {"field": "zip", "op": "is", "value": "9000"}}, {"from": "a", "filter": {"field": "score", "op": "less", "value": 42.50}}],
			"match": {"keys": [{"a": "x", "b": "y"}], "region": "BE", "require_key": true}, "conflict": {"policy": "newest", "winner": "a"},
			"deletions": {"from_a": "mark", "from_b": "keep", "mark": {"b": [{"add": "Trash", "to": "tags"}]}},
			"guard": {"max_deletions": "50%"}, "disable_mappings": ["one", {"a": "p", "b": "q"}],
			"add_mappings": [{"a": "stage", "b": "status", "direction": "a-to-b", "default": {"b": "Lead"}, "transform": {"map": {"new": "Lead", "true": "Yes"}}, "conflict": {"policy": "ask"}},
				{"a": "name", "b": ["first", "last"], "transform": "split_name"}]}`,
			`{` + rest + `, "direction": "b-to-a",
			"rules": [{"from": "a", "filter": {"field": "zip", "op": "is", "value": "9000"}}, {"from": "b", "filter": {"field": "score", "op": "less", "value": 42.50}}],
			"match": {"keys": [{"b": "x", "a": "y"}], "region": "BE", "require_key": true}, "conflict": {"policy": "newest", "winner": "b"},
			"deletions": {"from_b": "mark", "from_a": "keep", "mark": {"a": [{"add": "Trash", "to": "tags"}]}},
			"guard": {"max_deletions": "50%"}, "disable_mappings": ["one", {"b": "p", "a": "q"}],
			"add_mappings": [{"b": "stage", "a": "status", "direction": "b-to-a", "default": {"a": "Lead"}, "transform": {"map": {"Lead": "new", "Yes": "true"}}, "conflict": {"policy": "ask", "winner": "b"}},
				{"b": "name", "a": ["first", "last"], "transform": "split_name"}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := parseOne(t, "name: x\nsteps: [{sync: }]\n"+tt.yaml)
			if diff := cmp.Diff(object(t, tt.want), connectionOf(t, s, nil)); diff != "" {
				t.Error(diff)
			}
			swapped, err := s.Swapped()
			require.NoError(t, err)
			if diff := cmp.Diff(object(t, tt.swapped), connectionOf(t, swapped, nil)); diff != "" {
				t.Error("swapped:", diff)
			}
		})
	}
}

// TestConfigure: the scenario's own connection with some top-level keys replaced, and not merged with what an
// earlier step changed.
func TestConfigure(t *testing.T) {
	t.Parallel()
	s := parseOne(t, "name: x\nsteps: [{sync: }]\nconnection: {match: {keys: [phone], region: BE}, direction: a-to-b}")
	changed := connectionOf(t, s, object(t, `{"match": {"keys": ["email"]}}`))
	if diff := cmp.Diff(object(t, `{"keys": ["email"], "require_key": true}`), changed["match"]); diff != "" {
		t.Error(diff)
	}
	if changed["direction"] != "a-to-b" {
		t.Errorf("direction %v", changed["direction"])
	}
	again := connectionOf(t, s, nil)
	if diff := cmp.Diff(object(t, `{"keys": ["phone"], "region": "BE", "require_key": true}`), again["match"]); diff != "" {
		t.Error(diff)
	}
}

func TestOneWayTransformsAreNotSwapped(t *testing.T) {
	t.Parallel()
	for _, transform := range []string{`{date: "2006"}`, `{number: text}`, `{prefix: x}`, `{template: x}`, `{constant: x}`,
		`{case: lower}`, `{bool: [y, n]}`, `{trim: true}`, `[{trim: true}]`, `{map: {x: z, y: z}}`} {
		mappings := "{mappings: [{a: first, b: first, transform: " + transform + "}]}"
		for _, text := range []string{"connection: " + mappings + "\nsteps: [{sync: }]", "steps: [{configure: " + mappings + "}]"} {
			_, err := parseOne(t, "name: x\n"+text).Swapped()
			require.ErrorIs(t, err, e2e.ErrOneWay, text)
		}
	}
}

// TestSteps plays steps that need no sync, and swapped again.
func TestSteps(t *testing.T) {
	t.Parallel()
	const ann = "  - put: {a: [{id: a1, first: Ann, email: ann@example.com}, {id: a2, first: Bob}]}\n"
	tests := []struct {
		name string
		yaml string
		want string // in the error; "" for none
	}{
		{"what is there", ann + "  - want: {a: [{first: Bob}, {id: a1, first: Ann, email: ann@example.com}], b: []}", ""},
		{"a record too much", ann + "  - want: {a: [{id: a1, first: Ann, email: ann@example.com}]}", `{id: a2, first: "Bob"}`},
		{"a record missing", ann + "  - want: {b: [{first: Cy}]}", `{first: "Cy"}`},
		{"a field missing", ann + "  - want: {a: [{first: Bob}, {id: a1, first: Ann}]}", "ann@example.com"},
		{"another id", ann + "  - want: {a: [{id: a3, first: Bob}, {id: a1, first: Ann, email: ann@example.com}]}", "id: a3"},
		{"another spelling", ann + "  - want: {a: [{first: bob}, {id: a1, first: Ann, email: ann@example.com}]}", `"bob"`},
		{"an unknown field", ann + "  - want: {a: [{nick: x}]}", `"nick"`},
		{"ids choose before contents", "  - put: {a: [{id: a1, first: A}, {id: a2, first: A}]}\n  - want: {a: [{first: A}, {id: a1, first: A}]}", ""},
		{"edit and clear", ann + "  - edit: {a: {ann@example.com: {first: Anna, email: null}}}\n  - want: {a: [{id: a1, first: Anna}, {first: Bob}]}", ""},
		{"remove", ann + "  - remove: {a: [ann@example.com, a2]}\n  - want: {a: []}", ""},
		{"an email that it had", ann + "  - edit: {a: {a1: {email: ann@new.example}}}\n  - remove: {a: [ann@example.com]}\n  - want: {a: [{first: Bob}]}", ""},
		{"two with one email", "  - put: {a: [{email: x@example.com}, {email: x@example.com}]}\n  - remove: {a: [x@example.com]}", "several records"},
		{"nobody", ann + "  - remove: {a: [a9]}", "step 2 (remove)"},
		{"rekey and merge", ann + "  - rekey: {a: {a1: a7}}\n  - merge: {a: [a2, a7]}\n  - want: {a: [{id: a2, first: Bob, email: ann@example.com}]}", ""},
		{"lists and sets without order", `  - put: {a: [{labels: [x, y]}]}
  - want: {a: [{labels: [y, x]}]}`, ""},
		{"another element", `  - put: {a: [{labels: [x, y]}]}
  - want: {a: [{labels: [y, X]}]}`, `"X"`},
		{"entries", `  - put: {b: [{phones: [{value: "1", type: work}, "2"], score: 42.50, seen: now}]}
  - want: {b: [{phones: ["2", {value: "1", type: work}], score: 42.5, seen: "2026-01-05T09:00:00Z"}]}`, ""},
		{"another type of an entry", `  - put: {b: [{phones: [{value: "1", type: work}]}]}
  - want: {b: [{phones: ["1"]}]}`, "work"},
		{"another primary entry", `  - put: {b: [{phones: [{value: "1", primary: true}]}]}
  - want: {b: [{phones: ["1"]}]}`, "primary"},
		{"the clock", "  - advance: 36h\n  - advance: 1d\n  - put: {b: [{seen: now}]}\n  - want: {b: [{seen: \"2026-01-07T21:00:00Z\"}]}", ""},
		{"a fault of no call", "  - fault: {on: create, kind: invalid, times: 1}", "SIDE.CALL"},
		{"a fault that does not fit", "  - fault: {on: b.create, kind: cursor_expired, times: 1}", "cursor_expired"},
		{"an anchor", "  - put: {a: &people [{id: a1, first: A}]}\n  - want: {a: *people}", ""},
	}
	for _, tt := range tests {
		s := parseOne(t, `name: x
apps: {b: {fields: {phones: {type: phone, many: true}, score: number, seen: datetime}}}
steps:
`+tt.yaml)
		for _, v := range e2e.Variants() {
			t.Run(tt.name+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				err := e2e.Play(t.Context(), s, memstore.New(), v)
				if tt.want == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, tt.want)
					require.ErrorContains(t, err, "x.yaml:")
				}
			})
		}
	}
}
