package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A colour is an ANSI code.
type colour string

const (
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
	bold   colour = "1"
	dim    colour = "2"
)

// paint colours text for out; paintErr for err. Only a person at a terminal gets colours, and only one who has not
// said otherwise (https://no-color.org).
func (c *cli) paint(to colour, text string) string    { return c.paintIf(c.outTTY, to, text) }
func (c *cli) paintErr(to colour, text string) string { return c.paintIf(c.errTTY, to, text) }

func (c *cli) paintIf(tty bool, to colour, text string) string {
	if no, _ := c.getenv("NO_COLOR"); !tty || no != "" || text == "" {
		return text
	}
	return "\x1b[" + string(to) + "m" + text + "\x1b[0m"
}

func (c *cli) printf(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

// printJSON prints a document. What it cannot show is a mistake of this program, and said as such.
func (c *cli) printJSON(v any) {
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		fmt.Fprintln(c.err, "contactsync: print JSON:", err)
	}
}

// printable returns text without what would steer a terminal: contacts are other people's data.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == utf8.RuneError:
			return '\uFFFD'
		}
		return r
	}, text)
}

// shorten returns text of at most n characters.
func shorten(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}

// table prints rows with aligned columns, behind an indent. The last cell of a row is not padded.
func table(w io.Writer, indent string, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i < len(row)-1 {
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
	}
	for _, row := range rows {
		line := indent
		for i, cell := range row {
			line += cell
			if i < len(row)-1 {
				line += strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// count returns a number with its noun: "1 write", "2 writes".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
