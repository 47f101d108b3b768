package contactsync

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// The rows that there are as many of as people, or as writes, are written by hand, and those of people are read by
// hand: by reflection they would cost more than all else that a sync does. What is rare in them is left to
// encoding/json.

// object writes the members of a JSON object one after the other.
type object struct {
	to    []byte
	empty bool
	paper *[]byte // of the outermost one, where it is written before it is known how long it is
}

// papers are what objects were written on.
var papers = sync.Pool{New: func() any { return new([]byte) }}

func newObject() *object {
	paper := papers.Get().(*[]byte)
	return &object{to: append((*paper)[:0], '{'), empty: true, paper: paper}
}

func (o *object) key(name string) {
	if !o.empty {
		o.to = append(o.to, ',')
	}
	o.empty = false
	o.to = append(contact.AppendString(o.to, name), ':')
}

func (o *object) text(name, value string) {
	if value != "" {
		o.key(name)
		o.to = contact.AppendString(o.to, value)
	}
}

func (o *object) time(name string, t time.Time) {
	if !t.IsZero() {
		o.key(name)
		o.to = appendTime(o.to, t)
	}
}

func appendTime(to []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(to, '"'), time.RFC3339Nano), '"')
}

func (o *object) flag(name string, v bool) {
	if v {
		o.key(name)
		o.to = append(o.to, "true"...)
	}
}

func (o *object) any(name string, v any) {
	o.key(name)
	o.to = append(o.to, marshal(v)...)
}

// int writes a number that is not zero.
func (o *object) int(name string, n int64) {
	if n != 0 {
		o.key(name)
		o.number(n)
	}
}

// number writes the value of a key.
func (o *object) number(n int64) { o.to = strconv.AppendInt(o.to, n, 10) }

// raw writes what is JSON already.
func (o *object) raw(name string, text json.RawMessage) {
	if len(text) > 0 {
		o.key(name)
		o.to = append(o.to, text...)
	}
}

// end returns what was written from newObject on.
func (o *object) end() []byte {
	*o.paper = append(o.to, '}')
	written := slices.Clone(*o.paper)
	papers.Put(o.paper)
	return written
}

func (o *object) value(name string, v contact.Value) {
	if !v.Absent() {
		o.key(name)
		o.to = v.AppendJSON(o.to)
	}
}

func (o *object) fields(name string, f contact.Fields) {
	if len(f) > 0 {
		o.key(name)
		o.to = f.AppendJSON(o.to)
	}
}

func (o *object) texts(name string, texts []string) {
	if len(texts) > 0 {
		o.key(name)
		o.to = appendTexts(o.to, texts)
	}
}

// appendEach writes elements as an array.
func appendEach[E any](to []byte, elements []E, one func([]byte, E) []byte) []byte {
	to = append(to, '[')
	for i, e := range elements {
		if i > 0 {
			to = append(to, ',')
		}
		to = one(to, e)
	}
	return append(to, ']')
}

// appendTexts writes texts as an array, and nil as null.
func appendTexts(to []byte, texts []string) []byte {
	if texts == nil {
		return append(to, "null"...)
	}
	return appendEach(to, texts, contact.AppendString)
}

// readTexts reads texts, nil if they are null.
func readTexts(d *contact.Decoder) ([]string, error) {
	if d.Null() {
		return nil, nil
	}
	texts := []string{}
	err := d.Array(func() error {
		text, err := d.String()
		texts = append(texts, text)
		return err
	})
	return texts, err
}

// readSidesOf reads an array of what each side has.
func readSidesOf(d *contact.Decoder, one func(Side) error) error {
	n := 0
	return d.Array(func() error {
		n++
		if n > len(Sides) {
			return d.Skip()
		}
		return one(Sides[n-1])
	})
}

func readInt(d *contact.Decoder, into *int) error {
	n, err := d.Int()
	*into = int(n)
	return err
}

// open begins an object within the object; close ends it.
func (o *object) open(name string) *object {
	o.key(name)
	return &object{to: append(o.to, '{'), empty: true}
}

func (o *object) close(inner *object) { o.to = append(inner.to, '}') }

// body returns the mirror's row body.
func (m *mirror) body() []byte {
	o := newObject()
	o.key("f")
	o.to = m.Fields.AppendJSON(o.to)
	o.time("m", m.Modified)
	o.time("e", m.Edited)
	o.times("es", m.Edits)
	o.text("g", string(m.Gone))
	o.int("s", m.Seen)
	o.standing(m.Standing)
	o.text("r", m.Refused)
	o.text("mg", m.Merged)
	o.text("mv", m.Moved)
	if len(m.Bore) > 0 {
		o.any("k", m.Bore)
	}
	o.wrote("w", m.Wrote)
	o.record("d", m.Doubt)
	o.times("t", m.Told)
	o.flag("u", m.Unshown)
	if m.Was != nil {
		o.any("l", m.Was)
	}
	o.flag("ur", m.Unread)
	if len(m.Untold) > 0 {
		o.any("ut", m.Untold)
	}
	if len(m.Late) > 0 {
		o.any("lt", m.Late)
	}
	return o.end()
}

