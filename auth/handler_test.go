package auth_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authtest"
)

// host is a host's web server with the handler.
func (w *world) host(failed *[]string) http.Handler {
	w.t.Helper()
	h, err := w.accounts.Handler(auth.HandlerConfig{URL: "https://app.example.com/accounts",
		Session: func(r *http.Request) (string, string, error) {
			cookie, err := r.Cookie("session")
			if err != nil {
				return "", "", err
			}
			return owner, cookie.Value, nil
		},
		Failed: func(_ context.Context, app string, err error) { *failed = append(*failed, app+": "+err.Error()) }})
	require.NoError(w.t, err)
	return h
}

func request(method, target string, form url.Values) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(&http.Cookie{Name: "session", Value: session})
	return r
}

func serve(h http.Handler, r *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Result()
}

func TestHandlerLogsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	var failed []string
	h := w.host(&failed)
	started := serve(h, request("POST", "/accounts/start/crm", url.Values{"return_to": {"/settings?tab=apps"}}))
	require.Equal(t, http.StatusSeeOther, started.StatusCode)
	back := w.answer(started.Header.Get("Location"))
	finished := serve(h, request("GET", back.RequestURI(), nil))
	require.Equal(t, http.StatusSeeOther, finished.StatusCode, failed)
	all, err := w.accounts.List(t.Context(), owner)
	require.NoError(t, err)
	require.Equal(t, "/settings?account="+all[0].ID+"&tab=apps", finished.Header.Get("Location"))
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
		require.Equal(t, want, finished.Header.Get(name))
	}
	require.Empty(t, failed)

	again := serve(h, request("GET", back.RequestURI(), nil))
	require.Equal(t, http.StatusBadRequest, again.StatusCode)
}

func TestS3RedirectAddressIsConfigured(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	var failed []string
	r := request("POST", "/accounts/start/crm", nil)
	r.Host = "evil.example.org"
	r.Header.Set("X-Forwarded-Host", "evil.example.org")
	r.Header.Set("X-Forwarded-Proto", "http")
	r.Header.Set("Forwarded", "host=evil.example.org")
	to, err := serve(w.host(&failed), r).Location()
	require.NoError(t, err)
	require.Equal(t, redirect, to.Query().Get("redirect_uri"))

	for _, address := range []string{"", "http://app.example.com/accounts", "/accounts", "https://u:p@app.example.com/", "https://app.example.com/?x=1"} {
		_, err := w.accounts.Handler(auth.HandlerConfig{URL: address, Session: func(*http.Request) (string, string, error) { return "", "", nil }})
		require.Error(t, err, address)
	}
	_, err = w.accounts.Handler(auth.HandlerConfig{URL: "https://app.example.com/accounts"})
	require.ErrorContains(t, err, "Session")
}

func TestHandlerRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	var failed []string
	h := w.host(&failed)
	for name, row := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"nobody":             {func(r *http.Request) { r.Header.Del("Cookie") }, http.StatusUnauthorized},
		"from another site":  {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, http.StatusForbidden},
		"a GET":              {func(r *http.Request) { r.Method = "GET" }, http.StatusMethodNotAllowed},
		"an app that is not": {func(r *http.Request) { r.URL.Path = "/accounts/start/none" }, http.StatusBadRequest},
	} {
		r := request("POST", "/accounts/start/crm", nil)
		row.change(r)
		if got := serve(h, r); got.StatusCode != row.status || got.Header.Get("Location") != "" {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
	large := request("POST", "/accounts/start/crm", url.Values{"return_to": {"/" + strings.Repeat("x", 1<<20)}})
	require.Equal(t, http.StatusBadRequest, serve(h, large).StatusCode)
	rows, err := w.store.List(t.Context(), owner, auth.KindFlow)
	require.NoError(t, err)
	require.Empty(t, rows)
}

func TestS8NoOpenRedirect(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	var failed []string
	h := w.host(&failed)
	for _, to := range []string{"//evil", `/\evil`, "https:evil", "%2f%2f", "/%2fevil", "/%5cevil", "https://evil.example.org/", "javascript:alert(1)",
		"evil", "/\tevil", "///evil", "\\\\evil", "/\n/evil", "http://app.example.com/", " /evil", "/a\x00b"} {
		got := serve(h, request("POST", "/accounts/start/crm", url.Values{"return_to": {to}}))
		if got.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %d %s", to, got.StatusCode, got.Header.Get("Location"))
		}
	}
	for _, to := range []string{"/", "/settings", "/settings?next=//x", "/a/b#c"} {
		if got := serve(h, request("POST", "/accounts/start/crm", url.Values{"return_to": {to}})); got.StatusCode != http.StatusSeeOther {
			t.Errorf("%q: %d", to, got.StatusCode)
		}
	}
}

func TestS9ErrorsAreFixedTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	w.server.Denies()
	var failed []string
	h := w.host(&failed)
	canary := "<script>alert(1)</script>"
	denied := w.begin(aStart())
	require.Equal(t, canary, denied.Query().Get("error_description"))
	for name, target := range map[string]string{
		"denied":    denied.RequestURI(),
		"unknown":   "/accounts/callback/crm?" + url.Values{"error": {canary}, "state": {canary}}.Encode(),
		"app":       "/accounts/callback/" + url.PathEscape(canary) + "?state=x",
		"malformed": "/accounts/callback/crm?state=%zz&error=" + url.QueryEscape(canary),
	} {
		got := serve(h, request("GET", target, nil))
		body := read(t, got)
		if got.StatusCode != http.StatusBadRequest || strings.Contains(body, "alert") || strings.Contains(strings.Join(failed, ""), "alert") {
			t.Errorf("%s: %d %s; %v", name, got.StatusCode, body, failed)
		}
		require.Contains(t, got.Header.Get("Content-Security-Policy"), "default-src 'none'")
	}
	if body := read(t, serve(h, request("GET", w.begin(aStart()).RequestURI(), nil))); !strings.Contains(body, "did not grant access") {
		t.Errorf("%s", body)
	}
}

// A token endpoint that fails is not blamed on the person, and what it says is not repeated.
func TestCodeThatIsNotTaken(t *testing.T) {
	t.Parallel()
	for fault, want := range map[authtest.Fault]int{authtest.Broken: http.StatusBadGateway, authtest.Lost: http.StatusBadGateway, authtest.Garbled: http.StatusBadGateway} {
		w := newWorld(t, authtest.Options{})
		var failed []string
		h := w.host(&failed)
		back := w.begin(aStart())
		w.server.Fails("/token", fault)
		if got := serve(h, request("GET", back.RequestURI(), nil)); got.StatusCode != want {
			t.Errorf("%s: %d", fault, got.StatusCode)
		}
		require.Len(t, w.server.Calls("/token"), 1, "a code was sent twice")
		require.Len(t, failed, 1)
		for _, secret := range w.server.Secrets() {
			require.NotContains(t, failed[0], secret)
		}
		all, err := w.accounts.List(t.Context(), owner)
		require.NoError(t, err)
		require.Empty(t, all)
	}
}

func read(t *testing.T, resp *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(text)
}
