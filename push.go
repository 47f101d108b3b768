package contactsync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// send carries out writes, those of one operation and side together.
func (r *run) send(ctx context.Context, b *book, writes []*write) error {
	for len(writes) > 0 {
		first := writes[0]
		n := slices.IndexFunc(writes, func(w *write) bool { return w.op != first.op || w.side != first.side })
		if n < 0 {
			n = len(writes)
		}
		for part := range slices.Chunk(writes[:n], r.atOnce(first)) {
			if err := r.sendGroup(ctx, b, part); err != nil {
				return err
			}
		}
		writes = writes[n:]
	}
	return nil
}

// atOnce returns how many writes are sent together: as many as the app takes in the calls that it allows at a time.
func (r *run) atOnce(w *write) int {
	schema := r.cfg.schema[w.side]
	size := map[connector.Op]int{connector.Create: schema.Batch.Create, connector.Update: schema.Batch.Update, connector.Delete: schema.Batch.Delete}[w.op]
	return min(max(size, 1)*max(min(schema.Parallel, r.opts.concurrency), 1), r.opts.batch)
}

// sendGroup carries out writes of one side and operation. It does nothing if nothing more is sent to that side:
// what is not sent stays undecided, and the next sync decides it again.
func (r *run) sendGroup(ctx context.Context, b *book, writes []*write) error {
	s, op := writes[0].side, writes[0].op
	if r.sideErr[s] != nil {
		r.undecided(b, writes)
		return nil
	}
	writes = slices.DeleteFunc(slices.Clone(writes), func(w *write) bool { return r.overtaken(b, w) })
	if len(writes) == 0 {
		return nil
	}
	writes, err := r.refresh(ctx, b, writes)
	if err != nil || len(writes) == 0 {
		return err
	}
	asked := writes
	if writes, err = r.lookFirst(ctx, b, asked); err != nil {
		r.sideErr[s] = r.of(s, "", err)
		r.undecided(b, asked)
		return ctx.Err()
	}
	if len(writes) == 0 {
		return nil
	}
	note := &intentRow{Side: s, Op: op, Run: r.number, At: r.opts.clock.Now(), key: r.nextKey()}
	calls := make([]connector.Write, len(writes))
	for i, w := range writes {
		calls[i] = connector.Write{Op: op, ID: w.id, Version: w.version, Patch: w.patch}
		if op == connector.Create {
			calls[i] = r.creation(b, w)
		}
		note.Writes = append(note.Writes, w.intent(calls[i].Marker))
	}
	// One transaction saves what was decided until now, what the calls before this one did, and what this one is
	// about to do.
	b.dirtyRows = append(b.dirtyRows, note.row())
	if err := b.commit(ctx); err != nil {
		return err
	}
	apply := r.apps[s].Apply
	if u := r.upserter(s); u != nil && op == connector.Create {
		apply = u.Upsert
	}
	results, err := apply(ctx, calls)
	if err == nil && len(results) != len(calls) {
		err = fmt.Errorf("%w: %d results for %d writes", connector.ErrContract, len(results), len(calls))
	}
	if err != nil {
		results = make([]connector.Result, len(calls))
		for i := range results {
			results[i].Err = err
		}
	}
	if err := r.answered(ctx, b, note, writes, results); err != nil {
		return err
	}
	return errors.Join(b.err, ctx.Err())
}

func (w *write) intent(marker string) intent {
	return intent{ID: w.id, Link: w.link.key, Patch: w.patch, Before: w.before, Settle: w.settle, Marker: marker, Why: w.why, Clears: w.clears,
		Kept: w.kept, Moved: w.moved, Since: w.since, Back: w.back.key(), Clean: w.back != nil && w.back.clean}
}

// key returns the key of the row that is taken back, "" for none.
func (k *back) key() string {
	if k == nil {
		return ""
	}
	return k.row
}

// nextKey names the next intent or journal entry of this run.
func (r *run) nextKey() string {
	r.seq++
	return runKey(r.number) + " " + padded(int64(r.seq), 8)
}

