package auth_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authtest"
	"github.com/contactsync/contactsync/connector"
)

func TestS1CodeWithPKCE(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	accounts := w.login()
	require.Len(t, accounts, 1)
	require.NoError(t, w.call(w.accounts, accounts[0].ID))

	asked := w.server.Calls("/authorize")[0].Form
	require.Equal(t, "S256", asked.Get("code_challenge_method"))
	require.Equal(t, "common", asked.Get("tenant"), "what the address has of its own is lost")
	verifier := w.server.Calls("/token")[0].Form.Get("code_verifier")
	require.NotEmpty(t, verifier)
	for _, call := range w.server.Calls("") {
		if strings.Contains(call.URL, verifier) || strings.Contains(call.URL, "client-secret") {
			t.Errorf("%s has a secret in its address", call.Path)
		}
	}
	w.begin(aStart())
	second := w.server.Calls("/authorize")[1].Form
	if second.Get("code_challenge") == asked.Get("code_challenge") || second.Get("state") == asked.Get("state") {
		t.Error("two logins have one challenge or state")
	}
}

func TestS2StateIsBoundAndUsedOnce(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*world, *auth.Answer){
		"replayed": func(w *world, a *auth.Answer) {
			_, err := w.accounts.Finish(t.Context(), *a)
			require.NoError(w.t, err)
		},
		"of another tenant":  func(_ *world, a *auth.Answer) { a.Owner = "tenant-2" },
		"of another session": func(_ *world, a *auth.Answer) { a.Session = "another" },
		"without a session":  func(_ *world, a *auth.Answer) { a.Session = "" },
		"of another app":     func(_ *world, a *auth.Answer) { a.App = "mail" },
		"too late":           func(w *world, _ *auth.Answer) { w.clock.pass(10 * time.Minute) },
		"missing":            func(_ *world, a *auth.Answer) { a.Query.Del("state") },
		"another":            func(_ *world, a *auth.Answer) { a.Query.Set("state", "AAAAAAAAAAAAAAAAAAAAAA") },
		"twice":              func(_ *world, a *auth.Answer) { a.Query.Add("state", "x") },
		"code twice":         func(_ *world, a *auth.Answer) { a.Query.Add("code", "x") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Options{})
			answer := anAnswer(w.begin(aStart()))
			if len(answer.Query.Get("state")) < 22 { // 128 bits in base64
				t.Errorf("the state has %d characters", len(answer.Query.Get("state")))
			}
			spoil(w, &answer)
			before := len(w.server.Calls("/token"))
			if _, err := w.accounts.Finish(t.Context(), answer); !errors.Is(err, auth.ErrFlow) {
				t.Errorf("got %v", err)
			}
			if n := len(w.server.Calls("/token")); n != before {
				t.Errorf("the token endpoint was called")
			}
		})
	}
}

// A login that somebody tried to finish with the wrong session cannot be finished with the right one.
func TestS2WrongAnswerEndsTheLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	good := anAnswer(w.begin(aStart()))
	bad := good
	bad.Session = "another"
	_, err := w.accounts.Finish(t.Context(), bad)
	require.ErrorIs(t, err, auth.ErrFlow)
	_, err = w.accounts.Finish(t.Context(), good)
	require.ErrorIs(t, err, auth.ErrFlow)
}

func TestS4MixUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	other := authtest.New(authtest.Options{Now: w.clock.Now})
	t.Cleanup(other.Close)
	mail := crmApp(other.URL)
	mail.ID = "mail"
	both, err := auth.New(auth.Config{Store: w.store, Sealer: newRing(t, "k1"), Clock: w.clock,
		Providers: []auth.Provider{w.provider(), {App: mail, ClientID: "client", ClientSecret: auth.NewSecret("client-secret")}}})
	require.NoError(t, err)
	w.accounts = both

	atOther := anAnswer(w.begin(aStart()))
	atOther.App = "mail" // the code of crm at the callback of mail
	_, err = both.Finish(t.Context(), atOther)
	require.ErrorIs(t, err, auth.ErrFlow)

	fromOther := anAnswer(w.begin(aStart()))
	fromOther.Query.Set("iss", other.URL) // mail's server answers the login that crm began
	_, err = both.Finish(t.Context(), fromOther)
	require.ErrorIs(t, err, auth.ErrIssuer)

	unnamed := anAnswer(w.begin(aStart()))
	unnamed.Query.Del("iss") // older servers do not send it
	_, err = both.Finish(t.Context(), unnamed)
	require.NoError(t, err)
	require.Empty(t, other.Calls(""))
}

