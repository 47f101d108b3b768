package contactsync

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// Where two records meet for the first time and differ, one is written over; and where its partner was written over by another
// connection, so is it in turn. In a ring of connections, or beside a foreign tool, a copy of who it was may be under way, and
// comes back as a new record of the other side: an echo. It is nobody new. Were it created again, what is written over it next
// round would come back as well, and so on for ever.

// lostKind is the kind of the keys under which a record is found by the match keys that our write took from it. They are evidence of nothing.
const lostKind = -2

// lostPrefix is what the entries of such keys of a side begin with.
func lostPrefix(s Side) string { return s.String() + strconv.Itoa(lostKind) + " " }

// keyText identifies a match key whatever its place in the connection's list, by no more than a digest of its value.
func (cfg *config) keyText(k matchKey) string {
	kind := cfg.keys[k.kind]
	_, digest, _ := strings.Cut(k.entry[A], " ")
	return kind.Kind + kind.A + "=" + kind.B + " " + digest
}

// keysLost returns the match keys that a record has lost, as those who bear them are found by.
func (cfg *config) keysLost(m *mirror) (keys []matchKey) {
	for _, text := range m.Was.keys() {
		for kind, k := range cfg.keys {
			if digest, ok := strings.CutPrefix(text, k.Kind+k.A+"="+k.B+" "); ok {
				keys = append(keys, matchKey{kind: kind, entry: keyEntries(kind, digest)})
			}
		}
	}
	return keys
}

// former is who a record was until our write took match keys from it.
type former struct {
	Run   int64          `json:"run"`  // number of that sync
	Keys  []string       `json:"keys"` // those it lost, as [config.keyText] has them
	Held  contact.Fields `json:"held"`
	Alone bool           `json:"alone,omitempty"` // nothing else of it was replaced by that write
	Older []string       `json:"older,omitempty"` // keys that went alone with earlier writes
}

// keys returns all keys that a record is known to have lost.
func (f *former) keys() []string {
	if f == nil {
		return nil
	}
	return slices.Concat(f.Keys, f.Older)
}

// alone returns the keys that went alone, the last ones of many, but for those that have gone again.
func (f *former) alone(again []string) (all []string) {
	if f != nil {
		all = slices.Clone(f.Older)
	}
	if f != nil && f.Alone {
		all = append(all, f.Keys...)
	}
	all = slices.DeleteFunc(all, func(text string) bool { return slices.Contains(again, text) })
	return all[max(0, len(all)-pastLimit):]
}

// wentAlone reports whether nothing else was replaced when the key went.
func (f *former) wentAlone(text string) bool { return f.Alone || !slices.Contains(f.Keys, text) }

// lose notes who a record was, if a write takes keys from it, and reports whether it does. A key that goes alone tells less of who
// it was than what is noted of another one that did not.
func (cfg *config) lose(m *mirror, before contact.Fields, w *write, run int64) bool {
	var had, now []matchKey
	var lost []string
	alone := true
	for kind, k := range cfg.keys {
		fields := k.fields(w.side, cfg.schema[w.side])
		written := slices.DeleteFunc(w.patch.Names(), func(name string) bool { return !slices.Contains(fields, name) })
		if len(written) == 0 {
			continue
		}
		if now == nil {
			had, now = cfg.matchKeys(m.side, before), cfg.matchKeys(m.side, m.Fields)
		}
		for _, k := range had {
			if k.kind == kind && !slices.Contains(now, k) {
				lost = append(lost, cfg.keyText(k))
				alone = alone && !w.first(cfg, written) && !w.another(cfg, before, fields)
			}
		}
	}
	if lost == nil || alone && m.Was != nil && !m.Was.Alone {
		return false
	}
	m.Was = &former{Run: run, Keys: lost, Held: before, Alone: alone, Older: m.Was.alone(lost)}
	return true
}

// first reports whether nothing was settled of one of the fields that a write changes.
func (w *write) first(cfg *config, written []string) bool {
	return slices.ContainsFunc(written, func(name string) bool {
		return slices.ContainsFunc(cfg.mappings, func(m *mapping) bool {
			writes := slices.ContainsFunc(m.sel[w.side], func(sel contact.Selector) bool { return sel.Field == name })
			return writes && w.link.Cells[m.id] == nil
		})
	})
}

