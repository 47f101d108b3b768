package fake

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// event is one entry of the change log: something became of the record id. Whether it was changed or deleted is
// seen when the feed is read; old is the id that it had before a re-key or merge.
type event struct{ id, old string }

// note writes the event into the change log.
func (a *App) note(e event) {
	a.log = append(a.log, e)
	a.last[e.id] = len(a.log)
	if e.old != "" {
		a.last[e.old] = len(a.log) // so that the old id is not told as deleted
	}
}

// position is what a cursor says. A cursor of a pass through all records is "FROM:KEY": where the log was when
// the pass began, and the order key of the record that the last page ended with. Any other is "FROM", a place in
// the log.
type position struct {
	from  int
	full  bool
	after string
}

func (p position) cursor() connector.Cursor {
	if p.full {
		return connector.Cursor(fmt.Sprintf("%d:%s", p.from, p.after))
	}
	return connector.Cursor(strconv.Itoa(p.from))
}

// position reads a cursor. It fails with [connector.ErrCursorExpired] if the app did not give it.
func (a *App) position(op string, c connector.Cursor) (position, error) {
	if c == "" {
		return position{full: true, from: len(a.log)}, nil
	}
	from, after, full := strings.Cut(string(c), ":")
	n, err := strconv.Atoi(from)
	if err != nil || n < 0 || n > len(a.log) {
		return position{}, a.fail(op, "", connector.ErrCursorExpired)
	}
	return position{from: n, full: full, after: after}, nil
}

// Changes returns a page of the change log: of each record its last change, as it is now. The zero cursor's pass,
// and with the quirk NoTombstones every pass, lists all records and is complete.
func (a *App) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	var page connector.Page
	err := a.call(ctx, "changes", func(f *Fault) error {
		if a.noFeed || a.push {
			return a.fail("changes", "", connector.ErrNoFeed)
		}
		if f.is(CursorExpired) && q.Since != "" {
			return a.fail("changes", "", connector.ErrCursorExpired)
		}
		if a.repeat != nil && a.repeat.Next == q.Since {
			page = *a.repeat
		} else if err := a.page(q, &page); err != nil {
			return err
		}
		a.repeat = nil
		if a.quirks.NamesOnly {
			for _, rec := range page.Records {
				page.Named = append(page.Named, connector.Item{ID: rec.ID, Version: rec.Version})
			}
			page.Records = nil
		}
		if f.is(DuplicatePage) {
			again := page
			a.repeat = &again
			page.More, page.Complete = true, false
		}
		return nil
	})
	if err != nil {
		return connector.Page{}, err
	}
	return page, nil
}

// page fills in the page that begins at q.Since.
func (a *App) page(q connector.Query, page *connector.Page) error {
	p, err := a.position("changes", q.Since)
	if err != nil {
		return err
	}
	if !p.full && !a.quirks.NoTombstones {
		a.changed(p.from, q.Fields, page)
		return nil
	}
	if !p.full {
		for _, e := range a.log[p.from:] {
			if e.old != "" {
				page.Rekeyed = append(page.Rekeyed, connector.Rekey{Old: e.old, New: e.id})
			}
		}
		p = position{full: true, from: len(a.log)}
	}
	records, next, more := a.all(p)
	for _, r := range records {
		page.Records = append(page.Records, a.tell(r, named(q.Fields)))
	}
	page.Next, page.More, page.Complete = next.cursor(), more, !more
	return nil
}

// changed fills in a page of the log from a place on. Only the last event of a record is told, but every re-key.
func (a *App) changed(from int, fields []string, page *connector.Page) {
	at := from
	for told := 0; at < len(a.log) && told < a.quirks.pageSize(); at++ {
		e := a.log[at]
		if e.old != "" {
			page.Rekeyed = append(page.Rekeyed, connector.Rekey{Old: e.old, New: e.id})
		}
		if a.last[e.id] != at+1 {
			continue
		}
		r, lagging := a.view(e.id)
		switch {
		case r != nil:
			page.Records = append(page.Records, a.tell(r, named(fields)))
		case !lagging:
			page.Deleted = append(page.Deleted, e.id)
		}
		told++
	}
	if a.seed != 0 {
		slices.SortFunc(page.Records, func(r, s contact.Record) int { return strings.Compare(a.order(r.ID), a.order(s.ID)) })
		slices.SortFunc(page.Deleted, func(r, s string) int { return strings.Compare(a.order(r), a.order(s)) })
	}
	page.Next, page.More = position{from: at}.cursor(), at < len(a.log)
}

