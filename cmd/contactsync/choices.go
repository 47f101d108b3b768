package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/spf13/cobra"
)

func optionsCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "options [CONNECTION...]",
		Short: "Show what can be chosen for the connections: fields with their operators, mappings, keys, and what the apps lock",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			return c.options(ctx, args)
		},
	}
}

// optionsResult is what can be chosen for one connection, as --json shows it.
type optionsResult struct {
	visited
	Options *contactsync.Choices `json:"options,omitempty"`
}

func (c *cli) options(ctx context.Context, names []string) error {
	return each(ctx, c, names, true, c.optionsOne, func(_ configured, r optionsResult) { c.printChoices(r) })
}

func (c *cli) optionsOne(ctx context.Context, file *configFile, conn configured, store contactsync.Store) optionsResult {
	result := optionsResult{visited: visit(conn)}
	syncer, err := file.open(ctx, conn, store)
	if err == nil {
		var choices contactsync.Choices
		choices, err = syncer.Options(ctx)
		result.Options = &choices
	}
	if err != nil {
		result.Error, result.Options, result.Exit = c.sayError(err, conn), nil, exitFailed
	}
	return result
}

// printChoices prints what can be chosen for one connection.
func (c *cli) printChoices(r optionsResult) {
	c.printf("%s\n", c.paint(bold, r.Connection))
	for _, side := range contactsync.Sides {
		if len(r.Options.Kinds[side]) > 0 {
			c.printf("  kinds of records of %s\n", [2]string{r.A, r.B}[side])
			var rows [][]string
			for _, k := range r.Options.Kinds[side] {
				rows = append(rows, kindRow(k.Kind, k.Label, k.ReadOnly, k.InUse))
			}
			table(c.out, "    ", rows)
		}
		c.printf("  fields of %s %s, with what a filter can ask and an action can do\n", side, [2]string{r.A, r.B}[side])
		var rows [][]string
		for _, f := range r.Options.Fields[side] {
			rows = append(rows, []string{f.Name, fieldType(f), operatorNames(f), strings.Join(words(f.Actions), ", ")})
		}
		table(c.out, "    ", rows)
	}
	c.printf("  rules\n")
	for _, rule := range r.Options.Rules {
		c.printf("    %s\n", printable(rule.Sentence))
		rows := [][]string{{"undo", offered(rule.Undo)}, {"other way around", offered(rule.OtherWayAround)}}
		for _, mode := range rule.Modes {
			if !mode.Can {
				rows = append(rows, []string{"mode " + mode.Value, offered(mode.Offer)})
			}
		}
		table(c.out, "      ", rows)
	}
	c.printf("  settings\n")
	var rows [][]string
	for _, s := range r.Options.Settings {
		for i, v := range s.Values {
			key := ""
			if i == 0 {
				key = s.Key
			}
			mark := map[bool]string{true: "*", false: " "}[v.Value == s.Value]
			rows = append(rows, []string{key, mark + " " + v.Value, printable(v.Why)})
		}
	}
	table(c.out, "    ", rows)
	c.printf("  mappings by what the fields mean\n")
	rows = nil
	for _, m := range r.Options.Mappings {
		rows = append(rows, []string{strings.Join(m.Mapping.A, " + "), strings.Join(m.Mapping.B, " + "), used(m.InUse)})
	}
	table(c.out, "    ", rows)
	c.printf("  keys to match by\n")
	rows = nil
	for _, k := range r.Options.Keys {
		name := k.Key.Kind
		if name == "" {
			name = fmt.Sprintf("{a: %s, b: %s}", k.Key.A, k.Key.B)
		}
		use := used(k.InUse)
		if k.Locked != "" {
			use += "; it has to be: " + printable(k.Locked)
		}
		rows = append(rows, []string{name, use})
	}
	table(c.out, "    ", rows)
}

func offered(o contactsync.Offer) string {
	if o.Can {
		return "can be chosen"
	}
	return "not offered: " + printable(o.Why)
}

func used(yes bool) string {
	if yes {
		return "in use"
	}
	return "can be added"
}

// fieldType says what a field holds.
func fieldType(f contactsync.FieldChoice) string {
	text := string(f.Type)
	if f.Many {
		text = "list of " + text
	}
	if f.ReadOnly {
		text += ", read-only"
	}
	if f.Required {
		text += ", required"
	}
	return text
}

func operatorNames(f contactsync.FieldChoice) string {
	var names []string
	for _, op := range f.Operators {
		names = append(names, string(op.Op))
	}
	return strings.Join(names, " ")
}

func words(kinds []contactsync.ActionKind) []string {
	list := []string{}
	for _, k := range kinds {
		list = append(list, string(k))
	}
	return slices.Clip(list)
}