// read fills the mirror from a row body.
func (m *mirror) read(body []byte) error {
	d := contact.NewDecoder(string(body))
	return d.Object(func(key string) (err error) {
		switch key {
		case "f":
			m.Fields, err = d.Fields()
		case "m":
			err = readTime(d, &m.Modified)
		case "e":
			err = readTime(d, &m.Edited)
		case "es":
			m.Edits, err = readTimes(d)
		case "g":
			var text string
			text, err = d.String()
			m.Gone = gone(text)
		case "s":
			m.Seen, err = d.Int()
		case "st":
			err = m.Standing.read(d)
		case "r":
			m.Refused, err = d.String()
		case "mg":
			m.Merged, err = d.String()
		case "mv":
			m.Moved, err = d.String()
		case "k":
			err = readRaw(d, &m.Bore)
		case "w":
			m.Wrote = &ownWrite{}
			err = m.Wrote.read(d)
		case "d":
			m.Doubt = &contact.Record{}
			err = readRecord(d, m.Doubt)
		case "t":
			m.Told, err = readTimes(d)
		case "u":
			m.Unshown, err = d.Bool()
		case "l":
			err = readRaw(d, &m.Was)
		case "ur":
			m.Unread, err = d.Bool()
		case "ut":
			err = readRaw(d, &m.Untold)
		case "lt":
			err = readRaw(d, &m.Late)
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

func readTime(d *contact.Decoder, t *time.Time) error {
	text, err := d.String()
	if err == nil {
		*t, err = time.Parse(time.RFC3339Nano, text)
	}
	return err
}

func readRaw(d *contact.Decoder, into any) error {
	raw, err := d.Raw()
	if err == nil {
		err = json.Unmarshal([]byte(raw), into)
	}
	return err
}

// body returns the link's row body.
func (l *link) body() []byte {
	o := newObject()
	for _, s := range Sides {
		o.text("id_"+s.String(), l.ID[s])
		o.text("touch_"+s.String(), l.Touch[s])
		o.flag("let_"+s.String(), l.Let[s])
		o.flag("copy_"+s.String(), l.Copy[s])
	}
	o.flag("decided", l.Decided)
	o.standing(l.Standing)
	o.text("refused", l.Refused)
	o.text("how", l.How)
	o.int("since", l.Since)
	o.key("cells")
	o.to = l.appendCells(o.to)
	o.rare("rare", l)
	return o.end()
}

// appendCells writes what was settled: by mapping, the values of a, those of b where they differ to the letter,
// and halves where there are any.
func (l *link) appendCells(to []byte) []byte {
	to = append(to, '{')
	for i, id := range sortedKeys(l.Cells) {
		c := l.Cells[id]
		if i > 0 {
			to = append(to, ',')
		}
		to = append(contact.AppendString(to, id), ':')
		to = c.Val.append(to)
		if c.Half[A] != nil || c.Half[B] != nil {
			to = append(contact.AppendString(append(to, ','), id+halfSuffix), ':')
			to = c.Half.append(to)
		}
	}
	return append(to, '}')
}

// halfSuffix marks the halves of a mapping that settles when two writes are in.
const halfSuffix = "\x00half"

// append writes the values of a, and those of b where they differ to the letter.
func (v sides) append(to []byte) []byte {
	to = appendValues(append(to, '['), v[A])
	if !equalValues(v[A], v[B]) {
		to = appendValues(append(to, ','), v[B])
	}
	return append(to, ']')
}

// MarshalJSON writes the values of a, and those of b where they differ to the letter.
func (v sides) MarshalJSON() ([]byte, error) { return v.append(nil), nil }

// UnmarshalJSON reads what MarshalJSON writes.
func (v *sides) UnmarshalJSON(data []byte) (err error) {
	*v, err = readSides(contact.NewDecoder(string(data)))
	return err
}

func readSides(d *contact.Decoder) (v sides, err error) {
	n := 0
	err = d.Array(func() error {
		values, err := readValues(d)
		if n < len(v) {
			v[n] = values
		}
		n++
		return err
	})
	if n == 1 {
		v[B] = v[A]
	}
	return v, err
}

func equalValues(x, y []contact.Value) bool {
	if len(x) != len(y) || (x == nil) != (y == nil) {
		return false
	}
	for i := range x {
		if !x[i].Equal(y[i]) {
			return false
		}
	}
	return true
}

// appendValues writes values as an array, and nil as null.
func appendValues(to []byte, values []contact.Value) []byte {
	if values == nil {
		return append(to, "null"...)
	}
	return appendEach(to, values, func(to []byte, v contact.Value) []byte { return v.AppendJSON(to) })
}

// read fills the link from a row body.
func (l *link) read(body []byte) error {
	d := contact.NewDecoder(string(body))
	return d.Object(func(key string) (err error) {
		switch key {
		case "id_a":
			l.ID[A], err = d.String()
		case "id_b":
			l.ID[B], err = d.String()
		case "touch_a":
			l.Touch[A], err = d.String()
		case "touch_b":
			l.Touch[B], err = d.String()
		case "let_a":
			l.Let[A], err = d.Bool()
		case "let_b":
			l.Let[B], err = d.Bool()
		case "copy_a":
			l.Copy[A], err = d.Bool()
		case "copy_b":
			l.Copy[B], err = d.Bool()
		case "decided":
			l.Decided, err = d.Bool()
		case "st":
			err = l.Standing.read(d)
		case "refused":
			l.Refused, err = d.String()
		case "how":
			l.How, err = d.String()
		case "since":
			l.Since, err = d.Int()
		case "cells":
			err = l.readCells(d)
		case "rare":
			err = l.readRare(d)
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

func (l *link) readCells(d *contact.Decoder) error {
	l.Cells = map[string]*cell{}
	return d.Object(func(id string) error {
		v, err := readSides(d)
		if of, half := strings.CutSuffix(id, halfSuffix); half {
			if c := l.Cells[of]; c != nil { // it follows its mapping
				c.Half = v
			}
			return err
		}
		l.Cells[id] = &cell{Val: v}
		return err
	})
}

func readValues(d *contact.Decoder) ([]contact.Value, error) {
	if d.Null() {
		return nil, nil
	}
	values := make([]contact.Value, 0, 1)
	err := d.Array(func() error {
		v, err := d.Value()
		values = append(values, v)
		return err
	})
	return values, err
}
