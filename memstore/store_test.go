package memstore_test

import (
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/memstore"
	"github.com/contactsync/contactsync/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) contactsync.Store { return memstore.New() })
}

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(*testing.B) contactsync.Store { return memstore.New() })
}
