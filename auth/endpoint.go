package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// What an authorization server is asked, and what it answers. No error of this file holds what it said beyond the error
// codes of RFC 6749, for that may hold anything.

// answer is a successful answer of the token endpoint (RFC 6749 section 5.1).
type answer struct {
	access, refresh Secret
	lifetime        time.Duration     // 0 if it names none
	scopes          []string          // nil if it names none: those that were asked for
	fields          map[string]string // the other texts and numbers
}

// refusal is an error answer of the token endpoint (section 5.2).
type refusal struct{ code string }

func (r *refusal) Error() string { return "the authorization server answers " + r.code }

// errAnswer is of an answer that is none: what became of the call is not known.
var errAnswer = errors.New("the authorization server gives no answer that can be read")

const (
	endpointTimeout = 20 * time.Second // of a call as a whole
	maxAnswer       = 1 << 20          // bytes
)

// post sends a form to an endpoint of a provider, as its client, and returns the answer's status and body. It follows no
// redirect, which could carry secrets elsewhere.
func (a *Accounts) post(ctx context.Context, p Provider, address string, form url.Values) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, endpointTimeout)
	defer cancel()
	if !p.App.OAuth.BasicAuth {
		form.Set("client_id", p.ClientID)
		if !p.ClientSecret.IsZero() {
			form.Set("client_secret", p.ClientSecret.Reveal())
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, fmt.Errorf("the address of the authorization server: %w", err)
	}
	req.GetBody = nil // what is used up by being sent is not sent again by itself
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if p.App.OAuth.BasicAuth { // both parts are form-encoded first (section 2.3.1)
		req.SetBasicAuth(url.QueryEscape(p.ClientID), url.QueryEscape(p.ClientSecret.Reveal()))
	}
	resp, err := a.transport.RoundTrip(req)
	if err != nil {
		return 0, nil, fmt.Errorf("call the authorization server: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil || len(body) > maxAnswer {
		return 0, nil, errAnswer
	}
	return resp.StatusCode, body, nil
}

// token asks the token endpoint. The error is a [*refusal] if that is what the server answers.
func (a *Accounts) token(ctx context.Context, p Provider, form url.Values) (answer, error) {
	status, body, err := a.post(ctx, p, p.App.OAuth.TokenURL, form)
	if err != nil {
		return answer{}, err
	}
	fields, err := textFields(body)
	if code := fields["error"]; err == nil && code != "" && status < 500 { // some answer 200 with it
		return answer{}, &refusal{errorCode(code)}
	}
	switch {
	case status == http.StatusTooManyRequests || status >= 500:
		return answer{}, fmt.Errorf("the authorization server answers status %d", status)
	case status == http.StatusUnauthorized:
		return answer{}, &refusal{"invalid_client"}
	case err != nil || status != http.StatusOK || fields["access_token"] == "":
		return answer{}, errAnswer
	case fields["token_type"] != "" && !strings.EqualFold(fields["token_type"], "bearer"):
		return answer{}, fmt.Errorf("%w: its tokens are of another type than bearer", errAnswer)
	}
	got := answer{access: NewSecret(fields["access_token"]), refresh: NewSecret(fields["refresh_token"]), fields: fields}
	if seconds, err := strconv.ParseInt(fields["expires_in"], 10, 32); err == nil && seconds > 0 {
		got.lifetime = time.Duration(seconds) * time.Second
	}
	if scope := fields["scope"] + fields["scopes"]; scope != "" {
		got.scopes = strings.FieldsFunc(scope, func(r rune) bool { return r == ' ' || r == ',' })
	}
	for _, name := range []string{"access_token", "refresh_token", "id_token", "token"} {
		delete(fields, name)
	}
	return got, nil
}

// textFields returns the texts, numbers and lists of texts (joined by spaces) of a JSON object.
func textFields(body []byte) (map[string]string, error) {
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		return nil, errAnswer
	}
	fields := map[string]string{}
	for name, value := range object {
		switch v := value.(type) {
		case string:
			fields[name] = v
		case json.Number:
			fields[name] = v.String()
		case []any:
			var words []string
			for _, one := range v {
				if word, ok := one.(string); ok {
					words = append(words, word)
				}
			}
			fields[name] = strings.Join(words, " ")
		}
	}
	return fields, nil
}

// errorCode returns an error code as it may stand in a message: one that looks like none is not repeated.
func errorCode(code string) string {
	if len(code) > 64 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "an error"
	}
	return code
}

// revoke tells the app that a token is not used any more (RFC 7009). A token that the app does not know counts as
// revoked (section 2.2).
func (a *Accounts) revoke(ctx context.Context, p Provider, token Secret, hint string) error {
	status, body, err := a.post(ctx, p, p.App.OAuth.RevokeURL, url.Values{"token": {token.Reveal()}, "token_type_hint": {hint}})
	if err != nil {
		return err
	}
	if status == http.StatusOK || status == http.StatusNoContent {
		return nil
	}
	if fields, err := textFields(body); err == nil && fields["error"] == "invalid_token" { // Google answers so
		return nil
	}
	return fmt.Errorf("the authorization server answers status %d", status)
}

// explain returns the error of a call to the authorization server as a sync acts on it: the app itself was not called.
func explain(app string, err error) error {
	var r *refusal
	if !errors.As(err, &r) {
		return &connector.Error{App: app, Op: "authorize", Err: fmt.Errorf("%w: %w", connector.ErrNotSent, err)}
	}
	message := "log in again"
	switch r.code {
	case "invalid_client", "unauthorized_client":
		message = "the app does not know this program: check its client id and secret"
	case "invalid_scope":
		message = "the app does not grant what is asked for: check the scopes that are registered there"
	}
	return &connector.Error{App: app, Op: "authorize", Err: fmt.Errorf("%w: %w", connector.ErrUnauthorized, r), Message: message}
}
