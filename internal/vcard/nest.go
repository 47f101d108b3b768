package vcard

import "strings"

// lineEnd returns the position behind the line end of the physical line that begins at pos.
func lineEnd(text string, pos int) int {
	if i := strings.IndexByte(text[pos:], '\n'); i >= 0 {
		return pos + i + 1
	}
	return len(text)
}

// blank reports whether a physical line holds nothing.
func blank[T text](line T) bool {
	for i := 0; i < len(line); i++ {
		if line[i] != '\r' && line[i] != '\n' {
			return false
		}
	}
	return true
}

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

// nest takes in the next physical line.
func nest[T text](n *nesting, line T) mark {
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
		if n.depth == 0 || len(line) < 6 || !equalFold(line[:5], "AGENT") || (line[5] != ':' && line[5] != ';') {
			break
		}
		_, value, colon := strings.Cut(string(line), ":")
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

// isLine reports whether a physical line says want, which is in ASCII capitals, without case and whatever blanks and
// line end follow.
func isLine[T text](line T, want string) bool {
	if len(line) < len(want) || !equalFold(line[:len(want)], want) {
		return false
	}
	for i := len(want); i < len(line); i++ {
		if c := line[i]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}
