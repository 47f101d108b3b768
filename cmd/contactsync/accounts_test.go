package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authtest"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
)

// cloud is two apps with accounts: one with a password, one that logs in to a server.
type cloud struct {
	server   *authtest.Server
	password string
	book     *fake.App
}

// guarded is a fake app behind a check of its credentials.
type guarded struct {
	*fake.App
	check func(ctx context.Context) error
	name  string
}

func (g guarded) Schema(ctx context.Context) (contact.Schema, error) {
	if err := g.check(ctx); err != nil {
		return contact.Schema{}, err
	}
	return g.App.Schema(ctx)
}

func (g guarded) Features() connector.Features {
	f := connector.FeaturesOf(g.App)
	f.Checker, f.Identifier = g, g
	return f
}

func (g guarded) Check(ctx context.Context) error { return g.check(ctx) }

func (g guarded) Identity(context.Context) (string, error) { return g.name, nil }

func (w *cloud) mail() connector.App {
	app := connector.App{ID: "mail", Label: "Mail", Auth: connector.AuthPassword, Settings: []connector.Setting{
		{Name: "url", Label: "its address", Required: true}, {Name: "user", Label: "the name", Required: true},
		{Name: "code", Label: "the password", Required: true, Secret: true}, {Name: "book", Label: "which one"}}}
	app.Open = func(_ context.Context, settings map[string]string) (connector.Connector, error) {
		if err := app.CheckSettings(settings); err != nil {
			return nil, err
		}
		return guarded{w.book, func(context.Context) error {
			if settings["code"] != w.password {
				return fmt.Errorf("mail: %w", connector.ErrUnauthorized)
			}
			return nil
		}, settings["user"]}, nil
	}
	return app
}

func (w *cloud) crm() connector.App {
	ask := func(ctx context.Context, client *http.Client) error {
		resp, err := client.Get(w.server.URL + "/me")
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	return connector.App{ID: "crm", Label: "CRM", Auth: connector.AuthOAuth2,
		OAuth: &connector.OAuth{AuthURL: w.server.URL + "/authorize", TokenURL: w.server.URL + "/token", RevokeURL: w.server.URL + "/revoke",
			Scopes: []string{"contacts"}, ReadScopes: []string{"contacts.readonly"}, Hosts: []string{"127.0.0.1"},
			Identities: func(ctx context.Context, client *http.Client, _ map[string]string) ([]connector.Identity, error) {
				return []connector.Identity{{ID: "42", Label: "Ada"}}, ask(ctx, client)
			}},
		OpenAs: func(_ context.Context, account connector.Account, _ map[string]string) (connector.Connector, error) {
			return guarded{w.book, func(ctx context.Context) error { return ask(ctx, account.Client) }, account.ID}, nil
		}}
}

// newCloud returns a shell whose program knows the two apps beside its own.
func newCloud(t *testing.T) (*shell, *cloud) {
	w := &cloud{server: authtest.New(authtest.Options{}), password: "c4nary-pass"}
	t.Cleanup(w.server.Close)
	w.server.Register("client", "http://127.0.0.1/callback/crm")
	w.book = fake.New("mail", []contact.Field{{Name: "name", Type: contact.TypeText, Meaning: "full_name"},
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"}})
	s := newShell(t)
	s.cli.shelf = connector.NewCatalogue(append(catalogue(), w.mail(), w.crm())...)
	s.cli.browse = func(address string) error {
		resp, err := http.Get(address)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	s.env["HOME"] = filepath.Join(s.dir, "home")
	s.env["CONTACTSYNC_CRM_CLIENT_ID"], s.env["CONTACTSYNC_CRM_CLIENT_SECRET"] = "client", "client-secret"
	return s, w
}

// account returns the one account of an app.
func (s *shell) account(app string) auth.Account {
	s.t.Helper()
	said := s.run("accounts", "--json")
	require.Equal(s.t, exitDone, said.code, said.err)
	for _, account := range decode[accountsResult](s.t, said.out).Accounts {
		if account.App == app {
			return account
		}
	}
	s.t.Fatalf("no account of %s: %s", app, said.out)
	return auth.Account{}
}

func TestLoginWithAPassword(t *testing.T) {
	t.Parallel()
	s, w := newCloud(t)
	require.Contains(t, s.run("accounts").out, "no account is logged in; next: contactsync login APP")
	s.env["CONTACTSYNC_MAIL_CODE"] = "wrong"
	set := []string{"login", "mail", "--set", "url=https://mail.example.com", "--set", "user=ada"}
	said := s.run(set...)
	require.Equal(t, exitFailed, said.code)
	require.Contains(t, said.err, "unauthorized")
	s.env["CONTACTSYNC_MAIL_CODE"] = w.password
	said = s.run(set...)
	require.Equal(t, exitDone, said.code, said.err)
	id := s.account("mail").ID
	require.Contains(t, said.out, "{app: mail, account: "+id+"}")

	// It syncs without the password, which is nowhere but sealed.
	delete(s.env, "CONTACTSYNC_MAIL_CODE")
	s.mkdir("A")
	s.card("A", 1)
	s.write(defaultConfig, "connections:", "  - name: one", "    a: {app: vcard, path: A}", "    b: {app: mail, account: "+id+", book: friends}")
	require.Equal(t, exitDone, s.run("check").code)
	said = s.run("sync")
	require.Equal(t, exitDone, said.code, said.err+said.out)
	require.Len(t, w.book.Records(), 1)
	require.Error(t, findIn(s.dir, w.password), "the password is in no file")

	w.password = "another"
	said = s.run("check")
	require.Equal(t, exitFailed, said.code)
	require.Contains(t, said.out, "a vcard A: ok")
	require.Contains(t, said.out, "unauthorized")
	require.Contains(t, s.run("accounts").out, "needs authorization: the app refuses its credentials: log in again")
	said = s.run("sync") // which is no fault of the configuration
	require.Equal(t, exitFailed, said.code)
	require.Contains(t, said.out, "schema of mail friends: mail: authorize: unauthorized")
	require.Contains(t, s.run("status").out, "halted:")
	s.env["CONTACTSYNC_MAIL_CODE"] = "another"
	said = s.run(append(set, "--account", id)...)
	require.Equal(t, exitDone, said.code, said.err)
	require.Equal(t, exitDone, s.run("check").code)
	said = s.run("login", "mail", "--set", "url=https://mail.example.com", "--set", "user=eve", "--account", id)
	require.Equal(t, exitFailed, said.code)
	require.Contains(t, said.err, "another account")

	said = s.run("logout", id)
	require.Contains(t, said.out, "connection one uses it as b")
	require.Contains(t, s.run("check").out, "there is no such account; log in with: contactsync login mail")
}

// findIn returns an error unless a file below dir holds text.
func findIn(dir, text string) error {
	found := errors.New("not found")
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), text) {
			found = nil
		}
		return err
	})
	return errors.Join(found, err)
}

