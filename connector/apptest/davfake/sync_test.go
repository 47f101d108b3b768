package davfake_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/connector/apptest"
	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestAClientThatFollowsTokensHasTheBook: whatever users do between pages, and however few members a page names, a
// client that takes all pages knows what is there.
func TestAClientThatFollowsTokensHasTheBook(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		quirks := davfake.Quirks{SyncLimit: rapid.IntRange(0, 3).Draw(rt, "limit"), Gone: rapid.SampledFrom([]davfake.Gone{davfake.GoneKnown, davfake.GoneSince, davfake.GoneEver}).Draw(rt, "gone"),
			CountedETags: rapid.Bool().Draw(rt, "counted")}
		ended := &ends{judged: judged{T: t}}
		defer ended.end()
		s := davfake.New(ended, quirks)
		p := &probe{t: t, client: s.Client(), base: s.URL, book: s.Book.Path, user: s.User, password: davfake.Password,
			etags: map[string]string{}, tokens: map[string]string{}}
		hand := func() {
			name := fmt.Sprintf("%d.vcf", rapid.IntRange(0, 2).Draw(rt, "name"))
			if rapid.Bool().Draw(rt, "remove") {
				s.Book.Remove(name)
			} else {
				s.Book.Put(name, probeCard("u-"+name, fmt.Sprint(rapid.IntRange(0, 3).Draw(rt, "content"))))
			}
		}
		known := map[string]string{}
		for range rapid.IntRange(1, 4).Draw(rt, "rounds") {
			for range rapid.IntRange(0, 8).Draw(rt, "edits") {
				hand()
			}
			for more, pages := true, 0; more; pages++ {
				if pages > 20 {
					rt.Fatal("no end")
				}
				more = p.follow(known)
				if more && rapid.Bool().Draw(rt, "between") {
					hand()
				}
			}
			want := map[string]string{}
			for name := range s.Book.Cards() {
				want[name] = s.Book.ETag(name)
			}
			if diff := cmp.Diff(want, known); diff != "" {
				rt.Fatalf("(-book +client):\n%s", diff)
			}
		}
		if len(ended.faults) > 0 {
			rt.Fatal(ended.faults)
		}
	})
}

// ends is a test within a test: it ends before the test itself does.
type ends struct {
	judged
	last []func()
}

func (e *ends) Cleanup(f func()) { e.last = append(e.last, f) }
func (e *ends) end() {
	for _, f := range e.last {
		f()
	}
}

// follow takes one page, and reports whether there is another.
func (p *probe) follow(known map[string]string) (more bool) {
	body := `<sync-collection ` + dav + `><sync-token>` + p.tokens["last"] + `</sync-token><sync-level>1</sync-level>` + getETag + `</sync-collection>`
	s := p.send(ask{method: "REPORT", path: p.book, header: map[string]string{"Depth": "0"}, body: body})
	named := map[string]bool{}
	for _, r := range s.tree.all("response") {
		name, status := p.short(r.first("href").Text), r.first("status").Text
		if named[name] {
			p.t.Errorf("%s is named twice on a page", name) // RFC 6578 section 3.2
		}
		named[name] = true
		switch {
		case name == ".":
			more = strings.Contains(status, "507")
		case strings.Contains(status, "404"):
			delete(known, name)
		default:
			known[name] = r.deep("getetag")
		}
	}
	p.tokens["last"] = strings.TrimSpace(s.tree.first("sync-token").Text)
	return more
}

// TestHands: users put, edit and remove cards, and what they do shows.
func TestHands(t *testing.T) {
	t.Parallel()
	s, p := open(t, davfake.Quirks{})
	other := s.AddBook("work", "Work")
	s.Book.Put("a.vcf", probeCard("u-a", "Ann"))
	if !s.Book.Edit("a.vcf", func(c string) string { return strings.Replace(c, "FN:Ann", "FN:Anna", 1) }) || s.Book.Edit("b.vcf", strings.ToUpper) {
		t.Error("there is a, and no b")
	}
	if got := p.send(ask{method: "GET", path: p.book + "a.vcf"}); !strings.Contains(string(got.body), "FN:Anna") {
		t.Errorf("a user's edit: %s", got.body)
	}
	if got := p.send(ask{method: "GET", path: other.Path + "a.vcf"}); got.status != 404 {
		t.Errorf("the other book has it, too: %d", got.status)
	}
	if !s.Book.Remove("a.vcf") || s.Book.Remove("a.vcf") || len(s.Book.Cards()) != 0 {
		t.Error("it was removed once")
	}
}

// TestUnlisted: a server that has lost its index tells of nobody, and has everybody.
func TestUnlisted(t *testing.T) {
	t.Parallel()
	s, p := open(t, davfake.Quirks{})
	s.Book.Put("a.vcf", probeCard("u-a", "Ann"))
	for _, unlisted := range []bool{true, false} {
		s.Book.Unlist(unlisted)
		p.sync("sync", "", "", nil)
		p.note("list", p.send(ask{method: "PROPFIND", path: p.book, header: map[string]string{"Depth": "1"},
			body: `<propfind ` + dav + `>` + getETag + `</propfind>`}))
		if got := p.took(); strings.Contains(got, "a.vcf") == unlisted {
			t.Errorf("unlisted %t: %s", unlisted, got)
		}
		if status := p.send(ask{method: "GET", path: p.book + "a.vcf"}).status; status != 200 {
			t.Errorf("unlisted %t: the card is %d", unlisted, status)
		}
	}
}

// TestBooks: the home set names all of them, with their labels.
func TestBooks(t *testing.T) {
	t.Parallel()
	s, p := open(t, davfake.Quirks{})
	s.AddBook("work", "Work & more").SetReadOnly(true)
	home := p.send(ask{method: "PROPFIND", path: "/addressbooks/ann/", header: map[string]string{"Depth": "1"},
		body: `<propfind ` + dav + `><prop><displayname/><resourcetype/></prop></propfind>`})
	var got []string
	for _, r := range home.tree.all("response") {
		got = append(got, r.first("href").Text+" "+r.deep("displayname"))
	}
	want := []string{"/addressbooks/ann/ ", "/addressbooks/ann/contacts/ Contacts", "/addressbooks/ann/work/ Work & more"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFaultsOfTheKit: a PUT whose answer is lost is done, and the journal names reports.
func TestFaultsOfTheKit(t *testing.T) {
	t.Parallel()
	s, p := open(t, davfake.Quirks{})
	s.Fail(apptest.Fault{On: "REPORT sync-collection", Do: apptest.ErrorBefore, Status: 503, RetryAfter: "3"})
	p.sync("sync", "", "", nil)
	p.sync("again", "", "", nil)
	if got := p.took(); got != "sync: 503\nagain: 207\n  with a sync-token" {
		t.Error(got)
	}
	if diff := cmp.Diff(map[string]int{"REPORT sync-collection": 2}, maps.Clone(s.Journal().Counts())); diff != "" {
		t.Error(diff)
	}
}
