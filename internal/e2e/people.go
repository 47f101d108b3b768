package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
)

// The steps of this file are what persons decide and ask.

// parsePeople reads the steps of this file.
func parsePeople(kind string, data []byte) (action, error) {
	switch kind {
	case "refused":
		return decode[refusedStep](data)
	case "confirm":
		return decode[confirmStep](data)
	case "conflicts":
		return decode[conflictsStep](data)
	case "link", "separate", "move":
		return parseCoupleVerb(kind, data)
	case "create", "withdraw", "forget", "unforget":
		return parseRecordVerb(kind, data)
	case "prune":
		return decode[pruneStep](data)
	case "delete":
		_, err := decode[noDetail](data)
		return deleteStep{}, err
	case "erased":
		return decode[erasedStep](data)
	case "records":
		return decode[recordsStep](data)
	}
	return nil, fmt.Errorf("there is no such step")
}

// refusedStep is another step that must fail.
type refusedStep struct {
	Do    json.RawMessage
	Error string

	does action
}

// UnmarshalJSON reads the step with the one in it.
func (s *refusedStep) UnmarshalJSON(data []byte) error {
	type plain refusedStep
	if err := strict(data, (*plain)(s)); err != nil {
		return err
	}
	step, err := parseStep(s.Do)
	s.does = step.does
	if err == nil && s.Error == "" {
		err = fmt.Errorf("error: what the message contains is missing")
	}
	return err
}

func (s refusedStep) swapped() action {
	s.does = s.does.swapped()
	return s
}

func (s refusedStep) play(ctx context.Context, w *world) error {
	err := s.does.play(ctx, w)
	if err == nil {
		return fmt.Errorf("it was not refused; want an error that contains %q", s.Error)
	}
	if !strings.Contains(err.Error(), s.Error) {
		return fmt.Errorf("it was refused with %q; want an error that contains %q", err, s.Error)
	}
	return nil
}

// confirmStep consents to what waits, or to what a person saw.
type confirmStep []struct {
	Reason string
	Run    int64
	Count  int
}

func (s confirmStep) swapped() action { return s }

func (s confirmStep) play(ctx context.Context, w *world) error {
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	var seen []contactsync.Waiting
	for _, c := range s {
		seen = append(seen, contactsync.Waiting{Reason: c.Reason, Run: c.Run, Count: c.Count})
	}
	return engine.Confirm(ctx, seen...)
}

// conflictsStep says what waits for a person, and has the next resolve step be about what was seen here.
type conflictsStep []struct {
	A, B   string // one of them: the record
	Field  string // of a; not compared if left out
	Reason string
	Shows  sides[contact.Value] // the first value of each side; not compared where left out
}

func (s conflictsStep) swapped() action {
	s = slices.Clone(s)
	for i := range s {
		s[i].A, s[i].B = s[i].B, s[i].A
		s[i].Shows = s[i].Shows.swap()
	}
	return s
}

func (s conflictsStep) play(ctx context.Context, w *world) error {
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	if w.seen, _, err = engine.Conflicts(ctx, contactsync.ConflictQuery{}); err != nil {
		return err
	}
	if len(w.seen) != len(s) {
		return fmt.Errorf("%d conflicts wait, want %d: %+v", len(w.seen), len(s), w.seen)
	}
	for _, want := range s {
		side, id, err := w.one(want.A, want.B)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(w.seen, func(c contactsync.HeldConflict) bool {
			fits := c.IDs[side] == id && c.Reason == want.Reason && !c.Since.IsZero() && c.Text() != ""
			fits = fits && (want.Field == "" || slices.Contains(c.Fields[contactsync.A], want.Field))
			for _, s := range contactsync.Sides {
				fits = fits && (want.Shows[s] == nil || len(c.Values[s]) > 0 && c.Values[s][0].Equal(*want.Shows[s]))
			}
			return fits
		}) {
			return fmt.Errorf("%s %s %s %s does not wait; these do: %+v", side, id, want.Field, want.Reason, w.seen)
		}
	}
	return nil
}

// tokenOf returns what the last conflicts step saw of a record's field.
func (w *world) tokenOf(side contactsync.Side, id, field string) (string, error) {
	for _, c := range w.seen {
		if c.IDs[side] == id && (field == "" || slices.Contains(c.Fields[side], field)) {
			return c.Seen, nil
		}
	}
	return "", fmt.Errorf("no conflicts step has seen %s of %s in %s", field, id, side)
}

// coupleVerbStep is a verb about two records: "link", "separate" or "move".
type coupleVerbStep struct {
	verb string
	couples
}

func parseCoupleVerb(verb string, data []byte) (action, error) {
	step := coupleVerbStep{verb: verb}
	err := strict(data, &step.couples)
	return step, err
}

func (s coupleVerbStep) swapped() action { return coupleVerbStep{s.verb, s.swap()} }

