package davfake_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/stretchr/testify/require"
)

// open serves a fake with quirks, and returns it with a client that speaks to it.
func open(t *testing.T, q davfake.Quirks) (*davfake.Server, *probe) {
	t.Helper()
	s := davfake.New(t, q)
	p := &probe{t: t, client: s.Client(), base: s.URL, book: s.Book.Path, user: s.User, password: davfake.Password,
		etags: map[string]string{}, tokens: map[string]string{}}
	if q.NoAuth {
		p.user = ""
	}
	return s, p
}

// took returns what the client wrote down since it was last asked.
func (p *probe) took() string {
	text := strings.Join(p.lines, "\n")
	p.lines = nil
	return text
}

// propfind returns the text of a property of the book.
func (p *probe) property(name string) string {
	s := p.send(ask{method: "PROPFIND", path: p.book, header: map[string]string{"Depth": "0"},
		body: `<propfind ` + dav + `><prop><` + name + `/></prop></propfind>`})
	return s.tree.deep(name[strings.IndexByte(name, ':')+1:])
}

// TestQuirksOfWrites: each row is one habit; the same two requests show it.
func TestQuirksOfWrites(t *testing.T) {
	t.Parallel()
	card := probeCard("u-a", "Ann", "X-KEEP:me", "NOTE:"+strings.Repeat("long ", 20))
	for name, row := range map[string]struct {
		quirks       davfake.Quirks
		create       string // what is told of the create
		update       string // and of an update on the ETag of the read that follows it
		holds, lacks string // in the card as it is stored then
	}{
		"none":                   {davfake.Quirks{}, "201 etag strong", "204 etag strong", "X-KEEP:me", ""},
		"weak etags":             {davfake.Quirks{Weak: true}, "201 etag weak", "204 etag weak", "", ""},
		"weak and never matched": {davfake.Quirks{Weak: true, WeakNeverMatches: true}, "201 etag weak", "412", "", ""},
		"no etag of a put":       {davfake.Quirks{NoPutETag: true}, "201", "204", "X-KEEP:me", ""},
		"loses what it does not know": {davfake.Quirks{Rewrite: []davfake.Rewrite{davfake.DropX}}, "201", "204",
			"NOTE:", "X-KEEP"},
		"folds": {davfake.Quirks{Rewrite: []davfake.Rewrite{davfake.Refold}}, "201", "204", "\r\n ", ""},
		"sorts, and says nothing of it": {davfake.Quirks{Rewrite: []davfake.Rewrite{davfake.Sort}, PutETagAlways: true},
			"201 etag strong", "204 etag strong", "VERSION:3.0\r\nUID:u-a\r\nFN:", ""},
		"adds a revision":   {davfake.Quirks{Rewrite: []davfake.Rewrite{davfake.AddREV}}, "201", "204", "REV:20260102T030405Z", ""},
		"another uid":       {davfake.Quirks{Rewrite: []davfake.Rewrite{davfake.NewUID}}, "201", "204", "UID:server-u-a", "UID:u-a"},
		"an update is made": {davfake.Quirks{UpdateCreated: true}, "201 etag strong", "201 etag strong", "", ""},
		"a card too large":  {davfake.Quirks{MaxSize: 100}, "403\n  error max-resource-size", "", "", ""},
		"another version":   {davfake.Quirks{Versions: []string{"4.0"}}, "403\n  error supported-address-data", "", "", ""},
		"read on every etag": {davfake.Quirks{ETagsChangeOnRead: true}, "201 etag strong", "412",
			"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := open(t, row.quirks)
			p.put("a.vcf", "create", card, map[string]string{"If-None-Match": "*"})
			require.Equal(t, "create: "+row.create, p.took())
			if row.update == "" {
				require.Empty(t, s.Book.Cards())
				return
			}
			read := p.send(ask{method: "GET", path: p.book + "a.vcf"})
			require.Equal(t, s.Book.Cards()["a.vcf"], string(read.body))
			p.put("a.vcf", "update", strings.Replace(card, "FN:Ann", "FN:Anna", 1), map[string]string{"If-Match": read.header.Get("ETag")})
			require.Equal(t, "update: "+row.update, p.took())
			stored := s.Book.Cards()["a.vcf"]
			if !strings.Contains(stored, row.holds) || row.lacks != "" && strings.Contains(stored, row.lacks) {
				t.Errorf("it is stored as\n%s", stored)
			}
		})
	}
}