func TestLoginAsks(t *testing.T) {
	t.Parallel()
	s, w := newCloud(t)
	s.cli.inTTY = true
	s.cli.in = strings.NewReader("https://mail.example.com\n")
	s.cli.secret = func() (string, error) { return w.password, nil }
	said := s.run("login", "mail", "--set", "user=ada")
	require.Equal(t, exitDone, said.code, said.err)
	require.Contains(t, said.err, "url (its address): ")
	require.NotContains(t, said.out+said.err, w.password)
}

func TestLoginInABrowser(t *testing.T) {
	t.Parallel()
	s, w := newCloud(t)
	said := s.run("login", "crm", "--read-only")
	require.Equal(t, exitDone, said.code, said.err)
	require.Contains(t, said.err, "made a key in DIR/home/.config/contactsync/keys")
	require.Contains(t, said.out, "logged in to crm Ada")
	account := s.account("crm")
	require.True(t, account.ReadOnly)
	for _, secret := range w.server.Secrets() {
		require.Error(t, findIn(s.dir, secret), "a token is in a file")
		require.NotContains(t, said.out+said.err, secret)
	}
	s.mkdir("A")
	s.card("A", 1)
	s.write(defaultConfig, "connections:", "  - name: one", "    a: {app: vcard, path: A}", "    b: {app: crm, account: Ada}") // by its label
	w.server.EndAccess()
	said = s.run("sync")
	require.Equal(t, exitDone, said.code, said.err+said.out)
	granted, _ := w.server.Refreshes()
	require.Equal(t, 1, granted)

	w.server.RevokeAll()
	for _, command := range []string{"check", "sync"} {
		said = s.run(command)
		require.Equal(t, exitFailed, said.code)
		require.Contains(t, said.out+said.err, "the app says that the authorization is over: log in again")
	}
	require.Contains(t, s.run("accounts").out, "needs authorization")
	require.Contains(t, s.run("status").out, "halted: crm Ada refuses its account")
	require.Equal(t, exitDone, s.run("login", "crm").code)
	require.Equal(t, account.ID, s.account("crm").ID)
	require.Equal(t, exitDone, s.run("check").code)

	w.server.Fails("/revoke", authtest.Broken, authtest.Broken)
	require.Equal(t, exitFailed, s.run("logout", account.ID).code)
	require.Contains(t, s.run("accounts").out, "disconnecting: the app has not confirmed yet")
	require.Equal(t, exitDone, s.run("logout", account.ID, "--force").code)
	require.Contains(t, s.run("accounts").out, "no account")
}