func TestS5LeastScopes(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		readOnly       bool
		grant          string
		asked          string
		extra, missing []string
	}{
		"all":            {false, "", "contacts", nil, nil},
		"reading alone":  {true, "", "contacts.readonly", nil, nil},
		"more and other": {false, "mail calendar", "contacts", []string{"mail", "calendar"}, []string{"contacts"}},
		"more":           {false, "contacts mail", "contacts", []string{"mail"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Options{Grant: func(asked string) string {
				if row.grant != "" {
					return row.grant
				}
				return asked
			}})
			start := aStart()
			start.ReadOnly = row.readOnly
			result, err := w.accounts.Finish(t.Context(), anAnswer(w.begin(start)))
			require.NoError(t, err)
			require.Equal(t, row.asked, w.server.Calls("/authorize")[0].Form.Get("scope"))
			account := result.Accounts[0]
			if diff := cmp.Diff([][]string{row.extra, row.missing}, [][]string{account.Extra, account.Missing}); diff != "" {
				t.Errorf("extra and missing (-want +got):\n%s", diff)
			}
			require.Equal(t, row.readOnly, account.ReadOnly)
			if err := w.accounts.Check(t.Context(), owner, account.ID); (err != nil) != (row.missing != nil) {
				t.Errorf("check: %v", err)
			} else if err != nil {
				require.ErrorIs(t, err, connector.ErrForbidden)
			}
		})
	}
}

func TestLoginAgainRenews(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	first := w.login()[0]
	w.server.RevokeAll()
	w.clock.pass(2 * time.Hour)
	require.ErrorIs(t, w.call(w.accounts, first.ID), connector.ErrUnauthorized)
	require.Equal(t, auth.NeedsAuthorization, w.state(first.ID))

	again := w.login()[0]
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, auth.Authorized, again.State)
	require.NoError(t, w.call(w.accounts, first.ID))
	grants, err := w.store.List(t.Context(), owner, auth.KindGrant)
	require.NoError(t, err)
	require.Len(t, grants, 1, "the old authorization is still stored")
}

func TestLoginAgainAsSomebodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	ada := w.login()[0]
	w.server.Consents(authtest.Account{ID: "43", Name: "Bob"})
	start := aStart()
	start.Account = ada.ID
	_, err := w.accounts.Finish(t.Context(), anAnswer(w.begin(start)))
	require.ErrorIs(t, err, auth.ErrOtherAccount)
	all, err := w.accounts.List(t.Context(), owner)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.NoError(t, w.call(w.accounts, ada.ID))

	bob := w.login()[0] // as an account of its own
	require.NotEqual(t, ada.ID, bob.ID)
	require.NoError(t, w.call(w.accounts, ada.ID))
	require.NoError(t, w.call(w.accounts, bob.ID))

	start.Account = "crm-nobody"
	_, err = w.accounts.Begin(t.Context(), start)
	require.ErrorIs(t, err, auth.ErrNotFound)
}

func TestSeveralAccountsOfOneLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	w.server.Consents(authtest.Account{ID: "1", Name: "Oslo"}, authtest.Account{ID: "2", Name: "Bergen"})
	both := w.login()
	require.Len(t, both, 2)
	w.clock.pass(2 * time.Hour)
	for _, account := range both {
		require.NoError(t, w.call(w.accounts, account.ID))
		c, err := w.accounts.Open(t.Context(), owner, account.ID, map[string]string{"site": "x"})
		require.NoError(t, err)
		identity, err := connector.FeaturesOf(c).Identifier.Identity(t.Context())
		require.NoError(t, err)
		require.Equal(t, account.Settings["site"], identity)
	}
	granted, _ := w.server.Refreshes()
	require.Equal(t, 1, granted, "they share one authorization")

	require.NoError(t, w.accounts.Disconnect(t.Context(), owner, both[0].ID))
	require.Equal(t, 1, w.server.Live(), "the other account still needs it")
	require.NoError(t, w.call(w.accounts, both[1].ID))
	require.NoError(t, w.accounts.Disconnect(t.Context(), owner, both[1].ID))
	require.Zero(t, w.server.Live())

	w.server.Consents()
	_, err := w.accounts.Finish(t.Context(), anAnswer(w.begin(aStart())))
	require.ErrorIs(t, err, auth.ErrNoAccount)
}

func TestOwnersAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	id := w.login()[0].ID
	_, err := w.accounts.Get(t.Context(), "tenant-2", id)
	require.ErrorIs(t, err, auth.ErrNotFound)
	require.ErrorIs(t, w.accounts.Disconnect(t.Context(), "tenant-2", id), auth.ErrNotFound)
	_, err = w.accounts.Open(t.Context(), "tenant-2", id, nil)
	require.ErrorIs(t, err, auth.ErrNotFound)
	all, err := w.accounts.List(t.Context(), "tenant-2")
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestAbandonedLoginsAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	for range 3 {
		w.begin(aStart())
	}
	w.clock.pass(11 * time.Minute)
	w.begin(aStart())
	rows, err := w.store.List(t.Context(), owner, auth.KindFlow)
	require.NoError(t, err)
	require.Len(t, rows, 1)
}
