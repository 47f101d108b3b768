package contactsync

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// two is a shelf with one record on each side, in the words of [spelled].
func two(cfg *config, a, b string) *shelf {
	d := newShelf(cfg)
	for s, text := range [2]string{a, b} {
		d.put(&mirror{side: Side(s), id: [2]string{"a1", "b1"}[s], version: "1", Fields: spelled(cfg.schema[s], text)})
	}
	return d
}

// TestUnits: how units stand that are none of the commonest.
func TestUnits(t *testing.T) {
	t.Parallel()
	type world struct {
		*shelf
		link   *link
		cutOff [2]bool
	}
	linked := func(w *world) {
		w.link = &link{key: "1", ID: [2]string{"a1", "b1"}, Let: [2]bool{true, true}, Touch: [2]string{"1", "1"}, Decided: true}
		w.shelf.link(w.link)
	}
	gone := func(w *world) { linked(w); w.mirrors[ref{A, "a1"}].Gone = deleted }
	bare := func(w *world) { // b knows no versions
		gone(w)
		b := w.mirrors[ref{B, "b1"}]
		b.version = ""
		w.link.Touch[B] = b.touch()
	}
	follow := Deletions{FromA: DeletionDelete}
	deletes := func(n int) func(*testing.T, *move) {
		return func(t *testing.T, m *move) {
			require.Len(t, m.writes, n)
			require.Len(t, m.waits, n)
			require.False(t, m.severed[A])
		}
	}
	mark := Deletions{FromA: DeletionMark, Mark: MarkActions{B: []Action{Add("tags", "gone"), Set("stage", contact.Text("old"))}}}
	labelled := []Rule{FilterRule{From: A, Filter: Has("labels", "in")}, FilterRule{From: B, Filter: Has("labels", "in")}}
	onlyKnown := []Rule{FilterRule{From: A, Mode: UpdateOnly}, FilterRule{From: A, Mode: CreateOnly, Filter: Has("labels", "in")}, FilterRule{From: B}}
	nobody := func(t *testing.T, m *move) { require.Nil(t, m.link) }
	for _, tt := range []struct {
		name   string
		c      Connection
		a, b   string
		change func(*world)
		status string
		reason string
		writes string
		check  func(*testing.T, *move)
	}{
		{"a pair of which a write is open", Connection{}, "email=x@x.org stage=1", "email=x@x.org", func(w *world) { linked(w); w.sent = map[ref]bool{{B, "b1"}: true} }, StatusPending, ReasonUnknownOutcome, "",
			func(t *testing.T, m *move) { require.Equal(t, [2]bool{true, true}, m.let) }},
		{"a pair of which a write to a is open", Connection{}, "email=x@x.org stage=1", "email=x@x.org", func(w *world) { linked(w); w.sent = map[ref]bool{{A, "a1"}: true} }, StatusPending, ReasonUnknownOutcome, "", nil},
		{"one that was deleted is back under its id", Connection{}, "email=x@x.org", "email=x@x.org", func(w *world) { linked(w); w.link.Gone[A] = true }, StatusInSync, "", "",
			func(t *testing.T, m *move) { require.Equal(t, [2]bool{}, m.link.Gone) }},
		{"a survivor is marked", Connection{Deletions: mark}, "email=x@x.org", "email=x@x.org", gone, StatusDeleted, "", "stage=old tags+gone",
			func(t *testing.T, m *move) {
				require.True(t, m.severed[A])
				require.True(t, m.writes[0].mark)
				require.Equal(t, "its counterpart was deleted in a", m.writes[0].why["stage"].Because)
			}},
		{"a survivor that bears a part of the mark", Connection{Deletions: mark}, "email=x@x.org", "email=x@x.org stage=old", gone, StatusDeleted, "", "tags+gone", nil},
		{"a survivor that bears the mark", Connection{Deletions: mark}, "email=x@x.org", "email=x@x.org stage=old tags=GONE", gone, StatusDeleted, "", "", func(t *testing.T, m *move) { require.True(t, m.severed[A]) }},
		{"a survivor of which a write is open", Connection{Deletions: mark}, "email=x@x.org", "email=x@x.org", func(w *world) { gone(w); w.sent = map[ref]bool{{B, "b1"}: true} }, StatusPending, ReasonUnknownOutcome, "", nil},
		{"a survivor whose mark is not told", Connection{Deletions: mark}, "email=x@x.org", "email=x@x.org", func(w *world) { gone(w); w.mirrors[ref{B, "b1"}].Unseen = []string{"tags"} }, StatusPending, ReasonUnread, "",
			func(t *testing.T, m *move) { require.False(t, m.severed[A]) }},
		{"a survivor that bore the mark, which is not told", Connection{Deletions: mark}, "email=x@x.org", "email=x@x.org tags=gone", func(w *world) { gone(w); w.mirrors[ref{B, "b1"}].Unseen = []string{"tags"} }, StatusDeleted, "", "stage=old",
			func(t *testing.T, m *move) { require.True(t, m.severed[A]) }},
		{"its counterpart is deleted", Connection{Deletions: follow}, "email=x@x.org", "email=x@x.org", bare, StatusDeleted, "", "", deletes(1)},
		{"a field of it is not told", Connection{Deletions: follow}, "email=x@x.org", "email=x@x.org", func(w *world) { bare(w); w.mirrors[ref{B, "b1"}].Unseen = []string{"first"} }, StatusPending, ReasonUnread, "", deletes(0)},
		{"what is shown of it may be an edit", Connection{Deletions: follow}, "email=x@x.org", "email=x@x.org", func(w *world) { bare(w); w.mirrors[ref{B, "b1"}].Doubt = &contact.Record{} }, StatusPending, ReasonSettling, "", deletes(0)},
		{"its app was cut off", Connection{Deletions: follow}, "email=x@x.org", "email=x@x.org", func(w *world) { bare(w); w.cutOff[B] = true }, StatusPending, ReasonSettling, "", deletes(0)},
		{"the other app was cut off", Connection{Deletions: follow}, "email=x@x.org", "email=x@x.org", func(w *world) { bare(w); w.cutOff[A] = true }, StatusDeleted, "", "", deletes(1)},
		{"nothing of its version is told, nor it", Connection{Deletions: follow}, "email=x@x.org", "email=x@x.org", func(w *world) {
			gone(w)
			w.mirrors[ref{B, "b1"}].Unseen, w.mirrors[ref{B, "b1"}].Doubt, w.cutOff[B] = []string{"first"}, &contact.Record{}, true
		}, StatusDeleted, "", "", deletes(1)},
		{"one whose person was forgotten", Connection{}, "email=x@x.org", "", func(w *world) {
			delete(w.mirrors, ref{A, "a1"})
			w.mirrors[ref{A, "a1"}] = &mirror{side: A, id: forgottenMark + "a1"}
		}, StatusExcluded, ReasonForgotten, "", nil},
		{"two of one key whom no rule lets in", Connection{Rules: labelled}, "email=x@x.org", "email=x@x.org", nil, StatusExcluded, ReasonFilter, "", nobody},
		{"and whom a rule would keep in", Connection{Rules: labelled, Scope: ScopeSticky}, "email=x@x.org", "email=x@x.org", nil, StatusExcluded, ReasonFilter, "", nobody},
		{"two of whom a's is let in", Connection{Rules: labelled}, "email=x@x.org labels=in", "email=x@x.org", nil, StatusInSync, "", "", nil},
		{"two of whom b's is let in", Connection{Rules: labelled, Scope: ScopeSticky}, "email=x@x.org", "email=x@x.org labels=in", nil, StatusInSync, "", "", nil},
		{"whether it may be created is not known", Connection{Rules: onlyKnown}, "email=x@x.org labels?", "email=y@x.org", nil, StatusPending, ReasonUnread, "", nil},
		{"it may not be created", Connection{Rules: onlyKnown}, "email=x@x.org", "email=y@x.org", nil, StatusExcluded, ReasonFilter, "", nil},
		{"it may", Connection{Rules: onlyKnown}, "email=x@x.org labels=in", "email=y@x.org", nil, StatusInSync, "", "email=x@x.org", nil},
		{"it was sent", Connection{}, "email=x@x.org", "email=y@x.org", func(w *world) { w.sent = map[ref]bool{{A, "a1"}: true} }, StatusPending, ReasonUnknownOutcome, "", nil},
		{"the other app was not read to its end", Connection{}, "email=x@x.org", "email=y@x.org", func(w *world) { w.partly[B] = true }, StatusPending, ReasonSettling, "", nil},
		{"the other app, which knows its key, was not read to its end", Connection{}, "email=x@x.org", "email=x@x.org", func(w *world) { w.partly[B] = true }, StatusPending, ReasonSettling, "", nil},
		{"the other app was not read to its end, and it may not be created", Connection{Rules: onlyKnown}, "email=x@x.org", "email=y@x.org", func(w *world) { w.partly[B] = true }, StatusExcluded, ReasonFilter, "", nil},
		{"its own app was not read to its end", Connection{}, "email=x@x.org", "email=x@x.org", func(w *world) { w.partly[A] = true }, StatusPending, ReasonSettling, "", nil},
		{"its own app was not read to its end, and nobody there has its key", Connection{}, "email=x@x.org", "email=y@x.org", func(w *world) { w.partly[A] = true }, StatusInSync, "", "email=x@x.org", nil},
		{"a record of no other key", Connection{}, "stage=1", "email=y@x.org", nil, StatusExcluded, ReasonNoKey, "", nil},
	} {
		tt.c.Mappings = []Mapping{MapFields("email", "email")}
		cfg := between(t, tt.c, tagged(), tagged())
		w := &world{shelf: two(cfg, tt.a, tt.b)}
		if tt.change != nil {
			tt.change(w)
		}
		m := (&planner{cfg: cfg, dir: w, now: stateNow, cutOff: w.cutOff}).decide(ref{A, "a1"})
		got := ""
		if len(m.writes) > 0 {
			got = patched(m.writes[0])
		}
		if m.standing.Status != tt.status || m.standing.Reason != tt.reason || got != tt.writes {
			t.Errorf("%s: %+v, %q is written, want %s %s, %q", tt.name, m.standing, got, tt.status, tt.reason, tt.writes)
			continue
		}
		if tt.check != nil {
			tt.check(t, m)
		}
	}
}

