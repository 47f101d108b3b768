package auth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// A Loopback is a login of a program that runs on a person's own machine: the app's answer comes to an address of the
// machine itself (RFC 8252 section 7.3).
type Loopback struct {
	Owner, App string
	Account    string // as of [Start]
	ReadOnly   bool
	// Port is where the answer is waited for; 0 is any that is free. Most apps take any port of 127.0.0.1; those that do
	// not want "http://127.0.0.1:PORT/callback/APP" registered.
	Port int
	// Show is given the address to open in a browser. An error ends the login.
	Show func(address string) error
}

// Login begins a login, waits for its answer and returns the accounts that it brought. It ends with ctx, or after ten
// minutes, with [ErrFlow].
func (a *Accounts) Login(ctx context.Context, l Loopback) ([]Account, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", l.Port))
	if err != nil {
		return nil, fmt.Errorf("wait for the app's answer: %w", err)
	}
	session := randomText(stateBytes) // nobody else's program takes the answer
	path := "/callback/" + url.PathEscape(l.App)
	address, err := a.Begin(ctx, Start{Owner: l.Owner, App: l.App, Session: session, Account: l.Account, ReadOnly: l.ReadOnly,
		Redirect: "http://" + listener.Addr().String() + path})
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	w := &waiting{accounts: a, loopback: l, session: session, done: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path, w.callback)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: maxForm}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = server.Serve(listener) // ends by being shut down
	}()
	defer func() {
		// The page must reach the browser; a browser that does not take it is not waited for.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(last) != nil {
			_ = server.Close()
		}
		<-stopped
	}()
	if err := l.Show(address); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, flowTime)
	defer cancel()
	select {
	case <-w.done:
		return w.result.Accounts, w.err
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, ErrFlow
		}
		return nil, ctx.Err()
	}
}

// waiting is a login whose answer is waited for.
type waiting struct {
	accounts *Accounts
	loopback Loopback
	session  string
	once     sync.Once
	done     chan struct{}
	result   Result
	err      error
}

// callback takes the answer. One that belongs to no login of this program ends nothing: anybody on the machine can send
// one.
func (w *waiting) callback(out http.ResponseWriter, r *http.Request) {
	text, status := "You are logged in. You can close this page.", http.StatusOK
	query, err := url.ParseQuery(r.URL.RawQuery)
	var result Result
	if err == nil {
		result, err = w.accounts.Finish(context.WithoutCancel(r.Context()),
			Answer{Owner: w.loopback.Owner, App: w.loopback.App, Session: w.session, Query: query})
	} else {
		err = ErrFlow
	}
	if err != nil {
		text, status = "The login failed; the program says why. You can close this page.", http.StatusBadRequest
	}
	secure(out)
	out.WriteHeader(status)
	_ = page.Execute(out, text)
	if !errors.Is(err, ErrFlow) {
		w.once.Do(func() {
			w.result, w.err = result, err
			close(w.done)
		})
	}
}
