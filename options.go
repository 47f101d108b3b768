package contactsync

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"io"
	"sync/atomic"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// An Option changes how a [Syncer] works.
type Option func(*options)

type options struct {
	clock       connector.Clock
	progress    func(Progress)
	observer    func(Event)
	concurrency int
	batch       int // records that are planned and pushed together
	limiters    [2]*connector.Limiter
	fresh       time.Duration
	history     time.Duration
	names       *[2]string
	draft       bool   // the connection need not be complete
	version     *int64 // of the stored configuration that was opened; nil is the newest
	current     *atomic.Pointer[run]
	random      io.Reader
}

func defaultOptions() options {
	return options{clock: connector.SystemClock{}, concurrency: 4, batch: batchUnits, fresh: 5 * time.Minute, history: defaultHistory, current: &atomic.Pointer[run]{}, random: rand.Reader}
}

// bind tells the connectors' wrappers which run they work for.
func (o *options) bind(r *run) { o.current.Store(r) }

// WithClock sets the clock; the machine's is the default. All waiting of the engine goes by it.
func WithClock(c connector.Clock) Option { return func(o *options) { o.clock = c } }

// WithProgress sets a function that is told, now and then, how far a sync is. It is called by the goroutine that
// runs the sync.
func WithProgress(f func(Progress)) Option { return func(o *options) { o.progress = f } }

// An Event is one write that an app answered, for a host's logs and metrics. It holds no contact data, as far as the
// app's own error does not.
type Event struct {
	Scope   Scope
	Run     int64 // [Report].Run
	Side    Side
	Op      string // "create", "update" or "delete"
	ID      string // of the record; "" of a creation
	Outcome Outcome
	Err     error // nil if it was written
}

// Outcome is how a write ended.
type Outcome string

// The outcomes of a write.
const (
	Written    Outcome = "written"
	Refused    Outcome = "refused"    // the app said no; see the record's status
	Overtaken  Outcome = "overtaken"  // somebody changed the record meanwhile; it is decided again
	Unanswered Outcome = "unanswered" // nobody knows whether it was carried out; the app is looked at first
)

// WithObserver sets a function that is told of every write. It is called by the goroutine that runs the sync.
func WithObserver(f func(Event)) Option { return func(o *options) { o.observer = f } }

// WithConcurrency sets how many calls are made to one app at a time at most; an app may allow fewer. With 1 no
// goroutine is started. The default is 4.
func WithConcurrency(n int) Option { return func(o *options) { o.concurrency = max(n, 1) } }

// WithLimiters sets the limiters of the two accounts. A host with several connections to one account gives all of them
// the same one, so that they share what the app allows. nil, the default, is one of its own.
func WithLimiters(a, b *connector.Limiter) Option {
	return func(o *options) { o.limiters = [2]*connector.Limiter{a, b} }
}

// WithFreshness sets how old a read may be on which an unconditional write is based; an older one is read again
// first. The default is five minutes. It matters for apps without versions.
func WithFreshness(d time.Duration) Option { return func(o *options) { o.fresh = d } }

// WithBatch sets how many records are planned and pushed together: what a sync holds in memory follows it, and fewer make
// more transactions. The default is 500; it is for tests, where few records are to make several batches.
func WithBatch(n int) Option { return func(o *options) { o.batch = max(n, 1) } }

// WithRandom sets where random bytes come from: the markers of creations, the holder of a lease, the spread of waits, and
// what the digests of [Syncer.Forget] are keyed with. The default is crypto/rand.Reader, and a program that keeps people's
// contacts leaves it at that: the option is for simulations, which want the same bytes every time. It panics if r fails.
func WithRandom(r io.Reader) Option { return func(o *options) { o.random = r } }

// randomBytes returns n random bytes.
func (o *options) randomBytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(o.random, b); err != nil {
		panic("contactsync: the source of random bytes failed: " + err.Error())
	}
	return b
}

// randomText returns 128 random bits as text.
func (o *options) randomText() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(o.randomBytes(16))
}

// jitter returns a random number in [0, 1).
func (o *options) jitter() float64 {
	return float64(binary.LittleEndian.Uint64(o.randomBytes(8))>>11) / (1 << 53)
}

// wrap gives a connector retries, limits, batches and deadlines.
func (s *Syncer) wrap(c connector.Connector, side Side, doc Connection) connector.Connector {
	app := [2]Endpoint{doc.A, doc.B}[side].App
	if app == "" {
		app = side.String()
	}
	current := s.opts.current
	return connector.Wrap(c, connector.WrapOptions{
		App:      app,
		Clock:    leaseClock{s.opts.clock, current},
		Jitter:   s.opts.jitter,
		Parallel: s.opts.concurrency,
		Limiter:  s.opts.limiters[side],
		Before: func(ctx context.Context) error {
			if r := current.Load(); r != nil {
				return r.keepLease(ctx)
			}
			return nil
		},
		Deadline: func() time.Time {
			if r := current.Load(); r != nil {
				r.mu.Lock()
				defer r.mu.Unlock()
				return r.leaseEnd
			}
			return time.Time{}
		},
	})
}

// leaseClock is the engine's clock. While it sleeps for long, it keeps the lease of the run that waits.
type leaseClock struct {
	connector.Clock
	current *atomic.Pointer[run]
}

// Sleep sleeps in slices shorter than a lease, and renews it between them.
func (c leaseClock) Sleep(ctx context.Context, d time.Duration) error {
	const slice = leaseTTL / 3
	for d > 0 {
		if err := c.Clock.Sleep(ctx, min(d, slice)); err != nil {
			return err
		}
		d -= slice
		if r := c.current.Load(); r != nil {
			if err := r.keepLease(ctx); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}
