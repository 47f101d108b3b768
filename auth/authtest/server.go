package authtest

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options are how a [Server] behaves. The zero Options are the strict ones, with one client and one account.
type Options struct {
	Clients  []Client                  // none is one: "client", "client-secret", any redirect address that a test adds
	Now      func() time.Time          // nil is the machine's clock
	Codes    time.Duration             // how long a code is good; 0 is a minute
	Access   time.Duration             // how long an access token is good; 0 is an hour
	NoEnd    bool                      // answers name no end of the access token
	Static   bool                      // there are no refresh tokens, and access tokens do not end
	Keep     bool                      // refresh tokens are not rotated
	Reuse    bool                      // a refresh token that is used again is refused, and revokes nothing
	Grace    time.Duration             // a refresh token that is used again so soon after its first use is forgiven
	NoIssuer bool                      // answers do not name the server
	Grant    func(asked string) string // the scopes that are granted; nil is those that are asked for
}

// A Client is a program that is registered.
type Client struct {
	ID, Secret string   // without a secret it is a public client
	Redirects  []string // compared exactly, but for the port of a loopback address
}

// An Account is one that a login holds.
type Account struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// A Call is one that was made: its endpoint, what came with it, and how it was answered.
type Call struct {
	Path   string
	URL    string // as it was sent
	Form   url.Values
	Status int
	Error  string // the error code of the answer
}

// A Server is a running one. Close it.
type Server struct {
	URL string // also its issuer

	http *httptest.Server
	opts Options

	mu       sync.Mutex
	accounts []Account // of the person who consents
	denies   bool
	codes    map[string]*code
	grants   []*grant
	calls    []Call
	faults   map[string][]Fault
}

// A Fault is what happens to a call.
type Fault string

// The faults.
const (
	Lost        Fault = "lost"        // it is carried out, and the answer does not arrive
	Unreachable Fault = "unreachable" // it is not carried out, and there is no answer
	Broken      Fault = "broken"      // it is not carried out, and answered 503
	Garbled     Fault = "garbled"     // it is carried out, and answered 200 with a page of HTML
)

type code struct {
	client, redirect, challenge, scope string
	ends                               time.Time
	accounts                           []Account
	brought                            *grant // once it was used
}

// grant is an authorization with all tokens that ever came of it.
type grant struct {
	client, scope string
	accounts      []Account
	revoked       bool
	access        map[string]time.Time // by token, when it ends
	refresh       string               // the one that is good
	used          map[string]time.Time // those that were, and when
}

// New starts a server.
func New(opts Options) *Server {
	if len(opts.Clients) == 0 {
		opts.Clients = []Client{{ID: "client", Secret: "client-secret"}}
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Codes == 0 {
		opts.Codes = time.Minute
	}
	if opts.Access == 0 {
		opts.Access = time.Hour
	}
	s := &Server{opts: opts, accounts: []Account{{"42", "Ada"}}, codes: map[string]*code{}, faults: map[string][]Fault{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/authorize", s.noted(s.authorize))
	mux.HandleFunc("/token", s.noted(s.token))
	mux.HandleFunc("/revoke", s.noted(s.revoke))
	mux.HandleFunc("/me", s.noted(s.me))
	s.http = httptest.NewServer(mux)
	s.URL = s.http.URL
	return s
}

// Close stops the server.
func (s *Server) Close() { s.http.Close() }

// Register adds a redirect address of a client.
func (s *Server) Register(client, redirect string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.opts.Clients {
		if s.opts.Clients[i].ID == client {
			s.opts.Clients[i].Redirects = append(s.opts.Clients[i].Redirects, redirect)
		}
	}
}

// Consents has the person consent from here on, who has these accounts.
func (s *Server) Consents(accounts ...Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts, s.denies = accounts, false
}

// Denies has the person not consent from here on.
func (s *Server) Denies() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denies = true
}

// Fails has the next calls of a path ("/token") fail so, one each.
func (s *Server) Fails(path string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[path] = append(s.faults[path], faults...)
}

// RevokeAll ends every authorization, as a person does in the app's settings.
func (s *Server) RevokeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.grants {
		g.revoked = true
	}
}

// EndAccess ends every access token ahead of its time. Refresh tokens stay good.
func (s *Server) EndAccess() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.grants {
		clear(g.access)
	}
}

