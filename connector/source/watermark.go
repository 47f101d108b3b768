package source

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// Watermark is a feed that is a search by the time of the last change, oldest first. A page goes on behind the last
// record of the page before, by time and id and never by a count, so that records which move to the end while it is
// read are told where they are now and none is skipped. A pass begins where the one before began, by the app's clock,
// less Overlap. It is safe for use by several goroutines.
type Watermark struct {
	// Search returns the next records behind a mark, in the order of their time and, where that is equal, their id.
	// Of the zero mark it returns the first of all records.
	Search func(ctx context.Context, after Mark, fields []string) (Found, error)
	// Overlap is at least how long the search may take to show a change, and the resolution of its times.
	Overlap time.Duration
	// Sweep is after how long everything is read again, so that deletions show which the search does not tell: 0 is
	// never.
	Sweep time.Duration
	// Partial: a pass over everything does not name every record that the app has; its schema is Unlistable.
	Partial bool
}

// A Mark is a place in the order of the last changes: behind all that changed earlier, and at the same time with a
// lesser id. The zero Mark is before everything.
type Mark struct {
	At time.Time
	ID string
}

// compare returns how m lies to o: negative if it is before it.
func (m Mark) compare(o Mark) int { return cmp.Or(m.At.Compare(o.At), cmp.Compare(m.ID, o.ID)) }

// An Item is one record that a search found.
type Item struct {
	At      time.Time      // of its last change, by the app's clock
	Record  contact.Record // of one that is gone or could not be read, its ID
	Deleted bool           // the record is gone
	Err     error          // it could not be read, and why
}

// mark returns where an item is.
func (i Item) mark() Mark { return Mark{i.At, i.Record.ID} }

// add puts an item onto a page.
func (i Item) add(page *connector.Page) {
	switch {
	case i.Err != nil:
		page.Unread = append(page.Unread, connector.Unread{ID: i.Record.ID, Err: i.Err})
	case i.Deleted:
		page.Deleted = append(page.Deleted, i.Record.ID)
	default:
		page.Records = append(page.Records, i.Record)
	}
}

// Found is one answer of a search.
type Found struct {
	Items []Item
	More  bool // there are more behind the last item
	// Now is the app's clock as it answered: the Date of an answer over HTTP. Where the app does not tell it, it is
	// this machine's, and Overlap covers how far the two may be apart.
	Now time.Time
}

const watermarkKind = "w1"

type watermarkCursor struct {
	After Mark      `json:",omitzero"` // behind which the next page begins
	Start time.Time `json:",omitzero"` // of this pass, by the app's clock; zero if it has not begun
	Full  time.Time `json:",omitzero"` // of the last pass over everything
	All   bool      `json:",omitempty"`
}

// Changes returns one page, as [connector.Connector] asks for it.
func (f *Watermark) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	var c watermarkCursor
	if err := decode(watermarkKind, q.Since, &c); err != nil {
		return connector.Page{}, err
	}
	c.All = c.All || q.Since == ""
	found, err := f.Search(ctx, c.After, q.Fields)
	if err != nil {
		return connector.Page{}, err
	}
	if found.Now.IsZero() {
		return connector.Page{}, fmt.Errorf("%w: a search without the time of its answer", connector.ErrContract)
	}
	if c.Start.IsZero() {
		c.Start = found.Now
		if !c.All && f.Sweep > 0 && found.Now.Sub(c.Full) >= f.Sweep {
			return connector.Page{}, fmt.Errorf("%w: everything is read again every %s", connector.ErrCursorExpired, f.Sweep)
		}
	}
	page := connector.Page{More: found.More, Complete: c.All && !found.More && !f.Partial}
	last := c.After
	for i, item := range found.Items {
		if i > 0 && item.mark().compare(found.Items[i-1].mark()) < 0 {
			return connector.Page{}, fmt.Errorf("%w: the search is not in the order of time and id", connector.ErrContract)
		}
		if item.mark().compare(last) > 0 {
			last = item.mark()
		}
		item.add(&page)
	}
	if found.More && last == c.After {
		return connector.Page{}, fmt.Errorf("%w: the search has more and does not go on", connector.ErrPaginationLoop)
	}
	if c.All {
		c.Full = c.Start
	}
	next := watermarkCursor{After: last, Start: c.Start, Full: c.Full, All: c.All}
	if !found.More {
		next = watermarkCursor{After: Mark{At: c.Start.Add(-f.Overlap)}, Full: c.Full}
	}
	page.Next = encode(watermarkKind, next)
	return page, nil
}
