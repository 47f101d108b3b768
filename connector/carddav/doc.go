// Package carddav is the connector for address books on CardDAV servers (RFC 6352): Nextcloud, iCloud, Fastmail, Radicale,
// DAViCal and thousands of others.
//
//	book, err := carddav.Open(carddav.Account{URL: "https://dav.example.com/", User: "ann", Password: password})
//
// The address may be that of the server, of the account or of an address book. The first call finds the book ([Books] lists
// them). Credentials go to that server and to others of its site alone.
//
// # Ids and versions
//
// The id of a card is the last part of its address; a version is its ETag, and what tells the groups that it is in. Every
// write is conditional on the version that it was decided on, and each card is read back after it was written: servers
// store cards as they like. Where a server gives no strong ETags a card is read right before it is written; what is edited
// between the two is overwritten, and the schema says so ([contact.AbilityRefuse]).
//
// # Fields
//
// They are those of package vcard, and a card is edited as there: an update changes the lines of the properties that it
// changes and no other, so that photos and what else has no field stay. New cards are of version 3.0, which all servers
// take; the others keep theirs.
//
// Labels are categories, and the names of the group cards of the book that name the card as a member. A label that is the
// name of a group card is added and removed there.
//
// # What is asked of the server
//
// What changed is asked for by sync tokens (RFC 6578), or by ctag and ETags of a server that has none. That is one call
// when nothing has changed, and two when something has: the other asks for the groups of the book, or, where there were none,
// which of the changed cards stand for one. Cards are read by multiget, 50 at a time.
package carddav
