package carddav

import (
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hrefs differ in how they are written: absolute or not, what is percent-encoded, a slash at the end. They are compared by
// their decoded path, and a card is known by the last part of that, which is its record's id.

// sameHref reports whether two paths of one server are the same, decoded once.
func samePath(a, b string) bool { return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/") }

// idOf returns the id of the card that an href of the book's server names, and whether it names one: a member of the
// collection at base. What lies elsewhere, deeper or on another host is none, and neither is a collection.
func idOf(base *url.URL, href string) (id string, ok bool) {
	u, err := base.Parse(href)
	if err != nil || !strings.EqualFold(u.Host, base.Host) || u.Scheme != base.Scheme || strings.HasSuffix(u.Path, "/") {
		return "", false
	}
	folder, name := path.Split(u.Path)
	if !samePath(folder, base.Path) || name == "." || name == ".." || strings.Contains(strings.ToLower(u.EscapedPath()), "%2f") {
		return "", false
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", false
	}
	return name, name != ""
}

// hrefOf returns the path of a card with that id.
func hrefOf(base *url.URL, id string) string {
	return strings.TrimSuffix(base.EscapedPath(), "/") + "/" + url.PathEscape(id)
}

// isID reports whether an id can be one of this book: it names one file and no step.
func isID(id string) bool {
	return id != "" && id != "." && id != ".." && !strings.ContainsRune(id, '/') && utf8.ValidString(id) &&
		!strings.ContainsFunc(id, unicode.IsControl)
}