func (s coupleVerbStep) play(ctx context.Context, w *world) error {
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	do := map[string]func(ctx context.Context, a, b string) error{"link": engine.Link, "separate": engine.Separate, "move": engine.Move}[s.verb]
	return s.each(w, func(ids [2]string) error { return do(ctx, ids[0], ids[1]) })
}

// recordVerbStep is a verb about one record: "create", "withdraw", "forget" or "unforget".
type recordVerbStep struct {
	verb string
	one
}

func parseRecordVerb(verb string, data []byte) (action, error) {
	step := recordVerbStep{verb: verb}
	err := strict(data, &step.one)
	return step, err
}

func (s recordVerbStep) swapped() action { return recordVerbStep{s.verb, s.swap()} }

func (s recordVerbStep) play(ctx context.Context, w *world) error {
	engine, side, id, err := s.find(ctx, w)
	if err != nil {
		return err
	}
	switch s.verb {
	case "create":
		return engine.Create(ctx, side, id)
	case "forget":
		return engine.Forget(ctx, side, id)
	case "unforget":
		return engine.Unforget(ctx, side, id)
	}
	decisions, err := engine.Decisions(ctx)
	if err != nil {
		return err
	}
	taken := 0
	for _, d := range decisions {
		if d.IDs[side] == id {
			taken++
			if err := engine.Withdraw(ctx, d.Key); err != nil {
				return err
			}
		}
	}
	if taken == 0 {
		return fmt.Errorf("no decision about %s in %s stands", id, side)
	}
	return nil
}

// pruneStep removes old history, and says how many entries that must be.
type pruneStep int

func (s pruneStep) swapped() action { return s }

func (s pruneStep) play(ctx context.Context, w *world) error {
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	n, err := engine.Prune(ctx)
	if err == nil && n != int(s) {
		err = fmt.Errorf("%d entries of the history were removed, want %d", n, int(s))
	}
	return err
}

// deleteStep deletes the connection. The handle says so, and what follows is a new one.
type deleteStep struct{}

func (s deleteStep) swapped() action { return s }

func (s deleteStep) play(ctx context.Context, w *world) error {
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	if err := engine.Delete(ctx); err != nil {
		return err
	}
	if rows, err := w.rows(ctx); err != nil || len(rows) > 0 {
		return fmt.Errorf("%d rows are left: %w", len(rows), err)
	}
	if _, err := engine.Sync(ctx); err == nil || !strings.Contains(err.Error(), "deleted") {
		return fmt.Errorf("the handle does not say that the connection was deleted, but %w", err)
	}
	w.syncer = nil
	return nil
}

// rows returns every row of the connection.
func (w *world) rows(ctx context.Context) (all []contactsync.Row, err error) {
	err = w.store.View(ctx, contactsync.Scope{Owner: owner, Connection: connectionID}, func(tx contactsync.ReadTx) error {
		all = nil
		for _, table := range contactsync.Tables {
			rows, err := tx.Scan(contactsync.Scan{Table: table, By: contactsync.ByKey})
			if err != nil {
				return err
			}
			all = append(all, rows...)
		}
		return nil
	})
	return all, err
}

// erasedStep says that no row of the store holds any of these texts.
type erasedStep []string

func (s erasedStep) swapped() action { return s }

func (s erasedStep) play(ctx context.Context, w *world) error {
	rows, err := w.rows(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		text := fmt.Sprint(row.Key, "\n", strings.Join(row.Index[:], "\n"), "\n", row.Stamp, "\n", string(row.Body))
		for _, word := range s {
			if strings.Contains(text, word) {
				return fmt.Errorf("a row of table %s still holds %q: %s", row.Table, word, text)
			}
		}
	}
	return nil
}

// recordsStep says which records are behind a number of the status.
type recordsStep struct {
	Status, Reason string
	Op             string
	Run            int64
	In             string
	Want           []struct{ A, B, Name, Key string }
}

func (s recordsStep) swapped() action {
	s.In = opposite(s.In)
	s.Want = slices.Clone(s.Want)
	for i := range s.Want {
		s.Want[i].A, s.Want[i].B = s.Want[i].B, s.Want[i].A
	}
	return s
}

func (s recordsStep) play(ctx context.Context, w *world) error {
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	got, err := allPages(func(after string) ([]contactsync.RecordStatus, string, error) {
		return engine.Records(ctx, contactsync.RecordQuery{Status: s.Status, Reason: s.Reason, Op: s.Op, Run: s.Run, In: s.In, After: after, Limit: 2})
	})
	if err != nil {
		return err
	}
	if len(got) != len(s.Want) {
		return fmt.Errorf("%d records, want %d: %+v", len(got), len(s.Want), got)
	}
	for _, want := range s.Want {
		side, id, err := w.one(want.A, want.B)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(got, func(r contactsync.RecordStatus) bool {
			return r.IDs[side] == id && (want.Name == "" || r.Name == want.Name) && (want.Key == "" || r.Key == want.Key)
		}) {
			return fmt.Errorf("%s %s is not among them, as %+v; these are: %+v", side, id, want, got)
		}
	}
	return nil
}
