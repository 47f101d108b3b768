package csvfile

import (
	"fmt"
	"strings"
)

// What a file may hold at most.
const (
	maxFile    = 256 << 20     // bytes
	maxCell    = 64 << 10      // bytes of one cell, quotes included
	maxText    = maxCell/4 - 8 // characters of a text, so that it fits in a cell whatever they are
	maxRows    = 1_000_000
	maxColumns = 999
)

// A placeError says where in the file something is wrong, and what. It holds no content of a cell.
type placeError struct {
	line, column int // from 1; column 0 means the whole line
	message      string
}

func (e *placeError) Error() string {
	if e.column == 0 {
		return fmt.Sprintf("line %d: %s", e.line, e.message)
	}
	return fmt.Sprintf("line %d, column %d: %s", e.line, e.column, e.message)
}

// A span is where a cell stands in the text, its quotes included.
type span struct {
	start, end int
	quoted     bool
}

// text returns what the cell says: without the quotes around it, and doubled ones as one (RFC 4180 section 2).
func (c span) text(src string) string {
	if !c.quoted {
		return src[c.start:c.end]
	}
	return strings.ReplaceAll(src[c.start+1:c.end-1], `""`, `"`)
}

// A scanner cuts a text into rows and cells in the form of RFC 4180, with any delimiter and LF or CRLF at the end
// of a line.
type scanner struct {
	text  string
	delim byte
	pos   int
	line  int    // of pos, from 1
	cells []span // of the row that was scanned last; the next one overwrites them
}

// A scannedRow is where a row stands: its content is text[start:end] and its line end text[end:next]. fault says
// why its cells cannot be trusted.
type scannedRow struct {
	start, end, next int
	line             int
	fault            *placeError
}

// row scans the next row, of which there must be one. The error is for what spoils the rest of the file too.
func (s *scanner) row() (scannedRow, error) {
	r := scannedRow{start: s.pos, line: s.line}
	s.cells = s.cells[:0]
	for {
		if len(s.cells) == maxColumns {
			return r, &placeError{r.line, 0, fmt.Sprintf("more than %d columns", maxColumns)}
		}
		if err := s.cell(&r); err != nil {
			return r, err
		}
		if s.pos == len(s.text) || s.text[s.pos] != s.delim {
			break
		}
		s.pos++
	}
	r.end = s.pos
	if s.has('\r') {
		s.pos++
	}
	if s.has('\n') {
		s.pos++
		s.line++
	}
	r.next = s.pos
	return r, nil
}

// cell scans one cell and stops at the delimiter, line end or end of text behind it.
func (s *scanner) cell(r *scannedRow) error {
	c := span{start: s.pos}
	if s.has('"') {
		if err := s.quoted(); err != nil {
			return err
		}
		c.quoted = true
	}
	for !s.atEnd() {
		switch s.text[s.pos] {
		case '\r':
			s.fault(r, bareCR)
		case '"':
			s.fault(r, `a quote in a cell that does not begin with one; put quotes around the cell and double the one inside`)
		default:
			if c.quoted {
				s.fault(r, "text behind the closing quote; a quote inside a quoted cell is written twice")
			}
		}
		c.quoted = false
		s.pos++
	}
	c.end = s.pos
	s.cells = append(s.cells, c)
	if c.end-c.start > maxCell {
		return &placeError{r.line, len(s.cells), fmt.Sprintf("the cell is longer than %d KiB", maxCell>>10)}
	}
	return nil
}

const bareCR = "a line ends with CR alone; save the file with LF or CRLF line ends"

// quoted moves behind the closing quote of the quoted cell at pos.
func (s *scanner) quoted() error {
	opened := s.line
	for i := s.pos + 1; i < len(s.text); i++ {
		switch s.text[i] {
		case '\n':
			s.line++
		case '"':
			if i+1 < len(s.text) && s.text[i+1] == '"' {
				i++
				continue
			}
			s.pos = i + 1
			return nil
		}
	}
	return &placeError{opened, len(s.cells) + 1, "the quote that opens here is never closed"}
}

// atEnd reports whether a cell ends at pos. CR is part of a line end only in front of LF.
func (s *scanner) atEnd() bool {
	if s.pos == len(s.text) {
		return true
	}
	switch s.text[s.pos] {
	case s.delim, '\n':
		return true
	case '\r':
		return s.pos+1 < len(s.text) && s.text[s.pos+1] == '\n'
	}
	return false
}

func (s *scanner) has(b byte) bool { return s.pos < len(s.text) && s.text[s.pos] == b }

// fault notes the first thing that is wrong with the row.
func (s *scanner) fault(r *scannedRow, message string) {
	if r.fault == nil {
		r.fault = &placeError{s.line, len(s.cells) + 1, message}
	}
}

// appendCell appends a cell to a row, in quotes if it must or shall be. A cell that another delimiter would cut is
// quoted too, so that a program which guesses the delimiter reads it right.
func appendCell(dst []byte, text string, quote bool) []byte {
	if !quote && !strings.ContainsAny(text, "\"\r\n,;\t|") && text == strings.TrimSpace(text) {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(text, `"`, `""`)...)
	return append(dst, '"')
}
