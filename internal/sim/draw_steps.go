package sim

import "slices"

// drawSteps draws what happens: first the people whom both apps have, then users, people and syncs in any order.
func (d *drawer) drawSteps() {
	for p := range d.persons {
		for app := range d.Apps {
			if d.step.oneIn(3) {
				continue // one population, perturbed for each app
			}
			d.Steps = append(d.Steps, Step{Do: "enter", App: app, Person: p, N: d.entry()})
		}
	}
	for range 5 + d.step.IntN(20) {
		d.Steps = append(d.Steps, d.drawStep())
	}
}

// entry draws how a person is entered: mostly with their usual address.
func (d *drawer) entry() int {
	n := d.step.IntN(8)
	switch {
	case d.has("F93") && d.step.oneIn(4):
		return 9
	case d.has("F97") && d.step.oneIn(4):
		return 10
	case d.has("F96") && d.step.oneIn(4):
		return 11
	}
	return n
}

// habits are what happens in every history.
var habits = []string{"edit", "edit", "edit", "edit", "edit", "undo", "enter", "delete", "tag", "tag", "clear", "sync", "sync", "sync", "sync", "sync", "preview", "wait"}

// steps are what a family of faults adds to them.
var steps = map[string][]string{
	"F11": {"hide", "unhide"}, "F12": {"account"}, "F13": {"rekey", "merge"}, "F14": {"touch"}, "F53": {"snapshot", "restore"}, "F55": {"lose"},
	"F83": {"policy"}, "F85": {"rules"}, "F96": {"key", "key"}, "F98": {"delete", "enter"}, "F99": {"retype", "retype"}, "F100": {"clear", "clear"},
	"F103": {"empty", "import"}, "F105": {"rollback", "pause", "resume"},
}

// verbs are what people do with the library, now and then.
var verbs = []string{"confirm", "link", "separate", "create", "resolve"}

// drawStep draws one step.
func (d *drawer) drawStep() Step {
	s := d.step
	kinds := slices.Clone(habits)
	for _, f := range d.Families {
		kinds = append(kinds, steps[f]...)
	}
	if d.seed%3 == 0 {
		kinds = append(kinds, verbs...)
	}
	return d.fill(Step{Do: pick(s, kinds...)})
}

// fill draws what a step is about.
func (d *drawer) fill(st Step) Step {
	s := d.step
	st.App, st.Conn, st.Engine, st.Person, st.Other = s.IntN(len(d.Apps)), s.IntN(len(d.Conns)), s.IntN(max(d.Engines, 1)), s.IntN(d.persons), s.IntN(d.persons)
	st.N = s.IntN(60)
	st.Field = pick(s, d.fields...)
	if d.guest != nil {
		st = d.ofGuest(st)
	}
	switch st.Do {
	case "enter":
		st.N = d.entry() + 12*s.IntN(5)
	case "edit", "clear":
		if d.guest == nil && st.Field == "email" && (!d.has("F96") || st.Do == "edit") {
			st.Field = "first"
		}
	case "wait":
		st.N = pick(s, 1, 10, 60, 600, 1500)
	case "sync", "preview":
		st.Faults = d.drawFaults()
	case "policy", "rules":
		st.Config = d.reconfigured(st.Conn, st.Do)
		st.Do = "configure"
	}
	return st
}

// reconfigured draws what a connection is asked to do instead.
func (d *drawer) reconfigured(conn int, what string) *Connection {
	c := d.Conns[conn]
	other := d.drawConnection(d.step, c.Apps[0], c.Apps[1])
	if what == "policy" {
		c.Direction, c.Conflict, c.Deletions = other.Direction, other.Conflict, other.Deletions
		return &c
	}
	c.Rules, c.Scope, c.NoTags, c.KeepClear = other.Rules, other.Scope, other.NoTags, other.KeepClear
	return &c
}

// drawFaults draws what goes wrong in a sync, of the families that are on.
func (d *drawer) drawFaults() (faults []Fault) {
	s := d.fault
	var able []*family
	for _, id := range d.Families {
		if f := familyOf(id); len(f.kinds) > 0 {
			able = append(able, f)
		}
	}
	if len(able) == 0 || s.oneIn(3) {
		return nil
	}
	for range 1 + s.IntN(2) {
		f := pick(s, able...)
		in := pick(s, f.kinds...)
		out := Fault{Family: f.id, Kind: in.kind, On: pick(s, in.on...), Side: s.IntN(3), Nth: pick(s, 0, 0, 0, 1, 1, 2, 3), Times: 1 + s.IntN(max(in.times, 1)),
			N: s.IntN(max(in.styles, 1))}
		if out.On == "any" {
			out.Nth = s.IntN(60)
		}
		if in.kind == "meanwhile" {
			out.Meanwhile = d.drawMeanwhile(f.id)
		}
		faults = append(faults, out)
	}
	return faults
}

// drawMeanwhile draws what happens while a sync calls.
func (d *drawer) drawMeanwhile(family string) []Step {
	s := d.fault
	plain := func(kinds ...string) Step {
		st := Step{Do: pick(s, kinds...), App: s.IntN(len(d.Apps)), Conn: s.IntN(len(d.Conns)), Engine: s.IntN(max(d.Engines, 1)), Person: s.IntN(d.persons),
			Other: s.IntN(d.persons), N: s.IntN(60), Field: pick(s, d.fields...)}
		if d.guest != nil {
			return d.ofGuest(st)
		}
		if st.Do == "edit" && st.Field == "email" {
			st.Field = "first"
		}
		return st
	}
	switch family {
	case "F62":
		return []Step{plain("sync", "sync", "preview")}
	case "F68":
		if s.oneIn(3) {
			return []Step{plain("pause")}
		}
		st := plain("configure")
		st.Config = d.reconfigured(st.Conn, pick(s, "policy", "rules"))
		return []Step{st}
	}
	out := []Step{plain("edit", "edit", "edit", "tag", "delete", "enter")}
	if s.oneIn(3) {
		out = append(out, plain("edit", "tag"))
	}
	return out
}
