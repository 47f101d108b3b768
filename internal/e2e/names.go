package e2e

import (
	"context"

	"github.com/contactsync/contactsync"
)

// What steps have in common: how they name records and sides, and how they read what comes by pages.

// one names a record: as a: NAME, or as b: NAME.
type one struct{ A, B string }

func (o one) swap() one { return one{o.B, o.A} }

// find returns the handle and the record.
func (o one) find(ctx context.Context, w *world) (*contactsync.Syncer, contactsync.Side, string, error) {
	side, id, err := w.one(o.A, o.B)
	if err != nil {
		return nil, side, "", err
	}
	engine, err := w.engine(ctx)
	return engine, side, id, err
}

// opposite returns the name of the other side, "" for "".
func opposite(side string) string { return map[string]string{"a": "b", "b": "a"}[side] }

// allPages reads page by page to the end.
func allPages[T any](read func(after string) ([]T, string, error)) (all []T, err error) {
	for after := ""; ; {
		page, next, err := read(after)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if after = next; next == "" {
			return all, nil
		}
	}
}
