package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authtest"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// clock is a test's own: to sleep on it moves it, unless it stands still.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	still bool
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	if c.still {
		runtime.Gosched()
	} else {
		c.pass(d)
	}
	return ctx.Err()
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const (
	owner    = "tenant-1"
	session  = "session-of-the-browser"
	redirect = "https://app.example.com/accounts/callback/crm"
)

// world is a server, and the accounts of a host that logs in to it.
type world struct {
	t        *testing.T
	server   *authtest.Server
	store    auth.Store
	clock    *clock
	accounts *auth.Accounts
}

func newWorld(t *testing.T, opts authtest.Options) *world {
	t.Helper()
	w := &world{t: t, store: auth.NewMemory(), clock: newClock()}
	opts.Now = w.clock.Now
	w.server = authtest.New(opts)
	t.Cleanup(w.server.Close)
	w.server.Register("client", redirect)
	w.accounts = w.process(newRing(t, "k1"))
	return w
}

// process returns the accounts as another process of the host has them.
func (w *world) process(sealer auth.Sealer) *auth.Accounts {
	w.t.Helper()
	a, err := auth.New(auth.Config{Store: w.store, Sealer: sealer, Providers: []auth.Provider{w.provider()}, Clock: w.clock})
	require.NoError(w.t, err)
	return a
}

func (w *world) provider() auth.Provider {
	return auth.Provider{App: crmApp(w.server.URL), ClientID: "client", ClientSecret: auth.NewSecret("client-secret")}
}

// keys are made once for each name, so that rings of one name open what another one sealed.
var keys sync.Map

func newRing(t *testing.T, names ...string) *auth.KeyRing {
	t.Helper()
	var all []auth.Key
	for _, name := range names {
		k, err := auth.NewKey(name)
		require.NoError(t, err)
		one, _ := keys.LoadOrStore(t.Name()+name, k)
		all = append(all, one.(auth.Key))
	}
	ring, err := auth.NewKeyRing(all...)
	require.NoError(t, err)
	return ring
}

// crmApp is an app whose accounts log in to the server.
func crmApp(address string) connector.App {
	return connector.App{
		ID: "crm", Label: "CRM", Auth: connector.AuthOAuth2,
		OAuth: &connector.OAuth{Issuer: address, AuthURL: address + "/authorize?tenant=common", TokenURL: address + "/token", RevokeURL: address + "/revoke",
			Scopes: []string{"contacts"}, ReadScopes: []string{"contacts.readonly"}, Hosts: []string{"127.0.0.1"}, Identities: identities(address)},
		OpenAs: func(_ context.Context, account connector.Account, _ map[string]string) (connector.Connector, error) {
			return &crm{account, address}, nil
		},
	}
}

// identities asks the app of the server.
func identities(address string) func(context.Context, *http.Client, map[string]string) ([]connector.Identity, error) {
	return func(ctx context.Context, client *http.Client, _ map[string]string) ([]connector.Identity, error) {
		var me struct{ Accounts []authtest.Account }
		if err := get(ctx, client, address+"/me", &me); err != nil {
			return nil, err
		}
		var all []connector.Identity
		for _, one := range me.Accounts {
			all = append(all, connector.Identity{ID: one.ID, Label: one.Name, Settings: map[string]string{"site": one.ID}})
		}
		return all, nil
	}
}

func get(ctx context.Context, client *http.Client, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return json.NewDecoder(resp.Body).Decode(into)
	case http.StatusUnauthorized:
		return connector.ErrUnauthorized
	}
	return connector.ErrUnavailable
}

// crm is a connector that does no more than call its app.
type crm struct {
	account connector.Account
	address string
}

func (c *crm) Schema(ctx context.Context) (contact.Schema, error) {
	return contact.Schema{}, get(ctx, c.account.Client, c.address+"/me", new(any))
}

func (c *crm) Identity(context.Context) (string, error) { return c.account.ID, nil }

func (c *crm) Changes(context.Context, connector.Query) (connector.Page, error) {
	return connector.Page{}, errors.New("not asked for")
}

func (c *crm) Apply(context.Context, []connector.Write) ([]connector.Result, error) {
	return nil, errors.New("not asked for")
}

// begin begins a login and has the person of the server answer; it returns the answer's address.
func (w *world) begin(start auth.Start) *url.URL {
	w.t.Helper()
	address, err := w.accounts.Begin(w.t.Context(), start)
	require.NoError(w.t, err)
	return w.answer(address)
}

func (w *world) answer(address string) *url.URL {
	w.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(address)
	require.NoError(w.t, err)
	require.NoError(w.t, resp.Body.Close())
	require.Equal(w.t, http.StatusFound, resp.StatusCode)
	back, err := resp.Location()
	require.NoError(w.t, err)
	return back
}

func aStart() auth.Start {
	return auth.Start{Owner: owner, App: "crm", Session: session, Redirect: redirect}
}

func anAnswer(back *url.URL) auth.Answer {
	return auth.Answer{Owner: owner, App: "crm", Session: session, Query: back.Query()}
}

// login logs in and returns the accounts.
func (w *world) login() []auth.Account {
	w.t.Helper()
	result, err := w.accounts.Finish(w.t.Context(), anAnswer(w.begin(aStart())))
	require.NoError(w.t, err)
	return result.Accounts
}

// call calls the app as an account, in one of the host's processes.
func (w *world) call(a *auth.Accounts, id string) error {
	c, err := a.Open(context.Background(), owner, id, nil)
	if err == nil {
		_, err = c.Schema(context.Background())
	}
	return err
}

// state returns the state of an account.
func (w *world) state(id string) auth.State {
	w.t.Helper()
	account, err := w.accounts.Get(w.t.Context(), owner, id)
	require.NoError(w.t, err)
	return account.State
}

// dump returns everything that the store holds of an owner.
func (w *world) dump(owners ...string) string {
	w.t.Helper()
	var all strings.Builder
	for _, o := range owners {
		for _, kind := range []auth.Kind{auth.KindAccount, auth.KindGrant, auth.KindFlow} {
			rows, err := w.store.List(w.t.Context(), o, kind)
			require.NoError(w.t, err)
			for _, row := range rows {
				fmt.Fprintf(&all, "%+v\n", row)
			}
		}
	}
	return all.String()
}
