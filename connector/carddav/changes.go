package carddav

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/contactsync/contactsync/connector"
)

// A listed card is what a server tells of one without its content: by id, the ETag.
type listed map[string]string

// Changes names what changed since a cursor, by the server's sync tokens (RFC 6578). A server without them has everything
// named anew where its ctag changed, or each time if it has none. A change of a card that stands for a group changes the
// labels of others, so then everything is named, too; what is known as it is need not be read.
func (b *book) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	f, err := b.open(ctx)
	if err != nil {
		return connector.Page{}, err
	}
	at, err := positionOf(f, q.Since, b.account.Clock.Now())
	if err != nil {
		return connector.Page{}, err
	}
	if at.Unable {
		b.giveUpFilters()
	}
	if at.Weak {
		b.noteETag("")
	}
	var page connector.Page
	if f.sync {
		page, err = b.synced(ctx, f, at)
	} else {
		page, err = b.compared(ctx, f, at)
	}
	if err != nil {
		return connector.Page{}, err
	}
	return page, nil
}

// A delta is what a sync-collection report says.
type delta struct {
	changed   listed
	deleted   map[string]bool
	unread    map[string]error
	truncated bool // there is more behind the token
	expired   bool // the token is none
}

// take takes one response of the report.
func (d *delta) take(f found, r response) error {
	if r.failed.kid(nsDAV, "valid-sync-token") != nil {
		d.expired = true
		return nil
	}
	if u, err := f.client.Base().Parse(r.href); err == nil && samePath(u.Path, f.client.Base().Path) {
		d.truncated = d.truncated || r.status == http.StatusInsufficientStorage || r.failed.kid(nsDAV, "number-of-matches-within-limits") != nil
		return nil
	}
	id, ok := idOf(f.client.Base(), r.href)
	switch {
	case !ok:
	case r.status == http.StatusNotFound || r.status == http.StatusGone:
		d.deleted[id] = true
		delete(d.changed, id)
	case r.status >= 300:
		d.unread[id] = &connector.Error{App: appID, Op: "changes", RecordID: id, Err: connector.ErrForbidden, Message: "the server names the card and does not tell it"}
	default:
		d.changed[id] = r.text(nsDAV, "getetag")
		delete(d.deleted, id)
	}
	return nil
}

// synced names what changed since a sync token.
func (b *book) synced(ctx context.Context, f found, at position) (connector.Page, error) {
	d := &delta{changed: listed{}, deleted: map[string]bool{}, unread: map[string]error{}}
	next, err := f.client.syncCollection(ctx, at.Token, func(r response) error { return d.take(f, r) })
	switch {
	case at.Token != "" && (d.expired || refused(err, nsDAV, "valid-sync-token") || fellOver(err)):
		return connector.Page{}, expired()
	case d.expired:
		return connector.Page{}, &connector.Error{App: appID, Op: "changes", Err: errXML, Message: "the server refuses to begin"}
	case err != nil:
		return connector.Page{}, err
	case next == "":
		return connector.Page{}, &connector.Error{App: appID, Op: "changes", Err: errXML, Message: "the changes come without a token"}
	}
	passing := at.Token == "" || at.Passing
	to := position{Book: at.Book, Token: next, Groups: at.Groups, Whole: at.Whole, Passing: passing && d.truncated}
	page := connector.Page{More: d.truncated, Complete: passing && !d.truncated, Deleted: slices.Sorted(maps.Keys(d.deleted))}
	if len(d.changed) > 0 || len(d.deleted) > 0 || at.Token == "" {
		g, err := b.groupsSince(ctx, f, at, d.changed)
		if err != nil {
			return connector.Page{}, err
		}
		if to.Groups = g.digest(); at.Token != "" && to.Groups != at.Groups {
			return connector.Page{}, expired()
		}
		if page.Named, err = b.named(ctx, f, g, d.changed); err != nil {
			return connector.Page{}, err
		}
	}
	page.Unread = unread(d.unread)
	to.Unable, to.Weak = !b.filters(), b.cannotRefuse()
	page.Next = to.cursor()
	return page, nil
}

