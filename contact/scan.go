package contact

import (
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// peek skips white space and returns the byte that follows, 0 at the end.
func (d *Decoder) peek() byte {
	for ; d.at < len(d.text); d.at++ {
		switch c := d.text[d.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// open reads the bracket that begins an object or array.
func (d *Decoder) open(bracket byte, what string) error {
	if d.peek() != bracket {
		return d.fail("want " + what)
	}
	if d.depth++; d.depth > maxDepth {
		return d.fail("nested too deeply")
	}
	d.at++
	return nil
}

// next reads what stands before element n of an object or array: a comma, or the bracket that ends it.
func (d *Decoder) next(bracket byte, n int) (done bool, err error) {
	switch c := d.peek(); {
	case c == bracket:
		d.at++
		d.depth--
		return true, nil
	case n == 0:
		return false, nil
	case c != ',':
		return false, d.fail("want a comma or " + string(bracket))
	}
	d.at++
	if d.peek() == bracket {
		return false, d.fail("nothing follows the comma")
	}
	return false, nil
}

// word reads true, false or null.
func (d *Decoder) word(word string) error {
	if !strings.HasPrefix(d.text[d.at:], word) {
		return d.fail("want " + word)
	}
	d.at += len(word)
	return nil
}

// number reads a number and returns it as it is written.
func (d *Decoder) number() (string, error) {
	d.peek()
	rest := d.text[d.at:]
	end := 0
	for end < len(rest) && (rest[end] >= '0' && rest[end] <= '9' || strings.IndexByte("+-.eE", rest[end]) >= 0) {
		end++
	}
	switch {
	case end == 0 && rest == "":
		return "", d.fail("it ends too early")
	case end == 0:
		return "", d.fail("want a value")
	case !validNumber(rest[:end]):
		return "", d.fail("want a number as JSON writes one")
	}
	d.at += end
	return rest[:end], nil
}

// address reads the object that an address is; null for a part means that it is empty.
func (d *Decoder) address() (Value, error) {
	var a Address
	err := d.Object(func(key string) error {
		part := a.part(key)
		if part == nil {
			return d.fail("an address has no such part; it has " + strings.Join(AddressParts, ", "))
		}
		if d.Null() {
			return nil
		}
		s, err := d.String()
		*part = s
		return err
	})
	return Postal(a), err
}

// elements reads an array: of texts, which is a set, or with an object in it, which is a list; a bare value in a
// list is an entry without type.
func (d *Decoder) elements() (Value, error) {
	var set []string
	var list []Entry
	objects := false
	err := d.Array(func() error {
		c := d.peek()
		if c == '"' && list == nil {
			s, err := d.String()
			set = append(set, s)
			return err
		}
		if list == nil {
			list = make([]Entry, 0, len(set)+1)
			for _, s := range set {
				list = append(list, Entry{Value: Text(s)})
			}
		}
		e, err := Entry{}, error(nil)
		switch c {
		case '{':
			objects = true
			e, err = d.entry()
		case '[':
			err = d.fail("a list in a list")
		default:
			e.Value, err = d.Value()
		}
		list = append(list, e)
		return err
	})
	switch {
	case err != nil:
		return Value{}, err
	case list == nil:
		return newSet(set), nil
	case !objects:
		return Value{}, d.fail("an array without objects is a set: want texts alone in it")
	}
	return List(list...), nil
}

// entry reads the object that an entry of a list is.
func (d *Decoder) entry() (Entry, error) {
	var e Entry
	err := d.Object(func(key string) (err error) {
		switch key {
		case "value":
			if d.peek() == '[' {
				return d.fail("a list in a list")
			}
			e.Value, err = d.Value()
		case "type":
			e.Type, err = d.String()
		case "primary":
			e.Primary, err = d.Bool()
		default:
			err = d.fail("an entry has no such key; it has value, type, primary")
		}
		return err
	})
	return e, err
}

// unescape returns the text that the inside of a JSON string stands for. Every backslash in it is followed by
// another byte.
func unescape(s string) (string, error) {
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		b.WriteString(s[:i])
		c := s[i+1]
		s = s[i+2:]
		if c != 'u' {
			at := strings.IndexByte(`"\/bfnrt`, c)
			if at < 0 {
				return "", errors.New("a text has an escape that JSON does not know")
			}
			b.WriteByte("\"\\/\b\f\n\r\t"[at])
			continue
		}
		r, size, err := unescapeRune(s)
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
		s = s[size:]
	}
}

// unescapeRune reads the digits behind \u at the start of s and, of the first half of a surrogate pair, the second
// half, and returns how many bytes it has read.
func unescapeRune(s string) (r rune, size int, err error) {
	r, ok := hex4(s)
	if !ok {
		return 0, 0, errors.New(`want four hexadecimal digits behind \u`)
	}
	if !utf16.IsSurrogate(r) {
		return r, 4, nil
	}
	if len(s) > 6 && s[4:6] == `\u` {
		low, ok := hex4(s[6:])
		if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
			return pair, 10, nil
		}
	}
	return 0, 0, errors.New("half of a surrogate pair stands alone")
}

// hex4 returns the number that the first four bytes of s write in hexadecimal digits.
func hex4(s string) (r rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for i := range 4 {
		c := lowerASCII(s[i])
		digit := strings.IndexByte("0123456789abcdef", c)
		if digit < 0 {
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	return r, true
}

// keySet is the keys of one object: few of them without an allocation.
type keySet struct {
	few  [16]string
	n    int
	many map[string]bool
}

// add adds a key, and reports whether it is new.
func (k *keySet) add(key string) bool {
	for _, have := range k.few[:min(k.n, len(k.few))] {
		if have == key {
			return false
		}
	}
	if k.many[key] {
		return false
	}
	if k.n < len(k.few) {
		k.few[k.n] = key
		k.n++
		return true
	}
	if k.many == nil {
		k.many = map[string]bool{}
	}
	k.many[key] = true
	return true
}
