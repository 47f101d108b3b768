package contactsync

import (
	"context"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// stale reports whether a read shows the record as it was before our last writes to it. A version that we know is over and, where
// there are no versions, an earlier time tell. A version that we never saw may be of a state that came between two that we did:
// under an earlier time, or where the time is no guide and what we replaced is shown again, the read is kept, and believed once
// the app has had the time to settle.
func (r *run) stale(b *book, m *mirror, rec contact.Record) bool {
	if m.Wrote == nil {
		return false
	}
	if rec.Version != "" {
		ours := rec.Version == m.version && m.alive()
		if over := slices.Contains(m.Wrote.Superseded, rec.Version) && !ours; over || ours || !m.alive() {
			return over
		}
	}
	if !r.settling(m) {
		return false
	}
	if !m.alive() {
		m.Doubt, m.due = &rec, m.Wrote.At.Add(r.cfg.schema[m.side].Settle) // it shows a record that we deleted, maybe one edited between our last look and that
		b.dirtyMirrors[m.ref()] = true
		return true
	}
	if !rec.Modified.IsZero() && !m.Modified.IsZero() && !rec.Modified.Equal(m.Modified) {
		if older := rec.Modified.Before(m.Modified); !older || rec.Version == "" {
			return older
		}
	} else if !r.cfg.looksBack(m, rec) {
		return false
	}
	m.Doubt = &rec
	b.dirtyMirrors[m.ref()] = true
	b.touch(m.ref())
	return true
}

// looksBack reports whether a read shows in a field that we wrote lately what one of these writes replaced there. Other fields may
// differ from what they were then: somebody may have edited them between our last look and the write.
func (cfg *config) looksBack(m *mirror, rec contact.Record) bool {
	for _, before := range append(m.Wrote.Earlier[:len(m.Wrote.Earlier):len(m.Wrote.Earlier)], m.Wrote.Before) {
		for name, v := range before {
			f, _ := cfg.schema[m.side].Field(name)
			got := rec.Fields[name]
			if !got.Absent() && f.Same(got, v, cfg.Match.Region) && !f.Same(m.Fields[name], v, cfg.Match.Region) {
				return true
			}
		}
	}
	return false
}

// believe takes reads that were kept in doubt, which no later read has put right and whose app has had the time to
// settle. Where the app can, they are read once more.
func (r *run) believe(ctx context.Context, s Side) error {
	if r.cfg.schema[s].Settle == 0 {
		return nil
	}
	r.now = r.opts.clock.Now()
	due, err := r.readDue()
	if err != nil {
		return err
	}
	for i := 0; i < len(due); i += r.opts.batch {
		b := r.newBook()
		b.load(due[i:min(i+r.opts.batch, len(due))])
		var doubted []ref
		for _, at := range due[i:min(i+r.opts.batch, len(due))] {
			m := b.mirrors[at]
			if m == nil || m.side != s || m.Doubt == nil || r.now.Before(m.Wrote.At.Add(r.cfg.schema[s].Settle)) {
				continue
			}
			doubted = append(doubted, at)
		}
		if connector.FeaturesOf(r.apps[s]).Reader == nil {
			for _, at := range doubted {
				r.pulled(b, s, *b.mirrors[at].Doubt, true)
			}
		} else if err := r.reread(ctx, b, s, doubted); err != nil {
			return err
		}
		if err := b.commit(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settling reports whether the app may not show our last write to a record yet. One that shows writes at once does, whatever the
// clock of the engine that wrote it said.
func (r *run) settling(m *mirror) bool {
	settle := r.cfg.schema[m.side].Settle
	return m.Wrote != nil && settle > 0 && r.opts.clock.Now().Before(m.Wrote.At.Add(settle))
}
