package contactsync

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// finish turns what the pair is to hold into writes, and says how it stands.
func (p *pairing) finish() {
	for _, s := range Sides {
		if p.creating && s == p.target {
			p.finishCreate(s)
		} else {
			p.finishUpdate(s)
		}
	}
	for _, s := range Sides {
		if p.rec[s].Doubt != nil {
			p.note(StatusPending, ReasonSettling, "what "+p.cfg.names[s]+" shows may be older than our last write; it is read again")
		}
	}
	if !p.out.let[A] && !p.out.let[B] && !p.creating {
		p.note(StatusExcluded, ReasonFilter, "no rule lets it through")
	}
	p.note(StatusInSync, "", "")
}

// finishUpdate makes the update of side s, if anything is to change there.
func (p *pairing) finishUpdate(s Side) {
	var patch contact.Patch
	if p.want[s] != nil {
		patch = diff(p.rec[s].Fields, p.want[s], p.cfg.schema[s])
	}
	p.keepUnseen(s, patch)
	p.keepFilled(s, patch)
	p.freeze(s, patch)
	if len(patch) == 0 {
		p.out.settle = append(p.out.settle, p.on[s]...)
		return
	}
	if p.cfg.schema[s].NoUpdate {
		p.note(StatusExcluded, ReasonDirection, whyNot(p.cfg.schema[s], contact.AbilityUpdate, p.cfg.names[s]))
		return
	}
	if p.link.Refused != "" && p.link.Refused == fingerprint(p.cfg, s, p.rec, patch) {
		p.note(p.link.Standing.Status, p.link.Standing.Reason, p.link.Standing.Message)
		return
	}
	w := &write{op: connector.Update, side: s, id: p.rec[s].id, version: p.rec[s].version, patch: patch,
		settle: p.on[s], why: p.why[s], clears: p.emptied[s], link: p.link, before: contact.Fields{}}
	for _, name := range patch.Names() {
		w.before[name] = p.rec[s].Fields[name]
	}
	p.out.writes[s] = w
}

// finishCreate makes the creation of the record of side s. What cannot be created whole is not created.
func (p *pairing) finishCreate(s Side) {
	from := p.rec[s.Other()]
	want := p.wantedOrRead(s)
	if p.out.standing.Status == StatusFailed {
		return
	}
	for _, f := range p.cfg.schema[s].Fields {
		if f.Required && !f.ReadOnly && want[f.Name].Blank() {
			p.note(StatusFailed, ReasonRequired, fmt.Sprintf("%s insists on %s; fill it in, or give the mapping a default", p.cfg.names[s], f.Name))
			return
		}
	}
	if p.cfg.schema[s].NoCreate {
		p.note(StatusExcluded, ReasonDirection, whyNot(p.cfg.schema[s], contact.AbilityCreate, p.cfg.names[s]))
		return
	}
	patch := contact.Patch{}
	for name, v := range want {
		if !v.Blank() {
			patch[name] = contact.Change{Set: v}
		}
	}
	if from.Refused != "" && from.Refused == fingerprint(p.cfg, s, p.rec, patch) {
		p.note(from.Standing.Status, from.Standing.Reason, from.Standing.Message)
		return
	}
	p.out.writes[s] = &write{op: connector.Create, side: s, id: from.id, patch: patch, settle: p.on[s], why: p.whyCreated(s), link: p.link}
}

// whyCreated says why a record is created, and by field why it does not simply have what its source has.
func (p *pairing) whyCreated(s Side) map[string]Why {
	why := map[string]Why{"": {Because: "created from " + p.cfg.names[s.Other()]}}
	maps.Copy(why, p.why[s])
	return why
}

// fingerprint identifies a write of side s and what it was decided on, so that one the app refused is tried again only
// when a record or the configuration changes, or something else is to be written.
func fingerprint(cfg *config, s Side, rec [2]*mirror, patch contact.Patch) string {
	sent := contact.Fields{}
	for _, name := range patch.Names() {
		c := patch[name]
		v := c.Set
		if v.Absent() {
			v = contact.List(append(slices.Clone(c.Remove), c.Add...)...)
		}
		sent[name] = v
	}
	text := fmt.Sprintf("%s %s %s", s, cfg.digest, sent.Digest())
	for _, r := range rec {
		if r != nil && r.id != "" {
			text += " " + r.touch()
		}
	}
	return text
}

// A cell that we wrote three times in a day to values it had before is frozen.
const (
	flipLimit  = 3
	flipWindow = 24 * time.Hour
	pastLimit  = 8
)

