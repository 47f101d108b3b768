package apptest_test

import (
	"crypto/sha1"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest"
	"github.com/stretchr/testify/require"
)

func TestIndexLags(t *testing.T) {
	t.Parallel()
	clock := apptest.NewClock(apptest.Start)
	x := apptest.Index[string]{Clock: clock, Lag: time.Minute}
	x.Put("a", "a1")
	x.Put("b", "b1")
	look := func(search, all string) {
		t.Helper()
		require.Equal(t, search, strings.Join(x.Search(), " "))
		require.Equal(t, all, strings.Join(x.All(), " "))
	}
	look("", "a1 b1")
	clock.Advance(time.Minute)
	look("a1 b1", "a1 b1")
	x.Put("a", "a2")
	x.Remove("b")
	x.Put("a", "a3")
	look("a1 b1", "a3")
	row, ok := x.Get("a")
	require.True(t, ok)
	require.Equal(t, "a3", row)
	_, ok = x.Get("b")
	require.False(t, ok)
	_, ok = x.Get("c")
	require.False(t, ok)
	clock.Advance(59 * time.Second)
	look("a1 b1", "a3")
	clock.Advance(time.Second)
	look("a3", "a3")
}

func TestCut(t *testing.T) {
	t.Parallel()
	rows := []int{1, 2, 3, 4}
	for _, row := range []struct{ offset, size, first, n, next int }{
		{0, 2, 1, 2, 2}, {2, 2, 3, 2, -1}, {0, 4, 1, 4, -1}, {3, 2, 4, 1, -1}, {4, 2, 0, 0, -1}, {9, 2, 0, 0, -1}, {-1, 1, 1, 1, 1},
	} {
		page, next := apptest.Cut(rows, row.offset, row.size)
		if len(page) != row.n || next != row.next || row.n > 0 && page[0] != row.first {
			t.Errorf("from %d, %d of them: %v, then %d", row.offset, row.size, page, next)
		}
	}
}

// TestPagesShift: a user edits a row between two pages, it moves to the end, and the row behind it is missed.
func TestPagesShift(t *testing.T) {
	t.Parallel()
	rows := []string{"a", "b", "c", "d"}
	s := apptest.New(t, apptest.App{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.FormValue("offset"))
		page, _ := apptest.Cut(rows, offset, 2)
		fmt.Fprint(w, strings.Join(page, ""))
	})})
	var met []int
	s.Between("GET", func(n int) {
		met = append(met, n)
		if n == 1 {
			rows = append(slices.Clone(rows[1:]), rows[0])
		}
	})
	s.Between("PUT", func(int) { t.Error("nobody has put anything") })
	all := ""
	for _, offset := range []string{"0", "2"} {
		_, body, _, err := get(t, s, "GET", "/?offset="+offset)
		require.NoError(t, err)
		all += body
	}
	require.Equal(t, "abda", all)
	require.Equal(t, []int{1, 2}, met)
}

// TestSignatures: the digests are those of RFC 4231 section 4.3 and RFC 2202 section 3, test case 2 of both.
func TestSignatures(t *testing.T) {
	t.Parallel()
	const text = "what do ya want for nothing?"
	clock := apptest.NewClock(apptest.Start)
	for name, row := range map[string]struct {
		sign apptest.Signature
		want string
	}{
		"sha256": {apptest.Signature{}, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		"sha1": {apptest.Signature{Prefix: "sha1=", Hash: func() hash.Hash { return sha1.New() }},
			"sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
		"base64": {apptest.Signature{Base64: true}, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="},
		"signs more than the body": {apptest.Signature{Signs: func(d connector.Delivery, _ string) []byte {
			return []byte(strings.TrimPrefix(d.URL, "https://host.example/") + " ya want for nothing?")
		}}, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		"with a time": {apptest.Signature{Timestamp: "X-Time", Time: func(time.Time) string { return "" }},
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	} {
		row.sign.Secret, row.sign.Header = "Jefe", "X-Signature"
		h := apptest.Webhook{URL: "https://host.example/what do", Signature: row.sign, Clock: clock}
		if got := h.Delivery([]byte(text)).Header.Get("X-Signature"); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}

// TestForgeries: each differs from the true delivery in what it is named after, and an honest receiver refuses it.
func TestForgeries(t *testing.T) {
	t.Parallel()
	clock := apptest.NewClock(apptest.Start)
	h := apptest.Webhook{URL: "https://host.example/hook", Clock: clock,
		Signature: apptest.Signature{Secret: "s", Header: "X-Signature", Timestamp: "X-Time"}}
	honest := func(d connector.Delivery) bool {
		ms, err := strconv.ParseInt(d.Header.Get("X-Time"), 10, 64)
		if err != nil || d.Received.Sub(time.UnixMilli(ms)) > 5*time.Minute {
			return false
		}
		again := h
		again.Clock = apptest.NewClock(time.UnixMilli(ms))
		return again.Delivery(d.Body).Header.Get("X-Signature") == d.Header.Get("X-Signature")
	}
	require.True(t, honest(h.Delivery([]byte("{}"))))
	forged := h.Forgeries([]byte("{}"))
	require.Len(t, forged, 8)
	for name, d := range forged {
		if honest(d) {
			t.Errorf("%s is taken", name)
		}
	}
	h.Signature.Timestamp = ""
	require.Len(t, h.Forgeries([]byte("{}")), 5)
}

func TestStorm(t *testing.T) {
	t.Parallel()
	var sent []connector.Delivery
	for i := range 20 {
		sent = append(sent, connector.Delivery{Body: []byte{byte(i)}})
	}
	bodies := func(ds []connector.Delivery) (all []byte) {
		for _, d := range ds {
			all = append(all, d.Body...)
		}
		return all
	}
	got := bodies(apptest.Storm(1, sent...))
	require.Equal(t, got, bodies(apptest.Storm(1, sent...)))
	require.NotEqual(t, got, bodies(apptest.Storm(2, sent...)))
	require.False(t, slices.IsSorted(got))
	require.Greater(t, len(got), 20)
	slices.Sort(got)
	require.Len(t, slices.Compact(got), 20)
}

// TestPost: what a handler gets over HTTP is what was signed.
func TestPost(t *testing.T) {
	t.Parallel()
	var got connector.Delivery
	s := apptest.New(t, apptest.App{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.Header = r.Header
		got.Body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
	})})
	h := apptest.Webhook{URL: s.URL + "/hook", Clock: s.Clock, Signature: apptest.Signature{Secret: "s", Header: "X-Signature"}}
	d := h.Delivery([]byte(`{"id":1}`))
	status, err := apptest.Post(t.Context(), s.Client(), d)
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, status)
	require.Equal(t, string(d.Body), string(got.Body))
	require.Equal(t, d.Header.Get("X-Signature"), got.Header.Get("X-Signature"))
}

// TestRetryAfters: the list holds what the papers fear.
func TestRetryAfters(t *testing.T) {
	t.Parallel()
	all := apptest.RetryAfters(apptest.Start)
	for _, want := range []string{"30", "Fri, 02 Jan 2026 03:05:05 GMT", "", "-1", "315360000", "soon", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		require.Contains(t, all, want)
	}
}
