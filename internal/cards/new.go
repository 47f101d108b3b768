package cards

import (
	"time"

	"github.com/contactsync/contactsync/internal/vcard"
)

// New returns a card of that UID, of version 3.0, that says nothing yet. It was last changed at now.
func New(uid string, now time.Time) *vcard.Card {
	c, _ := vcard.Parse("BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//contactsync//vcard//EN\r\nUID:"+uid+"\r\nREV:"+
		now.UTC().Format(revLayout)+"\r\nN:;;;;\r\nFN:\r\nEND:VCARD\r\n", 1)
	return c
}

// Revised returns when a card was last changed by its REV; the zero time if it has none that can be read.
func Revised(c *vcard.Card) time.Time {
	if i := c.Find("REV"); i >= 0 {
		for _, layout := range []string{time.RFC3339, "20060102T150405Z07:00", "2006-01-02T15:04:05", "20060102T150405"} {
			if t, err := time.Parse(layout, c.Properties[i].Value); err == nil {
				return t.UTC()
			}
		}
	}
	return time.Time{}
}
