package servers

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// DAViCal returns the DAViCal server of this test process, which the first call starts: PHP's own server, over a database
// in a PostgreSQL server of its own.
func DAViCal(tb testing.TB) *CardDAV {
	tb.Helper()
	s, err := sharedDAViCal()
	return served(tb, "DAViCal", s, err)
}

var sharedDAViCal = sync.OnceValues(newDAViCal)

// NewDAViCal starts a DAViCal server for one test alone, which may stop and start it. Its database runs all the while.
func NewDAViCal(tb testing.TB) *CardDAV {
	tb.Helper()
	s, err := newDAViCal()
	served(tb, "DAViCal", s, err)
	tb.Cleanup(func() { s.process.remove() })
	return s
}

// Where Debian keeps DAViCal and the library that it needs.
const (
	davicalShare = "/usr/share/davical"
	awlShare     = "/usr/share/awl"
)

// davicalSchema are the files that make DAViCal's database, in the order of its own script, which needs more programs.
var davicalSchema = []string{
	awlShare + "/dba/awl-tables.sql", awlShare + "/dba/schema-management.sql", davicalShare + "/dba/davical.sql",
	davicalShare + "/dba/caldav_functions.sql", davicalShare + "/dba/rrule_functions.sql", davicalShare + "/dba/views/dav_principal.sql",
	davicalShare + "/dba/base-data.sql",
}

func newDAViCal() (*CardDAV, error) {
	php, psql := find("php", "php8*"), find("psql", "/usr/lib/postgresql/*/bin/psql")
	if _, err := os.Stat(davicalShare); err != nil || php == "" || psql == "" {
		return nil, errMissing
	}
	postgres, err := shared()
	if err == errNotInstalled {
		return nil, errMissing
	}
	if err != nil {
		return nil, err
	}
	database := fmt.Sprint("davical", postgres.databases.Add(1))
	if err := postgres.do("CREATE DATABASE " + database); err != nil {
		return nil, err
	}
	for _, file := range davicalSchema {
		load := postgres.account.command(postgres.folder, psql, "-qX", "-v", "ON_ERROR_STOP=1", "-h", postgres.folder, "-U", "postgres", "-d", database, "-f", file)
		load.Env = append(os.Environ(), "PGOPTIONS=--client-min-messages=warning")
		if out, err := load.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", file, err, out)
		}
	}
	db, err := sql.Open("pgx", postgres.dsn(database))
	if err != nil {
		return nil, err
	}
	who := postgres.account // only that one gets to the database's socket
	dir, err := who.folder()
	if err != nil {
		return nil, err
	}
	if err := configureDAViCal(dir, fmt.Sprintf("dbname=%s host=%s user=postgres", database, postgres.folder)); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &CardDAV{
		Name: "DAViCal", URL: "http://" + address + "/caldav.php/",
		begin: func() (*process, error) {
			return who.start(dir, "TERM", "env", "PHP_CLI_SERVER_WORKERS=4", php, "-S", address, "-t", davicalShare+"/htdocs",
				"-d", "auto_prepend_file="+filepath.Join(dir, "before.php"), "-d", "include_path="+davicalShare+"/inc:"+awlShare+"/inc:.",
				"-d", "opcache.enable_cli=1", "-d", "display_errors=stderr", "-d", "session.save_path="+dir)
		},
		account: func(n int64) (AddressBook, error) {
			user := fmt.Sprint("user", n)
			_, err := db.Exec("INSERT INTO usr (username, password, fullname, email) VALUES ($1, '**secret', $1, $1 || '@example.com')", user)
			if err == nil {
				_, err = db.Exec("INSERT INTO principal (type_id, user_no, displayname, default_privileges) SELECT 1, user_no, username, 0::bit(24) FROM usr WHERE username = $1", user)
			}
			return AddressBook{Home: "/" + user + "/", URL: "/" + user + "/book/", User: user, Password: "secret"}, err
		},
	}
	if err := s.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

// configureDAViCal writes DAViCal's configuration into a folder. DAViCal looks for it in /etc by the name of the host that
// is asked for, which before.php gives it as a path that leads here.
func configureDAViCal(dir, dsn string) error {
	conf := filepath.Join(dir, "davical")
	files := map[string]string{
		"before.php": fmt.Sprintf("<?php $_SERVER['SERVER_NAME'] = '../..%s';\n", conf),
		"davical-conf.php": fmt.Sprintf("<?php\n$c->pg_connect[] = '%s';\n$c->domain_name = '127.0.0.1';\n$_SERVER['SERVER_NAME'] = '127.0.0.1';\n",
			dsn),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
