package contactsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// What a person decides is kept as a row of its own, which a running sync does not write: nothing that a person
// said is lost to a sync that runs meanwhile.

// decideByPerson changes rows without a lease.
func (s *Syncer) decideByPerson(ctx context.Context, fn func(Tx) error) error {
	return s.store.Update(ctx, Lease{Scope: scopeOf(s.document())}, fn)
}

// Pause stops the connection: a running sync stops before its next batch, and [Syncer.Sync] fails with [ErrPaused]
// until it is resumed.
func (s *Syncer) Pause(ctx context.Context) error { return s.setState(ctx, StatePaused) }

// Resume lets a paused connection sync again.
func (s *Syncer) Resume(ctx context.Context) error { return s.setState(ctx, StateActive) }

func (s *Syncer) setState(ctx context.Context, to State) error {
	return s.decideByPerson(ctx, func(tx Tx) error {
		var row connectionRow
		if err := getRow(tx, TableConnection, "", &row); err != nil {
			return err
		}
		row.State = to
		return tx.Put(Row{Table: TableConnection, Body: marshal(row)})
	})
}

// Configure replaces the connection's configuration from the next sync on. It fails with an [*InvalidError] if
// there is anything wrong with it, and changes nothing then.
func (s *Syncer) Configure(ctx context.Context, c Connection) error {
	if scopeOf(c) != scopeOf(s.document()) {
		return errors.New("configure: owner and id of a connection cannot be changed")
	}
	if s.apps[A] == nil || s.apps[B] == nil {
		return ErrReadOnly
	}
	cfg, err := s.compile(ctx, c)
	if err != nil {
		return err
	}
	version, err := s.storedVersion(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doc, s.cfg, s.version = c, cfg, version
	return nil
}

// Connection returns the connection as it is resolved against its two apps: where the document names no mappings of
// its own, Mappings holds the defaults that were found. Of a handle that only reads, it is the document.
func (s *Syncer) Connection() Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg == nil {
		return s.doc
	}
	return *s.cfg.Connection
}

// Confirm consents to what the last sync held or halted for; the next sync does it. The consent is used up by
// just that: more of the same is held again.
func (s *Syncer) Confirm(ctx context.Context) error {
	return s.decideByPerson(ctx, func(tx Tx) error {
		var row connectionRow
		if err := getRow(tx, TableConnection, "", &row); err != nil {
			return err
		}
		if len(row.Waiting) == 0 {
			return errors.New("confirm: nothing waits for consent")
		}
		kinds := map[string]bool{}
		for _, w := range row.Waiting {
			kinds[w.Reason] = true
			if w.Halts() {
				h := holdRow{Kind: w.Reason, Side: w.Side, Consented: true, key: "halt " + w.Reason}
				if err := tx.Put(h.row()); err != nil {
					return err
				}
			}
		}
		return consentAll(tx, kinds)
	})
}

// consentAll marks the held operations of these kinds as consented.
func consentAll(tx Tx, kinds map[string]bool) error {
	rows, err := tx.Scan(Scan{Table: TableHold, By: ByKey})
	if err != nil {
		return err
	}
	for _, row := range rows {
		h := holdRow{key: row.Key}
		if err := unmarshal(row, &h); err != nil {
			return err
		}
		if kinds[h.Kind] && !h.Consented {
			h.Consented = true
			if err := tx.Put(h.row()); err != nil {
				return err
			}
		}
	}
	return nil
}

// A Resolution is a person's decision of a held conflict.
type Resolution struct {
	Side  Side // with ID, one record of the pair
	ID    string
	Field string        // the field of that side; "" means every held one
	Take  string        // "a" or "b": whose value is taken
	Value contact.Value // taken instead, as side a would hold it, if Take is ""
}

// Resolve decides a held conflict, or releases a field that was frozen as oscillating. It fails if nothing is held,
// and lapses if one of the two values changes before the next sync carries it out.
func (s *Syncer) Resolve(ctx context.Context, res Resolution) error {
	if res.Take != "a" && res.Take != "b" && (res.Take != "" || res.Value.Absent()) {
		return fmt.Errorf("resolve: take a, b or a value, not %q", res.Take)
	}
	return s.decideByPerson(ctx, func(tx Tx) error {
		rows, err := tx.Find(TableLink, int(res.Side), res.ID)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fmt.Errorf("resolve: %w: no pair with %s in %s", ErrNotKnown, res.ID, res.Side)
		}
		l, err := parseLink(rows[0])
		if err != nil {
			return err
		}
		n := 0
		for _, id := range sortedKeys(l.Held) {
			if res.Field != "" && !s.shows(id, res.Side, res.Field) {
				continue
			}
			n++
			h := holdRow{Kind: holdResolved, IDs: l.ID, Mapping: id, Seen: l.Held[id].Seen, Take: Take(res.Take), Value: res.Value, key: "resolved " + l.key + " " + id}
			if err := tx.Put(h.row()); err != nil {
				return err
			}
		}
		if l.Standing.Reason == ReasonOscillating {
			n++
			h := holdRow{Kind: holdReleased, IDs: l.ID, Take: Take(res.Take), Value: res.Value, key: "released " + l.key}
			if err := tx.Put(h.row()); err != nil {
				return err
			}
		}
		if n == 0 {
			return fmt.Errorf("resolve: no conflict is held for %s in %s", res.ID, res.Side)
		}
		return nil
	})
}

