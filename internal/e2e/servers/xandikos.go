package servers

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Xandikos returns the Xandikos server of this test process, which the first call starts. It has one account, which needs
// no password, so each test has a book in it.
func Xandikos(tb testing.TB) *CardDAV {
	tb.Helper()
	s, err := sharedXandikos()
	return served(tb, "Xandikos", s, err)
}

var sharedXandikos = sync.OnceValues(newXandikos)

// NewXandikos starts a Xandikos server for one test alone, which may stop and start it.
func NewXandikos(tb testing.TB) *CardDAV {
	tb.Helper()
	s, err := newXandikos()
	served(tb, "Xandikos", s, err)
	tb.Cleanup(func() { s.process.remove() })
	return s
}

func newXandikos() (*CardDAV, error) {
	program := find("xandikos")
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
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	s := &CardDAV{
		Name: "Xandikos", URL: "http://" + address + "/",
		begin: func() (*process, error) { // git, in which it stores, looks into HOME
			return who.start(dir, "TERM", "env", "HOME="+dir, program, "-d", data, "-l", host, "-p", port, "--autocreate", "--defaults", "--current-user-principal=/user/")
		},
		account: func(n int64) (AddressBook, error) {
			return AddressBook{Home: "/user/contacts/", URL: fmt.Sprintf("/user/contacts/book%d/", n)}, nil
		},
	}
	if err := s.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}
