package servers

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whether it is still free is not tested: another program of the machine may be faster.
func TestFreeAddress(t *testing.T) {
	t.Parallel()
	address, err := freeAddress()
	require.NoError(t, err)
	parsed, err := netip.ParseAddrPort(address)
	require.NoError(t, err)
	require.True(t, parsed.Addr().IsLoopback())
	require.NotZero(t, parsed.Port())
}
