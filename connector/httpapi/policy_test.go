package httpapi_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/httpapi"
)

// TestS22Addresses: only public addresses are connected to, in whatever form they are written.
func TestS22Addresses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		addr string
		ok   bool
	}{
		{"93.184.216.34:443", true}, {"8.8.8.8:8443", true}, {"1.1.1.1:443", true}, {"[2606:4700:4700::1111]:443", true},
		{"[2a00:1450:4001:800::200e]:443", true}, {"192.0.3.1:443", true}, {"172.32.0.1:443", true}, {"100.128.0.1:443", true},
		{"[::ffff:8.8.8.8]:443", true}, {"223.255.255.255:443", true},
		{"127.0.0.1:443", false}, {"127.1.2.3:443", false}, {"0.0.0.0:443", false}, {"0.1.2.3:443", false}, {"10.0.0.1:443", false},
		{"100.64.0.1:443", false}, {"100.127.255.255:443", false}, {"169.254.169.254:443", false}, {"172.16.0.1:443", false}, {"172.31.255.255:443", false},
		{"192.0.0.1:443", false}, {"192.0.2.1:443", false}, {"192.88.99.1:443", false}, {"192.168.1.1:443", false}, {"198.18.0.1:443", false},
		{"198.19.255.255:443", false}, {"198.51.100.1:443", false}, {"203.0.113.1:443", false}, {"224.0.0.1:443", false}, {"240.0.0.1:443", false},
		{"255.255.255.255:443", false}, {"[::1]:443", false}, {"[::]:443", false}, {"[::ffff:127.0.0.1]:443", false}, {"[::ffff:169.254.169.254]:443", false},
		{"[64:ff9b::7f00:1]:443", false}, {"[64:ff9b:1::1]:443", false}, {"[100::1]:443", false}, {"[2001::1]:443", false}, {"[2001:db8::1]:443", false}, {"[2002:7f00:1::]:443", false},
		{"[fc00::1]:443", false}, {"[fd12:3456::1]:443", false}, {"[fe80::1]:443", false}, {"[fe80::1%eth0]:443", false}, {"[ff02::1]:443", false}, {"[3fff::1]:443", false},
		{"[::7f00:1]:443", false}, {"8.8.8.8:80", false}, {"8.8.8.8:22", false}, {"example.com:443", false}, {"", false},
	}
	for _, tt := range tests {
		err := httpapi.Policy{}.CheckAddress(tt.addr)
		if tt.ok != (err == nil) || err != nil && !errors.Is(err, httpapi.ErrAddress) {
			t.Errorf("%s: got %v, want allowed: %v", tt.addr, err, tt.ok)
		}
	}
	require.NoError(t, httpapi.Policy{Private: true}.CheckAddress("10.0.0.1:5232"))
}

// TestS22URLs: what a person types is held against the policy before anything is sent.
func TestS22URLs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		url    string
		policy httpapi.Policy
		ok     bool
	}{
		{"https://dav.example.com/", httpapi.Policy{}, true},
		{"https://dav.example.com:8443/", httpapi.Policy{}, true},
		{"https://dav.example.com:5232/", httpapi.Policy{}, false},
		{"https://dav.example.com:5232/", httpapi.Policy{Ports: []int{5232}}, true},
		{"http://dav.example.com/", httpapi.Policy{}, false},
		{"http://dav.example.com/", httpapi.Policy{Plain: true}, true},
		{"https://ann:secret@dav.example.com/", httpapi.Policy{}, false},
		{"file:///etc/passwd", httpapi.Policy{Plain: true}, false},
		{"gopher://dav.example.com/", httpapi.Policy{Plain: true}, false},
		{"https:///nobody", httpapi.Policy{}, false},
		{"/relative", httpapi.Policy{}, false},
		{"http://127.0.0.1:5232/", httpapi.Policy{Private: true, Plain: true}, true},
	}
	for _, tt := range tests {
		u, err := url.Parse(tt.url)
		require.NoError(t, err)
		if err := tt.policy.CheckURL(u); tt.ok != (err == nil) {
			t.Errorf("%s: got %v, want allowed: %v", tt.url, err, tt.ok)
		}
		_, err = httpapi.New(httpapi.Options{App: "app", Base: tt.url, Policy: tt.policy})
		require.Equal(t, tt.ok, err == nil)
		if err != nil {
			require.NotContains(t, err.Error(), "secret")
		}
	}
}

// TestS22Rebinding: an address is checked when it is connected to, so a name that leads to this machine is refused, as often
// as it is asked.
func TestS22Rebinding(t *testing.T) {
	t.Parallel()
	reached := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer server.Close()
	policy := httpapi.Policy{Plain: true, Ports: []int{server.Listener.Addr().(*net.TCPAddr).Port}}
	for range 3 {
		_, err := policy.Transport().DialContext(t.Context(), "tcp", strings.Replace(server.Listener.Addr().String(), "127.0.0.1", "localhost", 1))
		require.ErrorIs(t, err, httpapi.ErrAddress)
	}
	c, err := httpapi.New(httpapi.Options{App: "app", Base: strings.Replace(server.URL, "127.0.0.1", "localhost", 1), Policy: policy})
	require.NoError(t, err, "the name does not tell")
	_, err = c.Do(t.Context(), httpapi.Request{Name: "read", Method: "GET"})
	require.ErrorIs(t, err, httpapi.ErrAddress)
	require.ErrorIs(t, err, connector.ErrForbidden, "trying again is of no use")
	require.Zero(t, reached)
}

// TestS23Proxies: a proxy of the environment is not used.
func TestS23Proxies(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Errorf("the proxy was asked for %s", r.URL.Host) }))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	require.Nil(t, httpapi.Policy{}.Transport().Proxy)
	c, err := httpapi.New(httpapi.Options{App: "app", Base: "http://169.254.169.254/", Policy: httpapi.Policy{Plain: true}})
	require.NoError(t, err)
	_, err = c.Do(t.Context(), httpapi.Request{Name: "read", Method: "GET"})
	require.ErrorIs(t, err, httpapi.ErrAddress)
}

// TestS25TLS: certificates are verified.
func TestS25TLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = quiet
	defer server.Close()
	c, err := httpapi.New(httpapi.Options{App: "app", Base: server.URL, Policy: httpapi.Policy{Private: true}})
	require.NoError(t, err)
	_, err = c.Do(t.Context(), httpapi.Request{Name: "read", Method: "GET"})
	require.ErrorContains(t, err, "the server's certificate cannot be trusted")
	require.EqualValues(t, 0x0303, httpapi.Policy{}.Transport().TLSClientConfig.MinVersion)
}
