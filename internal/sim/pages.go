package sim

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// behind is a position from which the app tells everything again, and that is not the beginning: what a cut-off page left
// out is not lost for ever.
const behind = connector.Cursor("0")

// Changes returns a page of the app's feed, with what goes wrong with it.
func (s *seat) Changes(ctx context.Context, q connector.Query) (page connector.Page, err error) {
	err = s.call(ctx, "changes", func(f *Fault) (err error) {
		if s.expired(f, q.Since) {
			return &connector.Error{App: appName(s.index), Op: "changes", Err: connector.ErrCursorExpired}
		}
		if again := s.again; again != nil && again.Next == q.Since {
			s.again = nil
			page = *again
			return nil
		}
		s.again = nil
		if page, err = s.via.Changes(ctx, q); err != nil {
			return err
		}
		for i := range page.Records {
			s.poison(&page.Records[i])
		}
		s.spoil(f, q, &page)
		s.given(page.Next)
		if page.More && page.Next == "" {
			return nil // it is no page, and nobody may believe what stands in it
		}
		s.showPage(q, &page)
		s.fidget()
		return nil
	})
	return page, err
}

// expired reports whether the app no longer knows a cursor.
func (s *seat) expired(f *Fault, since connector.Cursor) bool {
	if since == "" {
		return false
	}
	if s.swept() {
		return true
	}
	if f.is("expired") {
		s.w.fire(f.Family, f.Kind, "")
		return true
	}
	life := time.Duration(s.spec.CursorLife) * time.Minute
	if at, ok := s.w.issued[s.index][since]; ok && life > 0 && s.w.now.Sub(at) > life {
		s.w.fired["F6 life"]++
		return true
	}
	return false
}

// sweep is after how long a connector of an app that leaves changes out has everything read again.
const sweep = 24 * time.Hour

// swept reports whether it is time to: the connector says then that the cursor has expired.
func (s *seat) swept() bool {
	slot := 2*s.conn + s.side
	at, omitted := s.w.omitted[slot]
	if !omitted || !s.w.calm && s.w.now.Sub(at) < sweep {
		return false
	}
	delete(s.w.omitted, slot)
	s.w.fired["F8 sweep"]++
	return true
}

// omit leaves the last change out of a page, for the engine to find out when everything is read again.
func (s *seat) omit(page *connector.Page) {
	if n := len(page.Deleted); n > 0 {
		page.Deleted = page.Deleted[:n-1]
	} else {
		page.Records = page.Records[:len(page.Records)-1]
	}
	if slot := 2*s.conn + s.side; s.w.omitted[slot].IsZero() {
		s.w.omitted[slot] = s.w.now
	}
}

// given notes when the app gave a cursor.
func (s *seat) given(c connector.Cursor) { s.w.issued[s.index][c] = s.w.now }

// spoil does to a page what the fault says.
func (s *seat) spoil(f *Fault, q connector.Query, page *connector.Page) {
	if f == nil {
		return
	}
	full := q.Since == "" || s.spec.NoTombs
	switch {
	case f.Kind == "empty" && full && !s.spec.Bare && s.knows():
		*page = connector.Page{Next: behind, Complete: true}
	case f.Kind == "truncated" && full && len(page.Records) > 0:
		page.Records, page.Next, page.More, page.Complete = page.Records[:len(page.Records)/2], behind, false, false
	case f.Kind == "endless":
		*page = connector.Page{Next: endless(f, q.Since), More: true}
	case f.Kind == "no_cursor":
		page.Next, page.More, page.Complete = "", true, false
	case f.Kind == "page_again":
		again := *page
		s.again = &again
		page.More, page.Complete = true, false
	case f.Kind == "stale" && s.older(page) != nil:
		page.Records = append([]contact.Record{*s.older(page)}, page.Records...)
	case f.Kind == "double" && len(page.Records) > 0:
		page.Records = append(page.Records, page.Records[0])
	case f.Kind == "omitted" && !full && !page.Complete && len(page.Records)+len(page.Deleted) > 0:
		s.omit(page)
	case f.Kind == "unread" && len(page.Records) > 0:
		last := page.Records[len(page.Records)-1]
		page.Records = page.Records[:len(page.Records)-1]
		page.Unread = append(page.Unread, connector.Unread{ID: last.ID, Err: errUnread})
		s.w.mend[[2]string{appName(s.index), last.ID}] = true
	default:
		return
	}
	s.w.fire(f.Family, f.Kind, "changes")
}

