package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/spf13/cobra"
)

// recordsQuery says which records are listed.
type recordsQuery struct {
	status, reason string
	wrote          string
	run            int64
	in             string
	limit, page    int
}

func recordsCommand(c *cli) *cobra.Command {
	q := recordsQuery{}
	cmd := &cobra.Command{
		Use:   "records [CONNECTION...]",
		Short: "List the records behind a number of the status, with why and what to do",
		RunE:  func(cmd *cobra.Command, args []string) error { return c.records(cmd.Context(), args, q) },
	}
	flags := cmd.Flags()
	flags.StringVar(&q.status, "status", "all", "of this status: "+strings.Join(statuses(), ", ")+"; or all that are not in sync")
	flags.StringVar(&q.reason, "reason", "", "of this reason only, such as "+contactsync.ReasonNoKey)
	flags.StringVar(&q.wrote, "wrote", "", "instead, what was written: created, updated or deleted")
	flags.Var((*runNumber)(&q.run), "run", "with --wrote: by this run")
	flags.StringVar(&q.in, "in", "", "with --wrote: in a or b")
	flags.IntVar(&q.limit, "limit", 50, "how many records a page has")
	flags.IntVar(&q.page, "page", 1, "which page of the records")
	return cmd
}

func statuses() (all []string) {
	for _, s := range statusWords {
		all = append(all, s.status)
	}
	return all
}

// query returns what the library is asked.
func (q *recordsQuery) query() (contactsync.RecordQuery, error) {
	out := contactsync.RecordQuery{Status: q.status, Reason: q.reason, Run: q.run, In: q.in, Limit: q.limit}
	op := map[string]string{"": "", "created": "create", "updated": "update", "deleted": "delete"}
	out.Op = op[q.wrote]
	_, known := op[q.wrote]
	switch {
	case q.limit < 1 || q.page < 1:
		return out, errors.New("--limit and --page begin at 1")
	case !known:
		return out, fmt.Errorf("--wrote: there is no %q, but created, updated and deleted", q.wrote)
	case q.wrote == "" && (q.run != 0 || q.in != ""):
		return out, errors.New("--run and --in are for what was written: name it with --wrote")
	case q.in != "" && q.in != "a" && q.in != "b":
		return out, errors.New("--in is a or b")
	case q.status == "all":
		out.Status = ""
	case !slices.Contains(statuses(), q.status):
		return out, fmt.Errorf("--status: there is no status %q, but %s, and all", q.status, strings.Join(statuses(), ", "))
	}
	if out.Status == "" && q.reason != "" {
		return out, errors.New("--reason: name its --status, too")
	}
	return out, nil
}

// recordsResult is a page of records, as --json shows it.
type recordsResult struct {
	Connection string                     `json:"connection"`
	Records    []contactsync.RecordStatus `json:"records"`
	Page       int                        `json:"page"`
	More       bool                       `json:"more"`
}

// records lists records, a page at a time.
func (c *cli) records(ctx context.Context, names []string, q recordsQuery) error {
	query, err := q.query()
	if err != nil {
		return usage(err)
	}
	results := []recordsResult{}
	return c.eachLook(ctx, names, func(ctx context.Context, s *contactsync.Syncer, conn configured) error {
		list, more, err := pageAt(q.page, func(after string) ([]contactsync.RecordStatus, string, error) {
			query.After = after
			return s.Records(ctx, query)
		})
		if err != nil {
			return err
		}
		page := recordsResult{conn.doc.ID, list, q.page, more}
		results = append(results, page)
		if !c.json {
			c.printRecords(page, query.Op != "")
		}
		return nil
	}, func() any { return map[string]any{"connections": results} })
}

// pageAt reads the pages up to the one with this number, and says whether more follow.
func pageAt[R any](number int, read func(after string) ([]R, string, error)) (page []R, more bool, err error) {
	for after, n := "", 1; ; n++ {
		page, next, err := read(after)
		switch {
		case err != nil:
			return nil, false, err
		case n == number:
			return append([]R{}, page...), next != "", nil
		case next == "":
			return []R{}, false, nil
		}
		after = next
	}
}

func (c *cli) printRecords(page recordsResult, written bool) {
	c.printf("%s: %s\n", c.paint(bold, page.Connection), count(len(page.Records), "record", "records"))
	var rows [][]string
	for _, r := range page.Records {
		row := []string{recordIDs(r), printable(shorten(r.Name, 30)), printable(shorten(r.Key, 40)), statusIn(r.Status)}
		if written {
			row = append(row, fmt.Sprintf("in %s by run %d, %s", r.Side, r.Run, r.At.Local().Format(time.DateTime)))
		} else {
			row = append(row, printable(reasonOf(r)))
		}
		rows = append(rows, row)
	}
	table(c.out, "  ", rows)
	if page.More {
		c.printf("  more: --page %d\n", page.Page+1)
	}
}

// reasonOf says why a record stands as it does, and what to do.
func reasonOf(r contactsync.RecordStatus) string {
	text := r.Message
	if text == "" {
		text = inWords(r.Reason)
	}
	if r.Do != "" && !strings.Contains(text, r.Do) {
		text += "; to do: " + r.Do
	}
	return text
}
