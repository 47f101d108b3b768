package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/httpapi"
)

var quiet = log.New(io.Discard, "", 0)

// here is the policy for servers of the tests.
var here = httpapi.Policy{Private: true, Plain: true}

// serve starts a server and returns a client of it.
func serve(t *testing.T, handler http.HandlerFunc, change ...func(*httpapi.Options)) (*httpapi.Client, *httptest.Server) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = quiet
	server.Start()
	t.Cleanup(server.Close)
	opts := httpapi.Options{App: "app", Base: server.URL + "/v1/", Policy: here, Authorize: httpapi.Basic("ann", "sesame")}
	for _, f := range change {
		f(&opts)
	}
	c, err := httpapi.New(opts)
	require.NoError(t, err)
	return c, server
}

// clock is one that goes on when somebody sleeps, and by a step whenever it is asked.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	step  time.Duration
	slept time.Duration
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(c.step)
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.slept = c.now.Add(d), c.slept+d
	return ctx.Err()
}

func get(t *testing.T, c *httpapi.Client, url string) (*http.Response, string, error) {
	t.Helper()
	resp, err := c.Do(t.Context(), httpapi.Request{Name: "read", Method: "GET", URL: url})
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp, string(text), err
}

func TestCallsBearWhoAsks(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		io.WriteString(w, strings.Join([]string{r.URL.Path, user, password, r.UserAgent()}, " "))
	})
	_, text, err := get(t, c, "people")
	require.NoError(t, err)
	require.Equal(t, "/v1/people ann sesame contactsync", text)
}

// TestS24Redirects: a redirect keeps the method; it leads neither to another host with credentials or a body, nor from
// https to http, nor to what the policy forbids, nor without end.
func TestS24Redirects(t *testing.T) {
	t.Parallel()
	var strange []string
	rounds := 0
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		strange = append(strange, r.Header.Get("Authorization")+r.Header.Get("Cookie"))
	}))
	defer stranger.Close()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/here":
			http.Redirect(w, r, "/v1/there", http.StatusMovedPermanently)
		case "/v1/there":
			body, _ := io.ReadAll(r.Body)
			io.WriteString(w, r.Method+" "+string(body)+" "+r.Header.Get("Authorization"))
		case "/v1/round":
			rounds++
			http.Redirect(w, r, "/v1/round", http.StatusFound)
		case "/v1/away":
			http.Redirect(w, r, stranger.URL, http.StatusTemporaryRedirect)
		case "/v1/metadata":
			http.Redirect(w, r, "ftp://169.254.169.254/", http.StatusFound)
		case "/v1/nowhere":
			w.WriteHeader(http.StatusFound)
		}
	})
	resp, err := c.Do(t.Context(), httpapi.Request{Name: "discover", Method: "PROPFIND", URL: "here", Body: []byte("body")})
	require.NoError(t, err)
	text, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	require.Equal(t, "PROPFIND body Basic YW5uOnNlc2FtZQ==", string(text))
	require.Equal(t, "/v1/there", resp.Request.URL.Path)
	for url, want := range map[string]error{"round": httpapi.ErrRedirect, "nowhere": httpapi.ErrRedirect, "metadata": httpapi.ErrAddress} {
		_, _, err = get(t, c, url)
		require.ErrorIs(t, err, want, url)
	}
	require.Equal(t, 6, rounds, "the call, and five redirects")
	_, _, err = get(t, c, "away")
	require.NoError(t, err)
	require.Equal(t, []string{""}, strange, "a stranger is told nothing")
	_, err = c.Do(t.Context(), httpapi.Request{Name: "write", Method: "PUT", URL: "away", Body: []byte("card")})
	require.ErrorIs(t, err, httpapi.ErrRedirect)
	require.Len(t, strange, 1, "what is to be written goes to nobody else")
}

// downgrading answers every request with a redirect to http.
type downgrading struct{ asked []string }