// TestETags: of the content, or counted.
func TestETags(t *testing.T) {
	t.Parallel()
	for _, counted := range []bool{false, true} {
		s, p := open(t, davfake.Quirks{CountedETags: counted})
		p.put("a.vcf", "", probeCard("u-a", "Ann"), nil)
		first := s.Book.ETag("a.vcf")
		p.put("a.vcf", "", probeCard("u-a", "Ann"), nil)
		require.Equal(t, counted, s.Book.ETag("a.vcf") != first)
		require.Empty(t, s.Book.ETag("b.vcf"))
	}
}

// TestReadOnly: a book that is shared for reading says so, and takes nothing.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	s, p := open(t, davfake.Quirks{})
	s.Book.Put("a.vcf", probeCard("u-a", "Ann"))
	s.Book.SetReadOnly(true)
	require.Equal(t, 403, p.put("a.vcf", "", probeCard("u-a", "Anna"), nil).status)
	require.Equal(t, 403, p.send(ask{method: "DELETE", path: p.book + "a.vcf"}).status)
	rights := p.send(ask{method: "PROPFIND", path: p.book, header: map[string]string{"Depth": "0"},
		body: `<propfind ` + dav + `><prop><current-user-privilege-set/></prop></propfind>`})
	require.Contains(t, string(rights.body), "<read/>")
	require.NotContains(t, string(rights.body), "<write/>")
	s.Book.SetReadOnly(false)
	require.Equal(t, 204, p.send(ask{method: "DELETE", path: p.book + "a.vcf"}).status)
}

// TestBadTokens: each server tells it its own way; all of them mean the same.
func TestBadTokens(t *testing.T) {
	t.Parallel()
	for want, how := range map[string]davfake.Answer{
		"sync: 403\n  error valid-sync-token":       {},
		"sync: 409\n  error valid-sync-token":       {Status: 409},
		"sync: 500":                                 {Status: 500, Bare: true},
		"sync: 207\n  . 412 error valid-sync-token": {Status: 207},
	} {
		s, p := open(t, davfake.Quirks{BadToken: how, TokenLife: time.Hour})
		p.sync("first", "", "", nil)
		p.took()
		s.Book.ExpireTokens()
		p.sync("sync", "last", "", nil)
		require.Equal(t, want, p.took())

		p.sync("first", "", "", nil)
		s.Clock.Advance(time.Hour)
		p.sync("in time", "last", "", nil)
		require.Contains(t, p.took(), "in time: 207\n  with a sync-token")
		s.Clock.Advance(2 * time.Hour)
		p.sync("sync", "last", "", nil)
		require.Equal(t, want, p.took())
	}
}

