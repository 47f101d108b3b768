package contact

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxEmail is how many bytes an address that tells people apart may have. It is far more than the 320 that mail
// servers take, because apps keep such addresses.
const maxEmail = 1024

// EmailKey returns the form in which email addresses are compared, and whether the text is an address that can
// tell people apart. The form has no case, neither in the domain nor before the @, and the domain is in its
// ASCII form (RFC 5890), so that a name and its punycode are the same; tags and dots before the @ count. Of
// "Bob <a@b.com>" the address counts.
//
// An address is valid if it is a dot-string or its international form (RFC 5321 section 4.1.2, RFC 6531) at a
// domain of at least two labels, of at most 1024 bytes. Quoted names, address literals such as
// [127.0.0.1], several addresses and anything with a line break in it are not; such texts are compared without
// case, as they are.
func EmailKey(s string) (key string, valid bool) {
	s = trim(s)
	address, ok := bareAddress(s)
	if !ok || len(address) > maxEmail {
		return foldText(s), false
	}
	local, domain, ok := strings.Cut(address, "@")
	if !ok || !validLocal(local) {
		return foldText(s), false
	}
	if plainASCII(address) {
		if address = strings.ToLower(address); validDomain(address[len(local)+1:]) {
			return address, true
		}
		return foldText(s), false
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !validDomain(ascii) || strings.ContainsRune(domain, utf8.RuneError) { // idna takes broken bytes for a letter
		return foldText(s), false
	}
	return foldText(local) + "@" + ascii, true
}

// sameEmail reports whether two texts have one EmailKey.
func sameEmail(s, t string) bool {
	s, t = trim(s), trim(t)
	if plainASCII(s) && plainASCII(t) {
		return equalFoldASCII(s, t) // valid or not, the key is the text in lower case
	}
	x, _ := EmailKey(s)
	y, _ := EmailKey(t)
	return x == y
}

// plainASCII reports whether s is ASCII, and neither has a display name nor a domain in punycode.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] == '<' {
			return false
		}
		if i >= 3 && s[i] == '-' && s[i-1] == '-' && equalFoldASCII(s[i-3:i-1], "xn") {
			return false
		}
	}
	return true
}

// bareAddress returns the address of "Bob <a@b.com>", or s itself if it is written without a name. It fails if
// what stands before the address is no name: a second address, or a line break.
func bareAddress(s string) (string, bool) {
	open := strings.LastIndexByte(s, '<')
	if open < 0 {
		return s, true
	}
	if !strings.HasSuffix(s, ">") {
		return s, false
	}
	name := s[:open]
	if strings.ContainsFunc(name, unicode.IsControl) || strings.ContainsAny(name, "<>") {
		return s, false
	}
	if strings.Contains(name, "@") && !strings.HasPrefix(name, `"`) {
		return s, false
	}
	return trim(s[open+1 : len(s)-1]), true
}

// validLocal reports whether s can stand before the @ without quotes. Where the dots stand is not looked at:
// some providers gave out addresses with two in a row or one at the end.
func validLocal(s string) bool {
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case r < utf8.RuneSelf:
			if !strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r) {
				return false
			}
		case r == utf8.RuneError, isSpace(r), !unicode.IsGraphic(r):
			return false
		}
	}
	return s != ""
}

// validDomain reports whether a domain in ASCII and lower case has two labels or more that the DNS can hold
// (RFC 1123 section 2.1, RFC 5890 section 2.3.1), the last of which is not a number.
func validDomain(s string) bool {
	if len(s) > 253 || !strings.Contains(s, ".") {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(s, ".") {
		if !validLabel(label) {
			return false
		}
		last = label
	}
	return strings.Trim(last, "0123456789") != ""
}

func validLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	if len(s) >= 4 && s[2:4] == "--" && !strings.HasPrefix(s, "xn--") {
		return false // reserved
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
