package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/spf13/cobra"
)

func statusCommand(c *cli) *cobra.Command {
	q := recordsQuery{limit: 50}
	cmd := &cobra.Command{
		Use:   "status [CONNECTION...]",
		Short: "Show how the connections stand",
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("records") {
				return c.records(cmd.Context(), args, q)
			}
			return c.status(cmd.Context(), args)
		},
	}
	var known []string
	for _, s := range statusWords {
		known = append(known, s.status)
	}
	flags := cmd.Flags()
	flags.StringVar(&q.status, "records", "", "list the records of this status: "+strings.Join(known[1:], ", ")+"; or all, which are not in sync")
	flags.IntVar(&q.limit, "limit", q.limit, "how many records a page has")
	flags.IntVar(&q.page, "page", 1, "which page of the records")
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
	file, conns, err := c.loadConfig(names)
	if err != nil {
		return err
	}
	store, done, err := file.openStore(ctx, true)
	if err != nil {
		return err
	}
	defer done()
	results := []statusResult{}
	for _, conn := range conns {
		syncer, err := look(ctx, conn, store)
		if err != nil {
			return err
		}
		status, err := syncer.Status(ctx)
		if err != nil {
			return failed(fmt.Errorf("%s: %w", conn.doc.ID, err))
		}
		names := labels(conn.doc)
		results = append(results, statusResult{conn.doc.ID, names[0], names[1], status})
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
		table(c.out, "  ", rows)
	}
	rows = nil
	for _, s := range statusWords {
		rows = append(rows, []string{s.words, fmt.Sprint(r.Counts[s.status])})
	}
	last := "never"
	if !r.Last.IsZero() {
		last = r.Last.Local().Format(time.DateTime)
	}
	table(c.out, "  ", append(rows, []string{"last sync", last}))
	c.printReasons(r.Status)
	c.printSuggested(conn, r.Suggestions)
	c.printWaiting(conn.doc, r.Waiting)
	switch r.State {
	case contactsync.StateDraft:
		c.printf("  next: %s\n", c.next("sync", r.Connection))
	case contactsync.StatePaused:
		c.printf("  next: %s\n", c.next("resume", r.Connection))
	}
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
	for _, w := range waiting {
		text := w.Text()
		if w.Halts() {
			text = labels(doc)[w.Side] + ": " + text
		}
		c.printf("  %s %s\n", c.paint(yellow, "waiting:"), text)
	}
	c.printf("  if that is what you want: %s, then %s\n", c.next("confirm", doc.ID), c.next("sync", doc.ID))
}

// recordsQuery says which records are listed.
type recordsQuery struct {
	status      string
	limit, page int
}

// recordsResult is a page of records, as --json shows it.
type recordsResult struct {
	Connection string                     `json:"connection"`
	Records    []contactsync.RecordStatus `json:"records"`
	Page       int                        `json:"page"`
	More       bool                       `json:"more"`
}

// records lists the records of a status, a page at a time.
func (c *cli) records(ctx context.Context, names []string, q recordsQuery) error {
	all := q.status == "all"
	if !all && (statusIn(q.status) == q.status && q.status != contactsync.StatusPending && q.status != contactsync.StatusExcluded && q.status != contactsync.StatusFailed) {
		return usage(fmt.Errorf("--records: there is no status %q", q.status))
	}
	if q.status == contactsync.StatusInSync {
		return usage(errors.New("--records: what is in sync is counted, not listed"))
	}
	if q.limit < 1 || q.page < 1 {
		return usage(errors.New("--limit and --page begin at 1"))
	}
	if all {
		q.status = ""
	}
	file, conns, err := c.loadConfig(names)
	if err != nil {
		return err
	}
	store, done, err := file.openStore(ctx, true)
	if err != nil {
		return err
	}
	defer done()
	results := []recordsResult{}
	for _, conn := range conns {
		page, err := recordsPage(ctx, conn, store, q)
		if err != nil {
			return failed(fmt.Errorf("%s: %w", conn.doc.ID, err))
		}
		results = append(results, page)
		if !c.json {
			c.printRecords(page)
		}
	}
	if c.json {
		c.printJSON(map[string]any{"connections": results})
	}
	return nil
}

// recordsPage reads the pages up to the one that is asked for.
func recordsPage(ctx context.Context, conn configured, store contactsync.Store, q recordsQuery) (recordsResult, error) {
	out := recordsResult{Connection: conn.doc.ID, Records: []contactsync.RecordStatus{}, Page: q.page}
	syncer, err := look(ctx, conn, store)
	if err != nil {
		return out, err
	}
	after := ""
	for n := 1; ; n++ {
		page, next, err := syncer.Records(ctx, contactsync.RecordQuery{Status: q.status, After: after, Limit: q.limit})
		if err != nil {
			return out, err
		}
		if n == q.page {
			out.Records, out.More = append(out.Records, page...), next != ""
			return out, nil
		}
		if next == "" {
			return out, nil
		}
		after = next
	}
}

func (c *cli) printRecords(page recordsResult) {
	c.printf("%s: %s\n", c.paint(bold, page.Connection), count(len(page.Records), "record", "records"))
	var rows [][]string
	for _, r := range page.Records {
		text := inWords(r.Reason)
		if r.Message != "" {
			text = r.Message
		}
		rows = append(rows, []string{recordIDs(r), statusIn(r.Status), printable(text)})
	}
	table(c.out, "  ", rows)
	if page.More {
		c.printf("  more: --page %d\n", page.Page+1)
	}
}
