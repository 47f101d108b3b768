package contactsync

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// A Transform turns a value of side a into one of side b, and back. Both ways are pure functions, and blank stays
// blank without asking. For values x of a: Back(Forward(x)) means the same as x (get-put). Where Forward(Back(y))
// does not mean the same as y for every y of b, the transform is lossy and says so.
//
// What was settled is kept for each side by itself, so a lossy transform in a two-way mapping makes no echo: only
// an edit flows back.
type Transform interface {
	// Forward returns what b holds where a holds v. An error says what is wrong without telling the value's
	// neighbours: it is shown to a person beside the record.
	Forward(v contact.Value) (contact.Value, error)
	// Back returns what a holds where b holds v, or an error that wraps [ErrOneWay].
	Back(v contact.Value) (contact.Value, error)
	// Lossy reports whether something of b's spelling is lost on the way back and forth.
	Lossy() bool
	// String says the transform in words.
	String() string
}

// ErrOneWay says that a transform has no way back.
var ErrOneWay = errors.New("the transform has no way back; make the mapping one-way")

// fitting is a transform that knows which types it works between.
type fitting interface {
	fits(a, b contact.Field) bool
}

// ValueTable translates by a table of pairs, both ways. Several a's may have one b; the first of them is the way back.
type ValueTable struct {
	Pairs [][2]string // a's value, b's value; compared without case
}

// Forward returns b's entry for v.
func (t ValueTable) Forward(v contact.Value) (contact.Value, error) { return t.look(v, 0) }

// Back returns a's entry for v.
func (t ValueTable) Back(v contact.Value) (contact.Value, error) { return t.look(v, 1) }

func (t ValueTable) look(v contact.Value, from int) (contact.Value, error) {
	for _, p := range t.Pairs {
		if fold(p[from]) == fold(v.Str()) {
			return contact.Text(p[1-from]), nil
		}
	}
	return contact.Value{}, fmt.Errorf("%q has no entry in the table; add one, or map it with a default", v.Str())
}

// Lossy reports whether two of a's values have one of b's.
func (t ValueTable) Lossy() bool {
	seen := map[string]bool{}
	for _, p := range t.Pairs {
		if seen[fold(p[1])] {
			return true
		}
		seen[fold(p[1])] = true
	}
	return false
}

// String says the transform in words.
func (t ValueTable) String() string { return fmt.Sprintf("table of %d", len(t.Pairs)) }

func (t ValueTable) fits(a, b contact.Field) bool { return scalarText(a) && scalarText(b) }

// DateFormat writes a date of a as text of b, in the layout of package time ("02/01/2006").
type DateFormat struct{ Layout string }

// Forward writes the date in the layout.
func (d DateFormat) Forward(v contact.Value) (contact.Value, error) {
	t, err := time.Parse("2006-01-02", v.Str())
	if err != nil {
		return contact.Value{}, fmt.Errorf("not a full date; the layout %q needs year, month and day", d.Layout)
	}
	text := t.Format(d.Layout)
	if back, err := time.Parse(d.Layout, text); err == nil && back.Year() != 0 && !back.Equal(t) {
		return contact.Value{}, fmt.Errorf("the layout %q would make another date of it", d.Layout)
	}
	return contact.Text(text), nil
}

// Back reads a date that is written in the layout.
func (d DateFormat) Back(v contact.Value) (contact.Value, error) {
	t, err := time.Parse(d.Layout, strings.TrimSpace(v.Str()))
	if err != nil {
		return contact.Value{}, fmt.Errorf("not a date in the layout %q", d.Layout)
	}
	return contact.Text(t.Format("2006-01-02")), nil
}

// Lossy reports whether the layout leaves out part of the date.
func (d DateFormat) Lossy() bool {
	for _, year := range []int{1887, 1987, 2087} {
		day := time.Date(year, 11, 24, 0, 0, 0, 0, time.UTC)
		if back, err := time.Parse(d.Layout, day.Format(d.Layout)); err != nil || !back.Equal(day) {
			return true
		}
	}
	return false
}

// String says the transform in words.
func (d DateFormat) String() string { return "date as " + d.Layout }

func (d DateFormat) fits(a, b contact.Field) bool {
	return (a.Type == contact.TypeDate || textual(a.Type)) && textual(b.Type)
}

// NumberText writes a number of a as text of b. It is also how a number and a text are mapped without a transform.
type NumberText struct{}

// Forward writes the number as its own literal.
func (NumberText) Forward(v contact.Value) (contact.Value, error) { return contact.Text(v.Str()), nil }

// Back reads a number.
func (NumberText) Back(v contact.Value) (contact.Value, error) {
	n, err := contact.Number(strings.TrimSpace(v.Str()))
	if err != nil {
		return n, errors.New("not a number")
	}
	return n, nil
}

// Lossy reports false.
func (NumberText) Lossy() bool { return false }

