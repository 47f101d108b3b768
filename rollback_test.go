package contactsync_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Random histories whose last sync is taken back: with nothing in between both apps are exactly as they were, whatever
// befalls the rollback; with edits in between no edit is lost.

// drawCalm draws a history without faults whose apps keep what they are given.
func drawCalm(t *rapid.T) history {
	d := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "draw") }
	h := newHistory(d, *historySetup)
	h.steps = slices.DeleteFunc(h.steps, func(e event) bool {
		// An app that does not say what is gone does not say that it is what it gave a new id, until the sync after.
		return slices.Contains([]string{"fault", "store", "preview"}, e.kind) || e.kind == "rekey" && h.quirks[e.side].NoTombstones
	})
	for _, s := range contactsync.Sides {
		q := &h.quirks[s]
		q.StaleReads, q.Settle = 0, 0
	}
	return h
}

// blind reports whether nobody can tell whether a record of an app was changed since it was written: it has no versions,
// and cannot be read by id.
func (h *history) blind(s contactsync.Side) bool {
	return h.quirks[s].NoVersions && (h.bare[s] || h.push[s])
}

// lastSync plays a history and one sync more, and returns what both apps held before and after it.
func lastSync(ctx context.Context, t *rapid.T, h history) (w *world, before, after snapshot, report *contactsync.Report) {
	w, err := newWorld(ctx, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range h.steps {
		w.clock.now = w.clock.now.Add(time.Second)
		if err := w.happen(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	before = w.snapshot()
	report = w.syncSomehow(ctx, t)
	return w, before, w.snapshot(), report
}

// syncSomehow runs one sync that nobody judges.
func (w *world) syncSomehow(ctx context.Context, t *rapid.T) *contactsync.Report {
	if err := w.deliver(ctx); err != nil {
		t.Fatal(err)
	}
	report, err := w.syncer.Sync(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// byPerson returns what an app holds without ids, for a record that was deleted comes back under another one.
func (x snapshot) byPerson(s contactsync.Side) []string {
	var all []string
	for _, r := range x[s] {
		text := fmt.Sprintf("p%d", personOf(r))
		for _, name := range r.Fields.Names() {
			text += fmt.Sprintf(" %s=%s", name, spelled(r.Fields[name]))
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return all
}

// spelled is a value to the letter, but for the order of lists and sets.
func spelled(v contact.Value) string {
	parts := slices.Clone(v.Elements())
	for _, e := range v.Entries() {
		parts = append(parts, fmt.Sprintf("%s/%s/%v", e.Value, e.Type, e.Primary))
	}
	if parts == nil {
		return v.Str()
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// difference returns how what two snapshots hold differs, "" if it does not.
func (x snapshot) differsFrom(y snapshot) string {
	for _, s := range contactsync.Sides {
		if a, b := x.byPerson(s), y.byPerson(s); !slices.Equal(a, b) {
			return fmt.Sprintf("%s holds\n  %s\nnot\n  %s", s, strings.Join(b, "\n  "), strings.Join(a, "\n  "))
		}
	}
	return ""
}

func TestRollbackRestores(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		h := drawCalm(t)
		w, before, after, report := lastSync(ctx, t, h)
		w.disturb(t)
		back, err := w.rollbackUntilDone(ctx, report.Run, true)
		if err != nil {
			t.Fatalf("%v\n%s", err, h)
		}
		for _, l := range back.Left {
			if l.Op != "create" || !h.blind(l.Side) || !strings.Contains(l.Reason, "cannot tell") {
				t.Fatalf("left %+v\n%s", back.Left, h)
			}
		}
		if len(back.Left) > 0 {
			return
		}
		if diff := before.differsFrom(w.snapshot()); diff != "" {
			t.Fatalf("%s\n%s", diff, h)
		}
		w.again(ctx, t, report, after)
	})
}

// disturb lets something go wrong in the rollback, or nothing.
func (w *world) disturb(t *rapid.T) {
	side := w.apps[rapid.IntRange(0, 1).Draw(t, "disturbed")]
	switch n := rapid.IntRange(0, 9).Draw(t, "what"); {
	case n < 3:
		w.store.left, w.store.late = rapid.IntRange(1, 9).Draw(t, "update"), rapid.Bool().Draw(t, "late")
	case n < 6:
		on := rapid.SampledFrom([]string{"create", "update", "delete"}).Draw(t, "on")
		_ = side.Fail(fake.Fault{On: on, Kind: rapid.SampledFrom(disturbances).Draw(t, "kind"), Times: 1})
	}
}

// rollbackUntilDone takes a run back, again after whatever befell it. An app may have delivered what it has to tell, or not
// yet.
func (w *world) rollbackUntilDone(ctx context.Context, run int64, told bool) (*contactsync.Rollback, error) {
	for try := 0; ; try++ {
		w.clock.now = w.clock.now.Add(time.Minute)
		if told {
			if err := w.deliver(ctx); err != nil {
				return nil, err
			}
		}
		back, err := w.syncer.Rollback(ctx, run)
		w.store.left = 0
		w.mend()
		if w.store.dead {
			w.store.dead = false
			if err := w.open(ctx); err != nil {
				return nil, err
			}
		}
		if err == nil && len(back.Left) == 0 || try == 4 {
			return back, err
		}
	}
}

var disturbances = []fake.Kind{fake.CrashBefore, fake.CrashAfter, fake.LostResponse, fake.ErrorAfter, fake.Unavailable, fake.PartialBatch}

// mend ends what was to go wrong.
func (w *world) mend() {
	for _, app := range w.apps {
		for _, kind := range disturbances {
			for _, on := range []string{"create", "update", "delete"} {
				_ = app.Fail(fake.Fault{On: on, Kind: kind})
			}
		}
		app.Revive()
	}
}

// again resumes, and looks whether the same is done once more.
func (w *world) again(ctx context.Context, t *rapid.T, report *contactsync.Report, after snapshot) {
	if _, err := w.syncer.Sync(ctx); err == nil || !strings.Contains(err.Error(), "paused") {
		t.Fatalf("a sync after a rollback: %v", err)
	}
	policy := w.setup.connection
	deleted := report.Counts[0].Deleted+report.Counts[1].Deleted > 0
	if deleted || policy.Deletions.FromA == contactsync.DeletionMark || policy.Conflict.Kind == contactsync.PolicyNewest || len(report.Waiting) > 0 {
		return // what was deleted or marked is not so again, and times have passed
	}
	if err := w.syncer.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	again := w.syncSomehow(ctx, t)
	if diff := after.differsFrom(w.snapshot()); diff != "" && len(again.Waiting) == 0 {
		t.Fatalf("after resume: %s\n%s", diff, w.history)
	}
}

func TestRollbackSparesEdits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		h := drawCalm(t)
		w, _, _, report := lastSync(ctx, t, h)
		w.edits, w.tags = map[place]map[string]edit{}, map[place]map[string]bool{}
		entered, older := map[place]bool{}, false
		for range rapid.IntRange(1, 6).Draw(t, "edits") {
			e := drawEvent(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "draw") }, 6, false)
			if slices.Contains([]string{"preview", "rekey"}, e.kind) || w.tagged(e) {
				continue
			}
			if e.kind == "sync" {
				h.steps, older = append(h.steps, e), true
				w.syncSomehow(ctx, t)
				continue
			}
			known := len(w.user)
			h.steps = append(h.steps, e)
			if err := w.happen(ctx, e); err != nil {
				t.Fatal(err)
			}
			for at := range w.user {
				entered[at] = entered[at] || len(w.user) > known && e.kind == "put"
			}
		}
		before := w.snapshot()
		w.history = h
		w.disturb(t)
		told := rapid.Bool().Draw(t, "told") || h.blind(contactsync.A) || h.blind(contactsync.B)
		if _, err := w.rollbackUntilDone(ctx, report.Run, told); err != nil {
			t.Fatalf("%v\n%s", err, h)
		}
		w.spared(t, before, "the rollback")
		if older {
			return // what was edited before the last sync was settled by it, unseen
		}
		if err := w.syncer.Resume(ctx); err != nil {
			t.Fatal(err)
		}
		w.base = map[[2]string]base{} // what was in sync is no guide any more
		for at, gone := range w.removed {
			gone.quiet = false
			w.removed[at] = gone
		}
		if err := w.comeToRest(ctx); err != nil {
			t.Fatalf("after resume: %v\n%s", err, h)
		}
	})
}

// tagged reports whether an event is about a tag that is so already: it is no edit.
func (w *world) tagged(e event) bool {
	r, ok := w.find(e.side, e.person)
	return ok && (e.kind == "tag" || e.kind == "untag") &&
		slices.Contains(r.Get("tags").Elements(), fmt.Sprintf("t%d", 1+e.field%2)) == (e.kind == "tag")
}

// spared looks whether every edit that users made is still there.
func (w *world) spared(t *rapid.T, before snapshot, by string) {
	now := w.snapshot()
	for at, fields := range w.edits {
		if _, there := before[at.side][at.id]; !there {
			continue // its user removed it afterwards
		}
		r, there := now[at.side][at.id]
		if !there {
			t.Fatalf("%s deleted %v, which its user had edited\n%s", by, at, w.history)
		}
		for field := range fields {
			if had := before[at.side][at.id].Fields[field]; field != "tags" && spelled(r.Fields[field]) != spelled(had) {
				t.Fatalf("%s changed %s of %v from %v to %v, which its user had entered\n%s", by, field, at, had, r.Fields[field], w.history)
			}
		}
	}
	for at, tags := range w.tags {
		r, there := now[at.side][at.id]
		for tag, set := range tags {
			if there && slices.Contains(before[at.side][at.id].Fields["tags"].Elements(), tag) == set && slices.Contains(r.Fields["tags"].Elements(), tag) != set {
				t.Fatalf("%s changed tag %s of %v, which its user had set to %v\n%s", by, tag, at, set, w.history)
			}
		}
	}
}

// limited is an app that cannot do everything.
type limited struct {
	*fake.App
	noCreate, noDelete bool
	readOnly           string // a field
}

func (l limited) Schema(ctx context.Context) (contact.Schema, error) {
	s, err := l.App.Schema(ctx)
	s.NoCreate, s.NoDelete = l.noCreate, l.noDelete
	s.Fields = slices.Clone(s.Fields)
	for i, f := range s.Fields {
		s.Fields[i].ReadOnly = f.ReadOnly || f.Name == l.readOnly
	}
	return s, err
}

// What an app cannot do is left, with the reason.
func TestRollbackInALimitedApp(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		app    limited
		remove bool
		want   string
	}{
		"no deletions": {limited{noDelete: true}, false, "b b-1 create: the app's records cannot be deleted"},
		"no creations": {limited{noCreate: true}, true, "b b1 delete: the app's records cannot be created, so it cannot be restored"},
	} {
		ctx := t.Context()
		a := exampleApp("a", examplePerson("ann", "Acme"))
		row.app.App = exampleApp("b")
		if row.remove {
			require.NoError(t, row.app.Put(contact.Record{ID: "b1", Fields: examplePerson("ann", "")}))
		}
		s, err := contactsync.Open(ctx, contactsync.Connection{ID: "limited", Deletions: contactsync.Deletions{FromA: contactsync.DeletionDelete}}, a, row.app, memstore.New())
		require.NoError(t, err)
		_, err = s.Sync(ctx)
		require.NoError(t, err)
		if row.remove {
			require.NoError(t, a.Remove("a1"))
			_, err = s.Sync(ctx)
			require.NoError(t, err)
			require.Empty(t, row.app.Records())
		}
		back, err := s.Rollback(ctx, 0)
		require.NoError(t, err)
		var left []string
		for _, l := range back.Left {
			left = append(left, fmt.Sprintf("%s %s %s: %s", l.Side, l.ID, l.Op, l.Reason))
		}
		require.Equal(t, []string{row.want}, left, name)
	}
}

// A field that the connection has ceased to read, or that the app does not let be written any more, is left where nobody
// can say what it holds, or change that.
func TestRollbackOfAFieldThatIsUsedNoMore(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		then func(*fake.App) connector.Connector
		want []contactsync.Left
	}{
		"read for it":       {func(b *fake.App) connector.Connector { return b }, nil},
		"cannot be read":    {func(b *fake.App) connector.Connector { return bareApp{b} }, []contactsync.Left{{Side: contactsync.B, ID: "b1", Op: "update", Fields: []string{"company"}, Reason: "it is not read any more, so that nobody knows what it holds; map it again, and run the rollback again"}}},
		"cannot be written": {func(b *fake.App) connector.Connector { return limited{App: b, readOnly: "company"} }, []contactsync.Left{{Side: contactsync.B, ID: "b1", Op: "update", Fields: []string{"company"}, Reason: "the app does not let it be written any more"}}},
	} {
		ctx := t.Context()
		a, b, store := exampleApp("a", examplePerson("ann", "Acme")), exampleApp("b"), memstore.New()
		require.NoError(t, b.Put(contact.Record{ID: "b1", Fields: contact.Fields{"email": contact.Text("ann@example.com")}}))
		s, err := contactsync.Open(ctx, contactsync.Connection{ID: "fields"}, a, b, store)
		require.NoError(t, err)
		_, err = s.Sync(ctx)
		require.NoError(t, err)
		s, err = contactsync.Open(ctx, contactsync.Connection{ID: "fields", DisableMappings: []contactsync.MappingRef{{A: "company", B: "company"}}}, a, row.then(b), store)
		require.NoError(t, err)
		_, err = s.Sync(ctx)
		require.NoError(t, err)
		back, err := s.Rollback(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, row.want, back.Left, name)
		rec := b.Records()[0]
		require.Empty(t, rec.Get("first").Str(), name)
		require.Equal(t, row.want == nil, rec.Get("company").Blank(), name)
	}
}

