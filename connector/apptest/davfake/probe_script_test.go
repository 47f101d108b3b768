package davfake_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// The script that the probe sends.

const (
	dav     = `xmlns="DAV:" xmlns:CR="urn:ietf:params:xml:ns:carddav" xmlns:CS="http://calendarserver.org/ns/"`
	getETag = `<prop><getetag/></prop>`
)

// probeLines are what servers may lose, fold or spell otherwise.
var probeLines = []string{"x-keep:me", "NOTE:" + strings.Repeat(`a long note\, `, 10) + "end", "item1.EMAIL;type=INTERNET;type=pref:ann@example.com",
	`item1.X-ABLabel:_$!<Work>!$_`, "ADR;TYPE=\"home\":;;1 Main St;Town;;;", `CATEGORIES:a\;b,c\\d,e\,f`, `ORG:A\;B\, C;D\\E`, `TITLE:a\;b\\c\, d`, `NICKNAME:x\,y,z`, "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo="}

// probeCard returns a card of version 3.0, in an order that a server which sorts would change.
func probeCard(uid, name string, more ...string) string {
	lines := append([]string{"BEGIN:VCARD", "VERSION:3.0", "N:" + name + ";;;;", "FN:" + name, "TEL;TYPE=HOME;TYPE=VOICE:+1 808 555 0100",
		"UID:" + uid}, more...)
	return strings.Join(append(lines, "END:VCARD", ""), "\r\n")
}

func (p *probe) put(name, what, card string, header map[string]string) seen {
	p.t.Helper()
	all := map[string]string{"Content-Type": "text/vcard; charset=utf-8"}
	for k, v := range header {
		all[k] = v
	}
	s := p.send(ask{method: "PUT", path: p.book + name, header: all, body: card})
	p.note(what, s)
	if s.status < 300 && s.status != http.StatusMultiStatus {
		p.etags[name] = s.header.Get("ETag")
	}
	if p.etags[name] == "" { // where a PUT does not tell it, it is read, as a client would
		p.etags[name] = p.send(ask{method: "GET", path: p.book + name}).header.Get("ETag")
	}
	return s
}

func (p *probe) sync(what, token, more string, header map[string]string) {
	p.t.Helper()
	all := map[string]string{"Depth": "0"}
	for k, v := range header {
		all[k] = v
	}
	if !strings.Contains(more, "sync-level") {
		more = `<sync-level>1</sync-level>` + more
	}
	body := `<sync-collection ` + dav + `><sync-token>` + p.tokens[token] + `</sync-token>` +
		strings.Replace(more, "<sync-level/>", "", 1) + getETag + `</sync-collection>`
	s := p.send(ask{method: "REPORT", path: p.book, header: all, body: body})
	p.note(what, s)
	if t := s.tree.first("sync-token").Text; t != "" {
		p.tokens["last"] = strings.TrimSpace(t)
	}
}

// run sends the script.
func (p *probe) run() []string {
	p.etags, p.tokens = map[string]string{}, map[string]string{"bad": "http://example.com/ns/sync/never"}
	p.runDiscovery()
	p.runWrites()
	p.runReads()
	p.runSync()
	p.runReports()
	p.runDeletes()
	p.runNames()
	return p.lines
}

