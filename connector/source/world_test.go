package source_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest"
	"github.com/contactsync/contactsync/connector/source"
	"github.com/contactsync/contactsync/contact"
	"pgregory.net/rapid"
)

// A world is an app whose users act whenever they can, and a reader that dies now and then. It knows nothing of how the
// pieces work.
type world struct {
	rt    *rapid.T
	clock *apptest.Clock
	lag   time.Duration
	index *apptest.Index[person]
	log   []string // ids, as they changed: the feed by tokens
	epoch int      // of tokens
	ids   int
	born  map[string]time.Time
	size  int // of a page
}

// person is a row of the app.
type person struct {
	id      string
	at      time.Time // of the last change, to the second
	content string
}

func newWorld(rt *rapid.T) *world {
	w := &world{rt: rt, clock: &apptest.Clock{}, born: map[string]time.Time{}, size: rapid.IntRange(1, 3).Draw(rt, "page size")}
	w.lag = time.Duration(rapid.IntRange(0, 90).Draw(rt, "lag")) * time.Second
	w.index = &apptest.Index[person]{Clock: w.clock, Lag: w.lag}
	for range rapid.IntRange(0, 8).Draw(rt, "people") {
		w.put("")
	}
	return w
}

// now is the app's clock as its answers tell it.
func (w *world) now() time.Time { return w.clock.Now().Truncate(time.Second) }

// put creates a person, or edits one.
func (w *world) put(id string) {
	if id == "" {
		w.ids++
		id = fmt.Sprintf("%02d", w.ids)
		w.born[id] = w.clock.Now()
	}
	w.index.Put(id, person{id, w.now(), fmt.Sprint(len(w.log))})
	w.log = append(w.log, id)
}

// act lets users do something, or time pass.
func (w *world) act() {
	all := w.index.All()
	pick := func() string { return all[rapid.IntRange(0, len(all)-1).Draw(w.rt, "who")].id }
	switch what := rapid.SampledFrom([]string{"create", "edit", "edit", "remove", "wait", "nothing"}).Draw(w.rt, "act"); {
	case what == "create":
		w.put("")
	case what == "edit" && len(all) > 0:
		w.put(pick())
	case what == "remove" && len(all) > 0:
		id := pick()
		w.index.Remove(id)
		w.log = append(w.log, id)
	case what == "wait":
		w.clock.Advance(rapid.SampledFrom([]time.Duration{300 * time.Millisecond, 7 * time.Second, 2 * time.Minute, 31 * time.Hour}).Draw(w.rt, "for"))
	}
}

// found returns rows as items.
func found(rows []person) (items []source.Item) {
	for _, p := range rows {
		items = append(items, source.Item{At: p.at, Record: record(p)})
	}
	return items
}

func record(p person) contact.Record {
	return contact.Record{ID: p.id, Version: p.content, Modified: p.at, Fields: contact.Fields{"content": contact.Text(p.content)}}
}

