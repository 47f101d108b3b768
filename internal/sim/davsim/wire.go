package davsim

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest"
	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/contactsync/contactsync/connector/carddav"
	"github.com/contactsync/contactsync/connector/httpapi"
	"github.com/contactsync/contactsync/internal/sim"
)

// host is where the server is. Nobody looks it up.
const host = "http://dav.example"

// errElsewhere is where no server is.
var errElsewhere = errors.New("no such host")

// Connect opens a connector as a new process does.
func (p *place) Connect(line sim.Line) (connector.Connector, error) {
	a := carddav.Account{URL: host, User: p.server.User, Password: davfake.Password, Policy: httpapi.Policy{Plain: true}, Clock: line.Clock(),
		HTTP: &http.Client{Transport: wire{p, line}}}
	switch {
	case p.quirks.NoAuth:
		a.User, a.Password = "", ""
	case p.quirks.Bearer:
		a.Authorize = httpapi.Bearer(func(*http.Request) (string, error) { return davfake.Password, nil })
	}
	if p.quirks.WellKnown == davfake.None {
		a.URL += p.server.Book.Path
	}
	c, err := carddav.Open(a)
	if err != nil {
		return nil, err
	}
	return &witness{Connector: c, can: connector.FeaturesOf(c), p: p}, nil
}

// A wire carries requests to the server, one after the other, and what goes wrong with them.
type wire struct {
	p    *place
	line sim.Line
}

// report is the name of a report's root element.
var report = regexp.MustCompile(`<[A-Za-z]+:([a-z-]+)`)

// kindOf names a request: a report by what is asked for.
func kindOf(r *http.Request, body []byte) string {
	if r.Method == "REPORT" {
		if m := report.FindSubmatch(body); m != nil {
			return "REPORT " + string(m[1])
		}
	}
	return r.Method
}

// RoundTrip hands a request to the server.
func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme+"://"+r.URL.Host != host {
		return nil, errElsewhere
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	kind := kindOf(r, body)
	fault, err := w.line.Request(r.Context(), kind)
	if err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	if w.p.tamper != nil {
		var stop bool
		if body, stop = w.p.tamper(r, body); stop {
			return (&answer{header: http.Header{}, status: http.StatusNoContent}).response(r)
		}
	}
	w.p.tick()
	mend := w.spoil(fault, kind, body)
	before := w.p.server.Book.Cards()
	answer := w.serve(r, body)
	mend()
	w.p.wrote(r, body, before)
	if err := w.line.Answer(fault); err != nil {
		return nil, err
	}
	return answer.response(r)
}

// serve has the server act upon a request.
func (w wire) serve(r *http.Request, body []byte) (a *answer) {
	at := *r.URL
	at.Scheme, at.Host, at.Path = "", "", cmp.Or(at.Path, "/")
	in := r.Clone(context.Background())
	in.URL, in.Host, in.RequestURI, in.Body = &at, r.URL.Host, r.URL.RequestURI(), io.NopCloser(bytes.NewReader(body))
	a = &answer{header: http.Header{}}
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			a.broken = true
		}
	}()
	w.p.server.Config.Handler.ServeHTTP(a, in)
	return a
}

// spoil brings a fault about, and returns what ends it.
func (w wire) spoil(f *sim.Fault, kind string, body []byte) (mend func()) {
	mend = func() {}
	if f == nil {
		return mend
	}
	book := w.p.server.Book
	do, ofHTTP := strings.CutPrefix(f.Kind, "http_")
	whole := kind == "PROPFIND" || bytes.Contains(body, []byte("<D:sync-token></D:sync-token>"))
	switch {
	case ofHTTP:
		w.p.server.Fail(apptest.Fault{Do: apptest.FaultKind(do), Status: f.N, RetryAfter: retryAfter(f), Location: "https://elsewhere.example/"})
	case f.Kind == "expire":
		book.ExpireTokens()
	case f.Kind == "unlist" && whole: // of a list of changes it would be that they are never told
		book.Unlist(true)
		mend = func() { book.Unlist(false) }
	case f.Kind == "stray":
		book.Stray("/other-user/b.vcf", "https://evil.example"+(&url.URL{Path: book.Path}).EscapedPath()+"c.vcf", book.Path+"sub/d.vcf")
		mend = func() { book.Stray() }
	default:
		return mend
	}
	w.line.Fire(f)
	return mend
}

// retryAfter is what a server says that is asked too often, or that has no time. A proxy that waited for it in vain does not
// know when that will be over.
func retryAfter(f *sim.Fault) string {
	switch {
	case f.Kind == "http_error_after":
		return ""
	case f.N == http.StatusTooManyRequests, f.N == http.StatusServiceUnavailable:
		return []string{"30", "", "soon", "-1"}[f.Nth%4]
	}
	return ""
}

// An answer is what the server writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
	broken bool // the connection broke
}

func (a *answer) Header() http.Header { return a.header }
func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// response returns what the client sees of the answer.
func (a *answer) response(r *http.Request) (*http.Response, error) {
	if a.status == 0 {
		return nil, errors.New("the connection was reset")
	}
	var body io.Reader = &a.body
	if a.broken {
		body = io.MultiReader(body, brokenOff{})
	}
	return &http.Response{StatusCode: a.status, Status: http.StatusText(a.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.header,
		Body: io.NopCloser(body), ContentLength: -1, Request: r}, nil
}

// brokenOff is where a connection broke.
type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// wrote looks at what a request has changed: it is counted, and nothing that no field holds may be lost by it. The server's
// own losses are its own: what was sent is looked at.
func (p *place) wrote(r *http.Request, body []byte, before map[string]string) {
	if r.Method != http.MethodPut && r.Method != http.MethodDelete {
		return
	}
	name := strings.TrimPrefix(r.URL.Path, p.server.Book.Path)
	was, there := before[name]
	now, is := p.server.Book.Cards()[name]
	p.note()
	switch {
	case there == is && was == now:
		return
	case !there:
		p.writes.Created++
	case !is:
		p.writes.Deleted++
	default:
		p.writes.Updated++
		lost, sent := others(p.lines(was)), others(linesOf(string(body)))
		lost = slices.DeleteFunc(lost, func(l string) bool { return slices.Contains(sent, l) })
		if len(lost) > 0 {
			p.judge.Errorf("carddav: a write to %s loses %q, which no field holds", name, lost)
		}
	}
	if r.Header.Get("If-Match") == "" && r.Header.Get("If-None-Match") == "" {
		p.judge.Errorf("carddav: %s of %s without a condition", r.Method, name)
	}
}
