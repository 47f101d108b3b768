package vcard

import "strings"

// An Edit is what is to become of a card: lines that are replaced, removed or added. The card itself stays.
type Edit struct {
	card    *Card
	changed map[int]string // the new lines of a property by its index; "" removes it
	added   []addition     // in the order in which they were added
}

// An addition is a new line.
type addition struct {
	behind int // the index of a property; -1 if it comes before END
	line   string
}

// Edit returns an edit that changes nothing yet.
func (c *Card) Edit() *Edit { return &Edit{card: c} }

// Put writes a property: in the place of the one with that index or, if it is -1, as a new line behind the last
// one of its name, else at the end of the card.
func (e *Edit) Put(index int, head Head, value Encoded) {
	line := e.card.line(head, value)
	if index >= 0 {
		e.set(index, line)
		return
	}
	e.added = append(e.added, addition{e.card.lastNamed(head.name()), line})
}

// PutHead writes another head before the value of the property with that index, which stays as it is written.
func (e *Edit) PutHead(index int, head Head) {
	p := &e.card.Properties[index]
	value := Encoded{text: p.Value}
	if !isEncoded(p) {
		e.set(index, e.card.line(head, value))
		return
	}
	text, err := e.card.Text(p)
	if err == nil {
		e.set(index, e.card.line(head, e.card.TextValue(text)))
	}
}

// Remove takes a property out.
func (e *Edit) Remove(index int) { e.set(index, "") }

// Changes reports whether the edit makes another text of the card.
func (e *Edit) Changes() bool { return e.changed != nil || e.added != nil }

func (e *Edit) set(index int, line string) {
	p := &e.card.Properties[index]
	if e.changed[index] == "" && line == e.card.text[p.start:p.end] {
		return
	}
	if e.changed == nil {
		e.changed = map[int]string{}
	}
	e.changed[index] = line
}

// String returns the text of the card with the edit carried out, as far as it is held.
func (e *Edit) String() string { return e.Text().Held }

// Text returns the text of the card with the edit carried out. What its gaps hold is what the card's held.
func (e *Edit) Text() Text {
	if !e.Changes() {
		return Text{Held: e.card.text, Gaps: e.card.gaps}
	}
	out := patched{edit: e}
	size := len(e.card.text)
	for _, a := range e.added {
		size += len(a.line)
	}
	for _, line := range e.changed {
		size += len(line)
	}
	out.held.Grow(size)
	for i := range e.card.Properties {
		p := &e.card.Properties[i]
		if line, changed := e.changed[i]; changed {
			out.keep(p.start)
			out.held.WriteString(line)
			out.pos = p.end
		}
		out.add(i, p.end)
	}
	out.add(-1, e.card.end)
	out.keep(len(e.card.text))
	return Text{Held: out.held.String(), Gaps: out.gaps}
}

// A patched text is put together of what stays of a card's text and of new lines.
type patched struct {
	edit *Edit
	pos  int // up to where the card's text is done
	held strings.Builder
	gaps []Gap
}

// keep takes over what the card holds as far as a position, with the gaps in it. A gap is never at the end of a line, so
// it lies in one such run and in no other.
func (t *patched) keep(to int) {
	for _, gap := range t.edit.card.gaps {
		if t.pos < gap.At && gap.At < to {
			gap.At += t.held.Len() - t.pos
			t.gaps = append(t.gaps, gap)
		}
	}
	t.held.WriteString(t.edit.card.text[t.pos:to])
	t.pos = to
}

// add puts in the lines that come behind a property, which ends there.
func (t *patched) add(behind, end int) {
	for _, a := range t.edit.added {
		if a.behind == behind {
			t.keep(end)
			t.held.WriteString(a.line)
		}
	}
}

// lastNamed returns the index of the last property of that name, -1 if there is none.
func (c *Card) lastNamed(name string) int {
	for i := len(c.Properties) - 1; i >= 0; i-- {
		if c.Properties[i].Name == name {
			return i
		}
	}
	return -1
}

// name returns the name of the head's property, in capitals.
func (h Head) name() string {
	name := string(h)
	if i := strings.IndexByte(name, ';'); i >= 0 {
		name = name[:i]
	}
	return strings.ToUpper(name[strings.LastIndexByte(name, '.')+1:])
}
