package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// look finds out what of the connection can be judged: nothing of fields that are written through a transform, a part of a
// field, or a rule's always, for what becomes of them only the library's own code knows. That all comes to rest, that
// nothing is created twice and nobody deleted for nothing is judged of every record.
func (g *Guest) look() error {
	c := &g.Connection
	g.opaque, g.keyed = [2]map[string]bool{{}, {}}, [2]map[string]bool{{}, {}}
	for side, s := range g.schemas {
		if s.Unlistable || s.NoCreate || s.NoUpdate || s.NoDelete {
			return fmt.Errorf("%s: an app is simulated that can be listed, and in which records can be created, changed and deleted", contactsync.Sides[side])
		}
	}
	switch {
	case c.Shadow:
		return errors.New("shadow: a connection that writes to no app has nothing to be simulated")
	case c.Conflict.Resolver != nil:
		return errors.New("conflict: what a Resolver decides cannot be judged; simulate the connection with a plain policy")
	case c.Match.LinkAbove > 0:
		return errors.New("match.link_above: who is linked by likeness cannot be judged; simulate the connection without it")
	}
	for _, r := range c.Rules {
		for _, a := range r.Effects() {
			if a.Always {
				g.opaque[r.Side().Other()][a.Field] = true
			}
		}
	}
	for _, side := range contactsync.Sides {
		if kind := [2]contactsync.Deletion{c.Deletions.FromA, c.Deletions.FromB}[side.Other()]; kind == contactsync.DeletionMark && g.mark(side) == (oracle.Element{}) {
			for _, a := range g.marks(side) {
				g.opaque[side][a.Field] = true
			}
		}
	}
	g.spread()
	return g.lookAtKeys()
}

// spread makes opaque what is mapped with something opaque, until nothing more is.
func (g *Guest) spread() {
	for again := true; again; {
		again = false
		for _, m := range g.mappings() {
			if g.plain(m) {
				continue
			}
			for side, selectors := range [2][]string{m.A, m.B} {
				if !flowsTo(g.Connection.Direction, m.Direction, contactsync.Side(side)) && len(selectors) != 1 {
					continue // what a template is made of is read, and no more
				}
				for _, text := range selectors {
					name := fieldOf(text)
					again = again || !g.opaque[side][name]
					g.opaque[side][name] = true
				}
			}
		}
	}
}

// flowsTo reports whether a mapping writes to a side.
func flowsTo(of, narrowed contactsync.Direction, to contactsync.Side) bool {
	way := [2]contactsync.Direction{contactsync.BToA, contactsync.AToB}[to]
	return (of == "" || of == contactsync.TwoWay || of == way) && (narrowed == "" || narrowed == contactsync.TwoWay || narrowed == way)
}

// fieldOf returns the field of a selector, "emails" of "emails[primary]".
func fieldOf(selector string) string {
	for i, c := range selector {
		if c == '[' || c == '.' {
			return selector[:i]
		}
	}
	return selector
}

// mappings returns the mappings that hold.
func (g *Guest) mappings() []contactsync.Mapping {
	c := &g.Connection
	return slices.DeleteFunc(slices.Concat(c.Mappings, c.AddMappings), func(m contactsync.Mapping) bool {
		return m.Disabled || slices.ContainsFunc(c.DisableMappings, func(d contactsync.MappingRef) bool {
			return d.ID != "" && d.ID == m.ID || d.ID == "" && len(m.A) == 1 && len(m.B) == 1 && m.A[0] == d.A && m.B[0] == d.B
		})
	})
}

// plain reports whether a mapping brings values over as they are, from a whole field to a whole field.
func (g *Guest) plain(m contactsync.Mapping) bool {
	if len(m.A) != 1 || len(m.B) != 1 || len(m.Transform) > 0 || m.Conflict != nil || !m.DefaultA.Absent() || !m.DefaultB.Absent() {
		return false
	}
	if fieldOf(m.A[0]) != m.A[0] || fieldOf(m.B[0]) != m.B[0] || g.opaque[0][m.A[0]] || g.opaque[1][m.B[0]] {
		return false
	}
	a, _ := g.schemas[0].Field(m.A[0])
	b, _ := g.schemas[1].Field(m.B[0])
	return a.Type == b.Type && a.Many == b.Many
}

