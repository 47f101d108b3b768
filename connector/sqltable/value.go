package sqltable

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// decode returns what a column's text means as a value of the field; null and blank text are [contact.Empty]. The error
// names the column and tells no content.
func (c *Column) decode(text string, null bool) (contact.Value, error) {
	if null || strings.TrimSpace(text) == "" {
		return contact.Empty, nil
	}
	var v contact.Value
	var err error
	if listed(c.Field) {
		v, err = decodeList(text, c.Field)
	} else {
		v, err = decodeOne(text, c.Field.Type)
	}
	if err == nil {
		err = c.Field.Check(v)
	}
	if err != nil {
		return contact.Value{}, fmt.Errorf("column %q: %w", c.Name, err)
	}
	return v, nil
}

// decodeOne returns a value of one entry.
func decodeOne(text string, t contact.Type) (contact.Value, error) {
	switch t {
	case contact.TypeNumber:
		return contact.Number(text)
	case contact.TypeBool:
		switch strings.ToLower(text) {
		case "true", "t", "1", "yes":
			return contact.Bool(true), nil
		case "false", "f", "0", "no":
			return contact.Bool(false), nil
		}
		return contact.Value{}, fmt.Errorf("it is neither true nor false")
	case contact.TypeDate:
		for _, layout := range []string{time.DateOnly, "--01-02"} {
			if at, err := time.Parse(layout, text); err == nil && layout == time.DateOnly {
				return contact.Date(at.Date()), nil
			} else if err == nil {
				return contact.Text(text), nil // a birthday without year
			}
		}
		if at, err := parseTime(text); err == nil { // a date that is kept as a time
			return contact.Date(at.Date()), nil
		}
		return contact.Value{}, fmt.Errorf("it is no date")
	case contact.TypeDateTime:
		at, err := parseTime(text)
		if err != nil {
			return contact.Value{}, err
		}
		return contact.DateTime(at), nil
	}
	return contact.Text(text), nil
}

// parseTime reads a time as databases write them. One without a zone is UTC.
func parseTime(text string) (time.Time, error) {
	text = strings.Replace(text, " ", "T", 1)
	for _, layout := range []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999-07", "2006-01-02T15:04:05.999999999-0700",
		"2006-01-02T15:04:05.999999999", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.Parse(layout, strings.Replace(text, " ", "", 1)); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("it is no time")
}

// decodeList returns a list or a set that was written as a JSON array of texts.
func decodeList(text string, f contact.Field) (contact.Value, error) {
	var elements []string
	if err := json.Unmarshal([]byte(text), &elements); err != nil {
		return contact.Value{}, fmt.Errorf("it is no JSON array of texts")
	}
	if len(elements) == 0 {
		return contact.Empty, nil
	}
	if f.Type == contact.TypeSet {
		return contact.Set(elements...), nil
	}
	entries := make([]contact.Entry, len(elements))
	for i, e := range elements {
		v, err := decodeOne(e, f.Type)
		if err != nil {
			return contact.Value{}, err
		}
		entries[i].Value = v
	}
	return contact.List(entries...), nil
}

// encode returns what is written for a value, nil for null.
func (c *Column) encode(v contact.Value, d Dialect) any {
	if v.Blank() {
		if c.NotNull {
			if listed(c.Field) {
				return "[]"
			}
			return ""
		}
		return nil
	}
	switch {
	case c.Field.Type == contact.TypeSet:
		return jsonArray(v.Elements())
	case c.Field.Many:
		return jsonArray(entryTexts(v.Entries()))
	}
	return encodeOne(v, d)
}

// encodeOne returns what is written for a value of one entry. SQLite has no booleans but 1 and 0.
func encodeOne(v contact.Value, d Dialect) any {
	if v.Kind() == contact.KindBool && d == SQLite {
		if v.Str() == "true" {
			return 1
		}
		return 0
	}
	return v.Str()
}

func jsonArray(texts []string) string {
	b, err := json.Marshal(texts)
	if err != nil {
		panic("sqltable: texts that are no JSON: " + err.Error()) // there are none
	}
	return string(b)
}

// entryTexts returns what the entries of a list say, without their types.
func entryTexts(entries []contact.Entry) []string {
	texts := make([]string, len(entries))
	for i, e := range entries {
		texts[i] = e.Value.Str()
	}
	return texts
}
