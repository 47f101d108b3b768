package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/goccy/go-yaml/ast"
)

// converter turns YAML into JSON that keeps types and the order of keys as they are written: a number stays the
// literal that it was, quoted digits stay text.
type converter struct {
	out     bytes.Buffer
	anchors map[string]ast.Node
}

// toJSON returns a YAML node as JSON. The error names the line.
func toJSON(n ast.Node) ([]byte, error) {
	c := converter{anchors: map[string]ast.Node{}}
	if err := c.node(n); err != nil {
		return nil, err
	}
	return c.out.Bytes(), nil
}

func (c *converter) node(n ast.Node) error {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		c.out.WriteString("null")
	case *ast.BoolNode:
		fmt.Fprint(&c.out, n.Value)
	case *ast.IntegerNode, *ast.FloatNode:
		return c.number(n)
	case *ast.StringNode:
		c.text(n.Value)
	case *ast.LiteralNode:
		c.text(n.Value.Value)
	case *ast.MappingNode:
		return c.mapping(n.Values)
	case *ast.MappingValueNode:
		return c.mapping([]*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		return c.sequence(n.Values)
	case *ast.AnchorNode:
		c.anchors[n.Name.GetToken().Value] = n.Value
		return c.node(n.Value)
	case *ast.AliasNode:
		target, ok := c.anchors[n.Value.GetToken().Value]
		if !ok {
			return fmt.Errorf("line %d: alias without an anchor before it", line(n))
		}
		return c.node(target)
	default:
		return fmt.Errorf("line %d: YAML %s is not understood here", line(n), strings.ToLower(n.Type().String()))
	}
	return nil
}

func (c *converter) number(n ast.Node) error {
	literal := n.GetToken().Value
	if !json.Valid([]byte(literal)) {
		return fmt.Errorf("line %d: %s is not a decimal number; quote it if it is text", line(n), literal)
	}
	c.out.WriteString(literal)
	return nil
}

func (c *converter) text(s string) {
	quoted, _ := json.Marshal(s) // a string always has a JSON form
	c.out.Write(quoted)
}

func (c *converter) sequence(values []ast.Node) error {
	c.out.WriteByte('[')
	for i, v := range values {
		if i > 0 {
			c.out.WriteByte(',')
		}
		if err := c.node(v); err != nil {
			return err
		}
	}
	c.out.WriteByte(']')
	return nil
}

func (c *converter) mapping(values []*ast.MappingValueNode) error {
	c.out.WriteByte('{')
	for i, v := range values {
		key, err := keyOf(v)
		if err != nil {
			return err
		}
		if i > 0 {
			c.out.WriteByte(',')
		}
		c.text(key)
		c.out.WriteByte(':')
		if err := c.node(v.Value); err != nil {
			return err
		}
	}
	c.out.WriteByte('}')
	return nil
}

// keyOf returns a key as the text that it is written as: "on" and "true" are text here.
func keyOf(v *ast.MappingValueNode) (string, error) {
	switch k := v.Key.(type) {
	case *ast.StringNode:
		return k.Value, nil
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.NullNode:
		return k.GetToken().Value, nil
	}
	return "", fmt.Errorf("line %d: a key must be plain text", line(v))
}

func line(n ast.Node) int {
	if n == nil || n.GetToken() == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// strict decodes JSON, refuses keys that v does not have and keeps numbers as they are written.
func strict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	d.UseNumber()
	return d.Decode(v)
}

// pair is one key of an object and its value.
type pair[T any] struct {
	Key   string
	Value T
}

// pairs is an object whose keys keep their order.
type pairs[T any] []pair[T]

// UnmarshalJSON reads an object.
func (p *pairs[T]) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	open, err := d.Token()
	if err != nil {
		return err
	}
	if open != json.Delim('{') {
		return fmt.Errorf("want an object of keys and values, not %s", data)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		one := pair[T]{Key: fmt.Sprint(key)}
		if err := strict(raw, &one.Value); err != nil {
			return fmt.Errorf("%s: %w", one.Key, err)
		}
		*p = append(*p, one)
	}
	return nil
}

// sides is something for side a and something for side b; nil where a side was left out.
type sides[T any] [2]*T

// UnmarshalJSON reads an object with the keys a and b; null leaves both out.
func (s *sides[T]) UnmarshalJSON(data []byte) error {
	var both struct{ A, B json.RawMessage }
	if err := strict(data, &both); err != nil {
		return err
	}
	for i, raw := range []json.RawMessage{both.A, both.B} {
		if raw == nil {
			continue
		}
		s[i] = new(T)
		if err := strict(raw, s[i]); err != nil {
			return fmt.Errorf("%s: %w", contactsync.Side(i), err)
		}
	}
	return nil
}

// swap returns what was for a for b, and the other way round.
func (s sides[T]) swap() sides[T] { return sides[T]{s[1], s[0]} }

// each calls do for each side of which something is said.
func (s sides[T]) each(do func(side int, said T) error) error {
	for side, said := range s {
		if said == nil {
			continue
		}
		if err := do(side, *said); err != nil {
			return fmt.Errorf("%s: %w", contactsync.Side(side), err)
		}
	}
	return nil
}
