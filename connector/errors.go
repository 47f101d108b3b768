package connector

import (
	"errors"
	"fmt"
	"time"
)

// What the sync acts on, and how. A connector returns them wrapped in an [*Error] or with %w; anything else that ends a
// write means that its outcome is unknown.
var (
	// ErrNoFeed: the app is listed instead ([Lister], [Reader]).
	ErrNoFeed = errors.New("the app has no change feed")
	// ErrCursorExpired: everything is read again.
	ErrCursorExpired = errors.New("the app no longer knows the position in its feed")
	// ErrVersionConflict: the record is read again, and the write decided again.
	ErrVersionConflict = errors.New("the record was changed since it was read")
	// ErrNotFound: the record is taken for deleted.
	ErrNotFound = errors.New("the app has no such record")
	// ErrAlreadyExists: the two are linked if [Error].RecordID names the record that exists, else shown as duplicates.
	ErrAlreadyExists = errors.New("the app has this record already")
	// ErrInvalid: the record fails until it changes. [Error].Field names the field.
	ErrInvalid = errors.New("the app refused the record")
	// ErrForbidden: the record fails, with the reason.
	ErrForbidden = errors.New("the account may not do this")
	// ErrRateLimited: the account waits, as long as [Error].RetryAfter says, and the call is made again.
	ErrRateLimited = errors.New("too many calls")
	// ErrQuota: nothing more is sent in this sync.
	ErrQuota = errors.New("the quota is used up")
	// ErrUnauthorized: nothing more is sent until a person authorizes the account again.
	ErrUnauthorized = errors.New("unauthorized: authorize the account again")
	// ErrUnavailable: the app has done nothing, and the call is made again.
	ErrUnavailable = errors.New("the app is unavailable")
	// ErrNotSent: the app has done nothing, for the call never reached it; it is made again.
	ErrNotSent = errors.New("the call did not reach the app")
)

// ErrSignature says that a delivery does not prove that it comes from the app, or is too old to. It is not taken, and
// the sender may be told so.
var ErrSignature = errors.New("the signature of the delivery does not fit: check the webhook's secret")

// What the wrapper ([Wrap]) finds: mistakes of a connector, of which its author should hear.
var (
	ErrPaginationLoop = errors.New("the feed repeats itself without end")
	ErrContract       = errors.New("the connector broke its contract")
	ErrPanic          = errors.New("the connector panicked")
)

// An Error says what went wrong in an app, for a person and for the sync. Its message holds no contact data.
type Error struct {
	App        string        // the app's id, if known
	Op         string        // "changes", "list", "read", "create", ...
	RecordID   string        // the record it is about; of ErrAlreadyExists the one that exists
	Field      string        // of ErrInvalid
	RetryAfter time.Duration // of ErrRateLimited and ErrQuota; 0 means that the app did not say
	Message    string        // the app's own words, without contact data; or what to do
	Err        error         // the cause: one of this package's, wrapped or not
}

// Error returns "app: op record: field: message: cause", with what is known.
func (e *Error) Error() string {
	text := ""
	add := func(s string) {
		if s != "" {
			if text != "" {
				text += ": "
			}
			text += s
		}
	}
	add(e.App)
	if e.RecordID != "" && e.Op != "" {
		add(e.Op + " " + e.RecordID)
	} else {
		add(e.Op + e.RecordID)
	}
	if e.Field != "" {
		add("field " + e.Field)
	}
	if e.Err != nil {
		add(e.Err.Error())
	}
	add(e.Message)
	if e.RetryAfter > 0 {
		text += fmt.Sprintf(" (try again in %s)", e.RetryAfter)
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// RetryAfter returns the delay that err asks for, and whether it names one.
func RetryAfter(err error) (time.Duration, bool) {
	var e *Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		return e.RetryAfter, true
	}
	return 0, false
}

// ExistingID returns the id of the record that exists already, "" if err does not name one.
func ExistingID(err error) string {
	var e *Error
	if errors.Is(err, ErrAlreadyExists) && errors.As(err, &e) {
		return e.RecordID
	}
	return ""
}

// Known reports whether err says for certain that a write was not carried out. nil is not such an error.
func Known(err error) bool {
	for _, known := range []error{ErrVersionConflict, ErrNotFound, ErrAlreadyExists, ErrInvalid, ErrForbidden,
		ErrRateLimited, ErrQuota, ErrUnauthorized, ErrUnavailable, ErrNotSent} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
