package contactsync

import (
	"fmt"
	"slices"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// config is a connection resolved against the schemas of its two apps: what the deciding files work with.
type config struct {
	*Connection
	schema [2]*contact.Schema
	names  [2]string // how the apps are called in what people read
	// filledFrom is the reason for a value where there was none, by the side that it is from.
	filledFrom [2]string
	digest     string // of the connection as it is resolved: what was refused is tried again under another
	given      []byte // the connection's document as it was given, as the store keeps it
	zone       *time.Location
	mappings   []*mapping
	bundles    [][]*mapping // scalar mappings, those of one group together; in the order of the list
	lists      []*mapping
	rules      [2][]*rule // enabled, by side
	members    []*membership
	keys       []MatchKey
	scorer     Scorer            // nil: nothing is suggested
	used       [2][]string       // the fields that the connection looks at, sorted
	empty      [2]contact.Fields // every used field, known to be empty
}

// Validate returns an [*InvalidError] that names everything that is wrong with the connection between apps of these
// schemas, each fault with its place, or nil. [Open] does the same with the schemas that it reads; it also asks the accounts
// whether they have the kinds of records that the endpoints name, which no schema tells.
func (c Connection) Validate(a, b contact.Schema) error {
	if _, bad := compile(&c, [2]*contact.Schema{&a, &b}); len(bad) > 0 {
		return &InvalidError{Connection: c.ID, Faults: bad}
	}
	return nil
}

// compile resolves a connection against its apps' schemas and returns everything that is wrong with it.
func compile(c *Connection, schemas [2]*contact.Schema) (*config, []Fault) {
	bad := &faults{}
	cfg := &config{Connection: c, schema: schemas, scorer: c.Match.scorer()}
	cfg.call(c.Names())
	var err error
	if cfg.zone, err = c.location(); err != nil {
		bad.add("time_zone", "%v", err)
		cfg.zone = time.UTC
	}
	c.check(bad)
	cfg.direct()
	checkRules(c.rules(), schemas, bad)
	for _, r := range c.rules() {
		if f, ok := r.(FilterRule); ok && f.Disabled || r.Side() > B {
			continue
		}
		cfg.rules[r.Side()] = append(cfg.rules[r.Side()], compileRule(r, schemas[r.Side()], c.Match.Region))
	}
	cfg.members = compileMemberships(slices.Concat(cfg.inOrder()...), schemas)
	for _, m := range cfg.members {
		if m.turned != nil && len(m.rules) > 1 {
			bad.add("rules", "several rules do %q and one of them works the other way around: which filter to make true is nobody's to guess", m.actions[0])
		}
	}
	cfg.compileMappings(c, bad)
	cfg.checkWriters(bad)
	cfg.compileKeys(bad)
	cfg.checkLocks(bad)
	cfg.findUsed()
	return cfg, bad.list
}

// direct settles the direction, by default the first one that no app locks: away from an app that can only be read. Two ways
// with such an app are not refused where it is only for now, for what an app allows may change, and the other way goes on.
func (cfg *config) direct() {
	free := locksOf(cfg.names, cfg.schema).free("direction")
	if cfg.Direction == "" && len(free) > 0 && free[0] != string(TwoWay) {
		cfg.Direction = Direction(free[0])
	}
}

// call has the apps called by these names in what people read.
func (cfg *config) call(names [2]string) {
	cfg.names = names
	for _, s := range Sides {
		cfg.filledFrom[s] = "filled from " + names[s]
	}
}

// rules returns the connection's rules, or the default ones.
func (c *Connection) rules() []Rule {
	if c.Rules == nil {
		return []Rule{FilterRule{From: A}, FilterRule{From: B}}
	}
	return c.Rules
}

// inOrder returns the enabled rules of both sides one after the other, each in the order of the list.
func (cfg *config) inOrder() [][]*rule { return [][]*rule{cfg.rules[A], cfg.rules[B]} }

// check adds what is wrong with the connection whatever the apps are.
func (c *Connection) check(bad *faults) {
	if c.ID == "" {
		bad.add("id", "a connection needs an id")
	}
	if c.A.sameAs(c.B) {
		bad.add("b", "a and b are the same, and nothing can be synced with itself; choose another app, account or kind of records")
	}
	switch c.Direction {
	case "", TwoWay, AToB, BToA:
	default:
		bad.add("direction", "the direction is two-way, a-to-b or b-to-a")
	}
	switch c.Scope {
	case "", ScopeRule, ScopePair, ScopeSticky:
	default:
		bad.add("scope", "the scope is rule, pair or sticky")
	}
	for _, d := range []struct {
		path string
		kind Deletion
	}{{"deletions.from_a", c.Deletions.FromA}, {"deletions.from_b", c.Deletions.FromB}} {
		switch d.kind {
		case "", DeletionKeep, DeletionMark, DeletionDelete:
		default:
			bad.add(d.path, "a deletion is keep, mark or delete")
		}
	}
	c.Match.check(bad)
	c.Conflict.check("conflict", bad)
	c.Guard.MaxDeletions.check("guard.max_deletions", bad)
	c.Guard.MaxClears.check("guard.max_clears", bad)
	c.Guard.MaxCreates.check("guard.max_creates", bad)
}

// compileMappings resolves the mappings that hold: the list, or the defaults with what was added and disabled.
func (cfg *config) compileMappings(c *Connection, bad *faults) {
	type placed struct {
		Mapping
		path string
	}
	var list []placed
	if c.Mappings != nil {
		for i, m := range c.Mappings {
			list = append(list, placed{m, fmt.Sprintf("mappings[%d]", i)})
		}
	} else {
		for _, m := range defaultMappings(cfg.schema) {
			list = append(list, placed{m, "mappings"})
		}
	}
	for i, m := range c.AddMappings {
		list = append(list, placed{m, fmt.Sprintf("add_mappings[%d]", i)})
	}
	for i, d := range c.DisableMappings {
		at := slices.IndexFunc(list, func(p placed) bool { return d.names(&p.Mapping) })
		if at < 0 {
			bad.add(fmt.Sprintf("disable_mappings[%d]", i), "there is no such mapping")
			continue
		}
		list[at].Disabled = true
	}
	seen := map[string]bool{}
	for _, p := range list {
		if p.Disabled {
			continue
		}
		if seen[p.name()] {
			bad.add(p.path, "mapping %s is there twice; give one of them an id, or take it out", p.name())
			continue
		}
		seen[p.name()] = true
		m := compileMapping(&p.Mapping, c, cfg.schema, p.path, bad)
		if m == nil {
			continue
		}
		m.index = len(cfg.mappings)
		cfg.mappings = append(cfg.mappings, m)
		cfg.bundle(m)
	}
}

// inUse returns the mappings that are switched on, of a connection whose list is resolved.
func (c *Connection) inUse() []Mapping {
	return slices.DeleteFunc(slices.Concat(c.Mappings, c.AddMappings), func(m Mapping) bool {
		return m.Disabled || slices.ContainsFunc(c.DisableMappings, func(d MappingRef) bool { return d.names(&m) })
	})
}

// names reports whether the reference is to this mapping.
func (d MappingRef) names(m *Mapping) bool {
	if d.ID != "" {
		return d.ID == m.name()
	}
	return len(m.A) == 1 && len(m.B) == 1 && m.A[0] == d.A && m.B[0] == d.B
}

// bundle puts a mapping where it is decided: by itself, with its group, or element by element.
func (cfg *config) bundle(m *mapping) {
	if m.list {
		cfg.lists = append(cfg.lists, m)
		return
	}
	if m.group != "" {
		for i, b := range cfg.bundles {
			if b[0].group == m.group {
				cfg.bundles[i] = append(b, m)
				return
			}
		}
	}
	cfg.bundles = append(cfg.bundles, []*mapping{m})
}

// checkWriters refuses two mappings into one field, a list mapped together with one of its entries, and actions
// on a field that a mapping writes.
func (cfg *config) checkWriters(bad *faults) {
	type writer struct {
		*mapping
		sel contact.Selector
	}
	whole := func(sel contact.Selector) bool { return !sel.One() && sel.Part == "" }
	for _, s := range Sides {
		writers := map[string][]writer{} // by field
		for _, m := range cfg.mappings {
			if !m.flow[s.Other()] {
				continue
			}
			for _, sel := range m.sel[s] {
				for _, other := range writers[sel.Field] {
					switch {
					case other.sel == sel:
						bad.add("mappings", "mappings %s and %s both write %s of %s; they would fight for ever", other.id, m.id, sel, s)
					case whole(sel) || whole(other.sel):
						bad.add("mappings", "mappings %s and %s write %s of %s as a whole and in part", other.id, m.id, sel.Field, s)
					}
				}
				writers[sel.Field] = append(writers[sel.Field], writer{m, sel})
			}
		}
		for _, member := range cfg.members {
			for _, a := range member.actions {
				if all := writers[a.Field]; member.from != s && len(all) > 0 && !a.element() {
					bad.add("rules", "action %q writes %s, which mapping %s writes as well", a, a.Field, all[0].id)
				}
			}
		}
	}
}

// compileKeys resolves the match keys, or adds what is wrong with them.
func (cfg *config) compileKeys(bad *faults) {
	cfg.keys = cfg.Match.Keys
	if cfg.keys == nil {
		cfg.keys = []MatchKey{{Kind: KeyEmail}}
	}
	for i, k := range cfg.keys {
		path := fmt.Sprintf("match.keys[%d]", i)
		switch k.Kind {
		case KeyEmail, KeyPhone, KeyNameCompany:
			continue
		case "":
		default:
			bad.add(path, "there is no kind of key %q, but email, phone, name_company and {a: FIELD, b: FIELD}", k.Kind)
			continue
		}
		for s, name := range [2]string{k.A, k.B} {
			if _, ok := cfg.schema[s].Field(name); !ok {
				bad.add(path, "%s has no field %q; it has %s", Side(s), name, fieldList(cfg.schema[s]))
			}
		}
	}
	if len(cfg.keys) == 0 && !cfg.Match.AllowKeyless {
		bad.add("match.keys", "without any key nothing can be matched; name one, or set require_key to false")
	}
}

// findUsed gathers the fields of each side that the connection looks at or writes.
func (cfg *config) findUsed() {
	var used [2]map[string]bool
	for _, s := range Sides {
		used[s] = map[string]bool{}
		for _, m := range cfg.mappings {
			for _, sel := range m.sel[s] {
				used[s][sel.Field] = true
			}
		}
		for _, r := range cfg.rules[s] {
			if f, ok := r.Rule.(FieldedRule); ok {
				for _, name := range f.FieldNames() {
					used[s][name] = true
				}
			} else {
				for _, f := range cfg.schema[s].Fields {
					used[s][f.Name] = true
				}
			}
		}
		for _, k := range cfg.keys {
			for _, name := range k.fields(s, cfg.schema[s]) {
				used[s][name] = true
			}
		}
		if cfg.scorer != nil {
			for _, name := range personFields(cfg.schema[s]) {
				used[s][name] = true
			}
		}
		for _, a := range cfg.Deletions.Mark.on(s) {
			used[s][a.Field] = true
		}
		if cfg.Deletions.from(s.Other()) == DeletionDelete && !cfg.schema[s].Versions {
			for _, f := range cfg.schema[s].Fields { // only its fields tell whether a record was edited
				used[s][f.Name] = true
			}
		}
	}
	for _, m := range cfg.members {
		for _, a := range m.actions {
			used[m.from.Other()][a.Field] = true
		}
	}
	for _, s := range Sides {
		cfg.empty[s] = contact.Fields{}
		for _, f := range cfg.schema[s].Fields {
			if used[s][f.Name] || cfg.schema[s].Unlistable { // what was pushed once is not told again
				cfg.used[s] = append(cfg.used[s], f.Name)
				cfg.empty[s][f.Name] = contact.Empty
			}
		}
		slices.Sort(cfg.used[s])
	}
}

// mapping returns the mapping of that id, nil if there is none.
func (cfg *config) mapping(id string) *mapping {
	for _, m := range cfg.mappings {
		if m.id == id {
			return m
		}
	}
	return nil
}
