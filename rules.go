package contactsync

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// A Rule lets records of one side through to the other, and says what else happens to those that it lets through.
// [FilterRule] is the one that comes with the library; a host can write its own. A rule is a pure function of the
// record and the time, for it is asked many times and must say the same.
//
// What more a rule can do is found by type assertion: [ModalRule], [UndoingRule], [TurningRule], [TimedRule],
// [FieldedRule].
type Rule interface {
	// RuleID identifies the rule in history and explanations; "" derives an id from its side and actions.
	RuleID() string
	// Side is the side whose records the rule looks at.
	Side() Side
	// Admits says whether the record is let through. now is in the connection's time zone.
	Admits(rec contact.Record, now time.Time) Verdict
	// Effects are the actions on the other side's record when a pair enters the rule.
	Effects() []Action
	// String says the rule in words.
	String() string
}

// A Verdict is what a rule says of a record, with the reason in words.
type Verdict struct {
	Truth  Truth
	Reason string
}

// ModalRule is a rule that is limited to creating or to updating.
type ModalRule interface{ RuleMode() Mode }

// UndoingRule is a rule that takes its actions back when a pair leaves it.
type UndoingRule interface{ RuleUndo() Undo }

// TurningRule is a rule that also works the other way around: its actions' effect on the other side decides
// whether the returned condition is made true or false on this side.
type TurningRule interface {
	Turned() (condition Filter, ok bool)
}

// TimedRule is a rule whose verdict changes with time alone. Until returns when it may next say something else
// of the record though nobody edits it; the zero time is never.
type TimedRule interface {
	Until(rec contact.Record, now time.Time) time.Time
}

// FieldedRule is a rule that names the fields it looks at. Of one that does not, all fields are read.
type FieldedRule interface{ FieldNames() []string }

// Mode limits what a rule's flow may do.
type Mode string

// The modes. "" is CreateAndUpdate.
const (
	CreateAndUpdate Mode = "create_and_update"
	UpdateOnly      Mode = "update_only" // nobody is created by it
	CreateOnly      Mode = "create_only" // a person is handed over once and left alone from then on
)

// Undo says what happens to a rule's actions when a pair leaves the rule.
type Undo string

// The ways to undo.
const (
	UndoNone Undo = ""
	UndoOwn  Undo = "own" // what this rule did is reverted, unless it was changed since; JSON true
	UndoAll  Undo = "all" // a linked record that does not match never carries the action, whoever applied it
)

// A FilterRule lets through the records that its filter holds of.
type FilterRule struct {
	ID       string
	From     Side
	Disabled bool // it does nothing, and nothing that it did is undone
	Mode     Mode
	Filter   Filter
	Actions  []Action
	Undo     Undo
	// OtherWayAround derives the rule of the opposite direction: where the actions' effect holds on the other side
	// the filter is made true on this one, and false where it no longer holds.
	OtherWayAround bool
}

// RuleID returns the id that was given.
func (r FilterRule) RuleID() string { return r.ID }

// Side returns the side whose records the rule looks at.
func (r FilterRule) Side() Side { return r.From }

// Admits says whether the filter holds of the record. In a sync emails, phones and dates are compared by what they mean;
// here, where nothing is known of the fields, as text without case.
func (r FilterRule) Admits(rec contact.Record, now time.Time) Verdict {
	switch r.Filter.eval(rec.Fields, now, nil) {
	case Yes:
		return Verdict{Yes, "matches"}
	case No:
		return Verdict{No, "does not match"}
	}
	return Verdict{Unknown, "looks at a field that was not read"}
}

// Effects returns the rule's actions.
func (r FilterRule) Effects() []Action { return r.Actions }

// RuleMode returns the rule's mode.
func (r FilterRule) RuleMode() Mode { return r.Mode }

// RuleUndo says whether the rule's actions are taken back.
func (r FilterRule) RuleUndo() Undo { return r.Undo }

// Turned returns the condition that is made true or false on this side, if the rule works the other way around.
func (r FilterRule) Turned() (Filter, bool) {
	c := r.Filter.condition()
	if !r.OtherWayAround || c == nil {
		return Filter{}, false
	}
	return *c, true
}

// Until returns when a relative date in the filter next changes what it says.
func (r FilterRule) Until(rec contact.Record, now time.Time) time.Time {
	return r.Filter.until(rec.Fields, now)
}

// FieldNames returns the fields that the filter looks at.
func (r FilterRule) FieldNames() []string {
	var names []string
	r.Filter.fieldNames(func(n string) { names = append(names, n) })
	return names
}

// rule is a rule as a sync works with it.
type rule struct {
	Rule
	id     string
	side   Side
	mode   Mode
	undo   Undo
	equal  *equality
	turned *Filter // the condition that is made true or false, nil if the rule does not work the other way around
}

