package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// The authorization code grant (RFC 6749 section 4.1) with PKCE (RFC 7636), as RFC 9700 wants it.

// A Start is a login that begins.
type Start struct {
	Owner, App string
	// Session is what only the browser that begins has, such as its session cookie. The answer must come with the same.
	Session string
	// Redirect is where the answer goes, as it is registered with the app.
	Redirect string
	// Account is the id of the account to authorize again: who logs in as somebody else is refused. "" adds an account,
	// or renews the one that it turns out to be.
	Account  string
	ReadOnly bool   // ask for no more than reading
	Return   string // a path of the host, to go to afterwards; kept with the login
}

// An Answer is what came back to the redirect address.
type Answer struct {
	Owner, App, Session string
	Query               url.Values
}

// A Result is what a login brought.
type Result struct {
	Accounts []Account // those that were added or renewed: one or several
	Return   string    // of the Start
}

// Why a login fails. The texts are fixed: nothing that came with the answer is in them.
var (
	// ErrFlow says that the answer belongs to no login that this session has begun in the last ten minutes.
	ErrFlow = errors.New("this login was not begun here, is over, or took longer than ten minutes: begin again")
	// ErrDenied says that the person, or the app, did not consent.
	ErrDenied = errors.New("the app did not grant access: begin again and consent to what is asked for")
	// ErrIssuer says that another server answered than the one that was asked (RFC 9207).
	ErrIssuer = errors.New("the answer comes from another server than the login was begun with: begin again")
	// ErrOtherAccount says that somebody else logged in than the account that was to be authorized again. A connection
	// keeps to its account; what it has linked belongs to that one.
	ErrOtherAccount = errors.New("that is another account than the one to be authorized again: " +
		"log in as the same, or add the other one as an account of its own")
	// ErrNoAccount says that the app names no account that the authorization would be for.
	ErrNoAccount = errors.New("the app names no account for this login: check that it has one, with the rights that are asked for")
)

const (
	flowTime      = 10 * time.Minute
	columnCode    = "verifier"
	stateBytes    = 16 // 128 bits
	verifierBytes = 32 // 43 characters (RFC 7636 section 4.1)
)

// flow is a login that has begun: the body of a row of KindFlow. The row is called by a digest of the state.
type flow struct {
	App      string            `json:"app"`
	Session  string            `json:"session"` // a digest
	Redirect string            `json:"redirect"`
	Account  string            `json:"account,omitempty"`
	ReadOnly bool              `json:"read_only,omitempty"`
	Return   string            `json:"return,omitempty"`
	Expires  time.Time         `json:"expires"`
	Sealed   map[string][]byte `json:"sealed"`
}

// Begin begins a login and returns the address to send the browser to.
func (a *Accounts) Begin(ctx context.Context, start Start) (string, error) {
	p, err := a.provider(start.App)
	if err != nil {
		return "", err
	}
	if err := checkOwner(start.Owner); err != nil {
		return "", err
	}
	if p.App.Auth != connector.AuthOAuth2 {
		return "", fmt.Errorf("accounts of app %s do not log in with a browser: enter their credentials", start.App)
	}
	if start.Session == "" || start.Redirect == "" {
		return "", errors.New("auth: a login needs a session and a redirect address")
	}
	if start.Return != "" && !localPath(start.Return) {
		return "", errors.New("auth: where to go after a login is a path of this host, as /settings")
	}
	if start.Account != "" {
		account, err := a.Get(ctx, start.Owner, start.Account)
		if err != nil {
			return "", err
		}
		if account.App != start.App {
			return "", fmt.Errorf("account %s is one of app %s", account.ID, account.App)
		}
	}
	if err := a.sweep(ctx, start.Owner); err != nil {
		return "", err
	}
	state, verifier := randomText(stateBytes), randomText(verifierBytes)
	if err := a.putFlow(ctx, start, state, verifier); err != nil {
		return "", err
	}
	return p.consent(start, state, verifier)
}

// randomText returns n random bytes as text that may stand in an address.
func randomText(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails
	return base64.RawURLEncoding.EncodeToString(raw)
}

// digest is how a text is kept that nobody needs to read again.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// putFlow stores the login.
func (a *Accounts) putFlow(ctx context.Context, start Start, state, verifier string) error {
	row := Row{Owner: start.Owner, Kind: KindFlow, ID: digest(state)}
	sealed, err := a.sealer.Seal(ctx, []byte(verifier), Place{row.Owner, row.ID, columnCode})
	if err != nil {
		return fmt.Errorf("seal the login: %w", err)
	}
	body, err := json.Marshal(flow{App: start.App, Session: digest(start.Session), Redirect: start.Redirect,
		Account: start.Account, ReadOnly: start.ReadOnly, Return: start.Return, Expires: a.clock.Now().Add(flowTime),
		Sealed: map[string][]byte{columnCode: sealed}})
	if err != nil {
		return err
	}
	row.Body = string(body)
	_, err = a.store.Put(ctx, row)
	return err
}

