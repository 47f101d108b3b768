package main

import (
	"context"
	"fmt"

	"github.com/contactsync/contactsync"
	"github.com/spf13/cobra"
)

func compareCommand(c *cli) *cobra.Command {
	limit := 20
	cmd := &cobra.Command{
		Use:   "compare CONNECTION",
		Short: "In shadow mode: what another tool wrote, against what this connection would have written",
		Long: `A connection with "shadow: true" plans every sync and writes nothing. Sync it, let the tool that does the work
today do its work, and sync again: compare says what became of the writes that were foreseen.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.compare(cmd.Context(), args[0], limit) },
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "how many writes that came otherwise, or not at all, are listed")
	return cmd
}

func (c *cli) compare(ctx context.Context, name string, limit int) error {
	return c.only(ctx, name, func(s *contactsync.Syncer, conn configured) error {
		result, err := s.Compare(ctx, "", 1<<30)
		if err != nil {
			return failed(fmt.Errorf("%s: %w", conn.doc.ID, err))
		}
		if c.json {
			c.printJSON(map[string]any{"connection": conn.doc.ID, "comparison": result})
			return nil
		}
		c.printComparison(conn, result, limit)
		return nil
	})
}

// printComparison prints the counts, and the writes that did not come as they were foreseen.
func (c *cli) printComparison(conn configured, result *contactsync.Comparison, limit int) {
	names := labels(conn.doc)
	n := result.Counts
	c.printf("%s: of the writes that sync %d foresaw\n", c.paint(bold, conn.doc.ID), result.Run)
	table(c.out, "  ", [][]string{
		{fmt.Sprint(n[contactsync.ComparedSame]), "were made just so"},
		{fmt.Sprint(n[contactsync.ComparedOtherwise]), "were made otherwise"},
		{fmt.Sprint(n[contactsync.ComparedMissing]), "were not made"},
	})
	for _, w := range result.Writes {
		if w.Outcome == contactsync.ComparedSame {
			continue
		}
		if limit--; limit < 0 {
			c.printf("  and more; --limit shows them\n")
			return
		}
		c.printf("  %s %s in %s: %s\n", w.Op, recordIDs(contactsync.RecordStatus{IDs: w.IDs}), names[w.Side],
			map[contactsync.ComparedOutcome]string{contactsync.ComparedOtherwise: "made otherwise", contactsync.ComparedMissing: "not made"}[w.Outcome])
		var rows [][]string
		for _, f := range w.Fields {
			rows = append(rows, []string{f.Field, "foreseen " + printable(f.Foreseen.String()), "now " + printable(f.Now.String())})
		}
		table(c.out, "    ", rows)
	}
}
