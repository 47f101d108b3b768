package authtest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth/authtest"
)

const (
	back     = "https://app.example.com/callback"
	verifier = "0123456789-abcdefghijklmnopqrstuvwxyz_ABCDE"
)

// browser sees where it is sent, and does not go there.
var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

type server struct {
	*authtest.Server
	t *testing.T
}

func start(t *testing.T, opts authtest.Options) server {
	s := authtest.New(opts)
	t.Cleanup(s.Close)
	s.Register("client", back)
	return server{s, t}
}

func request() url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{"response_type": {"code"}, "client_id": {"client"}, "redirect_uri": {back}, "state": {"s1"}, "scope": {"contacts"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
}

// authorize returns the answer of a browser's request: the query it is sent back with, or the status.
func (s server) authorize(q url.Values) (url.Values, int) {
	s.t.Helper()
	resp, err := browser.Get(s.URL + "/authorize?" + q.Encode())
	require.NoError(s.t, err)
	require.NoError(s.t, resp.Body.Close())
	if resp.StatusCode != http.StatusFound {
		return nil, resp.StatusCode
	}
	to, err := resp.Location()
	require.NoError(s.t, err)
	require.True(s.t, strings.HasPrefix(to.String(), back))
	return to.Query(), resp.StatusCode
}

// post sends a form and returns the answer.
func (s server) post(path string, form url.Values) (map[string]any, int) {
	s.t.Helper()
	resp, err := http.PostForm(s.URL+path, form)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	var answer map[string]any
	_ = json.NewDecoder(resp.Body).Decode(&answer)
	return answer, resp.StatusCode
}

func exchange(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back}, "code_verifier": {verifier},
		"client_id": {"client"}, "client_secret": {"client-secret"}}
}

func renewal(token any) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}, "client_id": {"client"}, "client_secret": {"client-secret"}}
}

func with(form url.Values, name string, values ...string) url.Values {
	form[name] = values
	if values == nil {
		form.Del(name)
	}
	return form
}

func TestAuthorizeIsStrict(t *testing.T) {
	t.Parallel()
	s := start(t, authtest.Options{})
	for name, q := range map[string]url.Values{
		"plain":        with(request(), "code_challenge_method", "plain"),
		"no method":    with(request(), "code_challenge_method"),
		"no challenge": with(request(), "code_challenge"),
		"no state":     with(request(), "state"),
		"implicit":     with(request(), "response_type", "token"),
	} {
		if got, _ := s.authorize(q); got.Get("error") != "invalid_request" || got.Has("code") {
			t.Errorf("%s: %v", name, got)
		}
	}
	for name, q := range map[string]url.Values{
		"another path":   with(request(), "redirect_uri", back+"/more"),
		"a query":        with(request(), "redirect_uri", back+"?x=1"),
		"another client": with(request(), "client_id", "other"),
		"twice":          with(request(), "state", "s1", "s2"),
	} {
		if _, status := s.authorize(q); status != http.StatusBadRequest {
			t.Errorf("%s: %d: the browser is sent there", name, status)
		}
	}
	got, _ := s.authorize(request())
	require.Equal(t, "s1", got.Get("state"))
	require.Equal(t, s.URL, got.Get("iss"))
}

func TestTokenIsStrict(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := start(t, authtest.Options{Now: func() time.Time { return now }})
	code := func() string { q, _ := s.authorize(request()); return q.Get("code") }
	for name, row := range map[string]struct {
		form url.Values
		want string
	}{
		"another verifier": {with(exchange(code()), "code_verifier", strings.Repeat("x", 43)), "invalid_grant"},
		"no verifier":      {with(exchange(code()), "code_verifier"), "invalid_grant"},
		"another redirect": {with(exchange(code()), "redirect_uri", back+"/"), "invalid_grant"},
		"another secret":   {with(exchange(code()), "client_secret", "x"), "invalid_client"},
		"no secret":        {with(exchange(code()), "client_secret"), "invalid_client"},
		"password grant":   {with(exchange(code()), "grant_type", "password"), "unsupported_grant_type"},
		"no code":          {with(exchange(""), "code"), "invalid_grant"},
		"code twice":       {with(exchange(""), "code", code(), code()), "invalid_request"},
	} {
		if got, status := s.post("/token", row.form); got["error"] != row.want || status < 400 {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	old := code()
	now = now.Add(time.Minute)
	got, _ := s.post("/token", exchange(old))
	require.Equal(t, "invalid_grant", got["error"], "a code that is too old")

	once := code()
	got, _ = s.post("/token", exchange(once))
	require.NotEmpty(t, got["access_token"])
	again, _ := s.post("/token", exchange(once))
	require.Equal(t, "invalid_grant", again["error"])
	after, _ := s.post("/token", renewal(got["refresh_token"]))
	require.Equal(t, "invalid_grant", after["error"], "a code that is used twice ends what it brought")
}

func TestRefreshTokensAreUsedOnce(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, opts := range map[string]authtest.Options{"strict": {}, "grace": {Grace: time.Minute}, "reuse": {Reuse: true}} {
		opts.Now = func() time.Time { return now }
		s := start(t, opts)
		q, _ := s.authorize(request())
		first, _ := s.post("/token", exchange(q.Get("code")))
		second, _ := s.post("/token", renewal(first["refresh_token"]))
		require.NotEqual(t, first["refresh_token"], second["refresh_token"])
		again, _ := s.post("/token", renewal(first["refresh_token"]))
		require.Equal(t, name != "grace", again["error"] == "invalid_grant", name)
		third, _ := s.post("/token", renewal(second["refresh_token"]))
		require.Equal(t, name == "strict", third["error"] == "invalid_grant", name)
	}
}

func TestRevocationAndTheApp(t *testing.T) {
	t.Parallel()
	s := start(t, authtest.Options{})
	q, _ := s.authorize(request())
	tokens, _ := s.post("/token", exchange(q.Get("code")))
	me := func(token any) int {
		req, err := http.NewRequest("GET", s.URL+"/me", nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token.(string))
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	require.Equal(t, http.StatusOK, me(tokens["access_token"]))
	require.Equal(t, http.StatusUnauthorized, me(tokens["refresh_token"]))
	form := renewal("unknown")
	form.Set("token", "unknown")
	_, status := s.post("/revoke", form)
	require.Equal(t, http.StatusOK, status)
	form.Set("token", tokens["refresh_token"].(string))
	_, status = s.post("/revoke", form)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, http.StatusUnauthorized, me(tokens["access_token"]))
	require.Zero(t, s.Live())
}
