package contactsync

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A PartnerError says that a record which was to be linked has a partner already. Nothing was decided.
type PartnerError struct {
	Side    Side
	ID      string // the record
	Partner string // the id of its partner, on the other side
}

// Error names the record and its partner.
func (e *PartnerError) Error() string {
	return fmt.Sprintf("%s in %s is linked with %s; separate the two, or move it to its new partner", e.ID, e.Side, e.Partner)
}

// Link makes two records a pair, whatever their keys say. The next sync decides them as a first match. It fails with a
// [*PartnerError] if one of them has a partner, and with [ErrNotKnown] if there is no such record. It takes an earlier
// [Syncer.Separate] of the two back; [Syncer.Separate] takes it back.
func (s *Syncer) Link(ctx context.Context, aID, bID string) error {
	return s.link(ctx, aID, bID, false)
}

// Move is Link for records that have partners: the next sync leaves these without one, and decides them anew.
func (s *Syncer) Move(ctx context.Context, aID, bID string) error {
	return s.link(ctx, aID, bID, true)
}

func (s *Syncer) link(ctx context.Context, aID, bID string, move bool) error {
	ids := [2]string{aID, bID}
	return s.byPerson(ctx, func(d *decision) error {
		if err := d.known(ids); err != nil {
			return fmt.Errorf("link: %w", err)
		}
		for _, side := range Sides {
			l, err := findLink(d, ref{side, ids[side]})
			switch {
			case err != nil:
				return err
			case l == nil || l.Gone[side.Other()]:
			case l.ID == ids:
				return fmt.Errorf("link: %s in a and %s in b are linked already", aID, bID)
			case !move:
				return fmt.Errorf("link: %w", &PartnerError{side, ids[side], l.ID[side.Other()]})
			}
		}
		if err := d.Delete(TableHold, pairKey(holdSeparated, ids)); err != nil {
			return err
		}
		words := "a person linked them"
		if move {
			words = "a person linked them, whatever their partners were"
		}
		if err := d.ask(holdRow{Kind: holdLink, IDs: ids, key: pairKey(holdLink, ids)}); err != nil {
			return err
		}
		return d.note(DecidedLink, journalRow{IDs: ids}, "", words)
	})
}

// Separate ends a pair, or keeps two records from becoming one: they are never linked again by themselves.
// [Syncer.Withdraw] and [Syncer.Link] take it back. It fails with [ErrNotKnown] if there is no such record.
func (s *Syncer) Separate(ctx context.Context, aID, bID string) error {
	ids := [2]string{aID, bID}
	return s.byPerson(ctx, func(d *decision) error {
		if err := d.known(ids); err != nil {
			return fmt.Errorf("separate: %w", err)
		}
		if err := d.Delete(TableHold, pairKey(holdLink, ids)); err != nil {
			return err
		}
		if err := d.ask(holdRow{Kind: holdSeparated, IDs: ids, key: pairKey(holdSeparated, ids)}); err != nil {
			return err
		}
		return d.note(DecidedSeparate, journalRow{IDs: ids}, "", "a person separated them")
	})
}

// Create has a record created on the other side that waits: a duplicate, one without a key, or one that a guard holds.
// The next sync does it, if a rule lets the record through. [Syncer.Withdraw] takes it back until then. It fails with
// [ErrNotKnown] if there is no such record, and says what to do if it is nothing of the kind.
func (s *Syncer) Create(ctx context.Context, side Side, id string) error {
	return s.byPerson(ctx, func(d *decision) error {
		rec, err := getMirror(d, ref{side, id})
		if err == nil && (rec == nil || !rec.alive()) {
			err = fmt.Errorf("%w: %s in %s", ErrNotKnown, id, side)
		}
		if err != nil {
			return fmt.Errorf("create: %w", err)
		}
		l, err := findLink(d, rec.ref())
		switch {
		case err != nil:
			return err
		case l != nil && l.Gone[side.Other()]:
			return fmt.Errorf("create: the counterpart of %s in %s was deleted in %s; enter it there anew", id, side, side.Other())
		case l != nil:
			return fmt.Errorf("create: %w", &PartnerError{side, id, l.ID[side.Other()]})
		case !insistable(rec.Standing) || rec.Standing.Reason == ReasonSettling: // who waits for a reading may yet find a partner
			return fmt.Errorf("create: %s in %s is no duplicate, has a key and is not held (%s); nothing keeps it back but that", id, side,
				strings.TrimSpace(rec.Standing.Status+" "+rec.Standing.Reason))
		}
		h := holdRow{Kind: holdCreate, Side: side, key: createKey(side, id)}
		h.IDs[side] = id
		if err := d.ask(h); err != nil {
			return err
		}
		return d.note(DecidedCreate, journalRow{Side: side, IDs: h.IDs}, "", "a person had it created anyway")
	})
}

