package contactsync

import (
	"fmt"
	"testing"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// gonePair returns a pair of which a's record is gone, and b's is to be deleted.
func gonePair(t *testing.T) (*pairWorld, *config) {
	t.Helper()
	var s pairState
	for n := range allStates {
		s = stateOf(n)
		f := fieldCases[s.field]
		if s.is == [2]int{deletedThere, there} && f.base == settledValue && f.kind == [2]int{same, same} && s.let == [2]bool{true, true} && s.deletion == 2 && !s.held {
			break
		}
	}
	cfg := s.config(t)
	return s.world(cfg), cfg
}

// TestRefusedIsNotSentAgain: what an app refused is not sent again until one of the records or what is to be sent changes.
// Until then the pair, or the record, stands as it did.
func TestRefusedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	refused := standing{StatusFailed, ReasonRejected, "no"}
	t.Run("an update", func(t *testing.T) {
		t.Parallel()
		cfg := fieldConfig(t, fieldState{direction: "two-way", policy: "winner", winner: "a"})
		l := &link{key: "1", ID: [2]string{"a1", "b1"}, Decided: true}
		decide := func(text string) *outcome {
			p := pairing{cfg: cfg, now: stateNow, link: l}
			p.rec[A] = &mirror{side: A, id: "a1", version: text, Fields: contact.Fields{"notes": contact.Text(text)}}
			p.rec[B] = &mirror{side: B, id: "b1", version: "1", Fields: contact.Fields{"notes": contact.Empty}}
			out := p.decide()
			if w := out.writes[B]; w != nil && l.Refused == "" {
				l.Refused, l.Standing = fingerprint(cfg, B, p.rec, w.patch), refused
			}
			return out
		}
		require.NotNil(t, decide("one").writes[B])
		again := decide("one")
		require.Nil(t, again.writes[B])
		require.Equal(t, refused, again.standing)
		require.NotNil(t, decide("two").writes[B], "another value is another write")
	})
	t.Run("a creation", func(t *testing.T) {
		t.Parallel()
		n := newcomer{there: nobodyThere, here: nobodyHere, keyed: true, let: Yes, complete: [2]bool{true, true}}
		cfg := n.config(t)
		d := newShelf(cfg)
		r := d.put(&mirror{side: A, id: "a5", version: "1", Fields: contact.Fields{"email": contact.Text("ann@example.com"), "tags": contact.Set("in")}})
		pl := &planner{cfg: cfg, dir: d, now: stateNow}
		m := pl.decide(r.ref())
		require.Len(t, m.writes, 1)
		rec := [2]*mirror{r, {side: B}}
		r.Refused, r.Standing = fingerprint(cfg, B, rec, m.writes[0].patch), refused
		m = pl.decide(r.ref())
		require.Empty(t, m.writes)
		require.Equal(t, refused, m.standing)
		r.version = "2"
		require.Len(t, pl.decide(r.ref()).writes, 1, "an edited record is another one")
	})
	t.Run("a deletion", func(t *testing.T) {
		t.Parallel()
		w, cfg := gonePair(t)
		require.Len(t, w.plan.decide(ref{B, "b1"}).writes, 1)
		w.link.Refused, w.link.Standing = fingerprint(cfg, B, [2]*mirror{nil, w.rec[B]}, nil), refused
		m := w.plan.decide(ref{B, "b1"})
		require.Empty(t, m.writes)
		require.Empty(t, m.waits, "nobody is asked for consent to what is not done")
		require.Equal(t, refused, m.standing)
		w.link.Refused = "of something else"
		require.Len(t, w.plan.decide(ref{B, "b1"}).writes, 1)
	})
}

