package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/spf13/cobra"
)

func rollbackCommand(c *cli) *cobra.Command {
	yes, preview := false, false
	cmd := &cobra.Command{
		Use:   "rollback CONNECTION [RUN]",
		Short: "Take back what a run wrote; without RUN, the last sync that wrote anything",
		Long: `Take back what a run wrote; without RUN, the last sync that wrote anything.

Updates go back to the old values where those of the run still stand; records that it created are deleted if no user has
touched them since; records that it deleted are created anew. All else stays, and is named. The connection is paused:
after resume, a sync decides anew, and does the same again if nothing was changed.

It shows first what it would do, and asks. Off a terminal and with --json it writes only with --yes.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			var run runNumber
			if len(args) == 2 {
				if err := run.Set(args[1]); err != nil {
					return usage(fmt.Errorf("%q: %w", args[1], err))
				}
			}
			return c.rollback(ctx, args[0], int64(run), yes, preview)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&preview, "preview", false, "only show what would be done")
	cmd.MarkFlagsMutuallyExclusive("yes", "preview")
	return cmd
}

// rollbackDocument is the JSON document of rollback.
type rollbackDocument struct {
	Connection string                `json:"connection"`
	Preview    bool                  `json:"preview,omitempty"` // nothing was written
	Rollback   *contactsync.Rollback `json:"rollback"`
	Exit       int                   `json:"exit"`
}

// rollback takes back a run of a connection, 0 for the last sync that wrote.
func (c *cli) rollback(ctx context.Context, id string, run int64, yes, preview bool) error {
	file, conns, err := c.loadChecked(ctx, []string{id})
	if err != nil {
		return err
	}
	conn := conns[0]
	store, done, err := file.openStore(ctx, true)
	if err != nil {
		return err
	}
	defer done()
	bar := c.newProgress(conn.doc.ID)
	defer bar.end()
	syncer, err := file.open(ctx, conn, store, contactsync.WithProgress(bar.show))
	if err != nil {
		return err
	}
	sure := yes
	if !yes {
		plan, err := syncer.PreviewRollback(ctx, run)
		bar.end()
		if err != nil {
			return c.notTakenBack(err, conn)
		}
		if !c.json {
			c.printRollback(conn, plan, "would be")
		}
		switch {
		case preview, !c.inTTY || !c.outTTY || c.json:
			return c.onlyShown(conn, plan, preview)
		default:
			if sure, err = c.agrees(ctx); err != nil {
				return failed(err)
			}
		}
		run = plan.Of // what was shown, and no other
	}
	if !sure {
		c.printf("nothing was written\n")
		return nil
	}
	back, err := syncer.Rollback(ctx, run)
	bar.end()
	if err != nil {
		return c.notTakenBack(err, conn)
	}
	exit := exitDone
	if len(back.Left) > 0 {
		exit = exitRecords
	}
	if c.json {
		c.printJSON(rollbackDocument{Connection: conn.doc.ID, Rollback: back, Exit: exit})
		return ended(exit)
	}
	c.printRollback(conn, back, "is")
	c.printf("  the connection is paused; change what was wrong, then %s: the next sync decides anew\n", c.next("resume", conn.doc.ID))
	return ended(exit)
}

// agrees asks a person whether to go on.
func (c *cli) agrees(ctx context.Context) (bool, error) {
	c.printf("Continue? [y/N] ")
	answer, err := c.answer(ctx)
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, err
	}
	return false, err
}

// onlyShown ends a preview. Where nobody could be asked, that is not what was asked for.
func (c *cli) onlyShown(conn configured, plan *contactsync.Rollback, asked bool) error {
	exit := exitHeld
	if asked {
		exit = exitDone
	}
	if c.json {
		c.printJSON(rollbackDocument{Connection: conn.doc.ID, Preview: true, Rollback: plan, Exit: exit})
		return ended(exit)
	}
	if !asked {
		c.printf("nothing was written, for nobody could be asked: %s\n", c.next("rollback", conn.doc.ID, fmt.Sprint(plan.Of), "--yes"))
	}
	return ended(exit)
}

// notTakenBack says why a rollback failed.
func (c *cli) notTakenBack(err error, conn configured) error {
	if errors.Is(err, contactsync.ErrNotKnown) || errors.Is(err, contactsync.ErrNothingWritten) {
		return usage(err)
	}
	return failed(errors.New(c.sayError(err, conn)))
}

// How much of a rollback is named: of its writes, and of the records that it leaves.
const (
	sampleWrites = 10
	leftShown    = 20
)

// printRollback prints what a rollback did, or would do.
func (c *cli) printRollback(conn configured, back *contactsync.Rollback, verb string) {
	names := labels(conn.doc)
	c.printf("%s: run %d %s taken back\n", c.paint(bold, conn.doc.ID), back.Of, verb)
	var rows [][]string
	for _, side := range contactsync.Sides {
		n := back.Counts[side]
		rows = append(rows, []string{side.String(), names[side], fmt.Sprintf("%d updated back", n.Updated),
			fmt.Sprintf("%d deleted again", n.Deleted), fmt.Sprintf("%d restored", n.Created)})
	}
	table(c.out, "  ", rows)
	if back.Unlinked > 0 {
		c.printf("  %s\n", count(back.Unlinked, "pair is parted again", "pairs are parted again"))
	}
	for i, w := range back.Writes {
		if i == sampleWrites {
			c.printf("  and %d more\n", len(back.Writes)-i)
			break
		}
		c.printWrite(names, w)
	}
	rows = nil
	for _, l := range back.Left[:min(len(back.Left), leftShown)] {
		what := "was " + map[string]string{"create": "created", "update": "updated", "delete": "deleted"}[l.Op]
		if len(l.Fields) > 0 {
			what += ": " + strings.Join(l.Fields, ", ")
		}
		rows = append(rows, []string{c.paint(yellow, "left:"), l.Side.String() + " " + printable(l.ID), what, printable(l.Reason)})
	}
	table(c.out, "  ", rows)
	if more := len(back.Left) - leftShown; more > 0 {
		c.printf("  and %d more; --json names all\n", more)
	}
}
