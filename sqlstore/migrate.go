package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// migrate brings the schema of the database up to date, in one transaction: all of it or nothing. If it is that already,
// nothing is written and no lock taken: who may only read and write rows can open the database.
func migrate(ctx context.Context, db *sql.DB, d Dialect) error {
	steps, err := fs.ReadDir(d.migrations(), ".") // sorted by name, hence by version
	if err != nil {
		return err
	}
	var known bool
	if err := db.QueryRowContext(ctx, d.migrated()).Scan(&known); err != nil {
		return fmt.Errorf("look for the table of schema versions: %w", err)
	}
	if known {
		if missing, err := missing(ctx, db, d, steps); err != nil || len(missing) == 0 {
			return err
		}
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := d.alone(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+d.table(versions)+" (version INTEGER PRIMARY KEY)"); err != nil {
		return fmt.Errorf("create the table of schema versions: %w", err)
	}
	if steps, err = missing(ctx, tx, d, steps); err != nil {
		return err
	}
	for _, step := range steps {
		if err := apply(ctx, tx, d, step.Name()); err != nil {
			return fmt.Errorf("migration %s: %w", step.Name(), err)
		}
	}
	return tx.Commit()
}

// versions is the table of the schema's versions.
const versions = "contactsync_schema"

// missing returns the steps that the database has not taken.
func missing(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, d Dialect, steps []fs.DirEntry) ([]fs.DirEntry, error) {
	var version int
	if err := db.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM "+d.table(versions)).Scan(&version); err != nil {
		return nil, fmt.Errorf("read the schema version: %w", err)
	}
	if version > len(steps) {
		return nil, fmt.Errorf("the database has schema version %d, and this version of contactsync knows %d; use the newer one that made it", version, len(steps))
	}
	return steps[version:], nil
}

// apply runs one file and notes its version.
func apply(ctx context.Context, tx *sql.Tx, d Dialect, name string) error {
	number, _, _ := strings.Cut(name, "_")
	version, err := strconv.Atoi(number)
	if err != nil {
		return fmt.Errorf("the name does not begin with a version: %w", err)
	}
	text, err := fs.ReadFile(d.migrations(), name)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, d.bind("INSERT INTO "+d.table(versions)+" (version) VALUES (?)"), version)
	return err
}
