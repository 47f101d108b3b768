package carddav

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The namespaces of the protocol.
const (
	nsDAV     = "DAV:"
	nsCardDAV = "urn:ietf:params:xml:ns:carddav"
	nsServer  = "http://calendarserver.org/ns/" // of getctag
)

// The limits of an answer in XML, beside the bytes of the whole, which are the client's. Each response of a multistatus
// has its own: a large book has many.
const (
	maxTokens     = 100_000
	maxDepth      = 64
	maxAttributes = 100
)

// errXML says that an answer is not the XML that it should be.
var errXML = errors.New("the server's answer is not the XML that CardDAV wants")

// An element is a piece of XML.
type element struct {
	name xml.Name
	text string
	kids []*element
}

// kid returns the first child of that name, nil if there is none. A nil element has none.
func (e *element) kid(space, local string) *element {
	if e == nil {
		return nil
	}
	for _, k := range e.kids {
		if k.name.Local == local && k.name.Space == space {
			return k
		}
	}
	return nil
}

// all returns the children of that name.
func (e *element) all(space, local string) (found []*element) {
	if e != nil {
		for _, k := range e.kids {
			if k.name.Local == local && k.name.Space == space {
				found = append(found, k)
			}
		}
	}
	return found
}

// trimmed returns the text without space around it; "" of nil.
func (e *element) trimmed() string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.text)
}

// A parser reads XML element by element, within the limits. Entities beyond the five of XML and the numeric ones fail, and
// so does a document type: nothing is fetched and nothing expanded.
type parser struct {
	dec    *xml.Decoder
	tokens int
	depth  int
}

func newParser(r io.Reader) *parser {
	dec := xml.NewDecoder(r)
	dec.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "us-ascii") {
			return in, nil
		}
		return nil, fmt.Errorf("%w: it is not in UTF-8", errXML)
	}
	return &parser{dec: dec}
}

// next returns the next token. The error wraps errXML if the text is at fault, and not if the connection is.
func (p *parser) next() (xml.Token, error) {
	token, err := p.dec.Token()
	var syntax *xml.SyntaxError
	switch {
	case err == io.EOF:
		return nil, io.EOF
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("%w: line %d", errXML, syntax.Line) // what is wrong there may repeat a card
	case err != nil:
		return nil, err
	}
	if p.tokens++; p.tokens > maxTokens {
		return nil, fmt.Errorf("%w: more than %d pieces in one", errXML, maxTokens)
	}
	switch t := token.(type) {
	case xml.StartElement:
		if p.depth++; p.depth > maxDepth {
			return nil, fmt.Errorf("%w: nested more than %d deep", errXML, maxDepth)
		}
		if len(t.Attr) > maxAttributes {
			return nil, fmt.Errorf("%w: an element with more than %d attributes", errXML, maxAttributes)
		}
	case xml.EndElement:
		p.depth--
	case xml.Directive:
		return nil, fmt.Errorf("%w: it declares a document type", errXML)
	}
	return token, nil
}

// start returns the root element's beginning.
func (p *parser) start() (xml.StartElement, error) {
	for {
		token, err := p.next()
		if err == io.EOF {
			err = fmt.Errorf("%w: it is empty", errXML)
		}
		if err != nil {
			return xml.StartElement{}, err
		}
		if root, ok := token.(xml.StartElement); ok {
			return root, nil
		}
	}
}

// element reads the rest of an element whose beginning was read.
func (p *parser) element(start xml.StartElement) (*element, error) {
	e := &element{name: start.Name}
	var text strings.Builder
	for {
		token, err := p.next()
		if err == io.EOF {
			err = fmt.Errorf("%w: it ends too early", errXML)
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			kid, err := p.element(t)
			if err != nil {
				return nil, err
			}
			e.kids = append(e.kids, kid)
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			e.text = text.String()
			return e, nil
		}
	}
}

// readMultistatus reads a multistatus (RFC 4918 section 13) and calls each with every response as it comes, and returns
// the sync token behind them, if there is one.
func readMultistatus(r io.Reader, each func(*element) error) (token string, err error) {
	p := newParser(r)
	root, err := p.start()
	if err != nil {
		return "", err
	}
	if root.Name != (xml.Name{Space: nsDAV, Local: "multistatus"}) {
		return "", fmt.Errorf("%w: no multistatus", errXML)
	}
	for {
		p.tokens = 0
		t, err := p.next()
		if err == io.EOF {
			return "", fmt.Errorf("%w: it ends too early", errXML)
		}
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.EndElement:
			return token, nil
		case xml.StartElement:
			e, err := p.element(t)
			if err != nil {
				return "", err
			}
			switch e.name {
			case xml.Name{Space: nsDAV, Local: "sync-token"}:
				token = e.trimmed()
			case xml.Name{Space: nsDAV, Local: "response"}:
				if err := each(e); err != nil {
					return "", err
				}
			}
		}
	}
}

// readError returns the precondition elements of a DAV:error (RFC 4918 section 16); nil if the text is none.
func readError(r io.Reader) *element {
	p := newParser(r)
	root, err := p.start()
	if err != nil || root.Name != (xml.Name{Space: nsDAV, Local: "error"}) {
		return nil
	}
	e, err := p.element(root)
	if err != nil {
		return nil
	}
	return e
}

// escape returns text as it is written in XML.
func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
