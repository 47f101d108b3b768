package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// Options say how a [Client] talks to an account.
type Options struct {
	// App is the app's id, which errors and the log name.
	App string
	// Base is the address that the URL of a call is relative to. Its host is the one that gets the credentials.
	Base string
	// HTTP makes the calls; nil means a new one with the [Policy.Transport] of Policy. A host of many accounts shares one, and
	// sees to it where it connects to. Its redirects, cookies and Timeout are not used.
	HTTP *http.Client
	// Policy says which servers may be talked to.
	Policy Policy
	// Authorize adds the credentials to a call; nil means that there are none. It is called for the host of Base alone.
	Authorize func(*http.Request) error
	// Limiter is shared by all clients of the account; nil means one of its own.
	Limiter *Limiter
	// Clock is what waits and rates go by; nil means [connector.SystemClock].
	Clock connector.Clock
	// Log gets a line for each call, at level debug: what it was for, the host, the status, the time and the size, and
	// nothing that is secret or a contact's. nil means no log.
	Log *slog.Logger
	// Timeout is how long a whole call may take, from the first byte sent to the last one read; 0 means 2 minutes.
	Timeout time.Duration
	// MaxBody is how many bytes an answer may have, decompressed; 0 means 64 MiB.
	MaxBody int64
	// UserAgent names the program; "" means "contactsync".
	UserAgent string
}

// A Client makes the calls to one account. It is safe for use by several goroutines.
type Client struct {
	opts Options
	base *url.URL
	http *http.Client
}

// New returns a client. It fails if the address is none that the policy allows.
func New(opts Options) (*Client, error) {
	base, err := url.Parse(opts.Base)
	if err != nil {
		return nil, fmt.Errorf("%s: the address cannot be read", opts.App) // the error of url repeats it
	}
	if err := opts.Policy.CheckURL(base); err != nil {
		return nil, fmt.Errorf("%s: %w", opts.App, err)
	}
	if opts.Limiter == nil {
		opts.Limiter = &Limiter{}
	}
	if opts.Clock == nil {
		opts.Clock = connector.SystemClock{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 2 * time.Minute
	}
	if opts.MaxBody <= 0 {
		opts.MaxBody = 64 << 20
	}
	if opts.UserAgent == "" {
		opts.UserAgent = "contactsync"
	}
	c := &Client{opts: opts, base: base}
	inner := opts.HTTP
	if inner == nil {
		inner = &http.Client{Transport: opts.Policy.Transport()}
	}
	c.http = &http.Client{Transport: inner.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c, nil
}

// At returns a client that is this one with another base, such as the one that a discovery found. Credentials go to the
// host of the new base: call it for a host that the account's own server named, over a connection that was verified.
func (c *Client) At(base *url.URL) (*Client, error) {
	if err := c.opts.Policy.CheckURL(base); err != nil {
		return nil, fmt.Errorf("%s: %w", c.opts.App, err)
	}
	moved := *c
	moved.base = base
	return &moved, nil
}

// Base returns the address that calls are relative to.
func (c *Client) Base() *url.URL { at := *c.base; return &at }

// A Request is one call.
type Request struct {
	// Name says what the call is for, in errors and the log: "list contacts".
	Name   string
	Method string
	// URL is relative to the client's base, or absolute. See [Path].
	URL    string
	Header http.Header
	Body   []byte
}

// Do makes a call and follows its redirects, of which it keeps method and body. It returns the answer whatever its status
// is; the caller closes its body, which fails with [ErrTooLarge] behind the cap and with [ErrTooSlow] if it trickles.
// Response.Request.URL is where it came from.
//
// The error wraps [connector.ErrNotSent] if the call certainly did not reach the app, [connector.ErrUnavailable] with
// [ErrRedirect] if it was sent elsewhere, and [connector.ErrForbidden] with [ErrAddress] or [ErrUnsafe] if it may not be made. It never holds the address or what was sent.
func (c *Client) Do(ctx context.Context, r Request) (*http.Response, error) {
	target, err := c.base.Parse(r.URL)
	if err != nil {
		return nil, c.callError(r.Name, false, fmt.Errorf("%w: the address", ErrUnsafe))
	}
	if err := checkHeader(r.Header); err != nil {
		return nil, c.callError(r.Name, false, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	resp, sent, err := c.follow(ctx, r, target)
	if err != nil {
		cancel()
		return nil, c.callError(r.Name, sent, err)
	}
	resp.Body = &body{ReadCloser: resp.Body, clock: c.opts.Clock, start: c.opts.Clock.Now(), most: c.opts.MaxBody, done: cancel}
	return resp, nil
}

// once sends one request. sent says that it may have reached the server.
func (c *Client) once(ctx context.Context, r Request, at *url.URL) (resp *http.Response, sent bool, err error) {
	if err := c.opts.Policy.CheckURL(at); err != nil {
		return nil, false, err
	}
	if err := c.opts.Limiter.wait(ctx, c.opts.Clock); err != nil {
		return nil, false, err
	}
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	var content io.Reader
	if r.Body != nil {
		content = bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(traced, r.Method, at.String(), content)
	if err != nil {
		return nil, false, fmt.Errorf("%w: the address or the method", ErrUnsafe)
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Header.Set("User-Agent", c.opts.UserAgent)
	if c.opts.Authorize != nil && sameHost(at, c.base) {
		if err := c.opts.Authorize(req); err != nil {
			return nil, false, err
		}
	}
	start := c.opts.Clock.Now()
	resp, err = c.http.Do(req)
	c.log(ctx, r, at, resp, err, took(start, c.opts.Clock.Now()))
	if err != nil {
		return nil, connected.Load(), err
	}
	c.opts.Limiter.saw(resp.StatusCode, resp.Header, c.opts.Clock.Now())
	return resp, true, nil
}

// log writes a line for one request.
func (c *Client) log(ctx context.Context, r Request, at *url.URL, resp *http.Response, err error, took time.Duration) {
	if !c.opts.Log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("app", c.opts.App), slog.String("for", r.Name), slog.String("method", r.Method),
		slog.String("host", at.Host), slog.Int("sent", len(r.Body)), slog.Duration("took", took)}
	if err != nil {
		attrs = append(attrs, slog.String("error", c.callError("", true, err).Error()))
	} else {
		attrs = append(attrs, slog.Int("status", resp.StatusCode), slog.Int64("length", resp.ContentLength))
	}
	c.opts.Log.LogAttrs(ctx, slog.LevelDebug, "request", attrs...)
}

// sameHost reports whether two addresses are of one server: scheme, name and port.
func sameHost(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}
