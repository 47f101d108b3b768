package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// migrate brings the schema of the database up to date, in one transaction: all of it or nothing.
func migrate(ctx context.Context, db *sql.DB, files fs.FS) error {
	steps, err := fs.ReadDir(files, ".") // sorted by name, hence by version
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS contactsync_schema (version INTEGER PRIMARY KEY)"); err != nil {
		return fmt.Errorf("create the table of schema versions: %w", err)
	}
	var version int
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM contactsync_schema").Scan(&version); err != nil {
		return fmt.Errorf("read the schema version: %w", err)
	}
	if version > len(steps) {
		return fmt.Errorf("the database has schema version %d, and this version of contactsync knows %d; use the newer one that made it", version, len(steps))
	}
	for _, step := range steps[version:] {
		if err := apply(ctx, tx, files, step.Name()); err != nil {
			return fmt.Errorf("migration %s: %w", step.Name(), err)
		}
	}
	return tx.Commit()
}

// apply runs one file and notes its version.
func apply(ctx context.Context, tx *sql.Tx, files fs.FS, name string) error {
	number, _, _ := strings.Cut(name, "_")
	version, err := strconv.Atoi(number)
	if err != nil {
		return fmt.Errorf("the name does not begin with a version: %w", err)
	}
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO contactsync_schema (version) VALUES (?)", version)
	return err
}
