package auth

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"

	"github.com/contactsync/contactsync/connector"
)

// check returns what keeps a provider from working.
func (p Provider) check() error {
	if p.App.Auth != connector.AuthOAuth2 {
		return nil
	}
	o := p.App.OAuth
	switch {
	case o == nil || p.App.OpenAs == nil || o.Identities == nil:
		return errors.New("the app says that it uses OAuth 2 and not how: it lacks OAuth, Identities or OpenAs")
	case p.ClientID == "":
		return errors.New("the client id is missing: register this program with the app and give what it is called there")
	case len(o.Hosts) == 0:
		return errors.New("the app names no host that its token may be sent to")
	}
	addresses := []string{o.AuthURL, o.TokenURL}
	if o.RevokeURL != "" {
		addresses = append(addresses, o.RevokeURL)
	}
	for _, address := range addresses {
		if u, err := url.Parse(address); err != nil || !safe(u) {
			return fmt.Errorf("%q is no https address", address)
		}
	}
	return nil
}

// safe reports whether a secret may be sent to an address: over https, or to this machine itself.
func safe(u *url.URL) bool {
	return u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()))
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// scopes returns what is asked for: no more than is needed.
func (p Provider) scopes(readOnly bool) []string {
	if readOnly && len(p.App.OAuth.ReadScopes) > 0 {
		return p.App.OAuth.ReadScopes
	}
	return p.App.OAuth.Scopes
}

// without returns those of all that are not among some.
func without(all, some []string) (left []string) {
	for _, one := range all {
		if !slices.Contains(some, one) {
			left = append(left, one)
		}
	}
	return left
}
