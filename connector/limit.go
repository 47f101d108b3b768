package connector

import (
	"context"
	"sync"
	"time"
)

// A Limiter holds back the calls to one account, over all the connectors that share it: so many at a time, so many
// a second, and none while the app has asked to wait. The zero value allows what the schema says at a time, at any
// rate. Its fields are set before its first use; then it is safe for use by several goroutines.
type Limiter struct {
	// Parallel is how many calls are made at a time at most; 0 means as many as the connector's schema allows.
	Parallel int
	// PerSecond is how many calls are made a second; 0 means no limit.
	PerSecond float64
	// Burst is how many calls may be made at once after a pause in spite of PerSecond; 0 means one.
	Burst int

	mu      sync.Mutex
	running int
	freed   chan struct{} // closed when a call ends; nil if nobody waits for that
	until   time.Time     // no call before this
	next    time.Time     // when the next call is due if all calls were evenly spread
}

// enter waits until fewer than most calls are running, and counts one more.
func (l *Limiter) enter(ctx context.Context, most int) error {
	if l.Parallel > 0 {
		most = min(most, l.Parallel)
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		freed, ok := l.tryEnter(most)
		if ok {
			return nil
		}
		select {
		case <-freed:
		case <-ctx.Done():
		}
	}
}

// tryEnter counts one more call if fewer than most are running. If not it returns a channel that is closed when
// one of them ends.
func (l *Limiter) tryEnter(most int) (freed <-chan struct{}, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running < most {
		l.running++
		return nil, true
	}
	if l.freed == nil {
		l.freed = make(chan struct{})
	}
	return l.freed, false
}

// leave counts one call less.
func (l *Limiter) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	if l.freed != nil {
		close(l.freed)
		l.freed = nil
	}
}

// pause holds back all calls until t.
func (l *Limiter) pause(t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.After(l.until) {
		l.until = t
	}
}

// paused returns for how long calls are held back.
func (l *Limiter) paused(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, l.until.Sub(now))
}

// reserve takes one call out of the rate, and returns how long it has to wait for its turn.
func (l *Limiter) reserve(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.PerSecond <= 0 {
		return 0
	}
	apart := time.Duration(float64(time.Second) / l.PerSecond)
	if l.next.Before(now) {
		l.next = now
	}
	turn := l.next.Add(-apart * time.Duration(max(0, l.Burst-1)))
	l.next = l.next.Add(apart)
	return max(0, turn.Sub(now))
}