func (d *downgrading) RoundTrip(r *http.Request) (*http.Response, error) {
	d.asked = append(d.asked, r.URL.Scheme)
	return &http.Response{StatusCode: 301, Header: http.Header{"Location": {"http://dav.example.com/"}}, Body: http.NoBody, Request: r}, nil
}

func TestS24Downgrade(t *testing.T) {
	t.Parallel()
	d := &downgrading{}
	c, err := httpapi.New(httpapi.Options{App: "app", Base: "https://dav.example.com/", HTTP: &http.Client{Transport: d}, Policy: here})
	require.NoError(t, err)
	_, _, err = get(t, c, "")
	require.ErrorIs(t, err, httpapi.ErrRedirect)
	require.Equal(t, []string{"https"}, d.asked)
}

// TestS26Bomb: an answer that becomes large when it is decompressed ends at the cap, and takes no memory.
func TestS26Bomb(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 200 {
		z.Write(zeros)
	}
	z.Close()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb.Bytes())
	}, func(o *httpapi.Options) { o.MaxBody = 1 << 20 })
	resp, err := c.Do(t.Context(), httpapi.Request{Name: "read", Method: "GET"})
	require.NoError(t, err)
	defer resp.Body.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, err := io.Copy(io.Discard, resp.Body)
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, httpapi.ErrTooLarge)
	require.LessOrEqual(t, n, int64(1<<20))
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
}

func TestAnAnswerOfJustTheCap(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, strings.Repeat("x", 1000)) },
		func(o *httpapi.Options) { o.MaxBody = 1000 })
	_, text, err := get(t, c, "")
	require.NoError(t, err)
	require.Len(t, text, 1000)
}

// trickling is a body that gives a byte at a time.
type trickling struct{}

func (trickling) Read(p []byte) (int, error) { p[0] = 'x'; return 1, nil }
func (trickling) Close() error               { return nil }

func (trickling) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: trickling{}, Request: r}, nil
}

// TestS27Trickle: an answer that comes byte by byte is given up.
func TestS27Trickle(t *testing.T) {
	t.Parallel()
	slow := newClock()
	slow.step = 100 * time.Millisecond // a byte
	c, err := httpapi.New(httpapi.Options{App: "app", Base: "https://example.com/", HTTP: &http.Client{Transport: trickling{}}, Clock: slow})
	require.NoError(t, err)
	_, text, err := get(t, c, "")
	require.ErrorIs(t, err, httpapi.ErrTooSlow)
	require.Less(t, len(text), 1000)
}

// TestS27Hang: a server that says nothing is left when the call's time is over, and the outcome is not known.
func TestS27Hang(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { <-release }, func(o *httpapi.Options) { o.Timeout = 50 * time.Millisecond })
	defer close(release)
	_, _, err := get(t, c, "")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.False(t, connector.Known(err), "%v", err)
	tr := httpapi.Policy{}.Transport()
	require.Equal(t, 10*time.Second, tr.TLSHandshakeTimeout)
	require.Equal(t, 30*time.Second, tr.ResponseHeaderTimeout)
}

// TestS28Values: what is put into a call stays what it is.
func TestS28Values(t *testing.T) {
	t.Parallel()
	path, err := httpapi.Path("contacts", "../../admin?x=#y z")
	require.NoError(t, err)
	require.Equal(t, "contacts/..%2F..%2Fadmin%3Fx=%23y%20z", path)
	for _, bad := range []string{"", ".", "..", "a\r\nX: y", "a\x00", "a\x7f"} {
		_, err := httpapi.Path("contacts", bad)
		require.ErrorIs(t, err, httpapi.ErrUnsafe, "%q", bad)
	}
	asked := 0
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		require.Equal(t, "/v1/contacts/..%2F..%2Fadmin%3Fx=%23y%20z", r.URL.EscapedPath())
		require.Empty(t, r.URL.RawQuery)
	})
	_, _, err = get(t, c, path)
	require.NoError(t, err)
	for name, value := range map[string]string{"If-Match": "\"a\"\r\nX: y", "X": "a\x00b", "Bad Name": "x"} {
		_, err := c.Do(t.Context(), httpapi.Request{Name: "write", Method: "PUT", Header: http.Header{name: {value}}})
		require.ErrorIs(t, err, httpapi.ErrUnsafe, name)
	}
	require.Equal(t, 1, asked)
}

