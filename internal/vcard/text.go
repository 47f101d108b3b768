package vcard

import "io"

// A Text is a card as it is written, of which not all bytes are held: what photos and the like hold beyond their
// beginning are gaps. A gap is never looked into; where the card is written, its bytes are copied from where they are.
type Text struct {
	// Held is the text without the gaps.
	Held string
	// Gaps are what is left out of it, in order.
	Gaps []Gap
}

// A Gap is a run of bytes that a [Text] does not hold.
type Gap struct {
	At         int   // where it lies in what is held
	Start, End int64 // its bytes, counted from the beginning of the card as it was read
	Lines      int   // the line ends in it
}

// Parse reads the card as [Parse] does. line is the number of its first line.
func (t Text) Parse(line int) (*Card, error) { return parse(t, line) }

// WriteTo writes the text with what is in its gaps, which read is asked for: the card as it was read.
func (t Text) WriteTo(w io.Writer, read io.ReaderAt) error {
	pos := 0
	for _, gap := range t.Gaps {
		if _, err := io.WriteString(w, t.Held[pos:gap.At]); err != nil {
			return err
		}
		n, err := io.Copy(w, io.NewSectionReader(read, gap.Start, gap.End-gap.Start))
		if err == nil && n < gap.End-gap.Start {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		pos = gap.At
	}
	_, err := io.WriteString(w, t.Held[pos:])
	return err
}
