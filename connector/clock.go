package connector

import (
	"context"
	"time"
)

// A Clock is where the library gets the time, so that tests and simulations can bring their own. It is used by several
// goroutines at a time, unless a sync is told to make one call at a time.
type Clock interface {
	// Now returns the current time.
	Now() time.Time
	// Sleep returns after d, or with the context's error when that ends first.
	Sleep(ctx context.Context, d time.Duration) error
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now returns the current time.
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep returns after d, or with the context's error when that ends first.
func (SystemClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