// TestGravestShows: of what is found of a pair the gravest shows, and of equals the first.
func TestGravestShows(t *testing.T) {
	t.Parallel()
	all := []string{StatusInSync, StatusExcluded, StatusDeleted, StatusPending, StatusConflict, StatusFailed}
	for i, first := range all {
		for j, second := range all {
			p := &pairing{}
			p.note(first, "first", "")
			p.note(second, "second", "")
			want := standing{first, "first", ""}
			if j > i {
				want = standing{second, "second", ""}
			}
			require.Equal(t, want, p.out.standing)
		}
	}
}

// TestAppsThatTakeNothing: a pair whose other app takes no updates, or wants nothing created, stands aside.
func TestAppsThatTakeNothing(t *testing.T) {
	t.Parallel()
	cfg := between(t, Connection{Mappings: []Mapping{MapFields("stage", "stage")}}, tagged(), tagged())
	cfg.schema[B].NoUpdate, cfg.schema[B].NoCreate = true, true
	out := pair(cfg, &link{}, "stage=x", "").decide()
	require.Equal(t, [2]*write{}, out.writes)
	require.Equal(t, standing{StatusExcluded, ReasonDirection, "nothing can be changed in b"}, out.standing)
	out = pair(cfg, &link{}, "", "stage=x").decide()
	require.Equal(t, "stage=x", patched(out.writes[A]))
	out = newborn(cfg, A, "stage=x").decide()
	require.Equal(t, [2]*write{}, out.writes)
	require.Equal(t, standing{StatusExcluded, ReasonDirection, "nothing can be created in b"}, out.standing)
}

