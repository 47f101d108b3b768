package contactsync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A ConsentError says that what waits is not, or no longer, what a person consented to. Nothing was consented to. It
// is [ErrOutdated].
type ConsentError struct {
	Waiting []Waiting // what waits now
}

// Error says what waits now.
func (e *ConsentError) Error() string {
	if len(e.Waiting) == 0 {
		return "nothing waits for consent any more"
	}
	var words []string
	for _, w := range e.Waiting {
		words = append(words, fmt.Sprintf("%s (run %d)", w.Text(), w.Run))
	}
	return "something else waits by now: " + strings.Join(words, "; ") + "; look, and consent to that"
}

// Unwrap returns ErrOutdated.
func (e *ConsentError) Unwrap() error { return ErrOutdated }

// ErrNothingWaits says that nothing waits for a person's consent.
var ErrNothingWaits = errors.New("nothing waits for consent")

// Confirm consents to what was held or halted, as a person saw it: seen is what [Report] or [Status] showed as Waiting,
// or a part of that. The next sync does it. The consent is used up by just that: what a later sync holds is held. If
// more waits than the person saw, Confirm fails with a [*ConsentError] that says what waits now; if nothing ever did,
// with [ErrNothingWaits]. Without seen it is consent to whatever waits now, for hosts that have just shown it.
func (s *Syncer) Confirm(ctx context.Context, seen ...Waiting) error {
	return s.byPerson(ctx, func(d *decision) error {
		waiting := d.life.Waiting
		if len(waiting) == 0 && len(seen) == 0 {
			return fmt.Errorf("confirm: %w", ErrNothingWaits)
		}
		if len(seen) == 0 {
			seen = waiting
		}
		for _, w := range seen {
			now := slices.IndexFunc(waiting, func(n Waiting) bool { return n.Reason == w.Reason && (!n.Halts() || n.Side == w.Side) })
			if now < 0 || waiting[now].Count > w.Count {
				return fmt.Errorf("confirm: %w", &ConsentError{waiting})
			}
			if err := d.consent(w); err != nil {
				return fmt.Errorf("confirm: %w", err)
			}
			words := fmt.Sprintf("a person consented to %s: %d of run %d", w.Reason, w.Count, w.Run)
			if err := d.note(DecidedConfirm, journalRow{Side: w.Side}, "", words); err != nil {
				return err
			}
		}
		return nil
	})
}

// consent marks what waits as consented, unless some of it was held by a later run than the one that the person saw.
func (d *decision) consent(w Waiting) error {
	if w.Halts() {
		return d.Put(holdRow{Kind: w.Reason, Side: w.Side, Consented: true, At: d.at, key: "halt " + w.Reason}.row())
	}
	rows, err := d.Scan(Scan{Table: TableHold, By: ByKey})
	if err != nil {
		return err
	}
	for _, row := range rows {
		h := holdRow{key: row.Key}
		if err := unmarshal(row, &h); err != nil {
			return err
		}
		if h.Kind != w.Reason || h.Consented {
			continue
		}
		if h.Run > w.Run {
			return &ConsentError{d.life.Waiting}
		}
		h.Consented, h.At = true, d.at
		if err := d.Put(h.row()); err != nil {
			return err
		}
	}
	return nil
}
