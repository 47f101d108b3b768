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
		if strings.Contains(strings.TrimSpace(prop.Text), "\n\n") {
			return "=doubled"
		}
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
