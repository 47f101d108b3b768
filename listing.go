package contactsync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// An app without a feed names all its ids with their versions, and is read where they differ from what is known.

// readList reads an app without a feed: it names all ids with their versions, and only what differs from the mirror
// is read.
func (r *run) readList(ctx context.Context, s Side) error {
	f := connector.FeaturesOf(r.apps[s])
	if f.Lister == nil || f.Reader == nil {
		return fmt.Errorf("%w: an app without a feed lists ids and reads by id", connector.ErrContract)
	}
	call := r.callRoll
	if ahead := r.listed[s]; ahead != nil {
		call = ahead.get
	}
	l, err := call(ctx, s)
	if err != nil {
		return err
	}
	more := !containsAll(r.side[s].Fields, r.cfg.used[s]) // than was read of those that have not changed
	reading := &listReading{run: r, side: s, reader: f.Reader, known: l.known, whole: more}
	for i, page := range l.pages {
		if err := reading.take(ctx, page); err != nil {
			return err
		}
		l.pages[i] = connector.Listing{} // a list is long
	}
	if err := reading.readPartly(ctx); err != nil {
		return err
	}
	b := r.newBook()
	b.load(reading.unread)
	for _, at := range reading.unread {
		r.unreadable(b, at)
	}
	if reading.complete {
		r.shownAll(s)
		if err := r.missed(ctx, b, s, reading.lost(), reading.named == 0); err != nil {
			return err
		}
	}
	r.passed(s, true, reading.complete)
	r.side[s].Complete, r.side[s].Fields = r.side[s].Complete || reading.complete, r.cfg.used[s]
	b.dirtyRows = append(b.dirtyRows, r.sideRow(b, s))
	return b.commit(ctx)
}

// roll is what an app without a feed named, and what was known when it was asked.
type roll struct {
	known map[string]known // by id
	pages []connector.Listing
}

// known is what the mirror has of a record, and whether the list names it.
type known struct {
	version string
	partly  bool
	named   bool
}

// callRoll asks an app for all its ids. What is about to land in the store concerns the other one.
func (r *run) callRoll(ctx context.Context, s Side) (*roll, error) {
	l := &roll{known: map[string]known{}}
	if _, err := scanMirror(r.peek, s, func(id, stamp string) bool {
		version, partly := parseStamp(stamp)
		l.known[id] = known{version: version, partly: partly}
		return false
	}); err != nil {
		return nil, err
	}
	f := connector.FeaturesOf(r.apps[s])
	lister := f.Lister
	if f.KnownLister != nil {
		lister = knowing{f.KnownLister, func(id string) string { return l.known[id].version }}
	}
	err := connector.Listings(ctx, lister, "", func(page connector.Listing) error {
		l.pages = append(l.pages, page)
		return nil
	})
	return l, err
}

// listing is a roll that is called while the other app is read.
type listing struct {
	stop func()
	done chan struct{}
	roll *roll
	err  error
}

