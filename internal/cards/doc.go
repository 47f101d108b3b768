// Package cards says what a vCard means: which fields of a record it holds ([Fields], [Read]), what a patch of such fields
// makes of it ([Change]), and who is in a group ([ReadGroup], [Regroup]). The connectors of folders and of CardDAV
// servers share it. The text of a card is read and edited by package internal/vcard, which loses nothing.
package cards
