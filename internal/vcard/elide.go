package vcard

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Elide reads a text of cards and leaves out what each opaque property, such as a photo, holds beyond its first keep
// bytes. Whatever a photo holds, the memory that this takes does not grow with it. It fails if more than most bytes are
// left. The text that it returns can be read like the whole one, and must not be written in its place.
func Elide(r io.Reader, keep, most int) (string, error) {
	e := elider{keep: keep, begins: true}
	for in := bufio.NewReaderSize(r, 64<<10); ; {
		piece, err := in.ReadSlice('\n')
		e.take(piece)
		switch {
		case e.text.Len() > most:
			return "", fmt.Errorf("more than %d MiB without photos", most>>20)
		case err == io.EOF:
			return e.text.String(), nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		}
	}
}

// An elider takes a text piece by piece, a physical line or a part of one.
type elider struct {
	text   strings.Builder
	keep   int
	begins bool // the next piece begins a line
	opaque bool // it belongs to an opaque property
	base64 bool // which may go on in lines that are not folded
	kept   int  // of that property
}

func (e *elider) take(piece []byte) {
	if len(piece) == 0 {
		return
	}
	ends := piece[len(piece)-1] == '\n'
	if e.begins && !e.continuesOpaque(piece) {
		head := string(piece[:min(len(piece), 1<<10)])
		e.opaque, e.kept = isOpaque(head), 0
		head, _, _ = strings.Cut(head, ":")
		e.base64 = e.opaque && containsFold(head, "BASE64")
	}
	e.begins = ends
	if !e.opaque {
		e.text.Write(piece)
		return
	}
	left := piece[:min(len(piece), max(e.keep-e.kept, 0))]
	e.text.Write(left)
	e.kept += len(piece)
	if ends && len(left) < len(piece) && !strings.HasSuffix(e.text.String(), "\n") {
		e.text.WriteString("\r\n")
	}
}

// continuesOpaque reports whether a piece that begins a line goes on with the opaque property before it.
func (e *elider) continuesOpaque(piece []byte) bool {
	return e.opaque && (continues(string(piece[:1])) || e.base64 && isBase64(strings.TrimRight(string(piece), "\r\n")))
}