// lookAtKeys finds the fields by which a person is known, all of which the oracle has to see.
func (g *Guest) lookAtKeys() error {
	for i, k := range g.keys() {
		switch k.Kind {
		case contactsync.KeyEmail, contactsync.KeyPhone:
			for side, s := range g.schemas {
				for _, f := range s.Fields {
					g.keyed[side][f.Name] = g.keyed[side][f.Name] || string(f.Type) == k.Kind
				}
			}
		case "":
			if !slices.ContainsFunc(g.mappings(), func(m contactsync.Mapping) bool { return g.plain(m) && m.A[0] == k.A && m.B[0] == k.B }) {
				return fmt.Errorf("match.keys[%d]: a key is judged if its fields are mapped with each other as they are", i)
			}
			g.keyed[0][k.A], g.keyed[1][k.B] = true, true
		default:
			return fmt.Errorf("match.keys[%d]: who is matched by %s cannot be judged; simulate the connection with other keys", i, k.Kind)
		}
	}
	for side, keyed := range g.keyed {
		for name, yes := range keyed {
			if yes && g.opaque[side][name] {
				return fmt.Errorf("match.keys: %s of %s is a key, and is mapped through a transform or in part, so that it cannot be judged who is who",
					name, contactsync.Sides[side])
			}
		}
	}
	return nil
}

// keys returns the match keys.
func (g *Guest) keys() []contactsync.MatchKey {
	if g.Connection.Match.Keys == nil {
		return []contactsync.MatchKey{{Kind: contactsync.KeyEmail}}
	}
	return g.Connection.Match.Keys
}

// marks returns what marks the survivor of a deletion on a side.
func (g *Guest) marks(on contactsync.Side) []contactsync.Action {
	return [2][]contactsync.Action{g.Connection.Deletions.Mark.A, g.Connection.Deletions.Mark.B}[on]
}

// mark returns the one element that marks it, nothing if it is something else.
func (g *Guest) mark(on contactsync.Side) oracle.Element {
	if m := g.marks(on); len(m) == 1 && m[0].Kind == contactsync.ActionAdd {
		return oracle.Element{Field: m[0].Field, Element: m[0].Value.Str()}
	}
	return oracle.Element{}
}

// setup returns the world in the words of the oracle, without what is opaque.
func (g *Guest) setup(w *world) oracle.Setup {
	out := oracle.Setup{Connections: []oracle.Connection{g.asked(w)}}
	for i, s := range g.schemas {
		own := g.Hosts[i].New == nil
		a := w.Apps[i]
		app := oracle.App{Name: w.name(i), Versions: !a.NoVersions, Tombstones: !a.NoTombs && !a.NoFeed, Lag: w.lag(i),
			Modified: own && !a.NoModified && !a.Poison && a.Skew == 0 && a.Granularity == 0}
		for _, f := range s.Fields {
			if g.opaque[i][f.Name] {
				continue
			}
			app.Fields = append(app.Fields, oracle.Field{Field: f, Unique: slices.Contains(s.Unique, f.Name), Hold: func(v contact.Value) contact.Value {
				held, err := w.apps[i].Hold(f.Name, v)
				if err != nil {
					return contact.Empty
				}
				return held
			}})
		}
		out.Apps = append(out.Apps, app)
	}
	return out
}

// asked returns the connection in the words of the oracle.
func (g *Guest) asked(w *world) oracle.Connection {
	c := &g.Connection
	out := oracle.Connection{ID: connName(0), Apps: [2]int{0, 1}, Direction: directionOf(c.Direction), Conflict: c.Conflict.Winner.String(),
		Deletions: [2]string{deletionOf(c.Deletions.FromA), deletionOf(c.Deletions.FromB)}, Mark: [2]oracle.Element{g.mark(0), g.mark(1)},
		Scope: string(c.Scope), RequireKey: !c.Match.AllowKeyless, Region: c.Match.Region}
	if k := c.Conflict.Kind; k == contactsync.PolicyNewest || k == contactsync.PolicyAsk {
		out.Conflict = string(k)
	}
	if c.Scope == "" {
		out.Scope = string(contactsync.ScopeRule)
	}
	for _, k := range g.keys() {
		out.Keys = append(out.Keys, k.Kind+k.A)
	}
	out.MaxDeletes, out.MaxClears, out.MaxCreates = limitOf(c.Guard.MaxDeletions, usual), limitOf(c.Guard.MaxClears, usual), limitOf(c.Guard.MaxCreates, nil)
	for _, m := range g.mappings() {
		if g.plain(m) {
			out.Mappings = append(out.Mappings, oracle.Mapping{A: m.A[0], B: m.B[0], Direction: directionOf(m.Direction), Group: m.Group,
				KeepClear: m.OnClear == contactsync.OnClearKeep})
		}
	}
	rules := c.Rules
	if rules == nil {
		rules = []contactsync.Rule{contactsync.FilterRule{ID: "a", From: contactsync.A}, contactsync.FilterRule{ID: "b", From: contactsync.B}}
	}
	for i, r := range rules {
		if f, ok := r.(contactsync.FilterRule); !ok || !f.Disabled {
			out.Rules = append(out.Rules, g.rule(w, i, r))
		}
	}
	return out
}

