package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// A Limiter holds back the calls to one account, over all the clients that share it: so many a second, and none while the
// app has said that nothing is left. The zero Limiter holds back nothing until the app says so. Its fields are set before
// its first use; then it is safe for use by several goroutines.
//
// It counts single calls. [connector.Limiter] counts calls of a connector, one of which may be many.
type Limiter struct {
	// PerSecond is how many calls are made a second; 0 means no limit.
	PerSecond float64
	// Burst is how many calls may be made at once after a pause in spite of PerSecond; 0 means one.
	Burst int
	// Left reads from an answer how many calls are left and in what time there are more, and whether it says so; nil
	// means [RateHeaders]. now is what a time is compared with.
	Left func(h http.Header, now time.Time) (left int, reset time.Duration, ok bool)

	mu    sync.Mutex
	next  time.Time // when the next call is due if all calls were evenly spread
	until time.Time // no call before this
}

// maxPause is how long calls are held back at most, whatever the app says.
const maxPause = time.Hour

// wait returns when the next call may be made.
func (l *Limiter) wait(ctx context.Context, clock connector.Clock) error {
	for {
		d := l.reserve(clock.Now())
		if d <= 0 {
			return ctx.Err()
		}
		if err := clock.Sleep(ctx, d); err != nil {
			return err
		}
	}
}

// reserve takes a call's turn if it has come, else it returns how long to wait before asking again.
func (l *Limiter) reserve(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d := l.until.Sub(now); d > 0 {
		return d
	}
	if l.PerSecond <= 0 {
		return 0
	}
	apart := time.Duration(float64(time.Second) / l.PerSecond)
	earliest := now.Add(-apart * time.Duration(max(0, l.Burst-1)))
	if l.next.Before(earliest) {
		l.next = earliest
	}
	if d := l.next.Sub(now); d > 0 {
		return d
	}
	l.next = l.next.Add(apart)
	return 0
}

// saw notes what an answer says of the calls that are left, and a Retry-After of one that refuses.
func (l *Limiter) saw(status int, h http.Header, now time.Time) {
	read := l.Left
	if read == nil {
		read = RateHeaders
	}
	pause := time.Duration(0)
	if left, reset, ok := read(h, now); ok && left <= 0 {
		pause = reset
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		if d, ok := connector.ParseRetryAfter(h.Get("Retry-After"), now); ok {
			pause = max(pause, d)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := now.Add(min(pause, maxPause)); pause > 0 && until.After(l.until) {
		l.until = until
	}
}
