package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
)

// content is the fields of a record as they are written.
type content map[string]contact.Value

// record is a record as it is written: its id among its fields.
type record struct {
	ID     string
	Fields contact.Fields
}

// UnmarshalJSON reads an object of fields and id.
func (r *record) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &r.Fields); err != nil {
		return err
	}
	r.ID = r.Fields["id"].Str()
	delete(r.Fields, "id")
	return nil
}

// putStep is users who create records.
type putStep struct{ sides[[]record] }

func (s putStep) swapped() action { return putStep{s.swap()} }

func (s putStep) play(_ context.Context, w *world) error {
	return s.each(func(side int, records []record) error {
		for _, r := range records {
			if err := w.apps[side].Put(contact.Record{ID: r.ID, Fields: w.now(side, r.Fields)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// editStep is users who change fields; null clears one.
type editStep struct{ sides[pairs[content]] }

func (s editStep) swapped() action { return editStep{s.swap()} }

func (s editStep) play(_ context.Context, w *world) error {
	return s.each(func(side int, edits pairs[content]) error {
		for _, e := range edits {
			id, err := w.id(contactsync.Side(side), e.Key)
			if err != nil {
				return err
			}
			if err := w.apps[side].Edit(id, w.now(side, contact.Fields(e.Value))); err != nil {
				return err
			}
		}
		return nil
	})
}

// removeStep is users who delete records.
type removeStep struct{ sides[[]string] }

func (s removeStep) swapped() action { return removeStep{s.swap()} }

func (s removeStep) play(_ context.Context, w *world) error {
	return s.each(func(side int, names []string) error {
		ids, err := w.ids(side, names)
		if err != nil {
			return err
		}
		return w.apps[side].Remove(ids...)
	})
}

// mergeStep is an app that merges the second record into the first.
type mergeStep struct{ sides[[]string] }

func (s mergeStep) swapped() action { return mergeStep{s.swap()} }

func (s mergeStep) play(_ context.Context, w *world) error {
	return s.each(func(side int, names []string) error {
		ids, err := w.ids(side, names)
		if err != nil {
			return err
		}
		if len(ids) != 2 {
			return fmt.Errorf("a merge is of two records, not %d", len(ids))
		}
		return w.apps[side].Merge(ids[0], ids[1])
	})
}

// ids returns the ids of the records that are named.
func (w *world) ids(side int, names []string) (ids []string, err error) {
	for _, name := range names {
		id, err := w.id(contactsync.Side(side), name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// rekeyStep is an app that gives a record another id.
type rekeyStep struct{ sides[pairs[string]] }

func (s rekeyStep) swapped() action { return rekeyStep{s.swap()} }

func (s rekeyStep) play(_ context.Context, w *world) error {
	return s.each(func(side int, rekeys pairs[string]) error {
		for _, r := range rekeys {
			id, err := w.id(contactsync.Side(side), r.Key)
			if err != nil {
				return err
			}
			if err := w.apps[side].Rekey(id, r.Value); err != nil {
				return err
			}
		}
		return nil
	})
}

// hideStep is an app that tells some fields no more.
type hideStep struct{ sides[[]string] }

func (s hideStep) swapped() action { return hideStep{s.swap()} }

func (s hideStep) play(_ context.Context, w *world) error {
	return s.each(func(side int, fields []string) error { return w.apps[side].Hide(fields...) })
}

// unhideStep is an app that tells them again.
type unhideStep struct{ sides[[]string] }

func (s unhideStep) swapped() action { return unhideStep{s.swap()} }

func (s unhideStep) play(_ context.Context, w *world) error {
	return s.each(func(side int, fields []string) error { return w.apps[side].Unhide(fields...) })
}

// advanceStep moves the clock.
type advanceStep string

func (s advanceStep) swapped() action { return s }

func (s advanceStep) play(ctx context.Context, w *world) error {
	d, err := duration(string(s))
	if err != nil {
		return err
	}
	return w.clock.Sleep(ctx, d)
}

// duration reads a duration as Go writes it, or whole days ("30d").
func duration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil {
			return 0, fmt.Errorf("%q is neither a duration nor a number of days", text)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(text)
}
