package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/spf13/cobra"
)

func statusCommand(c *cli) *cobra.Command {
	watch := false
	cmd := &cobra.Command{
		Use:   "status [CONNECTION...]",
		Short: "Show how the connections stand; what is behind each number: records",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !watch {
				return c.status(cmd.Context(), args)
			}
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			return c.watchStatus(ctx, args)
		},
	}
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "follow the syncs that are running, in whatever process, to their end")
	return cmd
}

// statusResult is how one connection stands, as --json shows it.
type statusResult struct {
	Connection string `json:"connection"`
	A          string `json:"a"`
	B          string `json:"b"`
	contactsync.Status
}

func (c *cli) status(ctx context.Context, names []string) error {
	results, conns, err := c.readStatus(ctx, names)
	if err != nil {
		return err
	}
	if c.json {
		c.printJSON(map[string]any{"connections": results})
		return nil
	}
	for i, conn := range conns {
		c.printStatus(conn, results[i])
	}
	return nil
}

// readStatus reads how the connections stand.
func (c *cli) readStatus(ctx context.Context, names []string) (results []statusResult, conns []configured, err error) {
	results = []statusResult{}
	err = c.eachLookQuiet(ctx, names, func(ctx context.Context, s *contactsync.Syncer, conn configured) error {
		status, err := s.Status(ctx)
		names := labels(conn.doc)
		results, conns = append(results, statusResult{conn.doc.ID, names[0], names[1], status}), append(conns, conn)
		return err
	})
	return results, conns, err
}

// watchEvery is how often a running sync is looked at.
const watchEvery = time.Second

// lostAfter is how long a running sync may be silent before it is taken for dead.
const lostAfter = 2 * time.Minute

// watchStatus follows running syncs to their end, and shows how the connections stand then.
func (c *cli) watchStatus(ctx context.Context, names []string) error {
	bars := map[string]*progress{}
	for {
		results, _, err := c.readStatus(ctx, names)
		if err != nil {
			return err
		}
		running := false
		for _, r := range results {
			bar := bars[r.Connection]
			if bar == nil {
				bar = c.newProgress(r.Connection)
				bars[r.Connection] = bar
			}
			if r.Running == nil || time.Since(r.Running.Heard) > lostAfter {
				bar.end()
				continue
			}
			running = true
			bar.watch(r.Running.Progress)
		}
		if !running {
			return c.status(ctx, names)
		}
		timer := time.NewTimer(watchEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// printStatus prints how one connection stands.
func (c *cli) printStatus(conn configured, r statusResult) {
	c.printf("%s: %s\n", c.paint(bold, r.Connection), c.paint(stateColour(r.State), stateWords(r.State)))
	var rows [][]string
	for _, side := range contactsync.Sides {
		n := r.Totals[side]
		rows = append(rows, []string{side.String(), [2]string{r.A, r.B}[side],
			fmt.Sprintf("%d created", n.Created), fmt.Sprintf("%d updated", n.Updated), fmt.Sprintf("%d deleted", n.Deleted), "since the first sync"})
	}
	if r.Runs > 0 {
		for _, side := range contactsync.Sides {
			n := r.Latest[side]
			rows = append(rows, []string{side.String(), [2]string{r.A, r.B}[side],
				fmt.Sprintf("%d created", n.Created), fmt.Sprintf("%d updated", n.Updated), fmt.Sprintf("%d deleted", n.Deleted), fmt.Sprintf("by run %d, the latest", r.Runs)})
		}
		table(c.out, "  ", rows)
	}
	c.printRunning(r.Running)
	rows = nil
	for _, s := range statusWords {
		rows = append(rows, []string{s.words, fmt.Sprint(r.Counts[s.status])})
	}
	last := "never"
	if !r.Last.IsZero() {
		last = r.Last.Local().Format(time.DateTime)
	}
	table(c.out, "  ", append(rows, []string{"last sync", last}))
	c.printUnread(r.Connection, r.Unread)
	c.printReasons(r.Status)
	c.printSuggested(conn, r.Suggestions)
	c.printCommon(r.CommonBlocks)
	c.printWaiting(conn.doc, r.Waiting)
	for _, s := range r.Unauthorized {
		c.printf("  %s %s refuses its account; nothing is written until it is logged in to again: %s\n", c.paint(yellow, "halted:"),
			[2]string{r.A, r.B}[s], c.next("check", r.Connection))
	}
	switch r.State {
	case contactsync.StateDraft:
		c.printf("  next: %s\n", c.next("sync", r.Connection))
	case contactsync.StatePaused:
		c.printf("  next: %s\n", c.next("resume", r.Connection))
	}
}

// printRunning says how far the running sync is.
func (c *cli) printRunning(r *contactsync.Running) {
	switch {
	case r == nil:
	case time.Since(r.Heard) > lostAfter:
		c.printf("  %s run %d has not been heard of since %s; if it was killed, the next sync goes on from there\n", c.paint(yellow, "silent:"), r.Run, r.Heard.Local().Format(time.DateTime))
	default:
		c.printf("  %s run %d since %s, %s\n", c.paint(green, "running:"), r.Run, r.Started.Local().Format(time.DateTime), farIn(r.Progress))
	}
}

// farIn says in words how far a sync is.
func farIn(p contactsync.Progress) string {
	switch {
	case p.Phase == "":
		return "just begun"
	case p.Total > 0:
		return fmt.Sprintf("%s %d of %d", p.Phase, p.Done, p.Total)
	}
	return fmt.Sprintf("%s %d", p.Phase, p.Done)
}

func stateWords(s contactsync.State) string {
	return map[contactsync.State]string{
		contactsync.StateDraft:  "never synced",
		contactsync.StateActive: "active",
		contactsync.StatePaused: "paused",
		contactsync.StateHalted: "halted; nothing is written until you have looked",
	}[s]
}

func stateColour(s contactsync.State) colour {
	switch s {
	case contactsync.StateActive:
		return green
	case contactsync.StateDraft:
		return dim
	}
	return yellow
}

// printUnread says how many records the latest sync could not read.
func (c *cli) printUnread(connection string, n int) {
	if n > 0 {
		c.printf("  %s; to see why: %s\n", c.paint(yellow, count(n, "record could not be read and stays as it is", "records could not be read and stay as they are")),
			c.next("validate", connection))
	}
}

// printReasons says why records are not in sync.
func (c *cli) printReasons(status contactsync.Status) {
	var rows [][]string
	for _, entry := range slices.Sorted(maps.Keys(status.Reasons)) {
		kind, reason, _ := strings.Cut(entry, " ")
		rows = append(rows, []string{fmt.Sprintf("%d %s:", status.Reasons[entry], statusIn(kind)), inWords(reason)})
	}
	table(c.out, "    ", rows)
}

func statusIn(status string) string {
	for _, s := range statusWords {
		if s.status == status {
			return s.words
		}
	}
	return status
}

// printWaiting says what waits for a person's consent, and how to give it.
func (c *cli) printWaiting(doc contactsync.Connection, waiting []contactsync.Waiting) {
	if len(waiting) == 0 {
		return
	}
	c.printWaits(doc, waiting)
	c.printf("  if that is what you want: %s, then %s\n",
		c.next("confirm", doc.ID, "--run", fmt.Sprint(waiting[0].Run), "--count", fmt.Sprint(total(waiting))), c.next("sync", doc.ID))
}

// printWaits says what waits.
func (c *cli) printWaits(doc contactsync.Connection, waiting []contactsync.Waiting) {
	for _, w := range waiting {
		c.printf("  %s %s\n", c.paint(yellow, "waiting:"), printable(w.TextFor(labels(doc))))
	}
}
