package fake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// ErrCrash is what every call fails with once the process that made them has died, until [App.Revive].
var ErrCrash = errors.New("crash: the process died")

// A Fault makes calls go wrong.
type Fault struct {
	On    string // the calls: "changes", "list", "read", "find", "identity", "create", "update" or "delete"
	Kind  Kind
	Times int // how many calls go wrong; 0 ends the faults of this kind on these calls
	After int // how many calls pass first
	// Edit is of a Conflict: what a user changes in the first record of the call before the call acts.
	Edit contact.Fields
}

// Kind is what goes wrong.
type Kind string

// The kinds of faults.
const (
	CrashBefore   Kind = "crash_before"   // the process dies before the call
	CrashAfter    Kind = "crash_after"    // the process dies after the app has acted
	LostResponse  Kind = "lost_response"  // the app acts; the caller sees a network error
	ErrorAfter    Kind = "error_after"    // the app acts; the caller gets a plain error
	Unavailable   Kind = "unavailable"    // [connector.ErrUnavailable]
	RateLimited   Kind = "rate_limited"   // [connector.ErrRateLimited], with RetryDelay
	Unauthorized  Kind = "unauthorized"   // [connector.ErrUnauthorized]
	Invalid       Kind = "invalid"        // the first record of the call is refused, the others are written
	Conflict      Kind = "conflict"       // a user edits the first record of the call just before it
	PartialBatch  Kind = "partial_batch"  // the first half of the batch is written, then the connection breaks
	CursorExpired Kind = "cursor_expired" // of "changes": the app no longer knows the cursor; it always knows the zero one
	DuplicatePage Kind = "duplicate_page" // of "changes": the next call gets the page once more
)

// RetryDelay is the delay that a rate-limited call is told.
const RetryDelay = 30 * time.Second

// calls returns the calls that may go wrong this way, nil for an unknown kind.
func (k Kind) calls() []string {
	switch k {
	case CrashBefore, CrashAfter, LostResponse, ErrorAfter, Unavailable, RateLimited, Unauthorized:
		return []string{"changes", "list", "read", "find", "identity", "create", "update", "delete"}
	case Invalid, PartialBatch:
		return []string{"create", "update", "delete"}
	case Conflict:
		return []string{"update", "delete"}
	case CursorExpired, DuplicatePage:
		return []string{"changes"}
	}
	return nil
}

// Fail makes the next calls go wrong. Where several faults wait for one call, the first that was given befalls
// it. It fails if the fault does not fit the call.
func (a *App) Fail(f Fault) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls := f.Kind.calls()
	if calls == nil {
		return fmt.Errorf("%s: unknown kind of fault %q", a.name, f.Kind)
	}
	if !slices.Contains(calls, f.On) {
		return fmt.Errorf("%s: a fault %q befalls one of %q, not %q", a.name, f.Kind, calls, f.On)
	}
	if f.Times < 0 || f.After < 0 {
		return fmt.Errorf("%s: fault %q: times and after are not negative", a.name, f.Kind)
	}
	if f.Times == 0 {
		a.faults = slices.DeleteFunc(a.faults, func(g *Fault) bool { return g.On == f.On && g.Kind == f.Kind })
		return nil
	}
	a.faults = append(a.faults, &f)
	return nil
}

// OnCrash sets what is called when a fault lets the process die, so that a test can take its store away as well.
func (a *App) OnCrash(hook func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.onCrash = hook
}

// Crash makes every call fail with [ErrCrash], as if the process that makes them had died. It does not call the
// hook of OnCrash.
func (a *App) Crash() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dead = true
}

// Revive ends a crash: the calls of a new process reach the app again.
func (a *App) Revive() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dead = false
}

// is reports whether f is a fault of that kind; nil is none.
func (f *Fault) is(k Kind) bool { return f != nil && f.Kind == k }

// next returns the fault that befalls this call and counts it, nil if there is none.
func (a *App) next(op string) *Fault {
	var hit *Fault
	for _, f := range a.faults {
		switch {
		case f.On != op:
		case f.After > 0:
			f.After--
		case hit == nil:
			hit = f
		}
	}
	if hit == nil {
		return nil
	}
	hit.Times--
	now := *hit
	a.faults = slices.DeleteFunc(a.faults, func(f *Fault) bool { return f.Times == 0 })
	return &now
}

// call is every call of the connector: it is counted, the next fault befalls it, and act does what the app does.
func (a *App) call(ctx context.Context, op string, act func(*Fault) error) error {
	died, err := a.locked(ctx, op, act)
	if died != nil {
		died()
	}
	return err
}

// locked makes the call and returns the hook to call, without the lock, if the process died in it.
func (a *App) locked(ctx context.Context, op string, act func(*Fault) error) (died func(), err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.dead {
		return nil, a.fail(op, "", ErrCrash)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a.calls[op]++
	a.catchUp()
	f := a.next(op)
	if err := a.refuse(op, f); err != nil {
		return a.hook(), err
	}
	if err := act(f); err != nil {
		return nil, err
	}
	switch {
	case f.is(CrashAfter):
		a.dead = true
		return a.hook(), a.fail(op, "", ErrCrash)
	case f.is(LostResponse):
		return nil, fmt.Errorf("%s: %s: the connection was reset before the answer", a.name, op)
	case f.is(ErrorAfter):
		return nil, fmt.Errorf("%s: %s: something went wrong", a.name, op)
	}
	return nil, nil
}

// refuse returns the error of a fault that keeps the app from acting at all.
func (a *App) refuse(op string, f *Fault) error {
	switch {
	case f.is(CrashBefore):
		a.dead = true
		return a.fail(op, "", ErrCrash)
	case f.is(Unavailable):
		return a.fail(op, "", connector.ErrUnavailable)
	case f.is(RateLimited):
		e := a.fail(op, "", connector.ErrRateLimited)
		e.RetryAfter = RetryDelay
		return e
	case f.is(Unauthorized):
		return a.fail(op, "", connector.ErrUnauthorized)
	}
	return nil
}

// hook returns the hook of OnCrash if the process is dead.
func (a *App) hook() func() {
	if !a.dead {
		return nil
	}
	return a.onCrash
}
