package contactsync

import (
	"slices"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// Two different edits of one thing, both of which may flow.

// clash decides two different edits, both of which may flow.
func (p *pairing) clash(views []shown, f facts) {
	x := &views[0]
	if len(views) == 1 && x.m.split && f.settled && p.mergeName(x) {
		return
	}
	seen := p.seen(views)
	h := p.link.Held[x.m.id]
	if h != nil && h.decided() && h.sees(seen) {
		p.hold(x.m, h) // until what follows from it has arrived
		p.resolve(h, views)
		return
	}
	winner, ok := x.m.policy.prefer(p.edited(views))
	because := "both changed: " + x.m.policy.words(p.cfg.names)
	if r := x.m.policy.Resolver; r != nil {
		take := r.Resolve(p.conflict(x)).Take
		winner, ok = sideTaken(take)
		because = "both changed: the resolver took " + p.cfg.names[winner]
	}
	if !ok {
		since := p.now
		if h != nil && h.sees(seen) {
			since = h.Since
		}
		p.hold(x.m, &hold{Seen: seen, Since: since})
		p.note(StatusConflict, ReasonConflict, "both sides were changed; a person decides")
		return
	}
	p.carry(winner.Other(), views, because)
}

// sideTaken returns whose value a decision takes; ok is false of one that takes none.
func sideTaken(take Take) (s Side, ok bool) {
	switch take {
	case TakeA:
		return A, true
	case TakeB:
		return B, true
	}
	return A, false
}

// hold keeps a conflict for a person, or what the person decided.
func (p *pairing) hold(m *mapping, h *hold) {
	if p.out.held == nil {
		p.out.held = map[string]*hold{}
	}
	p.out.held[m.id] = h
}

// edited returns when each side's edit of a bundle was made: the app's time at the read that first showed it. A later edit of
// another field makes it no newer. What nobody has edited since it was settled is as old as the record's last edit by then.
func (p *pairing) edited(views []shown) (at [2]time.Time) {
	for _, s := range Sides {
		known := false
		for _, x := range views {
			for _, sel := range x.m.sel[s] {
				t, ok := p.rec[s].Edits[sel.Field]
				at[s], known = later(at[s], t), known || ok
			}
		}
		if !known {
			at[s] = p.rec[s].Edited
		}
	}
	return at
}

// conflict is what a resolver is shown.
func (p *pairing) conflict(x *shown) Conflict {
	c := Conflict{Mapping: x.m.id, Record: [2]contact.Record{p.rec[A].record(), p.rec[B].record()}}
	for _, s := range Sides {
		c.Value[s] = firstOf(x.values[s])
		if settled := x.settledOn(s); len(settled) > 0 {
			c.Settled[s] = settled[0]
		}
	}
	return c
}

// seen returns what a person sees of a held conflict: all values of the bundle.
func (p *pairing) seen(views []shown) (all sides) {
	for _, x := range views {
		for _, s := range Sides {
			all[s] = append(all[s], x.values[s]...)
		}
	}
	return all
}

func (h *hold) decided() bool { return h.Take != "" || !h.Value.Absent() }

// sees reports whether the conflict is still the one that a person decided.
func (h *hold) sees(seen sides) bool {
	return slices.EqualFunc(h.Seen[A], seen[A], contact.Value.Equal) && slices.EqualFunc(h.Seen[B], seen[B], contact.Value.Equal)
}

// resolve carries out what a person decided.
func (p *pairing) resolve(h *hold, views []shown) {
	if s, ok := sideTaken(h.Take); ok {
		p.carry(s.Other(), views, "a person took "+p.cfg.names[s])
		return
	}
	x := &views[0]
	onA := []contact.Value{h.Value}
	onB, err := x.m.translate(nil, A, onA, x.values[B])
	if err != nil {
		p.note(StatusFailed, ReasonInvalid, x.m.id+": "+err.Error())
		return
	}
	p.placeBoth(x, sides{onA, onB}, "a person decided")
}

// waitsForRest reports whether part of a group was not read, so that what differs in the rest of it stays where it is.
func (p *pairing) waitsForRest(views []shown) bool {
	unread := func(x shown) bool { return absent(x.values[A]) || absent(x.values[B]) }
	return slices.ContainsFunc(views, unread) && slices.ContainsFunc(views, func(x shown) bool {
		edited := x.cell == nil || x.m.changed(A, p.rec[A].Fields, x.cell.Val[A]) || x.m.changed(B, p.rec[B].Fields, x.cell.Val[B])
		return !unread(x) && edited && !x.agree() && (p.mayFlow(x.m, A) || p.mayFlow(x.m, B))
	})
}
