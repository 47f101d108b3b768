package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
	"github.com/spf13/cobra"
)

func historyCommand(c *cli) *cobra.Command {
	q := contactsync.HistoryQuery{Limit: 20}
	record := ""
	cmd := &cobra.Command{
		Use:   "history CONNECTION",
		Short: "Show what was written, when and why, newest first: of a run, of a record, or of all",
		Example: `  contactsync history phone-crm
  contactsync history phone-crm --run 3
  contactsync history phone-crm --record a:ann.vcf`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if record != "" {
				if q.Side, q.ID, err = recordArg(record); err != nil {
					return err
				}
			}
			return c.eachLookQuiet(cmd.Context(), args[:1], func(ctx context.Context, s *contactsync.Syncer, conn configured) error {
				return c.history(ctx, s, conn, q, record)
			})
		},
	}
	flags := cmd.Flags()
	flags.Var((*runNumber)(&q.Run), "run", "only what this run wrote; runs lists them")
	flags.StringVar(&record, "record", "", "only what was written to this record or its counterpart, as SIDE:ID")
	flags.IntVar(&q.Limit, "limit", q.Limit, "how many are shown")
	flags.StringVar(&q.After, "after", "", "go on behind this place, which the page before ended with")
	cmd.MarkFlagsMutuallyExclusive("run", "record")
	return cmd
}

