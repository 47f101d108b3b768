package vcard

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/contactsync/contactsync/internal/vcard"
)

// maxFile bounds what is read into memory of a file that is to be one card with its photo, and of a book. Of a larger
// file in a folder, what a photo holds beyond keptOfPhoto is passed over: the card is read and not written.
const (
	maxFile     = 64 << 20
	maxBook     = 1 << 30
	keptOfPhoto = 4 << 10
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
	key        uidKey
	uid        string // "" if it has none, or is known by its version alone
	noUID      bool   // it has no UID and needs one to keep its id
	digest     digest
	start, end int    // its bytes in the file
	line       int    // of its BEGIN
	group      *group // it is not a record but a group of some
	err        error  // why it cannot be read
}

// load reads a file of the book and finds its cards. It fails with fs.ErrNotExist if there is no such file; what is
// wrong with its content is in the file.
func (b *book) load(name string) (*file, string, error) {
	if !isPrintable(name) {
		return &file{name: name, err: fmt.Errorf("%q: a file name that is not UTF-8 or holds control characters; rename the file", name)}, "", nil
	}
	text, st, now, err := b.slurp(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, "", err
		}
		return &file{name: name, stat: st, racy: true, err: err}, "", nil
	}
	f := &file{name: name, stat: st, racy: st.racy(now)}
	b.findCards(f, text)
	return f, text, nil
}

// slurp reads a file that does not change meanwhile.
func (b *book) slurp(name string) (text string, st stat, now time.Time, err error) {
	for range 3 {
		text, st, now, err = b.slurpOnce(name)
		if !errors.Is(err, errChanging) {
			return text, st, now, err
		}
	}
	return text, st, now, err
}

var errChanging = errors.New("the file is being written; try again later")

func (b *book) slurpOnce(name string) (text string, st stat, now time.Time, err error) {
	f, err := openFile(b.path(name), os.O_RDONLY, 0)
	if err != nil {
		return "", stat{}, now, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", stat{}, now, err
	}
	st = statOf(info)
	switch {
	case !info.Mode().IsRegular():
		return "", st, now, fmt.Errorf("%s: not a regular file", name)
	case b.single != "" && info.Size() > maxBook:
		return "", st, now, fmt.Errorf("%s: larger than %d MiB", name, maxBook>>20)
	case b.tooLarge(st):
		if text, err = vcard.Elide(f, keptOfPhoto, maxFile); err != nil {
			return "", st, now, fmt.Errorf("%s: %w", name, err)
		}
	default:
		data := make([]byte, info.Size())
		if _, err := io.ReadFull(f, data); err != nil {
			return "", st, now, fmt.Errorf("%s: %w", name, errChanging)
		}
		text = string(data)
	}
	again, err := f.Stat()
	if err != nil {
		return "", st, now, err
	}
	if statOf(again) != st {
		return "", st, now, fmt.Errorf("%s: %w", name, errChanging)
	}
	return text, st, b.clock.Now(), nil
}

// tooLarge reports whether a file is read without what its photos hold, so that it must not be written.
func (b *book) tooLarge(st stat) bool { return b.single == "" && st.size > maxFile }

// errPhoto refuses a write to a file that is too large.
func errPhoto(name string) error {
	return invalid("", fmt.Sprintf("%s: the card is larger than %d MiB, with its photo; make the photo smaller, and it can be changed", name, maxFile>>20))
}

// findCards finds the cards of the file's text.
func (b *book) findCards(f *file, text string) {
	spans := vcard.Split(text)
	if len(spans) == 0 && text == "" {
		f.err = fmt.Errorf("%s: the file is empty; remove it if it is meant to be", f.name)
		return
	}
	f.cards = make([]*card, 0, len(spans))
	for _, span := range spans {
		c := &card{start: span.Start, end: span.End, line: span.Line, digest: digestOf(text[span.Start:span.End])}
		if span.Err != nil {
			c.err = place(f.name, span.Err)
		}
		c.identify(f.name, text[span.Start:span.End])
		f.cards = append(f.cards, c)
	}
	b.nameCards(f, text)
}

