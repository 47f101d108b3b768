package contactsync_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
)

// A crash and an error before and after every call of a sync, or a rollback, to the apps and the store, in turn, once and
// lastingly: where the ones after it end is where they end without it. Users edit before it and not after it, so there is
// no timing that could excuse a difference.

var (
	crashHistories = flag.Int("crash-histories", 6, "how many random histories TestCrashAtEveryCall takes, beside the scripted ones")
	crashSeed      = flag.Uint64("crash-seed", 1, "the seed of the first of them")
	crashScripted  = flag.String("crash-script", "", "take only this scripted history")
	crashCall      = flag.Int("crash-call", -1, "let the mishap befall only this call")
	crashKind      = flag.String("crash-kind", "", "only this mishap")
	crashLasting   = flag.Bool("crash-lasting", false, "with crash-call: the lasting mishap")
)

// crashWorld is a world whose last sync meets a mishap, or the rollback of that sync.
type crashWorld struct {
	*world
	points points
	run    int64 // the last sync that ran to its end
	// backing: it is that sync which is taken back now. Until it is, it is taken back again, and no sync runs.
	backing bool
}

// back reports whether it is a rollback that meets the mishap.
func (h history) back() bool { return h.steps[len(h.steps)-1].kind == "rollback" }

func newCrashWorld(ctx context.Context, h history) (*crashWorld, error) {
	plain, err := newWorld(ctx, h)
	if err != nil {
		return nil, err
	}
	w := &crashWorld{world: plain}
	return w, w.open(ctx)
}

// open is a process that starts.
func (w *crashWorld) open(ctx context.Context) (err error) {
	c := w.setup.connection
	c.ID = "history"
	var apps [2]connector.Connector
	for s, app := range w.apps {
		apps[s] = app
		if w.bare[s] {
			apps[s] = bareApp{app}
		}
		apps[s] = pointedApp{apps[s], connector.FeaturesOf(apps[s]), contactsync.Side(s).String(), &w.points}
	}
	w.syncer, err = contactsync.Open(ctx, c, apps[contactsync.A], apps[contactsync.B], pointedStore{w.store.Store, &w.points},
		contactsync.WithClock(w.clock), contactsync.WithConcurrency(1), contactsync.WithBatch(w.batch))
	return err
}

// prelude plays all steps but the last.
func (w *crashWorld) prelude(ctx context.Context) error {
	for i, e := range w.steps[:len(w.steps)-1] {
		w.clock.now = w.clock.now.Add(time.Second)
		step := func() error { return w.happen(ctx, e) }
		if e.kind == "sync" || e.kind == "preview" { // nobody judges them: TestHistories does that
			step = func() error { return w.syncOnce(ctx, interval, noMishap) }
		}
		if err := step(); err != nil {
			return fmt.Errorf("%w (in step %d, %s)", err, i+1, e)
		}
	}
	return nil
}

// syncOnce runs one sync, so long after what was before; when it is time for it, the rollback of the last one. What was
// delivered is there before it meets its mishap.
func (w *crashWorld) syncOnce(ctx context.Context, after time.Duration, at mishapAt) error {
	w.clock.now = w.clock.now.Add(after)
	w.number++
	for _, app := range w.apps {
		app.Reset()
		app.BeginSync()
	}
	if err := w.deliver(ctx); err != nil {
		return err
	}
	w.points.begin(at)
	defer func() { w.points.on = false }()
	if w.backing {
		_, err := w.syncer.Rollback(ctx, w.run)
		return err
	}
	report, err := w.syncer.Sync(ctx)
	if err == nil {
		w.run = report.Run
	}
	return err
}

// writes returns how many records the last sync wrote.
func (w *crashWorld) writes() int { return w.apps[0].Writes().Sum() + w.apps[1].Writes().Sum() }

// struck runs what meets the mishap, and a new process if that one died.
func (w *crashWorld) struck(ctx context.Context, at mishapAt) error {
	times := 1
	if at.lasting && at.kind.dies() {
		times = 3
	}
	for range times {
		err := w.syncOnce(ctx, interval, at)
		if err != nil && !errors.Is(err, errMishap) && !errors.Is(err, fake.ErrCrash) {
			return fmt.Errorf("it failed for another reason: %w", err)
		}
		if !w.points.dead {
			continue
		}
		w.points.dead = false
		if err := w.open(ctx); err != nil {
			return fmt.Errorf("open: %w", err)
		}
	}
	return nil
}

// quiet syncs, without mishaps, until nothing is written any more.
func (w *crashWorld) quiet(ctx context.Context) error {
	const least, most = 3, 9
	for i := range most {
		w.calm()
		if err := w.syncOnce(ctx, settle+time.Hour, noMishap); err != nil {
			return fmt.Errorf("a sync failed without a mishap: %w", err)
		}
		st, err := w.syncer.Status(ctx)
		if err != nil {
			return err
		}
		if w.confirm && len(st.Waiting) > 0 {
			if err := w.syncer.Confirm(ctx); err != nil {
				return err
			}
			continue
		}
		if i+1 >= least && w.writes() == 0 {
			return nil
		}
	}
	return fmt.Errorf("not quiet after %d syncs", most)
}

