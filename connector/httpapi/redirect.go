package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// ErrRedirect says that a redirect was not followed.
var ErrRedirect = errors.New("the server sends elsewhere, where this call may not follow")

// maxRedirects is how many redirects of one call are followed.
const maxRedirects = 5

// follow sends a request and follows its redirects. Method and body stay: a PROPFIND that became a GET would be answered
// with something else. 303 asks for another method and is not followed. Each hop is held against the policy; one from https
// to http is never followed; and a host that is not the account's own gets no credentials, and no body.
func (c *Client) follow(ctx context.Context, r Request, at *url.URL) (resp *http.Response, sent bool, err error) {
	for hop := 0; ; hop++ {
		resp, sentNow, err := c.once(ctx, r, at)
		sent = sent || sentNow
		if err != nil {
			return nil, sent, err
		}
		next, err := redirectOf(resp, at)
		if next == nil && err == nil {
			return resp, sent, nil
		}
		resp.Body.Close()
		switch {
		case err != nil:
		case hop == maxRedirects:
			err = fmt.Errorf("%w: more than %d times", ErrRedirect, maxRedirects)
		case at.Scheme == "https" && next.Scheme != "https":
			err = fmt.Errorf("%w: from https to %s", ErrRedirect, next.Scheme)
		case !sameHost(next, c.base) && changes(r.Method):
			err = fmt.Errorf("%w: to another host, with what is to be written", ErrRedirect)
		}
		if err != nil {
			return nil, sent, err
		}
		at = next
	}
}

// redirectOf returns where an answer sends its request, nil if nowhere.
func redirectOf(resp *http.Response, at *url.URL) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	location := resp.Header.Get("Location")
	next, err := at.Parse(location)
	if location == "" || err != nil {
		return nil, fmt.Errorf("%w: to no address", ErrRedirect)
	}
	return next, nil
}

// changes reports whether a method writes.
func changes(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, "PROPFIND", "REPORT":
		return false
	}
	return true
}
