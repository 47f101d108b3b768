package contactsync

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// faultError carries a fault through encoding/json.
type faultError struct{ Fault }

func (e *faultError) Error() string { return e.Fault.String() }

func fault(path, format string, args ...any) error {
	return &faultError{Fault{path, fmt.Sprintf(format, args...)}}
}

// The JSON forms below have names that differ from the Go ones where a person writes them more easily.

type connectionJSON Connection

type rawConnection struct {
	*connectionJSON
	Rules []FilterRule `json:"rules"`
}

// UnmarshalJSON reads the JSON form.
func (c *Connection) UnmarshalJSON(data []byte) error {
	raw := rawConnection{connectionJSON: (*connectionJSON)(c)}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	if raw.Rules == nil {
		return nil
	}
	c.Rules = []Rule{}
	for _, r := range raw.Rules {
		c.Rules = append(c.Rules, r)
	}
	return nil
}

// MarshalJSON writes the JSON form. A rule that a host wrote in Go stands in it as its sentence, for comparison.
func (c Connection) MarshalJSON() ([]byte, error) {
	type out struct {
		connectionJSON
		Rules []any `json:"rules,omitzero"`
	}
	o := out{connectionJSON: connectionJSON(c)}
	if c.Rules != nil {
		o.Rules = []any{}
	}
	for _, r := range c.Rules {
		if f, ok := r.(FilterRule); ok {
			o.Rules = append(o.Rules, f)
		} else {
			o.Rules = append(o.Rules, r.String())
		}
	}
	return json.Marshal(o)
}

// MarshalText writes "a" or "b".
func (s Side) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads "a" or "b".
func (s *Side) UnmarshalText(text []byte) error {
	switch string(text) {
	case "a":
		*s = A
	case "b":
		*s = B
	default:
		return fmt.Errorf("a side is a or b, not %q", text)
	}
	return nil
}

type matchJSON struct {
	Keys       []MatchKey `json:"keys,omitzero"`
	RequireKey *bool      `json:"require_key,omitempty"`
	Region     string     `json:"region,omitempty"`

	SuggestAbove float64 `json:"suggest_above,omitempty"`
	LinkAbove    float64 `json:"link_above,omitempty"`
}

// UnmarshalJSON reads the JSON form, which has require_key.
func (m *Match) UnmarshalJSON(data []byte) error {
	var raw matchJSON
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*m = Match{Keys: raw.Keys, Region: raw.Region, AllowKeyless: raw.RequireKey != nil && !*raw.RequireKey,
		SuggestAbove: raw.SuggestAbove, LinkAbove: raw.LinkAbove}
	return nil
}

// MarshalJSON writes the JSON form.
func (m Match) MarshalJSON() ([]byte, error) {
	raw := matchJSON{Keys: m.Keys, Region: m.Region, SuggestAbove: m.SuggestAbove, LinkAbove: m.LinkAbove}
	if m.AllowKeyless {
		require := false
		raw.RequireKey = &require
	}
	return json.Marshal(raw)
}

// fieldsJSON is a field of each side.
type fieldsJSON struct {
	A string `json:"a,omitempty"`
	B string `json:"b,omitempty"`
}

type sidesJSON struct {
	ID string `json:"id,omitempty"`
	A  string `json:"a,omitempty"`
	B  string `json:"b,omitempty"`
}

// UnmarshalJSON reads a kind, or {a: FIELD, b: FIELD}.
func (k *MatchKey) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		return json.Unmarshal(data, &k.Kind)
	}
	var raw fieldsJSON
	err := json.Unmarshal(data, &raw)
	k.A, k.B = raw.A, raw.B
	return err
}

// MarshalJSON writes the kind, or {a: FIELD, b: FIELD}.
func (k MatchKey) MarshalJSON() ([]byte, error) {
	if k.Kind != "" {
		return json.Marshal(k.Kind)
	}
	return json.Marshal(fieldsJSON{A: k.A, B: k.B})
}

// UnmarshalJSON reads a mapping's id, or {a: FIELD, b: FIELD}.
func (r *MappingRef) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		return json.Unmarshal(data, &r.ID)
	}
	var raw sidesJSON
	err := json.Unmarshal(data, &raw)
	*r = MappingRef(raw)
	return err
}

// MarshalJSON writes the id, or {a: FIELD, b: FIELD}.
func (r MappingRef) MarshalJSON() ([]byte, error) {
	if r.ID != "" {
		return json.Marshal(r.ID)
	}
	return json.Marshal(sidesJSON(r))
}

