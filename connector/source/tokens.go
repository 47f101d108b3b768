package source

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// Tokens is a feed whose position the app keeps: a pass over everything ends with a token, and a pass with that token
// tells what has changed since. It is safe for use by several goroutines.
type Tokens struct {
	// Page asks the app for one page. It fails with [connector.ErrCursorExpired] if the app no longer knows at.Sync or
	// at.Page; what was read since then is read again.
	Page func(ctx context.Context, at Position, fields []string) (TokenPage, error)
	// Partial: a pass over everything does not name every record that the app has; its schema is Unlistable.
	Partial bool
	// MaxAge is how old a token may become before a pass over everything is due, counted from the last one; 0 means
	// that only the app says so. It is for apps that forget tokens after some days or that forget to tell a change.
	MaxAge time.Duration
	// Clock tells the age; nil is the machine's.
	Clock connector.Clock
}

// A Position is where a page begins. The zero Position is the first page of a pass over everything.
type Position struct {
	Sync string // the token that the last pass ended with; "" asks for everything
	Page string // the token of a further page of this pass
}

// A TokenPage is one page as the app told it. Of the Page inside Next and Complete are set by [Tokens], and More need
// not be set where NextPage is.
type TokenPage struct {
	connector.Page
	// NextPage is the token of the next page of this pass, "" if this is the last one. An app that has no such tokens
	// and goes on with another NextSync says More (RFC 6578 section 3.6).
	NextPage string
	// NextSync is the token of the next pass; on the last page it must be there.
	NextSync string
}

const tokensKind = "t1"

// tokensCursor is a position with what must be known of the pass.
type tokensCursor struct {
	Position
	Fields string    `json:",omitempty"` // that the tokens were got with
	Full   bool      `json:",omitempty"` // this pass is over everything
	Midway bool      `json:",omitempty"`
	Began  time.Time `json:",omitzero"` // the last pass over everything
}

// Changes returns one page, as [connector.Connector] asks for it. Tokens belong to the fields that they were got
// with: with others the cursor has expired.
func (f *Tokens) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	var c tokensCursor
	if err := decode(tokensKind, q.Since, &c); err != nil {
		return connector.Page{}, err
	}
	asked := fieldList(q.Fields)
	switch now := f.now(); {
	case q.Since == "":
		c = tokensCursor{Fields: asked, Full: true, Began: now}
	case c.Fields != asked:
		return connector.Page{}, fmt.Errorf("%w: it was got with other fields", connector.ErrCursorExpired)
	case !c.Midway && f.MaxAge > 0 && now.Sub(c.Began) >= f.MaxAge:
		return connector.Page{}, fmt.Errorf("%w: everything is read again every %s", connector.ErrCursorExpired, f.MaxAge)
	}
	got, err := f.Page(ctx, c.Position, q.Fields)
	if err != nil {
		return connector.Page{}, err
	}
	page := got.Page
	page.More = got.NextPage != "" || page.More
	if got.NextPage == "" && got.NextSync == "" {
		return connector.Page{}, fmt.Errorf("%w: the page leads nowhere: it bears no token", connector.ErrContract)
	}
	page.Complete = c.Full && !page.More && !f.Partial
	next := tokensCursor{Fields: asked, Full: c.Full && page.More, Midway: page.More, Began: c.Began}
	if got.NextPage != "" {
		next.Position = Position{Sync: c.Sync, Page: got.NextPage}
	} else {
		next.Position = Position{Sync: got.NextSync}
	}
	page.Next = encode(tokensKind, next)
	return page, nil
}

func (f *Tokens) now() time.Time {
	if f.MaxAge == 0 {
		return time.Time{}
	}
	if f.Clock == nil {
		return connector.SystemClock{}.Now()
	}
	return f.Clock.Now()
}

// fieldList returns a list of fields as a cursor keeps it.
func fieldList(fields []string) string {
	sorted := slices.Sorted(slices.Values(fields))
	return strings.Join(sorted, ",")
}
