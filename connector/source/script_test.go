package source_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest"
	"github.com/contactsync/contactsync/connector/source"
	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// start is when the app's clock stands in the scripts below.
var start = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// items are records "a@3": a, changed three hours before start. "-a@3" is one that is gone, "!a@3" one that cannot be
// read.
func items(text string) (all []source.Item) {
	for _, word := range strings.Fields(text) {
		id, hours, _ := strings.Cut(word, "@")
		ago, err := time.ParseDuration(hours + "h")
		if err != nil {
			panic(err)
		}
		item := source.Item{At: start.Add(-ago), Record: contact.Record{ID: strings.TrimLeft(id, "-!"), Fields: contact.Fields{}}}
		item.Deleted = id[0] == '-'
		if id[0] == '!' {
			item.Err = errors.New("half a record")
		}
		all = append(all, item)
	}
	return all
}

// told is a page in words: "a b -c !d", "more", "complete".
func told(page connector.Page) string {
	var words []string
	for _, r := range page.Records {
		words = append(words, r.ID)
	}
	for _, id := range page.Deleted {
		words = append(words, "-"+id)
	}
	for _, u := range page.Unread {
		words = append(words, "!"+u.ID)
	}
	if page.More {
		words = append(words, "more")
	}
	if page.Complete {
		words = append(words, "complete")
	}
	return strings.Join(words, " ")
}

// ask is a step of a script: what the app is asked for, what it answers, what the piece tells. An answer "a@1 >x" has
// a next page x; "err" is an expectation that the step fails with it and the app is not to be asked.
type step struct {
	asked, answer, told string
	err                 error
}

// play runs a script over a piece, from a cursor, and returns the cursor that it ends with.
func play(t *testing.T, f feed, asked *string, answer *string, from connector.Cursor, steps ...step) connector.Cursor {
	t.Helper()
	for i, s := range steps {
		*asked, *answer = "", s.answer
		page, err := f.Changes(t.Context(), connector.Query{Since: from, Fields: []string{"b", "a"}})
		if !errors.Is(err, s.err) || told(page) != s.told || *asked != s.asked {
			t.Fatalf("step %d: asked for %q, told %q, %v; want %q, %q, %v", i+1, *asked, told(page), err, s.asked, s.told, s.err)
		}
		if err != nil {
			return ""
		}
		from = page.Next
	}
	return from
}

// newest returns a Newest over a script. It is asked for "since/page", in hours before start.
func newest(asked, answer *string, now *time.Time) *source.Newest {
	return &source.Newest{Grain: 48 * time.Hour, Overlap: time.Hour, Sweep: 1000 * time.Hour,
		Search: func(_ context.Context, since time.Time, page string, _ []string) (source.FoundPage, error) {
			*asked = "all/" + page
			if !since.IsZero() {
				*asked = fmt.Sprintf("%g/%s", start.Sub(since).Hours(), page)
			}
			list, next, _ := strings.Cut(*answer, ">")
			return source.FoundPage{Items: items(list), Next: next, Now: *now}, nil
		}}
}

