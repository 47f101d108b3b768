package source

import (
	"context"
	"fmt"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// Newest is a feed that is a search of what changed since a time, newest first, of an app that takes times only
// coarsely, such as by the day, and whose pages may be counted from the beginning. A record that changes while they
// are read jumps to the front; the next pass, which begins before this one began, tells it. Records that go away let
// others slip to pages that were read, so a search of several pages is read again until nobody has gone away
// meanwhile. A pass over everything ends with the front once more, and is complete if that is one page. One of more
// than 300 pages is not read again and is never complete. It is safe for use by several goroutines.
type Newest struct {
	// Search returns one page of the records that changed at or after since, newest first; older ones may come, too.
	// The zero since asks for all. page is what the page before said, "" on the first.
	Search func(ctx context.Context, since time.Time, page string, fields []string) (FoundPage, error)
	// Grain is how much later than it was asked to the search may begin: 48 hours if it takes days of an unknown time
	// zone.
	Grain time.Duration
	// Overlap is at least how long the search may take to show a change, and the resolution of the times that it tells.
	Overlap time.Duration
	// Sweep is after how long everything is read again, so that deletions show which the search does not tell: 0 is
	// never.
	Sweep time.Duration
	// Partial: a pass over everything does not name every record that the app has; its schema is Unlistable.
	Partial bool

	rounds rounds
}

// A FoundPage is one page of a search that is newest first.
type FoundPage struct {
	Items []Item
	Next  string    // how the next page is asked for, "" if there is none
	Now   time.Time // the app's clock, as in [Found]
}

const newestKind = "n1"

type newestCursor struct {
	From  time.Time `json:",omitzero"`  // what changed from then on is told
	Full  time.Time `json:",omitzero"`  // start of the last pass over everything
	All   bool      `json:",omitempty"` // this pass is over everything
	Again bool      `json:",omitempty"` // it was, and has proved nothing

	Start time.Time `json:",omitzero"` // of this pass, by the app's clock; zero if it has not begun
	Pass  string    `json:",omitempty"`
	Round int       `json:",omitempty"`
	Pages int       `json:",omitempty"` // of this round that were read
	Page  string    `json:",omitempty"`
	Front bool      `json:",omitempty"` // all was read, and the front is read once more
}

// Changes returns one page, as [connector.Connector] asks for it.
func (f *Newest) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	var c newestCursor
	if err := decode(newestKind, q.Since, &c); err != nil {
		return connector.Page{}, err
	}
	if c.Again {
		return connector.Page{}, fmt.Errorf("%w: the last pass over everything was not at rest", connector.ErrCursorExpired)
	}
	c.All = c.All || q.Since == ""
	if !f.rounds.goesOn(c.Pass, c.Round) {
		c.Pass, c.Round, c.Pages, c.Page, c.Front = f.rounds.begin(), 1, 0, "", false
	}
	found, err := f.Search(ctx, f.since(&c), c.Page, q.Fields)
	if err != nil {
		return connector.Page{}, err
	}
	if err := f.start(&c, found.Now); err != nil {
		return connector.Page{}, err
	}
	page, over, err := f.take(&c, found.Items)
	if err != nil {
		return connector.Page{}, err
	}
	c.Pages++
	if c.Page = found.Next; over {
		c.Page = ""
	}
	f.finish(&c, &page)
	page.Next = encode(newestKind, c)
	return page, nil
}

// from returns what a page tells: what changed from then on.
func (f *Newest) from(c *newestCursor) time.Time {
	if c.Front {
		return c.Start.Add(-f.Overlap)
	}
	return c.From
}

// since returns what the app is asked for, so that it tells at least what changed from then on.
func (f *Newest) since(c *newestCursor) time.Time {
	if from := f.from(c); !from.IsZero() {
		return from.Add(-f.Grain)
	}
	return time.Time{}
}

// start notes when a pass began, and whether one over everything is due instead.
func (f *Newest) start(c *newestCursor, now time.Time) error {
	switch {
	case now.IsZero():
		return fmt.Errorf("%w: a search without the time of its answer", connector.ErrContract)
	case !c.Start.IsZero():
	case !c.All && f.Sweep > 0 && now.Sub(c.Full) >= f.Sweep:
		return fmt.Errorf("%w: everything is read again every %s", connector.ErrCursorExpired, f.Sweep)
	default:
		c.Start = now
	}
	return nil
}

// take returns the items that are new enough as a page, and whether older ones have begun.
func (f *Newest) take(c *newestCursor, items []Item) (page connector.Page, over bool, err error) {
	var ids []string
	for i, item := range items {
		if i > 0 && item.At.After(items[i-1].At) {
			return page, false, fmt.Errorf("%w: the search is not newest first", connector.ErrContract)
		}
		if over = item.At.Before(f.from(c)); over {
			break
		}
		ids = append(ids, item.Record.ID)
		item.add(&page)
	}
	f.rounds.read(c.Pass, c.Round, ids)
	return page, over, nil
}

// finish decides what comes after a page, and makes c the cursor for it.
func (f *Newest) finish(c *newestCursor, page *connector.Page) {
	if c.Front {
		f.end(c, page, c.Page == "") // one answer is of one moment: whoever moved is at the front, all others were told
		return
	}
	if page.More = c.Page != ""; page.More {
		return
	}
	again, sure := f.rounds.next(c.Pass, c.Round, c.Pages)
	front := sure && c.All && c.Pages > 1
	if !again && !front {
		f.end(c, page, sure)
		return
	}
	page.More = true
	c.Round, c.Pages, c.Front = c.Round+1, 0, front
}

// end ends a pass. What one that is not sure has missed is told by the next; of one that is too long to be read
// again, by the next over everything.
func (f *Newest) end(c *newestCursor, page *connector.Page, sure bool) {
	f.rounds.end(c.Pass)
	if !sure && c.Pages <= maxAgain {
		*c = newestCursor{From: c.From, Full: c.Full, Again: c.All}
		return
	}
	page.Complete = c.All && sure && !f.Partial
	if c.All {
		c.Full = c.Start
	}
	*c = newestCursor{From: c.Start.Add(-f.Overlap), Full: c.Full}
}
