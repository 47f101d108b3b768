package sqltable

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

const appID = "sqltable"

// DB is what the connector needs of a database: a *sql.DB, a *sql.Conn or a *sql.Tx. In a transaction of the host nothing is
// committed before the host commits; then the sync's own store had better be in the same transaction, or be told nothing.
type DB interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// beginner is a DB that begins transactions.
type beginner interface {
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

// A Connector reads and writes the rows of one table. It is made by [New], and safe for several goroutines if its DB is.
type Connector struct {
	db      DB
	dialect Dialect
	table   Table
	where   []string // the columns of Table.Where, sorted
	clock   connector.Clock
	checked *atomic.Bool // the database has the columns
}

// Connector lists and reads; with a change log it has a feed as well, with a marker it finds what it created.
var (
	_ connector.Connector = (*Connector)(nil)
	_ connector.Featured  = (*Connector)(nil)
	_ connector.Lister    = (*Connector)(nil)
	_ connector.Reader    = (*Connector)(nil)
	_ connector.Finder    = (*Connector)(nil)
	_ connector.Upserter  = (*Connector)(nil)
	_ connector.Checker   = (*Connector)(nil)
)

// New returns a connector for the table. The error says what is wrong with the description; the database is not asked
// yet ([Connector.Check] does).
func New(db DB, d Dialect, t Table) (*Connector, error) {
	if d != Postgres && d != SQLite {
		return nil, fmt.Errorf("sqltable: there is no dialect %q; say postgres or sqlite", d)
	}
	if err := t.check(d); err != nil {
		return nil, fmt.Errorf("sqltable: table %q: %w", t.Name, err)
	}
	t.Columns, t.Related, t.Where = slices.Clone(t.Columns), slices.Clone(t.Related), maps.Clone(t.Where)
	return &Connector{db: db, dialect: d, table: t, where: slices.Sorted(maps.Keys(t.Where)), clock: connector.SystemClock{}, checked: &atomic.Bool{}}, nil
}

// WithClock returns a connector that stamps rows by another clock, for tests.
func (c *Connector) WithClock(clock connector.Clock) *Connector {
	other := *c
	other.clock = clock
	return &other
}

// Schema describes the columns, as the table was described to [New]. It fails if the database does not have them.
func (c *Connector) Schema(ctx context.Context) (contact.Schema, error) {
	if !c.checked.Load() {
		if err := c.Check(ctx); err != nil {
			return contact.Schema{}, err
		}
		c.checked.Store(true)
	}
	return c.schema(), nil
}

// schema is the schema by the description alone.
func (c *Connector) schema() contact.Schema {
	const batch = 500
	t := &c.table
	s := contact.Schema{
		Versions:   true,
		Modified:   t.Modified != "",
		Marker:     c.markerColumn() != "",
		Upsert:     c.markerColumn() != "",
		Tombstones: t.Log != "",
		Batch:      contact.Batch{Create: batch, Update: batch, Delete: batch, Read: batch},
		Parallel:   1,
	}
	for _, f := range c.fields() {
		f.ReadOnly = f.ReadOnly || t.ReadOnly
		s.Fields = append(s.Fields, f)
	}
	if t.Modified == "" {
		s = s.Limited(contact.Limit{Cannot: contact.AbilityModified, Why: "no column of the table " + t.Name + " is named that says when a row was changed", ForNow: true})
	}
	if t.ReadOnly {
		s = s.Limited(contact.Limit{Cannot: contact.AbilityWrite, Why: "the table " + t.Name + " is only to be read", ForNow: true})
	}
	return s
}

// fields returns the fields of a record, those of the columns first.
func (c *Connector) fields() []contact.Field {
	var all []contact.Field
	for _, column := range c.table.Columns {
		all = append(all, column.Field)
	}
	for _, r := range c.table.Related {
		all = append(all, r.Field)
	}
	return all
}

// markerColumn returns the column that holds the markers of created rows, "" if there is none.
func (c *Connector) markerColumn() string {
	if c.table.Marker == "" && c.table.Key.Ours {
		return c.table.Key.Column
	}
	return c.table.Marker
}

// Features returns what the table can do by its description.
func (c *Connector) Features() connector.Features {
	f := connector.Features{Lister: c, Reader: c, Checker: c}
	if c.markerColumn() != "" {
		f.Finder, f.Upserter = c, c
	}
	return f
}

// Check returns nil if the table has all the columns that were named, and if the account may read them. It writes nothing.
func (c *Connector) Check(ctx context.Context) error {
	if _, err := c.rows(ctx, c.db, func(s *statement) { s.add(" AND 1 = 0") }); err != nil {
		return err
	}
	for i := range c.table.Related {
		if _, err := c.entries(ctx, c.db, &c.table.Related[i], []string{c.sampleKey()}); err != nil {
			return err
		}
	}
	if c.table.Marker == "" {
		return nil
	}
	if _, err := c.marked(ctx, c.db, ""); !errors.Is(err, connector.ErrNotFound) {
		return err
	}
	return nil
}

// sampleKey returns a key that fits its column.
func (c *Connector) sampleKey() string {
	switch c.table.Key.Type {
	case IntegerKey:
		return "0"
	case UUIDKey:
		return "00000000-0000-0000-0000-000000000000"
	}
	return "-"
}

// errValue stands for a database's own words about a value, which may hold it.
var errValue = errors.New("the database refused a value")

// failed types an error of the database.
func (c *Connector) failed(op string, err error) error {
	var typed *connector.Error
	if err == nil || errors.As(err, &typed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := &connector.Error{App: appID, Op: op, Err: err, Message: "table " + c.table.Name}
	switch refused(err) {
	case constraint:
		e.Err = errValue
	case busy:
		e.Err = fmt.Errorf("%w: %w", connector.ErrUnavailable, err)
	case denied:
		e.Err = fmt.Errorf("%w: %w", connector.ErrForbidden, err)
	}
	return e
}
