package sqltable

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// assignment is a column and what is written into it.
type assignment struct {
	column string
	value  any
}

// Apply carries out the writes in one transaction. A row that the database refuses fails alone.
func (c *Connector) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return c.carryOut(ctx, writes, func(ctx context.Context, db DB, w *connector.Write, now map[string]row) (string, bool, error) {
		switch w.Op {
		case connector.Create:
			id, err := c.create(ctx, db, w)
			return id, false, err
		case connector.Update:
			return w.ID, false, c.update(ctx, db, w, now)
		}
		return w.ID, false, c.remove(ctx, db, w, now)
	})
}

// Upsert carries out creates under their markers: a row that bears one already is changed instead.
func (c *Connector) Upsert(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return c.carryOut(ctx, writes, func(ctx context.Context, db DB, w *connector.Write, _ map[string]row) (string, bool, error) {
		id, err := c.marked(ctx, db, w.Marker)
		if errors.Is(err, connector.ErrNotFound) {
			id, err = c.create(ctx, db, w)
			return id, false, err
		}
		if err != nil {
			return "", false, err
		}
		now, err := c.held(ctx, db, []string{id})
		if err != nil {
			return "", false, err
		}
		return id, true, c.update(ctx, db, &connector.Write{Op: connector.Update, ID: id, Patch: w.Patch}, now)
	})
}

// one carries out one write on the rows as they are now, and returns the row's id, and whether it was there already.
type one func(ctx context.Context, db DB, w *connector.Write, now map[string]row) (id string, found bool, err error)

