package oracle_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// fields of the tests, by their short names: values are texts, and sets where they are slices.
type f map[string]any

func (v f) fields() contact.Fields {
	out := contact.Fields{}
	for name, x := range v {
		switch x := x.(type) {
		case nil:
			out[name] = contact.Empty
		case string:
			out[name] = contact.Text(x)
		case []string:
			out[name] = contact.Set(x...)
		case contact.Value:
			out[name] = x
		}
	}
	return out
}

// history tells an oracle what happens, in few words: app 0 is "a", app 1 is "b", connection "c" is between the two.
// What the library says after a sync is made up from what the history did, unless the test says otherwise.
type history struct {
	t      *testing.T
	o      *oracle.Oracle
	setup  oracle.Setup
	now    time.Time
	apps   []map[string]contact.Fields
	links  [][2]string
	status [2]map[string]oracle.RecordStatus // where it is not in_sync or excluded
	held   map[string]int
	news   []oracle.JournalEntry
	counts [2]oracle.Counts
	reason string // of the journal
	lost   contact.Value
	quiet  bool // the next writes are not in the journal
	untold bool
	hidden map[string]string // by id, a field that the app does not show
	more   bool              // the next writes are of the same call as those before
	engine int
	phase  string
	halt   string
}

// apps returns three apps of six text fields, an email and a set of tags.
func apps() []oracle.App {
	var all []oracle.App
	for _, name := range []string{"a", "b", "z"} {
		app := oracle.App{Name: name, Versions: true, Modified: true, Tombstones: true}
		for _, field := range []contact.Field{
			{Name: "email", Type: contact.TypeEmail}, {Name: "first", Type: contact.TypeText}, {Name: "company", Type: contact.TypeText},
			{Name: "notes", Type: contact.TypeText}, {Name: "labels", Type: contact.TypeSet}, {Name: "tags", Type: contact.TypeSet},
			{Name: "owner", Type: contact.TypeText},
		} {
			app.Fields = append(app.Fields, oracle.Field{Field: field})
		}
		all = append(all, app)
	}
	return all
}

// twoWay returns the connection of the tests: email, first and company both ways, a wins.
func twoWay() oracle.Connection {
	return oracle.Connection{ID: "c", Apps: [2]int{0, 1}, Direction: "both", Conflict: "a", Deletions: [2]string{"keep", "keep"},
		Scope: "rule", Keys: []string{"email"}, RequireKey: true,
		Mappings: []oracle.Mapping{{A: "email", B: "email", Direction: "both"}, {A: "first", B: "first", Direction: "both"},
			{A: "company", B: "company", Direction: "both"}},
		Rules: []oracle.Rule{{ID: "ra", From: 0, Mode: "create_and_update"}, {ID: "rb", From: 1, Mode: "create_and_update"}}}
}

// has returns a filter that lets through whose set has the element; hasNot the opposite.
func has(field, element string) func(contact.Fields) (bool, bool) {
	return func(v contact.Fields) (bool, bool) {
		for _, e := range v[field].Elements() {
			if e == element {
				return true, true
			}
		}
		return false, true
	}
}

func hasNot(field, element string) func(contact.Fields) (bool, bool) {
	return func(v contact.Fields) (bool, bool) {
		in, known := has(field, element)(v)
		return !in, known
	}
}

// begin starts a history; change may change the apps and the connection before.
func begin(t *testing.T, change func(a []oracle.App, c *oracle.Connection)) *history {
	h := &history{t: t, now: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC), reason: "changed", phase: "active"}
	c := twoWay()
	h.setup.Apps = apps()
	if change != nil {
		change(h.setup.Apps, &c)
	}
	h.setup.Connections = []oracle.Connection{c}
	h.o = oracle.New(h.setup)
	h.apps = []map[string]contact.Fields{{}, {}}
	h.status = [2]map[string]oracle.RecordStatus{{}, {}}
	return h
}

func (h *history) see(e oracle.Event) {
	h.now = h.now.Add(time.Second)
	e.Time = h.now
	h.o.See(e)
}

func (h *history) advance(d time.Duration) { h.now = h.now.Add(d) }

