package davfake

import (
	"cmp"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/connector/apptest"
)

// get answers a GET or HEAD of a card.
func (q *request) get() {
	at := q.at()
	c := at.card()
	if c == nil {
		q.answer(http.StatusNotFound, "")
		return
	}
	if none := q.r.Header.Get("If-None-Match"); none != "" && q.names(none, c, true) {
		q.answer(http.StatusNotModified, "")
		return
	}
	q.w.Header().Set("ETag", q.etag(c))
	q.w.Header().Set("Content-Type", "text/vcard; charset=utf-8")
	body := c.body
	at.book.wasRead(c)
	if q.r.Method == http.MethodHead {
		body = ""
	}
	q.answer(http.StatusOK, body)
}

// names reports whether a condition's list names the ETag of a card; c is nil if there is no card, which nothing names.
func (q *request) names(list string, c *card, weakly bool) bool {
	if c == nil {
		return false
	}
	if strings.TrimSpace(list) == "*" {
		return weakly || q.r.Method != http.MethodPut || !q.quirks.PutAnyNeverMatches
	}
	for _, tag := range strings.Split(list, ",") {
		tag = strings.TrimSpace(tag)
		if q.quirks.Weak && q.quirks.WeakNeverMatches && !weakly {
			continue
		}
		if tag == q.etag(c) {
			return true
		}
	}
	return false
}

// conditions reports whether the conditions of a write hold; if not, it has answered.
func (q *request) conditions(c *card) bool {
	for _, name := range []string{"If-Match", "If-None-Match"} {
		for _, tag := range q.r.Header.Values(name) {
			if opaque := strings.TrimPrefix(tag, "W/"); tag != "*" && !isQuoted(opaque) {
				apptest.Refuse(q.w, q.r, http.StatusBadRequest, "%s bears what is no ETag", name)
				return false
			}
		}
	}
	match, none := q.r.Header.Get("If-Match"), q.r.Header.Get("If-None-Match")
	failed := ""
	if match != "" && !q.names(match, c, false) {
		failed = "if-match"
	}
	if none != "" && q.names(none, c, true) {
		failed = "if-none-match"
	}
	if failed != "" {
		q.fail(Answer{Status: http.StatusPreconditionFailed, Bare: !q.quirks.ConditionElements}, q.x.d(failed))
	}
	return failed == ""
}

func isQuoted(s string) bool { return len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' }

// put answers a PUT (RFC 6352 section 6.3.2).
func (q *request) put() {
	at := q.at()
	if at.book == nil || at.name == "" {
		apptest.Note(q.r, "a card is put into a book, under a name")
		q.answer(cmp.Or(q.quirks.MissingBook, http.StatusConflict), "")
		return
	}
	if at.book.readOnly {
		q.fail(Answer{}, q.x.d("need-privileges"))
		return
	}
	if !q.conditions(at.card()) || !q.acceptable(at) {
		return
	}
	sent := string(q.body)
	stored := sent
	if isCard(sent) {
		stored = rewritten(sent, q.quirks.Rewrite, q.Clock.Now())
	}
	status := http.StatusCreated
	if at.card() != nil && !q.quirks.UpdateCreated {
		status = http.StatusNoContent
	}
	at.book.store(at.name, stored)
	if !q.quirks.NoPutETag && (stored == sent || q.quirks.PutETagAlways) {
		q.w.Header().Set("ETag", q.etag(at.card()))
	}
	q.answer(status, "")
}

// acceptable reports whether a card may be stored; if not, it has answered.
func (q *request) acceptable(at *resource) bool {
	text := string(q.body)
	kind, _, _ := mime.ParseMediaType(q.r.Header.Get("Content-Type"))
	if kind != "text/vcard" {
		apptest.Note(q.r, "a card of content type %q", kind)
	}
	uid := property(text, "UID")
	switch {
	case kind != "text/vcard" && !q.quirks.AnyType:
		q.fail(Answer{}, q.x.cr("supported-address-data"))
	case !q.quirks.AnyBody && !isCard(text), !q.quirks.Lax && (uid == "" || property(text, "FN") == ""):
		q.fail(q.quirks.BadCard, q.x.cr("valid-address-data"))
	case !q.quirks.NoAddressData && !q.quirks.AnyVersion && !slices.Contains(q.versions(), property(text, "VERSION")):
		q.fail(Answer{}, q.x.cr("supported-address-data"))
	case q.quirks.MaxSize > 0 && len(text) > q.quirks.MaxSize:
		q.fail(Answer{}, q.x.cr("max-resource-size"))
	case q.quirks.UID != UIDShared && uid != "" && q.conflict(at, uid) != "":
		href := ""
		if q.quirks.UID == UIDConflict {
			href = q.href(at.book.Path + q.conflict(at, uid))
		}
		q.fail(Answer{Status: http.StatusConflict}, q.x.cr("no-uid-conflict", href))
	default:
		return true
	}
	return false
}

// conflict returns the name of the card that a UID conflicts with: another one that has it, or the card itself if it
// has another UID. "" means that there is none.
func (q *request) conflict(at *resource, uid string) string {
	if slices.Contains(q.quirks.Rewrite, NewUID) {
		return "" // UIDs are the server's
	}
	if other := at.book.withUID(uid, at.name); other != "" {
		return other
	}
	if c := at.card(); c != nil {
		if c.uid != "" && c.uid != uid {
			return at.name
		}
	}
	return ""
}

// delete answers a DELETE of a card. Of a book it would be one of everything: no client of this library means that.
func (q *request) delete() {
	at := q.at()
	if at.name == "" {
		apptest.Refuse(q.w, q.r, http.StatusForbidden, "this would delete a whole collection")
		return
	}
	if at.card() == nil {
		q.answer(http.StatusNotFound, "")
		return
	}
	if at.book.readOnly {
		q.fail(Answer{}, q.x.d("need-privileges"))
		return
	}
	if !q.conditions(at.card()) {
		return
	}
	at.book.remove(at.name)
	q.answer(cmp.Or(q.quirks.DeleteStatus, http.StatusNoContent), "")
}