// UnmarshalJSON reads a number, or text with a percentage.
func (l *Limit) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		*l = Limit{Set: true}
		return json.Unmarshal(data, &l.Count)
	}
	number, ok := strings.CutSuffix(text, "%")
	p, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil {
		return fault("", "%q is neither a number nor a percentage such as \"50%%\"", text)
	}
	*l = Percent(p)
	return nil
}

// MarshalJSON writes a number, or text with a percentage.
func (l Limit) MarshalJSON() ([]byte, error) {
	if l.IsPercent {
		return json.Marshal(l.String())
	}
	return json.Marshal(l.Count)
}

// IsZero reports whether the limit is the default, for encoding/json's omitzero.
func (l Limit) IsZero() bool { return !l.Set }

type ruleJSON struct {
	ID             string   `json:"id,omitempty"`
	From           Side     `json:"from"`
	Enabled        *bool    `json:"enabled,omitempty"`
	Mode           Mode     `json:"mode,omitempty"`
	Filter         *Filter  `json:"filter,omitempty"`
	Actions        []Action `json:"actions,omitempty"`
	Undo           undoJSON `json:"undo,omitempty"`
	OtherWayAround bool     `json:"other_way_around,omitempty"`
}

// UnmarshalJSON reads the JSON form of a rule.
func (r *FilterRule) UnmarshalJSON(data []byte) error {
	var raw ruleJSON
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*r = FilterRule{ID: raw.ID, From: raw.From, Mode: raw.Mode, Actions: raw.Actions, Undo: Undo(raw.Undo), OtherWayAround: raw.OtherWayAround,
		Disabled: raw.Enabled != nil && !*raw.Enabled}
	if raw.Filter != nil {
		r.Filter = *raw.Filter
	}
	return nil
}

// undoJSON is true, false or "all".
type undoJSON Undo

func (u *undoJSON) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "false", "null":
		*u = undoJSON(UndoNone)
	case "true":
		*u = undoJSON(UndoOwn)
	case `"all"`:
		*u = undoJSON(UndoAll)
	default:
		return fault("", "undo is true, false or all")
	}
	return nil
}

func (u undoJSON) MarshalJSON() ([]byte, error) {
	if Undo(u) == UndoOwn {
		return []byte("true"), nil
	}
	return json.Marshal(string(u))
}

// MarshalJSON writes the JSON form of a rule.
func (r FilterRule) MarshalJSON() ([]byte, error) {
	raw := ruleJSON{ID: r.ID, From: r.From, Mode: r.Mode, Actions: r.Actions, OtherWayAround: r.OtherWayAround}
	if r.Disabled {
		enabled := false
		raw.Enabled = &enabled
	}
	if !r.Filter.zero() {
		raw.Filter = &r.Filter
	}
	raw.Undo = undoJSON(r.Undo)
	return json.Marshal(raw)
}

