package contactsync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// An Explanation says how one record stands, and why.
type Explanation struct {
	Side   Side          `json:"side"`
	ID     string        `json:"id"`
	Gone   bool          `json:"gone,omitempty"` // its app has it no more
	Status RecordStatus  `json:"status"`
	Link   *LinkStory    `json:"link,omitempty"` // nil: it has no counterpart
	Rules  []RuleVerdict `json:"rules"`          // of its own side, then those of its counterpart's
	Awaits []Awaited     `json:"awaits,omitempty"`
	// Next is what a sync would write to the pair as things stand, with what is held left out.
	Next []PlannedWrite `json:"next,omitempty"`
}

// A LinkStory says how two records came to be a pair.
type LinkStory struct {
	With string    `json:"with"`           // the counterpart's id
	Gone bool      `json:"gone,omitempty"` // the counterpart was deleted
	How  string    `json:"how"`            // in words: by which key, by a person, or which was created from which
	Run  int64     `json:"run,omitempty"`  // the run that made it
	At   time.Time `json:"at,omitzero"`    // when that began
}

// Awaited is something that a record waits for.
type Awaited struct {
	What string `json:"what"` // in words
	Do   string `json:"do"`   // what a person can do about it
}

// Explain says how a record stands and why: what it is linked with and how that came about, which rules let it through
// or not and by which part of their filter, what waits and for what. It looks at what is stored, and asks the planner
// again about the present; no app is read but for its schema. It fails with [ErrNotKnown] of a record that the
// connection does not know, and with [ErrReadOnly] in a handle without connectors.
func (s *Syncer) Explain(ctx context.Context, side Side, id string) (*Explanation, error) {
	r, b, err := s.looking(ctx)
	if err != nil {
		return nil, err
	}
	at := ref{side, id}
	m := b.mirrorOf(at)
	l := b.linkOf(at)
	if m == nil && l == nil && b.err == nil {
		return nil, fmt.Errorf("explain: %w: %s in %s", ErrNotKnown, id, side)
	}
	out := &Explanation{Side: side, ID: id, Gone: !m.alive()}
	if l != nil {
		out.Status = l.recordStatus(r.cfg.names)
		if out.Link, err = r.story(l, side); err != nil {
			return nil, err
		}
	} else {
		out.Status = m.recordStatus(r.cfg.names)
	}
	for _, x := range []Side{side, side.Other()} {
		rec := b.mirrorOf(at)
		if x != side {
			if l == nil {
				continue
			}
			rec = b.mirrorOf(ref{x, l.ID[x]})
		}
		if rec.alive() {
			out.Rules = append(out.Rules, r.cfg.verdicts(x, rec, r.now)...)
		}
	}
	if out.Awaits, err = r.awaits(b, at, l, out.Status); err != nil {
		return nil, err
	}
	out.Next = r.next(b, at, out.Status)
	return out, b.err
}

// looking returns a run that decides on what is stored and carries nothing out, and its book, which is dropped.
func (s *Syncer) looking(ctx context.Context) (*run, *book, error) {
	if s.apps[A] == nil || s.apps[B] == nil {
		return nil, nil, ErrReadOnly
	}
	s.mu.Lock()
	doc, last := s.doc, s.last
	s.mu.Unlock()
	cfg, err := s.compile(ctx, doc, last)
	if err != nil {
		return nil, nil, err
	}
	r := &run{Syncer: s, cfg: cfg, scope: scopeOf(doc), open: map[ref]bool{}, tries: map[ref]int{}, heldNow: map[string]bool{}, now: s.opts.clock.Now()}
	if err := r.readLife(); err != nil && !errors.Is(err, ErrPaused) {
		return nil, nil, err
	}
	pending, err := r.readIntents()
	for _, p := range pending {
		r.openIntent(p.intentRow, p.ID)
	}
	return r, r.newBook(), err
}

// story tells how a pair came about.
func (r *run) story(l *link, side Side) (*LinkStory, error) {
	other := side.Other()
	out := &LinkStory{With: l.ID[other], Gone: l.Gone[other], Run: runOf(l.key)}
	switch l.How {
	case "":
		out.How = "created by us"
	case linkedByPerson:
		out.How = "a person linked them"
	case linkedAlike:
		out.How = "they are alike, and the connection links whom it is sure of"
	case linkedAnew:
		out.How = "one of them took the place of a record that is gone and had the same key"
	case linkedByApp:
		out.How = "the app answered a creation with the record that it had already"
	default:
		out.How = "both had the same " + strings.ReplaceAll(l.How, "_", " and ")
	}
	if l.Since != 0 {
		out.Run = l.Since
	}
	var run runRow
	err := r.view(func(tx ReadTx) error {
		rows, err := tx.Find(TableJournal, int(side), l.ID[side])
		for _, row := range rows {
			e, err := parseEntry(row)
			if err != nil {
				return err
			}
			if l.How == "" && e.Op == "create" && e.wrote() && e.IDs == l.ID {
				out.How = fmt.Sprintf("%s %s was created from %s %s", r.cfg.names[e.Side], e.ID(), r.cfg.names[e.Side.Other()], e.IDs[e.Side.Other()])
				out.Run = e.run()
			}
		}
		if err == nil {
			err = getRow(tx, TableRun, runKey(out.Run), &run)
		}
		return err
	})
	out.At = run.Started
	return out, err
}

