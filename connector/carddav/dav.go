package carddav

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/httpapi"
)

const appID = "carddav"

// A refusal is the error of an answer whose XML says which condition was not met (RFC 3253 section 1.6). The status with
// it differs from server to server and is not gone by.
type refusal struct {
	status int
	at     *url.URL // where the answer came from
	error  *element // DAV:error; nil if the server sent none
	err    error    // by the status
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// refused reports whether err is the refusal of a server that names the condition.
func refused(err error, space, local string) bool {
	var r *refusal
	return errors.As(err, &r) && r.error.kid(space, local) != nil
}

// statusIn returns the status of the server's answer, 0 if err is not about one.
func statusIn(err error) int {
	var r *refusal
	if errors.As(err, &r) {
		return r.status
	}
	return 0
}

// isPage reports whether an answer is a page for people, such as one that asks them to log in to a network: it is not the
// server's.
func isPage(resp *http.Response) bool {
	return strings.HasPrefix(strings.TrimSpace(resp.Header.Get("Content-Type")), "text/html")
}

// A dav speaks WebDAV to one server.
type dav struct{ *httpapi.Client }

// do makes a call and returns its answer if its status is one that is wanted, or any of success if none is named.
func (d dav) do(ctx context.Context, r httpapi.Request, want ...int) (*http.Response, error) {
	resp, err := d.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	ok := len(want) == 0 && resp.StatusCode >= 200 && resp.StatusCode < 300 && !isPage(resp)
	for _, code := range want {
		ok = ok || resp.StatusCode == code
	}
	if ok {
		return resp, nil
	}
	defer resp.Body.Close()
	refusal := &refusal{status: resp.StatusCode, at: resp.Request.URL, err: d.StatusError(r.Name, resp)}
	refusal.error = readError(io.LimitReader(resp.Body, 64<<10)) // whatever it says that it is
	switch {
	case isPage(resp) && resp.StatusCode < 300:
		refusal.err = &connector.Error{App: appID, Op: r.Name, Err: connector.ErrUnavailable,
			Message: "a page for people came in place of an answer; does the network want somebody to log in, or is the address wrong?"}
	case resp.StatusCode < 400: // somebody else's server
		refusal.err = &connector.Error{App: appID, Op: r.Name, Err: errXML,
			Message: fmt.Sprintf("HTTP %d; is the address that of a CardDAV server?", resp.StatusCode)}
	}
	return nil, refusal
}

// multistatus makes a call that is answered by a multistatus and calls each with its responses. at is where the answer
// came from, which differs from what was asked behind a redirect.
func (d dav) multistatus(ctx context.Context, method, name, href, depth, body string, each func(response) error) (token string, at *url.URL, err error) {
	header := http.Header{"Content-Type": {"application/xml; charset=utf-8"}, "Accept": {"application/xml, text/xml"}, "Depth": {depth}}
	resp, err := d.do(ctx, httpapi.Request{Name: name, Method: method, URL: href, Header: header, Body: []byte(xmlHead + body)}, http.StatusMultiStatus)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	token, err = readMultistatus(resp.Body, func(e *element) error {
		for _, r := range responsesOf(e) {
			if err := each(r); err != nil {
				return err
			}
		}
		return nil
	})
	var typed *connector.Error
	if err != nil && !errors.As(err, &typed) {
		err = &connector.Error{App: appID, Op: name, Err: err}
	}
	return token, resp.Request.URL, err
}

// report makes a REPORT on the book.
func (d dav) report(ctx context.Context, name, depth, body string, each func(response) error) (token string, err error) {
	token, _, err = d.multistatus(ctx, "REPORT", name, d.Base().EscapedPath(), depth, body, each)
	return token, err
}

const xmlHead = `<?xml version="1.0" encoding="utf-8"?>` + "\n"

// namespaces declares the prefixes D, C and S.
const namespaces = ` xmlns:D="` + nsDAV + `" xmlns:C="` + nsCardDAV + `" xmlns:S="` + nsServer + `"`

// propfind asks a resource for properties, written with the prefixes.
func (d dav) propfind(ctx context.Context, name, href, depth, props string, each func(response) error) (at *url.URL, err error) {
	_, at, err = d.multistatus(ctx, "PROPFIND", name, href, depth, "<D:propfind"+namespaces+"><D:prop>"+props+"</D:prop></D:propfind>", each)
	return at, err
}

// syncCollection asks what changed since a token, "" for everything (RFC 6578 section 3.2).
func (d dav) syncCollection(ctx context.Context, token string, each func(response) error) (next string, err error) {
	return d.report(ctx, "changes", "0", "<D:sync-collection"+namespaces+"><D:sync-token>"+escape(token)+
		"</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>", each)
}

// multiget reads cards (RFC 6352 section 8.7); data is what to tell of each.
func (d dav) multiget(ctx context.Context, name string, hrefs []string, data string, each func(response) error) error {
	var b strings.Builder
	b.WriteString("<C:addressbook-multiget" + namespaces + "><D:prop><D:getetag/>" + data + "</D:prop>")
	for _, href := range hrefs {
		b.WriteString("<D:href>" + escape(href) + "</D:href>")
	}
	b.WriteString("</C:addressbook-multiget>")
	_, err := d.report(ctx, name, "1", b.String(), each)
	return err
}

// query reads the cards that a filter lets through (RFC 6352 section 8.6); data is what to tell of each.
func (d dav) query(ctx context.Context, name, data, filter string, each func(response) error) error {
	_, err := d.report(ctx, name, "1", "<C:addressbook-query"+namespaces+
		"><D:prop><D:getetag/>"+data+"</D:prop>"+filter+"</C:addressbook-query>", each)
	return err
}

// put writes a card under a condition, a header and its value, and returns what the server says of it.
func (d dav) put(ctx context.Context, href, header, value, text string) (etag, location string, err error) {
	resp, err := d.do(ctx, httpapi.Request{Name: "write", Method: http.MethodPut, URL: href, Body: []byte(text), Header: http.Header{
		"Content-Type": {"text/vcard; charset=utf-8"}, header: {value}}})
	if err != nil {
		return "", "", err
	}
	defer resp.Body.Close()
	return strings.TrimSpace(resp.Header.Get("ETag")), resp.Header.Get("Location"), nil
}

// remove deletes a card under a condition.
func (d dav) remove(ctx context.Context, href, match string) error {
	resp, err := d.do(ctx, httpapi.Request{Name: "delete", Method: http.MethodDelete, URL: href, Header: http.Header{"If-Match": {match}}})
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
