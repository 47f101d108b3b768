package connector_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// scripted is a connector of one method each; a nil one must not be called.
type scripted struct {
	schema  contact.Schema
	changes func(context.Context, connector.Query) (connector.Page, error)
	apply   func(context.Context, []connector.Write) ([]connector.Result, error)
}

func (s *scripted) Schema(context.Context) (contact.Schema, error) { return s.schema, nil }

func (s *scripted) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	return s.changes(ctx, q)
}

func (s *scripted) Apply(ctx context.Context, w []connector.Write) ([]connector.Result, error) {
	return s.apply(ctx, w)
}

// full has every optional capability as well.
type full struct {
	scripted
	list     func(context.Context, connector.Cursor) (connector.Listing, error)
	read     func(context.Context, []string, []string) ([]connector.ReadResult, error)
	find     func(context.Context, string, []string) (contact.Record, error)
	identity func(context.Context) (string, error)
	check    func(context.Context) error
	kinds    func(context.Context) ([]connector.Kind, error)
}

func (f *full) List(ctx context.Context, since connector.Cursor) (connector.Listing, error) {
	return f.list(ctx, since)
}

func (f *full) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	return f.read(ctx, ids, fields)
}

func (f *full) Find(ctx context.Context, marker string, fields []string) (contact.Record, error) {
	return f.find(ctx, marker, fields)
}

func (f *full) Identity(ctx context.Context) (string, error)        { return f.identity(ctx) }
func (f *full) Kinds(ctx context.Context) ([]connector.Kind, error) { return f.kinds(ctx) }
func (f *full) Check(ctx context.Context) error                     { return f.check(ctx) }

// fakeClock passes as it is slept on, and records the sleeps.
type fakeClock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newClock() *fakeClock { return &fakeClock{now: noon} }

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d <= 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return nil
}

// most is a jitter that always waits as long as it may.
func most() float64 { return 1 }

// outcomes are the errors of a connector's successive calls; the last one stays.
type outcomes struct {
	errs  []error
	calls int
}

func (o *outcomes) next() error {
	o.calls++
	return o.errs[min(o.calls, len(o.errs))-1]
}

// echo answers writes as an obedient app does.
func echo(writes []connector.Write) []connector.Result {
	results := make([]connector.Result, len(writes))
	for i, w := range writes {
		id := w.ID
		if w.Op == connector.Create {
			id = "new-" + w.Marker
		}
		results[i].Record = contact.Record{ID: id, Version: "2"}
	}
	return results
}

func creates(n int) []connector.Write {
	writes := make([]connector.Write, n)
	for i := range writes {
		writes[i] = connector.Write{Op: connector.Create, Marker: fmt.Sprint(i)}
	}
	return writes
}

func updates(n int) []connector.Write {
	writes := make([]connector.Write, n)
	for i := range writes {
		writes[i] = connector.Write{Op: connector.Update, ID: fmt.Sprint("r", i)}
	}
	return writes
}

// names returns the names of those of the package's errors that err wraps.
func names(err error) string {
	var found []string
	for _, e := range []struct {
		name string
		err  error
	}{
		{"unavailable", connector.ErrUnavailable}, {"rate", connector.ErrRateLimited}, {"quota", connector.ErrQuota},
		{"unauthorized", connector.ErrUnauthorized}, {"notsent", connector.ErrNotSent}, {"invalid", connector.ErrInvalid},
		{"contract", connector.ErrContract}, {"panic", connector.ErrPanic}, {"loop", connector.ErrPaginationLoop},
		{"notfound", connector.ErrNotFound}, {"expired", connector.ErrCursorExpired}, {"nofeed", connector.ErrNoFeed},
		{"cancelled", context.Canceled}, {"deadline", context.DeadlineExceeded}, {"untyped", errUntyped},
	} {
		if errors.Is(err, e.err) {
			found = append(found, e.name)
		}
	}
	return strings.Join(found, "+")
}

// outcome returns the names of the errors of all results, "ok" for none.
func outcome(results []connector.Result) []string {
	out := make([]string, len(results))
	for i, r := range results {
		if out[i] = "ok"; r.Err != nil {
			out[i] = names(r.Err)
		}
	}
	return out
}

var errUntyped = errors.New("connection reset")

