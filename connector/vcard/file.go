package vcard

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/contactsync/contactsync/internal/cards"
	"github.com/contactsync/contactsync/internal/vcard"
)

// maxID is how long an id may be ([connector.ErrContract]); longer ones are made of a digest of the UID.
const maxID = 1 << 10

// maxUID is the longest UID that is taken for one.
const maxUID = 1 << 10

// A file is what is known of one file of the book. It is immutable once it is in the index.
type file struct {
	name  string
	stat  stat
	racy  bool // it was too young, when it was read, for its stat to tell an edit
	sure  bool // it was read again at an age at which its stat tells
	alone bool // it holds one card, and is in a folder
	cards []*card
	lost  error // a card that cannot be told apart from others, so that any record may be it
	err   error // why the whole file cannot be read
}

// A card is what is known of one card of a file.
type card struct {
	id         string
	key        cards.UIDKey
	uid        string // "" if it has none, or is known by its version alone
	noUID      bool   // it has no UID and needs one to keep its id
	digest     digest
	start, end int64        // its bytes in the file
	line       int          // of its BEGIN
	group      *cards.Group // it is not a record but a group of some
	err        error        // why it cannot be read
}

// A finder makes a file of the cards that are found in its text.
type finder struct {
	book  *book
	file  *file
	first vcard.Text // the text of the first card
	names []string   // of cards without UID among others: what tells them apart
}

// found takes in the next card.
func (d *finder) found(span vcard.Span) {
	c := &card{start: span.Start, end: span.End, line: span.Line, digest: digestOf(span)}
	if span.Err != nil {
		c.err = place(d.file.name, span.Err)
	}
	c.identify(d.file.name, span.Text)
	if d.file.cards = append(d.file.cards, c); len(d.file.cards) == 1 {
		d.first = span.Text
		return
	}
	if len(d.file.cards) == 2 {
		d.nameOf(d.file.cards[0], d.first)
	}
	d.nameOf(c, span.Text)
}

// nameOf notes what is written as the name in a card without UID.
func (d *finder) nameOf(c *card, text vcard.Text) {
	name := ""
	if c.uid == "" && c.err == nil {
		var err error
		if name, err = nameOf(text, c.line); err != nil {
			c.err = place(d.file.name, err)
		}
	}
	d.names = append(d.names, name)
}

// finish tells that there is no other card.
func (d *finder) finish() {
	f := d.file
	if len(f.cards) == 0 && f.stat.size == 0 {
		f.err = fmt.Errorf("%s: the file is empty; remove it if it is meant to be", f.name)
		return
	}
	if f.alone = len(f.cards) == 1 && d.book.single == ""; f.alone {
		f.cards[0].id = f.name
		return
	}
	if len(f.cards) == 1 {
		d.nameOf(f.cards[0], d.first)
	}
	d.nameCards()
}

// identify finds out the UID of a card and whether it is a group, as far as that can be told.
func (c *card) identify(file string, text vcard.Text) {
	uid, isGroup, certain := vcard.Peek(text.Held)
	if (!certain || isGroup) && c.err == nil {
		parsed, err := text.Parse(c.line)
		if err == nil {
			uid, isGroup, err = cards.Identity(parsed)
		}
		if err == nil && isGroup {
			c.group, err = cards.ReadGroup(parsed)
		}
		if err != nil {
			c.err = place(file, err)
		}
	}
	if isGroup && c.group == nil {
		c.group = &cards.Group{} // it cannot be read: what it says of its members is not known
	}
	if !isPrintable(uid) && c.err == nil {
		c.err = place(file, &vcard.Error{Line: c.line, Problem: "the UID is not UTF-8 or holds control characters; give the card another one"})
	}
	if len(uid) > maxUID {
		c.err, uid = place(file, &vcard.Error{Line: c.line, Problem: "a UID of more than 1024 bytes; give the card another one"}), ""
	}
	if c.uid = strings.Clone(uid); !isPrintable(uid) { // a copy: the index must not keep the text in memory
		c.uid = ""
	}
	c.key = cards.KeyOfUID(c.uid)
}

// isPrintable reports whether a text can be part of an id.
func isPrintable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// nameCards gives the cards of a file of many their ids.
func (d *finder) nameCards() {
	prefix := d.file.name + "#"
	if d.book.single != "" {
		prefix = ""
	}
	count := map[string]int{}
	for i, c := range d.file.cards {
		if c.uid == "" && c.err == nil {
			count[d.names[i]]++
		}
	}
	copies := map[digest]int{}
	for i, c := range d.file.cards {
		switch {
		case len(prefix)+len(c.uid) > maxID:
			c.id = prefix + cards.UUIDOf(c.uid)
		case c.uid != "":
			c.id = prefix + c.uid
		case c.err != nil:
			c.id = fmt.Sprintf("%sline:%d", prefix, c.line)
			d.file.lost = c.err
		default:
			name := d.names[i]
			if count[name] > 1 {
				copies[c.digest]++
				name = string(c.digest[:]) + strings.Repeat("\x00", copies[c.digest]) // exact copies are told apart by their order
			}
			c.uid, c.noUID = cards.UUIDOf("card without UID\x00"+name), true
			c.key = cards.KeyOfUID(c.uid)
			c.id = prefix + c.uid
		}
	}
}

// nameOf returns what is written as the name in a card without UID.
func nameOf(text vcard.Text, line int) (string, error) {
	parsed, err := text.Parse(line)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, name := range []string{"N", "FN"} {
		if i := parsed.Find(name); i >= 0 {
			b.WriteString(parsed.Properties[i].Value)
		}
		b.WriteByte(0)
	}
	return b.String(), nil
}

// version returns the version of a card of the file that is in these groups.
func (f *file) version(c *card, groups []string) string {
	v := version{alone: f.alone, uid: c.key, digest: c.digest, labels: labelsDigest(groups)}
	if f.alone {
		v.stat, v.racy = f.stat, f.racy
	}
	return v.String()
}

// isStill reports whether the file, which has this stat now, is still as it was read.
func (f *file) isStill(st stat) bool { return f.err == nil && f.stat == st && (!f.racy || f.sure) }

// fileOfVersion returns what a version tells of the file of that name, nil if it does not tell that the file is
// still as it was.
func fileOfVersion(name string, st stat, written string) *file {
	v, ok := parseVersion(written)
	if !ok || !v.alone || v.racy || v.stat != st {
		return nil
	}
	return plain{stat: st, key: v.uid, digest: v.digest}.file(name)
}
