package contactsync_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// fleetWorld is a fleet on a clock that jumps over whatever it waits for.
type fleetWorld struct {
	*contactsync.Fleet
	t     *testing.T
	store *memstore.Store
	clock *stopClock
}

func newFleetWorld(t *testing.T) *fleetWorld {
	t.Helper()
	w := &fleetWorld{t: t, store: memstore.New(), clock: newStopClock()}
	w.Fleet = w.restarted()
	return w
}

// restarted returns the fleet of another process.
func (w *fleetWorld) restarted() *contactsync.Fleet {
	w.t.Helper()
	f, err := contactsync.NewFleet(w.store, contactsync.WithClock(w.clock), contactsync.WithRandom(noSpread{}))
	require.NoError(w.t, err)
	return f
}

// noSpread names turns at random, and draws zero for everything else.
type noSpread struct{}

func (noSpread) Read(p []byte) (int, error) {
	if len(p) == 16 {
		return rand.Read(p)
	}
	clear(p)
	return len(p), nil
}

func (w *fleetWorld) schedule(connection string, in time.Duration) {
	w.t.Helper()
	require.NoError(w.t, w.Schedule(w.t.Context(), contactsync.Scope{Connection: connection}, w.clock.Now().Add(in)))
}

func (w *fleetWorld) take() *contactsync.Turn {
	w.t.Helper()
	turn, err := w.Take(w.t.Context())
	require.NoError(w.t, err)
	return turn
}

func (w *fleetWorld) done(turn *contactsync.Turn, every time.Duration, err error) {
	w.t.Helper()
	require.NoError(w.t, turn.Done(w.t.Context(), every, err))
}

// pass lets time go by.
func (w *fleetWorld) pass(d time.Duration) { _ = w.clock.Sleep(w.t.Context(), d) }

// wantNext checks in how long a connection is due.
func (w *fleetWorld) wantNext(connection string, in time.Duration) {
	w.t.Helper()
	at, err := w.Next(w.t.Context(), contactsync.Scope{Connection: connection})
	require.NoError(w.t, err)
	require.Equal(w.t, in, at.Sub(w.clock.Now()).Truncate(time.Millisecond), "in how long %s is due", connection)
}

func (w *fleetWorld) wantNone(connection string) {
	w.t.Helper()
	at, err := w.Next(w.t.Context(), contactsync.Scope{Connection: connection})
	require.NoError(w.t, err)
	require.Zero(w.t, at, "when %s is due, which is not in the fleet", connection)
}

// wantTaken checks that a connection is the next one that is due, after some time, and takes it.
func (w *fleetWorld) wantTaken(connection string, after time.Duration) *contactsync.Turn {
	w.t.Helper()
	start := w.clock.Now()
	turn := w.take()
	require.Equal(w.t, connection, turn.Scope.Connection)
	require.InDelta(w.t, after.Seconds(), w.clock.Now().Sub(start).Seconds(), 1, "how long nothing was due")
	return turn
}

func TestFleetSchedule(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	w.wantNone("c")
	w.schedule("c", time.Hour)
	w.wantNext("c", time.Hour)
	w.schedule("c", 2*time.Hour)
	w.wantNext("c", time.Hour) // what is earlier stands
	w.schedule("c", time.Minute)
	w.wantNext("c", time.Minute)
	w.schedule("waits", 0)
	w.pass(time.Second)
	w.schedule("c", -time.Hour)
	w.wantNext("c", 0) // nobody who waits is overtaken
	w.wantTaken("waits", 0)
	w.wantTaken("c", 0)
	for _, at := range []time.Time{{}, time.Unix(-1<<50, 0)} {
		require.NoError(t, w.Schedule(t.Context(), contactsync.Scope{Connection: at.String()}, at))
		w.wantNext(at.String(), 0)
	}
	require.NoError(t, w.Schedule(t.Context(), contactsync.Scope{Connection: "on demand"}, time.Date(90000, 1, 1, 0, 0, 0, 0, time.UTC)))
	w.wantNext("on demand", 100*365*24*time.Hour)
	turn := w.take()
	require.NoError(t, w.Schedule(t.Context(), turn.Scope, time.Date(90000, 1, 1, 0, 0, 0, 0, time.UTC)))

	require.NoError(t, w.Remove(t.Context(), contactsync.Scope{Connection: "c"}))
	w.wantNone("c")
	require.NoError(t, w.Remove(t.Context(), contactsync.Scope{Connection: "never there"}))
}