// runNames puts a card under a name that is escaped in more than one way, and looks how it is told and found.
func (p *probe) runNames() {
	const name = "a b@é+.vcf"
	escaped := (&url.URL{Path: p.book + name}).EscapedPath()
	s := p.send(ask{method: "PUT", path: escaped, header: map[string]string{"Content-Type": "text/vcard; charset=utf-8"}, body: probeCard("u-name", "Name")})
	p.note("an odd name", seen{status: s.status})
	list := p.send(ask{method: "PROPFIND", path: p.book, header: map[string]string{"Depth": "1"}, body: `<propfind ` + dav + `>` + getETag + `</propfind>`})
	for _, r := range list.tree.all("response") {
		if href := strings.TrimSpace(r.first("href").Text); p.short(href) == name {
			p.note("is listed", seen{status: list.status}, "as", href[strings.LastIndex(href, "/")+1:])
		}
	}
	for what, href := range map[string]string{
		"1 escaped": escaped, "2 escaped in lower case": strings.NewReplacer("%C3%A9", "%c3%a9").Replace(escaped),
		"3 escaped more": strings.NewReplacer("@", "%40", "+", "%2B").Replace(escaped), "4 with its host": p.base + escaped,
	} {
		got := p.send(ask{method: "REPORT", path: p.book, header: map[string]string{"Depth": "1"},
			body: `<CR:addressbook-multiget ` + dav + `>` + getETag + `<href>` + href + `</href></CR:addressbook-multiget>`})
		found := strings.Count(string(got.body), "200 OK")
		p.note("multiget of a name "+what, seen{status: got.status}, fmt.Sprintf("finds %d", found))
	}
	slices.Sort(p.lines[len(p.lines)-4:])
	for _, header := range []string{"If-Match", "If-None-Match"} {
		s = p.send(ask{method: "PUT", path: escaped, header: map[string]string{"Content-Type": "text/vcard; charset=utf-8", header: "*"},
			body: probeCard("u-name", "Name2")})
		p.note("update on any, "+header, seen{status: s.status})
	}
	s = p.send(ask{method: "HEAD", path: escaped})
	p.note("head", s, fmt.Sprintf("of %d bytes", len(s.body)))
	tag := s.header.Get("ETag")
	s = p.send(ask{method: "PUT", path: escaped, header: map[string]string{"Content-Type": "text/vcard; charset=utf-8", "If-Match": "W/" + tag},
		body: probeCard("u-name", "Name3")})
	p.note("update on the etag, weakened", seen{status: s.status})
	p.note("delete any, If-Match", seen{status: p.send(ask{method: "DELETE", path: escaped, header: map[string]string{"If-Match": "*"}}).status})
	all := p.send(ask{method: "PROPFIND", path: p.book, header: map[string]string{"Depth": "0"}})
	p.note("an empty propfind", seen{status: all.status}, fmt.Sprintf("displayname %t", strings.Contains(string(all.body), "displayname")))
}

func (p *probe) runDiscovery() {
	s := p.send(ask{method: "OPTIONS", path: p.book})
	p.note("options", s, fmt.Sprintf("addressbook %t", strings.Contains(strings.Join(s.header.Values("DAV"), ","), "addressbook")))
	if p.user != "" {
		s = p.send(ask{method: "PROPFIND", path: p.book, header: map[string]string{"Depth": "0"}, anonymous: true})
		p.note("without credentials", s, fmt.Sprintf("challenge %t", s.header.Get("WWW-Authenticate") != ""))
	}
	s = p.send(ask{method: "GET", path: "/.well-known/carddav"})
	p.note("well-known", s, fmt.Sprintf("location %t", s.header.Get("Location") != ""))
	find := func(what, where, depth, props string) seen {
		s := p.send(ask{method: "PROPFIND", path: where, header: map[string]string{"Depth": depth},
			body: `<propfind ` + dav + `><prop>` + props + `</prop></propfind>`})
		if depth == "0" {
			p.note(what, s)
		}
		return s
	}
	hrefOf := func(s seen, prop string) string {
		var found string
		var look func(n node)
		look = func(n node) {
			if n.XMLName.Local == prop && n.first("href").Text != "" {
				found = strings.TrimSpace(n.first("href").Text)
			}
			for _, c := range n.Nodes {
				look(c)
			}
		}
		look(s.tree)
		u, err := url.Parse(found)
		require.NoError(p.t, err)
		return cmp.Or(u.Path, "/")
	}
	s = find("principal", "/", "0", `<current-user-principal/>`)
	s = find("home set", hrefOf(s, "current-user-principal"), "0", `<CR:addressbook-home-set/>`)
	home := hrefOf(s, "addressbook-home-set")
	s = find("", home, "1", `<resourcetype/><displayname/>`)
	there := false
	for _, r := range s.tree.all("response") {
		there = there || p.short(r.first("href").Text) == "."
	}
	p.note("home", seen{status: s.status}, fmt.Sprintf("book in it %t", there))
	find("book", p.book, "0", `<resourcetype/><displayname/><supported-report-set/><sync-token/><CS:getctag/>`+
		`<CR:supported-address-data/><CR:max-resource-size/><current-user-privilege-set/><CR:no-such/>`)
}

