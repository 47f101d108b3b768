package connector_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

func TestApplySplits(t *testing.T) {
	t.Parallel()
	batch := contact.Batch{Create: 3, Update: 2}
	tests := map[string]struct {
		writes []connector.Write
		want   []int // the sizes of the batches
	}{
		"none":              {nil, nil},
		"one":               {creates(1), []int{1}},
		"a batch":           {creates(3), []int{3}},
		"more than a batch": {creates(7), []int{3, 3, 1}},
		"updates":           {updates(3), []int{2, 1}},
		"the schema says nothing of deletions": {
			[]connector.Write{{Op: connector.Delete, ID: "a"}, {Op: connector.Delete, ID: "b"}}, []int{1, 1},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var sizes []int
			w := connector.Wrap(&scripted{
				schema: contact.Schema{Batch: batch},
				apply: func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
					sizes = append(sizes, len(writes))
					return echo(writes), nil
				},
			}, connector.WrapOptions{Clock: newClock()})
			got, err := w.Apply(t.Context(), tt.writes)
			require.NoError(t, err)
			if diff := cmp.Diff(tt.want, sizes); diff != "" {
				t.Errorf("sizes (-want +got):\n%s", diff)
			}
			var want []connector.Result
			if tt.writes != nil {
				want = echo(tt.writes)
			}
			if diff := cmp.Diff(want, got, cmp.Comparer(contact.Value.Equal)); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}

func TestApplyRefusesMixedOperations(t *testing.T) {
	t.Parallel()
	w := connector.Wrap(&scripted{}, connector.WrapOptions{})
	results, err := w.Apply(t.Context(), append(creates(1), updates(1)...))
	require.NoError(t, err)
	if diff := cmp.Diff([]string{"notsent", "notsent"}, outcome(results)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Batches of two, of which the second goes wrong as the row says.
func TestF27F29F31F32F33Batches(t *testing.T) {
	t.Parallel()
	whole := func(err error) func([]connector.Result) ([]connector.Result, error) {
		return func([]connector.Result) ([]connector.Result, error) { return nil, err }
	}
	item := func(err error) func([]connector.Result) ([]connector.Result, error) {
		return func(r []connector.Result) ([]connector.Result, error) {
			r[0] = connector.Result{Err: err}
			return r, nil
		}
	}
	tests := map[string]struct {
		second func([]connector.Result) ([]connector.Result, error)
		want   []string // of six writes
		calls  int
	}{
		"F27 one record is refused":     {item(connector.ErrInvalid), []string{"ok", "ok", "invalid", "ok", "ok", "ok"}, 3},
		"F32 one is of unknown outcome": {item(errUntyped), []string{"ok", "ok", "untyped", "ok", "ok", "ok"}, 3},
		"F32 one is unavailable for ever": {
			item(connector.ErrUnavailable),
			[]string{"ok", "ok", "unavailable", "ok", "unavailable+notsent", "unavailable+notsent"}, 6,
		},
		"F22 a batch is of unknown outcome": {whole(errUntyped), []string{"ok", "ok", "untyped", "untyped", "ok", "ok"}, 3},
		"a batch is refused":                {whole(connector.ErrInvalid), []string{"ok", "ok", "invalid", "invalid", "ok", "ok"}, 3},
		"F29 the quota is used up": {
			whole(connector.ErrQuota), []string{"ok", "ok", "quota", "quota", "quota+notsent", "quota+notsent"}, 2,
		},
		"F31 unauthorized": {
			whole(connector.ErrUnauthorized),
			[]string{"ok", "ok", "unauthorized", "unauthorized", "unauthorized+notsent", "unauthorized+notsent"}, 2,
		},
		"F31 one record is unauthorized": {
			item(connector.ErrUnauthorized),
			[]string{"ok", "ok", "unauthorized", "ok", "unauthorized+notsent", "unauthorized+notsent"}, 2,
		},
		"unavailable for ever": {
			whole(connector.ErrUnavailable),
			[]string{"ok", "ok", "unavailable", "unavailable", "unavailable+notsent", "unavailable+notsent"}, 6,
		},
		"F28 too many calls for ever": {
			whole(connector.ErrRateLimited), []string{"ok", "ok", "rate", "rate", "rate+notsent", "rate+notsent"}, 6,
		},
		"F33 a result is missing": {
			func(r []connector.Result) ([]connector.Result, error) { return r[:1], nil },
			[]string{"ok", "ok", "contract", "contract", "ok", "ok"}, 3,
		},
		"F33 a result too many": {
			func(r []connector.Result) ([]connector.Result, error) { return append(r, r[0]), nil },
			[]string{"ok", "ok", "contract", "contract", "ok", "ok"}, 3,
		},
		"F33 results in another order": {
			func(r []connector.Result) ([]connector.Result, error) { slices.Reverse(r); return r, nil },
			[]string{"ok", "ok", "contract", "contract", "ok", "ok"}, 3,
		},
		"F13 a record has another id now": {
			func(r []connector.Result) ([]connector.Result, error) { r[0].Record.ID = "moved"; return r, nil },
			[]string{"ok", "ok", "ok", "ok", "ok", "ok"}, 3,
		},
		"F38 a panic": {
			func([]connector.Result) ([]connector.Result, error) { panic("ann@example.com") },
			[]string{"ok", "ok", "panic", "panic", "ok", "ok"}, 3,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			calls := 0
			w := connector.Wrap(&scripted{
				schema: contact.Schema{Batch: contact.Batch{Update: 2}},
				apply: func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
					calls++
					if writes[0].ID != "r2" {
						return echo(writes), nil
					}
					return tt.second(echo(writes))
				},
			}, connector.WrapOptions{Clock: newClock(), Jitter: most, App: "crm"})
			results, err := w.Apply(t.Context(), updates(6))
			require.NoError(t, err)
			if diff := cmp.Diff(tt.want, outcome(results)); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.calls, calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			for i, r := range results {
				certain := r.Err == nil || connector.Known(r.Err)
				if unknown := slices.Contains([]string{"untyped", "contract", "panic"}, tt.want[i]); certain == unknown {
					t.Errorf("write %d: it is certain what became of it: %t, want %t", i, certain, !unknown)
				}
			}
		})
	}
}

// Of a batch that was carried out in part, only what certainly was not is sent again.
func TestF32RetryOfSingleWrites(t *testing.T) {
	t.Parallel()
	clock := newClock()
	var sent [][]string
	w := connector.Wrap(&scripted{
		schema: contact.Schema{Batch: contact.Batch{Update: 4}},
		apply: func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
			var ids []string
			for _, write := range writes {
				ids = append(ids, write.ID)
			}
			sent = append(sent, ids)
			results := echo(writes)
			if len(sent) == 1 {
				results[1] = connector.Result{Err: &connector.Error{Err: connector.ErrRateLimited, RetryAfter: 5 * time.Second}}
				results[2] = connector.Result{Err: errUntyped}
				results[3] = connector.Result{Err: &connector.Error{Err: connector.ErrRateLimited, RetryAfter: 9 * time.Second}}
			}
			return results, nil
		},
	}, connector.WrapOptions{Clock: clock, Jitter: most})
	results, err := w.Apply(t.Context(), updates(4))
	require.NoError(t, err)
	if diff := cmp.Diff([][]string{{"r0", "r1", "r2", "r3"}, {"r1", "r3"}}, sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ok", "ok", "untyped", "ok"}, outcome(results)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]time.Duration{9 * time.Second}, clock.slept); diff != "" {
		t.Errorf("sleeps (-want +got):\n%s", diff)
	}
	for i, r := range results {
		if r.Err == nil && r.Record.ID != fmt.Sprint("r", i) {
			t.Errorf("result %d is about %s", i, r.Record.ID)
		}
	}
}

