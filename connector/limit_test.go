package connector_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

func TestLimiterSpreadsCalls(t *testing.T) {
	t.Parallel()
	ms := time.Millisecond
	tests := map[string]struct {
		limiter *connector.Limiter
		want    []time.Duration // the waits before five calls, without those that are none
	}{
		"no rate":              {&connector.Limiter{}, nil},
		"four a second":        {&connector.Limiter{PerSecond: 4}, []time.Duration{250 * ms, 250 * ms, 250 * ms, 250 * ms}},
		"three at once":        {&connector.Limiter{PerSecond: 4, Burst: 3}, []time.Duration{250 * ms, 250 * ms}},
		"one in ten seconds":   {&connector.Limiter{PerSecond: 0.1}, []time.Duration{1e4 * ms, 1e4 * ms, 1e4 * ms, 1e4 * ms}},
		"more at once than is": {&connector.Limiter{PerSecond: 4, Burst: 100}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			w := connector.Wrap(&scripted{changes: func(context.Context, connector.Query) (connector.Page, error) {
				return connector.Page{}, nil
			}}, connector.WrapOptions{Clock: clock, Limiter: tt.limiter})
			for range 5 {
				_, err := w.Changes(t.Context(), connector.Query{})
				require.NoError(t, err)
			}
			if diff := cmp.Diff(tt.want, clock.slept); diff != "" {
				t.Errorf("sleeps (-want +got):\n%s", diff)
			}
		})
	}
}

// When one connection of an account is told to wait, the others of that account wait as well.
func TestF28SharedLimiter(t *testing.T) {
	t.Parallel()
	clock, limiter := newClock(), &connector.Limiter{}
	wrap := func(errs ...error) *connector.Wrapped {
		script := &outcomes{errs: errs}
		return connector.Wrap(&scripted{changes: func(context.Context, connector.Query) (connector.Page, error) {
			return connector.Page{}, script.next()
		}}, connector.WrapOptions{Clock: clock, Jitter: most, Limiter: limiter, Attempts: 1})
	}
	limited := wrap(&connector.Error{Err: connector.ErrRateLimited, RetryAfter: 30 * time.Second})
	other := wrap(nil)

	_, err := limited.Changes(t.Context(), connector.Query{})
	require.ErrorIs(t, err, connector.ErrRateLimited)
	require.Empty(t, clock.slept)
	_, err = other.Changes(t.Context(), connector.Query{})
	require.NoError(t, err)
	if diff := cmp.Diff([]time.Duration{30 * time.Second}, clock.slept); diff != "" {
		t.Errorf("sleeps of the other (-want +got):\n%s", diff)
	}
	_, err = other.Changes(t.Context(), connector.Query{})
	require.NoError(t, err)
	if len(clock.slept) != 1 {
		t.Errorf("it waits again though the time is over: %v", clock.slept)
	}
}

// Of two delays that the app has asked for, the one that ends later counts.
func TestF28TheLongerPauseCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter, began := &connector.Limiter{}, time.Now()
		connection := func(takes, after time.Duration) *connector.Wrapped {
			w := connector.Wrap(&scripted{
				schema: contact.Schema{Parallel: 2},
				changes: func(context.Context, connector.Query) (connector.Page, error) {
					time.Sleep(takes)
					if after == 0 {
						return connector.Page{}, nil
					}
					return connector.Page{}, &connector.Error{Err: connector.ErrRateLimited, RetryAfter: after}
				},
			}, connector.WrapOptions{Limiter: limiter, Attempts: 1})
			_, err := w.Schema(t.Context())
			require.NoError(t, err)
			return w
		}
		long, short, other := connection(time.Second, 30*time.Second), connection(2*time.Second, 5*time.Second), connection(0, 0)
		var group sync.WaitGroup
		group.Go(func() { _, _ = long.Changes(t.Context(), connector.Query{}) })
		group.Go(func() { _, _ = short.Changes(t.Context(), connector.Query{}) })
		group.Wait()
		_, err := other.Changes(t.Context(), connector.Query{})
		require.NoError(t, err)
		if diff := cmp.Diff(31*time.Second, time.Since(began)); diff != "" {
			t.Errorf("the third call was made after (-want +got):\n%s", diff)
		}
	})
}

func TestCallsAtATime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		schema, option, limiter int
		want                    int64
	}{
		"the schema says nothing":  {0, 0, 0, 1},
		"the schema says three":    {3, 0, 0, 3},
		"the option says fewer":    {3, 2, 0, 2},
		"the option says more":     {3, 9, 0, 3},
		"the account allows fewer": {3, 0, 2, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var now, top atomic.Int64
				c := &scripted{
					schema: contact.Schema{Parallel: tt.schema},
					apply: func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
						top.Store(max(top.Load(), now.Add(1)))
						time.Sleep(time.Second)
						now.Add(-1)
						return echo(writes), nil
					},
				}
				limiter := &connector.Limiter{Parallel: tt.limiter}
				var group sync.WaitGroup
				for range 2 { // two connections of one account
					w := connector.Wrap(c, connector.WrapOptions{Limiter: limiter, Parallel: tt.option})
					group.Go(func() {
						results, _ := w.Apply(t.Context(), updates(6))
						for _, r := range results {
							if r.Err != nil {
								t.Error(r.Err)
							}
						}
					})
				}
				group.Wait()
				if diff := cmp.Diff(tt.want, top.Load()); diff != "" {
					t.Errorf("calls at a time (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A call that waits for its turn ends with its context.
func TestCancelWhileWaitingForATurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter, release := &connector.Limiter{}, make(chan struct{})
		slow := connector.Wrap(&scripted{changes: func(context.Context, connector.Query) (connector.Page, error) {
			<-release
			return connector.Page{}, nil
		}}, connector.WrapOptions{Limiter: limiter})
		go func() { _, _ = slow.Changes(t.Context(), connector.Query{}) }()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		other := connector.Wrap(&scripted{}, connector.WrapOptions{Limiter: limiter})
		_, err := other.Changes(ctx, connector.Query{})
		if diff := cmp.Diff("notsent+deadline", names(err)); diff != "" {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
		close(release)
	})
}
