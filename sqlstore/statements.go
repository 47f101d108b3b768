package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// statements are those prepared in the database, by their text, for all transactions.
type statements struct {
	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

func (s *statements) get(query string) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.prepared[query]
}

// prepare prepares queries for the transactions to come. It must not be called within one, which may have the only
// connection of the pool. What fails here is prepared again by each transaction that needs it, and fails there.
func (s *statements) prepare(ctx context.Context, db *sql.DB, queries []string) {
	for _, query := range queries {
		if s.get(query) != nil {
			continue
		}
		stmt, err := db.PrepareContext(ctx, query)
		if err != nil {
			return
		}
		s.keep(query, stmt)
	}
}

func (s *statements) keep(query string, stmt *sql.Stmt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prepared == nil || s.prepared[query] != nil { // closed meanwhile, or another transaction was faster
		stmt.Close()
		return
	}
	s.prepared[query] = stmt
}

func (s *statements) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, stmt := range s.prepared {
		errs = append(errs, stmt.Close())
	}
	s.prepared = nil
	return errors.Join(errs...)
}

// stmt returns a statement within the transaction: one that is prepared already, or a new one that is noted as wanted.
func (tx *readTx) stmt(query string) (*sql.Stmt, error) {
	if stmt := tx.own[query]; stmt != nil {
		return stmt, nil
	}
	var stmt *sql.Stmt
	if shared := tx.shared.get(query); shared != nil {
		stmt = tx.tx.StmtContext(tx.each, shared)
	} else {
		var err error
		if stmt, err = tx.tx.PrepareContext(tx.each, query); err != nil {
			return nil, err
		}
		tx.wanted = append(tx.wanted, query)
	}
	tx.own[query] = stmt
	return stmt, nil
}

// exec runs a statement that returns no rows.
func (tx *readTx) exec(query string, args ...any) error {
	query = tx.dialect.bind(query)
	if tx.dialect.remote() {
		_, err := tx.tx.ExecContext(tx.each, query, args...)
		return err
	}
	stmt, err := tx.stmt(query)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(tx.each, args...)
	return err
}

// query runs a statement that returns rows, which the caller closes.
func (tx *readTx) query(query string, args ...any) (*sql.Rows, error) {
	query = tx.dialect.bind(query)
	if tx.dialect.remote() {
		return tx.tx.QueryContext(tx.each, query, args...)
	}
	stmt, err := tx.stmt(query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(tx.each, args...)
}