// What comes after a turn.
func TestFleetDone(t *testing.T) {
	t.Parallel()
	failed := errors.New("the app is away")
	asked := &connector.Error{App: "a", Op: "changes", Err: connector.ErrQuota, RetryAfter: 90 * time.Minute}
	for _, tt := range []struct {
		name  string
		wish  []time.Duration // what Schedule is called with during the turn
		every time.Duration
		errs  []error // of this turn and those after it
		want  time.Duration
	}{
		{"the regular time", nil, 5 * time.Minute, []error{nil}, 5 * time.Minute},
		{"never again by itself", []time.Duration{1<<63 - 1}, 1<<63 - 1, []error{nil}, 100 * 365 * 24 * time.Hour},
		{"no time at all", nil, 0, []error{nil}, time.Second},
		{"wanted sooner", []time.Duration{time.Minute}, 5 * time.Minute, []error{nil}, time.Minute},
		{"wanted at once", []time.Duration{time.Minute, 0, time.Hour}, 5 * time.Minute, []error{nil}, 0},
		{"wanted later", []time.Duration{time.Hour}, 5 * time.Minute, []error{nil}, 5 * time.Minute},
		{"an error", nil, time.Hour, []error{failed}, time.Minute},
		{"an error, though it is wanted at once", []time.Duration{0}, time.Hour, []error{failed}, time.Minute},
		{"a third error", nil, time.Hour, []error{failed, failed, failed}, 4 * time.Minute},
		{"the tenth", nil, time.Minute, []error{failed, failed, failed, failed, failed, failed, failed, failed, failed, failed}, time.Hour},
		{"an error after a success", nil, time.Hour, []error{failed, failed, nil, failed}, time.Minute},
		{"the app says when", nil, time.Minute, []error{fmt.Errorf("sync: %w", asked)}, 90 * time.Minute},
		{"the app says a week", nil, time.Minute, []error{&connector.Error{Err: connector.ErrQuota, RetryAfter: 7 * 24 * time.Hour}}, 24 * time.Hour},
		{"the app says a shorter time", nil, time.Minute, []error{failed, &connector.Error{Err: connector.ErrRateLimited, RetryAfter: time.Second}}, 2 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newFleetWorld(t)
			w.schedule("c", 0)
			for i, err := range tt.errs {
				turn := w.take()
				if i == 0 {
					for _, in := range tt.wish {
						w.schedule("c", in)
					}
				}
				w.done(turn, tt.every, err)
			}
			w.wantNext("c", tt.want)
		})
	}
}

// A worker that is stopped gives its turn back, and it is no failure.
func TestFleetStopped(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	w.schedule("c", 0)
	turn := w.take()
	w.pass(10 * time.Second)
	stop()
	require.NoError(t, turn.Done(ctx, time.Hour, context.Canceled))
	w.wantNext("c", 0)
	turn = w.take()
	require.NoError(t, turn.Done(ctx, time.Hour, nil), "it came to its end all the same")
	w.wantNext("c", time.Hour)

	_, err := w.Take(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, w.Remove(t.Context(), turn.Scope))
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = w.Take(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded, "nothing is ever due")
}

