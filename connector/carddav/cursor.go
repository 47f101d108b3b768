package carddav

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// A position is what a cursor holds.
type position struct {
	Book    string `json:"b"`           // which book it is of
	Token   string `json:"t,omitempty"` // the sync token
	CTag    string `json:"c,omitempty"` // of a server without sync tokens
	Groups  string `json:"g,omitempty"` // what the groups of the book were like
	Whole   int64  `json:"w,omitempty"` // when the book was last named whole, in Unix seconds
	Unable  bool   `json:"u,omitempty"` // the server fails at filtering, and is not asked to again
	Weak    bool   `json:"k,omitempty"` // a card has no strong ETag
	Passing bool   `json:"p,omitempty"` // the pass that began at the beginning has not ended
}

// bookKey returns what tells a book's cursors from another's.
func bookKey(f found) string {
	sum := sha256.Sum256([]byte(identity(f)))
	return hex.EncodeToString(sum[:6])
}

// cursor returns the position as a cursor. One that holds nothing is the beginning.
func (p position) cursor() connector.Cursor {
	if p.Token == "" && p.CTag == "" {
		return ""
	}
	text, _ := json.Marshal(p) // it holds texts alone
	return connector.Cursor(text)
}

// positionOf reads a cursor of the book. One that is none of it is expired: everything is named again.
func positionOf(f found, c connector.Cursor, now time.Time) (position, error) {
	p := position{Book: bookKey(f), Whole: now.Unix()}
	if c == "" {
		return p, nil
	}
	var held position
	if json.Unmarshal([]byte(c), &held) != nil || held.Book != p.Book || (held.Token != "") != f.sync || !held.swept(now) {
		return p, expired()
	}
	return held, nil
}

// sweep is how long a book's changes are relied on before all of it is named again. There are servers that forget changes,
// and some that answer a token which they do not know like none at all, without saying so: what was deleted meanwhile is
// then not told.
const sweep = 24 * time.Hour

// swept reports whether the book was named whole not too long ago.
func (p position) swept(now time.Time) bool {
	return now.Sub(time.Unix(p.Whole, 0)).Abs() < sweep
}

func expired() error {
	return &connector.Error{App: appID, Op: "changes", Err: connector.ErrCursorExpired}
}