// ID returns the id of the record that was written.
func (e *entry) ID() string { return e.IDs[e.Side] }

// atRest reports whether nothing is awaited of a record: it is in sync, a survivor, or let through by no rule.
func (st *RecordStatus) atRest() bool {
	switch st.Status {
	case StatusInSync, StatusDeleted:
		return true
	}
	return st.Status == StatusExcluded && st.Reason != ReasonNoKey // a key is all that such a one lacks
}

// awaits gathers what a record waits for.
func (r *run) awaits(b *book, at ref, l *link, st RecordStatus) (all []Awaited, err error) {
	if r.row.State == StatePaused {
		all = append(all, Awaited{"the connection is paused", "resume it"})
	}
	names := r.names(r.document())
	for _, w := range r.row.Waiting {
		if w.Halts() {
			all = append(all, Awaited{w.TextFor(names), "see to the cause, or confirm"})
		}
	}
	if st.Do != "" && !st.atRest() {
		all = append(all, Awaited{st.Message, st.Do})
	}
	if l != nil {
		for _, id := range sortedKeys(l.Held) {
			h := l.Held[id]
			do := fmt.Sprintf("resolve it: take the value of %s, of %s, or another one", names[A], names[B])
			if h.decided() {
				do = "nothing: a person has decided it, and the next sync carries that out"
			}
			all = append(all, Awaited{fmt.Sprintf("mapping %s: %s holds %s, %s holds %s, and both were edited", id, names[A], listOf(h.Seen[A]), names[B], listOf(h.Seen[B])), do})
		}
	}
	for _, key := range sortedKeys(r.requests) {
		h := r.requests[key]
		if h.IDs[at.side] == at.id && (h.Kind != holdSeparated || l != nil && l.ID == h.IDs) {
			all = append(all, Awaited{"a person's decision (" + h.Kind + ") is not carried out yet", "sync"})
		}
	}
	m := b.mirrorOf(at)
	if m.alive() && m.Unread {
		all = append(all, Awaited{"it is in " + names[at.side] + " and could not be read last time; it stays as it was read before", "mend it there"})
	}
	if m.alive() && m.due.After(r.now) {
		all = append(all, Awaited{"a rule looks at the clock", "nothing: it is looked at again at " + m.due.UTC().Format(time.RFC3339)})
	}
	return all, nil
}

// listOf returns values for a person to read.
func listOf(values []contact.Value) string {
	var texts []string
	for _, v := range values {
		if v.Blank() {
			texts = append(texts, "nothing")
		} else {
			texts = append(texts, fmt.Sprintf("%q", v.String()))
		}
	}
	return strings.Join(texts, ", ")
}

// next returns what the planner would write to the unit of a record now. What a guard holds it holds still.
func (r *run) next(b *book, at ref, st RecordStatus) []PlannedWrite {
	pl := &planner{cfg: r.cfg, dir: b, now: r.now, consent: r.consented, gate: gate{
		deletes: st.Reason == ReasonDeleteHeld, clears: st.Reason == ReasonClearHeld, creates: st.Reason == ReasonCreateHeld}}
	var plan Plan
	r.settleLate(b, at)
	if m := pl.decide(at); m != nil {
		for _, w := range m.writes {
			plan.add(w, r.cfg)
		}
	}
	return plan.Writes
}

// Origin says where a value comes from.
type Origin string

// The origins of a value.
const (
	OriginWritten Origin = "written" // a run wrote it, and it stands since
	OriginUser    Origin = "user"    // it was read, and no run has written it: it is the app's user's
	OriginEdited  Origin = "edited"  // a run wrote the field once, and the app's user has changed it since
)

// A FieldExplanation says why a field of a record holds what it holds.
type FieldExplanation struct {
	Side   Side          `json:"side"`
	ID     string        `json:"id"`
	Field  string        `json:"field"`
	Value  contact.Value `json:"value,omitzero"` // as last read
	Origin Origin        `json:"origin"`
	// Wrote is the last write of the field, with what was there before; nil if there was none.
	Wrote *HistoryEntry `json:"wrote,omitempty"`
	// Why names the mapping or rule of that write, what decided, and what the other user lost by it.
	Why Why `json:"why,omitzero"`
	// From is what it was made from: what the other side held when it was settled, or what the rule's action says.
	From   []contact.Value `json:"from,omitempty"`
	Policy string          `json:"policy,omitempty"` // of the mapping, in words
	Others []Counterpart   `json:"others,omitempty"` // one for each mapping that looks at the field
	Next   []PlannedWrite  `json:"next,omitempty"`   // what the next sync would write to it
}