// A turn whose process died comes back, with twice as long a claim each time; one that is ended begins anew.
func TestFleetLostTurns(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	w.schedule("c", 0)
	first := w.take()
	w.wantNext("c", time.Minute)
	second := w.wantTaken("c", time.Minute)
	require.Equal(t, 1, second.Lost)
	w.wantNext("c", 2*time.Minute)

	w.done(first, time.Hour, nil)
	w.wantNext("c", 2*time.Minute) // the turn is another one's
	third := w.wantTaken("c", 2*time.Minute)
	require.Equal(t, 2, third.Lost)
	w.wantNext("c", 4*time.Minute)
	w.done(third, time.Hour, nil)
	w.wantNext("c", time.Hour)
	w.done(third, time.Minute, nil)
	w.wantNext("c", time.Hour) // it has ended
	require.Zero(t, w.wantTaken("c", time.Hour).Lost)

	for n := range 13 {
		turn := w.take()
		require.Equal(t, n+1, turn.Lost)
	}
	w.wantNext("c", 24*time.Hour) // no longer than that

	w.schedule("c", 0) // during a turn that is lost: the next one is what was wanted
	w.done(w.take(), 48*time.Hour, nil)
	w.wantNext("c", 48*time.Hour)

	last := w.take()
	require.NoError(t, w.Remove(t.Context(), last.Scope))
	w.done(last, time.Hour, nil)
	w.wantNone("c")
	w.schedule("c", 0)
	require.Zero(t, w.take().Lost, "nothing is known of it any more")
}

// What a process had taken when it died does not come back together: one of them may be what it died of.
func TestFleetSpreadsLostTurns(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	f, err := contactsync.NewFleet(w.store, contactsync.WithClock(w.clock))
	require.NoError(t, err)
	back := map[time.Time]bool{}
	const connections = 20
	for i := range connections {
		w.schedule(fmt.Sprint(i), 0)
		turn, err := f.Take(t.Context())
		require.NoError(t, err)
		at, err := f.Next(t.Context(), turn.Scope)
		require.NoError(t, err)
		require.WithinRange(t, at, w.clock.Now().Add(time.Minute), w.clock.Now().Add(90*time.Second))
		back[at.Truncate(time.Millisecond)] = true
	}
	require.Greater(t, len(back), connections/2, "when they are due again")
}

// While an engine works on a connection, in a turn or by itself, nobody else is given it.
func TestFleetPassesOverWhoWorks(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	w.schedule("works", 0)
	w.schedule("free", 90*time.Second)
	turn := w.take()
	lease, err := w.store.Acquire(t.Context(), turn.Scope, "engine", w.clock.Now(), 15*time.Second)
	require.NoError(t, err)
	for range 20 { // it works for longer than its claim lasts
		w.pass(5 * time.Second)
		require.NoError(t, w.store.Renew(t.Context(), lease, w.clock.Now(), 15*time.Second))
	}
	w.wantTaken("free", 0)
	w.wantNext("works", 15*time.Second)
	w.done(turn, time.Hour, nil)
	w.wantNext("works", time.Hour)

	// An engine that died goes on having its lease for a moment. So does one whose clock is a day ahead, for a day: that says nothing.
	for _, ttl := range []time.Duration{15 * time.Second, 24 * time.Hour} {
		connection := ttl.String()
		_, err = w.store.Acquire(t.Context(), contactsync.Scope{Connection: connection}, "engine", w.clock.Now(), ttl)
		require.NoError(t, err)
		w.schedule(connection, 0)
	}
	w.wantTaken("24h0m0s", 0)
	require.Zero(t, w.wantTaken("15s", 15*time.Second).Lost)
}

