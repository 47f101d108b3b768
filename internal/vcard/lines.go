package vcard

import "strings"

// findLines finds the logical lines of the card: where each property begins and ends.
func (c *Card) findLines(number int) error {
	if strings.IndexByte(c.text, 0) >= 0 {
		return errorAt(number+strings.Count(c.text[:strings.IndexByte(c.text, 0)], "\n"), "a NUL byte; is the file text in UTF-8?")
	}
	s := lineScanner{card: c, number: number}
	c.Properties = make([]Property, 0, min(strings.Count(c.text, "\n"), MaxProperties))
	gaps := c.gaps
	for pos := 0; pos < len(c.text); s.number++ {
		next := lineEnd(c.text, pos)
		done, err := s.line(pos, next)
		if err != nil {
			return err
		}
		for len(gaps) > 0 && gaps[0].At < next {
			// The line ends as it is held only: whatever it looks like, the property ends with it.
			s.number, s.join.soft, gaps = s.number+gaps[0].Lines, false, gaps[1:]
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

// lineScanner joins the physical lines of a card to properties.
type lineScanner struct {
	card   *Card
	join   joiner
	number int // of the physical line

	open   bool // a property is being read: the last one of the card
	length int  // its unfolded length
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
	switch see(&s.join, line, content) {
	case jointOutside:
		return false, errorAt(s.number, "a card begins with BEGIN:VCARD")
	case jointBegin:
		if pos > 0 {
			return false, errorAt(s.number, "a card begins before the one before it has ended")
		}
		c.newline = line[len("BEGIN:VCARD")+len(strings.TrimRight(line[len("BEGIN:VCARD"):], "\r\n")):]
	case jointEnd:
		c.end = pos
		return true, nil
	case jointMore:
		s.extend(next, len(strings.TrimPrefix(content, " ")))
	case jointBlank:
		return false, s.flush()
	case jointStray:
		return false, errorAt(s.number, "a folded line that continues nothing")
	case jointNew:
		if err := s.flush(); err != nil {
			return false, err
		}
		return false, s.begin(pos, next, content)
	}
	return false, nil
}

// begin opens the property whose first physical line is text[pos:next].
func (s *lineScanner) begin(pos, next int, content string) error {
	c := s.card
	if len(c.Properties) == MaxProperties {
		return errorAt(s.number, "more than %d properties in one card", MaxProperties)
	}
	c.Properties = append(c.Properties, Property{Line: s.number, start: pos, end: next, Opaque: s.join.opaque})
	s.open, s.length = true, len(content)
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
	s.open = false
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
