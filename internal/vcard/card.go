package vcard

import "strings"

// A Card is one vCard as it was read. It is immutable; [Card.Edit] makes another text of it.
type Card struct {
	// Properties are the lines between BEGIN and END in the order of the text. Callers do not change them.
	Properties []Property
	// Version is "2.1", "3.0" or "4.0". A card without VERSION is read as 3.0.
	Version string
	// Line is the number of its BEGIN line, counted as by the caller of Parse.
	Line int

	text    string // as far as it is held
	gaps    []Gap  // what is left out of it
	newline string // the line end of its first line
	end     int    // where the END line begins
	params  []Param
}

// A Property is one line of a card, unfolded.
type Property struct {
	Group  string  // "item1" of item1.TEL, as written; "" if none
	Name   string  // in capitals
	Params []Param // one for each value of each parameter
	Value  string  // as written behind the colon, unfolded, still escaped and encoded; "" of an opaque one
	Line   int     // the number of its first physical line, counted as by the caller of Parse
	Opaque bool    // its value was skipped over: PHOTO, LOGO, SOUND, KEY, AGENT

	head       string // as written before the colon, unfolded
	start, end int    // its bytes in the card's text
	folded     bool   // it has more than one physical line
}

// A Param is one value of a parameter. TYPE=work,pref is two of them; the bare CELL of vCard 2.1 is TYPE=CELL, or
// ENCODING if it names one.
type Param struct {
	Name  string // in capitals
	Value string // without quotes, decoded by RFC 6868
}

// Parse reads one card, as a [Splitter] finds it. line is the number of its first line, for errors and
// [Property.Line]. It fails with an [*Error] if the text is not one whole card of a known version within the
// limits. What a property's value means is looked at only when it is asked for.
func Parse(text string, line int) (*Card, error) {
	return parse(Text{Held: strings.TrimPrefix(text, byteOrderMark)}, line)
}

func parse(text Text, line int) (*Card, error) {
	c := &Card{text: text.Held, gaps: text.Gaps, Version: "3.0", Line: line}
	if err := c.findLines(line); err != nil {
		return nil, err
	}
	if err := c.findVersion(); err != nil {
		return nil, err
	}
	c.params = make([]Param, 0, len(c.Properties)+8)
	for i := range c.Properties {
		if err := c.parseLine(&c.Properties[i]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// String returns the card as it was read, as far as it is held.
func (c *Card) String() string { return c.text }

// Find returns the index of the first property of that name (in capitals), -1 if there is none.
func (c *Card) Find(name string) int {
	for i := range c.Properties {
		if c.Properties[i].Name == name {
			return i
		}
	}
	return -1
}

// findVersion reads the VERSION line, which 4.0 wants first and the others anywhere.
func (c *Card) findVersion() error {
	for i := range c.Properties {
		p := &c.Properties[i]
		line := c.text[p.start:p.end]
		if len(line) < 8 || !strings.EqualFold(line[:7], "VERSION") || (line[7] != ':' && line[7] != ';') {
			continue
		}
		_, version, _ := strings.Cut(line, ":")
		switch version = strings.TrimSpace(version); version {
		case "2.1", "3.0", "4.0":
			c.Version = version
			return nil
		}
		return errorAt(p.Line, "unknown VERSION; want 2.1, 3.0 or 4.0")
	}
	return nil
}
