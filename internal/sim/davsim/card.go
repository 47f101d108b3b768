package davsim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// A line is one unfolded line of a card.
type line struct {
	group, name string // name in upper case
	params      string // as they are, with the semicolon before them
	value       string // as it is, escaped
}

func (l line) String() string {
	group := l.group
	if group != "" {
		group += "."
	}
	return group + l.name + l.params + ":" + l.value
}

// linesOf returns the lines of a card.
func linesOf(card string) (all []line) {
	text := strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "").Replace(card)
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == '\n' }) {
		head, value, _ := strings.Cut(s, ":")
		name, params, has := strings.Cut(head, ";")
		if has {
			params = ";" + params
		}
		group, bare, grouped := strings.Cut(name, ".")
		if !grouped {
			group, bare = "", name
		}
		all = append(all, line{group, strings.ToUpper(bare), params, value})
	}
	return all
}

// textOf returns the card of these lines, folded after so many bytes; 0 is never.
func textOf(all []line, width int) string {
	var b strings.Builder
	for _, l := range all {
		s := l.String()
		for ; width > 0 && len(s) > width; s = s[width:] {
			b.WriteString(s[:width] + "\r\n ")
		}
		b.WriteString(s + "\r\n")
	}
	return b.String()
}

// escape and unescape are for text of a card (RFC 6350 section 3.4). Nobody types line ends here.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `;`, `\;`).Replace(s)
}

