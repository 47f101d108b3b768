package sim

import (
	"context"
	"time"
)

// start is when every history begins.
var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// A clock is how one engine or app sees the time of the world, which only moves when somebody sleeps or calls, or the
// script says so.
type clock struct {
	w    *world
	skew time.Duration
	dead func() error // nil: nobody dies of it
}

// Now returns the time of the world, as this clock goes.
func (c *clock) Now() time.Time { return c.w.now.Add(c.skew) }

// Sleep moves the time of the world. A dead process does not sleep.
func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	if c.dead != nil {
		if err := c.dead(); err != nil {
			return err
		}
	}
	c.w.now = c.w.now.Add(max(d, 0))
	return ctx.Err()
}
