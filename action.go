package contactsync

import (
	"fmt"

	"github.com/contactsync/contactsync/contact"
)

// An Action is what a rule does to the record of the other side: it adds an element to a set or list, removes
// one, sets a field, or clears it.
type Action struct {
	Kind   ActionKind
	Field  string
	Value  contact.Value // of add, remove and set
	Always bool          // it is enforced on every decision, not only when a pair enters the rule
}

// ActionKind is what an action does.
type ActionKind string

// The kinds of actions.
const (
	ActionAdd    ActionKind = "add"
	ActionRemove ActionKind = "remove"
	ActionSet    ActionKind = "set"
	ActionClear  ActionKind = "clear"
)

// Add returns the action that adds an element to a set or list field.
func Add(field, element string) Action {
	return Action{Kind: ActionAdd, Field: field, Value: contact.Text(element)}
}

// Remove returns the action that removes an element from a set or list field.
func Remove(field, element string) Action {
	return Action{Kind: ActionRemove, Field: field, Value: contact.Text(element)}
}

// Set returns the action that sets a field to a constant.
func Set(field string, value contact.Value) Action {
	return Action{Kind: ActionSet, Field: field, Value: value}
}

// Clear returns the action that empties a field.
func Clear(field string) Action { return Action{Kind: ActionClear, Field: field} }

// String says the action in words.
func (a Action) String() string {
	switch a.Kind {
	case ActionAdd:
		return fmt.Sprintf("add %s to %s", a.Value, a.Field)
	case ActionRemove:
		return fmt.Sprintf("remove %s from %s", a.Value, a.Field)
	case ActionSet:
		return fmt.Sprintf("set %s to %s", a.Field, a.Value)
	}
	return "clear " + a.Field
}

// element reports whether the action is about one element of a field rather than the whole of it.
func (a Action) element() bool { return a.Kind == ActionAdd || a.Kind == ActionRemove }

// target names what the action writes: a field, or one element of it. Actions with one target contend for it.
func (a Action) target(f contact.Field) string {
	if a.element() {
		return a.Field + "\x00" + f.EntryKey(contact.Entry{Value: a.Value}, "")
	}
	return a.Field
}

// goal returns what the target holds once the action is done: the element or value, or Empty.
func (a Action) goal() contact.Value {
	if a.Kind == ActionAdd || a.Kind == ActionSet {
		return a.Value
	}
	return contact.Empty
}

// holding returns what the target holds now: the field's value, or of an element action the element if it is
// there and Empty if not. It is absent if the field is.
func (a Action) holding(fields contact.Fields, f contact.Field) contact.Value {
	v := fields[a.Field]
	if !a.element() || v.Absent() {
		return v
	}
	if hasElement(v, f, a.Value) {
		return a.Value
	}
	return contact.Empty
}

// holds says whether the action's effect is there: yes, no, or unknown if the field was not read.
func (a Action) holds(fields contact.Fields, f contact.Field) Truth {
	v := a.holding(fields, f)
	if v.Absent() {
		return Unknown
	}
	return truthOf(sameTarget(a, f, v, a.goal()))
}

// sameTarget reports whether two contents of the action's target mean the same.
func sameTarget(a Action, f contact.Field, v, w contact.Value) bool {
	if a.element() {
		return v.Blank() == w.Blank()
	}
	return f.Same(v, w, "")
}

// write makes the target hold v in want.
func (a Action) write(want contact.Fields, f contact.Field, v contact.Value) {
	if !a.element() {
		want[a.Field] = v
		return
	}
	entry := []contact.Entry{{Value: a.Value}}
	if v.Blank() {
		want[a.Field] = contact.Change{Remove: entry}.Apply(want[a.Field], f)
	} else {
		want[a.Field] = contact.Change{Add: entry}.Apply(want[a.Field], f)
	}
}

// hasElement reports whether a set or list holds the element, whatever its type.
func hasElement(v contact.Value, f contact.Field, element contact.Value) bool {
	key := f.EntryKey(contact.Entry{Value: element}, "")
	for _, s := range v.Elements() {
		if f.EntryKey(contact.Entry{Value: contact.Text(s)}, "") == key {
			return true
		}
	}
	for _, e := range v.Entries() {
		if f.EntryKey(e, "") == key {
			return true
		}
	}
	return false
}
