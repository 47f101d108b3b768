// Package rules shows how a host tests the rules of its connections, without any account: both apps are fakes, in which
// the test plays the users.
//
// The rules are those of connection.json. Google contacts become leads, and such a lead has the tag GoogleContacts; a
// contact with the label No_CRM stays out, and loses the tag in the CRM if it gets the label later (undo). The rule also
// works the other way around: a lead that gets the tag is put into Google Contacts, and who loses it is labelled No_CRM
// there.
//
// Each row of the test's table is a story: what both apps hold, what the users do after the first sync, and what both
// apps hold in the end. Every story is told again with apps of other habits (without versions, without a feed of
// deletions, with tiny pages in any order), and in the end another sync has to write nothing.
package rules

import (
	_ "embed" // for connection.json

	"github.com/contactsync/contactsync"
)

//go:embed connection.json
var document []byte

// Connection returns the connection that the host offers its customers.
func Connection() (contactsync.Connection, error) { return contactsync.ParseConnection(document) }
