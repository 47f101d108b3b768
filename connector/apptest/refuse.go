package apptest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Refuse answers a request that the app does not know or that its rules forbid, with a status and the reason, and
// fails the test: it is a mistake of the connector, not of a user or of the data. The message must not hold contact
// data. It is called by a fake, with the request that it got.
func Refuse(w http.ResponseWriter, r *http.Request, status int, format string, args ...any) {
	Note(r, format, args...)
	http.Error(w, fmt.Sprintf(format, args...), status)
}

// Note fails the test as [Refuse] does, of a request that the fake answers itself.
func Note(r *http.Request, format string, args ...any) {
	why := fmt.Sprintf(format, args...)
	if c, ok := r.Context().Value(callKey{}).(*call); ok {
		c.server.journal.refused(c.entry, why)
		c.server.t.Errorf("%s %s: %s", r.Method, r.URL.EscapedPath(), why)
	}
}

// harmless are headers that clients and proxies send of themselves and that change nothing of what is asked for.
var harmless = []string{"Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Connection",
	"Content-Length", "Content-Type", "Host", "Referer", "Traceparent", "Tracestate", "User-Agent"}

// UnknownHeader returns a header of the request that the app would act by or that it does not know: one that neither
// changes nothing (User-Agent and the like) nor is among known. "" means that there is none.
func UnknownHeader(r *http.Request, known ...string) string {
	var unknown []string
	for name := range r.Header {
		isKnown := slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
		if !isKnown && !slices.Contains(harmless, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return ""
	}
	return slices.Min(unknown)
}

// UnknownParam returns a query parameter that is not among known or is given twice, "" if there is none.
func UnknownParam(r *http.Request, known ...string) string {
	var unknown []string
	for name, values := range r.URL.Query() {
		if !slices.Contains(known, name) || len(values) > 1 {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return ""
	}
	return slices.Min(unknown)
}
