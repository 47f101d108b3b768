package connector

import (
	"context"
	"errors"
	"strings"
	"time"
)

// The waits between attempts. An app that names a delay is believed within minRetryAfter and maxRetryAfter.
const (
	firstBackoff  = time.Second
	maxBackoff    = time.Minute
	minRetryAfter = time.Second
	maxRetryAfter = time.Hour
)

// retryWrite reports whether a write that ended in err may be sent again: it certainly was not carried out, and
// the reason may pass soon.
func retryWrite(err error) bool {
	var r refusal
	if errors.As(err, &r) || isAny(err, ErrQuota, ErrUnauthorized, ErrForbidden) {
		return false
	}
	return isAny(err, ErrUnavailable, ErrRateLimited, ErrNotSent)
}

// retryRead reports whether a call that only reads and ended in err may be made again. It does no harm, so it may
// after any error of which nothing is known.
func retryRead(err error) bool {
	if retryWrite(err) {
		return true
	}
	final := Known(err) || isAny(err, ErrNoFeed, ErrCursorExpired, ErrPaginationLoop, ErrContract, ErrPanic)
	return !final
}

// blocked reports whether err says that the app cannot be written to at present, so that the next write would
// fare no better.
func blocked(err error) bool {
	return isAny(err, ErrUnauthorized, ErrUnavailable, ErrRateLimited, ErrQuota, ErrNotSent)
}

func isAny(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// waitFor waits before the attempt after the nth, which ended in err, and reports whether there is to be one. If
// the app has had too many calls, all calls of the account wait, also if this one is not made again.
func (w *Wrapped) waitFor(ctx context.Context, n int, err error) bool {
	delay, asked := RetryAfter(err)
	if asked {
		delay = clampRetryAfter(delay)
	} else {
		delay = w.backoff(n)
	}
	if errors.Is(err, ErrRateLimited) {
		w.opts.Limiter.pause(w.opts.Clock.Now().Add(delay))
	}
	return n < w.opts.Attempts && w.sleep(ctx, delay) == nil
}

// backoff returns the wait after the nth attempt: anything up to a bound that doubles each time (full jitter), so
// that clients which failed together do not come back together.
func (w *Wrapped) backoff(n int) time.Duration {
	bound := maxBackoff
	if n <= 6 { // 2^6 seconds are more than maxBackoff
		bound = min(maxBackoff, firstBackoff<<(n-1))
	}
	return time.Duration(w.opts.Jitter() * float64(bound))
}

func clampRetryAfter(d time.Duration) time.Duration {
	return min(max(d, minRetryAfter), maxRetryAfter)
}

// ParseRetryAfter returns the delay that a Retry-After header asks for, in seconds or until a date (RFC 9110
// section 10.2.3), brought into the range from 1 second to 1 hour, and whether it asks for one: false if the
// header is neither. now is what a date is compared with.
func ParseRetryAfter(header string, now time.Time) (time.Duration, bool) {
	header = strings.TrimSpace(header)
	if header == "" {
		return 0, false
	}
	if strings.Trim(header, "0123456789") == "" {
		return retryAfterSeconds(header), true
	}
	// The three forms of a date, RFC 9110 section 5.6.7.
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
		if t, err := time.Parse(layout, header); err == nil {
			return clampRetryAfter(t.Sub(now)), true
		}
	}
	return 0, false
}

// retryAfterSeconds returns the clamped delay of a number of seconds, however many digits it has.
func retryAfterSeconds(digits string) time.Duration {
	seconds := time.Duration(0)
	for _, d := range digits {
		seconds = seconds*10 + time.Duration(d-'0')
		if seconds*time.Second >= maxRetryAfter {
			return maxRetryAfter
		}
	}
	return clampRetryAfter(seconds * time.Second)
}