// TestFingerprint: a write is another one if it goes to another side, another configuration, other records or says
// something else; of a record that is not there yet nothing counts.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	rec := func(id, version string) *mirror { return &mirror{id: id, version: version} }
	patch := contact.Patch{"x": {Set: contact.Text("1")}}
	of := func(s Side, digest string, a, b *mirror, p contact.Patch) string {
		return fingerprint(&config{digest: digest}, s, [2]*mirror{a, b}, p)
	}
	base := of(A, "c", rec("1", "v"), rec("2", "w"), patch)
	require.Equal(t, base, of(A, "c", rec("1", "v"), rec("2", "w"), patch))
	require.Equal(t, of(A, "c", rec("1", "v"), nil, patch), of(A, "c", rec("1", "v"), rec("", "w"), patch))
	for i, other := range []string{of(B, "c", rec("1", "v"), rec("2", "w"), patch), of(A, "d", rec("1", "v"), rec("2", "w"), patch),
		of(A, "c", rec("1", "u"), rec("2", "w"), patch), of(A, "c", rec("1", "v"), rec("2", "u"), patch), of(A, "c", rec("1", "v"), nil, patch),
		of(A, "c", rec("1", "v"), rec("2", "w"), contact.Patch{"x": {Set: contact.Text("2")}}), of(A, "c", rec("1", "v"), rec("2", "w"), nil),
		of(A, "c", rec("1", "v"), rec("2", "w"), contact.Patch{"x": {Add: []contact.Entry{{Value: contact.Text("1")}}}}),
		of(A, "c", rec("1", "v"), rec("2", "w"), contact.Patch{"x": {Add: []contact.Entry{{Value: contact.Text("2")}}}})} {
		if other == base {
			t.Errorf("%d is the same", i)
		}
	}
}

// TestPastOfACell: of what a cell had eight values are known, each once; a flip is a value that it had, and counts for a day.
func TestPastOfACell(t *testing.T) {
	t.Parallel()
	at := stateNow
	later := func(d time.Duration) time.Time { return at.Add(d) }
	const day = 24 * time.Hour
	p := &past{}
	p.wrote("one", "two", "two", at)
	if p.flips(at) != 0 || !p.had("one") || p.had("two") {
		t.Errorf("after a first write: %+v", p)
	}
	p.wrote("two", "one", "one", later(time.Hour))
	for after, flips := range map[time.Duration]int{time.Hour: 1, day: 1, day + time.Hour - 1: 1, day + time.Hour: 0} {
		if p.flips(later(after)) != flips || !p.had("one") || !p.had("two") {
			t.Errorf("after %v: %d flips of %+v", after, p.flips(later(after)), p)
		}
	}
	for after, over := range map[time.Duration]bool{day: false, day + time.Hour - 1: false, day + time.Hour: true} {
		if p.over(later(after)) != over {
			t.Errorf("after %v it is over: %v", after, !over)
		}
	}
	p.wrote("one", "two", "two", later(2*time.Hour)) // it had one before: the later time counts
	if diff := cmp.Diff([]pastValue{{"two", later(time.Hour)}, {"one", later(2 * time.Hour)}}, p.Had); diff != "" {
		t.Error(diff)
	}
	p.wrote("two", "one", "one", later(day+2*time.Hour)) // a day later it is one flip of that day
	if len(p.Flips) != 1 || len(p.Had) != 2 {
		t.Errorf("after a day: %+v", p)
	}
	q := &past{}
	for i := range pastLimit + 2 {
		q.wrote(fmt.Sprint(i), "x", "x", at)
	}
	if len(q.Had) != pastLimit || q.had("1") || !q.had("2") {
		t.Errorf("of many: %+v", q.Had)
	}
	spelled := &past{}
	spelled.wrote("one", "Two", "two", at)
	if !spelled.had("Two") || spelled.had("two") || spelled.flips(at) != 0 {
		t.Errorf("of what the app spells otherwise: %+v", spelled)
	}
}

// TestHalfOfTwoWrites: what is settled by two writes is settled when both are in, whichever comes first.
func TestHalfOfTwoWrites(t *testing.T) {
	t.Parallel()
	cfg := fieldConfig(t, fieldState{direction: "two-way", policy: "winner", winner: "a"})
	both := settlement{Mapping: "notes:notes", Both: true, Val: sides{{contact.Text("new")}, {contact.Text("new")}}}
	for _, first := range Sides {
		l := &link{Cells: map[string]*cell{"notes:notes": {Val: sides{{contact.Text("old")}, {contact.Text("old")}}}}}
		rec := &mirror{Fields: contact.Fields{"notes": contact.Text("new")}}
		l.arrived(cfg, []settlement{both}, true, first, rec)
		require.Equal(t, "old", l.Cells["notes:notes"].Val[A][0].Str())
		l.arrived(cfg, []settlement{both}, true, first, rec) // once more the same one
		require.Equal(t, "old", l.Cells["notes:notes"].Val[B][0].Str())
		l.arrived(cfg, []settlement{both}, true, first.Other(), rec)
		require.Equal(t, "new", l.Cells["notes:notes"].Val[A][0].Str())
		require.Equal(t, "new", l.Cells["notes:notes"].Val[B][0].Str())
		require.Equal(t, sides{}, l.Cells["notes:notes"].Half)
	}
}