// fellOver reports whether a server fails with what may be a token that it does not know: not all say so. Asking for
// everything then does no harm, and fails as well if it is something else.
func fellOver(err error) bool {
	switch statusIn(err) {
	case http.StatusBadRequest, http.StatusConflict, http.StatusGone, http.StatusPreconditionFailed, http.StatusInternalServerError:
		return true
	}
	return false
}

func unread(faults map[string]error) (list []connector.Unread) {
	for _, id := range slices.Sorted(maps.Keys(faults)) {
		list = append(list, connector.Unread{ID: id, Err: faults[id]})
	}
	return list
}

// compared names everything of a server without sync tokens, unless the book's ctag is what it was.
func (b *book) compared(ctx context.Context, f found, at position) (connector.Page, error) {
	if at.CTag != "" {
		ctag := ""
		_, err := f.client.propfind(ctx, "changes", f.client.Base().EscapedPath(), "0", "<S:getctag/>", func(r response) error {
			ctag = r.text(nsServer, "getctag")
			return nil
		})
		switch {
		case err != nil:
			return connector.Page{}, err
		case ctag == at.CTag:
			return connector.Page{Next: at.cursor()}, nil
		}
	}
	all, err := b.list(ctx, f)
	if err != nil {
		return connector.Page{}, err
	}
	page := connector.Page{Named: all.items, Complete: all.complete}
	if all.complete { // else everything is asked for again
		page.Next = position{Book: at.Book, CTag: all.ctag, Whole: b.account.Clock.Now().Unix(), Unable: !b.filters(), Weak: b.cannotRefuse()}.cursor()
	}
	return page, nil
}

// everything is what a server tells of all cards of the book.
type everything struct {
	items    []connector.Item
	ctag     string
	complete bool
}

// list asks for the ETags of all cards. A server that does not tell all says so with a status 507.
func (b *book) list(ctx context.Context, f found) (everything, error) {
	all, there := everything{complete: true}, listed{}
	_, err := f.client.propfind(ctx, "list", f.client.Base().EscapedPath(), "1", "<D:getetag/><D:resourcetype/><S:getctag/>", func(r response) error {
		if r.status == http.StatusInsufficientStorage || r.failed != nil {
			all.complete = false
		}
		u, err := f.client.Base().Parse(r.href)
		if err == nil && samePath(u.Path, f.client.Base().Path) {
			all.ctag = r.text(nsServer, "getctag")
			return nil
		}
		if id, ok := idOf(f.client.Base(), r.href); ok && r.props.kid(nsDAV, "resourcetype").kid(nsDAV, "collection") == nil &&
			r.status != http.StatusNotFound {
			there[id] = r.text(nsDAV, "getetag")
		}
		return nil
	})
	if err != nil {
		return everything{}, err
	}
	g, err := b.freshGroups(ctx, f)
	if err == nil {
		all.items, err = b.named(ctx, f, g, there)
	}
	return all, err
}

// List names all cards with their versions, on one page.
func (b *book) List(ctx context.Context, _ connector.Cursor) (connector.Listing, error) {
	f, err := b.open(ctx)
	if err != nil {
		return connector.Listing{}, err
	}
	all, err := b.list(ctx, f)
	if err != nil {
		return connector.Listing{}, err
	}
	return connector.Listing{Items: all.items, Complete: all.complete}, nil
}

// named returns the cards, without those that stand for groups, with their versions.
func (b *book) named(ctx context.Context, f found, g *groups, there listed) ([]connector.Item, error) {
	uids, err := b.identify(ctx, f, g, there)
	if err != nil {
		return nil, err
	}
	items := make([]connector.Item, 0, len(there))
	for _, id := range slices.Sorted(maps.Keys(there)) {
		if g.byID[id] != nil {
			continue
		}
		item := connector.Item{ID: id}
		uid, known := uids[id]
		b.noteETag(there[id])
		if etag := there[id]; etag != "" && len(etag) <= maxETag && (known || len(g.byID) == 0) {
			item.Version = versionOf(etag, "", g.labels(uid))
		}
		items = append(items, item)
	}
	return items, nil
}
