package davfake_test

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A probe sends one script of requests to a server, real or fake, and writes down what it answers: statuses, elements,
// kinds of ETags. Nothing in it is of the fake.
type probe struct {
	t        *testing.T
	client   *http.Client
	base     string // scheme and host
	user     string // "" sends no credentials
	password string
	book     string // path of the book, with a slash at the end

	etags  map[string]string // by name of the card, as last told
	tokens map[string]string // by a name of ours
	lines  []string
}

// ask is one request of the script.
type ask struct {
	method, path string
	header       map[string]string
	body         string
	anonymous    bool
}

// seen is what came back.
type seen struct {
	status int
	header http.Header
	body   []byte
	tree   node
}

// node is an element, whatever its name.
type node struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
	Nodes   []node `xml:",any"`
}

func (n node) all(name string) (found []node) {
	for _, c := range n.Nodes {
		if c.XMLName.Local == name {
			found = append(found, c)
		}
	}
	return found
}

func (n node) first(name string) node {
	if found := n.all(name); len(found) > 0 {
		return found[0]
	}
	return node{}
}

// deep returns the text of the first element of that name anywhere below.
func (n node) deep(name string) string {
	for _, c := range n.Nodes {
		if c.XMLName.Local == name {
			return strings.TrimSpace(c.Text)
		}
		if text := c.deep(name); text != "" {
			return text
		}
	}
	return ""
}

func (p *probe) send(a ask) seen {
	p.t.Helper()
	r, err := http.NewRequest(a.method, p.base+a.path, strings.NewReader(a.body))
	require.NoError(p.t, err)
	if p.user != "" && !a.anonymous {
		r.SetBasicAuth(p.user, p.password)
	}
	if a.method == "PROPFIND" || a.method == "REPORT" {
		r.Header.Set("Content-Type", "application/xml; charset=utf-8")
	}
	for name, v := range a.header {
		r.Header.Set(name, v)
	}
	client := *p.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := client.Do(r)
	require.NoError(p.t, err)
	defer answer.Body.Close()
	s := seen{status: answer.StatusCode, header: answer.Header}
	s.body, err = io.ReadAll(answer.Body)
	require.NoError(p.t, err)
	if bytes.HasPrefix(bytes.TrimSpace(s.body), []byte("<")) {
		_ = xml.Unmarshal(s.body, &s.tree)
	}
	return s
}

// note writes down an answer under a name.
func (p *probe) note(name string, s seen, more ...string) {
	line := fmt.Sprintf("%s: %d", name, s.status)
	if tag := s.header.Get("ETag"); tag != "" {
		line += " etag " + kindOf(tag)
	}
	for _, m := range more {
		line += " " + m
	}
	p.lines = append(p.lines, line)
	switch s.tree.XMLName.Local {
	case "multistatus":
		p.noteMultistatus(s.tree)
	case "error":
		p.lines = append(p.lines, "  error "+names(s.tree))
	}
}

// noteMultistatus writes down the responses, by their hrefs below the book.
func (p *probe) noteMultistatus(tree node) {
	var all []string
	for _, r := range tree.all("response") {
		line := "  " + p.short(r.first("href").Text)
		if status := r.first("status").Text; status != "" {
			line += " " + code(status)
		}
		if e := r.all("error"); len(e) > 0 {
			line += " error " + names(e[0])
		}
		for _, ps := range r.all("propstat") {
			var props []string
			for _, prop := range ps.first("prop").Nodes {
				name := prop.XMLName.Local
				if code(ps.first("status").Text) == "200" {
					name += shape(prop)
				}
				props = append(props, name)
			}
			slices.Sort(props)
			line += fmt.Sprintf(" [%s %s]", code(ps.first("status").Text), strings.Join(props, " "))
		}
		all = append(all, line)
	}
	slices.Sort(all)
	p.lines = append(p.lines, all...)
	if token := tree.first("sync-token").Text; token != "" {
		p.lines = append(p.lines, "  with a sync-token")
	}
}

// short returns an href relative to the book: "." is the book itself.
func (p *probe) short(href string) string {
	u, err := url.Parse(strings.TrimSpace(href))
	if err != nil {
		return "unreadable"
	}
	switch {
	case path.Clean(u.Path) == path.Clean(p.book):
		return "."
	case strings.HasPrefix(u.Path, p.book):
		return strings.TrimPrefix(u.Path, p.book)
	}
	return "outside"
}

// shape tells of a property what is worth comparing.
func shape(prop node) string {
	switch prop.XMLName.Local {
	case "getetag":
		return "=" + kindOf(strings.TrimSpace(prop.Text))
	case "resourcetype":
		return "=" + names(prop)
	case "address-data":
		if !strings.Contains(prop.Text, "\r\n") {
			return "=lf" // an XML reader makes LF of CRLF that is not escaped
		}
	case "supported-address-data":
		if len(prop.all("address-data-type")) == 0 {
			return "=misnamed"
		}
	case "supported-report-set":
		if len(prop.first("supported-report").all("report")) == 0 {
			return "=bare"
		}
	case "getcontenttype":
		kind, _, _ := strings.Cut(prop.Text, ";")
		return "=" + kind
	}
	return ""
}

func names(n node) string {
	var all []string
	for _, c := range n.Nodes {
		text := c.XMLName.Local
		if c.first("href").Text != "" {
			text += "+href"
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return cmp.Or(strings.Join(all, ","), "none")
}

func code(status string) string {
	words := strings.Fields(status)
	if len(words) < 2 {
		return "?"
	}
	return words[1]
}

func kindOf(etag string) string {
	switch {
	case strings.HasPrefix(etag, "W/"):
		return "weak"
	case strings.HasPrefix(etag, `"`):
		return "strong"
	case etag == "":
		return "none"
	}
	return "unquoted"
}

const (
	dav     = `xmlns="DAV:" xmlns:CR="urn:ietf:params:xml:ns:carddav" xmlns:CS="http://calendarserver.org/ns/"`
	getETag = `<prop><getetag/></prop>`
)

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
	return p.lines
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
	p.put("a.vcf", "update", probeCard("u-a", "Anna", "x-keep:me"), map[string]string{"If-Match": old})
	p.put("a.vcf", "update on an old etag", probeCard("u-a", "Annie"), map[string]string{"If-Match": old})
	p.put("a.vcf", "update without condition", probeCard("u-a", "Anna", "x-keep:me"), nil)
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
	p.note("read", s, kind, fmt.Sprintf("as it was sent %t", string(s.body) == probeCard("u-a", "Anna", "x-keep:me")),
		fmt.Sprintf("holds what is unknown %t", strings.Contains(strings.ToLower(string(s.body)), "x-keep:me")),
		fmt.Sprintf("under the etag of the put %t", s.header.Get("ETag") == p.etags["a.vcf"]))
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
	p.put("a.vcf", "the same once more", probeCard("u-a", "Anna", "x-keep:me"), nil)
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
