package contactsync

import (
	"context"
	"maps"
	"slices"

	"github.com/contactsync/contactsync/connector"
)

// A record that is there and cannot be read counts as present. One that could never be read is hidden: nothing is known of it
// but its id. It may be what a creation without an answer has made.

// hiddenMax is how many hidden records are kept of an app, so that one in which nothing can be read fills no row.
const hiddenMax = 1000

// unreadable notes a record that is there and cannot be read. What the mirror has of it may be old.
func (r *run) unreadable(b *book, at ref) {
	r.report.Unread++
	m := b.mirrorOf(at)
	switch {
	case m == nil:
		r.hide(at)
	case !m.Unread:
		m.Unread = true
		b.dirtyMirrors[at] = true
	}
}

// hide notes a record that could never be read, with the sync that was first told of it.
func (r *run) hide(at ref) {
	row := &r.side[at.side]
	_, known := row.Hidden[at.id]
	if !known && len(row.Hidden) >= hiddenMax || isForgotten(r.knownAs(at.side, at.id)) {
		return
	}
	if r.hidden[at.side] == nil {
		r.hidden[at.side] = map[string]bool{}
	}
	r.hidden[at.side][at.id] = true
	if known {
		return
	}
	if row.Hidden == nil {
		row.Hidden = map[string]int64{}
	}
	row.Hidden[at.id] = r.number
}

// shownAll ends a pass that named everything: who was not told as hidden by it is gone, or was read.
func (r *run) shownAll(s Side) {
	maps.DeleteFunc(r.side[s].Hidden, func(id string, _ int64) bool { return !r.hidden[s][id] })
}

// sideRow is the row of an app as a whole. Who was read since is hidden no more.
func (r *run) sideRow(b *book, s Side) Row {
	row := &r.side[s]
	refs := make([]ref, 0, len(row.Hidden))
	for _, id := range sortedKeys(row.Hidden) {
		refs = append(refs, ref{s, id})
	}
	b.load(refs)
	maps.DeleteFunc(row.Hidden, func(id string, _ int64) bool { return b.mirrorOf(ref{s, id}) != nil })
	return Row{Table: TableSide, Key: s.String(), Body: marshal(row)}
}

// mayHide reports whether a hidden record may be what an unanswered creation made: the app told of it after that was sent.
func (r *run) mayHide(b *book, p *pendingIntent) bool {
	return len(r.hiddenSince(b, p.Side, p.since())) > 0
}

// hiddenSince returns the hidden records of a side that were first told of after that sync, sorted.
func (r *run) hiddenSince(b *book, s Side, since int64) (ids []string) {
	for id, first := range r.side[s].Hidden {
		if first > since && b.mirrorOf(ref{s, id}) == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// readHidden reads the hidden records that unanswered creations may have made by their ids, where the app can, and returns whom
// it could read. A feed may not tell of them again.
func (r *run) readHidden(ctx context.Context, b *book, creates []*pendingIntent) (found []ref, err error) {
	for _, s := range Sides {
		var ids []string
		for _, p := range creates {
			if p.Side == s && !p.done {
				ids = append(ids, r.hiddenSince(b, s, p.since())...)
			}
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		read, err := r.readThere(ctx, b, s, ids)
		if err != nil {
			return nil, err
		}
		if len(read) > 0 {
			found = append(found, read...)
			b.dirtyRows = append(b.dirtyRows, r.sideRow(b, s))
		}
	}
	return found, nil
}

// readThere reads records by id that the app has said are there, and returns whom it could read: of the others that stands,
// whatever the app says by id. An app that cannot read by id reads nobody.
func (r *run) readThere(ctx context.Context, b *book, s Side, ids []string) (found []ref, err error) {
	reader := connector.FeaturesOf(r.apps[s]).Reader
	if len(ids) == 0 || reader == nil {
		return nil, nil
	}
	results, err := reader.Read(ctx, ids, r.cfg.used[s])
	if err != nil {
		return nil, r.of(s, "reading", err)
	}
	for _, res := range results {
		if res.Err == nil {
			r.pulled(b, s, res.Record, true)
			found = append(found, ref{s, res.Record.ID})
		}
	}
	return found, nil
}
