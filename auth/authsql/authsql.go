// Package authsql is an [auth.Store] in a SQL database, over database/sql and the driver that the host brings.
//
//	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN("accounts.db"))
//	store, err := authsql.Open(ctx, db, authsql.SQLite)
//
// Its one table is contactsync_auth, so the database may hold the host's own as well, and those of sqlstore. It uses what
// databases have in common; how they write parameters is their [Dialect].
//
// What is secret in the table is sealed. SQLite leaves deleted values legible in its file until it needs the space; what
// can be read there is sealed, too.
package authsql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync/auth"
)

// A Store keeps rows in a database. It is safe for use by several goroutines, and several processes may use one
// database.
type Store struct {
	db      *sql.DB
	dialect Dialect
}

// A Dialect is a kind of database.
type Dialect int

// The dialects.
const (
	SQLite     Dialect = iota // parameters are question marks
	PostgreSQL                // parameters are $1, $2, ...
)

// write returns a statement as the database wants it.
func (d Dialect) write(statement string) string {
	if d != PostgreSQL {
		return statement
	}
	var out strings.Builder
	n := 0
	for _, r := range statement { // none has a question mark in a text
		if r == '?' {
			n++
			fmt.Fprintf(&out, "$%d", n)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// The version of a row begins with the time at which it is stored first, so that a row which is deleted and stored anew
// is not taken for the old one.
const (
	createTable = `CREATE TABLE IF NOT EXISTS contactsync_auth (
		owner   TEXT NOT NULL,
		kind    TEXT NOT NULL,
		id      TEXT NOT NULL,
		version BIGINT NOT NULL,
		body    TEXT NOT NULL,
		PRIMARY KEY (owner, kind, id)
	)`
	selectRow  = `SELECT version, body FROM contactsync_auth WHERE owner = ? AND kind = ? AND id = ?`
	selectRows = `SELECT id, version, body FROM contactsync_auth WHERE owner = ? AND kind = ?`
	insertRow  = `INSERT INTO contactsync_auth (owner, kind, id, version, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	updateRow  = `UPDATE contactsync_auth SET version = version + 1, body = ? WHERE owner = ? AND kind = ? AND id = ? AND version = ?`
	deleteRow  = `DELETE FROM contactsync_auth WHERE owner = ? AND kind = ? AND id = ? AND version = ?`
)

// Open returns the store in a database, whose table it creates if it is not there. The database stays the caller's.
func Open(ctx context.Context, db *sql.DB, dialect Dialect) (*Store, error) {
	_, err := db.ExecContext(ctx, createTable)
	if err != nil { // PostgreSQL has one of two fail that create it at the same moment
		_, err = db.ExecContext(ctx, createTable)
	}
	if err != nil {
		return nil, fmt.Errorf("authsql: open: %w", err)
	}
	return &Store{db, dialect}, nil
}

// Get implements auth.Store.
func (s *Store) Get(ctx context.Context, owner string, kind auth.Kind, id string) (auth.Row, error) {
	row := auth.Row{Owner: owner, Kind: kind, ID: id}
	err := s.db.QueryRowContext(ctx, s.dialect.write(selectRow), owner, string(kind), id).Scan(&row.Version, &row.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return auth.Row{}, auth.ErrNotFound
	}
	if err != nil {
		return auth.Row{}, fmt.Errorf("authsql: get: %w", err)
	}
	return row, nil
}

// Put implements auth.Store.
func (s *Store) Put(ctx context.Context, row auth.Row) (int64, error) {
	if row.Version == 0 {
		version := time.Now().UnixMicro()
		return version, s.one(ctx, "put", insertRow, row.Owner, string(row.Kind), row.ID, version, row.Body)
	}
	return row.Version + 1, s.one(ctx, "put", updateRow, row.Body, row.Owner, string(row.Kind), row.ID, row.Version)
}

// Delete implements auth.Store.
func (s *Store) Delete(ctx context.Context, row auth.Row) error {
	return s.one(ctx, "delete", deleteRow, row.Owner, string(row.Kind), row.ID, row.Version)
}

// one runs a statement that changes one row, or none where somebody else has changed it.
func (s *Store) one(ctx context.Context, op, statement string, args ...any) error {
	result, err := s.db.ExecContext(ctx, s.dialect.write(statement), args...)
	if err != nil {
		return fmt.Errorf("authsql: %s: %w", op, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("authsql: %s: %w", op, err)
	}
	if n != 1 {
		return auth.ErrChanged
	}
	return nil
}

// List implements auth.Store. The rows are sorted here: databases do not agree on the order of texts.
func (s *Store) List(ctx context.Context, owner string, kind auth.Kind) ([]auth.Row, error) {
	rows, err := s.db.QueryContext(ctx, s.dialect.write(selectRows), owner, string(kind))
	if err != nil {
		return nil, fmt.Errorf("authsql: list: %w", err)
	}
	defer rows.Close()
	var all []auth.Row
	for rows.Next() {
		row := auth.Row{Owner: owner, Kind: kind}
		if err := rows.Scan(&row.ID, &row.Version, &row.Body); err != nil {
			return nil, fmt.Errorf("authsql: list: %w", err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("authsql: list: %w", err)
	}
	slices.SortFunc(all, func(x, y auth.Row) int { return strings.Compare(x.ID, y.ID) })
	return all, nil
}
