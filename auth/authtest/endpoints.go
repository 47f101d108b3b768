package authtest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// authorize answers an authorization request as a browser sees it (RFC 6749 section 4.1.1), after the person has
// consented, or not. Where the address to go back to is not known to be the client's, it goes nowhere (section 4.1.2.1).
func (s *Server) authorize(header http.Header, r *http.Request) (int, any) {
	q := r.URL.Query()
	if r.Method != http.MethodGet {
		return refuse(http.StatusMethodNotAllowed, "invalid_request", "GET it")
	}
	if name, twice := repeated(q); twice {
		return refuse(http.StatusBadRequest, "invalid_request", name+" is there twice")
	}
	client, ok := s.client(q.Get("client_id"))
	if !ok {
		return refuse(http.StatusBadRequest, "invalid_request", "no such client")
	}
	if !client.takes(q.Get("redirect_uri")) {
		return refuse(http.StatusBadRequest, "invalid_request", "the redirect address is not registered")
	}
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		return refuse(http.StatusBadRequest, "invalid_request", "the redirect address is none")
	}
	answer := back.Query()
	answer.Set("state", q.Get("state"))
	if !s.opts.NoIssuer {
		answer.Set("iss", s.URL) // RFC 9207 section 2
	}
	switch why := unwilling(q); {
	case why != "":
		answer.Set("error", "invalid_request")
		answer.Set("error_description", why)
	case s.denies:
		answer.Set("error", "access_denied")
		answer.Set("error_description", "<script>alert(1)</script>")
	default:
		given := newToken("code")
		s.codes[given] = &code{client: client.ID, redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"),
			scope: q.Get("scope"), ends: s.opts.Now().Add(s.opts.Codes), accounts: s.accounts}
		answer.Set("code", given)
	}
	back.RawQuery = answer.Encode()
	header.Set("Location", back.String())
	return http.StatusFound, nil
}

// unwilling says why an authorization request is not granted, "" if it can be.
func unwilling(q url.Values) string {
	switch {
	case q.Get("response_type") != "code":
		return "response_type must be code"
	case q.Get("state") == "":
		return "state is missing"
	case q.Get("code_challenge") == "":
		return "code_challenge is missing"
	case q.Get("code_challenge_method") != "S256": // none means plain (RFC 7636 section 4.3)
		return "code_challenge_method must be S256"
	case len(q.Get("code_challenge")) != 43: // the base64url of a SHA-256
		return "code_challenge is no S256 challenge"
	}
	return ""
}

// token answers a token request (RFC 6749 sections 4.1.3 and 6).
func (s *Server) token(_ http.Header, r *http.Request) (int, any) {
	client, status, failed := s.authenticated(r)
	if failed != nil {
		return status, failed
	}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		return s.redeem(client, r.PostForm)
	case "refresh_token":
		return s.refresh(client, r.PostForm)
	}
	return refuse(http.StatusBadRequest, "unsupported_grant_type", "authorization_code and refresh_token are known")
}

// authenticated returns the client that a form comes from (section 2.3.1): by the Authorization header or by the body,
// never by the address.
func (s *Server) authenticated(r *http.Request) (Client, int, any) {
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if r.Method != http.MethodPost || mediaType != "application/x-www-form-urlencoded" || r.URL.RawQuery != "" {
		status, body := refuse(http.StatusBadRequest, "invalid_request", "POST a form, and nothing in the address")
		return Client{}, status, body
	}
	if name, twice := repeated(r.PostForm); twice {
		status, body := refuse(http.StatusBadRequest, "invalid_request", name+" is there twice")
		return Client{}, status, body
	}
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		if r.PostForm.Has("client_secret") {
			status, body := refuse(http.StatusBadRequest, "invalid_request", "authenticate in one way")
			return Client{}, status, body
		}
		id, _ = url.QueryUnescape(user)
		secret, _ = url.QueryUnescape(password)
	}
	client, ok := s.client(id)
	if !ok || subtle.ConstantTimeCompare([]byte(secret), []byte(client.Secret)) != 1 {
		status, body := refuse(http.StatusUnauthorized, "invalid_client", "no such client, or another secret")
		return Client{}, status, body
	}
	return client, 0, nil
}