// ending is what a run ends with, such that two that end alike are equal: both apps' records with what is linked, and
// how each stands. Records that were there before the last sync go by their ids, new ones have none.
func (w *crashWorld) ending(ctx context.Context, before snapshot) (string, error) {
	now := w.snapshot()
	name := func(s contactsync.Side, id string) string {
		r, there := now[s][id]
		if _, old := before[s][id]; !old && there {
			id = "new"
		}
		if id == "" || !there {
			return "none"
		}
		return fmt.Sprintf("%s %v", id, r.Fields)
	}
	var lines []string
	for _, s := range contactsync.Sides {
		for id := range now[s] {
			st, err := w.syncer.Record(ctx, s, id)
			if err != nil {
				return "", fmt.Errorf("%s in %s: %w", id, s, err)
			}
			line := fmt.Sprintf("%s %s | linked with %s", s, name(s, id), name(s.Other(), st.IDs[s.Other()]))
			if !w.backing { // else the connection is paused, and how a record stands is as of the last sync
				line += fmt.Sprintf(" | %s %s", st.Status, st.Reason)
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	st, err := w.syncer.Status(ctx)
	if err != nil {
		return "", err
	}
	for _, wait := range st.Waiting {
		lines = append(lines, fmt.Sprintf("waiting: %s %s %d", wait.Reason, wait.Side, wait.Count))
	}
	if !w.backing {
		lines = append(lines, fmt.Sprint(st.Counts))
	}
	return strings.Join(lines, "\n"), nil
}

// meets plays a history whose last sync meets a mishap, and returns how it ends and which calls that sync made.
func meets(ctx context.Context, h history, at mishapAt) (ending string, calls []string, writes int, err error) {
	w, err := newCrashWorld(ctx, h)
	if err != nil {
		return "", nil, 0, err
	}
	if err := w.prelude(ctx); err != nil {
		return "", nil, 0, err
	}
	before := w.snapshot()
	w.backing = w.back()
	if err := w.struck(ctx, at); err != nil {
		return "", nil, 0, err
	}
	calls, writes = w.points.names, w.writes()
	if err := w.quiet(ctx); err != nil {
		return "", nil, 0, err
	}
	ending, err = w.ending(ctx, before)
	return ending, calls, writes, err
}

// crashHistory draws a history without faults that ends with a sync which writes; ok is false if this seed gives none.
func crashHistory(ctx context.Context, seed uint64) (h history, ok bool) {
	rng := rand.New(rand.NewPCG(seed, 0))
	h = newHistory(rng.IntN, -1)
	last := 0
	var steps []event
	for _, e := range h.steps {
		if e.kind == "fault" || e.kind == "store" {
			continue
		}
		steps = append(steps, e)
		if e.kind == "sync" {
			last = len(steps)
		}
	}
	if h.steps = steps[:last]; last == 0 {
		return h, false
	}
	_, _, writes, err := meets(ctx, h, noMishap)
	if seed%4 == 0 {
		h.steps = append(h.steps, event{kind: "rollback"})
	}
	return h, err != nil || writes > 0 // one that fails is not left out
}

// A crashCase is a history and how to name it on the command line.
type crashCase struct {
	name string
	history
}

func crashCases(t *testing.T) (cases []crashCase) {
	if contactsync.RaceDetector && *crashScripted == "" && *crashCall < 0 { // one call at a time: there is not much to race
		return []crashCase{{"-crash-script upserts", crashScripts["upserts"].history()}}
	}
	if *crashScripted != "" {
		return []crashCase{{"-crash-script " + *crashScripted, crashScripts[*crashScripted].history()}}
	}
	for seed := *crashSeed; len(cases) < *crashHistories; seed++ {
		if h, ok := crashHistory(t.Context(), seed); ok {
			cases = append(cases, crashCase{fmt.Sprintf("-crash-seed %d -crash-histories 1", seed), h})
		}
	}
	if *crashCall < 0 {
		for name, s := range crashScripts {
			cases = append(cases, crashCase{"-crash-script " + name, s.history()})
		}
	}
	return cases
}

func TestCrashAtEveryCall(t *testing.T) {
	t.Parallel()
	var runs, calls atomic.Int64
	cases := crashCases(t)
	t.Cleanup(func() { t.Logf("%d histories, %d calls, %d runs", len(cases), calls.Load(), runs.Load()) })
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want, names, _, err := meets(t.Context(), c.history, noMishap)
			if err != nil {
				t.Fatalf("without any mishap: %v\n%s", err, c.history)
			}
			calls.Add(int64(len(names)))
			failed := 0
			for call := range names {
				for _, kind := range mishaps {
					for _, lasting := range []bool{false, true} {
						at := mishapAt{call, kind, lasting}
						if !asked(at) {
							continue
						}
						runs.Add(1)
						got, _, _, err := meets(t.Context(), c.history, at)
						if err == nil && same(want, got) {
							continue
						}
						if failed++; failed > 3 {
							t.Fatal("and more")
						}
						t.Errorf("%s: %v; repeat with go test . -run TestCrashAtEveryCall %s -crash-call %d -crash-kind %s -crash-lasting=%v\n%s\nwithout it\n%s\nwith it\n%s",
							names[call], err, c.name, call, kind, lasting, c.history, want, got)
					}
				}
			}
		})
	}
}

// asked reports whether the flags ask for this run.
func asked(at mishapAt) bool {
	return *crashCall < 0 || at.call == *crashCall && at.lasting == *crashLasting && (*crashKind == "" || string(at.kind) == *crashKind)
}

// same reports whether two endings are the same.
func same(want, got string) bool { return want == got }
