package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
	"github.com/spf13/cobra"
)

// recordArg reads the name of a record, SIDE:ID.
func recordArg(text string) (contactsync.Side, string, error) {
	side, id, ok := strings.Cut(text, ":")
	for _, s := range contactsync.Sides {
		if ok && side == s.String() && id != "" {
			return s, id, nil
		}
	}
	return 0, "", usage(fmt.Errorf("%q names no record; write a:ID or b:ID", text))
}

// pairArgs reads the names of two records, one of each side.
func pairArgs(args []string) (ids [2]string, err error) {
	for _, arg := range args {
		s, id, err := recordArg(arg)
		if err != nil {
			return ids, err
		}
		ids[s] = id
	}
	if ids[contactsync.A] == "" || ids[contactsync.B] == "" {
		return ids, usage(errors.New("name one record of each side: a:ID b:ID"))
	}
	return ids, nil
}

// ofOne returns the connection and the records that a command names behind it.
func (c *cli) ofOne(use, short string, args cobra.PositionalArgs, run func(ctx context.Context, s *contactsync.Syncer, conn configured, args []string) (string, error)) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.eachByPerson(cmd.Context(), args[:1], func(ctx context.Context, s *contactsync.Syncer, conn configured) (string, error) {
				return run(ctx, s, conn, args[1:])
			})
		},
	}
}

// carriedOut says that the next sync does what was decided.
func (c *cli) carriedOut(conn configured, did string) string {
	return did + "; next: " + c.next("sync", conn.doc.ID)
}

func linkCommand(c *cli) *cobra.Command {
	move := false
	cmd := c.ofOne("link CONNECTION a:ID b:ID", "Make two records a pair, whatever their keys say", cobra.ExactArgs(3),
		func(ctx context.Context, s *contactsync.Syncer, conn configured, args []string) (string, error) {
			ids, err := pairArgs(args)
			if err != nil {
				return "", err
			}
			link := s.Link
			if move {
				link = s.Move
			}
			err = link(ctx, ids[contactsync.A], ids[contactsync.B])
			var partner *contactsync.PartnerError
			if errors.As(err, &partner) {
				return "", fmt.Errorf("%w; to do that: --move", err)
			}
			return c.carriedOut(conn, "the two will be linked"), err
		})
	cmd.Flags().BoolVar(&move, "move", false, "even if one of them has a partner, which is left without one")
	return cmd
}

func separateCommand(c *cli) *cobra.Command {
	return c.ofOne("separate CONNECTION a:ID b:ID", "End a pair; the two are never linked again by themselves", cobra.ExactArgs(3),
		func(ctx context.Context, s *contactsync.Syncer, conn configured, args []string) (string, error) {
			ids, err := pairArgs(args)
			if err != nil {
				return "", err
			}
			return c.carriedOut(conn, "the two will be separated"), s.Separate(ctx, ids[contactsync.A], ids[contactsync.B])
		})
}

func createCommand(c *cli) *cobra.Command {
	return c.ofOne("create CONNECTION SIDE:ID", "Have a record created on the other side that is a duplicate, has no key or is held", cobra.ExactArgs(2),
		func(ctx context.Context, s *contactsync.Syncer, conn configured, args []string) (string, error) {
			side, id, err := recordArg(args[0])
			if err != nil {
				return "", err
			}
			return c.carriedOut(conn, "it will be created in "+labels(conn.doc)[side.Other()]), s.Create(ctx, side, id)
		})
}

func withdrawCommand(c *cli) *cobra.Command {
	return c.ofOne("withdraw CONNECTION SIDE:ID", "Take back what was decided about a record and still stands; to list that: decisions", cobra.ExactArgs(2),
		func(ctx context.Context, s *contactsync.Syncer, conn configured, args []string) (string, error) {
			side, id, err := recordArg(args[0])
			if err != nil {
				return "", err
			}
			all, err := s.Decisions(ctx)
			if err != nil {
				return "", err
			}
			n := 0
			for _, d := range all {
				if d.IDs[side] != id {
					continue
				}
				if err := s.Withdraw(ctx, d.Key); err != nil {
					return "", err
				}
				n++
			}
			if n == 0 {
				return "", contactsync.ErrNoDecision
			}
			return c.carriedOut(conn, count(n, "decision is taken back", "decisions are taken back")), nil
		})
}