// TestSurvivesAnew: of a pair whose two records are gone, the one half that a listing does not show may live on under a new
// id: if just one live record bears its key, which has no partner and no write under way. The other half was deleted by its
// user and is not filled again. Else the pair is over.
func TestSurvivesAnew(t *testing.T) {
	t.Parallel()
	for _, x := range Sides {
		for name, tt := range map[string]struct {
			change func(d *shelf, l *link)
			lives  bool
		}{
			"an heir":                             {func(*shelf, *link) {}, true},
			"nobody with the key":                 {func(d *shelf, _ *link) { delete(d.mirrors, ref{x, "new"}) }, false},
			"two of them":                         {func(d *shelf, _ *link) { d.put(heirOf(x, "new2")) }, false},
			"who has a partner":                   {func(d *shelf, _ *link) { d.links[ref{x, "new"}] = &link{key: "2"} }, false},
			"whose write is not answered":         {func(d *shelf, _ *link) { d.sent[ref{x, "new"}] = true }, false},
			"the app said that it is gone":        {func(d *shelf, l *link) { d.mirrors[ref{x, l.ID[x]}].Gone = deleted }, false},
			"nothing is known of it":              {func(d *shelf, l *link) { delete(d.mirrors, ref{x, l.ID[x]}) }, false},
			"it had gone before, and was settled": {func(_ *shelf, l *link) { l.Gone[x] = true }, false},
		} {
			t.Run(x.String()+"/"+name, func(t *testing.T) {
				t.Parallel()
				d := newShelf(newcomer{}.config(t))
				l := &link{key: "1", ID: [2]string{"a1", "b1"}, Let: [2]bool{true, false}}
				d.link(l)
				for _, s := range Sides {
					m := heirOf(s, l.ID[s])
					m.Gone = deleted
					if s == x {
						m.Gone = missing
					}
					d.put(m)
				}
				d.put(heirOf(x, "new"))
				tt.change(d, l)
				m := (&planner{cfg: d.cfg, dir: d, now: stateNow}).decide(ref{A, "a1"})
				require.Empty(t, m.writes)
				require.Equal(t, !tt.lives, m.forget)
				if !tt.lives {
					return
				}
				require.True(t, m.made && m.heir[x] && m.severed[x.Other()] && !m.heir[x.Other()] && !m.severed[x])
				require.Equal(t, "new", m.link.ID[x])
				require.Equal(t, l.ID[x.Other()], m.link.ID[x.Other()])
				require.Equal(t, [2]bool{true, false}, m.link.Let)
				require.Equal(t, StatusDeleted, m.standing.Status)
			})
		}
	}
}

func heirOf(s Side, id string) *mirror {
	return &mirror{side: s, id: id, version: "1", Fields: contact.Fields{"email": contact.Text("ann@example.com"), "tags": contact.Set("in")}}
}

// TestInherit: one live record that bears the key of one that is gone takes its link; of several, of one that has a partner or
// was parted from the other half, and while a write is under way, nobody's guess is taken, and nothing is deleted.
func TestInherit(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(d *shelf)
		want   string // "inherits", "survives", "into new", "waits"
	}{
		"an heir":                              {func(*shelf) {}, "inherits"},
		"two heirs":                            {func(d *shelf) { d.put(heirOf(A, "new2")) }, "survives"},
		"two heirs, of whom one has a partner": {func(d *shelf) { d.put(heirOf(A, "new2")); d.links[ref{A, "new"}] = &link{key: "2"} }, "survives"},
		"an heir with a partner":               {func(d *shelf) { d.links[ref{A, "new"}] = &link{key: "2"} }, "into new"},
		"an heir that a person parted":         {func(d *shelf) { d.apart[[2]string{"new", "b1"}] = true }, "survives"},
		"an heir whose write is not answered":  {func(d *shelf) { d.sent[ref{A, "new"}] = true }, "survives"},
		"a write to the one that is gone":      {func(d *shelf) { d.sent[ref{A, "a1"}] = true }, "waits"},
		"a write to the other half":            {func(d *shelf) { d.sent[ref{B, "b1"}] = true }, "waits"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newShelf(newcomer{}.config(t))
			d.link(&link{key: "1", ID: [2]string{"a1", "b1"}, Let: [2]bool{true, true}, Touch: [2]string{"1", "1"}})
			gone := d.put(heirOf(A, "a1"))
			gone.Gone = deleted
			d.put(heirOf(B, "b1"))
			d.put(heirOf(A, "new"))
			tt.change(d)
			m := (&planner{cfg: d.cfg, dir: d, now: stateNow}).decide(ref{B, "b1"})
			got := "waits"
			switch {
			case m.into != "":
				got = "into " + m.into
			case m.severed == [2]bool{true, false}:
				got = "survives"
			case m.made && m.heir == [2]bool{true, false} && m.link.ID == [2]string{"new", "b1"}:
				got = "inherits"
			}
			require.Equal(t, tt.want, got)
			if got == "waits" {
				require.Equal(t, standing{StatusPending, ReasonUnknownOutcome, m.standing.Message}, m.standing)
			}
			for _, w := range m.writes {
				require.NotEqual(t, connector.Delete, w.op)
			}
		})
	}
}