// freeze takes the fields out of the patch that would swing back once more, and with them what is decided together with
// them: rings of connections, automations and foreign tools cannot make us spin.
func (p *pairing) freeze(s Side, patch contact.Patch) {
	var frozen []string
	for _, name := range patch.Names() {
		old := p.link.Past[pastKey(s, name)]
		f, _ := p.cfg.schema[s].Field(name)
		if old == nil || !old.Frozen && (old.flips(p.now) < flipLimit || !old.had(f.Key(p.want[s][name], ""))) {
			continue
		}
		if !old.Frozen {
			old.Frozen, old.Since = true, p.now
		}
		frozen = append(frozen, name)
		p.note(StatusConflict, ReasonOscillating, name+" keeps changing back; a person decides")
	}
	p.leaveOut(s, patch, frozen)
}

// keepUnseen takes the fields out of the patch of which nobody knows what they hold: nothing is overwritten unseen.
func (p *pairing) keepUnseen(s Side, patch contact.Patch) {
	if hidden := patchesUnseen(p.rec[s], patch); len(hidden) > 0 {
		p.note(StatusPending, ReasonUnread, p.cfg.names[s]+" does not tell "+hidden[0]+", and somebody may have edited that")
		p.leaveOut(s, patch, hidden)
	}
}

// patchesUnseen returns the fields that a patch changes and of which nobody knows what the record holds.
func patchesUnseen(rec *mirror, patch contact.Patch) []string {
	return slices.DeleteFunc(patch.Names(), func(name string) bool { return !rec.unseen(name) })
}

// keepFilled takes the fields out of the patch that an app would have to empty and cannot, whoever asks for it.
func (p *pairing) keepFilled(s Side, patch contact.Patch) {
	filled := p.cfg.unemptied(s, patch, p.want[s])
	if len(filled) > 0 {
		p.note(StatusExcluded, ReasonDirection, p.cfg.cannotEmpty(s))
	}
	p.leaveOut(s, patch, filled)
}

// unemptied returns the fields that a patch would empty on side s, if none can be emptied there.
func (cfg *config) unemptied(s Side, patch contact.Patch, want contact.Fields) (fields []string) {
	if cfg.cannotEmpty(s) == "" {
		return nil
	}
	return slices.DeleteFunc(patch.Names(), func(name string) bool { return !want[name].Blank() })
}

// leaveOut takes fields out of the patch, and with them what is written with them or not at all: they are not settled.
func (p *pairing) leaveOut(s Side, patch contact.Patch, fields []string) {
	for _, name := range p.cfg.whole(s, fields) {
		delete(patch, name)
		p.on[s] = slices.DeleteFunc(p.on[s], func(st settlement) bool { return st.about(p.cfg, s, name) })
	}
}

// whole adds to fields of side s those that are written with them or not at all: of one mapping, or of one group.
func (cfg *config) whole(s Side, fields []string) []string {
	for i := 0; i < len(fields); i++ {
		for _, bundle := range cfg.bundles {
			var all []string
			for _, m := range bundle {
				all = append(all, selected(m, s)...)
			}
			if !slices.Contains(all, fields[i]) {
				continue
			}
			for _, name := range all {
				if !slices.Contains(fields, name) {
					fields = append(fields, name)
				}
			}
		}
	}
	return fields
}

func pastKey(s Side, field string) string { return s.String() + "." + field }

// parsePastKey is the inverse of pastKey.
func parsePastKey(key string) (s Side, field string) {
	side, field, _ := strings.Cut(key, ".")
	if side == B.String() {
		s = B
	}
	return s, field
}

// flips returns how often in the last day we wrote a value that the field had before.
func (p *past) flips(now time.Time) (n int) {
	for _, at := range p.Flips {
		if now.Sub(at) < flipWindow {
			n++
		}
	}
	return n
}

// had reports whether the field held the value, until we replaced it, or was sent it and stored it in another spelling.
func (p *past) had(key string) bool {
	return p != nil && slices.ContainsFunc(p.Had, func(v pastValue) bool { return v.Key == key })
}

// wrote notes that our write replaced one value of a field by another. What was sent is noted too where the app spells it
// otherwise: it is what the next write would send.
func (p *past) wrote(before, sent, after string, now time.Time) {
	if p.had(after) {
		p.Flips = append(p.Flips, now)
	}
	p.Flips = slices.DeleteFunc(p.Flips, func(at time.Time) bool { return now.Sub(at) >= flipWindow })
	p.have(before, now)
	if sent != after {
		p.have(sent, now)
	}
}

// have notes a value as the newest of those that the field had.
func (p *past) have(key string, now time.Time) {
	p.Had = slices.DeleteFunc(p.Had, func(v pastValue) bool { return v.Key == key })
	p.Had = append(p.Had, pastValue{key, now})
	if len(p.Had) > pastLimit {
		p.Had = p.Had[1:]
	}
}

