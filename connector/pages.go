package connector

import (
	"context"
	"fmt"
	"hash/maphash"
)

// The bounds of one pass over a feed or listing.
const (
	maxRepeats = 3       // of one cursor in a row: feeds may deliver a page again
	maxBarren  = 1000    // pages in a row that name no id for the first time in the pass
	maxPages   = 100_000 // pages at all
)

// Pages reads all pages of one pass over the changes of c and calls each with every one of them, once and in order,
// so that a caller can save a page together with the cursor behind it. The pass begins at q.Since.
//
// It ends with the error of c or of each. It fails with [ErrPaginationLoop] if a cursor comes back (the same page
// three times again in a row is allowed), if 1,000 pages in a row name no new id, or after 100,000 pages; and
// with [ErrContract] if there is said to be another page without a cursor for it, if a page that is not the last
// claims to complete the pass, or if a cursor is longer than 8 KiB. each is not called with the page that shows
// the fault: its cursor must not be saved.
func Pages(ctx context.Context, c Connector, q Query, each func(Page) error) error {
	w := newWalk(q.Since)
	for {
		page, err := c.Changes(ctx, q)
		if err != nil {
			return err
		}
		for _, rec := range page.Records {
			w.saw(rec.ID)
		}
		for _, item := range page.Named {
			w.saw(item.ID)
		}
		for _, id := range page.Deleted {
			w.saw(id)
		}
		for _, r := range page.Rekeyed {
			w.saw(r.Old)
		}
		for _, u := range page.Unread {
			w.saw(u.ID)
		}
		if err := w.step(page.Next, page.More, page.Complete); err != nil {
			return err
		}
		if err := each(page); err != nil {
			return err
		}
		if !page.More {
			return nil
		}
		q.Since = page.Next
	}
}

// Listings does for the pages of a listing, beginning at since, what [Pages] does for those of a feed.
func Listings(ctx context.Context, l Lister, since Cursor, each func(Listing) error) error {
	w := newWalk(since)
	for {
		page, err := l.List(ctx, since)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			w.saw(item.ID)
		}
		for _, u := range page.Unread {
			w.saw(u.ID)
		}
		if err := w.step(page.Next, page.More, page.Complete); err != nil {
			return err
		}
		if err := each(page); err != nil {
			return err
		}
		if !page.More {
			return nil
		}
		since = page.Next
	}
}

// A walk is a pass in progress. It remembers hashes, so that its size is bounded by the number of ids; two that
// collide could at worst end an honest pass, about once in 2^64 pairs.
type walk struct {
	seed    maphash.Seed
	cursors map[uint64]struct{}
	ids     map[uint64]struct{}
	at      Cursor // that the current page was asked with
	fresh   bool   // the current page named an id that no page before it did
	repeats int    // pages in a row that ended where they began
	barren  int    // pages in a row without a new id
	pages   int
}

func newWalk(since Cursor) *walk {
	w := &walk{seed: maphash.MakeSeed(), cursors: map[uint64]struct{}{}, ids: map[uint64]struct{}{}, at: since}
	w.cursors[maphash.String(w.seed, string(since))] = struct{}{}
	return w
}

// saw notes an id that the current page names.
func (w *walk) saw(id string) {
	before := len(w.ids)
	w.ids[maphash.String(w.seed, id)] = struct{}{}
	w.fresh = w.fresh || len(w.ids) > before
}

// step ends the current page. It fails if the pass is broken or would not end.
func (w *walk) step(next Cursor, more, complete bool) error {
	w.pages++
	fail := func(err error, why string) error { return fmt.Errorf("page %d: %w: %s", w.pages, err, why) }
	switch {
	case len(next) > maxCursor:
		return fail(ErrContract, fmt.Sprintf("the cursor is longer than %d bytes", maxCursor))
	case !more:
		return nil
	case next == "":
		return fail(ErrContract, "there is another page, but no cursor to get it with")
	case complete:
		return fail(ErrContract, "the pass is said to be complete, and to have another page")
	case w.pages >= maxPages:
		return fail(ErrPaginationLoop, "too many pages")
	}
	if w.barren++; w.fresh {
		w.barren, w.fresh = 0, false
	}
	if w.barren >= maxBarren {
		return fail(ErrPaginationLoop, fmt.Sprintf("%d pages named no new record", maxBarren))
	}
	return w.advance(next, fail)
}

// advance moves to the cursor of the next page, which must not be one of before unless the page was a repeat.
func (w *walk) advance(next Cursor, fail func(error, string) error) error {
	if next == w.at {
		if w.repeats++; w.repeats > maxRepeats {
			return fail(ErrPaginationLoop, "the cursor does not advance")
		}
		return nil
	}
	key := maphash.String(w.seed, string(next))
	if _, seen := w.cursors[key]; seen {
		return fail(ErrPaginationLoop, "a cursor of an earlier page came back")
	}
	w.cursors[key] = struct{}{}
	w.at, w.repeats = next, 0
	return nil
}
