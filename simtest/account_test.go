package simtest_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// crm is a small app with a feed of what changed, and with the fault that broken names.
type crm struct {
	broken  string
	clock   connector.Clock
	made    int
	records map[string]contact.Record
	log     []string // the id of each change, in order
}

func newCRM(broken string, clock connector.Clock) *crm {
	return &crm{broken: broken, clock: clock, records: map[string]contact.Record{}}
}

var crmFields = []contact.Field{
	{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
	{Name: "first", Type: contact.TypeText, Meaning: "first"},
	{Name: "last", Type: contact.TypeText, Meaning: "last"},
	{Name: "phone", Type: contact.TypePhone, Meaning: "phone"},
	{Name: "born", Type: contact.TypeDate},
	{Name: "stage", Type: contact.TypeChoice, Options: []string{"lead", "customer"}},
	{Name: "labels", Type: contact.TypeSet, Meaning: "tags"},
}

// put stores what a record holds from now on.
func (c *crm) put(id string, fields contact.Fields) contact.Record {
	c.log = append(c.log, id)
	for name, v := range fields {
		if v.Blank() {
			delete(fields, name)
		}
	}
	c.records[id] = contact.Record{ID: id, Version: strconv.Itoa(len(c.log)), Modified: c.clock.Now(), Fields: fields}
	return c.records[id]
}

func (c *crm) drop(id string) error {
	if _, ok := c.records[id]; !ok {
		return connector.ErrNotFound
	}
	delete(c.records, id)
	c.log = append(c.log, id)
	return nil
}

// What its users do.

func (c *crm) All() (all []contact.Record, err error) {
	for _, r := range c.records {
		all = append(all, r)
	}
	return all, nil
}

func (c *crm) Add(fields contact.Fields) error {
	c.made++
	c.put(fmt.Sprint("crm", c.made), fields.Clone())
	return nil
}

func (c *crm) Change(id string, fields contact.Fields) error {
	r, ok := c.records[id]
	if !ok {
		return connector.ErrNotFound
	}
	all := r.Fields.Clone()
	for name, v := range fields {
		all[name] = v
	}
	c.put(id, all)
	return nil
}

func (c *crm) Drop(id string) error { return c.drop(id) }

// What its connector does.

func (c *crm) Connect() (connector.Connector, error) { return c, nil }

func (c *crm) Schema(context.Context) (contact.Schema, error) {
	return contact.Schema{Fields: slices.Clone(crmFields), Versions: true, Tombstones: true, Modified: true, Batch: contact.Batch{Create: 3, Update: 3, Delete: 3}}, nil
}

func (c *crm) Changes(_ context.Context, q connector.Query) (connector.Page, error) {
	since, all := strings.CutPrefix(string(q.Since), "all from ") // the pass over everything goes on
	at := 0
	if q.Since != "" {
		n, err := strconv.Atoi(since)
		if err != nil || n > len(c.log) {
			return connector.Page{}, connector.ErrCursorExpired
		}
		at = n
	}
	all = all || q.Since == ""
	end := min(at+4, len(c.log))
	page := connector.Page{Next: connector.Cursor(strconv.Itoa(end)), More: end < len(c.log)}
	if all && page.More {
		page.Next = "all from " + page.Next
	}
	page.Complete = all && !page.More
	for i, id := range c.log[at:end] {
		if slices.Contains(c.log[at+i+1:], id) {
			continue // told later
		}
		r, ok := c.records[id]
		switch {
		case ok:
			page.Records = append(page.Records, only(r, q.Fields))
		case c.broken == "forgets deletions":
		default:
			page.Deleted = append(page.Deleted, id)
		}
	}
	return page, nil
}

// only returns a record with the fields that are asked for, empty ones included.
func only(r contact.Record, names []string) contact.Record {
	fields := contact.Fields{}
	for _, name := range names {
		fields[name] = contact.Empty
		if v, ok := r.Fields[name]; ok {
			fields[name] = v
		}
	}
	r.Fields = fields
	return r
}

func (c *crm) Apply(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
	var results []connector.Result
	for _, w := range writes {
		r, err := c.write(w)
		results = append(results, connector.Result{Record: r, Err: err})
	}
	return results, nil
}

func (c *crm) write(w connector.Write) (contact.Record, error) {
	r, ok := c.records[w.ID]
	switch {
	case w.Op != connector.Create && !ok:
		return contact.Record{ID: w.ID}, connector.ErrNotFound
	case w.Op != connector.Create && w.Version != "" && w.Version != r.Version:
		return contact.Record{ID: w.ID}, connector.ErrVersionConflict
	case w.Op == connector.Delete:
		return contact.Record{ID: w.ID}, c.drop(w.ID)
	case w.Op == connector.Update && c.broken == "writes nothing":
		return contact.Record{ID: w.ID, Version: r.Version}, nil
	}
	fields, id := r.Fields.Clone(), w.ID
	if w.Op == connector.Create {
		c.made++
		fields, id = contact.Fields{}, fmt.Sprint("crm", c.made)
	}
	if w.Op == connector.Update && c.broken == "loses a field" {
		if _, asked := w.Patch["last"]; !asked {
			delete(fields, "last")
		}
	}
	for _, f := range crmFields {
		if change, ok := w.Patch[f.Name]; ok {
			fields[f.Name] = change.Apply(fields[f.Name], f)
		}
	}
	return c.put(id, fields), nil
}
