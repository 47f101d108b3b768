package contactsync

import (
	"fmt"
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// A Warning is something that a person should know before a connection starts. It stands in nobody's way.
type Warning struct {
	Kind    WarningKind `json:"kind"`
	Side    Side        `json:"side"`            // the app that it is about
	Field   string      `json:"field,omitempty"` // of that app
	Count   int         `json:"count,omitempty"` // records that it concerns, where that was counted
	IDs     []string    `json:"ids,omitempty"`   // the first few of them
	Message string      `json:"message"`         // what it means
	Advice  string      `json:"advice"`          // what to do
}

// WarningKind is a kind of warning.
type WarningKind string

// The kinds of warnings.
const (
	WarnNoTombstones WarningKind = "no_tombstones" // the app does not report deletions
	WarnNoVersions   WarningKind = "no_versions"   // the app's records have no versions
	WarnNoRefusal    WarningKind = "no_refusal"    // the app cannot refuse a write to what was edited meanwhile
	WarnUnlistable   WarningKind = "unlistable"    // the app can never be read completely
	WarnNoCreate     WarningKind = "no_create"     // nothing can be created in the app
	WarnNoUpdate     WarningKind = "no_update"     // nothing can be changed in the app
	WarnNoDelete     WarningKind = "no_delete"     // nothing can be deleted in the app, and the connection would
	WarnNoKey        WarningKind = "no_key"        // no match key has fields in both apps
	WarnNoFlow       WarningKind = "no_flow"       // no rule lets anything through from the app, and nothing says why
	WarnRequired     WarningKind = "required"      // nothing fills a field without which the app creates nobody
	WarnLossy        WarningKind = "lossy"         // a two-way mapping does not bring every value back as it was
	WarnActsOnAll    WarningKind = "acts_on_all"   // an action runs on everybody, also on who came from its own app
	WarnSharedKey    WarningKind = "shared_key"    // several records of the app bear one key
	WarnTooLong      WarningKind = "too_long"      // values are longer than a field of the app takes
	WarnFails        WarningKind = "fails"         // records would fail as things are: a value without entry in a table, ...
)

// appWarnings says what an app cannot do, whatever the connection is.
func appWarnings(s Side, name string, schema *contact.Schema) []Warning {
	var list []Warning
	add := func(kind WarningKind, message, advice string) {
		list = append(list, Warning{Kind: kind, Side: s, Message: message, Advice: advice})
	}
	switch { // who can be found by a key is looked for before being created
	case schema.Unlistable && len(schema.FindBy) == 0:
		add(WarnUnlistable, name+" can never be read completely, so a record that it has not told of may be created there again", "make one copy of the data before the first sync, and look at the plan")
	case !schema.Unlistable && !schema.Tombstones:
		add(WarnNoTombstones, name+" does not say what was deleted; a deletion is noticed when a complete reading lacks the record", "nothing to do while deletions are kept; with mark or delete, look at the guards")
	}
	if _, overtakes := schema.Limit(contact.AbilityRefuse); !schema.Versions {
		add(WarnNoVersions, name+" has no versions, so an edit of the same field between our last look and our write is overwritten", "sync when nobody works in it, if that matters; what is overwritten stays in the journal")
	} else if overtakes {
		add(WarnNoRefusal, whyNot(schema, contact.AbilityRefuse, name), "sync when nobody works in it, if that matters")
	}
	if schema.NoCreate {
		add(WarnNoCreate, whyNot(schema, contact.AbilityCreate, name), "who is only in the other app stays there")
	}
	if schema.NoUpdate {
		add(WarnNoUpdate, whyNot(schema, contact.AbilityUpdate, name), "make the connection one-way, away from it")
	}
	return list
}

// warnings says what a person should know of a connection that fits its apps.
func (cfg *config) warnings() []Warning {
	names := cfg.names
	var list []Warning
	for _, s := range Sides {
		list = append(list, appWarnings(s, names[s], cfg.schema[s])...)
		if cfg.schema[s].NoDelete && cfg.Deletions.from(s.Other()) == DeletionDelete {
			list = append(list, Warning{Kind: WarnNoDelete, Side: s, Message: whyNot(cfg.schema[s], contact.AbilityDelete, names[s]) + ", so what is deleted in " + names[s.Other()] + " stays there",
				Advice: fmt.Sprintf("set deletions.from_%s to keep or mark", s.Other())})
		}
		list = append(list, cfg.warnFlow(s, names)...)
		list = append(list, cfg.warnRequired(s, names)...)
	}
	if !slices.ContainsFunc(cfg.keys, func(k MatchKey) bool {
		return len(k.fields(A, cfg.schema[A])) > 0 && len(k.fields(B, cfg.schema[B])) > 0
	}) {
		list = append(list, Warning{Kind: WarnNoKey, Message: "no match key has fields in both apps, so nobody is found and everybody is new",
			Advice: "name a field of each app that tells people apart, as match.keys: [{a: FIELD, b: FIELD}]"})
	}
	for _, m := range cfg.mappings {
		if lossy := slices.IndexFunc(m.chain, Transform.Lossy); lossy >= 0 && m.flow[A] && m.flow[B] {
			list = append(list, Warning{Kind: WarnLossy, Side: B, Field: m.sel[B][0].String(), Message: fmt.Sprintf(
				"mapping %s cannot bring every value back as it was (%s)", m.id, m.chain[lossy]),
				Advice: "make it one-way if an edit in " + names[B] + " must not change the spelling in " + names[A]})
		}
	}
	return list
}

// warnFlow warns of a side from which nothing flows though the direction lets it, and of actions that concern everybody.
func (cfg *config) warnFlow(s Side, names [2]string) []Warning {
	var list []Warning
	turned := slices.ContainsFunc(cfg.rules[s.Other()], func(r *rule) bool { return r.turned != nil }) // lets records of s through
	if cfg.Direction.from(s) && len(cfg.rules[s]) == 0 && !turned {
		list = append(list, Warning{Kind: WarnNoFlow, Side: s, Message: "no rule lets anything through from " + names[s],
			Advice: fmt.Sprintf("add a rule from %s, or make the connection one-way", s)})
	}
	for _, r := range cfg.rules[s] {
		f, ok := r.Rule.(FilterRule)
		if ok && len(f.Actions) > 0 && f.Filter.zero() && cfg.Direction.from(s.Other()) && len(cfg.rules[s.Other()]) > 0 {
			list = append(list, Warning{Kind: WarnActsOnAll, Side: s.Other(), Field: f.Actions[0].Field,
				Message: fmt.Sprintf("a rule without filter does %q to everybody in %s, also to those who came from there", f.Actions[0], names[s.Other()]),
				Advice:  "give the rule a filter, or leave it so if that is meant"})
		}
	}
	return list
}

// warnRequired warns of fields without which side t creates nobody, and which nothing fills.
func (cfg *config) warnRequired(t Side, names [2]string) []Warning {
	s := t.Other()
	if !cfg.Direction.from(s) || cfg.schema[t].NoCreate || !slices.ContainsFunc(cfg.rules[s], (*rule).creates) {
		return nil
	}
	var list []Warning
	for _, f := range cfg.schema[t].Fields {
		if !f.Required || f.ReadOnly || cfg.fills(t, f.Name) {
			continue
		}
		list = append(list, Warning{Kind: WarnRequired, Side: t, Field: f.Name,
			Message: fmt.Sprintf("%s insists on %s, and no mapping fills it: nobody can be created there", names[t], f.Name),
			Advice:  "map a field to it, or a constant, or give its mapping a default"})
	}
	return list
}

// fills reports whether a mapping or an action writes the field of side t.
func (cfg *config) fills(t Side, field string) bool {
	for _, m := range cfg.mappings {
		if m.flow[t.Other()] && slices.ContainsFunc(m.sel[t], func(sel contact.Selector) bool { return sel.Field == field }) {
			return true
		}
	}
	return slices.ContainsFunc(cfg.members, func(m *membership) bool {
		return m.from == t.Other() && slices.ContainsFunc(m.actions, func(a Action) bool { return a.Field == field && a.goal().Kind() != contact.KindEmpty })
	})
}
