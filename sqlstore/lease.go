package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/contactsync/contactsync"
)

// newest is the newest lease of a connection, as its scope's row has it.
type newest struct {
	number int64
	holder []byte
	until  sql.NullInt64 // nanoseconds since 1970; NULL before the first one and after its release
}

// is reports whether the newest lease is this one, and was not released.
func (n newest) is(lease contactsync.Lease) bool {
	return n.until.Valid && n.number == lease.Number
}

// Acquire implements contactsync.Store.
func (s *Store) Acquire(ctx context.Context, scope contactsync.Scope, holder string, now time.Time, ttl time.Duration) (contactsync.Lease, error) {
	lease := contactsync.Lease{Scope: scope, Holder: holder}
	err := s.locked(ctx, scope, func(tx *tx, n newest) error {
		if n.until.Valid && string(n.holder) != holder && now.UnixNano() < n.until.Int64 {
			return &contactsync.LeasedError{Until: timeOf(n.until)}
		}
		lease.Number = n.number + 1
		return tx.setLease(lease, until(now, ttl))
	})
	if err != nil {
		return contactsync.Lease{}, err
	}
	return lease, nil
}

// Renew implements contactsync.Store.
func (s *Store) Renew(ctx context.Context, lease contactsync.Lease, now time.Time, ttl time.Duration) error {
	return s.locked(ctx, lease.Scope, func(tx *tx, n newest) error {
		if !n.is(lease) {
			return contactsync.ErrFenced
		}
		return tx.setLease(lease, until(now, ttl))
	})
}

// Release implements contactsync.Store.
func (s *Store) Release(ctx context.Context, lease contactsync.Lease) error {
	return s.locked(ctx, lease.Scope, func(tx *tx, n newest) error {
		if !n.is(lease) {
			return nil
		}
		return tx.setLease(lease, sql.NullInt64{})
	})
}

// setLease writes the newest lease into the scope's row. until is NULL for one that was released.
func (tx *tx) setLease(lease contactsync.Lease, until sql.NullInt64) error {
	err := tx.exec("UPDATE "+tx.dialect.table("contactsync_scope")+" SET lease = ?, holder = ?, until = ? WHERE id = ?",
		lease.Number, []byte(lease.Holder), until, tx.scope)
	if err != nil {
		return fmt.Errorf("sqlstore: lease: %w", err)
	}
	return nil
}

func until(now time.Time, ttl time.Duration) sql.NullInt64 {
	return sql.NullInt64{Int64: now.Add(ttl).UnixNano(), Valid: true}
}