// What falls due by itself is synced then, and not at the regular time: here a person leaves a rule after a while.
func TestFleetSyncsWhatFallsDue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, every, want time.Duration }{
		{30 * time.Minute, 24 * time.Hour, 30 * time.Minute},
		{10 * time.Second, 24 * time.Hour, time.Minute}, // not at any moment
		{30 * time.Minute, 5 * time.Minute, 5 * time.Minute},
	} {
		w := newFleetWorld(t)
		a := fake.New("a", []contact.Field{{Name: "email", Type: contact.TypeEmail, Meaning: "email"}, {Name: "met", Type: contact.TypeDateTime}})
		require.NoError(t, a.Put(contact.Record{ID: "a1", Fields: contact.Fields{"email": contact.Text("ann@example.com"),
			"met": contact.Text(w.clock.Now().Add(tt.in - time.Hour).UTC().Format(time.RFC3339))}}))
		s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c", Rules: []contactsync.Rule{contactsync.FilterRule{From: contactsync.A,
			Filter: contactsync.Filter{Field: "met", Op: contactsync.OpWithinLast, Value: contact.Text("1h")}}}},
			a, exampleApp("b"), w.store, contactsync.WithClock(w.clock))
		require.NoError(t, err)
		w.schedule("c", 0)
		turn := w.take()
		_, err = s.Sync(t.Context())
		require.NoError(t, err)
		w.done(turn, tt.every, nil)
		w.wantNext("c", tt.want)
	}
}

// What a sync leaves undone, because it waits for a person, is not due by itself.
func TestFleetWaitsForPersons(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c", Guard: contactsync.Guard{MaxCreates: contactsync.AtMost(0)}},
		exampleApp("a", examplePerson("Ann", "")), exampleApp("b"), w.store, contactsync.WithClock(w.clock))
	require.NoError(t, err)
	w.schedule("c", 0)
	turn := w.take()
	report, err := s.Sync(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, report.Waiting)
	w.done(turn, time.Hour, nil)
	w.wantNext("c", time.Hour)
}

// A store may run the function on one entry, fail to commit, and find another one, or none.
func TestFleetTurnsAreCommitted(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	twice := &runsTwice{Store: w.store, first: contactsync.Entry{Scope: contactsync.Scope{Connection: "not committed"}, At: w.clock.Now()}}
	fleet, err := contactsync.NewFleet(twice, contactsync.WithClock(w.clock))
	require.NoError(t, err)
	for range 2 {
		w.pass(time.Minute)
		w.schedule("leased", 0)
		_, err = w.store.Acquire(t.Context(), contactsync.Scope{Connection: "leased"}, "engine", w.clock.Now(), 15*time.Second)
		require.NoError(t, err)
		w.schedule("c", time.Second)
		turn, err := fleet.Take(t.Context())
		require.NoError(t, err)
		require.Equal(t, "c", turn.Scope.Connection)
		require.NoError(t, turn.Done(t.Context(), time.Second, nil))
	}
}

// runsTwice is a queue that runs the function on an entry first that it then does not commit, while few are left.
type runsTwice struct {
	*memstore.Store
	first contactsync.Entry
}

func (s *runsTwice) Due(ctx context.Context, now time.Time, fn func(*contactsync.Entry) error) (bool, error) {
	e := s.first
	if err := fn(&e); err != nil {
		return false, err
	}
	return s.Store.Due(ctx, now, fn)
}

// TestF64DeliveryWithoutTurn: a delivery was kept, and the process died before it asked for a turn. The next turn takes it.
func TestF64DeliveryWithoutTurn(t *testing.T) {
	t.Parallel()
	s, store, apps := receiving(t, fake.WithPush("secret"), fake.WithUpsert())
	clock := newStopClock()
	fleet, err := contactsync.NewFleet(store, contactsync.WithClock(clock))
	require.NoError(t, err)
	require.NoError(t, fleet.Schedule(t.Context(), contactsync.Scope{Connection: "c"}, clock.Now().Add(5*time.Minute)))
	receipt, err := s.Receive(t.Context(), contactsync.B, apps[1].Deliveries()[0])
	require.NoError(t, err)
	require.True(t, receipt.Sync)

	turn, err := fleet.Take(t.Context())
	require.NoError(t, err)
	report, err := s.Sync(t.Context())
	require.NoError(t, err)
	require.NoError(t, turn.Done(t.Context(), 5*time.Minute, err))
	require.Equal(t, 1, report.Counts[contactsync.A].Created)
}