// TestUnreadIsNotDecided: a pair of which a half cannot be read waits, and stays let in as it was.
func TestUnreadIsNotDecided(t *testing.T) {
	t.Parallel()
	cfg := between(t, Connection{Mappings: []Mapping{MapFields("email", "email")}}, tagged(), tagged())
	for name, unread := range map[string][2]bool{"none": {}, "a": {true, false}, "b": {false, true}} {
		d := newShelf(cfg)
		d.link(&link{key: "1", ID: [2]string{"a1", "b1"}, Let: [2]bool{true, false}})
		d.put(heirOf(A, "a1")).Unread = unread[A]
		d.put(&mirror{side: B, id: "b1", version: "1", Fields: cfg.empty[B], Unread: unread[B]})
		m := (&planner{cfg: cfg, dir: d, now: stateNow}).decide(ref{B, "b1"})
		if unread == [2]bool{} {
			require.Len(t, m.writes, 1, name)
			continue
		}
		require.Empty(t, m.writes, name)
		require.Equal(t, ReasonUnread, m.Reason, name)
		require.Equal(t, [2]bool{true, false}, m.let, name)
	}
}

// TestUnreadIsNotDeleted: a half that cannot be read waits with the deletion of the other, for somebody may have edited it. What
// deletes nobody goes on.
func TestUnreadIsNotDeleted(t *testing.T) {
	t.Parallel()
	schema := &contact.Schema{Versions: true, Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail}, {Name: "tags", Type: contact.TypeSet}}}
	for _, tt := range []struct {
		policy Deletion
		unread bool
		want   string
	}{
		{DeletionDelete, false, "delete"},
		{DeletionDelete, true, "waits"},
		{DeletionMark, true, "mark"},
		{DeletionKeep, true, "survives"},
	} {
		cfg, bad := compile(&Connection{ID: "c", Rules: []Rule{FilterRule{From: A}, FilterRule{From: B}}, Mappings: []Mapping{MapFields("email", "email")},
			Deletions: Deletions{FromA: tt.policy, Mark: MarkActions{B: []Action{Add("tags", "gone")}}}}, [2]*contact.Schema{schema, schema})
		require.Empty(t, bad)
		d := newShelf(cfg)
		d.link(&link{key: "1", ID: [2]string{"a1", "b1"}, Let: [2]bool{true, true}, Touch: [2]string{"1", "1"}})
		d.put(heirOf(A, "a1")).Gone = deleted
		d.put(heirOf(B, "b1")).Unread = tt.unread
		m := (&planner{cfg: cfg, dir: d, now: stateNow}).decide(ref{B, "b1"})
		got := "waits"
		switch {
		case len(m.writes) == 1 && m.writes[0].op == connector.Delete:
			got = "delete"
		case len(m.writes) == 1 && m.writes[0].mark:
			got = "mark"
		case m.severed == [2]bool{true, false}:
			got = "survives"
		}
		require.Equal(t, tt.want, got, "%s, unread: %v", tt.policy, tt.unread)
		if got == "waits" {
			require.Equal(t, standing{StatusPending, ReasonUnread, m.standing.Message}, m.standing)
		}
	}
}
