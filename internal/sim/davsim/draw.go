package davsim

import (
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/contactsync/contactsync/internal/sim"
)

// A family is a fault of the catalogue and how it befalls requests: of which kinds, with which statuses, up to how many in a
// row.
type family struct {
	id, kind string
	on       []string
	statuses []int
	times    int
}

// The kinds of requests.
var (
	lists    = []string{"REPORT sync-collection", "PROPFIND"}
	readings = []string{"REPORT addressbook-multiget", "REPORT sync-collection", "REPORT addressbook-query", "PROPFIND", "GET"}
	writings = []string{"PUT", "PUT", "DELETE"}
	requests = slices.Concat(readings, writings)
)

// families are the faults of requests.
var families = []family{
	{id: "F1", kind: "http_dropped", on: requests, times: 6},
	{id: "F1", kind: "http_error_before", on: requests, statuses: []int{500, 502, 503, 404}, times: 6},
	{id: "F2", kind: "unlist", on: lists},
	{id: "F3", kind: "http_truncated", on: readings, times: 2},
	{id: "F3", kind: "http_wrong_length", on: readings, times: 2},
	{id: "F6", kind: "expire", on: []string{"REPORT sync-collection"}},
	{id: "F16", kind: "http_garbage", on: requests, times: 3},
	{id: "F16", kind: "http_login_page", on: requests, times: 3},
	{id: "F16", kind: "http_redirect", on: requests, times: 2},
	{id: "F20", kind: "stray", on: lists},
	{id: "F21", kind: "http_answer_lost", on: writings, times: 2},
	{id: "F22", kind: "http_error_after", on: writings, statuses: []int{500, 502, 503, 504}, times: 2},
	{id: "F26", kind: "meanwhile", on: []string{"PUT", "DELETE", "REPORT addressbook-multiget", "REPORT sync-collection"}},
	{id: "F28", kind: "http_error_before", on: requests, statuses: []int{429}, times: 7},
	{id: "F29", kind: "http_error_before", on: requests, statuses: []int{507}, times: 3},
	{id: "F30", kind: "http_error_before", on: requests, statuses: []int{401}, times: 20},
	{id: "F31", kind: "http_error_before", on: writings, statuses: []int{403}},
	{id: "F61", kind: "crash_before", on: requests},
	{id: "F61", kind: "crash_after", on: requests},
	{id: "F62", kind: "meanwhile", on: requests},
}

// A stream is a source of draws; see package sim.
type stream struct{ *rand.Rand }

