package contactsync

import (
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// Sentences says in words what the connection does: one sentence for each of its rules, and more for what is not the
// default of direction and scope. The apps are called as their endpoints name them, else a and b.
func (c Connection) Sentences() []string { return c.sentences(c.Names()) }

func (c Connection) sentences(names [2]string) []string {
	var all []string
	for _, r := range c.rules() {
		all = append(all, sentenceOf(r, names))
	}
	switch c.Direction {
	case AToB:
		all = append(all, "Nothing flows from "+names[B]+" to "+names[A]+".")
	case BToA:
		all = append(all, "Nothing flows from "+names[A]+" to "+names[B]+".")
	}
	switch c.Scope {
	case ScopePair:
		all = append(all, "Two linked contacts sync both ways while any rule lets one of them through.")
	case ScopeSticky:
		all = append(all, "Who has once got in stays in: the filters only decide who gets in.")
	}
	return all
}

// sentenceOf says a rule in words; one that a host wrote says itself what it is.
func sentenceOf(r Rule, names [2]string) string {
	if f, ok := r.(FilterRule); ok {
		return f.Sentence(names)
	}
	return r.String()
}

// Names returns how the two apps are called in words: by app and account, and by side where that does not tell them
// apart.
func (c Connection) Names() [2]string {
	var names [2]string
	for s, end := range [2]Endpoint{c.A, c.B} {
		names[s] = end.App
		if end.Account != "" {
			names[s] += " (" + end.Account + ")"
		}
		if end.App == "" {
			names[s] = Side(s).String()
		}
	}
	if names[A] == names[B] {
		return [2]string{names[A] + " a", names[B] + " b"}
	}
	return names
}

// String says the rule as a sentence, with the apps called a and b.
func (r FilterRule) String() string { return r.Sentence([2]string{"a", "b"}) }

// Sentence says the rule as a sentence that a person understands, with the two apps called by these names:
//
//	Contacts of phone are added to and update crm, unless labels has No_CRM; then tags of crm gets Phone;
//	taken back when it no longer holds.
func (r FilterRule) Sentence(names [2]string) string {
	here, there := names[r.From&1], names[r.From.Other()&1]
	text := "Contacts of " + here + " " + r.Mode.does(there)
	if !r.Filter.zero() {
		if opposite, ok := r.Filter.opposite(); ok {
			text += ", unless " + opposite.String()
		} else {
			text += ", if " + r.Filter.String()
		}
	}
	for i, a := range r.Actions {
		text += []string{"; then ", " and "}[min(i, 1)] + a.phrase(there)
	}
	switch r.Undo {
	case UndoOwn:
		text += "; taken back when it no longer holds"
	case UndoAll:
		text += "; where it does not hold that is taken away, whoever did it"
	}
	if r.OtherWayAround {
		text += r.turnedPhrase(here, there)
	}
	if r.Disabled {
		return "Switched off: " + text + "."
	}
	return text + "."
}

// does says what a rule of the mode does to the other app.
func (m Mode) does(there string) string {
	switch m {
	case UpdateOnly:
		return "update " + there + " and are never added to it"
	case CreateOnly:
		return "are added to " + there + " once and left alone from then on"
	}
	return "are added to and update " + there
}

// phrase says what an action does to the records of an app.
func (a Action) phrase(there string) string {
	field, value := a.Field+" of "+there, a.Value.String()
	var words [2]string // once, always
	switch a.Kind {
	case ActionAdd:
		words = [2]string{" gets " + value, " always has " + value}
	case ActionRemove:
		words = [2]string{" loses " + value, " never has " + value}
	case ActionSet:
		words = [2]string{" becomes " + value, " always is " + value}
	default:
		words = [2]string{" is emptied", " always is empty"}
	}
	if a.Always {
		return field + words[1]
	}
	return field + words[0]
}

// turnedPhrase says what the rule does the other way around.
func (r FilterRule) turnedPhrase(here, there string) string {
	c := r.Filter.condition()
	if c == nil {
		return "; and the other way around"
	}
	field, value := c.Field+" of "+here, c.Value.String()
	var made [2]string // where the actions hold, where not
	switch c.Op {
	case OpHas:
		made = [2]string{"gets " + value, "loses it"}
	case OpHasNot:
		made = [2]string{"loses " + value, "gets it"}
	default:
		made = [2]string{"becomes " + value, "is that no more"}
	}
	return "; and the other way around: " + field + " " + made[0] + " where that holds in " + there + ", and " + made[1] + " where it no longer does"
}

// opposites are the operators that say no, with the one that says yes to the same.
var opposites = [][2]Operator{{OpHasNot, OpHas}, {OpIsNot, OpIs}, {OpIsUnknown, OpIsKnown}}

// opposite returns what a filter that says no is about: the condition under which it does not hold.
func (f Filter) opposite() (Filter, bool) {
	if f.Not != nil {
		return *f.Not, true
	}
	c := f.condition()
	if c == nil {
		return f, false
	}
	i := slices.IndexFunc(opposites, func(pair [2]Operator) bool { return pair[0] == c.Op })
	if i < 0 {
		return f, false
	}
	yes := *c
	yes.Op = opposites[i][1]
	return yes, true
}

// Words returns the operator as it stands in a sentence between a field and a value: "does not have".
func (op Operator) Words() string {
	switch op {
	case OpIsNot:
		return "is not"
	case OpIn:
		return "is one of"
	case OpIsKnown:
		return "is filled"
	case OpIsUnknown:
		return "is empty"
	case OpHasNot:
		return "does not have"
	case OpHasAny:
		return "has one of"
	case OpHasAll:
		return "has all of"
	case OpLess:
		return "is less than"
	case OpGreater:
		return "is more than"
	case OpBefore:
		return "is before"
	case OpAfter:
		return "is after"
	case OpWithinLast:
		return "lies within the last"
	}
	return strings.ReplaceAll(string(op), "_", " ") // is, contains, starts with, ends with, has
}

// String says the filter in words: "labels does not have No_CRM".
func (f Filter) String() string {
	switch {
	case f.Op != "":
		return strings.TrimSpace(f.Field + " " + f.Op.Words() + " " + f.operand())
	case f.Not != nil:
		return "not (" + f.Not.String() + ")"
	case f.Any != nil:
		return joinFilters(f.Any, " or ")
	case f.All != nil:
		return joinFilters(f.All, " and ")
	}
	return "everything"
}

// joinFilters says filters that are joined by a word. In all and any each of several that is joined itself has brackets.
func joinFilters(list []Filter, word string) string {
	parts := make([]string, len(list))
	for i, f := range list {
		parts[i] = f.String()
		if len(list) > 1 && len(f.All)+len(f.Any) > 1 {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, word)
}

// operand says what the operator compares with.
func (f Filter) operand() string {
	if f.List != nil {
		words := make([]string, len(f.List))
		for i, v := range f.List {
			words[i] = v.String()
		}
		return strings.Join(words, ", ")
	}
	if f.Value.Absent() {
		return ""
	}
	if f.Op == OpWithinLast {
		return spanWords(f.Value)
	}
	return f.Value.String()
}

// spanWords says a length of time in words, where it is in whole days.
func spanWords(v contact.Value) string {
	days, ok := strings.CutSuffix(v.Str(), "d")
	switch {
	case !ok:
		return v.String()
	case days == "1":
		return "day"
	}
	return days + " days"
}
