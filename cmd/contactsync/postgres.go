package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/memstore"
	"github.com/contactsync/contactsync/sqlstore"
)

func isPostgres(store string) bool {
	return strings.HasPrefix(store, "postgres://") || strings.HasPrefix(store, "postgresql://")
}

// passwordIn finds the password in the address of a database.
var passwordIn = regexp.MustCompile(`^postgres(?:ql)?://[^/?#@:]*:([^/?#]*)@|[?&]password=([^&#]*)`)

// address fills in the variables of a store. One that is a part of an address is written as an address wants it, and no
// password may stand in the file itself.
func (l *loader) address(text, at string) string {
	if !isPostgres(text) {
		return l.expand(text, at)
	}
	for _, m := range passwordIn.FindAllStringSubmatch(text, -1) {
		if password := m[1] + m[2]; variable.ReplaceAllString(password, "") != "" {
			l.reader.file.secrets = append(l.reader.file.secrets, password)
			l.fault(at, "a password does not belong in this file; leave it out and set PGPASSWORD or write a .pgpass file, or put it into an environment variable and write ${NAME} for it")
			return ""
		}
	}
	getenv := l.getenv
	defer func() { l.getenv = getenv }()
	l.getenv = func(name string) (string, bool) {
		value, ok := getenv(name)
		return strings.ReplaceAll(url.QueryEscape(value), "+", "%20"), ok
	}
	return l.expand(text, at)
}

// checkPostgres finds what is wrong with the address of the store, and never shows it: it may hold a password.
func (l *loader) checkPostgres() {
	if _, _, err := postgresAddress(l.reader.file.store); err != nil {
		l.fault("store", "the store is no address of a database: %v; write postgres://USER@HOST/DATABASE", err)
	}
}

// postgresAddress returns the address for the driver, and the schema that ?schema= names.
func postgresAddress(store string) (dsn, schema string, err error) {
	u, err := url.Parse(store)
	if err != nil {
		var bad *url.Error
		if errors.As(err, &bad) {
			err = bad.Err // without the address
		}
		return "", "", err
	}
	query := u.Query()
	if strings.Trim(u.Path, "/") == "" && !query.Has("dbname") {
		return "", "", errors.New("it names no database")
	}
	schema = query.Get("schema")
	query.Del("schema")
	u.RawQuery = query.Encode()
	return u.String(), schema, nil
}

// openPostgres opens a store in PostgreSQL and returns what closes it. Its tables are made if they are not there; if it is
// only to be looked at, an empty store stands in for them.
func openPostgres(ctx context.Context, store string, looking bool) (contactsync.Store, func(), error) {
	dsn, schema, err := postgresAddress(store)
	if err != nil {
		return nil, nil, usage(fmt.Errorf("open the database: %w", err))
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, nil, failed(fmt.Errorf("open the database: %w", err))
	}
	if looking {
		var there bool
		err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_tables WHERE tablename = 'contactsync_schema' AND schemaname = coalesce(nullif($1, ''), current_schema()))`, schema).Scan(&there)
		if err == nil && !there {
			db.Close()
			return memstore.New(), func() {}, nil
		}
	}
	opened, err := sqlstore.Open(ctx, db, sqlstore.Postgres{Schema: schema})
	if err != nil {
		db.Close()
		return nil, nil, failed(fmt.Errorf("open the database: %w%s", err, adviceOnPostgres(err)))
	}
	return opened, func() { opened.Close(); db.Close() }, nil
}

// adviceOnPostgres says what a person can do about a database that does not open, by the server's code.
// See https://www.postgresql.org/docs/current/errcodes-appendix.html.
func adviceOnPostgres(err error) string {
	var coded interface{ SQLState() string }
	if !errors.As(err, &coded) {
		return ""
	}
	switch coded.SQLState() {
	case "28P01", "28000":
		return "; the user or the password is wrong: set PGPASSWORD, or write a .pgpass file"
	case "3D000":
		return "; make it with createdb, or name another one"
	case "42501":
		return "; the user needs the right to create tables once, or somebody who has it opens the store first"
	}
	return ""
}
