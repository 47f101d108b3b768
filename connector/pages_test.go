package connector_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// feed is a connector whose n-th page, from 0, is what the function returns.
type feed func(n int, since connector.Cursor) (connector.Page, error)

func (f feed) connector() *scripted {
	n := -1
	return &scripted{changes: func(_ context.Context, q connector.Query) (connector.Page, error) {
		n++
		return f(n, q.Since)
	}}
}

// lister answers what a feed does, as a listing.
func (f feed) lister() connector.Lister {
	n := -1
	return &full{list: func(_ context.Context, since connector.Cursor) (connector.Listing, error) {
		n++
		p, err := f(n, since)
		l := connector.Listing{Unread: p.Unread, Next: p.Next, More: p.More, Complete: p.Complete}
		for _, rec := range p.Records {
			l.Items = append(l.Items, connector.Item{ID: rec.ID})
		}
		return l, err
	}}
}

// cursors is a feed whose pages end with these cursors, each naming a new record.
func cursors(next ...connector.Cursor) feed {
	return func(n int, _ connector.Cursor) (connector.Page, error) {
		return connector.Page{
			Records: []contact.Record{{ID: fmt.Sprint("r", n)}},
			Next:    next[n], More: n < len(next)-1, Complete: n == len(next)-1,
		}, nil
	}
}

// endless is a feed of fresh cursors without end, each page of which names what the function says.
func endless(name func(n int) connector.Page) feed {
	return func(n int, _ connector.Cursor) (connector.Page, error) {
		p := name(n)
		p.Next, p.More = connector.Cursor(fmt.Sprint("c", n)), true
		return p, nil
	}
}

func record(format string, args ...any) connector.Page {
	return connector.Page{Records: []contact.Record{{ID: fmt.Sprintf(format, args...)}}}
}

func TestF4F5B77B80Pages(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		feed  feed
		since connector.Cursor
		want  string // the error
		pages int    // that are handed on
	}{
		"one page":                        {feed: cursors("a"), pages: 1},
		"three pages":                     {feed: cursors("a", "b", "c"), pages: 3},
		"nothing since":                   {feed: cursors("s"), since: "s", pages: 1},
		"the last page has no cursor":     {feed: cursors("a", ""), pages: 2},
		"the last page has an older one":  {feed: cursors("a", "b", "a"), pages: 3},
		"a page comes again":              {feed: cursors("a", "a", "b"), pages: 3},
		"the first page comes again":      {feed: cursors("s", "a", "b"), since: "s", pages: 3},
		"each page comes again":           {feed: cursors("a", "a", "b", "b", "c"), pages: 5},
		"a page comes again three times":  {feed: cursors("a", "a", "a", "a", "b"), pages: 5},
		"twice three times":               {feed: cursors("a", "a", "a", "a", "b", "b", "b", "b", "c"), pages: 9},
		"F4 a page comes again for ever":  {feed: cursors("a", "a", "a", "a", "a", "b"), want: "loop", pages: 4},
		"F4 the request's own for ever":   {feed: cursors("s", "s", "s", "s", "b"), since: "s", want: "loop", pages: 3},
		"F4 A-B-A":                        {feed: cursors("a", "b", "a", "c"), want: "loop", pages: 2},
		"F4 back to where the pass began": {feed: cursors("a", "b", "s", "c"), since: "s", want: "loop", pages: 2},
		"F5 another page, no cursor":      {feed: cursors("", "a"), want: "contract"},
		"F5 the cursor is lost":           {feed: cursors("a", "", "b"), want: "contract", pages: 1},
		"B77 a cursor of 8 KiB":           {feed: cursors(connector.Cursor(strings.Repeat("c", 8<<10))), pages: 1},
		"B77 a longer cursor":             {feed: cursors("a", connector.Cursor(strings.Repeat("c", 8<<10+1))), want: "contract", pages: 1},
		"B77 a cursor of 10 MiB":          {feed: cursors(connector.Cursor(strings.Repeat("c", 10<<20)), "b"), want: "contract"},
		"complete, and another page": {
			feed: func(int, connector.Cursor) (connector.Page, error) {
				return connector.Page{Next: "a", More: true, Complete: true}, nil
			}, want: "contract",
		},
		"B80 999 empty pages": {
			feed: func(n int, since connector.Cursor) (connector.Page, error) {
				p, err := endless(func(int) connector.Page { return connector.Page{} })(n, since)
				p.More = n < 999
				return p, err
			}, pages: 1000,
		},
		"B80 empty pages for ever":          {feed: endless(func(int) connector.Page { return connector.Page{} }), want: "loop", pages: 999},
		"F4 the same record for ever":       {feed: endless(func(int) connector.Page { return record("a") }), want: "loop", pages: 1000},
		"F4 the same ten records for ever":  {feed: endless(func(n int) connector.Page { return record("r%d", n%10) }), want: "loop", pages: 1009},
		"a new record every 1,000 pages":    {feed: endless(func(n int) connector.Page { return record("r%d", min(n, 9000)/1000) }), want: "loop", pages: 9000 + 1000},
		"F106 new records on 100,000 pages": {feed: endless(func(n int) connector.Page { return record("r%d", n) }), want: "loop", pages: 99_999},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pages := 0
			err := connector.Pages(t.Context(), tt.feed.connector(), connector.Query{Since: tt.since}, func(connector.Page) error {
				pages++
				return nil
			})
			if diff := cmp.Diff(tt.want, names(err)); diff != "" || pages != tt.pages {
				t.Errorf("error %v after %d pages, want %d (-want +got):\n%s", err, pages, tt.pages, diff)
			}
			pages = 0
			err = connector.Listings(t.Context(), tt.feed.lister(), tt.since, func(connector.Listing) error {
				pages++
				return nil
			})
			if diff := cmp.Diff(tt.want, names(err)); diff != "" || pages != tt.pages {
				t.Errorf("listing: error %v after %d pages, want %d (-want +got):\n%s", err, pages, tt.pages, diff)
			}
		})
	}
}