// answered takes the results onto the book, and keeps the intents of writes whose outcome is unknown. They are
// committed together with what comes next.
func (r *run) answered(ctx context.Context, b *book, note *intentRow, writes []*write, results []connector.Result) error {
	now := r.opts.clock.Now()
	b.expectAnswers(writes, results)
	var unknown []intent
	var again []*write
	for i, w := range writes {
		res := results[i]
		err := res.Err
		r.observe(w, err)
		w.was = w.link.bodyBefore(r.number)
		if w.back != nil {
			w.back.done = true
		}
		repeated := r.repeated(w)
		if err == nil || connector.Known(err) && !notNow(err) {
			r.answeredAgain(b, w)
		}
		switch {
		case err == nil && w.op == connector.Create && r.upserter(w.side) != nil && b.partnered(ref{w.side, res.Record.ID}):
			r.foldedIn(b, w, res)
			r.wrote = true
		case err == nil && w.op == connector.Create && r.upserter(w.side) == nil && b.linkOf(ref{w.side, res.Record.ID}) != nil:
			r.fail(b, w, ReasonRejected, fmt.Errorf("%w: it answered a creation with a record that has a partner", connector.ErrContract))
		case err == nil, w.op == connector.Delete && errors.Is(err, connector.ErrNotFound):
			before := b.mirrorFields(w)
			r.applied(b, w, res, now)
			r.wrote = true
			r.journal(b, w, before, res, nil)
		case w.back != nil && connector.Known(err):
			r.leave(b, w, err)
		case errors.Is(err, connector.ErrVersionConflict):
			again = append(again, w)
		case !connector.Known(err):
			unknown = append(unknown, note.Writes[i])
			r.leaveOpen(w)
			r.openIntent(note, w.id)
			r.unanswered(b, w)
		default:
			if repeated != nil && notNow(err) {
				r.stillOpen(b, repeated)
			}
			r.refused(b, w, err)
		}
	}
	if len(unknown) == 0 {
		b.deleteRows = append(b.deleteRows, Row{Table: TableIntent, Key: note.key})
	} else {
		note.Writes = unknown
		b.dirtyRows = append(b.dirtyRows, note.row())
	}
	return r.readAgain(ctx, b, again)
}

// observe tells the host's observer of one write.
func (r *run) observe(w *write, err error) {
	if r.opts.observer == nil {
		return
	}
	outcome := Written
	switch {
	case err == nil:
	case errors.Is(err, connector.ErrVersionConflict):
		outcome = Overtaken
	case !connector.Known(err):
		outcome = Unanswered
	default:
		outcome = Refused
	}
	r.opts.observer(Event{Scope: r.scope, Run: r.number, Side: w.side, Op: string(w.op), ID: w.link.ID[w.side], Outcome: outcome, Err: err})
}

// expectAnswers reads in one call what the answers are about to be compared with.
func (b *book) expectAnswers(writes []*write, results []connector.Result) {
	var refs []ref
	for i, w := range writes {
		if id := results[i].Record.ID; id != "" {
			refs = append(refs, ref{w.side, id})
		}
	}
	b.load(refs)
}

// mirrorFields returns what the mirror holds of a write's target before its answer is taken.
func (b *book) mirrorFields(w *write) contact.Fields {
	if w.op == connector.Create {
		return nil
	}
	if m := b.mirrorOf(ref{w.side, w.id}); m != nil {
		return m.Fields
	}
	return w.before
}

// openIntent notes that an unanswered write concerns a record: its target, or the source of a creation.
func (r *run) openIntent(note *intentRow, id string) { r.open[note.about(id)] = true }

// about returns the record that a note names by its id.
func (n *intentRow) about(id string) ref {
	if n.Op == connector.Create {
		return ref{n.Side.Other(), id}
	}
	return ref{n.Side, id}
}

// unanswered shows a pair or record whose write was not answered.
func (r *run) unanswered(b *book, w *write) {
	st := standing{StatusPending, ReasonUnknownOutcome, "the write was sent and not answered; the app is looked at before it is tried again"}
	r.stand(b, w, st, "")
}

// stand puts a standing on what a write is about, and makes it due for the next sync.
func (r *run) stand(b *book, w *write, st standing, refused string) {
	if w.op == connector.Create {
		source := b.mirrorOf(ref{w.side.Other(), w.id})
		if source == nil {
			return
		}
		source.Standing, source.Refused = st, refused
		b.decided(source.ref(), r.retryAt(b, source.ref(), st))
		b.dirtyMirrors[source.ref()] = true
		return
	}
	if w.back != nil && b.linkOf(ref{w.side, w.id}) != w.link {
		return // it is no pair any more
	}
	w.link.Standing, w.link.Refused = st, refused
	b.putLink(w.link)
	for _, s := range Sides {
		b.decided(ref{s, w.link.ID[s]}, r.retryAt(b, ref{s, w.link.ID[s]}, st))
	}
}

