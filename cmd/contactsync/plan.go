package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
	"github.com/spf13/cobra"
)

func planCommand(c *cli) *cobra.Command {
	limit := 20
	cmd := &cobra.Command{
		Use:   "plan [CONNECTION...]",
		Short: "Show what a sync would write, and why; nothing is written to an app",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			return c.plan(ctx, args, limit)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "how many writes of a connection are shown; 0 for all")
	return cmd
}

// planResult is the plan of one connection, as --json shows it.
type planResult struct {
	visited
	Plan *contactsync.Plan `json:"plan,omitempty"`
}

func (c *cli) plan(ctx context.Context, names []string, limit int) error {
	return each(ctx, c, names, false, c.planOne, func(conn configured, r planResult) {
		c.printf("%s: %s\n", c.paint(bold, conn.doc.ID), planned(r.Plan))
		c.printPlan(conn, r.Plan, limit)
	})
}

func (c *cli) planOne(ctx context.Context, file *configFile, conn configured, store contactsync.Store) planResult {
	result := planResult{visited: visit(conn)}
	bar := c.newProgress(conn.doc.ID)
	defer bar.end()
	syncer, err := file.open(ctx, conn, store, contactsync.WithProgress(bar.show))
	if err == nil {
		result.Plan, err = syncer.Preview(ctx)
	}
	switch {
	case err != nil:
		result.Error, result.Exit = c.sayError(err, conn), exitFailed
	case len(result.Plan.Waiting) > 0:
		result.Exit = exitHeld
	}
	return result
}

// planned says in a few words what a sync would do.
func planned(plan *contactsync.Plan) string {
	text := count(len(plan.Writes), "write", "writes")
	if slices.ContainsFunc(plan.Waiting, contactsync.Waiting.Halts) {
		return "nothing would be written without your consent; with it: " + text
	}
	return text
}

// printPlan prints the counts of a plan and its first writes; limit 0 means all.
func (c *cli) printPlan(conn configured, plan *contactsync.Plan, limit int) {
	names := labels(conn.doc)
	var rows [][]string
	for _, side := range contactsync.Sides {
		n := plan.Counts[side]
		rows = append(rows, []string{side.String(), names[side],
			fmt.Sprintf("%d to create", n.Created), fmt.Sprintf("%d to update", n.Updated), fmt.Sprintf("%d to delete", n.Deleted)})
	}
	table(c.out, "  ", rows)
	if plan.Reconfigured {
		c.printReconfigured(names, plan.Effects)
	}
	shown := plan.Writes
	if limit > 0 && len(shown) > limit {
		shown = shown[:limit]
	}
	for _, w := range shown {
		c.printWrite(names, w)
	}
	if more := len(plan.Writes) - len(shown); more > 0 {
		c.printf("  and %d more; %s --limit 0 shows all\n", more, c.next("plan", conn.doc.ID))
	}
	if n := len(plan.Suggestions); n > 0 {
		c.printf("  %s, to be linked before the first sync rather than after; %s --json shows them\n",
			count(n, "pair looks like one person", "pairs look like one person each"), c.next("plan", conn.doc.ID))
	}
	c.printWaiting(conn.doc, plan.Waiting)
}

// printReconfigured says what an edit of the configuration does; the writes themselves follow it.
func (c *cli) printReconfigured(names [2]string, effects []contactsync.Effect) {
	c.printf("  the configuration has changed since the last sync; with it\n")
	if len(effects) == 0 {
		c.printf("    nobody enters or leaves, and nothing changes\n")
	}
	for _, e := range effects {
		c.printf("    %s\n", printable(e.Text(names)))
		var rows [][]string
		for _, s := range e.Samples {
			if e.Kind == contactsync.EffectEnter || e.Kind == contactsync.EffectLeave { // the others are seen by their writes
				rows = append(rows, []string{shorten(printable(s.ID), maxShown), printable(s.Name)})
			}
		}
		table(c.out, "      ", rows)
	}
}

// printWrite prints one write: each field before and after, and why.
func (c *cli) printWrite(names [2]string, w contactsync.PlannedWrite) {
	id := printable(w.ID)
	switch w.Op {
	case "create":
		c.printf("  %s in %s, from %s of %s\n", c.paint(green, "create"), names[w.Side], id, names[w.Side.Other()])
	case "delete":
		c.printf("  %s %s of %s: %s\n", c.paint(red, "delete"), id, names[w.Side], w.Why[""].Because)
		return
	default:
		c.printf("  %s %s of %s\n", c.paint(yellow, "update"), id, names[w.Side])
	}
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(w.After)) {
		rows = append(rows, []string{name, shown(w.Before[name]) + " -> " + shown(w.After[name]), because(w.Why[name])})
	}
	table(c.out, "      ", rows)
}

// because says why a field is written.
func because(why contactsync.Why) string {
	text := why.Because
	switch {
	case why.Rule != "":
		text += " (rule " + why.Rule + ")"
	case why.Mapping != "":
		text += " (mapping " + why.Mapping + ")"
	}
	if !why.Lost.Absent() && !why.Lost.Blank() {
		text += "; lost: " + shown(why.Lost)
	}
	return printable(text)
}

// maxShown is how many characters of a value are shown.
const maxShown = 60

// shown returns a value for a person to read.
func shown(v contact.Value) string {
	text := ""
	switch v.Kind() {
	case contact.KindAbsent, contact.KindEmpty:
		return "(nothing)"
	case contact.KindSet:
		text = strings.Join(v.Elements(), ", ")
	case contact.KindList:
		var parts []string
		for _, e := range v.Entries() {
			part := shown(e.Value)
			if e.Type != "" {
				part += " (" + e.Type + ")"
			}
			parts = append(parts, part)
		}
		text = strings.Join(parts, ", ")
	case contact.KindAddress:
		var parts []string
		for _, name := range contact.AddressParts {
			if p := v.Address().Part(name); p != "" {
				parts = append(parts, p)
			}
		}
		text = strings.Join(parts, ", ")
	default:
		text = v.Str()
	}
	return shorten(printable(cmp.Or(text, "(nothing)")), maxShown)
}
