package csvfile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// joiner stands between the values that Google Contacts writes into one cell.
const joiner = " ::: "

// value returns what a cell of the column says, absent where it cannot be told.
func (d *document) value(column int, cell string) contact.Value {
	c := &d.columns[column]
	text := d.unescape(cell)
	switch c.field.Type {
	case contact.TypeSet:
		return contact.Set(c.sep.split(text)...)
	case contact.TypeEmail, contact.TypePhone, contact.TypeURL:
		first, _, _ := strings.Cut(text, joiner)
		return contact.Text(first)
	case contact.TypeDate:
		v := contact.Text(text)
		if c.field.Check(v) != nil {
			return contact.Value{}
		}
		return v
	}
	return contact.Text(text)
}

// cell returns what a cell of the column must say to have the value. Of several values in the old cell only the
// first is changed. The error says why the file cannot hold the value.
func (d *document) cell(column int, old string, v contact.Value) (string, error) {
	c := &d.columns[column]
	if d.value(column, old).Equal(v) {
		return old, nil
	}
	v, err := c.field.Coerce(v)
	if err == nil {
		err = c.field.Check(v)
	}
	if err != nil {
		return "", err
	}
	text := v.Str()
	switch c.field.Type {
	case contact.TypeSet:
		joined, ok := c.sep.join(d.unescape(old), v.Elements())
		if !ok {
			return "", fmt.Errorf("an element holds %q, which separates the elements in this column", c.sep.mark())
		}
		text = joined
	case contact.TypeEmail, contact.TypePhone, contact.TypeURL:
		if _, others, ok := strings.Cut(d.unescape(old), joiner); ok {
			text = strings.TrimPrefix(text+joiner+others, joiner)
		}
	}
	if strings.IndexByte(text, 0) >= 0 {
		return "", errors.New("a NUL character")
	}
	if !d.charset.canHold(text) {
		return "", fmt.Errorf("a character that %s does not have; save the file as UTF-8", d.charset.name)
	}
	cell := d.escape(text)
	if message := d.cellFault(column, cell); message != "" {
		return "", errors.New(message)
	}
	return cell, d.checkReadBack(column, cell, v)
}

// checkReadBack makes sure that the cell says the value, so that no write is less than it seems. Where a first
// value of several was removed, the next one takes its place.
func (d *document) checkReadBack(column int, cell string, v contact.Value) error {
	f := d.columns[column].field
	got := d.value(column, cell)
	if v.Blank() || f.Type == contact.TypeSet || got.Equal(v) {
		return nil
	}
	return fmt.Errorf("a %s in a form that the file cannot hold", f.Type)
}
