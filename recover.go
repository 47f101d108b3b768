package contactsync

import (
	"context"
	"maps"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// After a crash or a lost answer, what the app holds says what became of the writes that were noted before they
// were sent. This is done before any matching, so that a record which we created is not taken for a stranger.

// pendingIntent is one write of which no answer is known.
type pendingIntent struct {
	*intentRow
	*intent
	done  bool // its outcome is known by now
	again bool // it is sent again if the plan still wants it
}

// since returns the number of the sync that first sent it.
func (p *pendingIntent) since() int64 {
	if p.Since > 0 {
		return p.Since
	}
	return p.Run
}

// recover finds out what became of every unanswered write.
func (r *run) recover(ctx context.Context) error {
	pending, err := r.readIntents()
	if err != nil || len(pending) == 0 {
		return err
	}
	r.now = r.opts.clock.Now()
	due, err := r.readDue()
	if err != nil {
		return err
	}
	b := r.newBook()
	b.prefetch(due)
	if err := r.readWritten(ctx, b, pending); err != nil {
		return err
	}
	for _, p := range pending {
		switch p.Op {
		case connector.Update:
			r.recoverUpdate(b, p)
		case connector.Delete:
			r.recoverDelete(b, p)
		}
	}
	if err := r.recoverCreates(ctx, b, pending, due); err != nil {
		return err
	}
	r.keepIntents(b, pending)
	return b.commit(ctx)
}

// readWritten reads the records of unanswered updates that could not be read, where the app can: a list may name such a record
// as one that is known, so that the next reading would pass it over. So it does those that show no update: a feed may leave out
// that there was one, and what is sent again over it would find it there, and be told of by nobody.
func (r *run) readWritten(ctx context.Context, b *book, pending []*pendingIntent) error {
	for _, s := range Sides {
		var ids []string
		for _, p := range pending {
			if p.Op == connector.Update && p.Side == s && r.unseen(b, p) && !slices.Contains(ids, p.ID) {
				ids = append(ids, p.ID)
			}
		}
		if _, err := r.readThere(ctx, b, s, ids); err != nil {
			return err
		}
	}
	return nil
}

// unseen reports whether an update without an answer may have been written though nothing that was read shows it.
func (r *run) unseen(b *book, p *pendingIntent) bool {
	at := ref{p.Side, p.ID}
	m := b.record(at)
	if m == nil {
		return b.mirrorOf(at) != nil && b.mirrorOf(at).Gone == missing && b.linkOf(at) != nil
	}
	return m.Unread || r.cfg.landed(p.Side, r.firstCall(p, m), p.Before, m.shows()) == lacks
}

func (r *run) readIntents() ([]*pendingIntent, error) {
	var all []*pendingIntent
	err := r.view(func(tx ReadTx) error {
		notes, err := readNotes(tx)
		for _, note := range notes {
			for i := range note.Writes {
				all = append(all, &pendingIntent{intentRow: note, intent: &note.Writes[i]})
			}
		}
		return err
	})
	return all, err
}

// readNotes reads the notes of batches that were not answered.
func readNotes(tx ReadTx) ([]*intentRow, error) {
	rows, err := tx.Scan(Scan{Table: TableIntent, By: ByKey})
	var notes []*intentRow
	for _, row := range rows {
		note := &intentRow{key: row.Key}
		if err := unmarshal(row, note); err != nil {
			return nil, err
		}
		notes = append(notes, note)
	}
	return notes, err
}

// keepIntents deletes the notes whose outcome is known, and shows what the others concern.
func (r *run) keepIntents(b *book, pending []*pendingIntent) {
	open := map[*intentRow][]intent{}
	for _, p := range pending {
		if _, ok := open[p.intentRow]; !ok {
			open[p.intentRow] = nil
		}
		if p.done {
			continue
		}
		open[p.intentRow] = append(open[p.intentRow], *p.intent)
		for _, at := range r.concerns(b, p) {
			if !p.again {
				r.open[at] = true
			}
			b.touch(at)
		}
	}
	seen := map[*intentRow]bool{}
	for _, p := range pending {
		note := p.intentRow
		if seen[note] {
			continue
		}
		seen[note] = true
		if len(open[note]) == 0 {
			b.deleteRows = append(b.deleteRows, Row{Table: TableIntent, Key: note.key})
			continue
		}
		note.Writes = open[note]
		b.dirtyRows = append(b.dirtyRows, note.row())
	}
}

// waited reports whether the app has had the time to show the write, and a read has begun after that. An app that shows
// writes at once needs none, whatever the clock of the engine that sent it said.
func (r *run) waited(p *pendingIntent) bool {
	if r.cutOff[p.Side] {
		return false
	}
	settle := r.cfg.schema[p.Side].Settle
	return settle == 0 || !r.pulledAt[p.Side].Before(p.At.Add(settle))
}

// recoverUpdate settles an update that landed. One that did not is simply decided again.
func (r *run) recoverUpdate(b *book, p *pendingIntent) {
	m := b.record(ref{p.Side, p.ID})
	l := b.linkOf(ref{p.Side, p.ID})
	if p.Partner != "" && m != nil {
		r.recoverParted(b, p, m)
		return
	}
	if m == nil || l == nil {
		p.done = true
		return
	}
	first := r.firstCall(p, m)
	switch r.cfg.landed(p.Side, first, p.Before, m.shows()) {
	case lacks:
		// An app that only pushes may tell of it yet. A sync sends it again and is answered; a rollback sends only what it takes back.
		mayTell := r.report.Took != 0 && r.report.Took != runOf(p.Back) && r.cfg.schema[p.Side].Unlistable
		p.done = r.waited(p) && !m.Unread && !mayTell && len(patchesUnseen(m, p.Patch)) < len(p.Patch)
		return
	case silent:
		if p.done = !m.Unread; p.done {
			r.settleSent(b, p.write(l), m)
		}
		return
	}
	p.narrow(r.cfg, first)
	p.done, r.report.Recovered = true, earliestRun(r.report.Recovered, p.Run)
	w := p.write(l)
	before := m.Fields.Clone()
	maps.Copy(before, p.Before)
	m.Fields = m.Fields.Clone()
	maps.Copy(m.Fields, r.withSent(w, p.Before, m.shows())) // a write is whole: what is not told of it is there as well
	if w.back == nil && r.cfg.lose(m, before, w, r.number) {
		r.echoes = true
		b.putMirror(m)
	}
	r.settleFound(b, w, m)
	if w.back != nil && w.back.clean && r.asSent(p, l, m) {
		l.Touch[p.Side] = m.touch() // as where the answer was not lost: nobody has touched the pair, and it may be parted
		b.putLink(l)
	}
	m.Wrote = m.writing(p.At, p.Before, r.cfg.schema[p.Side].Settle)
	b.dirtyMirrors[m.ref()] = true
	r.found(b, w, p)
	r.count(b, w)
}

// firstCall returns what of an update a record may show although the app did not come to the rest. What is taken back is taken back
// whole, or again.
func (r *run) firstCall(p *pendingIntent, m *mirror) contact.Patch {
	if p.Back != "" {
		return p.Patch
	}
	return r.cfg.firstCall(p.Side, p.Patch, p.Before, m.shows())
}

// narrow has the note of an update say what of it was carried out: the rest is decided anew.
func (p *pendingIntent) narrow(cfg *config, done contact.Patch) {
	for _, name := range p.Patch.Names() {
		if _, ok := done[name]; ok {
			continue
		}
		by := func(mapping string) bool {
			mp := cfg.mapping(mapping) // nil if it is not in force any more
			return mp != nil && slices.Contains(selected(mp, p.Side), name)
		}
		p.Clears = slices.DeleteFunc(p.Clears, by)
		p.Settle = slices.DeleteFunc(p.Settle, func(st settlement) bool {
			return by(st.Mapping) || st.Mapping == "" && st.about(cfg, p.Side, name)
		})
		delete(p.Before, name)
		delete(p.Why, name)
	}
	p.Patch = done
}

// recoverParted tells in the history of an update that landed before a half of its pair became part of another record. It settles
// nothing: what it was decided on is no pair any more. What the record that took it in shows of it is for its own partner to get.
func (r *run) recoverParted(b *book, p *pendingIntent, m *mirror) {
	landed := r.cfg.brought(p.Side, p.Patch, p.Before, p.Had, m.shows())
	if m.Merged != "" { // it is left over, and not the half that became part of another one
		landed = r.cfg.landed(p.Side, p.Patch, p.Before, m.shows()) == bears
	}
	if !landed {
		p.done = r.waited(p) && !m.Unread
		return
	}
	p.done, r.report.Recovered = true, earliestRun(r.report.Recovered, p.Run)
	w := p.write(&link{})
	w.link.ID[p.Side], w.link.ID[p.Side.Other()] = p.ID, p.Partner
	r.found(b, w, p)
	r.count(b, w)
}

// settleSent takes what a user has entered in a field for an edit of what was sent there, where nobody can know whether that had
// arrived: it flows. Where it may not flow, where it is a part of what was sent, and of all else, the update is decided anew. The history
// does not tell of what may never have been.
func (r *run) settleSent(b *book, w *write, m *mirror) {
	for i := range w.settle {
		st := w.settle[i : i+1]
		mp := r.cfg.mapping(st[0].Mapping)
		if mp == nil || w.back != nil || st[0].Element != "" || !mp.flow[w.side] || slices.ContainsFunc(selected(mp, w.side), m.unseen) {
			continue
		}
		sent := st[0].Val[w.side]
		if now := mp.get(nil, w.side, m.Fields, sent); !mp.same(w.side, now, sent) && !slices.EqualFunc(sent, now, looksLike) {
			w.link.arrived(r.cfg, st, false, w.side, m)
		}
	}
	b.putLink(w.link)
	for _, s := range Sides {
		b.touch(ref{s, w.link.ID[s]})
	}
}

// asSent reports whether a record shows what was sent, and what was settled where that was not written.
func (r *run) asSent(p *pendingIntent, l *link, m *mirror) bool {
	for _, name := range p.Patch.Names() {
		f, _ := r.cfg.schema[p.Side].Field(name)
		if !r.alike(p.Side, name, p.Patch[name].Apply(p.Before[name], f), m.Fields[name]) {
			return false
		}
	}
	return !slices.ContainsFunc(r.cfg.mappings, func(mp *mapping) bool {
		c := l.Cells[mp.id]
		return c != nil && mp.changed(p.Side, m.Fields, c.Val[p.Side])
	})
}

// write returns the write that the note is about.
func (p *pendingIntent) write(l *link) *write {
	w := &write{op: p.Op, side: p.Side, id: p.ID, patch: p.Patch, before: p.Before, settle: p.Settle, why: p.Why, clears: p.Clears, link: l,
		kept: p.Kept, moved: p.Moved, was: l.bodyBefore(p.Run)}
	if p.Back != "" {
		w.back = &back{row: p.Back, done: true, clean: p.Clean}
	}
	return w
}

// recoverDelete takes a deletion that landed.
func (r *run) recoverDelete(b *book, p *pendingIntent) {
	l := b.linkOf(ref{p.Side, p.ID})
	if b.record(ref{p.Side, p.ID}) != nil || l == nil {
		p.done = l == nil || r.waited(p)
		return
	}
	p.done, r.report.Recovered = true, earliestRun(r.report.Recovered, p.Run)
	w := p.write(l)
	r.found(b, w, p)
	r.applied(b, w, connector.Result{}, p.At)
}

// alike reports whether a field holds what was sent, or what an app may have made of it.
func (r *run) alike(s Side, name string, sent, now contact.Value) bool {
	f, _ := r.cfg.schema[s].Field(name)
	return f.Same(sent, now, r.cfg.Match.Region) || looksLike(sent, now)
}

// byElement has what a creation settles of lists settled one by one, as an update does. A list that is not told stays whole.
func (r *run) byElement(w *write, m *mirror) (all []settlement) {
	if w.back != nil {
		return w.settle
	}
	for _, st := range w.settle {
		mp := r.cfg.mapping(st.Mapping)
		if mp == nil || !mp.list || st.Element != "" || m.Fields[mp.sel[w.side][0].Field].Absent() {
			all = append(all, st)
			continue
		}
		all = append(all, settlement{Mapping: st.Mapping, Val: sides{{contact.Empty}, {contact.Empty}}})
		list, _ := mp.listed(&shown{m: mp, values: st.Val})
		for _, e := range list {
			all = append(all, settlement{Mapping: st.Mapping, Element: e.key, Entry: e.now})
		}
	}
	return all
}

// settleFound settles what a write did whose answer was lost. A field is settled as it is if it is what was sent, or what the
// app's schema says that it makes of that. If it only looks like it, it is no edit, and is sent again: the answer tells. Else
// what was sent is settled, so that the user's edit since flows.
func (r *run) settleFound(b *book, w *write, m *mirror) {
	settled := r.byElement(w, m)
	for i := range settled {
		st := settled[i : i+1]
		if _, open := r.kept(w, &st[0], m); open {
			continue
		}
		own, mp := true, r.cfg.mapping(st[0].Mapping)
		switch {
		case w.back != nil:
			own = false // it settles what was settled before
		case mp != nil && st[0].Element != "":
			if own = st[0].Entry[w.side] != nil; own && !mp.holds(w.side, m.Fields, st[0].Element) {
				continue // the app has no room for it, or its user took it out again: it is put there once more, and not taken for removed
			}
		case mp != nil:
			sent, now := st[0].Val[w.side], mp.get(nil, w.side, m.Fields, st[0].Val[w.side])
			switch {
			case mp.same(w.side, now, sent), mp.same(w.side, now, mp.cut(w.side, sent)):
			case slices.EqualFunc(sent, now, looksLike):
				st[0].Val = r.toSend(b, w, mp, st[0])
			default:
				own = false
			}
		}
		w.link.arrived(r.cfg, st, own, w.side, m)
	}
	b.putLink(w.link)
	for _, s := range Sides {
		b.touch(ref{s, w.link.ID[s]})
	}
}

// toSend is what to settle of a mapping that is to be sent again: the target as it is found, and the source as it was before the
// write. If the source has changed since, that is sent anyway.
func (r *run) toSend(b *book, w *write, mp *mapping, st settlement) sides {
	from, val := w.side.Other(), st.Val
	source := b.record(ref{from, w.link.ID[from]})
	if source == nil || st.Both || mp.changed(from, source.Fields, val[from]) {
		return val
	}
	val[from] = slices.Repeat([]contact.Value{contact.Empty}, len(val[from]))
	if c := w.link.Cells[mp.id]; c != nil {
		val[from] = c.Val[from]
	}
	return val
}

// found notes in the history that a write turned out to have landed. What the app shows by now is only taken for its
// result where it may be that.
func (r *run) found(b *book, w *write, p *pendingIntent) {
	j := journalRow{At: r.now, Side: w.side, Op: w.op, Why: w.why, IDs: w.link.ID, Before: w.before, Found: true, After: contact.Fields{},
		Was: w.was, Back: w.back.key()}
	if m := b.record(ref{w.side, w.link.ID[w.side]}); m != nil {
		for _, name := range w.patch.Names() {
			f, _ := r.cfg.schema[w.side].Field(name)
			sent, now := w.patch[name].Apply(w.before[name], f), m.Fields[name]
			if now.Absent() || !slices.Contains(r.cfg.used[w.side], name) {
				now = sent // it is not told, or what is known of it may be old; a write is whole
			}
			j.After[name] = ours(f, w.patch[name], w.before[name], now, looksLike(sent, now), r.cfg.Match.Region)
		}
	}
	b.dirtyRows = append(b.dirtyRows, j.row(recoveredKey(p.Run, r.nextKey())))
}
