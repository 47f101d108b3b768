package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
)

// sqlState returns the code of a server's error, "" if it is none. Drivers tell it by a method of this name.
// See https://www.postgresql.org/docs/current/errcodes-appendix.html.
func sqlState(err error) string {
	if coded := (interface{ SQLState() string })(nil); errors.As(err, &coded) {
		return coded.SQLState()
	}
	return ""
}

// again knows serialization failures, deadlocks, and locks that the host has set a time limit for.
func (Postgres) again(err error) bool {
	return slices.Contains([]string{"40001", "40P01", "55P03"}, sqlState(err))
}

// lost knows a server that ends or begins (57P0x), has no connection left (53300), or has ended this one, be it because
// nothing happened in its transaction (25P03).
func (Postgres) lost(err error) bool {
	if state := sqlState(err); state != "" {
		return strings.HasPrefix(state, "08") || slices.Contains([]string{"57P01", "57P02", "57P03", "57P05", "53300", "25P03"}, state)
	}
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}

// scrub has deleted rows taken out of the tables, as far as no older transaction still sees them.
func (p Postgres) scrub(ctx context.Context, db *sql.DB) error {
	for _, table := range contactsync.Tables {
		if _, err := db.ExecContext(ctx, "VACUUM "+name(p, table)); err != nil {
			return fmt.Errorf("vacuum: %w", err)
		}
	}
	return nil
}
