package connector

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"
)

// call makes a call that only reads, as often as it takes.
func call[T any](ctx context.Context, w *Wrapped, op string, fn func(context.Context) (T, error)) (T, error) {
	for n := 1; ; n++ {
		out, err := attempt(ctx, w, op, false, fn)
		if err == nil || !retryRead(err) || !w.waitFor(ctx, n, err) {
			return out, err
		}
	}
}

// attempt makes a call once: when the limits of the account allow it, and of a call that writes what comes
// before it, and within its deadline.
func attempt[T any](ctx context.Context, w *Wrapped, op string, writes bool,
	fn func(context.Context) (T, error)) (none T, err error) {
	if err := w.opts.Limiter.enter(ctx, w.parallel()); err != nil {
		return none, w.refuse(op, err)
	}
	defer w.opts.Limiter.leave()
	for {
		d := w.opts.Limiter.paused(w.opts.Clock.Now())
		if d <= 0 {
			break
		}
		if err := w.sleep(ctx, d); err != nil {
			return none, w.refuse(op, err)
		}
	}
	if err := w.sleep(ctx, w.opts.Limiter.reserve(w.opts.Clock.Now())); err != nil {
		return none, w.refuse(op, err)
	}
	if writes && w.opts.Before != nil {
		if err := w.opts.Before(ctx); err != nil {
			return none, w.refuse(op, err)
		}
	}
	timeout := w.opts.Timeout
	if left, ends := w.left(); ends && writes {
		timeout = min(timeout, left) // a write ends before the right to make it does
	}
	if timeout <= 0 {
		return none, w.refuse(op, context.DeadlineExceeded)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return watched(ctx, w, op, fn)
}

// left returns how much time the caller's deadline leaves, and whether there is a deadline.
func (w *Wrapped) left() (time.Duration, bool) {
	if w.opts.Deadline == nil {
		return 0, false
	}
	end := w.opts.Deadline()
	if end.IsZero() {
		return 0, false
	}
	return end.Sub(w.opts.Clock.Now()), true
}

// sleep waits for d. It fails at once if ctx has ended.
func (w *Wrapped) sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	return w.opts.Clock.Sleep(ctx, d)
}

// watched runs fn, and leaves it behind if it goes on for too long after its context ended.
func watched[T any](ctx context.Context, w *Wrapped, op string, fn func(context.Context) (T, error)) (none T, err error) {
	if w.opts.Abandon <= 0 {
		return contained(ctx, w, op, fn)
	}
	type answer struct {
		out T
		err error
	}
	done := make(chan answer, 1) // so that the goroutine can end after nobody waits any more
	go func() {
		out, err := contained(ctx, w, op, fn)
		done <- answer{out, err}
	}()
	select {
	case a := <-done:
		return a.out, a.err
	case <-ctx.Done():
	}
	grace := time.NewTimer(w.opts.Abandon)
	defer grace.Stop()
	select {
	case a := <-done:
		return a.out, a.err
	case <-grace.C:
		return none, w.broken(op, "the call went on after its context had ended, and was left behind")
	}
}

// contained runs fn and makes a panic an error. What the panic says is left out, as it may hold contact data,
// unless the Go runtime says it.
func contained[T any](ctx context.Context, w *Wrapped, op string, fn func(context.Context) (T, error)) (out T, err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		text := fmt.Sprintf("%T", p)
		if e, ok := p.(runtime.Error); ok {
			text = e.Error()
		}
		err = &Error{App: w.opts.App, Op: op, Err: ErrPanic, Message: text + panickedAt()}
	}()
	return fn(ctx)
}

// panickedAt returns " at file:line" of the code that panicked, when called by a deferred function.
func panickedAt() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	panicking := false
	for {
		f, more := frames.Next()
		inRuntime := strings.HasPrefix(f.Function, "runtime.")
		if panicking && !inRuntime {
			return fmt.Sprintf(" at %s:%d", f.File[strings.LastIndexByte(f.File, '/')+1:], f.Line)
		}
		panicking = panicking || inRuntime
		if !more {
			return ""
		}
	}
}

// A refusal is the error of a call that the wrapper did not make, so that nothing was done and trying again at
// once is of no use.
type refusal struct{ cause error }

func (r refusal) Error() string   { return ErrNotSent.Error() + ": " + r.cause.Error() }
func (r refusal) Unwrap() []error { return []error{ErrNotSent, r.cause} }

// refuse returns the error of a call of operation op that is not made because of cause.
func (w *Wrapped) refuse(op string, cause error) error {
	var r refusal
	if errors.As(cause, &r) {
		return cause
	}
	delay, _ := RetryAfter(cause)
	return &Error{App: w.opts.App, Op: op, RetryAfter: delay, Err: refusal{cause}}
}