func (p *probe) runWrites() {
	p.put("a.vcf", "create", probeCard("u-a", "Ann"), map[string]string{"If-None-Match": "*"})
	p.put("a.vcf", "create again", probeCard("u-a", "Ann"), map[string]string{"If-None-Match": "*"})
	old := p.etags["a.vcf"]
	p.put("a.vcf", "update", probeCard("u-a", "Anna", probeLines...), map[string]string{"If-Match": old})
	p.put("a.vcf", "update on an old etag", probeCard("u-a", "Annie"), map[string]string{"If-Match": old})
	p.put("a.vcf", "update without condition", probeCard("u-a", "Anna", probeLines...), nil)
	p.put("gone.vcf", "update of nothing", probeCard("u-gone", "Gone"), map[string]string{"If-Match": `"x"`})
	p.put("same.vcf", "a uid that is taken", probeCard("u-a", "Same"), map[string]string{"If-None-Match": "*"})
	p.put("nouid.vcf", "no uid", strings.Replace(probeCard("x", "No"), "UID:x\r\n", "", 1), map[string]string{"If-None-Match": "*"})
	p.put("nofn.vcf", "no name", strings.Replace(probeCard("u-nofn", "No"), "FN:No\r\n", "", 1), map[string]string{"If-None-Match": "*"})
	p.put("bad.vcf", "no card", "this is no card\r\n", map[string]string{"If-None-Match": "*"})
	p.put("empty.vcf", "an empty body", "", map[string]string{"If-None-Match": "*"})
	p.put("plain.vcf", "another content type", probeCard("u-plain", "Plain"), map[string]string{"Content-Type": "text/plain"})
	p.put("../nowhere/x.vcf", "in no book", probeCard("u-x", "X"), map[string]string{"If-None-Match": "*"})
	p.put("group.vcf", "a group of vCard 4", "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:u-g\r\nKIND:group\r\nFN:G\r\n"+
		"MEMBER:urn:uuid:u-a\r\nEND:VCARD\r\n", map[string]string{"If-None-Match": "*"})
	p.put("uid.vcf", "to change the uid of", probeCard("u-1", "Uid"), map[string]string{"If-None-Match": "*"})
	p.put("uid.vcf", "another uid", probeCard("u-2", "Uid"), nil)
}

func (p *probe) runReads() {
	s := p.send(ask{method: "GET", path: p.book + "a.vcf"})
	kind, _, _ := strings.Cut(s.header.Get("Content-Type"), ";")
	p.note("read", s, kind, fmt.Sprintf("as it was sent %t", string(s.body) == probeCard("u-a", "Anna", probeLines...)),
		fmt.Sprintf("holds what is unknown %t", strings.Contains(strings.ToLower(string(s.body)), "x-keep:me")),
		fmt.Sprintf("under the etag of the put %t", s.header.Get("ETag") == p.etags["a.vcf"]))
	for _, line := range strings.Split(strings.TrimSpace(strings.ReplaceAll(string(s.body), "\r\n ", "")), "\n") {
		if strings.HasPrefix(line, "REV:") {
			line = "REV:now"
		}
		p.lines = append(p.lines, "  | "+strings.TrimSuffix(line, "\r"))
	}
	p.note("read nothing", seen{status: p.send(ask{method: "GET", path: p.book + "none.vcf"}).status})
	s = p.send(ask{method: "GET", path: p.book + "group.vcf"})
	p.note("read the group", seen{status: s.status}, fmt.Sprintf("kind %t member %t", strings.Contains(string(s.body), "KIND:group"),
		strings.Contains(string(s.body), "MEMBER:urn:uuid:u-a")))
}