// One record twice in a batch is no reordering.
func TestOneRecordTwiceInABatch(t *testing.T) {
	t.Parallel()
	c := &full{read: func(_ context.Context, ids, _ []string) ([]connector.ReadResult, error) {
		return []connector.ReadResult{{Record: contact.Record{ID: ids[0]}}, {Record: contact.Record{ID: ids[1]}}}, nil
	}}
	c.apply = func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
		return echo(writes), nil
	}
	c.schema.Batch = contact.Batch{Update: 2, Read: 2}
	w := connector.Wrap(c, connector.WrapOptions{})
	results, _ := w.Apply(t.Context(), append(updates(1), updates(1)...))
	if diff := cmp.Diff([]string{"ok", "ok"}, outcome(results)); diff != "" {
		t.Errorf("updates (-want +got):\n%s", diff)
	}
	read, err := w.Features().Reader.Read(t.Context(), []string{"a", "a"}, nil)
	if err != nil || read[0].Err != nil || read[1].Err != nil {
		t.Errorf("reads: %v, %v", err, read)
	}
}

func TestApplyCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	w := connector.Wrap(&scripted{
		apply: func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
			if writes[0].ID == "r1" {
				cancel()
			}
			return echo(writes), nil
		},
	}, connector.WrapOptions{Clock: newClock()})
	results, err := w.Apply(ctx, updates(4))
	require.NoError(t, err)
	want := []string{"ok", "ok", "notsent+cancelled", "notsent+cancelled"}
	if diff := cmp.Diff(want, outcome(results)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestBefore(t *testing.T) {
	t.Parallel()
	errLost := errors.New("the lease is lost")
	tests := map[string]struct {
		before     []error // of the successive calls
		app        []error
		want       []string
		wantBefore int
	}{
		"it is asked before each batch":   {[]error{nil}, []error{nil}, []string{"ok", "ok", "ok"}, 3},
		"it fails before the second":      {[]error{nil, errLost}, []error{nil}, []string{"ok", "notsent", "notsent"}, 2},
		"it is asked before a repetition": {[]error{nil}, []error{connector.ErrUnavailable, nil}, []string{"ok", "ok", "ok"}, 4},
		"it fails before a repetition": {
			[]error{nil, errLost}, []error{connector.ErrUnavailable, nil}, []string{"notsent", "notsent", "notsent"}, 2,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before, app := &outcomes{errs: tt.before}, &outcomes{errs: tt.app}
			w := connector.Wrap(&scripted{apply: func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
				return echo(writes), app.next()
			}}, connector.WrapOptions{Clock: newClock(), Jitter: most, Before: func(context.Context) error { return before.next() }})
			results, err := w.Apply(t.Context(), updates(3))
			require.NoError(t, err)
			if diff := cmp.Diff(tt.want, outcome(results)); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.wantBefore, before.calls); diff != "" {
				t.Errorf("calls of Before (-want +got):\n%s", diff)
			}
			for _, r := range results {
				if r.Err != nil && !errors.Is(r.Err, errLost) {
					t.Errorf("the cause is not in %v", r.Err)
				}
			}
		})
	}
}

