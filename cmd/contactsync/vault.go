package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authsql"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/sqlstore"
)

// owner is whose accounts these are: the command has one.
const owner = ""

// end closes what a call of the program has opened.
func (c *cli) end() {
	for _, close := range c.ends {
		close()
	}
	c.ends = nil
}

// vaultPath returns the database of the accounts: it lies beside that of the syncs.
func (f *configFile) vaultPath() string {
	kind, name, _ := strings.Cut(f.store, ":")
	if kind != "sqlite" {
		_, name, _ = strings.Cut(defaultStore, ":")
	}
	path := f.inDir(name)
	return strings.TrimSuffix(path, filepath.Ext(path)) + "-accounts.db"
}

// accounts opens the accounts. A database that is not there is made, for this user alone, if making is set, and with it
// a key where there is none; else it is empty.
func (f *configFile) accounts(ctx context.Context, making bool) (*auth.Accounts, error) {
	if f.vault != nil {
		return f.vault, nil
	}
	store, there, err := f.vaultStore(ctx, making)
	if err != nil {
		return nil, err
	}
	ring := &auth.KeyRing{} // which opens and seals nothing: there is nothing
	if there || making {
		if ring, err = f.cli.keys(!there); err != nil {
			return nil, err
		}
	}
	var providers []auth.Provider
	for _, app := range f.cli.catalogue() {
		if p := f.cli.provider(app); app.Auth != "" && (p.ClientID != "" || app.Auth != connector.AuthOAuth2) {
			providers = append(providers, p)
		}
	}
	f.vault, err = auth.New(auth.Config{Store: store, Sealer: ring, Providers: providers})
	return f.vault, err
}

// provider returns an app with what the environment says of this program's registration there.
func (c *cli) provider(app connector.App) auth.Provider {
	id, _ := c.getenv(appVariable(app.ID, "client_id"))
	secret, _ := c.getenv(appVariable(app.ID, "client_secret"))
	return auth.Provider{App: app, ClientID: id, ClientSecret: auth.NewSecret(secret)}
}

// appVariable returns the environment variable of a setting of an app.
func appVariable(app, setting string) string {
	return "CONTACTSYNC_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(app+"_"+setting))
}

// vaultStore opens the database of the accounts, and says whether it holds any. What is deleted there is overwritten.
func (f *configFile) vaultStore(ctx context.Context, making bool) (store auth.Store, there bool, err error) {
	path := f.vaultPath()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !making {
		return auth.NewMemory(), false, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, false, fmt.Errorf("open the database of accounts: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, false, fmt.Errorf("open the database of accounts: %w", err)
	}
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path)+"&_pragma=secure_delete(1)")
	if err != nil {
		return nil, false, fmt.Errorf("open the database of accounts %s: %w", path, err)
	}
	f.cli.ends = append(f.cli.ends, func() { db.Close() })
	vault, err := authsql.Open(ctx, db, authsql.SQLite)
	if err != nil {
		return nil, false, fmt.Errorf("open the database of accounts %s: %w%s", path, err, adviceOnDatabase(err))
	}
	for _, kind := range []auth.Kind{auth.KindGrant, auth.KindAccount} {
		rows, err := vault.List(ctx, owner, kind)
		if err != nil {
			return nil, false, err
		}
		there = there || len(rows) > 0
	}
	return vault, there, nil
}

// keys returns the keys that secrets are sealed with: those of CONTACTSYNC_KEYS, else of a file. Without either they are
// made if making is set, which it is not once something is sealed.
func (c *cli) keys(making bool) (*auth.KeyRing, error) {
	text, ok := c.getenv("CONTACTSYNC_KEYS")
	if ok && text != "" {
		keys, err := auth.ParseKeys(text)
		if err != nil {
			return nil, fmt.Errorf("CONTACTSYNC_KEYS: %w", err)
		}
		return auth.NewKeyRing(keys...)
	}
	path, err := c.keyFile()
	if err != nil {
		return nil, err
	}
	keys, err := auth.KeysFromFile(path)
	if errors.Is(err, fs.ErrNotExist) && making {
		keys, err = c.makeKeys(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w, or the file %s", auth.ErrNoKey, path)
	}
	if err != nil {
		return nil, err
	}
	return auth.NewKeyRing(keys...)
}

// keyFile returns where the keys are: not beside what they seal, so that a copy of that folder does not hold both.
func (c *cli) keyFile() (string, error) {
	if path, ok := c.getenv("CONTACTSYNC_KEY_FILE"); ok && path != "" {
		return path, nil
	}
	for _, place := range [][2]string{{"XDG_CONFIG_HOME", ""}, {"APPDATA", ""}, {"HOME", ".config"}} {
		if dir, ok := c.getenv(place[0]); ok && dir != "" {
			return filepath.Join(dir, place[1], "contactsync", "keys"), nil
		}
	}
	return "", fmt.Errorf("%w, or name their file in CONTACTSYNC_KEY_FILE", auth.ErrNoKey)
}

// makeKeys makes a file with one new key, for this user alone.
func (c *cli) makeKeys(path string) ([]auth.Key, error) {
	key, err := auth.NewKey(time.Now().UTC().Format("20060102"))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	_, err = file.WriteString("# The keys of contactsync: the first seals, all of them open.\n" + key.Reveal() + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	fmt.Fprintf(c.err, "made a key in %s: without it, every account has to be logged in to again\n", path)
	return []auth.Key{key}, nil
}

// findAccount returns the account of an id, or of a label that one account has.
func findAccount(ctx context.Context, accounts *auth.Accounts, name string) (auth.Account, error) {
	list, err := accounts.List(ctx, owner)
	if err != nil {
		return auth.Account{}, err
	}
	var found []auth.Account
	for _, account := range list {
		if account.ID == name {
			return account, nil
		}
		if account.Label == name {
			found = append(found, account)
		}
	}
	switch len(found) {
	case 0:
		return auth.Account{}, auth.ErrNotFound
	case 1:
		return found[0], nil
	}
	return auth.Account{}, errors.New("several accounts are called so: name one by its id")
}