// consent returns the address of the authorization request.
func (p Provider) consent(start Start, state, verifier string) (string, error) {
	u, err := url.Parse(p.App.OAuth.AuthURL)
	if err != nil {
		return "", fmt.Errorf("the address of the authorization server: %w", err)
	}
	challenge := sha256.Sum256([]byte(verifier))
	q := u.Query()
	for name, value := range p.App.OAuth.Params {
		q.Set(name, value)
	}
	q.Set("response_type", "code")
	q.Set("client_id", p.ClientID)
	q.Set("redirect_uri", start.Redirect)
	q.Set("state", state)
	q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]))
	q.Set("code_challenge_method", "S256")
	if scopes := p.scopes(start.ReadOnly); len(scopes) > 0 {
		q.Set("scope", strings.Join(scopes, " "))
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Finish takes the answer to a login and returns the accounts that it brought. An answer is taken once.
func (a *Accounts) Finish(ctx context.Context, answer Answer) (Result, error) {
	f, verifier, err := a.takeFlow(ctx, answer)
	if err != nil {
		return Result{}, err
	}
	p, err := a.provider(f.App)
	if err != nil {
		return Result{}, err
	}
	if iss := answer.Query.Get("iss"); iss != "" && p.App.OAuth.Issuer != "" && iss != p.App.OAuth.Issuer {
		return Result{}, ErrIssuer
	}
	code := answer.Query.Get("code")
	if answer.Query.Has("error") || code == "" {
		return Result{}, ErrDenied
	}
	got, err := a.token(ctx, p, url.Values{"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {f.Redirect}, "code_verifier": {verifier.Reveal()}})
	if err != nil {
		return Result{}, explain(f.App, err)
	}
	accounts, err := a.enrol(ctx, p, answer.Owner, f, got)
	return Result{accounts, f.Return}, err
}

// takeFlow returns the login that an answer belongs to, and its verifier, and forgets it: also where the answer turns
// out to be wrong, so that nobody can try twice.
func (a *Accounts) takeFlow(ctx context.Context, answer Answer) (flow, Secret, error) {
	for _, name := range []string{"state", "code", "error", "iss"} { // none may be there twice (RFC 6749 section 3.1)
		if len(answer.Query[name]) > 1 {
			return flow{}, Secret{}, ErrFlow
		}
	}
	state := answer.Query.Get("state")
	if state == "" || answer.Session == "" {
		return flow{}, Secret{}, ErrFlow
	}
	row, err := a.store.Get(ctx, answer.Owner, KindFlow, digest(state))
	if errors.Is(err, ErrNotFound) {
		return flow{}, Secret{}, ErrFlow
	} else if err != nil {
		return flow{}, Secret{}, err
	}
	if err := a.store.Delete(ctx, row); errors.Is(err, ErrChanged) {
		return flow{}, Secret{}, ErrFlow // another request was faster
	} else if err != nil {
		return flow{}, Secret{}, err
	}
	var f flow
	if err := json.Unmarshal([]byte(row.Body), &f); err != nil {
		return flow{}, Secret{}, ErrFlow
	}
	same := subtle.ConstantTimeCompare([]byte(f.Session), []byte(digest(answer.Session))) == 1
	if !same || f.App != answer.App || !a.clock.Now().Before(f.Expires) {
		return flow{}, Secret{}, ErrFlow
	}
	verifier, err := a.sealer.Open(ctx, f.Sealed[columnCode], Place{row.Owner, row.ID, columnCode})
	if err != nil {
		return flow{}, Secret{}, fmt.Errorf("open the login: %w", err)
	}
	return f, NewSecret(string(verifier)), nil
}

// sweep forgets logins of an owner that were begun and never came to their end, and authorizations without accounts that
// a crash left.
func (a *Accounts) sweep(ctx context.Context, owner string) error {
	flows, err := a.store.List(ctx, owner, KindFlow)
	if err != nil {
		return err
	}
	now := a.clock.Now()
	for _, row := range flows {
		var f flow
		if json.Unmarshal([]byte(row.Body), &f) == nil && now.Before(f.Expires) {
			continue
		}
		if err := a.store.Delete(ctx, row); err != nil && !errors.Is(err, ErrChanged) {
			return err
		}
	}
	grants, err := a.store.List(ctx, owner, KindGrant)
	if err != nil {
		return err
	}
	accounts, err := a.store.List(ctx, owner, KindAccount)
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for _, row := range accounts {
		account, err := accountOf(row)
		if err != nil {
			return err
		}
		used[account.grant] = true
	}
	for _, row := range grants {
		if g, err := grantOf(row); err == nil && !used[row.ID] && now.Sub(g.Authorized) > flowTime {
			if err := a.drop(ctx, owner, row.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
