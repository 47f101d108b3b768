package sim

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/memstore"
)

// newer is a store whose rows a newer version of the library has written: each has a member that this one does not know.
type newer struct{ contactsync.Store }

func (s newer) View(ctx context.Context, scope contactsync.Scope, fn func(contactsync.ReadTx) error) error {
	return s.Store.View(ctx, scope, func(tx contactsync.ReadTx) error { return fn(newerRead{tx}) })
}

func (s newer) Update(ctx context.Context, l contactsync.Lease, fn func(contactsync.Tx) error) error {
	return s.Store.Update(ctx, l, func(tx contactsync.Tx) error { return fn(newerWrite{tx, newerRead{tx}}) })
}

// newerRead reads rows with a member more.
type newerRead struct{ contactsync.ReadTx }

func (tx newerRead) Get(table contactsync.Table, keys ...string) ([]contactsync.Row, error) {
	rows, err := tx.ReadTx.Get(table, keys...)
	return extended(rows), err
}

func (tx newerRead) Find(table contactsync.Table, index int, values ...string) ([]contactsync.Row, error) {
	rows, err := tx.ReadTx.Find(table, index, values...)
	return extended(rows), err
}

func (tx newerRead) Scan(q contactsync.Scan) ([]contactsync.Row, error) {
	rows, err := tx.ReadTx.Scan(q)
	return extended(rows), err
}

// newerWrite reads so, too.
type newerWrite struct {
	contactsync.Tx
	read newerRead
}

func (tx newerWrite) Get(table contactsync.Table, keys ...string) ([]contactsync.Row, error) {
	return tx.read.Get(table, keys...)
}

func (tx newerWrite) Find(table contactsync.Table, index int, values ...string) ([]contactsync.Row, error) {
	return tx.read.Find(table, index, values...)
}

func (tx newerWrite) Scan(q contactsync.Scan) ([]contactsync.Row, error) { return tx.read.Scan(q) }

// added is what a newer version has written into a row.
const added = `{"of a newer version":{"list":[1,"two",{"three":null}]},`

// extended puts a member into each row that is an object.
func extended(rows []contactsync.Row) []contactsync.Row {
	for i, row := range rows {
		if len(row.Body) > 2 && row.Body[0] == '{' && !strings.HasPrefix(string(row.Body), added) {
			rows[i].Body = append([]byte(added), row.Body[1:]...)
		}
	}
	return rows
}

// TestMembersOfANewerVersion: what a newer version has added to rows of the same format is left alone, and everything goes
// as it would without.
func TestMembersOfANewerVersion(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 40; seed++ {
		want, err := Play(t.Context(), Draw(seed), Options{})
		require.NoError(t, err)
		got, err := Play(t.Context(), Draw(seed), Options{Store: func() (contactsync.Store, error) { return newer{memstore.New()}, nil }})
		require.NoError(t, err)
		if got.Hash != want.Hash || got.Events != want.Events {
			t.Errorf("seed %d: %x of %d events, and %x of %d without", seed, got.Hash, got.Events, want.Hash, want.Events)
		}
	}
}
