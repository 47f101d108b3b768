package contactsync

import (
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// planner decides units: a pair, or an unlinked record among those that share its keys. It looks at them through
// the directory and changes nothing.
type planner struct {
	cfg     *config
	dir     directory
	now     time.Time
	gate    gate
	consent func(key string) bool
	cutOff  [2]bool // that app was not read to its end in this sync
}

// move is what becomes of one unit. Whoever carries it out links, settles and writes as it says.
type move struct {
	link   *link // the pair as it is to be, nil for an unlinked record
	rec    [2]*mirror
	made   bool   // the link is new
	forget bool   // the link goes, and with it what is known of records that are gone
	into   string // the link goes: the one heir has a partner already
	writes []*write
	settle []settlement
	let    [2]bool
	unsure bool // as in outcome
	held   map[string]*hold
	waits  []wait // what the guards hold, or would
	standing
	due     time.Time
	changed [2]bool
	decided bool
	heir    [2]bool // another record of that side took the link over
	absent  [2]bool // that side is missing from a listing, and nobody bears its key
	aside   [2]bool // that side is gone, and no listing need show it
	severed [2]bool // that side's deletion is settled by this: the other is a survivor
}

// wait is one operation that a guard counts: a deletion, a clear or a creation.
type wait struct {
	kind   string // WaitDeletions, WaitClears or WaitCreates
	key    string // names it, for consent
	side   Side   // where it would happen
	agreed bool   // a person has consented to it
}

// decide says what becomes of the unit that the record belongs to, nil if there is no such record.
func (pl *planner) decide(r ref) *move {
	if l := pl.dir.linkOf(r); l != nil {
		return pl.decideLinked(l)
	}
	rec := pl.dir.record(r)
	if rec == nil {
		return nil
	}
	return pl.decideUnlinked(rec)
}

// decideLinked decides a pair: it is over, or one half of it is gone, or both are there.
func (pl *planner) decideLinked(l *link) *move {
	m := &move{link: l}
	for _, s := range Sides {
		m.rec[s] = pl.dir.record(ref{s, l.ID[s]})
	}
	switch {
	case m.rec[A] == nil && m.rec[B] == nil:
		if m.forget = !pl.survivesAnew(m); m.forget {
			for _, s := range Sides { // whoever deleted the one half, the listing of the other app shows nobody
				pl.notShown(m, l, s)
			}
		}
		return m
	case m.rec[A] == nil:
		return pl.decideGone(m, A)
	case m.rec[B] == nil:
		return pl.decideGone(m, B)
	}
	if l.Gone != [2]bool{} {
		l.Gone = [2]bool{} // the same id is back: the link lives on with what was settled
	}
	return pl.decidePair(m)
}

// missing returns what is known of a half that a listing shows no longer, nil if it is there, its deletion was told, or it was
// settled before.
func (pl *planner) missing(l *link, s Side) *mirror {
	if was := pl.dir.last(ref{s, l.ID[s]}); was != nil && was.Gone == missing && !l.Gone[s] {
		return was
	}
	return nil
}

// notShown says of a half that is gone whether a listing should have shown it. It need not where its deletion was told, or where
// nothing is known of it: it was gone before what was created from it was found.
func (pl *planner) notShown(m *move, l *link, s Side) {
	m.absent[s] = pl.missing(l, s) != nil
	m.aside[s] = !m.absent[s] && !l.Gone[s]
}

// agreed reports whether a person has consented to an operation.
func (pl *planner) agreed(key string) bool { return pl.consent != nil && pl.consent(key) }

// survivesAnew gives the link of two records that are gone to the one live record that bears the key of a half which a
// listing no longer shows: an export under new ids. The other half was deleted by its user, and is not filled again.
func (pl *planner) survivesAnew(m *move) bool {
	old := m.link
	for _, x := range Sides {
		was := pl.missing(old, x)
		if was == nil {
			continue
		}
		heirs := few(candidates(pl.dir, x, was.keys, was.ref()))
		if len(heirs) != 1 || pl.dir.linkOf(heirs[0].ref()) != nil || pl.dir.open(heirs[0].ref()) {
			continue
		}
		m.link = &link{key: old.key, ID: old.ID, Let: old.Let, How: linkedAnew}
		m.link.ID[x] = heirs[0].id
		m.rec[x] = heirs[0]
		m.made, m.heir[x], m.aside[x], m.severed[x.Other()] = true, true, true, true
		m.let, m.standing = old.Let, standing{Status: StatusDeleted}
		pl.notShown(m, old, x.Other()) // an heir of this half says nothing of the other app
		return true
	}
	return false
}

// decidePair decides two live records that are linked, or are being linked.
func (pl *planner) decidePair(m *move) *move {
	if pl.dir.open(ref{A, m.link.ID[A]}) || pl.dir.open(ref{B, m.link.ID[B]}) {
		m.standing = standing{StatusPending, ReasonUnknownOutcome, "a write was sent and not answered; the app is looked at first"}
		m.let = m.link.Let
		return m
	}
	if m.rec[A].Unread || m.rec[B].Unread {
		m.standing = standing{StatusPending, ReasonUnread, "one of the two cannot be read, and somebody may have edited it"}
		m.let = m.link.Let
		return m
	}
	p := pairing{cfg: pl.cfg, now: pl.now, link: m.link, rec: m.rec, gate: pl.gate, consent: pl.consent}
	pl.take(m, p.decide())
	m.decided = true
	return m
}

// take puts a pair's outcome into the move.
func (pl *planner) take(m *move, out *outcome) {
	m.settle, m.standing, m.let, m.unsure, m.held, m.due, m.changed = out.settle, out.standing, out.let, out.unsure, out.held, out.due, out.changed
	for _, s := range Sides {
		if w := out.writes[s]; w != nil {
			m.writes = append(m.writes, w)
		}
	}
	for _, key := range out.clears {
		m.waits = append(m.waits, wait{kind: WaitClears, key: key, agreed: pl.agreed(key)})
	}
}

// decideGone decides a pair of which side x is gone: another record takes over the link, or the deletion policy
// says what becomes of the other half.
func (pl *planner) decideGone(m *move, x Side) *move {
	l, y := m.link, x.Other()
	rec := m.rec[y]
	m.let, m.standing = l.Let, standing{Status: StatusDeleted}
	if l.Gone[x] {
		return m // settled: the survivor waits for a user to enter the person anew
	}
	pl.notShown(m, l, x)
	var heirs []*mirror
	if was := pl.dir.last(ref{x, l.ID[x]}); was != nil {
		heirs = few(candidates(pl.dir, x, was.keys, was.ref()))
	}
	if len(heirs) > 0 { // one of them may be the same person under another id
		m.absent[x], m.aside[x] = false, true
	}
	if pl.dir.open(ref{x, l.ID[x]}) || pl.dir.open(rec.ref()) {
		m.standing = standing{StatusPending, ReasonUnknownOutcome, "a write was sent and not answered; the app is looked at first"}
		return m
	}
	if len(heirs) > 0 {
		return pl.inherit(m, x, heirs)
	}
	policy := pl.cfg.Deletions.from(x)
	flows := l.Let[x] && pl.cfg.Direction.from(x)
	if !flows || l.Touch[y] != rec.touch() {
		policy = DeletionKeep
	}
	switch {
	case policy == DeletionDelete && !pl.cfg.schema[y].NoDelete:
		pl.carryDeletion(m, x)
	case policy == DeletionMark && !pl.cfg.schema[y].NoUpdate:
		m.severed[x] = true
		pl.mark(m, y)
	default:
		m.severed[x] = true
	}
	return m
}

// inherit gives the link of a record that is gone to the one live record that bears its key. Of several nobody's guess is
// taken: they are duplicates, and the other half waits for the one that will be left, as any survivor does. What has a
// partner already became one with the record that is gone.
func (pl *planner) inherit(m *move, x Side, heirs []*mirror) *move {
	heir := heirs[0]
	a, b := pairIDs(heir.ref(), m.rec[x.Other()].ref())
	switch {
	case len(heirs) > 1 || pl.dir.separated(a, b) || pl.dir.open(heir.ref()):
		m.severed[x] = true
		return m
	case pl.dir.linkOf(heir.ref()) != nil:
		m.into = heir.id
		return m
	}
	m.link = &link{key: m.link.key, ID: m.link.ID, How: linkedAnew}
	m.link.ID[x] = heir.id
	m.rec[x] = heir
	m.heir[x] = true
	m.made = true
	return pl.decidePair(m)
}

// carryDeletion deletes the other half of the pair, if it is known that nobody has edited it and the guards let it.
func (pl *planner) carryDeletion(m *move, x Side) {
	y := x.Other()
	if st := pl.unseen(m.rec[y]); st.Status != "" {
		m.standing = st
		return
	}
	if m.link.Refused != "" && m.link.Refused == fingerprint(pl.cfg, y, m.rec, nil) {
		m.standing = m.link.Standing
		return
	}
	key := "delete " + m.link.key
	agreed := pl.agreed(key)
	m.waits = append(m.waits, wait{WaitDeletions, key, y, agreed})
	if !agreed && pl.gate.deletes {
		m.standing = standing{StatusPending, ReasonDeleteHeld, "more records would be deleted than the guard allows; a person must confirm"}
		return
	}
	rec := m.rec[y]
	m.writes = append(m.writes, &write{op: connector.Delete, side: y, id: rec.id, version: rec.version, link: m.link,
		before: rec.Fields, why: map[string]Why{"": {Because: "deleted in " + pl.cfg.names[x]}}})
}

// unseen says why nobody knows whether a record was edited. Where a version tells of any edit, and the app deletes only what has that
// version, it need not show the edit.
func (pl *planner) unseen(rec *mirror) standing {
	switch {
	case rec.Unread:
		return standing{StatusPending, ReasonUnread, "it cannot be read, and somebody may have edited it before its counterpart was deleted"}
	case rec.version != "":
		return standing{}
	case len(rec.Unseen) > 0:
		return standing{StatusPending, ReasonUnread, "a field of it is not told, and somebody may have edited that before its counterpart was deleted"}
	case rec.Doubt != nil:
		return standing{StatusPending, ReasonSettling, "what " + pl.cfg.names[rec.side] + " shows may be an edit, or older than our last write; it is read again"}
	case pl.cutOff[rec.side]:
		return standing{StatusPending, ReasonSettling, pl.cfg.names[rec.side] + " was not read to its end, and somebody may have edited it before its counterpart was deleted"}
	}
	return standing{}
}

// mark writes the mark of a survivor.
func (pl *planner) mark(m *move, y Side) {
	rec := m.rec[y]
	want := rec.Fields.Clone()
	why := map[string]Why{}
	for _, a := range pl.cfg.Deletions.Mark.on(y) {
		f, _ := pl.cfg.schema[y].Field(a.Field)
		if a.holds(want, f) != Yes {
			a.write(want, f, a.goal())
			why[a.Field] = Why{Because: "its counterpart was deleted in " + pl.cfg.names[y.Other()]}
		}
	}
	patch := diff(rec.Fields, want, pl.cfg.schema[y])
	for _, name := range pl.cfg.unemptied(y, patch, want) {
		delete(patch, name)
	}
	if hidden := patchesUnseen(rec, patch); len(hidden) > 0 {
		m.severed[y.Other()] = false
		m.standing = standing{StatusPending, ReasonUnread, pl.cfg.names[y] + " does not tell " + hidden[0] + ", where it is to be marked"}
		return
	}
	if len(patch) == 0 {
		return
	}
	w := &write{op: connector.Update, side: y, id: rec.id, version: rec.version, patch: patch, link: m.link, why: why, mark: true, before: contact.Fields{}}
	for _, name := range patch.Names() {
		w.before[name] = rec.Fields[name]
	}
	m.writes = append(m.writes, w)
}

// decideUnlinked decides a record without a partner: it is linked, created on the other side, or it waits.
func (pl *planner) decideUnlinked(r *mirror) *move {
	if r.forgotten() {
		m := &move{standing: standing{StatusExcluded, ReasonForgotten, forgottenWords}}
		m.rec[r.side] = r
		return m
	}
	there := few(candidates(pl.dir, r.side.Other(), r.keys, r.ref()))
	m := &move{}
	m.rec[r.side] = r
	insisted := pl.dir.insisted(r.ref())
	if c := pl.cfg.partner(pl.dir, r, there, pl.now); c != nil && !insisted {
		return pl.match(m, r, c)
	}
	if c := pl.cfg.likeliest(pl.dir, r, pl.now); c != nil && len(there) == 0 && r.Merged == "" {
		return pl.match(m, r, c)
	}
	st, create := pl.cfg.stand(pl.dir, r, there, pl.now)
	m.standing = st
	m.due = pl.cfg.until(r.side, r, pl.now)
	if insisted && insistable(st) && pl.cfg.creates(r.side, r, pl.now) == Yes && pl.dir.complete(r.side.Other()) && !pl.dir.open(r.ref()) {
		m.standing, create = standing{}, true
	}
	if create {
		pl.create(m, r)
	}
	return m
}

// match links two records, and decides them as a first match. A survivor's link is taken over.
func (pl *planner) match(m *move, r, c *mirror) *move {
	m.rec[c.side] = c
	l := &link{How: pl.cfg.sharedKey(r.keys, c.keys)}
	if old := pl.dir.linkOf(c.ref()); old != nil {
		l.key = old.key
	}
	l.ID[r.side], l.ID[c.side] = r.id, c.id
	m.link, m.made = l, true
	return pl.decidePair(m)
}

// create decides the creation of a record's counterpart, as a first match against an empty record.
func (pl *planner) create(m *move, r *mirror) {
	t := r.side.Other()
	l := &link{}
	l.ID[r.side] = r.id
	empty := &mirror{side: t, Fields: pl.cfg.empty[t]}
	p := pairing{cfg: pl.cfg, now: pl.now, link: l, creating: true, target: t, gate: pl.gate, consent: pl.consent}
	p.rec[r.side], p.rec[t] = r, empty
	p.on[t] = make([]settlement, 0, len(pl.cfg.mappings)) // each is settled when the record is there
	out := p.decide()
	m.standing = out.standing
	m.due = earliest(pl.now, m.due, out.due)
	w := out.writes[t]
	if w == nil {
		return
	}
	if !pl.dir.insisted(r.ref()) && pl.cfg.echoes(pl.dir, r, w) {
		m.standing = standing{StatusDuplicate, ReasonDuplicateThere, "it is what a linked record of " + pl.cfg.names[t] +
			" was before it was written over; merge them, or have it created anyway"}
		return
	}
	if until := pl.cfg.circling(pl.dir, r, pl.now); !until.IsZero() && !pl.dir.insisted(r.ref()) {
		m.standing = standing{StatusDuplicate, ReasonDuplicateThere, "who bore its key was deleted from " + pl.cfg.names[t] +
			" three times within a day, and came back; it is created a day later, or have it created anyway"}
		m.due = earliest(pl.now, m.due, until)
		return
	}
	if pl.cfg.Guard.MaxCreates.Set {
		key := "create " + r.side.String() + " " + r.id
		agreed := pl.agreed(key) || pl.dir.insisted(r.ref())
		m.waits = append(m.waits, wait{WaitCreates, key, t, agreed})
		if !agreed && pl.gate.creates {
			m.standing = standing{StatusPending, ReasonCreateHeld, "more records would be created than the guard allows; a person must confirm"}
			return
		}
	}
	w.settle = append(w.settle, out.settle...)
	m.writes = append(m.writes, w)
}
