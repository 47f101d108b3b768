package csvfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// A charset is how a file writes its text.
type charset struct {
	name  string            // "utf-8", "utf-16le", "utf-16be", "windows-1252"
	codec encoding.Encoding // nil for UTF-8
	bom   string            // the byte order mark that the file begins with, "" if it has none
}

// The byte order marks, as bytes.
const (
	bomUTF8    = "\xef\xbb\xbf"
	bomUTF16LE = "\xff\xfe"
	bomUTF16BE = "\xfe\xff"
)

// newCharset returns the encoding of that name without byte order mark, and whether there is one.
func newCharset(name string) (charset, bool) {
	switch name {
	case "utf-8":
		return charset{name: name}, true
	case "utf-16le":
		return charset{name: name, codec: unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)}, true
	case "utf-16be":
		return charset{name: name, codec: unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)}, true
	case "windows-1252":
		return charset{name: name, codec: charmap.Windows1252}, true
	}
	return charset{}, false
}

// findCharset returns the encoding of the file: the declared one, or for "auto" the one that a byte order mark
// tells, or UTF-8. A mark that contradicts the declaration is an error.
func findCharset(raw []byte, declared string) (charset, error) {
	marked, bom := "", ""
	for _, m := range [][2]string{{"utf-8", bomUTF8}, {"utf-16le", bomUTF16LE}, {"utf-16be", bomUTF16BE}} {
		if bytes.HasPrefix(raw, []byte(m[1])) {
			marked, bom = m[0], m[1]
		}
	}
	name := declared
	switch {
	case declared == "auto" && marked != "":
		name = marked
	case declared == "auto":
		name = "utf-8"
	case marked != "" && marked != declared:
		return charset{}, fmt.Errorf("the encoding is declared as %s, but the file begins with the byte order mark of %s; leave the declaration out", declared, marked)
	}
	cs, _ := newCharset(name)
	cs.bom = bom
	return cs, nil
}

// decode returns the text of the file without its byte order mark. It refuses what [charset.encode] would not give
// back byte for byte, so that nothing is garbled on the way.
func (cs charset) decode(raw []byte) (string, error) {
	body := raw[len(cs.bom):]
	if cs.codec == nil {
		text := string(body)
		if !utf8.ValidString(text) {
			return "", &placeError{lineOfInvalid(text), 0, "not UTF-8; say which encoding the file has, such as windows-1252, or save it as UTF-8"}
		}
		return text, nil
	}
	decoded, err := cs.codec.NewDecoder().Bytes(body)
	if err != nil {
		return "", fmt.Errorf("the file is not %s: %w", cs.name, err)
	}
	text := string(decoded)
	if back, ok := cs.encode(text); !ok || !bytes.Equal(back, raw) {
		return "", fmt.Errorf("the file is not %s: it holds bytes that mean nothing in it", cs.name)
	}
	return text, nil
}

// encode returns the text as the file writes it, byte order mark first, and whether it can.
func (cs charset) encode(text string) ([]byte, bool) {
	if cs.codec == nil {
		return append([]byte(cs.bom), text...), utf8.ValidString(text)
	}
	body, err := cs.codec.NewEncoder().String(text)
	return append([]byte(cs.bom), body...), err == nil
}

// canHold reports whether the file can write the text.
func (cs charset) canHold(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	if cs.name != "windows-1252" {
		return true
	}
	_, err := cs.codec.NewEncoder().String(text)
	return err == nil
}

// checkNUL refuses a text with NUL characters, which no spreadsheet writes and UTF-16 read as UTF-8 is full of.
func checkNUL(text string) error {
	i := strings.IndexByte(text, 0)
	if i < 0 {
		return nil
	}
	return &placeError{1 + strings.Count(text[:i], "\n"), 0, "a NUL character; if the file is UTF-16, say encoding utf-16le or utf-16be"}
}

func lineOfInvalid(text string) int {
	line := 1
	for i, r := range text {
		if r == '\n' {
			line++
		}
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return line
			}
		}
	}
	return line
}

var errEmptyFile = errors.New("the file is empty; it needs a header line")
