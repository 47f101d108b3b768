package contact

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Decoder reads JSON (RFC 8259) from a text, fast and strictly: a key that is given twice, text that is not
// UTF-8, half of a surrogate pair, more than 64 levels, and a value of another type than asked for are errors,
// where encoding/json takes a guess. Texts that it returns are parts of the text that it reads, so they keep that
// in memory. Each method reads one value; the error is a [*DecodeError], after which the Decoder is of no use.
type Decoder struct {
	text  string
	at    int // where the rest begins
	depth int
}

// maxDepth is how many objects and arrays may stand in each other.
const maxDepth = 64

// NewDecoder returns a decoder of a text that holds one JSON value.
func NewDecoder(text string) *Decoder { return &Decoder{text: text} }

// ParseFields reads fields as [Fields.MarshalJSON] writes them. data holds nothing else, and starts without a byte
// order mark. The error is a [*DecodeError].
func ParseFields(data []byte) (Fields, error) {
	d := NewDecoder(string(data))
	f, err := d.Fields()
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// A DecodeError says where JSON is wrong. Its message holds keys and no values.
type DecodeError struct {
	Offset int    // in bytes from the start
	Path   string // the keys that lead there: "fields.emails[2].type"; "" at the top
	Err    error
}

// Error returns "JSON at byte OFFSET, in PATH: what is wrong".
func (e *DecodeError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("JSON at byte %d: %s", e.Offset, e.Err)
	}
	return fmt.Sprintf("JSON at byte %d, in %q: %s", e.Offset, e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// fail returns an error at the current place.
func (d *Decoder) fail(what string) error { return &DecodeError{Offset: d.at, Err: errors.New(what)} }

// within returns err with step, a key or "[2]", in front of its path.
func (d *Decoder) within(step string, err error) error {
	e, ok := err.(*DecodeError)
	if !ok {
		e = &DecodeError{Offset: d.at, Err: err}
	}
	const longest = 64 // a key of garbage fills no log
	if len(step) > longest {
		step = strings.ToValidUTF8(step[:longest], "") + "…"
	}
	if e.Path != "" && e.Path[0] != '[' {
		step += "."
	}
	return &DecodeError{Offset: e.Offset, Path: step + e.Path, Err: e.Err}
}

// Object reads an object. It calls each for every key in turn, and each reads the key's value.
func (d *Decoder) Object(each func(key string) error) error {
	var seen keySet
	return d.object(func(key string) error {
		if !seen.add(key) {
			return d.fail("the key is there twice")
		}
		return each(key)
	})
}

// object is Object for a caller that notices a repeated key itself.
func (d *Decoder) object(each func(key string) error) error {
	if err := d.open('{', "an object"); err != nil {
		return err
	}
	for n := 0; ; n++ {
		if done, err := d.next('}', n); done || err != nil {
			return err
		}
		if d.peek() != '"' {
			return d.fail("want a key in quotes")
		}
		key, err := d.String()
		if err != nil {
			return err
		}
		if d.peek() != ':' {
			return d.within(key, d.fail("want a colon behind the key"))
		}
		d.at++
		if err := each(key); err != nil {
			return d.within(key, err)
		}
	}
}

// Array reads an array. It calls each for every element in turn, and each reads the element.
func (d *Decoder) Array(each func() error) error {
	if err := d.open('[', "an array"); err != nil {
		return err
	}
	for n := 0; ; n++ {
		if done, err := d.next(']', n); done || err != nil {
			return err
		}
		if err := each(); err != nil {
			return d.within("["+strconv.Itoa(n)+"]", err)
		}
	}
}

// String reads a text.
func (d *Decoder) String() (string, error) {
	if d.peek() != '"' {
		return "", d.fail("want text")
	}
	start, plain, ascii := d.at+1, true, true
	i := start
	for ; i < len(d.text) && d.text[i] != '"'; i++ {
		switch c := d.text[i]; {
		case c == '\\':
			plain = false
			i++ // what is escaped does not end the text
		case c < ' ':
			d.at = i
			return "", d.fail("a control character in a text must be escaped")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	if i >= len(d.text) {
		return "", d.fail("the text is not closed")
	}
	s := d.text[start:i]
	if !ascii && !utf8.ValidString(s) {
		return "", d.fail("the text is not UTF-8")
	}
	if !plain {
		var err error
		if s, err = unescape(s); err != nil {
			return "", &DecodeError{Offset: d.at, Err: err}
		}
	}
	d.at = i + 1
	return s, nil
}

// Int reads a whole number of at most 64 bits, written without fraction and exponent.
func (d *Decoder) Int() (int64, error) {
	literal, err := d.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(literal, 10, 64)
	if err != nil {
		d.at -= len(literal)
		return 0, d.fail("want a whole number of at most 64 bits")
	}
	return n, nil
}

// Bool reads true or false.
func (d *Decoder) Bool() (bool, error) {
	switch d.peek() {
	case 't':
		return true, d.word("true")
	case 'f':
		return false, d.word("false")
	}
	return false, d.fail("want true or false")
}

// Null reads null if it is what comes next, and reports whether it did.
func (d *Decoder) Null() bool { return d.peek() == 'n' && d.word("null") == nil }

// Value reads a value as [Value.UnmarshalJSON] does.
func (d *Decoder) Value() (Value, error) {
	switch d.peek() {
	case '"':
		s, err := d.String()
		return Text(s), err
	case 'n':
		return Empty, d.word("null")
	case 't', 'f':
		b, err := d.Bool()
		return Bool(b), err
	case '{':
		return d.address()
	case '[':
		return d.elements()
	}
	literal, err := d.number()
	if err != nil {
		return Value{}, err
	}
	return Value{kind: KindNumber, text: literal}, nil
}

// Fields reads fields as [ParseFields] does.
func (d *Decoder) Fields() (Fields, error) {
	f := make(Fields, min((len(d.text)-d.at)/32, 32)) // about as many as will come
	err := d.object(func(key string) error {
		if _, twice := f[key]; twice {
			return d.fail("the key is there twice")
		}
		v, err := d.Value()
		f[key] = v
		return err
	})
	return f, err
}

// Raw reads any value and returns it as it is written.
func (d *Decoder) Raw() (string, error) {
	d.peek()
	start := d.at
	if err := d.Skip(); err != nil {
		return "", err
	}
	return d.text[start:d.at], nil
}

// Skip reads a value of any type and forgets it. It is as strict as the other methods.
func (d *Decoder) Skip() error {
	switch d.peek() {
	case '"':
		_, err := d.String()
		return err
	case 'n':
		return d.word("null")
	case 't', 'f':
		_, err := d.Bool()
		return err
	case '{':
		return d.Object(func(string) error { return d.Skip() })
	case '[':
		return d.Array(d.Skip)
	}
	_, err := d.number()
	return err
}

// End returns an error if there is anything left to read but white space.
func (d *Decoder) End() error {
	d.peek()
	if d.at < len(d.text) {
		return d.fail("something follows the end")
	}
	return nil
}
