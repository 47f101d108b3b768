package contactsync

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// What a webhook delivers is kept in the inbox until a sync takes it: a row a delivery, in the order of receipt, without
// a lease. Deliveries come late, twice and out of order; what is newer is told by time, field by field.

// Receipt says what came of a delivery.
type Receipt struct {
	Changes int  `json:"changes"` // that wait for the next sync since; 0 if they waited already
	Sync    bool `json:"sync"`    // a sync is worth running now
}

// What a delivery is refused for, beside [connector.ErrSignature].
var (
	// ErrNoWebhooks says that the app of that side sends no deliveries, or that its connector takes none.
	ErrNoWebhooks = errors.New("the connector of this side takes no deliveries")
	// ErrInboxFull says that too many deliveries wait for a sync. Answer the sender that it is to come again later.
	ErrInboxFull = errors.New("too many deliveries wait for a sync; run one, and let the sender try again later")
)

// The bounds of an inbox.
const (
	inboxMax    = 10_000  // deliveries of one side
	deliveryMax = 1 << 20 // bytes of one
	inboxPage   = 100     // deliveries that are taken together
)

// Receive takes one delivery of the app of a side, as a host's handler got it. Changes are stored before it returns, so
// that the handler may confirm them; one that is delivered again while it waits is not stored twice. It needs no lease and
// may be called while a sync runs, which then does or does not take it. The next sync takes what is left, whatever Receipt.Sync
// says; a host that gets it many times at once does well to wait a moment and sync once.
//
// It fails with [connector.ErrSignature] if the delivery does not come from the app, with [ErrNoWebhooks], and with
// [ErrInboxFull]; then nothing was stored.
func (s *Syncer) Receive(ctx context.Context, side Side, d connector.Delivery) (Receipt, error) {
	if s.apps[side] == nil {
		return Receipt{}, ErrReadOnly
	}
	receiver := connector.FeaturesOf(s.apps[side]).Receiver
	if receiver == nil {
		return Receipt{}, fmt.Errorf("%s: %w", side, ErrNoWebhooks)
	}
	if len(d.Body) > deliveryMax {
		return Receipt{}, fmt.Errorf("%s: %w: a delivery of more than %d bytes", side, connector.ErrInvalid, deliveryMax)
	}
	push, err := receiver.Receive(ctx, d)
	if err != nil {
		return Receipt{}, err
	}
	s.mu.Lock()
	listed := s.cfg == nil || !s.cfg.schema[side].Unlistable
	s.mu.Unlock()
	if listed || len(push.Changes) == 0 {
		return Receipt{Sync: push.Hint || len(push.Changes) > 0}, nil
	}
	stored, err := s.keepDelivery(ctx, side, push, d.Received)
	if err != nil || !stored {
		return Receipt{Sync: push.Hint}, err
	}
	return Receipt{Changes: len(push.Changes), Sync: true}, nil
}

// inboxRow is one delivery.
type inboxRow struct {
	Received time.Time          `json:"received"`
	Changes  []connector.Change `json:"changes"`
}

// inboxCount is the key of the row whose stamp counts the deliveries of a side. It sorts behind all of them.
func inboxCount(s Side) string { return s.String() + "!" }

func inboxKey(s Side, n int64) string { return fmt.Sprintf("%s %020d", s, n) }

// keepDelivery stores a delivery behind the others, and reports whether it was not there yet.
func (s *Syncer) keepDelivery(ctx context.Context, side Side, push connector.Push, received time.Time) (stored bool, err error) {
	name := deliveryName(side, push)
	err = s.decideByPerson(ctx, func(tx Tx) error {
		stored = false
		if name != "" {
			known, err := tx.Find(TableInbox, inboxName, name)
			if err != nil || len(known) > 0 {
				return err
			}
		}
		n, err := readCount(tx, side)
		if err != nil {
			return err
		}
		oldest, err := tx.Scan(Scan{Table: TableInbox, By: ByKey, Prefix: side.String() + " ", Limit: 1, KeysOnly: true})
		if err != nil {
			return err
		}
		if len(oldest) > 0 && oldest[0].Key <= inboxKey(side, n-inboxMax) {
			return fmt.Errorf("%s: %w", side, ErrInboxFull)
		}
		stored = true
		row := Row{Table: TableInbox, Key: inboxKey(side, n), Body: marshal(inboxRow{received, push.Changes})}
		row.Index[inboxName] = name
		return tx.Put(row, Row{Table: TableInbox, Key: inboxCount(side), Stamp: strconv.FormatInt(n+1, 10)})
	})
	return stored && err == nil, err
}