// TestNewestOverPages: a search of several pages is read until nobody has gone, then its front once more.
func TestNewestOverPages(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]step{
		"one page is of one moment": {{asked: "all/", answer: "a@1 b@2", told: "a b complete"}},
		"nobody has gone": {
			{asked: "all/", answer: "a@2 b@3>2", told: "a b more"},
			{asked: "all/2", answer: "c@4", told: "c more"},
			{asked: "all/", answer: "a@2 b@3>2", told: "a b more"},
			{asked: "all/2", answer: "c@4", told: "c more"},
			{asked: "49/", answer: "z@0 a@2>2", told: "z complete"},
		},
		"c slips to the first page twice": {
			{asked: "all/", answer: "x@2 y@3>2", told: "x y more"}, // then x goes, and c is on the first page
			{asked: "all/2", answer: "d@5", told: "d more"},
			{asked: "all/", answer: "n@0 y@3>2", told: "n y more"}, // then n goes
			{asked: "all/2", answer: "d@5", told: "d more"},        // x has gone since: the first round may have lost somebody
			{asked: "all/", answer: "y@3 c@4>2", told: "y c more"},
			{asked: "all/2", answer: "d@5", told: "d more"}, // n has gone since
			{asked: "all/", answer: "y@3 c@4>2", told: "y c more"},
			{asked: "all/2", answer: "d@5", told: "d more"},
			{asked: "49/", answer: "y@3", told: "complete"},
		},
		"the front is no one page": {
			{asked: "all/", answer: "a@2>1", told: "a more"},
			{asked: "all/1", answer: "b@3", told: "b more"},
			{asked: "all/", answer: "a@2>1", told: "a more"},
			{asked: "all/1", answer: "b@3", told: "b more"},
			{asked: "49/", answer: "z@0>1", told: "z"},
			{err: connector.ErrCursorExpired},
		},
		"never at rest": {
			{asked: "all/", answer: "a@1>1", told: "a more"}, {asked: "all/1", answer: "q@9", told: "q more"},
			{asked: "all/", answer: "b@1>1", told: "b more"}, {asked: "all/1", answer: "q@9", told: "q more"},
			{asked: "all/", answer: "c@1>1", told: "c more"}, {asked: "all/1", answer: "q@9", told: "q more"},
			{asked: "all/", answer: "d@1>1", told: "d more"}, {asked: "all/1", answer: "q@9", told: "q"},
			{err: connector.ErrCursorExpired},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, answer, now := "", "", start
			play(t, newest(&asked, &answer, &now), &asked, &answer, "", steps...)
		})
	}
}

// TestNewestGoesOn: from the start of the last pass, less the overlap; older ones end it; what was not at rest is
// asked for again; after the sweep everything is.
func TestNewestGoesOn(t *testing.T) {
	t.Parallel()
	asked, answer, now := "", "", start
	f := newest(&asked, &answer, &now)
	cursor := play(t, f, &asked, &answer, "", step{asked: "all/", answer: "a@2", told: "a complete"})
	cursor = play(t, f, &asked, &answer, cursor, step{asked: "49/", answer: "-b@0.5 !a@1 c@1.1>2", told: "-b !a"})
	unsure := []step{
		{asked: "49/", answer: "a@0>1", told: "a more"}, {asked: "49/1", answer: "q@1", told: "q more"},
		{asked: "49/", answer: "b@0>1", told: "b more"}, {asked: "49/1", answer: "q@1", told: "q more"},
		{asked: "49/", answer: "c@0>1", told: "c more"}, {asked: "49/1", answer: "q@1", told: "q more"},
		{asked: "49/", answer: "d@0>1", told: "d more"}, {asked: "49/1", answer: "q@1", told: "q"},
	}
	now = start.Add(10 * time.Hour)
	cursor = play(t, f, &asked, &answer, cursor, unsure...)
	cursor = play(t, f, &asked, &answer, cursor, step{asked: "49/", answer: "d@0 q@1", told: "d q"})
	cursor = play(t, f, &asked, &answer, cursor, step{asked: "39/", answer: "d@0", told: ""})
	now = start.Add(1000 * time.Hour)
	play(t, f, &asked, &answer, cursor, step{asked: "39/", answer: "", err: connector.ErrCursorExpired})
}

// asConnector is a feed as a connector of which nothing but the feed is asked.
type asConnector struct{ feed }

func (asConnector) Schema(context.Context) (contact.Schema, error) { panic("not asked") }
func (asConnector) Apply(context.Context, []connector.Write) ([]connector.Result, error) {
	panic("not asked")
}

// TestLongLists: the library ends a pass after 1,000 pages that name nobody new. What is read in rounds stays below
// that, and what is too long for it is read once.
func TestLongLists(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ pages, reads int }{{300, 4 * 300}, {301, 301}} {
		asked, answer, now, reads := "", "", start, 0
		f := newest(&asked, &answer, &now)
		search := f.Search
		f.Search = func(ctx context.Context, since time.Time, page string, fields []string) (source.FoundPage, error) {
			n, _ := strconv.Atoi(page)
			reads++
			if answer = fmt.Sprintf("p%d@9>%d", n, n+1); n == row.pages-1 {
				answer = fmt.Sprintf("p%d-%d@9", n, reads) // the last one is somebody else each time: it is never at rest
			}
			return search(ctx, since, page, fields)
		}
		var last connector.Page
		err := connector.Pages(t.Context(), asConnector{f}, connector.Query{}, func(p connector.Page) error { last = p; return nil })
		require.NoError(t, err)
		require.False(t, last.Complete)
		require.Equal(t, row.reads, reads)
		_, err = f.Changes(t.Context(), connector.Query{Since: last.Next})
		require.Equal(t, row.pages == 300, errors.Is(err, connector.ErrCursorExpired), "a pass that proved nothing is read again")
	}
}

