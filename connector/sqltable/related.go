package sqltable

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// entry is a row of a related table.
type entry struct {
	parent  string
	value   string
	kind    string
	primary bool
}

// addEntries reads the related entries of the rows.
func (c *Connector) addEntries(ctx context.Context, db DB, rows []row) error {
	if len(c.table.Related) == 0 || len(rows) == 0 {
		return nil
	}
	at := map[string]int{}
	var ids []string
	for i := range rows {
		rows[i].entries = make([][]entry, len(c.table.Related))
		at[rows[i].id] = i
		ids = append(ids, rows[i].id)
	}
	for n := range c.table.Related {
		for part := range slices.Chunk(ids, inBrackets) {
			entries, err := c.entries(ctx, db, &c.table.Related[n], part)
			if err != nil {
				return err
			}
			for _, e := range entries {
				r := &rows[at[e.parent]]
				r.entries[n] = append(r.entries[n], e)
			}
		}
	}
	return nil
}

// entries reads the entries of these records, in an order that does not change by itself.
func (c *Connector) entries(ctx context.Context, db DB, r *Related, ids []string) ([]entry, error) {
	s := c.statement("SELECT ").name(c.dialect.asText(c.dialect.quoteOne(r.Parent))).add(", ").name(c.dialect.asText(c.dialect.quoteOne(r.Value)))
	for _, extra := range []string{r.Type, r.Primary} {
		if extra == "" {
			s.add(", NULL")
		} else {
			s.add(", ").name(c.dialect.asText(c.dialect.quoteOne(extra)))
		}
	}
	s.add(" FROM ").name(c.dialect.quote(r.Table)).add(" WHERE ").name(c.dialect.quoteOne(r.Parent)).add(" IN ").list(ids)
	found, err := query(ctx, db, s, func(scan func(...any) error) (entry, error) {
		var e entry
		var value, kind, primary sql.NullString
		err := scan(&e.parent, &value, &kind, &primary)
		e.value, e.kind = value.String, kind.String
		e.primary = primary.String == "true" || primary.String == "1"
		return e, err
	})
	slices.SortFunc(found, func(x, y entry) int {
		return cmp.Or(cmp.Compare(x.parent, y.parent), cmp.Compare(x.value, y.value), cmp.Compare(x.kind, y.kind))
	})
	return found, c.failed("read", err)
}

// decode returns the entries as a value of the field.
func (r *Related) decode(entries []entry) (contact.Value, error) {
	var list []contact.Entry
	var set []string
	for _, e := range entries {
		if contact.Text(e.value).Blank() {
			continue
		}
		v, err := decodeOne(e.value, r.Field.Type)
		if err != nil {
			return contact.Value{}, fmt.Errorf("related table %q: %w", r.Table, err)
		}
		list = append(list, contact.Entry{Value: v, Type: e.kind, Primary: e.primary})
		set = append(set, e.value)
	}
	v := contact.Empty
	if r.Field.Type == contact.TypeSet && len(set) > 0 {
		v = contact.Set(set...)
	} else if len(list) > 0 && r.Field.Many {
		v = contact.List(list...)
	}
	if err := r.Field.Check(v); err != nil {
		return contact.Value{}, fmt.Errorf("related table %q: %w", r.Table, err)
	}
	return v, nil
}

// wanted returns the entries that a value of the field consists of.
func (r *Related) wanted(v contact.Value) []entry {
	var all []entry
	for _, element := range v.Elements() {
		all = append(all, entry{value: element})
	}
	for _, e := range v.Entries() {
		all = append(all, entry{value: e.Value.Str(), kind: e.Type, primary: e.Primary})
	}
	return all
}

// putEntries makes the rows of a related table those of the value. A row that stays keeps its other columns.
func (c *Connector) putEntries(ctx context.Context, db DB, r *Related, id string, have []entry, v contact.Value) error {
	want := r.wanted(v)
	kept := map[string]bool{}
	for _, e := range have {
		i := slices.IndexFunc(want, func(w entry) bool { return w.value == e.value })
		if i < 0 || kept[e.value] {
			continue
		}
		kept[e.value] = true
		if r.Type != "" && want[i].kind != e.kind || r.Primary != "" && want[i].primary != e.primary {
			if err := c.changeEntry(ctx, db, r, id, want[i]); err != nil {
				return err
			}
		}
	}
	for _, e := range have {
		if !kept[e.value] {
			s := c.statement("DELETE FROM ").name(c.dialect.quote(r.Table)).add(" WHERE ").name(c.dialect.quoteOne(r.Parent)).add(" = ? AND ", id).
				name(c.dialect.quoteOne(r.Value)).add(" = ?", e.value)
			if _, err := db.ExecContext(ctx, s.sql.String(), s.args...); err != nil {
				return err
			}
		}
	}
	for _, e := range want {
		if !kept[e.value] {
			if err := c.addEntry(ctx, db, r, id, e); err != nil {
				return err
			}
			kept[e.value] = true
		}
	}
	return nil
}

// changeEntry gives an entry that stays another type, or makes it the primary one, or not.
func (c *Connector) changeEntry(ctx context.Context, db DB, r *Related, id string, e entry) error {
	s := c.statement("UPDATE ").name(c.dialect.quote(r.Table)).add(" SET ")
	comma := ""
	for _, part := range c.flags(r, e) {
		s.add(comma).name(c.dialect.quoteOne(part.column)).add(" = ?", part.value)
		comma = ", "
	}
	s.add(" WHERE ").name(c.dialect.quoteOne(r.Parent)).add(" = ? AND ", id).name(c.dialect.quoteOne(r.Value)).add(" = ?", e.value)
	_, err := db.ExecContext(ctx, s.sql.String(), s.args...)
	return err
}

// addEntry inserts an entry.
func (c *Connector) addEntry(ctx context.Context, db DB, r *Related, id string, e entry) error {
	parts := append([]assignment{{r.Parent, id}, {r.Value, e.value}}, c.flags(r, e)...)
	s := c.insert(r.Table, parts)
	_, err := db.ExecContext(ctx, s.sql.String(), s.args...)
	return err
}

// flags returns what is written of an entry's type and whether it is the primary one.
func (c *Connector) flags(r *Related, e entry) []assignment {
	var parts []assignment
	if r.Type != "" {
		parts = append(parts, assignment{r.Type, orNull(e.kind)})
	}
	if r.Primary != "" {
		parts = append(parts, assignment{r.Primary, encodeOne(contact.Bool(e.primary), c.dialect)})
	}
	return parts
}

// orNull is a text, or null for none.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
