package vcard

import "strings"

// An Edit is what is to become of a card: lines that are replaced, removed or added. The card itself stays.
type Edit struct {
	card    *Card
	changed map[int]string   // the new lines of a property by its index; "" removes it
	added   map[int][]string // new lines behind a property; those at -1 come before END
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
	e.insert(e.card.lastNamed(head.name()), line)
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

func (e *Edit) insert(behind int, line string) {
	if e.added == nil {
		e.added = map[int][]string{}
	}
	e.added[behind] = append(e.added[behind], line)
}

// String returns the text of the card with the edit carried out.
func (e *Edit) String() string {
	if !e.Changes() {
		return e.card.text
	}
	text := e.card.text
	var b strings.Builder
	b.Grow(len(text) + 256)
	pos := 0
	for i := range e.card.Properties {
		p := &e.card.Properties[i]
		line, changed := e.changed[i]
		if !changed && e.added[i] == nil {
			continue
		}
		if changed {
			b.WriteString(text[pos:p.start])
			b.WriteString(line)
		} else {
			b.WriteString(text[pos:p.end])
		}
		pos = p.end
		for _, line := range e.added[i] {
			b.WriteString(line)
		}
	}
	b.WriteString(text[pos:e.card.end])
	for _, line := range e.added[-1] {
		b.WriteString(line)
	}
	b.WriteString(text[e.card.end:])
	return b.String()
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
