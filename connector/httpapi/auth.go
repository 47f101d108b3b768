package httpapi

import "net/http"

// Basic returns an [Options.Authorize] for a user name and a password (RFC 7617).
func Basic(user, password string) func(*http.Request) error {
	return func(r *http.Request) error {
		r.SetBasicAuth(user, password)
		return nil
	}
}

// Bearer returns an [Options.Authorize] for a token (RFC 6750), which it asks for with each call.
func Bearer(token func(*http.Request) (string, error)) func(*http.Request) error {
	return func(r *http.Request) error {
		t, err := token(r)
		if err == nil {
			r.Header.Set("Authorization", "Bearer "+t)
		}
		return err
	}
}
