package apptest

import (
	"context"
	"sync"
	"time"
)

// Start is when a [Clock] begins unless it is told otherwise.
var Start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// A Clock is a [github.com/contactsync/contactsync/connector.Clock] whose time passes only when somebody sleeps or
// the test says so. It is safe for use by several goroutines; who sleeps moves the time for all. The zero Clock is at
// [Start].
type Clock struct {
	mu     sync.Mutex
	passed time.Duration
	slept  time.Duration
	from   time.Time
}

// NewClock returns a clock that begins at a time.
func NewClock(at time.Time) *Clock { return &Clock{from: at} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.from.IsZero() {
		return Start.Add(c.passed)
	}
	return c.from.Add(c.passed)
}

// Sleep moves the time by d and returns at once; with the context's error, and without moving it, if that has ended.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > 0 {
		c.passed += d
		c.slept += d
	}
	return nil
}

// Advance moves the time by d, also back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passed += d
}

// Slept returns how long has been slept in all: what a client waited because it was told to.
func (c *Clock) Slept() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.slept
}