// TestUnseenIsNotWritten: what nobody knows of a record is not written over, nor settled; the rest of its update goes on. A field that
// is not told and not to be written keeps nobody up, and what it held when it was told counts as before.
func TestUnseenIsNotWritten(t *testing.T) {
	t.Parallel()
	c := Connection{Mappings: []Mapping{MapFields("stage", "stage"), MapFields("email", "email"), MapFields("tags", "tags")}}
	for _, tt := range []struct {
		name, a, b string
		unseen     []string
		writes     string
		settled    []string // mappings that are settled when the write is in
		status     string
	}{
		{"it is told", "stage=2 email=y@x.org", "stage=1 email=x@x.org", nil, "email=y@x.org stage=2", []string{"stage:stage", "email:email"}, StatusInSync},
		{"one field is not told", "stage=2 email=y@x.org", "stage=1 email=x@x.org", []string{"stage"}, "email=y@x.org", []string{"email:email"}, StatusPending},
		{"nothing is told", "stage=2 email=y@x.org", "stage=1 email=x@x.org", []string{"stage", "email"}, "", nil, StatusPending},
		{"nothing is to be written there", "stage=1 email=y@x.org", "stage=1 email=x@x.org", []string{"stage"}, "email=y@x.org", []string{"email:email"}, StatusInSync},
		{"a tag", "stage=1 email=x@x.org tags=t", "stage=1 email=x@x.org", []string{"tags"}, "", nil, StatusPending},
		{"an old row, which does not name it", "stage=2 email=x@x.org", "stage=1 email=x@x.org", []string{unnoted}, "stage=2", []string{"stage:stage"}, StatusInSync},
	} {
		cfg := between(t, c, tagged(), tagged())
		l := &link{}
		l.arrived(cfg, pair(cfg, l, "stage=1 email=x@x.org", "stage=1 email=x@x.org").decide().settle, false, A, nil)
		p := pair(cfg, l, tt.a, tt.b)
		p.rec[B].Unseen = tt.unseen
		out := p.decide()
		got, settled := "", []string(nil)
		if w := out.writes[B]; w != nil {
			got = patched(w)
			for _, st := range w.settle {
				settled = append(settled, st.Mapping)
			}
		}
		require.Nil(t, out.writes[A], tt.name)
		require.Equal(t, tt.writes, got, tt.name)
		require.Equal(t, tt.settled, settled, tt.name)
		require.Equal(t, tt.status, out.standing.Status, tt.name)
	}
}

