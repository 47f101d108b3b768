package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/connector"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// loginWish is what a person wants of a login.
type loginWish struct {
	app       string
	set       []string // NAME=VALUE
	account   string
	readOnly  bool
	noBrowser bool
	port      int
}

// accountsResult is the JSON document of commands about accounts.
type accountsResult struct {
	Accounts []auth.Account `json:"accounts"`
	Resealed *int           `json:"resealed,omitempty"`
}

func loginCommand(c *cli) *cobra.Command {
	wish := loginWish{}
	cmd := &cobra.Command{
		Use:   "login APP",
		Short: "Log in with an app, and keep the account sealed",
		Long: `Log in with an app, and keep the account sealed.

An app with OAuth 2 opens in your browser. Of other apps, what they need is asked for; a password or key is read
unseen, or from the environment variable CONTACTSYNC_APP_SETTING, and is never a word of the command line.
Logging in again renews the account, and its connections go on.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			wish.app = args[0]
			return c.login(ctx, wish)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&wish.set, "set", nil, "a setting of the account, NAME=VALUE; not for secrets")
	flags.StringVar(&wish.account, "account", "", "the account to log in to again; somebody else's is refused")
	flags.BoolVar(&wish.readOnly, "read-only", false, "ask for no more than reading (OAuth 2)")
	flags.BoolVar(&wish.noBrowser, "no-browser", false, "only print the address to open")
	flags.IntVar(&wish.port, "port", 0, "where to wait for the app's answer; 0 is any that is free")
	return cmd
}

func (c *cli) login(ctx context.Context, wish loginWish) error {
	app, ok := c.catalogue().App(wish.app)
	switch {
	case !ok:
		return usage(fmt.Errorf("there is no app %q; the apps are %s", printable(wish.app), appIDs(c.catalogue())))
	case app.Auth == "":
		return usage(fmt.Errorf("%s need no login", app.Label))
	case app.Auth == connector.AuthOAuth2 && c.provider(app).ClientID == "":
		return usage(fmt.Errorf("register this program with %s, and set %s and %s to what it is called there", app.Label,
			appVariable(app.ID, "client_id"), appVariable(app.ID, "client_secret")))
	}
	settings, err := c.askSettings(ctx, app, wish.set)
	if err != nil {
		return err
	}
	file, err := c.configOrNone()
	if err != nil {
		return err
	}
	accounts, err := file.accounts(ctx, true)
	if err != nil {
		return failed(err)
	}
	if wish.account != "" {
		account, err := findAccount(ctx, accounts, wish.account)
		if err != nil {
			return usage(fmt.Errorf("--account: %w", err))
		}
		wish.account = account.ID
	}
	var got []auth.Account
	if app.Auth == connector.AuthOAuth2 {
		got, err = accounts.Login(ctx, auth.Loopback{Owner: owner, App: app.ID, Account: wish.account, ReadOnly: wish.readOnly,
			Port: wish.port, Show: func(address string) error { c.showAddress(address, wish.noBrowser); return nil }})
	} else {
		got = make([]auth.Account, 1)
		got[0], err = accounts.Enter(ctx, owner, app.ID, settings, wish.account)
	}
	if err != nil {
		return failed(err)
	}
	c.printLogin(got)
	return nil
}

// configOrNone reads the configuration for where the accounts are. It may not be there yet, and what it says of
// connections may be wrong: these come after the accounts.
func (c *cli) configOrNone() (*configFile, error) {
	if _, err := os.Stat(c.configPath); errors.Is(err, fs.ErrNotExist) {
		return &configFile{cli: c, path: c.configPath, places: places{}, store: defaultStore}, nil
	}
	return c.readConfig()
}

// showAddress shows the address to consent at, and opens a browser if a person is there.
func (c *cli) showAddress(address string, noBrowser bool) {
	fmt.Fprintf(c.err, "open this address in your browser, and consent:\n\n%s\n\n", address)
	browse := c.browse
	if browse == nil && c.errTTY {
		browse = openBrowser
	}
	if browse != nil && !noBrowser {
		_ = browse(address) // the address is shown; a person can open it
	}
}

func openBrowser(address string) error {
	switch runtime.GOOS {
	case "darwin":
		return exec.Command("open", address).Start()
	case "windows":
		return exec.Command("rundll32", "url.dll,FileProtocolHandler", address).Start()
	}
	return exec.Command("xdg-open", address).Start()
}

// askSettings returns what an account of the app needs: as --set says it, from the environment, or asked for.
func (c *cli) askSettings(ctx context.Context, app connector.App, set []string) (map[string]auth.Secret, error) {
	got := map[string]auth.Secret{}
	for _, one := range set {
		name, value, ok := strings.Cut(one, "=")
		all := app.WithKind()
		i := slices.IndexFunc(all, func(s connector.Setting) bool { return s.Name == name })
		switch {
		case !ok:
			return nil, usage(errors.New("--set takes NAME=VALUE"))
		case i < 0:
			return nil, usage(fmt.Errorf("--set: app %s has no setting %q; it has %s", app.ID, printable(name), settingNames(app)))
		case all[i].Secret:
			return nil, usage(fmt.Errorf("a secret is no word of a command line, which others can see: "+
				"put it into %s, or be asked for it", appVariable(app.ID, name)))
		}
		got[name] = auth.NewSecret(value)
	}
	for _, s := range app.Login() {
		if _, ok := got[s.Name]; ok {
			continue
		}
		value, err := c.askSetting(ctx, app, s)
		if err != nil {
			return nil, err
		}
		got[s.Name] = auth.NewSecret(value)
	}
	return got, nil
}

// askSetting returns one setting from the environment, or asks for it.
func (c *cli) askSetting(ctx context.Context, app connector.App, s connector.Setting) (string, error) {
	if value, ok := c.getenv(appVariable(app.ID, s.Name)); ok && value != "" {
		return value, nil
	}
	if (!c.inTTY || c.json) && !s.Required && !s.Secret {
		return "", nil
	}
	if !c.inTTY || c.json {
		return "", usage(fmt.Errorf("%s is missing: set %s", s.Name, appVariable(app.ID, s.Name)))
	}
	fmt.Fprintf(c.err, "%s (%s): ", s.Name, s.Label)
	if !s.Secret {
		text, err := c.answer(ctx)
		return strings.TrimSpace(text), err
	}
	read := c.secret
	if read == nil {
		read = func() (string, error) {
			text, err := term.ReadPassword(int(os.Stdin.Fd()))
			return string(text), err
		}
	}
	text, err := read()
	fmt.Fprintln(c.err)
	return text, err
}

// printLogin shows the accounts of a login, and what to write where.
func (c *cli) printLogin(got []auth.Account) {
	if c.json {
		c.printJSON(accountsResult{Accounts: got})
		return
	}
	for _, account := range got {
		c.printf("logged in to %s %s\n", account.App, printable(account.Label))
		if len(account.Missing) > 0 {
			c.printf("  not granted, and needed: %s; log in again and consent to it\n", printable(strings.Join(account.Missing, " ")))
		}
		if len(account.Extra) > 0 {
			c.printf("  granted, and not asked for: %s\n", printable(strings.Join(account.Extra, " ")))
		}
		c.printf("  in the configuration: {app: %s, account: %s}\n", account.App, account.ID)
	}
}
