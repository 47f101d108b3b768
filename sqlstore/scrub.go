package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Scrub implements contactsync.Scrubber.
func (s *Store) Scrub(ctx context.Context) error {
	if err := s.retry(ctx, func() error { return s.dialect.scrub(ctx, s.db) }); err != nil {
		return fmt.Errorf("sqlstore: scrub: %w", err)
	}
	return nil
}

// scrub writes the database anew: what was deleted lies in free pages, and in the gaps of pages from which rows moved to
// others, which secure_delete leaves. Then it empties the write-ahead log, which has pages as they were.
func (SQLite) scrub(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, "VACUUM"); err != nil {
		return fmt.Errorf("write the database anew: %w", err)
	}
	var busy, pages, moved int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("empty the write-ahead log: %w", err)
	}
	if busy != 0 {
		return errors.New("empty the write-ahead log: somebody reads the database for too long")
	}
	return nil
}
