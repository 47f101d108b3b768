package sqltable

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// row is a row as it was read.
type row struct {
	id       string
	version  string
	modified string
	cells    []sql.NullString // of the columns, in order
	entries  [][]entry        // of the related tables, in order
}

// inBrackets is how many keys one statement asks for.
const inBrackets = 500

// rows reads the rows of the app for which more holds, with their related entries. more adds to WHERE and follows with ORDER
// BY and LIMIT as it likes.
func (c *Connector) rows(ctx context.Context, db DB, more func(*statement)) ([]row, error) {
	t := &c.table
	s := c.statement("SELECT ")
	s.name(c.dialect.asText(c.dialect.quoteOne(t.Key.Column)))
	for _, extra := range []string{t.Version, t.Modified} {
		if extra == "" {
			s.add(", NULL")
		} else {
			s.add(", ").name(c.dialect.asText(c.dialect.quoteOne(extra)))
		}
	}
	for _, column := range t.Columns {
		s.add(", ").name(c.readColumn(column))
	}
	s.add(" FROM ").name(c.dialect.quote(t.Name)).add(" WHERE ")
	c.ours(s)
	more(s)
	found, err := c.query(ctx, db, s, func(scan func(...any) error) (row, error) {
		var r row
		var version, modified sql.NullString
		r.cells = make([]sql.NullString, len(t.Columns))
		into := []any{&r.id, &version, &modified}
		for i := range r.cells {
			into = append(into, &r.cells[i])
		}
		err := scan(into...)
		r.version, r.modified = version.String, modified.String
		return r, err
	})
	if err != nil {
		return nil, err
	}
	return found, c.addEntries(ctx, db, found)
}

// readColumn is a column as it is read: text, an array as a JSON array.
func (c *Connector) readColumn(column Column) string {
	if column.Array {
		return c.dialect.asText("array_to_json(" + c.dialect.quoteOne(column.Name) + ")")
	}
	return c.dialect.asText(c.dialect.quoteOne(column.Name))
}

// ours adds what holds of the rows that the app consists of.
func (c *Connector) ours(s *statement) {
	s.add("1 = 1")
	for _, name := range c.where {
		s.add(" AND ").name(c.dialect.quoteOne(name)).add(" = ?", c.table.Where[name])
	}
	if c.table.Deleted == "" {
		return
	}
	s.add(" AND (").name(c.dialect.quoteOne(c.table.Deleted)).add(" IS NULL")
	if c.table.DeletedBool {
		s.add(" OR NOT ").name(c.dialect.quoteOne(c.table.Deleted))
	}
	s.add(")")
}

// withKeys adds that the key is one of these.
func (c *Connector) withKeys(ids []string) func(*statement) {
	return func(s *statement) { s.add(" AND ").name(c.dialect.quoteOne(c.table.Key.Column)).add(" IN ").list(ids) }
}

// statement begins a statement.
func (c *Connector) statement(sql string) *statement {
	s := &statement{dialect: c.dialect}
	return s.add(sql)
}

// query runs a statement and takes each row of its result.
func query[T any](ctx context.Context, db DB, s *statement, take func(scan func(...any) error) (T, error)) (all []T, err error) {
	rows, err := db.QueryContext(ctx, s.sql.String(), s.args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		one, err := take(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func (c *Connector) query(ctx context.Context, db DB, s *statement, take func(func(...any) error) (row, error)) ([]row, error) {
	found, err := query(ctx, db, s, take)
	return found, c.failed("read", err)
}

// byKey reads the rows with these ids; ids that no key can be are left out.
func (c *Connector) byKey(ctx context.Context, db DB, ids []string) (map[string]row, error) {
	return c.byKeyAnd(ctx, db, ids, "")
}

// held is byKey for rows that are about to be written. Where their version is their content, another transaction must not
// change them meanwhile: PostgreSQL locks them; SQLite refuses the write then, and the whole batch is sent again.
func (c *Connector) held(ctx context.Context, db DB, ids []string) (map[string]row, error) {
	if c.dialect == Postgres && c.table.Version == "" {
		return c.byKeyAnd(ctx, db, ids, " FOR UPDATE")
	}
	return c.byKey(ctx, db, ids)
}

func (c *Connector) byKeyAnd(ctx context.Context, db DB, ids []string, end string) (map[string]row, error) {
	found := map[string]row{}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !c.table.Key.fits(id) })
	for part := range slices.Chunk(ids, inBrackets) {
		rows, err := c.rows(ctx, db, func(s *statement) { c.withKeys(part)(s); s.add(end) })
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			found[r.id] = r
		}
	}
	return found, nil
}

// fits reports whether a text can be a key, so that the database is not asked for what it cannot understand.
func (k Key) fits(id string) bool {
	switch k.Type {
	case IntegerKey:
		n, err := strconv.ParseInt(id, 10, 64)
		return err == nil && strconv.FormatInt(n, 10) == id
	case UUIDKey:
		raw, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
		return err == nil && len(raw) == 16 && len(id) == 36 && strings.ToLower(id) == id
	}
	return !strings.ContainsRune(id, 0)
}