// unreserved is what a verifier is made of (RFC 7636 section 4.1).
var unreserved = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// redeem exchanges a code. A second use revokes what the first one brought (RFC 6749 section 4.1.2).
func (s *Server) redeem(client Client, form url.Values) (int, any) {
	c, ok := s.codes[form.Get("code")]
	if ok && c.brought != nil {
		c.brought.revoked = true
	}
	verifier := form.Get("code_verifier")
	sum := sha256.Sum256([]byte(verifier))
	switch {
	case !ok || c.brought != nil || c.client != client.ID:
		return refuse(http.StatusBadRequest, "invalid_grant", "no such code, or it was used")
	case !s.opts.Now().Before(c.ends):
		return refuse(http.StatusBadRequest, "invalid_grant", "the code is too old")
	case form.Get("redirect_uri") != c.redirect:
		return refuse(http.StatusBadRequest, "invalid_grant", "another redirect address")
	case !unreserved.MatchString(verifier) || base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge:
		return refuse(http.StatusBadRequest, "invalid_grant", "the verifier does not fit")
	}
	g := &grant{client: client.ID, scope: c.scope, accounts: c.accounts,
		access: map[string]time.Time{}, used: map[string]time.Time{}}
	if s.opts.Grant != nil {
		g.scope = s.opts.Grant(c.scope)
	}
	c.brought = g
	s.grants = append(s.grants, g)
	return s.issue(g, c.scope)
}

// refresh exchanges a refresh token. Rotated ones are good once: a second use revokes the authorization (RFC 9700 section
// 4.14.2), unless it comes within the grace.
func (s *Server) refresh(client Client, form url.Values) (int, any) {
	given := form.Get("refresh_token")
	for _, g := range s.grants {
		used, again := g.used[given]
		if given == "" || g.client != client.ID || g.refresh != given && !again {
			continue
		}
		forgiven := again && s.opts.Grace > 0 && s.opts.Now().Sub(used) < s.opts.Grace
		if again && !forgiven && !s.opts.Reuse {
			g.revoked = true
		}
		if g.revoked || again && !forgiven {
			break
		}
		return s.issue(g, g.scope)
	}
	return refuse(http.StatusBadRequest, "invalid_grant", "Token has been expired or revoked.")
}

// issued is a successful answer (RFC 6749 section 5.1).
type issued struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
}

// issue gives an authorization its next tokens. The scope is named where it is not what was asked for.
func (s *Server) issue(g *grant, asked string) (int, any) {
	out := issued{AccessToken: newToken("access"), TokenType: "Bearer", ExpiresIn: int(s.opts.Access.Seconds())}
	ends := s.opts.Now().Add(s.opts.Access)
	if s.opts.Static {
		ends = ends.AddDate(100, 0, 0)
	}
	if s.opts.Static || s.opts.NoEnd {
		out.ExpiresIn = 0
	}
	g.access[out.AccessToken] = ends
	if words(g.scope) != words(asked) {
		out.Scope = g.scope
	}
	switch {
	case s.opts.Static:
	case s.opts.Keep && g.refresh != "": // the client keeps what it has
	default:
		if g.refresh != "" {
			g.used[g.refresh] = s.opts.Now()
		}
		g.refresh = newToken("refresh")
		out.RefreshToken = g.refresh
	}
	return http.StatusOK, out
}

// revoke ends an authorization by one of its tokens. One that is not known is answered alike (RFC 7009 section 2.2).
func (s *Server) revoke(_ http.Header, r *http.Request) (int, any) {
	client, status, failed := s.authenticated(r)
	if failed != nil {
		return status, failed
	}
	given := r.PostForm.Get("token")
	if given == "" {
		return refuse(http.StatusBadRequest, "invalid_request", "token is missing")
	}
	for _, g := range s.grants {
		_, access := g.access[given]
		_, used := g.used[given]
		if g.client == client.ID && (access || used || g.refresh == given) {
			g.revoked = true
		}
	}
	return http.StatusOK, nil
}

// me is the app: it says whose token it is.
func (s *Server) me(header http.Header, r *http.Request) (int, any) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if r.URL.Query().Has("access_token") || r.PostForm.Has("access_token") { // RFC 9700 section 2.4
		return refuse(http.StatusBadRequest, "invalid_request", "send the token in the header")
	}
	for _, g := range s.grants {
		if ends, ok := g.access[token]; bearer && ok && !g.revoked && s.opts.Now().Before(ends) {
			return http.StatusOK, map[string]any{"accounts": g.accounts, "scope": g.scope}
		}
	}
	header.Set("WWW-Authenticate", `Bearer error="invalid_token"`) // RFC 6750 section 3
	return refuse(http.StatusUnauthorized, "invalid_token", "the token is not known, or has ended")
}
