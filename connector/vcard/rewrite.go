package vcard

import (
	"bufio"
	"context"
	"io"
	"os"

	"github.com/contactsync/contactsync/internal/vcard"
)

// A fileChange is what is to become of one file.
type fileChange struct {
	name  string
	file  *file               // as it is known; nil if it is not there yet
	cards map[spot]vcard.Text // what becomes of cards; of one that is taken out nothing
	added []vcard.Text        // new cards, at its end

	target string // the path to write to
	temp   string // the path of the temporary file that holds the new text; "" if the file is to be removed
	made   *file  // what that holds
	err    error
	done   bool // it is in place
}

func (c *fileChange) replace(of located, text vcard.Text) {
	if c.cards == nil {
		c.cards = map[spot]vcard.Text{}
	}
	c.cards[of.spot()] = text
}

// empties reports whether no card is left in the file.
func (c *fileChange) empties() bool {
	left := len(c.added)
	if c.file != nil {
		left += len(c.file.cards)
	}
	for _, text := range c.cards {
		if text.Held == "" {
			left--
		}
	}
	return left == 0
}

// write writes the new text of the file. What does not change is copied from the old one, whatever it is.
func (c *fileChange) write(w *output, old io.ReaderAt) error {
	if c.file != nil {
		pos := int64(0)
		for _, card := range c.file.cards {
			text, changed := c.cards[located{c.file, card}.spot()]
			if !changed {
				continue
			}
			if err := w.copy(old, pos, card.start); err != nil {
				return err
			}
			if err := text.WriteTo(w, io.NewSectionReader(old, card.start, card.end-card.start)); err != nil {
				return err
			}
			pos = card.end
		}
		if err := w.copy(old, pos, c.file.stat.size); err != nil {
			return err
		}
		if len(c.added) > 0 {
			if err := w.endLine(); err != nil {
				return err
			}
		}
	}
	for _, text := range c.added {
		if _, err := w.WriteString(text.Held); err != nil {
			return err
		}
	}
	return w.Flush()
}

// An output takes the text of a file that is written, and finds the cards in it as it goes by.
type output struct {
	*bufio.Writer // over through
	through       through
}

// copy copies bytes of the old file.
func (w *output) copy(old io.ReaderAt, from, to int64) error {
	n, err := io.Copy(w.Writer, io.NewSectionReader(old, from, to-from))
	if err == nil && n < to-from {
		err = errChanging
	}
	return err
}

// endLine ends the last line of what was written, if there is one that has no end.
func (w *output) endLine() error {
	if err := w.Flush(); err != nil || w.through.last == '\n' || w.through.last == 0 {
		return err
	}
	_, err := w.WriteString("\r\n")
	return err
}

// through passes on what is written to it to a file and to a splitter.
type through struct {
	file     *os.File
	splitter *vcard.Splitter
	last     byte
}

func (t *through) Write(p []byte) (int, error) {
	n, err := t.file.Write(p)
	t.splitter.Write(p[:n])
	if n > 0 {
		t.last = p[n-1]
	}
	return n, err
}

// until is a file that can be read as long as a context lasts.
type until struct {
	ctx  context.Context
	file io.ReaderAt
}

func (u until) ReadAt(p []byte, at int64) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.file.ReadAt(p, at)
}
