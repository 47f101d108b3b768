package davfake

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"

	"github.com/contactsync/contactsync/connector/apptest"
)

// propfind answers a PROPFIND (RFC 4918 section 9.1).
func (q *request) propfind() {
	root, err := parse(q.body)
	if err != nil || len(q.body) > 0 && !root.is(nsDAV, "propfind") {
		apptest.Refuse(q.w, q.r, http.StatusBadRequest, "the body is no propfind")
		return
	}
	at := q.at()
	if at.name != "" && at.card() == nil || at.book == nil && !slices.Contains(q.above(), at.path) {
		q.answer(http.StatusNotFound, "")
		return
	}
	depth := q.r.Header.Get("Depth")
	if depth == "" {
		apptest.Note(q.r, "PROPFIND without Depth: that is infinity")
		depth = cmp.Or(q.quirks.NoDepth, "infinity")
	}
	if !slices.Contains([]string{"0", "1", "infinity"}, depth) {
		apptest.Refuse(q.w, q.r, http.StatusBadRequest, "the depth %q", depth)
		return
	}
	if depth == "infinity" {
		if q.quirks.Infinite == 0 {
			q.fail(Answer{}, q.x.d("propfind-finite-depth"))
			return
		}
		depth = "1"
	}
	found := []*resource{at}
	if depth == "1" {
		found = append(found, q.below(at)...)
	}
	q.list(at, found, wanted(root), depth == "1")
}

// below returns the members of a collection.
func (q *request) below(at *resource) (all []*resource) {
	if at.book != nil && at.name == "" {
		for _, name := range at.book.listed() {
			all = append(all, &resource{path: at.path + name, book: at.book, name: name})
		}
	}
	if at.path == q.home {
		for _, b := range q.books {
			all = append(all, &resource{path: b.Path, book: b})
		}
	}
	return all
}

// list answers with the properties of a resource and, if the list is deep, of its members, as many as the server lists.
func (q *request) list(at *resource, found []*resource, want []node, deep bool) {
	var responses []string
	members := 0
	for _, r := range found {
		if r.path != at.path {
			members++
		}
		if limit := q.quirks.ListLimit; limit > 0 && members > limit {
			responses = append(responses, q.tooMany(at))
			break
		}
		responses = append(responses, q.response(r, want))
	}
	if deep && at.book != nil && at.name == "" {
		responses = append(responses, q.strays(at.book)...)
	}
	q.answer(http.StatusMultiStatus, q.x.root("multistatus", responses...))
}

// tooMany is the response that says that a list is cut (RFC 6578 section 3.6).
func (q *request) tooMany(at *resource) string {
	return q.x.d("response", q.href(at.path), q.status(http.StatusInsufficientStorage),
		q.x.d("error", q.x.d("number-of-matches-within-limits")))
}

// strays returns responses for the hrefs that do not belong.
func (q *request) strays(b *Book) (all []string) {
	for _, href := range b.stray {
		found := q.x.d("propstat", q.x.d("prop", q.x.d("getetag", `"stray"`)), q.status(http.StatusOK))
		all = append(all, q.x.d("response", q.x.d("href", escape(href)), found))
	}
	return all
}

// wanted returns the properties that are asked for, nil for those that a server tells unasked.
func wanted(root node) []node {
	if prop := root.child(nsDAV, "prop"); prop != nil {
		return prop.Nodes
	}
	return nil
}

// response returns a response with the wanted properties of a resource: those that it has, and those that it has not.
func (q *request) response(at *resource, want []node) string {
	if want == nil {
		for _, name := range []string{"resourcetype", "getetag", "displayname"} {
			want = append(want, node{XMLName: xml.Name{Space: nsDAV, Local: name}})
		}
	}
	var has, hasNot []string
	for _, p := range want {
		if inner, ok := q.property(at, p); ok {
			has = append(has, q.x.el(p.XMLName, inner))
		} else {
			hasNot = append(hasNot, q.x.el(p.XMLName))
		}
	}
	all := q.href(at.path)
	if len(has) > 0 || len(hasNot) == 0 {
		all += q.x.d("propstat", q.x.d("prop", has...), q.status(http.StatusOK))
	}
	if len(hasNot) > 0 {
		all += q.x.d("propstat", q.x.d("prop", hasNot...), q.status(http.StatusNotFound))
	}
	return q.x.d("response", all)
}