// Deletions, re-keys and unread records are news as well.
func TestPagesOfOtherNews(t *testing.T) {
	t.Parallel()
	for name, news := range map[string]func(id string) connector.Page{
		"deleted": func(id string) connector.Page { return connector.Page{Deleted: []string{id}} },
		"rekeyed": func(id string) connector.Page {
			return connector.Page{Rekeyed: []connector.Rekey{{Old: id, New: "n" + id}}}
		},
		"unread": func(id string) connector.Page { return connector.Page{Unread: []connector.Unread{{ID: id}}} },
	} {
		t.Run(name, func(t *testing.T) {
			pages := 0
			c := feed(func(n int, since connector.Cursor) (connector.Page, error) {
				p, err := endless(func(n int) connector.Page { return news(fmt.Sprint("r", n)) })(n, since)
				p.More = n < 2000
				return p, err
			})
			err := connector.Pages(t.Context(), c.connector(), connector.Query{}, func(connector.Page) error { pages++; return nil })
			if err != nil || pages != 2001 {
				t.Errorf("error %v after %d pages", err, pages)
			}
		})
	}
}

// Each page is asked for with the cursor of the one before and the fields of the query, and handed on in order.
func TestPagesInOrder(t *testing.T) {
	t.Parallel()
	var asked []connector.Query
	var got []string
	c := &scripted{changes: func(_ context.Context, q connector.Query) (connector.Page, error) {
		asked = append(asked, q)
		return cursors("a", "b", "c")(len(asked)-1, q.Since)
	}}
	err := connector.Pages(t.Context(), c, connector.Query{Since: "s", Fields: []string{"email"}}, func(p connector.Page) error {
		got = append(got, p.Records[0].ID+" "+string(p.Next))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []connector.Query{{Since: "s", Fields: []string{"email"}}, {Since: "a", Fields: []string{"email"}}, {Since: "b", Fields: []string{"email"}}}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"r0 a", "r1 b", "r2 c"}, got); diff != "" {
		t.Errorf("handed on (-want +got):\n%s", diff)
	}
}

// F1: a pass that breaks off on some page hands on the pages before it, and nothing more.
func TestF1PagesBreakOff(t *testing.T) {
	t.Parallel()
	errFull := errors.New("the disk is full")
	tests := map[string]struct {
		app, each error
		want      error
	}{
		"the app fails":          {app: connector.ErrUnavailable, want: connector.ErrUnavailable},
		"the cursor has expired": {app: connector.ErrCursorExpired, want: connector.ErrCursorExpired},
		"the page is not saved":  {each: errFull, want: errFull},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			broken := feed(func(n int, since connector.Cursor) (connector.Page, error) {
				if n == 2 && tt.app != nil {
					return connector.Page{}, tt.app
				}
				return cursors("a", "b", "c", "d")(n, since)
			})
			saved := 0
			save := func() error {
				if saved == 2 {
					return tt.each
				}
				saved++
				return nil
			}
			err := connector.Pages(t.Context(), broken.connector(), connector.Query{}, func(connector.Page) error { return save() })
			if !errors.Is(err, tt.want) || saved != 2 {
				t.Errorf("error %v after %d pages", err, saved)
			}
			saved = 0
			err = connector.Listings(t.Context(), broken.lister(), "", func(connector.Listing) error { return save() })
			if !errors.Is(err, tt.want) || saved != 2 {
				t.Errorf("listing: error %v after %d pages", err, saved)
			}
		})
	}
}