// errUnread is why a record cannot be read.
var errUnread = &connector.Error{Op: "changes", Err: connector.ErrInvalid, Message: "half a record"}

// endless returns a cursor that leads nowhere: always the same, or in a circle.
func endless(f *Fault, since connector.Cursor) connector.Cursor {
	if f.N%2 == 0 && since != "" {
		return since
	}
	if since == "round" {
		return "and round"
	}
	return "round"
}

// knows reports whether an engine has been shown records of the app.
func (s *seat) knows() bool { return len(s.w.shown[2*s.conn+s.side]) > 0 }

// older returns what was told before of a record that the page tells anew, nil if there is none.
func (s *seat) older(page *connector.Page) *contact.Record {
	for _, r := range page.Records {
		if old, ok := s.w.told[s.index][r.ID]; ok && old.Fields.Digest() != r.Fields.Digest() && len(old.Fields) == len(r.Fields) {
			return &old
		}
	}
	return nil
}

// showPage tells what a page shows.
func (s *seat) showPage(q connector.Query, page *connector.Page) {
	if q.Since == "" || s.spec.NoTombs && !strings.Contains(string(q.Since), ":") {
		s.named = map[string]bool{}
	}
	s.mention(page.Named)
	s.tellPage(page)
}

// mention notes records that are named: who is named is there.
func (s *seat) mention(items []connector.Item) {
	for _, item := range items {
		if s.named != nil {
			s.named[item.ID] = true
		}
	}
}

// tellPage tells what a page shows, of which it is known whether it begins a pass.
func (s *seat) tellPage(page *connector.Page) {
	for _, r := range page.Rekeyed {
		s.showGone(r.Old, r.New)
	}
	for _, r := range page.Records {
		s.show(r)
		s.w.told[s.index][r.ID] = r
		if s.named != nil {
			s.named[r.ID] = true
		}
	}
	for _, u := range page.Unread {
		if s.named != nil {
			s.named[u.ID] = true
		}
	}
	for _, item := range page.Named {
		if s.named != nil {
			s.named[item.ID] = true
		}
	}
	for _, id := range page.Deleted {
		s.showGone(id, "")
	}
	if page.Complete {
		s.showAbsent()
	}
}

// showAbsent tells that records are gone which a complete pass did not name.
func (s *seat) showAbsent() {
	if s.named == nil {
		return // the pass began in another process
	}
	var absent []string
	for id := range s.w.shown[2*s.conn+s.side] {
		if !s.named[id] {
			absent = append(absent, id)
		}
	}
	slices.Sort(absent)
	for _, id := range absent {
		s.showGone(id, "")
	}
	s.named = nil
}

// List returns a page of ids and versions, with what goes wrong with it.
func (s *seat) List(ctx context.Context, since connector.Cursor) (page connector.Listing, err error) {
	err = s.call(ctx, "list", func(f *Fault) (err error) {
		if page, err = s.can.Lister.List(ctx, since); err != nil {
			return err
		}
		if since == "" || s.named == nil {
			s.named = map[string]bool{}
		}
		s.spoilList(f, since, &page)
		for _, item := range page.Items {
			s.named[item.ID] = true
		}
		s.listed = s.named
		if page.Complete {
			s.showAbsent()
		}
		return nil
	})
	return page, err
}

// spoilList does to a page what the fault says.
func (s *seat) spoilList(f *Fault, since connector.Cursor, page *connector.Listing) {
	if f == nil {
		return
	}
	switch {
	case f.Kind == "empty" && since == "" && s.knows():
		*page = connector.Listing{Complete: true}
	case f.Kind == "truncated" && len(page.Items) > 0:
		page.Items, page.More, page.Complete = page.Items[:len(page.Items)/2], false, false
	case f.Kind == "endless":
		*page = connector.Listing{Next: endless(f, since), More: true}
	case f.Kind == "no_cursor":
		page.Next, page.More, page.Complete = "", true, false
	default:
		return
	}
	s.w.fire(f.Family, f.Kind, "list")
}