// Counterpart is what a mapping shows of a field and of its counterparts.
type Counterpart struct {
	Mapping string          `json:"mapping"`
	Fields  []string        `json:"fields"`            // of the other side
	Values  []contact.Value `json:"values"`            // what they show
	Differs string          `json:"differs,omitempty"` // why the two sides do not mean the same, in words; "" if they do
}

// ExplainField says why a field of a record holds what it holds: which run, rule, mapping and policy put the value
// there, what was there before and who lost; or that nobody did but the app's user; and where the two sides differ, why
// that is so. It fails as [Syncer.Explain] does, and for a field that the connection does not look at.
func (s *Syncer) ExplainField(ctx context.Context, side Side, id, field string) (*FieldExplanation, error) {
	r, b, err := s.looking(ctx)
	if err != nil {
		return nil, err
	}
	at := ref{side, id}
	m := b.mirrorOf(at)
	switch {
	case b.err != nil:
		return nil, b.err
	case !m.alive():
		return nil, fmt.Errorf("explain: %w: %s in %s", ErrNotKnown, id, side)
	case !slices.Contains(r.cfg.used[side], field):
		return nil, fmt.Errorf("explain: the connection does not look at field %q of %s, but at %s", field, side, strings.Join(r.cfg.used[side], ", "))
	}
	out := &FieldExplanation{Side: side, ID: id, Field: field, Value: m.Fields[field], Origin: OriginUser}
	if err := r.findWrite(out); err != nil {
		return nil, err
	}
	l := b.linkOf(at)
	r.nameMaker(out, l)
	if l == nil {
		return out, b.err
	}
	out.Others = r.others(b, l, side, field)
	for _, w := range r.next(b, at, l.recordStatus(r.cfg.names)) {
		if _, ok := w.After[field]; ok && w.Side == side && w.Op == "update" {
			out.Next = append(out.Next, w)
		}
	}
	return out, b.err
}

// findWrite finds the last write of the field, and whether it still stands.
func (r *run) findWrite(out *FieldExplanation) error {
	var rows []Row
	err := r.view(func(tx ReadTx) (err error) {
		rows, err = tx.Find(TableJournal, int(out.Side), out.ID)
		return err
	})
	f, _ := r.cfg.schema[out.Side].Field(out.Field)
	for _, row := range slices.Backward(rows) {
		e, err := parseEntry(row)
		if err != nil {
			return err
		}
		v, wrote := e.After[out.Field]
		if !e.wrote() || e.Side != out.Side || !wrote {
			continue
		}
		h := e.public()
		out.Wrote, out.Origin = &h, OriginEdited
		if f.Same(v, out.Value, r.cfg.Match.Region) {
			out.Origin, out.Why = OriginWritten, h.Reason(out.Field)
		}
		return nil
	}
	return err
}

// nameMaker names the mapping of a written value, its policy, and what the value was made from.
func (r *run) nameMaker(out *FieldExplanation, l *link) {
	if out.Origin != OriginWritten || out.Wrote.TakesBack != 0 {
		return
	}
	if out.Why.Rule != "" {
		for _, m := range r.cfg.members {
			for _, a := range m.actions {
				if m.rules[0].id == out.Why.Rule && a.Field == out.Field && m.from == out.Side.Other() {
					out.From = append(out.From, a.goal())
				}
			}
		}
		return
	}
	for _, m := range r.cfg.mappings {
		if out.Why.Mapping != "" && out.Why.Mapping != m.id || !slices.Contains(selected(m, out.Side), out.Field) || !m.flow[out.Side.Other()] {
			continue
		}
		out.Why.Mapping, out.Policy = m.id, m.policy.words(r.cfg.names)
		if l != nil {
			out.From = l.settledOn(m, out.Side.Other())
		}
		return
	}
}

// others returns what the mappings of a field show of the other half, and why that differs.
func (r *run) others(b *book, l *link, side Side, field string) (all []Counterpart) {
	p := pairing{cfg: r.cfg, now: r.now, link: l, consent: r.consented}
	for _, s := range Sides {
		if p.rec[s] = b.record(ref{s, l.ID[s]}); p.rec[s] == nil {
			return nil
		}
	}
	p.flows()
	for _, m := range r.cfg.mappings {
		if !slices.Contains(selected(m, side), field) {
			continue
		}
		o := Counterpart{Mapping: m.id, Differs: p.differs(m)}
		for _, sel := range m.sel[side.Other()] {
			o.Fields = append(o.Fields, sel.String())
		}
		o.Values = m.get(nil, side.Other(), p.rec[side.Other()].Fields, l.settledOn(m, side.Other()))
		all = append(all, o)
	}
	return all
}
