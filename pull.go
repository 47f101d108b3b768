package contactsync

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// pull reads what changed in both apps into the store. Nothing is planned unless both were read to their end.
func (r *run) pull(ctx context.Context) error {
	start := r.opts.clock.Now()
	defer func() { r.firstRead = [2]bool{} }()
	r.listed[B] = r.listAhead(ctx)
	defer func() { r.listed[B].end(); r.listed[B] = nil }()
	for _, s := range Sides {
		at := r.opts.clock.Now()
		if r.listed[s] != nil {
			at = start
		}
		err := r.pullSide(ctx, s)
		if late := r.landed(); err == nil {
			err = late
		}
		if err != nil {
			return r.of(s, "reading", err)
		}
		r.pulledAt[s] = at
		if err := r.believe(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// pullSide reads one app's feed from where the last pass ended, or its list of ids and versions.
func (r *run) pullSide(ctx context.Context, s Side) error {
	unlistable := r.cfg.schema[s].Unlistable
	if unlistable {
		if err := r.takeInbox(ctx, s); err != nil {
			return err
		}
	}
	row := &r.side[s]
	had := row.Fields
	if !containsAll(had, r.cfg.used[s]) {
		row.Cursor = "" // a cursor belongs to the fields it was got with
	}
	row.Fields = r.cfg.used[s]
	if row.Midway && row.Complete && (row.Passing || !r.cfg.schema[s].Tombstones) {
		row.Cursor = "" // the pass was to show what is gone, and what it named before is forgotten
	}
	err := r.readFeed(ctx, s)
	if errors.Is(err, connector.ErrCursorExpired) && row.Cursor != "" {
		row.Cursor = ""
		err = r.readFeed(ctx, s)
	}
	if errors.Is(err, connector.ErrNoFeed) && unlistable {
		return nil
	}
	if errors.Is(err, connector.ErrNoFeed) {
		row.Fields = had // until the list was read to its end
		return r.readList(ctx, s)
	}
	return err
}

// containsAll reports whether all names are in the list.
func containsAll(list, names []string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(list, n) })
}

// readFeed reads the pages of one pass. A page and the cursor behind it are saved together. A pass that an earlier sync began shows
// what the app held then; what came since lies behind its last cursor, and is read as well before anybody is decided.
func (r *run) readFeed(ctx context.Context, s Side) error {
	row := &r.side[s]
	row.Passing = row.Passing || row.Cursor == ""
	resumed := row.Midway && row.Cursor != ""
	seen := map[string]bool{}
	done := 0
	err := connector.Pages(ctx, r.apps[s], connector.Query{Since: row.Cursor, Fields: r.cfg.used[s]}, func(page connector.Page) error {
		if err := r.readNamed(ctx, s, page.Named); err != nil {
			return err
		}
		b := r.newBook()
		r.takePage(b, s, page, seen)
		row.Cursor, row.Midway = page.Next, page.More
		if !page.More {
			r.passed(s, row.Passing || !r.cfg.schema[s].Tombstones, page.Complete)
			full := row.Passing
			row.Complete, row.Passing = row.Complete || page.Complete, false
			if full && !row.Complete && !r.cfg.schema[s].Unlistable {
				row.Cursor = "" // whoever it left out is not there for us, and would be created: it is read from the start again
			}
			if page.Complete && !resumed {
				r.shownAll(s)
				lost, err := scanMirror(r.view, s, func(id, _ string) bool { return !seen[id] })
				for _, rekey := range page.Rekeyed { // whom the store does not know by these ids yet
					if !seen[rekey.New] {
						lost = append(lost, ref{s, rekey.New})
					}
				}
				if err == nil {
					err = r.missed(ctx, b, s, lost, len(seen) == 0)
				}
				if err != nil {
					return err
				}
			}
		}
		b.dirtyRows = append(b.dirtyRows, r.sideRow(b, s))
		done += len(page.Records) + len(page.Named)
		r.progress(PhasePull, done, 0)
		return b.commitLater(ctx)
	})
	if err == nil && resumed && row.Cursor != "" {
		return r.readFeed(ctx, s)
	}
	return err
}

// passed notes the end of a pass. One through everything that an app does not call complete, which otherwise does, was cut
// off: what it does not show may be there.
func (r *run) passed(s Side, full, complete bool) {
	r.cutOff[s] = r.cutOff[s] || full && !complete && r.side[s].Proves
	r.side[s].Proves = r.side[s].Proves || complete
}

// takePage takes one page onto the book.
func (r *run) takePage(b *book, s Side, page connector.Page, seen map[string]bool) {
	refs := make([]ref, 0, len(page.Records))
	for _, rec := range page.Records {
		refs = append(refs, ref{s, rec.ID})
	}
	for _, id := range page.Deleted {
		refs = append(refs, ref{s, id})
	}
	b.expect(s, refs, page.Records)
	for _, rekey := range page.Rekeyed {
		r.rekeyed(b, s, rekey)
	}
	for _, rec := range page.Records {
		seen[rec.ID] = true
		r.pulled(b, s, rec, false)
	}
	for _, item := range page.Named {
		seen[item.ID] = true
	}
	for _, u := range page.Unread {
		seen[u.ID] = true
		r.unreadable(b, ref{s, u.ID})
	}
	for _, id := range page.Deleted {
		delete(r.side[s].Hidden, id)
		r.vanished(b, ref{s, r.knownAs(s, id)}, deleted)
	}
}

// expect reads in few calls what taking these records will look at.
func (b *book) expect(s Side, refs []ref, records []contact.Record) {
	b.load(refs)
	var entries []string
	add := func(keys []matchKey) {
		for _, k := range keys {
			for _, side := range Sides {
				if side == s || !b.run.firstRead[side] {
					entries = append(entries, k.entry[side])
				}
			}
		}
	}
	for _, rec := range records {
		m := &mirror{side: s, Fields: rec.Fields}
		b.cfg.identify(m)
		add(m.keys)
	}
	for _, at := range refs {
		if m := b.mirrors[at]; m != nil {
			add(m.keys)
		}
	}
	b.load(b.findBearers(entries))
}

// pulled takes a record as it was read. fresh says that it was read by id, which never lags.
func (r *run) pulled(b *book, s Side, rec contact.Record, fresh bool) {
	at := ref{s, rec.ID}
	if r.setAside(b, s, &rec) {
		return
	}
	m := b.mirrorOf(at)
	if m == nil {
		m = &mirror{side: s, id: rec.ID, Seen: r.number}
		m.overlook(r.cfg, rec.Fields, false)
		m.takeFields(r.cfg, rec)
		m.Edited = r.editedAt(rec.Modified)
		if r.looking {
			m.Standing = undecided
		}
		b.putMirror(m)
		b.touch(at)
		return
	}
	if !fresh && r.stale(b, m, rec) {
		return
	}
	if m.overlook(r.cfg, rec.Fields, rec.Version != "" && rec.Version == m.version) || m.Unread {
		m.Unread = false
		b.dirtyMirrors[at] = true
		b.touch(at) // what waited until it can be read
	}
	was := m.version
	back := !m.alive() || m.Doubt != nil
	m.Gone, m.Doubt = alive, nil
	changed := m.takeFields(r.cfg, rec)
	for _, name := range changed {
		m.edited(name, r.editedAt(rec.Modified))
	}
	if fresh && was != m.version && r.cfg.schema[s].Settle > 0 {
		m.supersede(was, r.opts.clock.Now()) // the feed may show it for a while, or what came between the two
	}
	m.Others = m.Others || len(m.Untold)+len(m.Late) > 0 && was != "" && was != m.version
	r.toldLate(b, m, rec.Fields)
	if r.cfg.reused(m) {
		b.unmerge(m)
	}
	if len(changed) == 0 && !back && was == m.version {
		return // our own write's echo, or a page that came twice
	}
	b.putMirror(m)
	b.touch(at)
}

// clockError is by how much the clock of an app or of this machine may be wrong for the app's times to be believed.
const clockError = 24 * time.Hour

// editedAt returns when an edit was made, as far as an app's time can say: a time at the end of the calendar does not win
// over every later edit of the other app. One that is a little ahead is left as it is, for our own clock may be behind, and
// it is the apps' times that are compared with each other.
func (r *run) editedAt(at time.Time) time.Time {
	if now := r.opts.clock.Now(); at.After(now.Add(clockError)) {
		return now
	}
	return at
}

// vanished takes a record that is gone from its app.
func (r *run) vanished(b *book, at ref, how gone) {
	m := b.mirrorOf(at)
	if m != nil && m.Doubt != nil {
		m.Doubt = nil
		b.dirtyMirrors[at] = true
	}
	if m == nil || !m.alive() {
		return
	}
	m.Gone = how
	b.putMirror(m)
	if b.linkOf(at) == nil {
		b.dropMirror(at)
		return
	}
	b.touch(at)
}

// rekeyed takes an id that the app changed. If the new id was known, two records became one: the link of the old
// one ends, and its partner is nobody's any more, unless the new one has no partner and is about to get none by a person.
func (r *run) rekeyed(b *book, s Side, k connector.Rekey) {
	from, to := ref{s, k.Old}, ref{s, k.New}
	b.load([]ref{from, to})
	old := b.mirrorOf(from)
	if old == nil {
		r.tookIn(b.record(to), to)
		if first, ok := r.side[s].Hidden[k.Old]; ok {
			delete(r.side[s].Hidden, k.Old)
			r.side[s].Hidden[k.New] = first
		}
		r.renameForgotten(b, s, k)
		return
	}
	if known := r.knownAs(s, k.New); isForgotten(known) {
		r.lostTo(b, known, from)
		return
	}
	l, keeps, known := b.linkOf(from), r.partnerOf(b, to), b.mirrorOf(to)
	merged := known != nil && known.Seen < r.number // it was somebody before
	if !merged {
		r.tookIn(old, to)
	}
	if known == nil {
		moved := *old
		moved.id, moved.keys, moved.look, moved.indexed = k.New, nil, nil, false
		moved.version, moved.Wrote, moved.Doubt, moved.Merged = "", nil, nil, "" // versions and proposals are of an id
		b.dropMirror(from)
		b.putMirror(&moved)
	} else if !merged { // it was told before word of its new id, and is nobody new
		known.Seen = old.Seen
		b.dirtyMirrors[to] = true
	}
	switch {
	case l != nil && b.linkOf(to) == nil && (keeps == "" || keeps == l.ID[s.Other()]):
		if merged { // it inherits the link: what it never had nobody has cleared
			*l = link{key: l.key, ID: l.ID, Let: l.Let, How: linkedAnew}
		}
		l.ID[s], l.Touch[s] = k.New, ""
		b.relink(l)
	case l != nil:
		r.partIntents(b, s, l, known)
		b.dropLink(l)
		b.mergedAway(ref{s.Other(), l.ID[s.Other()]}, k.New)
	}
	if old.Merged != "" && !merged {
		b.mergedAway(to, old.Merged)
	}
	b.follow(from, to)
	b.dropMirror(from)
	b.touch(to)
	r.renameIntents(b, s, k, merged)
	r.renameRequests(b, s, k, keeps)
	b.renameJournal(s, k, merged)
}

// missed takes the records that a complete pass did not name, and confirms each by reading it, where the app can.
// empty says that the pass named none at all.
func (r *run) missed(ctx context.Context, b *book, s Side, lost []ref, empty bool) error {
	if len(lost) == 0 {
		return nil
	}
	b.load(lost)
	reader := connector.FeaturesOf(r.apps[s]).Reader
	lost = slices.DeleteFunc(lost, func(at ref) bool {
		if gone := b.mirrorOf(at); gone != nil && gone.forgotten() {
			r.unshown(b, gone)
			return true
		} else if gone != nil && !gone.alive() && gone.Doubt != nil {
			gone.Doubt = nil // what we deleted is no longer shown
			b.dirtyMirrors[at] = true
		}
		m := b.record(at)
		if m == nil || reader != nil || !r.settling(m) {
			return m == nil
		}
		r.await(b, at)
		return true // a listing that lags may not show yet what we wrote
	})
	if reader != nil && empty && len(lost) > sampled {
		// An app that turned up empty is not asked for each: if none of some is there, the guard stops the sync.
		if err := r.confirmLost(ctx, b, reader, s, lost[:sampled]); err != nil {
			return err
		}
		if !slices.ContainsFunc(lost[:sampled], func(at ref) bool { return b.record(at) != nil }) {
			reader = nil
		}
		lost = lost[sampled:]
	}
	if reader == nil {
		for _, at := range lost {
			r.vanished(b, at, missing)
		}
		return nil
	}
	return r.confirmLost(ctx, b, reader, s, lost)
}

// await notes that a linked record was not shown and need not be gone. Beside others that are, it makes an app no less empty.
func (r *run) await(b *book, at ref) {
	if b.linkOf(at) != nil {
		if r.awaited == nil {
			r.awaited = map[ref]bool{}
		}
		r.awaited[at] = true
	}
}

// sampled is how many records of an app that turned up empty are asked for one by one.
const sampled = 100

// confirmLost reads records that were not listed. Only those that the app does not know are missing.
func (r *run) confirmLost(ctx context.Context, b *book, reader connector.Reader, s Side, lost []ref) error {
	for i := 0; i < len(lost); i += r.opts.batch {
		part := lost[i:min(i+r.opts.batch, len(lost))]
		ids := make([]string, len(part))
		for i, at := range part {
			ids[i] = at.id
		}
		results, err := reader.Read(ctx, ids, r.cfg.used[s])
		if err != nil {
			return err
		}
		for i, res := range results {
			switch {
			case res.Err == nil:
				r.cutOff[s] = true // it is there, so others may be that the pass did not show
				r.pulled(b, s, res.Record, true)
			case errors.Is(res.Err, connector.ErrNotFound):
				r.vanished(b, part[i], missing)
			}
		}
	}
	return nil
}

// scanMirror returns the records of the mirror for which pick holds of id and version, in order.
func scanMirror(view func(func(ReadTx) error) error, s Side, pick func(id, version string) bool) ([]ref, error) {
	var found []ref
	err := view(func(tx ReadTx) error {
		q := Scan{Table: TableMirror, By: ByKey, Prefix: s.String(), KeysOnly: true, Limit: scanPage}
		for {
			rows, err := tx.Scan(q)
			if err != nil {
				return err
			}
			for _, row := range rows {
				if at := parseRecordKey(row.Key); pick(at.id, row.Stamp) {
					found = append(found, at)
				}
			}
			if len(rows) < scanPage {
				return nil
			}
			q.After = &rows[len(rows)-1]
		}
	})
	return found, err
}

// scanPage is how many rows a walk over everything reads at a time.
const scanPage = 4 * batchUnits

// ErrSameAccount says that both sides of a connection turned out to be one account of one app.
var ErrSameAccount = errors.New("both sides are the same account, and nothing can be synced with itself; connect another account")

// checkAccounts halts if an app is connected with another account than last time.
func (r *run) checkAccounts(ctx context.Context) error {
	for _, s := range Sides {
		id := connector.FeaturesOf(r.apps[s]).Identifier
		if id == nil {
			continue
		}
		name, err := id.Identity(ctx)
		if err != nil {
			return r.of(s, "account of", err)
		}
		was := r.side[s].Identity
		if was != "" && was != name && !r.accepted(WaitAccount) {
			r.halt(WaitAccount, s, 1)
			return nil
		}
		if was != "" && was != name { // a person has accepted another account: what was read of the last one is no guide
			r.side[s].Cursor, r.side[s].Complete, r.side[s].Passing, r.side[s].Midway = "", false, false, false
		}
		r.side[s].Identity = name
	}
	return r.checkApart(ctx)
}

// checkApart fails if both sides are one account of one app, and one kind of its records.
func (r *run) checkApart(ctx context.Context) error {
	a, b := r.cfg.A, r.cfg.B
	if a.App == "" || a.App != b.App || r.side[A].Identity == "" || r.side[A].Identity != r.side[B].Identity {
		return nil
	}
	kinds := [2]string{a.Kind, b.Kind}
	if a.Kind != b.Kind { // one may be named in several ways: by what it is called, by its address, or not at all
		for _, s := range Sides {
			opened, err := r.openedKind(ctx, s)
			if err != nil {
				return err
			}
			kinds[s] = cmp.Or(opened, kinds[s])
		}
	}
	if kinds[A] == kinds[B] {
		return ErrSameAccount
	}
	return nil
}

// accepted reports whether a person has accepted a halt of this kind.
func (r *run) accepted(kind string) bool { return r.consents["halt "+kind].Consented }

// halt stops the sync until its cause ends, or a person accepts it.
func (r *run) halt(kind string, s Side, n int) {
	r.gate.halt, r.gate.side = kind, s
	r.report.Waiting = append(r.report.Waiting, Waiting{Reason: kind, Side: s, Count: n, Run: r.number})
}

// judge asks the guards about the totals.
func (r *run) judge(t *tally) {
	accept := map[string]bool{}
	for _, kind := range []string{WaitEmpty, WaitChanged} {
		accept[kind] = r.accepted(kind)
	}
	r.gate = r.cfg.Guard.guard(*t, accept)
	if r.gate.halt != "" {
		n := max(t.unshown(r.gate.side), t.changed[r.gate.side])
		r.halt(r.gate.halt, r.gate.side, n)
		return
	}
	for _, w := range []struct {
		held bool
		kind string
		n    int
	}{{r.gate.deletes, WaitDeletions, t.deletes}, {r.gate.clears, WaitClears, t.clears}, {r.gate.creates, WaitCreates, t.creates}} {
		if w.held {
			r.report.Waiting = append(r.report.Waiting, Waiting{Reason: w.kind, Count: w.n, Run: r.number})
		}
	}
}

// countLinked counts the linked pairs, whom of them an app may show later, and what was deleted and cleared without consent in the
// last 24 hours, be it that this sync has only now learned of it.
func (r *run) countLinked(t *tally) error {
	t.deleted, t.cleared = r.report.Deletes, r.report.Clears
	for at := range r.awaited {
		t.awaited[at.side]++
	}
	for _, past := range r.row.Removed {
		if r.now.Sub(past.At) < guardWindow {
			t.deleted += past.Deletes
			t.cleared += past.Clears
		}
	}
	return r.view(func(tx ReadTx) error {
		all, err := tx.Count(Scan{Table: TableLink, By: ByKey})
		if err != nil {
			return err
		}
		survivors, err := tx.Count(Scan{Table: TableLink, By: linkStatus, Prefix: StatusDeleted})
		if err != nil {
			return err
		}
		t.linked = all - survivors
		return nil
	})
}

// countLeft counts the linked records whose other half is gone, where an app may have turned up empty: it is not if it shows
// one of them.
func (r *run) countLeft(t *tally) error {
	if max(t.unshown(A), t.unshown(B)) < emptyFloor {
		return nil
	}
	count := func(row Row) (bool, error) {
		l, err := parseLink(row)
		for _, s := range Sides {
			if err == nil && !l.Gone[s] {
				t.left[s]++
			}
		}
		return false, err
	}
	return r.view(func(tx ReadTx) error {
		t.left = [2]int{}
		_, _, err := scanPlaces(tx, []place{{table: TableLink, by: linkStatus, prefix: StatusDeleted, pick: count}}, "", 1)
		return err
	})
}
