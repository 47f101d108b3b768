package carddav

import (
	"io"
	"net/url"
)

// ReadHrefs reads a multistatus and returns the hrefs of its responses.
func ReadHrefs(r io.Reader) (hrefs []string, token string, err error) {
	token, err = readMultistatus(r, func(e *element) error {
		for _, one := range responsesOf(e) {
			hrefs = append(hrefs, one.href)
		}
		return nil
	})
	return hrefs, token, err
}

// ReadError reads a DAV:error and returns the names of its conditions.
func ReadError(r io.Reader) (names []string) {
	for _, k := range readError(r).kinds() {
		names = append(names, k.name.Space+" "+k.name.Local)
	}
	return names
}

// IDOf returns the id of the card that an href names in a book.
func IDOf(book, href string) (string, bool) {
	at, err := url.Parse(book)
	if err != nil {
		return "", false
	}
	return idOf(at, href)
}

// HrefOf returns the path of a card.
func HrefOf(book, id string) string {
	at, _ := url.Parse(book)
	return hrefOf(at, id)
}

var (
	IfMatch   = ifMatch
	SameETag  = sameETag
	VersionOf = versionOf
	SameSite  = sameSite
)
