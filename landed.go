package contactsync

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/contactsync/contactsync/contact"
)

// The answer of an update was lost, or the process died before it was noted. What the record holds by now says whether
// the app has carried it out.

// trace is what a field tells of an update without an answer.
type trace uint8

const (
	lacks  trace = iota // it is as it was, where the update would have changed it
	silent              // it is as it was, and the update may have left it so
	edited              // it is neither as it was nor what was sent: somebody has changed it, before the update or after
	hints               // it holds what was sent, and others may well have put that there: a label, a choice, a part of a text
	bears               // it holds what was sent
)

// landed says by what a record holds whether an update was written: silent if nobody can know. A write is whole: one field
// that is as it was says that none was. All that the record shows may be somebody else's doing; then nothing is taken for ours.
func (cfg *config) landed(s Side, patch contact.Patch, before, now contact.Fields) trace {
	seen := map[trace]bool{}
	for _, name := range patch.Names() {
		if !slices.Contains(cfg.used[s], name) || now[name].Absent() {
			continue // it is mapped no more, or not told: what is known of it may be from before
		}
		seen[cfg.trace(s, name, patch[name], before[name], now[name])] = true
	}
	switch {
	case seen[lacks] || !seen[edited] && !seen[hints] && !seen[bears]:
		return lacks
	case seen[bears] || seen[hints] && !seen[edited]:
		return bears
	}
	return silent
}

// firstCall returns what of a patch an app carries out with the record itself. What it keeps apart, and does not hold as sent, is left
// out: the call that writes it comes after that of the record, and may never have been made.
func (cfg *config) firstCall(s Side, patch contact.Patch, before, now contact.Fields) contact.Patch {
	first := maps.Clone(patch)
	maps.DeleteFunc(first, func(name string, c contact.Change) bool {
		f, _ := cfg.schema[s].Field(name)
		return f.Apart && cfg.trace(s, name, c, before[name], now[name]) == lacks
	})
	if len(first) == 0 {
		return patch
	}
	return first
}

// brought reports whether a record shows an update of another one that has become part of it: it holds something that was sent
// there, and that neither of the two held before. What was taken out there it may never have held.
func (cfg *config) brought(s Side, patch contact.Patch, before, had, now contact.Fields) bool {
	return slices.ContainsFunc(patch.Names(), func(name string) bool {
		c := patch[name]
		return (!c.Set.Absent() || len(c.Add) > 0) &&
			cfg.trace(s, name, c, before[name], now[name]) == bears && cfg.trace(s, name, c, had[name], now[name]) == bears
	})
}

// trace is what a field of side s tells of a change.
func (cfg *config) trace(s Side, name string, c contact.Change, before, now contact.Value) trace {
	f, _ := cfg.schema[s].Field(name)
	t := traceOf(f, c, before, now, cfg.Match.Region)
	if t == bears && (f.Type == contact.TypeSet || f.Type == contact.TypeChoice || f.Type == contact.TypeBool) {
		return hints
	}
	return t
}

// traceOf says what a field tells of a change, by what it held before and holds now.
func traceOf(f contact.Field, c contact.Change, before, now contact.Value, region string) trace {
	if c.Set.Absent() {
		return traceElements(f, c, before, now)
	}
	switch {
	case f.Same(now, before, region) && (f.Same(c.Set, before, region) || mayBecome(f, c.Set, before)):
		return silent
	case f.Same(now, before, region):
		return lacks
	case f.Same(c.Set, now, region) || mayBecome(f, c.Set, now):
		return bears
	case looksLike(c.Set, now):
		return hints // cut short, and no schema says where: it may be a value of its own
	}
	return edited
}

// mayBecome reports whether an app, as its schema describes the field, may store as v what was sent: spelled otherwise, or cut to
// its length.
func mayBecome(f contact.Field, sent, v contact.Value) bool {
	sent = cut(f, sent)
	return looksLike(sent, v) && looksLike(v, sent)
}

// cut returns what is left of a text in a field that holds no longer one, as its schema says.
func cut(f contact.Field, v contact.Value) contact.Value {
	if runes := []rune(v.Str()); f.MaxLength > 0 && len(runes) > f.MaxLength {
		return contact.Text(string(runes[:f.MaxLength]))
	}
	return v
}

// traceElements is traceOf for a set or list. What was taken out is gone as well where a user has put other elements in its
// place; what was put in is there by our hand.
func traceElements(f contact.Field, c contact.Change, before, now contact.Value) trace {
	at := func(list contact.Value, e contact.Entry) int { return indexElement(f, elements(list), e) }
	came := slices.ContainsFunc(c.Add, func(e contact.Entry) bool {
		i, was := at(now, e), at(before, e)
		return i >= 0 && (was < 0 || sameElement(f, e, elements(now)[i]) && !sameElement(f, e, elements(before)[was]))
	})
	gone := slices.ContainsFunc(c.Remove, func(e contact.Entry) bool { return at(now, e) < 0 })
	switch {
	case came, gone && len(c.Add) == 0:
		return bears
	case gone:
		return edited
	case f.MaxEntries > 0 && len(elements(now)) >= f.MaxEntries:
		return silent // it may have had no room for more
	}
	return lacks
}

// looksLike reports whether an app may have made now of what was sent: another case, other spaces or punctuation,
// or cut short.
func looksLike(sent, now contact.Value) bool {
	if sent.Kind() != contact.KindText || now.Kind() != contact.KindText {
		return false
	}
	bare := func(s string) string {
		return fold(strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || unicode.IsPunct(r) || r == '+' {
				return -1
			}
			return r
		}, s))
	}
	x, y := bare(sent.Str()), bare(now.Str())
	return y != "" && strings.HasPrefix(x, y)
}
