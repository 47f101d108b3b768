package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// reader turns the YAML of a configuration into JSON. Types stay as they are written - a number stays the literal
// that it was, quoted digits stay text - and the place of everything is noted.
type reader struct {
	file    *configFile
	anchors map[string]ast.Node
	bad     []problem
	size    int // of all that was written, so that aliases of aliases come to an end
}

// maxConfig bounds a configuration, as it is written and with its aliases written out.
const maxConfig = 1 << 20

// parseYAML returns the one document of the file.
func (f *configFile) parseYAML() (ast.Node, *problem) {
	doc, err := parser.ParseBytes(f.source, 0, parser.AllowDuplicateMapKey()) // duplicates are told by the reader, all of them
	var syntax yaml.Error
	if errors.As(err, &syntax) {
		p := f.problemAt(syntax.GetToken(), "", syntax.GetMessage())
		return nil, &p
	}
	if err != nil {
		return nil, &problem{File: f.path, Message: err.Error()}
	}
	var bodies []ast.Node
	for _, d := range doc.Docs {
		if d.Body != nil {
			bodies = append(bodies, d.Body)
		}
	}
	switch len(bodies) {
	case 0:
		return nil, &problem{File: f.path, Message: "the file is empty; it needs connections"}
	case 1:
		return bodies[0], nil
	}
	p := f.problemAt(firstToken(bodies[1]), "", "a second document begins here; there can be one only")
	return nil, &p
}

// entry is one key of a mapping with its value.
type entry struct {
	key   string
	token *token.Token
	value ast.Node
}

// entries returns the keys of a mapping in their order, and notes where they are. A key that is there twice is a
// fault, and left out.
func (r *reader) entries(n ast.Node, path string) ([]entry, bool) {
	var values []*ast.MappingValueNode
	switch n := r.resolve(n).(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil, false
	}
	var list []entry
	seen := map[string]bool{}
	for _, v := range values {
		tk := v.Key.GetToken()
		key, ok := keyText(v.Key)
		if !ok {
			r.add(r.file.problemAt(tk, path, "a key must be plain text"))
			continue
		}
		if seen[key] {
			r.add(r.file.problemAt(tk, join(path, key), "the key is there twice"))
			continue
		}
		seen[key] = true
		value := r.resolve(v.Value)
		r.file.places[join(path, key)] = placeOf(tk, value)
		list = append(list, entry{key, tk, value})
	}
	return list, true
}

// keyText returns a key as it is written: "on" and "true" are text here.
func keyText(k ast.MapKeyNode) (string, bool) {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.NullNode:
		return k.GetToken().Value, true
	}
	return "", false
}

// join returns the path of a key below a path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// resolve returns what an alias stands for, and what an anchor names.
func (r *reader) resolve(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.AnchorNode:
		r.anchors[n.Name.GetToken().Value] = n.Value
		return n.Value
	case *ast.AliasNode:
		if target, ok := r.anchors[n.Value.GetToken().Value]; ok {
			return target
		}
		r.add(r.file.problemAt(n.GetToken(), "", "this alias has no anchor before it"))
		return nil
	}
	return n
}

func (r *reader) add(p problem) { r.bad = append(r.bad, p) }

// maxDepth bounds how deep a configuration is nested; an alias inside its own anchor ends there.
const maxDepth = 50

// json writes a node as JSON and notes the place of everything in it.
func (r *reader) json(out *bytes.Buffer, n ast.Node, path string, depth int) {
	r.size++
	if depth > maxDepth || r.size+out.Len() > maxConfig {
		if len(r.bad) == 0 || r.bad[len(r.bad)-1].Message != tooMuch {
			r.add(r.file.problemAt(firstToken(n), path, tooMuch))
		}
		out.WriteString("null")
		return
	}
	n = r.resolve(n)
	if list, ok := r.entries(n, path); ok {
		out.WriteByte('{')
		for i, e := range list {
			if i > 0 {
				out.WriteByte(',')
			}
			writeText(out, e.key)
			out.WriteByte(':')
			r.json(out, e.value, join(path, e.key), depth+1)
		}
		out.WriteByte('}')
		return
	}
	if list, ok := n.(*ast.SequenceNode); ok {
		out.WriteByte('[')
		for i, v := range list.Values {
			if i > 0 {
				out.WriteByte(',')
			}
			at := fmt.Sprintf("%s[%d]", path, i)
			r.file.places[at] = placeOf(nil, r.resolve(v))
			r.json(out, v, at, depth+1)
		}
		out.WriteByte(']')
		return
	}
	r.scalar(out, n, path)
}

const tooMuch = "the configuration is nested too deep, or too large with its aliases written out"

func (r *reader) scalar(out *bytes.Buffer, n ast.Node, path string) {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		out.WriteString("null")
	case *ast.BoolNode:
		fmt.Fprint(out, n.Value)
	case *ast.IntegerNode, *ast.FloatNode:
		literal := n.GetToken().Value
		if !json.Valid([]byte(literal)) {
			r.add(r.file.problemAt(n.GetToken(), path, literal+" is not a decimal number; put it in quotes if it is text"))
			literal = "0" // a number, so that no other fault follows from it
		}
		out.WriteString(literal)
	case *ast.StringNode:
		writeText(out, n.Value)
	case *ast.LiteralNode:
		writeText(out, n.Value.Value)
	default:
		r.add(r.file.problemAt(n.GetToken(), path, "this kind of YAML is not understood here: "+strings.ToLower(n.Type().String())))
		out.WriteString("null")
	}
}

func writeText(out *bytes.Buffer, s string) {
	quoted, _ := json.Marshal(s) // a string always has a JSON form
	out.Write(quoted)
}

func placeOf(key *token.Token, value ast.Node) place {
	at := place{key: key, value: firstToken(value)}
	switch value.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
		at.whole = true
	}
	return at
}

// firstToken returns the token that a node begins with. goccy/go-yaml gives a block mapping the place of its first
// colon.
func firstToken(n ast.Node) *token.Token {
	switch n := n.(type) {
	case nil:
		return nil
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return n.GetToken()
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
