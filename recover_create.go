package contactsync

import (
	"context"
	"errors"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// A creation without an answer has no id by which to ask for it. What it made is told by its marker, or among those that were first
// seen since by what they hold; then it is linked to whom it was made from, as if the answer had come.

// recoverCreates finds the records that unanswered creations made: by their marker, or among the records that were
// first seen since: by key, else by all their content, else by most of it, else by anything that was sent.
func (r *run) recoverCreates(ctx context.Context, b *book, pending []*pendingIntent, due []ref) error {
	var creates []*pendingIntent
	for _, p := range pending {
		if p.Op == connector.Create {
			creates = append(creates, p)
		}
	}
	if err := r.findMarked(ctx, b, creates); err != nil {
		return err
	}
	found, err := r.lookForCreated(ctx, b, creates)
	if err != nil {
		return err
	}
	read, err := r.readHidden(ctx, b, creates)
	if err != nil {
		return err
	}
	due = slices.Concat(due, found, read)
	r.recognise(b, creates, due)
	r.findTakenIn(b, creates)
	r.awaitCreated(b, creates, due)
	return nil
}

// recognise links what is the only newcomer that is like what was sent: by the surest likeness first.
func (r *run) recognise(b *book, creates []*pendingIntent, due []ref) {
	for i, like := range []func(*pendingIntent, *mirror) bool{r.sharesKey, r.sameContent, r.sharesMost, r.sharesAny} {
		guess := i > 1
		for _, p := range creates {
			if p.done || guess && r.willTell(b, p) {
				continue
			}
			if found := r.newcomers(b, p, due, like); len(found) == 1 {
				r.adoptFound(b, p, found[0], false)
			}
		}
	}
}

// awaitCreated lets creations that were not found go once the app had its time to show them. Until then whoever may be theirs waits.
func (r *run) awaitCreated(b *book, creates []*pendingIntent, due []ref) {
	for _, p := range creates {
		if p.done {
			continue
		}
		alike := r.newcomers(b, p, due, r.sharesAny)
		if source, _ := r.sourceOf(b, p); b.linkOf(source) != nil && r.waited(p) {
			alike = nil // a person has given it a partner: nobody is created from it any more, and whichever of them is ours is left over
		}
		p.again = r.repeatable(b, p, alike)
		if r.waited(p) && len(alike) == 0 && !r.mayHide(b, p) && !(p.again && r.cfg.schema[p.Side].Unlistable) {
			p.done = true // it is created again, or who waited for it is
			if source := b.record(p.about(p.ID)); source != nil {
				b.neighbours(source.ref(), source.keys)
			}
		}
		for _, m := range alike { // one of them may be ours: nobody guesses which
			r.open[m.ref()] = true
			b.touch(m.ref())
		}
	}
}

// findMarked asks the app for the markers of unanswered creations.
func (r *run) findMarked(ctx context.Context, b *book, creates []*pendingIntent) error {
	for _, p := range creates {
		finder := connector.FeaturesOf(r.apps[p.Side]).Finder
		if finder == nil || !r.cfg.schema[p.Side].Marker {
			continue
		}
		rec, err := finder.Find(ctx, p.Marker, r.cfg.used[p.Side])
		if errors.Is(err, connector.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		r.pulled(b, p.Side, rec, true)
		at := ref{p.Side, rec.ID}
		switch m := b.mirrorOf(at); {
		case m != nil && b.linkOf(at) == nil:
			r.adoptFound(b, p, m, true)
		case m != nil && slices.ContainsFunc(r.took, func(t fusion) bool { return t.at == at }):
			r.partOf(b, p, m)
		default:
			p.done = true
		}
	}
	return nil
}

// newcomers returns the unlinked records of the intent's side that were first seen after it and are like what was
// sent.
func (r *run) newcomers(b *book, p *pendingIntent, due []ref, like func(*pendingIntent, *mirror) bool) []*mirror {
	var found []*mirror
	for _, at := range due {
		m := b.record(at)
		if m != nil && !slices.Contains(found, m) && m.side == p.Side && m.Seen > p.since() && b.linkOf(at) == nil && like(p, m) {
			found = append(found, m)
		}
	}
	return found
}

// sent returns the fields that a creation sent.
func (p *pendingIntent) sent() contact.Fields {
	fields := contact.Fields{}
	for name, c := range p.Patch {
		fields[name] = c.Set
	}
	return fields
}

func (r *run) sharesKey(p *pendingIntent, m *mirror) bool {
	return evidence(r.cfg.matchKeys(p.Side, p.sent()), m.keys)
}

func (r *run) sameContent(p *pendingIntent, m *mirror) bool {
	for name, v := range p.sent() {
		if !r.alike(p.Side, name, v, m.Fields[name]) {
			return false
		}
	}
	return true
}

// holdsMore reports whether a record holds something that was not sent.
func (r *run) holdsMore(p *pendingIntent, m *mirror) bool {
	for name, v := range m.Fields {
		if _, sent := p.Patch[name]; !sent && !v.Blank() {
			return true
		}
	}
	return false
}

// sharesAny reports whether a record holds anything that was sent and that tells people apart.
func (r *run) sharesAny(p *pendingIntent, m *mirror) bool {
	held, _ := r.heldOf(p, m)
	return held > 0
}

// sharesMost reports whether a record holds more than half of that: several may bear the key, and a user may have edited ours.
func (r *run) sharesMost(p *pendingIntent, m *mirror) bool {
	held, sent := r.heldOf(p, m)
	return 2*held > sent
}

// heldOf counts the fields that were sent and that tell people apart, and those of them that a record holds as well. Not the labels,
// choices and the like that strangers share, nor a phone where another key says that they are two: a household has one.
func (r *run) heldOf(p *pendingIntent, m *mirror) (held, sent int) {
	two := r.otherKey(p, m)
	for name, v := range p.sent() {
		f, _ := r.cfg.schema[p.Side].Field(name)
		if f.Type == contact.TypeChoice || v.Kind() == contact.KindSet || v.Kind() == contact.KindBool {
			continue
		}
		sent++
		if r.alike(p.Side, name, v, m.Fields[name]) && !(two && f.Type == contact.TypePhone) {
			held++
		}
	}
	return held, sent
}

// otherKey reports whether a record bears another key than what was sent, of a kind that both have.
func (r *run) otherKey(p *pendingIntent, m *mirror) bool {
	keys := r.cfg.matchKeys(p.Side, p.sent())
	return !evidence(keys, m.keys) && slices.ContainsFunc(keys, func(k matchKey) bool {
		return slices.ContainsFunc(m.keys, func(o matchKey) bool { return o.kind == k.kind })
	})
}

// adoptFound links a record that turned out to be one we created; certain says that it bears our marker.
func (r *run) adoptFound(b *book, p *pendingIntent, m *mirror, certain bool) {
	p.done = true
	source, ok := r.sourceOf(b, p)
	if !ok {
		return // it is matched like any other
	}
	if b.linkOf(source) != nil {
		r.leftOver(b, p, m, source)
		return
	}
	r.report.Recovered = earliestRun(r.report.Recovered, p.Run)
	w := p.write(&link{})
	if w.back != nil { // a record that was restored: what was settled of it is, and its counterpart is gone
		w.link, w.back.id = r.restored(b, p.Back)
		w.link.Gone[source.side] = true
	}
	w.link.ID[p.Side], w.link.ID[source.side] = m.id, source.id
	w.link.Let[source.side] = true
	if source.id == p.ID {
		w.link.Decided = true // it was, when it was sent
		if r.sameContent(p, m) && !r.holdsMore(p, m) {
			w.link.Touch[p.Side] = m.touch() // nobody has touched it since: if the source is gone by now, that is a deletion like any other
		}
	} else { // the two meet for the first time
		w.link.How, w.settle = linkedAnew, nil
	}
	b.relink(w.link)
	r.livesOn(b, w)
	switch {
	case p.Part:
		w.settle = nil // its source was another one: what that had and this one never did nobody has cleared
	case !certain:
		w.settle = r.shown(w, m)
	}
	r.settleFound(b, w, m)
	m.Wrote = &ownWrite{At: p.At}
	b.dirtyMirrors[m.ref()] = true
	r.found(b, w, p)
	r.count(b, w)
}

// leftOver tells in the history of a creation whose source has a partner by now. If that is so because it became part of another
// record, what was created is left over by that, as if the answer had not been lost.
func (r *run) leftOver(b *book, p *pendingIntent, m *mirror, source ref) {
	r.report.Recovered = earliestRun(r.report.Recovered, p.Run)
	w := p.write(&link{})
	w.link.ID[p.Side], w.link.ID[source.side] = m.id, source.id
	m.Wrote = &ownWrite{At: p.At}
	b.dirtyMirrors[m.ref()] = true
	r.found(b, w, p)
	r.count(b, w)
	if p.Part || source.id != p.ID {
		b.mergedAway(m.ref(), source.id)
	}
}

// fusion is an id that a record has, and an app's word of another id that nobody knew: the record went on under it, or took in whoever
// had it. An app says the same of both.
type fusion struct {
	at  ref
	had contact.Fields // what the record held before
}

// tookIn notes that a record may have become one with another that nobody knew.
func (r *run) tookIn(m *mirror, at ref) {
	if m != nil {
		r.took = append(r.took, fusion{at, m.Fields})
	}
}

// findTakenIn finds what unanswered creations made where it became one with another record before it was shown: that one holds what
// was sent, and did not before. Its pair goes on, and who was to be copied is left over.
func (r *run) findTakenIn(b *book, creates []*pendingIntent) {
	for _, p := range creates {
		var in []*mirror
		for _, t := range r.took {
			m := b.record(t.at)
			if t.at.side == p.Side && m != nil && !slices.Contains(in, m) && r.cfg.brought(p.Side, p.Patch, nil, t.had, m.Fields) {
				in = append(in, m)
			}
		}
		if !p.done && p.Back == "" && len(in) == 1 && r.upserter(p.Side) == nil { // else the app will tell
			r.partOf(b, p, in[0])
		}
	}
}

// partOf takes that what a creation made is one with another record. If that has a partner, whom it was made from is left over.
func (r *run) partOf(b *book, p *pendingIntent, m *mirror) {
	source, ok := r.sourceOf(b, p)
	switch {
	case b.linkOf(m.ref()) == nil:
		p.Part = true
		r.adoptFound(b, p, m, false)
	case ok && b.linkOf(source) == nil:
		p.done = true
		b.mergedAway(source, m.id)
	}
}

// sourceOf returns the record that a creation was made from, or the one that has taken its place: an app without re-keys
// shows it under another id, and nothing of the old one is kept, for it had no partner yet. It may as well be somebody else who
// waited as a duplicate. It reports false if who it is is in doubt.
func (r *run) sourceOf(b *book, p *pendingIntent) (source ref, ok bool) {
	source = ref{p.Side.Other(), p.ID}
	if p.Back != "" || b.mirrorOf(source).alive() {
		return source, true
	}
	heirs := few(candidates(b, source.side, r.cfg.matchKeys(p.Side, p.sent()), source))
	if len(heirs) == 1 {
		source = heirs[0].ref()
	}
	return source, len(heirs) < 2
}

// concerns returns whom an unanswered write is about: its target or source, and where a source is gone, whoever of no partner may
// have taken its place.
func (r *run) concerns(b *book, p *pendingIntent) []ref {
	about := p.about(p.ID)
	all := []ref{about}
	if p.Op != connector.Create || p.Back != "" || b.mirrorOf(about).alive() {
		return all
	}
	for m := range candidates(b, about.side, r.cfg.matchKeys(p.Side, p.sent()), about) {
		if b.linkOf(m.ref()) == nil {
			all = append(all, m.ref())
		}
	}
	return all
}

// shown leaves out of what a creation settles whatever the record that was found lacks, be it a field or what a rule's actions
// put there: it may be somebody's own under the same key, and what they never had they have not taken away. It is filled, and
// enters the rules, as on a first match.
func (r *run) shown(w *write, m *mirror) []settlement {
	if w.back != nil {
		return w.settle
	}
	return slices.DeleteFunc(slices.Clone(w.settle), func(st settlement) bool {
		return r.lacks(w.side, st, m) || r.cfg.denies(m, st, r.now)
	})
}

// lacks reports whether a record is blank where a mapping settles something.
func (r *run) lacks(s Side, st settlement, m *mirror) bool {
	mp := r.cfg.mapping(st.Mapping)
	if mp == nil || st.Element != "" || blank(st.Val[s]) {
		return false
	}
	now := mp.get(nil, s, m.Fields, st.Val[s])
	return blank(now) && !absent(now)
}