// readCount returns the number of the next delivery of a side.
func readCount(tx ReadTx, side Side) (int64, error) {
	rows, err := tx.Get(TableInbox, inboxCount(side))
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	n, err := strconv.ParseInt(rows[0].Stamp, 10, 64)
	if err != nil {
		return 0, unreadable(rows[0], err)
	}
	return n, nil
}

// deliveryName returns what a delivery is known by when it comes again, "" if nothing tells it from another one that
// says the same: changes without a time may be made twice.
func deliveryName(side Side, push connector.Push) string {
	what := []byte(push.ID)
	if push.ID == "" {
		for _, c := range push.Changes {
			if c.At.IsZero() {
				return ""
			}
		}
		what = marshal(push.Changes)
	}
	sum := sha256.Sum256(what)
	return side.String() + " " + base64.RawURLEncoding.EncodeToString(sum[:])
}

// takeInbox takes what was delivered until now, in the order of receipt. A page of deliveries is forgotten with what is
// made of it.
func (r *run) takeInbox(ctx context.Context, s Side) error {
	var end int64
	if err := r.view(func(tx ReadTx) (err error) { end, err = readCount(tx, s); return err }); err != nil {
		return err
	}
	for done := 0; ; {
		var rows []Row
		err := r.view(func(tx ReadTx) (err error) {
			rows, err = tx.Scan(Scan{Table: TableInbox, By: ByKey, Prefix: s.String() + " ", Until: inboxKey(s, end), Limit: inboxPage})
			return err
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		b := r.newBook()
		for _, row := range rows {
			var in inboxRow
			if err := json.Unmarshal(row.Body, &in); err != nil {
				return unreadable(row, err)
			}
			for _, c := range in.Changes {
				if c.At.IsZero() {
					c.At = in.Received
				}
				r.takeChange(b, s, c)
			}
			done += len(in.Changes)
			b.deleteRows = append(b.deleteRows, Row{Table: TableInbox, Key: row.Key})
		}
		r.progress(PhasePull, done, 0)
		if err := b.commit(ctx); err != nil {
			return err
		}
	}
}

// takeChange takes one change that was delivered, unless what is known is newer.
func (r *run) takeChange(b *book, s Side, c connector.Change) {
	switch {
	case c.Deleted != "":
		r.deletedAt(b, ref{s, c.Deleted}, c.At)
	case c.Rekeyed.Old != "":
		c.Rekeyed.New = b.movedTo(ref{s, c.Rekeyed.New})
		if c.Rekeyed.New == c.Rekeyed.Old {
			return // it has its id again by now
		}
		r.renamed(b, s, c)
		r.deletedAt(b, ref{s, c.Rekeyed.Old}, c.At)
		b.moved(ref{s, c.Rekeyed.Old}, c.Rekeyed.New)
	default:
		r.takeDelivered(b, s, c)
	}
}

// takeDelivered takes the fields of a record that are newer than what is known of them.
func (r *run) takeDelivered(b *book, s Side, c connector.Change) {
	at, rec := ref{s, c.Record.ID}, c.Record
	if to, ok := b.renamedTo(at, c.At); ok {
		r.toldUnder(b, to, at, c)
		return
	}
	m := b.mirrorOf(at)
	if m != nil && c.At.Before(m.Since) {
		m.Since = c.At
		b.dirtyMirrors[at] = true
	}
	known := m != nil
	rec.Fields = rec.Fields.Clone()
	if m != nil && m.lastTold().After(c.At) {
		rec.Version = "" // not the record's any more
		maps.DeleteFunc(rec.Fields, func(name string, _ contact.Value) bool { return c.At.Before(m.toldAt(name)) })
		if len(rec.Fields) == 0 || !m.alive() && c.At.Before(m.Told[""]) {
			return
		}
	}
	timed := r.cfg.schema[s].Modified // then answers of our own writes bear a time, too, and times tell all
	rec.Modified = time.Time{}
	if timed {
		rec.Modified = c.At
	}
	r.pulled(b, s, rec, timed && rec.Version == "")
	m = b.mirrorOf(at)
	if m != nil && !known {
		m.Since = c.At
	}
	if m != nil && m.Doubt == nil {
		m.tell(rec.Fields, c.At)
		m.tell(contact.Fields{toldLast: contact.Empty}, c.At)
		m.Unshown = false
		b.dirtyMirrors[at] = true
		r.unfold(b, m)
	}
}

// toldLast is the name under which it is kept when anything at all was told of a record, be it a version without a field.
const toldLast = "\x00"

// toldAt returns when a field, or the record's being there at all, was last told, by the app's clock.
func (m *mirror) toldAt(field string) time.Time {
	if t := m.Told[field]; t.After(m.Told[""]) {
		return t
	}
	return m.Told[""]
}

// lastTold returns when anything was last told of the record, by the app's clock.
func (m *mirror) lastTold() (last time.Time) {
	for _, t := range m.Told {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// tell notes that these fields were told as they were at a time. It is kept of apps that only push.
func (m *mirror) tell(fields contact.Fields, at time.Time) {
	if m.Told == nil {
		m.Told = map[string]time.Time{}
	}
	for name, v := range fields {
		if !v.Absent() && m.Told[name].Before(at) {
			m.Told[name] = at
		}
	}
}

// deletedAt takes a deletion that was delivered, unless the record was told to be there later. It is remembered for as
// long as deliveries from before it may come.
func (r *run) deletedAt(b *book, at ref, when time.Time) {
	if known := r.knownAs(at.side, at.id); known != at.id { // of a forgotten person nothing is remembered
		b.dropMirror(ref{at.side, known})
		return
	}
	m := b.mirrorOf(at)
	if m == nil {
		m = &mirror{side: at.side, id: at.id, Gone: deleted, Fields: contact.Fields{}}
	}
	if m.lastTold().After(when) {
		return
	}
	m.Moved = ""
	m.Doubt, m.Gone, m.Told = nil, deleted, map[string]time.Time{"": when}
	b.putMirror(m)
	if b.linkOf(at) != nil {
		b.touch(at)
		return
	}
	b.entomb(m)
}

// moved notes on what is left of a record that it has another id now: an earlier change of its id may be delivered later.
func (b *book) moved(from ref, to string) {
	if m := b.mirrorOf(from); m != nil && !m.alive() {
		m.Moved = to
		b.dirtyMirrors[from] = true
	}
}

// movedTo returns the id that a record has by now, as far as later deliveries have told: its own, but for a chain of
// changes that were delivered the other way round.
func (b *book) movedTo(at ref) string {
	for range maxMoves {
		m := b.mirrorOf(at)
		if m == nil || m.alive() || m.Moved == "" {
			break
		}
		at.id = m.Moved
	}
	return at.id
}

// maxMoves bounds a chain of ids, which an app could close to a ring.
const maxMoves = 100

// tombFor is how long a deletion that was delivered is remembered. Apps that deliver again stop within days.
const tombFor = 7 * 24 * time.Hour

// entomb leaves of a record that a delivery said is gone no more than that, and reports whether that is to be kept still.
func (b *book) entomb(m *mirror) bool {
	until := m.Told[""].Add(tombFor)
	if m.alive() || m.Told[""].IsZero() || !b.run.opts.clock.Now().Before(until) {
		return false
	}
	b.forsaken(m)
	b.remember(m)
	m.Fields, m.keys, m.look, m.Merged, m.Was = contact.Fields{}, nil, nil, "", nil
	m.Standing, m.Refused, m.Edits, m.Wrote, m.Under = standing{}, "", nil, nil, nil
	b.dirtyMirrors[m.ref()] = true
	b.decided(m.ref(), until)
	return true
}

// unfold gives the place of a record that we created, and that the app has never shown, to one that it does show with
// all that we sent: the app has made the one part of the other and did not say so.
func (r *run) unfold(b *book, shown *mirror) {
	var ours *mirror
	for m := range candidates(b, shown.side, shown.keys, shown.ref()) {
		if m == ours || !m.Unshown || b.linkOf(m.ref()) == nil || !r.covers(shown, m) {
			continue
		}
		if ours != nil {
			return
		}
		ours = m
	}
	if ours != nil {
		r.rekeyed(b, shown.side, connector.Rekey{Old: ours.id, New: shown.id})
	}
}

// covers reports whether a record shows all that another one holds, and nothing else.
func (r *run) covers(shown, m *mirror) bool {
	for name, v := range m.Fields {
		f, _ := r.cfg.schema[m.side].Field(name)
		if !v.Blank() && !f.Same(v, shown.Fields[name], r.cfg.Match.Region) {
			return false
		}
	}
	return true
}
