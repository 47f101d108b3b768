package main

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// Leads is the connector over the host's own table: all that a host writes.
type Leads struct{ db *Database }

var (
	_ connector.Connector = Leads{}
	_ connector.Reader    = Leads{}
	_ connector.Finder    = Leads{}
)

// pageSize is how many leads a page of changes tells, and how many one call writes or reads.
const pageSize = 100

// columns are the fields, and where a lead has them.
var columns = []struct {
	field contact.Field
	of    func(*Lead) *string
}{
	{contact.Field{Name: "first", Type: contact.TypeText, Meaning: "first"}, func(l *Lead) *string { return &l.First }},
	{contact.Field{Name: "last", Type: contact.TypeText, Meaning: "last"}, func(l *Lead) *string { return &l.Last }},
	{contact.Field{Name: "email", Type: contact.TypeEmail, Meaning: "email", Required: true}, func(l *Lead) *string { return &l.Email }},
	{contact.Field{Name: "phone", Type: contact.TypePhone, Meaning: "phone"}, func(l *Lead) *string { return &l.Phone }},
	{contact.Field{Name: "company", Type: contact.TypeText, Meaning: "company"}, func(l *Lead) *string { return &l.Company }},
}

// schema describes the table. It is the same for every customer here; a host whose customers add columns asks the
// database.
func schema() contact.Schema {
	s := contact.Schema{
		Versions: true, Tombstones: true, Modified: true, Marker: true,
		Batch: contact.Batch{Create: pageSize, Update: pageSize, Delete: pageSize, Read: pageSize},
	}
	for _, c := range columns {
		s.Fields = append(s.Fields, c.field)
	}
	s.Fields = append(s.Fields, contact.Field{Name: "tags", Type: contact.TypeSet})
	return s
}

// Schema describes the fields of a lead.
func (c Leads) Schema(ctx context.Context) (contact.Schema, error) { return schema(), ctx.Err() }

// Changes tells the leads that changed after the revision that the cursor names.
func (c Leads) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	from, all, ok := parseCursor(q.Since)
	changed, last := c.db.ChangedAfter(from, pageSize)
	if !ok || from > last { // above the last one: the database was restored from a backup
		return connector.Page{}, &connector.Error{App: "crm", Op: "changes", Err: connector.ErrCursorExpired}
	}
	page := connector.Page{More: len(changed) == pageSize}
	for _, lead := range changed {
		from = lead.Revision
		if !lead.Deleted {
			page.Records = append(page.Records, recordOf(lead, q.Fields))
		} else if !all {
			page.Deleted = append(page.Deleted, formatID(lead.ID))
		}
	}
	page.Complete = all && !page.More
	page.Next = cursor(from, all && page.More)
	return page, ctx.Err()
}

// everything begins the cursor of a pass over all leads, so that its last page can say that the pass was complete.
const everything = "all:"

func cursor(revision int64, all bool) connector.Cursor {
	if all {
		return connector.Cursor(everything + formatID(revision))
	}
	return connector.Cursor(formatID(revision))
}

func parseCursor(c connector.Cursor) (revision int64, all, ok bool) {
	text, all := strings.CutPrefix(cmp.Or(string(c), everything+"0"), everything)
	revision, err := strconv.ParseInt(text, 10, 64)
	return revision, all, err == nil && revision >= 0
}

// Apply carries out the writes, each in a transaction of its own.
func (c Leads) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(connector.ErrNotSent, err)
	}
	results := make([]connector.Result, len(writes))
	for i, w := range writes {
		lead, err := c.write(w)
		results[i] = connector.Result{Record: recordOf(lead, nil), Err: failure(w, err)}
	}
	return results, nil
}

func (c Leads) write(w connector.Write) (Lead, error) {
	id, revision := parseID(w.ID), parseID(w.Version)
	switch w.Op {
	case connector.Create:
		lead := Lead{SyncMarker: w.Marker}
		patch(&lead, w.Patch)
		return c.db.Insert(lead)
	case connector.Update:
		return c.db.Update(id, revision, func(lead *Lead) { patch(lead, w.Patch) })
	}
	return Lead{ID: id}, c.db.Delete(id, revision)
}

// patch changes the columns that p names.
func patch(lead *Lead, p contact.Patch) {
	s := schema()
	fields := p.Apply(recordOf(*lead, nil).Fields, &s)
	for _, col := range columns {
		*col.of(lead) = fields[col.field.Name].Str()
	}
	lead.Tags = fields["tags"].Elements()
}

// failure says in the connector's words what the host's own code refused. Whatever else went wrong stays as it is: then
// the sync does not know whether the write was carried out, and looks.
func failure(w connector.Write, err error) error {
	if err == nil {
		return nil
	}
	e := &connector.Error{App: "crm", Op: string(w.Op), RecordID: w.ID, Err: err}
	switch {
	case errors.Is(err, ErrNoLead):
		e.Err = connector.ErrNotFound
	case errors.Is(err, ErrStale):
		e.Err = connector.ErrVersionConflict
	case errors.Is(err, ErrNoEmail):
		e.Err, e.Field, e.Message = connector.ErrInvalid, "email", err.Error()
	}
	return e
}

// Read reads leads by id, so that a write that was refused as stale is decided again in the same sync.
func (c Leads) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	results := make([]connector.ReadResult, len(ids))
	for i, id := range ids {
		lead, err := c.db.Get(parseID(id))
		if err != nil {
			results[i].Err = connector.ErrNotFound
			continue
		}
		results[i].Record = recordOf(lead, append([]string{}, fields...))
	}
	return results, ctx.Err()
}

// Find finds the lead that a create made whose answer was lost, so that it is not made twice.
func (c Leads) Find(ctx context.Context, marker string, fields []string) (contact.Record, error) {
	lead, err := c.db.ByMarker(marker)
	if err != nil {
		return contact.Record{}, connector.ErrNotFound
	}
	return recordOf(lead, append([]string{}, fields...)), ctx.Err()
}

// recordOf returns a lead with the named fields, all for nil. A column without text is known to be empty.
func recordOf(lead Lead, fields []string) contact.Record {
	all := contact.Fields{"tags": contact.Set(lead.Tags...)}
	for _, col := range columns {
		all[col.field.Name] = contact.Text(*col.of(&lead))
	}
	rec := contact.Record{ID: formatID(lead.ID), Version: formatID(lead.Revision), Modified: lead.UpdatedAt, Fields: all}
	if fields != nil {
		rec.Fields = contact.Fields{}
		for _, name := range fields {
			rec.Fields[name] = all[name]
		}
	}
	return rec
}

func formatID(n int64) string { return strconv.FormatInt(n, 10) }

// parseID returns the number of an id or version: 0 for "", and -1, which no lead has, for what is none of ours.
func parseID(text string) int64 {
	n, err := strconv.ParseInt(cmp.Or(text, "0"), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
