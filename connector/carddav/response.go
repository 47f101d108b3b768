package carddav

import (
	"strconv"
	"strings"
)

// A response is what a multistatus says of one href.
type response struct {
	href   string   // as it is written
	status int      // of the href itself; 0 if properties are told instead
	props  *element // those with status 200
	failed *element // DAV:error
}

// responseOf reads a DAV:response (RFC 4918 section 14.24). Of those with several hrefs there is one response for each.
func responsesOf(e *element) []response {
	r := response{status: statusOf(e.kid(nsDAV, "status")), props: &element{}, failed: e.kid(nsDAV, "error")}
	for _, ps := range e.all(nsDAV, "propstat") {
		if code := statusOf(ps.kid(nsDAV, "status")); code >= 200 && code < 300 {
			if prop := ps.kid(nsDAV, "prop"); prop != nil {
				r.props.kids = append(r.props.kids, prop.kids...)
			}
		}
	}
	var all []response
	for _, href := range e.all(nsDAV, "href") {
		r.href = href.trimmed()
		all = append(all, r)
	}
	return all
}

// statusOf returns the code of "HTTP/1.1 404 Not Found"; 0 if there is none.
func statusOf(e *element) int {
	fields := strings.Fields(e.trimmed())
	if len(fields) < 2 || !strings.HasPrefix(fields[0], "HTTP/") {
		return 0
	}
	code, _ := strconv.Atoi(fields[1])
	return code
}

// text returns the text of a DAV property; "" if it is not told.
func (r response) text(space, local string) string { return r.props.kid(space, local).trimmed() }

// hrefs returns the hrefs in a property.
func (r response) hrefs(space, local string) (found []string) {
	for _, h := range r.props.kid(space, local).all(nsDAV, "href") {
		found = append(found, h.trimmed())
	}
	return found
}

// isBook reports whether the resource is an address book.
func (r response) isBook() bool {
	return r.props.kid(nsDAV, "resourcetype").kid(nsCardDAV, "addressbook") != nil
}

// supports reports whether the resource says that it answers a report.
func (r response) supports(space, local string) bool {
	for _, s := range r.props.kid(nsDAV, "supported-report-set").all(nsDAV, "supported-report") {
		if s.kid(nsDAV, "report").kid(space, local) != nil || s.kid(space, local) != nil { // some leave the report out
			return true
		}
	}
	return false
}

// readOnly reports whether the resource says what the account may do (RFC 3744 section 5.4), and that writing its members
// is not among that.
func (r response) readOnly() bool {
	set := r.props.kid(nsDAV, "current-user-privilege-set")
	if set == nil {
		return false
	}
	for _, p := range set.all(nsDAV, "privilege") {
		for _, name := range []string{"all", "write", "write-content", "bind"} {
			if p.kid(nsDAV, name) != nil {
				return false
			}
		}
	}
	return len(set.kids) > 0
}
