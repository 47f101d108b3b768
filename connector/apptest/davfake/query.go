package davfake

import (
	"net/http"
	"strings"

	"github.com/contactsync/contactsync/connector/apptest"
)

// query answers an addressbook-query (RFC 6352 section 8.6).
func (q *request) query(at *resource, root node) {
	filter := root.child(nsCard, "filter")
	if filter == nil {
		apptest.Refuse(q.w, q.r, http.StatusBadRequest, "a query without filter")
		return
	}
	want := wanted(root)
	if !q.checkAddressData(want) {
		return
	}
	if q.quirks.Query == QueryBroken && len(filter.Nodes) > 0 {
		q.answer(http.StatusInternalServerError, "")
		return
	}
	if q.quirks.Query != QueryAll && !supported(*filter) {
		q.fail(Answer{}, q.x.cr("supported-filter"))
		return
	}
	var responses []string
	limit := q.clientLimit(root, nsCard)
	if q.quirks.QueryListsBook && len(filter.Nodes) == 0 {
		responses = append(responses, q.response(at, want))
	}
	for _, member := range q.below(at) {
		if q.r.Header.Get("Depth") != "1" && q.r.Header.Get("Depth") != "infinity" {
			break // RFC 3253 section 3.6: without Depth the book alone is looked at, which is no card
		}
		if q.quirks.Query != QueryAll && !matches(*filter, member.card().body) {
			continue
		}
		if limit > 0 && len(responses) == limit {
			responses = append(responses, q.tooMany(at))
			break
		}
		responses = append(responses, q.withData(member, want))
	}
	q.answer(http.StatusMultiStatus, q.x.root("multistatus", responses...))
}

// supported reports whether this server knows all of a filter: conditions on parameters it does not.
func supported(filter node) bool {
	for _, prop := range filter.Nodes {
		for _, n := range prop.Nodes {
			if n.is(nsCard, "param-filter") {
				return false
			}
		}
	}
	return true
}

// matches reports whether a card fits a filter (RFC 6352 section 10.5).
func matches(filter node, card string) bool {
	return all(filter.attr("test", "anyof"), filter.Nodes, func(n node) bool { return propMatches(n, card) })
}

// all reports whether a test holds of all of the conditions, or of any; without conditions it holds.
func all(test string, conditions []node, holds func(node) bool) bool {
	any := test != "allof"
	for _, n := range conditions {
		if holds(n) == any {
			return any
		}
	}
	return !any || len(conditions) == 0
}

// propMatches reports whether a card fits the conditions on one property.
func propMatches(filter node, card string) bool {
	name := strings.ToUpper(filter.attr("name", ""))
	var values []string
	for _, line := range lines(card) {
		if nameOf(line) == name {
			values = append(values, valueOf(line))
		}
	}
	if filter.child(nsCard, "is-not-defined") != nil {
		return len(values) == 0
	}
	return len(values) > 0 && all(filter.attr("test", "anyof"), filter.Nodes, func(n node) bool {
		for _, v := range values {
			if textMatches(n, v) {
				return n.attr("negate-condition", "no") != "yes"
			}
		}
		return n.attr("negate-condition", "no") == "yes"
	})
}

// textMatches reports whether a value fits a text-match, without regard to case (i;unicode-casemap).
func textMatches(match node, value string) bool {
	value, want := strings.ToLower(value), strings.ToLower(match.Text)
	switch match.attr("match-type", "contains") {
	case "equals":
		return value == want
	case "starts-with":
		return strings.HasPrefix(value, want)
	case "ends-with":
		return strings.HasSuffix(value, want)
	}
	return strings.Contains(value, want)
}