func runsCommand(c *cli) *cobra.Command {
	limit, before := 20, int64(0)
	cmd := &cobra.Command{
		Use:   "runs CONNECTION",
		Short: "List the syncs and rollbacks of a connection, newest first",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.eachLookQuiet(cmd.Context(), args[:1], func(ctx context.Context, s *contactsync.Syncer, conn configured) error {
				return c.runs(ctx, s, conn, before, limit)
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "how many are shown")
	cmd.Flags().Var((*runNumber)(&before), "before", "go on before this run")
	return cmd
}

// historyDocument is the JSON document of history.
type historyDocument struct {
	Connection string                     `json:"connection"`
	History    []contactsync.HistoryEntry `json:"history"`
	Next       string                     `json:"next,omitempty"` // for --after
}

func (c *cli) history(ctx context.Context, s *contactsync.Syncer, conn configured, q contactsync.HistoryQuery, record string) error {
	doc := historyDocument{Connection: conn.doc.ID, History: []contactsync.HistoryEntry{}}
	page, next, err := s.History(ctx, q)
	if err != nil {
		return err
	}
	doc.History, doc.Next = append(doc.History, page...), next
	if c.json {
		c.printJSON(doc)
		return nil
	}
	if len(page) == 0 {
		c.printf("%s: nothing was written\n", c.paint(bold, conn.doc.ID))
	}
	for _, e := range page {
		c.printEntry(labels(conn.doc), e)
	}
	if next != "" {
		args := []string{"history", conn.doc.ID}
		if q.Run != 0 {
			args = append(args, "--run", fmt.Sprint(q.Run))
		}
		if record != "" {
			args = append(args, "--record", record)
		}
		c.printf("older: %s\n", c.next(append(args, "--after", next)...))
	}
	return nil
}

// printEntry prints one write of the past: each field before and after, and why.
func (c *cli) printEntry(names [2]string, e contactsync.HistoryEntry) {
	if e.Decision != "" {
		who, what := "a person", otherwise(because(e.Reason("")), string(e.Decision))
		if e.TakesBack != 0 {
			who = fmt.Sprintf("the rollback of run %d", e.TakesBack)
		}
		c.printf("%s  %s: %s", when(e.At), who, printable(what))
		for _, s := range contactsync.Sides {
			if e.IDs[s] != "" {
				c.printf("; %s in %s", printable(e.IDs[s]), names[s])
			}
		}
		c.printf("\n")
		return
	}
	verb := map[string]string{"create": c.paint(green, "created"), "update": c.paint(yellow, "updated"), "delete": c.paint(red, "deleted"), "link": "linked anew"}[e.Op]
	if e.Foreseen {
		verb = c.paint(dim, "would "+e.Op)
	}
	if e.Refused != "" {
		verb = c.paint(red, "did not "+e.Op)
	}
	c.printf("%s  run %d  %s %s in %s", when(e.At), e.Run, verb, printable(otherwise(e.ID(), "a record")), names[e.Side])
	if other := e.IDs[e.Side.Other()]; other != "" {
		c.printf(" (%s in %s)", printable(other), names[e.Side.Other()])
	}
	if why := e.Reason(""); why.Because != "" {
		c.printf(": %s", because(why))
	}
	c.printf("\n")
	var rows [][]string
	for _, name := range fieldsOf(e) {
		was, is := shown(e.Before[name]), shown(e.After[name])
		reason := ""
		if _, own := e.Why[name]; own {
			reason = because(e.Why[name])
		}
		for _, altered := range e.Altered {
			if altered == name {
				reason = strings.TrimPrefix(reason+"; the app made something else of it", "; ")
			}
		}
		rows = append(rows, []string{name, was + " -> " + is, reason})
	}
	table(c.out, "    ", rows)
	if e.Refused != "" {
		c.printf("    %s\n", printable(e.Refused))
	}
	if e.Recovered {
		c.printf("    its answer was lost; the app showed afterwards that it had landed\n")
	}
}

// fieldsOf returns the fields that an entry of the history shows, sorted.
func fieldsOf(e contactsync.HistoryEntry) []string {
	all := contact.Fields{}
	for name, v := range e.Before {
		all[name] = v
	}
	for name, v := range e.After {
		all[name] = v
	}
	return all.Names()
}

func otherwise(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}

// when is a time for a person to read.
func when(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

func (c *cli) runs(ctx context.Context, s *contactsync.Syncer, conn configured, before int64, limit int) error {
	page, next, err := s.Runs(ctx, before, limit)
	if err != nil {
		return err
	}
	if c.json {
		c.printJSON(struct {
			Connection string                  `json:"connection"`
			Runs       []contactsync.RunReport `json:"runs"`
			Next       int64                   `json:"next,omitempty"` // for --before
		}{conn.doc.ID, append([]contactsync.RunReport{}, page...), next})
		return nil
	}
	if len(page) == 0 {
		c.printf("%s: never synced\n", c.paint(bold, conn.doc.ID))
	}
	names := labels(conn.doc)
	var rows [][]string
	for _, r := range page {
		rows = append(rows, []string{fmt.Sprintf("run %d", r.Run), when(r.Started), wroteWords(names[0], r.Counts[0]), wroteWords(names[1], r.Counts[1]), runWords(r, names)})
	}
	table(c.out, "  ", rows)
	if next != 0 {
		c.printf("older: %s\n", c.next("runs", conn.doc.ID, "--before", fmt.Sprint(next)))
	}
	return nil
}

// wroteWords says what was written in one app.
func wroteWords(app string, n contactsync.Counts) string {
	if n.Sum() == 0 {
		return app + ": nothing"
	}
	return fmt.Sprintf("%s: %d created, %d updated, %d deleted", app, n.Created, n.Updated, n.Deleted)
}

// runWords says how a run went.
func runWords(r contactsync.RunReport, names [2]string) string {
	var parts []string
	if r.TookBack != 0 {
		parts = append(parts, fmt.Sprintf("took run %d back", r.TookBack))
	}
	switch {
	case r.Error != "":
		parts = append(parts, r.Error)
	case r.Died:
		parts = append(parts, "it died; the next run went on from there")
	case r.Ended.IsZero():
		parts = append(parts, "it is running, or has died")
	}
	if r.TakenBack != 0 {
		parts = append(parts, fmt.Sprintf("taken back by run %d", r.TakenBack))
	}
	for _, w := range r.Waiting {
		parts = append(parts, w.TextFor(names))
	}
	return strings.Join(parts, "; ")
}