// Batches that run at a time answer in order, and those that wait are not sent once one was unauthorized.
func TestParallelBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var sent []string
		w := connector.Wrap(&scripted{
			schema: contact.Schema{Parallel: 2},
			apply: func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
				id := writes[0].ID
				mu.Lock()
				sent = append(sent, id)
				mu.Unlock()
				time.Sleep(map[string]time.Duration{"r0": 3 * time.Second, "r1": time.Second}[id] + time.Second)
				if id == "r2" {
					return nil, connector.ErrUnauthorized
				}
				return echo(writes), nil
			},
		}, connector.WrapOptions{})
		results, _ := w.Apply(t.Context(), updates(5))
		want := []string{"ok", "ok", "unauthorized", "unauthorized+notsent", "unauthorized+notsent"}
		if diff := cmp.Diff(want, outcome(results)); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
		slices.Sort(sent)
		if diff := cmp.Diff([]string{"r0", "r1", "r2"}, sent); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		if results[0].Record.ID != "r0" || results[1].Record.ID != "r1" {
			t.Errorf("results are out of order: %s, %s", results[0].Record.ID, results[1].Record.ID)
		}
	})
}

func TestOneAtATimeStartsNoGoroutine(t *testing.T) {
	t.Parallel()
	self := func() string {
		var buf [64]byte
		line, _, _ := bytes.Cut(buf[:runtime.Stack(buf[:], false)], []byte(" ["))
		return string(line)
	}
	for name, opts := range map[string]connector.WrapOptions{"by the option": {Parallel: 1}, "by the schema": {}} {
		t.Run(name, func(t *testing.T) {
			me := self()
			schema := contact.Schema{Parallel: 4}
			if opts.Parallel == 0 {
				schema.Parallel = 1
			}
			w := connector.Wrap(&scripted{schema: schema, apply: func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
				if self() != me {
					t.Error("the batch runs in another goroutine")
				}
				return echo(writes), nil
			}}, opts)
			_, err := w.Apply(t.Context(), updates(3))
			require.NoError(t, err)
		})
	}
}

