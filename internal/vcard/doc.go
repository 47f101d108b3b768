// Package vcard reads and edits vCards of the versions 2.1 (vCard 2.1, 1996), 3.0 (RFC 2426) and 4.0 (RFC 6350,
// RFC 6868) without losing a byte. It keeps what it does not understand: unknown properties, groups, the order of
// lines, line ends, folding and parameters stay as they were written. A card that is not edited is written back to
// the byte, and an edit changes the lines of the property that it concerns and no other.
//
// [Split] finds the cards of a text without parsing them, so that one bad card fails alone; [Parse] reads one.
//
//	for _, span := range vcard.Split(text) {
//		card, err := vcard.Parse(text[span.Start:span.End], span.Line)
//		...
//		edit := card.Edit()
//		edit.Put(card.Find("NOTE"), "NOTE", card.TextValue("call back"))
//		out := edit.String()
//	}
//
// Photos, logos, sounds, keys and nested cards are opaque: they are skipped over, never decoded, never fetched.
package vcard
