package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/spf13/cobra"
)

// suggestionsQuery says which suggestions are listed.
type suggestionsQuery struct {
	kind        string
	limit, page int
}

// suggestionKinds are the kinds as the flag names them.
var suggestionKinds = map[string]contactsync.SuggestionKind{"": "", "alike": contactsync.SuggestLink, "merge": contactsync.SuggestMerge}

func suggestionsCommand(c *cli) *cobra.Command {
	q := suggestionsQuery{limit: 50, page: 1}
	cmd := &cobra.Command{
		Use:   "suggestions [CONNECTION...]",
		Short: "List who may be one person, and what merges left over, for you to decide",
		Long: `suggestions lists pairs of records, one of each app, that look like one person, the likeliest first, with what
speaks for it (match.suggest_above in the configuration asks for them); and records that are left over because the
other app merged their counterpart into another one. Nothing is done about either until you decide.`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.suggestions(cmd.Context(), args, q) },
	}
	flags := cmd.Flags()
	flags.StringVar(&q.kind, "kind", "", "only of this kind: alike, merge")
	flags.IntVar(&q.limit, "limit", q.limit, "how many suggestions a page has at most")
	flags.IntVar(&q.page, "page", q.page, "which page of them")
	return cmd
}

// suggestionsResult is a page of suggestions, as --json shows it.
type suggestionsResult struct {
	Connection  string                   `json:"connection"`
	Suggestions []contactsync.Suggestion `json:"suggestions"`
	Page        int                      `json:"page"`
	More        bool                     `json:"more"`
}

// suggestions lists what is suggested, a page at a time.
func (c *cli) suggestions(ctx context.Context, names []string, q suggestionsQuery) error {
	if _, known := suggestionKinds[q.kind]; !known {
		return usage(fmt.Errorf("--kind: there is no kind %q, but alike and merge", q.kind))
	}
	if q.limit < 1 || q.page < 1 {
		return usage(errors.New("--limit and --page begin at 1"))
	}
	query := contactsync.SuggestionQuery{Kind: suggestionKinds[q.kind], Limit: q.limit}
	results := []suggestionsResult{}
	return c.eachLook(ctx, names, func(ctx context.Context, s *contactsync.Syncer, conn configured) error {
		list, more, err := pageAt(q.page, func(after string) ([]contactsync.Suggestion, string, error) {
			query.After = after
			return s.Suggestions(ctx, query)
		})
		if err != nil {
			return err
		}
		page := suggestionsResult{conn.doc.ID, list, q.page, more}
		results = append(results, page)
		if !c.json {
			c.printSuggestions(conn, page)
		}
		return nil
	}, func() any { return map[string]any{"connections": results} })
}

func (c *cli) printSuggestions(conn configured, page suggestionsResult) {
	c.printf("%s: %s\n", c.paint(bold, page.Connection), count(len(page.Suggestions), "suggestion", "suggestions"))
	var rows [][]string
	for _, s := range page.Suggestions {
		score, text := "", printable(strings.Join(s.Score.Evidence, ", "))
		switch {
		case s.Kind == contactsync.SuggestLink:
			score = fmt.Sprintf("%.2f", s.Score.Value)
		case s.Into == "":
			score, text = "merge", fmt.Sprintf("what %s was part of is gone from %s", printable(s.IDs[s.Side]), labels(conn.doc)[s.Side.Other()])
		default:
			score, text = "merge", fmt.Sprintf("merge %s into %s in %s, as was done in %s",
				printable(s.IDs[s.Side]), printable(s.Into), labels(conn.doc)[s.Side], labels(conn.doc)[s.Side.Other()])
		}
		rows = append(rows, []string{suggested(s, contactsync.A), suggested(s, contactsync.B), score, text})
	}
	table(c.out, "  ", rows)
	if page.More {
		c.printf("  more: --page %d\n", page.Page+1)
	}
}

// suggested names one record of a suggestion.
func suggested(s contactsync.Suggestion, side contactsync.Side) string {
	text := side.String() + " " + printable(s.IDs[side])
	if name := s.Names[side]; name != "" {
		text += " (" + printable(shorten(name, 30)) + ")"
	}
	return text
}

// printCommon says that some who may be alike are not looked for.
func (c *cli) printCommon(blocks int) {
	if blocks > 0 {
		c.printf("  %s of more than %d records of an app: who has nothing else in common is not suggested\n",
			count(blocks, "phone, name or the like is that", "phones, names or the like are those"), contactsync.BlockLimit)
	}
}

// printSuggested says how many suggestions wait for an answer.
func (c *cli) printSuggested(conn configured, counts map[contactsync.SuggestionKind]int) {
	if len(counts) == 0 {
		return
	}
	var parts []string
	if n := counts[contactsync.SuggestMerge]; n > 0 {
		parts = append(parts, count(n, "merge left a record over", "merges left records over"))
	}
	if n := counts[contactsync.SuggestLink]; n > 0 {
		parts = append(parts, count(n, "pair looks like one person", "pairs look like one person each"))
	}
	c.printf("  %s; to see them: %s\n", strings.Join(parts, ", "), c.next("suggestions", conn.doc.ID))
}
