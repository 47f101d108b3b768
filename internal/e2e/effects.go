package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/contactsync/contactsync"
	"github.com/google/go-cmp/cmp"
)

// effectsStep asks what another configuration would do. The apps and the store stay as they were.
type effectsStep struct {
	With   map[string]any // top-level keys of the scenario's own connection, as of configure
	A, B   *map[string]int
	Unread *sides[[]string]
}

func (s effectsStep) swapped() action {
	s.A, s.B = s.B, s.A
	if s.Unread != nil {
		unread := s.Unread.swap()
		s.Unread = &unread
	}
	return s
}

func (s effectsStep) play(ctx context.Context, w *world) error {
	connection, err := w.scenario.parse(s.With)
	if err != nil {
		return err
	}
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	before, err := w.known(ctx)
	if err != nil {
		return err
	}
	calls := [2]map[string]int{w.apps[0].Calls(), w.apps[1].Calls()}
	effects, err := engine.Effects(ctx, connection)
	if err != nil {
		return fmt.Errorf("the effects: %w", err)
	}
	after, err := w.known(ctx)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(before, after); diff != "" {
		return fmt.Errorf("the effects left a trace in the store:\n%s", diff)
	}
	for side := range calls {
		if !maps.Equal(calls[side], w.apps[side].Calls()) {
			return fmt.Errorf("the effects called %s", contactsync.Side(side))
		}
	}
	if s.Unread != nil {
		for side, want := range *s.Unread {
			if want != nil && !slices.Equal(*want, effects.Unread[side]) {
				return fmt.Errorf("unread of %s: %q, want %q", contactsync.Side(side), effects.Unread[side], *want)
			}
		}
	}
	return compareEffects(sides[map[string]int]{s.A, s.B}, effects)
}

// compareEffects compares the counts by kind on each side that is given. A kind that is not named must not occur.
func compareEffects(want sides[map[string]int], got *contactsync.Forecast) error {
	for side := range want {
		if want[side] == nil {
			continue
		}
		counts := map[string]int{}
		for _, e := range got.Effects {
			if e.Side == contactsync.Side(side) {
				counts[string(e.Kind)] += e.Count
			}
		}
		if diff := cmp.Diff(*want[side], counts); diff != "" {
			return fmt.Errorf("in %s would happen (-want +got):\n%s", contactsync.Side(side), diff)
		}
	}
	return nil
}

// reviewStep looks at what a person sees before the start.
type reviewStep struct {
	A, B     *map[string]int
	Warnings sides[[]string]
}

func (s reviewStep) swapped() action {
	s.A, s.B, s.Warnings = s.B, s.A, s.Warnings.swap()
	return s
}

func (s reviewStep) play(ctx context.Context, w *world) error {
	before := w.contents()
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	review, err := engine.Review(ctx)
	if err != nil {
		return fmt.Errorf("the review: %w", err)
	}
	if diff := diffContents(before, w.contents()); diff != "" {
		return fmt.Errorf("the review changed an app:\n%s", diff)
	}
	if !review.Ready() {
		return fmt.Errorf("the review found faults: %v", review.Faults)
	}
	for side, want := range s.Warnings {
		got := []string{}
		for _, warning := range review.Warnings {
			if warning.Side == contactsync.Side(side) {
				got = append(got, string(warning.Kind))
			}
		}
		if want != nil && !slices.Equal(*want, got) {
			return fmt.Errorf("warned of %s: %q, want %q", contactsync.Side(side), got, *want)
		}
	}
	return compareEffects(sides[map[string]int]{s.A, s.B}, review.Forecast)
}

// known returns everything that the store holds of the connection, as text.
func (w *world) known(ctx context.Context) (all []string, err error) {
	rows, err := w.rows(ctx)
	for _, row := range rows {
		all = append(all, fmt.Sprintf("%s %q %q %q %s", row.Table, row.Key, row.Index, row.Stamp, row.Body))
	}
	return all, err
}