func compileRule(r Rule, schema *contact.Schema, region string) *rule {
	c := &rule{Rule: r, id: r.RuleID(), side: r.Side(), mode: CreateAndUpdate, equal: &equality{schema, region}}
	if m, ok := r.(ModalRule); ok && m.RuleMode() != "" {
		c.mode = m.RuleMode()
	}
	if u, ok := r.(UndoingRule); ok {
		c.undo = u.RuleUndo()
	}
	if t, ok := r.(TurningRule); ok {
		if condition, ok := t.Turned(); ok {
			c.turned = &condition
		}
	}
	if c.id == "" {
		c.id = membershipID(c.side, r.Effects())
	}
	return c
}

// admits is Admits; a filter compares emails, phones and dates by what they mean.
func (r *rule) admits(rec *contact.Record, now time.Time) Truth {
	if f, ok := r.Rule.(FilterRule); ok {
		return f.Filter.eval(rec.Fields, now, r.equal)
	}
	return r.Rule.Admits(*rec, now).Truth
}

func (r *rule) until(rec *contact.Record, now time.Time) time.Time {
	if t, ok := r.Rule.(TimedRule); ok {
		return t.Until(*rec, now)
	}
	return time.Time{}
}

// lets says whether the rule can do what is asked of it at all.
func (r *rule) creates() bool { return r.mode != UpdateOnly }
func (r *rule) updates() bool { return r.mode != CreateOnly }

// A membership is what a pair enters and leaves: the rules of one side that have the same actions. It is known
// by what it is and not by its place in the list, so that a rule can be moved or its filter changed.
type membership struct {
	id      string
	from    Side
	rules   []*rule
	actions []Action
	targets []contact.Field // the field that each action writes
	undo    Undo
	turned  *Filter       // what is made true or false on the rule's own side; nil if nothing is
	field   contact.Field // the field of turned
}

func membershipID(from Side, actions []Action) string {
	parts := []string{"from " + from.String()}
	for _, a := range actions {
		parts = append(parts, a.String()+map[bool]string{true: " always"}[a.Always])
	}
	return strings.Join(parts, ", ")
}

// admits says whether a record of the membership's side is in: any of its rules lets it through.
func (m *membership) admits(rec *contact.Record, now time.Time) Truth {
	result := No
	for _, r := range m.rules {
		result = max(result, r.admits(rec, now))
	}
	return result
}

// holds says whether every action's effect is there on the other side.
func (m *membership) holds(fields contact.Fields) Truth {
	result := Yes
	for i, a := range m.actions {
		result = min(result, a.holds(fields, m.targets[i]))
	}
	return result
}

// denies reports whether a record shows that it is not in a membership that is settled of it: by the actions' effect, or by
// the filter on the membership's own side.
func (cfg *config) denies(rec *mirror, st settlement, now time.Time) bool {
	i := slices.IndexFunc(cfg.members, func(m *membership) bool { return m.id == st.Membership })
	if i < 0 {
		return false
	}
	m, r := cfg.members[i], rec.record()
	if m.from == rec.side {
		return st.Member.In && m.admits(&r, now.In(cfg.zone)) == No
	}
	return st.Member.Shown && m.holds(rec.Fields) == No
}

// compileMemberships gathers the enabled rules that have actions, in the order of the list.
func compileMemberships(rules []*rule, schemas [2]*contact.Schema) []*membership {
	var all []*membership
	for _, r := range rules {
		actions := r.Effects()
		if len(actions) == 0 {
			continue
		}
		id := membershipID(r.side, actions)
		i := slices.IndexFunc(all, func(m *membership) bool { return m.id == id })
		if i < 0 {
			m := &membership{id: id, from: r.side}
			for _, a := range actions {
				f, _ := schemas[r.side.Other()].Field(a.Field)
				if a.Kind == ActionSet {
					a.Value, _ = f.Coerce(a.Value) // as the app holds it; what does not fit is refused elsewhere
				}
				m.actions, m.targets = append(m.actions, a), append(m.targets, f)
			}
			all = append(all, m)
			i = len(all) - 1
		}
		m := all[i]
		m.rules = append(m.rules, r)
		if m.undo == UndoNone || r.undo == UndoAll {
			m.undo = r.undo
		}
		if r.turned != nil {
			m.turned = r.turned
			m.field, _ = schemas[r.side].Field(r.turned.Field)
		}
	}
	return all
}

// turn makes the turned condition true or false in want, and reports whether that takes something away: removes
// an element or replaces a value that is there.
func (m *membership) turn(want contact.Fields, truth bool) (takes bool) {
	c := m.turned
	element := Action{Kind: ActionAdd, Field: c.Field, Value: c.Value}
	now := want[c.Field]
	switch c.Op {
	case OpHas, OpHasNot:
		there := (c.Op == OpHas) == truth
		v := contact.Empty
		if there {
			v = c.Value
		}
		element.write(want, m.field, v)
		return !there
	}
	v := c.Value
	if !truth {
		v = contact.Empty
	}
	if m.field.Type == contact.TypeBool {
		b, _ := strconv.ParseBool(c.Value.Str())
		v = contact.Bool(b == truth)
	}
	want[c.Field] = v
	return !now.Blank()
}

