package servers

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver, named pgx
)

// Postgres returns the data source name of a new and empty database in the PostgreSQL server of this test process, for
// the driver pgx. The first call starts the server, on a socket in a private folder. The database is dropped when the
// test ends.
func Postgres(tb testing.TB) string {
	tb.Helper()
	s, err := shared()
	return databaseIn(tb, s, err)
}

// shared is the server of this test process. It has no use for what survives a crash of the machine.
var shared = sync.OnceValues(func() (*PostgresServer, error) { return startPostgres("fsync=off", "full_page_writes=off") })

// NewPostgres starts a PostgreSQL server for one test alone, which may stop and start it. It writes to the disk like one
// that is in use.
func NewPostgres(tb testing.TB) *PostgresServer {
	tb.Helper()
	s, err := startPostgres()
	if err != nil {
		databaseIn(tb, nil, err)
	}
	tb.Cleanup(s.process.remove)
	return s
}

// A PostgresServer is a PostgreSQL server that runs on a socket.
type PostgresServer struct {
	account   account
	program   string
	folder    string
	settings  []string
	process   *process
	databases atomic.Int64
}

// errNotInstalled says that there is no PostgreSQL on this machine.
var errNotInstalled = fmt.Errorf("PostgreSQL is not installed")

// startPostgres makes a new server with settings ("fsync=off") and starts it.
func startPostgres(settings ...string) (*PostgresServer, error) {
	initdb := find("initdb", "/usr/lib/postgresql/*/bin/initdb") // Debian keeps them out of PATH
	if initdb == "" {
		return nil, errNotInstalled
	}
	who, err := ordinary("postgres", "nobody")
	if err != nil {
		return nil, err
	}
	dir, err := who.folder()
	if err != nil {
		return nil, err
	}
	s := &PostgresServer{account: who, program: filepath.Join(filepath.Dir(initdb), "postgres"), folder: dir, settings: settings}
	made, err := who.command(dir, initdb, "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync").CombinedOutput()
	if err == nil {
		err = s.Start()
	} else {
		err = fmt.Errorf("initdb: %w: %s", err, made)
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

func (s *PostgresServer) data() string { return filepath.Join(s.folder, "data") }

// Start starts a server that was stopped, and returns when it answers.
func (s *PostgresServer) Start() error {
	args := []string{"-D", s.data(), "-k", s.folder, "-c", "listen_addresses="}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	process, err := s.account.start(s.folder, "QUIT", s.program, args...) // SIGQUIT: at once, as after a crash
	if err != nil {
		return err
	}
	s.process = process
	if err := process.wait(func() error { return s.do("SELECT") }); err != nil {
		process.stop()
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	return nil
}

// Stop stops the server at once, with whatever runs in it. What was committed is there when it is started again.
func (s *PostgresServer) Stop() { s.process.stop() }

// Database makes a new and empty database and returns its data source name. It is dropped when the test ends, if the
// server still runs then.
func (s *PostgresServer) Database(tb testing.TB) string { return databaseIn(tb, s, nil) }

// databaseIn makes a database in a server, or ends the test with what kept the server from starting.
func databaseIn(tb testing.TB, s *PostgresServer, err error) string {
	tb.Helper()
	if err == errNotInstalled {
		leaveOut(tb, "PostgreSQL")
	}
	if err != nil {
		tb.Fatal(err)
	}
	name := fmt.Sprint("test", s.databases.Add(1))
	if err := s.do("CREATE DATABASE " + name); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.do("DROP DATABASE " + name + " WITH (FORCE)") }) // it goes with the server at the latest
	return s.dsn(name)
}

// dsn is the data source name of a database: a socket is found by its folder.
func (s *PostgresServer) dsn(database string) string {
	return "postgres://postgres@/" + database + "?host=" + strings.ReplaceAll(s.folder, " ", "%20")
}

// do runs a statement as the server's administrator.
func (s *PostgresServer) do(statement string) error {
	db, err := sql.Open("pgx", s.dsn("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}
