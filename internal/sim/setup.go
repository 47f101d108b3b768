package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// catalogue is every field that an app may have. Nobody edits the serial number: it says which entry of a user a record
// goes back to.
var catalogue = []contact.Field{
	{Name: "serial", Type: contact.TypeText},
	{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
	{Name: "first", Type: contact.TypeText, Meaning: "first"},
	{Name: "last", Type: contact.TypeText, Meaning: "last"},
	{Name: "phone", Type: contact.TypePhone, Meaning: "phone"},
	{Name: "company", Type: contact.TypeText, Meaning: "company"},
	{Name: "notes", Type: contact.TypeText, Meaning: "notes"},
	{Name: "phones", Type: contact.TypePhone, Many: true},
	{Name: "tags", Type: contact.TypeSet, Meaning: "tags"},
}

// Schema returns the fields of an app.
func (a App) Schema() []contact.Field {
	var fields []contact.Field
	for _, f := range catalogue {
		if slices.Contains(a.Fields, f.Name) {
			f.MaxLength, f.MaxEntries = a.MaxLength[f.Name], a.MaxEntries[f.Name]
			f.Required = a.Required == f.Name
			fields = append(fields, f)
		}
	}
	return fields
}

// appName is what the ids of an app begin with.
func appName(index int) string { return string(rune('x' + index)) }

// open returns the app with these fields, empty.
func (a App) open(w *world, index int, fields []contact.Field) *fake.App {
	q := fake.Quirks{NoVersions: a.NoVersions, NoModified: a.NoModified, NoTombstones: a.NoTombs, ReuseIDs: a.ReuseIDs, PageSize: a.Page, BatchSize: a.Batch,
		Lag: time.Duration(a.Lag) * time.Second, Settle: a.settle(), Granularity: time.Duration(a.Granularity) * time.Millisecond, MaxEntries: a.MaxEntries}
	if len(a.Normalize) > 0 {
		q.Normalize = map[string]fake.Form{}
		for field, form := range a.Normalize {
			q.Normalize[field] = fake.Form(form)
		}
	}
	if a.Unique {
		q.Unique = []string{"email"}
	}
	options := []fake.Option{fake.WithQuirks(q), fake.WithClock(&clock{w: w, skew: time.Duration(a.Skew) * time.Second})}
	for _, o := range []struct {
		on     bool
		option fake.Option
	}{{a.Markers, fake.WithMarkers()}, {a.NoFeed, fake.WithoutFeed()}, {a.Upsert, fake.WithUpsert()}, {a.Push, fake.WithPush("secret")},
		{a.FindBy, fake.WithFindBy("email")}, {a.Shuffle, fake.WithShuffle(w.Seed | 1)}} {
		if o.on {
			options = append(options, o.option)
		}
	}
	return fake.New(appName(index), fields, options...)
}

// mapped returns the fields that a connection maps.
func (s *Script) mapped(c *Connection) (fields []string) {
	for _, f := range catalogue {
		if f.Name == "tags" && c.NoTags {
			continue
		}
		if slices.Contains(s.Apps[c.Apps[0]].Fields, f.Name) && slices.Contains(s.Apps[c.Apps[1]].Fields, f.Name) {
			fields = append(fields, f.Name)
		}
	}
	return fields
}

// keys returns the match keys of a connection.
func (c *Connection) keys() []string {
	if c.Keys == nil {
		return []string{"email"}
	}
	return c.Keys
}

// connName is the id of a connection.
func connName(index int) string { return fmt.Sprintf("c%d", index) }

// document returns the connection as the library takes it.
func (s *Script) document(index int, c *Connection) contactsync.Connection {
	doc := contactsync.Connection{ID: connName(index), Owner: "o", Direction: map[string]contactsync.Direction{"a_to_b": contactsync.AToB, "b_to_a": contactsync.BToA}[c.Direction],
		Scope: contactsync.Scoping(c.Scope), Deletions: contactsync.Deletions{FromA: contactsync.Deletion(c.Deletions[0]), FromB: contactsync.Deletion(c.Deletions[1])}}
	switch c.Conflict {
	case "b":
		doc.Conflict.Winner = contactsync.B
	case "newest", "ask":
		doc.Conflict.Kind = contactsync.PolicyKind(c.Conflict)
	}
	gone := func(side int) []contactsync.Action {
		return []contactsync.Action{contactsync.Add(s.Apps[c.Apps[side]].path("tags"), "gone")}
	}
	if c.Deletions[1] == "mark" {
		doc.Deletions.Mark.A = gone(0)
	}
	if c.Deletions[0] == "mark" {
		doc.Deletions.Mark.B = gone(1)
	}
	for _, k := range c.Keys {
		doc.Match.Keys = append(doc.Match.Keys, contactsync.MatchKey{Kind: k})
	}
	doc.Match.AllowKeyless = c.Keyless
	if c.Suggest {
		doc.Match.SuggestAbove = 0.6
	}
	for _, m := range []struct {
		n     int
		limit *contactsync.Limit
	}{{c.MaxDeletes, &doc.Guard.MaxDeletions}, {c.MaxClears, &doc.Guard.MaxClears}, {c.MaxCreates, &doc.Guard.MaxCreates}} {
		if m.n > 0 {
			*m.limit = contactsync.AtMost(m.n)
		}
	}
	doc.Mappings = []contactsync.Mapping{}
	for _, f := range s.mapped(c) {
		doc.Mappings = append(doc.Mappings, s.mapping(c, f))
	}
	if c.Rules != nil {
		doc.Rules = []contactsync.Rule{}
	}
	for i, r := range c.Rules {
		doc.Rules = append(doc.Rules, r.document(i, s.Apps[c.Apps[r.From&1]], s.Apps[c.Apps[1-r.From&1]]))
	}
	return doc
}

// mapping returns the mapping of a field.
func (s *Script) mapping(c *Connection, field string) contactsync.Mapping {
	m := contactsync.MapFields(s.Apps[c.Apps[0]].path(field), s.Apps[c.Apps[1]].path(field))
	if c.OneWay == field {
		m.Direction = contactsync.AToB
	}
	if c.KeepClear == field {
		m.OnClear = contactsync.OnClearKeep
	}
	if c.Group && (field == "first" || field == "last") {
		m.Group = "name"
	}
	return m
}

// document returns the rule as the library takes it, over the apps that it is from and to.
func (r Rule) document(index int, from, to App) contactsync.Rule {
	out := contactsync.FilterRule{ID: fmt.Sprintf("r%d", index), From: contactsync.Side(r.From), Mode: contactsync.Mode(r.Mode), Undo: contactsync.Undo(r.Undo),
		OtherWayAround: r.Turn}
	switch {
	case r.Has != "":
		out.Filter = contactsync.Has(from.path("tags"), r.Has)
	case r.Not != "":
		out.Filter = contactsync.HasNot(from.path("tags"), r.Not)
	}
	if r.Add != "" {
		out.Actions = []contactsync.Action{contactsync.Add(to.path("tags"), r.Add)}
	}
	return out
}

// admits is what the rule's filter says of a record.
func (r Rule) admits(fields contact.Fields) (yes, known bool) {
	tag := r.Has + r.Not
	if tag == "" {
		return true, true
	}
	tags := fields["tags"]
	if tags.Absent() {
		return false, false
	}
	has := slices.ContainsFunc(tags.Elements(), func(e string) bool { return strings.EqualFold(e, tag) })
	return has == (r.Has != ""), true
}

// setup returns the world in the words of the oracle.
func (w *world) setup() oracle.Setup {
	if w.Guest != nil {
		return w.Guest.setup(w)
	}
	var out oracle.Setup
	for i, a := range w.Apps {
		lag := w.lag(i)
		app := oracle.App{Name: appName(i), Versions: !a.NoVersions, Modified: !a.NoModified && !a.Poison && a.Skew == 0 && a.Granularity == 0, Tombstones: !a.NoTombs && !a.NoFeed, Partial: a.Push, Lag: lag}
		for _, f := range a.Schema() {
			hold := func(v contact.Value) contact.Value {
				held, err := w.apps[i].Hold(f.Name, v)
				if err != nil {
					return contact.Empty
				}
				return held
			}
			app.Fields = append(app.Fields, oracle.Field{Field: f, Hold: hold, Unique: a.Unique && f.Name == "email"})
		}
		out.Apps = append(out.Apps, app)
	}
	for _, skew := range w.Skew {
		out.Behind = max(out.Behind, time.Duration(-skew)*time.Second)
	}
	for i := range w.Conns {
		out.Connections = append(out.Connections, *w.asked(i, &w.Conns[i]))
	}
	return out
}

// asked returns a connection in the words of the oracle.
func (w *world) asked(index int, c *Connection) *oracle.Connection {
	or := func(text, other string) string {
		if text == "" {
			return other
		}
		return text
	}
	out := &oracle.Connection{ID: connName(index), Apps: c.Apps, Direction: or(c.Direction, "both"), Conflict: or(c.Conflict, "a"),
		Deletions: [2]string{or(c.Deletions[0], "keep"), or(c.Deletions[1], "keep")}, Scope: or(c.Scope, "rule"), Keys: c.keys(), RequireKey: !c.Keyless}
	if slices.Contains(c.Deletions[:], "mark") {
		out.Mark = [2]oracle.Element{{Field: "tags", Element: "gone"}, {Field: "tags", Element: "gone"}}
	}
	limit := func(n int, other func(int) int) func(int) int {
		if n > 0 {
			return func(int) int { return n }
		}
		return other
	}
	// What the guards allow where nothing is said: see contactsync.Guard.
	usual := func(linked int) int { return min(max(2, linked/2), max(10, linked/10)) }
	out.MaxDeletes, out.MaxClears, out.MaxCreates = limit(c.MaxDeletes, usual), limit(c.MaxClears, usual), limit(c.MaxCreates, nil)
	for _, f := range w.mapped(c) {
		m := oracle.Mapping{A: f, B: f, Direction: "both", KeepClear: c.KeepClear == f}
		if c.OneWay == f {
			m.Direction = "a_to_b"
		}
		if c.Group && (f == "first" || f == "last") {
			m.Group = "name"
		}
		out.Mappings = append(out.Mappings, m)
	}
	rules := c.Rules
	if rules == nil {
		rules = []Rule{{From: 0}, {From: 1}}
	}
	for i, r := range rules {
		rule := oracle.Rule{ID: fmt.Sprintf("r%d", i), From: oracle.Side(r.From), Mode: or(r.Mode, "create_and_update"), Admits: r.admits, Undo: r.Undo, OtherWayAround: r.Turn}
		if r.Add != "" {
			rule.Actions = []oracle.RuleAction{{Kind: "add", Field: "tags", Element: r.Add}}
		}
		out.Rules = append(out.Rules, rule)
	}
	return out
}

// features returns what a connector of the app shows: of a bare one nothing.
func (a App) features(all connector.Features) connector.Features {
	if a.Bare {
		return connector.Features{}
	}
	return all
}
