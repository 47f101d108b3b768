package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/spf13/cobra"
)

// syncRun is one invocation of sync.
type syncRun struct {
	*cli
	yes   bool
	watch time.Duration
	names []string
}

func syncCommand(c *cli) *cobra.Command {
	s := &syncRun{cli: c}
	cmd := &cobra.Command{
		Use:   "sync [CONNECTION...]",
		Short: "Bring the apps of the connections into sync; without names, of all",
		Long: `Bring the apps of the connections into sync; without names, of all of the file.

The first sync of a connection on a terminal shows its review and asks. --yes does not ask; off a terminal and
with --json there is nobody to ask, so it goes on. A paused connection is passed over; if it was named, that is a failure.
With --watch, Ctrl-C ends it with exit code 0, and --json prints one document for each round.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.names = args
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			if cmd.Flags().Changed("watch") {
				return s.repeat(ctx)
			}
			doc, err := s.round(ctx)
			if err != nil {
				return err
			}
			if s.json {
				s.printJSON(doc)
			}
			return ended(doc.Exit)
		},
	}
	cmd.Flags().BoolVarP(&s.yes, "yes", "y", false, "do not ask before the first sync")
	cmd.Flags().DurationVar(&s.watch, "watch", 0, "sync again and again, this long after each other (5m), until interrupted")
	return cmd
}

// repeat syncs until it is interrupted. What went wrong in one round is said, and the next one tries again.
func (s *syncRun) repeat(ctx context.Context) error {
	if s.watch < time.Second {
		return usage(errors.New("--watch: the least is 1s"))
	}
	for first := true; ; first = false {
		doc, err := s.round(ctx)
		var wrong *codedError
		if errors.As(err, &wrong) && wrong.code == exitConfig && first {
			return err
		}
		switch {
		case err != nil && ctx.Err() == nil:
			s.explain(err, exitFailed)
		case err == nil && s.json:
			s.printJSON(doc)
		}
		timer := time.NewTimer(s.watch)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// syncResult is what one connection's sync came to, as --json shows it.
type syncResult struct {
	visited
	Report  *contactsync.Report        `json:"report,omitempty"`
	Failed  []contactsync.RecordStatus `json:"failed,omitempty"` // the first few
	Skipped string                     `json:"skipped,omitempty"`
	doc     contactsync.Connection
}

// round syncs every connection once. Results are printed as they come, unless they go into one document.
func (s *syncRun) round(ctx context.Context) (document[syncResult], error) {
	return collect(ctx, s.cli, s.names, false, s.one, func(_ configured, r syncResult) { s.printResult(r) })
}

// one syncs one connection.
func (s *syncRun) one(ctx context.Context, file *configFile, conn configured, store contactsync.Store) syncResult {
	result := syncResult{visited: visit(conn), doc: conn.doc}
	bar := s.newProgress(conn.doc.ID)
	defer bar.end()
	syncer, err := file.open(ctx, conn, store, contactsync.WithProgress(bar.show))
	if err == nil {
		var asked string
		asked, err = s.ask(ctx, conn, syncer, bar)
		if err == nil && asked != "" {
			result.Skipped = asked
			return result
		}
	}
	if err == nil {
		result.Report, err = syncer.Sync(ctx)
	}
	bar.end()
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	switch {
	case errors.Is(err, contactsync.ErrPaused) && len(s.names) == 0:
		result.Skipped = "paused; to go on: " + s.next("resume", conn.doc.ID)
	case err != nil:
		result.Error = s.sayError(err, conn)
		result.Exit = exitFailed
	default:
		result.Failed, _, err = syncer.Records(ctx, contactsync.RecordQuery{Status: contactsync.StatusFailed, Limit: shownFailures})
		if err != nil && ctx.Err() == nil {
			result.Error = err.Error()
		}
		result.Exit = exitOf(result.Report)
	}
	return result
}

// shownFailures is how many failed records a report names.
const shownFailures = 5

// exitOf returns the exit code of a sync that ran to its end.
func exitOf(r *contactsync.Report) int {
	switch {
	case len(r.Waiting) > 0:
		return exitHeld
	case r.Status.Counts[contactsync.StatusFailed] > 0 || r.Unread > 0:
		return exitRecords
	}
	return exitDone
}

// sayError says an error of a sync, and what a person can do.
func (c *cli) sayError(err error, conn configured) string {
	var coded *codedError
	if errors.As(err, &coded) && coded.cause != nil {
		err = coded.cause
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted; nothing is lost: what was written is noted, and the next sync goes on from there"
	case errors.Is(err, contactsync.ErrPaused):
		return "the connection is paused; to go on: " + c.next("resume", conn.doc.ID)
	case errors.Is(err, contactsync.ErrLeased):
		return "another sync of this connection is running; try again when it has ended"
	case errors.Is(err, contactsync.ErrFenced):
		return "another sync of this connection has taken over; nothing is lost"
	}
	return printable(err.Error() + adviceOnDatabase(err))
}

// ask shows a person what the first sync of a connection would do. It returns why there is none, "" if it goes on.
func (s *syncRun) ask(ctx context.Context, conn configured, syncer *contactsync.Syncer, bar *progress) (string, error) {
	if s.yes || s.json || !s.inTTY || !s.outTTY {
		return "", nil
	}
	status, err := syncer.Status(ctx)
	if err != nil || !status.Last.IsZero() || status.State == contactsync.StatePaused {
		return "", err
	}
	review, err := syncer.Review(ctx)
	bar.end()
	if err != nil {
		return "", err
	}
	s.printf("%s is synced for the first time. This is what to know, and what would happen:\n", conn.doc.ID)
	s.printReview(conn, review)
	yes, err := s.asks(ctx, "")
	if err != nil || yes {
		return "", err
	}
	return "not synced: you did not say yes; nothing was written", nil
}

// printResult prints what one connection's sync came to.
func (s *syncRun) printResult(r syncResult) {
	title := s.paint(bold, r.Connection)
	switch {
	case r.Skipped != "":
		s.printf("%s: %s\n", title, r.Skipped)
	case r.Report == nil:
		s.printf("%s: %s\n", title, s.paint(red, r.Error))
	default:
		s.printReport(title, r)
	}
}

func (s *syncRun) printReport(title string, r syncResult) {
	rep := r.Report
	s.printf("%s: %s (%s)\n", title, s.headline(r), rep.Ended.Sub(rep.Started).Round(time.Millisecond))
	var rows [][]string
	for _, side := range contactsync.Sides {
		n := rep.Counts[side]
		rows = append(rows, []string{side.String(), [2]string{r.A, r.B}[side],
			fmt.Sprintf("%d created", n.Created), fmt.Sprintf("%d updated", n.Updated), fmt.Sprintf("%d deleted", n.Deleted)})
	}
	table(s.out, "  ", rows)
	s.printf("  %s\n", standing(rep.Status))
	s.printUnread(r.Connection, rep.Unread)
	s.printReasons(rep.Status)
	s.printFailures(r)
	s.printWaiting(r.doc, rep.Waiting)
}

// headline says in a few words how a sync went.
func (s *syncRun) headline(r syncResult) string {
	switch {
	case len(r.Report.Waiting) > 0:
		return s.paint(yellow, "waits for you")
	case r.Exit == exitRecords:
		return s.paint(yellow, "done, but for some records")
	case r.Report.Foreseen != [2]contactsync.Counts{}:
		n := r.Report.Foreseen[0].Sum() + r.Report.Foreseen[1].Sum()
		return s.paint(yellow, "only watching: it would have made "+count(n, "write", "writes"))
	case r.Report.Counts[0].Sum()+r.Report.Counts[1].Sum() == 0:
		return s.paint(green, "nothing to do")
	}
	return s.paint(green, "done")
}

// printFailures names the first few failed records.
func (s *syncRun) printFailures(r syncResult) {
	for _, f := range r.Failed {
		text := f.Message
		if text == "" {
			text = inWords(f.Reason)
		}
		s.printf("  %s %s: %s\n", s.paint(red, "failed:"), recordIDs(f), printable(text))
	}
	if more := r.Report.Status.Counts[contactsync.StatusFailed] - len(r.Failed); more > 0 && len(r.Failed) > 0 {
		s.printf("  and %d more: %s\n", more, s.next("records", r.Connection, "--status", "failed"))
	}
}
