package contact

import "unicode/utf8"

// MarshalJSON writes the value in its one canonical form: null for empty, a string, number or bool for a scalar,
// an array of strings for a set, an object of parts for an address and an array of objects for a list. An absent
// value has no form of its own (it is left out of its record) and is written as null.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

// AppendJSON appends the canonical JSON form of the value to dst.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case KindText:
		return AppendString(dst, v.text)
	case KindNumber, KindBool:
		return append(dst, v.text...)
	case KindSet:
		return appendArray(dst, v.more.set, AppendString)
	case KindAddress:
		return v.more.addr.appendJSON(dst)
	case KindList:
		return appendArray(dst, v.more.list, appendEntry)
	}
	return append(dst, "null"...)
}

func appendArray[E any](dst []byte, elements []E, appendElement func([]byte, E) []byte) []byte {
	dst = append(dst, '[')
	for i, e := range elements {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendElement(dst, e)
	}
	return append(dst, ']')
}

func appendEntry(dst []byte, e Entry) []byte {
	dst = append(dst, `{"value":`...)
	dst = e.Value.AppendJSON(dst)
	if e.Type != "" {
		dst = AppendString(append(dst, `,"type":`...), e.Type)
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
		dst = AppendString(dst, text)
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
		dst = append(AppendString(dst, name), ':')
		dst = f[name].AppendJSON(dst)
	}
	return append(dst, '}')
}

// UnmarshalJSON reads a value in the form that MarshalJSON writes: null is empty, an array of strings a set, an
// array with objects a list, an object an address. A field of another type takes it by [Field.Coerce]. The error
// is a [*DecodeError].
func (v *Value) UnmarshalJSON(data []byte) error {
	d := NewDecoder(string(data))
	value, err := d.Value()
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return err
	}
	*v = value
	return nil
}

// UnmarshalJSON reads fields in the form that MarshalJSON writes, as [ParseFields] does; null leaves f as it is.
func (f *Fields) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	fields, err := ParseFields(data)
	if err != nil {
		return err
	}
	*f = fields
	return nil
}

// UnmarshalJSON reads an entry of a list, {"value": V, "type": T, "primary": true}, and refuses other keys.
func (e *Entry) UnmarshalJSON(data []byte) error {
	d := NewDecoder(string(data))
	entry, err := d.entry()
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return err
	}
	*e = entry
	return nil
}

// IsZero reports whether the value is absent, for encoding/json's omitzero.
func (v Value) IsZero() bool { return v.kind == KindAbsent }

// AppendString appends s as a JSON string to dst, with as few escapes as JSON allows. Bytes that are not UTF-8
// become U+FFFD: a connector has refused them before they get here.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0 // up to here s is written
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = append(dst, s[done:i]...)
		dst = appendEscaped(dst, c)
		i += size
		done = i
	}
	return append(append(dst, s[done:]...), '"')
}

// appendEscaped appends a byte that cannot stand in a JSON string as it is.
func appendEscaped(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c == '\n':
		return append(dst, `\n`...)
	case c == '\r':
		return append(dst, `\r`...)
	case c == '\t':
		return append(dst, `\t`...)
	case c >= utf8.RuneSelf:
		return append(dst, "\ufffd"...)
	}
	return append(dst, `\u00`+string(hex[c>>4])+string(hex[c&0xf])...)
}
