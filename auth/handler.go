package auth

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/contactsync/contactsync/connector"
)

// HandlerConfig is what [Accounts.Handler] makes a handler of.
type HandlerConfig struct {
	// URL is where the host mounts the handler, as browsers see it: "https://app.example.com/accounts". Redirect
	// addresses are made of it, and never of what a request says: for app crm ".../callback/crm" is to be registered.
	URL string
	// Session tells who makes a request: the owner, and what only this browser has, such as its session cookie, which
	// must come along from the app's site (SameSite=Lax, not Strict). An error answers 401. Without a Session there is
	// no handler.
	Session func(*http.Request) (owner, session string, err error)
	// Return is the path of the host to go to after a login that names none; "" is "/".
	Return string
	// Failed hears of logins that failed, to be logged; nil is nobody. The error holds nothing of the request.
	Failed func(ctx context.Context, app string, err error)
}

// Handler returns a handler that logs people in with their apps:
//
//   - POST URL/start/APP begins a login, with the form values account (to authorize an account again), read_only and
//     return_to, and sends the browser to the app;
//   - GET URL/callback/APP takes the app's answer, and sends the browser to return_to with ?account=ID for each account.
//
// Requests from other sites are refused ([http.CrossOriginProtection]). A page of an error shows a fixed text.
func (a *Accounts) Handler(cfg HandlerConfig) (http.Handler, error) {
	u, err := url.Parse(cfg.URL)
	switch {
	case err != nil || !safe(u) || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("auth: the URL of the handler is where browsers find it, as https://app.example.com/accounts")
	case cfg.Session == nil:
		return nil, errors.New("auth: the handler does not start without a Session, which says who makes a request")
	case cfg.Return == "":
		cfg.Return = "/"
	case !localPath(cfg.Return):
		return nil, errors.New("auth: Return is a path of this host, as /settings")
	}
	h := &handler{accounts: a, cfg: cfg, base: strings.TrimSuffix(u.String(), "/")}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+path+"/start/{app}", h.start)
	mux.HandleFunc("GET "+path+"/callback/{app}", h.callback)
	return http.NewCrossOriginProtection().Handler(mux), nil
}

type handler struct {
	accounts *Accounts
	cfg      HandlerConfig
	base     string // of redirect addresses
}

const maxForm = 16 << 10

// start begins a login.
func (h *handler) start(w http.ResponseWriter, r *http.Request) {
	app := r.PathValue("app")
	owner, session, err := h.cfg.Session(r)
	if err != nil || session == "" {
		h.fail(w, r, app, errSession)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		h.fail(w, r, app, errors.Join(errStart, err))
		return
	}
	address, err := h.accounts.Begin(r.Context(), Start{Owner: owner, App: app, Session: session,
		Redirect: h.base + "/callback/" + url.PathEscape(app), Account: r.PostFormValue("account"),
		ReadOnly: r.PostFormValue("read_only") == "true", Return: r.PostFormValue("return_to")})
	if err != nil {
		h.fail(w, r, app, errors.Join(errStart, err))
		return
	}
	secure(w)
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// callback takes an app's answer.
func (h *handler) callback(w http.ResponseWriter, r *http.Request) {
	app := r.PathValue("app")
	owner, session, err := h.cfg.Session(r)
	if err != nil || session == "" {
		h.fail(w, r, app, errSession)
		return
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		h.fail(w, r, app, ErrFlow)
		return
	}
	result, err := h.accounts.Finish(r.Context(), Answer{Owner: owner, App: app, Session: session, Query: query})
	if err != nil {
		h.fail(w, r, app, err)
		return
	}
	secure(w)
	http.Redirect(w, r, h.returnTo(result), http.StatusSeeOther)
}

// returnTo returns where to go after a login.
func (h *handler) returnTo(result Result) string {
	to := result.Return
	if to == "" {
		to = h.cfg.Return
	}
	u, err := url.Parse(to)
	if err != nil {
		return "/"
	}
	q := u.Query()
	for _, account := range result.Accounts {
		q.Add("account", account.ID)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

var (
	errSession = errors.New("you are not logged in here: log in, and begin again")
	errStart   = errors.New("this login cannot begin: go back and try again")
	errAgain   = errors.New("the login did not come to its end: begin again")
)

// shown are the only texts that a page of an error has; everything else is errAgain.
var shown = []error{ErrFlow, ErrDenied, ErrIssuer, ErrOtherAccount, ErrNoAccount, errSession, errStart}

// page is the page of an error.
var page = template.Must(template.New("").Parse(`<!doctype html><meta charset="utf-8"><title>Login</title><p>{{.}}</p>` + "\n"))

// fail shows why a login failed.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, app string, err error) {
	if h.cfg.Failed != nil {
		if _, known := h.accounts.providers[app]; !known {
			app = "unknown"
		}
		h.cfg.Failed(r.Context(), app, err)
	}
	text, status := errAgain, http.StatusBadRequest
	for _, one := range shown {
		if errors.Is(err, one) {
			text = one
		}
	}
	switch {
	case errors.Is(err, errSession):
		status = http.StatusUnauthorized
	case text == errAgain && (errors.Is(err, connector.ErrNotSent) || errors.Is(err, connector.ErrUnavailable)):
		status = http.StatusBadGateway
	}
	secure(w)
	w.WriteHeader(status)
	_ = page.Execute(w, text.Error())
}

// secure sets the headers of every answer: nothing is kept, loaded, framed, or told to the next page.
func secure(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
}

// localPath reports whether text is a path of the host itself, so that a browser goes nowhere else. Browsers read a
// backslash as a slash and drop control characters.
func localPath(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return false
	}
	for _, path := range []string{text, u.Path} {
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") ||
			strings.ContainsFunc(path, func(r rune) bool { return r == '\\' || r < ' ' || r == 0x7f }) {
			return false
		}
	}
	return true
}
