package vcard

import (
	"strings"
	"unicode/utf8"
)

// decodeCharset returns text of a declared charset as UTF-8, and whether the charset is known and kept to.
func decodeCharset(text, charset string) (string, bool) {
	switch strings.ToUpper(charset) {
	case "", "UTF-8", "UTF8":
		return text, true // whether it is UTF-8 is looked at for every text
	case "US-ASCII", "ASCII":
		return text, strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
	case "ISO-8859-1", "LATIN1":
		return decodeSingleByte(text, func(c byte) rune { return rune(c) }), true
	case "ISO-8859-15", "LATIN9":
		return decodeSingleByte(text, latin9), true
	case "WINDOWS-1252", "CP1252":
		decoded := decodeSingleByte(text, windows1252)
		return decoded, !strings.ContainsRune(decoded, utf8.RuneError)
	}
	return "", false
}

func decodeSingleByte(text string, char func(byte) rune) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		b.WriteRune(char(text[i]))
	}
	return b.String()
}

// latin9 returns the character of a byte of ISO 8859-15, which differs from ISO 8859-1 in eight.
func latin9(c byte) rune {
	switch c {
	case 0xA4:
		return '€'
	case 0xA6:
		return 'Š'
	case 0xA8:
		return 'š'
	case 0xB4:
		return 'Ž'
	case 0xB8:
		return 'ž'
	case 0xBC:
		return 'Œ'
	case 0xBD:
		return 'œ'
	case 0xBE:
		return 'Ÿ'
	}
	return rune(c)
}

// windows1252 returns the character of a byte of that code page; the five that it leaves open are errors.
func windows1252(c byte) rune {
	const from80 = "€\uFFFD‚ƒ„…†‡ˆ‰Š‹Œ\uFFFDŽ\uFFFD\uFFFD‘’“”•–—˜™š›œ\uFFFDžŸ"
	if c < 0x80 || c > 0x9F {
		return rune(c)
	}
	i := byte(0x80)
	for _, r := range from80 {
		if i == c {
			return r
		}
		i++
	}
	return utf8.RuneError
}
