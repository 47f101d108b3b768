package contactsync

import (
	"maps"
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// Taking a write back is decided like everything else: by what each side shows, field by field and of lists element by
// element. What is still as our write left it goes back to what was there before; all else is somebody's, and stays.

// reversal is what becomes of one record of which a run's writes are taken back.
type reversal struct {
	patch contact.Patch
	left  map[string]string // by field, in part or whole: why not
}

// The reasons why something is left, in words.
const (
	leftChanged  = "it was changed since, and stays as it is"
	leftUnread   = "it is not read any more, so that nobody knows what it holds; map it again, and run the rollback again"
	leftReadOnly = "the app does not let it be written any more"
	leftFilled   = "the app lets no field be emptied"
	leftGone     = "the app has no such record any more"
	leftUntold   = "the app cannot tell whether somebody has changed it since"
	leftMerged   = "it has become part of this record since, and stays as it is"
	leftOpen     = "it was sent and not answered; run the rollback again later, which looks at the app first"
)

// reasons returns why fields are left.
func (v *reversal) reasons() (all []string) {
	for _, name := range slices.Sorted(maps.Keys(v.left)) {
		if !slices.Contains(all, v.left[name]) {
			all = append(all, v.left[name])
		}
	}
	return all
}

// leftBy returns the fields that are left for a reason.
func (v *reversal) leftBy(reason string) (fields []string) {
	for _, name := range slices.Sorted(maps.Keys(v.left)) {
		if v.left[name] == reason {
			fields = append(fields, name)
		}
	}
	return fields
}

// revert decides a record that a run updated: before and after are what its writes replaced and made, now is what the
// app holds.
func revert(schema *contact.Schema, region string, before, after, now contact.Fields) (out reversal) {
	out.patch, out.left = contact.Patch{}, map[string]string{}
	_, fills := schema.Limit(contact.AbilityClear)
	for _, name := range after.Names() {
		f, ok := schema.Field(name)
		was, is := before[name], now[name]
		if was.Absent() {
			was = contact.Empty
		}
		var c contact.Change
		untouched := true
		switch {
		case !ok || is.Absent():
			out.left[name] = leftUnread // what is not told is not overwritten
		case f.Many || f.Type == contact.TypeSet:
			c, untouched = revertElements(f, was, after[name], is)
		case is.Equal(was):
		case f.Same(is, after[name], region):
			c.Set = was
		default:
			untouched = f.Same(is, was, region)
		}
		writes := !c.Set.Absent() || c.Add != nil || c.Remove != nil
		switch {
		case writes && f.ReadOnly:
			out.left[name] = leftReadOnly
			continue
		case writes && fills && c.Apply(is, f).Blank():
			out.left[name] = leftFilled
			continue
		case writes:
			out.patch[name] = c
		}
		if !untouched {
			out.left[name] = leftChanged
		}
	}
	return out
}

// revertElements takes back what a write did to a list or set. untouched is false if somebody changed an element that
// it wrote; one that is gone again, or there again, needs nothing.
func revertElements(f contact.Field, before, after, now contact.Value) (c contact.Change, untouched bool) {
	untouched = true
	was, did, is := elements(before), elements(after), elements(now)
	for _, e := range did {
		i, at := indexElement(f, was, e), indexElement(f, is, e)
		switch {
		case i >= 0 && sameElement(f, was[i], e), at < 0:
		case i >= 0 && sameElement(f, is[at], was[i]):
		case !sameElement(f, is[at], e):
			untouched = false
		case i >= 0: // it was there with another type, or not as the primary one
			c.Add = append(c.Add, was[i])
		default:
			c.Remove = append(c.Remove, is[at])
		}
	}
	for _, e := range was {
		if indexElement(f, did, e) < 0 && indexElement(f, is, e) < 0 {
			c.Add = append(c.Add, e)
		}
	}
	return c, untouched
}

// back reports whether the reversal takes the whole field back.
func (v *reversal) back(field string) bool {
	_, ok := v.patch[field]
	return ok && v.left[field] == ""
}

// settles returns what is settled once the reversal of side s has arrived: what was settled before the run of each
// mapping and rule that it takes back. was is the pair as it was before, nil if the run made it. wrote are the fields
// that the run had written.
func (v *reversal) settles(cfg *config, was *link, s Side, wrote []string) (all []settlement) {
	if was == nil {
		was = &link{}
	}
	for _, m := range cfg.mappings {
		switch {
		case m.list:
			all = append(all, v.settlesElements(m, was, s)...)
		case v.backAll(wrote, selected(m, s)):
			st := settlement{Mapping: m.id, Forget: true}
			if c := was.Cells[m.id]; c != nil {
				st.Forget, st.Val = false, c.Val
			}
			all = append(all, st)
		}
	}
	for _, m := range cfg.members {
		all = append(all, v.settlesMember(cfg, m, was, s, wrote)...)
	}
	return all
}

// selected returns the fields of side s that a mapping looks at.
func selected(m *mapping, s Side) (names []string) {
	for _, sel := range m.sel[s] {
		names = append(names, sel.Field)
	}
	return names
}

// backAll reports whether the run wrote some of the fields, and all that it wrote of them goes back.
func (v *reversal) backAll(wrote, fields []string) bool {
	any := false
	for _, name := range fields {
		if !slices.Contains(wrote, name) {
			continue
		}
		if !v.back(name) {
			return false
		}
		any = true
	}
	return any
}

// forgets settles nothing of the mappings that are not in force and for which the run wrote what goes back, by field: once
// they are in force again, what was taken back would look like a user's edit.
func (v *reversal) forgets(cfg *config, by map[string]string) (all []settlement) {
	for _, name := range v.patch.Names() {
		if id := by[name]; id != "" && cfg.mapping(id) == nil {
			all = append(all, settlement{Mapping: id, Forget: true})
		}
	}
	return all
}

// settlesElements settles the elements of a list that go back as they were settled before.
func (v *reversal) settlesElements(m *mapping, was *link, s Side) (all []settlement) {
	c := v.patch[m.sel[s][0].Field]
	for _, e := range slices.Concat(c.Remove, c.Add) {
		key, err := m.elementKey(s, e)
		if err != nil {
			continue // it has no meaning on the other side, so nothing was settled of it
		}
		st := settlement{Mapping: m.id, Element: key}
		if cell := was.Cells[m.id]; cell != nil {
			for _, side := range Sides {
				for _, old := range elements(firstOf(cell.Val[side])) {
					if k, err := m.elementKey(side, old); err == nil && k == key {
						st.Entry[side] = &old
					}
				}
			}
		}
		all = append(all, st)
	}
	return all
}

// settlesMember settles a membership as it was before, if all goes back that its actions, or the rule turned round,
// wrote on side s.
func (v *reversal) settlesMember(cfg *config, m *membership, was *link, s Side, wrote []string) (all []settlement) {
	some := false
	if m.from == s.Other() {
		for i, a := range m.actions {
			if !slices.Contains(wrote, a.Field) {
				continue
			}
			if !v.backAction(a, m.targets[i]) {
				return nil
			}
			some = true
			st := settlement{Target: s.String() + " " + a.target(m.targets[i])}
			if l, ok := was.Layers[st.Target]; ok {
				st.Layer = &l
			}
			all = append(all, st)
		}
	}
	if m.turned != nil && m.from == s && slices.Contains(wrote, m.turned.Field) {
		if !v.back(m.turned.Field) {
			return nil
		}
		some = true
	}
	if !some {
		return nil
	}
	st := settlement{Membership: m.id, Forget: true}
	if settled, ok := was.Members[m.id]; ok {
		st.Forget, st.Member = false, settled
	}
	return append(all, st)
}

// backAction reports whether what an action wrote goes back.
func (v *reversal) backAction(a Action, f contact.Field) bool {
	if !a.element() {
		return v.back(a.Field)
	}
	c := v.patch[a.Field]
	return indexElement(f, slices.Concat(c.Remove, c.Add), contact.Entry{Value: a.Value}) >= 0
}

// ours returns what a write made of a field, as far as the answer tells: own says that the answer is that of the write
// alone. What somebody else changed at the same moment is no work of ours, and is left out.
func ours(f contact.Field, c contact.Change, before, now contact.Value, own bool, region string) contact.Value {
	many := f.Many || f.Type == contact.TypeSet
	if now.Absent() || own && (!many || before.Blank() && c.Add == nil) {
		return now
	}
	sent := c.Apply(before, f)
	switch {
	case !many && f.Same(sent, now, region):
		return now
	case !many:
		return sent
	}
	var list []contact.Entry
	in, was, is := elements(sent), elements(before), elements(now)
	for _, e := range is {
		if indexElement(f, in, e) >= 0 || indexElement(f, was, e) >= 0 {
			list = append(list, e)
		}
	}
	full := f.MaxEntries > 0 && len(is) >= f.MaxEntries
	for _, e := range in { // an element that is gone was taken away by somebody, but for one of ours that the app has not taken
		if indexElement(f, is, e) < 0 && (indexElement(f, was, e) >= 0 || !own && !full) {
			list = append(list, e)
		}
	}
	if f.Type != contact.TypeSet {
		return contact.List(list...)
	}
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = e.Value.Str()
	}
	return contact.Set(texts...)
}

// shownThere reports whether a record's counterpart shows what these fields of it do, or something that the two have
// agreed on: then nothing is lost with the record.
func (cfg *config) shownThere(l *link, m, counterpart *mirror, fields []string) bool {
	p := pairing{cfg: cfg, link: l}
	p.rec[m.side], p.rec[counterpart.side] = m, counterpart
	for _, name := range fields {
		mapped := false
		for _, mp := range cfg.mappings {
			if slices.Contains(selected(mp, m.side), name) {
				mapped = true
				if !p.shownThere(mp, m.side) {
					return false
				}
			}
		}
		if !mapped {
			return false
		}
	}
	return true
}

// shownThere reports the same of what one mapping shows of side s.
func (p *pairing) shownThere(m *mapping, s Side) bool {
	x := p.look(m)
	if m.list {
		all, err := m.listed(&x)
		return err == nil && !slices.ContainsFunc(all, func(e element) bool { return e.now[s] != nil && e.now[s.Other()] == nil })
	}
	return x.blank(s) || x.agree() || p.quiet([]*mapping{m}) && !x.blank(s.Other())
}