// byTime returns the rows as the search shows them, oldest first.
func (w *world) byTime() []person {
	rows := w.index.Search()
	slices.SortFunc(rows, func(a, b person) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
	return rows
}

// searchAfter is a search by time and id.
func (w *world) searchAfter(_ context.Context, after source.Mark, _ []string) (source.Found, error) {
	rows := slices.DeleteFunc(w.byTime(), func(p person) bool {
		return p.at.Before(after.At) || p.at.Equal(after.At) && p.id <= after.ID
	})
	page, next := apptest.Cut(rows, 0, w.size)
	return source.Found{Items: found(page), More: next >= 0, Now: w.now()}, nil
}

// searchDays is a search by the day, newest first, with pages that are counted: a time means from the next day on.
func (w *world) searchDays(_ context.Context, since time.Time, page string, _ []string) (source.FoundPage, error) {
	if !since.IsZero() {
		since = since.Truncate(24 * time.Hour).Add(24 * time.Hour)
	}
	rows := slices.DeleteFunc(w.byTime(), func(p person) bool { return p.at.Before(since) })
	slices.Reverse(rows)
	cut, next := w.counted(rows, page)
	return source.FoundPage{Items: found(cut), Next: next, Now: w.now()}, nil
}

func (w *world) counted(rows []person, page string) ([]person, string) {
	offset, _ := strconv.Atoi(page)
	cut, next := apptest.Cut(rows, offset, w.size)
	if next < 0 {
		return cut, ""
	}
	return cut, strconv.Itoa(next)
}

// byToken is a feed with tokens "epoch.position" and pages that go on by id or by position.
func (w *world) byToken(_ context.Context, at source.Position, _ []string) (source.TokenPage, error) {
	if at.Sync == "" {
		return w.allByToken(at.Page), nil
	}
	epoch, from, _ := strings.Cut(cmp.Or(at.Page, at.Sync), ".")
	if epoch != strconv.Itoa(w.epoch) {
		return source.TokenPage{}, fmt.Errorf("410: %w", connector.ErrCursorExpired)
	}
	n, _ := strconv.Atoi(from)
	events, next := apptest.Cut(w.log, n, w.size)
	var page source.TokenPage
	for _, id := range events {
		if p, ok := w.index.Get(id); ok {
			page.Records = append(page.Records, record(p))
		} else {
			page.Deleted = append(page.Deleted, id)
		}
	}
	if next >= 0 {
		page.NextPage = fmt.Sprintf("%d.%d", w.epoch, next)
	} else {
		page.NextSync = fmt.Sprintf("%d.%d", w.epoch, len(w.log))
	}
	return page, nil
}

// allByToken is a pass over everything; what changes since it began is told by the pass after it.
func (w *world) allByToken(at string) (page source.TokenPage) {
	start, after, _ := strings.Cut(cmp.Or(at, fmt.Sprintf("%d.%d,", w.epoch, len(w.log))), ",")
	rows := slices.DeleteFunc(w.index.All(), func(p person) bool { return p.id <= after })
	cut, next := apptest.Cut(rows, 0, w.size)
	for _, p := range cut {
		page.Records = append(page.Records, record(p))
	}
	if next >= 0 {
		page.NextPage = start + "," + cut[len(cut)-1].id
	} else {
		page.NextSync = start
	}
	return page
}

// rollPage is a page of a list of everybody, counted.
func (w *world) rollPage(_ context.Context, page string) (connector.Listing, string, error) {
	rows := w.index.All()
	order := func(id string) uint64 { h := fnv.New64a(); h.Write([]byte(id)); return h.Sum64() }
	slices.SortFunc(rows, func(a, b person) int { return cmp.Compare(order(a.id), order(b.id)) })
	cut, next := w.counted(rows, page)
	var list connector.Listing
	for _, p := range cut {
		list.Items = append(list.Items, connector.Item{ID: p.id, Version: p.content})
	}
	return list, next, nil
}

// feed is what a reader reads, as an engine does.
type feed interface {
	Changes(ctx context.Context, q connector.Query) (connector.Page, error)
}

// reader keeps what it was told, and the cursor behind it: together, as a store does.
type reader struct {
	*world
	open    func() feed
	feed    feed
	cursor  connector.Cursor
	mirror  map[string]person
	named   map[string]bool // in a pass over everything
	resumed bool            // the pass was broken off, so that it proves nothing
	passing bool            // a pass over everything has not ended
	whole   bool            // this pass was asked for everything
	began   time.Time       // the pass
}

func newReader(w *world, open func() feed) *reader {
	return &reader{world: w, open: open, feed: open(), mirror: map[string]person{}, named: map[string]bool{}}
}

// pass reads to the end. If the world is wild, users act between pages, pages are read twice, and the reader dies.
func (r *reader) pass(wild bool) {
	r.resumed, r.whole = true, false
	if r.passing {
		r.cursor = "" // what the broken pass named is forgotten
	}
	for pages := 0; ; pages++ {
		if pages > 500 {
			r.rt.Fatal("no end")
		}
		if r.cursor == "" {
			r.named, r.resumed, r.passing, r.whole, r.began = map[string]bool{}, false, true, true, r.clock.Now()
		}
		page, err := r.feed.Changes(r.rt.Context(), connector.Query{Since: r.cursor, Fields: []string{"content"}})
		if errors.Is(err, connector.ErrCursorExpired) && r.cursor != "" {
			r.cursor = ""
			continue
		}
		if err != nil {
			r.rt.Fatalf("%+v", err)
		}
		if wild {
			for range rapid.IntRange(0, 3).Draw(r.rt, "acts") {
				r.act()
			}
			switch rapid.SampledFrom([]string{"", "", "", "again", "dies", "forgets"}).Draw(r.rt, "fate") {
			case "again":
				continue // the page is lost, and read once more
			case "dies":
				r.feed = r.open()
				return
			case "forgets": // a new process takes the page, but not what the old one knew
				r.feed = r.open()
			}
		}
		r.take(page)
		if !page.More {
			return
		}
	}
}

// take saves a page and the cursor behind it.
func (r *reader) take(page connector.Page) {
	for _, rec := range page.Records {
		r.named[rec.ID] = true
		r.mirror[rec.ID] = person{rec.ID, rec.Modified, rec.Fields["content"].Str()}
	}
	for _, id := range page.Deleted {
		delete(r.mirror, id)
	}
	if page.Complete && !r.whole {
		r.rt.Fatal("complete, and not asked for everything")
	}
	if page.Complete && !r.resumed {
		for id := range r.mirror {
			if !r.named[id] {
				delete(r.mirror, id)
			}
		}
		for _, p := range r.index.All() {
			if !r.named[p.id] && r.born[p.id].Before(r.began.Add(-r.lag)) {
				r.rt.Fatalf("%s was there all the time and is said to be gone", p.id)
			}
		}
	}
	r.cursor, r.passing = page.Next, r.passing && page.More
}

// check fails if somebody is not known as they are, or, where deletions show, if somebody is known who is gone.
func (r *reader) check(gone bool) {
	alive := map[string]bool{}
	for _, p := range r.index.All() {
		alive[p.id] = true
		if got := r.mirror[p.id]; got.content != p.content {
			r.rt.Fatalf("%s is %q and known as %q", p.id, p.content, got.content)
		}
	}
	for id := range r.mirror {
		if gone && !alive[id] {
			r.rt.Fatalf("%s is gone and known still", id)
		}
	}
}

// settle lets the index catch up.
func (r *reader) settle() { r.clock.Advance(r.lag + 3*time.Second) }

// live runs passes in a wild world, and then one at rest, behind what is left of one that was broken off: after it,
// nothing may be missed.
func (r *reader) live(tombstones bool) {
	for range rapid.IntRange(1, 5).Draw(r.rt, "passes") {
		for range rapid.IntRange(0, 4).Draw(r.rt, "acts before") {
			r.act()
		}
		if rapid.IntRange(0, 5).Draw(r.rt, "expire") == 0 {
			r.epoch++
		}
		r.pass(true)
	}
	r.settle()
	r.pass(false)
	r.pass(false)
	r.check(tombstones)
	r.cursor = "" // a sweep
	r.pass(false)
	r.check(true)
	before := fmt.Sprint(r.mirror)
	r.pass(false)
	if after := fmt.Sprint(r.mirror); after != before {
		r.rt.Fatalf("a pass in which nothing happened changed %s to %s", before, after)
	}
}

func overlap(w *world) time.Duration { return w.lag + time.Second }

func TestTokensMissNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt)
		newReader(w, func() feed { return &source.Tokens{Page: w.byToken, MaxAge: 100 * time.Hour, Clock: w.clock} }).live(true)
	})
}

func TestWatermarkMissesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt)
		newReader(w, func() feed {
			return &source.Watermark{Search: w.searchAfter, Overlap: overlap(w), Sweep: 1000 * time.Hour}
		}).live(false)
	})
}

func TestNewestMissesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt)
		newReader(w, func() feed {
			return &source.Newest{Search: w.searchDays, Grain: 24 * time.Hour, Overlap: overlap(w), Sweep: 1000 * time.Hour}
		}).live(false)
	})
}

// rolled is a list that is read as a feed: every pass is over everything.
type rolled struct{ source.Roll }

func (r *rolled) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	if strings.HasPrefix(string(q.Since), "end") {
		return connector.Page{}, connector.ErrCursorExpired
	}
	list, err := r.List(ctx, q.Since)
	page := connector.Page{Next: list.Next, More: list.More, Complete: list.Complete}
	for _, item := range list.Items {
		page.Records = append(page.Records, record(person{id: item.ID, content: item.Version}))
	}
	if !list.More {
		page.Next = "end"
	}
	return page, err
}

func TestRollMissesNobody(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt)
		w.lag = 0
		w.index = &apptest.Index[person]{Clock: w.clock}
		w.born = map[string]time.Time{}
		newReader(w, func() feed { return &rolled{source.Roll{Page: w.rollPage}} }).live(true)
	})
}