// carryOut carries out writes in one transaction, each within a savepoint, and reads back what they made.
func (c *Connector) carryOut(ctx context.Context, writes []connector.Write, do one) ([]connector.Result, error) {
	results := make([]connector.Result, len(writes))
	if c.table.ReadOnly {
		for i := range results {
			results[i].Err = &connector.Error{App: appID, Op: string(writes[i].Op), Err: connector.ErrForbidden, Message: "the table is only read"}
		}
		return results, nil
	}
	err := c.within(ctx, func(db DB) error {
		var ids []string
		for _, w := range writes {
			if w.ID != "" {
				ids = append(ids, w.ID)
			}
		}
		now, err := c.held(ctx, db, ids)
		if err != nil {
			return err
		}
		for i := range writes {
			var id string
			var found bool
			err := c.guarded(ctx, db, func() (err error) {
				id, found, err = do(ctx, db, &writes[i], now)
				return err
			})
			results[i].Record.ID, results[i].Found, results[i].Err = id, found, c.refusal(&writes[i], err)
			if results[i].Err != nil && !connector.Known(results[i].Err) {
				return results[i].Err // nobody knows what became of it, so nothing is to become of the rest
			}
		}
		return c.readBack(ctx, db, writes, results)
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// within runs fn in a transaction, or within a savepoint of the host's.
func (c *Connector) within(ctx context.Context, fn func(DB) error) error {
	b, ok := c.db.(beginner)
	if !ok {
		return notSent(c.guarded(ctx, c.db, func() error { return fn(c.db) }))
	}
	tx, err := b.BeginTx(ctx, nil)
	if err != nil {
		return notSent(c.failed("apply", err))
	}
	if err := fn(tx); err != nil {
		return notSent(c.failed("apply", errors.Join(err, ignoreDone(tx.Rollback()))))
	}
	return c.failed("apply", tx.Commit()) // without an answer nobody knows whether it is in
}

// ignoreDone passes errors but that of a transaction that the context has ended already.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// guarded undoes what fn did if it fails, and nothing else of the transaction.
func (c *Connector) guarded(ctx context.Context, db DB, fn func() error) error {
	if _, err := db.ExecContext(ctx, "SAVEPOINT contactsync"); err != nil {
		return err
	}
	err := fn()
	end := "RELEASE SAVEPOINT contactsync"
	if err != nil {
		end = "ROLLBACK TO SAVEPOINT contactsync"
	}
	if _, e := db.ExecContext(ctx, end); e != nil {
		return errors.Join(err, e)
	}
	if err != nil {
		if _, e := db.ExecContext(ctx, "RELEASE SAVEPOINT contactsync"); e != nil {
			return errors.Join(err, e)
		}
	}
	return err
}

// notSent says of an error that is not known to be certain that nothing was written: the transaction is rolled back.
func notSent(err error) error {
	if err == nil || connector.Known(err) {
		return err
	}
	return fmt.Errorf("%w: %w", connector.ErrNotSent, err)
}

// refusal types what befell one write.
func (c *Connector) refusal(w *connector.Write, err error) error {
	if err == nil || connector.Known(err) {
		return err
	}
	if refused(err) == constraint { // the words of the database may hold values of the row
		return &connector.Error{App: appID, Op: string(w.Op), RecordID: w.ID, Err: connector.ErrInvalid, Message: "a constraint of table " + c.table.Name + " is not met"}
	}
	return c.failed(string(w.Op), err)
}

// readBack reads the rows that the writes made, as they are now.
func (c *Connector) readBack(ctx context.Context, db DB, writes []connector.Write, results []connector.Result) error {
	var ids []string
	for i := range results {
		if results[i].Err == nil && writes[i].Op != connector.Delete {
			ids = append(ids, results[i].Record.ID)
		}
	}
	found, err := c.byKey(ctx, db, ids)
	if err != nil {
		return err
	}
	for i := range results {
		if r, ok := found[results[i].Record.ID]; ok && results[i].Err == nil && writes[i].Op != connector.Delete {
			results[i].Record, results[i].Err = c.record(&r, nil)
		}
	}
	return nil
}

// compared returns the row that a write is about, unless it has another version by now.
func (c *Connector) compared(w *connector.Write, now map[string]row) (row, error) {
	r, ok := now[w.ID]
	if !ok {
		return row{}, connector.ErrNotFound
	}
	if w.Version != "" && w.Version != c.versionOf(&r) {
		return row{}, connector.ErrVersionConflict
	}
	return r, nil
}

// create inserts a row and its entries, and returns its id.
func (c *Connector) create(ctx context.Context, db DB, w *connector.Write) (string, error) {
	t := &c.table
	var parts []assignment
	id := ""
	if t.Key.Ours {
		id = w.Marker
		if !t.Key.fits(id) || id == "" {
			id = newUUID()
		}
		parts = append(parts, assignment{t.Key.Column, id})
	}
	if t.Marker != "" && w.Marker != "" {
		parts = append(parts, assignment{t.Marker, w.Marker})
	}
	for _, name := range c.where {
		parts = append(parts, assignment{name, t.Where[name]})
	}
	if t.CountVersion {
		parts = append(parts, assignment{t.Version, 1})
	}
	parts = append(parts, c.stamp()...)
	for i := range t.Columns {
		column := &t.Columns[i]
		if change, ok := w.Patch[column.Field.Name]; ok || column.NotNull {
			v := change.Apply(contact.Empty, column.Field)
			parts = append(parts, assignment{column.Name, column.encode(v, c.dialect)})
		}
	}
	s := c.insert(t.Name, parts).add(" RETURNING ").name(c.dialect.asText(c.dialect.quoteOne(t.Key.Column)))
	ids, err := query(ctx, db, s, func(scan func(...any) error) (id string, err error) { return id, scan(&id) })
	if err != nil {
		return "", err
	}
	if len(ids) != 1 {
		return "", fmt.Errorf("the database made %d rows of one", len(ids))
	}
	return ids[0], c.putRelated(ctx, db, ids[0], row{}, w.Patch)
}

// stamp sets the time of the change, where the connector does that.
func (c *Connector) stamp() []assignment {
	if c.table.Modified == "" || c.table.ModifiedKept {
		return nil
	}
	return []assignment{{c.table.Modified, c.now()}}
}

// now is the time as it is written.
func (c *Connector) now() string { return c.clock.Now().UTC().Format(time.RFC3339Nano) }

// update changes the named columns and entries of a row.
func (c *Connector) update(ctx context.Context, db DB, w *connector.Write, now map[string]row) error {
	r, err := c.compared(w, now)
	if err != nil {
		return err
	}
	var parts []assignment
	for i := range c.table.Columns {
		column := &c.table.Columns[i]
		change, ok := w.Patch[column.Field.Name]
		if !ok {
			continue
		}
		have, err := column.decode(r.cells[i].String, !r.cells[i].Valid)
		if err != nil && change.Set.Absent() {
			return &connector.Error{App: appID, RecordID: w.ID, Field: column.Field.Name, Err: connector.ErrInvalid, Message: "what the column holds cannot be read"}
		}
		parts = append(parts, assignment{column.Name, column.encode(change.Apply(have, column.Field), c.dialect)})
	}
	parts = append(parts, c.stamp()...)
	if err := c.change(ctx, db, w, &r, parts); err != nil {
		return err
	}
	return c.putRelated(ctx, db, w.ID, r, w.Patch)
}

// remove deletes a row, or marks it as deleted.
func (c *Connector) remove(ctx context.Context, db DB, w *connector.Write, now map[string]row) error {
	r, err := c.compared(w, now)
	if err != nil {
		return err
	}
	if c.table.Deleted != "" {
		mark := any(c.now())
		if c.table.DeletedBool {
			mark = encodeOne(contact.Bool(true), c.dialect)
		}
		return c.change(ctx, db, w, &r, append(c.stamp(), assignment{c.table.Deleted, mark}))
	}
	for i := range c.table.Related {
		if err := c.putEntries(ctx, db, &c.table.Related[i], w.ID, r.entries[i], contact.Empty); err != nil {
			return err
		}
	}
	s := c.statement("DELETE FROM ").name(c.dialect.quote(c.table.Name)).add(" WHERE ")
	return c.exactlyOne(ctx, db, c.thatRow(s, w, &r))
}

// change sets columns of a row. The version is compared once more, for another transaction may have been quicker.
func (c *Connector) change(ctx context.Context, db DB, w *connector.Write, r *row, parts []assignment) error {
	t := &c.table
	if len(parts) == 0 && !t.CountVersion {
		return nil // only entries of related tables change
	}
	s := c.statement("UPDATE ").name(c.dialect.quote(t.Name)).add(" SET ")
	comma := ""
	for _, p := range parts {
		s.args = append(s.args, p.value)
		s.add(comma).name(c.dialect.quoteOne(p.column)).add(" = ").name(c.place(p.column, len(s.args)))
		comma = ", "
	}
	if t.CountVersion {
		s.add(comma).name(c.dialect.quoteOne(t.Version)).add(" = ").name(c.dialect.quoteOne(t.Version)).add(" + 1")
	}
	s.add(" WHERE ")
	return c.exactlyOne(ctx, db, c.thatRow(s, w, r))
}

// thatRow adds that it is the row of the write, as it was read.
func (c *Connector) thatRow(s *statement, w *connector.Write, r *row) *statement {
	c.ours(s)
	s.add(" AND ").name(c.dialect.quoteOne(c.table.Key.Column)).add(" = ?", w.ID)
	if c.table.Version != "" && w.Version != "" {
		s.add(" AND ").name(c.dialect.asText(c.dialect.quoteOne(c.table.Version))).add(" = ?", r.version)
	}
	return s
}

// exactlyOne runs a statement that is to find its row.
func (c *Connector) exactlyOne(ctx context.Context, db DB, s *statement) error {
	result, err := db.ExecContext(ctx, s.sql.String(), s.args...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return connector.ErrVersionConflict // it was there a moment ago
}

// putRelated writes the entries that a patch names.
func (c *Connector) putRelated(ctx context.Context, db DB, id string, r row, patch contact.Patch) error {
	for i := range c.table.Related {
		related := &c.table.Related[i]
		change, ok := patch[related.Field.Name]
		if !ok {
			continue
		}
		var entries []entry
		if r.entries != nil {
			entries = r.entries[i]
		}
		have, err := related.decode(entries)
		if err != nil && change.Set.Absent() {
			return &connector.Error{App: appID, RecordID: id, Field: related.Field.Name, Err: connector.ErrInvalid, Message: "what the related table holds cannot be read"}
		}
		if err := c.putEntries(ctx, db, related, id, entries, change.Apply(have, related.Field)); err != nil {
			return err
		}
	}
	return nil
}

// insert is the statement that inserts a row.
func (c *Connector) insert(table string, parts []assignment) *statement {
	s := c.statement("INSERT INTO ").name(c.dialect.quote(table))
	if len(parts) == 0 {
		return s.add(" DEFAULT VALUES")
	}
	s.add(" (")
	for i, p := range parts {
		if i > 0 {
			s.add(", ")
		}
		s.name(c.dialect.quoteOne(p.column))
	}
	s.add(") VALUES (")
	for i, p := range parts {
		if i > 0 {
			s.add(", ")
		}
		s.args = append(s.args, p.value)
		s.name(c.place(p.column, len(s.args)))
	}
	return s.add(")")
}

// place is where the n-th value goes into a column: an array of PostgreSQL is made of a JSON array.
func (c *Connector) place(column string, n int) string {
	if c.dialect == SQLite {
		return "?"
	}
	for _, known := range c.table.Columns {
		if known.Array && known.Name == column {
			return fmt.Sprintf("ARRAY(SELECT json_array_elements_text($%d::json))", n)
		}
	}
	return fmt.Sprintf("$%d", n)
}

// newUUID returns a random UUID (RFC 9562 section 5.4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
