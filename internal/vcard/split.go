package vcard

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"slices"
)

// A Span is one card of a text, as a [Splitter] finds it.
type Span struct {
	// Start and End are the bytes of the card, from BEGIN:VCARD to the line end of END:VCARD.
	Start, End int64
	// Line is the number of its first line, counted from 1.
	Line int
	// Text is what it says.
	Text Text
	// Sum is the SHA-256 of all its bytes.
	Sum [sha256.Size]byte
	// Err is why this is no whole card: END:VCARD is missing, it is text outside of any card, or it holds more than a
	// card may, and Text does not hold all of it. Nil if it is one; whether it can be read is for [Text.Parse] to say.
	Err error
}

// What a splitter holds.
const (
	keptOfPhoto = 4 << 10                             // of the beginning of each photo
	maxHeld     = MaxCard + MaxProperties*keptOfPhoto // of a card: one that can be read does not hold more
	maxPiece    = MaxLine                             // of a physical line: only a photo's may be longer
)

const byteOrderMark = "\ufeff"

// A Splitter finds the cards of a text that is written to it, in order. It looks at BEGIN and END lines only, so that a
// card that cannot be read does not touch the others. Blank lines and a byte order mark between cards belong to none;
// any other text outside of a card is a span with an error.
//
// It holds one card at a time, and of its photos the beginnings: however long the text is, and whatever its photos
// hold, it takes no more memory.
type Splitter struct {
	found func(Span)
	keep  int // of a photo

	carry  []byte // the beginning of a physical line that was not taken yet
	middle bool   // the next piece goes on with a physical line
	number int    // of the physical line
	pos    int64  // of the next byte to hold or to leave out
	join   joiner

	open  bool // a span is being read
	stray bool // it is text outside of a card
	over  bool // it is more than a card may hold
	span  Span
	held  []byte
	gaps  []Gap
	kept  int       // of the photo that is being read
	gap   bool      // the last gap is open: what follows of the photo is left out
	end   []byte    // the end of the photo's last line, which is left out only if the photo goes on
	sum   hash.Hash // of what was left out, and all before it
	added int       // how much of held is in sum; -1 if nothing was left out
}

// NewSplitter returns a splitter that hands each span to found as soon as it ends.
func NewSplitter(found func(Span)) *Splitter {
	s := &Splitter{keep: keptOfPhoto, sum: sha256.New()}
	s.Reset(found)
	return s
}

// Reset makes the splitter ready for another text.
func (s *Splitter) Reset(found func(Span)) {
	*s = Splitter{found: found, keep: s.keep, number: 1, sum: s.sum,
		carry: s.carry[:0], held: s.held[:0], gaps: s.gaps[:0], end: s.end[:0]}
}

// Write takes in the next bytes of the text. It never fails.
func (s *Splitter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n') + 1
		if end > 0 && len(s.carry) == 0 {
			s.take(p[:end])
			p = p[end:]
			continue
		}
		if end == 0 {
			end = min(len(p), maxPiece)
		}
		s.carry = append(s.carry, p[:end]...)
		p = p[end:]
		cut := len(s.carry)
		if last := s.carry[cut-1]; last != '\n' {
			if cut < maxPiece {
				continue
			}
			if last == '\r' {
				cut-- // it may be half of the line end
			}
		}
		s.take(s.carry[:cut])
		s.carry = append(s.carry[:0], s.carry[cut:]...)
	}
	return n, nil
}

// Close tells that the text has ended. It never fails.
func (s *Splitter) Close() error {
	if len(s.carry) > 0 {
		s.take(s.carry)
		s.carry = s.carry[:0]
	}
	s.endPhoto()
	s.cutOff("")
	return nil
}