// TestB81RetryAfter: what an app says of when to come back is believed within bounds, by all calls of the account.
func TestB81RetryAfter(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0": time.Second, "-1": 0, "soon": 0, "": 0, "99999999": time.Hour, "99999999999999999999": time.Hour,
		"Wed, 31 Dec 9999 23:59:59 GMT": time.Hour, "Thu, 01 Jan 2026 00:00:30 GMT": 30 * time.Second, "Thu, 01 Jan 1970 00:00:00 GMT": time.Second,
	} {
		ticks := newClock()
		refuse := true
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if refuse {
				w.Header().Set("Retry-After", header)
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}, func(o *httpapi.Options) { o.Clock = ticks })
		resp, _, err := get(t, c, "")
		require.NoError(t, err)
		refused := c.StatusError("read", resp)
		require.ErrorIs(t, refused, connector.ErrRateLimited)
		require.Equal(t, want, refused.RetryAfter, header)
		refuse = false
		_, _, err = get(t, c, "")
		require.NoError(t, err)
		require.Equal(t, want, ticks.slept, header)
	}
}

func TestLimiterSpreadsCalls(t *testing.T) {
	t.Parallel()
	ticks := newClock()
	c, _ := serve(t, func(http.ResponseWriter, *http.Request) {}, func(o *httpapi.Options) {
		o.Clock, o.Limiter = ticks, &httpapi.Limiter{PerSecond: 2, Burst: 3}
	})
	for _, want := range []time.Duration{0, 0, 0, 500 * time.Millisecond, time.Second} {
		_, _, err := get(t, c, "")
		require.NoError(t, err)
		require.Equal(t, want, ticks.slept)
	}
}

func TestLimiterReadsHeaders(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	tests := []struct {
		name   string
		header map[string]string
		left   int
		reset  time.Duration
		ok     bool
	}{
		{"none", nil, 0, 0, false},
		{"draft", map[string]string{"RateLimit": `"default";r=0;t=30`}, 0, 30 * time.Second, true},
		{"draft, the strictest of two", map[string]string{"RateLimit": `"day";r=900;t=3000, "burst";r=2;t=1`}, 2, time.Second, true},
		{"three headers", map[string]string{"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "10"}, 5, 10 * time.Second, true},
		{"a Unix time", map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "1800000042"}, 0, 42 * time.Second, true},
		{"a time that is over", map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "1700000000"}, 0, 0, true},
		{"far away", map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "999999999"}, 0, time.Hour, true},
		{"nonsense", map[string]string{"RateLimit-Remaining": "many", "RateLimit-Reset": "soon", "RateLimit": ";;r=;t=x"}, 0, 0, false},
	}
	for _, tt := range tests {
		h := http.Header{}
		for name, value := range tt.header {
			h.Set(name, value)
		}
		left, reset, ok := httpapi.RateHeaders(h, now)
		if left != tt.left || reset != tt.reset || ok != tt.ok {
			t.Errorf("%s: got %d, %s, %v", tt.name, left, reset, ok)
		}
	}
	ticks := newClock()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("RateLimit", `"x";r=0;t=9`) }, func(o *httpapi.Options) { o.Clock = ticks })
	for _, want := range []time.Duration{0, 9 * time.Second} {
		_, _, err := get(t, c, "")
		require.NoError(t, err)
		require.Equal(t, want, ticks.slept)
	}
}

