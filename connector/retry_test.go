package connector_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/contactsync/contactsync/connector"
)

func TestBackoffGrowsToAMinute(t *testing.T) {
	t.Parallel()
	s := time.Second
	tests := map[string]struct {
		jitter float64
		want   []time.Duration
	}{
		"longest": {1, []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, time.Minute, time.Minute}},
		"half":    {0.5, []time.Duration{s / 2, s, 2 * s, 4 * s, 8 * s, 16 * s, 30 * s, 30 * s}},
		"none":    {0, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			clock, script := newClock(), &outcomes{errs: []error{connector.ErrUnavailable}}
			w := connector.Wrap(&scripted{changes: func(context.Context, connector.Query) (connector.Page, error) {
				return connector.Page{}, script.next()
			}}, connector.WrapOptions{Clock: clock, Jitter: func() float64 { return tt.jitter }, Attempts: 9})
			if _, err := w.Changes(t.Context(), connector.Query{}); names(err) != "unavailable" {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(9, script.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, clock.slept); diff != "" {
				t.Errorf("sleeps (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBackoffOfManyAttempts(t *testing.T) {
	t.Parallel()
	clock := newClock()
	w := connector.Wrap(&scripted{changes: func(context.Context, connector.Query) (connector.Page, error) {
		return connector.Page{}, connector.ErrUnavailable
	}}, connector.WrapOptions{Clock: clock, Jitter: most, Attempts: 100})
	_, _ = w.Changes(t.Context(), connector.Query{})
	for i, d := range clock.slept[6:] {
		if d != time.Minute {
			t.Fatalf("wait %d is %s, want a minute", i+7, d)
		}
	}
	if len(clock.slept) != 99 {
		t.Errorf("%d waits, want 99", len(clock.slept))
	}
}

func TestB81ParseRetryAfter(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header string
		want   time.Duration
		ok     bool
	}{
		"seconds":                     {"120", 2 * time.Minute, true},
		"space around":                {" 7 ", 7 * time.Second, true},
		"zero":                        {"0", time.Second, true},
		"leading zeros":               {"0000000000000000000000000030", 30 * time.Second, true},
		"an hour":                     {"3600", time.Hour, true},
		"more than an hour":           {"3601", time.Hour, true},
		"years":                       {"99999999", time.Hour, true},
		"more than a number can hold": {"99999999999999999999999999", time.Hour, true},
		"2^64 + 1":                    {"18446744073709551617", time.Hour, true},
		"date":                        {"Sun, 01 Mar 2026 12:00:30 GMT", 30 * time.Second, true},
		"date, RFC 850":               {"Sunday, 01-Mar-26 12:00:30 GMT", 30 * time.Second, true},
		"date, asctime":               {"Sun Mar  1 12:00:30 2026", 30 * time.Second, true},
		"date now":                    {"Sun, 01 Mar 2026 12:00:00 GMT", time.Second, true},
		"date past":                   {"Sun, 01 Mar 2020 12:00:00 GMT", time.Second, true},
		"date in the year 9999":       {"Fri, 31 Dec 9999 23:59:59 GMT", time.Hour, true},
		"half a date":                 {"Wed, 31 Dec 9999", 0, false},
		"negative":                    {"-1", 0, false},
		"fraction":                    {"1.5", 0, false},
		"word":                        {"soon", 0, false},
		"digits of another script":    {"١٢", 0, false},
		"empty":                       {"", 0, false},
		"space":                       {"  ", 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := connector.ParseRetryAfter(tt.header, noon)
			if diff := cmp.Diff(tt.want, got); diff != "" || ok != tt.ok {
				t.Errorf("ok %t, want %t (-want +got):\n%s", ok, tt.ok, diff)
			}
		})
	}
}

func FuzzParseRetryAfter(f *testing.F) {
	for _, seed := range []string{"120", "-1", "99999999999999999999", "Sun, 01 Mar 2026 12:00:30 GMT", "soon", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		d, ok := connector.ParseRetryAfter(header, noon)
		if ok && (d < time.Second || d > time.Hour) || !ok && d != 0 {
			t.Errorf("%q: %s, %t", header, d, ok)
		}
	})
}