// Live returns how many authorizations are good.
func (s *Server) Live() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.grants {
		if !g.revoked {
			n++
		}
	}
	return n
}

// Calls returns the calls of a path, in order; all for "".
func (s *Server) Calls(path string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.calls), func(c Call) bool { return path != "" && c.Path != path })
}

// Refreshes returns how many calls with a refresh token were answered, and with what error codes.
func (s *Server) Refreshes() (granted int, refused []string) {
	for _, c := range s.Calls("/token") {
		switch {
		case c.Form.Get("grant_type") != "refresh_token":
		case c.Error != "":
			refused = append(refused, c.Error)
		case c.Status == http.StatusOK:
			granted++
		}
	}
	return granted, refused
}

// Secrets returns every token, code and client secret that the server knows: none may be seen where it does not belong.
func (s *Server) Secrets() (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.opts.Clients {
		all = append(all, c.Secret)
	}
	for c := range s.codes {
		all = append(all, c)
	}
	for _, g := range s.grants {
		for t := range g.access {
			all = append(all, t)
		}
		for t := range g.used {
			all = append(all, t)
		}
		all = append(all, g.refresh)
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// noted runs an endpoint, notes the call, and has it fail as it was told to. What an endpoint does happens under the
// lock.
func (s *Server) noted(endpoint func(http.Header, *http.Request) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // a form that cannot be read is an empty one, which is refused
		s.mu.Lock()
		fault := s.nextFault(r.URL.Path)
		call := Call{Path: r.URL.Path, URL: r.URL.String(), Form: r.Form}
		header := http.Header{}
		var body any
		if fault == Broken || fault == Unreachable {
			call.Status = http.StatusServiceUnavailable
		} else {
			call.Status, body = endpoint(header, r)
		}
		if failed, ok := body.(failure); ok {
			call.Error = failed.Error
		}
		s.calls = append(s.calls, call)
		s.mu.Unlock()
		if fault == Lost || fault == Unreachable {
			panic(http.ErrAbortHandler) // net/http closes the connection, and says nothing
		}
		for name, values := range header {
			w.Header()[name] = values
		}
		if fault == Garbled {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>one moment, please</html>"))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(call.Status)
		if body != nil {
			_ = json.NewEncoder(w).Encode(body)
		}
	}
}

func (s *Server) nextFault(path string) Fault {
	queue := s.faults[path]
	if len(queue) == 0 {
		return ""
	}
	s.faults[path] = queue[1:]
	return queue[0]
}

// failure is an error answer (RFC 6749 section 5.2).
type failure struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func refuse(status int, code, why string) (int, any) { return status, failure{code, why} }

func (s *Server) client(id string) (Client, bool) {
	for _, c := range s.opts.Clients {
		if c.ID == id {
			return c, true
		}
	}
	return Client{}, false
}

// takes reports whether a redirect address is one of the client's: the same text, or a loopback address that differs in
// its port alone (RFC 8252 section 7.3).
func (c Client) takes(redirect string) bool {
	if slices.Contains(c.Redirects, redirect) {
		return true
	}
	u, err := url.Parse(redirect)
	if err != nil || u.Scheme != "http" || !net.ParseIP(u.Hostname()).IsLoopback() {
		return false
	}
	return slices.ContainsFunc(c.Redirects, func(r string) bool {
		registered, err := url.Parse(r)
		if err != nil {
			return false
		}
		registered.Host, u.Host = registered.Hostname(), u.Hostname()
		return registered.String() == u.String()
	})
}

func newToken(kind string) string {
	raw := make([]byte, 20)
	_, _ = rand.Read(raw)
	return kind + "_" + hex.EncodeToString(raw)
}

// repeated returns the name of a parameter that is there twice.
func repeated(form url.Values) (string, bool) {
	for name, values := range form {
		if len(values) > 1 {
			return name, true
		}
	}
	return "", false
}

// words returns a text's words, sorted, without one that comes twice.
func words(text string) string {
	list := strings.Fields(text)
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " ")
}
