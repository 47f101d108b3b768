// Package docs reads the documentation as what it promises: its code blocks, which tests compile and run, and the rows
// of its tables, which tests compare with the code.
package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A Block is one fenced code block.
type Block struct {
	File     string // relative to the root
	Line     int    // of its first line of code
	Language string // "go", "yaml", ...; "" for a drawing
	Code     string
	// Prelude is what the block takes for granted: the lines of a comment before it, which readers do not see,
	//
	//	<!-- given
	//	func newCRM() connector.Connector
	//	-->
	Prelude string
}

// String names the block's place.
func (b Block) String() string { return fmt.Sprintf("%s:%d", b.File, b.Line) }

// Files returns the documentation below root: what lies there, in docs and beside the examples.
func Files(root string) ([]string, error) {
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range found {
			name, err := filepath.Rel(root, file)
			if err != nil {
				return nil, err
			}
			all = append(all, filepath.ToSlash(name))
		}
	}
	return all, nil
}

// Blocks returns the code blocks of all files below root, or of those of one language if that is not "".
func Blocks(root, language string) ([]Block, error) {
	files, err := Files(root)
	if err != nil {
		return nil, err
	}
	var all []Block
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			return nil, err
		}
		for _, b := range blocks(file, string(text)) {
			if language == "" || b.Language == language {
				all = append(all, b)
			}
		}
	}
	return all, nil
}

func blocks(file, text string) []Block {
	var all []Block
	var given []string
	var open *Block
	inGiven := false
	for i, line := range strings.Split(text, "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case open != nil && isFence:
			all = append(all, *open)
			open = nil
		case open != nil:
			open.Code += line + "\n"
		case isFence:
			open = &Block{File: file, Line: i + 2, Language: fence, Prelude: strings.Join(given, "\n")}
			given = nil
		case line == "<!-- given":
			inGiven = true
		case inGiven && line == "-->":
			inGiven = false
		case inGiven:
			given = append(given, line)
		}
	}
	return all
}

// Rows returns the rows of the tables of a file, cell by cell, without their heads. A | in a cell is written \|.
func Rows(file string) ([][]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	inTable := false
	for _, line := range strings.Split(string(text), "\n") {
		switch {
		case !strings.HasPrefix(line, "|"):
			inTable = false
		case strings.HasPrefix(line, "| ---"):
			inTable = true
		case inTable:
			inner := strings.ReplaceAll(strings.Trim(strings.TrimSpace(line), "|"), `\|`, "\x00")
			var cells []string
			for _, cell := range strings.Split(inner, "|") {
				cells = append(cells, strings.ReplaceAll(strings.TrimSpace(cell), "\x00", "|"))
			}
			rows = append(rows, cells)
		}
	}
	return rows, nil
}

// link is a link of a page to a file, to a heading of it, or to a heading of the page itself.
var link = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)

// BrokenLinks returns, with its place, every link of these files to a file below root that is not there, or to a heading
// that a page has not.
func BrokenLinks(root string, files []string) (broken []string) {
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			broken = append(broken, err.Error())
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				if wrong := brokenLink(root, file, m[1], m[2]); wrong != "" {
					broken = append(broken, fmt.Sprintf("%s:%d: %s", file, i+1, wrong))
				}
			}
		}
	}
	return broken
}

// brokenLink says what is wrong with one link of a file, "" for nothing.
func brokenLink(root, file, to, anchor string) string {
	target := filepath.Join(root, filepath.Dir(file), to)
	if to == "" {
		target = filepath.Join(root, file)
	}
	if _, err := os.Stat(target); err != nil {
		return to + " is not there"
	}
	if anchor == "" {
		return ""
	}
	text, err := os.ReadFile(target)
	if err != nil {
		return err.Error()
	}
	if !slices.Contains(anchors(string(text)), anchor) {
		return fmt.Sprintf("%s has no heading #%s", filepath.Base(target), anchor)
	}
	return ""
}

// anchors returns the anchors of a page's headings: without case and punctuation, with hyphens for spaces, and with a
// number where a heading comes again.
func anchors(text string) (all []string) {
	seen := map[string]int{}
	code := false
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "```") {
			code = !code
		}
		heading, isHeading := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if code || !isHeading || !strings.HasPrefix(line, "#") {
			continue
		}
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(heading))
		if n := seen[name]; n > 0 {
			all = append(all, fmt.Sprintf("%s-%d", name, n))
		} else {
			all = append(all, name)
		}
		seen[name]++
	}
	return all
}
