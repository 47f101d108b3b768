// Package connector40 is a complete connector: a map in memory, a counter, and three methods of some forty lines of code
// together. Copy it to begin one of your own; its test shows that nothing is missing.
//
// The counter counts the changes, and that one number does three things. A record's version is the count at its last
// change, so a write that was decided on an older one is refused. A cursor is the count when the feed was read, so
// what has a higher one is what changed since then. And the id of a new record is the count at its creation.
//
// [Book.Schema] says what the fields are, and that records have versions and deletions are told. What a field means is
// how default mappings find it.
//
// [Book.Changes] names what changed behind the cursor, in one page and in any order. From the zero cursor it names
// everybody, and says so (Complete): only then is somebody who was not named known to be missing. Deleted records stay
// in the map without fields, for the feed has to name them. A field that is asked for and not there is told as empty:
// absent would mean that it was not read. A cursor that was never given is refused, and the sync reads all again.
//
// [Book.Apply] gets one write at a time, as the schema names no batch, and answers with the record as it is held now.
// [contact.Patch.Apply] adds and removes elements of sets and lists. A failed write has changed nothing, and says so by
// an error of package connector; any other error would mean that nobody knows.
//
// Calls are neither retried nor limited here: the library does that for every connector.
package connector40

import (
	"cmp"
	"context"
	"strconv"
	"sync"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// A Book is an address book in memory, and the connector to it.
type Book struct {
	mu      sync.Mutex
	people  map[string]contact.Record // by id; deleted ones have no fields
	changes int
}

// New returns an empty book.
func New() *Book { return &Book{people: map[string]contact.Record{}} }

// Schema describes the fields.
func (b *Book) Schema(context.Context) (contact.Schema, error) {
	return contact.Schema{Versions: true, Tombstones: true, Fields: []contact.Field{
		{Name: "name", Type: contact.TypeText, Meaning: "name"},
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "tags", Type: contact.TypeSet},
	}}, nil
}

// Changes names what changed since the cursor.
func (b *Book) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	since, err := strconv.Atoi(cmp.Or(string(q.Since), "0"))
	if err != nil || since > b.changes {
		return connector.Page{}, connector.ErrCursorExpired
	}
	page := connector.Page{Next: connector.Cursor(strconv.Itoa(b.changes)), Complete: q.Since == ""}
	for id, held := range b.people {
		told := contact.Record{ID: id, Version: held.Version, Fields: contact.Fields{}}
		for _, name := range q.Fields {
			told.Fields[name] = cmp.Or(held.Get(name), contact.Empty)
		}
		if changed, _ := strconv.Atoi(held.Version); changed <= since {
			continue
		} else if held.Fields == nil {
			page.Deleted = append(page.Deleted, id)
		} else {
			page.Records = append(page.Records, told)
		}
	}
	return page, ctx.Err()
}

// Apply carries out one write.
func (b *Book) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := writes[0]
	held := b.people[w.ID]
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case w.Op == connector.Create:
		w.ID = strconv.Itoa(b.changes + 1)
	case held.Fields == nil:
		return nil, connector.ErrNotFound
	case w.Version != "" && w.Version != held.Version:
		return nil, connector.ErrVersionConflict
	}
	b.changes++
	now := contact.Record{ID: w.ID, Version: strconv.Itoa(b.changes)}
	if w.Op != connector.Delete {
		schema, _ := b.Schema(ctx)
		now.Fields = w.Patch.Apply(held.Fields, &schema)
	}
	b.people[w.ID] = now
	return []connector.Result{{Record: now}}, nil
}
