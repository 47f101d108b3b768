package auth

import (
	"context"
	"errors"
)

// A Store keeps the rows of accounts. It is safe for use by several goroutines, and by several processes if they share
// it. What it has put survives. storetest.Run checks every promise made here.
type Store interface {
	// Get returns the row of that owner, kind and id; [ErrNotFound] if there is none.
	Get(ctx context.Context, owner string, kind Kind, id string) (Row, error)
	// Put stores a row if the stored one still has row.Version, 0 if there is none, and returns the new version, which
	// is greater. Else it fails with [ErrChanged], and nothing is stored.
	Put(ctx context.Context, row Row) (version int64, err error)
	// List returns the rows of one owner and kind, by id.
	List(ctx context.Context, owner string, kind Kind) ([]Row, error)
	// Delete removes a row if the stored one still has row.Version; else it fails with [ErrChanged], also if there is
	// none any more. Of two that delete one version, one succeeds.
	Delete(ctx context.Context, row Row) error
}

// A Row is what a [Store] keeps. Its texts are valid UTF-8 without NUL; the body is at most 1 MiB.
type Row struct {
	Owner   string
	Kind    Kind
	ID      string
	Version int64  // 0 is of a row that is not stored yet
	Body    string // JSON. What is secret in it is sealed
}

// A Kind is what a row is about.
type Kind string

// The kinds of rows.
const (
	KindAccount Kind = "account" // an account, and which authorization it has
	KindGrant   Kind = "grant"   // an authorization: the tokens or credentials of one or several accounts
	KindFlow    Kind = "flow"    // a login that has begun, for ten minutes
)

var (
	// ErrNotFound says that there is no such account, or row.
	ErrNotFound = errors.New("there is no such account")
	// ErrChanged says that somebody else has changed the row meanwhile: read it again.
	ErrChanged = errors.New("the account was changed meanwhile: try again")
)
