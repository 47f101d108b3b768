package davfake

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/contactsync/contactsync/connector/apptest"
)

// report answers a REPORT (RFC 3253 section 3.6).
func (q *request) report() {
	root, err := parse(q.body)
	if err != nil || len(q.body) == 0 {
		apptest.Refuse(q.w, q.r, http.StatusBadRequest, "the body is no XML")
		return
	}
	at := q.at()
	if at.book == nil || at.name != "" {
		apptest.Note(q.r, "reports are of books")
		q.fail(Answer{}, q.x.d("supported-report"))
		return
	}
	switch {
	case root.is(nsDAV, "sync-collection") && !q.quirks.NoSync:
		q.syncCollection(at, root)
	case root.is(nsCard, "addressbook-multiget"):
		q.multiget(at, root)
	case root.is(nsCard, "addressbook-query") && q.quirks.Query != QueryMissing:
		q.query(at, root)
	default:
		if !root.is(nsCard, "addressbook-query") {
			apptest.Note(q.r, "the book does not name the report %s", root.XMLName.Local)
		}
		q.fail(Answer{}, q.x.d("supported-report"))
	}
}

// syncCollection answers what changed since a token (RFC 6578 section 3.2).
func (q *request) syncCollection(at *resource, root node) {
	if depth := q.r.Header.Get("Depth"); depth != "" && depth != "0" {
		apptest.Note(q.r, "sync-collection of depth %q, must be 0", depth)
		if !q.quirks.AnyDepth {
			q.answer(http.StatusBadRequest, "")
			return
		}
	}
	level, token := root.child(nsDAV, "sync-level").text(), root.child(nsDAV, "sync-token")
	if token == nil || level != "1" && level != "infinite" {
		apptest.Note(q.r, "sync-collection without sync-token, or with sync-level %q", level)
		if token == nil || !q.quirks.NoLevel {
			q.answer(http.StatusBadRequest, "")
			return
		}
	}
	state := 0
	if text := token.text(); text != "" {
		known := false
		if state, known = at.book.stateOf(text); !known && !q.quirks.BadTokenRestarts {
			q.fail(q.quirks.BadToken, q.x.d("valid-sync-token"))
			return
		}
	}
	limit, ok := q.limit(root, nsDAV)
	if !ok {
		return
	}
	changes := at.book.since(state)
	end := at.book.changes
	cut := limit > 0 && len(changes) > limit
	if cut && limit == q.clientLimit(root, nsDAV) && q.quirks.Limit == LimitRefused {
		q.fail(Answer{}, q.x.d("number-of-matches-within-limits"))
		return
	}
	if cut {
		changes = changes[:limit]
		end = changes[limit-1].card.changed
	}
	q.tellChanges(at, changes, wanted(root), end, cut)
}

// tellChanges answers with changes of a book, up to a state.
func (q *request) tellChanges(at *resource, changes []change, want []node, end int, cut bool) {
	var responses []string
	for _, c := range changes {
		member := &resource{path: at.path + c.name, book: at.book, name: c.name}
		if c.gone {
			responses = append(responses, q.x.d("response", q.href(member.path), q.status(http.StatusNotFound)))
		} else {
			responses = append(responses, q.response(member, want))
		}
	}
	if cut {
		responses = append(responses, q.tooMany(at))
	}
	responses = append(append(responses, q.strays(at.book)...), q.x.d("sync-token", escape(at.book.token(end))))
	q.answer(http.StatusMultiStatus, q.x.root("multistatus", responses...))
}

// clientLimit returns the limit of a request, 0 if it has none.
func (q *request) clientLimit(root node, space string) int {
	if limit := root.child(space, "limit"); limit != nil {
		n, err := strconv.Atoi(limit.child(space, "nresults").text())
		if err != nil {
			return None
		}
		return n
	}
	return 0
}

// limit returns how many members are told, 0 for all; false if the request is refused.
func (q *request) limit(root node, space string) (int, bool) {
	theirs, ours := q.clientLimit(root, space), q.quirks.SyncLimit
	switch {
	case theirs < 0:
		apptest.Refuse(q.w, q.r, http.StatusBadRequest, "the limit is no number")
		return 0, false
	case theirs == 0 || q.quirks.Limit == LimitIgnored:
		return ours, true
	case ours == 0:
		return theirs, true
	}
	return min(theirs, ours), true
}

// multiget answers with the cards at hrefs (RFC 6352 section 8.7).
func (q *request) multiget(at *resource, root node) {
	want := wanted(root)
	if !q.checkAddressData(want) {
		return
	}
	var responses []string
	told := 0
	for _, n := range root.Nodes {
		if !n.is(nsDAV, "href") {
			continue
		}
		if told++; q.quirks.MultigetLimit > 0 && told > q.quirks.MultigetLimit {
			responses = append(responses, q.tooMany(at))
			break
		}
		responses = append(responses, q.got(at, n.text(), want))
	}
	if told == 0 {
		apptest.Note(q.r, "multiget of nothing")
		q.answer(http.StatusBadRequest, "")
		return
	}
	q.answer(http.StatusMultiStatus, q.x.root("multistatus", responses...))
}

// got returns the response for one href of a multiget.
func (q *request) got(at *resource, href string, want []node) string {
	u, err := url.Parse(href)
	missing := q.x.d("response", q.x.d("href", escape(href)), q.status(http.StatusNotFound))
	if err != nil {
		apptest.Note(q.r, "multiget of what is no href")
		return missing
	}
	member := q.memberAt(u.Path)
	if member == nil || member.book != at.book || member.name == "" || u.Host != "" && u.Host != q.r.Host {
		apptest.Note(q.r, "multiget of an href outside the book")
		return missing
	}
	if member.card() == nil && q.quirks.MultigetSkips {
		return ""
	}
	if member.card() == nil {
		return q.x.d("response", q.href(member.path), q.status(http.StatusNotFound))
	}
	return q.withData(member, want)
}

// withData returns the response of a card, with address-data if it is wanted.
func (q *request) withData(at *resource, want []node) string {
	i := slices.IndexFunc(want, func(n node) bool { return n.is(nsCard, "address-data") })
	if i < 0 {
		return q.response(at, want)
	}
	body := at.card().body
	var props []string
	for _, p := range want[i].Nodes {
		if p.is(nsCard, "prop") {
			props = append(props, p.attr("name", ""))
		}
	}
	if len(props) > 0 {
		body = only(body, props)
	}
	at.book.wasRead(at.card())
	data := escape(body)
	if q.quirks.RawCR {
		data = strings.ReplaceAll(data, "&#xD;&#xA;", "\r\n")
	}
	has := []string{q.x.cr("address-data", data)}
	for j, p := range want {
		if j == i {
			continue
		}
		if inner, ok := q.property(at, p); ok {
			has = append(has, q.x.el(p.XMLName, inner))
		}
	}
	return q.x.d("response", q.href(at.path), q.x.d("propstat", q.x.d("prop", has...), q.status(http.StatusOK)))
}

// checkAddressData refuses a version or type of address-data that the server does not have.
func (q *request) checkAddressData(want []node) bool {
	for _, n := range want {
		if !n.is(nsCard, "address-data") {
			continue
		}
		kind, version := n.attr("content-type", "text/vcard"), n.attr("version", "3.0")
		if kind != "text/vcard" || !q.quirks.NoAddressData && !slices.Contains(q.versions(), version) {
			q.fail(Answer{}, q.x.cr("supported-address-data"))
			return false
		}
	}
	return true
}
