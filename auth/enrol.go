package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/contactsync/contactsync/connector"
)

// enrol makes accounts of an authorization: those that are new are added, those that are known renewed. It keeps
// nothing if the account that was to be authorized again is not among them; the tokens are then forgotten and not
// revoked, because some apps revoke all that one person has granted this program.
func (a *Accounts) enrol(ctx context.Context, p Provider, owner string, f flow, got answer) ([]Account, error) {
	g := a.newGrant(owner, f.App)
	asked := p.scopes(f.ReadOnly)
	g.ReadOnly, g.Scopes = f.ReadOnly, got.scopes
	if got.scopes == nil {
		g.Scopes = asked // RFC 6749 section 5.1
	}
	g.Extra, g.Missing = without(g.Scopes, asked), without(asked, g.Scopes)
	if err := a.take(ctx, g, got); err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &fixedBearer{got.access, p.App.OAuth.Hosts, a.transport}, Timeout: endpointTimeout}
	found, err := p.App.OAuth.Identities(ctx, client, got.fields)
	if err != nil {
		return nil, fmt.Errorf("ask %s whose login it is: %w", f.App, err)
	}
	if err := checkIdentities(f, found); err != nil {
		return nil, err
	}
	if err := a.put(ctx, g); err != nil {
		return nil, err
	}
	var accounts []Account
	for _, one := range found {
		account, err := a.adopt(ctx, g, one)
		if err != nil {
			return accounts, err
		}
		accounts = append(accounts, account)
	}
	return accounts, nil
}

// checkIdentities says what is wrong with the accounts of a login.
func checkIdentities(f flow, found []connector.Identity) error {
	if len(found) == 0 {
		return ErrNoAccount
	}
	expected := f.Account == ""
	for _, one := range found {
		if one.ID == "" {
			return ErrNoAccount
		}
		expected = expected || accountID(f.App, one.ID) == f.Account
	}
	if !expected {
		return ErrOtherAccount
	}
	return nil
}

// adopt makes an account of an identity, with this authorization. One that it had before is forgotten, with its last
// account.
func (a *Accounts) adopt(ctx context.Context, g *grant, one connector.Identity) (Account, error) {
	owner, id := g.row.Owner, accountID(g.App, one.ID)
	label := one.Label
	if label == "" {
		label = one.ID
	}
	before, err := a.point(ctx, owner, id, accountBody{App: g.App, Subject: one.ID, Label: label, Settings: one.Settings,
		Hosts: one.Hosts, Grant: g.row.ID})
	if err != nil {
		return Account{}, err
	}
	if before != "" && before != g.row.ID {
		if err := a.drop(ctx, owner, before); err != nil {
			return Account{}, err
		}
	}
	return a.Get(ctx, owner, id)
}

// fixedBearer adds a token that no account has yet.
type fixedBearer struct {
	token Secret
	hosts []string
	base  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *fixedBearer) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := mayBear(req, t.hosts); err != nil {
		return nil, refuseRequest(req, err)
	}
	return t.base.RoundTrip(withBearer(req, t.token))
}

// Disconnect ends an account: the app is told to revoke its tokens, if no other account has them, and they are erased.
// If the app cannot be reached the account is kept, in the state [Disconnecting], in which nothing uses it, and the
// error says so: call Disconnect again, or [Accounts.Erase].
func (a *Accounts) Disconnect(ctx context.Context, owner, id string) error {
	account, g, err := a.find(ctx, owner, id)
	if err != nil {
		return err
	}
	others, err := a.bearers(ctx, owner, account.grant)
	if err != nil {
		return err
	}
	p, err := a.provider(account.App)
	if err == nil && len(others) == 1 && p.App.Auth == connector.AuthOAuth2 && p.App.OAuth.RevokeURL != "" {
		if err := a.revokeGrant(ctx, p, g); err != nil {
			return err
		}
	}
	return a.Erase(ctx, owner, id)
}

// revokeGrant revokes the tokens of an authorization, which nothing uses from here on.
func (a *Accounts) revokeGrant(ctx context.Context, p Provider, g *grant) error {
	err := a.change(ctx, g.row.Owner, g.row.ID, func(now *grant) bool {
		now.State, now.Reason = Disconnecting, "the app has not confirmed yet that its tokens are revoked: disconnect again"
		g = now
		return true
	})
	if err != nil {
		return err
	}
	for _, column := range []string{columnRefresh, columnAccess} { // some apps' access tokens outlive the other
		secret, err := a.unseal(ctx, g, column)
		if err != nil {
			return err
		}
		if secret.IsZero() {
			continue
		}
		if err := a.revoke(ctx, p, secret, column+"_token"); err != nil {
			return &connector.Error{App: g.App, Op: "disconnect", Err: fmt.Errorf("%w: %w", connector.ErrUnavailable, err),
				Message: "the tokens are not revoked yet: disconnect again"}
		}
	}
	return nil
}

// Erase forgets an account and, with its last one, an authorization, without a word to the app.
func (a *Accounts) Erase(ctx context.Context, owner, id string) error {
	for range casTries {
		row, err := a.store.Get(ctx, owner, KindAccount, id)
		if err != nil {
			return err
		}
		account, err := accountOf(row)
		if err != nil {
			return err
		}
		if err := a.store.Delete(ctx, row); errors.Is(err, ErrChanged) {
			continue
		} else if err != nil {
			return err
		}
		return a.drop(ctx, owner, account.grant)
	}
	return ErrChanged
}
