package contactsync

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// A person who was forgotten leaves keyed digests: of the records' ids and of their match keys. By these a record of
// theirs is known when an app shows it again, and nothing is read of it. The key is drawn at random for each connection,
// so that nobody can try out whose digests they are without the store.

// holdForgotten is the kind of row that a forgotten person leaves.
const holdForgotten = "forgotten"

// forgottenRow is what is left of a person.
type forgottenRow struct {
	Kind    string    `json:"kind"`
	Records []string  `json:"records"`        // the ids under which the store shows the records
	Keys    []keyMark `json:"keys,omitempty"` // in the order of their kinds; a digest of the digest that a keyMark has
	key     string
}

func (f *forgottenRow) row() Row { return Row{Table: TableHold, Key: f.key, Body: marshal(f)} }

// digest returns the keyed digest of a text.
func (row *connectionRow) digest(text string) string {
	mac := hmac.New(sha256.New, row.Secret)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// forgottenID is the id under which the store shows a record whose person was forgotten.
func (row *connectionRow) forgottenID(s Side, id string) string {
	return forgottenMark + row.digest(recordKey(ref{s, id}))
}

// Forget erases all that the store holds of a person: what was read and settled of a record and its partner, their
// history, what is held of them, and the unlinked records that by their keys are the same person. Only keyed digests
// are left, by which later syncs know the person's records and leave them alone: they are shown as excluded, with the
// reason forgotten. The apps are not touched. [Syncer.Unforget] takes it back, as far as the apps still have the records.
//
// Of a store that is a [Scrubber] the database is scrubbed, too, which may take a while. It waits for a running sync as
// long as another sync would, and then fails with [ErrLeased]. It fails with [ErrNotKnown] if nothing is known of the
// record.
func (s *Syncer) Forget(ctx context.Context, side Side, id string) error {
	r := s.newRun()
	err := r.alone(ctx, func(ctx context.Context) error {
		return r.update(ctx, func(tx Tx) error {
			d := &decision{Tx: tx, at: s.opts.clock.Now()}
			if err := s.readConnection(tx, &d.life); err != nil {
				return err
			}
			p, err := findTraces(tx, ref{side, id}, &d.life.Legend)
			if err != nil {
				return fmt.Errorf("forget: %w", err)
			}
			return d.forget(p, s.opts.randomBytes(32))
		})
	})
	if err != nil {
		return err
	}
	return s.scrub(ctx)
}

// forget erases a person, and leaves the digests. secret keys them, if none does yet.
func (d *decision) forget(p *traces, secret []byte) error {
	if d.life.Secret == nil {
		d.life.Secret = secret
		if err := d.Put(d.life.stored()); err != nil {
			return err
		}
	}
	left := forgottenRow{Kind: holdForgotten}
	for _, k := range p.keys {
		if k.matches(&d.life.Legend) {
			name := d.life.Legend.Keys[k.Kind]
			left.Keys = append(left.Keys, keyMark{name, d.life.digest(name + "\x00" + k.Key)})
		}
	}
	puts := []Row{}
	for _, at := range p.records {
		id := d.life.forgottenID(at.side, at.id)
		left.Records = append(left.Records, id)
		if p.live[at] != nil {
			puts = append(puts, forgottenMirror(at.side, id).row())
		}
	}
	left.key = holdForgotten + " " + left.Records[0]
	for _, row := range p.rows {
		if err := d.Delete(row.Table, row.Key); err != nil {
			return err
		}
	}
	for _, row := range p.shared {
		if row.Body == nil && row.Stamp == "" {
			if err := d.Delete(row.Table, row.Key); err != nil {
				return err
			}
			continue
		}
		puts = append(puts, row)
	}
	if err := d.Put(append(puts, left.row())...); err != nil {
		return err
	}
	return d.note(DecidedForget, journalRow{}, "", "a person was forgotten")
}

// forgottenMirror is a record of a forgotten person that an app still shows.
func forgottenMirror(s Side, id string) *mirror {
	return &mirror{side: s, id: id, Standing: standing{StatusExcluded, ReasonForgotten, forgottenWords}}
}

// Unforget lets a person sync again, who is known by one of the records that the apps still have. The next sync reads
// both apps anew, and meets the person for the first time. It fails with [ErrNotKnown] if nobody with such a record was
// forgotten, and with [ErrLeased] as Forget does.
func (s *Syncer) Unforget(ctx context.Context, side Side, id string) error {
	r := s.newRun()
	return r.alone(ctx, func(ctx context.Context) error {
		return r.update(ctx, func(tx Tx) error {
			var life connectionRow
			if err := s.readConnection(tx, &life); err != nil {
				return err
			}
			all, err := readForgotten(tx)
			if err != nil {
				return err
			}
			known := life.forgottenID(side, id)
			i := slices.IndexFunc(all, func(f *forgottenRow) bool { return slices.Contains(f.Records, known) })
			if i < 0 {
				return fmt.Errorf("unforget: %w: nobody with %s in %s was forgotten", ErrNotKnown, id, side)
			}
			var keys []string
			for _, s := range Sides {
				for _, digest := range all[i].Records {
					keys = append(keys, recordKey(ref{s, digest}))
				}
				var row sideRow
				if err := getRow(tx, TableSide, s.String(), &row); err != nil {
					return err
				}
				row.Cursor = ""
				if err := tx.Put(Row{Table: TableSide, Key: s.String(), Body: marshal(row)}); err != nil {
					return err
				}
			}
			if err := tx.Delete(TableMirror, keys...); err != nil {
				return err
			}
			return tx.Delete(TableHold, all[i].key)
		})
	})
}

// readForgotten returns what is left of persons who were forgotten.
func readForgotten(tx ReadTx) ([]*forgottenRow, error) {
	rows, err := tx.Scan(Scan{Table: TableHold, By: ByKey, Prefix: holdForgotten + " "})
	var all []*forgottenRow
	for _, row := range rows {
		f := &forgottenRow{key: row.Key}
		if err := unmarshal(row, f); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, err
}

// forgotten knows the records of persons who were forgotten.
type forgotten struct {
	records map[string]*forgottenRow   // by the id under which the store shows them
	bearers map[string][]*forgottenRow // by digest of a key
	shown   map[string]bool            // by id: records that their app showed in this sync
}

// readForgotten reads whom a sync must not meet again. r.forgot stays nil if there is nobody.
func (r *run) readForgotten(tx ReadTx) error {
	all, err := readForgotten(tx)
	if err != nil || len(all) == 0 {
		return err
	}
	r.forgot = &forgotten{map[string]*forgottenRow{}, map[string][]*forgottenRow{}, map[string]bool{}}
	for _, f := range all {
		for _, id := range f.Records {
			r.forgot.records[id] = f
		}
		for _, k := range f.Keys {
			r.forgot.bearers[k.Digest] = append(r.forgot.bearers[k.Digest], f)
		}
	}
	return nil
}

// knownAs returns the id under which the store shows a record: its own, unless its person was forgotten.
func (r *run) knownAs(s Side, id string) string {
	if r.forgot != nil && !isForgotten(id) {
		if digest := r.row.forgottenID(s, id); r.forgot.records[digest] != nil {
			return digest
		}
	}
	return id
}

// setAside reports that a record's person was forgotten, and notes no more of it than that it is there. A record that
// is new is known by its keys, too; one that the store knows was somebody else's when the person was forgotten.
func (r *run) setAside(b *book, s Side, rec *contact.Record) bool {
	if r.forgot == nil {
		return false
	}
	known := r.knownAs(s, rec.ID)
	if known == rec.ID {
		if b.mirrorOf(ref{s, rec.ID}) != nil {
			return false
		}
		f := r.forgottenBy(r.cfg.matchKeys(s, rec.Fields))
		if f == nil {
			return false
		}
		known = r.alsoForgotten(b, f, s, rec.ID)
	}
	r.forgot.shown[known] = true
	if b.mirrorOf(ref{s, known}) == nil {
		b.putMirror(forgottenMirror(s, known))
	}
	return true
}

// alsoForgotten notes that a record is a forgotten person's, and returns the id under which the store shows it.
func (r *run) alsoForgotten(b *book, f *forgottenRow, s Side, id string) string {
	known := r.row.forgottenID(s, id)
	f.Records = append(f.Records, known)
	r.forgot.records[known] = f
	b.dirtyRows = append(b.dirtyRows, f.row())
	return known
}

// renameForgotten has a forgotten person's record known under its new id.
func (r *run) renameForgotten(b *book, s Side, k connector.Rekey) {
	was := r.knownAs(s, k.Old)
	if was == k.Old {
		return
	}
	b.dropMirror(ref{s, was})
	if b.mirrorOf(ref{s, k.New}) == nil { // else it became part of somebody else's
		b.putMirror(forgottenMirror(s, r.alsoForgotten(b, r.forgot.records[was], s, k.New)))
	}
}

// lostTo takes a record that its app made one with a forgotten person's, which has been read as somebody else's: it is
// gone, and its partner is left over. What is noted of it stays under its own id.
func (r *run) lostTo(b *book, forgotten string, from ref) {
	if l := b.linkOf(from); l != nil {
		b.dropLink(l)
		b.mergedAway(ref{from.side.Other(), l.ID[from.side.Other()]}, forgotten)
	}
	b.dropMirror(from)
}

// unshown drops a forgotten person's record that a complete pass did not show. It cannot be asked for.
func (r *run) unshown(b *book, m *mirror) {
	if r.forgot == nil || !r.forgot.shown[m.id] {
		b.dropMirror(m.ref())
	}
}

// forgottenBy returns the forgotten person whom the keys of a record are evidence for, nil if there is none.
func (r *run) forgottenBy(keys []matchKey) *forgottenRow {
	var theirs []matchKey
	for _, k := range keys {
		name := r.cfg.keys[k.kind].name()
		theirs = append(theirs, matchKey{kind: k.kind, text: r.row.digest(name + "\x00" + parseKeyEntry(k.entry[A]).Key)})
	}
	for _, k := range theirs {
		for _, f := range r.forgot.bearers[k.text] {
			if evidence(theirs, bore(f.Keys, r.cfg.keyNames())) {
				return f
			}
		}
	}
	return nil
}
