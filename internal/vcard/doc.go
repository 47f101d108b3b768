// Package vcard reads and edits vCards of the versions 2.1 (vCard 2.1, 1996), 3.0 (RFC 2426) and 4.0 (RFC 6350,
// RFC 6868) without losing a byte. It keeps what it does not understand: unknown properties, groups, the order of
// lines, line ends, folding and parameters stay as they were written. A card that is not edited is written back to
// the byte, and an edit changes the lines of the property that it concerns and no other.
//
// A [Splitter] finds the cards of a text without parsing them, so that one bad card fails alone; [Text.Parse] reads one.
//
//	s := vcard.NewSplitter(func(span vcard.Span) {
//		card, err := span.Text.Parse(span.Line)
//		...
//		edit := card.Edit()
//		edit.Put(card.Find("NOTE"), "NOTE", card.TextValue("call back"))
//		err = edit.Text().WriteTo(out, io.NewSectionReader(file, span.Start, span.End-span.Start))
//	})
//	io.Copy(s, file)
//	s.Close()
//
// Photos, logos, sounds, keys and nested cards are opaque: they are skipped over, never decoded, never fetched. Of what
// is no card the beginning alone is held in memory ([Gap]); the rest is copied when the card is written.
package vcard
