package contactsync

import (
	"context"
	"errors"
)

// ErrDeleted says that the connection was deleted. A handle on it does nothing any more; one that is opened anew begins
// from the start.
var ErrDeleted = errors.New("the connection was deleted")

// look reads the connection's rows, and what is known of it as a whole.
func (s *Syncer) look(ctx context.Context, fn func(ReadTx, *connectionRow) error) error {
	return s.scopeView(ctx, func(tx ReadTx) error {
		var life connectionRow
		if err := s.readConnection(tx, &life); err != nil {
			return err
		}
		return fn(tx, &life)
	})
}

// readConnection reads the connection's life. A connection that this handle has seen and that is gone was deleted.
func (s *Syncer) readConnection(tx ReadTx, row *connectionRow) error {
	if err := s.life.read(tx, row); err != nil {
		return err
	}
	if row.State == StateDeleted || row.State == "" && s.existed.Load() {
		return ErrDeleted
	}
	if row.State != "" {
		s.existed.Store(true)
	}
	return nil
}

// Delete erases all that the store holds of the connection. It touches neither app, and undoes nothing: what was synced
// stays where it is. A running sync stops before its next batch. What was begun and cut short is gone on with by another
// Delete; until then the connection does nothing. It leaves its [Fleet]. Of a store that is a [Scrubber] the database is
// scrubbed at the end. It fails with [ErrLeased] if another engine does not let go of it.
func (s *Syncer) Delete(ctx context.Context) error {
	err := s.decideByPerson(ctx, func(tx Tx) error {
		row := connectionRow{State: StateDeleted} // no sync goes on from a half of what was known
		return tx.Put(row.stored())
	})
	if err != nil {
		return err
	}
	s.existed.Store(true)
	r := s.newRun()
	err = r.alone(ctx, func(ctx context.Context) error {
		for _, t := range Tables {
			if t == TableConnection {
				continue
			}
			if err := r.deleteAll(ctx, t); err != nil {
				return err
			}
		}
		return r.update(ctx, func(tx Tx) error { return tx.Delete(TableConnection, "") })
	})
	if err != nil {
		return err
	}
	if queue, ok := s.store.(Queue); ok {
		if err := leaveQueue(ctx, queue, r.scope); err != nil {
			return err
		}
	}
	return s.scrub(ctx)
}

// deleteAll deletes the rows of a table, a portion at a time.
func (r *run) deleteAll(ctx context.Context, t Table) error {
	for {
		n := 0
		err := r.update(ctx, func(tx Tx) error {
			rows, err := tx.Scan(Scan{Table: t, By: ByKey, Limit: scanPage, KeysOnly: true})
			if err != nil {
				return err
			}
			keys := make([]string, len(rows))
			for i, row := range rows {
				keys[i] = row.Key
			}
			n = len(keys)
			return tx.Delete(t, keys...)
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