// TestLimits: what a server does that tells less than there is.
func TestLimits(t *testing.T) {
	t.Parallel()
	const cut, refused = ". 507 error number-of-matches-within-limits", "error number-of-matches-within-limits"
	limit := `<limit><nresults>2</nresults></limit>`
	for name, row := range map[string]struct {
		quirks davfake.Quirks
		limit  string
		want   string
		n      int // members told
	}{
		"kept":           {davfake.Quirks{}, limit, cut, 2},
		"ignored":        {davfake.Quirks{Limit: davfake.LimitIgnored}, limit, "", 3},
		"refused":        {davfake.Quirks{Limit: davfake.LimitRefused}, limit, refused, 0},
		"refused unless": {davfake.Quirks{Limit: davfake.LimitRefused}, "", "", 3},
		"the server's":   {davfake.Quirks{SyncLimit: 1}, "", cut, 1},
		"the lower":      {davfake.Quirks{SyncLimit: 1}, limit, cut, 1},
	} {
		s, p := open(t, row.quirks)
		for _, n := range []string{"a", "b", "c"} {
			s.Book.Put(n+".vcf", probeCard("u-"+n, n))
		}
		p.sync("sync", "", row.limit, nil)
		got := p.took()
		if !strings.Contains(got, row.want) || row.want == "" && strings.Contains(got, "507") || strings.Count(got, ".vcf") != row.n {
			t.Errorf("%s: %s", name, got)
		}
	}
	s, p := open(t, davfake.Quirks{ListLimit: 1, MultigetLimit: 1})
	s.Book.Put("a.vcf", probeCard("u-a", "a"))
	s.Book.Put("b.vcf", probeCard("u-b", "b"))
	p.note("list", p.send(ask{method: "PROPFIND", path: p.book, header: map[string]string{"Depth": "1"}, body: `<propfind ` + dav + `>` + getETag + `</propfind>`}))
	require.Equal(t, "list: 207\n  . 507 error number-of-matches-within-limits\n  . [404 getetag]\n  a.vcf [200 getetag=strong]", p.took())
	p.note("multiget", p.send(ask{method: "REPORT", path: p.book, body: `<CR:addressbook-multiget ` + dav + `>` + getETag +
		`<href>` + p.book + `a.vcf</href><href>` + p.book + `b.vcf</href></CR:addressbook-multiget>`}))
	require.Equal(t, "multiget: 207\n  . 507 error number-of-matches-within-limits\n  a.vcf [200 getetag=strong]", p.took())
}

// TestHrefs: as paths, escaped more than they must be, with scheme and host; and those that do not belong.
func TestHrefs(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		quirks davfake.Quirks
		want   string
	}{
		"paths":    {davfake.Quirks{Layout: davfake.Layout{User: "ann@example.com"}}, "/addressbooks/ann@example.com/contacts/a%20b.vcf"},
		"escaped":  {davfake.Quirks{Layout: davfake.Layout{User: "ann@example.com"}, Escapes: davfake.EscapesLower}, "/addressbooks/ann%40example%2ecom/contacts/a%20b%2evcf"},
		"quoted":   {davfake.Quirks{Layout: davfake.Layout{User: "ann@example.com"}, Escapes: davfake.EscapesQuoted}, "/addressbooks/ann%40example.com/contacts/a%20b.vcf"},
		"absolute": {davfake.Quirks{AbsoluteHrefs: true}, "http://HOST/addressbooks/ann/contacts/a%20b.vcf"},
	} {
		s, p := open(t, row.quirks)
		s.Book.Put("a b.vcf", probeCard("u-a", "Ann"))
		list := p.send(ask{method: "REPORT", path: (&url.URL{Path: p.book}).EscapedPath(), header: map[string]string{"Depth": "0"},
			body: `<sync-collection ` + dav + `><sync-token/><sync-level>1</sync-level>` + getETag + `</sync-collection>`})
		href := list.tree.first("response").first("href").Text
		if want := strings.Replace(row.want, "HOST", strings.TrimPrefix(s.URL, "http://"), 1); href != want {
			t.Errorf("%s: %s, want %s", name, href, want)
		}
		u, err := url.Parse(href)
		require.NoError(t, err)
		require.Equal(t, 200, p.send(ask{method: "GET", path: u.EscapedPath()}).status, name)
	}
	s, p := open(t, davfake.Quirks{})
	s.Book.Stray("https://evil.example/a.vcf", "/addressbooks/bob/contacts/b.vcf")
	p.sync("sync", "", "", nil)
	require.Equal(t, 2, strings.Count(p.took(), "outside [200 getetag=strong]"))
	p.note("list", p.send(ask{method: "PROPFIND", path: p.book, header: map[string]string{"Depth": "1"}, body: `<propfind ` + dav + `>` + getETag + `</propfind>`}))
	require.Equal(t, 2, strings.Count(p.took(), "outside [200 getetag=strong]"))
	s.Book.Stray()
	p.sync("sync", "", "", nil)
	require.NotContains(t, p.took(), "outside")
}

