package vcard

import "strings"

// parseLine reads group, name, parameters and value of a property whose lines were found.
//
//	[group "."] name *(";" param) ":" value      (RFC 2425 section 5.8.2, RFC 6350 section 3.3)
func (c *Card) parseLine(p *Property) error {
	var line string
	if p.Opaque {
		line = c.opaqueHead(p)
	} else {
		line = c.unfold(p)
	}
	i := 0
	for i < len(line) && (isLetterOrDigit(line[i]) || line[i] == '-' || line[i] == '_' || line[i] == '.') {
		i++
	}
	if i == 0 || i == len(line) || (line[i] != ':' && line[i] != ';') {
		return errorAt(p.Line, "not a property: want NAME:value, or a space at the beginning to continue the line before")
	}
	name := line[:i]
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		p.Group, name = name[:dot], name[dot+1:]
	}
	p.Name = strings.ToUpper(name)
	first := len(c.params)
	for line[i] == ';' {
		n, err := c.parseParam(p, line[i+1:])
		if err != nil {
			return err
		}
		i += 1 + n
		if len(c.params)-first > MaxParams {
			return errorAt(p.Line, "more than %d parameters", MaxParams)
		}
	}
	p.Params = c.params[first:len(c.params):len(c.params)]
	p.head = line[:i]
	if !p.Opaque {
		p.Value = line[i+1:]
	}
	return nil
}

// opaqueHead returns the line of an opaque property as far as its parameters may go.
func (c *Card) opaqueHead(p *Property) string {
	head := Property{start: p.start, end: p.start, folded: p.folded}
	for head.end < p.end && head.end-head.start < 4096 {
		head.end = lineEnd(c.text, head.end)
		if strings.IndexByte(c.text[head.start:head.end], ':') >= 0 {
			break
		}
	}
	head.folded = head.folded && strings.IndexByte(c.text[head.start:head.end-1], '\n') >= 0
	return c.unfold(&head)
}

// parseParam reads the parameter at the beginning of s and returns how long it is; a ";" or ":" follows it.
func (c *Card) parseParam(p *Property, s string) (int, error) {
	i := strings.IndexAny(s, "=;:")
	if i < 0 {
		return 0, errorAt(p.Line, "no colon behind the property's name and parameters")
	}
	if s[i] != '=' {
		c.addBareParam(s[:i])
		return i, nil
	}
	name := strings.ToUpper(strings.TrimSpace(s[:i]))
	for {
		n, err := c.parseParamValue(p, name, s[i+1:])
		if err != nil {
			return 0, err
		}
		i += 1 + n
		if s[i] != ',' {
			return i, nil
		}
	}
}

// parseParamValue reads one value of a parameter and returns how long it is; a ",", ";" or ":" follows it.
func (c *Card) parseParamValue(p *Property, name, s string) (int, error) {
	if !strings.HasPrefix(s, `"`) {
		i := strings.IndexAny(s, `,;:"`)
		if i < 0 {
			return 0, errorAt(p.Line, "no colon behind the property's name and parameters")
		}
		if s[i] == '"' {
			return 0, errorAt(p.Line, "a quote inside the parameter %s", name)
		}
		return i, c.addParam(p, name, s[:i])
	}
	i := strings.IndexByte(s[1:], '"') + 1
	if i < 1 || i+1 == len(s) || strings.IndexByte(",;:", s[i+1]) < 0 {
		return 0, errorAt(p.Line, "the quote of the parameter %s is not closed", name)
	}
	value := s[1:i]
	if name != "TYPE" {
		return i + 1, c.addParam(p, name, value)
	}
	// TYPE="work,voice" is two types (RFC 6350, erratum 3748).
	for _, v := range strings.Split(value, ",") {
		if err := c.addParam(p, name, v); err != nil {
			return 0, err
		}
	}
	return i + 1, nil
}

func (c *Card) addParam(p *Property, name, value string) error {
	if name == "TYPE" && strings.IndexByte(value, '\\') >= 0 {
		return errorAt(p.Line, "a backslash in a TYPE")
	}
	if c.Version != "2.1" && strings.IndexByte(value, '^') >= 0 {
		value = decodeCaret.Replace(value)
	}
	c.params = append(c.params, Param{Name: name, Value: value})
	return nil
}

// addBareParam adds a parameter of vCard 2.1 that is written as its value alone.
func (c *Card) addBareParam(value string) {
	if value != "" {
		c.params = append(c.params, bareParam(value))
	}
}

// bareParam returns what a parameter without a name says (vCard 2.1, section 2.1.2).
func bareParam(value string) Param {
	switch strings.ToUpper(value) {
	case "QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT":
		return Param{Name: "ENCODING", Value: value}
	case "INLINE", "URL", "CID", "CONTENT-ID":
		return Param{Name: "VALUE", Value: value}
	}
	return Param{Name: "TYPE", Value: value}
}

// decodeCaret undoes the escapes of parameter values (RFC 6868 section 3.2); other carets stay.
var decodeCaret = strings.NewReplacer("^n", "\n", "^'", `"`, "^^", "^")

// Param returns the first value of the named parameter (in capitals), "" if there is none.
func (p *Property) Param(name string) string {
	for i := range p.Params {
		if p.Params[i].Name == name {
			return p.Params[i].Value
		}
	}
	return ""
}

// HasType reports whether the property bears the type, without case.
func (p *Property) HasType(t string) bool {
	for i := range p.Params {
		if p.Params[i].Name == "TYPE" && strings.EqualFold(p.Params[i].Value, t) {
			return true
		}
	}
	return false
}

// Head returns what is written before the colon: group, name and parameters, unfolded.
func (p *Property) Head() Head { return Head(p.head) }