// record returns a row as a record, with the named fields, or all for nil.
func (c *Connector) record(r *row, fields []string) (contact.Record, error) {
	rec := contact.Record{ID: r.id, Version: c.versionOf(r), Fields: contact.Fields{}}
	if r.modified != "" {
		at, err := parseTime(r.modified)
		if err != nil {
			return rec, fmt.Errorf("table %q, row %s: column %q: %w", c.table.Name, r.id, c.table.Modified, err)
		}
		rec.Modified = at
	}
	wanted := func(name string) bool { return fields == nil || slices.Contains(fields, name) }
	for i := range c.table.Columns {
		column := &c.table.Columns[i]
		if !wanted(column.Field.Name) {
			continue
		}
		v, err := column.decode(r.cells[i].String, !r.cells[i].Valid)
		if err != nil {
			return rec, fmt.Errorf("table %q, row %s: %w", c.table.Name, r.id, err)
		}
		rec.Fields[column.Field.Name] = v
	}
	for i := range c.table.Related {
		related := &c.table.Related[i]
		if !wanted(related.Field.Name) {
			continue
		}
		v, err := related.decode(r.entries[i])
		if err != nil {
			return rec, fmt.Errorf("table %q, row %s: %w", c.table.Name, r.id, err)
		}
		rec.Fields[related.Field.Name] = v
	}
	return rec, nil
}

// versionOf returns the version of a row: the column's, or a digest of all that is mapped.
func (c *Connector) versionOf(r *row) string {
	if c.table.Version != "" {
		return r.version
	}
	sum := sha256.New()
	put := func(text string, valid bool) {
		var head [9]byte
		binary.BigEndian.PutUint64(head[:], uint64(len(text)))
		if valid {
			head[8] = 1
		}
		sum.Write(head[:])
		sum.Write([]byte(text))
	}
	for _, cell := range r.cells {
		put(cell.String, cell.Valid)
	}
	for _, entries := range r.entries {
		put(strconv.Itoa(len(entries)), true)
		for _, e := range entries {
			put(e.value, true)
			put(e.kind, true)
			put(strconv.FormatBool(e.primary), true)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// List names a page of rows, in the order of their keys.
func (c *Connector) List(ctx context.Context, since connector.Cursor) (connector.Listing, error) {
	const page = 2000
	rows, err := c.rows(ctx, c.db, c.after(string(since), page))
	if err != nil {
		return connector.Listing{}, err
	}
	listing := connector.Listing{Items: make([]connector.Item, len(rows)), More: len(rows) == page, Complete: len(rows) < page}
	for i := range rows {
		listing.Items[i] = connector.Item{ID: rows[i].id, Version: c.versionOf(&rows[i])}
	}
	if listing.More {
		listing.Next = connector.Cursor(rows[len(rows)-1].id)
	}
	return listing, nil
}

// after adds that the key comes after an id, in the order of the keys, and that n rows are wanted. An id without rows after
// it, and none at all, are fine.
func (c *Connector) after(id string, n int) func(*statement) {
	return func(s *statement) {
		if id != "" {
			s.add(" AND ").name(c.dialect.quoteOne(c.table.Key.Column)).add(" > ?", id)
		}
		s.add(" ORDER BY ").name(c.dialect.quoteOne(c.table.Key.Column)).add(" LIMIT " + strconv.Itoa(n))
	}
}

// Read returns the rows with these ids.
func (c *Connector) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	found, err := c.byKey(ctx, c.db, ids)
	if err != nil {
		return nil, err
	}
	if fields == nil {
		fields = []string{}
	}
	results := make([]connector.ReadResult, len(ids))
	for i, id := range ids {
		r, ok := found[id]
		if !ok {
			results[i].Err = connector.ErrNotFound
			continue
		}
		results[i].Record, results[i].Err = c.record(&r, fields)
	}
	return results, nil
}

// Find returns the row that a create with this marker made.
func (c *Connector) Find(ctx context.Context, marker string, fields []string) (contact.Record, error) {
	id, err := c.marked(ctx, c.db, marker)
	if err != nil {
		return contact.Record{}, err
	}
	results, err := c.Read(ctx, []string{id}, fields)
	if err != nil {
		return contact.Record{}, err
	}
	return results[0].Record, results[0].Err
}

// marked returns the id of the row with this marker, or [connector.ErrNotFound].
func (c *Connector) marked(ctx context.Context, db DB, marker string) (string, error) {
	column := c.markerColumn()
	s := c.statement("SELECT ").name(c.dialect.asText(c.dialect.quoteOne(c.table.Key.Column))).add(" FROM ").name(c.dialect.quote(c.table.Name)).add(" WHERE ")
	c.ours(s)
	s.add(" AND ").name(c.dialect.quoteOne(column)).add(" = ?", marker)
	ids, err := query(ctx, db, s, func(scan func(...any) error) (id string, err error) { return id, scan(&id) })
	switch {
	case err != nil:
		return "", c.failed("find", err)
	case len(ids) == 0:
		return "", connector.ErrNotFound
	}
	return ids[0], nil
}
