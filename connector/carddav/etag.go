package carddav

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// A version is a card's ETag as the server tells it, quotes and weakness included. A card whose server tells none, or one
// that is too long, has a digest of its text instead. Behind that comes what tells the groups that it is in, if any.
const (
	maxETag     = 900 // bytes; a version may have 1,024
	digestMark  = "sha256:"
	groupsMark  = "\tgroups:"
	ifMatchStar = "*" // whatever the ETag is
)

// versionOf returns the version of a card of that ETag and text, in groups of those names.
func versionOf(etag, text string, groups []string) string {
	if etag == "" || len(etag) > maxETag {
		sum := sha256.Sum256([]byte(etag + "\n" + text))
		etag = digestMark + hex.EncodeToString(sum[:12])
	}
	if len(groups) == 0 {
		return etag
	}
	sorted := slices.Sorted(slices.Values(groups))
	sum := sha256.Sum256([]byte(strings.Join(sorted, "\x00")))
	return etag + groupsMark + hex.EncodeToString(sum[:4])
}

// sameETag reports whether two ETags are of one content. Servers and what lies before them disagree on quotes and on
// weakness: compressing an answer makes its ETag weak.
func sameETag(a, b string) bool { return a != "" && bareETag(a) == bareETag(b) }

func bareETag(etag string) string { return strings.Trim(strings.TrimPrefix(etag, "W/"), `"`) }

// ifMatch returns the If-Match header of a write to a card that was just read with this ETag. A weak one never matches
// (RFC 9110 section 13.1.1), and where there is none nothing does: then the card has to be there, and what it held was
// compared before.
func ifMatch(etag string) string {
	switch {
	case etag == "" || strings.HasPrefix(etag, "W/") || len(etag) > maxETag || strings.HasPrefix(etag, digestMark):
		return ifMatchStar
	case !strings.HasPrefix(etag, `"`):
		return `"` + etag + `"`
	}
	return etag
}

// etagIn returns the ETag that a version tells, "" if it tells none that a write can be conditional on.
func etagIn(version string) string {
	etag, _, _ := strings.Cut(version, groupsMark)
	if strings.HasPrefix(etag, digestMark) {
		return ""
	}
	return etag
}