// TestOtherHost: the home set leads to another host, where the books are.
func TestOtherHost(t *testing.T) {
	t.Parallel()
	j := &judged{T: t}
	s := davfake.New(j, davfake.ICloud())
	s.Book.Put("a.vcf", probeCard("u-a", "Ann"))
	p := &probe{t: t, client: s.Client(), base: s.URL, book: s.Book.Path, user: s.User, password: davfake.Password}
	home := p.send(ask{method: "PROPFIND", path: "/1234567/principal/", header: map[string]string{"Depth": "0"},
		body: `<propfind ` + dav + `><prop><CR:addressbook-home-set/></prop></propfind>`})
	require.Contains(t, string(home.body), s.Other.URL+"/1234567/carddavhome/")
	require.Equal(t, 404, p.send(ask{method: "GET", path: p.book + "a.vcf"}).status)
	require.Len(t, j.faults, 1)
	p.base = s.Other.URL
	require.Equal(t, 200, p.send(ask{method: "GET", path: p.book + "a.vcf"}).status)
	require.Len(t, j.faults, 1)
	require.Equal(t, map[string]int{"GET": 1}, s.Other.Journal().Counts())
}

// TestAuthorization: the wrong password, none, a token.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	ask401 := func(s *davfake.Server, set func(*http.Request)) int {
		r, err := http.NewRequest("OPTIONS", s.URL+s.Book.Path, nil)
		require.NoError(t, err)
		set(r)
		answer, err := s.Client().Do(r)
		require.NoError(t, err)
		answer.Body.Close()
		if (answer.StatusCode == 401) != (answer.Header.Get("WWW-Authenticate") != "") {
			t.Errorf("%d with challenge %q", answer.StatusCode, answer.Header.Get("WWW-Authenticate"))
		}
		return answer.StatusCode
	}
	basic, _ := open(t, davfake.Quirks{})
	bearer, _ := open(t, davfake.Quirks{Bearer: true})
	login := func(user, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(user, password) }
	}
	token := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+davfake.Password) }
	require.Equal(t, 200, ask401(basic, login("ann", davfake.Password)))
	require.Equal(t, 401, ask401(basic, login("ann", "wrong")))
	require.Equal(t, 401, ask401(basic, login("bob", davfake.Password)))
	require.Equal(t, 401, ask401(basic, func(*http.Request) {}))
	require.Equal(t, 401, ask401(basic, token))
	require.Equal(t, 200, ask401(bearer, token))
	require.Equal(t, 401, ask401(bearer, login("ann", davfake.Password)))
}

// TestWithoutSync: a server that has ctags and etags alone, and one that has not even ctags.
func TestWithoutSync(t *testing.T) {
	t.Parallel()
	s, p := open(t, davfake.Quirks{NoSync: true})
	require.Empty(t, p.property("sync-token"))
	ctag := p.property("CS:getctag")
	require.NotEmpty(t, ctag)
	s.Book.Put("a.vcf", probeCard("u-a", "Ann"))
	require.NotEqual(t, ctag, p.property("CS:getctag"))
	_, p = open(t, davfake.Quirks{NoCTag: true})
	require.Empty(t, p.property("CS:getctag"))
}

