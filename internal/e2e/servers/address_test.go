package servers

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFreeAddress(t *testing.T) {
	t.Parallel()
	address, err := freeAddress()
	require.NoError(t, err)
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	require.NoError(t, l.Close())
}
