package vcard

import "strings"

// findLines finds the logical lines of the card: where each property begins and ends.
func (c *Card) findLines(number int) error {
	if strings.IndexByte(c.text, 0) >= 0 {
		return errorAt(number+strings.Count(c.text[:strings.IndexByte(c.text, 0)], "\n"), "a NUL byte; is the file text in UTF-8?")
	}
	s := lineScanner{card: c, number: number}
	c.Properties = make([]Property, 0, min(strings.Count(c.text, "\n"), MaxProperties))
	for pos := 0; pos < len(c.text); s.number++ {
		next := lineEnd(c.text, pos)
		done, err := s.line(pos, next)
		if err != nil {
			return err
		}
		pos = next
		if done {
			if !blank(c.text[pos:]) {
				return errorAt(s.number+1, "text behind END:VCARD")
			}
			return s.flush()
		}
	}
	return errorAt(number, "the card that begins here has no END:VCARD")
}

// lineScanner joins physical lines to logical ones.
type lineScanner struct {
	card   *Card
	nest   nesting
	number int // of the physical line

	open   bool // a property is being read: the last one of the card
	length int  // its unfolded length
	soft   bool // its last physical line ends in a soft line break of quoted-printable
	base64 bool // it is base64 of vCard 2.1, which old phones continue without white space
	total  int  // bytes of the properties that are not opaque
}

// line takes in the physical line text[pos:next] and reports whether it ends the card.
func (s *lineScanner) line(pos, next int) (done bool, err error) {
	c := s.card
	line := c.text[pos:next]
	content := strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if strings.IndexByte(content, '\r') >= 0 {
		return false, errorAt(s.number, "a carriage return alone is no line end; want LF or CRLF")
	}
	switch s.nest.see(line) {
	case markOutside:
		return false, errorAt(s.number, "a card begins with BEGIN:VCARD")
	case markBegin:
		if pos > 0 {
			return false, errorAt(s.number, "a card begins before the one before it has ended")
		}
		c.newline = line[len("BEGIN:VCARD")+len(strings.TrimRight(line[len("BEGIN:VCARD"):], "\r\n")):]
		return false, nil
	case markEnd:
		c.end = pos
		return true, nil
	case markNested:
		s.extend(next, 0)
		return false, nil
	}
	switch {
	case s.open && (s.soft || continues(line) || s.base64 && isBase64(content)):
		s.extend(next, len(strings.TrimPrefix(content, " ")))
	case content == "":
		s.base64 = false
		return false, s.flush()
	default:
		if continues(line) {
			return false, errorAt(s.number, "a folded line that continues nothing")
		}
		if err := s.flush(); err != nil {
			return false, err
		}
		if err := s.begin(pos, next, content); err != nil {
			return false, err
		}
	}
	s.soft = strings.HasSuffix(content, "=") && s.isQuotedPrintable()
	return false, nil
}

// begin opens the property whose first physical line is text[pos:next].
func (s *lineScanner) begin(pos, next int, content string) error {
	c := s.card
	if len(c.Properties) == MaxProperties {
		return errorAt(s.number, "more than %d properties in one card", MaxProperties)
	}
	c.Properties = append(c.Properties, Property{Line: s.number, start: pos, end: next, Opaque: isOpaque(content)})
	s.open, s.length = true, len(content)
	head, _, _ := strings.Cut(content, ":")
	s.base64 = c.Properties[len(c.Properties)-1].Opaque && containsFold(head, "BASE64")
	return nil
}

func (s *lineScanner) extend(next, length int) {
	if !s.open {
		return
	}
	p := &s.card.Properties[len(s.card.Properties)-1]
	p.end, p.folded = next, true
	s.length += length
}

// flush closes the property that is being read and holds it against the limits.
func (s *lineScanner) flush() error {
	if !s.open {
		return nil
	}
	s.open, s.soft = false, false
	p := &s.card.Properties[len(s.card.Properties)-1]
	if p.Opaque {
		return nil
	}
	if s.length > MaxLine {
		return errorAt(p.Line, "a line of more than %d bytes", MaxLine)
	}
	if s.total += p.end - p.start; s.total > MaxCard {
		return errorAt(p.Line, "a card of more than %d bytes without its photo", MaxCard)
	}
	return nil
}

// isQuotedPrintable reports whether the property that is being read is encoded so.
func (s *lineScanner) isQuotedPrintable() bool {
	p := &s.card.Properties[len(s.card.Properties)-1]
	line := s.card.text[p.start:p.end]
	colon := strings.IndexByte(line, ':')
	return colon >= 0 && containsFold(line[:colon], "QUOTED-PRINTABLE")
}

// continues reports whether a physical line is folded onto the one before it.
func continues(line string) bool { return line[0] == ' ' || line[0] == '\t' }

// isOpaque reports whether a line's property is one whose value is skipped over.
func isOpaque(line string) bool {
	name := line
	if i := strings.IndexAny(name, ";:"); i >= 0 {
		name = name[:i]
	}
	name = name[strings.LastIndexByte(name, '.')+1:]
	switch len(name) {
	case 3:
		return strings.EqualFold(name, "KEY")
	case 4:
		return strings.EqualFold(name, "LOGO")
	case 5:
		return strings.EqualFold(name, "PHOTO") || strings.EqualFold(name, "SOUND") || strings.EqualFold(name, "AGENT")
	}
	return false
}

// isBase64 reports whether a physical line is nothing but base64.
func isBase64(content string) bool {
	for i := 0; i < len(content); i++ {
		c := content[i]
		if !isLetterOrDigit(c) && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return content != ""
}

func isLetterOrDigit(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// containsFold reports whether s contains the word, which is in capitals, without case.
func containsFold(s, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0]|0x20 && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// unfold returns the content of the property's physical lines as one line. Before 3.0 the white space that folds
// a line belongs to it (vCard 2.1, section 2.1.3); since, the first such character does not (RFC 2425, 5.8.1).
func (c *Card) unfold(p *Property) string {
	text := c.text[p.start:p.end]
	if !p.folded {
		return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	}
	var b strings.Builder
	b.Grow(len(text))
	soft := false
	quoted := strings.IndexByte(text, '=') >= 0 && containsFold(text[:max(0, strings.IndexByte(text, ':'))], "QUOTED-PRINTABLE")
	for pos := 0; pos < len(text); {
		next := lineEnd(text, pos)
		line := strings.TrimSuffix(strings.TrimSuffix(text[pos:next], "\n"), "\r")
		if pos > 0 && !soft && c.Version != "2.1" && line != "" {
			line = line[1:]
		}
		if soft = quoted && strings.HasSuffix(line, "="); soft {
			line = line[:len(line)-1]
		}
		b.WriteString(line)
		pos = next
	}
	return b.String()
}
