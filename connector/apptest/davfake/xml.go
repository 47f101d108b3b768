package davfake

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// The namespaces.
const (
	nsDAV  = "DAV:"
	nsCard = "urn:ietf:params:xml:ns:carddav"
	nsCS   = "http://calendarserver.org/ns/"
)

// node is an element of a request.
type node struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Nodes   []node     `xml:",any"`
}

var errNotXML = errors.New("the body is no XML")

// parse reads the body of a request; an empty body is an empty node.
func parse(body []byte) (node, error) {
	var root node
	if len(bytes.TrimSpace(body)) == 0 {
		return root, nil
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&root); err != nil {
		return node{}, errNotXML
	}
	for {
		t, err := d.Token()
		if err == io.EOF {
			return root, nil
		}
		if _, second := t.(xml.StartElement); err != nil || second {
			return node{}, errNotXML
		}
	}
}

// is reports whether the element is the named one.
func (n node) is(space, local string) bool {
	return n.XMLName.Space == space && n.XMLName.Local == local
}

// child returns the first child of a name, nil if there is none.
func (n node) child(space, local string) *node {
	for i := range n.Nodes {
		if n.Nodes[i].is(space, local) {
			return &n.Nodes[i]
		}
	}
	return nil
}

// attr returns the value of an attribute, or what holds if it is not there.
func (n node) attr(name, otherwise string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return otherwise
}

// text returns the text of an element without the space around it.
func (n *node) text() string {
	if n == nil {
		return ""
	}
	return strings.TrimSpace(n.Text)
}

// writer writes elements with the prefix of a server.
type writer struct{ prefix string }

// name returns the qualified name of an element.
func (w writer) name(n xml.Name) string {
	switch {
	case n.Space == nsDAV && w.prefix == "":
		return n.Local
	case n.Space == nsDAV:
		return w.prefix + ":" + n.Local
	case n.Space == nsCard:
		return "CR:" + n.Local
	case n.Space == nsCS:
		return "CS:" + n.Local
	}
	return n.Local
}

// attrs declares what the name of a root element, and all that this package writes, needs.
func (w writer) attrs() string {
	own := "xmlns"
	if w.prefix != "" {
		own += ":" + w.prefix
	}
	return " " + own + `="DAV:" xmlns:CR="` + nsCard + `" xmlns:CS="` + nsCS + `"`
}

// el returns an element of the given content; names of other namespaces than ours bring their own.
func (w writer) el(n xml.Name, inner ...string) string {
	open, content := w.name(n), strings.Join(inner, "")
	declared := ""
	if n.Space != nsDAV && n.Space != nsCard && n.Space != nsCS {
		declared = ` xmlns="` + escape(n.Space) + `"`
	}
	if content == "" {
		return "<" + open + declared + "/>"
	}
	return "<" + open + declared + ">" + content + "</" + open + ">"
}

// d and cr return elements of DAV: and of CardDAV.
func (w writer) d(local string, inner ...string) string {
	return w.el(xml.Name{Space: nsDAV, Local: local}, inner...)
}
func (w writer) cr(local string, inner ...string) string {
	return w.el(xml.Name{Space: nsCard, Local: local}, inner...)
}

// root returns a document of one DAV: element.
func (w writer) root(local string, inner ...string) string {
	open := w.name(xml.Name{Space: nsDAV, Local: local})
	const head = `<?xml version="1.0" encoding="utf-8"?>` + "\n"
	return head + "<" + open + w.attrs() + ">" + strings.Join(inner, "") + "</" + open + ">"
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