type filterJSON struct {
	Field string          `json:"field,omitempty"`
	Op    Operator        `json:"op,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
	All   []Filter        `json:"all,omitempty"`
	Any   []Filter        `json:"any,omitempty"`
	Not   *Filter         `json:"not,omitempty"`
}

// UnmarshalJSON reads a condition, or one of all, any and not.
func (f *Filter) UnmarshalJSON(data []byte) error {
	var raw filterJSON
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*f = Filter{Field: raw.Field, Op: raw.Op, All: raw.All, Any: raw.Any, Not: raw.Not}
	if len(raw.Value) == 0 {
		return nil
	}
	var err error
	if raw.Value[0] == '[' {
		err = json.Unmarshal(raw.Value, &f.List)
	} else {
		err = json.Unmarshal(raw.Value, &f.Value)
	}
	if err != nil {
		return fault("value", "%v", err)
	}
	return nil
}

// MarshalJSON writes the JSON form of a filter.
func (f Filter) MarshalJSON() ([]byte, error) {
	raw := filterJSON{Field: f.Field, Op: f.Op, All: f.All, Any: f.Any, Not: f.Not}
	var err error
	switch {
	case f.List != nil:
		raw.Value, err = json.Marshal(f.List)
	case !f.Value.Absent():
		raw.Value, err = json.Marshal(f.Value)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(raw)
}

type actionJSON struct {
	Add    contact.Value `json:"add,omitzero"`
	To     string        `json:"to,omitempty"`
	Remove contact.Value `json:"remove,omitzero"`
	From   string        `json:"from,omitempty"`
	Set    string        `json:"set,omitempty"`
	Value  contact.Value `json:"value,omitzero"`
	Clear  string        `json:"clear,omitempty"`
	Always bool          `json:"always,omitempty"`
}

// UnmarshalJSON reads {add: V, to: F}, {remove: V, from: F}, {set: F, value: V} or {clear: F}.
func (a *Action) UnmarshalJSON(data []byte) error {
	var raw actionJSON
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	var forms []Action
	if !raw.Add.Absent() || raw.To != "" {
		forms = append(forms, Action{Kind: ActionAdd, Field: raw.To, Value: raw.Add})
	}
	if !raw.Remove.Absent() || raw.From != "" {
		forms = append(forms, Action{Kind: ActionRemove, Field: raw.From, Value: raw.Remove})
	}
	if raw.Set != "" || !raw.Value.Absent() {
		forms = append(forms, Set(raw.Set, raw.Value))
	}
	if raw.Clear != "" {
		forms = append(forms, Clear(raw.Clear))
	}
	if len(forms) != 1 {
		return fault("", "an action is one of {add: V, to: F}, {remove: V, from: F}, {set: F, value: V} and {clear: F}")
	}
	*a = forms[0]
	a.Always = raw.Always
	return nil
}

// MarshalJSON writes the JSON form of an action.
func (a Action) MarshalJSON() ([]byte, error) {
	raw := actionJSON{Always: a.Always}
	switch a.Kind {
	case ActionAdd:
		raw.Add, raw.To = a.Value, a.Field
	case ActionRemove:
		raw.Remove, raw.From = a.Value, a.Field
	case ActionSet:
		raw.Set, raw.Value = a.Field, a.Value
	default:
		raw.Clear = a.Field
	}
	return json.Marshal(raw)
}

type mappingJSON struct {
	ID        string        `json:"id,omitempty"`
	A         selectors     `json:"a,omitempty"`
	B         selectors     `json:"b,omitempty"`
	Direction Direction     `json:"direction,omitempty"`
	Enabled   *bool         `json:"enabled,omitempty"`
	Transform transforms    `json:"transform,omitempty"`
	Conflict  *Policy       `json:"conflict,omitempty"`
	OnClear   OnClear       `json:"on_clear,omitempty"`
	Default   *defaultsJSON `json:"default,omitempty"`
	Group     string        `json:"group,omitempty"`
}

type defaultsJSON struct {
	A contact.Value `json:"a,omitzero"`
	B contact.Value `json:"b,omitzero"`
}

// selectors is one selector, or a list of them.
type selectors []string

func (s *selectors) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		*s = []string{""}
		return json.Unmarshal(data, &(*s)[0])
	}
	return json.Unmarshal(data, (*[]string)(s))
}

func (s selectors) MarshalJSON() ([]byte, error) {
	if len(s) == 1 {
		return json.Marshal(s[0])
	}
	return json.Marshal([]string(s))
}

// UnmarshalJSON reads the JSON form of a mapping.
func (m *Mapping) UnmarshalJSON(data []byte) error {
	var raw mappingJSON
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*m = Mapping{ID: raw.ID, A: raw.A, B: raw.B, Direction: raw.Direction, Disabled: raw.Enabled != nil && !*raw.Enabled,
		Transform: raw.Transform, Conflict: raw.Conflict, OnClear: raw.OnClear, Group: raw.Group}
	if raw.Default != nil {
		m.DefaultA, m.DefaultB = raw.Default.A, raw.Default.B
	}
	return nil
}

// MarshalJSON writes the JSON form of a mapping.
func (m Mapping) MarshalJSON() ([]byte, error) {
	raw := mappingJSON{ID: m.ID, A: m.A, B: m.B, Direction: m.Direction, Transform: m.Transform, Conflict: m.Conflict, OnClear: m.OnClear, Group: m.Group}
	if m.Disabled {
		enabled := false
		raw.Enabled = &enabled
	}
	if !m.DefaultA.Absent() || !m.DefaultB.Absent() {
		raw.Default = &defaultsJSON{m.DefaultA, m.DefaultB}
	}
	return json.Marshal(raw)
}

// transforms is one transform, or a chain of them.
type transforms []Transform

type transformJSON struct {
	Map      orderedMap    `json:"map,omitempty"`
	Date     string        `json:"date,omitempty"`
	Number   string        `json:"number,omitempty"`
	Bool     []string      `json:"bool,omitempty"`
	Case     string        `json:"case,omitempty"`
	Trim     bool          `json:"trim,omitempty"`
	Prefix   string        `json:"prefix,omitempty"`
	Template string        `json:"template,omitempty"`
	Constant contact.Value `json:"constant,omitzero"`
}

func (t *transforms) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("[")) {
		var list []json.RawMessage
		if err := json.Unmarshal(data, &list); err != nil {
			return err
		}
		for _, raw := range list {
			one, err := parseTransform(raw)
			if err != nil {
				return err
			}
			*t = append(*t, one)
		}
		return nil
	}
	one, err := parseTransform(data)
	*t = transforms{one}
	return err
}

func parseTransform(data []byte) (Transform, error) {
	if string(data) == `"split_name"` {
		return SplitName{}, nil
	}
	var raw transformJSON
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fault("", "it is split_name, or an object with one of map, date, number, bool, case, trim, prefix, template and constant")
	}
	var forms []Transform
	if raw.Map != nil {
		forms = append(forms, ValueTable{raw.Map})
	}
	if raw.Date != "" {
		forms = append(forms, DateFormat{raw.Date})
	}
	if raw.Number != "" {
		if raw.Number != "text" {
			return nil, fault("number", "a number is mapped as text: {number: text}")
		}
		forms = append(forms, NumberText{})
	}
	if raw.Bool != nil {
		if len(raw.Bool) != 2 {
			return nil, fault("bool", "two words, for yes and for no")
		}
		forms = append(forms, BoolText{raw.Bool[0], raw.Bool[1]})
	}
	if raw.Case != "" {
		if raw.Case != "lower" && raw.Case != "upper" {
			return nil, fault("case", "the case is lower or upper")
		}
		forms = append(forms, Case{Upper: raw.Case == "upper"})
	}
	if raw.Trim {
		forms = append(forms, Trim{})
	}
	if raw.Prefix != "" {
		forms = append(forms, Prefix{raw.Prefix})
	}
	if raw.Template != "" {
		forms = append(forms, Template{raw.Template})
	}
	if !raw.Constant.Absent() {
		forms = append(forms, Constant{raw.Constant})
	}
	if len(forms) != 1 {
		return nil, fault("", "one of map, date, number, bool, case, trim, prefix, template and constant; several are a list, from a to b")
	}
	return forms[0], nil
}

func (t transforms) MarshalJSON() ([]byte, error) {
	list := make([]any, len(t))
	for i, one := range t {
		list[i] = transformForm(one)
	}
	if len(list) == 1 {
		return json.Marshal(list[0])
	}
	return json.Marshal(list)
}

// transformForm returns the JSON form of a transform; one that a host wrote stands as its words.
func transformForm(t Transform) any {
	switch t := t.(type) {
	case SplitName:
		return "split_name"
	case ValueTable:
		return transformJSON{Map: t.Pairs}
	case DateFormat:
		return transformJSON{Date: t.Layout}
	case NumberText:
		return transformJSON{Number: "text"}
	case BoolText:
		return transformJSON{Bool: []string{t.Yes, t.No}}
	case Case:
		return transformJSON{Case: map[bool]string{true: "upper", false: "lower"}[t.Upper]}
	case Trim:
		return transformJSON{Trim: true}
	case Prefix:
		return transformJSON{Prefix: t.Text}
	case Template:
		return transformJSON{Template: t.Text}
	case Constant:
		return transformJSON{Constant: t.Value}
	}
	return t.String()
}

// orderedMap is a JSON object of texts whose order counts: of a table, the first of two that mean the same is the way
// back.
type orderedMap [][2]string

func (m *orderedMap) UnmarshalJSON(data []byte) error {
	*m = orderedMap{}
	d := contact.NewDecoder(string(data))
	return d.Object(func(key string) error {
		value, err := d.String()
		*m = append(*m, [2]string{key, value})
		return err
	})
}

func (m orderedMap) MarshalJSON() ([]byte, error) {
	o := newObject()
	for _, pair := range m {
		o.key(pair[0])
		o.to = contact.AppendString(o.to, pair[1])
	}
	return o.end(), nil
}

// oneTransform is an element of a chain.
type oneTransform struct{ Transform }

func (t *oneTransform) UnmarshalJSON(data []byte) (err error) {
	t.Transform, err = parseTransform(data)
	return err
}

// sortedKeys returns the keys of m in order, so that no map order shows.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
