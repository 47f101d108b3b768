package auth_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authtest"
	"github.com/contactsync/contactsync/connector"
)

func TestS7DisconnectRevokesAndErases(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	id := w.login()[0].ID
	require.NoError(t, w.accounts.Disconnect(t.Context(), owner, id))
	require.Zero(t, w.server.Live())
	require.NotEmpty(t, w.server.Calls("/revoke"))
	require.Empty(t, w.dump(owner))
	require.ErrorIs(t, w.accounts.Disconnect(t.Context(), owner, id), auth.ErrNotFound)
}

func TestS7DisconnectWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	id := w.login()[0].ID
	c, err := w.accounts.Open(t.Context(), owner, id, nil)
	require.NoError(t, err)
	w.server.Fails("/revoke", authtest.Broken, authtest.Lost)
	for range 2 {
		require.ErrorIs(t, w.accounts.Disconnect(t.Context(), owner, id), connector.ErrUnavailable)
		require.Equal(t, auth.Disconnecting, w.state(id))
	}
	_, err = c.Schema(t.Context())
	require.ErrorIs(t, err, connector.ErrUnauthorized, "a connector that is open goes on")
	require.ErrorIs(t, w.call(w.accounts, id), connector.ErrUnauthorized)
	require.NoError(t, w.accounts.Disconnect(t.Context(), owner, id))
	require.Empty(t, w.dump(owner))

	id = w.login()[0].ID
	require.NoError(t, w.accounts.Erase(t.Context(), owner, id))
	require.Empty(t, w.dump(owner))
	require.Equal(t, 1, w.server.Live(), "Erase tells the app nothing")
}

// The token goes to the app's hosts and nowhere else, wherever the app redirects to.
func TestTokenGoesToItsHostsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	id := w.login()[0].ID
	client, err := w.accounts.Client(t.Context(), owner, id)
	require.NoError(t, err)
	leaked := ""
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { leaked += r.Header.Get("Authorization") }))
	t.Cleanup(thief.Close)
	elsewhere := strings.Replace(thief.URL, "127.0.0.1", "localhost", 1)
	app := httptest.NewServer(http.RedirectHandler(elsewhere, http.StatusTemporaryRedirect))
	t.Cleanup(app.Close)
	for _, address := range []string{app.URL, elsewhere, "https://api.example.org/", "http://127.0.0.1.example.org/"} {
		if resp, err := client.Get(address); err == nil {
			t.Errorf("%s: %s", address, resp.Status)
		} else if !strings.Contains(err.Error(), "not sent there") {
			t.Errorf("%s: %v", address, err)
		}
	}
	require.Empty(t, leaked)
}

// postman notes where a token would have gone, and sends nothing.
type postman struct {
	http.RoundTripper
	to []string
}

func (p *postman) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Hostname() == "127.0.0.1" {
		return p.RoundTripper.RoundTrip(req)
	}
	p.to = append(p.to, req.URL.String())
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
}

func TestHostsOfAnApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	id := w.login()[0].ID
	sent := &postman{RoundTripper: http.DefaultTransport}
	p := w.provider()
	p.App.OAuth.Hosts = []string{"127.0.0.1", "crm.example.com", ".sites.example.com"}
	a, err := auth.New(auth.Config{Store: w.store, Sealer: newRing(t, "k1"), Providers: []auth.Provider{p}, Clock: w.clock, Transport: sent})
	require.NoError(t, err)
	client, err := a.Client(t.Context(), owner, id)
	require.NoError(t, err)
	for address, want := range map[string]bool{
		"https://crm.example.com/x": true, "https://CRM.example.com/": true, "https://a.sites.example.com/": true, "https://a.b.sites.example.com/": true,
		"http://crm.example.com/x": false, "https://sites.example.com/": false, "https://evilsites.example.com/": false,
		"https://crm.example.com.evil.example.org/": false, "https://u:p@crm.example.com/": false, "https://example.com/": false,
	} {
		sent.to = nil
		resp, err := client.Get(address)
		if err == nil {
			require.NoError(t, resp.Body.Close())
		}
		if (err == nil) != want || (len(sent.to) == 1) != want {
			t.Errorf("%s: %v, sent to %v", address, err, sent.to)
		}
	}
}

// A write that the app refused for its token is sent again with its body, and only if it can be.
func TestWriteIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{NoEnd: true})
	id := w.login()[0].ID
	client, err := w.accounts.Client(t.Context(), owner, id)
	require.NoError(t, err)
	var bodies, tokens []string
	app := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies, tokens = append(bodies, string(body)), append(tokens, r.Header.Get("Authorization"))
		if len(bodies)%2 == 1 {
			out.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(app.Close)
	resp, err := client.Post(app.URL, "text/plain", strings.NewReader("hello"))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, []string{"hello", "hello"}, bodies)
	require.NotEqual(t, tokens[0], tokens[1])
	w.wantRefreshes(1, 0)

	bodies = nil
	resp, err = client.Post(app.URL, "text/plain", io.MultiReader(strings.NewReader("hello"))) // cannot be read twice
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	require.Len(t, bodies, 1)
}