func (p *probe) runSync() {
	p.send(ask{method: "DELETE", path: p.book + "plain.vcf"}) // what servers differ in about writes
	for _, name := range []string{"same", "nouid", "nofn", "uid", "bad", "empty"} {
		p.send(ask{method: "DELETE", path: p.book + name + ".vcf"})
	}
	p.sync("sync from nothing", "", "", nil)
	p.tokens["start"] = p.tokens["last"]
	p.sync("sync, nothing new", "start", "", nil)
	p.put("a.vcf", "the same once more", probeCard("u-a", "Anna", probeLines...), nil)
	p.sync("sync after the same once more", "start", "", nil)
	p.put("b.vcf", "another", probeCard("u-b", "Bob"), map[string]string{"If-None-Match": "*"})
	p.sync("sync after another", "start", "", nil)
	p.tokens["with b"] = p.tokens["last"]
	p.send(ask{method: "DELETE", path: p.book + "b.vcf"})
	p.sync("sync after it went", "with b", "", nil)
	p.sync("sync from before it came", "start", "", nil)
	p.sync("sync with a bad token", "bad", "", nil)
	p.sync("sync, one at most", "", `<limit><nresults>1</nresults></limit>`, nil)
	p.sync("sync of depth 1", "", "", map[string]string{"Depth": "1"})
	p.sync("sync without a level", "", `<sync-level/>`, nil)
}

func (p *probe) runReports() {
	report := func(what, body string) {
		p.note(what, p.send(ask{method: "REPORT", path: p.book, header: map[string]string{"Depth": "1"}, body: body}))
	}
	data := `<prop><getetag/><CR:address-data/></prop>`
	report("multiget", `<CR:addressbook-multiget `+dav+`>`+data+`<href>`+p.book+`a.vcf</href><href>`+p.book+`none.vcf</href></CR:addressbook-multiget>`)
	query := func(filter string) string {
		return `<CR:addressbook-query ` + dav + `>` + data + `<CR:filter>` + filter + `</CR:filter></CR:addressbook-query>`
	}
	report("query of all", query(``))
	report("query by name", query(`<CR:prop-filter name="FN"><CR:text-match match-type="contains">nna</CR:text-match></CR:prop-filter>`))
	report("query that finds none", query(`<CR:prop-filter name="FN"><CR:text-match match-type="equals">zzz</CR:text-match></CR:prop-filter>`))
	report("no such report", `<no-such `+dav+`/>`)
	report("no xml", `<sync-collection`)
	list := func(what, depth string) {
		header := map[string]string{}
		if depth != "" {
			header["Depth"] = depth
		}
		p.note(what, p.send(ask{method: "PROPFIND", path: p.book, header: header,
			body: `<propfind ` + dav + `><prop><getetag/><resourcetype/><getcontenttype/></prop></propfind>`}))
	}
	list("list", "1")
	list("list without end", "infinity")
	list("list without depth", "")
}

func (p *probe) runDeletes() {
	remove := func(what, name, etag string) {
		header := map[string]string{}
		if etag != "" {
			header["If-Match"] = etag
		}
		p.note(what, seen{status: p.send(ask{method: "DELETE", path: p.book + name, header: header}).status})
	}
	remove("delete on an old etag", "a.vcf", `"old"`)
	remove("delete", "a.vcf", p.etags["a.vcf"])
	remove("delete again", "a.vcf", "")
	remove("delete again on an etag", "a.vcf", p.etags["a.vcf"])
}
