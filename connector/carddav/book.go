package carddav

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/cards"
)

// How many cards one call takes. A multiget of many photos is long. A PUT is a call of its own, and a batch of them has a few
// seconds: it ends before the right to write does.
const (
	readBatch  = 50
	writeBatch = 10
	parallel   = 2
)

// A book is a connector to an address book.
type book struct {
	account Account
	client  dav           // at the address of the account
	turn    chan struct{} // holds one token: who has it may look for the book, or for its groups

	mu       sync.Mutex
	opened   *found  // nil until the book was found
	groups   *groups // nil until they are known
	uids     map[string]uidOf
	noFilter bool // the server fails at filtering
	kept     int  // how many cards it gave back as they were written
	rewrote  bool // it gave one back otherwise
	// A card of it has no strong ETag, so writes to it cannot be conditional.
	unconditional bool
}

var (
	_ connector.Lister     = (*book)(nil)
	_ connector.Reader     = (*book)(nil)
	_ connector.Finder     = (*book)(nil)
	_ connector.Identifier = (*book)(nil)
	_ connector.Checker    = (*book)(nil)
	_ connector.KindLister = (*book)(nil)
)

// alone calls do while nobody else is in such a call.
func (b *book) alone(ctx context.Context, do func() error) error {
	select {
	case <-b.turn:
	case <-ctx.Done():
		return &connector.Error{App: appID, Err: fmt.Errorf("%w: %w", connector.ErrNotSent, ctx.Err())}
	}
	defer func() { b.turn <- struct{}{} }()
	return do()
}

// open returns the book, which is looked for once.
func (b *book) open(ctx context.Context) (found, error) {
	if err := ctx.Err(); err != nil {
		return found{}, &connector.Error{App: appID, Err: fmt.Errorf("%w: %w", connector.ErrNotSent, err)}
	}
	b.mu.Lock()
	opened := b.opened
	b.mu.Unlock()
	if opened != nil {
		return *opened, nil
	}
	err := b.alone(ctx, func() error {
		b.mu.Lock()
		opened = b.opened
		b.mu.Unlock()
		if opened != nil {
			return nil
		}
		books, err := b.account.find(ctx, b.client)
		if err != nil {
			return err
		}
		f, err := choose(books, b.account.Book)
		if err != nil {
			return err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		opened, b.opened = &f, &f
		return nil
	})
	if err != nil {
		return found{}, err
	}
	return *opened, nil
}

// Schema returns the fields of a card and what the book's server can do. See the package's documentation.
func (b *book) Schema(ctx context.Context) (contact.Schema, error) {
	f, err := b.open(ctx)
	if err != nil {
		return contact.Schema{}, err
	}
	fields := cards.Fields()
	for i := range fields {
		fields[i].Apart = fields[i].Name == cards.Labels // groups that are cards of their own are written after the card
	}
	schema := contact.Schema{
		Fields:     fields,
		Versions:   true,
		Tombstones: f.sync,
		Modified:   true,
		Marker:     true,
		Batch:      contact.Batch{Create: writeBatch, Update: writeBatch, Delete: writeBatch, Read: readBatch},
		Parallel:   parallel,
	}
	if f.ReadOnly {
		schema = schema.Limited(contact.Limit{Cannot: contact.AbilityWrite, ForNow: true,
			Why: "the account may only read the address book " + f.Slug})
	}
	if b.cannotRefuse() {
		schema = schema.Limited(overtaken(f))
	}
	return schema, nil
}

// Kinds names the address books of the account.
func (b *book) Kinds(ctx context.Context) ([]connector.Kind, error) {
	books, err := b.account.find(ctx, b.client)
	if err != nil {
		return nil, err
	}
	chosen, none := choose(books, b.account.Book)
	kinds := make([]connector.Kind, len(books))
	for i, f := range books {
		kinds[i] = connector.Kind{ID: f.Slug, Label: f.Name, ReadOnly: f.ReadOnly, Chosen: none == nil && f.URL == chosen.URL}
		if slices.ContainsFunc(books, func(other found) bool { return other.Slug == f.Slug && other.URL != f.URL }) {
			kinds[i].ID = f.URL // it is in two homes
		}
	}
	slices.SortFunc(kinds, func(x, y connector.Kind) int { return cmp.Or(cmp.Compare(x.Label, y.Label), cmp.Compare(x.ID, y.ID)) })
	return kinds, nil
}

// Identity names the book by its server, its owner and its address there.
func (b *book) Identity(ctx context.Context) (string, error) {
	f, err := b.open(ctx)
	return identity(f), err
}

// Check returns nil if the book is there and the account may write into it.
func (b *book) Check(ctx context.Context) error {
	books, err := b.account.find(ctx, b.client)
	if err != nil {
		return err
	}
	f, err := choose(books, b.account.Book)
	if err == nil && f.ReadOnly {
		err = &connector.Error{App: appID, Op: "check", Err: connector.ErrForbidden, Message: "the account may read this address book and not write into it"}
	}
	return err
}

// failed returns an error with the operation and the record that it is about.
func failed(op, id string, err error) error {
	var typed *connector.Error
	if errors.As(err, &typed) {
		named := *typed
		named.App, named.Op = appID, op
		if named.RecordID == "" {
			named.RecordID = id
		}
		return &named
	}
	return &connector.Error{App: appID, Op: op, RecordID: id, Err: err}
}
