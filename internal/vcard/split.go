package vcard

import "strings"

// A Span is where one card lies in a text.
type Span struct {
	// Start and End are the bytes of the card, from BEGIN:VCARD to the line end of END:VCARD.
	Start, End int
	// Line is the number of its first line, counted from 1.
	Line int
	// Err is why this is no whole card: END:VCARD is missing, or it is text outside of any card. Nil if it is
	// one; whether the card can be read is for [Parse] to say.
	Err error
}

const byteOrderMark = "\ufeff"

// Split returns where the cards of text lie, in order. It looks at BEGIN and END lines only, so that a card that
// cannot be read does not touch the others. Blank lines and a byte order mark between cards belong to none; any
// other text outside of a card is a span with an error.
func Split(text string) []Span {
	var (
		spans []Span
		nest  nesting
		open  = -1 // where the span that is being read begins
		first int  // its line
		stray bool // it is text outside of a card
	)
	end := func(at int, err error) {
		if open >= 0 {
			spans = append(spans, Span{Start: open, End: at, Line: first, Err: err})
		}
		open, stray = -1, false
	}
	pos := 0
	if strings.HasPrefix(text, byteOrderMark) {
		pos = len(byteOrderMark)
	}
	for number := 1; pos < len(text); number++ {
		next := lineEnd(text, pos)
		line := text[pos:next]
		switch nest.see(line) {
		case markBegin:
			if stray {
				end(pos, errorAt(first, "text outside of a card"))
			} else if open >= 0 {
				end(pos, errorAt(first, "the card that begins here has no END:VCARD before line %d", number))
			}
			open, first = pos, number
		case markEnd:
			end(next, nil)
		case markOutside:
			if open < 0 && !blank(line) {
				open, first, stray = pos, number, true
			}
		}
		pos = next
	}
	if stray {
		end(len(text), errorAt(first, "text outside of a card"))
	} else {
		end(len(text), errorAt(first, "the card that begins here has no END:VCARD"))
	}
	return spans
}

// lineEnd returns the position behind the line end of the physical line that begins at pos.
func lineEnd(text string, pos int) int {
	if i := strings.IndexByte(text[pos:], '\n'); i >= 0 {
		return pos + i + 1
	}
	return len(text)
}

// blank reports whether a physical line holds nothing.
func blank(line string) bool { return strings.TrimRight(line, "\r\n") == "" }

// A mark says what a physical line is to the nesting of cards.
type mark int

const (
	markOutside mark = iota // a line outside of any card
	markInside              // a line of the card
	markNested              // a line of a card nested in the card, its BEGIN and END included
	markBegin               // the card begins; if one was open, it never ended
	markEnd                 // the card ends
)

// nesting follows to which card the lines of a text belong. A card may be nested only as the value of AGENT
// (vCard 2.1, section 2.4.2): any other BEGIN inside a card means that its END is missing.
type nesting struct {
	depth int
	agent bool // the line before was an AGENT whose value is still to come
	begun bool // the line before was AGENT:BEGIN:VCARD, which a fold makes the beginning of a text (RFC 2426)
}

func (n *nesting) see(line string) mark {
	if n.begun {
		n.begun = false
		if !continues(line) {
			n.depth++
		}
	}
	if blank(line) {
		return n.inside()
	}
	agent := n.agent
	n.agent = false
	switch line[0] {
	case 'B', 'b':
		if !isLine(line, "BEGIN:VCARD") {
			break
		}
		if n.depth > 0 && agent {
			n.depth++
			return markNested
		}
		n.depth = 1
		return markBegin
	case 'E', 'e':
		if n.depth == 0 || !isLine(line, "END:VCARD") {
			break
		}
		n.depth--
		if n.depth == 0 {
			return markEnd
		}
		return markNested
	case 'A', 'a':
		if n.depth == 0 || len(line) < 6 || !strings.EqualFold(line[:5], "AGENT") || (line[5] != ':' && line[5] != ';') {
			break
		}
		_, value, colon := strings.Cut(line, ":")
		switch value = strings.TrimSpace(value); {
		case colon && value == "":
			n.agent = true
		case isLine(value, "BEGIN:VCARD"):
			n.begun = true
		}
	}
	return n.inside()
}

func (n *nesting) inside() mark {
	switch n.depth {
	case 0:
		return markOutside
	case 1:
		return markInside
	}
	return markNested
}

// isLine reports whether a physical line says want, without case and whatever blanks and line end follow.
func isLine(line, want string) bool {
	return len(line) >= len(want) && strings.EqualFold(line[:len(want)], want) &&
		strings.TrimRight(line[len(want):], " \t\r\n") == ""
}
