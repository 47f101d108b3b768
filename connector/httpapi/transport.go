package httpapi

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"syscall"
	"time"
)

// How long the steps of a call may take. The whole of it is bounded by [Options.Timeout].
const (
	dialTimeout   = 10 * time.Second
	tlsTimeout    = 10 * time.Second
	headerTimeout = 30 * time.Second
	idleTimeout   = 90 * time.Second
)

// Transport returns a transport that connects to what the policy allows. Each address is checked when it is connected to,
// so a name that leads somewhere else the second time (DNS rebinding) is refused, too. Proxies of the environment are
// not used: only the proxy would see where a call goes. TLS is 1.2 or newer and always verified.
func (p Policy) Transport() *http.Transport {
	dialer := &net.Dialer{
		Timeout: dialTimeout,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			return p.CheckAddress(address)
		},
	}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    tlsTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: 256 << 10,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConnsPerHost:    8,
		ForceAttemptHTTP2:      true,
	}
}