// TestNewestForgets: another process has not seen what the rounds have shown, and begins with the first.
func TestNewestForgets(t *testing.T) {
	t.Parallel()
	asked, answer, now := "", "", start
	steps := []step{
		{asked: "all/", answer: "a@2>1", told: "a more"}, {asked: "all/1", answer: "b@3", told: "b more"},
		{asked: "all/", answer: "a@2>1", told: "a more"},
	}
	cursor := play(t, newest(&asked, &answer, &now), &asked, &answer, "", steps...)
	cursor = play(t, newest(&asked, &answer, &now), &asked, &answer, cursor, steps...)
	// Of a pass that has come further an earlier round is not taken up again.
	other := newest(&asked, &answer, &now)
	first := play(t, other, &asked, &answer, "", steps[0])
	play(t, other, &asked, &answer, first, steps[1], steps[2])
	play(t, other, &asked, &answer, first, step{asked: "all/", answer: "a@2 b@3", told: "a b complete"})
	_ = cursor
}

// watermark returns a Watermark over a script. It is asked for what is behind "hours-before-start/id".
func watermark(asked, answer *string, now *time.Time) *source.Watermark {
	return &source.Watermark{Overlap: time.Hour, Sweep: 100 * time.Hour,
		Search: func(_ context.Context, after source.Mark, _ []string) (source.Found, error) {
			*asked = "all"
			if after != (source.Mark{}) {
				*asked = fmt.Sprintf("%g/%s", start.Sub(after.At).Hours(), after.ID)
			}
			list, _, more := strings.Cut(*answer, ">")
			return source.Found{Items: items(list), More: more, Now: *now}, nil
		}}
}

func TestWatermark(t *testing.T) {
	t.Parallel()
	asked, answer, now := "", "", start
	f := watermark(&asked, &answer, &now)
	cursor := play(t, f, &asked, &answer, "",
		step{asked: "all", answer: "a@9 b@8 c@8>", told: "a b c more"},
		step{asked: "8/c", answer: "!d@8 -e@7>", told: "-e !d more"},
		step{asked: "7/e", answer: "", told: "complete"})
	now = start.Add(3 * time.Hour)
	cursor = play(t, f, &asked, &answer, cursor,
		step{asked: "1/", answer: "a@0>", told: "a more"},  // the pass before began at start
		step{asked: "0/a", answer: "b@-200000", told: "b"}) // the year 2048 is no watermark
	cursor = play(t, f, &asked, &answer, cursor, step{asked: "-2/", answer: "", told: ""})
	now = start.Add(100 * time.Hour)
	play(t, f, &asked, &answer, cursor, step{asked: "-2/", answer: "", err: connector.ErrCursorExpired})
	f.Partial = true
	play(t, f, &asked, &answer, "", step{asked: "all", answer: "a@9", told: "a"})
}

// TestMistakesOfASearch: a connector's author hears of them.
func TestMistakesOfASearch(t *testing.T) {
	t.Parallel()
	asked, answer, now := "", "", start
	w := watermark(&asked, &answer, &now)
	n := newest(&asked, &answer, &now)
	play(t, w, &asked, &answer, "", step{asked: "all", answer: "a@1 b@2", err: connector.ErrContract})
	play(t, w, &asked, &answer, "", step{asked: "all", answer: "b@1 a@1", err: connector.ErrContract})
	play(t, w, &asked, &answer, "", step{asked: "all", answer: ">", err: connector.ErrPaginationLoop})
	play(t, w, &asked, &answer, "", step{asked: "all", answer: "a@1>", told: "a more"}, step{asked: "1/a", answer: "a@1>", err: connector.ErrPaginationLoop})
	play(t, n, &asked, &answer, "", step{asked: "all/", answer: "b@2 a@1", err: connector.ErrContract})
	now = time.Time{}
	play(t, w, &asked, &answer, "", step{asked: "all", answer: "a@1", err: connector.ErrContract})
	play(t, n, &asked, &answer, "", step{asked: "all/", answer: "a@1", err: connector.ErrContract})
}