// another reports whether a write puts another text in place of one that the record held beside these fields.
func (w *write) another(cfg *config, before contact.Fields, keys []string) bool {
	return slices.ContainsFunc(w.patch.Names(), func(name string) bool {
		f, _ := cfg.schema[w.side].Field(name)
		v, was := w.patch[name].Set, before[name]
		return !slices.Contains(keys, name) && isText(f, v) && isText(f, was) && !f.Same(v, was, cfg.Match.Region)
	})
}

// isText reports whether a value may tell who somebody is: a choice does not.
func isText(f contact.Field, v contact.Value) bool {
	return f.Type != contact.TypeChoice && v.Kind() == contact.KindText
}

// echoes reports whether a new record is an echo of a linked one: of one that lost a key which the new one bears, not after
// that was first seen, and that held all that would be created, or what apps under way may have made of it. Where the key went
// alone, the new one must bear a text beside it that the linked one holds no more: it is who that was. Or it is one too many: when the
// key has gone alone from two who were just like it, the second of them was created under it when it came back like this.
func (cfg *config) echoes(d directory, r *mirror, w *write) bool {
	for _, k := range r.keys {
		text, before := cfg.keyText(k), false
		for m := range d.bearing(w.side, keyOf(lostKind, text)) {
			l := d.linkOf(m.ref())
			if l == nil || l.Gone != [2]bool{} || !slices.Contains(m.Was.keys(), text) || r.Seen < m.Was.Run || !cfg.held(m, l, w.patch) {
				continue
			}
			if before || !m.Was.wentAlone(text) || cfg.differs(m, w.patch, cfg.keys[k.kind].fields(w.side, cfg.schema[w.side])) {
				return true
			}
			before = true
		}
	}
	return false
}

// circling reports until when a record is not created on the other side, zero if nothing stands against it: where we deleted three
// within a day who bore its first key. In a ring of three connections a deletion may go round behind the copies that go round ahead
// of it, for ever. With one copy less it catches up.
func (cfg *config) circling(d directory, r *mirror, now time.Time) (until time.Time) {
	if len(r.keys) == 0 {
		return time.Time{}
	}
	n := 0
	for _, at := range d.graves(r.side.Other(), r.keys[0]) {
		if end := at.Add(flipWindow); now.Before(end) {
			n++
			until = earliest(now, until, end)
		}
	}
	if n < flipLimit {
		return time.Time{}
	}
	return until
}

// held reports whether a record held all that a patch sets when it was written over, or before our earlier writes to it, but for
// labels, choices and the like: rules and apps put those on anybody. What was united with its lists it holds now.
func (cfg *config) held(m *mirror, l *link, p contact.Patch) bool {
	for _, name := range p.Names() {
		f, _ := cfg.schema[m.side].Field(name)
		v, was := p[name].Set, m.Was.Held[name]
		if f.Type == contact.TypeChoice || v.Kind() == contact.KindSet || v.Kind() == contact.KindBool ||
			f.Same(v, was, cfg.Match.Region) || looksLike(was, v) || l.Past[pastKey(m.side, name)].had(f.Key(v, "")) {
			continue
		}
		either := slices.Concat(elements(was), elements(m.Fields[name]))
		all := elements(v)
		if all == nil || slices.ContainsFunc(all, func(e contact.Entry) bool { return indexElement(f, either, e) < 0 }) {
			return false
		}
	}
	return true
}

// differs reports whether a patch sets a text, beside these fields, that is not what the record holds.
func (cfg *config) differs(m *mirror, p contact.Patch, keys []string) bool {
	return slices.ContainsFunc(p.Names(), func(name string) bool {
		f, _ := cfg.schema[m.side].Field(name)
		v, now := p[name].Set, m.Fields[name]
		return !slices.Contains(keys, name) && isText(f, v) && isText(f, now) && !f.Same(v, now, cfg.Match.Region) && !looksLike(now, v)
	})
}