func TestStatusErrors(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]error{
		400: connector.ErrInvalid, 401: connector.ErrUnauthorized, 402: connector.ErrQuota, 403: connector.ErrForbidden, 404: connector.ErrNotFound,
		409: connector.ErrInvalid, 410: connector.ErrNotFound, 412: connector.ErrVersionConflict, 413: connector.ErrInvalid, 422: connector.ErrInvalid,
		423: connector.ErrUnavailable, 429: connector.ErrRateLimited, 503: connector.ErrUnavailable, 507: connector.ErrQuota,
		500: nil, 502: nil, 504: nil, 418: nil, 599: nil,
	} {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(code)
			io.WriteString(w, "ann@example.com is not allowed")
		})
		resp, _, err := get(t, c, "ann-example")
		require.NoError(t, err)
		got := c.StatusError("read", resp)
		if want == nil && connector.Known(got) || want != nil && !errors.Is(got, want) {
			t.Errorf("%d: got %v, want %v", code, got, want)
		}
		require.NotContains(t, got.Error(), "ann")
	}
}

// TestServiceUnavailable: a write that is answered 503 may have been carried out, unless the server says when to come back.
func TestServiceUnavailable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method, after string
		undone        bool
	}{
		{"GET", "", true}, {"HEAD", "", true}, {"PROPFIND", "", true}, {"REPORT", "soon", true},
		{"PUT", "", false}, {"DELETE", "", false}, {"POST", "", false}, {"PUT", "soon", false}, {"DELETE", "-1", false},
		{"PUT", "30", true}, {"DELETE", "0", true}, {"PUT", "Thu, 01 Jan 2026 00:00:30 GMT", true},
	} {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", tt.after)
			w.WriteHeader(http.StatusServiceUnavailable)
		}, func(o *httpapi.Options) { o.Clock = newClock() })
		resp, err := c.Do(t.Context(), httpapi.Request{Name: "call", Method: tt.method})
		require.NoError(t, err)
		resp.Body.Close()
		got := c.StatusError("call", resp)
		if errors.Is(got, connector.ErrUnavailable) != tt.undone || connector.Known(got) != tt.undone {
			t.Errorf("%s, Retry-After %q: got %v; nothing was done: %v", tt.method, tt.after, got, tt.undone)
		}
	}
}

// TestNotSent: of a call that reached nobody that is known; of one that was cut off it is not.
func TestNotSent(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	c, err := httpapi.New(httpapi.Options{App: "app", Base: "http://" + l.Addr().String() + "/ann-example", Policy: here})
	require.NoError(t, err)
	_, _, err = get(t, c, "")
	require.ErrorIs(t, err, connector.ErrNotSent)
	require.NotContains(t, err.Error(), "ann-example", "an address may name a contact")
	cut, server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		conn.Close()
	})
	_, err = cut.Do(t.Context(), httpapi.Request{Name: "write", Method: "PUT", URL: "ann-example", Body: []byte("card")})
	require.Error(t, err)
	require.False(t, connector.Known(err), "%v", err)
	require.NotContains(t, err.Error(), "ann-example")
	_ = server
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = cut.Do(ended, httpapi.Request{Name: "write", Method: "PUT"})
	require.ErrorIs(t, err, connector.ErrNotSent)
}

// TestLogTellsNoSecrets: the log says what was asked and how it went, and nothing else.
func TestLogTellsNoSecrets(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	c, server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "session=hush")
		io.WriteString(w, "ann@example.com")
	}, func(o *httpapi.Options) {
		o.Log = slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	resp, err := c.Do(t.Context(), httpapi.Request{Name: "write card", Method: "PUT", URL: "ann-example.vcf?token=hush", Body: []byte("FN:Ann"), Header: http.Header{"X-Key": {"hush"}}})
	require.NoError(t, err)
	resp.Body.Close()
	server.Close()
	_, _, err = get(t, c, "ann-example.vcf?token=hush")
	require.Error(t, err)
	got := text.String()
	require.Contains(t, got, `for="write card" method=PUT`)
	require.Contains(t, got, "status=200")
	require.Equal(t, 2, strings.Count(got, "\n"))
	for _, secret := range []string{"ann", "Ann", "hush", "sesame", "YW5u", "token"} {
		require.NotContains(t, got, secret)
	}
}
