package contactsync_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

// tolled is an app that rings before and after each of its calls.
type tolled struct {
	*fake.App
	ring func()
}

func (c tolled) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	c.ring()
	defer c.ring()
	return c.App.Changes(ctx, q)
}

func (c tolled) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	c.ring()
	defer c.ring()
	return c.App.Apply(ctx, writes)
}

func (c tolled) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	c.ring()
	defer c.ring()
	return c.App.Read(ctx, ids, fields)
}

// stopClock stands still, but for those who sleep.
type stopClock struct {
	mu  sync.Mutex
	now time.Time
}

func newStopClock() *stopClock { return &stopClock{now: time.Unix(1e9, 0)} }

func (c *stopClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *stopClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

// twoApps returns two apps of a few people, some of whom are in both, that take one record a call.
func twoApps(t *testing.T, ring func()) (apps [2]tolled) {
	t.Helper()
	fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "tags", Type: contact.TypeSet, Meaning: "tags"}}
	for _, s := range contactsync.Sides {
		app := fake.New(s.String(), fields, fake.WithQuirks(fake.Quirks{PageSize: 2, BatchSize: 1}))
		for p := range 4 {
			r := contact.Record{ID: fmt.Sprintf("u%s%d", s, p), Fields: contact.Fields{"email": contact.Text(fmt.Sprintf("p%d@example.com", 2*int(s)+p))}}
			if p%2 == int(s) {
				r.Fields["first"] = contact.Text("F" + s.String())
			}
			require.NoError(t, app.Put(r))
		}
		apps[s] = tolled{app, ring}
	}
	return apps
}

var stopRules = contactsync.Connection{ID: "stop", Rules: []contactsync.Rule{
	contactsync.FilterRule{From: contactsync.A, Actions: []contactsync.Action{contactsync.Add("tags", "fromA")}, Undo: contactsync.UndoOwn},
	contactsync.FilterRule{From: contactsync.B},
}}

// content is what both apps hold, whatever the ids are.
func content(apps [2]tolled) string {
	var text string
	for _, app := range apps {
		seen := map[string]int{}
		for _, r := range app.Records() {
			seen[r.Fields.Digest()]++
		}
		text += fmt.Sprintln(seen)
	}
	return text
}

// TestStoppedAnywhere: a sync whose context ends at any point of any call stops, and the syncs after it end where one
// that was never stopped ends. Nothing is lost, nothing is there twice.
func TestStoppedAnywhere(t *testing.T) {
	t.Parallel()
	want := ""
	for at := 0; ; at++ {
		ctx, cancel := context.WithCancel(t.Context())
		rings := 0
		apps := twoApps(t, func() {
			if rings++; rings == at {
				cancel()
			}
		})
		store, clock := memstore.New(), newStopClock()
		s, err := contactsync.Open(t.Context(), stopRules, apps[0], apps[1], store, contactsync.WithClock(clock), contactsync.WithConcurrency(1), contactsync.WithBatch(2))
		require.NoError(t, err)
		_, err = s.Sync(ctx)
		stopped := ctx.Err() != nil
		if stopped && !errors.Is(err, context.Canceled) {
			t.Errorf("stopped at ring %d: the sync ended with %v", at, err)
		}
		if stopped && rings > at+1 {
			t.Errorf("stopped at ring %d: %d more were heard", at, rings-at)
		}
		cancel()
		for range 2 {
			_, err = s.Sync(t.Context())
			require.NoError(t, err)
		}
		got := content(apps)
		if at == 0 {
			want = got
		}
		if got != want {
			t.Errorf("stopped at ring %d: the apps hold\n%swant\n%s", at, got, want)
		}
		if at > 0 && !stopped {
			if at < 20 {
				t.Errorf("only %d points were tried", at)
			}
			return
		}
	}
}