func (h *history) hold(app int, v contact.Fields) contact.Fields {
	out := contact.Fields{}
	for name, x := range v {
		for _, field := range h.setup.Apps[app].Fields {
			if field.Field.Name == name && field.Hold != nil && !x.Blank() {
				x = field.Hold(x)
			}
		}
		out[name] = x
	}
	return out
}

// whole returns what a new record holds: what is not entered is empty.
func (h *history) whole(app int, v f) contact.Fields {
	out := h.hold(app, v.fields())
	for _, field := range h.setup.Apps[app].Fields {
		if _, ok := out[field.Field.Name]; !ok {
			out[field.Field.Name] = contact.Empty
		}
	}
	return out
}

func (h *history) create(app int, id string, v f) {
	h.apps[app][id] = h.whole(app, v)
	h.see(oracle.Event{Kind: oracle.UserCreate, App: app, ID: id, After: h.apps[app][id].Clone()})
}

func (h *history) change(app int, id string, v contact.Fields) (before, after contact.Fields) {
	before, after = h.apps[app][id].Clone(), h.apps[app][id].Clone()
	if after == nil {
		after = contact.Fields{}
	}
	for name, x := range h.hold(app, v) {
		after[name] = x
	}
	h.apps[app][id] = after.Clone()
	return before, after
}

func (h *history) edit(app int, id string, v f) {
	before, after := h.change(app, id, v.fields())
	h.see(oracle.Event{Kind: oracle.UserEdit, App: app, ID: id, Before: before, After: after})
}

func (h *history) remove(app int, id string) {
	h.see(oracle.Event{Kind: oracle.UserDelete, App: app, ID: id, Before: h.apps[app][id]})
	delete(h.apps[app], id)
}

// behind lets the clock of an engine be that far behind.
func (h *history) behind(d time.Duration) {
	h.setup.Behind = d
	h.o = oracle.New(h.setup)
}

// merge is an app that makes one record part of another, which holds what it held, and tells so.
func (h *history) merge(app int, into, from string) {
	before := h.apps[app][into].Clone()
	delete(h.apps[app], from)
	h.see(oracle.Event{Kind: oracle.UserMerge, App: app, ID: into, Other: from, Before: before, After: before})
	h.see(oracle.Event{Kind: oracle.Shown, App: app, Conn: "c", ID: from, Other: into, Gone: true})
}

// rekey is an app that gives a record another id, without a word.
func (h *history) rekey(app int, id, other string) {
	h.see(oracle.Event{Kind: oracle.AppRekey, App: app, ID: id, Other: other})
	h.apps[app][other] = h.apps[app][id]
	delete(h.apps[app], id)
}

func (h *history) decide(verb string, app int, id, other string) {
	h.see(oracle.Event{Kind: oracle.UserDecide, Conn: "c", Verb: verb, App: app, ID: id, Other: other})
}

// show shows every record that there is, but for what is hidden.
func (h *history) show() {
	for app := range h.apps {
		for _, id := range sortedIDs(h.apps[app]) {
			after := h.apps[app][id].Clone()
			delete(after, h.hidden[id])
			h.see(oracle.Event{Kind: oracle.Shown, App: app, Conn: "c", Engine: h.engine, ID: id, After: after})
		}
	}
}

// showOld shows a record as it was.
func (h *history) showOld(app int, id string, v f) {
	h.see(oracle.Event{Kind: oracle.Shown, App: app, Conn: "c", Engine: h.engine, ID: id, After: v.fields()})
}

// sync is one whole sync: all is shown, then the writes are made, then the library says how all stands.
func (h *history) sync(writes ...func()) {
	h.open()
	h.show()
	for _, w := range writes {
		w()
	}
	h.close("")
}

func (h *history) open() {
	h.counts = [2]oracle.Counts{}
	h.see(oracle.Event{Kind: oracle.SyncBegin, Conn: "c", Engine: h.engine})
}

func (h *history) close(err string) {
	h.see(oracle.Event{Kind: oracle.SyncEnd, Conn: "c", Engine: h.engine, Err: err, Counts: h.counts})
	h.say()
}

