package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// Open returns a connector of an account, to open a connection with: its app, opened with the account's own settings and
// these, of which the account's prevail in what says whose it is. It does not talk to the app. The connector fails with
// [connector.ErrUnauthorized] once the account needs to be authorized again.
func (a *Accounts) Open(ctx context.Context, owner, id string, settings map[string]string) (connector.Connector, error) {
	account, g, err := a.find(ctx, owner, id)
	if err != nil {
		return nil, err
	}
	p, err := a.provider(account.App)
	if err != nil {
		return nil, err
	}
	all := account.settings(p.App, settings)
	if p.App.Auth == connector.AuthOAuth2 {
		return p.App.OpenAs(ctx, connector.Account{ID: account.Subject, Client: a.client(p, account)}, all)
	}
	if g.State != Authorized {
		return locked{g.unauthorized()}, nil
	}
	for column := range g.Sealed {
		secret, err := a.unseal(ctx, g, column)
		if err != nil {
			return nil, err
		}
		all[strings.TrimPrefix(column, columnSetting)] = secret.Reveal()
	}
	return p.App.Open(ctx, all)
}

// settings returns what the account's app is opened with: the account's own settings, and those others that a connection
// adds. What was only given along at login, such as an address book, a connection may choose otherwise.
func (acc Account) settings(app connector.App, others map[string]string) map[string]string {
	all := maps.Clone(others)
	if all == nil {
		all = map[string]string{}
	}
	for name, value := range acc.Settings {
		whose := slices.ContainsFunc(app.Login(), func(s connector.Setting) bool { return s.Name == name })
		if whose || app.Auth == connector.AuthOAuth2 || all[name] == "" {
			all[name] = value
		}
	}
	return all
}

// locked is the connector of an account whose credentials the app has refused: it does not try them again.
type locked struct{ err error }

// Schema implements connector.Connector.
func (l locked) Schema(context.Context) (contact.Schema, error) { return contact.Schema{}, l.err }

// Changes implements connector.Connector.
func (l locked) Changes(context.Context, connector.Query) (connector.Page, error) {
	return connector.Page{}, l.err
}

// Apply implements connector.Connector.
func (l locked) Apply(context.Context, []connector.Write) ([]connector.Result, error) {
	return nil, l.err
}

// client returns an http client that bears the account's token.
func (a *Accounts) client(p Provider, account Account) *http.Client {
	hosts := append(append([]string{}, p.App.OAuth.Hosts...), account.hosts...)
	return &http.Client{Transport: &bearer{accounts: a, owner: account.Owner, account: account.ID, hosts: hosts}}
}

// Client returns an http client whose requests bear the token of an account: for hosts that call an app of their own
// accord. It sends the token to the app's hosts alone, renews it in time, and once more where the app refuses it (401),
// after which the request is sent a second time.
func (a *Accounts) Client(ctx context.Context, owner, id string) (*http.Client, error) {
	account, _, err := a.find(ctx, owner, id)
	if err != nil {
		return nil, err
	}
	p, err := a.provider(account.App)
	if err != nil {
		return nil, err
	}
	if p.App.Auth != connector.AuthOAuth2 {
		return nil, fmt.Errorf("account %s has no token: its app is opened with credentials", id)
	}
	return a.client(p, account), nil
}

// bearer adds the token of an account to requests. The account's authorization is looked up each time: logging in again
// gives it another one.
type bearer struct {
	accounts       *Accounts
	owner, account string
	hosts          []string
}

// RoundTrip implements http.RoundTripper.
func (t *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := mayBear(req, t.hosts); err != nil {
		return nil, refuseRequest(req, err)
	}
	token, serial, grantID, err := t.token(req.Context(), "", 0)
	if err != nil {
		return nil, refuseRequest(req, err)
	}
	resp, err := t.accounts.transport.RoundTrip(withBearer(req, token))
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	again, ok := repeat(req)
	if !ok {
		return resp, nil // its body is gone; the next request gets a new token
	}
	if token, _, _, err = t.token(req.Context(), grantID, serial); err != nil {
		closeBody(resp.Body)
		closeBody(again.Body)
		return nil, err
	}
	closeBody(resp.Body)
	return t.accounts.transport.RoundTrip(withBearer(again, token))
}

// token returns a token of the account. refused is the serial number of one that the app refused, of that authorization.
// The error says that the request was not sent, or that the account is not let in: its outcome is known.
func (t *bearer) token(ctx context.Context, grantID string, refused int64) (Secret, int64, string, error) {
	token, serial, grant, err := t.look(ctx, grantID, refused)
	switch {
	case errors.Is(err, ErrSealed): // to try again does not help
		err = &connector.Error{Op: "authorize", Err: fmt.Errorf("%w: %w", connector.ErrUnauthorized, err)}
	case err != nil && !connector.Known(err):
		err = &connector.Error{Op: "authorize", Err: fmt.Errorf("%w: %w", connector.ErrNotSent, err)}
	}
	return token, serial, grant, err
}

// look finds the authorization of the account, and its token.
func (t *bearer) look(ctx context.Context, grantID string, refused int64) (Secret, int64, string, error) {
	row, err := t.accounts.store.Get(ctx, t.owner, KindAccount, t.account)
	if errors.Is(err, ErrNotFound) {
		return Secret{}, 0, "", &connector.Error{Op: "authorize", Err: connector.ErrUnauthorized,
			Message: "the account was disconnected"}
	} else if err != nil {
		return Secret{}, 0, "", err
	}
	account, err := accountOf(row)
	if err != nil {
		return Secret{}, 0, "", err
	}
	if account.grant != grantID {
		refused = 0
	}
	token, serial, err := t.accounts.bearer(ctx, t.owner, account.grant, refused)
	return token, serial, account.grant, err
}

// repeat returns the request to be sent a second time, if it can be.
func repeat(req *http.Request) (*http.Request, bool) {
	again := req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		return again, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	again.Body = body
	return again, err == nil
}

func withBearer(req *http.Request, token Secret) *http.Request {
	own := req.Clone(req.Context()) // a RoundTripper changes no request
	own.Header.Set("Authorization", "Bearer "+token.Reveal())
	return own
}

// mayBear returns an error unless the token may be sent there: to a host of the app, over https. That also holds for
// where the app redirects to.
func mayBear(req *http.Request, hosts []string) error {
	host := req.URL.Hostname()
	for _, h := range hosts {
		if strings.EqualFold(h, host) || strings.EqualFold(h, req.URL.Host) ||
			strings.HasPrefix(h, ".") && len(host) > len(h) && strings.EqualFold(host[len(host)-len(h):], h) {
			if safe(req.URL) {
				return nil
			}
		}
	}
	return errors.New("the token of an account is not sent there: it is no https address of its app")
}

// refuseRequest closes the body of a request that is not sent, as a RoundTripper must.
func refuseRequest(req *http.Request, err error) error {
	closeBody(req.Body)
	return err
}

func closeBody(body io.ReadCloser) {
	if body != nil {
		_, _ = io.CopyN(io.Discard, body, 4<<10) // what is read lets the connection be used again
		_ = body.Close()
	}
}
