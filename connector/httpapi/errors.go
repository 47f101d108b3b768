package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// StatusError returns the error of an answer that refuses, by its status (RFC 9110 section 15, RFC 4918 section 11). op
// is what was being done. Answers that tell more in their body are for the connector to look at first. 500, 502, 504 and
// what is not known here do not say whether a write was carried out, and so does the error. Neither does 503 to a call
// that writes, unless it names a time to come back: without one it may be of a proxy that waited in vain for the app.
//
// The message holds the status alone: what a server says besides may repeat a contact's data.
func (c *Client) StatusError(op string, resp *http.Response) *connector.Error {
	e := &connector.Error{App: c.opts.App, Op: op, Message: status(resp.StatusCode), Err: causeOf(resp.StatusCode)}
	d, asked := connector.ParseRetryAfter(resp.Header.Get("Retry-After"), c.opts.Clock.Now())
	if asked {
		e.RetryAfter = d
	} else if resp.StatusCode == http.StatusServiceUnavailable && changes(resp.Request.Method) {
		e.Err = errStatus
	}
	return e
}

// causeOf returns what the sync acts on, for a status.
func causeOf(code int) error {
	switch code {
	case http.StatusUnauthorized:
		return connector.ErrUnauthorized
	case http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return connector.ErrForbidden
	case http.StatusNotFound, http.StatusGone:
		return connector.ErrNotFound
	case http.StatusPreconditionFailed:
		return connector.ErrVersionConflict
	case http.StatusTooManyRequests:
		return connector.ErrRateLimited
	case http.StatusPaymentRequired, http.StatusInsufficientStorage:
		return connector.ErrQuota
	case http.StatusServiceUnavailable, http.StatusLocked, http.StatusTooEarly:
		return connector.ErrUnavailable
	case http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusRequestHeaderFieldsTooLarge:
		return connector.ErrInvalid
	}
	return errStatus
}

// errStatus is the cause of an error that says no more than a status.
var errStatus = errors.New("the server did not do as it was asked")

func status(code int) string {
	text := http.StatusText(code)
	if text == "" {
		return fmt.Sprintf("HTTP %d", code)
	}
	return fmt.Sprintf("HTTP %d %s", code, text)
}

// callError returns the error of a call without an answer. sent says that it may have reached the app: then a write has
// an unknown outcome.
func (c *Client) callError(name string, sent bool, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // it repeats the address, which may name a contact
	}
	e := &connector.Error{App: c.opts.App, Op: name, Err: err}
	if !sent {
		e.Err = fmt.Errorf("%w: %w", connector.ErrNotSent, err)
	}
	if errors.Is(err, ErrRedirect) {
		e.Err = fmt.Errorf("%w: %w", connector.ErrUnavailable, err) // a network that wants somebody to log in sends elsewhere, too
	} else if errors.Is(err, ErrAddress) || errors.Is(err, ErrUnsafe) {
		e.Err = fmt.Errorf("%w: %w", connector.ErrForbidden, err) // trying again is of no use
	}
	if strings.Contains(err.Error(), "certificate") {
		e.Message = "the server's certificate cannot be trusted; correct the address, or have the server's certificate put in order"
	}
	return e
}

// took returns a duration for the log.
func took(from, to time.Time) time.Duration { return to.Sub(from).Round(time.Millisecond) }
