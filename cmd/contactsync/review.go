package main

import (
	"context"

	"github.com/contactsync/contactsync"
	"github.com/spf13/cobra"
)

func reviewCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "review [CONNECTION...]",
		Short: "Show what to know before a sync: what the rules say, warnings, and what would happen. Nothing is written to an app",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			return c.review(ctx, args)
		},
	}
}

// reviewResult is the review of one connection, as --json shows it.
type reviewResult struct {
	visited
	Review *contactsync.Review `json:"review,omitempty"`
}

func (c *cli) review(ctx context.Context, names []string) error {
	return each(ctx, c, names, false, c.reviewOne, func(conn configured, r reviewResult) {
		c.printf("%s: %s\n", c.paint(bold, conn.doc.ID), stateWords(r.Review.State))
		c.printReview(conn, r.Review)
		c.printf("  next: %s\n", c.next("sync", conn.doc.ID))
	})
}

func (c *cli) reviewOne(ctx context.Context, file *configFile, conn configured, store contactsync.Store) reviewResult {
	result := reviewResult{visited: visit(conn)}
	bar := c.newProgress(conn.doc.ID)
	defer bar.end()
	syncer, err := file.open(ctx, conn, store, contactsync.WithProgress(bar.show))
	if err == nil {
		result.Review, err = syncer.Review(ctx)
	}
	switch {
	case err != nil:
		result.Error, result.Exit = c.sayError(err, conn), exitFailed
	case !result.Review.Ready():
		result.Exit = exitConfig
	case len(result.Review.Forecast.Waiting) > 0:
		result.Exit = exitHeld
	}
	return result
}

// printReview prints what the rules say, what must be mended, what to know, and what would happen.
func (c *cli) printReview(conn configured, r *contactsync.Review) {
	for _, rule := range r.Rules {
		c.printf("  %s\n", printable(rule))
	}
	for _, f := range r.Faults {
		c.printf("  %s %s\n", c.paint(red, "must be mended:"), printable(f.String()))
	}
	for _, w := range r.Warnings {
		c.printf("  %s %s\n", c.paint(yellow, "know:"), printable(w.Message))
		c.printf("        %s\n", c.paint(dim, printable(w.Advice)))
	}
	if r.Forecast == nil {
		return
	}
	if len(r.Forecast.Effects) == 0 {
		c.printf("  a sync would do nothing\n")
	}
	c.printEffects(labels(conn.doc), r.Forecast.Effects)
	c.printWaiting(conn.doc, r.Forecast.Waiting)
}

// printEffects prints what would happen, each kind with its first few records.
func (c *cli) printEffects(names [2]string, effects []contactsync.Effect) {
	for _, e := range effects {
		c.printf("  %s\n", printable(e.Text(names)))
		var rows [][]string
		for _, s := range e.Samples {
			id := shorten(printable(s.ID), maxShown)
			if len(s.Fields) == 0 {
				rows = append(rows, []string{id, printable(s.Name)})
			}
			for i, f := range s.Fields {
				if i == 1 {
					id, s.Name = "", ""
				}
				row := []string{id, printable(s.Name), f.Field, shown(f.Before) + " -> " + shown(f.After), because(f.Why)}
				if e.Kind == contactsync.EffectCreate { // it was empty, and is made from the other app's
					row[3], row[4] = shown(f.After), ""
				}
				rows = append(rows, row)
			}
		}
		table(c.out, "      ", rows)
		if more := e.Count - len(e.Samples); more > 0 && len(e.Samples) > 0 {
			c.printf("      and %d more\n", more)
		}
	}
}