// retryAt returns when to look again at what stands so: what was refused waits for an edit, or for the time that a rule
// names; all else is due.
func (r *run) retryAt(b *book, at ref, st standing) time.Time {
	m := b.record(at)
	if st.Status != StatusFailed || m == nil {
		return dueNow
	}
	return r.cfg.until(at.side, m, r.now)
}

// refused takes an error that says for certain that the write was not carried out.
func (r *run) refused(b *book, w *write, err error) {
	s := w.side
	switch {
	case errors.Is(err, connector.ErrNotFound):
		b.lost(ref{s, w.id})
	case errors.Is(err, connector.ErrInvalid):
		r.fail(b, w, ReasonRejected, err)
	case errors.Is(err, connector.ErrForbidden):
		r.fail(b, w, ReasonForbidden, err)
	case errors.Is(err, connector.ErrAlreadyExists):
		r.exists(b, w, err)
	default: // the app cannot be written to at present
		if r.sideErr[s] == nil {
			r.sideErr[s] = r.of(s, "", err)
		}
		r.stand(b, w, standing{StatusPending, ReasonSettling, "the app could not be written to; the next sync tries again"}, "")
	}
}

// notNow reports whether an error says no more than that the app cannot be written to at present: it has not looked at the write.
func notNow(err error) bool {
	return slices.ContainsFunc([]error{connector.ErrRateLimited, connector.ErrQuota, connector.ErrUnauthorized, connector.ErrUnavailable,
		connector.ErrNotSent}, func(known error) bool { return errors.Is(err, known) })
}

// exists takes the answer that another record has a value which no two may have. A creation is linked with that
// record, if the app names it and nobody else is, nor may be by a creation without an answer; all else is tried again by
// the next sync, for the other record may give the value free.
func (r *run) exists(b *book, w *write, err error) {
	at := ref{w.side, connector.ExistingID(err)}
	source := ref{w.side.Other(), w.link.ID[w.side.Other()]}
	if w.op == connector.Create && at.id != "" && b.record(at) != nil && free(b, b.record(at)) && !b.open(at) && !b.separated(pairIDs(at, source)) {
		l := &link{How: linkedByApp}
		if old := b.linkOf(at); old != nil {
			l.key = old.key
		}
		l.ID[at.side], l.ID[source.side] = at.id, source.id
		r.takeOver(b, l)
		b.relink(l)
		b.touch(at)
		b.touch(source)
		return
	}
	r.stand(b, w, standing{StatusFailed, ReasonRejected, appWords(err)}, "")
	for _, side := range Sides {
		b.decided(ref{side, w.link.ID[side]}, dueNow)
	}
	r.journal(b, w, nil, connector.Result{}, err)
	r.blocked = append(r.blocked, source)
}

// appWords returns what an app said of a write that it refused.
func appWords(err error) string {
	var app *connector.Error
	if errors.As(err, &app) && app.Message != "" {
		return app.Message
	}
	return err.Error()
}

// fail shows a write that the app refused. It is tried again when one of its records or the configuration changes.
func (r *run) fail(b *book, w *write, reason string, err error) {
	var rec [2]*mirror
	for _, s := range Sides {
		rec[s] = b.record(ref{s, w.link.ID[s]})
	}
	r.stand(b, w, standing{StatusFailed, reason, appWords(err)}, fingerprint(r.cfg, w.side, rec, w.patch))
	r.journal(b, w, nil, connector.Result{}, err)
}

// undecided leaves writes for the next sync.
func (r *run) undecided(b *book, writes []*write) {
	for _, w := range writes {
		r.stand(b, w, standing{StatusPending, ReasonSettling, "the app could not be written to; the next sync tries again"}, "")
	}
}

// readAgain reads records whose write was refused because they had changed. They are decided again, once; then in
// the next sync.
func (r *run) readAgain(ctx context.Context, b *book, writes []*write) error {
	for _, side := range Sides {
		var refs []ref
		for _, w := range writes {
			at := ref{w.side, w.id}
			if w.side != side {
				continue
			}
			r.tries[at]++
			if r.overtaken(b, w) {
				continue
			}
			refs = append(refs, at)
		}
		if err := r.reread(ctx, b, side, refs); err != nil {
			return err
		}
	}
	return nil
}

