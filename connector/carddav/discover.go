package carddav

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/contactsync/contactsync/connector"
)

// A Book is an address book of an account.
type Book struct {
	// Name is what its owner calls it.
	Name string
	// Slug is the last part of its address, by which the account's books are told apart.
	Slug string
	// URL is its address.
	URL string
	// ReadOnly says that the account may not write into it.
	ReadOnly bool
}

// A found book is one with what was told of it.
type found struct {
	Book
	client    dav    // at the book
	principal string // the path of the account's own resource; "" if the server does not say
	sync      bool   // it answers sync-collection
}

// placeProps are what a place is asked for: whether it is an address book, what can be done there, and where to look next.
const placeProps = `<D:resourcetype/><D:displayname/><D:current-user-principal/><C:addressbook-home-set/><D:supported-report-set/>` +
	`<D:sync-token/><D:current-user-privilege-set/>`

// A place is what an address tells on the way to the account's books.
type place struct {
	client    dav // at the address
	books     []found
	principal string
	homes     []string
}

// discover finds the address books of the account: the one at the client's address if that is one, else those of the
// account's homes, to which the address or /.well-known/carddav leads (RFC 6764 section 6, RFC 6352 section 7.1.1).
func discover(ctx context.Context, client dav) ([]found, error) {
	at, err := look(ctx, client, client.Base().String(), "0")
	if errors.Is(err, connector.ErrUnauthorized) || errors.Is(err, connector.ErrNotSent) || errors.Is(err, connector.ErrUnavailable) {
		return nil, err
	}
	if err != nil || at.leadsNowhere() {
		there, wellKnownErr := look(ctx, client, "/.well-known/carddav", "0")
		switch {
		case wellKnownErr == nil:
			at, err = there, nil
		case err == nil:
			err = wellKnownErr
		}
	}
	if err != nil {
		return nil, err
	}
	if len(at.books) > 0 {
		return at.books, nil
	}
	homes, from := at.homes, at.client
	if len(homes) == 0 && at.principal != "" {
		own, err := look(ctx, at.client, at.principal, "0")
		if err != nil {
			return nil, err
		}
		homes, from = own.homes, own.client
	}
	var books []found
	for _, home := range homes {
		in, err := look(ctx, from, home, "1")
		if err != nil {
			return nil, err
		}
		for _, f := range in.books {
			f.principal = at.principal
			books = append(books, f)
		}
	}
	if len(books) == 0 {
		return nil, &connector.Error{App: appID, Op: "discover", Err: connector.ErrNotFound,
			Message: "no address book is named at this address; give the address of an address book"}
	}
	return books, nil
}

func (p place) leadsNowhere() bool {
	return len(p.books) == 0 && len(p.homes) == 0 && p.principal == ""
}

// look asks the resource at an address, relative to the client's, and its members too if depth is "1".
func look(ctx context.Context, from dav, href, depth string) (place, error) {
	client, err := from.toward(href)
	if err != nil {
		return place{}, err
	}
	p, err := client.look(ctx, depth)
	// Behind a redirect to another host nobody was told who asks. Where it may be told, it is asked again.
	var r *refusal
	if errors.As(err, &r) && r.status == http.StatusUnauthorized && r.at.Host != client.Base().Host {
		if client, err = client.toward(r.at.String()); err != nil {
			return place{}, err
		}
		return client.look(ctx, depth)
	}
	return p, err
}

// look asks the resource at the client's address.
func (d dav) look(ctx context.Context, depth string) (place, error) {
	var all []response
	at, err := d.propfind(ctx, "discover", d.Base().String(), depth, placeProps, func(r response) error {
		all = append(all, r)
		return nil
	})
	if err != nil {
		return place{}, err
	}
	p := place{}
	if p.client, err = d.toward(at.String()); err != nil {
		return place{}, err
	}
	for _, r := range all {
		if principal := r.hrefs(nsDAV, "current-user-principal"); len(principal) > 0 && p.principal == "" {
			p.principal = principal[0]
		}
		p.homes = append(p.homes, r.hrefs(nsCardDAV, "addressbook-home-set")...)
		if !r.isBook() {
			continue
		}
		f, err := p.client.found(r)
		if err != nil {
			return place{}, err
		}
		p.books = append(p.books, f)
	}
	for i := range p.books {
		p.books[i].principal = p.principal
	}
	return p, nil
}

// found returns the book that a response tells of.
func (d dav) found(r response) (found, error) {
	client, err := d.toward(r.href)
	if err != nil {
		return found{}, err
	}
	at := client.Base()
	return found{
		Book: Book{Name: r.text(nsDAV, "displayname"), Slug: path.Base(at.Path), URL: at.String(), ReadOnly: r.readOnly()},
		sync: r.supports(nsDAV, "sync-collection") || r.text(nsDAV, "sync-token") != "", client: client,
	}, nil
}

// toward returns a client at an address that the server named, with the account's credentials. They go to its own host,
// and by https to hosts of the same site (the domain below a public suffix: iCloud keeps books on hosts of their own). It
// fails for others: a person has to say that those may have them.
func (d dav) toward(href string) (dav, error) {
	next, err := d.Base().Parse(href)
	if err != nil {
		return dav{}, &connector.Error{App: appID, Op: "discover", Err: errXML, Message: "the server names an address that is none"}
	}
	if base := d.Base(); !sameSite(base, next) {
		return dav{}, &connector.Error{App: appID, Op: "discover", Err: connector.ErrForbidden,
			Message: fmt.Sprintf("the server sends to another one, %s; if that one may have the password, give its address as url", next.Host)}
	}
	client, err := d.At(next)
	return dav{client}, err
}

// sameSite reports whether what is meant for the server of one address may be told to that of another.
func sameSite(a, b *url.URL) bool {
	if a.Scheme == b.Scheme && a.Host == b.Host {
		return true
	}
	if a.Scheme != "https" || b.Scheme != "https" {
		return false
	}
	if strings.EqualFold(a.Hostname(), b.Hostname()) {
		return true
	}
	siteA, errA := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(a.Hostname()))
	siteB, errB := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(b.Hostname()))
	return errA == nil && errB == nil && siteA == siteB
}

// choose returns the book of that name, slug or address, or the only one if name is "".
func choose(books []found, name string) (found, error) {
	fits := func(f found) bool { return name == "" || f.Slug == name || f.URL == name }
	if !slices.ContainsFunc(books, fits) {
		fits = func(f found) bool { return strings.EqualFold(strings.TrimSpace(f.Name), strings.TrimSpace(name)) }
	}
	var fit []found
	var slugs []string
	for _, f := range books {
		slugs = append(slugs, f.Slug)
		if fits(f) {
			fit = append(fit, f)
		}
	}
	if len(fit) == 1 {
		return fit[0], nil
	}
	slices.Sort(slugs)
	problem := "the account has several address books"
	if name != "" {
		problem = "the account has no address book of that name, or several"
	}
	return found{}, &connector.Error{App: appID, Op: "discover", Err: connector.ErrNotFound,
		Message: problem + "; name one of them as kind: " + strings.Join(slugs, ", ")}
}
