package contact

import (
	"slices"
	"strings"
)

// Same reports whether x and y mean the same in a field of this type: the case of an email, the number of a
// phone, the Unicode form and surrounding space of text, the order of a set or list are no difference. region
// (ISO 3166-1 alpha-2, "" means none) is where phone numbers without country code are read. Absent is the same
// as absent alone; whoever compares what was not read must look first.
func (f Field) Same(x, y Value, region string) bool {
	if x.Equal(y) {
		return true
	}
	if x.kind == KindAbsent || y.kind == KindAbsent || (x.kind == KindEmpty) != (y.kind == KindEmpty) {
		return false
	}
	return f.Key(x, region) == f.Key(y, region)
}

// Key returns a text that is the same for values that mean the same in this field ([Field.Same]), and differs
// for others. It is for comparison alone and is never shown or stored in an app. The key of a blank value is "".
func (f Field) Key(v Value, region string) string {
	switch v.kind {
	case KindSet:
		return joinKeys(v.more.set, func(s string) string { return f.EntryKey(Entry{Value: Text(s)}, region) })
	case KindList:
		return joinKeys(v.more.list, func(e Entry) string {
			key := f.EntryKey(e, region) + "\x01" + foldText(e.Type)
			if e.Primary {
				key += "\x01primary"
			}
			return key
		})
	case KindAddress:
		var b strings.Builder
		for _, name := range AddressParts {
			b.WriteString(NormalText(*v.more.addr.part(name)))
			b.WriteByte(0)
		}
		return b.String()
	case KindNumber:
		return numberKey(v.text)
	case KindText, KindBool:
		return f.textKey(v.text, region)
	}
	return ""
}

// EntryKey returns a text that is the same for entries of a list, or elements of a set, that mean the same,
// whatever their type and whether they are primary. Elements of a set are keyed without case.
func (f Field) EntryKey(e Entry, region string) string {
	if f.Type == TypeSet {
		return foldText(e.Value.text)
	}
	if e.Value.kind == KindAddress {
		return foldText(f.Key(e.Value, region))
	}
	return f.textKey(e.Value.text, region)
}

// textKey returns the comparable form of a scalar that is written as text.
func (f Field) textKey(s, region string) string {
	switch f.Type {
	case TypeEmail:
		key, _ := EmailKey(s)
		return key
	case TypePhone:
		if key, ok := PhoneKey(s, region); ok {
			return key
		}
		return PhoneDigits(s)
	case TypeNumber:
		if s = strings.TrimSpace(s); validNumber(s) {
			return numberKey(s)
		}
	case TypeDate:
		if key, ok := dateKey(s); ok {
			return key
		}
	case TypeDateTime:
		if key, ok := dateTimeKey(s); ok {
			return key
		}
	}
	return NormalText(s)
}

// joinKeys returns the sorted keys of the elements, each once, joined so that no two sets share a text.
func joinKeys[E any](elements []E, key func(E) string) string {
	keys := make([]string, len(elements))
	for i, e := range elements {
		keys[i] = key(e)
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), "\x00")
}
