package vcard

import "fmt"

// An Error says what is wrong with a card and in which line. Its message holds nothing of the card's content.
type Error struct {
	Line    int // counted from 1, in the text that the card came from
	Problem string
}

// Error returns "line 12: problem".
func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

func errorAt(line int, format string, args ...any) error {
	return &Error{Line: line, Problem: fmt.Sprintf(format, args...)}
}

// The limits of a card. Photos and other opaque properties do not count towards the first two: their bytes are
// skipped over.
const (
	MaxCard       = 1 << 20  // bytes of a card
	MaxLine       = 64 << 10 // bytes of an unfolded line
	MaxProperties = 500      // of a card
	MaxParams     = 100      // values of the parameters of one property
)
