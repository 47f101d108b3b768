package main

import (
	"context"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/spf13/cobra"
)

func checkAccessCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "check [CONNECTION...]",
		Short: "Check that both apps of connections can be read and written with the accounts and permissions they have",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			return c.check(ctx, args)
		},
	}
}

// checkResult is what was found of one connection, as --json shows it.
type checkResult struct {
	visited
	Sides [2]sideChecked `json:"sides"`
}

// sideChecked is what was found of one app.
type sideChecked struct {
	Label   string `json:"label"`
	Account string `json:"account,omitempty"`
	Error   string `json:"error,omitempty"` // why it cannot be used, and what to do
	// Kinds are the kinds of records that the account has, such as address books; none if the app has no several.
	Kinds []connector.Kind `json:"kinds,omitempty"`
}

// check asks every app by itself: what is wrong with one says nothing of another.
func (c *cli) check(ctx context.Context, names []string) error {
	file, conns, err := c.loadConfig(names)
	if err != nil {
		return err
	}
	doc := document[checkResult]{Connections: []checkResult{}}
	for _, conn := range conns {
		r := checkResult{visited: visit(conn)}
		for _, s := range contactsync.Sides {
			r.Sides[s] = sideChecked{Label: labels(conn.doc)[s], Account: conn.end(s).Account}
			var err error
			if r.Sides[s].Kinds, err = file.checkSide(ctx, conn, s); err != nil {
				r.Sides[s].Error, r.Exit = printable(err.Error()), exitFailed
			}
		}
		doc.Connections = append(doc.Connections, r)
		doc.Exit = graver(doc.Exit, r.Exit)
		if !c.json {
			c.printChecked(r)
		}
	}
	if c.json {
		c.printJSON(doc)
	}
	return ended(doc.Exit)
}

// checkSide returns the kinds of records that an app's account has, where it can say, and why the app cannot be used, nil if
// it can.
func (f *configFile) checkSide(ctx context.Context, conn configured, s contactsync.Side) ([]connector.Kind, error) {
	app, _ := f.cli.catalogue().App(conn.end(s).App)
	if name := conn.end(s).Account; name != "" && app.Auth != "" {
		accounts, err := f.accounts(ctx, false)
		if err != nil {
			return nil, err
		}
		// What is wrong with its name is said when the app is opened.
		if account, err := findAccount(ctx, accounts, name); err == nil && account.App == app.ID {
			if err := accounts.Check(ctx, owner, account.ID); err != nil {
				return nil, err
			}
		}
	}
	opened, err := f.openApp(ctx, app, conn, s)
	if err != nil {
		return nil, err
	}
	features := connector.FeaturesOf(opened)
	var kinds []connector.Kind
	if features.KindLister != nil {
		if kinds, err = features.KindLister.Kinds(ctx); err != nil {
			return nil, err
		}
	}
	if features.Checker != nil {
		return kinds, features.Checker.Check(ctx)
	}
	_, err = opened.Schema(ctx)
	return kinds, err
}

func (c *cli) printChecked(r checkResult) {
	c.printf("%s:\n", c.paint(bold, r.Connection))
	for _, s := range contactsync.Sides {
		found := c.paint(green, "ok")
		if r.Sides[s].Error != "" {
			found = c.paint(red, r.Sides[s].Error)
		}
		c.printf("  %s %s: %s\n", s, r.Sides[s].Label, found)
		var rows [][]string
		for _, k := range r.Sides[s].Kinds {
			rows = append(rows, kindRow(k.ID, k.Label, k.ReadOnly, k.Chosen))
		}
		table(c.out, "    ", rows)
	}
}

// kindRow is one line of the kinds of records that an account has; the one in use is marked.
func kindRow(id, label string, readOnly, used bool) []string {
	mark, about := " ", label
	if used {
		mark = "*"
	}
	if readOnly {
		about = strings.TrimPrefix(about+", read-only", ", ")
	}
	return []string{mark + " kind: " + printable(id), printable(about)}
}
