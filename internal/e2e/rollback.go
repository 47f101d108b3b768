package e2e

import (
	"context"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync"
)

// rollbackStep takes a run back: the last that wrote, or the one that is named. A preview before it says the same, and
// writes nothing.
type rollbackStep struct {
	Run    int64
	Error  *string // it fails with this
	Left   *int    // how many writes are not taken back
	Reason string  // what the reason of one of them contains
}

func (s rollbackStep) swapped() action { return s }

func (s rollbackStep) play(ctx context.Context, w *world) error {
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	before := w.contents()
	plan, planErr := engine.PreviewRollback(ctx, s.Run)
	if diff := diffContents(before, w.contents()); diff != "" {
		return fmt.Errorf("the preview changed an app:\n%s", diff)
	}
	back, err := engine.Rollback(ctx, s.Run)
	w.ear.Hear("rollback", err)
	switch {
	case s.Error != nil && err == nil:
		return fmt.Errorf("the rollback returned no error; want one that contains %q", *s.Error)
	case s.Error != nil && !strings.Contains(err.Error(), *s.Error):
		return fmt.Errorf("the rollback failed with %q; want an error that contains %q", err, *s.Error)
	case s.Error != nil:
		return nil
	case err != nil:
		return fmt.Errorf("the rollback failed: %w", err)
	case planErr != nil:
		return fmt.Errorf("the preview failed: %w", planErr)
	}
	if back.Counts != plan.Counts && s.Left == nil {
		return fmt.Errorf("the rollback wrote %+v; its preview said %+v", back.Counts, plan.Counts)
	}
	return s.left(back)
}

// left compares what was not taken back.
func (s rollbackStep) left(back *contactsync.Rollback) error {
	want := 0
	if s.Left != nil {
		want = *s.Left
	}
	found := s.Reason == ""
	for _, l := range back.Left {
		found = found || strings.Contains(l.Reason, s.Reason)
	}
	if s.Left != nil && want != len(back.Left) || !found {
		return fmt.Errorf("the rollback left %+v; want %d, %q", back.Left, want, s.Reason)
	}
	return nil
}