// TestCursorsOfOthers: what is no cursor of this feed has expired.
func TestCursorsOfOthers(t *testing.T) {
	t.Parallel()
	asked, answer, now := "", "", start
	for _, f := range []feed{watermark(&asked, &answer, &now), newest(&asked, &answer, &now), &source.Tokens{}, &rolled{}} {
		for _, c := range []connector.Cursor{"x", "{}", "w0{}", "n1", "t1[", "w1{\"After\":7}", "l1 1"} {
			if _, err := f.Changes(t.Context(), connector.Query{Since: c}); !errors.Is(err, connector.ErrCursorExpired) {
				t.Errorf("%T takes %q: %v", f, c, err)
			}
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	asked, answer := "", ""
	clock := apptest.NewClock(start)
	fail := error(nil)
	f := &source.Tokens{MaxAge: 7 * 24 * time.Hour, Clock: clock,
		Page: func(_ context.Context, at source.Position, fields []string) (source.TokenPage, error) {
			asked = at.Sync + "/" + at.Page + " " + strings.Join(fields, "")
			var p source.TokenPage
			list, next, _ := strings.Cut(answer, ">")
			for _, item := range items(list) {
				p.Records = append(p.Records, item.Record)
			}
			for _, word := range strings.Fields(next) { // "page:x sync:y more"
				kind, token, _ := strings.Cut(word, ":")
				switch kind {
				case "page":
					p.NextPage = token
				case "sync":
					p.NextSync = token
				case "more":
					p.More = true
				}
			}
			return p, fail
		}}
	first := play(t, f, &asked, &answer, "",
		step{asked: "/ ba", answer: "a@1>page:p1", told: "a more"},
		step{asked: "/p1 ba", answer: "b@1>sync:s1", told: "b complete"})
	second := play(t, f, &asked, &answer, first,
		step{asked: "s1/ ba", answer: "c@1>page:p2 sync:s2", told: "c more"},
		step{asked: "s1/p2 ba", answer: "d@1>sync:s2", told: "d"},
		step{asked: "s2/ ba", answer: ">sync:s2", told: ""})
	// An app that cuts its answer and goes on with another token.
	play(t, f, &asked, &answer, "",
		step{asked: "/ ba", answer: "a@1>sync:s1 more", told: "a more"},
		step{asked: "s1/ ba", answer: "b@1>sync:s2 more", told: "b more"},
		step{asked: "s2/ ba", answer: "c@1>sync:s3", told: "c complete"},
		step{asked: "s3/ ba", answer: "c@1>sync:s4", told: "c"})
	play(t, f, &asked, &answer, "", step{asked: "/ ba", answer: "a@1", err: connector.ErrContract})

	_, err := f.Changes(t.Context(), connector.Query{Since: second, Fields: []string{"a"}})
	require.ErrorIs(t, err, connector.ErrCursorExpired)
	midway := play(t, f, &asked, &answer, second, step{asked: "s2/ ba", answer: ">page:p3", told: "more"})
	clock.Advance(7 * 24 * time.Hour)
	play(t, f, &asked, &answer, second, step{err: connector.ErrCursorExpired})
	play(t, f, &asked, &answer, midway, step{asked: "s2/p3 ba", answer: ">sync:s3", told: ""})
	fail = connector.ErrUnavailable
	play(t, f, &asked, &answer, "", step{asked: "/ ba", err: connector.ErrUnavailable})
	require.ErrorIs(t, func() error {
		_, err := (&source.Tokens{MaxAge: 1, Page: f.Page}).Changes(t.Context(), connector.Query{Since: second, Fields: []string{"a", "b"}})
		return err
	}(), connector.ErrCursorExpired, "by the clock of the machine it is long past")
}