// A connection that is deleted is in no fleet any more, be it during its turn.
func TestFleetForgetsWhoIsDeleted(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, exampleApp("a"), exampleApp("b"), w.store, contactsync.WithClock(w.clock))
	require.NoError(t, err)
	w.schedule("c", 0)
	turn := w.take()
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Delete(t.Context()))
	w.done(turn, time.Hour, nil)
	w.wantNone("c")
}

// TestF65PoisonConnection: of twenty connections one takes its process with it every time, and one fails every time. They
// are tried less and less often; the others do not notice.
func TestF65PoisonConnection(t *testing.T) {
	t.Parallel()
	const day, every, takes = 24 * time.Hour, 5 * time.Minute, 5 * time.Second
	w := newFleetWorld(t)
	for i := range 20 {
		w.schedule(fmt.Sprint(i), 0)
	}
	turns := map[string]int{}
	for end := w.clock.Now().Add(day); w.clock.Now().Before(end); {
		turn := w.take()
		turns[turn.Scope.Connection]++
		w.pass(takes)
		switch turn.Scope.Connection {
		case "7":
			w.Fleet = w.restarted()
		case "8":
			w.done(turn, every, errors.New("always"))
		default:
			w.done(turn, every, nil)
		}
	}
	for i := range 20 {
		switch got := turns[fmt.Sprint(i)]; {
		case i == 7 && got > 12:
			t.Errorf("the connection that crashes its process was taken %d times in a day", got)
		case i == 8 && got > 32:
			t.Errorf("the connection that fails was taken %d times in a day", got)
		case i != 7 && i != 8 && got < 260: // 282 at most, of a turn that takes 5 s and 5 minutes after it
			t.Errorf("connection %d was taken %d times in a day", i, got)
		}
	}
}

// Workers of one process share its looks at the store; each turn is one worker's.
func TestFleetOfManyWorkers(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	f, err := contactsync.NewFleet(store)
	require.NoError(t, err)
	const connections = 50
	for i := range connections {
		require.NoError(t, f.Schedule(t.Context(), contactsync.Scope{Owner: fmt.Sprint(i % 3), Connection: fmt.Sprint(i)}, time.Now()))
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	var (
		mu    sync.Mutex
		taken = map[contactsync.Scope]int{}
		all   sync.WaitGroup
	)
	for range 8 {
		all.Go(func() {
			for {
				turn, err := f.Take(ctx)
				if err != nil {
					return
				}
				mu.Lock()
				if taken[turn.Scope]++; len(taken) == connections {
					stop()
				}
				mu.Unlock()
				if err := turn.Done(ctx, time.Hour, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	want := map[contactsync.Scope]int{}
	for i := range connections {
		want[contactsync.Scope{Owner: fmt.Sprint(i % 3), Connection: fmt.Sprint(i)}] = 1
	}
	if diff := cmp.Diff(want, taken); diff != "" {
		t.Errorf("turns (-want +got):\n%s", diff)
	}
}

func TestFleetRefuses(t *testing.T) {
	t.Parallel()
	_, err := contactsync.NewFleet(struct{ contactsync.Store }{memstore.New()})
	require.ErrorContains(t, err, "contactsync.Queue")

	w := newFleetWorld(t)
	require.NoError(t, w.store.Entry(t.Context(), contactsync.Scope{Owner: "ann", Connection: "c"}, func(e *contactsync.Entry) error {
		e.At, e.Body = w.clock.Now(), []byte(`{"turn": 7}`)
		return nil
	}))
	_, err = w.Take(t.Context())
	require.ErrorContains(t, err, `connection "c" of owner "ann" cannot be read`)
	require.NoError(t, w.Remove(t.Context(), contactsync.Scope{Owner: "ann", Connection: "c"}))
}
