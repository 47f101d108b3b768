package servers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Radicale returns the Radicale server of this test process, which the first call starts. It takes any password.
func Radicale(tb testing.TB) *CardDAV {
	tb.Helper()
	s, err := sharedRadicale()
	return served(tb, "Radicale", s, err)
}

var sharedRadicale = sync.OnceValues(newRadicale)

// NewRadicale starts a Radicale server for one test alone, which may stop and start it.
func NewRadicale(tb testing.TB) *CardDAV {
	tb.Helper()
	s, err := newRadicale()
	served(tb, "Radicale", s, err)
	tb.Cleanup(func() { s.process.remove() })
	return s
}

func newRadicale() (*CardDAV, error) {
	program := find("radicale")
	if program == "" {
		return nil, errMissing
	}
	who, err := ordinary("nobody")
	if err != nil {
		return nil, err
	}
	dir, err := who.folder()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "config")
	lines := []string{"[server]", "hosts = " + address, "[auth]", "type = none", "[storage]", "filesystem_folder = " + filepath.Join(dir, "data"),
		"[logging]", "level = error", ""}
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		return nil, err
	}
	s := &CardDAV{
		Name: "Radicale", URL: "http://" + address + "/",
		begin: func() (*process, error) { return who.start(dir, "TERM", program, "--config", config) },
		account: func(n int64) (AddressBook, error) {
			user := fmt.Sprint("user", n)
			return AddressBook{Home: "/" + user + "/", URL: "/" + user + "/book/", User: user, Password: "secret"}, nil
		},
	}
	if err := s.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}
