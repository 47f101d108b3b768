package davfake_test

import (
	"strings"
	"testing"

	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/stretchr/testify/require"
)

// TestMistakesOfAClient: each is answered and fails the test that made it.
func TestMistakesOfAClient(t *testing.T) {
	t.Parallel()
	multiget := func(href string) string {
		return `<CR:addressbook-multiget ` + dav + `>` + getETag + href + `</CR:addressbook-multiget>`
	}
	for name, row := range map[string]struct {
		ask    ask // the path is below the book unless it begins with a slash
		status int
	}{
		"a path that was never told": {ask{method: "GET", path: "/dav/a.vcf"}, 404},
		"a method":                   {ask{method: "PATCH", path: "a.vcf"}, 405},
		"a parameter":                {ask{method: "GET", path: "a.vcf?photo=1"}, 400},
		"a header":                   {ask{method: "GET", path: "a.vcf", header: map[string]string{"If-Modified-Since": "x"}}, 400},
		"an etag without quotes":     {ask{method: "DELETE", path: "a.vcf", header: map[string]string{"If-Match": "abc"}}, 400},
		"to delete the book":         {ask{method: "DELETE", path: ""}, 403},
		"to delete the home":         {ask{method: "DELETE", path: "/addressbooks/ann/"}, 403},
		"a card that is the book":    {ask{method: "PUT", path: "", header: map[string]string{"Content-Type": "text/vcard"}}, 409},
		"a report of a card":         {ask{method: "REPORT", path: "a.vcf", body: multiget(`<href>a</href>`)}, 403},
		"a multiget of nothing":      {ask{method: "REPORT", path: "", body: multiget("")}, 400},
		"a multiget elsewhere":       {ask{method: "REPORT", path: "", body: multiget(`<href>/addressbooks/bob/x.vcf</href>`)}, 207},
		"a multiget of a host":       {ask{method: "REPORT", path: "", body: multiget(`<href>https://evil.example/addressbooks/ann/contacts/a.vcf</href>`)}, 207},
		"a limit that is no number": {ask{method: "REPORT", path: "", body: `<sync-collection ` + dav +
			`><sync-token/><sync-level>1</sync-level><limit><nresults>all</nresults></limit>` + getETag + `</sync-collection>`}, 400},
		"a query without filter": {ask{method: "REPORT", path: "", body: `<CR:addressbook-query ` + dav + `>` + getETag + `</CR:addressbook-query>`}, 400},
		"a depth of two":         {ask{method: "PROPFIND", path: "", header: map[string]string{"Depth": "2"}}, 400},
		"another document":       {ask{method: "PROPFIND", path: "", header: map[string]string{"Depth": "0"}, body: `<prop ` + dav + `/>`}, 400},
		"two documents":          {ask{method: "PROPFIND", path: "", header: map[string]string{"Depth": "0"}, body: `<propfind xmlns="DAV:"/><x/>`}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &judged{T: t}
			s := davfake.New(j, davfake.Quirks{})
			s.Book.Put("a.vcf", probeCard("u-a", "Ann"))
			p := &probe{t: t, client: s.Client(), base: s.URL, book: s.Book.Path, user: s.User, password: davfake.Password}
			if !strings.HasPrefix(row.ask.path, "/") {
				row.ask.path = p.book + row.ask.path
			}
			got := p.send(row.ask)
			if got.status != row.status || len(j.faults) != 1 || s.Journal().Entries()[0].Refused == "" {
				t.Errorf("%d, and it failed the test %d times; want %d and once", got.status, len(j.faults), row.status)
			}
			require.Len(t, s.Book.Cards(), 1)
		})
	}
}

// TestHonestRequestsAreNotNoted: what a client cannot know, or only its data is to blame for.
func TestHonestRequestsAreNotNoted(t *testing.T) {
	t.Parallel()
	_, p := open(t, davfake.Quirks{MaxSize: 200})
	p.put("big.vcf", "", probeCard("u-b", strings.Repeat("b", 300)), map[string]string{"If-None-Match": "*"})
	p.put("bad.vcf", "", "BEGIN:VCARD\r\nEND:VCARD\r\n", map[string]string{"If-None-Match": "*"})
	p.send(ask{method: "GET", path: p.book + "gone.vcf"})
	p.send(ask{method: "DELETE", path: p.book + "gone.vcf"})
	p.send(ask{method: "PROPFIND", path: "/addressbooks/ann/gone/", header: map[string]string{"Depth": "0"}})
	p.send(ask{method: "PROPFIND", path: p.book, header: map[string]string{"Depth": "0"}}) // an empty body asks for all
	p.send(ask{method: "PROPFIND", path: strings.TrimSuffix(p.book, "/"), header: map[string]string{"Depth": "1"}})
	p.send(ask{method: "HEAD", path: p.book + "gone.vcf"})
}
