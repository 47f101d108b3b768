package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/contactsync/contactsync"
)

// visited heads what a command found in one connection, as --json shows it.
type visited struct {
	Connection string `json:"connection"`
	A          string `json:"a"`
	B          string `json:"b"`
	Error      string `json:"error,omitempty"`
	Exit       int    `json:"exit"`
}

func (v visited) head() visited { return v }

// visit returns the head of what is about to be found in a connection.
func visit(conn configured) visited {
	names := labels(conn.doc)
	return visited{Connection: conn.doc.ID, A: names[contactsync.A], B: names[contactsync.B]}
}

// document is what a command found in all connections that were named, as --json shows it.
type document[R any] struct {
	Connections []R `json:"connections"`
	Exit        int `json:"exit"`
}

// each does one thing in every connection of these names, and prints what comes of it: as it comes, or with --json as
// one document. It ends with the gravest exit code.
func each[R interface{ head() visited }](ctx context.Context, c *cli, names []string, looking bool,
	one func(context.Context, *configFile, configured, contactsync.Store) R, show func(configured, R)) error {
	doc, err := collect(ctx, c, names, looking, one, func(conn configured, r R) {
		if wrong := r.head().Error; wrong != "" {
			c.printf("%s: %s\n", c.paint(bold, conn.doc.ID), c.paint(red, wrong))
			return
		}
		show(conn, r)
	})
	if err != nil {
		return err
	}
	if c.json {
		c.printJSON(doc)
	}
	return ended(doc.Exit)
}

// collect is each for a command that prints the document itself. Ctrl-C ends it behind the connection at hand.
func collect[R interface{ head() visited }](ctx context.Context, c *cli, names []string, looking bool,
	one func(context.Context, *configFile, configured, contactsync.Store) R, show func(configured, R)) (document[R], error) {
	doc := document[R]{Connections: []R{}}
	file, conns, err := c.loadChecked(ctx, names)
	if err != nil {
		return doc, err
	}
	store, done, err := file.openStore(ctx, looking)
	if err != nil {
		return doc, err
	}
	defer done()
	for _, conn := range conns {
		r := one(ctx, file, conn, store)
		doc.Connections = append(doc.Connections, r)
		doc.Exit = graver(doc.Exit, r.head().Exit)
		if !c.json {
			show(conn, r)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return doc, nil
}

// only does something with the one connection of this name, and its apps.
func (c *cli) only(ctx context.Context, name string, do func(*contactsync.Syncer, configured) error) error {
	file, conns, err := c.loadChecked(ctx, []string{name})
	if err != nil {
		return err
	}
	store, done, err := file.openStore(ctx, true)
	if err != nil {
		return err
	}
	defer done()
	syncer, err := file.open(ctx, conns[0], store)
	if err != nil {
		return err
	}
	return do(syncer, conns[0])
}

// eachLook shows something of each connection, and with --json the document of it all.
func (c *cli) eachLook(ctx context.Context, names []string, show func(context.Context, *contactsync.Syncer, configured) error, document func() any) error {
	err := c.eachLookQuiet(ctx, names, show)
	if err == nil && c.json {
		c.printJSON(document())
	}
	return err
}

// eachLookQuiet looks at each connection. No app is opened for it.
func (c *cli) eachLookQuiet(ctx context.Context, names []string, show func(context.Context, *contactsync.Syncer, configured) error) error {
	file, conns, err := c.loadConfig(names)
	if err != nil {
		return err
	}
	store, done, err := file.openStore(ctx, true)
	if err != nil {
		return err
	}
	defer done()
	for _, conn := range conns {
		syncer, err := file.look(ctx, conn, store)
		if err == nil {
			err = show(ctx, syncer, conn)
		}
		if err = notThere(conn, err); codeOf(err) == exitConfig {
			return err
		}
		if err != nil {
			return failed(fmt.Errorf("%s: %w", conn.doc.ID, err))
		}
	}
	return nil
}

// notThere says of a record or run that there is not that the command line is mistaken. Any other error passes.
func notThere(conn configured, err error) error {
	if errors.Is(err, contactsync.ErrNotKnown) {
		return usage(fmt.Errorf("%s: %w", conn.doc.ID, err))
	}
	return err
}
