package servers

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// A CardDAV is a CardDAV server that runs on loopback.
type CardDAV struct {
	// Name is what the server is called.
	Name string
	// URL is its address: "http://127.0.0.1:1234/".
	URL string

	begin    func() (*process, error) // starts it at URL
	process  *process
	account  func(n int64) (AddressBook, error) // makes the nth account and says where its book is to be, as paths
	accounts atomic.Int64
}

// An AddressBook is an address book of an account that nobody else has.
type AddressBook struct {
	// URL is the address of the book, Home that of the account.
	URL, Home      string
	User, Password string
}

// Start starts a server that was stopped, and returns when it answers.
func (s *CardDAV) Start() error {
	p, err := s.begin()
	if err != nil {
		return err
	}
	s.process = p
	err = p.wait(func() error {
		resp, err := http.Get(s.URL)
		if err == nil {
			resp.Body.Close()
		}
		return err
	})
	if err != nil {
		p.stop()
		return fmt.Errorf("start %s: %w", s.Name, err)
	}
	return nil
}

// Stop stops the server. What it holds is there when it is started again.
func (s *CardDAV) Stop() { s.process.stop() }

// NewBook makes an account with an empty address book.
func (s *CardDAV) NewBook(tb testing.TB) AddressBook {
	tb.Helper()
	book, err := s.newBook()
	if err != nil {
		tb.Fatalf("%s: %v", s.Name, err)
	}
	return book
}

func (s *CardDAV) newBook() (AddressBook, error) {
	book, err := s.account(s.accounts.Add(1))
	if err != nil {
		return AddressBook{}, err
	}
	base := strings.TrimSuffix(s.URL, "/")
	book.URL, book.Home = base+book.URL, base+book.Home
	// Some servers make an account with the first question about it.
	if err := book.ask("PROPFIND", book.Home, "", http.StatusMultiStatus, http.StatusNotFound); err != nil {
		return AddressBook{}, err
	}
	return book, book.make("Book")
}

// make makes the address book, under a name for people (RFC 5689 section 5.1).
func (b AddressBook) make(label string) error {
	return b.ask("MKCOL", b.URL, `<?xml version="1.0" encoding="utf-8"?><D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">`+
		`<D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype><D:displayname>`+label+`</D:displayname></D:prop></D:set></D:mkcol>`,
		http.StatusCreated)
}

// Another makes another address book of the same account, beside this one.
func (b AddressBook) Another(tb testing.TB, slug, label string) AddressBook {
	tb.Helper()
	trimmed := strings.TrimSuffix(b.URL, "/")
	b.URL = trimmed[:strings.LastIndexByte(trimmed, '/')+1] + slug + "/"
	if err := b.make(label); err != nil {
		tb.Fatal(err)
	}
	return b
}

// ask makes a call and fails if it is not answered by one of these statuses.
func (b AddressBook) ask(method, url, body string, want ...int) error {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.SetBasicAuth(b.User, b.Password)
	req.Header.Set("Depth", "0")
	if body != "" {
		req.Header.Set("Content-Type", "application/xml; charset=utf-8")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	for _, code := range want {
		if resp.StatusCode == code {
			return err
		}
	}
	return errors.Join(err, fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, text))
}

// served returns a server that is there for all tests of the process, or ends the test with what kept it from starting.
func served(tb testing.TB, name string, s *CardDAV, err error) *CardDAV {
	tb.Helper()
	if errors.Is(err, errMissing) {
		leaveOut(tb, name)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// errMissing says that a server is not installed.
var errMissing = errors.New("the server is not installed")