// checkTurn adds why a rule cannot be turned round, if it cannot.
func checkTurn(r FilterRule, schema *contact.Schema, path string, bad *faults) {
	path += ".other_way_around"
	if len(r.Actions) == 0 {
		bad.add(path, "the rule has no action, so there is nothing on the other side to look at; add an action")
		return
	}
	for _, a := range r.Actions {
		if a.Always {
			bad.add(path, "an action marked always is enforced from this side, so it cannot also decide from the other")
			return
		}
	}
	c := r.Filter.condition()
	if r.Filter.zero() {
		bad.add(path, "the rule has no filter that could be made true; add one of one condition")
		return
	}
	if c == nil {
		bad.add(path, "only a filter of one condition can be turned round: of several, which one to change is nobody's to guess")
		return
	}
	f, _ := schema.Field(c.Field)
	turnable := c.Op == OpHas || c.Op == OpHasNot ||
		c.Op == OpIs && !f.Many && (f.Type == contact.TypeChoice || f.Type == contact.TypeBool || f.Type == contact.TypeText)
	if !turnable {
		bad.add(path, "%q cannot be turned round: there is not one way to make it true and one to make it false; use has, has_not or is", c.String())
	}
	if f.ReadOnly {
		bad.add(path, "field %s is read-only, so the filter cannot be made true", c.Field)
	}
}

// checkRules adds what is wrong with the rules.
func checkRules(rules []Rule, schemas [2]*contact.Schema, bad *faults) {
	for i, r := range rules {
		path := fmt.Sprintf("rules[%d]", i)
		if r.Side() > B {
			bad.add(path+".from", "a rule is from a or b")
			continue
		}
		own, other := schemas[r.Side()], schemas[r.Side().Other()]
		if f, ok := r.(FilterRule); ok {
			f.Filter.check(own, path+".filter", bad)
			if f.OtherWayAround {
				checkTurn(f, own, path, bad)
			}
			switch f.Mode {
			case "", CreateAndUpdate, UpdateOnly, CreateOnly:
			default:
				bad.add(path+".mode", "there is no mode %q, but create_and_update, update_only and create_only", f.Mode)
			}
			switch f.Undo {
			case UndoNone, UndoOwn, UndoAll:
			default:
				bad.add(path+".undo", "undo is true, false or all")
			}
			if f.Undo != UndoNone && len(f.Actions) == 0 {
				bad.add(path+".undo", "the rule has no action to undo")
			}
		}
		for j, a := range r.Effects() {
			checkAction(a, other, fmt.Sprintf("%s.actions[%d]", path, j), bad)
		}
	}
	checkContradictions(rules, schemas, bad)
}

// checkAction adds what is wrong with an action on records of this schema.
func checkAction(a Action, schema *contact.Schema, path string, bad *faults) {
	f, ok := schema.Field(a.Field)
	switch {
	case !ok:
		bad.add(path, "action %q: there is no field %q; there are %s", a.Kind, a.Field, fieldList(schema))
	case f.ReadOnly:
		bad.add(path, "action %q: field %s is read-only", a.Kind, a.Field)
	case a.element() && f.Type != contact.TypeSet && !f.Many:
		bad.add(path, "action %q works on a set or list; %s is %s; use set", a.Kind, a.Field, describe(f))
	case a.element() && a.Value.Blank():
		bad.add(path, "action %q needs an element", a.Kind)
	case a.Kind == ActionSet && f.Type == contact.TypeChoice && len(f.Options) > 0 && !slices.Contains(f.Options, a.Value.Str()):
		bad.add(path, "%q is not one of the options of %s: %s", a.Value.Str(), a.Field, strings.Join(f.Options, ", "))
	case a.Kind == ActionSet:
		if _, err := f.Coerce(a.Value); err != nil || a.Value.Blank() {
			bad.add(path, "action set: the value does not fit field %s, which is %s", a.Field, describe(f))
		}
	case a.Kind == ActionClear && f.Required:
		bad.add(path, "action clear: field %s is required", a.Field)
	}
}

// checkContradictions adds actions that contradict each other for every record: within one rule, or in rules of
// one side that both let everything through.
func checkContradictions(rules []Rule, schemas [2]*contact.Schema, bad *faults) {
	type writer struct {
		rule int
		goal string
		all  bool
	}
	seen := map[string]writer{}
	for i, r := range rules {
		f, isFilter := r.(FilterRule)
		if isFilter && f.Disabled || r.Side() > B {
			continue
		}
		all := isFilter && f.Filter.zero()
		for j, a := range r.Effects() {
			field, _ := schemas[r.Side().Other()].Field(a.Field)
			target := r.Side().String() + a.target(field)
			goal := field.Key(a.goal(), "")
			if a.element() {
				goal = strconv.FormatBool(a.goal().Blank())
			}
			if w, ok := seen[target]; ok && w.goal != goal && (w.rule == i || w.all && all) {
				bad.add(fmt.Sprintf("rules[%d].actions[%d]", i, j), "%q contradicts an action of rule %d for every record", a, w.rule+1)
			}
			seen[target] = writer{i, goal, all}
		}
	}
}
