package source

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync/connector"
)

// encode returns a position as a cursor: the kind of the piece, and JSON.
func encode(kind string, position any) connector.Cursor {
	text, err := json.Marshal(position)
	if err != nil {
		panic("source: a position that cannot be written: " + err.Error())
	}
	return connector.Cursor(kind + string(text))
}

// decode reads a cursor of a kind. What cannot be read, such as one of an older release, has expired.
func decode(kind string, c connector.Cursor, position any) error {
	if c == "" {
		return nil
	}
	text, ok := strings.CutPrefix(string(c), kind)
	if !ok || json.Unmarshal([]byte(text), position) != nil {
		return fmt.Errorf("%w: it is none of this feed", connector.ErrCursorExpired)
	}
	return nil
}