// say tells how all stands: who is linked is in sync, who is not is excluded, unless h.status says otherwise.
func (h *history) say() {
	s := &oracle.Statement{Phase: h.phase, Reason: h.halt, Held: h.held, Linked: h.linked()}
	paired := [2]map[string]bool{{}, {}}
	for _, l := range s.Linked {
		paired[0][l[0]], paired[1][l[1]] = true, true
	}
	for app := range h.apps {
		s.Records[app] = map[string]oracle.RecordStatus{}
		for id := range h.apps[app] {
			st, ok := h.status[app][id]
			switch {
			case ok:
			case paired[app][id]:
				st.Status = "in_sync"
			default:
				st = oracle.RecordStatus{Status: "excluded", Reason: "filter"}
			}
			s.Records[app][id] = st
		}
		s.Total[app] = len(s.Records[app])
	}
	s.Journal, h.news = h.news, nil
	h.see(oracle.Event{Kind: oracle.Said, Conn: "c", Statement: s})
}

// linked returns the links of which both halves are there.
func (h *history) linked() (all [][2]string) {
	for _, l := range h.links {
		if h.apps[0][l[0]] != nil && h.apps[1][l[1]] != nil {
			all = append(all, l)
		}
	}
	return all
}

func (h *history) pair(a, b string) func() {
	return func() { h.links = append(h.links, [2]string{a, b}) }
}

func (h *history) wrote(app int, id, op string, before, after contact.Fields) {
	h.see(oracle.Event{Kind: oracle.Called, App: app, Conn: "c", Engine: h.engine, Op: op})
	h.see(oracle.Event{Kind: oracle.Wrote, App: app, Conn: "c", Engine: h.engine, ID: id, Op: op, Before: before, After: after, Told: !h.untold, Rest: h.more})
	switch op {
	case "create":
		h.counts[app].Created++
	case "update":
		h.counts[app].Updated++
	case "delete":
		h.counts[app].Deleted++
	}
	if h.quiet {
		return
	}
	entry := oracle.JournalEntry{Side: oracle.Side(app), ID: id, Op: op, Reason: h.reason, Lost: h.lost}
	if op == "delete" {
		h.news = append(h.news, entry)
	}
	for _, name := range after.Names() {
		if !after[name].Equal(before[name]) {
			entry.Field, entry.Before, entry.After = name, before[name], after[name]
			h.news = append(h.news, entry)
		}
	}
}

func (h *history) made(app int, id string, v f) func() {
	return func() {
		after := h.whole(app, v)
		h.apps[app][id] = after.Clone()
		h.wrote(app, id, "create", nil, after)
	}
}

func (h *history) put(app int, id string, v f) func() {
	return func() {
		before, after := h.change(app, id, v.fields())
		h.wrote(app, id, "update", before, after)
	}
}

func (h *history) drop(app int, id string) func() {
	return func() {
		before := h.apps[app][id]
		delete(h.apps[app], id)
		h.wrote(app, id, "delete", before, nil)
	}
}

func sortedIDs(m map[string]contact.Fields) []string {
	f := contact.Fields{}
	for id := range m {
		f[id] = contact.Bool(true)
	}
	return f.Names()
}

// ann is one person in both apps, linked and in sync, as a1 and b1.
func (h *history) ann() {
	v := f{"email": "ann@example.com", "first": "Ann", "company": "Acme"}
	h.create(0, "a1", v)
	h.sync(h.made(1, "b1", v), h.pair("a1", "b1"))
}

// rest lets everything come to rest.
func (h *history) rest() {
	h.see(oracle.Event{Kind: oracle.Calm})
	for range 4 {
		h.advance(time.Hour)
		h.sync()
		h.see(oracle.Event{Kind: oracle.CalmRound})
	}
}

// want compares what the oracle found with the names of the invariants that are broken.
func (h *history) want(names ...string) {
	h.t.Helper()
	found := map[string]bool{}
	text := ""
	for _, v := range h.o.Violations() {
		found[v.Invariant] = true
		text += fmt.Sprintf("\n%s at %d: %s", v.Invariant, v.At, v.Text)
	}
	for _, name := range names {
		if !found[name] {
			h.t.Errorf("%s was not found; found were: %s", name, text)
		}
	}
	for _, name := range names {
		delete(found, name)
	}
	if len(found) > 0 {
		h.t.Errorf("falsely accused: %s", text)
	}
}
