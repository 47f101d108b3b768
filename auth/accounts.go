package auth

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// Config is what [New] makes Accounts of.
type Config struct {
	Store  Store  // required
	Sealer Sealer // required: without a key nothing is stored
	// Providers are the apps that accounts may be of, of every kind of authorization.
	Providers []Provider
	// Transport carries the calls to the apps and to their authorization servers; nil is one with time-outs.
	Transport http.RoundTripper
	// Clock is the machine's if it is nil. The clocks of machines that share a store may differ by a few seconds.
	Clock connector.Clock
}

// A Provider is an app with what the host registered there.
type Provider struct {
	App connector.App
	// ClientID and ClientSecret are of the app's OAuth 2; the secret is zero for a public client. Not used otherwise.
	ClientID     string
	ClientSecret Secret
}

// Accounts keeps accounts. It is safe for use by several goroutines, and several processes may share a store.
type Accounts struct {
	store     Store
	sealer    Sealer
	providers map[string]Provider
	transport http.RoundTripper
	clock     connector.Clock
	holder    string // of leases: this process
	flights   flights
}

// New returns the accounts of a store. It fails without a store, without a [Sealer] (ErrNoKey), and if a provider cannot
// work.
func New(cfg Config) (*Accounts, error) {
	if cfg.Store == nil {
		return nil, errors.New("auth: there is no store for accounts: give one, as NewMemory or authsql.Open")
	}
	if ring, ok := cfg.Sealer.(*KeyRing); cfg.Sealer == nil || ok && ring == nil {
		return nil, fmt.Errorf("auth: %w", ErrNoKey)
	}
	a := &Accounts{store: cfg.Store, sealer: cfg.Sealer, providers: map[string]Provider{}, transport: cfg.Transport,
		clock: cfg.Clock, holder: newID(), flights: flights{busy: map[string]*flight{}}}
	if a.transport == nil {
		a.transport = defaultTransport()
	}
	if a.clock == nil {
		a.clock = connector.SystemClock{}
	}
	for _, p := range cfg.Providers {
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("auth: provider %s: %w", p.App.ID, err)
		}
		if _, dup := a.providers[p.App.ID]; dup {
			return nil, fmt.Errorf("auth: there are two providers of app %s", p.App.ID)
		}
		a.providers[p.App.ID] = p
	}
	return a, nil
}

// defaultTransport waits ten seconds for a connection, ten for TLS and thirty for the answer's header.
func defaultTransport() http.RoundTripper {
	return &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 30 * time.Second, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 4, IdleConnTimeout: 90 * time.Second}
}

// provider returns the provider of an app.
func (a *Accounts) provider(app string) (Provider, error) {
	p, ok := a.providers[app]
	if !ok {
		return Provider{}, fmt.Errorf("app %q is not set up to be logged in to: give its client id, or correct the name", app)
	}
	return p, nil
}

// flights lets one goroutine at a time renew an authorization; the others get what comes of it.
type flights struct {
	mu   sync.Mutex
	busy map[string]*flight
}

type flight struct {
	ended chan struct{}
	err   error // once ended is closed
}

// join returns the flight that is under way, or a new one, which the caller ends.
func (f *flights) join(key string) (one *flight, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one, ok := f.busy[key]; ok {
		return one, false
	}
	one = &flight{ended: make(chan struct{})}
	f.busy[key] = one
	return one, true
}

func (f *flights) end(key string, one *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.busy, key)
	close(one.ended)
}