func TestF1F28Retry(t *testing.T) {
	t.Parallel()
	limited := func(after time.Duration) error {
		return &connector.Error{Err: connector.ErrRateLimited, RetryAfter: after}
	}
	s := time.Second
	tests := map[string]struct {
		errs       []error
		readSlept  []time.Duration // nil: one attempt
		readEnds   string
		writeSlept []time.Duration
		writeEnds  string
	}{
		"works at once": {errs: []error{nil}},
		"unavailable, then not": {
			errs:      []error{connector.ErrUnavailable, connector.ErrUnavailable, nil},
			readSlept: []time.Duration{s, 2 * s}, writeSlept: []time.Duration{s, 2 * s},
		},
		"unavailable for ever": {
			errs:      []error{connector.ErrUnavailable},
			readSlept: []time.Duration{s, 2 * s, 4 * s, 8 * s}, readEnds: "unavailable",
			writeSlept: []time.Duration{s, 2 * s, 4 * s, 8 * s}, writeEnds: "unavailable",
		},
		"not sent":                    {errs: []error{connector.ErrNotSent, nil}, readSlept: []time.Duration{s}, writeSlept: []time.Duration{s}},
		"rate limited without a time": {errs: []error{connector.ErrRateLimited, nil}, readSlept: []time.Duration{s}, writeSlept: []time.Duration{s}},
		"rate limited for 7 s":        {errs: []error{limited(7 * s), nil}, readSlept: []time.Duration{7 * s}, writeSlept: []time.Duration{7 * s}},
		"rate limited for a ms":       {errs: []error{limited(time.Millisecond), nil}, readSlept: []time.Duration{s}, writeSlept: []time.Duration{s}},
		"rate limited for 10 years": {
			errs:      []error{limited(10 * 365 * 24 * time.Hour), nil},
			readSlept: []time.Duration{time.Hour}, writeSlept: []time.Duration{time.Hour},
		},
		"untyped": {errs: []error{errUntyped, nil}, readSlept: []time.Duration{s}, writeEnds: "untyped"},
		"quota": {
			errs:     []error{&connector.Error{Err: connector.ErrQuota, RetryAfter: 7 * s}, nil},
			readEnds: "quota", writeEnds: "quota",
		},
		"unauthorized": {errs: []error{connector.ErrUnauthorized, nil}, readEnds: "unauthorized", writeEnds: "unauthorized"},
		"not sent for want of authorization": {
			errs:     []error{fmt.Errorf("%w: %w", connector.ErrNotSent, connector.ErrUnauthorized), nil},
			readEnds: "unauthorized+notsent", writeEnds: "unauthorized+notsent",
		},
		"not sent as the quota is used up": {
			errs:     []error{fmt.Errorf("%w: %w", connector.ErrNotSent, connector.ErrQuota), nil},
			readEnds: "quota+notsent", writeEnds: "quota+notsent",
		},
		"invalid":         {errs: []error{connector.ErrInvalid, nil}, readEnds: "invalid", writeEnds: "invalid"},
		"expired cursor":  {errs: []error{connector.ErrCursorExpired, nil}, readEnds: "expired", writeEnds: "expired"},
		"no feed":         {errs: []error{connector.ErrNoFeed, nil}, readEnds: "nofeed", writeEnds: "nofeed"},
		"broken contract": {errs: []error{connector.ErrContract, nil}, readEnds: "contract", writeEnds: "contract"},
	}
	for name, tt := range tests {
		t.Run("read/"+name, func(t *testing.T) {
			clock, script := newClock(), &outcomes{errs: tt.errs}
			w := connector.Wrap(&scripted{
				changes: func(context.Context, connector.Query) (connector.Page, error) {
					return connector.Page{}, script.next()
				},
			}, connector.WrapOptions{Clock: clock, Jitter: most})
			_, err := w.Changes(t.Context(), connector.Query{})
			if diff := cmp.Diff(tt.readEnds, names(err)); diff != "" {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
			if diff := cmp.Diff(tt.readSlept, clock.slept); diff != "" {
				t.Errorf("sleeps (-want +got):\n%s", diff)
			}
		})
		t.Run("write/"+name, func(t *testing.T) {
			clock, script := newClock(), &outcomes{errs: tt.errs}
			w := connector.Wrap(&scripted{
				apply: func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
					return echo(writes), script.next()
				},
			}, connector.WrapOptions{Clock: clock, Jitter: most})
			results, err := w.Apply(t.Context(), creates(1))
			require.NoError(t, err)
			require.Len(t, results, 1)
			if diff := cmp.Diff(tt.writeEnds, names(results[0].Err)); diff != "" {
				t.Errorf("error %v (-want +got):\n%s", results[0].Err, diff)
			}
			if diff := cmp.Diff(tt.writeSlept, clock.slept); diff != "" {
				t.Errorf("sleeps (-want +got):\n%s", diff)
			}
		})
	}
}
