package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/connector"
	"github.com/goccy/go-yaml/ast"
)

// configFile is a configuration file, read and checked.
type configFile struct {
	cli         *cli
	path        string // as it was given
	source      []byte
	places      places
	secrets     []string // written in it, where they should not be
	store       string
	history     time.Duration // how long it is kept
	connections []configured
	problems    []problem      // everything that is wrong with it
	vault       *auth.Accounts // once they are opened
}

// configured is one connection of the file.
type configured struct {
	doc contactsync.Connection
	at  string // where it is: "connections[0]"
	// settings are those of the two endpoints as their apps get them: with variables filled in and paths that hold
	// from anywhere. The document keeps them as they are written, so that no secret is stored with it.
	settings [2]map[string]string
	broken   bool     // it cannot be opened
	unfit    []string // the parts of the document that could not be read: a key, or an element of a list
}

// partOf returns the key, or the element of a list under it, that a path of the document is in: "rules[1]".
func partOf(path string) string {
	part, _, _ := strings.Cut(path, ".")
	return part
}

// unread reports whether a fault may come from a part of the document that could not be read.
func (conn configured) unread(path string) bool {
	part := partOf(path)
	return slices.ContainsFunc(conn.unfit, func(unfit string) bool { return unfit == part || strings.HasPrefix(unfit, part+"[") })
}

// end returns one endpoint.
func (conn configured) end(s contactsync.Side) contactsync.Endpoint {
	return [2]contactsync.Endpoint{conn.doc.A, conn.doc.B}[s]
}

const defaultStore = "sqlite:contactsync.db"

// loadConfig reads the configuration file for commands that open no app, and returns the connections of these names;
// all for none. The error is a [*configError] that names every fault.
func (c *cli) loadConfig(names []string) (*configFile, []configured, error) {
	f, err := c.readConfig()
	if err != nil {
		return nil, nil, err
	}
	if err := f.invalid(); err != nil {
		return nil, nil, err
	}
	conns, err := f.chosen(names)
	return f, conns, err
}

// loadChecked is loadConfig for commands that open apps: the connections are also held against what their apps have.
// An app that cannot be reached is no fault of the configuration, and stops no other connection.
func (c *cli) loadChecked(ctx context.Context, names []string) (*configFile, []configured, error) {
	f, err := c.readConfig()
	if err != nil {
		return nil, nil, err
	}
	conns, err := f.chosen(names)
	if err != nil && len(f.problems) == 0 {
		return nil, nil, err
	}
	store, done, err := f.openStore(ctx, true)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	for _, conn := range conns {
		if conn.broken {
			continue
		}
		_, err := f.open(ctx, conn, store)
		f.problems = append(f.problems, faultsOf(err)...)
	}
	return f, conns, f.invalid()
}

