package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/carddav"
	"github.com/contactsync/contactsync/connector/csvfile"
	"github.com/contactsync/contactsync/connector/httpapi"
	"github.com/contactsync/contactsync/connector/sqltable"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/memstore"
	"github.com/contactsync/contactsync/sqlstore"
	_ "modernc.org/sqlite" // the driver
)

// catalogue returns the apps that this program knows. Who runs it says which servers it talks to, so that it may be one at
// home, and one that speaks http.
func catalogue() connector.Catalogue {
	ownNetwork := carddav.Account{Policy: httpapi.Policy{Private: true, Plain: true}}
	return connector.NewCatalogue(vcard.App(), csvfile.App(), carddav.App(ownNetwork), sqltable.App(openTable))
}

// catalogue returns the apps that this call of the program knows.
func (c *cli) catalogue() connector.Catalogue {
	if c.shelf != nil {
		return c.shelf
	}
	return catalogue()
}

// openStore opens the store of the configuration and returns what closes it. A database that is not there is made,
// for this user alone; if it is only to be looked at, an empty store stands in for it.
func (f *configFile) openStore(ctx context.Context, looking bool) (contactsync.Store, func(), error) {
	kind, name, _ := strings.Cut(f.store, ":")
	if kind == "memory" {
		return memstore.New(), func() {}, nil
	}
	if isPostgres(f.store) {
		return openPostgres(ctx, f.store, looking)
	}
	path := f.inDir(name)
	if _, err := os.Stat(path); looking && errors.Is(err, fs.ErrNotExist) {
		return memstore.New(), func() {}, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, failed(fmt.Errorf("open the database: %w", err))
	}
	if err := file.Close(); err != nil {
		return nil, nil, failed(fmt.Errorf("open the database: %w", err))
	}
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	if err != nil {
		return nil, nil, failed(fmt.Errorf("open the database %s: %w", path, err))
	}
	store, err := sqlstore.Open(ctx, db, sqlstore.SQLite{})
	if err != nil {
		db.Close()
		return nil, nil, failed(fmt.Errorf("open the database %s: %w%s", path, err, adviceOnDatabase(err)))
	}
	return store, func() { store.Close(); db.Close() }, nil
}

// adviceOnDatabase says what a person can do about a database that does not open, by SQLite's own words.
func adviceOnDatabase(err error) string {
	switch text := err.Error(); {
	case !strings.Contains(text, "sqlstore"):
		return ""
	case strings.Contains(text, "database is locked"):
		return "; another program is using it: try again when that has ended"
	case strings.Contains(text, "not a database"):
		return "; the file is something else: name another one as store"
	case strings.Contains(text, "readonly"), strings.Contains(text, "unable to open"):
		return "; its folder must be writable, too"
	}
	return ""
}

// openApps opens the two apps of a connection. What is wrong with their settings is returned with its place, and so is
// an app that is away: that is no fault of the configuration, and stops no other connection.
func (f *configFile) openApps(ctx context.Context, conn configured) (apps [2]connector.Connector, err error) {
	var bad, away []problem
	for _, s := range contactsync.Sides {
		app, _ := f.cli.catalogue().App(conn.end(s).App)
		opened, err := f.openApp(ctx, app, conn, s)
		list := &bad
		if errors.Is(err, connector.ErrUnavailable) {
			list = &away
		}
		if err == nil && conn.settings[s]["path"] != "" {
			// The library would ask again for a while, as it does of apps in a network; a file that is not there does not
			// come by waiting.
			_, err = opened.Schema(ctx)
			list = &away
		}
		if err != nil {
			*list = append(*list, f.fault(conn.causeOf(err, app, s), err.Error(), false))
		}
		apps[s] = opened
	}
	switch {
	case len(bad) > 0:
		return apps, usage(&configError{bad})
	case len(away) > 0:
		return apps, failed(awayError(away))
	}
	return apps, nil
}

