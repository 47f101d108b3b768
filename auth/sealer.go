package auth

import (
	"context"
	"errors"
)

// A Sealer encrypts what must not be read at rest. It is safe for use by several goroutines. [KeyRing] is the one that
// comes with the library; a host's own may call a KMS.
type Sealer interface {
	// Seal encrypts plain for one place. It fails with [ErrNoKey] if it cannot, and never returns plain text.
	Seal(ctx context.Context, plain []byte, at Place) ([]byte, error)
	// Open returns what was sealed for this place. It fails with [ErrSealed] if it was sealed for another one, was
	// changed, or was sealed with a key that is not here.
	Open(ctx context.Context, sealed []byte, at Place) ([]byte, error)
	// Stale reports whether a value was sealed with another key than a new one would be; see [Accounts.Reseal].
	Stale(sealed []byte) bool
}

// A Place is where a sealed value stands. One that is copied to another place does not open there.
type Place struct {
	Owner  string
	Row    string // of an authorization or of a login that has begun
	Column string // "access", "refresh", "password", ...
}

var (
	// ErrNoKey says that there is no key to seal with.
	ErrNoKey = errors.New("there is no key to seal secrets with: give one, as contactsync does with CONTACTSYNC_KEYS")
	// ErrSealed says that a sealed value cannot be opened here.
	ErrSealed = errors.New("a sealed value does not open: it belongs to another place, was changed, or its key is missing")
)
