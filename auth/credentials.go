package auth

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/contactsync/contactsync/connector"
)

// Enter adds an account of an app that is opened with a password or a key, or renews it. settings are those of
// [connector.App.Login], and others that are to hold wherever the account is used. They are checked before anything is
// stored: the app must open with them, and say that it can be read and written.
//
// again is the id of the account that is to be renewed: credentials of another one are refused with [ErrOtherAccount];
// "" adds an account, or renews the one that it turns out to be.
func (a *Accounts) Enter(ctx context.Context, owner, app string, settings map[string]Secret, again string) (Account, error) {
	p, err := a.provider(app)
	if err != nil {
		return Account{}, err
	}
	if err := checkOwner(owner); err != nil {
		return Account{}, err
	}
	if len(p.App.Login()) == 0 {
		return Account{}, fmt.Errorf("app %s has no credentials to enter", app)
	}
	plain := map[string]string{}
	for name, value := range settings {
		plain[name] = value.Reveal()
	}
	c, err := p.App.Open(ctx, plain)
	if err != nil {
		return Account{}, err
	}
	subject, err := examine(ctx, p.App, c, plain)
	if err != nil {
		return Account{}, fmt.Errorf("the credentials were not taken: %w", err)
	}
	if again != "" && accountID(app, subject) != again {
		return Account{}, ErrOtherAccount
	}
	if err := a.sweep(ctx, owner); err != nil {
		return Account{}, err
	}
	return a.saveCredentials(ctx, owner, p.App, subject, plain)
}

// examine asks the app whether it can be used, and whose account it is.
func examine(ctx context.Context, app connector.App, c connector.Connector,
	settings map[string]string) (subject string, err error) {
	features := connector.FeaturesOf(c)
	if features.Checker != nil {
		err = features.Checker.Check(ctx)
	} else {
		_, err = c.Schema(ctx)
	}
	if err != nil {
		return "", err
	}
	if subject = labelOf(app, settings); app.Auth == connector.AuthPassword && subject != "" {
		return subject, nil // an address and a name
	}
	if features.Identifier == nil {
		return "", fmt.Errorf("app %s does not say whose key it is: its connector must be a connector.Identifier", app.ID)
	}
	return features.Identifier.Identity(ctx)
}

// labelOf names an account by what is not secret of its credentials.
func labelOf(app connector.App, settings map[string]string) string {
	var words []string
	for _, s := range app.Login() {
		if !s.Secret && settings[s.Name] != "" {
			words = append(words, strings.TrimSuffix(settings[s.Name], "/"))
		}
	}
	return strings.Join(words, " ")
}

// saveCredentials stores an account whose credentials were found good.
func (a *Accounts) saveCredentials(ctx context.Context, owner string, app connector.App, subject string,
	settings map[string]string) (Account, error) {
	g := a.newGrant(owner, app.ID)
	open := maps.Clone(settings)
	for _, s := range app.Settings {
		if !s.Secret {
			continue
		}
		delete(open, s.Name)
		if err := a.seal(ctx, g, columnSetting+s.Name, NewSecret(settings[s.Name])); err != nil {
			return Account{}, err
		}
	}
	if err := a.put(ctx, g); err != nil {
		return Account{}, err
	}
	label := labelOf(app, settings)
	if label == "" {
		label = app.Label
	}
	return a.adopt(ctx, g, connector.Identity{ID: subject, Label: label, Settings: open})
}

// Check asks the app whether an account can still be used, and notes the answer: an account whose credentials the app
// refuses needs authorization from here on, and one whose credentials it takes again does not. The error is nil if the
// account can be read and written, else it says what to do.
func (a *Accounts) Check(ctx context.Context, owner, id string) error {
	account, g, err := a.find(ctx, owner, id)
	if err != nil {
		return err
	}
	p, err := a.provider(account.App)
	if err != nil {
		return err
	}
	if p.App.Auth == connector.AuthOAuth2 {
		err = a.checkToken(ctx, p, account)
	} else {
		err = a.checkCredentials(ctx, p, account, g)
	}
	if err == nil && len(g.Missing) > 0 {
		return &connector.Error{App: account.App, Op: "check", Err: connector.ErrForbidden,
			Message: "these scopes were not granted: " + strings.Join(g.Missing, " ") + "; log in again and consent to them"}
	}
	return err
}

// checkToken asks the app whose token it is.
func (a *Accounts) checkToken(ctx context.Context, p Provider, account Account) error {
	client := a.client(p, account)
	client.Timeout = 2 * endpointTimeout // it may renew the token
	found, err := p.App.OAuth.Identities(ctx, client, map[string]string{})
	if err != nil {
		return err
	}
	for _, one := range found {
		if one.ID == account.Subject {
			return nil
		}
	}
	return &connector.Error{App: account.App, Op: "check", Err: connector.ErrForbidden,
		Message: "the login does not hold this account any more: log in again"}
}

// checkCredentials opens the app with the account's credentials.
func (a *Accounts) checkCredentials(ctx context.Context, p Provider, account Account, g *grant) error {
	if g.State == Disconnecting {
		return g.unauthorized()
	}
	settings := maps.Clone(account.Settings)
	if settings == nil {
		settings = map[string]string{}
	}
	for column := range g.Sealed {
		secret, err := a.unseal(ctx, g, column)
		if err != nil {
			return err
		}
		settings[strings.TrimPrefix(column, columnSetting)] = secret.Reveal()
	}
	c, err := p.App.Open(ctx, settings)
	if err != nil {
		return err
	}
	_, err = examine(ctx, p.App, c, settings)
	if err != nil && !errors.Is(err, connector.ErrUnauthorized) {
		return err // it says nothing about the credentials
	}
	state, reason := Authorized, ""
	if err != nil {
		state, reason = NeedsAuthorization, "the app refuses its credentials: log in again"
	}
	noted := a.change(ctx, g.row.Owner, g.row.ID, func(now *grant) bool {
		if now.State == state || now.State == Disconnecting {
			return false
		}
		now.State, now.Reason = state, reason
		return true
	})
	return errors.Join(err, noted)
}
