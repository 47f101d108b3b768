package davfake

import (
	"slices"
	"strings"
	"time"
)

// lines returns the unfolded lines of a card (RFC 6350 section 3.2).
func lines(card string) []string {
	var all []string
	for _, line := range strings.Split(strings.ReplaceAll(card, "\r\n", "\n"), "\n") {
		if len(all) > 0 && line != "" && (line[0] == ' ' || line[0] == '\t') {
			all[len(all)-1] += line[1:]
		} else if line != "" {
			all = append(all, line)
		}
	}
	return all
}

// join returns a card of these lines.
func join(all []string) string { return strings.Join(all, "\r\n") + "\r\n" }

// nameOf returns the name of a line's property, without group and in upper case.
func nameOf(line string) string {
	name := line[:strings.IndexFunc(line+":", func(r rune) bool { return r == ':' || r == ';' })]
	return strings.ToUpper(name[strings.LastIndexByte(name, '.')+1:])
}

// valueOf returns the value of a line: what follows the first colon outside quotes.
func valueOf(line string) string {
	quoted := false
	for i, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ':' && !quoted:
			return line[i+1:]
		}
	}
	return ""
}

// property returns the value of a card's first property of that name, "" if it has none.
func property(card, name string) string {
	for _, line := range lines(card) {
		if nameOf(line) == name {
			return valueOf(line)
		}
	}
	return ""
}

// isCard reports whether a text is one card.
func isCard(text string) bool {
	all := lines(text)
	if len(all) < 3 || !strings.EqualFold(all[0], "BEGIN:VCARD") || !strings.EqualFold(all[len(all)-1], "END:VCARD") {
		return false
	}
	for _, line := range all[1 : len(all)-1] {
		if !strings.Contains(line, ":") || strings.EqualFold(line, "BEGIN:VCARD") || strings.EqualFold(line, "END:VCARD") {
			return false
		}
	}
	return true
}

// rewritten returns a card as the server stores it.
func rewritten(card string, by []Rewrite, now time.Time) string {
	for _, how := range by {
		switch how {
		case DropX:
			card = join(slices.DeleteFunc(lines(card), func(l string) bool { return strings.HasPrefix(nameOf(l), "X-") }))
		case Refold:
			card = fold(card, 60)
		case Upper:
			card = join(upper(lines(card)))
		case Sort:
			card = sorted(card)
		case AddREV:
			card = with(card, "REV", now.UTC().Format("20060102T150405Z"))
		case NewUID:
			if uid := property(card, "UID"); !strings.HasPrefix(uid, "server-") {
				card = with(card, "UID", "server-"+uid)
			}
		}
	}
	return card
}

// with returns a card in which a property has a value, in its place or at the end.
func with(card, name, value string) string {
	all := lines(card)
	line := name + ":" + value
	if i := slices.IndexFunc(all, func(l string) bool { return nameOf(l) == name }); i >= 0 {
		all[i] = line
	} else {
		all = slices.Insert(all, len(all)-1, line)
	}
	return join(all)
}

// fold returns a card whose lines are folded after width bytes, never within a character.
func fold(card string, width int) string {
	var b strings.Builder
	for _, line := range lines(card) {
		for len(line) > width {
			end := width
			for end > 1 && line[end]&0xc0 == 0x80 {
				end--
			}
			b.WriteString(line[:end] + "\r\n ")
			line = line[end:]
		}
		b.WriteString(line + "\r\n")
	}
	return b.String()
}

// upper returns lines with the names of properties and groups in upper case; parameters stay as they are.
func upper(all []string) []string {
	for i, line := range all {
		if end := strings.IndexAny(line, ":;"); end > 0 {
			all[i] = strings.ToUpper(line[:end]) + line[end:]
		}
	}
	return all
}

// sorted returns a card in the order of a server that knows cards only as a bag of properties.
func sorted(card string) string {
	all := upper(lines(card))
	inner := all[1 : len(all)-1]
	first := []string{"VERSION", "PRODID", "UID"}
	rank := func(line string) int {
		if i := slices.Index(first, nameOf(line)); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortStableFunc(inner, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(nameOf(a), nameOf(b))
	})
	return join(all)
}

// only returns a card with the named properties alone (RFC 6352 section 10.4.2).
func only(card string, names []string) string {
	return join(slices.DeleteFunc(lines(card), func(l string) bool {
		name := nameOf(l)
		return name != "BEGIN" && name != "END" && !slices.Contains(names, name)
	}))
}

// AppleGroup returns a group as Apple's programs keep them on a server: a card of its own, whose members are UIDs of
// cards.
func AppleGroup(uid, name string, members ...string) string {
	return group("3.0", "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:", uid, name, members)
}

// KindGroup returns a group of vCard 4 (RFC 6350 section 6.1.4).
func KindGroup(uid, name string, members ...string) string {
	return group("4.0", "KIND:group", "MEMBER:urn:uuid:", uid, name, members)
}

func group(version, kind, member, uid, name string, members []string) string {
	all := []string{"BEGIN:VCARD", "VERSION:" + version, "UID:" + uid, "FN:" + name, "N:" + name + ";;;;", kind}
	for _, m := range members {
		all = append(all, member+m)
	}
	return join(append(all, "END:VCARD"))
}