// causeOf returns the path of what an app could not be opened with: the setting that the error names, the account, or
// where its file is.
func (conn configured) causeOf(err error, app connector.App, s contactsync.Side) string {
	at := join(conn.at, s.String())
	for _, setting := range app.Settings {
		if strings.Contains(err.Error(), fmt.Sprintf("setting %q", setting.Name)) {
			return join(at, setting.Name)
		}
	}
	switch {
	case conn.end(s).Account != "":
		return join(at, "account")
	case conn.settings[s]["path"] != "":
		return join(at, "path")
	}
	return at
}

// awayError says which apps of a connection are away, in a line each.
type awayError []problem

func (e awayError) Error() string {
	var lines []string
	for _, p := range e {
		p.Excerpt = ""
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "; ")
}

// openApp opens one app of a connection: with its account if it names one, else with its settings alone.
func (f *configFile) openApp(ctx context.Context, app connector.App, conn configured, s contactsync.Side) (connector.Connector, error) {
	name := conn.end(s).Account
	switch {
	case app.Auth == "" || name == "" && app.Auth != connector.AuthOAuth2:
		return app.Open(ctx, conn.settings[s])
	case name == "":
		return nil, fmt.Errorf("%s: an account is missing; log in with: %s - and write account: with what it shows", app.ID, f.cli.next("login", app.ID))
	}
	accounts, err := f.accounts(ctx, false)
	if err != nil {
		return nil, err
	}
	account, err := findAccount(ctx, accounts, name)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w; log in with: %s", printable(name), err, f.cli.next("login", app.ID))
	}
	if account.App != app.ID {
		return nil, fmt.Errorf("account %s is one of app %s", account.ID, account.App)
	}
	return accounts.Open(ctx, owner, account.ID, conn.settings[s])
}

// open returns a handle on a connection with its two apps. What is wrong with the configuration is a
// [*configError].
func (f *configFile) open(ctx context.Context, conn configured, store contactsync.Store, opts ...contactsync.Option) (*contactsync.Syncer, error) {
	apps, err := f.openApps(ctx, conn)
	if err != nil {
		return nil, err
	}
	syncer, err := contactsync.Open(ctx, conn.doc, apps[contactsync.A], apps[contactsync.B], store, append(opts, f.options(conn)...)...)
	var invalid *contactsync.InvalidError
	switch {
	case errors.As(err, &invalid):
		var bad []problem
		for _, one := range invalid.Faults {
			if !conn.unread(one.Path) {
				bad = append(bad, f.fault(join(conn.at, one.Path), one.Message, false))
			}
		}
		return nil, usage(&configError{bad})
	case err != nil:
		return nil, failed(err)
	}
	return syncer, nil
}

// options are those of every handle on a connection.
func (f *configFile) options(conn configured) []contactsync.Option {
	names := labels(conn.doc)
	return []contactsync.Option{contactsync.WithHistory(f.history), contactsync.WithNames(names[contactsync.A], names[contactsync.B])}
}

// look returns a handle that only reads, and decides for a person.
func (f *configFile) look(ctx context.Context, conn configured, store contactsync.Store) (*contactsync.Syncer, error) {
	syncer, err := contactsync.Open(ctx, conn.doc, nil, nil, store, f.options(conn)...)
	if err != nil {
		return nil, failed(err)
	}
	return syncer, nil
}

// chosen returns the connections of these names, all for none.
func (f *configFile) chosen(names []string) ([]configured, error) {
	if len(names) == 0 {
		return f.connections, nil
	}
	var list []configured
	var known []string
	for _, conn := range f.connections {
		known = append(known, conn.doc.ID)
	}
	seen := map[string]bool{}
	for _, name := range names {
		found := false
		for _, conn := range f.connections {
			if conn.doc.ID == name {
				found = true
				if !seen[name] {
					list = append(list, conn)
				}
				seen[name] = true
			}
		}
		if !found {
			return nil, usage(fmt.Errorf("there is no connection %q in %s; there are %s", name, f.path, strings.Join(known, ", ")))
		}
	}
	return list, nil
}
