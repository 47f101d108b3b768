package carddav

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/contactsync/contactsync/connector"
)

// systemResolver asks as the machine is set up to.
var systemResolver Resolver = net.DefaultResolver

// A Resolver looks up where a domain has its services. [net.Resolver] is one.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// serviceOf returns the address at which a domain says that its CardDAV server is (RFC 6764 sections 3 to 5): the host and
// port of the record _carddavs._tcp with the lowest priority, and the path of its TXT record.
func serviceOf(ctx context.Context, r Resolver, domain string) (*url.URL, error) {
	fail := func(message string, err error) (*url.URL, error) {
		return nil, &connector.Error{App: appID, Op: "discover", Err: err, Message: message}
	}
	_, records, err := r.LookupSRV(ctx, "carddavs", "tcp", domain)
	if err != nil {
		return fail("the domain does not say where its CardDAV server is; give the server's address as url", fmt.Errorf("%w: %w", connector.ErrUnavailable, err))
	}
	if len(records) == 0 || records[0].Target == "." {
		return fail("the domain says that it has no CardDAV server; give a server's address as url", connector.ErrNotFound)
	}
	target := strings.TrimSuffix(records[0].Target, ".")
	at := &url.URL{Scheme: "https", Host: target, Path: "/.well-known/carddav"}
	if port := records[0].Port; port != 443 {
		at.Host = net.JoinHostPort(target, strconv.Itoa(int(port)))
	}
	texts, _ := r.LookupTXT(ctx, "_carddavs._tcp."+domain) // that there is none is no fault
	for _, text := range texts {
		if path, ok := strings.CutPrefix(text, "path="); ok && strings.HasPrefix(path, "/") {
			at.Path = path
		}
	}
	if !sameSite(&url.URL{Scheme: "https", Host: domain}, at) {
		return fail(fmt.Sprintf("the domain sends to another one, %s; if that one may have the password, give its address as url", at.Host), connector.ErrForbidden)
	}
	return at, nil
}