// TestNamesOfCells: a cell is named by side and field, and found by that name.
func TestNamesOfCells(t *testing.T) {
	t.Parallel()
	for _, s := range Sides {
		for _, field := range []string{"stage", "b.stage", "a", ""} {
			side, name := parsePastKey(pastKey(s, field))
			require.Equal(t, s, side)
			require.Equal(t, field, name)
		}
	}
	require.NotEqual(t, keyOf(0, "x").String(), keyOf(1, "x").String())
	require.NotEqual(t, keyOf(0, "x").String(), keyOf(0, "y").String())
}

// TestLayersAsReturned: what an action wrote is its own in the form in which the app returned it; an element is as it is.
func TestLayersAsReturned(t *testing.T) {
	t.Parallel()
	wrote := layer{Under: contact.Text("new"), Wrote: contact.Text("won"), Goal: contact.Text("won")}
	cut, tags := contact.Text("wo"), contact.Set("t", "u")
	rec := &mirror{Fields: contact.Fields{"stage": cut, "tags": tags}}
	require.Equal(t, cut, wrote.asReturned("b stage", true, rec).Wrote)
	require.Equal(t, wrote, wrote.asReturned("b stage", false, nil))
	require.Equal(t, wrote, wrote.asReturned("b other", true, rec))
	require.Equal(t, wrote, wrote.asReturned("b tags\x00t", true, rec))
}

// ticking is a host's rule that says when it may say something else.
type ticking struct {
	saying
	at time.Time
}

func (r ticking) Until(contact.Record, time.Time) time.Time { return r.at }

