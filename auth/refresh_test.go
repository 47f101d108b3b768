package auth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authtest"
	"github.com/contactsync/contactsync/connector"
)

type contextType = context.Context

func read(t *testing.T, resp *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(text)
}

// wantRefreshes compares how often the server has renewed tokens, and how often it refused to.
func (w *world) wantRefreshes(granted, refused int) {
	w.t.Helper()
	g, r := w.server.Refreshes()
	if g != granted || len(r) != refused {
		w.t.Errorf("%d refreshes, %v refused; want %d and %d", g, r, granted, refused)
	}
}

// Three processes over one store, as far as one process can play them; internal/e2e has three real ones.
func TestS6RefreshOneFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	id := w.login()[0].ID
	w.clock.pass(2 * time.Hour)
	w.clock.still = true // or those who wait would wait for the end of the lease in no time
	processes := []*auth.Accounts{w.accounts, w.process(newRing(t, "k1")), w.process(newRing(t, "k1"))}
	var all sync.WaitGroup
	for i := range 51 {
		all.Go(func() {
			if err := w.call(processes[i%3], id); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.wantRefreshes(1, 0)
	require.Equal(t, auth.Authorized, w.state(id))
}

// spy is a store that a test looks into.
type spy struct {
	auth.Store
	put func(auth.Row) error // before a row is stored
	get func()               // before a row is read
}

func (s *spy) Get(ctx context.Context, owner string, kind auth.Kind, id string) (auth.Row, error) {
	if s.get != nil {
		s.get()
	}
	return s.Store.Get(ctx, owner, kind, id)
}

func (s *spy) Put(ctx context.Context, row auth.Row) (int64, error) {
	if s.put != nil {
		if err := s.put(row); err != nil {
			return 0, err
		}
	}
	return s.Store.Put(ctx, row)
}

func TestS6RotatedTokenIsSavedBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	s := &spy{Store: w.store}
	w.store = s
	w.accounts = w.process(newRing(t, "k1"))
	id := w.login()[0].ID
	w.clock.pass(2 * time.Hour)
	calls, saves := len(w.server.Calls("/me")), 0
	s.put = func(row auth.Row) error {
		if granted, _ := w.server.Refreshes(); row.Kind == auth.KindGrant && granted == 1 {
			if saves++; saves == 1 {
				return errors.New("the disk is full for a moment")
			}
			require.Len(t, w.server.Calls("/me"), calls, "the token was used before it was saved")
		}
		return nil
	}
	require.NoError(t, w.call(w.accounts, id))
	require.Equal(t, 2, saves)
	w.wantRefreshes(1, 0)

	// One that cannot be saved is not used.
	w.clock.pass(2 * time.Hour)
	calls = len(w.server.Calls("/me"))
	s.put = func(auth.Row) error {
		if granted, _ := w.server.Refreshes(); granted == 2 {
			return errors.New("the disk is full")
		}
		return nil
	}
	require.ErrorIs(t, w.call(w.accounts, id), connector.ErrNotSent)
	require.Len(t, w.server.Calls("/me"), calls)
}

// A process that dies between the answer and the saving leaves an old token: a strict server refuses it, and the person
// is asked, once.
func TestS6CrashAfterTheReply(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		grace time.Duration
		want  auth.State
	}{
		"strict":       {0, auth.NeedsAuthorization},
		"within grace": {time.Minute, auth.Authorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Options{Grace: row.grace})
			id := w.login()[0].ID
			w.clock.pass(2 * time.Hour)
			store := w.store
			w.store = &spy{Store: store, put: func(r auth.Row) error {
				if granted, _ := w.server.Refreshes(); granted == 1 {
					return errors.New("the process is dead")
				}
				return nil
			}}
			dead := w.process(newRing(t, "k1"))
			require.Error(t, w.call(dead, id))
			w.store = store // the next process finds what the dead one left: its lease, and the old token
			err := w.call(w.process(newRing(t, "k1")), id)
			require.Equal(t, row.want, w.state(id))
			if row.want == auth.Authorized {
				require.NoError(t, err)
				w.wantRefreshes(2, 0)
				return
			}
			require.ErrorIs(t, err, connector.ErrUnauthorized)
			for range 3 { // never a loop
				require.ErrorIs(t, w.call(w.accounts, id), connector.ErrUnauthorized)
			}
			w.wantRefreshes(1, 1)
		})
	}
}

// An answer that is lost after the act: a strict server refuses the old token the next time; within the grace it forgives.
func TestS6AnswerLost(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		grace time.Duration
		want  auth.State
	}{"strict": {0, auth.NeedsAuthorization}, "within grace": {time.Minute, auth.Authorized}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Options{Grace: row.grace})
			id := w.login()[0].ID
			w.clock.pass(2 * time.Hour)
			w.server.Fails("/token", authtest.Lost)
			err := w.call(w.accounts, id)
			require.ErrorIs(t, err, connector.ErrNotSent, "the app itself was not called")
			require.Equal(t, auth.Authorized, w.state(id))
			err = w.call(w.accounts, id)
			require.Equal(t, row.want == auth.Authorized, err == nil, "%v", err)
			require.Equal(t, row.want, w.state(id))
		})
	}
}