// overtaken reports whether a write was refused twice in this sync because its record had changed, or once where the app cannot
// read it again by its id. It is left to the next one.
func (r *run) overtaken(b *book, w *write) bool {
	tries, enough := r.tries[ref{w.side, w.id}], 2
	if connector.FeaturesOf(r.apps[w.side]).Reader == nil {
		enough = 1
	}
	if w.op == connector.Create || tries < enough {
		return false
	}
	r.stand(b, w, standing{StatusPending, ReasonSettling, "it was changed while it was written; the next sync tries again"}, "")
	return true
}

// reread reads records by id, where the app can, and makes what changed due.
func (r *run) reread(ctx context.Context, b *book, s Side, refs []ref) error {
	reader := connector.FeaturesOf(r.apps[s]).Reader
	if len(refs) == 0 || reader == nil {
		return nil
	}
	ids := make([]string, len(refs))
	for i, at := range refs {
		ids[i] = at.id
	}
	results, err := reader.Read(ctx, ids, r.cfg.used[s])
	if err != nil {
		return r.of(s, "reading", err)
	}
	for i, res := range results {
		switch {
		case res.Err == nil:
			r.pulled(b, s, res.Record, true)
			b.touch(refs[i])
		case errors.Is(res.Err, connector.ErrNotFound):
			b.lost(refs[i])
		}
	}
	return nil
}

// lost notes that an app no longer knows a record that it had when it was read. What follows from that is decided by
// the next sync, where the guards count it.
func (b *book) lost(at ref) {
	if m := b.mirrorOf(at); m.alive() {
		m.Gone, m.due = missing, dueNow
		b.dirtyMirrors[at] = true
		delete(b.due, at)
	}
}

// refresh reads records again that are about to be overwritten in an app without versions, if they were read long
// ago: a write there is not conditional, so an edit since would be lost unseen. Those that did change are due.
func (r *run) refresh(ctx context.Context, b *book, writes []*write) ([]*write, error) {
	s, op := writes[0].side, writes[0].op
	old := r.opts.clock.Now().Sub(r.pulledAt[s]) > r.opts.fresh
	if r.cfg.schema[s].Versions || op == connector.Create || !old {
		return writes, nil
	}
	var refs []ref
	before := map[string]contact.Fields{}
	for _, w := range writes {
		refs = append(refs, ref{s, w.id})
		before[w.id] = b.mirrorFields(w)
	}
	if err := r.reread(ctx, b, s, refs); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(writes, func(w *write) bool {
		now := b.record(ref{s, w.id})
		return now == nil || now.Fields.Digest() != before[w.id].Digest() || len(patchesUnseen(now, w.patch)) > 0
	}), nil
}

// journal notes a write: what was there, what is there now, and why.
func (r *run) journal(b *book, w *write, before contact.Fields, res connector.Result, err error) {
	j := journalRow{At: r.opts.clock.Now(), Side: w.side, Op: w.op, Why: w.why, IDs: w.link.ID, Found: res.Found, Was: w.was, Back: w.back.key()}
	version := ""
	if err != nil {
		j.Refused, j.Was = err.Error(), nil
	} else {
		j.Before, j.After = contact.Fields{}, contact.Fields{}
		after := b.mirrorOf(ref{w.side, w.link.ID[w.side]})
		// A record that was found to be there may show what its user has done with it since it was made.
		own := !res.Found && ofWrite(res)
		for _, name := range w.patch.Names() {
			if v := before[name]; !v.Absent() {
				j.Before[name] = v
			}
			if after == nil {
				continue
			}
			f, _ := r.cfg.schema[w.side].Field(name)
			j.After[name] = ours(f, w.patch[name], before[name], after.Fields[name], own, r.cfg.Match.Region)
			if sent := w.patch[name].Apply(before[name], f); !f.Same(sent, after.Fields[name], r.cfg.Match.Region) {
				j.Altered = append(j.Altered, name)
			}
		}
		for _, name := range r.leftFromFirst(w, after) {
			j.After[name] = w.earlier.patch[name].Set
		}
		if w.op == connector.Delete {
			j.Before = w.before
		} else if after != nil && !res.Found {
			version = cmp.Or(res.Wrote, after.version)
		}
	}
	j.stamp = w.version + "\x00" + version
	b.dirtyRows = append(b.dirtyRows, j.row(r.nextKey()))
}