// rule returns a rule in the words of the oracle.
func (g *Guest) rule(w *world, index int, r contactsync.Rule) oracle.Rule {
	out := oracle.Rule{ID: r.RuleID(), From: oracle.Side(r.Side()), Mode: string(contactsync.CreateAndUpdate)}
	if out.ID == "" {
		out.ID = fmt.Sprint("rule ", index)
	}
	if m, ok := r.(contactsync.ModalRule); ok && m.RuleMode() != "" {
		out.Mode = string(m.RuleMode())
	}
	if u, ok := r.(contactsync.UndoingRule); ok {
		out.Undo = string(u.RuleUndo())
	}
	if t, ok := r.(contactsync.TurningRule); ok {
		_, out.OtherWayAround = t.Turned()
	}
	for _, a := range r.Effects() {
		if !g.opaque[r.Side().Other()][a.Field] {
			out.Actions = append(out.Actions, oracle.RuleAction{Kind: string(a.Kind), Field: a.Field, Element: a.Value.Str(), Value: a.Value})
		}
	}
	sure := g.sure(r)
	out.Admits = func(fields contact.Fields) (yes, known bool) {
		v := r.Admits(contact.Record{Fields: fields}, w.now)
		return v.Truth == contactsync.Yes, v.Truth != contactsync.Unknown && sure
	}
	return out
}

// sure reports whether what a rule says of a record can be told without the library: it looks at fields that the oracle
// sees and that are compared by their text, and at no time.
func (g *Guest) sure(r contactsync.Rule) bool {
	if t, ok := r.(contactsync.TimedRule); ok && !t.Until(contact.Record{}, start).IsZero() {
		return false
	}
	named, ok := r.(contactsync.FieldedRule)
	if !ok {
		return len(g.opaque[r.Side()]) == 0
	}
	for _, name := range named.FieldNames() {
		f, _ := g.schemas[r.Side()].Field(fieldOf(name))
		switch f.Type {
		case contact.TypeEmail, contact.TypePhone, contact.TypeDate, contact.TypeDateTime, contact.TypeAddress:
			return false
		}
		if g.opaque[r.Side()][f.Name] {
			return false
		}
	}
	return true
}

func directionOf(d contactsync.Direction) string {
	switch d {
	case contactsync.AToB:
		return "a_to_b"
	case contactsync.BToA:
		return "b_to_a"
	}
	return "both"
}

func deletionOf(d contactsync.Deletion) string {
	if d == "" {
		return string(contactsync.DeletionKeep)
	}
	return string(d)
}

// usual is what the guards of deletions and clears allow where nothing is said: see contactsync.Guard.
func usual(linked int) int { return min(max(2, linked/2), max(10, linked/10)) }

// limitOf returns what a guard allows.
func limitOf(l contactsync.Limit, other func(int) int) func(int) int {
	switch {
	case !l.Set:
		return other
	case l.IsPercent:
		return func(linked int) int { return int(l.Percent * float64(linked) / 100) }
	}
	return func(int) int { return l.Count }
}

// judged returns an event as the oracle may see it: without what is opaque.
func (g *Guest) judged(e oracle.Event) oracle.Event {
	if len(g.opaque[0])+len(g.opaque[1]) == 0 {
		return e
	}
	e.Before, e.After = without(e.Before, g.opaque[e.App]), without(e.After, g.opaque[e.App])
	if e.Statement != nil {
		st := *e.Statement
		st.Journal = slices.DeleteFunc(slices.Clone(st.Journal), func(j oracle.JournalEntry) bool { return g.opaque[j.Side&1][j.Field] })
		e.Statement = &st
	}
	return e
}

// without returns fields without some.
func without(fields contact.Fields, names map[string]bool) contact.Fields {
	if fields == nil || len(names) == 0 {
		return fields
	}
	out := fields.Clone()
	for name := range names {
		delete(out, name)
	}
	return out
}

// lag is how long it may take until an app shows what happened in it.
func (w *world) lag(index int) time.Duration {
	if w.has("F8") {
		return sweep + time.Hour
	}
	return w.settle(index)
}

// settle is how long an app may take to show a write.
func (w *world) settle(index int) time.Duration {
	if w.Guest != nil && w.Guest.Hosts[index].New != nil {
		return w.Guest.schemas[index].Settle
	}
	return w.Apps[index].settle()
}