// String says the transform in words.
func (NumberText) String() string { return "number as text" }

func (NumberText) fits(a, b contact.Field) bool {
	return a.Type == contact.TypeNumber && textual(b.Type)
}

// BoolText writes yes and no of a as two words of b.
type BoolText struct{ Yes, No string }

// Forward writes the word.
func (t BoolText) Forward(v contact.Value) (contact.Value, error) {
	b, err := strconv.ParseBool(v.Str())
	if err != nil {
		return contact.Value{}, errors.New("neither yes nor no")
	}
	if b {
		return contact.Text(t.Yes), nil
	}
	return contact.Text(t.No), nil
}

// Back reads the word.
func (t BoolText) Back(v contact.Value) (contact.Value, error) {
	switch fold(v.Str()) {
	case fold(t.Yes):
		return contact.Bool(true), nil
	case fold(t.No):
		return contact.Bool(false), nil
	}
	return contact.Value{}, fmt.Errorf("neither %q nor %q", t.Yes, t.No)
}

// Lossy reports false.
func (t BoolText) Lossy() bool { return false }

// String says the transform in words.
func (t BoolText) String() string { return fmt.Sprintf("yes as %s, no as %s", t.Yes, t.No) }

func (t BoolText) fits(a, b contact.Field) bool {
	return a.Type == contact.TypeBool && scalarText(b)
}

// Case writes text of a in upper or lower case in b. What b's user types goes back as it is.
type Case struct{ Upper bool }

// Forward changes the case.
func (c Case) Forward(v contact.Value) (contact.Value, error) {
	if c.Upper {
		return contact.Text(strings.ToUpper(v.Str())), nil
	}
	return contact.Text(strings.ToLower(v.Str())), nil
}

// Back returns v as it is.
func (c Case) Back(v contact.Value) (contact.Value, error) { return v, nil }

// Lossy reports true: the case of a is not in b.
func (c Case) Lossy() bool { return true }

// String says the transform in words.
func (c Case) String() string {
	if c.Upper {
		return "upper case"
	}
	return "lower case"
}

func (c Case) fits(a, b contact.Field) bool { return textual(a.Type) && textual(b.Type) }

// Trim takes away surrounding white space on the way to b.
type Trim struct{}

// Forward trims.
func (Trim) Forward(v contact.Value) (contact.Value, error) {
	return contact.Text(strings.TrimSpace(v.Str())), nil
}

// Back returns v as it is.
func (Trim) Back(v contact.Value) (contact.Value, error) { return v, nil }

// Lossy reports false: surrounding space is no meaning.
func (Trim) Lossy() bool { return false }

// String says the transform in words.
func (Trim) String() string { return "trimmed" }

func (Trim) fits(a, b contact.Field) bool { return textual(a.Type) && textual(b.Type) }

// Prefix puts a text in front on the way to b and takes it away on the way back.
type Prefix struct{ Text string }

// Forward puts the prefix in front.
func (p Prefix) Forward(v contact.Value) (contact.Value, error) {
	return contact.Text(p.Text + v.Str()), nil
}

// Back takes the prefix away; text without it stays as it is.
func (p Prefix) Back(v contact.Value) (contact.Value, error) {
	return contact.Text(strings.TrimPrefix(v.Str(), p.Text)), nil
}

// Lossy reports true: b's text without the prefix comes back with it.
func (p Prefix) Lossy() bool { return true }

// String says the transform in words.
func (p Prefix) String() string { return fmt.Sprintf("with %q in front", p.Text) }

func (p Prefix) fits(a, b contact.Field) bool { return textual(a.Type) && textual(b.Type) }

// Constant is the same value in b whatever a holds. It has no way back.
type Constant struct{ Value contact.Value }

// Forward returns the constant.
func (c Constant) Forward(contact.Value) (contact.Value, error) { return c.Value, nil }

// Back fails: a constant says nothing of a.
func (c Constant) Back(contact.Value) (contact.Value, error) { return contact.Value{}, ErrOneWay }

// Lossy reports true.
func (c Constant) Lossy() bool { return true }

// String says the transform in words.
func (c Constant) String() string { return "always " + c.Value.String() }

// Template makes a text of b from several fields of a: "{first} {last}". An empty field leaves nothing, and white
// space that is left over is taken away. It has no way back.
type Template struct{ Text string }

// Forward fails: a template needs the whole record, and the mapping gives it its fields.
func (t Template) Forward(contact.Value) (contact.Value, error) {
	return contact.Value{}, errors.New("a template stands alone in its mapping")
}

// Back fails: a text cannot be taken apart again.
func (t Template) Back(contact.Value) (contact.Value, error) { return contact.Value{}, ErrOneWay }

// Lossy reports true.
func (t Template) Lossy() bool { return true }

