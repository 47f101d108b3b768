package contactsync_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// doorkeeper is an app that refuses its account at one kind of call.
type doorkeeper struct {
	*fake.App
	shut *atomic.Value // "", "schema", "changes", "apply" or "identity"
}

func (d doorkeeper) refuses(what string) error {
	if d.shut.Load() == what {
		return connector.ErrUnauthorized
	}
	return nil
}

func (d doorkeeper) Schema(ctx context.Context) (contact.Schema, error) {
	if err := d.refuses("schema"); err != nil {
		return contact.Schema{}, err
	}
	return d.App.Schema(ctx)
}

func (d doorkeeper) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	if err := d.refuses("changes"); err != nil {
		return connector.Page{}, err
	}
	return d.App.Changes(ctx, q)
}

func (d doorkeeper) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	if err := d.refuses("apply"); err != nil {
		return nil, err
	}
	return d.App.Apply(ctx, writes)
}

func (d doorkeeper) Identity(context.Context) (string, error) {
	return "somebody", d.refuses("identity")
}

func (d doorkeeper) Features() connector.Features { return connector.Features{Identifier: d} }

// TestRefusedAccountHalts: whatever call an app refuses for its account, the connection is halted with that reason and
// writes nothing there; it goes on by itself once the account is let in again.
func TestRefusedAccountHalts(t *testing.T) {
	t.Parallel()
	fields := []contact.Field{{Name: "email", Type: contact.TypeEmail, Meaning: "email"}}
	person := func(id string) contact.Record {
		return contact.Record{ID: id, Fields: contact.Fields{"email": contact.Text(id + "@example.com")}}
	}
	for _, what := range []string{"schema", "changes", "apply", "identity"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			store := memstore.New()
			a := fake.New("phone", fields)
			b := doorkeeper{fake.New("crm", fields), &atomic.Value{}}
			b.shut.Store("")
			open := func() (*Syncer, error) { return Open(ctx, Connection{ID: "x"}, a, b, store) }
			require.NoError(t, a.Put(person("ann")))
			s, err := open()
			require.NoError(t, err)
			_, err = s.Sync(ctx)
			require.NoError(t, err)

			b.shut.Store(what)
			require.NoError(t, a.Put(person("bob")))
			_, err = s.Sync(ctx)
			require.ErrorIs(t, err, connector.ErrUnauthorized)
			status, err := s.Status(ctx)
			require.NoError(t, err)
			require.Equal(t, StateHalted, status.State)
			require.Equal(t, []Side{B}, status.Unauthorized)
			require.Empty(t, status.Waiting, "there is nothing to consent to")
			require.Len(t, b.Records(), 1)

			b.shut.Store("")
			_, err = s.Sync(ctx)
			require.NoError(t, err)
			status, err = s.Status(ctx)
			require.NoError(t, err)
			require.Equal(t, StateActive, status.State)
			require.Empty(t, status.Unauthorized)
			require.Len(t, b.Records(), 2)

			if what == "schema" { // already to open it fails; whoever only looks sees why
				b.shut.Store(what)
				_, err = open()
				require.ErrorIs(t, err, connector.ErrUnauthorized)
				viewer, err := Open(ctx, Connection{ID: "x"}, nil, nil, store)
				require.NoError(t, err)
				status, err = viewer.Status(ctx)
				require.NoError(t, err)
				require.Equal(t, StateHalted, status.State)
			}
		})
	}
}
