package memstore

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/contactsync/contactsync"
)

// A Store keeps rows in memory. It is safe for use by several goroutines.
//
// A View reads the state that it began with, and waits for nobody; an Update that commits meanwhile is not seen by
// it. An Update inside the Update of the same scope waits for itself, for ever. It is a [contactsync.Queue] that looks at
// all its entries for the one that is due first.
type Store struct {
	mu     sync.Mutex // held for moments, never while a transaction's function runs; an entry's function is over in one
	scopes map[contactsync.Scope]*scope
	queue  map[contactsync.Scope]contactsync.Entry
}

// A scope is the state of one connection. Store.mu guards all but turn.
type scope struct {
	turn   sync.Mutex // held by the transaction that runs
	tables *tables    // replaced by a commit, never changed
	lease  lease
}

// A lease is the newest one of a connection.
type lease struct {
	holder string
	number int64
	until  time.Time
	held   bool // neither before the first one nor after its release
}

// New returns an empty store.
func New() *Store {
	return &Store{scopes: map[contactsync.Scope]*scope{}, queue: map[contactsync.Scope]contactsync.Entry{}}
}

// Acquire implements contactsync.Store.
func (s *Store) Acquire(ctx context.Context, sc contactsync.Scope, holder string, now time.Time, ttl time.Duration) (contactsync.Lease, error) {
	if err := ctx.Err(); err != nil {
		return contactsync.Lease{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.scope(sc).lease
	if l.held && l.holder != holder && now.Before(l.until) {
		return contactsync.Lease{}, &contactsync.LeasedError{Until: l.until}
	}
	*l = lease{holder: holder, number: l.number + 1, until: until(now, ttl), held: true}
	return contactsync.Lease{Scope: sc, Holder: holder, Number: l.number}, nil
}

// Renew implements contactsync.Store.
func (s *Store) Renew(ctx context.Context, held contactsync.Lease, now time.Time, ttl time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.scope(held.Scope).lease
	if !l.isHeld(held) {
		return contactsync.ErrFenced
	}
	l.until = until(now, ttl)
	return nil
}

// Release implements contactsync.Store.
func (s *Store) Release(ctx context.Context, held contactsync.Lease) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := &s.scope(held.Scope).lease; l.isHeld(held) {
		l.held = false
	}
	return nil
}

// Update implements contactsync.Store. It runs fn once.
func (s *Store) Update(ctx context.Context, held contactsync.Lease, fn func(contactsync.Tx) error) error {
	s.mu.Lock()
	sc := s.scope(held.Scope)
	s.mu.Unlock()
	sc.turn.Lock()
	defer sc.turn.Unlock()

	before, err := s.begin(ctx, sc, held)
	if err != nil {
		return err
	}
	own := *before
	tx := &tx{readTx: readTx{&own}, edit: &edit{}}
	if err := fn(tx); err != nil {
		return err
	}
	if tx.err != nil {
		return tx.err
	}
	return s.commit(ctx, sc, held, tx.tables)
}

// begin returns the state that a transaction starts from.
func (s *Store) begin(ctx context.Context, sc *scope, held contactsync.Lease) (*tables, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sc.tables, sc.check(ctx, held)
}

// commit checks again, because the lease or the context may have ended while the transaction ran.
func (s *Store) commit(ctx context.Context, sc *scope, held contactsync.Lease, after *tables) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := sc.check(ctx, held); err != nil {
		return err
	}
	sc.tables = after
	return nil
}

// View implements contactsync.Store.
func (s *Store) View(ctx context.Context, sc contactsync.Scope, fn func(contactsync.ReadTx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	snapshot := s.scope(sc).tables
	s.mu.Unlock()
	return fn(&readTx{snapshot})
}

// Scopes implements contactsync.Store.
func (s *Store) Scopes(ctx context.Context, owner string) ([]contactsync.Scope, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var scopes []contactsync.Scope
	for name, sc := range s.scopes {
		if name.Owner == owner && !sc.tables.empty() {
			scopes = append(scopes, name)
		}
	}
	slices.SortFunc(scopes, func(a, b contactsync.Scope) int { return cmp.Compare(a.Connection, b.Connection) })
	return scopes, nil
}

// scope returns the state of a scope, made when first asked for. The caller holds s.mu.
func (s *Store) scope(name contactsync.Scope) *scope {
	sc := s.scopes[name]
	if sc == nil {
		sc = &scope{tables: &tables{}}
		s.scopes[name] = sc
	}
	return sc
}

// check says why a transaction may not be committed, or nil. The caller holds Store.mu.
func (sc *scope) check(ctx context.Context, held contactsync.Lease) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if held.Number != 0 && !sc.lease.isHeld(held) {
		return contactsync.ErrFenced
	}
	return nil
}

func (l *lease) isHeld(lease contactsync.Lease) bool {
	return l.held && l.number == lease.Number
}

// until is when a lease lapses. The monotonic clock reading is dropped: the caller's clock is what counts.
func until(now time.Time, ttl time.Duration) time.Time { return now.Add(ttl).Round(0) }