// shows reports whether a mapping shows the field of a side.
func (s *Syncer) shows(mapping string, side Side, field string) bool {
	s.mu.Lock()
	cfg := s.cfg
	s.mu.Unlock()
	if cfg == nil {
		return strings.Contains(mapping, field)
	}
	for _, bundle := range cfg.bundles {
		if bundle[0].id != mapping {
			continue
		}
		for _, m := range bundle { // a group is held by its first mapping
			if slices.ContainsFunc(m.sel[side], func(sel contact.Selector) bool { return sel.Field == field || sel.String() == field }) {
				return true
			}
		}
	}
	return false
}

// Link makes two records a pair, whatever their keys say. The next sync decides them as a first match.
func (s *Syncer) Link(ctx context.Context, aID, bID string) error {
	return s.request(ctx, holdLink, aID, bID)
}

// Separate ends a pair. The two are never linked again by themselves.
func (s *Syncer) Separate(ctx context.Context, aID, bID string) error {
	return s.request(ctx, holdSeparated, aID, bID)
}

func (s *Syncer) request(ctx context.Context, kind, aID, bID string) error {
	return s.decideByPerson(ctx, func(tx Tx) error {
		rows, err := tx.Get(TableMirror, recordKey(ref{A, aID}), recordKey(ref{B, bID}))
		if err != nil {
			return err
		}
		if len(rows) != 2 {
			return fmt.Errorf("%s: %w: %s in a, %s in b", kind, ErrNotKnown, aID, bID)
		}
		pair := aID + "\x00" + bID
		if kind == holdLink {
			if err := tx.Delete(TableHold, holdSeparated+" "+pair); err != nil {
				return err
			}
		}
		h := holdRow{Kind: kind, IDs: [2]string{aID, bID}, key: kind + " " + pair}
		return tx.Put(h.row())
	})
}

// readHolds reads what persons have decided, and what the guards hold.
func (r *run) readHolds(tx ReadTx) error {
	r.separated, r.requests, r.consents = map[[2]string]bool{}, map[string]holdRow{}, map[string]holdRow{}
	rows, err := tx.Scan(Scan{Table: TableHold, By: ByKey})
	if err != nil {
		return err
	}
	for _, row := range rows {
		h := holdRow{key: row.Key}
		if err := unmarshal(row, &h); err != nil {
			return err
		}
		switch h.Kind {
		case holdSeparated:
			r.separated[h.IDs] = true
			r.requests[h.key] = h
		case holdLink, holdResolved, holdReleased:
			r.requests[h.key] = h
		default:
			r.consents[h.key] = h
		}
	}
	return nil
}

// applyRequests carries out what persons decided since the last sync, before anything is planned.
func (r *run) applyRequests(ctx context.Context) error {
	if len(r.requests) == 0 {
		return nil
	}
	b := r.newBook()
	for _, key := range sortedKeys(r.requests) {
		h := r.requests[key]
		l := b.linkOf(ref{A, h.IDs[A]})
		paired := l != nil && l.ID == h.IDs
		switch h.Kind {
		case holdSeparated:
			if paired {
				b.dropLink(l)
				for _, s := range Sides {
					b.touch(ref{s, h.IDs[s]})
				}
			}
			continue // it is kept: the two are never linked again
		case holdLink:
			if !paired && b.record(ref{A, h.IDs[A]}) != nil && b.record(ref{B, h.IDs[B]}) != nil {
				b.relink(&link{ID: h.IDs, How: linkedByPerson})
			}
		case holdReleased:
			if paired {
				l.release(r.cfg, b, h)
			}
		case holdResolved:
			if held := l.heldFor(h); held != nil {
				held.Take, held.Value = h.Take, h.Value
			}
		}
		if l := b.linkOf(ref{A, h.IDs[A]}); l != nil {
			b.putLink(l)
		}
		for _, s := range Sides {
			b.touch(ref{s, h.IDs[s]})
		}
		b.deleteRows = append(b.deleteRows, Row{Table: TableHold, Key: key})
	}
	return b.commit(ctx)
}

// release thaws what was frozen, and has the person's decision of it carried out as that of a conflict.
func (l *link) release(cfg *config, b *book, h holdRow) {
	for _, s := range Sides {
		for _, bundle := range cfg.bundles {
			m := bundle[0]
			if len(bundle) > 1 || !slices.ContainsFunc(m.sel[s], func(sel contact.Selector) bool {
				p := l.Past[pastKey(s, sel.Field)]
				return p != nil && p.Frozen
			}) {
				continue
			}
			var seen sides
			for _, side := range Sides {
				rec := b.record(ref{side, l.ID[side]})
				if rec == nil {
					return
				}
				seen[side] = m.get(nil, side, rec.Fields, l.settledOn(m, side))
			}
			delete(l.Cells, m.id)
			if l.Held == nil {
				l.Held = map[string]*hold{}
			}
			l.Held[m.id] = &hold{Seen: seen, Take: h.Take, Value: h.Value}
		}
	}
	l.Past = nil
}

// settledOn returns what was settled of a mapping on one side.
func (l *link) settledOn(m *mapping, s Side) []contact.Value {
	if c := l.Cells[m.id]; c != nil {
		return c.Val[s]
	}
	return nil
}

// heldFor returns the conflict that the decision is about, nil if what the person saw is no longer what is held.
func (l *link) heldFor(h holdRow) *hold {
	if l == nil || l.Held[h.Mapping] == nil || !l.Held[h.Mapping].sees(h.Seen) {
		return nil
	}
	return l.Held[h.Mapping]
}

// configChanged reports whether the configuration is another one than the last sync worked with.
func (r *run) configChanged() bool {
	config, err := json.Marshal(r.cfg.Connection)
	return err != nil || r.row.Config != nil && string(config) != string(r.row.Config)
}
