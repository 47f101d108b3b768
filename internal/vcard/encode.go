package vcard

import (
	"strings"
	"unicode/utf8"
)

// An Encoded is a value as a line of one card writes it.
type Encoded struct {
	text   string
	quoted bool // it is quoted-printable
}

// RawValue returns a value that is written as it stands, such as parts of a value that was read. It holds no line
// end.
func RawValue(text string) Encoded { return Encoded{text: text} }

// TextValue returns a text as a value of this card.
func (c *Card) TextValue(text string) Encoded {
	if c.Version == "2.1" {
		return quoted21(';', text)
	}
	return Encoded{text: EscapeText(text)}
}

// URIValue returns a URI as a value of this card: commas and semicolons are part of it and not escaped.
func (c *Card) URIValue(uri string) Encoded {
	if c.Version == "2.1" {
		return c.TextValue(uri)
	}
	return Encoded{text: escapeURI.Replace(uri)}
}

// ComponentsValue returns a structured value of this card, of components that are decoded.
func (c *Card) ComponentsValue(components ...string) Encoded {
	if c.Version == "2.1" {
		return quoted21(';', components...)
	}
	escaped := make([]string, len(components))
	for i, s := range components {
		escaped[i] = EscapeText(s)
	}
	return Encoded{text: strings.Join(escaped, ";")}
}

// WithComponents returns the value of p with the components that change set to the decoded texts; the others stay
// as they are written, where the encoding allows.
func (c *Card) WithComponents(p *Property, change map[int]string) (Encoded, error) {
	if c.Version == "2.1" || isEncoded(p) {
		components, err := c.Components(p)
		if err != nil {
			return Encoded{}, err
		}
		return c.ComponentsValue(setComponents(components, change, func(s string) string { return s })...), nil
	}
	return Encoded{text: strings.Join(setComponents(p.RawComponents(), change, EscapeText), ";")}, nil
}

func setComponents(components []string, change map[int]string, write func(string) string) []string {
	for i, s := range change {
		for len(components) <= i {
			components = append(components, "")
		}
		components[i] = write(s)
	}
	return components
}

// ListValue returns a list of this card, of elements that are decoded.
func (c *Card) ListValue(elements ...string) Encoded {
	if c.Version == "2.1" {
		return quoted21(',', elements...)
	}
	escaped := make([]string, len(elements))
	for i, s := range elements {
		escaped[i] = EscapeText(s)
	}
	return Encoded{text: strings.Join(escaped, ",")}
}

// EscapeText returns text as a value of vCard 3.0 and 4.0 writes it (RFC 2426 section 4, RFC 6350 section 3.4).
func EscapeText(text string) string {
	if !strings.ContainsAny(text, "\\,;\n\r") {
		return text
	}
	return escapeText.Replace(text)
}

var (
	escapeText = strings.NewReplacer(`\`, `\\`, ",", `\,`, ";", `\;`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)
	escapeURI  = strings.NewReplacer(`\`, `\\`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)
)

// quoted21 returns the parts of a value of vCard 2.1, joined by sep: as they are if they are plain ASCII, else
// quoted-printable. A comma in a list is escaped as later versions do, for 2.1 knows no lists.
func quoted21(sep byte, parts ...string) Encoded {
	plain := true
	for _, s := range parts {
		plain = plain && isPlain21(s)
	}
	escaped := make([]string, len(parts))
	for i, s := range parts {
		if !plain {
			s = quotePrintable(s)
		}
		s = strings.ReplaceAll(s, ";", `\;`)
		if sep == ',' {
			s = strings.ReplaceAll(s, ",", `\,`)
		}
		escaped[i] = s
	}
	return Encoded{text: strings.Join(escaped, string(sep)), quoted: !plain}
}

// isPlain21 reports whether vCard 2.1 can write a text without an encoding.
func isPlain21(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7F || s[i] == '\\' {
			return false
		}
	}
	return len(s) < 200 && strings.TrimSpace(s) == s // plain lines of 2.1 are not folded
}

// quotePrintable encodes a text or component. Colons are encoded too, so that no piece of a long value can look
// like the END line of the card.
func quotePrintable(s string) string {
	const digits = "0123456789ABCDEF"
	s = strings.NewReplacer("\r\n", "\r\n", "\n", "\r\n").Replace(s)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c > 0x20 && c < 0x7F && c != '=' && c != ':' && c != '\\', c == ' ' && i > 0 && i < len(s)-1:
			b.WriteByte(c)
		default:
			b.WriteByte('=')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	return b.String()
}

// foldAt is the longest line in octets without its line end (RFC 2426 section 2.6, RFC 6350 section 3.2).
const foldAt = 75

// line returns the physical lines of a property.
func (c *Card) line(head Head, value Encoded) string {
	head = head.Without(func(p Param) bool { return p.Name == "ENCODING" || p.Name == "CHARSET" })
	if value.quoted {
		head = head.With("CHARSET=UTF-8").With("ENCODING=QUOTED-PRINTABLE")
	}
	newline := c.newline
	if newline == "" {
		newline = "\r\n"
	}
	if !value.quoted && (c.Version == "2.1" || len(head)+1+len(value.text) <= foldAt) {
		return string(head) + ":" + value.text + newline
	}
	line := string(head) + ":" + value.text
	if value.quoted {
		return foldSoft(line, len(head)+1, newline)
	}
	var b strings.Builder
	b.Grow(len(line) + len(line)/foldAt*4 + 8)
	width := foldAt
	for len(line) > width {
		cut := width
		for cut > width-utf8.UTFMax && !utf8.RuneStart(line[cut]) {
			cut--
		}
		b.WriteString(line[:cut])
		b.WriteString(newline)
		b.WriteByte(' ')
		line, width = line[cut:], foldAt-1
	}
	b.WriteString(line)
	b.WriteString(newline)
	return b.String()
}

// foldSoft folds a quoted-printable line by soft line breaks (RFC 2045 section 6.7), behind the head.
func foldSoft(line string, head int, newline string) string {
	var b strings.Builder
	for len(line) > foldAt {
		cut := max(foldAt, head+1)
		if cut >= len(line) {
			break
		}
		head = 0
		// No break inside =XX or \; and none before a blank, which would read as a fold.
		for cut > 1 && (line[cut-1] == '=' || line[cut-2] == '=' || line[cut-1] == '\\' || line[cut] == ' ') {
			cut--
		}
		b.WriteString(line[:cut])
		b.WriteString("=")
		b.WriteString(newline)
		line = line[cut:]
	}
	b.WriteString(line)
	b.WriteString(newline)
	return b.String()
}
