package davfake

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/contactsync/contactsync/connector/apptest"
)

// Password is the password, or the token, of the one user of every fake server.
const Password = "correct horse"

// A Server is a fake CardDAV server with one user. What it serves, clock, faults and journal are those of
// [apptest.Server].
type Server struct {
	*apptest.Server
	// Other is the host of the home set, with a journal of its own, nil unless [Quirks].OtherHost.
	Other *apptest.Server
	// User is the name of the user, whose password is [Password].
	User string
	// Book is the first address book.
	Book *Book

	quirks          Quirks
	root, principal string
	home            string

	mu    sync.Mutex
	books []*Book
}

// New serves a fake with one empty book until the test ends.
func New(t apptest.T, q Quirks) *Server {
	t.Helper()
	s := &Server{quirks: q, User: cmp.Or(q.Layout.User, "ann")}
	place := func(p, otherwise string) string { return strings.ReplaceAll(cmp.Or(p, otherwise), "{user}", s.User) }
	s.root = place(q.Layout.Root, "/")
	s.principal = place(q.Layout.Principal, "/principals/{user}/")
	s.home = place(q.Layout.Home, "/addressbooks/{user}/")
	app := apptest.App{Handler: http.HandlerFunc(s.serve), Kind: kind, Clock: apptest.NewClock(apptest.Start),
		Journal: []string{"If-Match", "If-None-Match", "Depth", "Content-Type"}}
	s.Server = apptest.New(t, app)
	if q.OtherHost {
		s.Other = apptest.New(t, app)
	}
	s.Book = s.AddBook(cmp.Or(q.Layout.Book, "contacts"), "Contacts")
	return s
}

// AddBook adds an empty address book. Its name is the last part of its path, the label is its displayname.
func (s *Server) AddBook(name, label string) *Book {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &Book{Path: s.home + name + "/", server: s, label: label,
		cards: map[string]*card{}, gone: map[string]*card{}, told: map[int]time.Time{}}
	s.books = append(s.books, b)
	return b
}

// kind names requests: a REPORT by its report.
func kind(r *http.Request, body []byte) string {
	if r.Method == "REPORT" {
		if root, err := parse(body); err == nil {
			return r.Method + " " + root.XMLName.Local
		}
	}
	return r.Method
}

// request is one request as it is served.
type request struct {
	*Server
	w    http.ResponseWriter
	r    *http.Request
	body []byte
	x    writer
}

// headers are those that this server acts by.
var headers = []string{"If-Match", "If-None-Match", "Depth"}

// serve is every request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	q := &request{Server: s, w: w, r: r, body: body, x: writer{s.quirks.Prefix}}
	if name := apptest.UnknownHeader(r, headers...); name != "" {
		apptest.Refuse(w, r, http.StatusBadRequest, "this server does not know the header %q", name)
		return
	}
	if name := apptest.UnknownParam(r); name != "" {
		apptest.Refuse(w, r, http.StatusBadRequest, "this server knows no parameters: %q", name)
		return
	}
	switch {
	case r.URL.Path == "/.well-known/carddav":
		q.wellKnown()
	case !q.authorized():
		scheme := map[bool]string{false: "Basic", true: "Bearer"}[s.quirks.Bearer]
		w.Header().Set("WWW-Authenticate", scheme+` realm="contacts"`)
		q.answer(http.StatusUnauthorized, "")
	default:
		q.route()
	}
}

// authorized reports whether the request bears the credentials.
func (q *request) authorized() bool {
	if q.quirks.NoAuth {
		return true
	}
	if q.quirks.Bearer {
		return q.r.Header.Get("Authorization") == "Bearer "+Password
	}
	user, password, ok := q.r.BasicAuth()
	return ok && user == q.User && password == Password
}

func (q *request) wellKnown() {
	status := cmp.Or(q.quirks.WellKnown, http.StatusMovedPermanently)
	if status == None {
		q.answer(http.StatusNotFound, "")
		return
	}
	q.w.Header().Set("Location", (&url.URL{Path: q.root}).EscapedPath())
	q.answer(status, "")
}