func TestKeysOfTheCommand(t *testing.T) {
	t.Parallel()
	s, w := newCloud(t)
	require.Equal(t, exitDone, s.run("login", "crm").code)
	file := s.path("home/.config/contactsync/keys")
	old := strings.TrimSpace(strings.Split(s.read("home/.config/contactsync/keys"), "\n")[1])
	key, err := auth.NewKey("second")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(key.Reveal()+"\n"+old+"\n"), 0o600))
	require.Contains(t, s.run("accounts", "--reseal").out, "sealed anew: 1 account")
	require.NoError(t, os.Remove(file))
	s.env["CONTACTSYNC_KEYS"] = key.Reveal() // the old one is retired
	said := s.run("logout", "Ada")
	require.Equal(t, exitDone, said.code, said.err)
	require.Zero(t, w.server.Live())

	// Without a key nothing is opened, made or sent, once something is sealed.
	require.Equal(t, exitDone, s.run("login", "crm").code)
	delete(s.env, "CONTACTSYNC_KEYS")
	said = s.run("login", "crm")
	require.Equal(t, exitFailed, said.code)
	require.Contains(t, said.err, "there is no key to seal secrets with")
	require.NoFileExists(t, file)
	require.Equal(t, exitDone, s.run("accounts").code)
	require.Equal(t, exitFailed, s.run("accounts", "--reseal").code)
}

func TestLoginUsage(t *testing.T) {
	t.Parallel()
	s, _ := newCloud(t)
	delete(s.env, "CONTACTSYNC_CRM_CLIENT_ID")
	for name, row := range map[string]struct {
		args []string
		want string
	}{
		"no such app":      {[]string{"login", "none"}, `there is no app "none"; the apps are crm, csv, carddav, sqltable, mail, vcard`},
		"no accounts":      {[]string{"login", "vcard"}, "vCard files need no login"},
		"not registered":   {[]string{"login", "crm"}, "set CONTACTSYNC_CRM_CLIENT_ID and CONTACTSYNC_CRM_CLIENT_SECRET"},
		"a secret as word": {[]string{"login", "mail", "--set", "code=x"}, "a secret is no word of a command line"},
		"no setting":       {[]string{"login", "mail", "--set", "cod=x"}, `app mail has no setting "cod"`},
		"no value":         {[]string{"login", "mail", "--set", "url"}, "NAME=VALUE"},
		"nobody to ask":    {[]string{"login", "mail", "--set", "url=x"}, "user is missing: set CONTACTSYNC_MAIL_USER"},
		"whose account":    {[]string{"logout", "x"}, "x: there is no such account"},
	} {
		if said := s.run(row.args...); said.code != exitConfig || !strings.Contains(said.err, row.want) {
			t.Errorf("%s: %+v", name, said)
		}
	}
	require.NoFileExists(t, s.path("contactsync-accounts.db"))
}

func TestAccountsInTheFile(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ end, want string }{
		"no account":           {"{app: crm}", "connections[0].b: crm: an account is missing; log in with: contactsync login crm"},
		"no such account":      {"{app: crm, account: x}", "connections[0].b.account: account x: there is no such account"},
		"a secret in the file": {"{app: mail, url: x, user: y, code: c4nary}", "connections[0].b.code: a secret does not belong in this file"},
		"settings missing":     {"{app: mail, url: x}", "connections[0].b.user: user is missing"},
		"from the environment": {"{app: mail, url: x, user: y, code: '${CODE}'}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, w := newCloud(t)
			s.env["CODE"] = w.password
			s.mkdir("A")
			s.write(defaultConfig, "connections:", "  - name: one", "    a: {app: vcard, path: A}", "    b: "+row.end)
			said := s.run("sync")
			if row.want == "" {
				require.Equal(t, exitDone, said.code, said.err)
				return
			}
			require.Equal(t, exitConfig, said.code)
			require.Contains(t, said.err, row.want)
			require.NotContains(t, said.err, "c4nary")
		})
	}
}

// A connection that has links is not quietly synced with somebody else's account.
func TestAnotherAccountHalts(t *testing.T) {
	t.Parallel()
	s, w := newCloud(t)
	s.env["CONTACTSYNC_MAIL_CODE"] = w.password
	for _, user := range []string{"ada", "eve"} {
		require.Equal(t, exitDone, s.run("login", "mail", "--set", "url=x", "--set", "user="+user).code)
	}
	s.mkdir("A")
	s.card("A", 1)
	s.write(defaultConfig, "connections:", "  - name: one", "    a: {app: vcard, path: A}", "    b: {app: mail, account: x ada}")
	require.Equal(t, exitDone, s.run("sync").code)
	s.replace(defaultConfig, "x ada", "x eve")
	said := s.run("sync")
	require.Equal(t, exitHeld, said.code, said.err)
	require.Contains(t, said.out, "is connected with another account than last time; nothing was written")
}

// TestS5ScopesOfTheCatalogue holds what every app with OAuth 2 asks for: no more than it needs.
func TestS5ScopesOfTheCatalogue(t *testing.T) {
	t.Parallel()
	want := map[string][]string{} // there is no such app yet
	got := map[string][]string{}
	for _, app := range catalogue() {
		if app.Auth == connector.AuthOAuth2 {
			got[app.ID] = app.OAuth.Scopes
		}
	}
	require.Equal(t, want, got)
}