// TestQueries: in full, ignored, missing, broken.
func TestQueries(t *testing.T) {
	t.Parallel()
	text := func(prop, more, value string) string {
		return `<CR:prop-filter name="` + prop + `"><CR:text-match ` + more + `>` + value + `</CR:text-match></CR:prop-filter>`
	}
	for _, row := range []struct {
		query  davfake.Query
		filter string
		depth  string
		want   string // names found, or the status
	}{
		{"", text("FN", "", "NN"), "1", "a"},
		{"", text("FN", "", "NN"), "", ""}, // the book alone is looked at
		{"", text("fn", `match-type="equals"`, "ann"), "1", "a"},
		{"", text("FN", `match-type="starts-with"`, "b"), "1", "b"},
		{"", text("FN", `match-type="ends-with"`, "o"), "1", "c"},
		{"", text("FN", `negate-condition="yes"`, "nn"), "1", "bc"},
		{"", text("FN", "", "ann") + text("FN", "", "bob"), "1", "ab"},
		{"", `<CR:prop-filter name="TEL" test="allof"><CR:text-match>808</CR:text-match><CR:text-match>909</CR:text-match></CR:prop-filter>`, "1", ""},
		{"", `<CR:prop-filter name="TEL" test="allof"><CR:text-match>808</CR:text-match><CR:text-match>555</CR:text-match></CR:prop-filter>`, "1", "abc"},
		{"", `<CR:prop-filter name="X-KEEP"/>`, "1", "c"},
		{"", `<CR:prop-filter name="X-KEEP"><CR:is-not-defined/></CR:prop-filter>`, "1", "ab"},
		{"", `<CR:prop-filter name="TEL"><CR:param-filter name="TYPE"/></CR:prop-filter>`, "1", "403"},
		{davfake.QueryAll, text("FN", "", "ann"), "1", "abc"},
		{davfake.QueryBroken, "", "1", "abc"},
		{davfake.QueryBroken, text("FN", "", "ann"), "1", "500"},
		{davfake.QueryMissing, "", "1", "403"},
	} {
		s, p := open(t, davfake.Quirks{Query: row.query})
		s.Book.Put("a.vcf", probeCard("u-a", "Ann"))
		s.Book.Put("b.vcf", probeCard("u-b", "Bob"))
		s.Book.Put("c.vcf", probeCard("u-c", "Cleo", "X-KEEP:me"))
		header := map[string]string{}
		if row.depth != "" {
			header["Depth"] = row.depth
		}
		got := p.send(ask{method: "REPORT", path: p.book, header: header,
			body: `<CR:addressbook-query ` + dav + `>` + getETag + `<CR:filter>` + row.filter + `</CR:filter></CR:addressbook-query>`})
		found := fmt.Sprint(got.status)
		if got.status == 207 {
			found = ""
			for _, r := range got.tree.all("response") {
				found += strings.TrimSuffix(p.short(r.first("href").Text), ".vcf")
			}
		}
		if found != row.want {
			t.Errorf("%s %s of depth %q finds %q, want %q", row.query, row.filter, row.depth, found, row.want)
		}
	}
}

// TestPartOfACard: address-data with the names of properties (RFC 6352 section 10.4), and a version that is not there.
func TestPartOfACard(t *testing.T) {
	t.Parallel()
	s, p := open(t, davfake.Quirks{Versions: []string{"3.0"}})
	s.Book.Put("a.vcf", probeCard("u-a", "Ann", "NOTE:x"))
	get := func(data string) seen {
		return p.send(ask{method: "REPORT", path: p.book, body: `<CR:addressbook-multiget ` + dav + `><prop>` + data + `</prop><href>` +
			p.book + `a.vcf</href></CR:addressbook-multiget>`})
	}
	require.Equal(t, "BEGIN:VCARD\r\nFN:Ann\r\nUID:u-a\r\nEND:VCARD",
		strings.TrimSpace(get(`<CR:address-data><CR:prop name="UID"/><CR:prop name="FN"/></CR:address-data>`).tree.deep("address-data")))
	require.Equal(t, 403, get(`<CR:address-data content-type="text/vcard" version="4.0"/>`).status)
}
