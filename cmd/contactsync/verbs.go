package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/contactsync/contactsync"
	"github.com/spf13/cobra"
)

func confirmCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "confirm CONNECTION...",
		Short: "Consent to what the last sync held or halted for; the next sync does it",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.eachByPerson(cmd.Context(), args, func(ctx context.Context, s *contactsync.Syncer, conn configured) (string, error) {
				before, err := s.Status(ctx)
				if err != nil {
					return "", err
				}
				if len(before.Waiting) == 0 {
					return "nothing waits for your consent", nil
				}
				if err := s.Confirm(ctx); err != nil {
					return "", err
				}
				return "confirmed; next: " + c.next("sync", conn.doc.ID), nil
			})
		},
	}
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
		syncer, err := look(ctx, conn, store)
		if err == nil {
			result.Message, err = decide(ctx, syncer, conn)
		}
		if err != nil {
			result.Message, result.Error = "", err.Error()
			code = exitFailed
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
