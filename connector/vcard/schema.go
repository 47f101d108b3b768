package vcard

import (
	"fmt"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/cards"
)

// batch is how many cards one call takes: enough that flushing them to the disk costs little for each.
const batch = 500

// schema returns what can be done with cards in files.
func schema() contact.Schema {
	return contact.Schema{
		Fields:   cards.Fields(),
		Versions: true,
		Modified: true,
		Marker:   true,
		Batch:    contact.Batch{Create: batch, Update: batch, Delete: batch, Read: batch},
		Parallel: 1,
	}
}

// place names a card for an error: its file, and the line.
func place(file string, err error) error { return fmt.Errorf("%s: %w", file, err) }
