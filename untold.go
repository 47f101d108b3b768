package contactsync

import (
	"maps"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// What an app leaves out of what it tells. Absent is not empty: nothing is cleared, and nothing overwritten unseen.

// overlook notes which fields that the connection uses a record was told without, and reports whether these are others than before.
// same says that the record is what it was but for what is told: what was known of the rest is known still. An app that only pushes
// leaves out what has not changed, and cannot be asked for it.
func (m *mirror) overlook(cfg *config, told contact.Fields, same bool) bool {
	if cfg.schema[m.side].Unlistable {
		return false
	}
	var unseen []string
	for _, name := range cfg.used[m.side] {
		if told[name].Absent() && (!same || m.Fields[name].Absent() || m.unseen(name)) {
			unseen = append(unseen, name)
		}
	}
	others := !slices.Equal(unseen, m.Unseen)
	m.Unseen = unseen
	return others
}

// shows returns the fields of which it is known what they hold.
func (m *mirror) shows() contact.Fields {
	if len(m.Unseen) == 0 {
		return m.Fields
	}
	fields := m.Fields.Clone()
	maps.DeleteFunc(fields, func(name string, _ contact.Value) bool { return m.unseen(name) })
	return fields
}

// partly reports whether something of a record is yet to be told, be it without another version.
func (m *mirror) partly() bool { return m.Unread || len(m.Unseen)+len(m.Untold) > 0 }

// unnoted stands for the fields that a row of an earlier version does not name, which said no more than that there were some.
const unnoted = ""

// told returns what the answer of a write tells, and of the fields that it leaves out what was sent: that is there, unless the answer
// shows what somebody has made of the record since.
func (r *run) told(m *mirror, w *write, res connector.Result) contact.Fields {
	answer := res.Record.Fields
	told := r.withSent(w, m.Fields, answer)
	if ofWrite(res) {
		m.overlook(r.cfg, told, true)
	} else {
		m.overlook(r.cfg, answer, false)
	}
	return told
}

// withSent returns what is told of a record, and of the fields of which nothing is what was sent.
func (r *run) withSent(w *write, before, answer contact.Fields) contact.Fields {
	told, own := answer, false
	for name, change := range w.patch {
		if !answer[name].Absent() {
			continue
		}
		if !own { // the connector's is left as it is
			told, own = make(contact.Fields, len(answer)+len(w.patch)), true
			maps.Copy(told, answer)
		}
		f, _ := r.cfg.schema[w.side].Field(name)
		told[name] = change.Apply(before[name], f)
	}
	return told
}

// leftOut returns what a write sent and its answer does not tell.
func leftOut(w *write, answer contact.Fields) contact.Patch {
	var untold contact.Patch
	for name, change := range w.patch {
		if answer[name].Absent() {
			if untold == nil {
				untold = contact.Patch{}
			}
			untold[name] = change
		}
	}
	return untold
}

// ofWrite reports whether an answer is that of the write itself, and not of a reading that may show another one's edit.
func ofWrite(res connector.Result) bool { return res.Wrote == "" || res.Wrote == res.Record.Version }

// untold adds to what we sent and the app has not told.
func (m *mirror) untold(patch contact.Patch) {
	if len(patch) > 0 {
		all := maps.Clone(patch)
		for name, change := range m.Untold {
			if c, ok := all[name]; ok {
				c.Add = slices.Concat(change.Add, c.Add)
				change = c
			}
			all[name] = change
		}
		m.Untold = all
	}
}

// toldLate takes what we sent and no answer told as the app shows it by now. It is settled so, but by a preview, which settles nothing.
func (r *run) toldLate(b *book, m *mirror, shown contact.Fields) {
	if len(m.Untold) == 0 {
		return
	}
	late, left := maps.Clone(m.Late), maps.Clone(m.Untold)
	if late == nil {
		late = contact.Patch{}
	}
	for name, change := range m.Untold {
		if !shown[name].Absent() {
			late[name] = change
			delete(left, name)
		}
	}
	m.Untold, m.Late = left, late
	b.dirtyMirrors[m.ref()] = true
	if !r.looking {
		r.settleLate(b, m.ref())
	}
}

// settleLate settles what was told late of both halves of a pair. What the app cut short, spells otherwise or had no room for is no
// edit; whatever else differs is. Once somebody else has written to the record, too, it is compared like any other value, as it is in
// an answer that was read under another version than our write's own: only what the schema says is the app's doing.
func (r *run) settleLate(b *book, of ref) {
	l := b.linkOf(of)
	for _, s := range Sides {
		at := ref{s, of.id}
		if l != nil {
			at.id = l.ID[s]
		} else if s != of.side {
			continue
		}
		m := b.mirrorOf(at)
		if m == nil || len(m.Late) == 0 {
			continue
		}
		late, others := m.Late, m.Others
		m.Late, m.Others = nil, others && len(m.Untold) > 0
		b.dirtyMirrors[at] = true
		if l == nil {
			continue
		}
		for _, mp := range r.cfg.mappings {
			if c := l.Cells[mp.id]; c != nil {
				l.arrived(r.cfg, mp.late(c, m, late, others), true, s, m)
			}
		}
		b.putLink(l)
	}
}

// late returns what is to be settled of a mapping once the record shows what was sent. others says that somebody else may have
// written there since. Of a list the app keeps no more entries than it has room for: what was sent after those was never there,
// though the list may be shorter by now.
func (mp *mapping) late(c *cell, m *mirror, late contact.Patch, others bool) (all []settlement) {
	s := m.side
	if mp.list {
		f, change := mp.whole[s][0], late[mp.sel[s][0].Field]
		full := len(elements(m.Fields[f.Name])) >= f.MaxEntries
		for _, e := range append(elements(change.Set), change.Add...) {
			key, err := mp.elementKey(s, e)
			if err == nil && f.MaxEntries > 0 && !mp.holds(s, m.Fields, key) && (full || mp.settledAt(c, s, key) >= f.MaxEntries) {
				all = append(all, settlement{Mapping: mp.id, Element: key, Entry: mp.settledEntry(c, s.Other(), key)})
			}
		}
		return all
	}
	sent := slices.ContainsFunc(selected(mp, s), func(name string) bool { return !late[name].Set.Absent() })
	now := mp.get(nil, s, m.Fields, c.Val[s])
	if sent && (mp.same(s, now, mp.cut(s, c.Val[s])) || !others && slices.EqualFunc(c.Val[s], now, looksLike)) {
		all = []settlement{{Mapping: mp.id, Val: c.Val}}
	}
	return all
}

// settledEntry returns what was settled of an element on side s, and nothing on the other.
func (mp *mapping) settledEntry(c *cell, s Side, key string) (entry [2]*contact.Entry) {
	if i := mp.settledAt(c, s, key); i >= 0 {
		entry[s] = &elements(firstOf(c.Val[s]))[i]
	}
	return entry
}

// settledAt returns which entry of those that were settled on side s an element is, the first one 0, and -1 if it is none.
func (mp *mapping) settledAt(c *cell, s Side, key string) int {
	return slices.IndexFunc(elements(firstOf(c.Val[s])), func(e contact.Entry) bool {
		k, err := mp.elementKey(s, e)
		return err == nil && k == key
	})
}
