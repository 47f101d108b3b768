package memstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/contactsync/contactsync"
)

var _ contactsync.Queue = (*Store)(nil)

// Due implements contactsync.Queue.
func (s *Store) Due(ctx context.Context, now time.Time, fn func(*contactsync.Entry) error) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var first *contactsync.Entry
	for _, e := range s.queue {
		if !e.At.After(now) && (first == nil || before(e, *first)) {
			first = &e
		}
	}
	if first == nil {
		return false, nil
	}
	return true, s.change(*first, fn)
}

// Entry implements contactsync.Queue.
func (s *Store) Entry(ctx context.Context, name contactsync.Scope, fn func(*contactsync.Entry) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.queue[name]
	e.Scope = name
	return s.change(e, fn)
}

// change has fn change an entry. The caller holds s.mu, so no two have one at the same time.
func (s *Store) change(e contactsync.Entry, fn func(*contactsync.Entry) error) error {
	name := e.Scope
	e.Body = slices.Clone(e.Body)
	if sc := s.scopes[name]; sc != nil && sc.lease.held {
		e.Leased = sc.lease.until
	}
	if err := fn(&e); err != nil {
		return err
	}
	if e.At.IsZero() {
		delete(s.queue, name)
		return nil
	}
	s.queue[name] = contactsync.Entry{Scope: name, At: e.At.Round(0), Body: append([]byte(nil), e.Body...)}
	return nil
}

// before orders entries by when they are due.
func before(a, b contactsync.Entry) bool {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Scope.Owner, b.Scope.Owner), cmp.Compare(a.Scope.Connection, b.Scope.Connection)) < 0
}
