package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/contactsync/contactsync"
	"github.com/spf13/cobra"
)

func confirmCommand(c *cli) *cobra.Command {
	said := consent{}
	cmd := &cobra.Command{
		Use:   "confirm CONNECTION...",
		Short: "Consent to what the last sync held or halted for; the next sync does it",
		Long: `Consent to what the last sync held or halted for; the next sync does it.

The consent is for what you saw: name the run and the count that sync, plan or status showed. Without them you are
shown what waits and asked, on a terminal; elsewhere --yes says yes to whatever waits. If more waits by now, it is
refused, with what waits now.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			said.named = cmd.Flags().Changed("run") || cmd.Flags().Changed("count")
			if said.named && (said.run < 1 || said.count < 1 || len(args) > 1) {
				return usage(errors.New("name one connection, and both what you saw: --run N --count N"))
			}
			return c.eachByPerson(cmd.Context(), args, func(ctx context.Context, s *contactsync.Syncer, conn configured) (string, error) {
				return c.confirm(ctx, s, conn, said)
			})
		},
	}
	cmd.Flags().Var((*runNumber)(&said.run), "run", "the sync that you saw it of")
	cmd.Flags().IntVar(&said.count, "count", 0, "how many you saw, all in all")
	cmd.Flags().BoolVarP(&said.yes, "yes", "y", false, "do not ask")
	return cmd
}

// consent is what a person says on the command line.
type consent struct {
	named bool
	run   int64
	count int
	yes   bool
}

// confirm consents to what waits in one connection, as the person saw it.
func (c *cli) confirm(ctx context.Context, s *contactsync.Syncer, conn configured, said consent) (string, error) {
	status, err := s.Status(ctx)
	if err != nil {
		return "", err
	}
	seen := status.Waiting
	switch {
	case said.named:
		if total(seen) > said.count || len(seen) == 0 {
			return "", &contactsync.ConsentError{Waiting: seen}
		}
		for i := range seen {
			seen[i].Run = said.run
		}
	case len(seen) == 0:
		return "nothing waits for your consent", nil
	case !said.yes && (c.json || !c.inTTY || !c.outTTY):
		return "", usage(fmt.Errorf("say what you saw: --run %d --count %d; or --yes to whatever waits", seen[0].Run, total(seen)))
	case !said.yes:
		c.printf("%s:\n", c.paint(bold, conn.doc.ID))
		c.printWaits(conn.doc, seen)
		if yes, err := c.asks(ctx, ""); err != nil || !yes {
			return "not confirmed: you did not say yes", err
		}
	}
	if err := s.Confirm(ctx, seen...); err != nil {
		return "", err
	}
	return "confirmed; next: " + c.next("sync", conn.doc.ID), nil
}

// total returns how much waits, all in all.
func total(waiting []contactsync.Waiting) (n int) {
	for _, w := range waiting {
		n += w.Count
	}
	return n
}

func pauseCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "pause [CONNECTION...]",
		Short: "Pause connections; without names, all. A running sync stops before its next batch",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.eachByPerson(cmd.Context(), args, func(ctx context.Context, s *contactsync.Syncer, conn configured) (string, error) {
				return "paused; to go on: " + c.next("resume", conn.doc.ID), s.Pause(ctx)
			})
		},
	}
}

func resumeCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "resume [CONNECTION...]",
		Short: "Let paused connections sync again; without names, all",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.eachByPerson(cmd.Context(), args, func(ctx context.Context, s *contactsync.Syncer, conn configured) (string, error) {
				return "resumed; next: " + c.next("sync", conn.doc.ID), s.Resume(ctx)
			})
		},
	}
}

// verbResult is what became of a person's decision, as --json shows it.
type verbResult struct {
	Connection string `json:"connection"`
	Message    string `json:"message,omitempty"`
	Error      string `json:"error,omitempty"`
}

// codeOf returns the exit code of a decision that was not taken.
func codeOf(err error) int {
	var coded *codedError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &coded):
		return coded.code
	case errors.Is(err, contactsync.ErrOutdated):
		return exitHeld
	}
	return exitFailed
}

// eachByPerson carries out a person's decision about connections. No app is opened for it.
func (c *cli) eachByPerson(ctx context.Context, names []string, decide func(context.Context, *contactsync.Syncer, configured) (string, error)) error {
	file, conns, err := c.loadConfig(names)
	if err != nil {
		return err
	}
	if file.store == "memory" {
		return usage(errors.New("the store is memory, which keeps no decision; name a database as store"))
	}
	store, done, err := file.openStore(ctx, false)
	if err != nil {
		return err
	}
	defer done()
	results, code := []verbResult{}, exitDone
	for _, conn := range conns {
		result := verbResult{Connection: conn.doc.ID}
		syncer, err := file.look(ctx, conn, store)
		if err == nil {
			result.Message, err = decide(ctx, syncer, conn)
		}
		err = notThere(conn, err)
		if codeOf(err) == exitConfig {
			return err
		}
		if err != nil {
			result.Message, result.Error = "", err.Error()
			code = graver(code, codeOf(err))
		}
		results = append(results, result)
		if !c.json {
			c.printf("%s: %s\n", c.paint(bold, conn.doc.ID), fmt.Sprint(result.Message, c.paint(red, result.Error)))
		}
	}
	if c.json {
		c.printJSON(map[string]any{"connections": results, "exit": code})
	}
	return ended(code)
}