// A run of which the history is gone, or a part of it, is not taken back by what is left.
func TestRollbackOfWhatIsNotKept(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, people := range map[string]int{"all": 3, "a part": 2100} {
		a, b, clock := exampleApp("a"), exampleApp("b"), newStepClock()
		for i := range people {
			require.NoError(t, a.Put(contact.Record{ID: fmt.Sprintf("p%d", i), Fields: examplePerson(fmt.Sprintf("p%d", i), "")}))
		}
		s, err := contactsync.Open(ctx, contactsync.Connection{ID: "old"}, a, b, memstore.New(), contactsync.WithClock(clock))
		require.NoError(t, err)
		sync := func() {
			_, err := s.Sync(ctx)
			require.NoError(t, err)
		}
		sync()
		require.NoError(t, clock.Sleep(ctx, 100*24*time.Hour))
		require.NoError(t, a.Edit("p1", contact.Fields{"company": contact.Text("Acme")}))
		sync()
		require.NoError(t, clock.Sleep(ctx, 100*24*time.Hour))
		require.NoError(t, a.Edit("p2", contact.Fields{"company": contact.Text("Acme")}))
		sync()
		_, err = s.Rollback(ctx, 1)
		require.ErrorIs(t, err, contactsync.ErrNotKnown, name)
		require.ErrorContains(t, err, "not kept any more", name)
		require.Len(t, b.Records(), people)
		back, err := s.Rollback(ctx, 3)
		require.NoError(t, err, name)
		require.Equal(t, 1, back.Counts[contactsync.B].Updated, name)
	}
}
