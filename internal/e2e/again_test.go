package e2e_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/e2e"
	"github.com/contactsync/contactsync/memstore"
)

// A store may run the function of an Update again, if its database asks for it. Every scenario is played over one that always
// does: what the first run changed is taken back.
func TestScenariosWithEveryUpdateTwice(t *testing.T) {
	t.Parallel()
	scenarios, err := e2e.ReadFolder(ownFolder)
	require.NoError(t, err)
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			if err := e2e.Play(t.Context(), s, twice{memstore.New()}, e2e.Variant{}); err != nil {
				t.Error(err)
			}
		})
	}
}

// twice is a store that runs every Update twice.
type twice struct{ contactsync.Store }

var errAgain = errors.New("could not serialize access")

func (s twice) Update(ctx context.Context, lease contactsync.Lease, fn func(contactsync.Tx) error) error {
	first := s.Store.Update(ctx, lease, func(tx contactsync.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(first, errAgain) {
		return first
	}
	return s.Store.Update(ctx, lease, fn)
}