func TestReadSplits(t *testing.T) {
	t.Parallel()
	found := func(ids []string) []connector.ReadResult {
		results := make([]connector.ReadResult, len(ids))
		for i, id := range ids {
			results[i].Record.ID = id
			if id == "c" {
				results[i] = connector.ReadResult{Err: connector.ErrNotFound}
			}
		}
		return results
	}
	tests := map[string]struct {
		second  func(ids []string) ([]connector.ReadResult, error)
		want    []string
		wantErr string
		calls   int
	}{
		"F10 one does not exist": {
			func(ids []string) ([]connector.ReadResult, error) { return found(ids), nil },
			[]string{"ok", "ok", "notfound", "ok", "ok"}, "", 3,
		},
		"F15 one cannot be read": {
			func(ids []string) ([]connector.ReadResult, error) {
				r := found(ids)
				r[1] = connector.ReadResult{Err: errUntyped}
				return r, nil
			},
			[]string{"ok", "ok", "notfound", "untyped", "ok"}, "", 3,
		},
		"a batch cannot be read": {
			func([]string) ([]connector.ReadResult, error) { return nil, errUntyped },
			[]string{"ok", "ok", "untyped", "untyped", "ok"}, "untyped", 7,
		},
		"F33 a result is missing": {
			func(ids []string) ([]connector.ReadResult, error) { return found(ids)[:1], nil },
			[]string{"ok", "ok", "contract", "contract", "ok"}, "contract", 3,
		},
		"F33 results in another order": {
			func([]string) ([]connector.ReadResult, error) {
				return []connector.ReadResult{{Record: contact.Record{ID: "d"}}, {Err: connector.ErrNotFound}}, nil
			},
			[]string{"ok", "ok", "contract", "notfound", "ok"}, "", 3,
		},
		"unauthorized": {
			func([]string) ([]connector.ReadResult, error) { return nil, connector.ErrUnauthorized },
			[]string{"ok", "ok", "unauthorized", "unauthorized", "unauthorized+notsent"}, "unauthorized", 2,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			calls := 0
			c := &full{read: func(_ context.Context, ids, _ []string) ([]connector.ReadResult, error) {
				calls++
				if ids[0] == "c" {
					return tt.second(ids)
				}
				return found(ids), nil
			}}
			c.schema.Batch.Read = 2
			w := connector.Wrap(c, connector.WrapOptions{Clock: newClock()})
			results, err := w.Features().Reader.Read(t.Context(), []string{"a", "b", "c", "d", "e"}, nil)
			if diff := cmp.Diff(tt.wantErr, names(err)); diff != "" {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
			var got []string
			for _, r := range results {
				got = append(got, outcome([]connector.Result{{Err: r.Err}})...)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.calls, calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}
