package contactsync

import (
	"fmt"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// In an app that takes an external id of ours, a create without an answer does not wait: once the plan wants it again it
// is sent again under the same id, and the app's answer says which record it is. Before that, the app is looked at as
// far as it can be, so that what a user did with the record meanwhile is not written over unseen.

// upserter returns what creates records of side s under an external id, nil if the app does not take one.
func (r *run) upserter(s Side) connector.Upserter {
	if !r.cfg.schema[s].Upsert {
		return nil
	}
	return connector.FeaturesOf(r.apps[s]).Upserter
}

// newMarker returns the marker of a create: a random UUID (RFC 9562, version 4), for an app may hold markers of other
// connections and of stores that are long gone.
func (r *run) newMarker() string {
	b := r.opts.randomBytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// repeat is a create that is sent again under its external id if the plan still wants it.
type repeat struct {
	*pendingIntent
	keep  []string // fields in which a record that may be the one holds something else by now: they are not sent
	alike []ref    // these records; they wait for the answer
}

// willTell reports whether a create may be sent again under its external id, so that the app tells what became of it: it takes such
// ids, and the source, or who has taken its place, is there, let through by a rule, and still nobody's partner.
func (r *run) willTell(b *book, p *pendingIntent) bool {
	source, ok := r.sourceOf(b, p)
	m := b.record(source)
	return r.upserter(p.Side) != nil && ok && m != nil && b.linkOf(source) == nil && r.cfg.creates(source.side, m, r.now) != No
}

// repeatable notes that a create may be sent again, and reports whether it may.
func (r *run) repeatable(b *book, p *pendingIntent, alike []*mirror) bool {
	if !r.willTell(b, p) {
		return false
	}
	source, _ := r.sourceOf(b, p)
	again := &repeat{pendingIntent: p}
	sent := p.sent()
	for _, m := range alike {
		again.alike = append(again.alike, m.ref())
		for _, name := range p.Patch.Names() {
			if !r.alike(p.Side, name, sent[name], m.Fields[name]) && !slices.Contains(again.keep, name) {
				again.keep = append(again.keep, name)
			}
		}
	}
	r.repeats[source] = again
	return true
}

// repeated returns what a creation repeats, nil if it is a new one.
func (r *run) repeated(w *write) *repeat {
	if w.op != connector.Create {
		return nil
	}
	return r.repeats[ref{w.side.Other(), w.id}]
}

// creation returns the call of a creation: of a new one, or of one without an answer again.
func (r *run) creation(b *book, w *write) connector.Write {
	again := r.repeated(w)
	if again == nil {
		return connector.Write{Op: connector.Create, Patch: w.patch, Marker: r.newMarker()}
	}
	w.since = again.since()
	return connector.Write{Op: connector.Create, Patch: r.sendAgain(b, w, again), Marker: again.Marker}
}

// sendAgain makes a creation the repetition of one without an answer, whose note it replaces. What a record that may be
// the one holds by now is left to it, where the app does not ask for the field.
func (r *run) sendAgain(b *book, w *write, again *repeat) contact.Patch {
	patch := contact.Patch{}
	for name, c := range w.patch {
		f, _ := r.cfg.schema[w.side].Field(name)
		if f.Required || !slices.Contains(again.keep, name) {
			patch[name] = c
			continue
		}
		w.kept = append(w.kept, name)
		if was := again.Patch[name].Set; !f.Same(was, c.Set, r.cfg.Match.Region) {
			w.moved = append(w.moved, name)
		}
	}
	slices.Sort(w.kept)
	slices.Sort(w.moved)
	w.earlier = &sending{again.Patch, again.Settle}
	again.Writes = slices.DeleteFunc(slices.Clone(again.Writes), func(i intent) bool { return i.Marker == again.Marker })
	b.putIntent(again.intentRow)
	return patch
}

// stillOpen notes a creation again whose repetition the app did not look at: what became of it is as unknown as before.
func (r *run) stillOpen(b *book, again *repeat) {
	again.Writes = append(again.Writes[:len(again.Writes):len(again.Writes)], *again.intent)
	b.putIntent(again.intentRow)
}

// answeredAgain lets go of the records that waited for a repetition.
func (r *run) answeredAgain(b *book, w *write) {
	again := r.repeated(w)
	if again == nil {
		return
	}
	delete(r.repeats, ref{w.side.Other(), w.id})
	for _, at := range again.alike {
		delete(r.open, at)
		b.touch(at)
	}
}

// arrivedKept settles what a write was to settle. A field that was left to the app is settled as it was sent the first
// time, so that what is there now is somebody's edit; not at all if it is empty, for it may never have arrived, or if the
// source says something else by now, for then both have changed. Of a record that was found to be there, a field that was
// not sent is not ours to settle either. A part of a group that an update does not write is settled as it was compared.
func (r *run) arrivedKept(w *write, res connector.Result, own bool, m *mirror) {
	how := func(st *settlement) (settles, written bool) {
		kept, open := r.kept(w, st, m)
		return !open && !(res.Found && !r.sends(w, st)), own && !kept && !r.compared(w, st)
	}
	for rest := w.settle; len(rest) > 0; { // those of one kind together: by far the most writes have one only
		settles, written := how(&rest[0])
		n := slices.IndexFunc(rest, func(st settlement) bool { a, b := how(&st); return a != settles || b != written })
		if n < 0 {
			n = len(rest)
		}
		if settles {
			w.link.arrived(r.cfg, rest[:n], written, w.side, m)
		}
		rest = rest[n:]
	}
	r.arrivedFirst(w, m)
}

// leftFromFirst returns the fields that a creation sent the first time only, for its source is without them by now, and that the
// app still shows as they were sent: we wrote them.
func (r *run) leftFromFirst(w *write, m *mirror) (names []string) {
	if w.earlier == nil || m == nil {
		return nil
	}
	for _, name := range w.earlier.patch.Names() {
		f, _ := r.cfg.schema[w.side].Field(name)
		_, again := w.patch[name]
		if !again && !slices.Contains(w.kept, name) && f.Same(w.earlier.patch[name].Set, m.Fields[name], r.cfg.Match.Region) {
			names = append(names, name)
		}
	}
	return names
}

// arrivedFirst settles such fields as they were sent, as if the first answer had come: that the source is without them is its user's
// edit, which flows, and no blank to be filled from the copy.
func (r *run) arrivedFirst(w *write, m *mirror) {
	left := r.leftFromFirst(w, m)
	if len(left) == 0 {
		return
	}
	w.link.arrived(r.cfg, slices.DeleteFunc(slices.Clone(w.earlier.settle), func(st settlement) bool {
		mp := r.cfg.mapping(st.Mapping)
		return mp == nil || r.sends(w, &st) || !slices.ContainsFunc(mp.whole[w.side], func(f contact.Field) bool { return slices.Contains(left, f.Name) })
	}), false, w.side, m)
}

// kept reports whether a settlement is of a field that was left to the app, and whether it stays open.
func (r *run) kept(w *write, st *settlement, m *mirror) (kept, open bool) {
	mp := r.cfg.mapping(st.Mapping)
	if mp == nil || len(w.kept) == 0 {
		return false, false
	}
	for _, f := range mp.whole[w.side] {
		if slices.Contains(w.kept, f.Name) {
			kept = true
			open = open || m.Fields[f.Name].Blank() || slices.Contains(w.moved, f.Name)
		}
	}
	return kept, open
}

// compared reports whether a settlement is of a part of a group that an update leaves as it is.
func (r *run) compared(w *write, st *settlement) bool {
	mp := r.cfg.mapping(st.Mapping)
	return w.op == connector.Update && mp != nil && !mp.list && !r.sends(w, st)
}

// sends reports whether a write sends anything of what a settlement of a mapping is about; of any other it does.
func (r *run) sends(w *write, st *settlement) bool {
	mp := r.cfg.mapping(st.Mapping)
	return mp == nil || slices.ContainsFunc(mp.whole[w.side], func(f contact.Field) bool { _, ok := w.patch[f.Name]; return ok })
}

// foldedIn takes the answer that a record which was to be created became part of one that has a partner: it is shown
// as a duplicate, and what the app made of the other one flows like any edit.
func (r *run) foldedIn(b *book, w *write, res connector.Result) {
	source := ref{w.side.Other(), w.id}
	before := b.mirrorFields(&write{op: connector.Update, side: w.side, id: res.Record.ID})
	r.pulled(b, w.side, res.Record, true)
	r.report.Counts[w.side].Updated++
	r.stand(b, w, standing{StatusDuplicate, ReasonMergedThere, "the app made it part of another record"}, "")
	b.mergedAway(source, res.Record.ID)
	into := *w
	into.op, into.link = connector.Update, &link{}
	into.link.ID[w.side], into.link.ID[source.side] = res.Record.ID, source.id
	r.journal(b, &into, before, res, nil)
}

// partnered reports whether the answer to a creation is a record that is somebody's living partner.
func (b *book) partnered(at ref) bool {
	m := b.mirrorOf(at)
	return b.linkOf(at) != nil && (m == nil || !free(b, m))
}

// putIntent keeps a note of writes without an answer, or forgets it if there are none.
func (b *book) putIntent(note *intentRow) {
	same := func(row Row) bool { return row.Table == TableIntent && row.Key == note.key }
	b.dirtyRows = slices.DeleteFunc(b.dirtyRows, same)
	b.deleteRows = slices.DeleteFunc(b.deleteRows, same)
	if len(note.Writes) == 0 {
		b.deleteRows = append(b.deleteRows, Row{Table: TableIntent, Key: note.key})
		return
	}
	b.dirtyRows = append(b.dirtyRows, note.row())
}