// TestWhenARuleIsLookedAtAgain: by the clock alone only rules say something else that know of it, the soonest counts.
func TestWhenARuleIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	soon, later := stateNow.Add(time.Minute), stateNow.Add(time.Hour)
	yes := Verdict{Yes, ""}
	at := func(when time.Time) Rule { return ticking{saying{from: A, Verdict: yes}, when} }
	recent := FilterRule{ID: "recent", From: A, Filter: Filter{Field: "seen", Op: OpWithinLast, Value: contact.Text("1h")}}
	fields := append(slices.Clone(tagged()), contact.Field{Name: "seen", Type: contact.TypeDateTime})
	for _, tt := range []struct {
		name  string
		rules []Rule
		want  time.Time
	}{
		{"no rule", []Rule{FilterRule{From: B}}, time.Time{}},
		{"a filter that lets all through", []Rule{FilterRule{From: A}}, time.Time{}},
		{"a rule that knows no clock", []Rule{saying{from: A, Verdict: yes}}, time.Time{}},
		{"one that says when", []Rule{at(later)}, later},
		{"the soonest of two", []Rule{at(later), at(soon)}, soon},
		{"what has passed is never", []Rule{at(stateNow), at(later)}, later},
		{"a relative date", []Rule{recent}, stateNow.Add(1)},
		{"of the other side", []Rule{FilterRule{From: A}, ticking{saying{from: B, Verdict: yes}, soon}}, time.Time{}},
	} {
		cfg := between(t, Connection{Mappings: []Mapping{MapFields("stage", "stage")}, Rules: tt.rules}, fields, fields)
		rec := &mirror{side: A, id: "a1", Fields: contact.Fields{"seen": contact.DateTime(stateNow.Add(-time.Hour))}}
		if got := cfg.until(A, rec, stateNow); !got.Equal(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestPairsOfWhomNobodyIsLeft: what both halves are gone of is forgotten, or an heir of one half takes over; and which app counts
// as one that shows nobody. A half that was settled as gone before says nothing any more.
func TestPairsOfWhomNobodyIsLeft(t *testing.T) {
	t.Parallel()
	cfg := between(t, Connection{Mappings: []Mapping{MapFields("email", "email")}}, tagged(), tagged())
	for _, tt := range []struct {
		name   string
		how    [2]gone // how each half went; "" is not known any more
		before [2]bool // whose deletion was settled before
		heirs  string  // who bears their key
		forget bool
		absent [2]bool
		heir   [2]bool
		aside  [2]bool
	}{
		{"neither is listed", [2]gone{missing, missing}, [2]bool{}, "", true, [2]bool{true, true}, [2]bool{}, [2]bool{}},
		{"one was deleted", [2]gone{deleted, missing}, [2]bool{}, "", true, [2]bool{false, true}, [2]bool{}, [2]bool{true, false}},
		{"of one nothing is known", [2]gone{"", missing}, [2]bool{}, "", true, [2]bool{false, true}, [2]bool{}, [2]bool{true, false}},
		{"one was gone before", [2]gone{missing, missing}, [2]bool{true, false}, "", true, [2]bool{false, true}, [2]bool{}, [2]bool{}},
		{"neither is listed, and one has an heir", [2]gone{missing, missing}, [2]bool{}, "a2", false, [2]bool{false, true}, [2]bool{true, false}, [2]bool{true, false}},
		{"one has an heir, the other was deleted", [2]gone{missing, deleted}, [2]bool{}, "a2", false, [2]bool{}, [2]bool{true, false}, [2]bool{true, true}},
		{"one has an heir, the other was gone before", [2]gone{missing, missing}, [2]bool{false, true}, "a2", false, [2]bool{}, [2]bool{true, false}, [2]bool{true, false}},
		{"one has an heir, of the other nothing is known", [2]gone{missing, ""}, [2]bool{}, "a2", false, [2]bool{}, [2]bool{true, false}, [2]bool{true, true}},
		{"the heir is of one that was gone before", [2]gone{missing, missing}, [2]bool{true, false}, "a2", true, [2]bool{false, true}, [2]bool{}, [2]bool{}},
		{"the heir is of one that was deleted", [2]gone{deleted, missing}, [2]bool{}, "a2", true, [2]bool{false, true}, [2]bool{}, [2]bool{true, false}},
		{"one has two heirs", [2]gone{missing, missing}, [2]bool{}, "a2 a3", true, [2]bool{true, true}, [2]bool{}, [2]bool{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, first := range Sides { // the same holds the other way round
				turn := func(v [2]bool) [2]bool { return [2]bool{v[first], v[first.Other()]} }
				d := newShelf(cfg)
				l := &link{key: "1", ID: [2]string{"a1", "b1"}, Decided: true, Gone: turn(tt.before)}
				d.link(l)
				stand := func(s Side, id string, how gone) {
					d.put(&mirror{side: s, id: id, version: "1", Gone: how, Fields: spelled(cfg.schema[s], "email=x@x.org")})
				}
				for i, how := range tt.how {
					if s := Side(i) ^ first; how != "" {
						stand(s, l.ID[s], how)
					}
				}
				for _, id := range strings.Fields(tt.heirs) {
					stand(first, id, "")
				}
				m := (&planner{cfg: cfg, dir: d, now: stateNow}).decide(ref{A, "a1"})
				require.Equal(t, tt.forget, m.forget)
				require.Equal(t, turn(tt.absent), m.absent, "whom an app does not show")
				require.Equal(t, turn(tt.aside), m.aside, "whom it need not show")
				require.Equal(t, turn(tt.heir), m.heir)
				require.Equal(t, turn([2]bool{tt.heir[1], tt.heir[0]}), m.severed)
			}
		})
	}
}

// TestWhatSettlesWhen: what needs no write is settled at once, but for a part of a group of which another part is written.
func TestWhatSettlesWhen(t *testing.T) {
	t.Parallel()
	stage, score := MapFields("stage", "stage"), MapFields("score", "score")
	grouped := []Mapping{stage, score}
	for i := range grouped {
		grouped[i].Group = "g"
	}
	keeps := stage
	keeps.OnClear = OnClearKeep
	for _, tt := range []struct {
		name     string
		mappings []Mapping
		required bool   // b insists on a stage
		was      string // what both held when they were settled, "" for a first match
		a, b     string
		now      int // how many mappings are settled at once
		written  int // and how many by the write of b; -1 if there is none
		status   string
	}{
		{"a part of a group", grouped, false, "", "stage=x", "stage=y", 0, 2, StatusInSync},
		{"two that are no group", []Mapping{stage, score}, false, "", "stage=x", "stage=y", 1, 1, StatusInSync},
		{"what the mapping keeps, beside another field", []Mapping{keeps, score}, false, "stage=x score=1", "score=2", "stage=x score=1", 1, 1, StatusInSync},
		{"what the app insists on", []Mapping{stage}, true, "stage=x", "", "stage=x", 0, -1, StatusFailed},
	} {
		fields := [2][]contact.Field{tagged(), tagged()}
		for i := range fields[B] {
			fields[B][i].Required = tt.required && fields[B][i].Name == "stage"
		}
		cfg := between(t, Connection{Mappings: tt.mappings}, fields[A], fields[B])
		l := &link{}
		if tt.was != "" {
			l.Cells = map[string]*cell{}
			for _, m := range cfg.mappings {
				v := m.get(nil, A, spelled(cfg.schema[A], tt.was), nil)
				l.Cells[m.id] = &cell{Val: sides{v, v}}
			}
		}
		out := pair(cfg, l, tt.a, tt.b).decide()
		written := -1
		if out.writes[B] != nil {
			written = len(out.writes[B].settle)
		}
		if len(out.settle) != tt.now || written != tt.written || out.standing.Status != tt.status {
			t.Errorf("%s: %d are settled at once and %d by the write, %s; want %d and %d, %s", tt.name, len(out.settle), written, out.standing.Status,
				tt.now, tt.written, tt.status)
		}
	}
}