// arrived notes on the link what a write of side s, or none, settles. rec is the record as the app returned it:
// what was written is settled as it came back.
func (l *link) arrived(cfg *config, settled []settlement, written bool, s Side, rec *mirror) {
	if l.Cells == nil {
		l.Cells = make(map[string]*cell, len(settled))
	}
	if written && slices.ContainsFunc(settled, settlement.byRule) {
		l.forgetRetired(cfg)
	}
	cells := make([]cell, len(settled)) // one for each: the old ones may be looked at by somebody
	var values room
	for i := range settled {
		st := &settled[i]
		switch {
		case st.Forget:
			delete(l.Cells, st.Mapping)
			delete(l.Members, st.Membership)
		case st.Membership != "":
			if l.Members == nil {
				l.Members = map[string]member{}
			}
			l.Members[st.Membership] = st.Member
		case st.Target != "" && st.Layer == nil:
			delete(l.Layers, st.Target)
		case st.Target != "":
			if l.Layers == nil {
				l.Layers = map[string]layer{}
			}
			l.Layers[st.Target] = st.Layer.asReturned(st.Target, written, rec)
		default:
			if m := cfg.mapping(st.Mapping); m != nil {
				if old := l.Cells[m.id]; old != nil {
					cells[i] = *old
				}
				l.Cells[m.id] = &cells[i]
				l.settleMapping(m, st, written, s, rec, &values)
			}
		}
	}
}

// byRule reports whether it is a rule's doing that settles.
func (st settlement) byRule() bool { return st.Target != "" || st.Membership != "" }

// forgetRetired forgets what was settled of lists by mappings that are not in force. What rules put there and take away meanwhile
// they would take for a user's doing, if they were in force again.
func (l *link) forgetRetired(cfg *config) {
	list := func(values []contact.Value) bool { return len(elements(firstOf(values))) > 0 }
	for id, c := range l.Cells {
		if cfg.mapping(id) == nil && (list(c.Val[A]) || list(c.Val[B])) {
			delete(l.Cells, id)
		}
	}
}

// asReturned is the layer as the app holds it: a whole field that it cut short or spelled otherwise is still ours.
func (y layer) asReturned(target string, written bool, rec *mirror) layer {
	_, field, _ := strings.Cut(target, " ")
	if written && !rec.Fields[field].Absent() {
		y.Wrote = rec.Fields[field]
	}
	return y
}

// settleMapping settles one mapping on the link's cell of it.
func (l *link) settleMapping(m *mapping, st *settlement, written bool, s Side, rec *mirror, values *room) {
	c := l.Cells[m.id]
	if h := l.Held[m.id]; h != nil && h.decided() {
		delete(l.Held, m.id)
	}
	if st.Element != "" {
		m.settleElement(c, st, written, s, rec)
		return
	}
	val := st.Val
	if written {
		if back := m.get(values.take(len(m.sel[s])), s, rec.Fields, val[s]); !absent(back) {
			val[s] = back
		}
	}
	if !st.Both {
		c.Val, c.Half = val, sides{}
		return
	}
	c.Half[s] = val[s]
	if c.Half[A] != nil && c.Half[B] != nil {
		c.Val, c.Half = c.Half, sides{}
	}
}

// settleElement replaces one element in what was settled of a list.
func (m *mapping) settleElement(c *cell, st *settlement, written bool, s Side, rec *mirror) {
	entry := st.Entry
	if written && !rec.Fields[m.sel[s][0].Field].Absent() {
		entry[s] = nil
		for _, e := range elements(rec.Fields[m.sel[s][0].Field]) {
			if key, err := m.elementKey(s, e); err == nil && key == st.Element {
				entry[s] = &e
			}
		}
	}
	for _, side := range Sides {
		var list []contact.Entry
		for _, e := range elements(firstOf(c.Val[side])) {
			if key, err := m.elementKey(side, e); err != nil || key != st.Element {
				list = append(list, e)
			}
		}
		if entry[side] != nil {
			list = append(list, *entry[side])
		}
		c.Val[side] = []contact.Value{m.listValue(side, list)}
	}
}

// listValue returns entries as the field of side s holds them.
func (m *mapping) listValue(s Side, entries []contact.Entry) contact.Value {
	if m.field[s][0].Type != contact.TypeSet {
		return contact.List(entries...)
	}
	texts := make([]string, len(entries))
	for i, e := range entries {
		texts[i] = e.Value.Str()
	}
	return contact.Set(texts...)
}
