package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/goccy/go-yaml/ast"
)

// configFile is a configuration file, read and checked.
type configFile struct {
	path        string // as it was given
	source      []byte
	places      places
	secrets     []string // written in it, where they should not be
	store       string
	connections []configured
}

// configured is one connection of the file.
type configured struct {
	doc contactsync.Connection
	at  string // where it is: "connections[0]"
	// settings are those of the two endpoints as their apps get them: with variables filled in and paths that hold
	// from anywhere. The document keeps them as they are written, so that no secret is stored with it.
	settings [2]map[string]string
}

const defaultStore = "sqlite:contactsync.db"

// loadConfig reads the configuration file. The error is a [*configError] that names every fault.
func (c *cli) loadConfig() (*configFile, error) {
	f := &configFile{path: c.configPath, places: places{}, store: defaultStore}
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
	l := loader{reader: r, apps: catalogue(), getenv: c.getenv}
	l.file(root)
	if len(r.bad) > 0 {
		return nil, usage(&configError{r.bad})
	}
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
		case "connections":
			found = true
			l.connections(e)
		default:
			l.faultOnKey(e.key, "there is no such key; there are store, connections")
		}
	}
	if !found {
		l.fault("", "there are no connections; add connections, a list")
	}
}

// readStore reads where the sync keeps what it knows.
func (l *loader) readStore(e entry) {
	text, ok := plainText(e.value)
	kind, path, _ := strings.Cut(text, ":")
	switch {
	case ok && text == "memory", ok && kind == "sqlite" && path != "":
		l.reader.file.store = text
	default:
		l.fault("store", "the store is sqlite:FILE, or memory, which forgets everything when the program ends")
	}
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
	var rest []part
	var ends [2]contactsync.Endpoint
	there := [2]bool{}
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
			rest = append(rest, l.parts(e, at)...)
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
	conn.doc = l.document(name, rest, at)
	conn.doc.A, conn.doc.B = ends[contactsync.A], ends[contactsync.B]
	return conn, true
}

// plainText returns the text of a node; numbers and yes-or-no are text as they are written.
func plainText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// part is a top-level key of a connection with its JSON, or one element of a key whose value is a list.
type part struct {
	key     string
	json    string
	element bool
	at      string
}

// parts returns the entry as JSON: in one piece, or a list of objects element by element.
func (l *loader) parts(e entry, at string) []part {
	at = join(at, e.key)
	list, ok := e.value.(*ast.SequenceNode)
	if !ok || !slices.Contains([]string{"rules", "mappings", "add_mappings", "disable_mappings"}, e.key) || len(list.Values) == 0 {
		return []part{{key: e.key, json: l.text(e.value, at), at: at}}
	}
	var parts []part
	for i, n := range list.Values {
		at := fmt.Sprintf("%s[%d]", at, i)
		n = l.resolve(n)
		l.reader.file.places[at] = placeOf(nil, n)
		parts = append(parts, part{key: e.key, json: l.text(n, at), element: true, at: at})
	}
	return parts
}

func (l *loader) text(n ast.Node, at string) string {
	var out bytes.Buffer
	l.json(&out, n, at, 0)
	return out.String()
}

// document has the library read the connection. It stops at the first fault of some kinds, and not all of them say
// where in a list they are; so where there is one, each part is read by itself.
func (l *loader) document(name string, parts []part, at string) contactsync.Connection {
	doc, err := contactsync.ParseConnection(documentJSON(name, parts))
	if err == nil {
		return doc
	}
	before := len(l.bad)
	for _, p := range parts {
		_, err := contactsync.ParseConnection(documentJSON(name, []part{p}))
		l.partFaults(p, err)
	}
	if len(l.bad) == before {
		l.fault(at, "%v", err)
	}
	return doc
}

// partFaults adds the faults of a part, whose paths begin anew in it.
func (l *loader) partFaults(p part, err error) {
	var invalid *contactsync.InvalidError
	switch {
	case err == nil:
		return
	case !errors.As(err, &invalid):
		l.fault(p.at, "%v", err)
		return
	}
	for _, bad := range invalid.Faults {
		rest := strings.TrimPrefix(bad.Path, p.key)
		if p.element {
			rest = strings.TrimPrefix(rest, "[0]")
		}
		if rest != "" && rest[0] != '.' && rest[0] != '[' {
			rest = "." + rest
		}
		add := l.fault
		if strings.HasPrefix(bad.Message, "there is no such key") {
			add = l.faultOnKey
		}
		add(p.at+rest, "%s", bad.Message)
	}
}

// documentJSON puts a connection's document together again.
func documentJSON(name string, parts []part) []byte {
	var out bytes.Buffer
	out.WriteString(`{"id":`)
	writeText(&out, name)
	open := ""
	for _, p := range parts {
		if p.element && p.key == open {
			out.WriteString("," + p.json)
			continue
		}
		if open != "" {
			out.WriteByte(']')
		}
		open = ""
		out.WriteByte(',')
		writeText(&out, p.key)
		out.WriteByte(':')
		if p.element {
			out.WriteByte('[')
			open = p.key
		}
		out.WriteString(p.json)
	}
	if open != "" {
		out.WriteByte(']')
	}
	out.WriteByte('}')
	return out.Bytes()
}