func unescape(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\,`, `,`, `\;`, `;`).Replace(s)
}

// parts splits a value at a separator that is not escaped.
func parts(value string, separator byte) (all []string) {
	begin := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case separator:
			all, begin = append(all, unescape(value[begin:i])), i+1
		}
	}
	return append(all, unescape(value[min(begin, len(value)):]))
}

// part returns one of the parts of a value, "" if it has not so many.
func part(value string, n int) string {
	if all := parts(value, ';'); n < len(all) {
		return all[n]
	}
	return ""
}

// isGroup reports whether a card stands for a group.
func isGroup(all []line) bool {
	return slices.ContainsFunc(all, func(l line) bool {
		return (l.name == "KIND" || l.name == "X-ADDRESSBOOKSERVER-KIND") && l.value == "group"
	})
}

// values returns the values of a property, as they are.
func values(all []line, name string) (found []string) {
	for _, l := range all {
		if l.name == name {
			found = append(found, l.value)
		}
	}
	return found
}

// first returns the first value of a property, "" if there is none.
func first(all []line, name string) string {
	if found := values(all, name); len(found) > 0 {
		return found[0]
	}
	return ""
}

// isMember reports whether a group's card names the card of a UID.
func isMember(group []line, uid string) bool {
	return uid != "" && slices.ContainsFunc(group, func(l line) bool {
		return (l.name == "MEMBER" || l.name == "X-ADDRESSBOOKSERVER-MEMBER") && strings.EqualFold(strings.TrimPrefix(l.value, "urn:uuid:"), uid)
	})
}

// fieldsOf returns what a card says, in the names of the world; groups are the names of those that it is in.
func fieldsOf(all []line, groups []string) contact.Fields {
	f := contact.Fields{}
	put := func(field, text string) {
		if strings.TrimSpace(text) != "" {
			f[field] = contact.Text(text)
		}
	}
	put("serial", unescape(first(all, "NICKNAME")))
	put("first", part(first(all, "N"), 1))
	put("last", part(first(all, "N"), 0))
	put("company", part(first(all, "ORG"), 0))
	put("notes", unescape(first(all, "NOTE")))
	var phones []contact.Entry
	for _, l := range all {
		preferred := strings.Contains(strings.ToUpper(l.params), "PREF")
		switch {
		case l.name == "EMAIL" && (preferred || f["email"].Absent()):
			put("email", unescape(l.value))
		case l.name == "TEL" && l.value != "":
			phones = append(phones, contact.Entry{Value: contact.Text(unescape(l.value)), Primary: preferred})
			if preferred || f["phone"].Absent() {
				put("phone", unescape(l.value))
			}
		}
	}
	if len(phones) > 0 {
		f["phones"] = contact.List(phones...)
	}
	tags := slices.Clone(groups)
	for _, v := range values(all, "CATEGORIES") {
		for _, tag := range parts(v, ',') {
			if tag = strings.TrimSpace(tag); tag != "" && !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
		}
	}
	if len(tags) > 0 {
		f["tags"] = contact.Set(tags...)
	}
	return f
}

// mapped are the properties that the fields of the world are in; all others are nobody's but the card's owner's.
var mapped = []string{"N", "FN", "NICKNAME", "EMAIL", "TEL", "ORG", "NOTE", "CATEGORIES", "REV", "MEMBER", "X-ADDRESSBOOKSERVER-MEMBER"}

// others returns the lines of a card that no field of the world is in, sorted.
func others(all []line) (texts []string) {
	for _, l := range all {
		if !slices.Contains(mapped, l.name) {
			texts = append(texts, l.String())
		}
	}
	slices.Sort(texts)
	return texts
}

// newCard returns a card as the program of a user makes it who has not typed anything yet. Programs differ.
func newCard(uid, version string, style int) []line {
	all := []line{{name: "BEGIN", value: "VCARD"}, {name: "VERSION", value: version}, {name: "UID", value: uid}, {name: "N", value: ";;;;"}, {name: "FN", value: uid}}
	if version == "4.0" {
		all = append(all, line{name: "PHOTO", value: "data:image/jpeg;base64,/9j/4AAQSkZJRgABAQ=="})
	} else {
		all = append(all, line{name: "PHOTO", params: ";ENCODING=b;TYPE=JPEG", value: "/9j/4AAQSkZJRgABAQ=="})
	}
	return append(all, line{group: "item1", name: "X-SHOE", value: fmt.Sprint(36 + style%10)}, line{name: "BDAY", value: "1985-04-12"}, line{name: "END", value: "VCARD"})
}

// set gives a card these values of a property, in the place of those that it has; none removes it.
func set(all []line, name, params string, texts ...string) []line {
	at := slices.IndexFunc(all, func(l line) bool { return l.name == name })
	all = slices.DeleteFunc(slices.Clone(all), func(l line) bool { return l.name == name })
	if at < 0 {
		at = len(all) - 1
	}
	for i, text := range texts {
		all = slices.Insert(all, at+i, line{name: name, params: params, value: text})
	}
	return all
}

// typed returns a card in which a user has typed these values; an empty one clears. Tags are categories.
func typed(all []line, fields contact.Fields) []line {
	for _, field := range fields.Names() {
		v := fields[field]
		text := escape(v.Str())
		one := []string{text}
		if v.Blank() {
			one = nil
		}
		switch field {
		case "serial":
			all = set(all, "NICKNAME", "", one...)
		case "email":
			all = set(all, "EMAIL", ";TYPE=INTERNET", one...)
		case "phone":
			all = set(all, "TEL", "", one...)
		case "company":
			all = set(all, "ORG", "", one...)
		case "notes":
			all = set(all, "NOTE", "", one...)
		case "first", "last":
			name := append(parts(first(all, "N"), ';'), "", "")
			name[map[string]int{"last": 0, "first": 1}[field]] = v.Str()
			all = set(all, "N", "", escape(name[0])+";"+escape(name[1])+";;;")
		case "phones":
			var numbers []string
			for _, e := range v.Entries() {
				numbers = append(numbers, escape(e.Value.Str()))
			}
			all = set(all, "TEL", "", numbers...)
		case "tags":
			var tags []string
			for _, tag := range v.Elements() {
				tags = append(tags, escape(tag))
			}
			if len(tags) > 0 {
				tags = []string{strings.Join(tags, ",")}
			}
			all = set(all, "CATEGORIES", "", tags...)
		}
	}
	name := strings.TrimSpace(part(first(all, "N"), 1) + " " + part(first(all, "N"), 0))
	if name == "" {
		name = unescape(first(all, "NICKNAME"))
	}
	return set(all, "FN", "", escape(name))
}