// known fails unless both records are.
func (d *decision) known(ids [2]string) error {
	for _, s := range Sides {
		rows, err := d.Get(TableMirror, recordKey(ref{s, ids[s]}))
		if err == nil && len(rows) == 0 {
			err = fmt.Errorf("%w: %s in %s", ErrNotKnown, ids[s], s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func pairKey(kind string, ids [2]string) string { return kind + " " + ids[A] + "\x00" + ids[B] }

func createKey(s Side, id string) string { return holdCreate + " " + s.String() + " " + id }

// A StandingDecision is one that a person made and that holds: a separated pair, for good; all else until the next
// sync has carried it out.
type StandingDecision struct {
	Key     string    `json:"key"` // for Withdraw
	Kind    Decided   `json:"kind"`
	IDs     [2]string `json:"ids"`
	Mapping string    `json:"mapping,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// Decisions returns what persons decided and what holds of it, sorted by key.
func (s *Syncer) Decisions(ctx context.Context) ([]StandingDecision, error) {
	var all []StandingDecision
	err := s.look(ctx, func(tx ReadTx, _ *connectionRow) error {
		rows, err := tx.Scan(Scan{Table: TableHold, By: ByKey, Until: proposalPrefix})
		if err != nil {
			return err
		}
		all = nil
		for _, row := range rows {
			h := holdRow{key: row.Key}
			if err := unmarshal(row, &h); err != nil {
				return err
			}
			if kind, ok := withdrawable[h.Kind]; ok {
				all = append(all, StandingDecision{h.key, kind, h.IDs, h.Mapping, h.At})
			}
		}
		return nil
	})
	return all, err
}

// withdrawable are the kinds of rows that stand for a decision which can be taken back.
var withdrawable = map[string]Decided{
	holdSeparated: DecidedSeparate, holdLink: DecidedLink, holdCreate: DecidedCreate, holdResolved: DecidedResolve, holdReleased: DecidedRelease,
}

// ErrNoDecision says that there is no such decision, or that a sync has carried it out by now.
var ErrNoDecision = errors.New("there is no such decision; it may have been carried out")

// Withdraw takes back a decision that holds, by the key that [Syncer.Decisions] gave it. What it was about is decided by
// the next sync as if nobody had decided it. It fails with [ErrNoDecision] if there is none.
func (s *Syncer) Withdraw(ctx context.Context, key string) error {
	return s.byPerson(ctx, func(d *decision) error {
		rows, err := d.Get(TableHold, key)
		if err != nil {
			return err
		}
		h := holdRow{key: key}
		for _, row := range rows {
			if err := unmarshal(row, &h); err != nil {
				return err
			}
		}
		kind, ok := withdrawable[h.Kind]
		if !ok {
			return ErrNoDecision
		}
		if h.Kind == holdSeparated { // it may have been carried out: the two are looked at again
			h.Kind = holdRejoin
			err = d.ask(h)
		} else {
			err = d.Delete(TableHold, key)
		}
		if err != nil {
			return err
		}
		return d.note(DecidedWithdraw, journalRow{Side: h.Side, IDs: h.IDs}, h.Mapping, "a person took back: "+string(kind))
	})
}

// applySeparated ends the pair.
func (r *run) applySeparated(b *book, h holdRow) {
	b.refuse(h.IDs)
	if l := b.linkOf(ref{A, h.IDs[A]}); l == nil || l.ID != h.IDs {
		return
	}
	b.dropLink(b.linkOf(ref{A, h.IDs[A]}))
	for _, s := range Sides {
		at := ref{s, h.IDs[s]}
		b.touch(at)
		if !b.mirrorOf(at).alive() {
			b.dropMirror(at) // nobody waits for it any more, and who it was is to be known
		}
	}
}

// applyLink makes the pair, whatever its two records were linked with.
func (r *run) applyLink(b *book, h holdRow) {
	l := b.linkOf(ref{A, h.IDs[A]})
	if paired := l != nil && l.ID == h.IDs; paired || b.record(ref{A, h.IDs[A]}) == nil || b.record(ref{B, h.IDs[B]}) == nil {
		return
	}
	b.accept(h.IDs)
}

// partnerOf returns the partner that a record has, or is to get from the next sync because a person made the two a pair; "" for
// none.
func (r *run) partnerOf(b *book, at ref) string {
	there := at.side.Other()
	for _, key := range sortedKeys(r.requests) {
		h := r.requests[key]
		if h.Kind == holdLink && h.IDs[at.side] == at.id && b.record(ref{there, h.IDs[there]}) != nil {
			return h.IDs[there]
		}
	}
	if l := b.linkOf(at); l != nil && b.record(ref{there, l.ID[there]}) != nil {
		return l.ID[there]
	}
	return ""
}

// applyCreate has the record looked at. It reports that the decision is used up: the record has a partner, or is gone.
func (r *run) applyCreate(b *book, h holdRow) (over bool) {
	at := ref{h.Side, h.IDs[h.Side]}
	if b.record(at) == nil || b.linkOf(at) != nil {
		delete(r.insisted, at)
		return true
	}
	b.touch(at)
	return false
}

// obeyed takes back the decision that a creation has carried out.
func (r *run) obeyed(b *book, source ref) {
	if key, ok := r.insisted[source]; ok {
		delete(r.insisted, source)
		b.deleteRows = append(b.deleteRows, Row{Table: TableHold, Key: key})
	}
}
