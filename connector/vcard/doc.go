// Package vcard is the connector for contacts in vCard files: a folder of .vcf files, as calendar and address book
// tools keep them, or one file with many cards.
//
//	phone := vcard.Folder("phone")
//	book := vcard.File("book.vcf")
//
// Files stay as their owners wrote them: an update changes the lines of the properties that it changes and no other
// byte, an unchanged file is not even opened, and what cannot be read is reported and left alone. Files that other
// programs change between the sync's read and its write are never overwritten.
//
// # Ids and versions
//
// The id of a card that is alone in its file is the file's name. Cards that share a file have the file's name, "#"
// and their UID; in a single file their UID. A card without UID among others gets an id from its name, if no other
// such card of the file has that name, else from all its bytes; with its first update it gets that id as UID.
//
// A version tells the file's size, time and inode, so that an unchanged file is known by its stat alone, and a digest
// of the card's bytes, by which writes are conditional.
//
// # Fields
//
// See [Folder]. Photos are never decoded and never fetched; they stay in the card, to the byte and whatever their size.
//
// # Limits
//
// A card holds up to 1 MiB without its photos, 500 properties and 64 KiB a line; one that holds more is reported and
// left alone, and the others of its file are not touched. Files may be as large as they like: one card at a time is
// held in memory, without its photos.
package vcard