// property returns the content of a property of a resource, false if it has none of that name.
func (q *request) property(at *resource, p node) (string, bool) {
	switch {
	case p.is(nsDAV, "current-user-principal"):
		return q.href(q.principal), true
	case p.is(nsDAV, "resourcetype"):
		return q.resourceType(at), true
	case at.card() != nil:
		return q.cardProperty(at.card(), p)
	case at.book != nil:
		return q.bookProperty(at.book, p)
	case p.is(nsCard, "addressbook-home-set") && at.path == q.principal:
		if q.Other != nil {
			return q.x.d("href", escape(q.Other.URL+q.home)), true
		}
		return q.href(q.home), true
	case p.is(nsDAV, "displayname") && at.path == q.principal:
		return escape(q.User), true
	}
	return "", false
}

func (q *request) resourceType(at *resource) (types string) {
	if at.card() != nil {
		return ""
	}
	types = q.x.d("collection")
	if at.book != nil {
		types += q.x.cr("addressbook")
	}
	if at.path == q.principal {
		types += q.x.d("principal")
	}
	return types
}

// cardProperty returns a property of a card.
func (q *request) cardProperty(c *card, p node) (string, bool) {
	switch {
	case p.is(nsDAV, "getetag"):
		return escape(q.etag(c)), true
	case p.is(nsDAV, "getcontenttype"):
		return "text/vcard; charset=utf-8", true
	case p.is(nsDAV, "getcontentlength"):
		return fmt.Sprint(len(c.body)), true
	}
	return "", false
}

// bookProperty returns a property of a book.
func (q *request) bookProperty(b *Book, p node) (string, bool) {
	x := q.x
	switch {
	case p.is(nsDAV, "displayname"):
		return escape(b.label), true
	case p.is(nsDAV, "supported-report-set"):
		return q.reports(), true
	case p.is(nsDAV, "sync-token"):
		return escape(b.token(b.changes)), !q.quirks.NoSync
	case p.is(nsCS, "getctag"):
		return fmt.Sprintf("ctag-%d", b.changes), !q.quirks.NoCTag
	case p.is(nsCard, "supported-address-data"):
		name, all := "address-data-type", ""
		if q.quirks.AddressDataMisnamed {
			name = "address-data"
		}
		for _, v := range q.versions() {
			all += `<CR:` + name + ` content-type="text/vcard" version="` + v + `"/>`
		}
		return all, !q.quirks.NoAddressData
	case p.is(nsCard, "max-resource-size"):
		return fmt.Sprint(q.quirks.MaxSize), q.quirks.MaxSize > 0
	case p.is(nsDAV, "current-user-privilege-set"):
		rights := []string{"read"}
		if !b.readOnly {
			rights = append(rights, "write", "write-content", "bind", "unbind")
		}
		all := ""
		for _, right := range rights {
			all += x.d("privilege", x.d(right))
		}
		return all, true
	case p.is(nsDAV, "getcontenttype"):
		return q.quirks.CollectionType, q.quirks.CollectionType != ""
	case p.is(nsDAV, "getetag"):
		return fmt.Sprintf("&#34;book-%d&#34;", b.changes), q.quirks.CollectionETag
	}
	return "", false
}

// reports returns the reports of a book.
func (q *request) reports() (all string) {
	add := func(name string) {
		if !q.quirks.BareReports {
			name = q.x.d("report", name)
		}
		all += q.x.d("supported-report", name)
	}
	add(q.x.cr("addressbook-multiget"))
	if q.quirks.Query != QueryMissing {
		add(q.x.cr("addressbook-query"))
	}
	if !q.quirks.NoSync {
		add(q.x.d("sync-collection"))
	}
	return all
}

// versions returns the vCard versions that are taken.
func (s *Server) versions() []string {
	if s.quirks.Versions == nil {
		return []string{"3.0", "4.0"}
	}
	return s.quirks.Versions
}
