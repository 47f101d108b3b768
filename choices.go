package contactsync

import (
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// Choices are what a person can choose from while configuring a connection: what a wizard offers. It is a plain
// document with a JSON form.
type Choices struct {
	Version int64 `json:"version"` // of the configuration that it was made of
	// Kinds are the kinds of records that an account has, by side; none if its connector cannot say.
	Kinds    [2][]KindChoice    `json:"kinds"`
	Fields   [2][]FieldChoice   `json:"fields"`   // by side; empty for an app that is not chosen yet
	Rules    []RuleChoice       `json:"rules"`    // one for each rule of the connection, in its order
	Settings []SettingChoice    `json:"settings"` // what the connection can be set to, and what the apps lock
	Mappings []MappingChoice    `json:"mappings"` // what could be mapped by what the fields mean, and whether it is
	Keys     []KeyChoice        `json:"keys"`     // by what records could be found to be one person
	Limits   [2][]contact.Limit `json:"limits"`   // by side: what the app says that it cannot do, and why
}

// A KindChoice is one kind of records of an account, such as an address book.
type KindChoice struct {
	Kind     string `json:"kind"` // what the endpoint says
	Label    string `json:"label,omitempty"`
	ReadOnly bool   `json:"read_only,omitempty"`
	InUse    bool   `json:"in_use"`
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
	// Modes are what the rule's flow may be limited to; of a rule that is written in Go none.
	Modes []ValueChoice `json:"modes,omitempty"`
}

// A SettingChoice is one setting of the connection that has few values.
type SettingChoice struct {
	Key    string        `json:"key"` // as in the document: "direction", "deletions.from_a"
	Value  string        `json:"value"`
	Values []ValueChoice `json:"values"`
	Locked string        `json:"locked,omitempty"` // why only one value can be chosen
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
	Key    MatchKey `json:"key"`
	InUse  bool     `json:"in_use"`
	Locked string   `json:"locked,omitempty"` // why it has to be in use
}

// choices returns what can be chosen for a connection. A schema is nil while its app is not chosen. inUse are the
// mappings that hold.
func choices(c *Connection, names [2]string, schemas [2]*contact.Schema, inUse []Mapping) Choices {
	out := Choices{Rules: []RuleChoice{}, Mappings: []MappingChoice{}, Keys: []KeyChoice{}}
	apps := locksOf(names, schemas)
	for _, s := range Sides {
		out.Fields[s] = []FieldChoice{}
		if schemas[s] == nil {
			continue
		}
		out.Limits[s] = schemas[s].Limits
		for _, f := range schemas[s].Fields {
			out.Fields[s] = append(out.Fields[s], FieldChoice{f, operatorsOf(f), actionsOn(s, f, apps)})
		}
	}
	for _, r := range c.rules() {
		out.Rules = append(out.Rules, ruleChoice(r, names, schemas, apps))
	}
	out.Settings = settingChoices(c, apps)
	if schemas[A] == nil || schemas[B] == nil {
		return out
	}
	for _, m := range defaultMappings(schemas) {
		same := func(n Mapping) bool { return slices.Equal(n.A, m.A) && slices.Equal(n.B, m.B) }
		out.Mappings = append(out.Mappings, MappingChoice{m, slices.ContainsFunc(inUse, same)})
	}
	out.Keys = keyChoices(c, schemas, apps)
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

// actionsOn returns what actions can do to a field of side s.
func actionsOn(s Side, f contact.Field, apps locks) []ActionKind {
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
	free := apps.free(actionOn(s))
	return slices.DeleteFunc(list, func(k ActionKind) bool { return !slices.Contains(free, string(k)) })
}

// ruleChoice says what more a rule can be told to do.
func ruleChoice(r Rule, names [2]string, schemas [2]*contact.Schema, apps locks) RuleChoice {
	f, ok := r.(FilterRule)
	if !ok {
		own := Offer{Why: "the rule is written in Go; it says itself what it does"}
		return RuleChoice{Sentence: r.String(), Undo: own, OtherWayAround: own}
	}
	out := RuleChoice{Sentence: f.Sentence(names), Undo: Offer{Can: true}, OtherWayAround: Offer{Can: true}, Modes: apps.offers(modeFrom(f.From))}
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
func keyChoices(c *Connection, schemas [2]*contact.Schema, apps locks) []KeyChoice {
	used := c.Match.Keys
	if used == nil {
		used = []MatchKey{{Kind: KeyEmail}}
	}
	list := []KeyChoice{}
	insists, _ := apps.of(settingKeys, withoutEmail)
	add := func(k MatchKey) {
		choice := KeyChoice{Key: k, InUse: slices.Contains(used, k)}
		if k.Kind == KeyEmail {
			choice.Locked = insists.why
		}
		list = append(list, choice)
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

// SettingsBetween says what a connection between two apps of these schemas can be set to, and what they lock; a schema is nil
// while its app is not chosen. names are how the apps are called.
func SettingsBetween(names [2]string, a, b *contact.Schema) []SettingChoice {
	return settingChoices(&Connection{}, locksOf(names, [2]*contact.Schema{a, b}))
}

// settingChoices returns the settings with few values, each value with why an app locks it.
func settingChoices(c *Connection, apps locks) []SettingChoice {
	list := []SettingChoice{}
	for _, s := range c.settings() {
		choice, free := SettingChoice{Key: s.setting, Value: s.value, Values: apps.offers(s.setting)}, apps.free(s.setting)
		if choice.Value == "" { // the default is the first one that no app locks
			choice.Value = append(free, settingValues[s.setting]...)[0]
		}
		if len(free) == 1 {
			choice.Locked = whyOnly(choice.Values)
		}
		list = append(list, choice)
	}
	return list
}

// whyOnly says why the other values cannot be chosen, each reason once.
func whyOnly(values []ValueChoice) string {
	var reasons []string
	for _, v := range values {
		if !v.Can && !slices.Contains(reasons, v.Why) {
			reasons = append(reasons, v.Why)
		}
	}
	return strings.Join(reasons, "; ")
}
