package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// place is where something of the configuration is written.
type place struct {
	key   *token.Token // its key; nil of an element of a list
	value *token.Token
	whole bool // the value is a mapping or a list
}

// places knows where each part of the configuration is written, by its path: "connections[0].rules[1].filter.op".
type places map[string]place

// lastStep is the last step of a path: ".op" or "[1]".
var lastStep = regexp.MustCompile(`(\.[^.\[\]]*|\[\d+\])$`)

// nearest returns the place of the path, or of what is nearest around it, and whether it is the path's own.
func (p places) nearest(path string) (at place, own bool) {
	for own = true; ; own = false {
		if at, ok := p[path]; ok {
			return at, own
		}
		step := lastStep.FindString(path)
		if step == "" {
			return p[""], false
		}
		path = strings.TrimSuffix(path, step)
	}
}

// problem is one thing that is wrong with the configuration, and where.
type problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	Excerpt string `json:"excerpt,omitempty"`
}

// String returns "file:line:column: path: message" and the excerpt.
func (p problem) String() string {
	text := p.File
	if p.Line > 0 {
		text += fmt.Sprintf(":%d:%d", p.Line, p.Column)
	}
	text += ": "
	if p.Path != "" {
		text += p.Path + ": "
	}
	text += p.Message
	if p.Excerpt != "" {
		text += "\n" + p.Excerpt
	}
	return text
}

// configError says everything that is wrong with a configuration file.
type configError struct{ problems []problem }

func (e *configError) Error() string {
	lines := []string{"the configuration is not valid"}
	if n := len(e.problems); n > 1 {
		lines[0] += fmt.Sprintf(": %d faults", n)
	}
	for _, p := range e.problems {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

// faultsOf returns the faults that err is made of, nil if it is no error of the configuration.
func faultsOf(err error) []problem {
	var bad *configError
	if errors.As(err, &bad) {
		return bad.problems
	}
	return nil
}

// fault returns the problem at a path of the configuration. It is shown at the value; onKey shows it at the key, and so is that of a list or mapping.
func (f *configFile) fault(path, message string, onKey bool) problem {
	at, own := f.places.nearest(path)
	tk := at.value
	if at.key != nil && (onKey || !own || at.whole || tk == nil) {
		tk = at.key
	}
	return f.problemAt(tk, path, message)
}

func (f *configFile) problemAt(tk *token.Token, path, message string) problem {
	p := problem{File: f.path, Path: path, Message: message}
	if tk == nil || tk.Position == nil {
		return p
	}
	p.Line, p.Column = tk.Position.Line, tk.Position.Column
	p.Excerpt = f.excerpt(p.Line, p.Column)
	return p
}

// excerpt returns a line of the file, with a mark under the column. Secrets in it are hidden.
func (f *configFile) excerpt(line, column int) string {
	lines := strings.Split(string(f.source), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	text := strings.TrimRight(lines[line-1], "\r")
	for _, secret := range f.secrets {
		text = strings.ReplaceAll(text, secret, strings.Repeat("*", len([]rune(secret))))
	}
	number := fmt.Sprintf("%5d | ", line)
	indent := []rune(text)
	if column-1 < len(indent) {
		indent = indent[:max(column-1, 0)]
	}
	for i, r := range indent {
		if r != '\t' {
			indent[i] = ' '
		}
	}
	return number + printable(text) + "\n" + strings.Repeat(" ", len(number)-2) + "| " + string(indent) + "^"
}
