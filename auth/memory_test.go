package auth_test

import (
	"testing"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) (auth.Store, auth.Store) {
		m := auth.NewMemory()
		return m, m
	})
}