func newStream(seed uint64, part string) stream {
	h := fnv.New64a()
	_, _ = h.Write([]byte("davsim " + part))
	return stream{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

func (s stream) oneIn(n int) bool { return s.IntN(n) == 0 }

func pick[T any](s stream, choices ...T) T { return choices[s.IntN(len(choices))] }

// Draw returns the script of a seed: that of package sim, with an address book in the place of one of its apps.
func Draw(seed uint64) *sim.Script {
	out := sim.Draw(seed)
	s := newStream(seed, "world")
	book := pick(s, 0, 1, 1)
	a := &out.Apps[book]
	a.Habits = drawHabits(s)
	become(a)
	for i := range out.Conns {
		fit(out, &out.Conns[i])
	}
	if q := quirksOf(a.Habits); forgets(q) {
		out.Rest = 25 * 60
	}
	out.Steps = slices.DeleteFunc(out.Steps, func(st sim.Step) bool { return st.Do == "account" && st.App == book })
	for i := range out.Steps {
		fitStep(out, &out.Steps[i])
	}
	drawFaults(newStream(seed, "faults"), out, book)
	return out
}

// drawHabits draws a server: one that people use, or one with a few habits of its own.
func drawHabits(s stream) (habits []string) {
	if s.oneIn(2) {
		habits = append(habits, pick(s, slices.Sorted(maps.Keys(presets))...))
	} else {
		for range s.IntN(4) {
			habits = append(habits, pick(s, slices.Sorted(maps.Keys(single))...))
		}
	}
	if s.oneIn(4) {
		habits = append(habits, pick(s, "apple_groups", "kind_groups"))
	}
	q := quirksOf(habits)
	habits = slices.DeleteFunc(habits, func(h string) bool {
		if strings.HasSuffix(h, "_groups") && (q.Query == davfake.QueryMissing || slices.Contains(q.Rewrite, davfake.NewUID)) {
			return true // nobody can ask for groups, or they name their members by UIDs that do not last
		}
		return h == "apple_groups" && drops(q) || h == "kind_groups" && q.Versions != nil && !slices.Contains(q.Versions, "4.0")
	})
	slices.Sort(habits)
	return slices.Compact(habits)
}

// become makes an app an address book: it has what cards have, and none of the habits that a fake app may have.
func become(a *sim.App) {
	fields := slices.Clone(a.Fields)
	if slices.Contains(fields, "phones") { // both would be the TEL of the card
		fields = slices.DeleteFunc(fields, func(f string) bool { return f == "phone" })
	}
	*a = sim.App{Kind: "carddav", Fields: fields, Habits: a.Habits, Markers: true, NoModified: true, Automate: a.Automate, Fidget: a.Fidget, Poison: a.Poison,
		CursorLife: a.CursorLife, NoTombs: quirksOf(a.Habits).NoSync,
		Paths: map[string]string{"serial": "nickname", "email": "emails[primary]", "tags": "labels"}}
	if slices.Contains(fields, "phone") {
		a.Paths["phone"] = "phones[primary]"
	}
}

// fit takes from a connection what its apps do not have.
func fit(out *sim.Script, c *sim.Connection) {
	for _, app := range c.Apps {
		if slices.Contains(c.Keys, "phone") && !slices.Contains(out.Apps[app].Fields, "phone") {
			c.Keys = nil
		}
		if !slices.Contains(out.Apps[app].Fields, "tags") {
			c.Rules, c.Scope = nil, ""
			for i := range c.Deletions {
				if c.Deletions[i] == "mark" {
					c.Deletions[i] = ""
				}
			}
		}
	}
}

// fitStep does the same of what happens in a step.
func fitStep(out *sim.Script, st *sim.Step) {
	if st.Config != nil {
		c := *st.Config
		fit(out, &c)
		st.Config = &c
	}
	for i := range st.Faults {
		for j := range st.Faults[i].Meanwhile {
			fitStep(out, &st.Faults[i].Meanwhile[j])
		}
	}
}

// drawFaults draws what goes wrong with requests, in syncs that something goes wrong with.
func drawFaults(s stream, out *sim.Script, book int) {
	odds := pick(s, 0, 3, 2, 1, 1)
	quirks := quirksOf(out.Apps[book].Habits)
	for i := range out.Steps {
		st := &out.Steps[i]
		if st.Do != "sync" && st.Do != "preview" || odds == 0 || !s.oneIn(odds) {
			continue
		}
		for range 1 + s.IntN(3) {
			f := pick(s, families...)
			switch {
			case f.id == "F26" && quirks.Weak: // such a server cannot refuse a write that an edit has overtaken on its way
				f.on = slices.DeleteFunc(slices.Clone(f.on), func(kind string) bool { return slices.Contains(writings, kind) })
			case f.id == "F61" && previewed(out.Steps[i+1:]): // it finds out nothing about what is lost, and the sync after it does
				continue
			case f.id == "F62" && len(out.Conns) == 1 && out.Engines < 2:
				continue
			case f.kind == "unlist", f.kind == "expire" && forgets(quirks):
				out.Rest = 25 * 60 // what was not told then is told when the book is named anew
			}
			fault := sim.Fault{Family: f.id, Kind: f.kind, On: pick(s, f.on...), Side: 2, Nth: pick(s, 0, 0, 0, 1, 1, 2, 3), Times: 1 + s.IntN(max(f.times, 1))}
			if len(f.statuses) > 0 {
				fault.N = pick(s, f.statuses...)
			}
			if f.kind == "meanwhile" {
				fault.Meanwhile = drawMeanwhile(s, out, f.id, book)
			}
			st.Faults = append(st.Faults, fault)
		}
	}
}

// previewed reports whether a preview comes before the next sync.
func previewed(steps []sim.Step) bool {
	i := slices.IndexFunc(steps, func(st sim.Step) bool { return st.Do == "sync" || st.Do == "preview" })
	return i >= 0 && steps[i].Do == "preview"
}

// drawMeanwhile draws what happens while a request is on its way: mostly in the book.
func drawMeanwhile(s stream, out *sim.Script, family string, book int) (steps []sim.Step) {
	for range 1 + s.IntN(2) {
		st := sim.Step{Do: pick(s, "edit", "edit", "edit", "tag", "delete", "enter"), App: book, Conn: s.IntN(len(out.Conns)), Engine: s.IntN(max(out.Engines, 1)),
			Person: s.IntN(6), Other: s.IntN(6), N: s.IntN(60), Field: pick(s, out.Apps[book].Fields[1:]...)}
		if family == "F62" {
			st.Do = pick(s, "sync", "sync", "preview")
		}
		if st.Field == "email" {
			st.Field = "first"
		}
		if s.oneIn(4) {
			st.App = s.IntN(len(out.Apps))
		}
		steps = append(steps, st)
	}
	return steps
}
