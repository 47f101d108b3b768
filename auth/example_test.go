package auth_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/http"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authtest"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// newCRM is the app of a connector with OAuth 2.
func newCRM(address string) connector.App { return crmApp(address) }

// A web application lets its users connect their CRM.
func Example() {
	ctx := context.Background()
	server := authtest.New(authtest.Options{}) // in place of the CRM's
	defer server.Close()
	server.Register("client", "https://app.example.com/accounts/callback/crm")

	key, err := auth.NewKey("2026a") // made once, and kept in a secret manager
	if err != nil {
		log.Fatal(err)
	}
	ring, err := auth.NewKeyRing(key)
	if err != nil {
		log.Fatal(err)
	}
	accounts, err := auth.New(auth.Config{Store: auth.NewMemory(), Sealer: ring, Providers: []auth.Provider{
		{App: newCRM(server.URL), ClientID: "client", ClientSecret: auth.NewSecret("client-secret")}}})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := accounts.Handler(auth.HandlerConfig{
		URL: "https://app.example.com/accounts",
		Session: func(r *http.Request) (owner, session string, err error) {
			cookie, err := r.Cookie("session")
			if err != nil {
				return "", "", err
			}
			return "customer-7", cookie.Value, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/accounts/", handler)

	list, err := accounts.List(ctx, "customer-7")
	fmt.Println(len(list), err)
	// Output: 0 <nil>
}

// The keys come from the environment, or from a file that nobody else can read; the first of them seals.
func ExampleParseKeys() {
	key, err := auth.NewKey("2026a")
	if err != nil {
		log.Fatal(err)
	}
	keys, err := auth.ParseKeys(key.Reveal())
	fmt.Println(len(keys), keys[0].ID, keys[0].Secret, err)
	// Output: 1 2026a [redacted] <nil>
}

func ExampleKeysFromEnv() {
	_, err := auth.KeysFromEnv("MY_KEYS_THAT_ARE_NOT_SET")
	fmt.Println(err)
	// Output: environment variable MY_KEYS_THAT_ARE_NOT_SET: there is no key to seal secrets with: give one, as contactsync does with CONTACTSYNC_KEYS
}

func ExampleKeysFromFile() {
	keys, err := auth.KeysFromFile("/run/secrets/contactsync-keys")
	if errors.Is(err, fs.ErrNotExist) {
		log.Fatal("mount the secret first")
	}
	fmt.Println(len(keys))
}

// An account of an app with passwords is checked before it is stored.
func ExampleAccounts_Enter() {
	ctx := context.Background()
	dav := connector.App{ID: "dav", Auth: connector.AuthPassword,
		Settings: []connector.Setting{{Name: "username", Required: true}, {Name: "password", Required: true, Secret: true}},
		Open: func(_ context.Context, settings map[string]string) (connector.Connector, error) {
			return &book{settings["password"]}, nil
		}}
	key, err := auth.NewKey("2026a")
	if err != nil {
		log.Fatal(err)
	}
	ring, err := auth.NewKeyRing(key)
	if err != nil {
		log.Fatal(err)
	}
	accounts, err := auth.New(auth.Config{Store: auth.NewMemory(), Sealer: ring, Providers: []auth.Provider{{App: dav}}})
	if err != nil {
		log.Fatal(err)
	}
	_, err = accounts.Enter(ctx, "customer-7", "dav", map[string]auth.Secret{
		"username": auth.NewSecret("ada"), "password": auth.NewSecret("a typo")}, "")
	fmt.Println(err)
	account, err := accounts.Enter(ctx, "customer-7", "dav", map[string]auth.Secret{
		"username": auth.NewSecret("ada"), "password": auth.NewSecret("correct")}, "")
	fmt.Println(account.Label, account.State, err)
	// Output:
	// the credentials were not taken: unauthorized: authorize the account again
	// ada authorized <nil>
}

// book is a connector that knows one password.
type book struct{ password string }

func (b *book) Schema(context.Context) (contact.Schema, error) {
	if b.password != "correct" {
		return contact.Schema{}, connector.ErrUnauthorized
	}
	return contact.Schema{}, nil
}

func (b *book) Changes(context.Context, connector.Query) (connector.Page, error) {
	return connector.Page{}, connector.ErrNoFeed
}

func (b *book) Apply(context.Context, []connector.Write) ([]connector.Result, error) { return nil, nil }
