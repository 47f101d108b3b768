package contactsync

import (
	"fmt"
	"slices"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// Why things stand as they do, asked of the same functions that decide. So an explanation cannot say otherwise than the
// planner does.

// A Condition is one part of a rule's filter, and what it says of a record.
type Condition struct {
	Field string        `json:"field"`
	Text  string        `json:"text"`           // the condition in words
	Value contact.Value `json:"value,omitzero"` // what the record holds; absent if it was not read
	Truth string        `json:"truth"`          // yes, no, or unknown if the field was not read
}

// String says the truth in a word.
func (t Truth) String() string { return [...]string{No: "no", Unknown: "unknown", Yes: "yes"}[t] }

// decisive adds the conditions by which the filter says what it says: those that would have to be otherwise.
func (f *Filter) decisive(fields contact.Fields, now time.Time, eq *equality, add func(Condition)) {
	says := f.eval(fields, now, eq)
	switch {
	case f.Op != "":
		add(Condition{f.Field, f.String(), fields[f.Field], says.String()})
	case f.Not != nil:
		f.Not.decisive(fields, now, eq, add)
	}
	for _, part := range slices.Concat(f.All, f.Any) {
		if part.eval(fields, now, eq) == says {
			part.decisive(fields, now, eq, add)
		}
	}
}

// A RuleVerdict is what one rule says of a record.
type RuleVerdict struct {
	Rule string `json:"rule"`
	Side Side   `json:"side"`
	Text string `json:"text"` // the rule as a sentence
	// Verdict is yes if the rule lets the record through, no, or unknown if it looks at a field that was not read.
	Verdict string `json:"verdict"`
	Mode    Mode   `json:"mode"`
	// Decided are the parts of the filter that decided: of a no, those that are to be otherwise.
	Decided []Condition `json:"decided,omitempty"`
	Reason  string      `json:"reason,omitempty"` // of a rule that a host wrote: its own words
}

// verdicts returns what every enabled rule of side s says of a record.
func (cfg *config) verdicts(s Side, rec *mirror, now time.Time) (all []RuleVerdict) {
	r := rec.record()
	now = now.In(cfg.zone)
	for _, rule := range cfg.rules[s] {
		v := RuleVerdict{Rule: rule.id, Side: s, Text: sentenceOf(rule.Rule, cfg.names), Verdict: rule.admits(&r, now).String(), Mode: rule.mode}
		if f, ok := rule.Rule.(FilterRule); ok {
			f.Filter.decisive(r.Fields, now, rule.equal, func(c Condition) { v.Decided = append(v.Decided, c) })
		} else {
			v.Reason = rule.Admits(r, now).Reason
		}
		all = append(all, v)
	}
	for _, m := range cfg.members {
		if m.turned != nil && m.from == s.Other() && cfg.Direction.from(m.from) {
			all = append(all, RuleVerdict{Rule: m.rules[0].id, Side: s, Text: "the other way around: " + sentenceOf(m.rules[0].Rule, cfg.names),
				Verdict: m.holds(rec.Fields).String(), Mode: CreateAndUpdate})
		}
	}
	return all
}

// differs says why what a mapping shows of the two halves of a pair is not the same, "" if it is.
func (p *pairing) differs(m *mapping) string {
	x := p.look(m)
	if absent(x.values[A]) || absent(x.values[B]) {
		return "one side was not read, so nothing is done"
	}
	if p.link.Held[m.id] != nil {
		return "both sides were edited, and a person is to decide"
	}
	for _, s := range Sides {
		for _, name := range p.cfg.whole(s, selected(m, s)) {
			if old := p.link.Past[pastKey(s, name)]; old != nil && old.Frozen {
				return name + " of " + p.cfg.names[s] + " kept changing back, and is frozen until a person releases it"
			}
		}
	}
	if m.list {
		return p.listDiffers(&x)
	}
	if x.agree() {
		return ""
	}
	bundle := p.bundleOf(m)
	views := make([]shown, len(bundle))
	for i, part := range bundle {
		views[i] = p.look(part)
	}
	f := p.facts(views)
	switch v := decide(f); v {
	case keep:
		return p.restsDifferent(&x)
	case leave:
		for _, s := range Sides {
			if !f.flow[s] && (!f.settled || f.changed[s]) && !f.blank[s] {
				return p.mayNotFlow(m, s)
			}
		}
		for _, s := range Sides {
			if !f.flow[s] {
				return p.mayNotFlow(m, s)
			}
		}
	case writeA, writeB:
		if blank(x.values[Side(v-writeA).Other()]) {
			to := Side(v - writeA)
			emptied := "emptied in " + p.cfg.names[to.Other()]
			if why := p.cfg.cannotEmpty(to); why != "" {
				return emptied + ", and stays in " + p.cfg.names[to] + ": " + why
			}
			return emptied + ", which waits, or is not to be carried over"
		}
		return "the next sync carries it from " + p.cfg.names[Side(v-writeA).Other()]
	}
	return "both sides were edited; the next sync decides: " + m.policy.words(p.cfg.names)
}

// bundleOf returns the mappings that are decided with m, which is no list.
func (p *pairing) bundleOf(m *mapping) []*mapping {
	return p.cfg.bundles[slices.IndexFunc(p.cfg.bundles, func(bundle []*mapping) bool { return slices.Contains(bundle, m) })]
}

// mayNotFlow says what keeps a value of side s from going to the other.
func (p *pairing) mayNotFlow(m *mapping, s Side) string {
	from := p.cfg.names[s]
	switch {
	case !p.cfg.Direction.from(s):
		return "nothing flows from " + from + ": the connection is " + string(p.cfg.Direction)
	case !m.flow[s]:
		return "nothing flows from " + from + ": mapping " + m.id + " is one-way"
	case !p.out.let[s]:
		return "no rule lets the record of " + from + " through"
	}
	return "the rule that lets the record of " + from + " through only creates"
}

// restsDifferent says why two values differ though both are as they were settled.
func (p *pairing) restsDifferent(x *shown) string {
	for _, s := range Sides {
		if s == A && x.m.oneWay() {
			continue
		}
		to, err := x.m.translate(nil, s.Other(), x.values[s.Other()], x.values[s], x.settledOn(s))
		if err != nil {
			return fmt.Sprintf("what %s holds has no meaning in %s: %s", p.cfg.names[s.Other()], p.cfg.names[s], err)
		}
		if n := x.m.whole[s][0].MaxLength; len(to) == 1 && n > 0 && len([]rune(to[0].Str())) > n {
			return fmt.Sprintf("%s holds %d characters at most, and has cut it short", p.cfg.names[s], n)
		}
	}
	switch {
	case blank(x.values[A]) != blank(x.values[B]) && x.m.keep:
		return "it was emptied on one side, and the mapping keeps it on the other"
	case !p.out.flow[A] && !p.out.flow[B]:
		return "both are as they were when they were last decided, and nothing flows now: " + p.mayNotFlow(x.m, A)
	}
	return "one app has made something else of what it was given, or only one side could hold it; that is settled, and no edit"
}

// listDiffers says why two lists do not hold the same, by the first element that only one of them has.
func (p *pairing) listDiffers(x *shown) string {
	all, err := x.m.listed(x)
	if err != nil {
		return err.Error()
	}
	for i := range all {
		e := &all[i]
		if (e.now[A] == nil) == (e.now[B] == nil) {
			continue
		}
		s := A // the side that holds it
		if e.now[A] == nil {
			s = B
		}
		t := s.Other()
		here, there := p.cfg.names[s], p.cfg.names[t]
		switch {
		case e.lacked(t):
			return fmt.Sprintf("%s has elements that %s could not hold, or that a rule has put there; they are settled, and do not travel", here, there)
		case e.removedBy(t) && !p.mayFlow(x.m, t):
			return p.mayNotFlow(x.m, t)
		case e.removedBy(t):
			return fmt.Sprintf("removed in %s; the next sync carries that to %s, unless something still wants the element there", there, here)
		case !p.mayFlow(x.m, s):
			return p.mayNotFlow(x.m, s)
		}
		return fmt.Sprintf("added in %s; the next sync carries it to %s", here, there)
	}
	return ""
}
