package contactsync

import (
	"strings"
	"unicode"

	"github.com/contactsync/contactsync/contact"
)

// looksLike reports whether an app may have made now of what was sent: another case, other spaces or punctuation,
// or cut short.
func looksLike(sent, now contact.Value) bool {
	if sent.Kind() != contact.KindText || now.Kind() != contact.KindText {
		return false
	}
	bare := func(s string) string {
		return fold(strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || unicode.IsPunct(r) || r == '+' {
				return -1
			}
			return r
		}, s))
	}
	x, y := bare(sent.Str()), bare(now.Str())
	return y != "" && strings.HasPrefix(x, y)
}
