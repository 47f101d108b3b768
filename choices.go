package contactsync

import (
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// Choices are what a person can choose from while configuring a connection: what a wizard offers. It is a plain
// document with a JSON form.
type Choices struct {
	Version  int64            `json:"version"`  // of the configuration that it was made of
	Fields   [2][]FieldChoice `json:"fields"`   // by side; empty for an app that is not chosen yet
	Rules    []RuleChoice     `json:"rules"`    // one for each rule of the connection, in its order
	Settings []SettingChoice  `json:"settings"` // what the connection can be set to, and what the apps lock
	Mappings []MappingChoice  `json:"mappings"` // what could be mapped by what the fields mean, and whether it is
	Keys     []KeyChoice      `json:"keys"`     // by what records could be found to be one person
}

// A FieldChoice is one field of an app: what a filter can ask of it, and what an action of the other side's rules can do
// to it.
type FieldChoice struct {
	contact.Field
	Operators []OperatorChoice `json:"operators"`
	Actions   []ActionKind     `json:"actions"`
}

// An OperatorChoice is an operator that works on a field.
type OperatorChoice struct {
	Op     Operator `json:"op"`
	Words  string   `json:"words"`            // as it reads between field and value
	Takes  Operand  `json:"takes"`            // what it compares with
	Values []string `json:"values,omitempty"` // from which to choose; none means any
}

// Operand is what an operator compares with.
type Operand string

// The operands.
const (
	TakesNothing Operand = "nothing"
	TakesOne     Operand = "one"    // a value of the field
	TakesList    Operand = "list"   // several values of the field
	TakesNumber  Operand = "number" // a number
	TakesDate    Operand = "date"   // a date or a time
	TakesSpan    Operand = "span"   // a length of time, as 30d or 36h
)

// An Offer says whether something can be chosen, and if not why.
type Offer struct {
	Can bool   `json:"can"`
	Why string `json:"why,omitempty"`
}

// A RuleChoice says what more one rule can be told to do.
type RuleChoice struct {
	Sentence       string `json:"sentence"`
	Undo           Offer  `json:"undo"`
	OtherWayAround Offer  `json:"other_way_around"`
}

// A SettingChoice is one setting of the connection that has few values.
type SettingChoice struct {
	Key    string        `json:"key"` // as in the document: "direction", "deletions.from_a"
	Value  string        `json:"value"`
	Values []ValueChoice `json:"values"`
}

// A ValueChoice is one value of a setting.
type ValueChoice struct {
	Value string `json:"value"`
	Offer
}

// A MappingChoice is a mapping that the library would make by itself. One that is not in use is offered: an app may have
// gained its field after the connection was activated, or a person has switched it off.
type MappingChoice struct {
	Mapping Mapping `json:"mapping"`
	InUse   bool    `json:"in_use"`
}

// A KeyChoice is a match key that has fields in both apps.
type KeyChoice struct {
	Key   MatchKey `json:"key"`
	InUse bool     `json:"in_use"`
}

// choices returns what can be chosen for a connection. A schema is nil while its app is not chosen. inUse are the
// mappings that hold.
func choices(c *Connection, names [2]string, schemas [2]*contact.Schema, inUse []Mapping) Choices {
	out := Choices{Rules: []RuleChoice{}, Mappings: []MappingChoice{}, Keys: []KeyChoice{}}
	for _, s := range Sides {
		out.Fields[s] = []FieldChoice{}
		if schemas[s] != nil {
			for _, f := range schemas[s].Fields {
				out.Fields[s] = append(out.Fields[s], FieldChoice{f, operatorsOf(f), actionsOn(f)})
			}
		}
	}
	for _, r := range c.rules() {
		out.Rules = append(out.Rules, ruleChoice(r, names, schemas))
	}
	out.Settings = settingChoices(c, names, schemas)
	if schemas[A] == nil || schemas[B] == nil {
		return out
	}
	for _, m := range defaultMappings(schemas) {
		same := func(n Mapping) bool { return slices.Equal(n.A, m.A) && slices.Equal(n.B, m.B) }
		out.Mappings = append(out.Mappings, MappingChoice{m, slices.ContainsFunc(inUse, same)})
	}
	out.Keys = keyChoices(c, schemas)
	return out
}

// allOperators are the operators in the order in which they are offered.
var allOperators = []Operator{OpIs, OpIsNot, OpIn, OpContains, OpStartsWith, OpEndsWith, OpHas, OpHasNot, OpHasAny, OpHasAll,
	OpLess, OpGreater, OpBefore, OpAfter, OpWithinLast, OpIsKnown, OpIsUnknown}

// operatorsOf returns the operators that work on a field.
func operatorsOf(f contact.Field) []OperatorChoice {
	list := []OperatorChoice{}
	for _, op := range allOperators {
		fits, _ := operatorFits(op, f)
		if !fits {
			continue
		}
		choice := OperatorChoice{Op: op, Words: op.Words(), Takes: operandOf(op)}
		if choice.Takes == TakesOne || choice.Takes == TakesList {
			choice.Values = f.Options
			if f.Type == contact.TypeBool {
				choice.Values = []string{"true", "false"}
			}
		}
		list = append(list, choice)
	}
	return list
}

func operandOf(op Operator) Operand {
	switch op {
	case OpIsKnown, OpIsUnknown:
		return TakesNothing
	case OpIn, OpHasAny, OpHasAll:
		return TakesList
	case OpLess, OpGreater:
		return TakesNumber
	case OpBefore, OpAfter:
		return TakesDate
	case OpWithinLast:
		return TakesSpan
	}
	return TakesOne
}

// actionsOn returns what actions can do to a field.
func actionsOn(f contact.Field) []ActionKind {
	list := []ActionKind{}
	if f.ReadOnly {
		return list
	}
	if f.Many || f.Type == contact.TypeSet {
		list = append(list, ActionAdd, ActionRemove)
	}
	list = append(list, ActionSet)
	if !f.Required {
		list = append(list, ActionClear)
	}
	return list
}

// ruleChoice says what more a rule can be told to do.
func ruleChoice(r Rule, names [2]string, schemas [2]*contact.Schema) RuleChoice {
	f, ok := r.(FilterRule)
	if !ok {
		own := Offer{Why: "the rule is written in Go; it says itself what it does"}
		return RuleChoice{Sentence: r.String(), Undo: own, OtherWayAround: own}
	}
	out := RuleChoice{Sentence: f.Sentence(names), Undo: Offer{Can: true}, OtherWayAround: Offer{Can: true}}
	switch {
	case len(f.Actions) == 0:
		out.Undo = Offer{Why: "the rule has no action to undo"}
	case f.Filter.zero():
		out.Undo = Offer{Why: "the rule has no filter, so nobody leaves it"}
	}
	if r.Side() > B || schemas[r.Side()] == nil {
		out.OtherWayAround = Offer{Why: "choose the app first"}
		return out
	}
	bad := &faults{}
	checkTurn(f, schemas[r.Side()], "", bad)
	if len(bad.list) > 0 {
		out.OtherWayAround = Offer{Why: bad.list[0].Message}
	}
	return out
}

// keyChoices returns the kinds of keys, and the fields of one meaning, that both apps have.
func keyChoices(c *Connection, schemas [2]*contact.Schema) []KeyChoice {
	used := c.Match.Keys
	if used == nil {
		used = []MatchKey{{Kind: KeyEmail}}
	}
	list := []KeyChoice{}
	add := func(k MatchKey) {
		list = append(list, KeyChoice{k, slices.Contains(used, k)})
	}
	for _, kind := range []string{KeyEmail, KeyPhone, KeyNameCompany} {
		k := MatchKey{Kind: kind}
		if len(k.fields(A, schemas[A])) > 0 && len(k.fields(B, schemas[B])) > 0 {
			add(k)
		}
	}
	for _, f := range schemas[A].Fields {
		g, ok := schemas[B].WithMeaning(f.Meaning)
		if ok && f.Meaning != "" && tellsApart(f) && tellsApart(g) {
			add(MatchKey{A: f.Name, B: g.Name})
		}
	}
	for _, k := range used {
		if !slices.ContainsFunc(list, func(have KeyChoice) bool { return have.Key == k }) {
			add(k)
		}
	}
	return list
}

// tellsApart reports whether a field can tell people apart by itself: a number or text that is not of a kind of its own
// and no name, place or remark.
func tellsApart(f contact.Field) bool {
	switch f.Meaning {
	case "first", "last", "name", "company", "notes", "title", "nickname":
		return false
	}
	return !f.Many && (f.Type == contact.TypeText || f.Type == contact.TypeNumber || f.Type == contact.TypeURL)
}

// settingChoices returns the settings with few values, each value with why an app locks it.
func settingChoices(c *Connection, names [2]string, schemas [2]*contact.Schema) []SettingChoice {
	list := []SettingChoice{{Key: "direction", Value: string(c.Direction), Values: []ValueChoice{
		{string(TwoWay), both(receives(schemas[A], names[A]), receives(schemas[B], names[B]))},
		{string(AToB), receives(schemas[B], names[B])}, {string(BToA), receives(schemas[A], names[A])}}}}
	plain := func(key, value string, values ...string) {
		s := SettingChoice{Key: key, Value: value}
		for _, v := range values {
			s.Values = append(s.Values, ValueChoice{v, Offer{Can: true}})
		}
		list = append(list, s)
	}
	plain("scope", string(c.Scope), string(ScopeRule), string(ScopePair), string(ScopeSticky))
	plain("conflict.policy", string(c.Conflict.Kind), string(PolicyWinner), string(PolicyNewest), string(PolicyAsk))
	if last := &list[len(list)-1]; schemas[A] != nil && !schemas[A].Modified || schemas[B] != nil && !schemas[B].Modified {
		last.Values[1].Offer = Offer{Why: "one of the apps does not say when a contact was changed"}
	}
	plain("conflict.winner", c.Conflict.Winner.String(), A.String(), B.String())
	for _, s := range Sides {
		t := s.Other()
		mark, remove := Offer{Can: true}, Offer{Can: true}
		if schemas[t] != nil && schemas[t].NoUpdate {
			mark = Offer{Why: "nothing can be changed in " + names[t]}
		}
		if schemas[t] != nil && schemas[t].NoDelete {
			remove = Offer{Why: "nothing can be deleted in " + names[t]}
		}
		list = append(list, SettingChoice{Key: "deletions.from_" + s.String(), Value: string(c.Deletions.from(s)), Values: []ValueChoice{
			{string(DeletionKeep), Offer{Can: true}}, {string(DeletionMark), mark}, {string(DeletionDelete), remove}}})
	}
	for i := range list {
		if list[i].Value == "" { // the default is the first one that no app locks
			free := slices.IndexFunc(list[i].Values, func(v ValueChoice) bool { return v.Can })
			list[i].Value = list[i].Values[max(free, 0)].Value
		}
	}
	return list
}

// receives says whether anything can be written to an app; one that is not chosen yet may be any.
func receives(schema *contact.Schema, name string) Offer {
	switch {
	case schema == nil:
	case schema.NoCreate && schema.NoUpdate:
		return Offer{Why: fmt.Sprintf("%s can only be read", name)}
	case !slices.ContainsFunc(schema.Fields, func(f contact.Field) bool { return !f.ReadOnly }):
		return Offer{Why: fmt.Sprintf("every field of %s is read-only", name)}
	}
	return Offer{Can: true}
}

// both is offered if both offers are.
func both(x, y Offer) Offer {
	if x.Can && y.Can {
		return x
	}
	why := slices.DeleteFunc([]string{x.Why, y.Why}, func(s string) bool { return s == "" })
	return Offer{Why: strings.Join(why, "; ")}
}
