package auth_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// davServer is an app with names and passwords.
type davServer struct {
	passwords map[string]string
	down      bool
}

// dav is a connector for one of its accounts.
type dav struct {
	crm
	server               *davServer
	user, password, book string
}

func (d *dav) Check(context.Context) error {
	switch {
	case d.server.down:
		return connector.ErrUnavailable
	case d.server.passwords[d.user] != d.password || d.password == "":
		return connector.ErrUnauthorized
	}
	return nil
}

func (d *dav) Identity(context.Context) (string, error) { return "principal-of-" + d.user, nil }

func (s *davServer) app() connector.App {
	app := connector.App{ID: "dav", Label: "DAV", Auth: connector.AuthPassword, Settings: []connector.Setting{
		{Name: "url", Required: true}, {Name: "username", Account: true}, {Name: "password", Required: true, Secret: true}, {Name: "book"}}}
	app.Open = func(_ context.Context, settings map[string]string) (connector.Connector, error) {
		if err := app.CheckSettings(settings); err != nil {
			return nil, err
		}
		return &dav{server: s, user: settings["username"], password: settings["password"], book: settings["book"]}, nil
	}
	return app
}

func credentials(user, password string) map[string]auth.Secret {
	return map[string]auth.Secret{"url": auth.NewSecret("https://dav.example.com/"), "username": auth.NewSecret(user), "password": auth.NewSecret(password)}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := &davServer{passwords: map[string]string{"ada": "c4nary-one", "bob": "c4nary-bob"}}
	w := &world{t: t, store: auth.NewMemory(), clock: newClock()}
	accounts, err := auth.New(auth.Config{Store: w.store, Sealer: newRing(t, "k1"), Providers: []auth.Provider{{App: server.app()}}, Clock: w.clock})
	require.NoError(t, err)
	w.accounts = accounts

	_, err = accounts.Enter(ctx, owner, "dav", credentials("ada", "wrong"), "")
	require.ErrorIs(t, err, connector.ErrUnauthorized)
	_, err = accounts.Enter(ctx, owner, "dav", map[string]auth.Secret{"url": auth.NewSecret("x")}, "")
	require.ErrorContains(t, err, `"password" is missing`)
	require.Empty(t, w.dump(owner), "what was not taken is stored")

	ada, err := accounts.Enter(ctx, owner, "dav", credentials("ada", "c4nary-one"), "")
	require.NoError(t, err)
	require.Equal(t, "https://dav.example.com ada", ada.Label)
	require.NotContains(t, w.dump(owner), "c4nary")
	c, err := accounts.Open(ctx, owner, ada.ID, map[string]string{"book": "friends", "username": "eve"})
	require.NoError(t, err)
	require.NoError(t, connector.FeaturesOf(c).Checker.Check(ctx), "the account's own settings prevail")

	server.passwords["ada"] = "c4nary-two"
	require.ErrorIs(t, accounts.Check(ctx, owner, ada.ID), connector.ErrUnauthorized)
	require.Equal(t, auth.NeedsAuthorization, w.state(ada.ID))
	require.ErrorIs(t, w.call(accounts, ada.ID), connector.ErrUnauthorized)
	_, err = accounts.Enter(ctx, owner, "dav", credentials("bob", "c4nary-bob"), ada.ID)
	require.ErrorIs(t, err, auth.ErrOtherAccount)
	spelt := credentials("ada", "c4nary-two")
	spelt["url"], spelt["book"] = auth.NewSecret("https://dav.example.com"), auth.NewSecret("all")
	again, err := accounts.Enter(ctx, owner, "dav", spelt, ada.ID)
	require.NoError(t, err)
	require.Equal(t, ada.ID, again.ID)
	for book, want := range map[string]string{"": "all", "friends": "friends"} { // a connection may choose another one
		c, err := accounts.Open(ctx, owner, ada.ID, map[string]string{"book": book})
		require.NoError(t, err)
		require.Equal(t, want, c.(*dav).book)
	}
	require.NoError(t, accounts.Check(ctx, owner, ada.ID))

	server.down = true // which says nothing about the password
	require.ErrorIs(t, accounts.Check(ctx, owner, ada.ID), connector.ErrUnavailable)
	require.Equal(t, auth.Authorized, w.state(ada.ID))
	server.down = false

	server.passwords["ada"] = ""
	require.Error(t, accounts.Check(ctx, owner, ada.ID))
	server.passwords["ada"] = "c4nary-two" // taken again: it heals by being checked
	require.NoError(t, accounts.Check(ctx, owner, ada.ID))
	require.Equal(t, auth.Authorized, w.state(ada.ID))

	require.NoError(t, accounts.Disconnect(ctx, owner, ada.ID))
	require.Empty(t, w.dump(owner))
}

// A key says nothing of whose it is: the app must.
func TestKeyWithoutAName(t *testing.T) {
	t.Parallel()
	app := connector.App{ID: "key", Auth: connector.AuthToken, Settings: []connector.Setting{{Name: "key", Secret: true, Required: true}},
		Open: func(context.Context, map[string]string) (connector.Connector, error) { return nameless{}, nil }}
	accounts, err := auth.New(auth.Config{Store: auth.NewMemory(), Sealer: newRing(t, "k1"), Providers: []auth.Provider{{App: app}}})
	require.NoError(t, err)
	_, err = accounts.Enter(t.Context(), owner, "key", map[string]auth.Secret{"key": auth.NewSecret("c4nary")}, "")
	require.ErrorContains(t, err, "connector.Identifier")
	require.NotContains(t, err.Error(), "c4nary")
}

// nameless is a connector that says nothing of its account.
type nameless struct{ connector.Connector }

func (nameless) Schema(context.Context) (contact.Schema, error) { return contact.Schema{}, nil }

func TestProviders(t *testing.T) {
	t.Parallel()
	good := crmApp("https://crm.example.com")
	for name, change := range map[string]func(*auth.Provider){
		"":          func(*auth.Provider) {},
		"client id": func(p *auth.Provider) { p.ClientID = "" },
		"https": func(p *auth.Provider) {
			o := *p.App.OAuth
			o.TokenURL = "http://crm.example.com/token"
			p.App.OAuth = &o
		},
		"Identities":    func(p *auth.Provider) { o := *p.App.OAuth; o.Identities = nil; p.App.OAuth = &o },
		"OpenAs":        func(p *auth.Provider) { p.App.OpenAs = nil },
		"names no host": func(p *auth.Provider) { o := *p.App.OAuth; o.Hosts = nil; p.App.OAuth = &o },
	} {
		p := auth.Provider{App: good, ClientID: "x"}
		change(&p)
		_, err := auth.New(auth.Config{Store: auth.NewMemory(), Sealer: newRing(t, "k1"), Providers: []auth.Provider{p}})
		if name == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, name)
		}
	}
	p := auth.Provider{App: good, ClientID: "x"}
	_, err := auth.New(auth.Config{Store: auth.NewMemory(), Sealer: newRing(t, "k1"), Providers: []auth.Provider{p, p}})
	require.ErrorContains(t, err, "two providers")
	_, err = auth.New(auth.Config{Sealer: newRing(t, "k1")})
	require.ErrorContains(t, err, "no store")
}
