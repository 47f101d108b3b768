package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/sim/oracle"
	"github.com/contactsync/contactsync/memstore"
)

// durable is the store as one process reaches it: calls fail, commit without an answer, and end with the process.
type durable struct {
	w      *world
	engine *engine
}

// call is every call of the store.
func (d *durable) call(op string, act func(contactsync.Store) error) error {
	if err := d.engine.alive(); err != nil {
		return err
	}
	f := d.engine.next("store."+op, 2)
	if f != nil && strings.HasPrefix(f.Kind, "panic") {
		f = nil // a store that panics is no store
	}
	if err := d.engine.before(f); err != nil {
		return err
	}
	if err := act(d.w.store); err != nil {
		return err
	}
	return d.engine.after(f)
}

func (d *durable) Acquire(ctx context.Context, s contactsync.Scope, holder string, now time.Time, ttl time.Duration) (l contactsync.Lease, err error) {
	err = d.call("acquire", func(store contactsync.Store) (err error) {
		l, err = store.Acquire(ctx, s, holder, now, ttl)
		d.holds(err, now.Add(ttl))
		return err
	})
	return l, err
}

func (d *durable) Renew(ctx context.Context, l contactsync.Lease, now time.Time, ttl time.Duration) error {
	return d.call("renew", func(store contactsync.Store) error {
		err := store.Renew(ctx, l, now, ttl)
		d.holds(err, now.Add(ttl))
		return err
	})
}

// holds notes until when the engine has its lease, which is by its own clock.
func (d *durable) holds(err error, end time.Time) {
	if err == nil {
		d.engine.leased = end.Add(-d.engine.clock.skew)
	}
}

func (d *durable) Release(ctx context.Context, l contactsync.Lease) error {
	return d.call("release", func(store contactsync.Store) error { return store.Release(ctx, l) })
}

func (d *durable) Update(ctx context.Context, l contactsync.Lease, fn func(contactsync.Tx) error) error {
	return d.call("update", func(store contactsync.Store) error {
		return store.Update(ctx, l, func(tx contactsync.Tx) error { return fn(watched{tx, d.w, l.Scope.Connection}) })
	})
}

// watched is a transaction that notes whether it changes anything of how records stand and of what was written.
type watched struct {
	contactsync.Tx
	w    *world
	conn string
}

// Put notes what is put.
func (t watched) Put(rows ...contactsync.Row) error {
	for _, r := range rows {
		t.note(r.Table)
	}
	return t.Tx.Put(rows...)
}

// Delete notes what is deleted.
func (t watched) Delete(table contactsync.Table, keys ...string) error {
	if len(keys) > 0 {
		t.note(table)
	}
	return t.Tx.Delete(table, keys...)
}

func (t watched) note(table contactsync.Table) {
	switch table {
	case contactsync.TableMirror, contactsync.TableLink, contactsync.TableHold, contactsync.TableJournal:
		delete(t.w.said, t.conn)
	}
}

func (d *durable) View(ctx context.Context, s contactsync.Scope, fn func(contactsync.ReadTx) error) error {
	return d.call("view", func(store contactsync.Store) error { return store.View(ctx, s, fn) })
}

func (d *durable) Scopes(ctx context.Context, owner string) (all []contactsync.Scope, err error) {
	err = d.call("scopes", func(store contactsync.Store) (err error) {
		all, err = store.Scopes(ctx, owner)
		return err
	})
	return all, err
}

// newStore returns an empty store of the kind that is played over.
func (w *world) newStore() (contactsync.Store, error) {
	if w.Store == nil {
		return memstore.New(), nil
	}
	return w.Options.Store()
}

// scope is that of a connection.
func scope(conn int) contactsync.Scope {
	return contactsync.Scope{Owner: "o", Connection: connName(conn)}
}

// storeHappens copies the store, puts a copy back, or loses all that it had. All processes start anew with another store.
func (w *world) storeHappens(st Step) {
	for _, a := range w.Apps {
		if a.Push { // what it delivered is told once, and it can never be asked again
			return
		}
	}
	if w.depth > 0 {
		return
	}
	if st.Do == "snapshot" {
		for c := range w.Conns {
			w.copies[c] = w.rows(c)
		}
		w.copied = w.now
		return
	}
	if st.Do == "restore" && w.copied.IsZero() {
		return
	}
	w.forgot = true
	clear(w.said)
	if err := w.openStore(); err != nil {
		w.wrong("a new store: %v", err)
		return
	}
	for _, e := range w.engines {
		clear(e.handles)
	}
	for c := range w.Conns {
		clear(w.known[c])
	}
	if st.Do == "lose" {
		w.fired["F55 lose"]++
		w.happens(oracle.Event{Kind: oracle.StoreLost})
		return
	}
	w.fired["F53 restore"]++
	w.happens(oracle.Event{Kind: oracle.StoreRestored, Back: w.copied})
	for c := range w.Conns {
		err := w.store.Update(w.ctx, contactsync.Lease{Scope: scope(c)}, func(tx contactsync.Tx) error { return tx.Put(w.copies[c]...) })
		if err != nil {
			w.wrong("restore %s: %v", connName(c), err)
		}
		for _, row := range w.copies[c] {
			if row.Table == contactsync.TableJournal {
				w.known[c][row.Key] = true
			}
		}
	}
}

// rows returns all that the store has of a connection.
func (w *world) rows(conn int, without ...contactsync.Table) (all []contactsync.Row) {
	err := w.store.View(w.ctx, scope(conn), func(tx contactsync.ReadTx) error {
		all = nil
		for _, t := range contactsync.Tables {
			if slices.Contains(without, t) {
				continue
			}
			rows, err := tx.Scan(contactsync.Scan{Table: t, By: contactsync.ByKey})
			if err != nil {
				return err
			}
			all = append(all, rows...)
		}
		return nil
	})
	if err != nil {
		w.wrong("reading the store: %v", err)
	}
	return all
}

// decided returns the rows of what was decided, and not merely read: what was held about a record goes when that is gone.
func (w *world) decided(conn int) string {
	var b strings.Builder
	for _, r := range w.rows(conn, contactsync.TableMirror, contactsync.TableSide, contactsync.TableKey, contactsync.TableInbox, contactsync.TableConnection,
		contactsync.TableHold) {
		fmt.Fprintf(&b, "%s %q %q %s\n", r.Table, r.Key, r.Index, r.Body)
	}
	return b.String()
}

var _ contactsync.Store = (*durable)(nil)

// expected reports whether a sync may fail with this error though nothing goes wrong at a call.
func expected(err error) bool {
	return err == nil || errors.Is(err, contactsync.ErrPaused) || errors.Is(err, contactsync.ErrLeased) || errors.Is(err, contactsync.ErrFenced) ||
		errors.Is(err, contactsync.ErrReconfigured)
}
