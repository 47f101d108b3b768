package source

import (
	"context"

	"github.com/contactsync/contactsync/connector"
)

// Roll is the list of an app without a feed whose pages are counted from the beginning, so that a record slips to a
// page that was read when one before it goes away. The list is complete, and so proof of who is gone, once it was
// read again and nobody had gone away meanwhile; one that is never at rest, or has more than 300 pages, is told and
// proves nothing. It is safe for use by several goroutines.
type Roll struct {
	// Page returns one page of ids and versions in an order that stays; page is what the page before said, "" on the
	// first. Next, More and Complete of the listing are not looked at.
	Page func(ctx context.Context, page string) (listing connector.Listing, next string, err error)
	// Partial: the list does not name every record that the app has. Nobody is created in such an app.
	Partial bool

	rounds rounds
}

const rollKind = "l1"

type rollCursor struct {
	Pass  string
	Round int
	Pages int    `json:",omitempty"`
	Page  string `json:",omitempty"`
}

// List returns one page, as [connector.Lister] asks for it.
func (f *Roll) List(ctx context.Context, since connector.Cursor) (connector.Listing, error) {
	var c rollCursor
	if err := decode(rollKind, since, &c); err != nil {
		return connector.Listing{}, err
	}
	if !f.rounds.goesOn(c.Pass, c.Round) {
		c = rollCursor{Pass: f.rounds.begin(), Round: 1}
	}
	list, next, err := f.Page(ctx, c.Page)
	if err != nil {
		return connector.Listing{}, err
	}
	ids := make([]string, 0, len(list.Items)+len(list.Unread))
	for _, item := range list.Items {
		ids = append(ids, item.ID)
	}
	for _, u := range list.Unread {
		ids = append(ids, u.ID)
	}
	f.rounds.read(c.Pass, c.Round, ids)
	c.Pages++
	c.Page = next
	list.More, list.Complete = next != "", false
	if !list.More {
		again, sure := f.rounds.next(c.Pass, c.Round, c.Pages)
		list.More, list.Complete = again, sure && !f.Partial
		c.Round, c.Pages = c.Round+1, 0
		if !again {
			f.rounds.end(c.Pass)
		}
	}
	list.Next = encode(rollKind, c)
	return list, nil
}
