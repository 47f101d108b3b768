package connector

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// An App is an app before it is opened: what a person chooses from a list.
type App struct {
	ID    string   // "vcard", "csv", "hubspot"
	Label string   // "vCard files"
	Kinds []string // the kinds of records to choose from ("contacts", "leads"); none means that there is one
	// AccountKinds says that each account has kinds of its own, such as address books: its connectors are [KindLister]s.
	AccountKinds bool
	Auth         string    // how an account is authorized: "" (none), [AuthOAuth2], [AuthPassword], [AuthToken]
	OAuth        *OAuth    // of AuthOAuth2: how
	Settings     []Setting // what an endpoint of this app can or must say
	// Limits are what nobody can do with the app, whoever's account it is, and why. They lock settings of its connections,
	// and stand in the schemas of its connectors too ([contact.Schema.Limited]), beside those of one account.
	Limits []contact.Limit
	// With names the apps that it can be connected with, by id; none means any, itself with another account included.
	With []string
	// Open returns a connector for one account, and one kind of records if there are several ([KindSetting]). It checks the
	// settings and names the wrong one; it does not talk to the app.
	Open func(ctx context.Context, settings map[string]string) (Connector, error)
	// OpenAs is Open for an account that was authorized with OAuth 2. An app with [AuthOAuth2] has it; Open may be nil.
	OpenAs func(ctx context.Context, account Account, settings map[string]string) (Connector, error)
}

// How an account is authorized.
const (
	AuthOAuth2   = "oauth2"   // by its owner, in a browser
	AuthPassword = "password" // by a name and a password, which are settings
	AuthToken    = "token"    // by a key that a person copies from the app, which is a setting
)

// An Account is who a connector acts as.
type Account struct {
	// ID is the app's own stable name of the account. The connector answers it to [Identifier.Identity], so that a
	// sync notices another account than last time.
	ID string
	// Client bears the account's authorization. It sends it to the hosts of [OAuth] and [Identity] alone.
	Client *http.Client
}

// An OAuth is how accounts of an app are authorized with OAuth 2 (RFC 6749): the authorization code grant with PKCE
// (RFC 7636). It holds no secret: those are the host's.
type OAuth struct {
	Issuer    string // the issuer that answers name (RFC 9207); "" if the app's are not known to
	AuthURL   string // where a person consents (RFC 6749 section 3.1)
	TokenURL  string // where codes and refresh tokens are exchanged (section 3.2)
	RevokeURL string // where a token is revoked (RFC 7009); "" if the app cannot
	// Scopes are the least that reading and writing contacts needs, ReadScopes the least for reading alone; none if
	// the app knows no less.
	Scopes, ReadScopes []string
	// Params are added to the authorization request, as "access_type": "offline".
	Params map[string]string
	// BasicAuth sends the client's id and secret in the Authorization header, not in the body (section 2.3.1).
	BasicAuth bool
	// Hosts are those that the token may be sent to, as "api.example.com"; ".example.com" is any below it.
	Hosts []string
	// Identities asks the app whose authorization it is. client bears it; answer holds the texts and numbers that came
	// with the token, as "hub_id": "62515". One authorization may hold several accounts: sites, workspaces.
	Identities func(ctx context.Context, client *http.Client, answer map[string]string) ([]Identity, error)
}

// An Identity is an account as its app names it.
type Identity struct {
	ID    string // stable, and unique within the app
	Label string // for people: a name, an email, a site
	// Settings are what the app is opened with for this account, as "instance_url"; none secret.
	Settings map[string]string
	Hosts    []string // further hosts of this account that the token may be sent to
}

// A Catalogue is the apps that a program offers, sorted by label. It is a value: there is no global registry.
type Catalogue []App

// NewCatalogue returns the catalogue of these apps. It panics if two have one id, which is a mistake of the program.
func NewCatalogue(apps ...App) Catalogue {
	c := Catalogue(slices.Clone(apps))
	slices.SortFunc(c, func(a, b App) int { return strings.Compare(a.Label, b.Label) })
	for i, a := range c {
		if _, dup := Catalogue(c[i+1:]).App(a.ID); dup {
			panic("two apps have the id " + a.ID)
		}
	}
	return c
}

// App returns the app of that id, and whether there is one.
func (c Catalogue) App(id string) (App, bool) {
	for _, a := range c {
		if a.ID == id {
			return a, true
		}
	}
	return App{}, false
}

// Partners returns the apps that can be connected with the one of that id, each of which can be with it; none if there is
// no such app.
func (c Catalogue) Partners(id string) Catalogue {
	chosen, ok := c.App(id)
	if !ok {
		return nil
	}
	takes := func(a, b App) bool { return len(a.With) == 0 || slices.Contains(a.With, b.ID) }
	var found Catalogue
	for _, a := range c {
		if takes(chosen, a) && takes(a, chosen) {
			found = append(found, a)
		}
	}
	return found
}

// Search returns the apps whose label or id contains text, without case; all for "".
func (c Catalogue) Search(text string) Catalogue {
	text = strings.ToLower(strings.TrimSpace(text))
	var found Catalogue
	for _, a := range c {
		if strings.Contains(strings.ToLower(a.Label), text) || strings.Contains(a.ID, text) {
			found = append(found, a)
		}
	}
	return found
}