// identify finds out the UID of a card and whether it is a group, as far as that can be told.
func (c *card) identify(file, text string) {
	uid, isGroup, certain := vcard.Peek(text)
	if (!certain || isGroup) && c.err == nil {
		parsed, err := vcard.Parse(text, c.line)
		if err == nil {
			uid, isGroup, err = identity(parsed)
		}
		if err == nil && isGroup {
			c.group, err = readGroup(parsed)
		}
		if err != nil {
			c.err = place(file, err)
		}
	}
	if isGroup && c.group == nil {
		c.group = &group{} // it cannot be read: what it says of its members is not known
	}
	if !isPrintable(uid) && c.err == nil {
		c.err = place(file, &vcard.Error{Line: c.line, Problem: "the UID is not UTF-8 or holds control characters; give the card another one"})
	}
	if len(uid) > maxUID {
		c.err, uid = place(file, &vcard.Error{Line: c.line, Problem: "a UID of more than 1024 bytes; give the card another one"}), ""
	}
	if c.uid = strings.Clone(uid); !isPrintable(uid) { // a copy: the index must not keep the whole text in memory
		c.uid = ""
	}
	c.key = keyOfUID(c.uid)
}

// isPrintable reports whether a text can be part of an id.
func isPrintable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// identity returns what Peek does, of a card that was parsed.
func identity(c *vcard.Card) (uid string, isGroup bool, err error) {
	if i := c.Find("UID"); i >= 0 {
		if uid, err = c.Text(&c.Properties[i]); err != nil {
			return "", false, err
		}
	}
	for _, name := range []string{"KIND", "X-ADDRESSBOOKSERVER-KIND"} {
		if i := c.Find(name); i >= 0 {
			isGroup = isGroup || strings.EqualFold(strings.TrimSpace(c.Properties[i].Value), "group")
		}
	}
	return strings.TrimSpace(uid), isGroup, nil
}

// nameCards gives the cards of a file their ids.
func (b *book) nameCards(f *file, text string) {
	prefix := f.name + "#"
	if b.single != "" {
		prefix = ""
	}
	if f.alone = len(f.cards) == 1 && b.single == ""; f.alone {
		f.cards[0].id = f.name
		return
	}
	count := map[string]int{}
	told := make([]string, len(f.cards))
	for i, c := range f.cards {
		if c.uid == "" && c.err == nil {
			var err error
			if told[i], err = nameOf(text[c.start:c.end], c.line); err != nil {
				c.err = place(f.name, err)
			}
			count[told[i]]++
		}
	}
	copies := map[string]int{}
	for i, c := range f.cards {
		switch {
		case len(prefix)+len(c.uid) > maxID:
			c.id = prefix + uuidOf(c.uid)
		case c.uid != "":
			c.id = prefix + c.uid
		case c.err != nil:
			c.id = fmt.Sprintf("%sline:%d", prefix, c.line)
			f.lost = c.err
		default:
			name := told[i]
			if count[name] > 1 {
				name = text[c.start:c.end]
				copies[name]++
				name += strings.Repeat("\x00", copies[name]) // exact copies are told apart by their order
			}
			c.uid, c.noUID = uuidOf("card without UID\x00"+name), true
			c.key = keyOfUID(c.uid)
			c.id = prefix + c.uid
		}
	}
}

// nameOf returns what is written as the name in a card without UID.
func nameOf(text string, line int) (string, error) {
	parsed, err := vcard.Parse(text, line)
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

// uuidOf returns a UUID that is made of a text (RFC 9562 section 5.8).
func uuidOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
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
	return &file{name: name, stat: st, alone: true, cards: []*card{{id: name, key: v.uid, digest: v.digest, end: int(st.size)}}}
}
