package carddav_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/contactsync/contactsync/connector/carddav"
)

// zone is what the DNS says of one domain.
type zone struct {
	records []*net.SRV
	texts   []string
	err     error
	asked   []string
}

func (z *zone) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	z.asked = append(z.asked, "_"+service+"._"+proto+"."+name)
	return "", z.records, z.err
}

func (z *zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	z.asked = append(z.asked, name)
	if z.texts == nil {
		return nil, errors.New("no such record")
	}
	return z.texts, nil
}

// elsewhere sends what is for any host to one server, and notes the hosts and whether they were told who asks.
type elsewhere struct {
	to    string
	hosts []string
}

func (e *elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	told := ""
	if r.Header.Get("Authorization") != "" {
		told = " told"
	}
	e.hosts = append(e.hosts, r.URL.Scheme+"://"+r.URL.Host+r.URL.Path+told)
	moved := r.Clone(r.Context())
	to, err := url.Parse(e.to)
	if err != nil {
		return nil, err
	}
	moved.URL.Scheme, moved.URL.Host = to.Scheme, to.Host
	resp, err := http.DefaultTransport.RoundTrip(moved)
	if err == nil {
		resp.Request = r
	}
	return resp, err
}

// TestSRV: a domain says where its server is, within its site (RFC 6764).
func TestSRV(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		url   string
		zone  zone
		first string // where the first request goes
		err   error
		says  string
	}{
		{name: "a host and a path", url: "example.com", zone: zone{records: []*net.SRV{{Target: "dav.example.com.", Port: 443}}, texts: []string{"x=y", "path=/dav"}},
			first: "https://dav.example.com/dav told"},
		{name: "an email address", url: "ann@example.com", zone: zone{records: []*net.SRV{{Target: "dav.example.com.", Port: 8443}}},
			first: "https://dav.example.com:8443/.well-known/carddav told"},
		{name: "a path that is none", url: "example.com", zone: zone{records: []*net.SRV{{Target: "dav.example.com.", Port: 443}}, texts: []string{"path=//evil"}},
			first: "https://dav.example.com//evil told"},
		{name: "another site", url: "example.com", zone: zone{records: []*net.SRV{{Target: "carddav.example.org.", Port: 443}}}, err: connector.ErrForbidden, says: "carddav.example.org"},
		{name: "no service", url: "example.com", zone: zone{records: []*net.SRV{{Target: ".", Port: 0}}}, err: connector.ErrNotFound, says: "no CardDAV server"},
		{name: "no record", url: "example.com", zone: zone{err: errors.New("no such host")}, err: connector.ErrUnavailable, says: "give the server's address"},
		{name: "a port that is not allowed", url: "example.com", zone: zone{records: []*net.SRV{{Target: "dav.example.com.", Port: 25}}}, says: "port 25"},
	}
	for _, tt := range tests {
		s := davfake.New(untested{t}, davfake.Quirks{}) // it has no such paths
		way := &elsewhere{to: s.URL}
		c, err := carddav.Open(carddav.Account{URL: tt.url, User: s.User, Password: davfake.Password, HTTP: &http.Client{Transport: way}, Resolver: &tt.zone})
		require.NoError(t, err, tt.name)
		_, err = c.Schema(t.Context())
		if tt.first != "" {
			require.Equal(t, tt.first, way.hosts[0], tt.name)
			require.Equal(t, "_carddavs._tcp.example.com", tt.zone.asked[0])
			continue
		}
		require.Error(t, err, tt.name)
		require.Empty(t, way.hosts, tt.name)
		require.ErrorContains(t, err, tt.says, tt.name)
		if tt.err != nil {
			require.ErrorIs(t, err, tt.err, tt.name)
		}
	}
}

// TestDiscoveryAcrossHosts: within a site the account's books may be on another host, which learns who asks; nobody else
// does.
func TestDiscoveryAcrossHosts(t *testing.T) {
	t.Parallel()
	answer := func(w http.ResponseWriter, href, props string) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusMultiStatus)
		_, _ = w.Write([]byte(`<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:response><D:href>` + href +
			`</D:href><D:propstat><D:prop>` + props + `</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>`))
	}
	for home, want := range map[string]string{
		"https://p42-contacts.example.com/42/card/":  "https://p42-contacts.example.com/42/card/ told",
		"https://p42-contacts.example.org/42/card/":  "",
		"http://p42-contacts.example.com/42/card/":   "",
		"https://ann@p42-contacts.example.com/card/": "",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/":
				http.Redirect(w, r, "/root/", http.StatusMovedPermanently)
			case "/root/":
				answer(w, "/root/", `<D:current-user-principal><D:href>/42/principal/</D:href></D:current-user-principal>`)
			case "/42/principal/":
				answer(w, "/42/principal/", `<C:addressbook-home-set><D:href>`+home+`</D:href></C:addressbook-home-set>`)
			default:
				answer(w, "/42/card/book/", `<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype><D:displayname>Card</D:displayname>`)
			}
		}))
		way := &elsewhere{to: server.URL}
		books, err := carddav.Books(t.Context(), carddav.Account{URL: "contacts.example.com", User: "ann", Password: "secret", HTTP: &http.Client{Transport: way}})
		server.Close()
		last := way.hosts[len(way.hosts)-1]
		if want == "" {
			require.Error(t, err, home)
			require.False(t, strings.Contains(last, "p42"), "%s was asked", last)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want, last)
		require.Equal(t, []carddav.Book{{Name: "Card", Slug: "book", URL: "https://p42-contacts.example.com/42/card/book/"}}, books)
	}
}
