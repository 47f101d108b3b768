package contact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// MarshalJSON writes the value in its one canonical form: null for empty, a string, number or bool for a scalar,
// an array of strings for a set, an object of parts for an address and an array of objects for a list. An absent
// value has no form of its own (it is left out of its record) and is written as null.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

// AppendJSON appends the canonical JSON form of the value to dst.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case KindText:
		return appendString(dst, v.text)
	case KindNumber, KindBool:
		return append(dst, v.text...)
	case KindSet:
		dst = append(dst, '[')
		for i, s := range v.more.set {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, s)
		}
		return append(dst, ']')
	case KindAddress:
		return v.more.addr.appendJSON(dst)
	case KindList:
		dst = append(dst, '[')
		for i, e := range v.more.list {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = e.appendJSON(dst)
		}
		return append(dst, ']')
	}
	return append(dst, "null"...)
}

func (e Entry) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"value":`...)
	dst = e.Value.AppendJSON(dst)
	if e.Type != "" {
		dst = appendString(append(dst, `,"type":`...), e.Type)
	}
	if e.Primary {
		dst = append(dst, `,"primary":true`...)
	}
	return append(dst, '}')
}

func (a *Address) appendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	first := true
	for _, name := range AddressParts {
		text := *a.part(name)
		if text == "" {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(append(dst, '"'), name...), `":`...)
		dst = appendString(dst, text)
	}
	return append(dst, '}')
}

// MarshalJSON writes the fields sorted by name, absent ones left out: equal content gives equal bytes.
func (f Fields) MarshalJSON() ([]byte, error) { return f.AppendJSON(nil), nil }

// AppendJSON appends the canonical JSON form of the fields to dst.
func (f Fields) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i, name := range f.Names() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, name), ':')
		dst = f[name].AppendJSON(dst)
	}
	return append(dst, '}')
}

// UnmarshalJSON reads a value in the form that MarshalJSON writes: null is empty, an array of strings a set, an
// array of objects a list, an object an address. A field of another type takes it by [Field.Coerce].
func (v *Value) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return fmt.Errorf("no value")
	}
	switch data[0] {
	case 'n':
		*v = Empty
		return nil
	case 't', 'f':
		*v = Value{kind: KindBool, text: string(data)}
		return nil
	case '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*v = Text(s)
		return nil
	case '{':
		var a Address
		if err := strictUnmarshal(data, &a); err != nil {
			return fmt.Errorf("address: %w", err)
		}
		*v = Postal(a)
		return nil
	case '[':
		return v.unmarshalArray(data)
	}
	n, err := Number(string(data))
	*v = n
	return err
}

// unmarshalArray reads a set (an array of strings) or a list (an array of objects).
func (v *Value) unmarshalArray(data []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	isObject := func(r json.RawMessage) bool { return r[0] == '{' }
	if slices.ContainsFunc(raw, isObject) {
		entries := make([]Entry, len(raw))
		for i, r := range raw {
			if err := entries[i].unmarshal(r); err != nil {
				return fmt.Errorf("entry %d: %w", i+1, err)
			}
		}
		*v = List(entries...)
		return nil
	}
	var set []string
	if err := json.Unmarshal(data, &set); err != nil {
		return err
	}
	*v = Set(set...)
	return nil
}

func (e *Entry) unmarshal(r json.RawMessage) error {
	if r[0] != '{' {
		return json.Unmarshal(r, &e.Value)
	}
	return strictUnmarshal(r, e)
}

// strictUnmarshal is json.Unmarshal that refuses keys which the target does not have.
func strictUnmarshal(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// IsZero reports whether the value is absent, for encoding/json's omitzero.
func (v Value) IsZero() bool { return v.kind == KindAbsent }

// appendString appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD: a connector has refused them
// before they get here.
func appendString(dst []byte, s string) []byte {
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			plain = false
			break
		}
	}
	if plain {
		return append(append(append(dst, '"'), s...), '"')
	}
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < 0x20:
			dst = append(dst, fmt.Sprintf(`\u%04x`, c)...)
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
			continue
		}
		i++
	}
	return append(dst, '"')
}

// Coerce returns v in the form that a field of this type holds: a bare value of a list becomes an entry without
// type, a set of strings the entries of a list, text that is a number or yes-or-no that value. It fails, naming
// the field, if v cannot be held.
func (f Field) Coerce(v Value) (Value, error) {
	if v.Blank() {
		return v, nil
	}
	switch {
	case f.Type == TypeSet:
		if v.kind == KindText {
			return Set(v.text), nil
		}
		if v.kind == KindSet {
			return v, nil
		}
	case f.Many:
		return f.coerceList(v)
	default:
		return f.coerceScalar(v)
	}
	return v, fmt.Errorf("field %s: not a %s", f.Name, f.Type)
}

func (f Field) coerceList(v Value) (Value, error) {
	one := f
	one.Many = false
	var entries []Entry
	switch v.kind {
	case KindList:
		entries = slices.Clone(v.more.list)
	case KindSet:
		for _, s := range v.more.set {
			entries = append(entries, Entry{Value: Text(s)})
		}
	default:
		entries = []Entry{{Value: v}}
	}
	for i, e := range entries {
		c, err := one.coerceScalar(e.Value)
		if err != nil {
			return v, err
		}
		entries[i].Value = c
	}
	return List(entries...), nil
}

func (f Field) coerceScalar(v Value) (Value, error) {
	fits := false
	switch f.Type {
	case TypeNumber:
		if v.kind == KindText && validNumber(v.text) {
			return Number(v.text)
		}
		fits = v.kind == KindNumber
	case TypeBool:
		if b, err := strconv.ParseBool(v.text); err == nil && v.kind == KindText {
			return Bool(b), nil
		}
		fits = v.kind == KindBool
	case TypeAddress:
		fits = v.kind == KindAddress
	default:
		if v.kind == KindNumber || v.kind == KindBool {
			return Text(v.text), nil
		}
		fits = v.kind == KindText
	}
	if !fits {
		return v, fmt.Errorf("field %s: not a %s", f.Name, f.Type)
	}
	return v, nil
}
