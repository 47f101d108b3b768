package vcard

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// Text returns what the property's value says, decoded: one text, in which an unescaped comma or semicolon is
// itself. It fails with an [*Error] if the value is not text: broken encoding, an unknown charset, bytes that are
// not UTF-8, control characters.
func (c *Card) Text(p *Property) (string, error) { return c.decode(p, p.Value) }

// Components returns the components of a structured value (N, ADR, ORG), decoded.
func (c *Card) Components(p *Property) ([]string, error) { return c.decodeEach(p, ';') }

// List returns the elements of a value that is a list (CATEGORIES), decoded.
func (c *Card) List(p *Property) ([]string, error) { return c.decodeEach(p, ',') }

func (c *Card) decodeEach(p *Property, sep byte) ([]string, error) {
	parts := splitEscaped(p.Value, sep)
	for i, raw := range parts {
		if sep == ',' && c.Version == "2.1" {
			raw = strings.ReplaceAll(raw, `\,`, ",")
		}
		text, err := c.decode(p, raw)
		if err != nil {
			return nil, err
		}
		parts[i] = text
	}
	return parts, nil
}

// RawComponents returns the components of a structured value as they are written.
func (p *Property) RawComponents() []string { return splitEscaped(p.Value, ';') }

// RawList returns the elements of a list as they are written.
func (p *Property) RawList() []string { return splitEscaped(p.Value, ',') }

// splitEscaped splits a value at the separators that no backslash escapes.
func splitEscaped(s string, sep byte) []string {
	parts := make([]string, 0, 1+strings.Count(s, string(sep)))
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// decode returns the text of a value, or of one component of it.
func (c *Card) decode(p *Property, raw string) (string, error) {
	text := raw
	if isEncoded(p) {
		decoded, err := c.decodeEncoded(p, raw)
		if err != nil {
			return "", err
		}
		text = decoded
	} else {
		text = c.unescape(raw)
	}
	ascii := true
	for i := 0; i < len(text); i++ {
		switch char := text[i]; {
		case char >= utf8.RuneSelf:
			ascii = false
		case char < 0x20 && char != '\n' && char != '\t':
			return "", errorAt(p.Line, "%s holds a control character (0x%02x); remove it", p.Name, char)
		}
	}
	if !ascii && !utf8.ValidString(text) {
		return "", errorAt(p.Line, "%s is not in UTF-8; save it as UTF-8, or declare its CHARSET", p.Name)
	}
	return text, nil
}

// isEncoded reports whether the property says that its value has an encoding or charset.
func isEncoded(p *Property) bool {
	for i := range p.Params {
		if name := p.Params[i].Name; name == "ENCODING" || name == "CHARSET" {
			return true
		}
	}
	return false
}

func (c *Card) decodeEncoded(p *Property, raw string) (string, error) {
	text := raw
	encoding := strings.ToUpper(p.Param("ENCODING"))
	switch encoding {
	case "", "7BIT", "8BIT":
	case "QUOTED-PRINTABLE":
		// vCard 2.1 escapes the text before it is encoded, but separators are looked for in what is written.
		if c.Version == "2.1" {
			raw = c.unescape(raw)
		}
		decoded, ok := decodeQuotedPrintable(raw)
		if !ok {
			return "", errorAt(p.Line, "%s is not quoted-printable as it says", p.Name)
		}
		text = decoded
	case "B", "BASE64":
		decoded, err := base64.StdEncoding.DecodeString(strings.Map(dropBlank, raw))
		if err != nil {
			return "", errorAt(p.Line, "%s is not base64 as it says", p.Name)
		}
		text = string(decoded)
	default:
		return "", errorAt(p.Line, "%s has an encoding that vCard does not know", p.Name)
	}
	text, ok := decodeCharset(text, p.Param("CHARSET"))
	if !ok {
		return "", errorAt(p.Line, "%s has a CHARSET that is not known here, or breaks it; save it as UTF-8", p.Name)
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if c.Version == "2.1" && encoding == "QUOTED-PRINTABLE" || encoding == "B" || encoding == "BASE64" {
		return text, nil
	}
	return c.unescape(text), nil
}

func dropBlank(r rune) rune {
	if r == ' ' || r == '\t' {
		return -1
	}
	return r
}

// unescape undoes the backslashes of a text: \n and \N, \, \; \\ (RFC 2426 section 4, RFC 6350 section 3.4) and
// the \: of older Apple cards. vCard 2.1 knows \; alone (section 2.1.1). Other backslashes stay.
func (c *Card) unescape(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	if c.Version == "2.1" {
		return strings.ReplaceAll(s, `\;`, ";")
	}
	var b strings.Builder
	b.Grow(len(s))
	for i >= 0 {
		b.WriteString(s[:i])
		s = s[i:]
		if len(s) < 2 {
			break
		}
		switch s[1] {
		case 'n', 'N':
			b.WriteByte('\n')
		case ',', ';', '\\', ':':
			b.WriteByte(s[1])
		default:
			b.WriteString(s[:2])
		}
		s = s[2:]
		i = strings.IndexByte(s, '\\')
	}
	b.WriteString(s)
	return b.String()
}

// decodeQuotedPrintable decodes the text of a property (RFC 2045 section 6.7); soft line breaks are gone already.
func decodeQuotedPrintable(s string) (string, bool) {
	if strings.IndexByte(s, '=') < 0 {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '=' {
			b = append(b, s[i])
			continue
		}
		if i+1 == len(s) {
			break // a soft line break with nothing behind it
		}
		if i+2 >= len(s) {
			return "", false
		}
		high, ok1 := hexDigit(s[i+1])
		low, ok2 := hexDigit(s[i+2])
		if !ok1 || !ok2 {
			return "", false
		}
		b = append(b, high<<4|low)
		i += 2
	}
	return string(b), true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
