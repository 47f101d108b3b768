package source_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/source"
)

// TestRollOverPages: a list of several pages proves who is gone once nobody has gone while it was read.
func TestRollOverPages(t *testing.T) {
	t.Parallel()
	type page struct{ asked, answer, told string }
	for name, row := range map[string]struct {
		partial bool
		pages   []page
	}{
		"one page":           {false, []page{{"", "a b", "a b complete"}}},
		"one page of a part": {true, []page{{"", "a b", "a b"}}},
		"nobody has gone": {false, []page{{"", "a b>2", "a b more"}, {"2", "c !d", "c !d more"}, {"", "a b>2", "a b more"},
			{"2", "c d", "c d complete"}}},
		"somebody has come": {false, []page{{"", "a b>2", "a b more"}, {"2", "c", "c more"}, {"", "a b>2", "a b more"},
			{"2", "c n", "c n complete"}}},
		"c slips to the first page twice": {false, []page{{"", "x y>2", "x y more"}, {"2", "d", "d more"}, {"", "n y>2", "n y more"}, {"2", "d", "d more"},
			{"", "y c>2", "y c more"}, {"2", "d", "d more"}, {"", "y c>2", "y c more"}, {"2", "d", "d complete"}}},
		"never at rest": {false, []page{{"", "a>1", "a more"}, {"1", "z", "z more"}, {"", "b>1", "b more"}, {"1", "z", "z more"},
			{"", "c>1", "c more"}, {"1", "z", "z more"}, {"", "d>1", "d more"}, {"1", "z", "z"}}},
	} {
		var asked, answer string
		list := source.Roll{Partial: row.partial, Page: func(_ context.Context, page string) (connector.Listing, string, error) {
			asked = page
			ids, next, _ := strings.Cut(answer, ">")
			var l connector.Listing
			for _, id := range strings.Fields(ids) {
				if name, bad := strings.CutPrefix(id, "!"); bad {
					l.Unread = append(l.Unread, connector.Unread{ID: name, Err: errors.New("half a record")})
				} else {
					l.Items = append(l.Items, connector.Item{ID: id})
				}
			}
			return l, next, nil
		}}
		at := connector.Cursor("")
		for i, p := range row.pages {
			answer = p.answer
			l, err := list.List(t.Context(), at)
			var words []string
			for _, item := range l.Items {
				words = append(words, item.ID)
			}
			for _, u := range l.Unread {
				words = append(words, "!"+u.ID)
			}
			got := strings.Join(words, " ")
			if l.More {
				got += " more"
			}
			if l.Complete {
				got += " complete"
			}
			if err != nil || got != p.told || asked != p.asked {
				t.Errorf("%s: page %d: asked for %q, told %q, %v; want %q, %q", name, i+1, asked, got, err, p.asked, p.told)
			}
			at = l.Next
		}
	}
}
