package vcard

import "strings"

// A Head is what a line says before its colon: group, name and parameters, as they are written.
type Head string

// Without returns the head without the parameter values that drop names; the others stay as they are written.
func (h Head) Without(drop func(Param) bool) Head {
	var b strings.Builder
	for i, part := range splitOutsideQuotes(string(h), ';') {
		if i == 0 {
			b.WriteString(part)
			continue
		}
		if kept, any := withoutValues(part, drop); any {
			b.WriteByte(';')
			b.WriteString(kept)
		}
	}
	return Head(b.String())
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
	var values []string
	dropped := false
	for _, written := range splitOutsideQuotes(list, ',') {
		inside := []string{written}
		if len(written) > 1 && written[0] == '"' {
			inside[0] = written[1 : len(written)-1]
			if name == "TYPE" {
				inside = strings.Split(inside[0], ",")
			}
		}
		whole := true
		for _, v := range inside {
			if drop(Param{Name: name, Value: decodeCaret.Replace(v)}) {
				whole, dropped = false, true
			} else if len(inside) > 1 {
				values = append(values, v)
			}
		}
		if whole && len(inside) == 1 {
			values = append(values, written)
		}
	}
	if !dropped {
		return part, true
	}
	return part[:strings.IndexByte(part, '=')+1] + strings.Join(values, ","), len(values) > 0
}

// splitOutsideQuotes splits s at sep, but not inside double quotes.
func splitOutsideQuotes(s string, sep byte) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}
