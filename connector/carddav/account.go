package carddav

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/httpapi"
)

// An Account says where an address book is and how to get there. URL is required.
type Account struct {
	// URL is the address of the server, of the account or of an address book: "https://dav.example.com/". Without a
	// scheme it is https. With Resolver it may be a domain, or an email address of one.
	URL string
	// User and Password are sent with each call (RFC 7617). Of services with a second factor it is a password for apps.
	User, Password string
	// Authorize adds other credentials than those; nil means User and Password.
	Authorize func(*http.Request) error
	// Book is the name, or the last part of the address, of the address book; "" means the only one that there is.
	Book string
	// Resolver looks up the server of a domain (RFC 6764); nil means that URL is an address.
	Resolver Resolver

	// HTTP makes the calls, see [httpapi.Options].
	HTTP *http.Client
	// Policy says which servers may be talked to; the zero one is for public ones by https.
	Policy httpapi.Policy
	// Limiter is shared by what else uses the account; nil means one of its own.
	Limiter *httpapi.Limiter
	// Clock is what times are taken from; nil means [connector.SystemClock].
	Clock connector.Clock
	// Log gets a line for each call, at level debug; nil means no log.
	Log *slog.Logger
}

// Open returns a connector to an address book of the account. It talks to nobody yet: the first call finds the book, and
// fails with [connector.ErrNotFound], naming those that there are, if it is not one.
func Open(a Account) (connector.Connector, error) {
	client, err := a.client()
	if err != nil {
		return nil, err
	}
	if a.Clock == nil {
		a.Clock = connector.SystemClock{}
	}
	b := &book{account: a, client: client, turn: make(chan struct{}, 1)}
	b.turn <- struct{}{}
	return b, nil
}

// Books returns the address books of an account, for a person to choose from.
func Books(ctx context.Context, a Account) ([]Book, error) {
	client, err := a.client()
	if err != nil {
		return nil, err
	}
	all, err := a.find(ctx, client)
	if err != nil {
		return nil, err
	}
	books := make([]Book, len(all))
	for i, f := range all {
		books[i] = f.Book
	}
	return books, nil
}

// client returns a client at the address of the account.
func (a Account) client() (dav, error) {
	address := strings.TrimSpace(a.URL)
	if a.Resolver != nil {
		_, domain, isEmail := strings.Cut(address, "@")
		if isEmail {
			address = domain
		}
	}
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	authorize := a.Authorize
	if authorize == nil && (a.User != "" || a.Password != "") {
		authorize = httpapi.Basic(a.User, a.Password)
	}
	client, err := httpapi.New(httpapi.Options{App: appID, Base: address, HTTP: a.HTTP, Policy: a.Policy, Authorize: authorize,
		Limiter: a.Limiter, Clock: a.Clock, Log: a.Log})
	return dav{client}, err
}

// find returns the account's address books.
func (a Account) find(ctx context.Context, client dav) ([]found, error) {
	if a.Resolver != nil {
		at, err := serviceOf(ctx, a.Resolver, client.Base().Hostname())
		if err != nil {
			return nil, err
		}
		moved, err := client.At(at)
		if err != nil {
			return nil, err
		}
		client = dav{moved}
	}
	return discover(ctx, client)
}

// App returns the app "carddav". What its settings do not say - the policy, the client, the log - is taken from with.
func App(with Account) connector.App {
	app := connector.App{
		ID:    appID,
		Label: "CardDAV (Nextcloud, iCloud, Fastmail, ...)",
		Auth:  "password",
		// The address books of the account, each by the last part of its address or by its name.
		AccountKinds: true,
		Settings: []connector.Setting{
			{Name: "url", Label: "the address of the server, or of an address book", Type: connector.SettingURL, Required: true},
			{Name: "username", Label: "the name of the account", Account: true},
			{Name: "password", Label: "its password; of services with a second factor one for apps", Secret: true},
			{Name: "book", Label: "the same as kind, which goes before it"},
			{Name: "srv", Label: "url is a domain, whose DNS says where its server is", Type: connector.SettingYesNo, Default: "no"},
		},
	}
	app.Open = func(_ context.Context, settings map[string]string) (connector.Connector, error) {
		if err := app.CheckSettings(settings); err != nil {
			return nil, err
		}
		a := with
		a.URL, a.User, a.Password = settings["url"], settings["username"], settings["password"]
		a.Book = cmp.Or(settings[connector.KindSetting], settings["book"])
		if a.Resolver = nil; settings["srv"] == "yes" {
			if a.Resolver = with.Resolver; a.Resolver == nil {
				a.Resolver = systemResolver
			}
		}
		c, err := Open(a)
		if err != nil {
			return nil, fmt.Errorf("%s: setting \"url\": %w", appID, err)
		}
		return c, nil
	}
	return app
}

// identity is what tells an address book from all others: its address, and who asks there.
func identity(f found) string {
	at, err := url.Parse(f.URL)
	if err != nil {
		return f.URL
	}
	return strings.ToLower(at.Host) + " " + strings.TrimSuffix(f.principal, "/") + " " + strings.TrimSuffix(at.Path, "/")
}