// invalid returns the error of a file with something wrong in it, in the order of the file.
func (f *configFile) invalid() error {
	if len(f.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(f.problems, func(x, y problem) int {
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
	return usage(&configError{f.problems})
}

// readConfig reads the file and notes what is wrong in it. The error is for a file that cannot be read as a whole.
func (c *cli) readConfig() (*configFile, error) {
	f := &configFile{cli: c, path: c.configPath, places: places{}, store: defaultStore, history: defaultHistory}
	source, err := os.ReadFile(c.configPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage(fmt.Errorf("there is no configuration file %s; name one with -c, or make an example with: %s quickstart", c.configPath, c.self))
	}
	if err != nil {
		return nil, usage(fmt.Errorf("read the configuration: %w", err))
	}
	if len(source) > maxConfig {
		return nil, usage(fmt.Errorf("%s is larger than 1 MiB; that is no configuration", c.configPath))
	}
	f.source = bytes.TrimPrefix(source, []byte("\ufeff"))
	root, bad := f.parseYAML()
	if bad != nil {
		return nil, usage(&configError{[]problem{*bad}})
	}
	r := &reader{file: f, anchors: map[string]ast.Node{}}
	l := loader{reader: r, apps: c.catalogue(), getenv: c.getenv}
	l.file(root)
	f.problems = r.bad
	return f, nil
}

// dir returns the folder of the file: paths in it are relative to that.
func (f *configFile) dir() string { return filepath.Dir(f.path) }

func (f *configFile) inDir(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(f.dir(), path)
}

// loader fills a configFile from its YAML and collects what is wrong.
type loader struct {
	*reader
	apps   connector.Catalogue
	getenv func(string) (string, bool)
}

func (l *loader) fault(path, format string, args ...any) {
	l.add(l.reader.file.fault(path, fmt.Sprintf(format, args...), false))
}

func (l *loader) faultOnKey(path, format string, args ...any) {
	l.add(l.reader.file.fault(path, fmt.Sprintf(format, args...), true))
}

// file reads the top level.
func (l *loader) file(root ast.Node) {
	f := l.reader.file
	f.places[""] = place{value: firstToken(root)}
	list, ok := l.entries(root, "")
	if !ok {
		l.fault("", "the file holds no keys; it needs connections")
		return
	}
	found := false
	for _, e := range list {
		switch e.key {
		case "store":
			l.readStore(e)
		case "history":
			l.readHistory(e)
		case "connections":
			found = true
			l.connections(e)
		default:
			l.faultOnKey(e.key, "there is no such key; there are store, history, connections")
		}
	}
	if !found {
		l.fault("", "there are no connections; add connections, a list")
	}
}

// readStore reads where the sync keeps what it knows.
func (l *loader) readStore(e entry) {
	text, ok := plainText(e.value)
	before := len(l.bad)
	text = l.address(text, "store")
	kind, path, _ := strings.Cut(text, ":")
	switch {
	case len(l.bad) > before:
	case ok && text == "memory", ok && kind == "sqlite" && path != "":
		l.reader.file.store = text
	case ok && isPostgres(text):
		l.reader.file.store = text
		l.checkPostgres()
	default:
		l.fault("store", "the store is sqlite:FILE, postgres://USER@HOST/DATABASE, or memory, which forgets everything when the program ends")
	}
}

// defaultHistory is how long the history is kept.
const defaultHistory = 90 * 24 * time.Hour

// readHistory reads how long the history is kept.
func (l *loader) readHistory(e entry) {
	text, _ := plainText(e.value)
	d, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d <= 0 || d > 100*365*24*time.Hour {
		l.fault("history", "how long the history is kept is a time such as 90d or 36h")
		return
	}
	l.reader.file.history = d
}

func (l *loader) connections(e entry) {
	list, ok := l.resolve(e.value).(*ast.SequenceNode)
	if !ok || len(list.Values) == 0 {
		l.fault("connections", "connections is a list with at least one connection")
		return
	}
	names := map[string]bool{}
	for i, n := range list.Values {
		at := fmt.Sprintf("connections[%d]", i)
		n = l.resolve(n)
		l.reader.file.places[at] = placeOf(nil, n)
		conn, ok := l.connection(n, at)
		if !ok {
			continue
		}
		if names[conn.doc.ID] {
			l.fault(at+".name", "another connection has this name already")
		}
		names[conn.doc.ID] = true
		l.reader.file.connections = append(l.reader.file.connections, conn)
	}
}

// connection reads one connection: its name and endpoints here, all else by the library. It returns false if it has
// no name to know it by.
func (l *loader) connection(n ast.Node, at string) (configured, bool) {
	conn := configured{at: at}
	list, ok := l.entries(n, at)
	if !ok {
		l.fault(at, "a connection has the keys name, a, b and more")
		return conn, false
	}
	var rest bytes.Buffer
	var ends [2]contactsync.Endpoint
	there, before := [2]bool{}, len(l.bad)
	for _, e := range list {
		switch e.key {
		case "name":
			conn.doc.ID, _ = plainText(e.value)
		case "id":
			l.faultOnKey(join(at, e.key), "there is no such key; what the connection is called is its name")
		case "a", "b":
			s := contactsync.Side(strings.Index("ab", e.key))
			there[s] = true
			ends[s], conn.settings[s] = l.endpoint(e.value, join(at, e.key))
		default:
			rest.WriteByte(',')
			writeText(&rest, e.key)
			rest.WriteByte(':')
			l.json(&rest, e.value, join(at, e.key), 0)
		}
	}
	for _, s := range contactsync.Sides {
		if !there[s] {
			l.fault(at, "endpoint %s is missing; write %s: {app: ..., ...}", s, s)
		}
	}
	name := conn.doc.ID
	if name == "" || len(name) > 100 || strings.HasPrefix(name, "-") || printable(name) != name {
		l.fault(join(at, "name"), "a connection needs a name: a short text by which commands know it")
		return conn, false
	}
	conn.broken = len(l.bad) > before
	conn.doc, conn.unfit = l.document(name, rest.String(), at)
	conn.doc.A, conn.doc.B = ends[contactsync.A], ends[contactsync.B]
	return conn, true
}

// document has the library read a connection of that name with the rest of its keys, as JSON. It returns what can be read,
// and which parts cannot.
func (l *loader) document(name, rest, at string) (doc contactsync.Connection, unfit []string) {
	var out bytes.Buffer
	out.WriteString(`{"id":`)
	writeText(&out, name)
	out.WriteString(rest + "}")
	doc, err := contactsync.ParseConnection(out.Bytes())
	doc.ID = name
	var invalid *contactsync.InvalidError
	switch {
	case errors.As(err, &invalid):
		for _, bad := range invalid.Faults {
			unfit = append(unfit, partOf(bad.Path))
			add := l.fault
			if strings.HasPrefix(bad.Message, "there is no such key") {
				add = l.faultOnKey
				if !strings.Contains(bad.Path, ".") { // what the library calls id, the file calls name
					bad.Message = strings.Replace(bad.Message, " id,", " name,", 1)
				}
			}
			add(join(at, bad.Path), "%s", bad.Message)
		}
	case err != nil:
		l.fault(at, "%v", err)
	}
	return doc, unfit
}