// A process is slow to save its new token, and its lease lapses. The next one is refused with the old token, and that is
// not believed before the row was read again.
func TestS6ReadAgainOnInvalidGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{Reuse: true})
	id := w.login()[0].ID
	w.clock.pass(2 * time.Hour)
	store := w.store
	answered, goOn, saved := make(chan struct{}), make(chan struct{}), make(chan struct{})
	hold := sync.OnceFunc(func() { close(answered); <-goOn })
	w.store = &spy{Store: store, put: func(auth.Row) error {
		if granted, _ := w.server.Refreshes(); granted == 1 {
			hold()
		}
		return nil
	}}
	slow := w.process(newRing(t, "k1"))
	go func() {
		defer close(saved)
		if err := w.call(slow, id); err != nil {
			t.Error(err)
		}
	}()
	<-answered
	w.clock.pass(time.Minute)
	release := sync.OnceFunc(func() { close(goOn); <-saved })
	w.store = &spy{Store: store, get: func() {
		if _, refused := w.server.Refreshes(); len(refused) == 1 {
			release()
		}
	}}
	require.NoError(t, w.call(w.process(newRing(t, "k1")), id))
	require.Equal(t, auth.Authorized, w.state(id))
	w.wantRefreshes(1, 1)
}

// A process is slow to save its new token, and its lease lapses. Where the server forgives the old one, the next process
// renews again, and what it has saved stands: the slow one's tokens are older.
func TestS6LateSaverDoesNotOverwrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{Grace: 5 * time.Minute})
	id := w.login()[0].ID
	w.clock.pass(2 * time.Hour)
	store := w.store
	answered, goOn, saved := make(chan struct{}), make(chan struct{}), make(chan struct{})
	hold := sync.OnceFunc(func() { close(answered); <-goOn })
	w.store = &spy{Store: store, put: func(auth.Row) error {
		if granted, _ := w.server.Refreshes(); granted == 1 {
			hold()
		}
		return nil
	}}
	slow := w.process(newRing(t, "k1"))
	go func() {
		defer close(saved)
		if err := w.call(slow, id); err != nil {
			t.Error(err)
		}
	}()
	<-answered
	w.clock.pass(time.Minute)
	require.NoError(t, w.call(w.accounts, id))
	close(goOn)
	<-saved
	w.wantRefreshes(2, 0)
	w.clock.pass(2 * time.Hour) // longer than the grace: the newest token alone is good
	require.NoError(t, w.call(w.accounts, id))
	w.wantRefreshes(3, 0)
}

func TestRefreshAheadOfTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{Access: 30 * time.Minute})
	id := w.login()[0].ID
	w.clock.pass(24 * time.Minute)
	require.NoError(t, w.call(w.accounts, id))
	w.wantRefreshes(0, 0)
	w.clock.pass(2 * time.Minute) // four are left
	require.NoError(t, w.call(w.accounts, id))
	w.wantRefreshes(1, 0)

	short := newWorld(t, authtest.Options{Access: 4 * time.Minute}) // shorter than the margin
	id = short.login()[0].ID
	for range 3 {
		require.NoError(t, short.call(short.accounts, id))
	}
	short.wantRefreshes(0, 0)
	short.clock.pass(3 * time.Minute)
	require.NoError(t, short.call(short.accounts, id))
	short.wantRefreshes(1, 0)
}

func TestRefreshOnRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{NoEnd: true})
	id := w.login()[0].ID
	w.server.EndAccess()
	require.NoError(t, w.call(w.accounts, id))
	w.wantRefreshes(1, 0)
	w.server.RevokeAll()
	before := len(w.server.Calls("/me"))
	require.ErrorIs(t, w.call(w.accounts, id), connector.ErrUnauthorized)
	require.Equal(t, auth.NeedsAuthorization, w.state(id))
	require.Len(t, w.server.Calls("/me"), before+1, "one call, and no second one without a token")
	w.wantRefreshes(1, 1)
}

func TestTokenThatCannotBeRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{Static: true})
	id := w.login()[0].ID
	w.clock.pass(1000 * time.Hour)
	require.NoError(t, w.call(w.accounts, id))
	w.server.RevokeAll()
	require.ErrorIs(t, w.call(w.accounts, id), connector.ErrUnauthorized)
	require.Equal(t, auth.NeedsAuthorization, w.state(id))
}

func TestTokenThatIsNotRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{Keep: true})
	id := w.login()[0].ID
	for n := range 3 {
		w.clock.pass(2 * time.Hour)
		require.NoError(t, w.call(w.accounts, id))
		w.wantRefreshes(n+1, 0)
	}
}

// What the server's trouble is must not end an account.
func TestRefreshWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	id := w.login()[0].ID
	w.clock.pass(2 * time.Hour)
	for _, fault := range []authtest.Fault{authtest.Broken, authtest.Unreachable} {
		w.server.Fails("/token", fault)
		err := w.call(w.accounts, id)
		require.ErrorIs(t, err, connector.ErrNotSent)
		if errors.Is(err, connector.ErrUnauthorized) {
			t.Errorf("%s: %v", fault, err)
		}
	}
	require.NoError(t, w.call(w.accounts, id))
	w.wantRefreshes(1, 0)
}

// Who asked may go away: what was begun is saved.
func TestRefreshOutlivesWhoAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	s := &spy{Store: w.store}
	w.store = s
	w.accounts = w.process(newRing(t, "k1"))
	id := w.login()[0].ID
	w.clock.pass(2 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	s.put = func(auth.Row) error {
		if granted, _ := w.server.Refreshes(); granted == 1 {
			cancel() // before the new token is saved
		}
		return nil
	}
	c, err := w.accounts.Open(ctx, owner, id, nil)
	require.NoError(t, err)
	_, err = c.Schema(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, w.call(w.accounts, id))
	w.wantRefreshes(1, 0)
}

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