func resolveCommand(c *cli) *cobra.Command {
	var take, value, seen string
	var cmd *cobra.Command
	cmd = c.ofOne("resolve CONNECTION SIDE:ID [FIELD]", "Decide a held conflict, or thaw a frozen field; without FIELD, all of the record", cobra.RangeArgs(2, 3),
		func(ctx context.Context, s *contactsync.Syncer, conn configured, args []string) (string, error) {
			side, id, err := recordArg(args[0])
			if err != nil {
				return "", err
			}
			res := contactsync.Resolution{Side: side, ID: id, Take: contactsync.Take(take), Seen: seen}
			if len(args) > 1 {
				res.Field = args[1]
			}
			given := cmd.Flags().Changed("value")
			if given == (take != "") || take != "" && take != "a" && take != "b" {
				return "", usage(errors.New("say what is taken: --take a, --take b, or --value TEXT"))
			}
			if given {
				if res.Value = contact.Text(value); value == "" {
					res.Value = contact.Empty
				}
			}
			return c.carriedOut(conn, "decided"), s.Resolve(ctx, res)
		})
	cmd.Flags().StringVar(&take, "take", "", "whose value is taken: a or b")
	cmd.Flags().StringVar(&value, "value", "", "another value, as a would hold it")
	cmd.Flags().StringVar(&seen, "seen", "", "what conflicts --json shows as seen: refused if the values have changed since")
	return cmd
}

// conflictsResult is what waits for a person in one connection, as --json shows it.
type conflictsResult struct {
	Connection string                     `json:"connection"`
	A          string                     `json:"a"`
	B          string                     `json:"b"`
	Conflicts  []contactsync.HeldConflict `json:"conflicts"`
}

func conflictsCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "conflicts [CONNECTION...]",
		Short: "Show the fields that wait for a decision, with both values",
		RunE: func(cmd *cobra.Command, args []string) error {
			results := []conflictsResult{}
			return c.eachLook(cmd.Context(), args, func(ctx context.Context, s *contactsync.Syncer, conn configured) error {
				names := labels(conn.doc)
				result := conflictsResult{conn.doc.ID, names[0], names[1], []contactsync.HeldConflict{}}
				for after, more := "", true; more; more = after != "" {
					page, next, err := s.Conflicts(ctx, contactsync.ConflictQuery{After: after})
					if err != nil {
						return err
					}
					result.Conflicts, after = append(result.Conflicts, page...), next
				}
				results = append(results, result)
				if !c.json {
					c.printConflicts(result)
				}
				return nil
			}, func() any { return map[string]any{"connections": results} })
		},
	}
}

func (c *cli) printConflicts(r conflictsResult) {
	c.printf("%s: %s\n", c.paint(bold, r.Connection), count(len(r.Conflicts), "field waits for you", "fields wait for you"))
	for _, h := range r.Conflicts {
		var names []string
		for _, s := range contactsync.Sides {
			for _, name := range h.Fields[s] {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
		who := "a:" + printable(h.IDs[0])
		if h.Name != "" {
			who = printable(h.Name) + " (" + who + ")"
		}
		text := h.Text()
		if h.Decided {
			text = "decided; the next sync carries it out"
		}
		c.printf("  %s, %s: %s\n", who, strings.Join(names, " and "), text)
		table(c.out, "    ", [][]string{{"a", r.A, values(h.Values[0])}, {"b", r.B, values(h.Values[1])}})
		if !h.Since.IsZero() {
			c.printf("    %s\n", c.paint(dim, "since "+h.Since.Local().Format(time.DateTime)))
		}
		if h.Decided {
			continue
		}
		args := []string{"resolve", r.Connection, "a:" + h.IDs[0]}
		if len(h.Fields[0]) > 0 {
			args = append(args, h.Fields[0][0])
		}
		c.printf("    to decide: %s\n", c.next(append(args, "--take", "a")...))
	}
}

// values prints what one side shows of a conflict.
func values(list []contact.Value) string {
	var texts []string
	for _, v := range list {
		text := printable(v.String())
		if v.Blank() {
			text = "(empty)"
		}
		texts = append(texts, shorten(text, 60))
	}
	return strings.Join(texts, ", ")
}

// decisionsResult is what stands of what persons decided, as --json shows it.
type decisionsResult struct {
	Connection string                         `json:"connection"`
	Decisions  []contactsync.StandingDecision `json:"decisions"`
}

func decisionsCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "decisions [CONNECTION...]",
		Short: "Show what was decided by hand and stands; to take it back: withdraw",
		RunE: func(cmd *cobra.Command, args []string) error {
			results := []decisionsResult{}
			return c.eachLook(cmd.Context(), args, func(ctx context.Context, s *contactsync.Syncer, conn configured) error {
				all, err := s.Decisions(ctx)
				if err != nil {
					return err
				}
				results = append(results, decisionsResult{conn.doc.ID, append([]contactsync.StandingDecision{}, all...)})
				if c.json {
					return nil
				}
				c.printf("%s: %s\n", c.paint(bold, conn.doc.ID), count(len(all), "decision stands", "decisions stand"))
				var rows [][]string
				for _, d := range all {
					rows = append(rows, []string{d.At.Local().Format(time.DateTime), string(d.Kind), recordIDs(contactsync.RecordStatus{IDs: d.IDs}), d.Mapping})
				}
				table(c.out, "  ", rows)
				return nil
			}, func() any { return map[string]any{"connections": results} })
		},
	}
}
