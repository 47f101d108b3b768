package csvfile

import "strings"

// separators are what separates the elements of a set in a column. The cells tell which one it is: the first of
// separatorMarks that any cell shows.
type separators struct {
	standard int // index of the mark where no cell shows one
	seen     int // bit i is set if a cell shows mark i
}

const separatorCount = 3

// separatorMarks are the marks, the one that is least likely to stand inside an element first.
func separatorMarks() [separatorCount]string { return [separatorCount]string{":::", ";", ","} }

// newSeparators returns those of a column that nothing was seen of yet: Google's mark for Google's headings, else
// the semicolon.
func newSeparators(heading string) separators {
	switch normalHeading(heading) {
	case "labels", "group membership":
		return separators{standard: 0}
	}
	return separators{standard: 1}
}

// note takes note of the marks that a cell shows.
func (s *separators) note(cell string) {
	for i, mark := range separatorMarks() {
		if s.seen&(1<<i) == 0 && strings.Contains(cell, mark) {
			s.seen |= 1 << i
		}
	}
}

// index returns the index of the mark that the column uses.
func (s separators) index() int {
	for i := range separatorCount {
		if s.seen&(1<<i) != 0 {
			return i
		}
	}
	return s.standard
}

func (s separators) mark() string { return separatorMarks()[s.index()] }

// split returns the elements of a cell.
func (s separators) split(cell string) []string {
	elements := strings.Split(cell, s.mark())
	for i, e := range elements {
		elements[i] = strings.TrimSpace(e)
	}
	return elements
}

// join returns a cell of these elements, spaced as the old cell was. It is not true if an element holds the mark,
// or one that would be taken for the mark of the column.
func (s separators) join(old string, elements []string) (cell string, ok bool) {
	marks := separatorMarks()
	for _, e := range elements {
		for _, mark := range marks[:s.index()+1] {
			if strings.Contains(e, mark) {
				return "", false
			}
		}
	}
	spaced := s.mark()
	switch {
	case spaced == ":::":
		spaced = joiner
	case strings.Contains(old, spaced+" "):
		spaced += " "
	}
	cell = strings.Join(elements, spaced)
	after := s
	after.note(cell)
	if cell != "" && !strings.Contains(cell, s.mark()) && after.seen != after.seen&(1<<s.index()) {
		cell += strings.TrimRight(spaced, " ") // or another mark would seem to be the column's
	}
	return cell, true
}
