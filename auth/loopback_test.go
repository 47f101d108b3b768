package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authtest"
)

// open is a person's browser: it follows where it is sent.
func open(t *testing.T, address string) string {
	t.Helper()
	resp, err := http.Get(address)
	require.NoError(t, err)
	defer resp.Body.Close()
	return read(t, resp)
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	w.server.Register("client", "http://127.0.0.1/callback/crm")
	page := ""
	accounts, err := w.accounts.Login(t.Context(), auth.Loopback{Owner: owner, App: "crm", Show: func(address string) error {
		u, err := url.Parse(address)
		require.NoError(t, err)
		to := u.Query().Get("redirect_uri")
		require.True(t, strings.HasPrefix(to, "http://127.0.0.1:"), to)
		for _, stray := range []string{"", "?state=guessed&code=x", "?state=%zz", "?error=access_denied"} { // by another program of this machine
			require.Contains(t, open(t, to+stray), "failed")
		}
		page = open(t, address)
		return nil
	}})
	require.NoError(t, err)
	require.Contains(t, page, "You are logged in")
	require.NoError(t, w.call(w.accounts, accounts[0].ID))

	w.server.Denies()
	_, err = w.accounts.Login(t.Context(), auth.Loopback{Owner: owner, App: "crm", Show: func(address string) error {
		require.NotContains(t, open(t, address), "alert")
		return nil
	}})
	require.ErrorIs(t, err, auth.ErrDenied)
}

func TestLoopbackThatIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	closed := errors.New("there is no browser")
	_, err := w.accounts.Login(t.Context(), auth.Loopback{Owner: owner, App: "crm", Show: func(string) error { return closed }})
	require.ErrorIs(t, err, closed)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = w.accounts.Login(ctx, auth.Loopback{Owner: owner, App: "crm", Show: func(string) error { cancel(); return nil }})
	require.ErrorIs(t, err, context.Canceled)
	_, err = w.accounts.Login(t.Context(), auth.Loopback{Owner: owner, App: "none"})
	require.ErrorContains(t, err, "not set up")
}