// route serves an authorized request by its method. What is no part of the server is refused.
func (q *request) route() {
	if q.at() == nil {
		apptest.Refuse(q.w, q.r, http.StatusNotFound, "there is nothing at this path, nor was it ever told")
		return
	}
	if q.Other != nil && q.r.Host == strings.TrimPrefix(q.URL, "http://") && q.at().book != nil {
		apptest.Refuse(q.w, q.r, http.StatusNotFound, "the books are on another host, as the home set says")
		return
	}
	switch q.r.Method {
	case http.MethodOptions:
		q.w.Header().Set("DAV", "1, 3, access-control, addressbook, sync-collection")
		q.w.Header().Set("Allow", "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, REPORT")
		q.answer(http.StatusOK, "")
	case "PROPFIND":
		q.propfind()
	case "REPORT":
		q.report()
	case http.MethodGet, http.MethodHead:
		q.get()
	case http.MethodPut:
		q.put()
	case http.MethodDelete:
		q.delete()
	default:
		apptest.Refuse(q.w, q.r, http.StatusMethodNotAllowed, "this server knows no %s", q.r.Method)
	}
}

// resource is what is at a path: one of the collections above the books, a book, or a member of a book that is there or
// not.
type resource struct {
	path string // not escaped
	book *Book
	name string // of the member; "" is the book itself
}

// at returns what the request is about, nil if that is no part of the server.
func (q *request) at() *resource {
	p := q.r.URL.Path
	for _, known := range q.above() {
		if path.Clean(p) == path.Clean(known) {
			return &resource{path: known}
		}
	}
	if at := q.memberAt(p); at != nil {
		return at
	}
	if strings.HasPrefix(p, q.home) {
		return &resource{path: p} // in no book
	}
	return nil
}

// above returns the paths of the collections that are no books.
func (s *Server) above() []string { return []string{"/", s.root, s.principal, s.home} }

// memberAt returns the book or the member at a path, nil if it is in no book.
func (s *Server) memberAt(p string) *resource {
	for _, b := range s.books {
		name, inside := strings.CutPrefix(p, b.Path)
		switch {
		case p+"/" == b.Path:
			return &resource{path: b.Path, book: b}
		case inside && !strings.Contains(name, "/"):
			return &resource{path: p, book: b, name: name}
		}
	}
	return nil
}

// card returns the card at the resource, nil if there is none.
func (at *resource) card() *card {
	if at.book == nil {
		return nil
	}
	return at.book.cards[at.name]
}

// answer answers with a status and a body, of XML if it is there.
func (q *request) answer(status int, body string) {
	if q.quirks.ETagOnAll && status == http.StatusMultiStatus {
		q.w.Header().Set("ETag", `"answer"`)
	}
	if body != "" && q.w.Header().Get("Content-Type") == "" {
		q.w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	}
	q.w.WriteHeader(status)
	_, _ = io.WriteString(q.w, body)
}

// fail answers that a precondition does not hold: element is that of RFC 4918 section 16.
func (q *request) fail(how Answer, element string) {
	status := cmp.Or(how.Status, http.StatusForbidden)
	switch {
	case how.Bare:
		q.answer(status, "")
	case status == http.StatusMultiStatus || q.quirks.ErrorsIn207:
		if status == http.StatusMultiStatus {
			status = http.StatusPreconditionFailed
		}
		q.answer(http.StatusMultiStatus, q.x.root("multistatus", q.x.d("response",
			q.x.d("href", escape(q.r.URL.EscapedPath())), q.status(status), q.x.d("error", element))))
	default:
		q.answer(status, q.x.root("error", element))
	}
}

// status returns the status element of a response.
func (q *request) status(code int) string {
	return q.x.d("status", fmt.Sprintf("HTTP/1.1 %d %s", code, http.StatusText(code)))
}

// href returns the href element of a path.
func (q *request) href(p string) string {
	text := escapePath(p, q.quirks.Escapes)
	if q.quirks.AbsoluteHrefs {
		text = "http://" + q.r.Host + text
	}
	return q.x.d("href", escape(text))
}

// escapePath escapes a path as a server does.
func escapePath(p string, how Escapes) string {
	if how == EscapesNeeded {
		return (&url.URL{Path: p}).EscapedPath()
	}
	safe, hex := "/-._~", "%%%02X"
	if how == EscapesLower {
		safe, hex = "/-_~", "%%%02x"
	}
	var b strings.Builder
	for _, c := range []byte(p) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, hex, c)
		}
	}
	return b.String()
}

// etag returns the ETag of a card as the server tells it.
func (s *Server) etag(c *card) string {
	if s.quirks.Weak {
		return `W/"` + c.etag + `"`
	}
	return `"` + c.etag + `"`
}

func (s *Server) tokenPrefix() string {
	return cmp.Or(s.quirks.TokenPrefix, "http://example.com/ns/sync/")
}
