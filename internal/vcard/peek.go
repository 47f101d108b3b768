package vcard

import "strings"

// Peek returns what tells a card apart, without parsing it: its UID as it is written ("" if it has none), and
// whether it is a card of a group (KIND:group of RFC 6350 section 6.1.4, or Apple's X-ADDRESSBOOKSERVER-KIND).
// It is exact for lines that are neither folded nor encoded; certain is false if one of the two is.
func Peek(text string) (uid string, group, certain bool) {
	var nested nesting
	certain = true
	for pos := 0; pos < len(text); {
		next := lineEnd(text, pos)
		line := text[pos:next]
		pos = next
		switch nest(&nested, line) {
		case markNested, markBegin, markEnd:
			continue
		}
		head, value, ok := peekLine(line)
		if !ok {
			continue
		}
		switch folded := pos < len(text) && continues(text[pos:]); {
		case folded || head != "UID" && head != "KIND" && head != "X-ADDRESSBOOKSERVER-KIND":
			certain = false
		case head == "UID":
			if uid == "" {
				uid = value
			}
		default:
			group = group || strings.EqualFold(value, "group")
		}
	}
	return uid, group, certain
}

// peekLine splits a physical line if its property may be one that Peek looks for; head is in capitals.
func peekLine(line string) (head, value string, ok bool) {
	switch line[0] {
	case 'U', 'u', 'K', 'k', 'X', 'x', 'i':
	default:
		return "", "", false
	}
	head, value, ok = strings.Cut(line, ":")
	name := head
	if i := strings.IndexByte(name, ';'); i >= 0 {
		name = name[:i]
	}
	name = strings.ToUpper(name[strings.LastIndexByte(name, '.')+1:])
	if !ok || name != "UID" && name != "KIND" && name != "X-ADDRESSBOOKSERVER-KIND" {
		return "", "", false
	}
	value = strings.TrimSpace(value)
	if strings.IndexByte(value, '\\') >= 0 {
		return "", value, true // an escaped one is for Parse to read
	}
	return strings.ToUpper(head), value, true
}
