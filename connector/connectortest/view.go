package connectortest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// A view is what one pass over the feed or the listing of an account showed.
type view struct {
	records  map[string]contact.Record
	deleted  map[string]bool
	unread   int
	pages    []connector.Page
	next     connector.Cursor
	complete bool
}

// ids returns the ids of the records, sorted.
func (v view) ids() []string { return slices.Sorted(maps.Keys(v.records)) }

// all reads every record, by the feed or, where there is none, by listing and reading, or by what was delivered.
func (e *exam) all(c connector.Connector) view {
	switch {
	case e.feed:
		return e.pass(c, "", e.fieldNames())
	case e.schema.Unlistable:
		return e.delivered()
	}
	return e.listed(c)
}

// pass makes one pass over the feed from a cursor.
func (e *exam) pass(c connector.Connector, since connector.Cursor, fields []string) view {
	v, err := passOver(e.ctx(), c, since, fields)
	if err != nil {
		e.fatalf("Changes: %v", err)
	}
	return v
}

func passOver(ctx context.Context, c connector.Connector, since connector.Cursor, fields []string) (view, error) {
	v := view{records: map[string]contact.Record{}, deleted: map[string]bool{}}
	err := connector.Pages(ctx, c, connector.Query{Since: since, Fields: fields}, func(p connector.Page) error {
		for _, rec := range p.Records {
			v.records[rec.ID] = rec
			delete(v.deleted, rec.ID)
		}
		if err := v.readNamed(ctx, c, p.Named, fields); err != nil {
			return err
		}
		for _, id := range p.Deleted {
			v.deleted[id] = true
			delete(v.records, id)
		}
		v.unread += len(p.Unread)
		v.next, v.complete = p.Next, p.Complete
		v.pages = append(v.pages, p)
		return nil
	})
	return v, err
}

// readNamed reads the records that a page names without telling them.
func (v view) readNamed(ctx context.Context, c connector.Connector, items []connector.Item, fields []string) error {
	if len(items) == 0 {
		return nil
	}
	schema, err := c.Schema(ctx)
	if err != nil {
		return err
	}
	reader := connector.FeaturesOf(c).Reader
	if reader == nil {
		return errors.New("the feed names records without telling them, so the connector has to be a Reader")
	}
	for part := range slices.Chunk(items, max(1, schema.Batch.Read)) {
		ids := make([]string, len(part))
		for i, item := range part {
			ids[i] = item.ID
		}
		results, err := reader.Read(ctx, ids, fields)
		if err != nil {
			return err
		}
		if len(results) != len(part) {
			return fmt.Errorf("%d results of Read for %d ids", len(results), len(part))
		}
		for i, r := range results {
			switch {
			case errors.Is(r.Err, connector.ErrNotFound): // it went since it was named
			case r.Err != nil:
				return fmt.Errorf("reading a record that the feed names: %w", r.Err)
			case r.Record.Version != part[i].Version:
				return fmt.Errorf("a record was named with version %q and read with version %q", part[i].Version, r.Record.Version)
			default:
				v.records[r.Record.ID] = r.Record
				delete(v.deleted, r.Record.ID)
			}
		}
	}
	return nil
}

// listed lists all ids and reads the records.
func (e *exam) listed(c connector.Connector) view {
	f := connector.FeaturesOf(c)
	if f.Lister == nil || f.Reader == nil {
		e.fatalf("the app has no feed, so the connector has to be a Lister and a Reader")
	}
	v := view{records: map[string]contact.Record{}}
	var ids []string
	versions := map[string]string{}
	err := connector.Listings(e.ctx(), f.Lister, "", func(l connector.Listing) error {
		for _, item := range l.Items {
			if _, twice := versions[item.ID]; !twice {
				ids = append(ids, item.ID)
			}
			versions[item.ID] = item.Version
		}
		v.unread += len(l.Unread)
		v.complete = l.Complete
		return nil
	})
	if err != nil {
		e.fatalf("List: %v", err)
	}
	for i, r := range e.read(f.Reader, ids, e.fieldNames()) {
		if r.Err != nil {
			e.fatalf("Read of a listed record: %v", r.Err)
		}
		if r.Record.Version != versions[ids[i]] {
			e.errorf("a record was listed with version %q and read with version %q", versions[ids[i]], r.Record.Version)
		}
		v.records[r.Record.ID] = r.Record
	}
	return v
}

// read reads records by id, in batches.
func (e *exam) read(r connector.Reader, ids, fields []string) []connector.ReadResult {
	var results []connector.ReadResult
	for batch := range slices.Chunk(ids, max(1, e.schema.Batch.Read)) {
		got, err := r.Read(e.ctx(), batch, fields)
		if err != nil {
			e.fatalf("Read: %v", err)
		}
		if len(got) != len(batch) {
			e.fatalf("Read: %d results for %d ids", len(got), len(batch))
		}
		results = append(results, got...)
	}
	return results
}

// one reads one record, which has to be there.
func (e *exam) one(c connector.Connector, id string) contact.Record {
	rec, ok := e.all(c).records[id]
	if !ok {
		e.fatalf("a record that was written is not there")
	}
	return rec
}

// wantFields notes a fault for each of the named fields that does not mean what is wanted.
func (e *exam) wantFields(what string, names []string, want, got contact.Fields) {
	for _, name := range names {
		f, _ := e.schema.Field(name)
		if !same(f, want[name], got[name]) {
			e.errorf("%s: field %s: got %v, want %v", what, name, got[name], want[name])
		}
	}
}

// same reports whether two values mean the same in a field. The types and the primary flag of entries are left to
// the app: it may not know the ones that were asked for.
func same(f contact.Field, x, y contact.Value) bool {
	if x.Blank() || y.Blank() {
		return x.Blank() == y.Blank()
	}
	if f.Many {
		return slices.Equal(entryKeys(f, x), entryKeys(f, y))
	}
	return f.Same(x, y, "")
}

func entryKeys(f contact.Field, v contact.Value) []string {
	var keys []string
	for _, entry := range v.Entries() {
		keys = append(keys, f.EntryKey(entry, ""))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
