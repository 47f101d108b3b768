package main

import (
	"context"
	"errors"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
	"github.com/spf13/cobra"
)

func explainCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "explain CONNECTION SIDE:ID [FIELD]",
		Short: "Say why a record stands as it does, or why a field holds what it holds",
		Example: `  contactsync explain phone-crm a:ann.vcf
  contactsync explain phone-crm b:101 company`,
		Args: cobra.RangeArgs(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			side, id, err := recordArg(args[1])
			if err != nil {
				return err
			}
			return c.explainRecord(cmd.Context(), args[0], side, id, args[2:])
		},
	}
}

// explainRecord explains a record, or the field that is named.
func (c *cli) explainRecord(ctx context.Context, name string, side contactsync.Side, id string, field []string) error {
	return c.only(ctx, name, func(s *contactsync.Syncer, conn configured) error {
		if len(field) > 0 {
			ex, err := s.ExplainField(ctx, side, id, field[0])
			return explained(c, conn, ex, err, c.printField)
		}
		ex, err := s.Explain(ctx, side, id)
		return explained(c, conn, ex, err, c.printExplanation)
	})
}

// explained shows an explanation, or says why there is none.
func explained[E any](c *cli, conn configured, ex E, err error, show func([2]string, E)) error {
	switch {
	case err != nil:
		return c.notExplained(err, conn)
	case c.json:
		c.printJSON(map[string]any{"connection": conn.doc.ID, "explanation": ex})
	default:
		show(labels(conn.doc), ex)
	}
	return nil
}

// notExplained says why there is no explanation. What is not known is a mistake of the command line.
func (c *cli) notExplained(err error, conn configured) error {
	if errors.Is(err, contactsync.ErrNotKnown) || strings.HasPrefix(err.Error(), "explain: the connection does not look") {
		return usage(err)
	}
	return failed(errors.New(c.sayError(err, conn)))
}

func (c *cli) printExplanation(names [2]string, ex *contactsync.Explanation) {
	c.printf("%s in %s: %s\n", c.paint(bold, printable(ex.ID)), names[ex.Side], statusInWords(ex.Status))
	if ex.Gone {
		c.printf("  %s has it no more\n", names[ex.Side])
	}
	if l := ex.Link; l != nil {
		gone := ""
		if l.Gone {
			gone = ", which was deleted"
		}
		c.printf("  linked with %s in %s%s: %s", printable(l.With), names[ex.Side.Other()], gone, printable(l.How))
		if l.Run != 0 {
			c.printf(", by run %d of %s", l.Run, when(l.At))
		}
		c.printf("\n")
	}
	for _, r := range ex.Rules {
		says := map[string]string{"yes": "lets it through", "no": "does not let it through", "unknown": "cannot tell"}[r.Verdict]
		if ex.Side != r.Side {
			says += " (its counterpart)"
		}
		c.printf("  rule %s %s: %s\n", printable(r.Rule), says, printable(r.Text))
		for _, cond := range r.Decided {
			mark := map[string]string{"yes": c.paint(green, "yes"), "no": c.paint(red, "no"), "unknown": c.paint(yellow, "unknown")}[cond.Truth]
			c.printf("      %s: %s; it holds %s\n", printable(cond.Text), mark, held(cond.Value))
		}
		if r.Reason != "" {
			c.printf("      %s\n", printable(r.Reason))
		}
	}
	for _, w := range ex.Awaits {
		c.printf("  %s %s; what to do: %s\n", c.paint(yellow, "waits:"), printable(w.What), printable(w.Do))
	}
	if len(ex.Next) > 0 {
		c.printf("  the next sync would:\n")
		for _, w := range ex.Next {
			c.printWrite(names, w)
		}
	}
}

// statusInWords says a status, its reason and what is known of it.
func statusInWords(st contactsync.RecordStatus) string {
	text := st.Status
	for _, w := range statusWords {
		if w.status == st.Status {
			text = strings.TrimSuffix(w.words, "s")
		}
	}
	if st.Status == "" {
		text = "not looked at yet"
	}
	if st.Message != "" {
		return text + ": " + printable(st.Message)
	}
	if st.Reason != "" {
		return text + ": " + inWords(st.Reason)
	}
	return text
}

// held is a value as a record holds it.
func held(v contact.Value) string {
	if v.Absent() {
		return "(was not read)"
	}
	return shown(v)
}

func (c *cli) printField(names [2]string, ex *contactsync.FieldExplanation) {
	c.printf("%s of %s in %s: %s\n", c.paint(bold, ex.Field), printable(ex.ID), names[ex.Side], held(ex.Value))
	if w := ex.Wrote; w != nil {
		verb := map[string]string{"create": "created with it", "update": "written"}[w.Op]
		c.printf("  %s by run %d of %s; before: %s\n", verb, w.Run, when(w.At), shown(w.Before[ex.Field]))
	}
	switch ex.Origin {
	case contactsync.OriginUser:
		c.printf("  nobody but a user of %s entered it: it was read, and no run has written it\n", names[ex.Side])
	case contactsync.OriginEdited:
		c.printf("  that run wrote %s; a user of %s has changed it since\n", shown(ex.Wrote.After[ex.Field]), names[ex.Side])
	default:
		if text := because(ex.Why); text != "" {
			c.printf("  because: %s\n", text)
		}
	}
	if len(ex.From) > 0 {
		var parts []string
		for _, v := range ex.From {
			parts = append(parts, shown(v))
		}
		c.printf("  made from: %s\n", strings.Join(parts, ", "))
	}
	if ex.Policy != "" {
		c.printf("  if both are edited: %s\n", ex.Policy)
	}
	for _, o := range ex.Others {
		var values []string
		for _, v := range o.Values {
			values = append(values, held(v))
		}
		c.printf("  %s in %s: %s", printable(strings.Join(o.Fields, ", ")), names[ex.Side.Other()], strings.Join(values, ", "))
		if o.Differs != "" {
			c.printf("; %s", c.paint(yellow, printable(o.Differs)))
		}
		c.printf(" (mapping %s)\n", printable(o.Mapping))
	}
	for _, w := range ex.Next {
		c.printf("  the next sync would write %s: %s\n", shown(w.After[ex.Field]), because(w.Why[ex.Field]))
	}
}
