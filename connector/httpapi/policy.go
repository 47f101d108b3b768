package httpapi

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
)

// ErrAddress says that an address is none that may be talked to.
var ErrAddress = errors.New("this address may not be talked to")

// A Policy says which servers may be talked to. The zero Policy is for addresses that anybody may type: public ones, by
// https, on the ports 443 and 8443.
type Policy struct {
	// Private allows loopback, private and other addresses that are not public, on any port: for a host whose users are
	// its operators, such as a command line, and for tests.
	Private bool
	// Plain allows http. Credentials then cross the network in the clear.
	Plain bool
	// Ports are allowed beside 443 and 8443.
	Ports []int
}

// CheckURL returns an error that wraps [ErrAddress] if u may not be asked: by its scheme, its port, or because it holds
// credentials, which belong elsewhere. Where its host leads is checked when it is dialed ([Policy.CheckAddress]).
func (p Policy) CheckURL(u *url.URL) error {
	switch {
	case u.Host == "" || u.Hostname() == "":
		return fmt.Errorf("%w: it names no host", ErrAddress)
	case u.User != nil:
		return fmt.Errorf("%w: it holds a user name; give that apart from the address", ErrAddress)
	case u.Scheme == "http" && !p.Plain:
		return fmt.Errorf("%w: it is not encrypted; use https", ErrAddress)
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%w: it begins neither with https:// nor with http://", ErrAddress)
	}
	if port := u.Port(); port != "" {
		n, err := strconv.Atoi(port)
		if err != nil || !p.allowsPort(n) {
			return fmt.Errorf("%w: the port %s is none of those that are allowed", ErrAddress, port)
		}
	}
	return nil
}

func (p Policy) allowsPort(n int) bool {
	return n == 443 || n == 8443 || n == 80 && p.Plain || slices.Contains(p.Ports, n) || p.Private && n > 0 && n <= 65535
}

// CheckAddress returns an error that wraps [ErrAddress] if no connection may be made to addr, "192.0.2.1:443", which is
// what a name was resolved to.
func (p Policy) CheckAddress(addr string) error {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return fmt.Errorf("%w: it is no IP address", ErrAddress)
	}
	if !p.allowsPort(int(at.Port())) {
		return fmt.Errorf("%w: the port %d is none of those that are allowed", ErrAddress, at.Port())
	}
	if ip := at.Addr(); !p.Private && !isPublic(ip) {
		return fmt.Errorf("%w: it leads to %s, which is not a public address", ErrAddress, ip.Unmap())
	}
	return nil
}

// notPublic are the ranges that reach no stranger's server, or reach one through a form that hides which (IANA's special-
// purpose registries, RFC 6890 and its updates). Of the IPv6 ones, those outside of 2000::/3 need no row.
var notPublic = parsePrefixes(
	"0.0.0.0/8",       // this network
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // shared by the customers of a provider
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link local: where clouds answer with credentials
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays
	"192.168.0.0/16",  // private
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, broadcast
	"2001::/23",       // protocol assignments, Teredo
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4, which holds an IPv4 address
	"3fff::/20",       // documentation
)

// global is where public IPv6 addresses are (RFC 4291 section 2.4).
var global = netip.MustParsePrefix("2000::/3")

func parsePrefixes(texts ...string) []netip.Prefix {
	prefixes := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		prefixes[i] = netip.MustParsePrefix(text)
	}
	return prefixes
}

// isPublic reports whether an address is one of a server that is there for everybody. An IPv6 address that holds an IPv4
// one is judged by that if it is mapped (::ffff:0:0/96), and else is none: 64:ff9b::/96 lies outside of 2000::/3.
func isPublic(ip netip.Addr) bool {
	ip = ip.Unmap()
	if ip.Zone() != "" || ip.Is6() && !global.Contains(ip) {
		return false
	}
	return !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(ip) })
}
