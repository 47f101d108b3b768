package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/contactsync/contactsync"
)

var _ contactsync.Queue = (*Store)(nil)

// queueTable is the table of when connections are to be synced next.
const queueTable = "contactsync_queue"

// Due implements contactsync.Queue.
func (s *Store) Due(ctx context.Context, now time.Time, fn func(*contactsync.Entry) error) (found bool, err error) {
	if any, err := s.anyDue(ctx, now); err != nil || !any {
		return false, err
	}
	err = s.transact(ctx, false, func(tx *tx) error {
		var (
			owner, connection, body []byte
			at                      sql.NullInt64
		)
		err := tx.queryRow(s.dialect.first(), now.UnixNano()).Scan(&owner, &connection, &at, &body)
		if found = !errors.Is(err, sql.ErrNoRows); !found {
			return nil
		}
		if err != nil {
			return fmt.Errorf("sqlstore: look for what is due: %w", err)
		}
		return tx.change(contactsync.Scope{Owner: string(owner), Connection: string(connection)}, at, body, fn)
	})
	return found && err == nil, err
}

// anyDue looks before anything is locked: most looks of a fleet find nothing.
func (s *Store) anyDue(ctx context.Context, now time.Time) (bool, error) {
	var first sql.NullInt64
	query := "SELECT min(at) FROM " + s.dialect.table(queueTable)
	if err := s.retry(ctx, func() error { return s.db.QueryRowContext(ctx, query).Scan(&first) }); err != nil {
		return false, fmt.Errorf("sqlstore: look for what is due: %w", err)
	}
	return first.Valid && first.Int64 <= now.UnixNano(), nil
}

// Entry implements contactsync.Queue.
func (s *Store) Entry(ctx context.Context, scope contactsync.Scope, fn func(*contactsync.Entry) error) error {
	return s.transact(ctx, false, func(tx *tx) error {
		var (
			at   sql.NullInt64
			body []byte
		)
		if err := tx.queryRow(s.dialect.entry(), []byte(scope.Owner), []byte(scope.Connection)).Scan(&at, &body); err != nil {
			return fmt.Errorf("sqlstore: lock an entry of the queue: %w", err)
		}
		return tx.change(scope, at, body, fn)
	})
}

// change has fn change an entry, whose row the transaction has locked.
func (tx *tx) change(scope contactsync.Scope, at sql.NullInt64, body []byte, fn func(*contactsync.Entry) error) error {
	owner, connection := []byte(scope.Owner), []byte(scope.Connection)
	var until sql.NullInt64
	err := tx.queryRow("SELECT until FROM "+tx.dialect.table("contactsync_scope")+thatScope, owner, connection).Scan(&until)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("sqlstore: look whether a connection is leased: %w", err)
	}
	e := contactsync.Entry{Scope: scope, At: timeOf(at), Body: body, Leased: timeOf(until)}
	if err := fn(&e); err != nil {
		return err
	}
	if len(e.Body) == 0 {
		e.Body = nil
	}
	if e.At.IsZero() {
		err = tx.exec("DELETE FROM "+tx.dialect.table(queueTable)+thatScope, owner, connection)
	} else {
		err = tx.exec("UPDATE "+tx.dialect.table(queueTable)+" SET at = ?, body = ?"+thatScope, e.At.UnixNano(), e.Body, owner, connection)
	}
	if err != nil {
		return fmt.Errorf("sqlstore: change an entry of the queue: %w", err)
	}
	return nil
}

// timeOf returns a time that is kept in nanoseconds since 1970, the zero time for NULL.
func timeOf(nanos sql.NullInt64) time.Time {
	if !nanos.Valid {
		return time.Time{}
	}
	return time.Unix(0, nanos.Int64).UTC()
}
