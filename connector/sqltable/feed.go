package sqltable

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/contactsync/contactsync/connector"
)

// position is a place in the feed: while all rows are read, the key of the last one; and up to where the log is read. What
// changes while all rows are read is behind that place in the log, and comes again.
type position struct {
	listing  bool
	key      string
	xid, seq string
}

// pageSize is how many rows a page of the feed tells.
const pageSize = 500

func (p position) cursor() connector.Cursor {
	if p.listing {
		return connector.Cursor("all " + p.xid + " " + p.seq + " " + p.key)
	}
	return connector.Cursor("log " + p.xid + " " + p.seq)
}

// parsePosition reads a cursor. One that is none of ours is expired: everything is read again.
func parsePosition(c connector.Cursor) (position, error) {
	words := strings.SplitN(string(c), " ", 4)
	p := position{listing: words[0] == "all"}
	if len(words) < 3 || (words[0] != "all" || len(words) != 4) && (words[0] != "log" || len(words) != 3) {
		return p, connector.ErrCursorExpired
	}
	for _, number := range words[1:3] {
		if _, err := strconv.ParseUint(number, 10, 64); err != nil {
			return p, connector.ErrCursorExpired
		}
	}
	p.xid, p.seq = words[1], words[2]
	if p.listing {
		p.key = words[3]
	}
	return p, nil
}

// Changes returns a page of the change log, or of all rows from the zero cursor. Without a log it fails with
// [connector.ErrNoFeed].
func (c *Connector) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	if c.table.Log == "" {
		return connector.Page{}, connector.ErrNoFeed
	}
	if q.Since == "" {
		end, err := c.logEnd(ctx)
		if err != nil {
			return connector.Page{}, err
		}
		end.listing = true
		return c.allRows(ctx, end, q.Fields)
	}
	p, err := parsePosition(q.Since)
	if err != nil {
		return connector.Page{}, &connector.Error{App: appID, Op: "changes", Err: err}
	}
	if p.listing {
		return c.allRows(ctx, p, q.Fields)
	}
	return c.logged(ctx, p, q.Fields)
}

// allRows returns a page of all rows; the last one leads to the log.
func (c *Connector) allRows(ctx context.Context, p position, fields []string) (connector.Page, error) {
	rows, err := c.rows(ctx, c.db, c.after(p.key, pageSize))
	if err != nil {
		return connector.Page{}, err
	}
	page := connector.Page{More: len(rows) == pageSize, Complete: len(rows) < pageSize}
	c.tell(&page, rows, fields)
	if p.listing = page.More; page.More {
		p.key = rows[len(rows)-1].id
	}
	page.Next = p.cursor()
	return page, nil
}

// tell puts rows on a page. Where versions are of the content, a row that its user puts back as it was before a write of ours
// has the version of that time again, and would be taken for an old state that the feed repeats: rows are named then, and read
// by their key.
func (c *Connector) tell(page *connector.Page, rows []row, fields []string) {
	if fields == nil {
		fields = []string{}
	}
	for i := range rows {
		rec, err := c.record(&rows[i], fields)
		if err != nil {
			page.Unread = append(page.Unread, connector.Unread{ID: rows[i].id, Err: err})
			continue
		}
		if c.table.Version == "" {
			page.Named = append(page.Named, connector.Item{ID: rec.ID, Version: rec.Version})
			continue
		}
		page.Records = append(page.Records, rec)
	}
}

// logEnd returns the place from which the log is read after a listing that begins now.
func (c *Connector) logEnd(ctx context.Context) (position, error) {
	sql := "SELECT '0', CAST(COALESCE(MAX(seq), 0) AS TEXT) FROM "
	if c.dialect == Postgres { // what is before the oldest transaction that still runs is in the tables, and seen
		sql = "SELECT CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text), '0' FROM (SELECT 1) AS now -- "
	}
	s := c.statement(sql).name(c.dialect.quote(c.table.Log))
	ends, err := query(ctx, c.db, s, func(scan func(...any) error) (p position, err error) { return p, scan(&p.xid, &p.seq) })
	if err == nil && len(ends) != 1 {
		err = fmt.Errorf("the log has no end")
	}
	if err != nil {
		return position{}, c.failed("changes", err)
	}
	return ends[0], nil
}

// logged returns a page of what the log notes behind a place.
func (c *Connector) logged(ctx context.Context, p position, fields []string) (connector.Page, error) {
	notes, err := c.notes(ctx, p)
	if err != nil {
		return connector.Page{}, err
	}
	page := connector.Page{More: len(notes) == pageSize}
	var ids []string
	for _, n := range notes {
		p.xid, p.seq = n.xid, n.seq
		if !slices.Contains(ids, n.id) {
			ids = append(ids, n.id)
		}
	}
	found, err := c.byKey(ctx, c.db, ids)
	if err != nil {
		return connector.Page{}, err
	}
	var rows []row
	for _, id := range ids {
		if r, ok := found[id]; ok {
			rows = append(rows, r)
		} else {
			page.Deleted = append(page.Deleted, id)
		}
	}
	c.tell(&page, rows, fields)
	page.Next = p.cursor()
	return page, nil
}

// note is a row of the log.
type note struct{ xid, seq, id string }

// notes reads the log behind a place.
func (c *Connector) notes(ctx context.Context, p position) ([]note, error) {
	s := c.statement("SELECT '0', CAST(seq AS TEXT), id FROM ").name(c.dialect.quote(c.table.Log)).add(" WHERE seq > ? ORDER BY seq LIMIT ?", p.seq, pageSize)
	if c.dialect == Postgres {
		s = c.statement("SELECT CAST(xid AS text), CAST(seq AS text), id FROM ").name(c.dialect.quote(c.table.Log)).
			add(" WHERE (xid, seq) > (CAST(CAST(? AS text) AS xid8), CAST(CAST(? AS text) AS bigint))", p.xid, p.seq).
			add(" AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, seq LIMIT " + strconv.Itoa(pageSize))
	}
	found, err := query(ctx, c.db, s, func(scan func(...any) error) (n note, err error) {
		var id sql.NullString
		err = scan(&n.xid, &n.seq, &id)
		n.id = id.String
		return n, err
	})
	return found, c.failed("changes", err)
}
