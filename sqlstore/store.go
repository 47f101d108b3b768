package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync"
)

// A Store keeps rows in a database. It is safe for use by several goroutines, and several processes may use one
// database.
type Store struct {
	db         *sql.DB
	dialect    Dialect
	statements statements
}

// Open returns the store in a database, whose schema it creates or brings up to date. It fails if the database was
// made by a newer version, and if its settings could lose a commit. The database stays the caller's: close the Store
// first, then db.
func Open(ctx context.Context, db *sql.DB, dialect Dialect) (*Store, error) {
	s := &Store{db: db, dialect: dialect, statements: statements{prepared: map[string]*sql.Stmt{}}}
	err := s.retry(ctx, func() error {
		if err := dialect.check(ctx, db); err != nil {
			return err
		}
		return migrate(ctx, db, dialect)
	})
	if err != nil {
		return nil, fmt.Errorf("sqlstore: open: %w", err)
	}
	return s, nil
}

// Close closes what the Store has prepared in the database. The database stays open.
func (s *Store) Close() error { return s.statements.close() }

// Update implements contactsync.Store. It runs fn again, a few times at most, if the database is locked for too long.
func (s *Store) Update(ctx context.Context, lease contactsync.Lease, fn func(contactsync.Tx) error) error {
	return s.locked(ctx, lease.Scope, func(tx *tx, newest newest) error {
		if lease.Number != 0 && !newest.is(lease) {
			return contactsync.ErrFenced
		}
		return fn(tx)
	})
}

// View implements contactsync.Store. It sees the state that the database had when it began, and waits for no Update. It runs
// fn once at most.
func (s *Store) View(ctx context.Context, scope contactsync.Scope, fn func(contactsync.ReadTx) error) error {
	return s.transact(ctx, true, func(tx *tx) error {
		err := tx.queryRow(s.dialect.find(), []byte(scope.Owner), []byte(scope.Connection)).Scan(&tx.scope)
		if err != nil && !errors.Is(err, sql.ErrNoRows) { // without a scope there are no rows: none has the id 0
			return fmt.Errorf("sqlstore: read the scope: %w", err)
		}
		if err := fn(&tx.readTx); err != nil {
			return finalError{err} // fn may have kept what it read
		}
		return nil
	})
}

// Scopes implements contactsync.Store.
func (s *Store) Scopes(ctx context.Context, owner string) (scopes []contactsync.Scope, err error) {
	err = s.retry(ctx, func() error {
		scopes, err = s.scopes(ctx, owner)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sqlstore: scopes: %w", err)
	}
	return scopes, nil
}

func (s *Store) scopes(ctx context.Context, owner string) ([]contactsync.Scope, error) {
	rows, err := s.db.QueryContext(ctx, selectScopes(s.dialect), []byte(owner))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var scopes []contactsync.Scope
	for rows.Next() {
		var connection []byte
		if err := rows.Scan(&connection); err != nil {
			return nil, err
		}
		scopes = append(scopes, contactsync.Scope{Owner: owner, Connection: string(connection)})
	}
	return scopes, rows.Err()
}

// locked runs fn in a transaction whose first statement writes to the scope's row. So transactions of a scope run one
// after the other (with SQLite those of all scopes do), and what fn reads is the newest.
func (s *Store) locked(ctx context.Context, scope contactsync.Scope, fn func(*tx, newest) error) error {
	return s.transact(ctx, false, func(tx *tx) error {
		var n newest
		row := tx.queryRow(s.dialect.lock(), []byte(scope.Owner), []byte(scope.Connection))
		if err := row.Scan(&tx.scope, &n.number, &n.holder, &n.until); err != nil {
			return fmt.Errorf("sqlstore: lock the scope: %w", err)
		}
		return fn(tx, n)
	})
}

// transact runs fn in a transaction, and once more when another one was in the way.
func (s *Store) transact(ctx context.Context, readOnly bool, fn func(*tx) error) error {
	return s.retry(ctx, func() error {
		wanted, err := s.once(ctx, readOnly, fn)
		s.statements.prepare(ctx, s.db, wanted)
		return err
	})
}

// once runs fn in a transaction. It returns the statements that should be prepared for the next.
func (s *Store) once(ctx context.Context, readOnly bool, fn func(*tx) error) (wanted []string, err error) {
	t, err := s.db.BeginTx(ctx, s.dialect.options(readOnly))
	if err != nil {
		return nil, fmt.Errorf("sqlstore: begin: %w", err)
	}
	defer t.Rollback() // does nothing after a commit
	tx := &tx{readTx: readTx{dialect: s.dialect, ctx: ctx, each: ctx, tx: t, shared: &s.statements, own: map[string]*sql.Stmt{}}}
	if !s.dialect.remote() {
		tx.each = context.WithoutCancel(ctx) // a driver starts a goroutine for each statement that may be cancelled
	}
	if err := fn(tx); err != nil {
		return tx.wanted, err
	}
	if tx.err != nil {
		return tx.wanted, tx.err
	}
	if readOnly {
		return tx.wanted, nil
	}
	if err := t.Commit(); err != nil {
		err = fmt.Errorf("sqlstore: commit: %w", err)
		if s.dialect.lost(err) {
			err = &UnavailableError{Unknown: true, Err: err}
		}
		return tx.wanted, err
	}
	return tx.wanted, nil
}

// A finalError is one after which a transaction is not tried again, whatever it says.
type finalError struct{ err error }

func (e finalError) Error() string { return e.err.Error() }

// tries is how often a transaction is begun at most. Each waits as long as the database is set to.
const tries = 3

func (s *Store) retry(ctx context.Context, fn func() error) error {
	for try := 1; ; try++ {
		err := fn()
		if err == nil {
			return nil
		}
		final, done := errors.AsType[finalError](err)
		if done {
			err = final.err
		}
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), err) // drivers have their own words for it
		}
		if unavailable, ok := errors.AsType[*UnavailableError](err); ok {
			return unavailable // it may have been committed
		}
		lost := s.dialect.lost(err)
		if !done && try < tries && (lost || s.dialect.again(err)) {
			continue
		}
		if lost {
			return &UnavailableError{Err: err}
		}
		return err
	}
}

// What the statements of all databases end with that find the scope's row, or one of the queue.
const (
	thatScope = " WHERE owner = ? AND connection = ?"
	lockScope = " ON CONFLICT (owner, connection) DO UPDATE SET lease = contactsync_scope.lease RETURNING id, lease, holder, until"
	lockEntry = " ON CONFLICT (owner, connection) DO UPDATE SET at = contactsync_queue.at RETURNING at, body"
	dueFirst  = " WHERE at <= ? ORDER BY at, owner, connection LIMIT 1"
)

// selectScopes asks each table whether it has a row of the scope.
func selectScopes(d Dialect) string {
	var exists []string
	for _, table := range contactsync.Tables {
		exists = append(exists, "EXISTS (SELECT 1 FROM "+name(d, table)+" r WHERE r.scope = s.id)")
	}
	return d.bind("SELECT connection FROM " + d.table("contactsync_scope") + " s WHERE owner = ? AND (" + strings.Join(exists, " OR ") + ") ORDER BY connection")
}
