package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RateHeaders reads the headers by which most apps say how many calls are left: RateLimit of the IETF's draft
// ("default";r=0;t=30), or RateLimit-Remaining and -Reset, or the same behind X-. A reset is in seconds, or a Unix time
// if it is one of this century.
func RateHeaders(h http.Header, now time.Time) (left int, reset time.Duration, ok bool) {
	if policy := h.Get("RateLimit"); policy != "" {
		if left, reset, ok = rateLimit(policy); ok {
			return left, reset, true
		}
	}
	for _, prefix := range []string{"RateLimit-", "X-RateLimit-", "X-Rate-Limit-"} {
		n, err := strconv.Atoi(strings.TrimSpace(h.Get(prefix + "Remaining")))
		if err != nil {
			continue
		}
		seconds, err := strconv.ParseFloat(strings.TrimSpace(h.Get(prefix+"Reset")), 64)
		if err != nil {
			continue
		}
		return n, resetIn(seconds, now), true
	}
	return 0, 0, false
}

// rateLimit reads the parameters r (left) and t (seconds) of the strictest policy that the header names.
func rateLimit(header string) (left int, reset time.Duration, ok bool) {
	for policy := range strings.SplitSeq(header, ",") {
		r, t := -1, -1
		for param := range strings.SplitSeq(policy, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
			n, err := strconv.Atoi(value)
			switch {
			case err != nil || n < 0:
			case name == "r":
				r = n
			case name == "t":
				t = n
			}
		}
		if r >= 0 && t >= 0 && (!ok || r < left) {
			left, reset, ok = r, resetIn(float64(t), time.Time{}), true
		}
	}
	return left, reset, ok
}

// resetIn returns in what time a reset is, which is given in seconds or as a Unix time.
func resetIn(seconds float64, now time.Time) time.Duration {
	if seconds > 1e9 && !now.IsZero() {
		seconds -= float64(now.Unix())
	}
	return time.Duration(min(max(seconds, 0), maxPause.Seconds()) * float64(time.Second))
}
