package vcard

import (
	"iter"
	"strings"
)

// A Head is what a line says before its colon: group, name and parameters, as they are written.
type Head string

// Without returns the head without the parameter values that drop names; the others stay as they are written.
func (h Head) Without(drop func(Param) bool) Head {
	name, params, any := strings.Cut(string(h), ";")
	if !any {
		return h
	}
	kept, changed := make([]string, 0, 4), false
	for part := range splitOutsideQuotes(params, ';') {
		left, any := withoutValues(part, drop)
		if any {
			kept = append(kept, left)
		}
		changed = changed || !any || len(left) < len(part)
	}
	switch {
	case !changed:
		return h
	case len(kept) == 0:
		return Head(name)
	}
	return Head(name + ";" + strings.Join(kept, ";"))
}

// With returns the head with one more parameter, written as it stands: "TYPE=WORK", or "WORK" in vCard 2.1.
func (h Head) With(param string) Head { return h + ";" + Head(param) }

// withoutValues returns one parameter without the values that drop names, and whether any of it is left.
func withoutValues(part string, drop func(Param) bool) (kept string, any bool) {
	name, list, named := strings.Cut(part, "=")
	if !named {
		return part, part != "" && !drop(bareParam(part))
	}
	name = strings.ToUpper(strings.TrimSpace(name))
	values, dropped := make([]string, 0, 4), false
	for written := range splitOutsideQuotes(list, ',') {
		inside, quoted := written, len(written) > 1 && written[0] == '"'
		if quoted {
			inside = written[1 : len(written)-1]
		}
		if !quoted || name != "TYPE" || strings.IndexByte(inside, ',') < 0 {
			if drop(Param{Name: name, Value: decodeCaret.Replace(inside)}) {
				dropped = true
			} else {
				values = append(values, written)
			}
			continue
		}
		for v := range strings.SplitSeq(inside, ",") {
			if drop(Param{Name: name, Value: decodeCaret.Replace(v)}) {
				dropped = true
			} else {
				values = append(values, v)
			}
		}
	}
	if !dropped {
		return part, true
	}
	return part[:strings.IndexByte(part, '=')+1] + strings.Join(values, ","), len(values) > 0
}

// splitOutsideQuotes splits s at sep, but not inside double quotes.
func splitOutsideQuotes(s string, sep byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		start, quoted := 0, false
		for i := 0; i < len(s); i++ {
			switch {
			case s[i] == '"':
				quoted = !quoted
			case s[i] == sep && !quoted:
				if !yield(s[start:i]) {
					return
				}
				start = i + 1
			}
		}
		yield(s[start:])
	}
}
