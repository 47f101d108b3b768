package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
)

// suggestedStep says what is suggested, all of it, in any order.
type suggestedStep []suggestedDocument

// suggestedDocument is one suggestion as it is written.
type suggestedDocument struct {
	A, B    string // the two records; "" is not compared
	Merge   string // of a merge: the side in which one of them is left over
	Into    string // of a merge: the record of that side to merge it into; "" if that is gone
	Because string // what the evidence contains; "" is not compared
}

func (s suggestedStep) swapped() action {
	out := slices.Clone(s)
	for i := range out {
		out[i].A, out[i].B = s[i].B, s[i].A
		out[i].Merge = opposite(s[i].Merge)
	}
	return out
}

func (s suggestedStep) play(ctx context.Context, w *world) error {
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	all, err := allPages(func(after string) ([]contactsync.Suggestion, string, error) { // small ones, so that their cursors are played too
		return engine.Suggestions(ctx, contactsync.SuggestionQuery{After: after, Limit: 2})
	})
	if err != nil {
		return err
	}
	var texts []string
	for _, got := range all {
		texts = append(texts, got.Text())
	}
	if len(all) != len(s) {
		return fmt.Errorf("%d suggestions, want %d:\n  %s", len(all), len(s), strings.Join(texts, "\n  "))
	}
	for _, d := range s {
		if !slices.ContainsFunc(all, func(got contactsync.Suggestion) bool { return d.is(w, got) }) {
			return fmt.Errorf("no suggestion %+v; there are\n  %s", d, strings.Join(texts, "\n  "))
		}
	}
	return nil
}

// is reports whether a suggestion is the one that is written.
func (d suggestedDocument) is(w *world, got contactsync.Suggestion) bool {
	for side, name := range [2]string{d.A, d.B} {
		if name != "" && got.IDs[side] != w.named(contactsync.Side(side), name) {
			return false
		}
	}
	if !strings.Contains(got.Score.String(), d.Because) {
		return false
	}
	if d.Merge == "" {
		return got.Kind == contactsync.SuggestLink
	}
	return got.Kind == contactsync.SuggestMerge && got.Side.String() == d.Merge && (d.Into == "") == (got.Into == "") && w.named(got.Side, d.Into) == got.Into
}

// named returns the id of a record by its name; what names no record is an id, of one that may be gone.
func (w *world) named(side contactsync.Side, name string) string {
	if id, err := w.id(side, name); name != "" && err == nil {
		return id
	}
	return name
}
