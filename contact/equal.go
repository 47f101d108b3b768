package contact

import (
	"slices"
	"strings"
)

// Same reports whether x and y mean the same in a field of this type: the case of an email, the number of a
// phone, the Unicode form and surrounding space of text, the order of a set or list are no difference. region
// (ISO 3166-1 alpha-2, "" means none) is where phone numbers without country code are read. Absent is the same
// as absent alone, and empty as empty alone; whoever compares what was not read must look first.
//
// It is the equality of [Field.Key], and cheaper: values that are spelled alike, or plainly differ, are told
// apart without a key.
func (f Field) Same(x, y Value, region string) bool {
	if x.Blank() || y.Blank() {
		return x.kind == y.kind
	}
	if x.kind != y.kind {
		return f.Key(x, region) == f.Key(y, region)
	}
	switch x.kind {
	case KindSet:
		inOrder := func(s, t string) bool { return f.sameText(s, t, region) }
		return slices.EqualFunc(x.more.set, y.more.set, inOrder) || f.Key(x, region) == f.Key(y, region)
	case KindList:
		inOrder := func(a, b Entry) bool {
			return a.Primary == b.Primary && sameFolded(a.Type, b.Type) && f.sameEntry(a, b, region)
		}
		return slices.EqualFunc(x.more.list, y.more.list, inOrder) || f.Key(x, region) == f.Key(y, region)
	case KindAddress:
		return sameAddress(x.more.addr, y.more.addr)
	case KindNumber:
		return sameNumber(x.text, y.text)
	}
	return f.sameText(x.text, y.text, region)
}

// Key returns a text that is the same for values that mean the same in this field ([Field.Same]), and differs
// for others. It is for comparison alone and is never shown or stored in an app. The key of a blank value is "".
func (f Field) Key(v Value, region string) string {
	switch v.kind {
	case KindSet:
		return joinKeys(v.more.set, func(s string) string { return separate(f.textKey(s, region)) })
	case KindList:
		return joinKeys(v.more.list, func(e Entry) string {
			key := separate(f.EntryKey(e, region)) + "\x01" + separate(foldText(e.Type))
			if e.Primary {
				key += "\x01primary"
			}
			return key
		})
	case KindAddress:
		var b strings.Builder
		for _, name := range AddressParts {
			b.WriteString(separate(NormalText(*v.more.addr.part(name))))
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
// whatever their type and whether they are primary. Elements of a set, and addresses in a list, are keyed without
// case.
func (f Field) EntryKey(e Entry, region string) string {
	if f.Type == TypeSet {
		return foldText(e.Value.text)
	}
	if e.Value.kind == KindAddress {
		return foldText(f.Key(e.Value, region))
	}
	return f.Key(e.Value, region)
}

// textKey returns the comparable form of a scalar that is written as text.
func (f Field) textKey(s, region string) string {
	switch f.Type {
	case TypeSet:
		return foldText(s)
	case TypeEmail:
		key, _ := EmailKey(s)
		return key
	case TypePhone:
		return phoneKey(s, region)
	case TypeNumber:
		if s = trim(s); validNumber(s) {
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

// sameText reports whether two texts have one textKey.
func (f Field) sameText(s, t, region string) bool {
	if s == t {
		return true
	}
	switch f.Type {
	case TypeEmail:
		return sameEmail(s, t)
	case TypePhone:
		return samePhone(s, t, region)
	case TypeSet:
		return sameFolded(s, t)
	case TypeNumber, TypeDate, TypeDateTime:
		return f.textKey(s, region) == f.textKey(t, region)
	}
	return NormalText(s) == NormalText(t)
}

// sameEntry reports whether two entries have one EntryKey.
func (f Field) sameEntry(a, b Entry, region string) bool {
	if a.Value.Equal(b.Value) {
		return true
	}
	if a.Value.kind == KindText && b.Value.kind == KindText {
		return f.sameText(a.Value.text, b.Value.text, region)
	}
	return f.EntryKey(a, region) == f.EntryKey(b, region)
}

// sameFolded reports whether two texts are the same without case and surrounding space.
func sameFolded(s, t string) bool {
	if s, t = trim(s), trim(t); isASCII(s) && isASCII(t) {
		return equalFoldASCII(s, t)
	}
	return foldText(s) == foldText(t)
}

func sameNumber(x, y string) bool { return x == y || numberKey(x) == numberKey(y) }

func sameAddress(a, b *Address) bool {
	for _, name := range AddressParts {
		if NormalText(*a.part(name)) != NormalText(*b.part(name)) {
			return false
		}
	}
	return true
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

// separate returns s without the bytes that stand between the parts of a key, each written as two others.
func separate(s string) string {
	if !strings.ContainsAny(s, "\x00\x01\x02") {
		return s
	}
	return strings.NewReplacer("\x00", "\x02a", "\x01", "\x02b", "\x02", "\x02c").Replace(s)
}
