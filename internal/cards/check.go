package cards

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// check refuses what no card can hold.
func (w *writer) check() error {
	refused := ""
	for name := range w.patch {
		if f, ok := fieldNamed(name); (!ok || f.ReadOnly) && (refused == "" || name < refused) {
			refused = name
		}
	}
	if refused != "" {
		return invalid(refused, "a card has no such field that can be written")
	}
	for i := range fields {
		f := &fields[i]
		change, ok := w.patch[f.Name]
		if !ok {
			continue
		}
		if !change.Set.Absent() {
			v, err := f.Coerce(change.Set)
			if err != nil {
				return invalid(f.Name, err.Error())
			}
			if f.MaxLength > 0 && utf8.RuneCountInString(v.Str()) > f.MaxLength {
				return invalid(f.Name, fmt.Sprintf("longer than %d characters", f.MaxLength))
			}
			change.Set = v
			w.patch[f.Name] = change
		}
		if err := checkTexts(f, change); err != nil {
			return err
		}
		if d := change.Set.Str(); f.Type == contact.TypeDate && d != "" {
			if y, m, day, ok := parseDate(d); !ok || !validDate(y, m, day) || strings.ContainsAny(d, "Tt ") {
				return invalid(f.Name, "not a date")
			}
		}
	}
	return nil
}

// checkTexts refuses texts that a change brings in and that no card can hold.
func checkTexts(f *contact.Field, c contact.Change) error {
	err := checkText(f, c.Set.Str())
	for _, s := range c.Set.Elements() {
		err = cmp.Or(err, checkText(f, s))
	}
	for _, list := range [...][]contact.Entry{c.Set.Entries(), c.Add} {
		for i := range list {
			err = cmp.Or(err, checkText(f, list[i].Type), checkText(f, list[i].Value.Str()))
			for _, part := range addressComponents(list[i].Value.Address()) {
				err = cmp.Or(err, checkText(f, part))
			}
		}
	}
	return err
}

func checkText(f *contact.Field, s string) error {
	if strings.IndexFunc(s, isControl) >= 0 || !utf8.ValidString(s) {
		return invalid(f.Name, "a control character, or text that is not UTF-8")
	}
	if f.Type != contact.TypeText && f.Type != contact.TypeAddress && strings.ContainsAny(s, "\r\n") {
		return invalid(f.Name, "a line end")
	}
	return nil
}

func invalid(field, message string) error {
	return &connector.Error{Field: field, Message: message, Err: connector.ErrInvalid}
}

// isControl reports whether a card cannot hold the character.
func isControl(r rune) bool { return r < 0x20 && r != '\n' && r != '\t' && r != '\r' }
