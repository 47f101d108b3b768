package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/contactsync/contactsync"
	"github.com/spf13/cobra"
)

// errUnasked says that a person must be asked, and nobody can be.
var errUnasked = errors.New("this cannot be taken back, and nobody can be asked here; if it is what you want: --yes")

// errUnsaid says that a person was asked and did not say yes.
var errUnsaid = errors.New("you did not say yes; nothing was done")

// sure asks a person, unless they have said yes already.
func (c *cli) sure(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	if c.json || !c.inTTY || !c.outTTY {
		return usage(errUnasked)
	}
	said, err := c.asks(ctx, question)
	if err == nil && !said {
		err = errUnsaid
	}
	return err
}

func forgetCommand(c *cli) *cobra.Command {
	yes := false
	cmd := c.ofOne("forget CONNECTION SIDE:ID", "Erase all that is known of a person, and never sync them again; the apps are not touched", cobra.ExactArgs(2),
		func(ctx context.Context, s *contactsync.Syncer, conn configured, args []string) (string, error) {
			side, id, err := recordArg(args[0])
			if err != nil {
				return "", err
			}
			known, err := s.Export(ctx, side, id)
			if errors.Is(err, contactsync.ErrNotKnown) {
				return "", fmt.Errorf("%w: %s in %s", contactsync.ErrNotKnown, id, side)
			}
			if err != nil {
				return "", err
			}
			who := args[0]
			if known.Status.Name != "" {
				who = known.Status.Name + " (" + who + ")"
			}
			question := fmt.Sprintf("%s: what was read of %s is erased, and with it the history. They are not synced again.", conn.doc.ID, printable(who))
			if err := c.sure(ctx, yes, question); err != nil {
				return "", err
			}
			return "forgotten; the apps still have the person. To sync them again: " + c.next("unforget", conn.doc.ID, args[0]), s.Forget(ctx, side, id)
		})
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func unforgetCommand(c *cli) *cobra.Command {
	return c.ofOne("unforget CONNECTION SIDE:ID", "Let a person sync again who was forgotten", cobra.ExactArgs(2),
		func(ctx context.Context, s *contactsync.Syncer, conn configured, args []string) (string, error) {
			side, id, err := recordArg(args[0])
			if err != nil {
				return "", err
			}
			return c.carriedOut(conn, "the person is synced again"), s.Unforget(ctx, side, id)
		})
}

func exportCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "export CONNECTION SIDE:ID",
		Short: "Show all that is known of a person; with --json, every row of the store about them",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			side, id, err := recordArg(args[1])
			if err != nil {
				return err
			}
			var known *contactsync.Dossier
			return c.eachLook(cmd.Context(), args[:1], func(ctx context.Context, s *contactsync.Syncer, conn configured) error {
				if known, err = s.Export(ctx, side, id); err == nil && !c.json {
					c.printDossier(known)
				}
				return err
			}, func() any { return known })
		},
	}
}

func (c *cli) printDossier(d *contactsync.Dossier) {
	c.printf("%s: %s\n", c.paint(bold, printable(d.Status.Name)), statusIn(d.Status.Status))
	for _, rec := range d.Records {
		gone := ""
		if rec.Gone {
			gone = ", gone from the app"
		}
		c.printf("  %s:%s%s\n", rec.Side, printable(rec.ID), gone)
		var rows [][]string
		for _, name := range rec.Fields.Names() {
			rows = append(rows, []string{name, printable(rec.Fields[name].String())})
		}
		table(c.out, "    ", rows)
	}
	kinds := map[contactsync.Table]int{}
	for _, row := range d.Rows {
		kinds[row.Table]++
	}
	c.printf("  and %s, %s; all of it: --json\n", count(kinds[contactsync.TableJournal], "entry of the history", "entries of the history"),
		count(kinds[contactsync.TableHold], "decision", "decisions"))
}

func pruneCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "prune [CONNECTION...]",
		Short: "Remove old history now, as far as it is not kept (history, 90d by default); every sync removes some",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.eachByPerson(cmd.Context(), args, func(ctx context.Context, s *contactsync.Syncer, _ configured) (string, error) {
				n, err := s.Prune(ctx)
				return count(n, "entry of the history was removed", "entries of the history were removed"), err
			})
		},
	}
}

func deleteCommand(c *cli) *cobra.Command {
	yes := false
	cmd := c.ofOne("delete CONNECTION", "Erase all that is known of a connection; the apps are not touched, and nothing is undone", cobra.ExactArgs(1),
		func(ctx context.Context, s *contactsync.Syncer, conn configured, _ []string) (string, error) {
			question := conn.doc.ID + ": all that is known of the connection is erased, its history and every decision. Both apps stay as they are."
			if err := c.sure(ctx, yes, question); err != nil {
				return "", err
			}
			return "deleted; take it out of " + c.configPath + ", or the next sync begins from the start", s.Delete(ctx)
		})
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