// TestAnotherEngineWorks: a sync that finds the connection in another engine's hands watches its lease for as long as one lasts,
// and gives up if it is renewed meanwhile. One that is not is a dead engine's. Neither goes by what the other engine's clock
// shows (F72).
func TestAnotherEngineWorks(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		ahead time.Duration // by how much the other engine's clock is
		alive bool          // it renews its lease
		jump  time.Duration // by how much its clock is put forward before that
		want  error
	}{
		"a dead one":                           {want: nil},
		"a dead one's clock is seconds behind": {ahead: -7 * time.Second, want: nil},
		"a dead one's clock is a day behind":   {ahead: -day, want: nil},
		"a dead one's clock is a day ahead":    {ahead: day, want: nil},
		"a live one keeps it":                  {alive: true, want: contactsync.ErrLeased},
		"a live one's clock is seconds behind": {ahead: -7 * time.Second, alive: true, want: contactsync.ErrLeased},
		"a live one's clock is a day behind":   {ahead: -day, alive: true, want: contactsync.ErrLeased},
		"a live one's clock is a day ahead":    {ahead: day, alive: true, want: contactsync.ErrLeased},
		"a live one's clock is put back":       {alive: true, jump: -time.Hour, want: contactsync.ErrLeased},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const ttl = 15 * time.Second
			store, clock := memstore.New(), newStopClock()
			scope, start := contactsync.Scope{Connection: "stop"}, clock.Now()
			other, err := store.Acquire(t.Context(), scope, "another", start.Add(tt.ahead), ttl)
			require.NoError(t, err)
			lives := func() bool {
				return store.Update(t.Context(), other, func(contactsync.Tx) error { return nil }) == nil
			}
			apps := twoApps(t, func() {
				if lives() {
					return
				}
				_, err := store.Acquire(t.Context(), scope, "a third", clock.Now(), ttl)
				leased, _ := errors.AsType[*contactsync.LeasedError](err)
				if leased == nil || !leased.Until.Equal(start.Add(2*ttl)) {
					t.Errorf("while it syncs, a third engine gets %#v", err)
				}
			})
			renewing := &ringing{stopClock: clock, ring: func() {
				if now := clock.Now(); tt.alive && now.Sub(start) == 10*time.Second {
					require.NoError(t, store.Renew(t.Context(), other, now.Add(tt.ahead+tt.jump), ttl))
				}
			}}
			s, err := contactsync.Open(t.Context(), stopRules, apps[0], apps[1], store, contactsync.WithClock(renewing))
			require.NoError(t, err)
			_, err = s.Sync(t.Context())
			if !errors.Is(err, tt.want) {
				t.Errorf("the sync ended with %v, want %v", err, tt.want)
			}
			if waited := clock.Now().Sub(start); waited != ttl {
				t.Errorf("waited %s", waited)
			}
			if lives() != tt.alive {
				t.Errorf("the other engine can commit: %t", lives())
			}
			_, err = store.Acquire(t.Context(), scope, "a third", start.Add(-2*day), ttl)
			if (err == nil) == tt.alive {
				t.Errorf("after it a third engine gets %v", err)
			}
		})
	}
}

// ringing is a clock that rings after each wait.
type ringing struct {
	*stopClock
	ring func()
}

func (c *ringing) Sleep(ctx context.Context, d time.Duration) error {
	err := c.stopClock.Sleep(ctx, d)
	c.ring()
	return err
}

// TestOvertaken: an engine whose connection another one has taken over, at any point of any call, writes to no app and
// commits nothing any more.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		store, clock := memstore.New(), newStopClock()
		rings, before := 0, 0
		var apps [2]tolled
		apps = twoApps(t, func() {
			if rings++; rings != at {
				return
			}
			_ = clock.Sleep(t.Context(), time.Hour) // the process was paused for longer than its lease lasts
			_, err := store.Acquire(t.Context(), contactsync.Scope{Connection: "stop"}, "another", clock.Now(), time.Hour)
			require.NoError(t, err)
			before = apps[0].Writes().Sum() + apps[1].Writes().Sum()
		})
		s, err := contactsync.Open(t.Context(), stopRules, apps[0], apps[1], store, contactsync.WithClock(clock), contactsync.WithBatch(2))
		require.NoError(t, err)
		_, err = s.Sync(t.Context())
		if rings < at {
			break
		}
		if !errors.Is(err, contactsync.ErrFenced) {
			t.Errorf("overtaken at ring %d: the sync ended with %v", at, err)
		}
		during := 1 // the call that was under way when the process was paused
		if after := apps[0].Writes().Sum() + apps[1].Writes().Sum(); after > before+during {
			t.Errorf("overtaken at ring %d: %d records were written after that", at, after-before)
		}
	}
}

// TestReportCountsOnce: the rehearsal of a sync counts nothing that the sync itself then counts again.
func TestReportCountsOnce(t *testing.T) {
	t.Parallel()
	apps, clock := twoApps(t, func() {}), newStopClock()
	s, err := contactsync.Open(t.Context(), stopRules, apps[0], apps[1], memstore.New(), contactsync.WithClock(clock))
	require.NoError(t, err)
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	for _, app := range apps { // now that some are linked, the next sync is rehearsed
		require.NoError(t, app.Put(contact.Record{ID: "new", Fields: contact.Fields{"email": contact.Text("new@example.com")}}))
	}
	report, err := s.Sync(t.Context())
	require.NoError(t, err)
	if got, want := report.Linked, 1; got != want {
		t.Errorf("%d pairs were linked, want %d", got, want)
	}
	if got, want := report.Counts, ([2]contactsync.Counts{{}, {Updated: 1}}); got != want {
		t.Errorf("counts %v, want %v", got, want)
	}
}

// TestLeaseIsKept: however long a sync takes, nobody else gets its lease while it works, for it renews it in time.
func TestLeaseIsKept(t *testing.T) {
	t.Parallel()
	store, clock, tried := memstore.New(), newStopClock(), 0
	var start time.Time
	apps := twoApps(t, func() {
		require.NoError(t, clock.Sleep(t.Context(), 2*time.Second))
		_, err := store.Acquire(t.Context(), contactsync.Scope{Connection: "stop"}, "another engine", clock.Now(), time.Minute)
		require.ErrorIs(t, err, contactsync.ErrLeased, "%v after the sync began", clock.Now().Sub(start))
		tried++
	})
	s, err := contactsync.Open(t.Context(), stopRules, apps[0], apps[1], store, contactsync.WithClock(clock), contactsync.WithConcurrency(1), contactsync.WithBatch(2))
	require.NoError(t, err)
	start = clock.Now()
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	require.Greater(t, tried, 20)
}
