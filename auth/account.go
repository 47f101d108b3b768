package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// An Account is an account of an app that an owner has authorized. It holds no secret.
type Account struct {
	Owner string `json:"owner,omitempty"`
	// ID is made of the app and the app's own name of the account: authorizing it again gives the same one.
	ID       string            `json:"id"`
	App      string            `json:"app"`
	Subject  string            `json:"-"`     // the app's own, stable name; see [connector.Identity]
	Label    string            `json:"label"` // for people
	Settings map[string]string `json:"settings,omitempty"`
	State    State             `json:"state"`
	Reason   string            `json:"reason,omitempty"` // why it is in that state, and what to do
	ReadOnly bool              `json:"read_only,omitempty"`
	// Scopes are those that were granted; Extra of them were not asked for, and Missing were asked for and not granted.
	Scopes     []string  `json:"scopes,omitempty"`
	Extra      []string  `json:"extra_scopes,omitempty"`
	Missing    []string  `json:"missing_scopes,omitempty"`
	Authorized time.Time `json:"authorized"`       // when, last
	Expires    time.Time `json:"expires,omitzero"` // of the access token; it is renewed by itself if it can be

	grant string
	hosts []string
}

// A State is whether an account can be used.
type State string

// The states.
const (
	Authorized         State = "authorized"
	NeedsAuthorization State = "needs_authorization" // a person has to log in again
	Disconnecting      State = "disconnecting"       // the app has not confirmed yet that its tokens are revoked
)

// checkOwner refuses an owner that no database could keep.
func checkOwner(owner string) error {
	if !utf8.ValidString(owner) || strings.Contains(owner, "\x00") {
		return errors.New("auth: an owner is UTF-8 without NUL")
	}
	return nil
}

// accountID returns the id of an account that its app calls subject.
func accountID(app, subject string) string {
	sum := sha256.Sum256(join("contactsync account", app, subject))
	return app + "-" + short(sum[:])
}

// short returns 16 characters of a digest, or of random bytes: lower-case letters and digits.
func short(raw []byte) string { return strings.ToLower(base32.StdEncoding.EncodeToString(raw[:10])) }

// accountBody is the body of a row of KindAccount.
type accountBody struct {
	App      string            `json:"app"`
	Subject  string            `json:"subject"`
	Label    string            `json:"label"`
	Settings map[string]string `json:"settings,omitempty"`
	Hosts    []string          `json:"hosts,omitempty"`
	Grant    string            `json:"grant"`
}

// List returns the accounts of an owner, by app and label.
func (a *Accounts) List(ctx context.Context, owner string) ([]Account, error) {
	rows, err := a.store.List(ctx, owner, KindAccount)
	if err != nil {
		return nil, err
	}
	grants := map[string]*grant{}
	var all []Account
	for _, row := range rows {
		account, err := accountOf(row)
		if err != nil {
			return nil, err
		}
		g := grants[account.grant]
		if g == nil {
			if g, err = a.grant(ctx, owner, account.grant); errors.Is(err, ErrNotFound) {
				continue // it was disconnected since the accounts were listed
			} else if err != nil {
				return nil, err
			}
			grants[account.grant] = g
		}
		all = append(all, account.with(g))
	}
	slices.SortStableFunc(all, func(x, y Account) int {
		return strings.Compare(x.App+"\x00"+x.Label, y.App+"\x00"+y.Label)
	})
	return all, nil
}

// Get returns one account of an owner; [ErrNotFound] if there is none.
func (a *Accounts) Get(ctx context.Context, owner, id string) (Account, error) {
	account, g, err := a.find(ctx, owner, id)
	if err != nil {
		return Account{}, err
	}
	return account.with(g), nil
}

// find returns an account with its authorization.
func (a *Accounts) find(ctx context.Context, owner, id string) (Account, *grant, error) {
	row, err := a.store.Get(ctx, owner, KindAccount, id)
	if err != nil {
		return Account{}, nil, err
	}
	account, err := accountOf(row)
	if err != nil {
		return Account{}, nil, err
	}
	g, err := a.grant(ctx, owner, account.grant)
	return account, g, err
}

// accountOf reads a row of KindAccount.
func accountOf(row Row) (Account, error) {
	var b accountBody
	if err := json.Unmarshal([]byte(row.Body), &b); err != nil {
		return Account{}, fmt.Errorf("account %s: its row cannot be read: %w", row.ID, err)
	}
	return Account{Owner: row.Owner, ID: row.ID, App: b.App, Subject: b.Subject, Label: b.Label, Settings: b.Settings,
		grant: b.Grant, hosts: b.Hosts}, nil
}

// with returns the account with what its authorization says.
func (acc Account) with(g *grant) Account {
	acc.State, acc.Reason, acc.ReadOnly = g.State, g.Reason, g.ReadOnly
	acc.Scopes, acc.Extra, acc.Missing = g.Scopes, g.Extra, g.Missing
	acc.Authorized, acc.Expires = g.Authorized, g.Expires
	acc.Settings = maps.Clone(acc.Settings)
	return acc
}

// point makes an account one of an authorization, and returns the authorization that it had before, "" if it is new.
func (a *Accounts) point(ctx context.Context, owner, id string, body accountBody) (before string, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	for range casTries {
		row, err := a.store.Get(ctx, owner, KindAccount, id)
		switch {
		case errors.Is(err, ErrNotFound):
			row, before = Row{Owner: owner, Kind: KindAccount, ID: id}, ""
		case err != nil:
			return "", err
		default:
			was, err := accountOf(row)
			if err != nil {
				return "", err
			}
			before = was.grant
		}
		row.Body = string(text)
		if _, err = a.store.Put(ctx, row); !errors.Is(err, ErrChanged) {
			return before, err
		}
	}
	return "", ErrChanged
}

// casTries is how often a row is read again that somebody else has changed meanwhile.
const casTries = 5

// bearers returns the accounts of an authorization.
func (a *Accounts) bearers(ctx context.Context, owner, grantID string) (ids []string, err error) {
	rows, err := a.store.List(ctx, owner, KindAccount)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		account, err := accountOf(row)
		if err != nil {
			return nil, err
		}
		if account.grant == grantID {
			ids = append(ids, account.ID)
		}
	}
	return ids, nil
}
