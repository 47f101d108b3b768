package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/csvfile"
	"github.com/spf13/cobra"
)

func validateCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "validate [CONNECTION...]",
		Short: "Check the configuration and that both apps can be read; show what was found. Nothing is written",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			return c.validate(ctx, args)
		},
	}
}

// validateResult is what was found of one connection, as --json shows it.
type validateResult struct {
	visited
	Apps     [2]appFound            `json:"apps"`
	Rules    []string               `json:"rules"`
	Found    bool                   `json:"mappings_found"` // by what the fields mean; not named in the file
	Mappings []contactsync.Mapping  `json:"mappings"`
	doc      contactsync.Connection // as it is resolved
}

// appFound is what was found in one app.
type appFound struct {
	Label   string   `json:"label"`
	Records int      `json:"records"`
	Unread  []string `json:"unread,omitempty"`      // why, for each record that cannot be read
	About   string   `json:"description,omitempty"` // how a CSV file was understood
	Error   string   `json:"error,omitempty"`
}

func (c *cli) validate(ctx context.Context, names []string) error {
	return each(ctx, c, names, true, c.validateOne, func(_ configured, r validateResult) { c.printValidated(r) })
}

func (c *cli) validateOne(ctx context.Context, file *configFile, conn configured, store contactsync.Store) validateResult {
	out := validateResult{visited: visit(conn), Rules: []string{}, Mappings: []contactsync.Mapping{}}
	syncer, err := file.open(ctx, conn, store)
	if err != nil {
		out.Error, out.Exit = c.sayError(err, conn), exitFailed
		return out
	}
	apps, _ := file.openApps(ctx, conn) // it went well a moment ago; if not now, an app is nil
	for _, s := range contactsync.Sides {
		out.Apps[s] = lookInto(ctx, apps[s])
		out.Apps[s].Label = labels(conn.doc)[s]
		switch {
		case out.Apps[s].Error != "":
			out.Exit = graver(out.Exit, exitFailed)
		case len(out.Apps[s].Unread) > 0:
			out.Exit = graver(out.Exit, exitRecords)
		}
	}
	out.doc = syncer.Connection()
	out.Found = conn.doc.Mappings == nil
	out.Mappings = append(out.Mappings, mappingsOf(out.doc)...)
	out.Rules = append(out.Rules, sentences(out.doc)...)
	return out
}

// lookInto reads all records of an app, and counts those that can be read.
func lookInto(ctx context.Context, app connector.Connector) appFound {
	found, err := readAll(ctx, app)
	if err != nil {
		found.Error = printable(err.Error())
	}
	return found
}

func readAll(ctx context.Context, app connector.Connector) (found appFound, err error) {
	if app == nil {
		return found, errors.New("it could not be opened")
	}
	features := connector.FeaturesOf(app)
	if features.Checker != nil {
		if err := features.Checker.Check(ctx); err != nil {
			return found, err
		}
	}
	if file, ok := app.(*csvfile.Connector); ok {
		about, err := file.Describe(ctx)
		if err != nil {
			return found, err
		}
		found.About = about.String()
	}
	if features.Lister == nil || features.Reader == nil {
		return found, nil
	}
	schema, err := app.Schema(ctx)
	if err != nil {
		return found, err
	}
	var fields []string
	for _, f := range schema.Fields {
		fields = append(fields, f.Name)
	}
	err = connector.Listings(ctx, features.Lister, "", func(page connector.Listing) error {
		for _, u := range page.Unread {
			found.Unread = append(found.Unread, printable(u.Err.Error()))
		}
		var ids []string
		for _, item := range page.Items {
			ids = append(ids, item.ID)
		}
		for part := range slices.Chunk(ids, max(schema.Batch.Read, 1)) {
			if err := found.read(ctx, features.Reader, part, fields); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// read counts the records of these ids.
func (found *appFound) read(ctx context.Context, reader connector.Reader, ids, fields []string) error {
	results, err := reader.Read(ctx, ids, fields)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Err != nil {
			found.Unread = append(found.Unread, printable(r.Err.Error()))
			continue
		}
		found.Records++
	}
	return nil
}

// mappingsOf returns the mappings that a connection works with: the list, with what is added and without what is
// switched off.
func mappingsOf(doc contactsync.Connection) []contactsync.Mapping {
	off := func(m contactsync.Mapping) bool {
		return m.Disabled || slices.ContainsFunc(doc.DisableMappings, func(ref contactsync.MappingRef) bool {
			return ref.ID != "" && ref.ID == mappingName(m) ||
				ref.ID == "" && slices.Equal(m.A, []string{ref.A}) && slices.Equal(m.B, []string{ref.B})
		})
	}
	return slices.DeleteFunc(slices.Concat(doc.Mappings, doc.AddMappings), off)
}

// mappingName returns a mapping's id, or what it is called without one.
func mappingName(m contactsync.Mapping) string {
	if m.ID != "" {
		return m.ID
	}
	return strings.Join(m.A, "+") + ":" + strings.Join(m.B, "+")
}

// sentences says what a connection does, with the apps called as everywhere in what is printed.
func sentences(doc contactsync.Connection) []string {
	names := labels(doc)
	doc.A, doc.B = contactsync.Endpoint{App: names[0]}, contactsync.Endpoint{App: names[1]}
	return doc.Sentences()
}

func (c *cli) printValidated(r validateResult) {
	c.printf("%s: the configuration is valid\n", c.paint(bold, r.Connection))
	for _, s := range contactsync.Sides {
		c.printFound(s, r.Apps[s])
	}
	c.printf("  rules\n")
	for _, rule := range r.Rules {
		c.printf("    %s\n", printable(rule))
	}
	c.printf("  mappings%s\n", map[bool]string{true: ", found by what the fields mean", false: ""}[r.Found])
	var rows [][]string
	for _, m := range r.Mappings {
		rows = append(rows, []string{strings.Join(m.A, " + "), arrow(r.doc, m), strings.Join(m.B, " + "), transformWords(m)})
	}
	table(c.out, "    ", rows)
}

func (c *cli) printFound(s contactsync.Side, found appFound) {
	if found.Error != "" {
		c.printf("  %s %s: %s\n", s, found.Label, c.paint(red, found.Error))
		return
	}
	c.printf("  %s %s: %s\n", s, found.Label, count(found.Records, "record", "records"))
	for i, why := range found.Unread {
		if i == shownFailures {
			c.printf("    and %d more\n", len(found.Unread)-i)
			break
		}
		c.printf("    %s %s\n", c.paint(yellow, "cannot be read:"), why)
	}
	for _, line := range strings.Split(found.About, "\n") {
		if line != "" {
			c.printf("    %s\n", printable(line))
		}
	}
}

// arrow shows which way the values of a mapping flow.
func arrow(doc contactsync.Connection, m contactsync.Mapping) string {
	flows := func(d contactsync.Direction) bool {
		return (doc.Direction == d || doc.Direction == "" || doc.Direction == contactsync.TwoWay) &&
			(m.Direction == d || m.Direction == "" || m.Direction == contactsync.TwoWay)
	}
	toB, toA := flows(contactsync.AToB), flows(contactsync.BToA)
	switch {
	case toA && toB:
		return "<->"
	case toB:
		return "->"
	case toA:
		return "<-"
	}
	return "-"
}

// transformWords says how values change on their way from a to b.
func transformWords(m contactsync.Mapping) string {
	var parts []string
	for _, t := range m.Transform {
		parts = append(parts, t.String())
	}
	return printable(fmt.Sprint(strings.Join(parts, ", then ")))
}
