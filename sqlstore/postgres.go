package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Postgres is the dialect of PostgreSQL 13 or newer, with the driver of github.com/jackc/pgx/v5/stdlib or another one of
// database/sql. Many engines on many machines may use one database.
type Postgres struct {
	// Schema is the schema of the tables, at most 63 bytes. It is created if it is not there. "" is the one that comes
	// first in the connections' search_path, as a rule public.
	Schema string
}

//go:embed postgres/*.sql
var postgresMigrations embed.FS

func (Postgres) migrations() fs.FS {
	files, err := fs.Sub(postgresMigrations, "postgres")
	if err != nil {
		return postgresMigrations // not reached: the name above is valid
	}
	return files
}

// check refuses settings with which a commit could be lost.
func (p Postgres) check(ctx context.Context, db *sql.DB) error {
	const longest = 63 // NAMEDATALEN-1: what is longer is cut
	if len(p.Schema) > longest || strings.ContainsRune(p.Schema, 0) {
		return fmt.Errorf("%q is no name of a schema: it is longer than %d bytes, or holds a zero", p.Schema, longest)
	}
	var commit string
	if err := db.QueryRowContext(ctx, "SHOW synchronous_commit").Scan(&commit); err != nil {
		return fmt.Errorf("read synchronous_commit: %w", err)
	}
	if commit == "off" {
		return errors.New("a commit could be lost when the server stops; set synchronous_commit = on for this role or database")
	}
	return nil
}

func (p Postgres) migrated() string {
	return "SELECT to_regclass(" + literal(p.table(versions)) + ") IS NOT NULL"
}

// migrationLock is the key of the advisory lock of who migrates: "contacts" in ASCII.
const migrationLock = 0x636f6e7461637473

// alone takes a lock that ends with the transaction, and has the names in migrations mean those of the schema. A schema that
// is there is not created, not even IF NOT EXISTS, for which a role needs a right of its own.
func (p Postgres) alone(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("wait for whoever migrates: %w", err)
	}
	if p.Schema == "" {
		return nil
	}
	var there bool
	if err := tx.QueryRowContext(ctx, "SELECT to_regnamespace("+literal(identifier(p.Schema))+") IS NOT NULL").Scan(&there); err != nil {
		return fmt.Errorf("look for schema %q: %w", p.Schema, err)
	}
	if !there {
		if _, err := tx.ExecContext(ctx, "CREATE SCHEMA "+identifier(p.Schema)); err != nil {
			return fmt.Errorf("create schema %q: %w", p.Schema, err)
		}
	}
	_, err := tx.ExecContext(ctx, "SET LOCAL search_path TO "+identifier(p.Schema))
	return err
}

func (p Postgres) table(name string) string {
	if p.Schema == "" {
		return name
	}
	return identifier(p.Schema) + "." + name
}

// identifier quotes a name.
func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal quotes a text, whatever standard_conforming_strings says.
func literal(text string) string {
	return " E'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// bind numbers the parameters.
func (Postgres) bind(query string) string {
	var bound strings.Builder
	bound.Grow(len(query) + 2*strings.Count(query, "?"))
	for n := 1; ; n++ {
		before, rest, found := strings.Cut(query, "?")
		bound.WriteString(before)
		if !found {
			return bound.String()
		}
		bound.WriteString("$" + strconv.Itoa(n))
		query = rest
	}
}

func (Postgres) remote() bool { return true }

// options: what an Update reads is the newest, because it holds the scope's row from its first statement to its end, and
// nobody else writes rows of that scope meanwhile; so each statement may see what is committed when it begins. A View sees
// one state.
func (Postgres) options(readOnly bool) *sql.TxOptions {
	if readOnly {
		return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
}
