package davfake

import (
	"slices"
	"strings"
	"time"
)

// rewritten returns a card as the server stores it.
func rewritten(card string, by []Rewrite, now time.Time) string {
	for _, how := range by {
		switch how {
		case DropX:
			card = join(slices.DeleteFunc(lines(card), func(l string) bool { return strings.HasPrefix(nameOf(l), "X-") }))
		case Refold:
			card = fold(card, 72)
		case Upper:
			card = join(respelled(lines(card), spelling{groups: true}))
		case Unescape:
			card = join(unescaped(lines(card)))
		case Cut:
			card = join(cut(lines(card)))
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

// respelled returns the lines of a card with properties and parameters spelled another way.
func respelled(all []string, spell spelling) []string {
	for i, line := range all {
		all[i] = spell.of(line)
	}
	return all
}

// A spelling is how a server writes a line that it has taken apart: names of properties and parameters in upper case, and
// no quotes that are not needed.
type spelling struct {
	groups bool // the group is in upper case, too
	merge  bool // a parameter that comes twice becomes one with two values
}

// of returns a line in the spelling.
func (s spelling) of(line string) string {
	parts := splitUnquoted(line[:colon(line)], ';')
	group, name := "", parts[0]
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		group, name = name[:dot+1], name[dot+1:]
	}
	if s.groups {
		group = strings.ToUpper(group)
	}
	head := []string{group + strings.ToUpper(name)}
	at := map[string]int{} // of a parameter in head
	for _, param := range parts[1:] {
		key, value, ok := strings.Cut(param, "=")
		if inner := strings.Trim(value, `"`); len(value) == len(inner)+2 && !strings.ContainsAny(inner, `,;:"`) {
			value = inner
		}
		key = strings.ToUpper(key)
		switch n, twice := at[key]; {
		case !ok:
			head = append(head, param)
		case twice && s.merge:
			head[n] += "," + value
		default:
			at[key] = len(head)
			head = append(head, key+"="+value)
		}
	}
	return strings.Join(head, ";") + ":" + valueOf(line)
}

// splitUnquoted splits a text at a separator outside quotes.
func splitUnquoted(text string, sep rune) []string {
	quoted := false
	parts, start := []string{}, 0
	for i, r := range text {
		if r == '"' {
			quoted = !quoted
		}
		if r == sep && !quoted {
			parts, start = append(parts, text[start:i]), i+1
		}
	}
	return append(parts, text[start:])
}

// unescaped returns the lines of a card of which parts and list entries were taken apart and not put together again: what
// told a semicolon or comma of a text from one between texts is lost, or is there where none was.
func unescaped(all []string) []string {
	for i, line := range all {
		value := valueOf(line)
		switch name := nameOf(line); name {
		case "CATEGORIES":
			value = strings.NewReplacer(`\\`, `\`, `\,`, `,`, `\;`, `;`).Replace(value)
		case "N", "ORG", "ADR":
			value = strings.NewReplacer(`\\`, `\\`, `\;`, `;`).Replace(value)
		case "FN", "NICKNAME", "NOTE", "TITLE":
			value = strings.NewReplacer(`\\`, `\\`, `\,`, `\,`, `,`, `\,`).Replace(value)
		}
		all[i] = line[:len(line)-len(valueOf(line))] + value
	}
	return all
}

// cut returns the lines of a card whose note and nickname end at a comma that is not escaped.
func cut(all []string) []string {
	for i, line := range all {
		if name := nameOf(line); name != "NOTE" && name != "NICKNAME" { // those that were seen to be cut
			continue
		}
		begin := len(line) - len(valueOf(line))
		for j := begin; j < len(line); j++ {
			if line[j] == '\\' {
				j++
			} else if line[j] == ',' {
				all[i] = line[:j]
				break
			}
		}
	}
	return all
}

// sorted returns a card in the order of a server that knows cards only as a bag of properties.
func sorted(card string) string {
	all := respelled(lines(card), spelling{merge: true})
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