// take takes in a physical line, or a piece of a long one.
func (s *Splitter) take(line []byte) {
	if s.pos == 0 && bytes.HasPrefix(line, []byte(byteOrderMark)) {
		s.pos += int64(len(byteOrderMark))
		if line = line[len(byteOrderMark):]; len(line) == 0 {
			return
		}
	}
	content, end := cutLineEnd(line)
	was := jointMore
	switch {
	case !s.middle:
		was = see(&s.join, line, content)
	case len(content) > 0:
		endLine(&s.join, content)
	}
	if was != jointMore {
		s.endPhoto()
	}
	switch {
	case was == jointBegin:
		s.cutOff(" before line %d", s.number)
		s.begin(false)
	case was == jointOutside && !s.open && !blank(line):
		s.begin(true)
	}
	switch {
	case !s.open:
		s.pos += int64(len(line))
	case s.join.open && s.join.gaps:
		s.photo(was, content, end)
	default:
		s.hold(line)
	}
	if s.middle = len(end) == 0; !s.middle {
		s.number++
	}
	if was == jointEnd {
		s.close(nil)
	}
}

// begin begins a span.
func (s *Splitter) begin(stray bool) {
	s.open, s.stray, s.over, s.added = true, stray, false, -1
	s.span = Span{Start: s.pos, Line: s.number}
	s.held, s.gaps = s.held[:0], s.gaps[:0]
}

// cutOff closes the span that is being read, if there is one, as no whole card.
func (s *Splitter) cutOff(where string, args ...any) {
	switch {
	case s.stray:
		s.close(errorAt(s.span.Line, "text outside of a card"))
	case s.open:
		s.close(errorAt(s.span.Line, "the card that begins here has no END:VCARD"+where, args...))
	}
}

// close hands out the span that was read.
func (s *Splitter) close(err error) {
	if s.over && err == nil {
		err = errorAt(s.span.Line, "a card of more than %d bytes without its photo", MaxCard)
	}
	s.span.End, s.span.Err = s.pos, err
	s.span.Text = Text{Held: string(s.held), Gaps: slices.Clone(s.gaps)}
	if s.added < 0 {
		s.span.Sum = sha256.Sum256(s.held)
	} else {
		s.sum.Write(s.held[s.added:])
		s.sum.Sum(s.span.Sum[:0])
	}
	s.open, s.stray = false, false
	s.found(s.span)
}

// photo takes in a line of a photo, or a piece of one. What lies between the bytes that are kept and the last line end
// is one gap.
func (s *Splitter) photo(was joint, content, end []byte) {
	if was == jointNew {
		s.kept = 0
	} else if !s.middle {
		if s.kept += len(s.end); s.kept >= s.keep {
			s.openGap() // with the line end, so that what is held of a line is never nothing
		}
		s.put(s.end)
		if s.gap {
			s.gaps[len(s.gaps)-1].Lines++
		}
	}
	kept := len(content)
	if !s.gap {
		kept = min(kept, max(s.keep-s.kept, 0))
		s.put(content[:kept])
		s.kept += kept
		content = content[kept:]
	}
	if len(content) > 0 {
		s.openGap()
		s.put(content)
	}
	s.end = append(s.end[:0], end...)
}

// openGap opens a gap, unless one is open or there is no use in it.
func (s *Splitter) openGap() {
	if !s.gap && !s.over {
		s.gap = true
		s.gaps = append(s.gaps, Gap{At: len(s.held), Start: s.pos - s.span.Start})
	}
}

// endPhoto tells that a line follows which is not of the photo.
func (s *Splitter) endPhoto() {
	s.gap = false
	s.put(s.end)
	s.end = s.end[:0]
}

// put holds bytes of a photo, or leaves them out.
func (s *Splitter) put(b []byte) {
	if !s.gap {
		s.hold(b)
		return
	}
	s.leave(b)
	s.gaps[len(s.gaps)-1].End = s.pos - s.span.Start
}

func (s *Splitter) hold(b []byte) {
	if s.over = s.over || len(s.held)+len(b) > maxHeld; s.over {
		s.leave(b)
		return
	}
	s.held = append(s.held, b...)
	s.pos += int64(len(b))
}

func (s *Splitter) leave(b []byte) {
	if s.added < 0 {
		s.sum.Reset()
		s.added = 0
	}
	s.sum.Write(s.held[s.added:])
	s.sum.Write(b)
	s.added = len(s.held)
	s.pos += int64(len(b))
}

// cutLineEnd returns a physical line, or a piece of one, without its end, and that.
func cutLineEnd(line []byte) (content, end []byte) {
	n := len(line)
	if n > 0 && line[n-1] == '\n' {
		n--
		if n > 0 && line[n-1] == '\r' {
			n--
		}
	}
	return line[:n], line[n:]
}
