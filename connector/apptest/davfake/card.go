package davfake

import (
	"slices"
	"strings"
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

// colon returns where the value of a line begins: behind the first colon outside quotes. It is -1 if there is none.
func colon(line string) int {
	quoted := false
	for i, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ':' && !quoted:
			return i
		}
	}
	return -1
}

// valueOf returns the value of a line, "" if it has none.
func valueOf(line string) string {
	if i := colon(line); i >= 0 {
		return line[i+1:]
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
		if colon(line) < 0 || strings.EqualFold(line, "BEGIN:VCARD") || strings.EqualFold(line, "END:VCARD") {
			return false
		}
	}
	return true
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
