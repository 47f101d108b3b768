package contactsync

import (
	"fmt"
	"maps"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// carry puts on the book what a decision settles without any write, and where the unit stands until its writes
// are in.
func (r *run) carry(b *book, decided ref, m *move) {
	switch {
	case m.forget:
		b.dropLink(m.link)
		for _, s := range Sides {
			b.dropMirror(ref{s, m.link.ID[s]})
		}
		return
	case m.into != "":
		r.dissolve(b, m)
		return
	case m.link == nil:
		r.carryUnlinked(b, decided, m)
		return
	}
	l := m.link
	if m.made {
		r.takeOver(b, l)
		b.relink(l)
		r.report.Linked++
	}
	l.arrived(r.cfg, m.settle, false, A, nil)
	next := m.due
	if m.decided {
		l.Decided, l.Let = l.Decided || !m.unsure, m.let
		l.Held = m.held
		r.settleTouch(b, m)
	}
	for _, s := range Sides {
		if m.severed[s] && len(m.writes) == 0 {
			l.Gone[s] = true
			b.kin(l) // who shares the survivor's key may be linked with it now
		}
		if rec := m.rec[s]; rec != nil && restand(&rec.Standing, &rec.Refused, standing{}) {
			b.dirtyMirrors[rec.ref()] = true
		}
	}
	restand(&l.Standing, &l.Refused, m.standing)
	b.putLink(l)
	if waiting(m.standing) || len(m.writes) > 0 || len(m.waits) > 0 {
		next = dueNow // it is decided by every sync until its cause ends, or its writes are in
	}
	for _, s := range Sides {
		b.decided(ref{s, l.ID[s]}, next)
	}
	if len(m.waits) > 0 {
		r.hold(b, m)
	}
}

// restand has a pair or record stand otherwise, and reports whether it did not stand so already. What an app refused is only
// remembered while the standing says so.
func restand(st *standing, refused *string, now standing) bool {
	if *st == now {
		return false
	}
	*st, *refused = now, ""
	return true
}

// waiting reports whether a standing ends by something else than an edit: a consent, an answer, another read.
func waiting(s standing) bool {
	switch s.Reason {
	case ReasonDeleteHeld, ReasonClearHeld, ReasonCreateHeld, ReasonUnknownOutcome, ReasonSettling, ReasonShadow:
		return true
	}
	return false
}

// settleTouch notes, for each side without an edit that is still to be settled, the whole record as it is: what
// changes from now on was changed by somebody.
func (r *run) settleTouch(b *book, m *move) {
	for _, s := range Sides {
		if rec := m.rec[s]; len(m.writes) == 0 && m.link.clean(r.cfg, s, rec) {
			m.link.Touch[s] = rec.touch()
			if rec.Edits != nil {
				rec.Edited, rec.Edits = rec.lastEdit(), nil
				b.dirtyMirrors[rec.ref()] = true
			}
		}
	}
}

// clean reports whether nothing that side s shows differs from what was settled on it, and nothing that it holds waits
// to be settled, be it something that may not flow: what the other side never had is not for its deletion to take.
func (l *link) clean(cfg *config, s Side, rec *mirror) bool {
	for _, m := range cfg.mappings {
		c := l.Cells[m.id]
		if c == nil && !blank(m.get(nil, s, rec.Fields, nil)) || c != nil && m.changed(s, rec.Fields, c.Val[s]) {
			return false
		}
	}
	return true
}

// dissolve ends a link whose one half became one with a record that has a partner. The other half is left over.
func (r *run) dissolve(b *book, m *move) {
	b.dropLink(m.link)
	for _, s := range Sides {
		if at := (ref{s, m.link.ID[s]}); m.rec[s] == nil {
			b.follow(at, ref{s, m.into})
			b.dropMirror(at)
		} else {
			b.touch(m.rec[s].ref())
			b.mergedAway(m.rec[s].ref(), m.into)
		}
	}
}

func (r *run) carryUnlinked(b *book, decided ref, m *move) {
	rec := m.rec[decided.side]
	next := m.due
	if len(m.writes) > 0 {
		m.standing = rec.Standing // it stands otherwise when the answer is in
	}
	if waiting(m.standing) || len(m.writes) > 0 || r.open[decided] {
		next = dueNow
	}
	if restand(&rec.Standing, &rec.Refused, m.standing) {
		b.dirtyMirrors[decided] = true
	}
	b.decided(decided, next)
	if len(m.waits) > 0 {
		r.hold(b, m)
	}
}

// hold notes what a guard holds, so that a person can consent to just that.
func (r *run) hold(b *book, m *move) {
	for _, w := range m.waits {
		r.heldNow[w.key] = true
		held := !w.agreed && (w.kind == WaitDeletions && r.gate.deletes || w.kind == WaitClears && r.gate.clears || w.kind == WaitCreates && r.gate.creates)
		if _, known := r.consents[w.key]; !held || known {
			continue
		}
		row := holdRow{Kind: w.kind, Side: w.side, Run: r.number, key: w.key}
		for _, s := range Sides {
			if m.rec[s] != nil {
				row.IDs[s] = m.rec[s].id
			}
		}
		r.consents[w.key] = row
		b.dirtyRows = append(b.dirtyRows, row.row())
	}
}

func (h holdRow) row() Row {
	return Row{Table: TableHold, Key: h.key, Index: h.index(), Body: marshal(h)}
}

// consented reports whether a person has consented to what a guard would hold.
func (r *run) consented(key string) bool { return r.consents[key].Consented }

// used takes back the consent that a write used up.
func (r *run) used(b *book, key string) {
	if _, ok := r.consents[key]; ok {
		delete(r.consents, key)
		b.deleteRows = append(b.deleteRows, Row{Table: TableHold, Key: key})
	}
}

// applied puts on the book what a write did, with the record as the app returned it.
func (r *run) applied(b *book, w *write, res connector.Result, now time.Time) {
	s := w.side
	switch w.op {
	case connector.Delete:
		b.dropLink(w.link)
		if w.back == nil {
			b.dropMirror(ref{s.Other(), w.link.ID[s.Other()]})
		}
		r.buried(b, ref{s, w.id}, now)
		r.count(b, w)
		return
	case connector.Create:
		r.adopt(b, w, res, now)
	case connector.Update:
		r.updated(b, w, res, now)
	}
	own := w.back == nil && ofWrite(res)
	r.arrivedKept(w, res, own, b.mirrorOf(ref{s, w.link.ID[s]}))
	if m := b.mirrorOf(ref{s, w.link.ID[s]}); w.back != nil && w.back.clean && m != nil {
		w.link.Touch[s] = m.touch()
	}
	if w.mark {
		w.link.Gone[s.Other()] = true
		b.kin(w.link)
	}
	if w.back == nil || b.linkOf(ref{s, w.link.ID[s]}) == w.link { // a pair that is none any more is not made again
		b.putLink(w.link)
	}
	for _, side := range Sides {
		if b.record(ref{side, w.link.ID[side]}) != nil {
			b.touch(ref{side, w.link.ID[side]})
		}
	}
	r.count(b, w)
}

// buried keeps what is needed to know a record that we deleted from one that its app still shows for a while.
func (r *run) buried(b *book, at ref, now time.Time) {
	m := b.mirrorOf(at)
	if m == nil {
		return
	}
	b.forsaken(m)
	b.remember(m)
	own := &ownWrite{At: now, Superseded: []string{m.version}}
	if r.cfg.schema[at.side].Unlistable {
		m.Told = map[string]time.Time{"": now} // what was delivered from before is old
	}
	if m.Wrote != nil {
		own.Superseded = append(own.Superseded, m.Wrote.Superseded...)
	}
	m.Gone, m.Wrote, m.Standing, m.Fields, m.Was = deleted, own, standing{}, contact.Fields{}, nil
	b.putMirror(m)
	b.decided(at, now.Add(max(buriedFor, r.cfg.schema[at.side].Settle)))
}

// buriedFor is how long a record that we deleted is remembered at least.
const buriedFor = 24 * time.Hour

// exhume forgets a record that was deleted, once its time is over.
func (r *run) exhume(b *book, at ref) {
	m := b.mirrorOf(at)
	if m == nil || m.alive() {
		b.decided(at, time.Time{})
		return
	}
	if m.Wrote != nil {
		if until := m.Wrote.At.Add(max(buriedFor, r.cfg.schema[at.side].Settle)); r.now.Before(until) {
			b.decided(at, until)
			return
		}
	}
	b.dropMirror(at)
}

// adopt links a record that was created with the one that it was made from.
func (r *run) adopt(b *book, w *write, res connector.Result, now time.Time) {
	s := w.side
	m := b.mirrorOf(ref{s, res.Record.ID})
	if m == nil {
		m = &mirror{side: s, id: res.Record.ID, Seen: r.number, Fields: contact.Fields{}}
	}
	m.Gone = alive
	m.Untold = leftOut(w, res.Record.Fields)
	m.Others = len(m.Untold) > 0 && !ofWrite(res)
	res.Record.Fields = r.told(m, w, res)
	m.takeFields(r.cfg, res.Record)
	m.Wrote, m.Unshown = &ownWrite{At: now}, r.cfg.schema[s].Unlistable && !res.Found
	w.link.ID[s] = m.id
	w.link.Let[s.Other()] = true
	w.link.Copy[s] = true
	b.relink(w.link)
	r.livesOn(b, w)
	b.putMirror(m)
	if source := b.mirrorOf(ref{s.Other(), w.link.ID[s.Other()]}); source != nil {
		m.bring(source)
		source.Standing, source.Refused = standing{}, ""
		b.dirtyMirrors[source.ref()] = true
		b.neighbours(source.ref(), source.keys)
	}
}

// updated takes the answer of an update into the mirror.
func (r *run) updated(b *book, w *write, res connector.Result, now time.Time) {
	if id := res.Record.ID; id != "" && id != w.id { // the id of a record without a key of its own moves with its content
		r.rekeyed(b, w.side, connector.Rekey{Old: w.id, New: id})
		w.id = id
	}
	m := b.mirrorOf(ref{w.side, w.id})
	if m == nil {
		return
	}
	own := m.writing(now, contact.Fields{}, r.cfg.schema[w.side].Settle)
	if m.version != res.Record.Version {
		own.supersede(m.version)
	}
	for _, name := range w.patch.Names() {
		own.Before[name] = m.Fields[name]
	}
	untold := leftOut(w, res.Record.Fields)
	before, answer := m.Fields, res.Record.Fields
	res.Record.Fields = r.told(m, w, res)
	for _, name := range m.takeFields(r.cfg, res.Record) {
		if _, ours := w.patch[name]; !ours {
			m.edited(name, r.editedAt(res.Record.Modified)) // somebody's edit that nobody has looked at yet
		}
	}
	r.toldLate(b, m, answer)
	m.untold(untold)
	m.Others = len(m.Untold) > 0 && (m.Others || !ofWrite(res))
	m.Wrote, m.Doubt = own, nil
	if source := b.mirrorOf(ref{w.side.Other(), w.link.ID[w.side.Other()]}); source != nil && w.back == nil {
		m.bring(source)
	}
	if w.back == nil && r.cfg.lose(m, before, w, r.number) {
		r.echoes = true
	}
	b.putMirror(m)
	w.link.Refused = ""
	if w.back == nil { // what a person takes back does not swing
		r.swings(w, own.Before, m, now)
	}
}

// swings notes what an update replaced, so that a field which keeps changing back is noticed.
func (r *run) swings(w *write, before contact.Fields, m *mirror, now time.Time) {
	if w.link.Past == nil {
		w.link.Past = map[string]*past{}
	}
	for _, name := range w.patch.Names() {
		f, _ := r.cfg.schema[w.side].Field(name)
		key := pastKey(w.side, name)
		if w.link.Past[key] == nil {
			w.link.Past[key] = &past{}
		}
		sent := w.patch[name].Apply(before[name], f)
		w.link.Past[key].wrote(f.Key(before[name], ""), f.Key(sent, ""), f.Key(m.Fields[name], ""), now)
	}
}

// supersededKept is how many versions and states that are known to be old are remembered, to tell a stale read.
const supersededKept = 8

// supersede notes a version that the app has another one for.
func (o *ownWrite) supersede(version string) {
	if version != "" {
		o.Superseded = append(o.Superseded[:len(o.Superseded):len(o.Superseded)], version)
		o.Superseded = o.Superseded[max(0, len(o.Superseded)-supersededKept):]
	}
}

// writing returns what is kept of a write that replaced the fields of before, and of those before it that an app which takes
// that long to settle may not show yet.
func (m *mirror) writing(at time.Time, before contact.Fields, settle time.Duration) *ownWrite {
	own := &ownWrite{At: at, Before: before}
	if last := m.Wrote; last != nil {
		own.Superseded = last.Superseded
		if len(last.Before) > 0 && at.Before(last.At.Add(settle)) {
			own.Earlier = append(last.Earlier[:len(last.Earlier):len(last.Earlier)], last.Before)
			own.Earlier = own.Earlier[max(0, len(own.Earlier)-supersededKept):]
		}
	}
	return own
}

// supersede notes a version that the app has another one for, as a read by id has shown.
func (m *mirror) supersede(version string, at time.Time) {
	own := ownWrite{}
	if m.Wrote != nil {
		own = *m.Wrote
	}
	own.At = at
	own.supersede(version)
	m.Wrote = &own
}

// edited notes when a field was edited, as far as the app says.
func (m *mirror) edited(field string, at time.Time) {
	if m.Edits == nil {
		m.Edits = map[string]time.Time{}
	}
	m.Edits[field] = at
}

// lastEdit returns when anything of the record was last edited, zero if the app does not say of each edit.
func (m *mirror) lastEdit() time.Time {
	at := m.Edited
	for _, t := range m.Edits {
		if t.IsZero() {
			return t
		}
		at = later(at, t)
	}
	return at
}

// bring notes that a write brought to the record what the source holds: it is as old as the source's edits, whenever we wrote it.
func (m *mirror) bring(source *mirror) {
	at := source.lastEdit()
	if !at.IsZero() {
		at = later(at, m.Edited)
	}
	m.Edited = at
}

// takeFields takes what the connection uses of a record into the mirror, and returns which fields changed.
func (m *mirror) takeFields(cfg *config, rec contact.Record) (changed []string) {
	used := cfg.used[m.side]
	fields := make(contact.Fields, len(used))
	maps.Copy(fields, m.Fields) // the old ones may be looked at by somebody
	for _, name := range used {
		v := rec.Fields[name]
		if v.Absent() || v.Equal(m.Fields[name]) {
			continue
		}
		fields[name] = v
		if changed == nil {
			changed = make([]string, 0, len(used))
		}
		changed = append(changed, name)
	}
	m.Fields = fields
	if cfg.schema[m.side].Unlistable && !rec.Modified.IsZero() {
		m.tell(rec.Fields, rec.Modified)
	}
	if rec.Version != "" {
		m.version = rec.Version
	}
	if !rec.Modified.IsZero() {
		m.Modified = rec.Modified
	}
	return changed
}

// simulate puts on the book what a write would do, as an app without quirks would answer it.
func (r *run) simulate(b *book, w *write) {
	rec := contact.Record{ID: w.id, Fields: w.patch.Apply(w.before, r.cfg.schema[w.side])}
	switch w.op {
	case connector.Create:
		rec.ID = fmt.Sprintf("\x01%s %s", w.side.Other(), w.id) // no app has such an id
		at := ref{w.side, rec.ID}
		b.mirrors[at], b.links[at] = nil, nil
		full := r.cfg.empty[w.side].Clone()
		for name, c := range w.patch {
			full[name] = c.Set
		}
		rec.Fields = full
	case connector.Update:
		if m := b.mirrorOf(ref{w.side, w.id}); m != nil {
			rec.Version = m.version
			rec.Fields = w.patch.Apply(m.shows(), r.cfg.schema[w.side])
		}
	}
	counts, linked, deletes, clears := r.report.Counts, r.report.Linked, r.report.Deletes, r.report.Clears
	consents, insisted := r.consents, r.insisted
	r.consents, r.insisted = nil, nil // nothing is used up
	r.applied(b, w, connector.Result{Record: rec}, r.now)
	r.consents, r.insisted = consents, insisted
	r.report.Counts, r.report.Linked, r.report.Deletes, r.report.Clears = counts, linked, deletes, clears
}

// count counts a write that was carried out.
func (r *run) count(b *book, w *write) {
	c := &r.report.Counts[w.side]
	switch w.op {
	case connector.Create:
		c.Created++
		r.used(b, "create "+w.side.Other().String()+" "+w.id)
		r.obeyed(b, ref{w.side.Other(), w.id})
	case connector.Update:
		c.Updated++
		for _, id := range w.clears {
			r.used(b, "clear "+w.link.key+" "+id)
			r.report.Clears++
		}
	case connector.Delete:
		c.Deleted++
		r.used(b, "delete "+w.link.key)
		if w.back == nil {
			r.report.Deletes++
		}
	}
}

// count adds what a move would do to the totals, each operation once.
func (t *tally) count(m *move, counted map[string]bool) {
	once := func(key string) bool {
		if counted[key] {
			return false
		}
		counted[key] = true
		return true
	}
	for _, w := range m.waits {
		if !once(w.key) {
			continue
		}
		switch {
		case w.kind == WaitDeletions && w.agreed:
			t.deleted++
		case w.kind == WaitDeletions:
			t.deletes++
		case w.kind == WaitClears && w.agreed:
			t.cleared++
		case w.kind == WaitClears:
			t.clears++
		case !w.agreed:
			t.creates++
		}
	}
	if m.link == nil || m.link.key == "" {
		return
	}
	for _, s := range Sides {
		switch {
		case m.absent[s] && once("gone "+s.String()+m.link.key):
			t.absent[s]++
		case m.aside[s] && once("gone "+s.String()+m.link.key):
			t.aside[s]++
		}
		if m.changed[s] && once("changed "+s.String()+m.link.key) {
			t.changed[s]++
		}
	}
}
