package contact

import (
	"fmt"
	"slices"
	"strconv"
)

// Coerce returns v in the form that a field of this type holds: a bare value of a list becomes an entry without
// type, a set of strings the entries of a list, text that is a number or yes-or-no that value, a number in a
// field of text its literal. A blank value stays as it is. It fails, naming the field, if v cannot be held;
// whether the text is a date or one of the options is for [Field.Check] to say.
func (f Field) Coerce(v Value) (Value, error) {
	switch {
	case v.Blank():
		return v, nil
	case f.Type == TypeSet:
		if v.kind == KindText {
			return Set(v.text), nil
		}
		if v.kind == KindSet {
			return v, nil
		}
		return v, f.misfit()
	case f.Many:
		return f.coerceList(v)
	}
	return f.coerceScalar(v)
}

func (f Field) coerceList(v Value) (Value, error) {
	var entries []Entry
	switch v.kind {
	case KindList:
		entries = v.more.list
	case KindSet:
		for _, s := range v.more.set {
			entries = append(entries, Entry{Value: Text(s)})
		}
	default:
		entries = []Entry{{Value: v}}
	}
	own := v.kind != KindList // by far the most lists fit as they are, and are not copied
	for i, e := range entries {
		c, err := f.coerceScalar(e.Value)
		if err != nil {
			return v, err
		}
		if !own && !c.Equal(e.Value) {
			entries, own = slices.Clone(entries), true
		}
		if own {
			entries[i].Value = c
		}
	}
	if !own {
		return v, nil
	}
	return List(entries...), nil
}

func (f Field) coerceScalar(v Value) (Value, error) {
	fits := false
	switch f.Type {
	case TypeNumber:
		if v.kind == KindText && validNumber(trim(v.text)) {
			return Number(trim(v.text))
		}
		fits = v.kind == KindNumber
	case TypeBool:
		if b, err := strconv.ParseBool(trim(v.text)); err == nil && v.kind == KindText {
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
		return v, f.misfit()
	}
	return v, nil
}

// misfit returns the error for a value of a form that the field cannot hold.
func (f Field) misfit() error {
	kind := string(f.Type)
	if f.Many {
		kind = "list of " + kind
	}
	return fmt.Errorf("field %s: the value does not fit a field of type %s", f.Name, kind)
}
