package servers

import (
	"database/sql"
	"errors"
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

// SharedPostgres returns the data source name of a database that all tests of this process share, in the same server. Each
// uses a schema of its own.
func SharedPostgres(tb testing.TB) string {
	tb.Helper()
	s, err := shared()
	if err != nil {
		databaseIn(tb, s, err)
	}
	return s.dsn("postgres")
}

// shared is the server of this test process.
var shared = sync.OnceValues(startPostgres)

// NewPostgres starts a PostgreSQL server for one test alone, which may stop and start it.
func NewPostgres(tb testing.TB) *PostgresServer {
	tb.Helper()
	s, err := startPostgres()
	if err != nil {
		databaseIn(tb, nil, err)
	}
	tb.Cleanup(func() {
		s.process.remove()
		os.RemoveAll(s.folder) // if it was stopped, nobody else does
	})
	return s
}

// A PostgresServer is a PostgreSQL server that runs on a socket.
type PostgresServer struct {
	account   account
	program   string
	folder    string
	process   *process
	databases atomic.Int64
}

// errNotInstalled says that there is no PostgreSQL on this machine.
var errNotInstalled = errors.New("PostgreSQL is not installed")

// startPostgres makes a new server and starts it.
func startPostgres() (*PostgresServer, error) {
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
	s := &PostgresServer{account: who, program: filepath.Join(filepath.Dir(initdb), "postgres"), folder: dir}
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
	process, err := s.account.start(s.folder, "QUIT", s.program, "-D", s.data(), "-k", s.folder, "-c", "listen_addresses=", // SIGQUIT: at once, as after a crash
		"-c", "fsync=off", "-c", "full_page_writes=off") // the machine does not stop, and what a process wrote outlives it
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