// listAhead calls b's roll while a is read, if b is an app that can tell by the versions we have what has not changed, such
// as a folder: reading a changes neither b nor what is known of it. It must be ended.
func (r *run) listAhead(ctx context.Context) *listing {
	if r.opts.concurrency == 1 || connector.FeaturesOf(r.apps[B]).KnownLister == nil {
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	l := &listing{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.roll, l.err = r.callRoll(ctx, B)
	}()
	return l
}

func (l *listing) get(context.Context, Side) (*roll, error) {
	<-l.done
	return l.roll, l.err
}

// end ends the asking, whether or not somebody wanted the answer.
func (l *listing) end() {
	if l != nil {
		l.stop()
		<-l.done
	}
}

// listReading is one pass over an app's list.
type listReading struct {
	*run
	side     Side
	reader   connector.Reader
	known    map[string]known // by id
	named    int              // how many ids the list names
	changed  []string         // ids that are to be read
	partly   []string         // ids of which the app left out a field, and that did not change since
	whole    bool             // all are
	unread   []ref            // records that are there and cannot be read
	complete bool
	done     int
}

// take takes a page of the list, and reads what differs once that fills a batch.
func (l *listReading) take(ctx context.Context, page connector.Listing) error {
	for _, item := range page.Items {
		switch was, ok := l.saw(item.ID); {
		case !ok || l.whole || was.version != item.Version || was.version == "":
			l.changed = append(l.changed, item.ID)
		case was.partly:
			l.partly = append(l.partly, item.ID)
		}
	}
	for _, u := range page.Unread {
		l.saw(u.ID)
		l.unread = append(l.unread, ref{l.side, u.ID})
	}
	l.complete = page.Complete
	return l.read(ctx, l.opts.batch)
}

// saw notes that an id was named, and returns what is known of it.
func (l *listReading) saw(id string) (k known, ok bool) {
	l.named++
	if k, ok = l.known[id]; ok && !k.named {
		k.named = true
		l.known[id] = k
	}
	return k, ok
}

// lost returns the records that were known before and not named, in order.
func (l *listReading) lost() []ref {
	var lost []ref
	for id, k := range l.known {
		if !k.named {
			lost = append(lost, ref{l.side, id})
		}
	}
	slices.SortFunc(lost, compareRefs)
	return lost
}

// read reads what changed, by the batch, while at least that much waits.
func (l *listReading) read(ctx context.Context, least int) error {
	for len(l.changed) > 0 && len(l.changed) >= least {
		n := min(len(l.changed), l.opts.batch)
		if err := l.readChanged(ctx, l.side, l.reader, l.changed[:n], true); err != nil {
			return err
		}
		l.changed = l.changed[n:]
		l.done += n
		l.progress(PhasePull, l.done, 0)
	}
	return nil
}

// readPartly reads what is left of what changed, and again some of those of whom the app left out a field. If it tells the field by
// now, as after a permission came back, all of them are read.
func (l *listReading) readPartly(ctx context.Context) error {
	n := min(len(l.partly), sampled)
	l.changed = append(l.changed, l.partly[:n]...)
	if err := l.read(ctx, 1); err != nil || n == 0 {
		return err
	}
	b := l.newBook()
	for _, id := range l.partly[:n] {
		if m := b.mirrorOf(ref{l.side, id}); m != nil && !m.partly() {
			l.changed = l.partly[n:]
			break
		}
	}
	return l.read(ctx, 1)
}

// knowing lists an app that can tell by the versions we have what has not changed.
type knowing struct {
	connector.KnownLister
	known func(id string) string
}

func (k knowing) List(ctx context.Context, since connector.Cursor) (connector.Listing, error) {
	return k.ListKnown(ctx, since, k.known)
}

// readNamed reads the records that a page of a feed names without telling them, but for those that are in the mirror as
// they are. Of the others the mirror lacks the version or, where the connection came to use more, a field.
func (r *run) readNamed(ctx context.Context, s Side, items []connector.Item) error {
	reader := connector.FeaturesOf(r.apps[s]).Reader
	for len(items) > 0 {
		part := items[:min(len(items), r.opts.batch)]
		items = items[len(part):]
		refs := make([]ref, len(part))
		for i, item := range part {
			refs[i] = ref{s, item.ID}
		}
		b := r.newBook()
		b.load(refs)
		var changed []string
		for _, item := range part {
			if m := b.mirrorOf(ref{s, item.ID}); item.Version == "" || !r.has(m, item.Version) {
				changed = append(changed, item.ID)
			}
		}
		if len(changed) == 0 {
			continue
		}
		if err := r.readChanged(ctx, s, reader, changed, false); err != nil {
			return err
		}
	}
	return nil
}

// isTransient reports whether a record could not be read for a reason that is not its own, and may pass.
func isTransient(err error) bool {
	return slices.ContainsFunc([]error{connector.ErrUnavailable, connector.ErrRateLimited, connector.ErrNotSent, connector.ErrQuota,
		connector.ErrUnauthorized}, func(target error) bool { return errors.Is(err, target) })
}

// has reports whether the mirror has a record whole in that version.
func (r *run) has(m *mirror, version string) bool {
	if !m.alive() || m.version != version || m.Doubt != nil || m.partly() {
		return false
	}
	return !slices.ContainsFunc(r.cfg.used[m.side], func(field string) bool { return m.Fields[field].Absent() })
}

// readChanged reads records that are new or have another version. again says that the app will name those again that
// cannot be read now, and that next time it will not name one which is gone: until then whom it does not know is there.
func (r *run) readChanged(ctx context.Context, s Side, reader connector.Reader, ids []string, again bool) error {
	results, err := reader.Read(ctx, ids, r.cfg.used[s])
	if err != nil {
		return err
	}
	b := r.newBook()
	var refs []ref
	var records []contact.Record
	for i, res := range results {
		refs = append(refs, ref{s, ids[i]})
		if res.Err == nil {
			records = append(records, res.Record)
		}
	}
	b.expect(s, refs, records)
	for i, res := range results {
		unknown := errors.Is(res.Err, connector.ErrNotFound)
		if unknown {
			r.await(b, refs[i])
		}
		switch {
		case res.Err == nil:
			r.pulled(b, s, res.Record, true)
		case !again && isTransient(res.Err):
			return res.Err
		case !again && unknown: // it is gone by now, as the feed will say
		default:
			r.unreadable(b, refs[i])
		}
	}
	return b.commitLater(ctx)
}