// String says the transform in words.
func (t Template) String() string { return "template " + t.Text }

// Fields returns the names of the fields that the template uses.
func (t Template) Fields() []string {
	var names []string
	rest := t.Text
	for {
		_, after, ok := strings.Cut(rest, "{")
		name, tail, closed := strings.Cut(after, "}")
		if !ok || !closed {
			return names
		}
		names = append(names, name)
		rest = tail
	}
}

// fill returns the text with each field's value in its place.
func (t Template) fill(names []string, values []contact.Value) contact.Value {
	pairs := make([]string, 0, 2*len(names))
	for i, n := range names {
		text := ""
		if !values[i].Blank() {
			text = values[i].String()
		}
		pairs = append(pairs, "{"+n+"}", text)
	}
	return contact.Text(strings.Join(strings.Fields(strings.NewReplacer(pairs...).Replace(t.Text)), " "))
}

// SplitName sets a full name on one side against given and family name on the other. It stands alone in its
// mapping; what the parts hold says where a full name is to be cut.
type SplitName struct{}

// Forward fails: the mapping splits and joins.
func (SplitName) Forward(contact.Value) (contact.Value, error) {
	return contact.Value{}, errors.New("split_name stands alone in its mapping")
}

// Back fails, as Forward does.
func (SplitName) Back(contact.Value) (contact.Value, error) {
	return contact.Value{}, errors.New("split_name stands alone in its mapping")
}

// Lossy reports true: where a name is cut is not in the full name.
func (SplitName) Lossy() bool { return true }

// String says the transform in words.
func (SplitName) String() string { return "full name, given and family name" }

// joinName returns the full name of given and family name.
func joinName(parts []contact.Value) contact.Value {
	return contact.Text(strings.TrimSpace(strings.TrimSpace(parts[0].Str()) + " " + strings.TrimSpace(parts[1].Str())))
}

// splitName cuts a full name into given and family name: where one of them is as a hint has it, there; else
// behind the first word.
func splitName(full contact.Value, hints ...[]contact.Value) []contact.Value {
	words := strings.Fields(full.Str())
	cut := func(i int) []contact.Value {
		return []contact.Value{contact.Text(strings.Join(words[:i], " ")), contact.Text(strings.Join(words[i:], " "))}
	}
	if len(words) == 0 {
		return cut(0)
	}
	for _, hint := range hints {
		for i := 0; len(hint) == 2 && i <= len(words); i++ {
			at := cut(i)
			given := !hint[0].Blank() && fold(at[0].Str()) == fold(hint[0].Str())
			family := !hint[1].Blank() && fold(at[1].Str()) == fold(hint[1].Str())
			if given || family {
				return at
			}
		}
	}
	return cut(1)
}

// retype returns v as the type of f holds it.
func retype(v contact.Value, f contact.Field) (contact.Value, error) {
	text := strings.TrimSpace(v.Str())
	switch f.Type {
	case contact.TypeDate:
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			return contact.Text(t.Format("2006-01-02")), nil
		}
	case contact.TypeDateTime:
		if t, err := time.Parse("2006-01-02", text); err == nil {
			return contact.Text(t.Format(time.RFC3339)), nil
		}
	}
	w, err := f.Coerce(v)
	if err != nil {
		return w, fmt.Errorf("not a %s", f.Type)
	}
	return w, nil
}

// convertible reports whether values of the two fields keep their meaning without a transform.
func convertible(a, b contact.Field) bool {
	if a.Type == b.Type {
		return true
	}
	pair := func(x, y contact.Type) bool {
		return a.Type == x && b.Type == y || a.Type == y && b.Type == x
	}
	text := textual(a.Type) || textual(b.Type)
	scalar := func(t contact.Type) bool {
		return t == contact.TypeNumber || t == contact.TypeBool || t == contact.TypeDate || t == contact.TypeDateTime
	}
	return textual(a.Type) && textual(b.Type) ||
		text && (scalar(a.Type) || scalar(b.Type)) ||
		pair(contact.TypeDate, contact.TypeDateTime)
}

// scalarText reports whether a field holds one value that can be written as text.
func scalarText(f contact.Field) bool {
	return f.Type != contact.TypeAddress
}

// chain applies transforms one after the other, from a to b.
type chain []Transform

func (c chain) forward(v contact.Value) (contact.Value, error) {
	for _, t := range c {
		if _, constant := t.(Constant); v.Blank() && !constant {
			return contact.Empty, nil
		}
		next, err := t.Forward(v)
		if err != nil {
			return v, err
		}
		v = next
	}
	return v, nil
}

func (c chain) back(v contact.Value) (contact.Value, error) {
	for _, t := range slices.Backward(c) {
		if v.Blank() {
			return contact.Empty, nil
		}
		next, err := t.Back(v)
		if err != nil {
			return v, err
		}
		v = next
	}
	return v, nil
}
