package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/goccy/go-yaml/ast"
)

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
		l.fault(p.at, "%s", strings.TrimPrefix(err.Error(), "connection: "))
		return
	}
	for _, bad := range invalid.Faults {
		rest := strings.TrimPrefix(bad.Path, "connectionJSON.") // encoding/json's name for what is embedded
		rest = strings.TrimPrefix(rest, p.key)
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
