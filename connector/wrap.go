package connector

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// WrapOptions say how [Wrap] treats a connector. The zero value is what a program wants that has nothing to add.
type WrapOptions struct {
	// App is the app's id, which errors of the wrapper name.
	App string
	// Clock is what all waiting goes by; nil means [SystemClock].
	Clock Clock
	// Jitter returns a number in [0, 1) that spreads the waits between attempts; nil means a random one.
	Jitter func() float64
	// Attempts is how often a call is made at most; 0 means 5.
	Attempts int
	// Parallel is how many calls are made at a time at most; 0 means as many as the schema allows. With 1, here or
	// in the schema, no goroutine is started for batches.
	Parallel int
	// Limiter is shared by all connectors of one account; nil means one of its own.
	Limiter *Limiter
	// Timeout is how long one attempt may take; 0 means 2 minutes.
	Timeout time.Duration
	// Deadline returns when the caller's right to write ends, such as its lease; the zero time means never. It is
	// asked before every attempt to write, behind Before, and no such attempt lasts longer; one that would begin
	// later is not made. nil means never. Waits may last longer: Before renews the right, or fails, behind them.
	Deadline func() time.Time
	// Before is called before each attempt to send a batch of writes, and before Deadline is asked; the batch is
	// not sent if it fails. It is where a caller checks and renews its lease. nil means nothing.
	Before func(ctx context.Context) error
	// Abandon is how long a call may go on after its context ended, by the machine's clock. Then the caller gets
	// an error that wraps [ErrContract], and the goroutine of the call is left behind until the connector returns.
	// 0 means that calls are waited for, and that none runs in a goroutine of its own.
	Abandon time.Duration
}

// Wrapped is a connector with all that the library adds to one; see [Wrap].
type Wrapped struct {
	inner Connector
	of    Features
	opts  WrapOptions

	mu     sync.Mutex
	schema *contact.Schema // as last read; nil before
}

// Wrap returns c with retries, limits, batches, deadlines, and checks of what it answers. It keeps the optional
// capabilities of c, each treated likewise ([FeaturesOf]).
//
// Attempts: a call that ends in [ErrUnavailable], [ErrRateLimited] or [ErrNotSent] is made again, after waits that
// grow from 1 second to 1 minute with full jitter, or after the delay that the app asks for, between 1 second and
// 1 hour. A call that only reads is made again after any error that is not one of this package's. A write that
// ends in such an error is not: its outcome is unknown. An upsert is, for it makes no second record.
//
// Batches: Apply, Upsert and Read take any number of writes (of one operation) or ids, and split them by the schema's
// batch. Apply answers each write, and its own error is always nil; see [Wrapped.Apply].
//
// Checks: a panic becomes an error that wraps [ErrPanic]; answers that cannot be true one that wraps
// [ErrContract]. A write that ends in either has an unknown outcome.
func Wrap(c Connector, opts WrapOptions) *Wrapped {
	if opts.Clock == nil {
		opts.Clock = SystemClock{}
	}
	if opts.Jitter == nil {
		opts.Jitter = rand.Float64
	}
	if opts.Attempts <= 0 {
		opts.Attempts = 5
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 2 * time.Minute
	}
	if opts.Limiter == nil {
		opts.Limiter = &Limiter{}
	}
	return &Wrapped{inner: c, of: FeaturesOf(c), opts: opts}
}

// Schema returns the connector's schema. The wrapper goes by the one that was read last.
func (w *Wrapped) Schema(ctx context.Context) (contact.Schema, error) {
	schema, err := call(ctx, w, "schema", w.inner.Schema)
	if err != nil {
		return contact.Schema{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.schema = &schema
	return schema, nil
}

// knownSchema returns the schema as last read, and reads it if it never was.
func (w *Wrapped) knownSchema(ctx context.Context) (contact.Schema, error) {
	w.mu.Lock()
	known := w.schema
	w.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	return w.Schema(ctx)
}

// parallel returns how many calls may be made at a time. Before the schema is known that is one.
func (w *Wrapped) parallel() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	most := 1
	if w.schema != nil {
		most = max(1, w.schema.Parallel)
	}
	if w.opts.Parallel > 0 {
		most = min(most, w.opts.Parallel)
	}
	return most
}

// Changes returns one page of changes. It fails with [ErrContract] if an id or version in it cannot be one.
func (w *Wrapped) Changes(ctx context.Context, q Query) (Page, error) {
	return call(ctx, w, "changes", func(ctx context.Context) (Page, error) {
		page, err := w.inner.Changes(ctx, q)
		if err == nil {
			err = w.checkPage(page)
		}
		return page, err
	})
}

// Apply carries out any number of writes of one operation and answers each of them, in order; its own error is
// always nil. A batch that failed as a whole gives its error to each of its writes. If the app cannot be
// written to at present (unauthorized, unavailable, too many calls, quota used up) or ctx has ended, the batches
// that were not begun are not sent, and their writes answer an error that wraps [ErrNotSent] and the cause.
func (w *Wrapped) Apply(ctx context.Context, writes []Write) ([]Result, error) {
	return w.applyBy(ctx, w.inner.Apply, retryWrite, writes)
}

// applyBy has writes carried out by send, which is tried again as retry says.
func (w *Wrapped) applyBy(ctx context.Context, send func(context.Context, []Write) ([]Result, error), retry func(error) bool,
	writes []Write) ([]Result, error) {
	if len(writes) == 0 {
		return nil, nil
	}
	b := batches[Write, Result]{
		w: w, op: string(writes[0].Op), writes: true,
		send:  send,
		check: w.checkResults,
		fail:  func(err error) Result { return Result{Err: err} },
		err:   func(r Result) error { return r.Err },
		retry: retry,
	}
	for _, write := range writes {
		if write.Op != writes[0].Op {
			return b.failAll(len(writes), w.refuse("apply", errMixed)), nil
		}
	}
	schema, err := w.knownSchema(ctx)
	if err != nil {
		return b.failAll(len(writes), w.refuse(b.op, err)), nil
	}
	b.size = map[Op]int{Create: schema.Batch.Create, Update: schema.Batch.Update, Delete: schema.Batch.Delete}[writes[0].Op]
	results, _ := b.run(ctx, writes)
	return results, nil
}

// Features returns the optional capabilities of the connector, each wrapped.
func (w *Wrapped) Features() Features {
	c := capabilities{w}
	var f Features
	if w.of.Lister != nil {
		f.Lister = c
	}
	if w.of.KnownLister != nil {
		f.KnownLister = c
	}
	if w.of.Reader != nil {
		f.Reader = c
	}
	if w.of.Finder != nil {
		f.Finder = c
	}
	if w.of.KeyFinder != nil {
		f.KeyFinder = c
	}
	if w.of.Upserter != nil {
		f.Upserter = c
	}
	if w.of.Receiver != nil {
		f.Receiver = c
	}
	if w.of.Identifier != nil {
		f.Identifier = c
	}
	if w.of.Checker != nil {
		f.Checker = c
	}
	if w.of.KindLister != nil {
		f.KindLister = c
	}
	return f
}
