package apptest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
)

// T is what a kit needs of a test; a *testing.T is one.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Cleanup(func())
}

// An App is what a [Server] serves.
type App struct {
	// Handler is the fake. It gets every request that no fault keeps from it, one or several at a time; its answer is
	// kept until it is whole.
	Handler http.Handler
	// Kind names requests for the journal and for faults, such as "REPORT sync-collection"; nil means the method.
	Kind func(r *http.Request, body []byte) string
	// Journal names request headers whose values the journal keeps, such as "If-Match". One that bears credentials is
	// never kept.
	Journal []string
	// Clock is the app's; nil means a new one at [Start]. Answers bear its time as Date.
	Clock *Clock
	// TLS makes the server one of https, with a certificate that only [httptest.Server.Client] trusts.
	TLS bool
}

// MaxBody is how many bytes of a request a server reads; what is longer is refused.
const MaxBody = 64 << 20

// A Server is a fake app at a loopback address. Its URL and Client are those of the [httptest.Server].
type Server struct {
	*httptest.Server
	Clock *Clock

	t       T
	app     App
	journal Journal
	script  script
	done    chan struct{} // the test has ended

	mu      sync.Mutex
	between map[string][]func(n int)
	met     map[string]int // requests of a kind that were answered
}

// New serves the app until the test ends. The test fails if a request is refused as one that the app does not know
// ([Refuse]), and if a fault of the script has befallen none.
func New(t T, app App) *Server {
	t.Helper()
	s := &Server{Clock: app.Clock, t: t, app: app, done: make(chan struct{}),
		between: map[string][]func(int){}, met: map[string]int{}}
	if s.Clock == nil {
		s.Clock = &Clock{}
	}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	if app.TLS {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(func() {
		close(s.done)
		s.CloseClientConnections()
		s.Close()
		for _, f := range s.script.unmet() {
			t.Errorf("the fault %q on %q befell no request: it tested nothing", f.Do, f.On)
		}
	})
	return s
}

// Journal returns what was asked of the server.
func (s *Server) Journal() *Journal { return &s.journal }

// Between sets what users of the app do between two requests: do is called each time after a request of a kind ("" is
// any) was acted upon and before it is answered, with how many of the kind there were. Records that it changes while a
// list is read move to other pages.
func (s *Server) Between(kind string, do func(n int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.between[kind] = append(s.between[kind], do)
}

// call is one request as it is served.
type call struct {
	server *Server
	entry  int // in the journal
}

type callKey struct{}

// serve is every request: it is noted, a fault may befall it, the app acts, users act, it is answered.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil || len(body) > MaxBody {
		http.Error(w, "the body is too long, or was cut", http.StatusRequestEntityTooLarge)
		return
	}
	kind := r.Method
	if s.app.Kind != nil {
		kind = s.app.Kind(r, body)
	}
	c := &call{server: s, entry: s.journal.begin(entryOf(r, kind, len(body), s.app.Journal, s.Clock.Now()))}
	fault := s.script.next(kind, r.URL.EscapedPath())
	var answer *httptest.ResponseRecorder
	if !fault.before() {
		if fault.kind() == Delay {
			s.Clock.Advance(fault.Delay)
		}
		answer = s.act(r.WithContext(context.WithValue(r.Context(), callKey{}, c)), body)
		s.usersAct(kind)
	}
	s.journal.end(c.entry, fault.told(answer), fault.kind()) // what a client has seen is in the journal
	if fault == nil {
		s.send(w, answer)
		return
	}
	s.spoil(w, r, fault, answer)
}

// act lets the app act, and returns its answer.
func (s *Server) act(r *http.Request, body []byte) (answer *httptest.ResponseRecorder) {
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer = httptest.NewRecorder()
	defer func() {
		if p := recover(); p != nil {
			s.t.Errorf("%s %s: the fake panicked: %v", r.Method, r.URL.Path, p)
			answer.Code = http.StatusInternalServerError
		}
	}()
	s.app.Handler.ServeHTTP(answer, r)
	return answer
}

// usersAct lets the users act after a request.
func (s *Server) usersAct(kind string) {
	s.mu.Lock()
	s.met[kind]++
	s.met[""]++
	n, all := s.met[kind], s.met[""]
	mine, any := s.between[kind], s.between[""]
	s.mu.Unlock()
	for _, do := range mine {
		do(n)
	}
	for _, do := range any {
		do(all)
	}
}

// send sends an answer as it is.
func (s *Server) send(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	s.head(w, answer.Header())
	w.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len()))
	if answer.Code == http.StatusNoContent || answer.Code == http.StatusNotModified {
		w.Header().Del("Content-Length")
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// head sets the headers of an answer, with the date of the app's clock.
func (s *Server) head(w http.ResponseWriter, header http.Header) {
	for name, values := range header {
		w.Header()[name] = values
	}
	w.Header().Set("Date", s.Clock.Now().UTC().Format(http.TimeFormat))
}