// all returns the records of one page of a pass through everything, and where the next page begins. After the
// last page the feed goes on from where it was when the pass began, so that nothing that changed meanwhile is
// missed.
func (a *App) all(p position) (records []*record, next position, more bool) {
	ids := a.ids()
	slices.SortFunc(ids, func(x, y string) int { return strings.Compare(a.order(x), a.order(y)) })
	for _, id := range ids {
		r, _ := a.view(id)
		if r == nil || a.order(id) <= p.after {
			continue
		}
		if len(records) == a.quirks.pageSize() {
			return records, p, true
		}
		records = append(records, r)
		p.after = a.order(id)
	}
	return records, position{from: p.from}, false
}

// order returns what the records are ordered by: their last change, or what the seed makes of their id.
func (a *App) order(id string) string {
	if a.seed == 0 {
		return fmt.Sprintf("%012d", a.last[id])
	}
	h := fnv.New64a()
	fmt.Fprint(h, a.seed, id)
	return fmt.Sprintf("%016x%s", h.Sum64(), id)
}

// ids returns the ids of what the app holds or the feed shows, sorted.
func (a *App) ids() []string {
	ids := slices.Collect(maps.Keys(a.records))
	ids = slices.AppendSeq(ids, maps.Keys(a.lags))
	slices.Sort(ids)
	return slices.Compact(ids)
}

// sorted returns the records that the app holds, by id.
func (a *App) sorted() []*record {
	var all []*record
	for _, id := range slices.Sorted(maps.Keys(a.records)) {
		all = append(all, a.records[id])
	}
	return all
}

// named returns the field list of a query in the form of tell: not nil, so that none means none.
func named(fields []string) []string { return append([]string{}, fields...) }

// List names all ids with their versions.
func (a *App) List(ctx context.Context, since connector.Cursor) (connector.Listing, error) {
	var page connector.Listing
	err := a.call(ctx, "list", func(*Fault) error {
		p, err := a.position("list", since)
		if err != nil {
			return err
		}
		if !p.full {
			p = position{full: true, from: len(a.log)}
		}
		records, next, more := a.all(p)
		for _, r := range records {
			page.Items = append(page.Items, connector.Item{ID: r.id, Version: a.tell(r, []string{}).Version})
		}
		page.Next, page.More, page.Complete = next.cursor(), more, !more
		return nil
	})
	if err != nil {
		return connector.Listing{}, err
	}
	return page, nil
}

// Read returns the records as they are, whatever the feed shows.
func (a *App) Read(ctx context.Context, ids []string, fields []string) ([]connector.ReadResult, error) {
	var results []connector.ReadResult
	err := a.call(ctx, "read", func(*Fault) error {
		if len(ids) > a.quirks.batchSize() {
			return a.tooMany("read", len(ids))
		}
		for _, id := range ids {
			if r := a.records[id]; r != nil {
				results = append(results, connector.ReadResult{Record: a.tell(r, named(fields))})
			} else {
				results = append(results, connector.ReadResult{Record: contact.Record{ID: id}, Err: a.fail("read", id, connector.ErrNotFound)})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// Find returns the record that was created with the marker, if the app keeps markers ([WithMarkers]).
func (a *App) Find(ctx context.Context, marker string, fields []string) (contact.Record, error) {
	var found contact.Record
	err := a.call(ctx, "find", func(*Fault) error {
		for _, r := range a.sorted() {
			if a.schema.Marker && marker != "" && r.marker == marker {
				found = a.tell(r, named(fields))
				return nil
			}
		}
		return a.fail("find", "", connector.ErrNotFound)
	})
	if err != nil {
		return contact.Record{}, err
	}
	return found, nil
}

// tooMany refuses a call that is larger than the schema allows.
func (a *App) tooMany(op string, n int) error {
	e := a.fail(op, "", errors.Join(connector.ErrInvalid, connector.ErrNotSent))
	e.Message = fmt.Sprintf("%d records in one call; the schema allows %d", n, a.quirks.batchSize())
	return e
}
